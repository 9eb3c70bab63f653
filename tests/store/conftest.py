"""A fresh database for each test, in a real file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store import SqliteStore, open_store
from tests.store.values import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with open_store(path, mode="live", run_name="live", now=NOW) as opened:
        yield opened


@pytest.fixture
def reopen(path: Path) -> Iterator[Callable[..., SqliteStore]]:
    """Opens the test's database again; closed at the end of the test."""
    opened: list[SqliteStore] = []

    def open_again(**more: Any) -> SqliteStore:
        given: dict[str, Any] = {"mode": "live", "run_name": "live", "now": NOW}
        opened.append(open_store(path, **(given | more)))
        return opened[-1]

    yield open_again
    for each in opened:
        each.close()
