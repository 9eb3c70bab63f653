"""From a trade to Telegram: ``python bench/wire.py [--falls 100] [--symbols 175 1000] [--json FILE] [--write]``.

The bot runs as a process, as configured by default (polls every 15 seconds, ``hold`` 2), against an emulated Yahoo with
its stream and an emulated Bot API on loopback. Every stock trades once a second. Every two seconds one of them falls
by 12 %, at once or by 1.5 % a second, and stays there; each of several chats watches a part of the stocks, as more than
eight messages a minute to one would be gathered into a list. Measured is the time from the first trade beyond the
rule's 10 %, as it leaves for the wire, to the arrival of ``sendMessage``; one second of it passes before there is a
second trade to confirm it. Then the processor time of the bot in a calm minute, with the stream and without.

With ``--write`` the table goes into docs/operations.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.store import machine
from bench.tables import table
from tests.e2e.desk import ADMIN, READER, Desk
from tests.waiting import wait_until

DOCS = Path(__file__).resolve().parents[1] / "docs" / "operations.md"
BEGIN, END = "<!-- measured: python bench/wire.py --write -->", "<!-- end of what wire.py measured -->"
NOON = datetime(2025, 1, 27, 16, 0, tzinfo=UTC)
CLOSE = 100.0
CHATS = tuple(range(READER, READER + 5))
"""Each is told of every fifth stock."""
EVERY = 2.0
"""Seconds between two falls: six a minute for each chat."""
SETTLE, CALM, LAST = 20.0, 40.0, 35.0
"""Seconds until measuring begins, of the calm minute, and after the last fall."""
SHAPES = {"jump": (-0.12,), "slide": tuple(-0.015 * n for n in range(1, 9))}
RULE = """\
rules:
  - name: fall
    description: A stock falls more than 10%.
    symbols: [group:watchlist]
    when:
      all: [{price: {change: "< -10%", since: previous close}}]
    severity: {high: always}
"""
CONFIG = """\
storage: {{database: aftershock.db}}
telegram: {{base_url: "{telegram}", admins: [{admin}], allow: [{readers}], pictures: false}}
prices: {{stream: {stream}}}
benchmarks: [SPY]
watchlist:
{groups}
"""


@dataclass
class Fall:
    """One stock's, in seconds of the monotonic clock."""

    symbol: str
    shape: str
    began: float
    beyond: float = 0.0
    """When the first trade beyond the threshold left."""
    told: float | None = None


@dataclass
class Market:
    """Trades of every symbol once a second, in a thread of its own."""

    desk: Desk
    symbols: Sequence[str]
    falls: dict[str, Fall] = field(default_factory=dict)
    trades: int = 0
    late: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Trade until ``stop``: spread over each second, and those that fall at its beginning."""
        chance = random.Random(7)
        second = time.monotonic()
        while not self._ended.is_set():
            at = self.desk.now()
            for fall in list(self.falls.values()):
                self._trade(fall.symbol, self._fallen(fall), at)
            for number, symbol in enumerate(self.symbols):
                if symbol not in self.falls:
                    self._trade(symbol, chance.gauss(0, 0.0004), at)
                if number % 25 == 24:
                    self._pause(second + number / len(self.symbols))
            second += 1.0
            self.late = max(self.late, time.monotonic() - second)
            self._pause(second)

    def _pause(self, until: float) -> None:
        if (wait := until - time.monotonic()) > 0:
            self._ended.wait(wait)

    def _fallen(self, fall: Fall) -> float:
        steps = SHAPES[fall.shape]
        return steps[min(int(time.monotonic() - fall.began), len(steps) - 1)] + random.uniform(-0.0005, 0)

    def _trade(self, symbol: str, change: float, at: datetime) -> None:
        fall = self.falls.get(symbol)
        if fall is not None and change < -0.1 and not fall.beyond:
            fall.beyond = time.monotonic()
        self.trades += 1
        price = round(CLOSE * (1 + change), 3)
        self.desk.yahoo.set_quote(symbol, price, at, previous_close=CLOSE, phase="regular", volume=1e6)

    def stop(self) -> None:
        """No more."""
        self._ended.set()


def cpu(pid: int) -> float:
    """Seconds of processor time a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def play(folder: Path, count: int, number: int, *, stream: bool) -> dict[str, object]:
    """One bot with so many stocks, of which so many fall."""
    symbols = [f"S{n:04d}" for n in range(count)]
    with Desk(folder, began=NOON) as desk:
        for file in (desk.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        (desk.folder / "rules" / "fall.yaml").write_text(RULE)
        days = [NOON.date() - timedelta(days=back) for back in range(12, 0, -1)]
        for symbol in [*symbols, "SPY"]:
            desk.yahoo.set_history(symbol, [(day, CLOSE) for day in days if day.weekday() < 5])
            desk.yahoo.set_quote(symbol, CLOSE, desk.now(), previous_close=CLOSE, phase="regular")
        groups = "\n".join(f"  part-{c}: [{', '.join(symbols[n :: len(CHATS)])}]" for n, c in enumerate(CHATS))
        readers = ", ".join(str(chat) for chat in CHATS)
        names = {"telegram": desk.api.url, "admin": ADMIN, "readers": readers, "groups": groups}
        (desk.folder / "config.yaml").write_text(CONFIG.format(stream=str(stream).lower(), **names))
        bot = desk.start(new_process=True)
        desk.subscribe(*CHATS)
        for chat in CHATS:
            desk.api.say(chat, chat, f"/watch group:part-{chat}")
        wait_until(lambda: all(len(desk.texts(chat)) >= 2 for chat in CHATS), "every chat watches its part")
        for _ in range(5):  # of a thousand stocks it takes minutes on a busy machine
            if desk.count("SELECT count(DISTINCT symbol) FROM daily_bars") < count:
                time.sleep(1)
                with contextlib.suppress(AssertionError):
                    wait_until(lambda: desk.count("SELECT count(DISTINCT symbol) FROM daily_bars") >= count)
        desk.yahoo.stream.patient = False
        market = Market(desk, symbols)
        trading = threading.Thread(target=market.run, daemon=True)
        trading.start()
        time.sleep(SETTLE)
        used, polls, messages = cpu(bot.process.pid), desk.yahoo.count("quote"), market.trades
        time.sleep(CALM)
        share = (cpu(bot.process.pid) - used) / CALM
        polls, messages = desk.yahoo.count("quote") - polls, market.trades - messages
        shapes = list(SHAPES)
        chance = random.Random(count)
        for each, symbol in enumerate(symbols[:number]):
            market.falls[symbol] = Fall(symbol, shapes[each % len(shapes)], time.monotonic())
            time.sleep(EVERY * chance.uniform(0.9, 1.1))
        time.sleep(LAST)
        market.stop()
        trading.join()
        stored = desk.count("SELECT count(*) FROM quotes WHERE source = 'yahoo stream'")
        told = [c for c in desk.api.made("sendMessage") if c.chat in CHATS]
        for fall in market.falls.values():
            at = [c.at for c in told if fall.symbol in c.params["text"] and c.at >= fall.began]
            fall.told = min(at, default=None)
        bot.stop()
        load = f"{os.getloadavg()[0]:.1f}"
        return {
            "symbols": count, "stream": "on" if stream else "off", "processor_share": share,
            "requests_a_minute": polls * 60 / CALM, "trades_a_second": messages / CALM, "stream_quotes_stored": stored,
            "load": load, "late": market.late, "falls": [asdict(fall) for fall in market.falls.values()],
        }  # fmt: skip


def rows(found: list[dict[str, object]]) -> list[dict[str, object]]:
    """A row for each setting."""
    out = []
    for each in found:
        falls = [f for f in each["falls"] if f["beyond"]]  # type: ignore[attr-defined]
        waits = sorted(f["told"] - f["beyond"] for f in falls if f["told"] is not None)
        if waits:
            most = waits[max(0, math.ceil(0.99 * len(waits)) - 1)]
            out.append(
                {
                    "symbols": each["symbols"], "stream": each["stream"], "falls": len(falls), "told": len(waits),
                    "median s": f"{statistics.median(waits):.1f}", "99th s": f"{most:.1f}",
                    "slowest s": f"{waits[-1]:.1f}", "load": each["load"],
                }
            )  # fmt: skip
    return out


def words(found: list[dict[str, object]]) -> str:
    """Both tables."""
    shares = [
        {
            "symbols": e["symbols"], "stream": e["stream"], "trades a second": f"{e['trades_a_second']:.0f}",
            "requests a minute": f"{e['requests_a_minute']:.0f}",
            "processor": f"{e['processor_share'] * 100:.1f} %", "streamed prices stored": e["stream_quotes_stored"],
            "trading late, at most s": f"{e['late']:.1f}",
        }
        for e in found
    ]  # fmt: skip
    first, second = rows(found), shares
    return "\n".join(
        [f"Measured on: {machine()}.", "", *table(first, list(first[0])), "", *table(second, list(second[0]))]
    )


def main() -> None:
    """Play, print, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--falls", type=int, default=100, help="for each setting")
    parser.add_argument("--symbols", type=int, nargs="+", default=[175, 1000])
    parser.add_argument("--json", type=Path, help="write every fall there")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/operations.md")
    args = parser.parse_args()
    found = []
    for count in args.symbols:
        for stream in (True, False):
            with tempfile.TemporaryDirectory() as folder:
                found.append(play(Path(folder) / "desk", count, args.falls, stream=stream))
            if args.json:
                args.json.write_text(json.dumps(found, indent=1))
            print(words(found[-1:]), flush=True)
    text = words(found)
    print(f"\n{text}")
    if args.write:
        page = DOCS.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        DOCS.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
