"""Versions of the database: numbered, forward-only migrations, and the refusal of files that are not ours.

Each migration is one file in ``migrations``; how its columns are to be read stands at the top of the first. The version
is in SQLite's own ``user_version``, so that a reader can check it without sqlite-utils; which migrations ran, and when,
is in sqlite-utils' ``_sqlite_migrations``. ``application_id`` marks the file as Aftershock's.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.adapters.store.connection import make_private, translated
from bot.adapters.store.engine import transaction
from bot.adapters.store.light import pandas_left_out
from bot.core.errors import StoreError, StoreOutdatedError, StoreVersionError

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = int.from_bytes(b"Aftr", "big")
MIGRATION_SET = "aftershock"
_FOLDER = Path(__file__).with_name("migrations")

Migration = Callable[["Database"], None]


def _run(db: Database, script: str) -> None:
    """Execute each statement of a script that starts every statement on a line of its own.

    sqlite-utils' ``executescript`` checks after each character whether the statement is complete, which takes a hundred
    milliseconds for these scripts; the sqlite3 module's commits first.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if line.rstrip().endswith(";") and sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""
    if statement.strip():
        db.conn.execute(statement)


def _migration(name: str) -> Migration:
    """The migration in the file of that name."""

    def step(db: Database) -> None:
        _run(db, (_FOLDER / f"{name}.sql").read_text(encoding="utf-8"))

    step.__name__ = name
    return step


MIGRATIONS: tuple[Migration, ...] = tuple(
    map(
        _migration,
        (
            *("m001_first", "m002_earnings_dates", "m003_outcomes", "m004_verdicts", "m005_questions"),
            *("m006_dividends", "m007_sending_order", "m008_second_readings", "m009_figures_and_their_time"),
            *("m010_nights", "m011_learned_names", "m012_labels"),
        ),
    )
)
"""In order; the version of a database is how many of them it has had. Never edit or reorder one that was released."""


def stored_version(conn: sqlite3.Connection, path: Path, newest: int = len(MIGRATIONS)) -> int:
    """The version of the database, 0 for an empty file.

    Raises StoreVersionError where the file is not ours or was written by a newer Aftershock.
    """
    application = int(conn.execute("PRAGMA application_id").fetchone()[0])
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    has_tables = conn.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is not None
    if application != APPLICATION_ID and (application or version or has_tables):
        raise StoreVersionError(
            f"{path}: an SQLite database, but not one of Aftershock's; name another file with --database"
        )
    if version > newest:
        raise StoreVersionError(
            f"{path}: written by a newer Aftershock (database version {version}, this program knows {newest}); "
            "update the program, or name another file with --database"
        )
    return version


def require_current(conn: sqlite3.Connection, path: Path) -> None:
    """For readers: raises StoreVersionError unless the database has exactly this program's version, StoreOutdatedError
    where it has an older one."""
    version = stored_version(conn, path)
    if version < len(MIGRATIONS):
        raise StoreOutdatedError(
            f"{path}: database version {version}, this program reads {len(MIGRATIONS)}; "
            "start it once with run or replay, which brings the file up to date"
        )


def migrate(db: Database, path: Path, migrations: Sequence[Migration] = MIGRATIONS) -> Path | None:
    """Bring the database up to date, all pending steps in one transaction or none.

    A database that is not empty is copied first; returns the path of the copy, or ``None`` where none was needed.
    """
    with pandas_left_out():
        from sqlite_utils import Migrations  # here, as only who writes needs it

    version = stored_version(db.conn, path, len(migrations))
    if version == len(migrations):
        return None
    backup = _back_up(db.conn, path, version) if version else None
    steps = Migrations(MIGRATION_SET)
    for step in migrations:
        steps(name=step.__name__)(step)
    # sqlite-utils begins deferred; inside our own immediate transaction its steps become savepoints
    with transaction(db.conn):
        steps.apply(db)
        db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.conn.execute(f"PRAGMA user_version = {len(migrations)}")
    return backup


def _back_up(conn: sqlite3.Connection, path: Path, version: int) -> Path:
    """A compact copy beside the database, named after its version. An earlier copy of that version is kept instead."""
    backup = path.with_name(f"{path.name}.version-{version}")
    if backup.exists():
        return backup
    unfinished = backup.with_name(backup.name + ".unfinished")
    unfinished.unlink(missing_ok=True)  # left by a killed process
    with contextlib.suppress(OSError):
        make_private(unfinished)  # an empty file may be written into; what is wrong with the place is said by SQLite
    try:
        with translated(path):
            conn.execute("VACUUM INTO ?", (str(unfinished),))
    except StoreError:
        # half a copy is of no use, and would take up the space that ran out
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    try:
        return unfinished.rename(backup)
    except OSError as error:
        raise StoreError(f"{backup}: the copy made before updating cannot be put in place: {error}") from error
