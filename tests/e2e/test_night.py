"""A fall at night as the running bot sees it: prices from an emulated Yahoo over HTTP and its websocket, messages and
pictures on the wire to the Bot API, on nights of every kind."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.charts.style import THEMES
from tests.e2e.desk import CLOSES, READER, Desk, share_of
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
def at_night(
    folder: Path,
    now: datetime,
    closed: date,
    *,
    streamed: bool = False,
    rule: str = RULE,
    more: str = "",
    traded: timedelta | None = None,
) -> Iterator[Desk]:
    """A bot that runs at ``now``; the last session was ``closed``, and so long ago Nvidia traded at night. With a
    stream it polls as configured by default."""
    with Desk(folder, began=now) as desk:
        for file in (desk.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        (desk.folder / "rules" / "plain.yaml").write_text(rule)
        close_at = datetime(closed.year, closed.month, closed.day, 16, 0, 1, tzinfo=NEW_YORK)
        days = [closed - timedelta(days=back) for back in range(100)]
        for symbol, close in CLOSES.items():
            desk.yahoo.set_history(symbol, [(day, close) for day in days if day.weekday() < 5])
            desk.yahoo.set_quote(symbol, close, close_at.astimezone(UTC), previous_close=close, volume=1e6)
            desk.yahoo.set_state(symbol, "PREPRE")
        last = round(CLOSES["NVDA"] * (0.99 if traded else 1), 2)
        if traded:
            desk.yahoo.set_quote("NVDA", last, now - traded, phase="overnight")
        desk.yahoo.set_history("ES=F", [(day, 6000.0) for day in days if day.weekday() < 5])
        desk.yahoo.set_quote("ES=F", 5910.0, now, previous_close=6000.0, exchange="CME", zone="America/New_York")
        desk.publish("wire", ["City council approves a bus lane"])
        desk.settings |= {"stream": "true", "prices": "30s"} if streamed else {}
        desk.write_config(more=more)
        desk.start()
        desk.subscribe(READER)
        if streamed:
            wait_until(lambda: desk.yahoo.stream.listening, "the bot listens", lambda: desk.bots[-1].log)
        until_seen(desk, "NVDA", last)
        yield desk


def trade_at_night(desk: Desk, symbol: str, change: float, ago: float) -> None:
    """A trade so many seconds ago, and wait until the bot has seen it, by whichever path."""
    at = desk.now() - timedelta(seconds=ago)
    price = round(CLOSES[symbol] * (1 + change), 2)
    desk.yahoo.set_quote(symbol, price, at, phase="overnight")
    until_seen(desk, symbol, price)


def until_seen(desk: Desk, symbol: str, price: float) -> None:
    known = "SELECT count(*) FROM quotes WHERE symbol = ? AND abs(price - ?) < 0.001"
    wait_until(lambda: desk.count(known, symbol, price), f"{symbol} at {price} is seen", lambda: desk.bots[-1].log)


@pytest.mark.campaign
@pytest.mark.parametrize("streamed", [False, True], ids=["polled", "streamed"])
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
def test_a_fall_at_night_is_told_once_it_has_held(
    tmp_path: Path, now: str, closed: date, session: str, *, streamed: bool
) -> None:
    with at_night(tmp_path / "desk", ny(now), closed, streamed=streamed) as desk:
        for change, ago in ((-0.19, 170), (-0.2, 110), (-0.21, 55)):
            trade_at_night(desk, "NVDA", change, ago)
        assert desk.count("SELECT count(*) FROM alerts") == 0
        trade_at_night(desk, "NVDA", -0.202, 0)
        wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
        (text,) = desk.alerts(READER)
        assert "Nvidia falls 20.2\N{NO-BREAK SPACE}% in thin overnight trading" in text
        assert f"the close of {closed:%a} {closed.day} {closed:%b}; overnight, thin trading, " in text
        ((of, phase, severity, reference),) = desk.rows(
            "SELECT session, phase, severity, reference ->> '$.session' FROM alerts"
        )
        assert (of, phase, severity, reference) == (session, "overnight", "high", closed.isoformat())
        wait_until(lambda: desk.api.made("sendPhoto"), "the picture", lambda: desk.bots[-1].log)
        assert share_of(desk.api, THEMES["light"].shade) > 0.01, "the night is shaded"
        sources = {source for (source,) in desk.rows("SELECT DISTINCT source FROM quotes WHERE symbol = 'NVDA'")}
        assert ("yahoo stream" in sources) is streamed


def test_the_stream_brings_as_many_trades_as_a_rule_asks_for_at_night(tmp_path: Path) -> None:
    """More than by day: six over two minutes, of which a poll would see the last."""
    rule = f"{RULE}    hold: {{overnight: 6 over 2m}}\n"
    with at_night(
        tmp_path / "desk", ny("01-29 02:30"), date(2025, 1, 28), streamed=True, rule=rule, traded=timedelta(minutes=9)
    ) as desk:
        began = desk.now()
        for number, ago in enumerate((150, 120, 90, 60, 30, 1)):
            if number == 5:
                assert desk.count("SELECT count(*) FROM alerts") == 0
            price = round(CLOSES["NVDA"] * (0.89 - number / 1e4), 2)
            desk.yahoo.stream.trade("NVDA", price, began - timedelta(seconds=ago))
            until_seen(desk, "NVDA", price)
        wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
        assert desk.count("SELECT count(*) FROM quotes WHERE source = 'yahoo stream'") == 6


def test_on_a_sunday_evening_two_trades_suffice_where_the_future_falls_too(tmp_path: Path) -> None:
    more = "markets: {futures: {SPY: ES=F}}"
    with at_night(tmp_path / "desk", ny("01-26 21:00"), date(2025, 1, 24), streamed=True, more=more) as desk:
        until_seen(desk, "ES=F", 5910.0)
        trade_at_night(desk, "NVDA", -0.11, 30)
        assert desk.count("SELECT count(*) FROM alerts") == 0
        trade_at_night(desk, "NVDA", -0.112, 0)
        wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
        text = desk.alerts(READER)[0].replace("\N{NO-BREAK SPACE}", " ")
        assert "Nvidia falls 11.2 % in thin overnight trading" in text
        assert "The market: S&P 500 futures −1.5 %." in text


@pytest.mark.parametrize("streamed", [False, True], ids=["polled", "streamed"])
def test_before_a_holiday_there_is_no_night(tmp_path: Path, *, streamed: bool) -> None:
    """On the evening before a holiday nothing trades: Yahoo goes on showing the last night, and a print is none."""
    with at_night(tmp_path / "desk", ny("01-19 22:00"), date(2025, 1, 17), streamed=streamed) as desk:
        for symbol in ("NVDA", "AVGO"):
            desk.yahoo.set_quote(symbol, CLOSES[symbol] * 0.7, ny("01-17 03:40"), phase="overnight")
        for number in range(4):
            polls = desk.yahoo.count("quote")
            desk.yahoo.set_quote("MU", CLOSES["MU"] * (0.7 - number / 100), desk.now(), phase="overnight")
            wait_until(lambda: streamed or desk.yahoo.count("quote") > polls, "it is polled")  # noqa: B023
        desk.after_polls(1)
        assert desk.count("SELECT count(*) FROM quotes WHERE price < 110 AND symbol = 'NVDA'") == 0
        assert desk.count("SELECT count(*) FROM alerts") == 0


def test_wild_prints_alarm_nobody(tmp_path: Path) -> None:
    with at_night(tmp_path / "desk", ny("01-27 22:00"), date(2025, 1, 27)) as desk:
        for change, ago in ((0.0, 200), (-0.3, 150), (-0.001, 100), (-0.301, 50), (-0.302, 0)):
            trade_at_night(desk, "NVDA", change, ago)
        assert desk.count("SELECT count(*) FROM quotes WHERE price < 110 AND symbol = 'NVDA'") == 3
        assert desk.count("SELECT count(*) FROM alerts") == 0


def test_an_ordinary_night_on_the_stream_alarms_nobody(tmp_path: Path) -> None:
    """One print in fifty is wild, one order prints several, hours pass without any, and some are of another night."""
    earlier = timedelta(hours=7)
    with at_night(tmp_path / "desk", ny("01-28 03:55"), date(2025, 1, 27), streamed=True, traded=earlier) as desk:
        stream, chance, close = desk.yahoo.stream, random.Random(3), CLOSES["NVDA"]
        at, wild = desk.now() - timedelta(hours=6), {25, 75}
        for number in range(100):
            at += timedelta(minutes=30) if number % 30 == 10 else timedelta(seconds=chance.expovariate(1 / 120))
            price = round(close * (0.87 if number in wild else 1 + chance.gauss(0, 0.002)), 3)
            for more in range(chance.choice((1, 1, 3))):
                stream.trade("NVDA", price, at + timedelta(seconds=more))
            stream.trade("NVDA", close * 0.7, at - timedelta(days=1))
            if number in wild:
                until_seen(desk, "NVDA", price)
            time.sleep(0.05)
        trade_at_night(desk, "NVDA", 0.004, 0)
        assert desk.count("SELECT count(*) FROM quotes WHERE symbol = 'NVDA' AND price < ?", close * 0.8) == 0
        assert desk.count("SELECT count(*) FROM alerts") == 0
