"""Enumerations shared by the model, and stable ids."""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass

LABEL_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""The name of a label of a rule: what templates, JSON and SQL can write without quotes."""


class Phase(enum.StrEnum):
    """Part of a session, in the order they come in. ``CLOSED`` is any time outside sessions."""

    OVERNIGHT = "overnight"
    """The night before the session's date, where the exchange's stocks trade then: few trades, far apart."""
    PRE = "pre"
    REGULAR = "regular"
    POST = "post"
    CLOSED = "closed"


class Severity(enum.IntEnum):
    """How much an alert matters; ordered. ``word`` is what people read and write."""

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
        """The severity called ``word``. Raises KeyError when there is none."""
        return cls[word.upper()]


class AlertState(enum.StrEnum):
    """``PENDING`` (the conditions hold but not yet for ``hold``; never stored), ``FIRING``, then ``RESOLVED``."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Reach(enum.StrEnum):
    """How a story touches a symbol: it names the company, it matches one of its exposures, or neither."""

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


NO_STOCK = ""
"""The symbol of an alert that is about a happening in the news and no stock."""


class Together(enum.Enum):
    """Which alerts of a rule are one incident while no cause is known."""

    APART = enum.auto()
    """Each by itself."""
    BY_LINE = enum.auto()
    """Those of one line of business."""
    ALL = enum.auto()


class SuppressionReason(enum.StrEnum):
    """Why a notification is not sent, as stored."""

    COOLDOWN = "cooldown"
    INHIBITED = "inhibited by"
    """The detail is the rule whose firing alert inhibits it."""
    NEVER_TOLD = "never told"
    """All messages it follows were suppressed."""
    SILENCE = "silence"
    """The detail is the silence's id."""
    QUIET_HOURS = "quiet hours"
    BURST = "one of many at once"
    MIN_SEVERITY = "min_severity"
    """The detail is the recipient's minimum severity."""
    SYMBOLS = "symbols"
    DIGEST = "digest"
    BACKTEST = "backtest"
    SWITCHED_OFF = "recipient switched off"
    NEWER_EDIT = "a newer edit"
    NOTHING_TO_EDIT = "the message to edit is"
    """The detail is what became of it."""
    IMPORTED = "imported before it was sent"
    OTHER = ""
    """Stored by another version; the detail is its text."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why one notification is not sent."""

    reason: SuppressionReason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason} {self.detail}" if self.reason and self.detail else self.reason.value or self.detail

    def covers(self, other: Suppression) -> bool:
        """Whether ``other`` has the same reason and, where this one has a detail, the same detail."""
        return self.reason is other.reason and self.detail in ("", other.detail)

    @classmethod
    def parse(cls, text: str) -> Suppression:
        """The suppression stored as ``text``: ``silence pause``, ``inhibited by market-crash``."""
        for reason in SuppressionReason:
            if reason and (text == reason or text.startswith(f"{reason} ")):
                return cls(reason, text[len(reason) + 1 :])
        return cls(SuppressionReason.OTHER, text)


PAUSE = "pause"
"""Id of the silence set by an admin's ``/pause``."""
BURST = Suppression(SuppressionReason.BURST)
LISTED_LATER = (Suppression(SuppressionReason.QUIET_HOURS), Suppression(SuppressionReason.SILENCE, PAUSE), BURST)
"""Messages suppressed for these are listed in one message afterwards; others are never sent."""


class QuoteKind(enum.StrEnum):
    """What a quote's price is. ``TRADE`` is a last price; the others belong to a bar or to the session.

    A ``LOW`` or ``HIGH`` is known when its bar ends and rests on many trades, so it needs no confirmation; nor does an
    official ``CLOSE``. An ``OPEN`` is a single print.
    """

    TRADE = "trade"
    OPEN = "open"
    LOW = "low"
    HIGH = "high"
    CLOSE = "close"

    @property
    def confirmed(self) -> bool:
        """Whether one such quote suffices to fire a rule."""
        return self in (QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.CLOSE)

    @property
    def rank(self) -> int:
        """Order among quotes of one moment: a bar's low and high before its close, the official close last."""
        return (QuoteKind.OPEN, QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.TRADE, QuoteKind.CLOSE).index(self)


def stable_id(*parts: str, length: int = 16) -> str:
    """The first ``length`` hex digits of the SHA-256 of the parts; ``("a", "bc")`` and ``("ab", "c")`` differ."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:length]
