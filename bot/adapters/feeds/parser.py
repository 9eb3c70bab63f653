"""Parsing with limits on time and memory: hands bodies to child processes, and kills those that do not answer.

Most feeds take a few hundredths of a second and share one child. A feed that takes longer is remembered as slow, and
parsed in a child of its own beside it, so that no quick feed waits for a slow one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bot.adapters.feeds.parsed import ParsedFeed, from_message
from bot.core.errors import SourceError

T = TypeVar("T")

_ROOT = str(Path(__file__).resolve().parents[3])
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from bot.adapters.feeds.worker import main; main()"
COMMAND = [sys.executable, "-I", "-c", _CHILD, _ROOT]
"""Starts the child."""
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR")
"""The only environment variables the child gets: it needs no secrets."""


QUICK = timedelta(seconds=0.5)
"""What takes longer is slow."""
SLOW_AT_ONCE = 2
"""Slow feeds parsed at a time; each may take a processor, and memory up to the child's limit."""
START_LIMIT = timedelta(seconds=30)
"""For a child to start, on a machine that is busy."""
OWN_LIMIT = timedelta(seconds=30)
"""How long after our limit a child ends by itself."""


class Parser:
    """Parses feeds, the quick ones in turn. Children start when needed, and again after one was killed."""

    def __init__(self, time_limit: timedelta = timedelta(seconds=15), quick: timedelta = QUICK) -> None:
        self._time_limit = time_limit
        self._quick_limit = min(quick, time_limit)
        self._threads = ThreadPoolExecutor(max_workers=1 + SLOW_AT_ONCE, thread_name_prefix="feed-parser")
        self._quick = _Child()
        self._turn = asyncio.Lock()
        self._idle = [_Child() for _ in range(SLOW_AT_ONCE)]
        self._places = asyncio.Semaphore(SLOW_AT_ONCE)
        self._slow: set[str] = set()
        """The feeds that were slow the last time."""
        self._children = (self._quick, *self._idle)
        # also at exit, and if close was forgotten: no child may outlive the bot
        self._finalizer = weakref.finalize(self, _end_all, self._children)

    async def parse(self, body: bytes, content_type: str, url: str, *, feed: str = "") -> ParsedFeed:
        """The feed in ``body``, fetched from ``url``. Raises SourceError if it is not one, or takes too long.

        ``feed`` is the name by which a slow one is remembered. Cancelling kills the child.
        """
        request = _Request(body, content_type, url)
        feed = feed or url
        if feed not in self._slow:
            try:
                return _outcome(await self._parse_quickly(request))
            except TimeoutError:
                self._slow.add(feed)
        try:
            line, took = await self._parse_slowly(request)
        except TimeoutError as error:
            limit = self._time_limit.total_seconds()
            message = f"parsing took over {limit:g} s and was stopped; if this persists, remove the feed"
            raise SourceError(message) from error
        if took < self._quick_limit.total_seconds():
            self._slow.discard(feed)
        return _outcome(line)

    async def _parse_quickly(self, request: _Request) -> bytes:
        async with self._turn:
            return await self._ask(self._quick, request, self._quick_limit)

    async def _parse_slowly(self, request: _Request) -> tuple[bytes, float]:
        """The answer, and how many seconds it took, the child's start apart."""
        async with self._places:
            child = self._idle.pop()
            try:
                await self._run(child.start, START_LIMIT, child)
                began = time.monotonic()
                line = await self._ask(child, request, self._time_limit)
                return line, time.monotonic() - began
            finally:
                child.end()  # it would only take memory until the next slow feed
                self._idle.append(child)

    async def _ask(self, child: _Child, request: _Request, limit: timedelta) -> bytes:
        """The child's answer. Raises TimeoutError where it takes too long, not counting its start, and SourceError."""
        await self._run(child.start, START_LIMIT, child)
        line = await self._run(partial(child.ask, request.message(limit)), limit, child)
        if _message(line) is None:
            child.end()
        return line

    async def _run(self, call: Callable[[], T], limit: timedelta, child: _Child) -> T:
        """``call`` in a thread; if it fails or takes too long, the child is ended. Raises TimeoutError, SourceError."""
        try:
            answer = asyncio.get_running_loop().run_in_executor(self._threads, call)
            return await asyncio.wait_for(answer, limit.total_seconds())
        except OSError as error:
            child.end()
            if isinstance(error, TimeoutError):
                raise
            raise SourceError(f"the feed parser could not run ({error.strerror}); it is tried again") from error
        except asyncio.CancelledError:
            child.end()
            raise

    async def close(self) -> None:
        """Kill the children. The parser may be used again, and starts others."""
        _end_all(self._children)

    @property
    def pid(self) -> int | None:
        """Process id of a running child, if any: of the one for quick feeds if it runs."""
        return next((child.pid for child in self._children if child.pid is not None), None)


@dataclass(frozen=True, slots=True)
class _Request:
    body: bytes
    content_type: str
    url: str

    def message(self, limit: timedelta) -> bytes:
        """As the child reads it. Its own limit is longer than ours: it is for when the bot has died."""
        seconds = (limit + OWN_LIMIT).total_seconds()
        head = {"size": len(self.body), "content_type": self.content_type, "url": self.url, "seconds": seconds}
        return json.dumps(head).encode() + b"\n" + self.body


def _outcome(line: bytes) -> ParsedFeed:
    """The feed in an answer. Raises SourceError where there is none."""
    reply = _message(line)
    if reply is None:
        raise SourceError("the feed parser crashed on this feed; if this persists, remove the feed")
    if "feed" in reply:
        return from_message(reply["feed"])
    if "not_a_feed" in reply:
        raise SourceError(reply["not_a_feed"], permanent=True)
    raise SourceError(f"the feed could not be read: {reply['crashed']}; if this persists, remove the feed")


def _end_all(children: Iterable[_Child]) -> None:
    for child in children:
        child.end()


class _Child:
    """A process and its pipes. ``start`` and ``ask`` block, in a thread; ``end`` may be called from another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the process, if it does not run, and wait until it can be asked. Raises OSError."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            if self._process is not None:
                _reap(self._process)
            process = self._process = _started()
        assert process.stdout is not None
        with contextlib.suppress(ValueError):  # ended meanwhile, its pipe closed
            process.stdout.readline()

    def ask(self, request: bytes) -> bytes:
        """The answer's line; empty if the child died."""
        process = self._process
        if process is None:
            return b""
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(request)
            process.stdin.flush()
            return process.stdout.readline()
        except (BrokenPipeError, ConnectionResetError, ValueError):  # killed meanwhile, or its pipe was closed
            return b""

    def end(self) -> None:
        """Kill the child, if any, and reap it."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            _reap(process)


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        start_new_session=True,  # Ctrl-C goes to the bot, which kills the child itself
    )


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # unwritten data has no reader any more
                pipe.close()


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        reply = json.loads(line)
    except ValueError:
        return None
    return reply if isinstance(reply, dict) else None
