"""The history database as the ports of a run describe it (``Journal``, ``Outbox``, ``People``, ``Upkeep``), and how
it is opened.

A store belongs to the thread that opened it: the live process calls it from the event loop's thread, where a commit
takes milliseconds. Reading for people is in ``history``, which needs no lock and no sqlite-utils.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from bot.adapters.store import outbox, outcomes, readers, reading, recipients, retention, silences
from bot.adapters.store.codec import clean, moment_text
from bot.adapters.store.connection import connect_reader, connect_writer, transaction, translated
from bot.adapters.store.lock import WriterLock
from bot.adapters.store.schema import MIGRATIONS, migrate, require_current, stored_version
from bot.adapters.store.writing import Writer
from bot.core.errors import StoreError, StoreFullError, StoreVersionError
from bot.core.model import (
    Alert,
    Batch,
    Delivery,
    FeedState,
    HeldBack,
    Incident,
    InDoubt,
    Observation,
    Outgoing,
    Recipient,
    Silence,
)
from bot.core.ports import Store
from bot.core.prices.sessions import Timetable

if TYPE_CHECKING:
    from sqlite_utils import Database

Mode = Literal["live", "replay", "backtest"]

BUSY_FOR = timedelta(seconds=2)
"""How long a write waits for another program's before StoreBusyError; the event loop stands still meanwhile."""


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
    """Open the history at ``path``, making or updating it where needed, and begin a run.

    A database holds either the live history or one simulation: ``mode`` and, apart from live, ``run_name`` must be
    those it was begun with, so that a replay can be resumed but never mixed with anything else. ``version`` is the
    program's. With ``read_only`` nothing is written or locked, any mode may be read, and the file must exist.

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
    file = file.resolve()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFullError(f"{file.parent}: the folder for the database cannot be made: {error.strerror}") from error
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
    """The writing connection, made only after a look that changes nothing in a file that is not ours."""
    if file.exists() and file.stat().st_size:
        with contextlib.closing(connect_reader(file, busy_for=busy_for)) as look:
            stored_version(look, file)
    # a power cut may cost a replay its last moments: it can be played again
    return connect_writer(file, durable=mode == "live", busy_for=busy_for)


def _begin(
    conn: sqlite3.Connection, file: Path, mode: Mode, run_name: str, now: datetime, version: str
) -> tuple[Database, int]:
    """Bring the schema up to date and write the run's row."""
    from sqlite_utils import Database  # here, because it imports pandas where that is installed: half a second

    db = Database(conn, execute_plugins=False)
    migrate(db, file)
    with transaction(conn):
        _refuse_mixing(conn, file, mode, run_name)
        runs = db.table("runs")
        runs.insert(
            {
                "mode": mode,
                "name": clean(run_name),
                "started_at": moment_text(now),
                "version": clean(version),
                "pid": os.getpid(),
            },
            pk="id",
        )
        run_id = runs.last_pk
    assert isinstance(run_id, int)
    return db, run_id


def _refuse_mixing(conn: sqlite3.Connection, file: Path, mode: Mode, run_name: str) -> None:
    """StoreVersionError unless the database is new or was begun as the same kind of run."""
    begun = conn.execute("SELECT mode, name FROM runs ORDER BY id LIMIT 1").fetchone()
    if begun is None or begun[0] == mode == "live" or tuple(begun) == (mode, clean(run_name)):
        return
    was = "the live history" if begun[0] == "live" else f"the {begun[0]} of {begun[1]}"
    want = "the live history" if mode == "live" else f"a {mode} of {run_name}"
    raise StoreVersionError(f"{file}: holds {was}; {want} needs a file of its own: name one with --database")


class SqliteStore(Store):
    """The port ``Store`` on one SQLite file: what each method promises is said there. Made by ``open_store``."""

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
        self.run_id = run_id
        """Number of this run in ``runs``; 0 where reading only."""
        self.mode = mode
        self._conn = conn
        self._db = db
        self._lock = lock
        self._batches = Writer(db, run_id) if db is not None else None

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
    def _writing(self) -> Iterator[None]:
        if self._db is None:
            raise StoreError(f"{self.path}: opened for reading only")
        with translated(self.path), transaction(self._conn):
            yield

    def commit(self, batch: Batch) -> None:
        with self._writing():
            assert self._batches is not None
            self._batches.write(batch)

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

    def settle(self, delivery: Delivery) -> None:
        with self._writing():
            outbox.settle(self._conn, delivery)

    def recover(self, now: datetime) -> int:
        with self._writing():
            return outbox.recover(self._conn, self.run_id, now)

    def known_keys(self, keys: Collection[str]) -> Mapping[str, str]:
        with translated(self.path):
            return reading.known_keys(self._conn, keys)

    def feed_states(self) -> Mapping[str, FeedState]:
        with translated(self.path):
            return reading.feed_states(self._conn)

    def observations(
        self, since: datetime, until: datetime, quotes_since: datetime | None = None
    ) -> Iterator[Observation]:
        """Stored stories, quotes, bars and splits, by ``seen_at``, then as stored; see ``reading.observations``.

        Read through a connection of its own that sees the database as it is at the first value; commits in between
        neither disturb it nor show.
        """
        with translated(self.path), contextlib.closing(connect_reader(self.path)) as conn:
            conn.execute("BEGIN")
            yield from reading.observations(conn, since, until, quotes_since)

    def alerts_since(self, session: date) -> Sequence[Alert]:
        with translated(self.path):
            return reading.alerts_since(self._conn, session)

    def incidents_since(self, session: date) -> Sequence[Incident]:
        with translated(self.path):
            return reading.incidents_since(self._conn, session)

    def recipients(self) -> Sequence[Recipient]:
        with translated(self.path):
            return recipients.recipients(self._conn)

    def save_recipients(self, people: Iterable[Recipient]) -> None:
        with self._writing():
            assert self._db is not None
            recipients.save(self._db, people)

    def silences(self, now: datetime) -> Sequence[Silence]:
        with translated(self.path):
            return silences.running(self._conn, now)

    def save_silence(self, silence: Silence, now: datetime, made_by: str, comment: str = "") -> None:
        with self._writing():
            silences.save(self._conn, self.run_id, silence, now, made_by, comment)

    def end_silence(self, silence_id: str, now: datetime) -> bool:
        with self._writing():
            return silences.end(self._conn, silence_id, now)

    def save_verdict(self, incident: str, person: str, verdict: str, recipient: str, now: datetime) -> bool:
        with self._writing():
            if not readers.knows_incident(self._conn, incident):
                return False
            readers.save_verdict(self._conn, self.run_id, incident, person, verdict, recipient, now)
            return True

    def verdicts(self, incident: str) -> Mapping[str, int]:
        with translated(self.path):
            return readers.verdicts(self._conn, incident)

    def held(self, recipient: str, since: datetime) -> Sequence[HeldBack]:
        with translated(self.path):
            return readers.held(self._conn, recipient, since)

    def in_doubt(self) -> Sequence[InDoubt]:
        with translated(self.path):
            return readers.in_doubt(self._conn)

    def resolve(self, wanted: str, how: str, by: str, now: datetime) -> int:
        with self._writing():
            return readers.resolve(self._conn, wanted, how, by, now)

    def save_extra(self, name: str, value: str, now: datetime) -> None:
        self.commit(Batch(now, extras={name: value}))

    def extra(self, name: str) -> str | None:
        with translated(self.path):
            return reading.extra(self._conn, name)

    def move_recipient(self, old: str, new: str) -> None:
        with self._writing():
            recipients.move(self._conn, old, new)

    def record_rules(self, versions: Iterable[tuple[str, str, str]], now: datetime) -> None:
        with self._writing():
            self._conn.executemany(
                "INSERT INTO rule_versions (rule, version, text, first_used_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET text = coalesce(rule_versions.text, excluded.text)",
                [(clean(rule), clean(name), clean(text), moment_text(now)) for rule, name, text in versions],
            )

    def outbox_counts(self) -> Mapping[str, int]:
        with translated(self.path):
            return {
                state: int(
                    self._conn.execute(
                        f"SELECT count(*) FROM notifications INDEXED BY notifications_{state} WHERE state = '{state}'"
                    ).fetchone()[0]
                )
                for state in ("queued", "leased", "unknown")
            }

    def size(self) -> int:
        total = 0
        for file in (self.path, self.path.with_name(self.path.name + "-wal")):
            with contextlib.suppress(OSError):
                total += file.stat().st_size
        return total

    def prune_in_steps(self, now: datetime, keep: Mapping[str, timedelta]) -> Iterator[Mapping[str, int]]:
        if self._db is None:
            raise StoreError(f"{self.path}: opened for reading only")
        with translated(self.path):
            yield from retention.prune(self._conn, now, keep)

    def update_outcomes_in_steps(self, timetable_of: Callable[[str], Timetable], now: datetime) -> Iterator[int]:
        with translated(self.path):
            rows: list[outcomes.Settled] = []
            for settled in outcomes.missing(self._conn, timetable_of, now):
                rows += settled
                yield outcomes.priced(rows)
        if rows:
            with self._writing():
                outcomes.write(self._conn, rows)
