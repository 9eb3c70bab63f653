"""The child process that parses feeds: it reads requests on stdin and answers on stdout, until stdin ends.

It is a process because nothing less can be stopped: a hostile document can keep a regular expression busy for hours,
and a thread in one holds the interpreter, and with it the whole bot. It may not grow beyond ``MEMORY_LIMIT`` either.

The bot ends a child that takes too long; should the bot itself have died, an alarm of the system does.

A message is a JSON object on one line; a request is followed by as many bytes of body as it says.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from typing import Any, BinaryIO

from bot.adapters.feeds.document import NotAFeedError
from bot.adapters.feeds.parse import parse
from bot.adapters.feeds.parsed import to_message

MEMORY_LIMIT = 1024**3
"""Bytes of address space."""


def answer(body: bytes, content_type: str, url: str) -> dict[str, Any]:
    """What the child says to a request: the feed, or in ``not_a_feed`` or ``crashed`` why there is none."""
    try:
        return {"feed": to_message(parse(body, content_type, url))}
    except NotAFeedError as error:
        return {"not_a_feed": str(error)}
    except MemoryError:
        return {"crashed": "it needs too much memory"}
    except RecursionError:
        return {"crashed": "it is nested too deeply"}
    except Exception as error:  # feedparser raises nearly anything; the bot must outlive it
        return {"crashed": f"{type(error).__name__} in the parser"}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while line := requests.readline():
        wanted = json.loads(line)
        body = requests.read(wanted["size"])
        if len(body) < wanted["size"]:
            return
        _alarm(wanted["seconds"])
        said = answer(body, wanted["content_type"], wanted["url"])
        answers.write(json.dumps(said, default=datetime.isoformat).encode() + b"\n")
        answers.flush()
        _alarm(0)


def _alarm(seconds: float) -> None:
    """End this process in so many seconds, whatever it is doing then; 0 calls it off."""
    if hasattr(signal, "setitimer"):  # nobody handles SIGALRM here, so it kills, even inside a regular expression
        signal.setitimer(signal.ITIMER_REAL, seconds)


def main() -> None:
    """Run as a child: stand back for the bot, bound the memory, serve."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
        os.nice(5)
    except (ImportError, OSError, ValueError):
        pass  # not on this system: the time limit remains
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not reach the pipe
    serve(sys.stdin.buffer, answers)
