"""The one exception tree. Errors of other libraries are wrapped at the edge, with ``from``. What an error says has no
secret in it, however it came by its words: it is redacted here, and may be logged, stored and shown.

AftershockError
├── ConfigError           files that people edit: carries every problem, each with file, line and column
├── LookAheadError        an observation the bot could not have seen yet reached the engine
├── SourceError           a news or price source: ``permanent``, ``retry_after``, ``status``
├── StoreError            the history database
│   ├── StoreBusyError    another writer holds it; trying again may work
│   ├── StoreFullError    no space, or the file is read-only
│   │   └── StoreLostError the file was removed or replaced while it was open
│   ├── StoreInUseError   another ``run`` owns this database
│   └── StoreVersionError written by a newer program, or not ours
├── DeliveryError         one attempt to reach one recipient: ``permanent``, ``retry_after``, ``unknown``, ``channel``
└── UsageError            impossible arguments of a command
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta

from bot.core.secret import redacted

LONGEST_WAIT = timedelta(days=1)
"""The longest wait that is respected, whoever asks for it: beyond is a mistake, or malice, and no date any more."""


class Obstacle(enum.StrEnum):
    """Why there was no answer at all: something between us and whoever was asked."""

    NAME = "no host's name can be looked up"
    CONNECTION = "no connection can be made"
    TIME = "nothing answers in time"
    PROXY = "the proxy gives no connection"
    TRUST = "no connection is secure"


class AftershockError(Exception):
    """Root of all errors that Aftershock raises on purpose."""

    def __init__(self, *words: object) -> None:
        super().__init__(*(redacted(each) if isinstance(each, str) else each for each in words))


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in one file. ``line`` and ``column`` count from 1; 0 means the file as a whole."""

    file: str
    line: int
    column: int
    path: str
    """Where in the document, as ``rules[0].when.all[1].price``; empty for the file as a whole."""
    message: str
    """What is wrong, and after ``;`` what to write instead."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", redacted(self.message))

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"


class ConfigError(AftershockError):
    """All mistakes in a set of files, in file order."""

    def __init__(self, problems: list[Problem] | tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))
        super().__init__("\n".join(str(p) for p in self.problems))


class LookAheadError(AftershockError):
    """An observation's ``seen_at`` is after ``now``."""


class SourceError(AftershockError):
    """A source could not be read.

    ``permanent``: trying again unchanged cannot help (404, not a feed). ``retry_after``: the wait the server asks for,
    within ``LONGEST_WAIT``.
    ``asked``: False where nothing was sent, because a wait asked for earlier is not over. ``status``: the HTTP status,
    if there was a response: without one the source may be out of reach. ``obstacle``: what it was out of reach for, as
    far as that is known.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        asked: bool = True,
        status: int | None = None,
        obstacle: Obstacle | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = _respected(retry_after)
        self.asked = asked
        self.status = status
        self.obstacle = obstacle


class StoreError(AftershockError):
    """The history database refused or failed."""


class StoreBusyError(StoreError):
    """Another connection holds the database; the same call may succeed later. Nothing was written."""


class StoreFullError(StoreError):
    """No space, or no permission to write. Nothing was written."""


class StoreLostError(StoreFullError):
    """The file that is open is no longer the one of its name: what is written to it nobody will read."""


class StoreInUseError(StoreError):
    """Another process runs on this database."""


class StoreVersionError(StoreError):
    """The file was written by a newer Aftershock, belongs to another mode, or is not ours at all."""


class StoreOutdatedError(StoreVersionError):
    """The file was written by an older Aftershock; the first start of ``run`` brings it up to date."""


class DeliveryError(AftershockError):
    """One attempt to deliver failed.

    ``permanent``: trying again unchanged cannot help. ``retry_after``: wait this long first, within ``LONGEST_WAIT``.
    ``unknown``: the message may have arrived, as the connection broke after it was sent; whoever repeats it says so.
    ``channel``: the fault is the channel's (a gateway's page, a cut line, a rejected token), so it decides nothing
    about the message. ``moved_to``: the chat's new id after a migration. ``instead``: this recipient takes nothing, but
    that one of the same chat does. ``forbidden``: the recipient has blocked or removed us. ``status``: the HTTP status,
    if there was a response. ``obstacle``: what stood between us and the channel, as far as that is known.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        unknown: bool = False,
        channel: bool = False,
        forbidden: bool = False,
        moved_to: str | None = None,
        instead: str | None = None,
        status: int | None = None,
        obstacle: Obstacle | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = _respected(retry_after)
        self.unknown = unknown
        self.channel = channel
        self.forbidden = forbidden
        self.moved_to = moved_to
        self.instead = instead
        self.status = status
        self.obstacle = obstacle


class UsageError(AftershockError):
    """A command, or a chat command, asked for something that does not exist or makes no sense."""


def _respected(wait: timedelta | None) -> timedelta | None:
    return wait if wait is None else min(max(wait, timedelta()), LONGEST_WAIT)
