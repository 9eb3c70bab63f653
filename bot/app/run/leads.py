"""Leads that a language model writes: asked for when a message has gone out, added to it by an edit."""

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
TOLD = "what happened"
"""The block that every such summary has."""
REMEMBERED = 50


@dataclass(slots=True)
class Leads:
    """What was written for which message. Nothing waits for it."""

    write: Callable[[Summary], Awaitable[str | None]]
    announce: Callable[[Announcement], None]
    clock: Clock
    _newest: OrderedDict[str, Announcement] = field(default_factory=OrderedDict)
    """By the message's key, what was last said of it."""
    _kept: dict[str, str] = field(default_factory=dict)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    def dress(self, announcement: Announcement) -> Announcement:
        """An edit with the lead its message has, where every word of it still holds."""
        lead = self._kept.get(announcement.edits) if announcement.edits else None
        if lead is None or checked(lead, announcement.summary) is None:
            return announcement
        return replace(announcement, summary=with_lead(announcement.summary, lead))

    def heard(self, announcements: Sequence[Announcement]) -> None:
        """Take what was announced and written down; ask for leads of messages that have none, or none that holds."""
        for announcement in announcements:
            if announcement.suppressed_by or announcement.for_operator or announcement.reason not in WHOLE:
                continue
            if all(block.name != TOLD for block in announcement.summary.blocks):
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
        """Ask for nothing more."""
        for task in list(self._tasks.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _done(self, message: str, _: asyncio.Task[None]) -> None:
        self._tasks.pop(message, None)

    async def _ask(self, message: str) -> None:
        asked = self._newest.get(message)
        if asked is None:  # so many others came meanwhile that it is forgotten
            return
        lead = await self.write(asked.summary)
        newest = self._newest.get(message)  # numbers may have moved meanwhile
        if lead is None or newest is None or checked(lead, newest.summary) is None:
            return
        self._kept[message] = lead
        now = self.clock.now()
        key = f"{message}:lead:{now:%Y%m%dT%H%M%S}"
        summary = with_lead(newest.summary, lead)
        self.announce(replace(newest, key=key, at=now, edits=message, replies_to="", summary=summary))
