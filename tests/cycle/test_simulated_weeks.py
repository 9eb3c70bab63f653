"""Weeks of the simulated year: over a clock change, a half session, an outage and starts, the history stays whole."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest

from bench.year import missing
from bot.app.project import make_engine
from bot.app.stores import read_store
from bot.core.model import ChangeKind
from tests.simulated_year import Outage, Plan, Year

pytestmark = pytest.mark.campaign

MINUTES = timedelta(minutes=5)
WEEKS = {
    "the clock goes forward": (date(2025, 3, 6), date(2025, 3, 11), None),
    "the clock goes back": (date(2025, 10, 30), date(2025, 11, 4), None),
    "a half session, and an outage through a session": (date(2025, 11, 24), date(2025, 12, 2), date(2025, 12, 1)),
}


@pytest.mark.parametrize("week", WEEKS)
def test_the_history_of_a_week_is_whole_and_its_thinned_sessions_play_the_same(tmp_path: Path, week: str) -> None:
    first, last, out = WEEKS[week]
    begin = datetime.combine(out or first, datetime.min.time(), UTC)
    plan = Plan(
        first, last, 6, MINUTES, MINUTES, stories=5, falls_every=2, restarts_every=4,
        outages=(Outage(begin, begin + timedelta(days=1)),) if out else (), keep_every_quote=timedelta(days=1),
    )  # fmt: skip
    year = Year(plan, tmp_path / "week.db")
    ends = list(year.play())
    year.close()
    assert sum(end.half for end in ends) == (out is not None)
    assert len(year.falls) == (2 if out is None else 3)
    assert year.restarts == 1
    assert missing(year) == []
    with closing(sqlite3.connect(year.path)) as conn:
        (kept,) = conn.execute("SELECT count(*) FROM quotes").fetchone()
        fired = conn.execute("SELECT symbol, session, fired_at FROM alerts ORDER BY fired_at").fetchall()
    assert kept < year.quotes * 0.9
    assert again(year) == fired


def again(year: Year) -> list[tuple[str, str, str]]:
    """The alerts that fire when what the history has is played through a new engine."""
    start = datetime.combine(year.plan.first, datetime.min.time(), UTC)
    engine = make_engine(year.project, year.timetables, start)
    found = []
    with read_store(year.path) as store:
        observations = store.observations(start, start + timedelta(days=30))
        for now, seen in groupby(observations, key=lambda o: o.seen_at):
            found += [c.alert for c in engine.step(seen, max(now, start)).changes if c.kind is ChangeKind.FIRED]
    return [(a.symbol, f"{a.session}", f"{a.fired_at:%Y-%m-%dT%H:%M:%S.%fZ}") for a in found]
