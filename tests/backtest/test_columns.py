"""Price files in columns, and columns as observations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bot.adapters.calendar import ExchangeCalendar
from bot.core.errors import UsageError
from bot.core.model import DailyBar, Observation, Quote, QuoteKind, Story
from bot.core.prices.sessions import Timetable
from bot.replay.bars import PriceSessions, observations_of
from bot.replay.columns import PriceColumns, look_at_prices, read_prices
from bot.replay.doubtful import doubtful_rows
from bot.replay.rolling import RollingTape
from tests.backtest.recordings import Recording

DAY = date(2024, 11, 18)
NEW_YORK = Timetable("XNYS", ExchangeCalendar().sessions("XNYS", date(2024, 11, 1), date(2024, 12, 31)))
TOKYO = Timetable("XTKS", ExchangeCalendar().sessions("XTKS", date(2024, 11, 1), date(2024, 12, 31)))


def timetable_of(symbol: str) -> Timetable:
    """Symbols that end in .T trade in Tokyo."""
    return TOKYO if symbol.endswith(".T") else NEW_YORK


def observed(columns: PriceColumns, day: date = DAY, *, played: bool = True) -> list[Observation]:
    """Everything of one session."""
    sessions = PriceSessions(columns, timetable_of)
    return [o for held in sessions.on(day) for o in observations_of(columns, held, played=played)]


def at(clock: str, day: int = 18) -> datetime:
    """A moment of November 2024, UTC."""
    hour, minute = clock.split(":")
    return datetime(2024, 11, day, int(hour), int(minute), tzinfo=UTC)


def told(observations: list[Observation]) -> list[tuple[str, float, datetime]]:
    """Quotes as kind, price and when they could be seen; bars as ``bar``."""
    found: list[tuple[str, float, datetime]] = []
    for o in observations:
        if isinstance(o, Quote):
            assert o.at == o.seen_at
            found.append((o.kind.value, o.price, o.seen_at))
        elif isinstance(o, DailyBar):
            found.append(("bar", o.close, o.seen_at))
    return found


def test_a_session_is_known_open_first_then_at_its_close_low_high_close_and_bar(tmp_path: Path) -> None:
    columns = read_prices([Recording(tmp_path).prices(["A,2024-11-18,10,12,9,11,500"])])
    assert told(observed(columns)) == [
        ("open", 10.0, at("14:30")),
        ("low", 9.0, at("21:00")),
        ("high", 12.0, at("21:00")),
        ("close", 11.0, at("21:00")),
        ("bar", 11.0, at("21:00")),
    ]


def test_before_the_sessions_played_only_the_bar_is_made(tmp_path: Path) -> None:
    columns = read_prices([Recording(tmp_path).prices(["A,2024-11-18,10,12,9,11,500"])])
    assert told(observed(columns, played=False)) == [("bar", 11.0, at("21:00"))]


def test_a_bar_within_a_session_is_known_open_at_its_start_and_the_rest_at_its_end(tmp_path: Path) -> None:
    rows = [
        "A,2024-11-18T14:30:00Z,10,12,9,11,100",
        "A,2024-11-18T14:35:00Z,11,13,8,12,50",
        "A,2024-11-18T20:50:00Z,,,,12,10",
        "A,2024-11-18T20:55:00Z,12,14,7,13,25",
    ]
    columns = read_prices([Recording(tmp_path).prices(rows, header="symbol,start_at,open,high,low,close,volume")])
    found = observed(columns)
    assert told(found) == [
        ("open", 10.0, at("14:30")),
        ("low", 9.0, at("14:35")),
        ("high", 12.0, at("14:35")),
        ("trade", 11.0, at("14:35")),
        ("trade", 11.0, at("14:35")),
        ("low", 8.0, at("14:40")),
        ("high", 13.0, at("14:40")),
        ("trade", 12.0, at("14:40")),
        ("trade", 12.0, at("20:55")),
        ("bar", 13.0, at("21:00")),
        ("trade", 12.0, at("20:55")),
        ("low", 7.0, at("21:00")),
        ("high", 14.0, at("21:00")),
        ("close", 13.0, at("21:00")),
    ]
    volumes = [o.volume for o in found if isinstance(o, Quote) and o.volume is not None]
    assert volumes == [100.0, 150.0, 160.0, 185.0], "volume of a quote is the session's so far"


def test_a_bars_stated_end_counts_and_bars_of_pre_and_post_are_no_official_close(tmp_path: Path) -> None:
    rows = [
        "A,2024-11-18T10:00:00Z,2024-11-18T10:30:00Z,10",
        "A,2024-11-18T21:00:00Z,2024-11-18T22:00:00Z,11",
    ]
    columns = read_prices([Recording(tmp_path).prices(rows, header="symbol,start_at,end_at,close")])
    assert told(observed(columns)) == [("trade", 10.0, at("10:30")), ("trade", 11.0, at("22:00"))]


def test_the_usual_length_of_bars_is_not_shortened_by_one_odd_gap(tmp_path: Path) -> None:
    starts = ("14:00", "14:30", "15:30", "16:30", "17:30")
    rows = [f"A,2024-11-18T{clock}:00Z,10" for clock in starts]
    columns = read_prices([Recording(tmp_path).prices(rows, header="symbol,start_at,close")])
    ends = [o.seen_at for o in observed(columns) if isinstance(o, Quote)]
    assert ends == [at("14:30"), at("15:30"), at("16:30"), at("17:30"), at("18:30")]


def test_a_session_row_beside_bars_within_gives_the_official_close(tmp_path: Path) -> None:
    folder = Recording(tmp_path)
    whole = folder.prices(["A,2024-11-18,10,12,9,11,500"])
    within = folder.prices(["A,2024-11-18T20:00:00Z,10.5"], "within.csv", header="symbol,start_at,close")
    found = observed(read_prices([whole, within]))
    assert [o.price for o in found if isinstance(o, Quote) and o.kind is QuoteKind.CLOSE] == [11.0]
    assert [o.close for o in found if isinstance(o, DailyBar)] == [11.0]


CELLS = st.sampled_from(["1", "1", "1", "2.5", "3", "", "-", "0", "nan", "inf", " 2 ", "x", "1_0", "-4"])
DATES = ["2024-11-18", "2024-11-18", "2024-11-18", "2024-11-19", " 2024-11-20", "18.11.2024", "2024-11-18T22:00:00Z"]
ROWS = st.lists(
    st.tuples(st.sampled_from(["A", "A", "B", " B", "C", ""]), st.sampled_from(DATES), *[CELLS] * 5), max_size=9
)


@given(rows=ROWS, ordinary=st.booleans(), first=st.sampled_from([None, DAY, date(2024, 11, 19)]))
def test_rows_read_at_once_are_those_read_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], ordinary: bool, first: date | None
) -> None:
    if ordinary:
        rows = [(r[0].strip() or "A", DATES[3 * (len(r[2]) % 2)], *["2"] * 5) for r in rows]
    lines = [",".join(row) for row in rows]
    folder = Recording(tmp_path_factory.mktemp("rows"))
    header = "symbol,date,open,high,low,close,volume"
    at_once = folder.prices(lines, header=header)
    read = [read_prices([at_once], wanted={"A", "B"}, first=first)]
    # a column of starts, though empty, has rows read one by one
    at_once.write_text("\n".join([f"{header},start_at", *(f"{line}," for line in lines), ""]), encoding="utf-8")
    read.append(read_prices([at_once], wanted={"A", "B"}, first=first))
    event(f"ordinary {ordinary}, read {len(read[0]) > 0}")
    assert repr(read[0]) == repr(read[1])


def test_columns_stand_in_any_order_and_further_ones_are_passed_over(tmp_path: Path) -> None:
    header = "note,close,Symbol, date ,low"
    columns = read_prices([Recording(tmp_path).prices(["x,11,A,2024-11-18,9"], header=header)])
    assert told(observed(columns)) == [
        ("low", 9.0, at("21:00")),
        ("close", 11.0, at("21:00")),
        ("bar", 11.0, at("21:00")),
    ]


@pytest.mark.parametrize("volume", ["", "0", "12.5"])
def test_volume_may_be_missing_or_nothing(tmp_path: Path, volume: str) -> None:
    columns = read_prices([Recording(tmp_path).prices([f"A,2024-11-18,10,12,9,11,{volume}"])])
    assert not columns.problems
    bar = next(o for o in observed(columns) if isinstance(o, DailyBar))
    assert bar.volume == (float(volume) if volume else None)


@pytest.mark.parametrize("cell", ["nan", "inf", "-1", "x", "1e400"])
@pytest.mark.parametrize("column", range(5))
def test_a_figure_that_is_no_price_is_a_bad_row_in_every_column(tmp_path: Path, cell: str, column: int) -> None:
    figures = ["10", "12", "9", "11", "500"]
    figures[column] = cell
    folder = Recording(tmp_path)
    known = "A,2024-11-15,10,12,9,11,500"  # the same symbol and date seen before: the quick way of reading
    columns = read_prices(
        [folder.prices([known, f"A,2024-11-18,{','.join(figures)}", f"A,2024-11-15,{','.join(figures)}"])]
    )
    assert [p.line for p in columns.problems] == [3, 4]
    assert len(columns) == 1


def test_rows_outside_the_dates_and_of_other_symbols_are_counted_and_bad_ones_among_them_named(tmp_path: Path) -> None:
    rows = ["A,2024-11-18,1,1,1,1,1", "A,2023-01-03,1,1,1,1,1", "B,2024-11-18,1,1,1,1,1", "B,2023-01-03,1,1,1,zero,1"]
    columns = read_prices([Recording(tmp_path).prices(rows)], wanted=["A"], first=date(2024, 1, 1))
    assert (len(columns), columns.outside, dict(columns.unknown)) == (1, 1, {"B": 1})
    assert [p.line for p in columns.problems] == [5]


def test_a_symbol_whose_exchange_nobody_knows_is_one_problem(tmp_path: Path) -> None:
    def nowhere(symbol: str) -> Timetable:
        raise UsageError(f"{symbol}: no such exchange")

    columns = read_prices([Recording(tmp_path).prices(["A,2024-11-18,1,1,1,1,1", "A,2024-11-19,1,1,1,1,1"])])
    assert PriceSessions(columns, nowhere).days == []
    assert [p.message for p in columns.problems] == ["A: no such exchange"]


def test_parquet_says_what_the_same_csv_says(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        ("A", date(2024, 11, 18), 10.0, 12.0, 9.0, 11.0, 500),
        ("B", date(2024, 11, 18), None, None, None, 7.0, None),
    ]
    names = ["symbol", "date", "open", "high", "low", "close", "volume"]
    table = arrow.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
    parquet.write_table(table, tmp_path / "p.parquet")
    text = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    plain = observed(read_prices([Recording(tmp_path).prices(text)]))
    assert plain
    assert observed(read_prices([tmp_path / "p.parquet"])) == plain


def test_moments_and_bad_rows_of_parquet(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    starts = [datetime(2024, 11, 18, 15, tzinfo=UTC), datetime(2024, 11, 18, 15, 5, tzinfo=UTC)]
    parquet.write_table(
        arrow.table({"symbol": ["A", "A"], "start_at": starts, "close": [10.0, -1.0]}), tmp_path / "p.parquet"
    )
    columns = read_prices([tmp_path / "p.parquet"])
    assert [p.line for p in columns.problems] == [3]
    assert told(observed(columns)) == [("trade", 10.0, at("16:00"))]


def test_a_file_that_is_no_parquet_or_without_pyarrow_is_said_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    path.write_bytes(b"PAR0 nothing of the kind")
    with pytest.raises(UsageError, match=r"cannot be read as Parquet|EXTRAS=parquet"):
        read_prices([path])


@given(st.lists(st.integers(0, 40), max_size=30), st.permutations(range(12)))
def test_the_tape_is_in_order_of_seeing_whatever_the_exchanges_and_the_order_of_rows(
    minutes: list[int], order: list[int]
) -> None:
    columns = PriceColumns(symbols=["A", "7203.T"], files=[Path("p")])
    days = [date(2024, 11, 18) + timedelta(days=n) for n in (0, 1, 2, 3, 4, 7)]
    rows = [(position, day) for position in (0, 1) for day in days]
    for n in order:
        position, day = rows[n]
        columns.symbol.append(position)
        columns.day.append(day.toordinal())
        columns.start.append(-1.0)
        columns.end.append(-1.0)
        for column, value in zip(columns.figures, (10.0, 12.0, 9.0, 11.0, 5.0), strict=True):
            column.append(value)
        columns.file.append(0)
        columns.line.append(n)
    start = datetime(2024, 11, 17, tzinfo=UTC)
    stories = [Story(f"{n}:{m}", "s", "t", start + timedelta(hours=6 * m)) for n, m in enumerate(minutes)]
    tape = RollingTape(columns, PriceSessions(columns, timetable_of), stories, lambda _: True)
    steps = list(tape.steps())
    moments = [moment for moment, _ in steps]
    assert moments == sorted(set(moments))
    assert all(o.seen_at == moment for moment, group in steps for o in group)
    assert sum(len(group) for _, group in steps) == 5 * len(rows) + len(stories)
    assert (tape.first_at, tape.last_at) == (moments[0], moments[-1])
    half = moments[len(moments) // 2]
    assert [m for m, _ in tape.steps(half)] == [m for m in moments if m > half]


FRANKFURT = Timetable("XETR", ExchangeCalendar().sessions("XETR", date(2024, 10, 1), date(2024, 12, 31)))


@pytest.mark.parametrize(
    ("written", "symbol", "session"),
    [
        ("2024-11-17 23:00:00+00:00", "SAP.DE", "2024-11-18"),  # midnight in Berlin, a Monday
        ("2024-10-24 22:00:00+00:00", "SAP.DE", "2024-10-25"),  # and in summer
        ("2024-11-18 00:00:00+01:00", "SAP.DE", "2024-11-18"),
        ("2024-11-18T00:00:00+00:00", "SAP.DE", "2024-11-18"),
        ("2024-11-18 16:30:00+00:00", "SAP.DE", "2024-11-18"),  # its close
        ("2024-11-18 00:00:00-05:00", "NVDA", "2024-11-18"),
        ("2024-11-18 05:00:00+00:00", "NVDA", "2024-11-18"),
        ("2024-11-18 14:30:00+00:00", "NVDA", "2024-11-18"),
        ("2024-11-17 15:00:00+00:00", "6857.T", "2024-11-18"),  # midnight in Tokyo
        ("2024-11-18 00:00:00+09:00", "6857.T", "2024-11-18"),
        ("2024-11-18 22:00:00", "NVDA", "2024-11-18"),  # no offset: as written
        ("2024-11-15 23:00:00+00:00", "SAP.DE", None),  # a Saturday in Berlin
    ],
)
def test_the_offset_of_a_dated_row_counts(tmp_path: Path, written: str, symbol: str, session: str | None) -> None:
    columns = read_prices([Recording(tmp_path).prices([f"{symbol},{written},10,12,9,11,500"])])
    sessions = PriceSessions(columns, lambda s: FRANKFURT if s.endswith(".DE") else timetable_of(s))
    assert [str(day) for day in sessions.days] == ([session] if session else [])
    assert [p.message.partition(" is in")[0] for p in columns.problems] == ([] if session else ["2024-11-15 23:00 UTC"])


def test_a_row_dated_the_evening_before_is_within_the_dates_asked_for(tmp_path: Path) -> None:
    file = Recording(tmp_path).prices([f"SAP.DE,2024-11-{day} 23:00:00+00:00,10,12,9,11,500" for day in (17, 18, 19)])
    columns = read_prices([file], first=date(2024, 11, 18), last=date(2024, 11, 19))
    sessions = PriceSessions(columns, lambda _: FRANKFURT)
    assert [d.day for d in sessions.days] == [
        18,
        19,
        20,
    ]  # one more than asked for; what is played is decided by session


@pytest.mark.parametrize(
    ("header", "rows", "advice"),
    [
        ("Date,Open,High,Low,Close,Volume,Dividends,Stock Splits", "2024-11-01 00:00:00-04:00,1,1,1,1,1,0,0", "assign"),
        ("Price,Close,High,Low,Open,Volume", "Ticker,A,A,A,A,A", "auto_adjust=False"),
        ("Ticker,A,A,B,B", "Price,Open,Close,Open,Close", "auto_adjust=False"),
    ],
)
def test_what_yfinance_writes_is_refused_with_what_to_write_instead(
    tmp_path: Path, header: str, rows: str, advice: str
) -> None:
    with pytest.raises(UsageError, match=rf"this is what yfinance.*{advice}.*to_csv"):
        read_prices([Recording(tmp_path).prices([rows], header=header)])


WIDE = [
    "Ticker,AMD,SAP.DE,AMD,SAP.DE,AMD,SAP.DE,AMD,SAP.DE,AMD,SAP.DE,AMD,SAP.DE",
    "Date,,,,,,,,,,,,",
    "2025-01-27,114.1,260.0,115.0,262.1,120.5,263.0,113.2,259.0,119.0,261.0,900,70",
    "2025-01-28,,258.0,,260.2,,261.0,,257.0,,259.0,,80",
    "2025-01-29,116.1,259.0,117.3,261.2,118.5,262.0,x,258.0,117.0,260.0,800,90",
]
"""What ``yfinance.download(["AMD", "SAP.DE"], auto_adjust=False).to_csv()`` writes, under its first header."""


@pytest.mark.parametrize("by_ticker", [False, True])
def test_what_yfinance_writes_of_several_stocks_is_read_where_it_is_not_adjusted(
    tmp_path: Path, by_ticker: bool
) -> None:
    above = "Price,Adj Close,Adj Close,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume"
    header, rows = (WIDE[0], [above, *WIDE[1:]]) if by_ticker else (above, WIDE)
    file = Recording(tmp_path).prices(rows, header=header)
    look_at_prices(file)
    columns = read_prices([file])
    symbols = [columns.symbols[position] for position in columns.symbol]
    days = [date.fromordinal(day).day for day in columns.day]
    read = list(zip(symbols, days, columns.figures[3], columns.line, strict=True))
    assert read == [("AMD", 27, 115.0, 4), ("SAP.DE", 27, 262.1, 4), ("SAP.DE", 28, 260.2, 5), ("SAP.DE", 29, 261.2, 6)]
    assert [figure[1] for figure in columns.figures] == [261.0, 263.0, 259.0, 262.1, 70.0]
    [problem] = columns.problems
    assert problem.line == 6
    assert "low" in problem.message


def test_rows_that_look_like_a_split_or_another_unit_are_marked(tmp_path: Path) -> None:
    closes = {"A": [100, 101, 10.2, 10.1], "L": [612, 615, 6.16, 6.11, 610], "R": [100, 52.5, 104, 60]}
    rows = [f"{s},2024-11-{18 + n},,,,{c}," for s, values in closes.items() for n, c in enumerate(values)]
    marked = doubtful_rows(read_prices([Recording(tmp_path).prices(rows)]))
    assert [(p.line, p.message.partition(";")[0]) for p in marked] == [
        (4, "A 2024-11-20: 10.20 after 101.00 looks like a 10-for-1 split"),
        (8, "L 2024-11-20: 6.16 after 615.00 looks like another unit, as pounds among pence"),
        (9, "L 2024-11-21: 6.11 after 615.00 looks like another unit, as pounds among pence"),
        (13, "R 2024-11-20: 104.00 after 52.50 looks like a 1-for-2 reverse split"),
    ]


def test_a_unit_that_stays_is_marked_for_a_week_only(tmp_path: Path) -> None:
    rows = [f"L,2024-11-{day:02d},,,,{600 if day < 5 else 6}," for day in range(1, 30)]
    marked = doubtful_rows(read_prices([Recording(tmp_path).prices(rows)]))
    assert len(marked) == 5
