"""The notation of prices: what each form means, and that every mistake is reported at its character."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.rule_tests.series import Series, SeriesClock, SeriesMistake, parse_series
from bot.core.model import QuoteKind

SESSION = date(2025, 1, 27)


def parse(text: str, zone: str = "UTC", symbol: str = "NVDA") -> tuple[Series, list[SeriesMistake]]:
    """The series and its mistakes."""
    return parse_series(text, SeriesClock(SESSION, ZoneInfo(zone)), symbol)


def marks(text: str, zone: str = "UTC") -> list[tuple[str, float, str]]:
    """Time, price and kind of every mark of a series without mistakes."""
    series, mistakes = parse(text, zone)
    assert mistakes == []
    return [(f"{m.at:%d %H:%M:%S}", m.price, m.kind.value) for m in series.marks]


def closes(text: str) -> list[float]:
    """The closes of a series without mistakes."""
    series, mistakes = parse(text)
    assert mistakes == []
    return [c.price for c in series.closes]


def test_a_bare_number_is_the_previous_close() -> None:
    assert closes("142.62") == [142.62]
    assert marks("142.62") == []


def test_closes_repeat_and_climb_and_the_last_is_the_previous_close() -> None:
    assert closes("3x100 142.62 | 09:00 1") == [100, 100, 100, 142.62]
    assert closes("3x90..100 |") == [90, 95, 100]


def test_without_a_bar_times_begin_at_once() -> None:
    assert marks("09:00 133.37, 10:00 128.14 low") == [("27 09:00:00", 133.37, "trade"), ("27 10:00:00", 128.14, "low")]


def test_several_prices_in_a_row_have_the_given_interval() -> None:
    assert [m[0] for m in marks("15:00 3x90 every 30s")] == ["27 15:00:00", "27 15:00:30", "27 15:01:00"]
    assert [m[1] for m in marks("15:00 3x100..90")] == [100, 95, 90]


def test_percentages_are_of_the_previous_close_and_after_a_close_of_that() -> None:
    assert marks("200 | 14:30 -10% open 21:00 100 close 2025-01-28 14:30 +5%") == [
        ("27 14:30:00", 180, "open"),
        ("27 21:00:00", 100, "close"),
        ("28 14:30:00", 105, "trade"),
    ]


def test_times_are_those_of_the_zone() -> None:
    assert marks("09:30 1", "America/New_York")[0][0] == "27 14:30:00"
    assert marks("2025-07-28 09:30 1", "America/New_York")[0][0] == "28 13:30:00"


def test_a_date_may_leave_the_year_out_and_a_moment_may_be_written_whole() -> None:
    assert [m[0] for m in marks("01-28 15:00 1, 15:01 1, 2025-01-29T15:02:03Z 1")] == [
        "28 15:00:00",
        "28 15:01:00",
        "29 15:02:03",
    ]


def test_volumes_go_with_closes_and_prices() -> None:
    series, _ = parse("2x100 v2M | 15:00 90 v2.5k low")
    assert [c.volume for c in series.closes] == [2e6, 2e6]
    assert [(m.volume, m.kind) for m in series.marks] == [(2500, QuoteKind.LOW)]


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("142.62 | 09:00", 9, "a time without a price"),
        ("142.62 | 128.14", 9, "has no time before it"),
        ("142.62 | 09:00 128 127", 19, "is a second price"),
        ("142.62 | 10:00 128, 09:00 127", 20, "put the prices in order"),
        ("142.62 | 25:00 128", 9, "there is no time 25:00"),
        ("142.62 | 2025-02-30 09:00 128", 9, "there is no date"),
        ("| 09:00 -10%", 2, "has no previous close"),
        ("0 |", 0, "not above 0"),
        ("142.62 | 09:00 -100%", 9, "not above 0"),
        ("142.62 | 09:00 128 lo", 19, "is not understood"),
        ("142.62 | 09:00 128 every", 19, "has no duration"),
        ("142.62 | 09:00 128 every soon", 19, "is not a duration"),
        ("nothing | 09:00 1", 0, "is not a close"),
        ("-5% | 09:00 1", 0, "is not a close"),
        ("9999x1 |", 0, "9999 closes"),
        ("v2M 100 |", 0, "no close before it"),
        ("| 09:00 5x90~1%", 8, "only closes before the bar can vary"),
    ],
)
def test_a_mistake_is_reported_at_its_character(text: str, at: int, message: str) -> None:
    _, mistakes = parse(text)
    assert [(s.at, message in s.message) for s in mistakes] == [(at, True)], mistakes


def test_all_mistakes_in_a_series_are_reported_at_once() -> None:
    _, mistakes = parse("x y | 09:00 z, 10:00, 11:00 -1%")
    assert [s.at for s in mistakes] == [0, 2, 12, 15, 22]


def test_a_time_without_a_date_needs_a_session() -> None:
    _, mistakes = parse_series("09:00 1", SeriesClock(None, ZoneInfo("UTC")), "NVDA")
    assert "set 'session'" in mistakes[0].message


@given(st.text(alphabet="0123456789:.|x~%v+-,M abce", max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    series, mistakes = parse(text)
    assert all(0 <= mistake.at <= len(text) for mistake in mistakes)
    assert all(close.price > 0 for close in series.closes)
    assert [m.at for m in series.marks] == sorted(m.at for m in series.marks)


@given(st.integers(2, 200), st.floats(0.1, 20), st.sampled_from(["NVDA", "SPY", "6857.T"]))
def test_closes_wobble_within_bounds_and_the_same_way_in_every_run(count: int, percent: float, symbol: str) -> None:
    text = f"{count}x100~{percent:.2f} |".replace(" |", "% |")
    first, second = parse(text, symbol=symbol)[0], parse(text, symbol=symbol)[0]
    assert first == second
    assert all(abs(c.price / 100 - 1) <= round(percent, 2) / 100 + 1e-6 for c in first.closes)
    assert len({c.price for c in first.closes}) > 1


def test_two_symbols_wobble_differently() -> None:
    text = "50x100~1% |"
    assert parse(text, symbol="NVDA")[0] != parse(text, symbol="AMD")[0]


@given(st.lists(st.tuples(st.integers(0, 86399), st.floats(0.01, 9999)), max_size=20))
def test_what_is_written_is_what_is_read(points: list[tuple[int, float]]) -> None:
    midnight = datetime(2025, 1, 27, tzinfo=UTC)
    wanted = [(midnight + timedelta(seconds=s), round(p, 4)) for s, p in sorted(points)]
    series, mistakes = parse("100 | " + ", ".join(f"{at:%H:%M:%S} {price:.4f}" for at, price in wanted if price > 0))
    assert mistakes == []
    assert [(m.at, m.price) for m in series.marks] == wanted
