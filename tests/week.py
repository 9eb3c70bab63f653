"""The replayed DeepSeek week as files, made once in a test run however many processes it has. Nobody writes to them."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.command import run_command

SAID = (("telegram:7", "right"), ("telegram:8", "right"), ("telegram:9", "not ai"))
"""Readers' answers that ``docs/history.md`` counts with."""


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The file ``name``, which ``make`` writes unless another process of this test run has, or does so now."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-once"
    folder.mkdir(exist_ok=True)
    file = folder / name
    with open(folder / f"{name}.making", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            make(unfinished := folder / f"unfinished-{name}")
            unfinished.rename(file)
    return file


def replay(file: Path) -> None:
    """Write to ``file`` the history of a replay."""
    run_command("replay", "deepseek-2025-01", "--notify", "console", "--database", file)
    _settle(file)


def judge(replayed: Path, file: Path) -> None:
    """Write to ``file`` the week of ``replayed`` with what followed, and with what readers said of it."""
    shutil.copy(replayed, file)
    run_command("performance", "--database", file)  # works out what followed, and keeps it
    conn = sqlite3.connect(file)
    conn.executemany(
        "INSERT INTO verdicts (incident_id, person, verdict, at, recipient_id, run_id)"
        " SELECT id, ?, ?, '2025-01-28T09:00:00.000000Z', 'console', run_id FROM incidents",
        SAID,
    )
    conn.commit()
    conn.close()
    _settle(file)


def _settle(file: Path) -> None:
    """All of it in the one file."""
    conn = sqlite3.connect(file)
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The week, as the replay leaves it; tests that write take a copy."""
    return made_once(tmp_path_factory, "replayed.db", replay)


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory, replayed: Path) -> Path:
    """The week with what followed, and with what readers said of it."""

    return made_once(tmp_path_factory, "deepseek.db", partial(judge, replayed))
