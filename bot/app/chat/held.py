"""Messages held back in a recipient's quiet hours, in a pause, or because many came at once: sent as one message.

The history is the only memory: what was held back since the last such message is due, so a restart neither loses nor
repeats any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.app.chat.words import answer, facts, note
from bot.core.model import (
    BURST,
    LISTED_LATER,
    PAUSE,
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
from bot.delivery.bursts import WINDOW
from bot.delivery.quiet_hours import quiet_at

EVERY = timedelta(seconds=2)
BACK = timedelta(days=4)
"""Messages held back longer ago than this are dropped; it covers a pause over a long weekend."""
SHOWN = 12


@dataclass(slots=True)
class HeldMessages:
    """Checks regularly whose quiet hours are over."""

    people: People
    clock: Clock
    recipients: Callable[[], Sequence[Recipient]]
    silences: Callable[[], Sequence[Silence]]
    announce: Callable[[Announcement], None]
    _owed: set[str] | None = None
    """Recipients that may have messages held back; ``None`` after a start: any may."""
    _listed_at: dict[str, datetime] = field(default_factory=dict)
    """When a recipient last got such a message: the next follows no sooner than ``WINDOW`` after it."""
    _uncommitted: bool = False
    """The history cannot be written, so it does not have the latest held-back messages yet."""

    def take(self, result: CycleResult) -> None:
        """Take note of the notifications a cycle held back."""
        self._uncommitted = not result.committed
        if self._uncommitted:
            self._owed = None
        elif self._owed is not None:
            self._owed.update(n.recipient for n in result.notifications if n.suppressed_by in LISTED_LATER)

    async def check(self) -> None:
        """Announce to each recipient outside its quiet hours what it has missed."""
        now = self.clock.now()
        if self._uncommitted or any(s.id == PAUSE for s in self.silences()):
            return
        waiting, recipients = set(), self.recipients()
        if self._owed is not None and not self._owed <= {r.id for r in recipients}:
            self._owed = None  # a chat has a new id
        for recipient in recipients:
            if not recipient.enabled or (self._owed is not None and recipient.id not in self._owed):
                continue
            listed_at = self._listed_at.get(recipient.id)
            if quiet_at(recipient.quiet, now) or (listed_at is not None and now - listed_at < WINDOW):
                waiting.add(recipient.id)
            elif missed := self.people.held(recipient.id, now - BACK):
                self._listed_at[recipient.id] = now
                self.announce(missed_messages(recipient.id, missed, now))
        self._owed = waiting


def missed_messages(recipient: str, missed: Sequence[HeldBack], now: datetime) -> Announcement:
    """One message of everything missed: each incident by its latest message."""
    last: dict[str, HeldBack] = {}
    for number, held in enumerate(missed):
        last[held.incident or f"#{number}"] = held  # the newest, at the place of the first
    lines = [
        f"{moment(held.created_at)}: {held.subject}{f' (/incident {held.incident})' if held.incident else ''}"
        for held in last.values()
    ]
    hidden = len(lines) - SHOWN
    if all(held.why == BURST for held in missed):
        lines = [*lines[:SHOWN], *([f"and {hidden} more: /alerts"] if hidden > 0 else [])]  # the worst come first
        first, why = f"{count(len(missed), 'more message')} at once", "Gathered because many came at once."
    else:
        lines = [*lines[-SHOWN:], *([f"and {hidden} earlier: /alerts"] if hidden > 0 else [])]
        first, why = f"Held back: {count(len(missed), 'message')}", "Held back in quiet hours or a pause."
    summary = answer(first, facts(lines), note(f"{why} Not investment advice."))
    newest = missed[-1].created_at
    return Announcement(
        key=held_back_key(recipient, newest),
        at=now,
        reason=Reason.DIGEST,
        severity=max((h.severity for h in missed), default=Severity.INFO),
        summary=summary,
        recipient=recipient,
    )
