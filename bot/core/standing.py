"""What the operator was told has begun in the bot itself, and not that it is over.

Sources and symbols are ``health``'s, jobs their own. A part that says "this does not work" asks here whether it is
news, and when it works whether that has to be said: also where an earlier run of the program said it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


class Lasting(enum.StrEnum):
    """What lasts, and is told at its beginning and at its end."""

    HISTORY = "history"
    """The history cannot be written."""
    DECISIONS = "decisions"
    """The engine raises as time passes."""
    METRICS = "metrics"
    """Metrics and /healthz have no address to listen on."""
    UNREACHED = "unreached"
    """The only admin refuses messages."""
    TOPIC = "topic"
    """A topic takes no messages, and its group gets them."""


@dataclass(frozen=True, slots=True)
class LastingTrouble:
    """One that was told, and not that it is over."""

    kind: Lasting
    subject: str
    """Which one of its kind."""
    since: datetime
    note: str = ""
    """What whoever told it needs to know after a restart."""

    @property
    def end_key(self) -> str:
        """The key of the announcement of its end: the same whichever run makes it, so that it is sent once."""
        return f"over:{self.kind}:{self.subject}:{self.since:%Y%m%dT%H%M%S.%f}"


class Standing:
    """The troubles that were told, begun by this run or, as ``told``, by an earlier one."""

    def __init__(self, told: Iterable[LastingTrouble] = ()) -> None:
        self._told = {(trouble.kind, trouble.subject): trouble for trouble in told}

    def begin(self, kind: Lasting, now: datetime, subject: str = "", note: str = "") -> bool:
        """It is so since ``now``: whether that has to be told."""
        if (kind, subject) in self._told:
            return False
        self._told[kind, subject] = LastingTrouble(kind, subject, now, note)
        return True

    def end(self, kind: Lasting, subject: str = "") -> LastingTrouble | None:
        """It is not so, or not any more: the trouble whose end has to be told, if any."""
        return self._told.pop((kind, subject), None)

    def of(self, kind: Lasting) -> Sequence[LastingTrouble]:
        """Those of a kind."""
        return [trouble for trouble in self._told.values() if trouble.kind is kind]

    def told(self) -> Sequence[LastingTrouble]:
        """All."""
        return list(self._told.values())
