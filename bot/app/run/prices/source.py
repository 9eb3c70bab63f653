"""The price source that ``config.yaml`` names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.app.entry_points import make
from bot.app.project import Project, Timetables
from bot.core.ports import PriceSource
from bot.extensions import PRICE_SOURCES, MakePriceSource, PriceContext


def _yahoo(options: Mapping[str, Any], context: PriceContext) -> PriceSource:
    from bot.adapters.prices.yahoo import Yahoo

    if options:
        raise ValueError("it takes no options")
    return Yahoo(context.timetable, exchanges=context.exchanges, cache=context.cache / "yfinance", batch=context.batch)


BUILT_IN: Mapping[str, MakePriceSource] = {"yahoo": _yahoo}


def price_source(project: Project, timetables: Timetables, cache: Path) -> PriceSource:
    """The source of ``prices: source:``; ``cache`` is a folder for small files. Raises UsageError, in one line."""
    settings = project.settings.prices
    known = {c.symbol: c.exchange for c in project.companies if c.exchange}
    context = PriceContext(project.folder, cache, settings.batch, timetables.of_exchange, known)
    return make(PriceSource, PRICE_SOURCES, settings.source, BUILT_IN, settings.options, context)  # type: ignore[type-abstract]
