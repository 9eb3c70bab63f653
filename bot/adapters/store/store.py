"""The ports of a run (``Journal``, ``Outbox``, ``People``, ``Upkeep``) on one SQLite file, and how it is opened.

A store belongs to the thread that opened it: the live process calls it from the event loop's thread, where a commit
takes milliseconds. Reading for people is in ``history``, which needs no lock.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, Self, TypeVar

from bot.adapters.store import outbox, outcomes, reading, recipients, retention, silences, verdicts, writing
from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.connection import connect_reader, connect_writer, translated
from bot.adapters.store.engine import transaction
from bot.adapters.store.identity import OpenFiles
from bot.adapters.store.light import pandas_left_out
from bot.adapters.store.lock import WriterLock
from bot.adapters.store.recipients import save as save_recipients
from bot.adapters.store.schema import MIGRATIONS, migrate, require_current, stored_version
from bot.core.errors import StoreError, StoreFullError, StoreLostError, StoreVersionError
from bot.core.model import Batch, Delivery, Observation, Outgoing, Recipient, Silence
from bot.core.ports import Store
from bot.core.prices.sessions import Timetable

if TYPE_CHECKING:
    from sqlite_utils import Database

P = ParamSpec("P")
T = TypeVar("T")
Mode = Literal["live", "replay", "backtest"]

BUSY_FOR = timedelta(seconds=2)
"""How long a write waits for another program's before StoreBusyError; the event loop is blocked meanwhile."""


def open_store(
    path: str | os.PathLike[str],
    *,
    mode: Mode,
    run_name: str,
    now: datetime,
    read_only: bool = False,
    version: str = "",
    busy_for: timedelta = BUSY_FOR,
) -> SqliteStore:
    """Open the history at ``path``, creating or updating it where needed, and begin a run.

    A database holds either the live history or one simulation: ``mode`` and, unless live, ``run_name`` must be those of
    its first run, so that a replay can be resumed but never mixed with anything else. ``version`` is the program's.
    With ``read_only`` nothing is written or locked, any mode may be read, and the file must exist.

    Raises StoreInUseError where another process writes to it; StoreVersionError where the file is of another mode or
    a newer Aftershock, or not ours; StoreFullError and StoreError where it cannot be opened.
    """
    file = Path(path).expanduser().absolute()
    if read_only:
        with translated(file):
            conn = connect_reader(file, busy_for=busy_for)
            try:
                require_current(conn, file)
            except BaseException:
                conn.close()
                raise
        return SqliteStore(file, conn, None, None, 0, mode)
    # two names of one file must meet at one lock
    file = Path(os.path.realpath(file))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFullError(
            f"{file.parent}: the folder for the database cannot be created: {error.strerror}"
        ) from error
    lock = WriterLock(file)
    try:
        with contextlib.ExitStack() as undo, translated(file):
            conn = _writer(file, mode, busy_for)
            undo.callback(conn.close)
            db, run_id = _begin(conn, file, mode, run_name, now, version)
            undo.pop_all()
    except BaseException:
        lock.release()
        raise
    return SqliteStore(file, conn, db, lock, run_id, mode)


def _writer(file: Path, mode: Mode, busy_for: timedelta) -> sqlite3.Connection:
    """The writing connection. A file that is not ours is found out by a reader first, which changes nothing."""
    if file.exists() and file.stat().st_size:
        with contextlib.closing(connect_reader(file, busy_for=busy_for)) as conn:
            stored_version(conn, file)
    # a power cut may cost a replay its last moments: it can be played again
    return connect_writer(file, durable=mode == "live", busy_for=busy_for)


def _begin(
    conn: sqlite3.Connection, file: Path, mode: Mode, run_name: str, now: datetime, version: str
) -> tuple[Database, int]:
    """Bring the schema up to date and add the run, whose number is returned."""
    with pandas_left_out():
        from sqlite_utils import Database  # here, as only who writes needs it

    db = Database(conn, execute_plugins=False)
    migrate(db, file)
    run = {"mode": mode, "name": clean(run_name), "started_at": moment_text(now), "version": clean(version)}
    with transaction(conn):
        _refuse_mixing(conn, file, mode, run_name)
        run_id = db.table("runs").insert({**run, "pid": os.getpid()}, pk="id").last_pk
    assert isinstance(run_id, int)
    return db, run_id


def _refuse_mixing(conn: sqlite3.Connection, file: Path, mode: Mode, run_name: str) -> None:
    """Raises StoreVersionError unless the database is new or its first run was of the same kind."""
    begun = conn.execute("SELECT mode, name FROM runs ORDER BY id LIMIT 1").fetchone()
    if begun is None or begun[0] == mode == "live" or tuple(begun) == (mode, clean(run_name)):
        return
    was = "the live history" if begun[0] == "live" else f"the {begun[0]} of {begun[1]}"
    want = "the live history" if mode == "live" else f"a {mode} of {run_name}"
    raise StoreVersionError(f"{file}: holds {was}; {want} needs a file of its own: name one with --database")


def _read(
    question: Callable[Concatenate[sqlite3.Connection, P], T],
) -> Callable[Concatenate[SqliteStore, P], T]:
    """A method that reads, from a function of the connection."""

    def method(store: SqliteStore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with translated(store.path):
            return question(store._conn, *args, **kwargs)

    return method


def _write(
    change: Callable[Concatenate[sqlite3.Connection, P], T],
) -> Callable[Concatenate[SqliteStore, P], T]:
    """A method that writes in a transaction, from a function of the connection."""

    def method(store: SqliteStore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with store._writing():
            return change(store._conn, *args, **kwargs)

    return method


class SqliteStore(Store):
    """The port ``Store``, which documents each method, on one SQLite file. Made by ``open_store``."""

    version = str(len(MIGRATIONS))

    def __init__(
        self,
        path: Path,
        conn: sqlite3.Connection,
        db: Database | None,
        lock: WriterLock | None,
        run_id: int,
        mode: Mode,
    ) -> None:
        self.path = path
        self._conn = conn
        self.run_id = run_id
        """Number of this run in ``runs``; 0 when read-only."""
        self.mode = mode
        self._db = db
        """``None`` when read-only."""
        self._lock = lock
        self._files = OpenFiles(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self, now: datetime | None = None) -> None:
        try:
            if now is not None and self._lock is not None:
                with self._writing():
                    self._conn.execute("UPDATE runs SET ended_at = ? WHERE id = ?", (moment_text(now), self.run_id))
        finally:
            self._conn.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Database]:
        """A transaction. Raises StoreError where the store is read-only."""
        db = self._writable()
        self._require_files()
        with translated(self.path), transaction(self._conn):
            yield db

    def _require_files(self) -> None:
        """Raises StoreLostError where what is written now nobody would read."""
        if lost := self.lost():
            raise StoreLostError(lost)

    def _writable(self) -> Database:
        if self._db is None:
            raise StoreError(f"{self.path}: opened for reading only")
        return self._db

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
        self._require_files()  # lost meanwhile: it is committed again, to the right file

    def claim(
        self,
        now: datetime,
        lease_for: timedelta,
        limit: int,
        channels: Collection[str],
        busy: Collection[str] = (),
    ) -> Sequence[Outgoing]:
        with translated(self.path):
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
        self._require_files()  # another file must not be taken for ours
        # on a connection of its own, which sees the database as of the first value whatever is committed meanwhile
        with translated(self.path), contextlib.closing(connect_reader(self.path)) as conn:
            conn.execute("BEGIN")
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

    def note(self) -> str:
        return self._lock.note if self._lock is not None else ""

    def leave_note(self, note: str) -> None:
        if self._lock is not None:
            self._lock.leave(note)

    def size(self) -> int:
        total = 0
        for file in (self.path, self.path.with_name(self.path.name + "-wal")):
            with contextlib.suppress(OSError):
                total += file.stat().st_size
        return total

    def lost(self) -> str:
        if lost := self._files.lost():
            return lost
        if self._lock is not None and not self._lock.renew():
            return f"{self.path}: its lock was removed, and another process runs on this database; stop one of the two"
        return ""

    def prune_in_steps(self, now: datetime, keep: Mapping[str, timedelta]) -> Iterator[Mapping[str, int]]:
        self._writable()
        self._require_files()
        with translated(self.path):
            for removed in retention.prune(self._conn, now, keep):
                yield removed
                self._require_files()

    def update_outcomes_in_steps(self, timetable_of: Callable[[str], Timetable], now: datetime) -> Iterator[int]:
        with translated(self.path):
            rows: list[outcomes.Settled] = []
            for settled in outcomes.missing(self._conn, timetable_of, now):
                rows += settled
                yield outcomes.priced(rows)
        if rows:
            with self._writing():
                outcomes.write(self._conn, rows)
