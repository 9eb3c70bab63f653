"""Two bots on one history while one fault follows the other, a stock falling after each: what is told, and when.

``python -m tests.server.campaign --faults 200`` prints a table. Faults are drawn by ``--seed``: the bot that decides is
killed, or stopped for longer than its lease and let go on; its sessions are cut; the database is restarted or crashes;
Telegram is slow while the bot is killed, so that it dies in the middle of a send.
"""

from __future__ import annotations

import argparse
import random
import re
import signal
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.e2e.desk import ADMIN, READER, Bot
from tests.server.cluster import cluster, missing
from tests.server.hosts import Hosts, frozen, thawed

RULE = """\
rules:
  - name: fall
    description: A stock falls more than 10%.
    symbols: [group:watchlist]
    when: {price: {change: "< -10%", since: previous close}}
    severity: {high: always}
    cooldown: 1 session
"""
PATIENCE = 60.0
"""Seconds after which an alert counts as lost."""


class Campaign:
    """One run of it."""

    def __init__(self, hosts: Hosts, faults: int, seed: int) -> None:
        self.hosts = hosts
        self.chance = random.Random(seed)
        self.symbols = [f"T{number:03}" for number in range(faults)]
        self.bots: list[Bot] = []
        self.delays: dict[str, list[float]] = defaultdict(list)
        self.lost: Counter[str] = Counter()
        self.fault_of: dict[str, str] = {}
        self.hanging: Bot | None = None
        self.kinds: dict[str, Callable[[], None]] = {
            "killed": self.killed,
            "hung, then went on": self.hung,
            "sessions cut": self.cut,
            "database restarted": self.restarted,
            "database crashed": self.crashed,
            "killed while sending": self.killed_while_sending,
        }

    def prepare(self) -> None:
        """A market with a stock for each fault, a reader, one bot that decides and one that stands by."""
        hosts = self.hosts
        for file in (hosts.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        (hosts.folder / "rules" / "rule.yaml").write_text(RULE)
        hosts.open_market()
        today = hosts.began.date()
        for symbol in self.symbols:
            hosts.yahoo.set_history(symbol, [(today - timedelta(days=back), 100.0) for back in range(30, 0, -1)])
            hosts.trade(symbol, 0.0, at=hosts.began - timedelta(seconds=5), previous=100.0)
        hosts.publish("wire", ["A dull week"])
        hosts.write_config(more=f"  tried: [{', '.join(self.symbols)}]")
        self.start()
        self.decider().until_logged("started ")
        self.start()
        hosts.subscribe(ADMIN, READER)

    def start(self) -> None:
        self.bots.append(self.hosts.host())

    def decider(self) -> Bot:
        """The bot that decides, as far as its log tells."""
        return next((bot for bot in self.bots if "started " in bot.log), self.bots[0])

    def ready(self) -> None:
        """What has ended is started again, as a supervisor does, until one decides and another stands by."""
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            for bot in [bot for bot in self.bots if bot.process.poll() is not None]:
                self.replaced(bot)
            waiting = [bot for bot in self.bots if "standing by" in bot.log and "started " not in bot.log]
            if waiting and any("started " in bot.log for bot in self.bots):
                return
            time.sleep(0.2)
        raise AssertionError("\n\n".join(bot.log[-1000:] for bot in self.bots))

    def replaced(self, gone: Bot) -> None:
        """``gone`` has ended: another host's bot takes its place."""
        self.bots.remove(gone)
        self.start()

    # ----------------------------------------------------------------------------------------------------------- faults

    def killed(self) -> None:
        gone = self.decider()
        gone.kill()
        self.replaced(gone)

    def hung(self) -> None:
        self.hanging = self.decider()
        frozen(self.hanging)

    def settled(self) -> None:
        """A bot that hung goes on now, which another has replaced: it has to end."""
        if (gone := self.hanging) is None:
            return
        self.hanging = None
        thawed(gone)
        ends = time.monotonic() + 30
        while gone.process.poll() is None and time.monotonic() < ends:
            time.sleep(0.1)
        assert gone.process.poll() == 1, gone.log[-2000:]
        self.replaced(gone)

    def cut(self) -> None:
        self.hosts.server.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'aftershock'"
        )

    def restarted(self) -> None:
        self.hosts.server.stop()
        time.sleep(self.chance.uniform(0, 4))
        self.hosts.server.start()

    def crashed(self) -> None:
        self.hosts.server.stop(signal.SIGQUIT)
        time.sleep(self.chance.uniform(0, 4))
        self.hosts.server.start()

    def killed_while_sending(self) -> None:
        self.hosts.api.fault("slow", chat=READER, times=1, seconds=3.0)

    # ------------------------------------------------------------------------------------------------------------ a run

    def run(self) -> None:
        """A fault, a fall, and what is told of it, for each stock."""
        for symbol in self.symbols:
            name = self.chance.choice(list(self.kinds))
            self.fault_of[symbol] = name
            self.ready()
            self.kinds[name]()
            began = self.hosts.fall_of(symbol)
            if name == "killed while sending":
                time.sleep(self.chance.uniform(0.3, 2.0))
                self.killed()
            delay = self.told(symbol, began)
            self.settled()
            if delay is None:
                self.lost[name] += 1
            else:
                self.delays[name].append(delay)
            print(f"{symbol} {name}: {'LOST' if delay is None else f'{delay:.1f} s'}", flush=True)

    def told(self, symbol: str, began: float) -> float | None:
        """Seconds until the reader was told; meanwhile it goes on trading, down there."""
        trades = 0
        while (since := time.monotonic() - began) < PATIENCE:
            if any(symbol in text for text in self.hosts.texts(READER)):
                return since
            if since > trades:
                trades += 1
                self.hosts.trade(symbol, -0.12 - 0.0001 * (trades % 5), previous=100.0)
            time.sleep(0.05)
        return None

    def report(self) -> None:
        """The table."""
        unmarked, marked = Counter[str](), Counter[str]()
        for text in self.hosts.texts(READER):
            headline = text.partition("\n")[0]
            for symbol in set(re.findall(r"\bT\d{3}\b", headline)):
                (marked if "Perhaps a repeat" in text else unmarked)[symbol] += 1
        print("| fault | faults | lost | told twice | marked repeats | seconds: median | worst |")
        print("|---|---|---|---|---|---|---|")
        for name in self.kinds:
            mine = [s for s, fault in self.fault_of.items() if fault == name]
            delays = self.delays[name] or [0.0]
            twice = sum(unmarked[s] > 1 for s in mine)
            again = sum(marked[s] for s in mine)
            print(
                f"| {name} | {len(mine)} | {self.lost[name]} | {twice} | {again} |"
                f" {statistics.median(delays):.1f} | {max(delays):.1f} |"
            )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    assert not missing(), missing()
    with tempfile.TemporaryDirectory() as folder, cluster() as server, Hosts.of(Path(folder), server) as hosts:
        campaign = Campaign(hosts, given.faults, given.seed)
        campaign.prepare()
        try:
            campaign.run()
        finally:
            campaign.report()


if __name__ == "__main__":
    main()
