"""A fall in Tokyo and in Amsterdam, told by the live bot over HTTP and websocket, also between clock changes."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.charts.style import THEMES
from tests.e2e.desk import ADMIN, DULL, READER, REPOSITORY, Desk, share_of
from tests.prepared import call
from tests.waiting import wait_until

PLACES = {
    **dict.fromkeys(
        ("8035.T", "6857.T", "6146.T", "6920.T", "7735.T", "7974.T", "6702.T"), ("JPX", "Asia/Tokyo", "JPY")
    ),
    **dict.fromkeys(
        ("ASML.AS", "ASM.AS", "BESI.AS", "WKL.AS", "RAND.AS", "UMG.AS"), ("AMS", "Europe/Amsterdam", "EUR")
    ),
    **dict.fromkeys(("AMAT", "LRCX", "SPY"), ("NMS", "America/New_York", "USD")),
    "^N225": ("OSA", "Asia/Tokyo", "JPY"),
    "^AEX": ("AMS", "Europe/Amsterdam", "EUR"),
    "ES=F": ("CME", "America/New_York", "USD"),
}
CLOSE = 1000.0


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WATCHLIST = """\
  chip-equipment: [8035.T, 6857.T, 6146.T, 6920.T, 7735.T, ASML.AS, ASM.AS, BESI.AS, AMAT, LRCX]
  games: [7974.T, UMG.AS]
  it-services: [6702.T]
  legal-data: [WKL.AS, RAND.AS]
markets: {futures: {SPY: ES=F}}"""
TOKYO, AMSTERDAM = datetime(2025, 1, 27, 1, 10, tzinfo=UTC), datetime(2025, 1, 27, 9, 5, tzinfo=UTC)


@contextlib.contextmanager
def opened(folder: Path, began: datetime, steady: tuple[str, ...], *, streamed: bool = False) -> Iterator[Desk]:
    """A desk with the shipped rule for groups, on a Monday at a moment at which ``steady`` trade and the others sleep
    since Friday. With a stream it polls as configured by default."""
    with Desk(folder, began=began) as desk:
        for file in (desk.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        shutil.copy(REPOSITORY / "rules" / "group-fall.yaml", desk.folder / "rules")
        days = [began.date() - timedelta(days=back) for back in range(220, 0, -1)]
        for number, symbol in enumerate(PLACES):
            desk.yahoo.set_history(symbol, history(number, days))
            friday = (began - timedelta(days=3)).replace(hour=20, minute=59)
            last = began - timedelta(seconds=5) if symbol in steady else friday
            trade(desk, symbol, 0.0, last)
        for name, titles in DULL.items():
            desk.publish(name, titles)
        desk.settings |= {"stream": "true", "prices": "30s"} if streamed else {}
        desk.write_config(more=WATCHLIST)
        config = desk.folder / "config.yaml"
        text = re.sub(r"  ai-chips:.*  cloud: \[MSFT\]\n", "", config.read_text(), flags=re.DOTALL)
        config.write_text(text.replace("[SPY, QQQ, SMH]", "[SPY]"))
        desk.start()
        desk.subscribe(ADMIN, READER)
        wait_until(
            lambda: desk.count("SELECT count(DISTINCT symbol) FROM daily_bars") == len(PLACES),
            "history is read",
            lambda: desk.bots[-1].log,
        )
        if streamed:
            wait_until(lambda: desk.yahoo.stream.listening, "the bot listens", lambda: desk.bots[-1].log)
        yield desk


def history(number: int, days: list[date]) -> list[tuple[date, float]]:
    """Half a year within one per cent of ``CLOSE``, at which it ends."""
    open_days = [day for day in days if day.weekday() < 5]
    dice = random.Random(number)
    steps = [CLOSE * dice.uniform(0.99, 1.01) for _ in open_days]
    return list(zip(open_days, [*steps[:-1], CLOSE], strict=True))


def trade(desk: Desk, symbol: str, change: float, at: datetime) -> None:
    exchange, zone, currency = PLACES[symbol]
    price = round(CLOSE * (1 + change), 2)
    desk.yahoo.set_quote(
        symbol, price, at, previous_close=CLOSE, volume=1e6, exchange=exchange, zone=zone, currency=currency
    )


def fall(desk: Desk, moves: Mapping[str, float]) -> None:
    """These fall, in three trades, each seen before the next."""
    known = "SELECT count(*) FROM quotes WHERE symbol = ? AND abs(price - ?) < 0.001"
    for less in (0.002, 0.001, 0.0):
        at = desk.now()
        for symbol, change in moves.items():
            trade(desk, symbol, change + less, at)
        for symbol, change in moves.items():
            if change < -0.05:  # small steps are left to polls
                price = round(CLOSE * (1 + change + less), 2)
                wait_until(lambda s=symbol, p=price: desk.count(known, s, p), symbol, lambda: desk.bots[-1].log)  # type: ignore[misc]
        wait_until(lambda before=at: desk.now() > before, "the clock goes on")  # type: ignore[misc]


@pytest.mark.parametrize("streamed", [False, True], ids=["polled", "streamed"])
@pytest.mark.parametrize(
    ("began", "friday", "amsterdam", "new_york"),
    [
        (TOKYO, "24 Jan", "in 6 h, 27 Jan 08:00 UTC", "in 13 h, 27 Jan 14:30 UTC; pre-market from 27 Jan 09:00 UTC"),
        # New York's clocks went forward the day before, and Europe's have not yet
        (
            at("2025-03-10 01:10"),
            "7 Mar",
            "in 6 h, 10 Mar 08:00 UTC",
            "in 12 h, 10 Mar 13:30 UTC; pre-market from 10 Mar 08:00",
        ),
    ],
    ids=["winter", "clocks apart"],
)
def test_a_fall_in_tokyo_is_told_before_any_american_price_exists(
    tmp_path: Path, began: datetime, friday: str, amsterdam: str, new_york: str, *, streamed: bool
) -> None:
    tokyo = ("8035.T", "6857.T", "6146.T", "6920.T", "7735.T", "7974.T", "6702.T", "^N225", "ES=F")
    with opened(tmp_path, began, tokyo, streamed=streamed) as desk:
        fallen = {"8035.T": -0.08, "6857.T": -0.11, "6146.T": -0.09, "6920.T": -0.09, "7735.T": -0.08}
        fall(desk, {**fallen, "^N225": -0.008, "ES=F": -0.015})
        wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
        text = desk.alerts(READER)[0].replace("\u00a0", " ")
        assert text.partition("\n")[0] == "5 makers of chip equipment fall together in Tokyo; no cause known yet"
        told = (
            rf"Advantest \(6857\.T\) ¥89[0-2], −1[01]\.\d % against ¥1,000, the close of Fri {friday}; "
            r"regular trading in Tokyo, "
        )
        assert re.search(told, text), text
        if not streamed:  # by the stream it is told before a poll has shown how far those moved
            assert re.search(r"The market: Nikkei 225 −0\.[78] % and S&P 500 futures −1\.[345] %\.", text), text
        assert f"Chip equipment in Amsterdam (ASML and 2 others): opens {amsterdam}" in text
        assert re.search(rf"Chip equipment in New York \(.* others?\): opens {new_york}", text), text
        kept = desk.rows("SELECT DISTINCT session, severity_phase FROM alert_history")
        assert kept == [(f"{began:%Y-%m-%d}", "regular")]
        wait_until(lambda: desk.api.made("sendPhoto"), "the picture", lambda: desk.bots[-1].log)
        assert share_of(desk.api, THEMES["light"].shade) < 0.01, "Tokyo has no hours but the regular ones"


@pytest.mark.campaign
@pytest.mark.parametrize("streamed", [False, True], ids=["polled", "streamed"])
@pytest.mark.parametrize(
    ("began", "friday"),
    [
        (AMSTERDAM, "24 Jan"),
        (at("2025-03-31 07:05"), "28 Mar"),  # the first day of summer time: it opens at 07:00 UTC
        (at("2025-10-27 08:05"), "24 Oct"),  # the first after it, a week before New York's
    ],
    ids=["winter", "clocks forward", "clocks back"],
)
def test_a_fall_in_amsterdam_is_told_in_its_own_hours_and_currency(
    tmp_path: Path, began: datetime, friday: str, *, streamed: bool
) -> None:
    steady = ("ASML.AS", "ASM.AS", "BESI.AS", "WKL.AS", "RAND.AS", "UMG.AS", "^AEX", "ES=F")
    with opened(tmp_path, began, steady, streamed=streamed) as desk:
        closed = began.replace(hour=6, minute=29, second=30)
        for symbol, change in (
            ("8035.T", -0.07),
            ("7735.T", -0.07),
            ("6857.T", -0.09),
            ("7974.T", 0.0),
            ("^N225", -0.005),
        ):
            trade(desk, symbol, change, closed)
        fall(desk, {"ASML.AS": -0.09, "ASM.AS": -0.12, "BESI.AS": -0.1, "^AEX": -0.006, "ES=F": -0.02})
        wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
        text = desk.alerts(READER)[0].replace("\u00a0", " ")
        assert "makers of chip equipment fall together" in text.partition("\n")[0]
        told = (
            rf"ASM International \(ASM\.AS\) €88[0-2]\.00, −1[12]\.\d % against €1,000\.00, the close of Fri {friday}"
        )
        assert re.search(told, text), text
        assert desk.count("SELECT count(DISTINCT incident_id) FROM alerts") == 1
        kept = desk.rows("SELECT DISTINCT session, severity_phase FROM alert_history WHERE symbol LIKE '%.AS'")
        assert kept == [(f"{began:%Y-%m-%d}", "regular")]
        wait_until(lambda: desk.api.made("sendPhoto"), "the picture", lambda: desk.bots[-1].log)


def test_check_says_which_prices_come_late(tmp_path: Path) -> None:
    with opened(tmp_path, TOKYO, ("8035.T", "^N225")) as desk:
        found = call("check", "--config", desk.folder / "config.yaml", env=desk.environment(desk.api.token))
        assert "late: XTKS 20 min" in found.stdout + found.stderr
