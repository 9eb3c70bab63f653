"""Times in the reader's zone, where the reader's program does not know it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from bot.core.model import Block, BlockKind, Line, Moment, Summary
from bot.core.text.wording import when
from bot.render import markdown, plain, terminal
from bot.render.zones import in_zone
from tests.render.summaries import summaries

AT = datetime(2025, 1, 27, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Paris", "28 Jan 00:30 CET"),
        ("America/New_York", "27 Jan 18:30 EST"),
        ("Asia/Kolkata", "28 Jan 05:00 IST"),
        ("Asia/Dubai", "28 Jan 03:30 UTC+04"),
    ],
)
def test_every_time_is_worded_in_the_zone(zone: str, words: str) -> None:
    line: Line = ("Next message: ", when(AT), ".")
    shown = in_zone(Summary((Block("next", BlockKind.NOTE, 1, lines=(line,)),)), ZoneInfo(zone))
    for text in (plain(shown), markdown(shown).replace("\\", ""), terminal(shown)):
        assert f"Next message: {words}." in text
    assert shown.blocks[0].lines[0][1] == Moment(AT, words)


@given(summaries)
def test_in_utc_nothing_changes(summary: Summary) -> None:
    assert in_zone(summary, UTC) is summary
