"""The child process that parses feeds: it reads requests on stdin and answers on stdout, until stdin ends.

It is a process because nothing less can be stopped: a hostile document can keep a regular expression busy for hours,
and a thread in one holds the interpreter, and with it the whole bot. It may not grow beyond ``MEMORY_LIMIT`` either.

A message is a JSON object on one line; a request is followed by as many bytes of body as it says.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

from bot.adapters.feeds.document import NotAFeedError
from bot.adapters.feeds.parse import ParsedEntry, ParsedFeed, parse

MEMORY_LIMIT = 1024**3
"""Bytes of address space."""


def request(body: bytes, content_type: str, url: str) -> bytes:
    """A request as it goes over the pipe."""
    return json.dumps({"size": len(body), "content_type": content_type, "url": url}).encode() + b"\n" + body


def answer(body: bytes, content_type: str, url: str) -> dict[str, Any]:
    """What the child says to a request: the feed, or in ``not_a_feed`` or ``crashed`` why there is none."""
    try:
        return {"feed": asdict(parse(body, content_type, url))}
    except NotAFeedError as error:
        return {"not_a_feed": str(error)}
    except (MemoryError, RecursionError) as error:
        return {"crashed": f"it needs too much {'memory' if isinstance(error, MemoryError) else 'depth'}"}
    except Exception as error:  # feedparser raises nearly anything; the bot must outlive it
        return {"crashed": f"{type(error).__name__} in the parser"}


def understand(message: dict[str, Any]) -> ParsedFeed:
    """The feed out of an answer that has one."""
    feed = message["feed"]
    return ParsedFeed(
        title=feed["title"],
        link=feed["link"],
        version=feed["version"],
        entries=tuple(ParsedEntry(**{**e, "published_at": _moment(e["published_at"])}) for e in feed["entries"]),
        built_at=_moment(feed["built_at"]),
        cut_off=feed["cut_off"],
        problems=tuple(feed["problems"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while line := requests.readline():
        wanted = json.loads(line)
        body = requests.read(wanted["size"])
        if len(body) < wanted["size"]:
            return
        said = answer(body, wanted["content_type"], wanted["url"])
        answers.write(json.dumps(said, default=datetime.isoformat).encode() + b"\n")
        answers.flush()


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
