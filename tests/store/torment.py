"""Kills the bot in miniature at random moments, again and again, and counts what that did to its history."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.store.history import verify
from bot.adapters.store.history.verifying import evidence
from tests.prepared import Fork, PreparedProcess
from tests.store.crasher import PRUNING, QUOTES, RECIPIENTS, WRITING
from tests.waiting import PATIENCE, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass
class Toll:
    """What so many kills did."""

    kills: int = 0
    met: Counter[int] = field(default_factory=Counter)
    """What the kills met the bot at: ``WRITING``, ``PRUNING``, ``COPYING``, or ``IDLE`` (starting, sending)."""
    batches: int = 0
    half: list[str] = field(default_factory=list)
    """Batches of which only a part is there, or that were there and are gone."""
    acknowledged: int = 0
    lost: set[str] = field(default_factory=set)
    """Acknowledged, and not known to have been sent, nor in doubt."""
    invented: set[str] = field(default_factory=set)
    """Known to have been sent, and never acknowledged."""
    repeated: set[str] = field(default_factory=set)
    """Sent twice without saying so, or a third time."""
    in_doubt: int = 0
    unsent: int = 0
    """Neither sent, nor in doubt, nor overtaken by a newer edit, when all was done."""
    findings: list[str] = field(default_factory=list)
    """What ``verify`` found, and what alerts rested on and is gone."""
    starts: list[float] = field(default_factory=list)
    """Seconds from opening the history to being recovered, of every start that got so far."""
    asked: int = 0
    readers_failed: list[str] = field(default_factory=list)
    broken: str = ""
    """Tracebacks of bots that ended by themselves."""

    @property
    def met_transactions(self) -> int:
        """Kills in the middle of a transaction."""
        return self.met[WRITING] + self.met[PRUNING]


def torment(folder: Path, kills: int, *, seed: int, longest: int = 30) -> Toll:
    """Kill the bot so often, each time before it has begun more than ``longest`` transactions and copies, look at the
    history after each kill, and let it come to its end at last. Readers ask all the time.

    Counted is what the bot has begun, not seconds: on a busy machine it would do nothing but start."""
    toll, chance, process = Toll(), random.Random(seed), PreparedProcess("tests.store.crasher")
    at = folder / "at"
    at.write_bytes(bytes(2))

    def start(life: str) -> Fork:
        return process.run({"life": life, "folder": str(folder)}, err=folder / "err")

    try:
        start("reader")
        for _ in range(kills):
            at.write_bytes(bytes(2))
            bot = start("bot")
            begun = chance.randint(0, longest)
            wait_until(lambda begun=begun, bot=bot: at.read_bytes()[1] >= begun or bot.poll() is not None, pause=0.002)
            time.sleep(chance.uniform(0, 0.004))
            bot.kill()
            if bot.wait() != -signal.SIGKILL:
                break
            toll.kills += 1
            toll.met[at.read_bytes()[0]] += 1
            _look(folder, toll)
        start("to its end").wait(3 * PATIENCE)
    finally:
        process.close()
    _look(folder, toll)
    _account(folder, toll)
    return toll


def _look(folder: Path, toll: Toll) -> None:
    """The history as a kill left it."""
    file = folder / "history.db"
    if not file.exists() or (not file.stat().st_size and not (folder / "history.db-wal").exists()):
        return
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as conn:
        if not conn.execute("PRAGMA user_version").fetchone()[0]:
            return
        count = lambda sql: conn.execute(f"SELECT count(*) FROM {sql}").fetchone()[0]  # noqa: E731
        written = conn.execute("SELECT value FROM extras WHERE name = 'position'").fetchone()
        batches = int(written[0]) + 1 if written else 0
        last = conn.execute("SELECT max(seen_at) FROM stories").fetchone()[0]
        there = {
            "incidents": count("incidents"),
            "alerts": count("alerts"),
            "evidence": count("alert_stories"),
            "stories": count("stories WHERE id LIKE 's%'"),
            "quotes alerts rest on": count("quotes WHERE symbol LIKE 'SYM%'"),
            "messages": count("notifications") / len(RECIPIENTS),
            "latest quotes": batches
            and count(f"quotes WHERE seen_at = '{last}' AND symbol LIKE 'Q%'") - QUOTES + batches,
        }
    wrong = {what: number for what, number in there.items() if number != batches}
    if wrong or batches < toll.batches:
        toll.half.append(f"kill {toll.kills}: {batches} batches, {toll.batches} before, {wrong}")
    toll.batches = batches
    toll.findings += [f"kill {toll.kills}: {line}" for line in (*verify(file), *evidence(file))]


def _account(folder: Path, toll: Toll) -> None:
    """What was on the wire, against what the history says."""
    with contextlib.closing(sqlite3.connect(folder / "history.db")) as conn:
        states: dict[str, str] = dict(conn.execute("SELECT id, state FROM notifications"))
    lines = Counter((folder / "wire").read_text().splitlines())
    # what was in doubt is sent once more and says so; an edit may be made again and again
    toll.repeated = {line for line, times in lines.items() if times > 1 and line.split()[1] != "edit"}
    acknowledged = {line.split()[2] for line in lines if line.startswith("ack ")}
    of = lambda *wanted: {name for name, state in states.items() if state in wanted}  # noqa: E731
    toll.acknowledged, toll.in_doubt = len(acknowledged), len(of("unknown"))
    toll.lost = acknowledged - of("sent", "unknown")
    toll.invented = of("sent") - acknowledged
    toll.unsent = len(states) - len(of("sent", "unknown", "superseded"))
    toll.starts = [float(line) for line in (folder / "starts").read_text().split()]
    toll.asked = (folder / "asked").stat().st_size
    for name in ("reader", "broken"):
        said = (folder / name).read_text() if (folder / name).exists() else ""
        if name == "reader":
            toll.readers_failed = said.splitlines()
        else:
            toll.broken = said
