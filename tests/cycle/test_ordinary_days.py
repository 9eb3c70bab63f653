"""Days of the ordinary year, at night and abroad: nobody is told anything, unless every print at night is believed."""

from __future__ import annotations

from datetime import date

from bench.nights import NAMES, play, rows
from tests.ordinary_year import NIGHT

MONDAY, TUESDAY = date(2025, 1, 6), date(2025, 1, 7)


def test_ordinary_nights_and_days_abroad_alarm_nobody() -> None:
    part = play(MONDAY, TUESDAY, "")
    assert part.alerts == ()
    assert set(part.messages) <= {"operator"}
    table = {row["market"]: row for row in rows([part])}
    assert all(table[name]["prints"] != "0" for name in NAMES.values())
    assert part.markets[NIGHT].wild > 10
    assert part.markets[NIGHT].stale > 10
    assert part.markets[NIGHT].streamed > 10


def test_if_every_print_at_night_is_believed_somebody_is_alarmed() -> None:
    part = play(MONDAY, MONDAY, "{overnight: 1}")
    assert part.alerts
    assert all(" overnight " in line for line in part.alerts)
