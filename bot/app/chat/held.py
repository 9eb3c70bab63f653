"""What was held back while a recipient slept, or while an admin had paused everything: told once that is over.

Nothing is remembered beside the history: what was held back since the last such message is what there is to tell, so
a restart neither loses nor repeats any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.app.chat.words import answer, facts, note
from bot.core.model import (
    PAUSE,
    TOLD_LATER,
    Announcement,
    HeldBack,
    Reason,
    Recipient,
    Severity,
    Silence,
    held_back_key,
)
from bot.core.ports import Clock, People
from bot.core.text.wording import count, moment
from bot.cycle import CycleResult
from bot.delivery.quiet_hours import quiet_at

EVERY = timedelta(seconds=2)
BACK = timedelta(days=4)
"""What was held back longer ago than this is not told any more: a pause over a long weekend."""
SHOWN = 12


@dataclass(slots=True)
class HeldMessages:
    """Looks now and then whether somebody has woken up."""

    people: People
    clock: Clock
    recipients: Callable[[], Sequence[Recipient]]
    silences: Callable[[], Sequence[Silence]]
    announce: Callable[[Announcement], None]
    _owed: set[str] | None = None
    """Recipients from whom something may have been held back; ``None`` after a start: perhaps from any."""

    _waits: bool = False
    """The history cannot be written: what is held back will be there only when it can."""

    def heard(self, result: CycleResult) -> None:
        """Take note of what a turn of the cycle held back."""
        self._waits = not result.committed
        if self._waits:
            self._owed = None
        elif self._owed is not None:
            self._owed.update(n.recipient for n in result.notifications if n.suppressed_by in TOLD_LATER)

    async def check(self) -> None:
        """Announce, to each recipient that is awake, what it has missed."""
        now = self.clock.now()
        if self._waits or any(s.id == PAUSE for s in self.silences()):
            return
        asleep = set()
        for recipient in self.recipients():
            if not recipient.enabled or (self._owed is not None and recipient.id not in self._owed):
                continue
            if quiet_at(recipient.quiet, now):
                asleep.add(recipient.id)
            elif missed := self.people.held(recipient.id, now - BACK):
                self.announce(told(recipient.id, missed, now))
        self._owed = asleep


def told(recipient: str, missed: Sequence[HeldBack], now: datetime) -> Announcement:
    """One message of everything missed: each incident by the last that was said of it."""
    last: dict[str, HeldBack] = {}
    for number, held in enumerate(missed):
        last[held.incident or f"#{number}"] = held  # the newest stays, at the place of the first
    lines = []
    for key, held in last.items():
        ident = "" if key.startswith("#") else f" /incident {key}" if key else ""
        lines.append(f"{moment(held.created_at)}: {held.subject}{f' ({ident.strip()})' if ident else ''}")
    hidden = len(lines) - SHOWN
    if hidden > 0:
        lines = [*lines[-SHOWN:], f"and {hidden} before that: /alerts"]
    first = f"While it was quiet: {count(len(missed), 'message')}"
    summary = answer(first, facts(lines), note("Held back in quiet hours or a pause. Not investment advice."))
    newest = missed[-1].created_at
    return Announcement(
        key=held_back_key(recipient, newest),
        at=now,
        reason=Reason.DIGEST,
        severity=max((h.severity for h in missed), default=Severity.INFO),
        summary=summary,
        recipient=recipient,
    )
