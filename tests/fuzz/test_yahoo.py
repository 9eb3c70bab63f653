"""Whatever Yahoo answers, through the library that reads it: prices, history and earnings are sound, or refused."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.prices.yahoo import Yahoo
from bot.core.errors import SourceError
from tests.fuzz.strategies import SETTINGS, changed
from tests.prices.conftest import make, server  # noqa: F401  - fixtures
from tests.prices.test_quotes_over_the_wire import NOON
from tests.servers.yahoo import Fault, YahooServer

FIRST, LAST = date(2025, 1, 2), date(2025, 2, 28)


async def asked(source: Yahoo) -> None:
    """Everything that is asked of Yahoo, and what has to hold of it."""
    with suppress(SourceError):
        for quote in (await source.quotes(["NVDA", "AMD"], NOON)).quotes:
            assert quote.previous_close is None or 0 < quote.previous_close < math.inf
            assert quote.volume is None or 0 < quote.volume < math.inf
    with suppress(SourceError):
        found = await source.history(["NVDA"], FIRST, NOON)
        for bar in found.bars:
            figures = (bar.close, *(value for value in (bar.open, bar.high, bar.low) if value is not None))
            assert all(0 < value < math.inf for value in figures), bar
            assert bar.volume is None or 0 <= bar.volume < math.inf
        assert all(0 < split.ratio < math.inf for split in found.splits)
    with suppress(SourceError):
        for due in await source.calendar.earnings(["NVDA"], FIRST, LAST, NOON):
            assert FIRST <= due.date <= LAST


def test_yahoo_s_answers(server: YahooServer, make: Callable[..., Yahoo]) -> None:  # noqa: F811
    source = make(charts_interval=timedelta(0), request_timeout=timedelta(seconds=5))
    server.set_quote("NVDA", 124.8, NOON, previous_close=142.62)
    server.set_quote("AMD", 115.0, NOON, previous_close=122.8)
    days = [date(2025, 1, day) for day in (21, 22, 23, 24)]
    bars: list[Any] = [(day, 140.0 + n) for n, day in enumerate(days)]
    server.set_history("NVDA", bars, splits={days[2]: 10.0}, dividends={days[1]: 20.0})
    server.set_earnings(("NVDA", "2025-02-26T21:20:00Z", "AMC"))
    quotes = server.market.quotes(["NVDA", "AMD"], nights=False)
    chart = server.market.chart("NVDA", {"range": "1mo", "interval": "1d", "events": "div,splits"})
    calendar = {
        "finance": {
            "result": [{"total": 1, "documents": [{
                "columns": [{"label": label} for label in ("Symbol", "Company Name", "Event Start Date", "Timing")],
                "rows": [["NVDA", "NVIDIA", "2025-02-26T21:20:00.000Z", "AMC"]],
            }]}],
            "error": None,
        }
    }  # fmt: skip

    @SETTINGS
    @given(st.sampled_from(["quote", "chart", "calendar"]), st.data())
    def test(endpoint: str, data: st.DataObject) -> None:
        documents = {"quote": quotes, "chart": chart, "calendar": calendar}
        body = json.dumps(data.draw(changed([documents[endpoint]])), default=str)

        async def scenario() -> None:
            server.fault(endpoint, Fault.BODY, body=body)
            try:
                await asked(source)
            finally:
                server.heal()

        asyncio.run(scenario())

    asyncio.run(asked(source))
    test()
