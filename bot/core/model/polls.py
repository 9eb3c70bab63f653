"""What one request to a price source brought: the observations, and of each symbol without any, why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.model.observations import Absence, DailyBar, Quote, Split


@dataclass(frozen=True, slots=True)
class Missing:
    """Why one symbol is missing."""

    why: Absence
    detail: str = ""
    """One line for the operator."""


@dataclass(frozen=True, slots=True)
class PricePoll:
    """The latest quotes. A wanted symbol that is in neither ``quotes`` nor ``missing`` is unknown to the source."""

    quotes: Sequence[Quote]
    missing: Mapping[str, Missing] = field(default_factory=dict)
    splits: Sequence[Split] = ()
    """Splits learned on the way; they come into force before the quotes."""
    retry_after: timedelta | None = None
    """The wait the source asks for, where it answered in part only."""
    note: str = ""
    """What went wrong without failing the whole, in one line."""


@dataclass(frozen=True, slots=True)
class HistoryPoll:
    """Daily bars and splits. A wanted symbol that is not in ``missing`` was read, even if it has no bar."""

    bars: Sequence[DailyBar]
    splits: Sequence[Split] = ()
    missing: Mapping[str, Missing] = field(default_factory=dict)
    retry_after: timedelta | None = None
    note: str = ""
