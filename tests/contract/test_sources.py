"""What the ports ``Clock`` and ``PriceSource`` promise, of every implementation, the example of the docs included."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.prices.yahoo import Yahoo
from bot.clock import SimulatedClock, SystemClock
from bot.core.errors import SourceError
from bot.core.ports import Clock, PriceSource
from bot.extensions import PriceContext
from tests.extending.packages import installed
from tests.prices.conftest import timetable
from tests.servers.yahoo import Fault, YahooServer

NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize("clock", [SystemClock(), SystemClock(NOON), SimulatedClock(NOON)])
def test_a_clock_gives_aware_utc_and_never_goes_back(clock: Clock) -> None:
    read = [clock.now() for _ in range(100)]
    assert {at.utcoffset() for at in read} == {timedelta()}
    assert read == sorted(read)


class Vendor:
    """What a source is asked about: one price of NVDA, changed at will, or nothing at all."""

    def __init__(self, source: PriceSource, set_price: Callable[[float, datetime], None], fail: Callable[[], None]):
        self.source, self.set_price, self.fail = source, set_price, fail


@pytest.fixture(params=["yahoo", "csv"])
def vendor(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    if request.param == "yahoo":
        with YahooServer() as server:
            for name, value in server.environment().items():
                monkeypatch.setenv(name, value)
            yahoo = Yahoo(timetable, cache=tmp_path / "yfinance", request_timeout=timedelta(seconds=3))
            server.set_history("NVDA", [(date(2025, 1, 23), 147.22), (date(2025, 1, 24), 142.62)])

            def fail() -> None:
                for what in ("quote", "chart"):
                    server.fault(what, Fault.SERVER_ERROR)

            yield Vendor(
                yahoo,
                lambda price, at: server.set_quote("NVDA", price, at, previous_close=142.62, volume=1e6),
                fail,
            )
            yahoo.close()
        return
    monkeypatch.syspath_prepend(str(installed(tmp_path / "site", "prices")))
    context = PriceContext(tmp_path, tmp_path / "cache", 200, timetable, {})
    source = importlib.import_module("aftershock_csv_prices").make({"file": "quotes.csv"}, context)
    file = tmp_path / "quotes.csv"

    def write(price: float, at: datetime) -> None:
        file.write_text(f"symbol,price,at,previous_close\nNVDA,{price},{at.isoformat()},142.62\n")

    yield Vendor(source, write, file.unlink)
    del sys.modules["aftershock_csv_prices"]


async def test_a_source_gives_the_latest_quote_of_what_it_knows_as_seen_now(vendor: Vendor) -> None:
    at = NOON - timedelta(seconds=3)
    vendor.set_price(124.8, at)
    (quote,) = (await vendor.source.quotes(["NVDA", "NOBODY"], NOON)).quotes
    assert (quote.symbol, quote.price, quote.at, quote.seen_at) == ("NVDA", 124.8, at, NOON)
    assert quote.at.utcoffset() == timedelta()
    assert quote.previous_close == 142.62
    assert list((await vendor.source.quotes([], NOON)).quotes) == []


async def test_nonsense_is_handed_on(vendor: Vendor) -> None:
    vendor.set_price(-1.0, NOON)
    assert [q.price for q in (await vendor.source.quotes(["NVDA"], NOON)).quotes] == [-1.0]


async def test_a_source_that_fails_says_so(vendor: Vendor) -> None:
    vendor.set_price(124.8, NOON)
    vendor.fail()
    with pytest.raises(SourceError) as failed:
        await vendor.source.quotes(["NVDA"], NOON)
    assert str(failed.value)


async def test_bars_are_of_finished_sessions_and_seen_now(vendor: Vendor) -> None:
    vendor.set_price(124.8, NOON)
    poll = await vendor.source.history(["NVDA"], date(2025, 1, 24), NOON)
    assert all(bar.session == date(2025, 1, 24) and bar.seen_at == NOON for bar in poll.bars)
    assert list(poll.splits) == []


async def test_a_source_can_be_described_asked_for_its_abilities_and_closed_twice(vendor: Vendor) -> None:
    source = vendor.source
    vendor.set_price(124.8, NOON)
    assert isinstance(source, PriceSource)
    assert set(await source.describe(["NVDA"])) <= {"NVDA"}
    assert source.title
    assert source.advice
    assert source.delay >= timedelta()
    assert source.calendar is None or await source.calendar.earnings([], NOON.date(), NOON.date(), NOON) == []
    source.close()
    source.close()
