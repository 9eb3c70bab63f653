"""What a price source or a notifier of another package is given when it is made. ``docs/extending.md`` has examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.ports import Clock, Notifier, PriceSource
from bot.core.prices.sessions import Timetable
from bot.core.secret import Secret

PRICE_SOURCES = "aftershock.price_sources"
"""The group of entry points that name a ``MakePriceSource`` each."""
NOTIFIERS = "aftershock.notifiers"
"""The group of entry points that name a ``MakeNotifier`` each."""


@dataclass(frozen=True, slots=True)
class PriceContext:
    """The surroundings of a price source."""

    folder: Path
    """Where ``config.yaml`` is: relative paths among the options start here."""
    cache: Path
    """A folder for small files of its own; it need not exist."""
    batch: int
    """How many symbols one request may carry at most."""
    timetable: Callable[[str], Timetable]
    """The sessions of an exchange (ISO 10383 code). Raises UsageError for one nobody knows."""
    exchanges: Mapping[str, str]
    """The exchange of symbols, where ``companies.yaml`` says it."""


@dataclass(frozen=True, slots=True)
class NotifierContext:
    """The surroundings of a notifier."""

    folder: Path
    """Where ``config.yaml`` is: relative paths among the options start here."""
    clock: Clock
    secret: Callable[[str], Secret]
    """The value of a variable of the environment or of ``.env``. Raises ConfigError where it is not set."""


MakePriceSource = Callable[[Mapping[str, Any], PriceContext], PriceSource]
"""Makes a price source with the ``options`` of ``prices:``. May raise any exception for options that will not do: its
text is shown."""
MakeNotifier = Callable[[Mapping[str, Mapping[str, Any]], NotifierContext], Notifier]
"""Makes the one notifier of a channel, given the ``options`` of each of its recipients by recipient id. May raise any
exception for options that will not do: its text is shown. Options whose names end in ``_env`` name variables; what
these hold is kept out of the log."""
