"""Yahoo's exchange codes and suffixes as market identifier codes."""

from __future__ import annotations

import re

import pytest

from bot.core.errors import UsageError
from bot.core.prices.exchanges import BY_CODE, BY_SUFFIX, exchange_of


@pytest.mark.parametrize(
    ("code", "symbol", "exchange"),
    [
        ("NMS", "NVDA", "XNAS"),
        ("NYQ", "IBM", "XNYS"),
        ("PCX", "SPY", "ARCX"),
        ("LSE", "REL.L", "XLON"),
        ("PAR", "SU.PA", "XPAR"),
        ("JPX", "6857.T", "XTKS"),
        ("HKG", "0700.HK", "XHKG"),
        ("GER", "SAP.DE", "XETR"),
        ("AMS", "ASML.AS", "XAMS"),
        ("MIL", "STLAM.MI", "XMIL"),
        ("KSC", "005930.KS", "XKRX"),
        ("TAI", "2330.TW", "XTAI"),
        ("nms ", "nvda", "XNAS"),
        ("", "REL.L", "XLON"),
        ("", "rel.l", "XLON"),
        ("XXX", "2330.TW", "XTAI"),
        ("", "NVDA", "XNYS"),
        ("", "BRK-B", "XNYS"),
        ("SNP", "^GSPC", "XNYS"),
        ("OSA", "^N225", "XTKS"),
        ("CME", "ES=F", "XCME"),
        ("BER", "NVD.BE", "XBER"),
    ],
)
def test_the_code_decides_and_the_suffix_stands_in(code: str, symbol: str, exchange: str) -> None:
    assert exchange_of(code, symbol) == exchange


@pytest.mark.parametrize(
    ("code", "symbol"), [("CCC", "BTC-USD"), ("CCY", "EURUSD=X"), ("", "BTC-USD"), ("", "A.QQQ"), ("NYB", "DX=F")]
)
def test_what_trades_nowhere_known_is_refused_with_what_to_do(code: str, symbol: str) -> None:
    with pytest.raises(UsageError, match=r"companies\.yaml"):
        exchange_of(code, symbol)


def test_every_entry_is_a_four_letter_code_and_every_suffix_agrees_with_a_code() -> None:
    every = [*BY_CODE.values(), *BY_SUFFIX.values()]
    assert all(re.fullmatch("[A-Z0-9]{4}", code) for code in every)
    assert set(BY_SUFFIX.values()) <= set(BY_CODE.values())


def test_a_class_of_shares_written_with_a_dot_is_refused_with_what_to_write() -> None:
    with pytest.raises(UsageError, match=r"BRK\.B: no exchange has the suffix \.B; for a class of shares write BRK-B"):
        exchange_of("", "BRK.B")
    assert exchange_of("", "BRK-B") == "XNYS"
