"""What price sources, news sources and notifiers of other packages are made with: ``docs/extending.md``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.ports import AskFeed, AskJson, Clock, NewsSource, Notifier, Organisations, PriceSource
from bot.core.prices.sessions import Timetable
from bot.core.secret import Secret

PRICE_SOURCES = "aftershock.price_sources"
"""The entry point group of ``MakePriceSource`` functions."""
NEWS_SOURCES = "aftershock.news_sources"
"""The entry point group of ``MakeNewsSource`` functions."""
NOTIFIERS = "aftershock.notifiers"
"""The entry point group of ``MakeNotifier`` functions."""


@dataclass(frozen=True, slots=True)
class PriceContext:
    """What a price source may use."""

    folder: Path
    """The folder of ``config.yaml``, to which paths in the options are relative."""
    cache: Path
    """A folder for its own small files; it may not exist yet."""
    batch: int
    """The most symbols per request."""
    timetable: Callable[[str], Timetable]
    """The sessions of an exchange (ISO 10383 code). Raises UsageError for an unknown one."""
    exchanges: Mapping[str, str]
    """The exchanges of the symbols for which ``companies.yaml`` states one."""


@dataclass(frozen=True, slots=True)
class NewsContext:
    """What a news source may use."""

    folder: Path
    """The folder of ``config.yaml``, to which paths in the options are relative."""
    fetch: AskJson
    """Ask an address for JSON, with the ETag of its last answer or an empty text. Time, size, redirects and the number
    of requests in one poll are bounded. Raises SourceError."""
    organisations: Organisations
    """The labs that publish at a place (``huggingface``), by the names of their organisations there: as people define
    them under ``organisations`` in ``rules/topics``, as of now."""
    fetch_feed: AskFeed
    """The same as ``fetch`` for an RSS or Atom feed."""
    companies: Callable[[], Mapping[str, str]]
    """The names of the watched companies by symbol, as of now."""
    identify: Callable[[str], None]
    """Send this User-Agent from now on, for a place that asks who is calling."""


@dataclass(frozen=True, slots=True)
class NotifierContext:
    """What a notifier may use."""

    folder: Path
    """The folder of ``config.yaml``, to which paths in the options are relative."""
    clock: Clock
    secret: Callable[[str], Secret]
    """The value of a variable from the environment or ``.env``. Raises ConfigError if it is not set."""


MakePriceSource = Callable[[Mapping[str, Any], PriceContext], PriceSource]
"""Makes a price source from the ``options`` of ``prices:``. May raise any exception for invalid options; its text is
shown."""
MakeNewsSource = Callable[[Mapping[str, Any], NewsContext], NewsSource]
"""Makes a news source from its ``options``. May raise any exception for invalid options; its text is shown."""
MakeNotifier = Callable[[Mapping[str, Mapping[str, Any]], NotifierContext], Notifier]
"""Makes the notifier of a channel from the ``options`` of each of its recipients, by recipient id. May raise any
exception for invalid options; its text is shown. Options whose names end in ``_env`` name variables, whose values are
kept out of the log."""
