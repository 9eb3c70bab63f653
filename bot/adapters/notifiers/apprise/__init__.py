"""E-mail, Slack, Discord, ntfy and a hundred more, through Apprise (https://github.com/caronc/apprise), an extra.

A message that may have arrived is in doubt and not repeated; one the service rejects has failed; everything else is
retried. There are no edits. Each message is sent by a process of its own (``worker``): Apprise reads whatever a server
answers for as long as it answers, and only a process can be stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from bot.adapters.notifiers.apprise.worker import quiet, service
from bot.core.errors import DeliveryError, UsageError
from bot.core.model import NumberForm, Outgoing, Summary
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Notifier
from bot.core.secret import Secret
from bot.render import plain
from bot.render.markdown import markdown
from bot.render.numbers import in_form
from bot.render.outside import adding
from bot.render.text import clean, cut_words
from bot.render.zones import in_zone
from bot.threads import in_thread

T = TypeVar("T")

CHANNEL = "apprise"
_ROOT = str(Path(__file__).resolve().parents[4])
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from bot.adapters.notifiers.apprise.worker import main; main()"
COMMAND = [sys.executable, "-I", "-c", _CHILD, _ROOT]
"""Starts the process that sends a message."""
LONGEST_SUBJECT = 200
START = 30.0
"""Seconds in which the process that sends must be ready; before that nothing is sent."""
LONGEST = 60.0
"""Seconds after which a delivery is in doubt."""
_LEAST_TEXT = 40
_TITLE_EXTRA = 24
"""Characters some services add around a title in the text."""
_AGAIN = frozenset({408, 425, 429})
_MENTION = re.compile(r"@(?=(?:everyone|here|channel|all|room)\b)|<(?=[@!#])", re.IGNORECASE)
_UNSEEN = "\u200b"


@dataclass(frozen=True, slots=True)
class Destination:
    """The address for one recipient's messages, their format, the zone of their times and the form of their
    numbers."""

    url: Secret
    markdown: bool = False
    zone: tzinfo = UTC
    numbers: NumberForm = NumberForm.POINT


class AppriseNotifier(Notifier):
    """The channel ``apprise``."""

    channel = CHANNEL
    separate_services = True
    edits = False

    def __init__(self, destinations: Mapping[str, Destination], *, longest: float = LONGEST) -> None:
        """``destinations`` by recipient id. Raises UsageError without Apprise, or if it cannot read an address."""
        quiet()
        try:
            import apprise
        except ImportError:
            raise UsageError(
                f"this channel needs Apprise, which is not installed; to add it: {adding('apprise')}"
            ) from None
        self._longest = longest
        self._destinations = {r: (_server(apprise, r, d), d) for r, d in destinations.items()}

    async def send(self, outgoing: Outgoing) -> str:
        """Send, and return an id of our own, as Apprise has none. Raises DeliveryError."""
        note = outgoing.notification
        destination = self._destinations.get(note.recipient)
        if destination is None:
            raise DeliveryError(f"{note.recipient} is no longer in config.yaml", permanent=True, forbidden=True)
        server, to = destination
        title, text = written(in_form(in_zone(note.summary, to.zone), to.numbers), server, to.markdown)
        request = {"url": to.url.reveal(), "title": title, "body": text, "markdown": to.markdown}
        answer = await _aside(partial(_delivered, request, self._longest))
        if answer is None:
            raise DeliveryError(f"{note.recipient}: Apprise could not be started")
        if not answer.get("sent"):
            raise _error(note.recipient, answer)
        return f"apprise-{note.id}"


def written(summary: Summary, server: Any, as_markdown: bool) -> tuple[str, str]:
    """Title and text within the service's limits, by leaving out whole blocks; no title if it has no place for one.
    Mentions such as ``@everyone`` are disarmed, because headlines are untrusted."""
    longest = min(int(server.title_maxlen), LONGEST_SUBJECT)
    title = _disarmed(cut_words(" ".join(clean(summary.subject).split()), longest)) if longest > 0 else ""
    limit = int(server.body_maxlen) - (len(title) + _TITLE_EXTRA + int(server.overflow_buffer) if title else 0)
    limit = max(limit, _LEAST_TEXT)
    text = markdown(summary, limit) if as_markdown else plain(summary, None, limit)
    return title, _disarmed(text)


def _disarmed(text: str) -> str:
    return _MENTION.sub(lambda m: m[0] + _UNSEEN, text)


async def _aside(work: Callable[[], T]) -> T:
    """The result of ``work`` in a daemon thread. Cancelled before it began, it raises CancelledUnsent."""
    future = in_thread(work, "apprise")
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        if future.cancel():
            raise CancelledUnsent from None
        raise


def _delivered(request: dict[str, Any], longest: float) -> dict[str, Any] | None:
    """What the child says of the delivery; ``None`` if it did not start, so that nothing was sent."""
    child = subprocess.Popen(
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C goes to the bot
    )
    assert child.stdout is not None
    slow_start = threading.Timer(START, child.kill)
    try:
        slow_start.start()
        if not child.stdout.readline():  # it says when it is ready
            return None
        slow_start.cancel()
        asked = json.dumps(request | {"seconds": longest + 1}).encode()
        said, _ = child.communicate(asked, timeout=longest)
        answer = json.loads(said)
        return answer if isinstance(answer, dict) else {"doubtful": True}
    except (subprocess.TimeoutExpired, OSError, ValueError):  # too slow, or ended by what it was answered
        return {"doubtful": True}
    finally:
        slow_start.cancel()
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _error(recipient: str, answer: dict[str, Any]) -> DeliveryError:
    """The error for a failed attempt."""
    status = answer.get("status") or 0
    if answer.get("doubtful"):
        return DeliveryError(f"{recipient}: cut off or too slow; the message may have arrived", unknown=True)
    if answer.get("failed"):
        return DeliveryError(f"{recipient}: Apprise failed with {answer['failed']}")
    if 300 <= status < 500 and status not in _AGAIN:
        return DeliveryError(f"{recipient}: the service rejects the message ({status})", permanent=True)
    shown = f" ({status})" if status else ""
    return DeliveryError(f"{recipient}: Apprise could not deliver{shown}", status=status or None)


def _server(apprise: ModuleType, recipient: str, destination: Destination) -> Any:
    """The one service of this address. Raises UsageError where it is not one."""
    found = service(apprise, destination.url.reveal())
    if len(found) == 0:
        raise UsageError(f"Apprise cannot read the address of {recipient}; its documentation lists the formats")
    if len(found) > 1:  # if one of them failed, a retry would repeat the message to the others
        message = f"the address of {recipient} names several services; give each a name and a variable of its own"
        raise UsageError(message)
    return found[0]
