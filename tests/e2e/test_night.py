"""A fall at night as the running bot sees it: prices from an emulated Yahoo over HTTP, messages and pictures on the
wire to the Bot API, on nights of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.desk import CLOSES, READER, Desk
from tests.waiting import wait_until

NEW_YORK = ZoneInfo("America/New_York")
RULE = """\
rules:
  - name: fall
    symbols: [group:watchlist]
    when: {price: {change: "< -10%"}}
    severity: {high: always, critical: "change < -15%"}
"""


def ny(text: str) -> datetime:
    return datetime.fromisoformat(f"2025-{text}").replace(tzinfo=NEW_YORK).astimezone(UTC)


@contextmanager
def at_night(folder: Path, now: datetime, closed: date) -> Iterator[Desk]:
    """A bot that runs at ``now``; the last session was ``closed``."""
    with Desk(folder, began=now) as desk:
        for file in (desk.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        (desk.folder / "rules" / "plain.yaml").write_text(RULE)
        close_at = datetime(closed.year, closed.month, closed.day, 16, 0, 1, tzinfo=NEW_YORK)
        days = [closed - timedelta(days=back) for back in range(100)]
        for symbol, close in CLOSES.items():
            desk.yahoo.set_history(symbol, [(day, close) for day in days if day.weekday() < 5])
            desk.yahoo.set_quote(symbol, close, close_at.astimezone(UTC), previous_close=close, volume=1e6)
            desk.yahoo.set_state(symbol, "PREPRE")
        desk.publish("wire", ["City council approves a bus lane"])
        desk.write_config()
        desk.start()
        desk.subscribe(READER)
        desk.after_polls(2)
        yield desk


def trade_at_night(desk: Desk, symbol: str, change: float, ago: float) -> None:
    """A trade so many seconds ago, and wait until the bot has seen it."""
    at = desk.now() - timedelta(seconds=ago)
    desk.yahoo.set_quote(symbol, round(CLOSES[symbol] * (1 + change), 2), at, phase="overnight")
    desk.after_polls(2)


@pytest.mark.parametrize(
    ("now", "closed", "session"),
    [
        ("01-26 22:00", date(2025, 1, 24), "2025-01-27"),  # Sunday evening
        ("01-29 02:30", date(2025, 1, 28), "2025-01-29"),
        ("01-20 21:30", date(2025, 1, 17), "2025-01-21"),  # the evening of a holiday
        ("03-09 21:00", date(2025, 3, 7), "2025-03-10"),  # the clocks went forward
        ("11-02 21:00", date(2025, 10, 31), "2025-11-03"),  # and back
    ],
)
def test_a_fall_at_night_is_told_once_it_has_held(tmp_path: Path, now: str, closed: date, session: str) -> None:
    with at_night(tmp_path / "desk", ny(now), closed) as desk:
        for change, ago in ((-0.19, 170), (-0.20, 110), (-0.21, 55)):
            trade_at_night(desk, "NVDA", change, ago)
        assert desk.count("SELECT count(*) FROM alerts") == 0
        trade_at_night(desk, "NVDA", -0.2, 0)
        wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
        (text,) = desk.alerts(READER)
        assert "Nvidia falls 20.0\N{NO-BREAK SPACE}% in thin overnight trading" in text
        assert f"the close of {closed:%a} {closed.day} {closed:%b}; overnight, thin trading, " in text
        ((of, phase, severity, reference),) = desk.rows(
            "SELECT session, phase, severity, reference ->> '$.session' FROM alerts"
        )
        assert (of, phase, severity, reference) == (session, "overnight", "high", closed.isoformat())
        wait_until(lambda: desk.api.made("sendPhoto"), "the picture", lambda: desk.bots[-1].log)


def test_wild_prints_and_what_stayed_from_another_night_alarm_nobody(tmp_path: Path) -> None:
    """On the evening before a holiday nothing trades, and Yahoo goes on showing the last night. A print is a print."""
    with at_night(tmp_path / "desk", ny("01-19 22:00"), date(2025, 1, 17)) as desk:
        for symbol in ("NVDA", "AVGO"):
            desk.yahoo.set_quote(symbol, CLOSES[symbol] * 0.7, ny("01-17 03:40"), phase="overnight")
        desk.after_polls(3)
        assert desk.count("SELECT count(*) FROM quotes WHERE price < 110 AND symbol = 'NVDA'") == 0
        assert desk.count("SELECT count(*) FROM alerts") == 0
    with at_night(tmp_path / "another", ny("01-27 22:00"), date(2025, 1, 27)) as desk:
        for change, ago in ((0.0, 200), (-0.3, 150), (-0.001, 100), (-0.3, 50), (-0.3, 0)):
            trade_at_night(desk, "NVDA", change, ago)
        assert desk.count("SELECT count(*) FROM quotes WHERE price < 110 AND symbol = 'NVDA'") == 3
        assert desk.count("SELECT count(*) FROM alerts") == 0
