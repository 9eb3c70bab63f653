"""Prices as vendors write them are taken, or refused with the line that mends them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.errors import UsageError
from bot.replay.columns import PriceColumns, look_at_prices, read_prices

FILES = {
    "Yahoo, Stooq": (
        "Date,Open,High,Low,Close,Adj Close,Volume\n"
        "2024-11-15,144.87,145.24,140.08,141.98,141.97,250132900\n"
        "2024-11-18,139.50,141.55,137.15,140.15,140.14,221866000\n"
    ),
    "Nasdaq.com": (
        "Date,Close/Last,Volume,Open,High,Low\n"
        "11/18/2024,$140.15,221866000,$139.50,$141.55,$137.15\n"
        "11/15/2024,$141.98,250132900,$144.87,$145.24,$140.08\n"
    ),
    "Alpha Vantage": (
        "timestamp,open,high,low,close,volume\n"
        "2024-11-18,139.5000,141.5500,137.1500,140.1500,221866000\n"
        "2024-11-15,144.8700,145.2400,140.0800,141.9800,250132900\n"
    ),
    "Investing.com": (
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"11/18/2024","140.15","139.50","141.55","137.15","221.866M","-1.29%"\n'
        '"11/15/2024","141.98","144.87","145.24","140.08","250,132,900","-3.26%"\n'
    ),
    "Investing.com in Europe": (
        '"Date","Price","Open","High","Low","Vol.","Change %"\n'
        '"18/11/2024","140.15","139.50","141.55","137.15","221.866M","-1.29%"\n'
        '"15/11/2024","141.98","144.87","145.24","140.08","250.1329M","-3.26%"\n'
    ),
    "Google Sheets": (
        "Date,Open,High,Low,Close,Volume\n"
        "11/15/2024 16:00:00,144.87,145.24,140.08,141.98,250132900\n"
        "11/18/2024 16:00:00,139.5,141.55,137.15,140.15,221866000\n"
    ),
}
SESSIONS = {
    "2024-11-15": (144.87, 145.24, 140.08, 141.98, 250132900),
    "2024-11-18": (139.5, 141.55, 137.15, 140.15, 221866000),
}


def rows(columns: PriceColumns) -> dict[str, tuple[float, ...]]:
    """The figures by session of the only symbol."""
    from datetime import date

    assert columns.symbols == ["NVDA"]
    return {
        date.fromordinal(day).isoformat(): tuple(round(column[n], 4) for column in columns.figures)
        for n, day in enumerate(columns.day)
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("vendor", FILES)
def test_what_a_vendor_writes_of_one_stock_is_taken_with_its_name(folder: Path, vendor: str) -> None:
    Path("prices.csv").write_text(FILES[vendor])
    with pytest.raises(UsageError, match=r"missing column symbol; if these are .* --prices NVDA=prices\.csv"):
        read_prices([Path("prices.csv")])
    named = Path("NVDA=prices.csv")
    look_at_prices(named)
    columns = read_prices([named])
    assert columns.problems == []
    assert rows(columns) == SESSIONS


def test_stooqs_file_of_many_stocks_is_taken(folder: Path) -> None:
    Path("us.txt").write_text(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
        "NVDA.US,D,20241115,000000,144.87,145.24,140.08,141.98,250132900,0\n"
        "NVDA.US,D,20241118,000000,139.5,141.55,137.15,140.15,221866000,0\n"
    )
    columns = read_prices([Path("us.txt")])
    assert columns.problems == []
    assert rows(columns) == SESSIONS


def test_rows_of_less_than_a_session_are_not_taken_for_sessions(folder: Path) -> None:
    Path("us.txt").write_text("<TICKER>,<PER>,<DATE>,<TIME>,<CLOSE>\nNVDA.US,5,20241115,153000,144.87\n")
    Path("av.csv").write_text("timestamp,open,high,low,close,volume\n2024-11-15 19:55:00,1,1,1,1,1\n")
    columns = read_prices([Path("us.txt"), Path("NVDA=av.csv")])
    assert not len(columns)
    assert [p.message.partition(";")[0] for p in columns.problems] == [
        "not of a whole session",
        "a time without a zone",
    ]


def test_two_files_may_write_their_dates_in_different_orders(folder: Path) -> None:
    Path("a.csv").write_text("Date,Close\n02/01/2024,1\n13/01/2024,2\n")
    Path("b.csv").write_text("Date,Close\n02/01/2024,3\n02/13/2024,4\n")
    columns = read_prices([Path("NVDA=a.csv"), Path("NVDA=b.csv")])
    assert list(rows(columns)) == ["2024-01-02", "2024-01-13", "2024-02-01", "2024-02-13"]


def test_dates_that_may_be_either_are_not_guessed(folder: Path) -> None:
    Path("a.csv").write_text("Date,Close\n02/01/2024,1\n03/01/2024,2\n")
    with pytest.raises(UsageError, match="may begin with the day or with the month; write them like 2025-01-27"):
        read_prices([Path("NVDA=a.csv")])


@pytest.mark.parametrize(
    ("header", "line", "advice"),
    [
        ("Date,Open,High,Low,Close,Volume,Dividends,Stock Splits", "2024-11-01,1,1,1,1,1,0,0", "auto_adjust=False"),
        ("Price,Close,High,Low,Open,Volume", "Ticker,A,A,A,A,A", "auto_adjust=False"),
        ("Ticker,A,A,A,B,B", "Price,Open,High,Close,Open,Close", "auto_adjust=False"),
        ("a,b", "1,2", "write symbol,date,open"),
    ],
)
def test_what_cannot_be_taken_even_with_a_name_says_what_to_write(
    folder: Path, header: str, line: str, advice: str
) -> None:
    Path("a.csv").write_text(f"{header}\n{line}\n")
    for name in ("a.csv", "NVDA=a.csv"):
        with pytest.raises(UsageError, match=advice):
            look_at_prices(Path(name))


def test_a_decimal_comma_is_not_taken_for_thousands(folder: Path) -> None:
    Path("a.csv").write_text('Date,Close,Volume\n2024-11-18,"142,620","1,234,567"\n2024-11-19,"1,142.62",N/A\n')
    columns = read_prices([Path("NVDA=a.csv")])
    assert [p.message for p in columns.problems] == ["close '142,620' is not a number; write one, or leave it empty"]
    assert columns.figures[3][0] == 1142.62


def test_a_file_whose_own_name_has_a_sign_of_equality_is_that_file(folder: Path) -> None:
    Path("A=b.csv").write_text("symbol,date,close\nNVDA,2024-11-18,1\n")
    assert read_prices([Path("A=b.csv")]).symbols == ["NVDA"]
    Path("c.csv").write_text("date,close\n2024-11-18,1\n")
    assert read_prices([Path("NQ=F=c.csv")]).symbols == ["NQ=F"]
