"""Telegram HTML: always valid, always within the limits, and it says what the summary says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Block, BlockKind, Line, Link, Moment, Strong, Summary
from bot.core.text.wording import clock
from bot.render import html
from bot.render.limits import MESSAGE_LIMIT, PHONE_WIDTH
from bot.render.telegram_html import inline_html
from bot.render.text import cell_width, clean
from tests.render.summaries import HOSTILE, MODEL, URLS, summaries, texts
from tests.servers.telegram_markup import parse, utf16


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u2060•]+", "", text)


def _said(block: Block) -> str:
    """What a block without a table says, in order, by another road than the renderer's."""
    words = [block.title, *(i if isinstance(i, str) else i.text for line in block.lines for i in line)]
    return _squeezed("".join(clean(word) for word in words))


@settings(max_examples=120, deadline=None)
@given(summaries, st.sampled_from([MESSAGE_LIMIT, 1024, 60, 1]))
def test_whatever_the_text_the_markup_is_valid_within_the_limit_and_not_empty(summary: Summary, limit: int) -> None:
    markup = html(summary, limit)
    text, entities = parse(markup)
    assert utf16(text) <= limit
    assert text.strip()
    assert len(entities) <= 100
    assert len(markup.encode()) <= 32768
    assert all(re.match(r"https?://[^\s\"<>]+$", e.url) for e in entities if e.type == "text_link")


@settings(max_examples=80, deadline=None)
@given(st.lists(texts, min_size=1, max_size=6))
def test_text_comes_back_as_it_went_in(words: list[str]) -> None:
    lines: tuple[Line, ...] = tuple((word, Strong(word)) for word in words)
    block = Block("b", BlockKind.FACTS, 1, words[0], lines)
    markup = html(Summary((block,), "subject"), limit=10**6)
    text, _ = parse(markup)
    if _said(block) and len(markup) < 30_000:
        # a summary of one block has it for its headline, which is only cut when it does not fit
        assert _squeezed(text) == _said(block)


@settings(max_examples=80, deadline=None)
@given(summaries, st.integers(40, 4096))
def test_blocks_go_whole_and_no_block_gives_way_to_a_lighter_one_that_could_stand_without_it(
    summary: Summary, limit: int
) -> None:
    # numbered markers make every block recognisable whatever else it says
    marked = tuple(
        Block(b.name, b.kind, b.weight, f"«{i}»" + b.title, (*b.lines, (f"«/{i}»",)), ())
        for i, b in enumerate(summary.blocks)
    )
    text, _ = parse(html(Summary(marked, "s"), limit))
    shown = [i for i in range(len(marked)) if f"«{i}»" in text and f"«/{i}»" in text]
    half = [i for i in range(len(marked)) if (f"«{i}»" in text) != (f"«/{i}»" in text)]
    must = next((i for i, b in enumerate(marked) if b.kind is BlockKind.HEADLINE), 0)
    assert set(half) <= {must}
    for i, block in enumerate(marked):
        if i in shown or i == must:
            continue
        heavier = [k for k in shown if k == must or marked[k].weight >= block.weight]
        with_it = Summary(tuple(marked[k] for k in sorted({*heavier, must, i})), "s")
        whole, _ = parse(html(with_it, 10**6))
        if f"«/{i}»" not in whole:  # too much markup or too many entities, however long a message may be
            continue
        assert utf16(whole) > limit or len(with_it.blocks) == 1 or half, f"block {i} could have stayed"


def test_the_model_message_shows_its_blocks_in_order() -> None:
    text, entities = parse(html(MODEL))
    assert text.splitlines()[0] == "NVDA −11.7\xa0% after DeepSeek's R1 model"
    assert [e.type for e in entities if e.type in ("pre", "blockquote")] == ["pre", "blockquote"]
    assert next(e for e in entities if e.type == "text_link").url == "https://example.org/r1?a=1&b=2"
    order = ["What happened", "Why", "Who is hit", "Voices", "Stories", "Not investment advice."]
    assert [text.index(title) for title in order] == sorted(text.index(title) for title in order)


def test_a_table_is_aligned_and_narrow_enough_for_a_phone() -> None:
    text, entities = parse(html(MODEL))
    pre = next(e for e in entities if e.type == "pre")
    table = text[pre.offset : pre.offset + pre.length].split("\n")
    assert table == [
        "Symbol   Change   Price",
        "AI chips",
        "NVDA    −11.7 %  126.00",
        "AVGO     −9.2 %  221.90",
        "Power",
        "VST     −20.4 %  151.20",
    ]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(texts, min_size=1, max_size=6).map(tuple), min_size=1, max_size=8).map(tuple))
def test_no_table_line_is_wider_than_a_phone_and_no_cell_breaks_its_line(rows: tuple[tuple[str, ...], ...]) -> None:
    block = Block("t", BlockKind.TABLE, 1, rows=rows)
    text, entities = parse(html(Summary((Block("h", BlockKind.HEADLINE, 2, lines=(("h",),)), block))))
    table = text.partition("\n\n")[2]
    filled = [row for row in rows if any(clean(cell).strip() for cell in row)]
    assert len(table.split("\n")) == max(1, len(filled))
    assert all(cell_width(line) <= PHONE_WIDTH for line in table.split("\n"))
    assert sum(e.type == "pre" for e in entities) == bool(filled)


def test_numbers_keep_their_digits_when_words_must_be_shortened() -> None:
    rows = (("Company", "Change", "Price"), ("A very long company name incorporated", "−12.34 %", "1,234.56"))
    text, _ = parse(html(Summary((Block("t", BlockKind.TABLE, 1, rows=rows),))))
    assert "−12.34 %" in text
    assert "1,234.56" in text
    assert "A very long c…  −12.34 %  1,234.56" in text


def test_too_long_the_lightest_block_goes_first_and_the_headline_last() -> None:
    def block(name: str, weight: int, size: int) -> Block:
        return Block(name, BlockKind.FACTS, weight, lines=(((name + " ") * size,),))

    head = Block("headline", BlockKind.HEADLINE, 0, lines=(("Head",),))
    summary = Summary((head, block("light", 1, 300), block("heavy", 9, 300), block("middle", 5, 300)))
    text, _ = parse(html(summary, 4096))
    assert "light" not in text
    assert "heavy" in text
    assert "middle" in text
    assert parse(html(summary, 10))[0] == "Head"


def test_a_headline_too_long_by_itself_is_cut_between_words() -> None:
    head = Block("headline", BlockKind.HEADLINE, 100, lines=(("Nvidia falls & <falls> again " * 400,),))
    text, entities = parse(html(Summary((head, MODEL.blocks[1]))))
    assert 4050 < utf16(text) <= 4096
    assert re.search(r"(Nvidia|falls|&|<falls>|again)…$", text)
    assert [e.type for e in entities] == ["bold"]


def test_a_cut_never_splits_an_emoji() -> None:
    for limit in range(1, 20):
        text, _ = parse(html(Summary((Block("h", BlockKind.HEADLINE, 1, lines=(("😀" * 50,),)),)), limit))
        assert set(text) <= {"😀", "…"}
        assert utf16(text) <= limit


def test_long_quotations_fold_up_and_short_ones_do_not() -> None:
    def kinds(count: int) -> list[str]:
        block = Block("voices", BlockKind.QUOTES, 1, lines=tuple((f"“quote {i}”",) for i in range(count)))
        return [e.type for e in parse(html(Summary((MODEL.blocks[0], block))))[1] if "blockquote" in e.type]

    assert kinds(2) == ["blockquote"]
    assert kinds(9) == ["expandable_blockquote"]


AT = datetime(2025, 1, 27, 21, tzinfo=UTC)


def test_a_time_is_an_entity_that_the_reader_sees_in_the_reader_s_zone() -> None:
    line: Line = ("Next message: ", Moment(AT, "27 Jan 21:00 UTC"), "; watching for a rebound.")
    for kind, style in ((BlockKind.FACTS, []), (BlockKind.NOTE, ["italic"] * 2), (BlockKind.HEADLINE, ["bold"] * 2)):
        text, entities = parse(html(Summary((Block("next", kind, 1, lines=(line,)),))))
        assert text.endswith("Next message: 27 Jan 21:00 UTC; watching for a rebound.")
        times = [e for e in entities if e.type == "date_time"]
        assert [(e.unix_time, e.date_time_format) for e in times] == [(1738011600, "dt")]
        assert text[times[0].offset :][: times[0].length] == "27 Jan 21:00 UTC"
        assert [e.type for e in entities if e.type != "date_time"] == style


@pytest.mark.parametrize("year", [1, 1969, 2039, 9999])
def test_a_time_telegram_cannot_hold_is_shown_as_we_wrote_it(year: int) -> None:
    block = Block("b", BlockKind.FACTS, 1, lines=((Moment(AT.replace(year=year), "then"),),))
    assert parse(html(Summary((block,)))) == ("• then", [])


def test_details_are_folded_into_one_quotation_in_their_order() -> None:
    told = Block("what", BlockKind.FACTS, 9, "What happened", (("It fell.",),))
    quotes = Block("voices", BlockKind.QUOTES, 5, "Voices", tuple((f"“quote {i}”",) for i in range(9)), folded=True)
    table = Block("sum", BlockKind.TABLE, 4, "Arithmetic", rows=(("a", "b"), ("1", "2")), folded=True)
    note = Block("note", BlockKind.NOTE, 9, lines=(("Not investment advice.",),))
    head = Block("headline", BlockKind.HEADLINE, 100, lines=(("Nvidia falls",),), folded=True)
    text, entities = parse(html(Summary((head, told, quotes, table, note))))
    folds = [e for e in entities if "blockquote" in e.type]
    assert [e.type for e in folds] == ["expandable_blockquote"]
    folded = text[folds[0].offset :][: folds[0].length]
    assert folded.startswith("Voices\n“quote 0”")
    assert folded.endswith("Arithmetic\na  b\n1  2")
    assert text.startswith("Nvidia falls\n\nWhat happened")
    assert text.endswith("\n\nNot investment advice.")


def test_a_hundred_and_one_formatted_pieces_are_too_many() -> None:
    many = Block("links", BlockKind.LINKS, 1, lines=tuple((Link(f"l{i}", f"https://e.org/{i}"),) for i in range(101)))
    text, entities = parse(html(Summary((MODEL.blocks[0], many))))
    assert len(entities) <= 100
    assert "l0" not in text


@pytest.mark.parametrize("url", [u for u in URLS if u not in URLS[:2]])
def test_an_address_that_is_not_plain_http_shows_its_words_only(url: str) -> None:
    text, entities = parse(html(Summary((Block("h", BlockKind.FACTS, 1, lines=((Link("words", url),),)),))))
    assert "words" in text
    assert not [e for e in entities if e.type == "text_link"]


def test_quotes_in_an_address_cannot_leave_the_attribute() -> None:
    markup = html(Summary((Block("h", BlockKind.FACTS, 1, lines=((Link("w", "https://e.org/?q='x'&amp;y"),),)),)))
    assert parse(markup)[1][0].url == "https://e.org/?q='x'&amp;y"


def test_a_headline_cannot_call_people_by_name() -> None:
    text, _ = parse(html(Summary((Block("h", BlockKind.HEADLINE, 1, lines=(("ping @everyone, mail a@b.org",),)),))))
    assert "@everyone" not in text
    assert "a@b.org" in text


def test_a_summary_with_nothing_to_show_falls_back_to_its_subject() -> None:
    assert parse(html(Summary((), "the <subject>")))[0] == "the <subject>"
    assert html(Summary(()))
    assert html(Summary((Block("x", BlockKind.FACTS, 1, lines=(("\u200b", " "),)),), "s")) == "s"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_for_short_answers_is_valid_markup_too(text: str) -> None:
    assert _squeezed(parse(inline_html(text))[0]) == _squeezed(clean(text))


def test_many_times_cost_no_block() -> None:
    at = datetime(2025, 1, 27, 10, tzinfo=UTC)
    stocks = [(f"S{n:02} −{n}.0 % (", clock(at), "); ") for n in range(110)]
    table = Block("who is hit", BlockKind.FACTS, 60, "Who is hit", tuple(stocks))
    note = Block("note", BlockKind.NOTE, 10, lines=(("Not investment advice.",),))
    text = html(Summary((Block("headline", BlockKind.HEADLINE, 100, lines=((Strong("Falls"),),)), table, note)))
    assert "S109 −109.0\xa0% (10:00 UTC)" in text
    assert text.endswith("<i>Not investment advice.</i>")
    few = html(Summary((replace(table, lines=tuple(stocks[:20])), note)))
    assert few.count("<tg-time ") == 20
