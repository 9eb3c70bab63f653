"""An emulated Yahoo on loopback, and the adapter that talks to it through unmodified yfinance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from bot.adapters.calendar import ExchangeCalendar
from bot.adapters.prices.yahoo import Yahoo
from bot.core.prices.sessions import Timetable
from tests.servers.yahoo import YahooServer

CALENDAR = ExchangeCalendar()


@cache
def timetable(exchange: str) -> Timetable:
    """Sessions from 2023 to 2025."""
    return Timetable(exchange, CALENDAR.sessions(exchange, date(2023, 1, 1), date(2025, 12, 31)))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[YahooServer]:
    with YahooServer() as yahoo:
        for name, value in yahoo.environment().items():
            monkeypatch.setenv(name, value)
        try:
            yield yahoo
        finally:
            yahoo.heal()  # what a test that failed left hanging does not hang into the next
        assert yahoo.strangers == []


@pytest.fixture
def make(server: YahooServer, tmp_path: Path) -> Iterator[Callable[..., Yahoo]]:
    """Makes adapters with short time-outs; each is closed at the end."""
    made: list[Yahoo] = []

    def build(**options: object) -> Yahoo:
        defaults: dict[str, object] = {
            "cache": tmp_path / "yfinance",
            "request_timeout": timedelta(seconds=3),
            "call_timeout": timedelta(seconds=6),
        }
        yahoo = Yahoo(**{"timetable": timetable, **defaults, **options})  # type: ignore[arg-type]
        made.append(yahoo)
        return yahoo

    yield build
    for yahoo in made:
        yahoo.close()


@pytest.fixture
def source(make: Callable[..., Yahoo]) -> Yahoo:
    return make()
