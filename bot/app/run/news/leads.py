"""Leads written by a language model: requested when a message has gone out, added by an edit."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.core.messages.lead import checked, with_lead
from bot.core.model import Announcement, Reason, Summary
from bot.core.ports import Clock

WHOLE = frozenset({Reason.FIRST, Reason.ESCALATED, Reason.WIDENED})
"""Messages that carry the whole summary."""
BLOCK = "what happened"
"""The block that every such summary has."""
REMEMBERED = 50


@dataclass(slots=True)
class Leads:
    """The lead of each message. Nothing waits for them."""

    write: Callable[[Summary], Awaitable[str | None]]
    announce: Callable[[Announcement], None]
    clock: Clock
    _newest: OrderedDict[str, Announcement] = field(default_factory=OrderedDict)
    """The latest announcement for each message, by the message's key."""
    _kept: dict[str, str] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def add_lead(self, announcement: Announcement) -> Announcement:
        """An edit with its message's lead, if every word of that still holds."""
        lead = self._kept.get(announcement.edits) if announcement.edits else None
        if lead is None or checked(lead, announcement.summary) is None:
            return announcement
        return replace(announcement, summary=with_lead(announcement.summary, lead))

    def take(self, announcements: Sequence[Announcement]) -> None:
        """Request leads for committed announcements whose message has none, or none that still holds."""
        for announcement in announcements:
            if announcement.suppressed_by or announcement.for_operator or announcement.reason not in WHOLE:
                continue
            if all(block.name != BLOCK for block in announcement.summary.blocks):
                continue  # it only points to another message
            message = announcement.edits or announcement.key
            self._newest[message] = announcement
            self._newest.move_to_end(message)
            lead = self._kept.get(message)
            holds = lead is not None and checked(lead, announcement.summary) is not None
            if not holds and message not in self._tasks:
                task = self._tasks[message] = asyncio.create_task(self._ask(message), name=f"lead {message}")
                task.add_done_callback(partial(self._done, message))
        while len(self._newest) > REMEMBERED:
            forgotten, _ = self._newest.popitem(last=False)
            self._kept.pop(forgotten, None)

    async def close(self) -> None:
        """Cancel all requests."""
        for task in list(self._tasks.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _done(self, message: str, _: asyncio.Task[None]) -> None:
        self._tasks.pop(message, None)

    async def _ask(self, message: str) -> None:
        announcement = self._newest.get(message)
        if announcement is None:  # forgotten, because so many others came meanwhile
            return
        lead = await self.write(announcement.summary)
        newest = self._newest.get(message)  # numbers may have moved meanwhile
        if lead is None or newest is None or checked(lead, newest.summary) is None:
            return
        self._kept[message] = lead
        now = self.clock.now()
        key = f"{message}:lead:{now:%Y%m%dT%H%M%S}"
        summary = with_lead(newest.summary, lead)
        self.announce(replace(newest, key=key, at=now, edits=message, replies_to="", summary=summary))
