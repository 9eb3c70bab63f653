"""Words with a fixed set of values, and the ids made of words."""

from __future__ import annotations

import enum
import hashlib


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
