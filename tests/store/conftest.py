"""A fresh history for each test: in a real file and, where the module says so, on a server as well.

A module says it by ``EVERY_ENGINE = True``; a test in it that is about the file alone is marked ``file_only``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.sql_store import SqlStore
from bot.app.stores import Place, open_store
from bot.core.ports import Store
from tests.histories import ENGINES, new_place, server
from tests.store.values import NOW

__all__ = ["server"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test on every engine is one for each of them."""
    every = getattr(metafunc.module, "EVERY_ENGINE", False)
    if every and "path" in metafunc.fixturenames and not list(metafunc.definition.iter_markers("file_only")):
        metafunc.parametrize("path", ENGINES, indirect=True)


@pytest.fixture
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return new_place(getattr(request, "param", "sqlite"), request, tmp_path)


@pytest.fixture
def store(path: Place) -> Iterator[SqlStore]:
    with closing(open_store(path, mode="live", run_name="live", now=NOW)) as opened:
        assert isinstance(opened, SqlStore)
        yield opened


@pytest.fixture
def reopen(path: Place) -> Iterator[Callable[..., Store]]:
    """Opens the test's history again; closed at the end of the test."""
    opened: list[Store] = []

    def open_again(**more: Any) -> Store:
        from bot.adapters.store import open_store as open_file

        given: dict[str, Any] = {"mode": "live", "run_name": "live", "now": NOW}
        opened.append((open_file if isinstance(path, Path) else open_store)(path, **(given | more)))
        return opened[-1]

    yield open_again
    for each in opened:
        each.close()
