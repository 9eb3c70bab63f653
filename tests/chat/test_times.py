"""Times in answers and lists are ones that a reader's program can put into the reader's zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.app.chat.silences import Silences
from bot.app.setup.sample import SAMPLE, STYLE_SAMPLE
from bot.core.model import LISTED_LATER, HeldBack, InDoubt, Moment, Severity, Summary
from bot.delivery.held import missed_messages
from bot.delivery.recipients import announce_in_doubt
from tests.core.worlds import engine
from tests.delivery.makers import NOW, StandingClock
from tests.forms import stray_times


def times_in(summary: Summary) -> list[Moment]:
    return [i for block in summary.blocks for line in block.lines for i in line if isinstance(i, Moment)]


def silences(folder: Path) -> Silences:
    machine = engine()
    store = open_store(folder / "a.db", mode="live", run_name="live", now=NOW)
    return Silences(store, lambda: machine, StandingClock(), lambda: ("NVDA", "VRT"))


def test_a_silence_says_until_when(tmp_path: Path) -> None:
    muting = silences(tmp_path)
    done = muting.silence("NVDA 24h", "Ada")
    muting.silence("VRT 2h", "Ada")
    listed = muting.listed()
    assert isinstance(done, Summary)
    assert isinstance(listed, Summary)
    assert [moment.at for moment in times_in(done)] == [NOW + timedelta(hours=24)]
    assert [moment.at for moment in times_in(listed)] == [NOW + timedelta(hours=24), NOW + timedelta(hours=2)]
    assert listed.subject.count("until") == 2
    assert listed.subject.endswith("UTC.")


LISTS: dict[str, Callable[[], Summary]] = {
    "held back": lambda: (
        missed_messages(
            "telegram:1", [HeldBack(NOW, "20250127-1", Severity.HIGH, "Nvidia falls", LISTED_LATER[0])], NOW
        ).summary
    ),
    "in doubt": lambda: announce_in_doubt([InDoubt("id", "telegram:1", NOW, "Nvidia falls", "")], 1, NOW).summary,
    "the sample": lambda: SAMPLE,
    "the sample of styles": lambda: STYLE_SAMPLE,
}


@pytest.mark.parametrize("name", LISTS)
def test_every_time_in_a_list_is_one(name: str) -> None:
    summary = LISTS[name]()
    assert stray_times(summary) == []
    assert times_in(summary)
