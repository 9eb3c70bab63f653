"""Sessions of watched symbols, when nothing says where one is listed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.app.project import Timetables
from bot.core.errors import UsageError
from bot.core.model import Phase
from bot.core.news import Companies, Company
from bot.core.prices.exchanges import HOME
from bot.core.prices.market import Market

NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
COMPANIES = Companies([Company("ODD", "Odd", exchange="XXXX"), Company("SU.PA", "Schneider", exchange="XPAR")])
ALL = ("NVDA", "SU.PA", "BRK.B", "EURUSD=X", "BTC-USD", "A.B.C", "ODD")
UNKNOWN = ("BRK.B", "EURUSD=X", "BTC-USD", "A.B.C", "ODD")


def timetables(otherwise: str) -> Timetables:
    return Timetables(date(2025, 1, 2), date(2025, 2, 1), COMPANIES, otherwise=otherwise)


def test_a_running_bot_has_sessions_for_every_symbol() -> None:
    market = Market(timetables(HOME).of_symbol)
    assert {symbol: market.phase(symbol, NOON) for symbol in ALL} == {
        symbol: Phase.CLOSED if symbol == "SU.PA" else Phase.REGULAR for symbol in ALL
    }


@pytest.mark.parametrize(("symbol", "exchange"), [("TCS.NS", "XNSE"), ("600519.SS", "XSHG"), ("D05.SI", "XSES")])
def test_a_bot_that_looks_a_year_ahead_keeps_the_hours_of_an_exchange_whose_holidays_are_not_recorded_yet(
    symbol: str, exchange: str
) -> None:
    this_year = datetime.now(UTC).year
    ahead = Timetables(date(this_year - 1, 1, 1), date(this_year + 1, 6, 30), otherwise=HOME)
    assert ahead.of_symbol(symbol).exchange == exchange
    assert ahead.without_sessions([symbol]) == {}
    assert ahead.of_symbol(symbol).all[-1].date >= date(this_year + 1, 6, 28)


def test_what_is_unknown_is_named_with_what_to_write() -> None:
    found = timetables(HOME).without_sessions(ALL)
    assert tuple(found) == UNKNOWN
    assert found["BRK.B"].endswith("write BRK-B")
    assert all(symbol in words or "XXXX" in words for symbol, words in found.items())


@pytest.mark.parametrize("symbol", UNKNOWN)
def test_elsewhere_an_unknown_exchange_is_an_error(symbol: str) -> None:
    with pytest.raises(UsageError):
        timetables("").of_symbol(symbol)
