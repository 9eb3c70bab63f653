"""Sites over the replayed week and over histories made for a test, and browsers to look at them with."""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history.reader import GuardedHistory
from bot.app.known_rules import known_rules
from bot.app.stores import connect_guarded
from bot.config.news.titles import load_titles
from bot.core.secret import Secret
from tests.processes import Processes
from tests.store.values import NOW
from tests.waiting import PATIENCE
from tests.week import replayed, week

if TYPE_CHECKING:
    from bot.web.guard import Guard

__all__ = ["replayed", "week"]

REPOSITORY = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
HOST = "http://127.0.0.1:8001"


def site(database: Path, password: Secret | None) -> Guard:
    """The site over a history in this process, with the titles of topics and exposures and the names of companies that
    ship."""
    from bot.web.application import application  # here: Datasette takes a second, also where tests are only collected
    from bot.web.guard import Guard

    def connect(path: Path) -> GuardedHistory:
        _OPENED.append(connect_guarded(path))
        return _OPENED[-1]

    return Guard(
        application(database, connect, load_titles(REPOSITORY / "rules"), known_rules(REPOSITORY / "config.yaml")),
        password,
    )


_OPENED: list[GuardedHistory] = []
"""Connections of sites, which in a process of their own end with it."""


@pytest.fixture(autouse=True, scope="module")
def closed() -> Iterator[None]:
    """Closes what the sites of a module have opened: Python 3.13 and later warn of a connection that is not."""
    yield
    while _OPENED:
        _OPENED.pop().close()


def asker(application: Guard, **more: object) -> httpx.AsyncClient:
    """Somebody who asks ``application``, without a network."""
    transport = httpx.ASGITransport(app=application)
    return httpx.AsyncClient(transport=transport, base_url=HOST, **more)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def pages(week: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The site over the week, without a password."""
    async with asker(site(week, None)) as client:
        yield client


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty history, which a test fills."""
    with open_store(tmp_path / "history.db", mode="live", run_name="live", now=NOW) as opened:
        yield opened


@pytest_asyncio.fixture
async def own(store: SqliteStore, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The site over ``store``."""
    async with asker(site(tmp_path / "history.db", None)) as client:
        yield client


def words_of(answer: httpx.Response) -> str:
    """What a reader reads of it, on one line."""
    assert answer.status_code == 200, answer.text
    body = re.sub(r"(?s)<(script|style).*?</\1>", "", answer.text)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@contextmanager
def served(database: Path, *words: str, password: str = "") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The command itself; yields its address and its process, which leads a session of its own."""
    environment = {k: v for k, v in os.environ.items() if k != "AFTERSHOCK_WEB_PASSWORD"}
    if password:
        environment["AFTERSHOCK_WEB_PASSWORD"] = password
    processes = Processes()
    child = processes.start(
        [sys.executable, "main.py", "web", "--database", str(database), "--port", "0", *words],
        cwd=REPOSITORY,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert child.stderr is not None
    with processes:
        line = child.stderr.readline()
        assert " at http://" in line, line + child.stderr.read()
        yield line.partition(" at ")[2].partition(";")[0].split()[0], child


@contextmanager
def serving(database: Path, *words: str, password: str = "") -> Iterator[str]:
    """The command until the end of the block; yields its address."""
    with served(database, *words, password=password) as (address, child):
        yield address
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0


def chromium() -> str | None:
    """Where a browser is: the system's, or Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        if found := shutil.which(name):
            return found
    own = sorted((Path.home() / ".cache" / "ms-playwright").glob("chromium-*/chrome-linux*/chrome"))
    return str(own[-1]) if own else None
