"""Whatever the operator is told has begun and does not last is told to be over, once, whichever run tells it.

Each kind is begun, lasts over a restart and ends, with a kill between any two steps. A new kind, or a new notice to the
operator, fails here until it is said what becomes of it.
"""

from __future__ import annotations

import ast
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bot.adapters.metrics.server import MetricsServer
from bot.adapters.store import open_store
from bot.app.monitoring.endpoints import listening
from bot.app.run.inbox import Inbox
from bot.app.run.troubles import Told, ToldTroubles
from bot.clock import SimulatedClock
from bot.core.engine import Engine
from bot.core.errors import DeliveryError
from bot.core.model import Batch, Outgoing, Recipient
from bot.core.ports import Notifier
from bot.core.standing import Lasting, Standing
from bot.cycle import Cycle
from bot.delivery.sender import Sender
from bot.recovery import REST_FOR, Recovery
from tests.architecture.source import program_files, text_of
from tests.core.worlds import engine, rule
from tests.delivery.makers import notification

NOON = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)
OPERATOR = Recipient("console:operator", "console", operator=True)
ADMIN, TOPIC = Recipient("telegram:1", "telegram", operator=True), Recipient("telegram:-1/7", "telegram")
WEBHOOK = Recipient("webhook:desk", "webhook")


class Refusing(Notifier):
    """Refuses these recipients, in these words."""

    channel = "telegram"

    def __init__(self, refused: dict[str, DeliveryError]) -> None:
        self.refused = refused

    async def send(self, outgoing: Outgoing) -> str:
        if error := self.refused.get(outgoing.notification.recipient):
            raise error
        return "m1"


class Run:
    """One run of the bot, as far as it tells of troubles of its own."""

    def __init__(self, file: Path, clock: SimulatedClock, alarms: list[str]) -> None:
        self.clock = clock
        self.store = open_store(file, mode="live", run_name="live", now=clock.now())
        self.store.save_recipients([OPERATOR, ADMIN, TOPIC, WEBHOOK])
        self.keeping = ToldTroubles(self.store)
        self.standing = Standing(self.keeping.latest().lasting)

        class Alarms:
            def __call__(self, headline: str, detail: str) -> None:
                alarms.append(headline)

            def withdraw(self, headline: str) -> None:
                pass

        self.inbox = Inbox(clock, Alarms(), self.standing, self.store)  # type: ignore[arg-type]
        self.refused: dict[str, DeliveryError] = {}
        self.sender = Sender(
            self.store, self.store, {"telegram": Refusing(self.refused)}, clock,
            announce=self.inbox.announce, standing=self.standing,
        )  # fmt: skip
        self.breaks = False
        self.cycle = Cycle(self._engine(), self.store, lambda: [OPERATOR])
        self.cycle.recovery = Recovery(lambda until: self._engine(), self.standing)
        self._sent = 0

    def _engine(self) -> Engine:
        made = engine(rule())
        next_due = made.alerts.next_due

        def raising() -> datetime | None:
            if self.breaks:
                raise ValueError("broken")
            return next_due()

        made.alerts.next_due = raising  # type: ignore[method-assign]
        return made

    def turn(self, *, killed_after: bool = False) -> None:
        """A cycle; ``killed_after`` it is committed, before anything else."""
        self.clock.advance(self.clock.now() + REST_FOR)
        _, announced = self.inbox.take()
        result = self.cycle.run(
            (), self.clock.now(), announcements=announced, extras=lambda: self.keeping.to_write(self.told())
        )
        assert result.committed
        if not killed_after:
            self.keeping.written()

    def told(self) -> Told:
        return Told((), {}, self.standing.told())

    async def send(self, to: Recipient, refused: DeliveryError | None) -> None:
        self.refused.clear()
        if refused is not None:
            self.refused[to.id] = refused
        self._sent += 1
        key = f"{to.id}-{self.clock.now():%H%M%S}-{self._sent}"
        self.clock.advance(self.clock.now() + timedelta(minutes=10))  # past every wait
        self.store.commit(Batch(self.clock.now(), notifications=(notification(key, to.id, self.clock.now()),)))
        await self.sender.drain()


Step = Callable[[Run], Awaitable[None]]


async def _history_fails(run: Run) -> None:
    run.inbox.not_written("disk full", at_once=True)


async def _history_works(run: Run) -> None:
    run.inbox.written()


async def _engine_breaks(run: Run) -> None:
    run.breaks = True
    run.turn()


async def _engine_works(run: Run) -> None:
    run.breaks = False


async def _address_taken(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = MetricsServer(CollectorRegistry(), lambda: (True, {}))
        await listening(server, "127.0.0.1", taken.getsockname()[1], run.inbox, run.clock)


async def _address_free(run: Run) -> None:
    server = MetricsServer(CollectorRegistry(), lambda: (True, {}))
    await listening(server, "127.0.0.1", 0, run.inbox, run.clock)
    await server.close()


async def _admin_refuses(run: Run) -> None:
    await run.send(ADMIN, DeliveryError("Chat not found", permanent=True, forbidden=True))


async def _admin_takes(run: Run) -> None:
    await run.send(ADMIN, None)


async def _topic_closed(run: Run) -> None:
    await run.send(TOPIC, DeliveryError("Topic_closed", permanent=True, instead="telegram:-1"))


async def _topic_open(run: Run) -> None:
    run.clock.advance(run.clock.now() + timedelta(hours=7))
    await run.send(TOPIC, None)


KINDS: dict[Lasting, tuple[Step, Step]] = {
    Lasting.HISTORY: (_history_fails, _history_works),
    Lasting.DECISIONS: (_engine_breaks, _engine_works),
    Lasting.METRICS: (_address_taken, _address_free),
    Lasting.UNREACHED: (_admin_refuses, _admin_takes),
    Lasting.TOPIC: (_topic_closed, _topic_open),
}
"""How each is begun, and ended."""


def test_every_kind_is_tried() -> None:
    assert set(KINDS) == set(Lasting)


class Desk:
    """Runs, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "history.db"
        self.clock = SimulatedClock(NOON)
        self.alarms: list[str] = []

    def run(self) -> Run:
        return Run(self.file, self.clock, self.alarms)

    def told(self, run: Run) -> list[str]:
        """Everything that was told about the bot itself, by the headline, once for each message that goes out."""
        found = run.store._conn.execute(
            "SELECT DISTINCT announcement, json_extract(summary, '$.subject') FROM notifications"
            " WHERE reason = 'operator' ORDER BY rowid"
        )
        return [*self.alarms, *(subject for _, subject in found)]


@pytest.mark.parametrize("kind", Lasting)
async def test_a_trouble_is_told_once_at_its_beginning_and_once_at_its_end_whichever_run_tells_it(
    kind: Lasting, tmp_path: Path
) -> None:
    begin, end = KINDS[kind]
    desk = Desk(tmp_path)
    first = desk.run()
    await begin(first)
    if kind is not Lasting.HISTORY:  # nothing can be committed
        first.turn()
    first.store.close()
    second = desk.run()
    await begin(second)
    if kind is not Lasting.HISTORY:
        second.turn()
    (told,) = desk.told(second)
    second.store.close()
    third = desk.run()
    await end(third)
    third.turn(killed_after=True)
    assert len(desk.told(third)) == 2, desk.told(third)
    third.store.close()
    fourth = desk.run()
    await end(fourth)
    fourth.turn()
    over = desk.told(fourth)
    assert len(over) == 2, over
    assert over[0] == told
    fourth.store.close()
    fifth = desk.run()
    assert fifth.told().lasting == []
    assert fifth.store.note() == ""
    await begin(fifth)  # another trouble, which is news
    if kind is Lasting.HISTORY:
        await end(fifth)
    fifth.turn()
    assert len(desk.told(fifth)) == (4 if kind is Lasting.HISTORY else 3)
    fifth.store.close()


# ------------------------------------------------------------------------------------------------- every other notice

NOTICES = {
    "clock": "happened: a jump, or a start with a clock behind the history",
    "symbols": "happened: named at each start until it is corrected",
    "added": "happened",
    "unreadable": "happened: one update was skipped",
    "gone": "happened: a chat was switched off; it is a person who brings it back",
    "moved": "happened",
    "in-doubt": "repeated until a person settles it",
    "too-old": "happened",
    "failed": "happened",
    "engine": Lasting.DECISIONS,
    "metrics": Lasting.METRICS,
    "topic": Lasting.TOPIC,
    "unheard": Lasting.UNREACHED,
    "alarm": "broken jobs, which the jobs keep, and the history",
    "jobs": "the end of a broken job",
    "over": "the end of one that lasts",
}
"""Everything that is announced to the operator outside of ``core.health``, which keeps all it tells."""


def _named(call: ast.Call) -> str:
    first = call.args[0]
    if isinstance(first, ast.JoinedStr):
        first = first.values[0] if isinstance(first.values[0], ast.Constant) else first
    assert isinstance(first, ast.Constant), f"line {call.lineno}: name the notice in words"
    return str(first.value).partition(":")[0]


def _announced() -> Iterator[str]:
    for file in program_files():
        for node in ast.walk(ast.parse(text_of(file))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "notice":
                yield _named(node)


def test_of_every_notice_it_is_known_whether_it_begins_something_whose_end_is_told() -> None:
    others = {"moved", "failed", "over"}  # with keys of their own
    assert set(_announced()) | others == set(NOTICES), "say of a new notice whether it lasts: then Standing keeps it"
    assert {kind for kind in NOTICES.values() if isinstance(kind, Lasting)} == set(Lasting) - {Lasting.HISTORY}
