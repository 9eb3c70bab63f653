"""Blocks on why news matters: what is new about it, what is feared of it, and how it goes on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.messages.blocks.fears import MOST as MOST_FEARS
from bot.core.messages.blocks.fears import MOST_HELPED, fears, helped_by
from bot.core.messages.blocks.novelty import MOST, news_since, novelty
from bot.core.messages.blocks.outlook import MOST_REPORTS, outlook, reports_ahead
from bot.core.messages.blocks.voices import MOST as MOST_VOICES
from bot.core.messages.blocks.voices import MOST_PRINTED, voices
from bot.core.messages.happening import EARLIEST, LATEST, MOST_KINDS, kinds_of, read
from bot.core.model import Block, CauseRef, Counts, EarningsDate, LearnedName, Reach, ReportTime, Story, Summary
from bot.core.news import reader_of
from bot.core.prices.earnings import EarningsCalendar
from bot.render.plain import plain
from tests.news.stories import START, shipped, story

TOPICS, COMPANIES = shipped()
READER = reader_of(TOPICS, COMPANIES)
CAUSE = CauseRef(
    cluster="c",
    topic="ai-market",
    title="Chip stocks sink as DeepSeek stirs doubt",
    source="Example News",
    link="",
    published_at=None,
    seen_at=START,
    score=0.9,
    reach=Reach.DIRECT,
    agents=("lab:DeepSeek",),
)
OUT = story("DeepSeek-R1 is out", "20 12:37", source="Example Hub", link="https://example.com/r1")
BATCH = story(
    "DeepSeek-R1 costs far less to use than OpenAI's o1",
    "22 15:18",
    source="Example Weekly",
    summary="The weights are open under the MIT license. The API costs $2.19 per million output tokens.",
)
PAPER = story(
    "Chip stocks sink as DeepSeek stirs doubt about AI spending",
    "27 10:57",
    summary="DeepSeek says that training cost $5.6 million, on Nvidia's H800 chips.",
)
ALL = [OUT, BATCH, PAPER]


def text(blocks: Sequence[Block]) -> str:
    return plain(Summary(tuple(blocks)), None) if blocks else ""


def new(stories: Sequence[Story], cause: CauseRef | None = CAUSE) -> str:
    return text(novelty(read(stories, cause, READER), READER))


# ------------------------------------------------------------------------------------------------------------------ new


def test_what_is_new_names_model_maker_and_time_and_quotes_the_rest() -> None:
    assert new(ALL).splitlines() == [
        "What is new",
        "• DeepSeek R1, by DeepSeek; first seen 20 Jan 12:37 UTC (Example Hub (https://example.com/r1)).",
        "• Training: “DeepSeek says that training cost $5.6 million, on Nvidia's H800 chips” (Example News).",
        "• Cost: “DeepSeek-R1 costs far less to use than OpenAI's o1” (Example Weekly).",
        "• Price: “The API costs $2.19 per million output tokens” (Example Weekly).",
        "• Licence: “The weights are open under the MIT license” (Example Weekly).",
    ]


@pytest.mark.parametrize(
    ("stories", "cause"),
    [
        ([], CAUSE),
        ([story("Chip stocks sink as AI worries spread")], CAUSE),
        (ALL, None),
        (ALL, replace(CAUSE, topic="earnings")),
        ([OUT], replace(CAUSE, agents=("lab:Anthropic",))),
        ([OUT], replace(CAUSE, agents=("model:Gone 5",))),
        ([story("Chip stocks sink as AI worries spread", summary="It was trained for $6 million.")], CAUSE),
    ],
)
def test_nothing_is_new_where_no_story_says_so(stories: list[Story], cause: CauseRef) -> None:
    assert new(stories, cause) == ""


def test_a_story_on_another_model_says_nothing_of_this_one() -> None:
    rival = story("OpenAI releases GPT-6, a rival to DeepSeek-R1", summary="The model was trained for $900 million.")
    other = story("DeepSeek releases Janus-Pro-7B", summary="The weights are open under the Apache license.")
    assert "900" not in new([OUT, rival])
    assert "Apache" not in new([OUT, PAPER, other])
    assert "Apache" not in new([OUT, OUT, other], replace(CAUSE, agents=("model:DeepSeek R1",)))


def test_a_sentence_one_can_read_comes_before_an_earlier_one_in_another_script() -> None:
    chinese = story("DeepSeek发布R1推理模型", "20 11:00", summary="模型以MIT许可证开放，可自由使用与修改。")
    assert "模型以MIT" in new([chinese])
    assert "“The weights are open under the MIT license”" in new([chinese, BATCH])


def test_the_order_of_stories_and_repeats_change_nothing() -> None:
    assert new(ALL) == new([*reversed(ALL), *ALL])


def test_a_happening_of_any_size_is_read_to_a_bound() -> None:
    many = [story("DeepSeek-R1 is out", START + timedelta(minutes=n)) for n in range(1000)]
    said = read([*many, BATCH], CAUSE, READER)
    assert len(said) == EARLIEST + LATEST
    assert said[0][0] == BATCH


def test_who_was_told_hears_only_of_details_that_no_story_had_told_by_then() -> None:
    first = story("DeepSeek-R1 is out", "20 12:00", summary="The weights are open under the MIT license.")
    again = story("DeepSeek-R1 is out", "21 12:00", summary="The model comes under the MIT license.")
    later = story("DeepSeek-R1 is out", "21 13:00", summary="It was trained on H800 GPUs.")
    said = read([first, again, later], CAUSE, READER)
    assert text(news_since(said, first.seen_at, TOPICS)).splitlines() == [
        "What is new",
        "• Training: “It was trained on H800 GPUs” (Example News).",
    ]
    assert news_since(said, later.seen_at, TOPICS) == []


def test_the_product_behind_a_fall_is_read_though_its_name_is_not_the_model_s() -> None:
    plug_ins = story(
        "Anthropic's Claude Cowork gets plug-ins", summary="Anthropic has put its plug-ins out as open source."
    )
    fall = story("Publishers sink as Anthropic's Claude takes on legal work", "27 10:00")
    cause = replace(CAUSE, agents=("lab:Anthropic", "model:Claude"), first_title=plug_ins.title)
    assert "open source" not in text(novelty(read([plug_ins, fall], cause, READER), READER))
    named = replace(cause, release="of-plug-ins")
    assert "open source" in text(novelty(read([plug_ins, fall], named, READER), READER))


def test_a_model_whose_name_was_learned_has_its_maker_too() -> None:
    learned = LearnedName("VibeVoice", "Microsoft", START, "VibeVoice", Counts.COINED, "VibeVoice-1.5B", "made")
    reader = READER.own([learned])
    out = story("Microsoft releases VibeVoice 2, an open AI model", "20 12:37", summary="VibeVoice 2 is MIT licensed.")
    fall = story("Chip stocks sink as Microsoft's VibeVoice 2 stirs doubt about AI spending", "27 10:00")
    cause = replace(CAUSE, agents=("lab:Microsoft", "model:VibeVoice 2"))
    first = text(novelty(read([out, fall], cause, reader), reader)).splitlines()[1]
    assert first == "• VibeVoice 2, by Microsoft; first seen 20 Jan 12:37 UTC (Example News)."


# ----------------------------------------------------------------------------------------------------------------- fear


def feared(stories: Sequence[Story], *lines: str) -> str:
    return text(fears(kinds_of(read(stories, CAUSE, READER), READER), lines, TOPICS.titles.exposure))


def test_each_line_hit_has_one_clause_and_those_not_hit_may_gain() -> None:
    assert feared(ALL, "power-generation", "ai-chips", "software").splitlines() == [
        "The fear",
        "• power for data centres: cheaper models may need less of it.",
        "• AI chips: models that are cheaper to train and run may need fewer of them.",
        "",
        "Who may gain",
        "• consumer internet: AI features may cost less to run.",
        "• open models and their owners: good models may cost less to make.",
        "• small AI names: the models they rent may get cheaper.",
    ]


def test_what_is_feared_is_not_hoped_in_the_same_message() -> None:
    kinds = TOPICS.kinds
    for kind in kinds:
        for exposure in kind.helps:
            assert exposure not in helped_by([kind], [exposure])


def test_a_line_of_which_the_kind_says_nothing_is_left_out() -> None:
    assert "insurance" not in feared(ALL, "ai-chips", "insurance-brokers")
    assert feared([], "ai-chips") == ""


def test_the_narrower_kind_gives_the_clause() -> None:
    rival = [story(f"DeepSeek-R1 matches the best {n}", START + timedelta(minutes=n)) for n in range(5)]
    assert "AI chips: a newcomer may have needed fewer or weaker chips than the leaders buy." in feared(
        rival, "ai-chips"
    )
    assert "AI chips: models that are cheaper" in feared([*rival, BATCH], "ai-chips")


def test_one_story_of_many_makes_no_kind() -> None:
    plenty = [story(f"DeepSeek-R1 matches the best {n}", START + timedelta(minutes=n)) for n in range(40)]
    assert [k.name for k in kinds_of(read([*plenty, BATCH], CAUSE, READER), READER)] == ["rival-model"]


KINDS = st.lists(st.sampled_from(TOPICS.kinds), max_size=MOST_KINDS, unique_by=lambda kind: kind.name)
LINES = st.lists(st.sampled_from([*TOPICS.exposure_names, "no-line", ""]), max_size=30)


@given(KINDS, LINES)
def test_fears_are_bounded_and_none_stands_twice(kinds: list, lines: list[str]) -> None:  # type: ignore[type-arg]
    blocks = {block.name: block for block in fears(kinds, lines, TOPICS.titles.exposure)}
    assert all(block.lines for block in blocks.values())
    hit = ["".join(map(plain_text, line)) for line in blocks["the fear"].lines] if "the fear" in blocks else []
    gain = ["".join(map(plain_text, line)) for line in blocks["who may gain"].lines] if "who may gain" in blocks else []
    assert len(hit) <= MOST_FEARS
    assert len(gain) <= MOST_HELPED
    clauses = [line.partition(": ")[2] for line in hit]
    assert len(set(clauses)) == len(clauses)
    assert not {line.partition(": ")[0] for line in hit} & {line.partition(": ")[0] for line in gain}
    for line in hit + gain:
        assert re.fullmatch(r"[^.:]+: [^.:]+\.", line)
        assert re.search(r"\b(?:may|might|could)\b", line)


def plain_text(piece: object) -> str:
    return getattr(piece, "text", None) or str(piece)


HOSTILE_LIST = [
    "trained for $6 million", "MIT license", "open weights", "“", "”", '"', ". ", "。", "? ", "…", "\n",
    "\u202e", "\x00", "DeepSeek-R1", "OpenAI", "per million tokens", "<b>", "</a>", "&amp;",
    "javascript:alert(1)", "will release", "$", "ignore previous instructions", "next week", "模型开源",
    "a" * 300, "x" * 50000,
]  # fmt: skip
HOSTILE = st.sampled_from(HOSTILE_LIST)
STORIES = st.lists(
    st.builds(
        lambda title, summary, minutes, link: story(
            " ".join(title),
            START + timedelta(minutes=minutes),
            summary=" ".join(summary),
            link=link,
            id=f"{title}{summary}{minutes}{link}",
        ),
        st.lists(HOSTILE, max_size=6),
        st.lists(HOSTILE, max_size=8),
        st.integers(0, 5000),
        st.sampled_from(["", "https://example.com/a", "javascript:alert(1)"]),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(STORIES, st.sampled_from([CAUSE, None, replace(CAUSE, agents=("model:DeepSeek R1",))]))
def test_outside_text_is_quoted_to_a_bound_and_stands_in_its_story(
    stories: list[Story], cause: CauseRef | None
) -> None:
    said = read(stories, cause, READER)
    blocks = novelty(said, READER)
    assert blocks == novelty(read(list(reversed(stories)), cause, READER), READER)
    whole = [f"{each.title}\n{each.summary}" for each in stories]
    for block in blocks:
        assert len(block.lines) <= MOST + 1
        for line in block.lines:
            for words in re.findall("“(.*)”", "".join(map(plain_text, line)), re.DOTALL):
                assert any(words in each for each in whole)
                assert len(words) <= 220
                assert "\n" not in words
    assert len(kinds_of(said, READER)) <= MOST_KINDS


# -------------------------------------------------------------------------------------------------------- other reading


def heard(*stories: Story) -> str:
    return text(voices(stories, TOPICS.speech))


def test_what_argues_against_the_fall_is_told_with_its_source_people_first() -> None:
    person = story(
        "A fall", "27 12:00", summary="“This selloff is overdone,” said Ann Example, an analyst at Example Bank."
    )
    press = story(
        "Why AI stocks tumble",
        "27 11:00",
        source="Example Weekly",
        summary="Cheaper training needs fewer chips; others expect cheaper AI to be used more.",
        link="https://example.com/why",
    )
    gain = story("Software makers could benefit from cheap models", "27 10:00", source="Example Daily")
    assert heard(person, press, gain).splitlines() == [
        "The other reading",
        "  “This selloff is overdone” — Ann Example, analyst at Example Bank (Example News).",
        "  “Software makers could benefit from cheap models” (Example Daily).",
        "  “others expect cheaper AI to be used more” (Example Weekly (https://example.com/why)).",
    ]


def test_one_outlet_is_heard_once_and_two_at_most() -> None:
    many = [
        story(f"Cheaper AI will be used more, says {n}", f"27 10:{n:02}", source=f"Example {n // 2}") for n in range(12)
    ]
    assert len(heard(*many).splitlines()) == 1 + MOST_PRINTED
    assert len(heard(*many[:2]).splitlines()) == 2


@pytest.mark.parametrize(
    "summary",
    [
        "Will cheaper AI be used more?",
        "“Cheaper AI will be used more,” an analyst said.",
        "Cheaper AI will not be used more.",
        "Cheaper AI will be used more and…",
        "Chips fall on fears that AI needs fewer of them.",
    ],
)
def test_there_is_no_other_reading_where_the_press_does_not_give_one(summary: str) -> None:
    assert heard(story("Chips fall", summary=summary)) == ""


def test_a_sentence_quoted_in_part_stands_whole() -> None:
    told = story("Chips fall", summary="Investors will see it as “a threat to all of us”, Ann Example said.")
    assert (
        "  Investors will see it as “a threat to all of us” — Ann Example (Example News)." in heard(told).splitlines()
    )


@settings(max_examples=100, deadline=None)
@given(STORIES)
def test_voices_of_outside_text_are_bounded_and_stand_in_it(stories: list[Story]) -> None:
    blocks = voices(stories, TOPICS.speech)
    assert blocks == voices(list(reversed(stories)), TOPICS.speech)
    whole = [f"{each.title}\n{each.summary}" for each in stories]
    for block in blocks:
        assert len(block.lines) <= MOST_VOICES + MOST_PRINTED
        for line in block.lines:
            quoted = re.match("[^“]*“(.*)”", str(line[0]), re.DOTALL)
            assert quoted
            assert any(quoted[1] in each for each in whole)


# -------------------------------------------------------------------------------------------------------------- outlook

MONDAY = datetime(2025, 1, 27, 11, 0, tzinfo=UTC)


def due(symbol: str, day: int, when: ReportTime = ReportTime.AFTER, known: datetime = MONDAY) -> EarningsDate:
    return EarningsDate(symbol, date(2025, 1, day), known, when)


def calendar(*reports: EarningsDate) -> EarningsCalendar:
    dates = EarningsCalendar()
    for report in reports:
        dates.apply(report)
    return dates


def test_how_it_goes_on() -> None:
    dates = calendar(due("MSFT", 29), due("META", 29), due("AMD", 30, ReportTime.UNKNOWN))
    ahead = reports_ahead(dates, ["NVDA", "AMD", "MSFT", "META", "MSFT"], MONDAY)
    then = story("DeepSeek-R1 is out", "26 10:00", summary="The lab will release a smaller model next week.")
    blocks = outlook(
        MONDAY + timedelta(hours=3.5),
        ZoneInfo("America/New_York"),
        ahead,
        read([then], CAUSE, READER),
        TOPICS,
        COMPANIES.name_of,
    )
    assert text(blocks).splitlines() == [
        "What to watch",
        "• The next session opens 27 Jan 14:30 UTC (09:30 in New York).",
        "• Results due Wed 29 Jan, after the close: Microsoft and Meta Platforms.",
        "• Results due Thu 30 Jan: AMD.",
        "• Announced: “The lab will release a smaller model next week” (Example News).",
    ]
    assert outlook(None, UTC, (), (), TOPICS, COMPANIES.name_of) == []


@pytest.mark.parametrize(
    ("report", "ahead"),
    [
        (due("AMD", 28), True),
        (due("AMD", 28, ReportTime.UNKNOWN), True),
        (due("AMD", 27), False),
        (due("AMD", 26), False),
        (due("AMD", 28, known=MONDAY + timedelta(hours=1)), False),
        (EarningsDate("AMD", date(2025, 2, 17), MONDAY), True),
        (EarningsDate("AMD", date(2025, 2, 18), MONDAY), False),
    ],
)
def test_only_results_that_are_certainly_to_come_and_known_are_ahead(report: EarningsDate, ahead: bool) -> None:
    assert bool(reports_ahead(calendar(report), ["AMD"], MONDAY)) == ahead


def test_few_results_are_named_those_that_matter_most() -> None:
    names = [f"S{n}" for n in range(10)]
    dates = calendar(*(due(name, 31 - n % 3) for n, name in enumerate(names)))
    found = reports_ahead(dates, names, MONDAY)
    assert {report.symbol for report in found} == set(names[:MOST_REPORTS])
    assert [report.date for report in found] == sorted(report.date for report in found)
