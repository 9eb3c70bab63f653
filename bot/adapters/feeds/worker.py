"""The child process that parses feeds: reads requests from stdin and answers on stdout, until stdin ends.

A process, because only that can be stopped: a hostile document can keep a regular expression busy for hours, and a
thread doing so would block the interpreter, and with it the whole bot. Its memory is limited to ``MEMORY_LIMIT``.

The bot kills a child that takes too long; should the bot itself have died, SIGALRM does.

Messages are JSON objects, one per line; a request is followed by as many bytes of body as its ``size``. The first line
says that the child has started, which takes longer than most feeds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

from bot.adapters.feeds.document import NotAFeedError
from bot.adapters.feeds.known_entries import KnownEntries
from bot.adapters.feeds.parse import parse

MEMORY_LIMIT = 1024**3
"""Bytes of address space."""


def answer(body: bytes, content_type: str, url: str, known: KnownEntries | None = None) -> dict[str, Any]:
    """The answer to a request: the feed, or the reason there is none in ``not_a_feed`` or ``crashed``."""
    try:
        return {"feed": asdict(parse(body, content_type, url, known))}
    except NotAFeedError as error:
        return {"not_a_feed": str(error)}
    except MemoryError:
        return {"crashed": "it needs too much memory"}
    except RecursionError:
        return {"crashed": "it is nested too deeply"}
    except Exception as error:  # feedparser raises nearly anything
        return {"crashed": f"{type(error).__name__} in the parser"}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Say that we have started, and answer requests until there are no more."""
    answers.write(b"{}\n")
    answers.flush()
    known = KnownEntries()
    while line := requests.readline():
        request = json.loads(line)
        body = requests.read(request["size"])
        if len(body) < request["size"]:
            return
        _alarm(request["seconds"])
        reply = answer(body, request["content_type"], request["url"], known)
        answers.write(json.dumps(reply, default=datetime.isoformat).encode() + b"\n")
        answers.flush()
        _alarm(0)


def _alarm(seconds: float) -> None:
    """Kill this process after ``seconds``, whatever it is doing; 0 cancels."""
    if hasattr(signal, "setitimer"):  # SIGALRM has no handler, so it kills even inside a regular expression
        signal.setitimer(signal.ITIMER_REAL, seconds)


def main() -> None:
    """Run as the child: limit memory, lower the priority, serve."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        os.nice(5)
    except (ImportError, OSError, ValueError):
        pass  # not on this system; the time limit still holds
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not reach the pipe
    serve(sys.stdin.buffer, answers)
