"""How fast the history takes what the live cycle gives it. Run: ``python bench/store.py [--folder DIR] [--server
ADDRESS] [--json]``.

The live cycle needs a commit of one quote per symbol every few seconds and a claim and settle per message: Telegram
takes 30 a second. Prints one table; times are wall clock, on a file in ``--folder`` (default: the system's temporary
folder, which may be faster than your disk).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bot.adapters.store.history import list_alerts
from bot.app.stores import Place, open_store
from bot.core.model import (
    Alert,
    AlertChange,
    AlertState,
    Batch,
    Block,
    BlockKind,
    CauseRef,
    ChangeKind,
    Check,
    DailyBar,
    Decisions,
    Delivery,
    DeliveryOutcome,
    Incident,
    IncidentState,
    Notification,
    Observation,
    Phase,
    Quote,
    Reach,
    Reading,
    Reason,
    Reference,
    Severity,
    Story,
    Summary,
    TopicScore,
    stable_id,
)
from bot.core.ports import Store
from bot.core.server_address import ServerAddress

START = datetime(2025, 1, 27, 9, 0, tzinfo=UTC)
SYMBOLS = tuple(f"SYM{i:03d}" for i in range(150))
WORDS = ("model", "lab", "chips", "price", "falls", "after", "release", "of", "cheap", "open", "weights", "demand")
LEASE = timedelta(seconds=60)


@dataclass
class Measured:
    """One line of the table."""

    what: str
    per_second: float
    median_ms: float
    p99_ms: float
    times: int


def measure(what: str, times: int, once: Callable[[int], object], each: int = 1) -> Measured:
    """Call ``once`` so many times; ``each`` is how many things one call does."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        once(number)
        taken.append(time.perf_counter() - began)
    taken.sort()
    worst = taken[min(len(taken) - 1, int(len(taken) * 0.99))]
    return Measured(what, each * times / sum(taken), statistics.median(taken) * 1e3, worst * 1e3, times)


def at(number: float) -> datetime:
    return START + timedelta(seconds=15 * number)


def quotes(number: int) -> tuple[Quote, ...]:
    seen = at(number)
    return tuple(
        Quote(s, 100.0 + (number * 7 + i) % 50 / 10, seen - timedelta(seconds=i % 10), seen, volume=1e6 + number,
              previous_close=102.0, currency="USD", source="yahoo")
        for i, s in enumerate(SYMBOLS)
    )  # fmt: skip


def story(number: int) -> Story:
    title = " ".join(WORDS[(number * 3 + i * (1 + number % 5)) % len(WORDS)] for i in range(9))
    name = stable_id("story", str(number))
    return Story(name, "wire", title, at(number), summary=f"{title}. " * 4, link=f"https://news.example/{number}",
                 keys=(f"guid:{number}", f"link:{number}", f"title:{number}"))  # fmt: skip


def reading(of: Story) -> Reading:
    return Reading(
        of, (TopicScore("ai-model", 0.7), TopicScore("ai-market", 0.2)), (), (("ai-chips", 0.5),), of.id, 1.0
    )


def alert(number: int, cause: Story) -> Alert:
    moment = at(number)
    leaf = Check(
        "price change < -10% since previous close", True, "-11.7 % (128.20 against 142.62)", "-10%", -0.117, -0.1
    )
    return Alert(
        id=stable_id("alert", str(number)),
        fingerprint=stable_id("fingerprint", str(number)),
        rule="ai-model-shock",
        rule_version="v1",
        symbol=SYMBOLS[number % len(SYMBOLS)],
        session=date(2025, 1, 27),
        severity=Severity.HIGH,
        state=AlertState.FIRING,
        fired_at=moment,
        updated_at=moment,
        price=128.2,
        price_at=moment,
        phase=Phase.PRE,
        change=-0.117,
        reference=Reference("previous close", 142.62, START, date(2025, 1, 24)),
        cause=CauseRef(cause.id, "ai-model", cause.title, "wire", cause.link, None, cause.seen_at, 0.7, Reach.EXPOSURE,
                       story=cause.id, stories=(cause.id,)),
        checks=(Check("all", True, "", children=(leaf, leaf, leaf)),),
        incident=stable_id("incident", str(number)),
    )  # fmt: skip


def incident(of: Alert) -> Incident:
    return Incident(
        id=of.incident,
        topic="ai-model",
        clusters=(of.cause.cluster,) if of.cause else (),
        session=of.session,
        sessions=(of.session,),
        started_at=of.fired_at,
        updated_at=of.fired_at,
        severity=of.severity,
        state=IncidentState.OPEN,
        lead=of.symbol,
        symbols=(of.symbol,),
        alerts=(of.id,),
    )


def notification(number: int, recipient: str, incident_id: str = "") -> Notification:
    key = f"announcement-{number}"
    line = "SYM001 falls 11.7 % before the open; the likely cause is a cheap open model out of a lab far away. " * 3
    blocks = tuple(Block(f"block {i}", BlockKind.FACTS, i, lines=((line,), (line,))) for i in range(5))
    return Notification(stable_id(key, recipient), key, recipient, "telegram", Reason.FIRST, Severity.HIGH, at(number),
                        Summary(blocks, "SYM001 falls"), line * 10, incident_id)  # fmt: skip


def run(place: Place, mode: str, scale: float) -> list[Measured]:
    """All measurements on a fresh history."""
    found = []
    many = max(10, int(400 * scale))
    with closing(open_store(place, mode=mode, run_name="bench", now=START)) as store:  # type: ignore[arg-type]

        def polls(number: int) -> None:
            seen = story(number)
            decided = Decisions(at(number), readings=(reading(seen),))
            store.commit(Batch(at(number), (*quotes(number), seen), (decided,)))

        found.append(measure("commit: 150 quotes, 1 story with search entry", many, polls))
        repeat = Batch(at(many), quotes(many))
        store.commit(repeat)
        found.append(measure("commit: 150 quotes, none new", many, lambda _: store.commit(repeat)))
        found.append(measure("commit: 200 stories (a first poll)", 10, lambda n: first_poll(store, n)))

        def shock(number: int) -> None:
            cause = story(number % many)
            fired = alert(number, cause)
            change = AlertChange(ChangeKind.FIRED, fired.fired_at, fired)
            decided = Decisions(at(number), (change,), (incident(fired),))
            told = tuple(notification(number, f"telegram:{i}", fired.incident) for i in range(3))
            store.commit(Batch(at(number), (), (decided,), told))

        found.append(measure("commit: alert, incident, 3 notifications", many, shock))
        bars = history()
        found.append(measure("commit: 500 daily bars of a symbol", 20, lambda n: store.commit(Batch(START, bars[n]))))
        found.append(measure("commit: 500 daily bars, none new", 20, lambda n: store.commit(Batch(START, bars[n]))))
        found += deliver(store, many)
        found.append(measure("rebuild: everything read back", 1, lambda _: sum(1 for _ in everything(store))))
    found.append(measure("history: 100 newest alerts", 20, lambda _: list_alerts(place)))
    found.append(measure("history: 100 of a symbol", 20, lambda _: list_alerts(place, symbol="SYM001")))
    return found


def first_poll(store: Store, number: int) -> None:
    stories = tuple(story(10_000 + number * 200 + i) for i in range(200))
    decided = Decisions(at(0), readings=tuple(map(reading, stories)))
    store.commit(Batch(at(0), stories, (decided,)))


def history() -> list[tuple[DailyBar, ...]]:
    first = date(2023, 1, 2)
    return [
        tuple(DailyBar(s, first + timedelta(days=i), 100.0 + i, START, 99.0, 101.0, 98.0, 1e6) for i in range(500))
        for s in SYMBOLS[:20]
    ]


def everything(store: Store) -> Iterator[Observation]:
    return store.observations(START - timedelta(days=1), START + timedelta(days=9))


def deliver(store: Store, many: int) -> list[Measured]:
    """Claim and settle with three recipients and many messages each, then with a thousand recipients of one."""
    late = at(10**6)

    def one_turn(_: int) -> None:
        for outgoing in store.claim(late, LEASE, 3, ["telegram"]):
            store.settle(
                Delivery(outgoing.notification.id, outgoing.attempt, late, late, DeliveryOutcome.SENT, message_id="1")
            )

    three = measure("claim and settle, 3 recipients, queue of 1,200", many, one_turn, each=3)
    store.commit(Batch(START, notifications=tuple(notification(10**5, f"telegram:1{i}") for i in range(1000))))

    def burst(_: int) -> None:
        for outgoing in store.claim(late, LEASE, 30, ["telegram"]):
            store.settle(
                Delivery(outgoing.notification.id, outgoing.attempt, late, late, DeliveryOutcome.SENT, message_id="1")
            )

    return [three, measure("claim 30 and settle each, 1,000 recipients", 33, burst, each=30)]


def machine() -> str:
    """What it was measured on."""
    try:
        model = next(line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                     if line.startswith("model name"))  # fmt: skip
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return (
        f"{os.cpu_count()} × {model}, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to put the databases")
    parser.add_argument("--scale", type=float, default=1.0, help="how much of it; 0.1 for a quick look")
    parser.add_argument("--server", help="the address of a PostgreSQL database, in which two schemas are made")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for mode in ("live", "replay"):
            place = ServerAddress(f"{options.server}#bench_{mode}") if options.server else Path(folder, f"{mode}.db")
            lines += [(mode, found) for found in run(place, mode, options.scale)]
        described = machine()
    if options.json:
        for mode, found in lines:
            print(json.dumps({"mode": mode, **vars(found)}))
        return
    print(f"{described}\nlive waits for the disk at each commit; replay does not\n")
    print(f"{'mode':7} {'what':50} {'per second':>11} {'median ms':>10} {'99 % ms':>9} {'times':>6}")
    for mode, m in lines:
        print(f"{mode:7} {m.what:50} {m.per_second:11,.0f} {m.median_ms:10.2f} {m.p99_ms:9.2f} {m.times:6}")


if __name__ == "__main__":
    main()
