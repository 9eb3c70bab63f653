"""Parsing with limits on time and memory: hands bodies to the child process, and kills it if it does not answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.adapters.feeds.parsed import ParsedFeed, from_message
from bot.core.errors import SourceError

_ROOT = str(Path(__file__).resolve().parents[3])
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from bot.adapters.feeds.worker import main; main()"
COMMAND = [sys.executable, "-I", "-c", _CHILD, _ROOT]
"""Starts the child."""
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR")
"""The only environment variables the child gets: it needs no secrets."""


class Parser:
    """Parses one body at a time. The child starts with the first, and again after it was killed."""

    def __init__(self, time_limit: timedelta = timedelta(seconds=15)) -> None:
        self._time_limit = time_limit
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="feed-parser")
        self._child = _Child()
        # also at exit, and if close was forgotten: no child may outlive the bot
        self._finalizer = weakref.finalize(self, self._child.end)

    async def parse(self, body: bytes, content_type: str, url: str) -> ParsedFeed:
        """The feed in ``body``. Raises SourceError if it is not one, or takes too long. Cancelling kills the child."""
        limit = self._time_limit.total_seconds()
        # the child's own limit is longer: it is for when the bot has died
        head = {"size": len(body), "content_type": content_type, "url": url, "seconds": 2 * limit}
        request = json.dumps(head).encode() + b"\n" + body
        async with self._turn:
            answer = asyncio.get_running_loop().run_in_executor(self._thread, self._child.ask, request)
            try:
                line = await asyncio.wait_for(answer, limit)
            except TimeoutError as error:
                self._child.end()
                message = f"parsing took over {limit:g} s and was stopped; if this persists, remove the feed"
                raise SourceError(message) from error
            except asyncio.CancelledError:
                self._child.end()
                raise
            except OSError as error:
                self._child.end()
                raise SourceError(f"the feed parser could not run ({error.strerror}); it is tried again") from error
        reply = _message(line)
        if reply is None:
            self._child.end()
            raise SourceError("the feed parser crashed on this feed; if this persists, remove the feed")
        if "feed" in reply:
            return from_message(reply["feed"])
        if "not_a_feed" in reply:
            raise SourceError(reply["not_a_feed"], permanent=True)
        raise SourceError(f"the feed could not be read: {reply['crashed']}; if this persists, remove the feed")

    async def close(self) -> None:
        """Kill the child. The parser may be used again, and starts another."""
        self._child.end()

    @property
    def pid(self) -> int | None:
        """Process id of the running child, if any."""
        return self._child.pid


class _Child:
    """The process and its pipes. ``ask`` blocks, in a thread; ``end`` may be called from another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def ask(self, request: bytes) -> bytes:
        """The answer's line; empty if the child died."""
        process = self._started()
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

    def _started(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                _reap(self._process)
                self._process = None
            if self._process is None:
                self._process = subprocess.Popen(
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                    start_new_session=True,  # Ctrl-C goes to the bot, which kills the child itself
                )
            return self._process


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
