"""One replayed DeepSeek week for all tests of this folder, with outcomes and with what readers said of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from tests.command import run_command
from tests.store.values import NOW

SAID = (("telegram:7", "right"), ("telegram:8", "right"), ("telegram:9", "not ai"))
"""Readers' answers that ``docs/history.md`` counts with."""


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file; nobody may write to it."""
    file = tmp_path_factory.mktemp("week") / "deepseek.db"
    run_command("replay", "deepseek-2025-01", "--notify", "console", "--database", file)
    run_command("record", "--database", file)  # works out what followed, and keeps it
    conn = sqlite3.connect(file)
    conn.executemany(
        "INSERT INTO verdicts (incident_id, person, verdict, at, recipient_id, run_id)"
        " SELECT id, ?, ?, '2025-01-28T09:00:00.000000Z', 'console', run_id FROM incidents",
        SAID,
    )
    conn.commit()
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with open_store(path, mode="live", run_name="live", now=NOW) as opened:
        yield opened
