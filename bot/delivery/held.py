"""Messages held back in a recipient's quiet hours, in a pause, or because many came at once: sent as one message.

Part of the cycle, so that a replay lists what it held back like the live bot. The history is the only memory: what was
held back since the last such message is due, so a restart neither loses nor repeats any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.messages.answers import answer, facts, note
from bot.core.model import (
    BURST,
    LISTED_LATER,
    PAUSE,
    Announcement,
    HeldBack,
    Line,
    Notification,
    Reason,
    Recipient,
    Severity,
    Silence,
    held_back_key,
)
from bot.core.text.wording import count, when
from bot.delivery.bursts import WINDOW
from bot.delivery.quiet_hours import quiet_at

AFTER = timedelta(seconds=2)
"""How long after the first message held back the list is made, so that it has all of a burst."""
LOOK_AGAIN = timedelta(seconds=10)
"""How often it is checked whether quiet hours or a pause are over."""
BACK = timedelta(days=4)
"""Messages held back longer ago than this are dropped; it covers a pause over a long weekend."""
SHOWN = 12


@dataclass(slots=True)
class HeldMessages:
    """Who has messages held back, and when to list them."""

    held: Callable[[str, datetime], Sequence[HeldBack]]
    """What was held back from a recipient since a time and not listed yet (``People.held``)."""
    recipients: Callable[[], Sequence[Recipient]]
    silences: Callable[[], Sequence[Silence]] = tuple
    next_at: datetime | None = None
    """When a list may be due; ``None`` if nobody is known to have messages held back."""
    _owed: set[str] | None = None
    """Recipients that may have messages held back; ``None`` after a start: any may."""
    _listed_at: dict[str, datetime] = field(default_factory=dict)
    """When a recipient last got such a message: the next follows no sooner than ``WINDOW`` after it."""
    _uncommitted: bool = False
    """The history cannot be written, so it does not have the latest held-back messages yet."""

    def take(self, notifications: Iterable[Notification], now: datetime, *, committed: bool) -> None:
        """Take note of the notifications that a cycle held back."""
        self._uncommitted = not committed
        held = {n.recipient for n in notifications if n.suppressed_by in LISTED_LATER}
        if self._uncommitted:
            self._owed = None
        elif self._owed is not None and held:
            self._owed |= held
            self.next_at = min(self.next_at or now + AFTER, now + AFTER)

    def due(self, now: datetime) -> list[Announcement]:
        """The lists for recipients outside their quiet hours of what they have missed.

        A recipient is looked at again after its list, in case the cycle that was to send it failed.
        """
        if self._uncommitted or (self._owed is not None and (self.next_at is None or now < self.next_at)):
            return []
        recipients, paused = self.recipients(), any(s.id == PAUSE for s in self.silences())
        if self._owed is not None and not self._owed <= {r.id for r in recipients}:
            self._owed = None  # a chat has a new id
        lists: list[Announcement] = []
        again_at: dict[str, datetime] = {}
        self._listed_at = {r: at for r, at in self._listed_at.items() if at > now - WINDOW}
        for recipient in recipients:
            if not recipient.enabled or (self._owed is not None and recipient.id not in self._owed):
                continue
            if paused or quiet_at(recipient.quiet, now):
                again_at[recipient.id] = now + LOOK_AGAIN
            elif recipient.id in self._listed_at:
                again_at[recipient.id] = self._listed_at[recipient.id] + WINDOW
            elif missed := self.held(recipient.id, now - BACK):
                self._listed_at[recipient.id] = now
                again_at[recipient.id] = now + WINDOW
                lists.append(missed_messages(recipient.id, missed, now))
        self._owed, self.next_at = set(again_at), min(again_at.values(), default=None)
        return lists


def missed_messages(recipient: str, missed: Sequence[HeldBack], now: datetime) -> Announcement:
    """One message of everything missed: each incident by its latest message."""
    last: dict[str, HeldBack] = {}
    for number, held in enumerate(missed):
        last[held.incident or f"#{number}"] = held  # the newest, at the place of the first
    lines: list[Line | str] = [
        (when(held.created_at), f": {held.subject}{f' (/incident {held.incident})' if held.incident else ''}")
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
