"""Sites over the replayed week and over histories made for a test, and browsers to look at them with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest_asyncio

from bot.app.stores import connect_guarded
from bot.web.guard import Guard
from bot.web.site import site
from tests.week import replayed, week

__all__ = ["replayed", "week"]

REPOSITORY = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
HOST = "http://127.0.0.1:8001"


def asker(application: Guard, **more: object) -> httpx.AsyncClient:
    """Somebody who asks ``application``, without a network."""
    transport = httpx.ASGITransport(app=application)
    return httpx.AsyncClient(transport=transport, base_url=HOST, **more)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def pages(week: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The site over the week, without a password."""
    async with asker(site(week, connect_guarded, None)) as client:
        yield client


@contextmanager
def serving(database: Path, *words: str, password: str = "") -> Iterator[str]:
    """The command itself; yields its address."""
    environment = {k: v for k, v in os.environ.items() if k != "AFTERSHOCK_WEB_PASSWORD"}
    if password:
        environment["AFTERSHOCK_WEB_PASSWORD"] = password
    child = subprocess.Popen(
        [sys.executable, "main.py", "web", "--database", str(database), "--port", "0", *words],
        cwd=REPOSITORY,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert child.stderr is not None
    try:
        line = child.stderr.readline()
        assert " at http://" in line, line + child.stderr.read()
        yield line.partition(" at ")[2].partition(";")[0].split()[0]
    finally:
        child.send_signal(signal.SIGTERM)
        ended = child.wait(10)
        child.stderr.close()
    assert ended == 0


def chromium() -> str | None:
    """Where a browser is: the system's, or Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"):
        if found := shutil.which(name):
            return found
    own = sorted((Path.home() / ".cache" / "ms-playwright").glob("chromium-*/chrome-linux*/chrome"))
    return str(own[-1]) if own else None
