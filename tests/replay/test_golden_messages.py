"""The messages of the DeepSeek week, word for word."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.core.messages.folding import GLANCE
from bot.core.model import Reason
from bot.render import plain, rich
from bot.render.limits import MESSAGE_LIMIT
from bot.render.text import utf16_length
from bot.replay.playing import Played
from tests.forms import stray_times
from tests.replay.golden import FOLDER, messages, played
from tests.servers.telegram_markup import parse
from tests.servers.telegram_rich import read


@pytest.fixture(scope="module")
def week() -> Played:
    """The week, played once."""
    return played()


@pytest.mark.parametrize("name", ["deepseek-2025-01.txt", "deepseek-2025-01.html"])
def test_every_message_is_as_it_was(week: Played, name: str) -> None:
    assert messages(week)[name] == (FOLDER / name).read_text(encoding="utf-8"), (
        "messages changed; python -m tests.replay.golden writes them anew, git diff shows what became of them"
    )


def test_every_message_is_valid_within_telegram_s_limit(week: Played) -> None:
    pages = messages(week)["deepseek-2025-01.html"].split("<!-- ")
    for page in pages[1:]:
        shown, _ = parse(page.partition(" -->\n")[2])
        assert utf16_length(shown) <= MESSAGE_LIMIT


def test_every_message_and_edit_is_taken_whole_as_a_rich_message(week: Played) -> None:
    for told in week.told:
        summary = told.announcement.summary
        shown = read(rich(summary, ["file-1", "file-2"]), lambda media: True)
        assert shown.kinds.count("photo") == 2
        titles = [block.title for block in summary.blocks if block.title and (block.lines or block.rows)]
        assert [line for line in shown.lines if line in titles] == titles


def test_every_time_of_day_can_be_put_into_the_readers_zone(week: Played) -> None:
    for told in week.told:
        assert stray_times(told.announcement.summary) == []


def test_the_week_is_followed_from_the_first_fall_to_its_end(week: Played) -> None:
    new = [t.announcement for t in week.told if not t.announcement.edits]
    incidents = {a.incident for a in new if f"{a.at:%m-%d}" == "01-27"}
    assert len(incidents) == 1
    story = [(f"{a.at:%a}", a.reason) for a in new if a.incident in incidents]
    monday = [a for a in new if a.incident in incidents and f"{a.at:%m-%d}" == "01-27"]
    before_new_york = [a for a in monday if a.at.hour < 9]
    assert len(before_new_york) <= 2  # Asia and Europe
    assert len(monday) - len(before_new_york) <= 3
    assert ("Tue", Reason.FOLLOW_UP) in story
    kinds = [a.summary.subject for a in new if a.incident in incidents and a.reason is Reason.FOLLOW_UP]
    for words in ("has rebounded", "at the next session's close"):
        assert any(words in subject for subject in kinds), kinds
    assert any("five sessions on" in subject or "has recovered" in subject for subject in kinds), kinds


def test_the_page_on_summaries_shows_the_first_message() -> None:
    page = (FOLDER.parents[2] / "docs" / "summary.md").read_text(encoding="utf-8")
    shown = page.split("```text\n")[1].split("\n```")[0]
    assert f"\n{shown}\n" in (FOLDER / "deepseek-2025-01.txt").read_text(encoding="utf-8")


def test_what_is_read_at_a_glance_fits_a_phone(week: Played) -> None:
    for told in week.told:
        summary = told.announcement.summary
        seen = replace(summary, blocks=tuple(b for b in summary.blocks if not b.folded))
        glance = len(re.sub(r" \(https?://\S+\)", "", plain(seen, None)))
        assert glance <= 1.2 * GLANCE, summary.subject
