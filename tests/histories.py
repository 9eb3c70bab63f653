"""The engines that keep a history, for tests that hold on each: a file, and a schema on a server of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store.history.opening import open_place
from bot.app.stores import Place
from tests.server.cluster import Cluster, cluster, missing

ENGINES = ("sqlite", "postgresql")
NewPlace = Callable[[], Place]


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """One for the whole process; skipped where PostgreSQL cannot be started."""
    if why := missing():
        pytest.skip(why)
    with cluster() as started:
        yield started


def new_place(engine: str, request: pytest.FixtureRequest, folder: Path) -> Place:
    """A place on that engine at which there is no history yet."""
    if engine == "sqlite":
        return folder / "history.db"
    started: Cluster = request.getfixturevalue("server")
    return started.address()


def ask(place: Place, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query, on whatever engine."""
    with open_place(place) as conn:
        return [tuple(row) for row in conn.execute(sql)]


def only_row(place: Place, sql: str) -> dict[str, Any]:
    """The one row of a query, by column."""
    with open_place(place) as conn:
        cursor = conn.execute(sql)
        (row,) = cursor.fetchall()
        return dict(zip([column[0] for column in cursor.description or ()], row, strict=True))


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place at which there is no history yet, on each engine."""
    return new_place(request.param, request, tmp_path)
