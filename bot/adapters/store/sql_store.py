"""The ports of a run (``Journal``, ``Outbox``, ``People``, ``Upkeep``) on a connection, whatever engine it leads to.

A store belongs to the thread that opened it: the live process calls it from the event loop's thread, where a commit
takes milliseconds. Reading for people is in ``history``, which needs no lock.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Concatenate, Literal, ParamSpec, Self, TypeVar

from bot.adapters.store import outbox, outcomes, reading, recipients, retention, silences, verdicts, writing
from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.connection import translated
from bot.adapters.store.engine import Connection, one_state, transaction
from bot.adapters.store.recipients import save as save_recipients
from bot.adapters.store.rows import insert
from bot.adapters.store.schema import MIGRATIONS
from bot.core.errors import StoreLostError, StoreVersionError
from bot.core.model import Batch, Delivery, Observation, Outgoing, Recipient, Silence
from bot.core.ports import Store
from bot.core.prices.sessions import Timetable

P = ParamSpec("P")
T = TypeVar("T")
Mode = Literal["live", "replay", "backtest"]
_RUN = insert("runs", "mode", "name", "started_at", "version", "pid") + " RETURNING id"


def begin_run(conn: Connection, place: object, mode: Mode, run_name: str, now: datetime, version: str) -> int:
    """Add a run to a history that is up to date; returns its number. Raises StoreVersionError for another kind."""
    with transaction(conn):
        _refuse_mixing(conn, place, mode, run_name)
        run = (mode, clean(run_name), moment_text(now), clean(version), os.getpid())
        return int(conn.execute(_RUN, run).fetchone()[0])


def _refuse_mixing(conn: Connection, place: object, mode: Mode, run_name: str) -> None:
    """Raises StoreVersionError unless the database is new or its first run was of the same kind."""
    begun = conn.execute("SELECT mode, name FROM runs ORDER BY id LIMIT 1").fetchone()
    if begun is None or begun[0] == mode == "live" or tuple(begun) == (mode, clean(run_name)):
        return
    was = "the live history" if begun[0] == "live" else f"the {begun[0]} of {begun[1]}"
    want = "the live history" if mode == "live" else f"a {mode} of {run_name}"
    raise StoreVersionError(f"{place}: holds {was}; {want} needs a file of its own: name one with --database")


def _read(
    question: Callable[Concatenate[Connection, P], T],
) -> Callable[Concatenate[SqlStore, P], T]:
    """A method that reads, from a function of the connection."""

    def method(store: SqlStore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with translated(store.place):
            return question(store._conn, *args, **kwargs)

    return method


def _write(
    change: Callable[Concatenate[Connection, P], T],
) -> Callable[Concatenate[SqlStore, P], T]:
    """A method that writes in a transaction, from a function of the connection."""

    def method(store: SqlStore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with store._writing():
            return change(store._conn, *args, **kwargs)

    return method


class SqlStore(Store):
    """The port ``Store``, which documents each method, as far as it is the same on every engine."""

    version = str(len(MIGRATIONS))

    def __init__(self, place: str, conn: Connection, run_id: int, mode: Mode) -> None:
        self.place = place
        """For people: where the history lies."""
        self._conn = conn
        self.run_id = run_id
        """Number of this run in ``runs``; 0 when read-only."""
        self.mode = mode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction. Raises StoreError where the store is read-only, StoreLostError where nobody would read it."""
        self._writable()
        self._require_owned()
        with translated(self.place), transaction(self._conn):
            yield

    def _require_owned(self) -> None:
        """Raises StoreLostError where what is written now nobody would read."""
        if lost := self.lost():
            raise StoreLostError(lost)

    def _writable(self) -> None:
        """Raises StoreError where the store is read-only."""
        raise NotImplementedError

    def _other_reader(self) -> contextlib.AbstractContextManager[Connection]:
        """A connection of its own to the same history, which reads."""
        raise NotImplementedError

    resolve = _write(outbox.resolve)
    repeat_in_doubt = _write(outbox.repeat_in_doubt)
    move_recipient = _write(recipients.move)
    end_silence = _write(silences.end)
    record_rules = _write(writing.record_rules)

    known_keys = _read(reading.known_keys)
    feed_states = _read(reading.feed_states)
    latest_at = _read(reading.latest_at)
    alerts_since = _read(reading.alerts_since)
    incidents_since = _read(reading.incidents_since)
    extra = _read(reading.extra)
    rules_in_force = _read(reading.rules_in_force)
    held = _read(outbox.held)
    in_doubt = _read(outbox.in_doubt)
    outbox_counts = _read(outbox.counts)
    attempts_since = _read(outbox.attempts_since)
    # these hide the modules of the same name below
    recipients = _read(recipients.recipients)
    silences = _read(silences.running)
    verdicts = _read(verdicts.counts)

    def commit(self, batch: Batch) -> None:
        with self._writing():
            writing.Writer(self._conn, self.run_id).write(batch)
        self._require_owned()  # lost meanwhile: it is committed again, to the right file

    def claim(
        self,
        now: datetime,
        lease_for: timedelta,
        limit: int,
        channels: Collection[str],
        busy: Collection[str] = (),
    ) -> Sequence[Outgoing]:
        with translated(self.place):
            if not outbox.waiting(self._conn):
                return ()
        with self._writing():
            return outbox.claim(self._conn, self.run_id, now, lease_for, limit, channels, busy)

    def settle(self, *deliveries: Delivery) -> None:
        with self._writing():
            for delivery in deliveries:
                outbox.settle(self._conn, delivery)

    def recover(self, now: datetime) -> int:
        with self._writing():
            return outbox.recover(self._conn, self.run_id, now)

    def observations(
        self, since: datetime, until: datetime, quotes_since: datetime | None = None
    ) -> Iterator[Observation]:
        self._require_owned()  # another file must not be taken for ours
        # on a connection of its own, which sees the history as of the first value whatever is committed meanwhile
        with translated(self.place), self._other_reader() as conn, one_state(conn):
            yield from reading.observations(conn, since, until, quotes_since)

    def save_recipients(self, recipients: Iterable[Recipient]) -> None:
        with self._writing():
            save_recipients(self._conn, recipients)

    def save_silence(self, silence: Silence, now: datetime, made_by: str, comment: str = "") -> None:
        with self._writing():
            silences.save(self._conn, self.run_id, silence, now, made_by, comment)

    def save_verdict(self, incident: str, person: str, verdict: str, recipient: str, now: datetime) -> bool:
        with self._writing():
            return verdicts.save(self._conn, self.run_id, incident, person, verdict, recipient, now)

    def save_extra(self, name: str, value: str, now: datetime) -> None:
        self.commit(Batch(now, extras={name: value}))

    def prune_in_steps(self, now: datetime, keep: Mapping[str, timedelta]) -> Iterator[Mapping[str, int]]:
        self._writable()
        self._require_owned()
        with translated(self.place):
            for removed in retention.prune(self._conn, now, keep):
                yield removed
                self._require_owned()

    def update_outcomes_in_steps(self, timetable_of: Callable[[str], Timetable], now: datetime) -> Iterator[int]:
        with translated(self.place):
            rows: list[outcomes.Settled] = []
            for settled in outcomes.missing(self._conn, timetable_of, now):
                rows += settled
                yield outcomes.priced(rows)
        if rows:
            with self._writing():
                outcomes.write(self._conn, rows)
