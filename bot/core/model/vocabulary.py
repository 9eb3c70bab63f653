"""Words with a fixed set of values, and the ids made of words."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass


class Phase(enum.StrEnum):
    """Part of a session. ``CLOSED`` is any moment outside every session."""

    PRE = "pre"
    REGULAR = "regular"
    POST = "post"
    CLOSED = "closed"


class Severity(enum.IntEnum):
    """How much an alert matters; compares by rank. ``word`` is what people read and write."""

    INFO = 1
    WARNING = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The lower-case name, as in YAML and JSON."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Severity:
        """The severity called ``word``; KeyError when there is none."""
        return cls[word.upper()]


class AlertState(enum.StrEnum):
    """``PENDING``: the conditions hold but not yet for ``hold``; never stored. Then ``FIRING``, then ``RESOLVED``."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Reach(enum.StrEnum):
    """How a story touches a symbol: it names the company, it meets an exposure of it, or neither."""

    DIRECT = "direct"
    EXPOSURE = "exposure"
    NONE = "none"


class Reason(enum.StrEnum):
    """Why a notification exists; stored with it."""

    FIRST = "first"
    ESCALATED = "escalated"
    WIDENED = "widened"
    CORRECTED = "corrected"
    FOLLOW_UP = "follow_up"
    RESOLVED = "resolved"
    DIGEST = "digest"
    OPERATOR = "operator"


class SuppressionReason(enum.StrEnum):
    """Why a notification is not sent, in the word that is stored for it."""

    COOLDOWN = "cooldown"
    INHIBITED = "inhibited by"
    """An alert of another rule fires, which is the detail."""
    NEVER_TOLD = "never told"
    """Every message it follows was itself held back."""
    SILENCE = "silence"
    """The detail is the silence's id."""
    QUIET_HOURS = "quiet hours"
    MIN_SEVERITY = "min_severity"
    """The detail is the severity from which on the recipient is told."""
    SYMBOLS = "symbols"
    DIGEST = "digest"
    BACKTEST = "backtest"
    SWITCHED_OFF = "recipient switched off"
    NEWER_EDIT = "a newer edit"
    NOTHING_TO_EDIT = "the message to edit is"
    """The detail is what became of it."""
    IMPORTED = "imported before it was sent"
    OTHER = ""
    """What some other version stored; the detail is its text."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why one notification is not sent."""

    reason: SuppressionReason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} {self.detail}" if self.reason and self.detail else self.reason.value or self.detail

    def covers(self, other: Suppression) -> bool:
        """Whether ``other`` is for the same reason, and of the same detail where this one has any."""
        return self.reason is other.reason and self.detail in ("", other.detail)

    @classmethod
    def parse(cls, text: str) -> Suppression:
        """What ``text``, as it is stored, means: ``silence pause``, ``inhibited by market-crash``."""
        for reason in SuppressionReason:
            if reason and (text == reason or text.startswith(f"{reason} ")):
                return cls(reason, text[len(reason) + 1 :])
        return cls(SuppressionReason.OTHER, text)


PAUSE = "pause"
"""Id of the silence that an admin's ``/pause`` is."""
TOLD_LATER = (Suppression(SuppressionReason.QUIET_HOURS), Suppression(SuppressionReason.SILENCE, PAUSE))
"""What is held back so is told in one message once it is over; every other suppressed message is never told."""


class QuoteKind(enum.StrEnum):
    """What a quote's price is. ``TRADE`` is a last price; the others are marks of a bar or of the session.

    A ``LOW`` or ``HIGH`` is known when its bar ends, and many trades stand behind it, so it needs no confirmation;
    nor does an official ``CLOSE``. An ``OPEN`` is one print like any other.
    """

    TRADE = "trade"
    OPEN = "open"
    LOW = "low"
    HIGH = "high"
    CLOSE = "close"

    @property
    def confirmed(self) -> bool:
        """True where one quote alone may fire a rule."""
        return self in (QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.CLOSE)

    @property
    def rank(self) -> int:
        """Order among quotes of one moment: a bar's low and high are known before its close, the official one last."""
        return (QuoteKind.OPEN, QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.TRADE, QuoteKind.CLOSE).index(self)


def stable_id(*parts: str, length: int = 16) -> str:
    """Hex digest of the parts, separated so that ``("a", "bc")`` and ``("ab", "c")`` differ. SHA-256, cut."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:length]
