"""Rich messages: always within Telegram's limits, and they say what the summary says."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.model import Block, BlockKind, Link, Moment, Strong, Summary
from bot.core.text.links import safe_link
from bot.render import rich
from bot.render.telegram_rich import BLOCK_LIMIT, TEXT_LIMIT, size
from tests.render.summaries import MODEL, summaries
from tests.servers.telegram_rich import BLOCKS, TEXT, Rich, read

HEAD = Block("headline", BlockKind.HEADLINE, 100, lines=(("Nvidia falls",),))


def shown(summary: Summary, *pictures: str) -> Rich:
    """What Telegram makes of it, after its way through JSON."""
    return read(json.loads(json.dumps(rich(summary, pictures))), lambda media: media in pictures)


@settings(max_examples=120, deadline=None)
@given(summaries, st.integers(0, 12))
@example(Summary((Block("c", BlockKind.CODE, 1, lines=(("   ",), (" \t",))),), "s"), 0)
@example(Summary((Block("h", BlockKind.HEADLINE, 1, "word " * 9000, lines=((" ",),)),), "s"), 0)
def test_whatever_the_text_telegram_takes_it_and_it_is_not_empty(summary: Summary, pictures: int) -> None:
    message = rich(summary, [f"file-{i}" for i in range(pictures)])
    found = read(json.loads(json.dumps(message)), lambda media: True)
    assert found.text.strip()
    assert message["skip_entity_detection"] is True
    assert len(found.media) == pictures
    assert all(safe_link(each["url"]) for each in found.texts if each["type"] == "url")


def test_the_model_message_has_its_chart_below_the_headline_and_a_native_table() -> None:
    found = shown(MODEL, "file-1", "file-2")
    assert found.kinds[:4] == ["heading", "photo", "photo", "heading"]
    assert found.lines[0] == "NVDA −11.7\xa0% after DeepSeek's R1 model"
    table = next(each for each in rich(MODEL)["blocks"] if each["type"] == "table")
    head, group, row = table["cells"][:3]
    assert [cell["text"] for cell in head] == ["Symbol", "Change", "Price"]
    assert all(cell["is_header"] for cell in head)
    assert group == [{"text": "AI chips", "align": "left", "valign": "middle", "is_header": True, "colspan": 3}]
    assert [cell["align"] for cell in row] == ["left", "right", "right"]
    assert found.kinds[-1] == "footer"
    assert found.lines[-1] == "Not investment advice."


def test_details_are_opened_one_by_one_under_their_titles() -> None:
    folded = Block("precedents", BlockKind.FACTS, 5, "Precedents", (("One.",), ("Two.",)), folded=True)
    nameless = dataclasses.replace(MODEL.blocks[3], title="", name="arithmetic", folded=True)
    message = rich(Summary((HEAD, folded, nameless)))
    assert [each["type"] for each in message["blocks"]] == ["heading", "details", "details"]
    assert [each["summary"] for each in message["blocks"][1:]] == ["Precedents", "Arithmetic"]
    assert [each["type"] for each in message["blocks"][2]["blocks"]] == ["table"]


def test_a_time_and_a_link_are_pieces_of_their_own() -> None:
    at = datetime(2025, 1, 27, 21, tzinfo=UTC)
    line = (Strong("Next"), ": ", Moment(at, "27 Jan 21:00 UTC"), ", says ", Link("Wire", "https://e.org/?a&b"), ".")
    found = shown(Summary((HEAD, Block("n", BlockKind.NOTE, 1, lines=(line,)))))
    assert found.lines[-1] == "Next: 27 Jan 21:00 UTC, says Wire."
    bold, time, link = found.texts
    assert bold == {"type": "bold", "text": "Next"}
    assert (time["unix_time"], time["date_time_format"]) == (1738011600, "dt")
    assert link["url"] == "https://e.org/?a&b"


def test_too_long_the_lightest_blocks_go_and_a_headline_too_long_by_itself_is_cut() -> None:
    def block(name: str, weight: int) -> Block:
        return Block(name, BlockKind.FACTS, weight, lines=(((name + " ") * 2500,),))

    found = shown(Summary((HEAD, block("light", 1), block("heavy", 9), block("middle", 5))))
    assert "heavy" in found.text
    assert "middle" in found.text
    assert "light" not in found.text
    lines = Block("many", BlockKind.FACTS, 9, lines=tuple((f"{i}",) for i in range(BLOCKS)))
    assert shown(Summary((HEAD, lines))).lines == ["Nvidia falls"]
    long = dataclasses.replace(HEAD, lines=(("Nvidia falls " * 4000,),))
    assert shown(Summary((long,))).lines[0].endswith("…")


@settings(max_examples=60, deadline=None)
@given(summaries)
def test_we_count_at_least_what_telegram_counts(summary: Summary) -> None:
    message = rich(summary)
    counted, found = size(message["blocks"]), read(message, lambda media: True)
    assert counted.blocks == found.blocks <= BLOCK_LIMIT == BLOCKS
    assert sum(map(len, found.lines)) <= counted.text <= TEXT_LIMIT == TEXT


def test_a_table_is_cut_to_twenty_columns() -> None:
    rows = (tuple(f"c{i}" for i in range(30)), tuple(str(i) for i in range(30)))
    table = rich(Summary((HEAD, Block("t", BlockKind.TABLE, 1, rows=rows))))["blocks"][1]
    assert [len(row) for row in table["cells"]] == [20, 20]
