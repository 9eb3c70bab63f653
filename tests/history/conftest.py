"""The replayed week, and an empty history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from tests.store.values import NOW
from tests.week import SAID, replayed, week

__all__ = ["SAID", "replayed", "week"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with open_store(path, mode="live", run_name="live", now=NOW) as opened:
        yield opened
