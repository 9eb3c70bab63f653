"""A fall in Tokyo, in Amsterdam, and on a Sunday evening's futures, told by the live bot over real HTTP."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tests.e2e.desk import ADMIN, DULL, READER, REPOSITORY, Desk
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
WATCHLIST = """\
  chip-equipment: [8035.T, 6857.T, 6146.T, 6920.T, 7735.T, ASML.AS, ASM.AS, BESI.AS, AMAT, LRCX]
  games: [7974.T, UMG.AS]
  it-services: [6702.T]
  legal-data: [WKL.AS, RAND.AS]
markets: {futures: {SPY: ES=F}}"""
FRIDAY = datetime(2025, 1, 24, 20, 59, tzinfo=UTC)
TOKYO, AMSTERDAM = datetime(2025, 1, 27, 1, 10, tzinfo=UTC), datetime(2025, 1, 27, 9, 5, tzinfo=UTC)


@contextlib.contextmanager
def opened(folder: Path, began: datetime, steady: tuple[str, ...]) -> Iterator[Desk]:
    """A desk with the shipped rule for groups, at a moment at which ``steady`` trade and the others sleep."""
    with Desk(folder, began=began) as desk:
        for file in (desk.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        shutil.copy(REPOSITORY / "rules" / "group-fall.yaml", desk.folder / "rules")
        days = [began.date() - timedelta(days=back) for back in range(220, 0, -1)]
        for number, symbol in enumerate(PLACES):
            desk.yahoo.set_history(symbol, history(number, days))
            last = began - timedelta(seconds=5) if symbol in steady else FRIDAY
            trade(desk, symbol, 0.0, last)
        for name, titles in DULL.items():
            desk.publish(name, titles)
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
    """These fall, in three trades a poll apart."""
    for less in (0.002, 0.001, 0.0):
        at = desk.now()
        for symbol, change in moves.items():
            trade(desk, symbol, change + less, at)
        desk.after_polls(2)
        wait_until(lambda before=at: desk.now() > before, "the clock goes on")  # type: ignore[misc]


def test_a_fall_in_tokyo_is_told_before_any_american_price_exists(tmp_path: Path) -> None:
    tokyo = ("8035.T", "6857.T", "6146.T", "6920.T", "7735.T", "7974.T", "6702.T", "^N225", "ES=F")
    with opened(tmp_path, TOKYO, tokyo) as desk:
        fallen = {"8035.T": -0.08, "6857.T": -0.11, "6146.T": -0.09, "6920.T": -0.09, "7735.T": -0.08}
        fall(desk, {**fallen, "^N225": -0.008, "ES=F": -0.015})
        wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
        text = desk.alerts(READER)[0].replace("\u00a0", " ")
        assert text.partition("\n")[0] == "5 makers of chip equipment fall together in Tokyo; no cause known yet"
        told = (
            r"Advantest \(6857\.T\) ¥89[0-2], −1[01]\.\d % against ¥1,000, the close of Fri 24 Jan; "
            r"regular trading in Tokyo, "
        )
        assert re.search(told, text), text
        assert re.search(r"The market: Nikkei 225 −0\.[78] % and S&P 500 futures −1\.[345] %\.", text), text
        assert "Chip equipment in Amsterdam (ASML and 2 others): opens in 6 h, 27 Jan 08:00 UTC." in text
        assert re.search(
            r"Chip equipment in New York \(.* others?\): opens in 13 h, 27 Jan 14:30 UTC; pre-market from 09:00 UTC\.",
            text,
        ), text
        kept = desk.rows("SELECT DISTINCT session, severity_phase FROM alert_history")
        assert kept == [("2025-01-27", "regular")]


def test_a_fall_in_amsterdam_is_told_in_its_own_hours_and_currency(tmp_path: Path) -> None:
    steady = ("ASML.AS", "ASM.AS", "BESI.AS", "WKL.AS", "RAND.AS", "UMG.AS", "^AEX", "ES=F")
    with opened(tmp_path, AMSTERDAM, steady) as desk:
        closed = datetime(2025, 1, 27, 6, 29, 30, tzinfo=UTC)
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
        told = r"ASM International \(ASM\.AS\) €88[0-2]\.00, −1[12]\.\d % against €1,000\.00, the close of Fri 24 Jan"
        assert re.search(told, text), text
        assert desk.count("SELECT count(DISTINCT incident_id) FROM alerts") == 1


def test_check_says_which_prices_come_late(tmp_path: Path) -> None:
    with opened(tmp_path, TOKYO, ("8035.T", "^N225")) as desk:
        found = call("check", "--config", desk.folder / "config.yaml", env=desk.environment(desk.api.token))
        assert "late: XTKS 20 min" in found.stdout + found.stderr
