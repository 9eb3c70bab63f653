"""Comparisons and spans: what is read, what is refused, and where exactly they end."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.prices.windows import (
    LONGEST,
    Since,
    Span,
    format_duration,
    parse_duration,
    parse_duration_or_zero,
    parse_since,
    parse_span,
)
from bot.core.rules.comparison import Comparison, parse_comparison


@pytest.mark.parametrize(
    ("text", "below", "at", "above"),
    [
        ("< 2", True, False, False),
        ("<= 2", True, True, False),
        ("> 2", False, False, True),
        (">= 2", False, True, True),
        ("between 2 and 3", False, True, True),
        ("between 1 and 2", True, True, False),
    ],
)
def test_a_comparison_is_exact_at_its_limit(text: str, below: bool, at: bool, above: bool) -> None:
    comparison = parse_comparison(text)
    assert [comparison.holds(v) for v in (2 - 1e-8, 2.0, 2 + 1e-8)] == [below, at, above]
    assert not comparison.holds(math.nan)


@pytest.mark.parametrize("text", ["< -10%", ">= 3", "between -5% and -2%"])
def test_a_comparison_equals_itself(text: str) -> None:
    comparison = parse_comparison(text)
    numbers = [comparison.limit, comparison.upper]
    assert numbers == [float(str(number)) for number in numbers], "no NaN, which equals nothing"
    assert str(comparison) == text


@given(st.integers(-99, 500), st.integers(1, 100_000))
def test_a_return_of_exactly_so_many_percent_is_at_the_limit(percent: int, cents: int) -> None:
    reference = cents * 100 / 100
    price = cents * (100 + percent) / 100
    change = price / reference - 1
    assert parse_comparison(f">= {percent}%").holds(change)
    assert parse_comparison(f"<= {percent}%").holds(change)
    assert not parse_comparison(f"< {percent}%").holds(change)
    assert not parse_comparison(f"> {percent}%").holds(change)


def test_a_comparison_knows_its_direction() -> None:
    falling = {op: Comparison(op, 1.0).falling for op in ("<", "<=", ">", ">=", "between")}
    assert falling == {"<": True, "<=": True, ">": False, ">=": False, "between": False}


@pytest.mark.parametrize(
    ("text", "percent", "meant"),
    [
        ("< -10%", True, Comparison("<", -0.1, percent=True)),
        (" <−10 % ", True, Comparison("<", -0.1, percent=True)),
        ("≥ 0.5", False, Comparison(">=", 0.5)),
        (">=+3", None, Comparison(">=", 3.0)),
        ("between -12% and -10%", None, Comparison("between", -0.12, -0.1, percent=True)),
        ("between  1  and  2.5", False, Comparison("between", 1.0, 2.5)),
    ],
)
def test_a_comparison_is_read_as_people_write_it(text: str, percent: bool | None, meant: Comparison) -> None:
    found = parse_comparison(text, percent=percent)
    assert (found.op, found.limit, found.percent) == (meant.op, meant.limit, meant.percent)
    assert found.upper == meant.upper or (math.isnan(found.upper) and math.isnan(meant.upper))


@pytest.mark.parametrize(
    ("text", "percent", "said"),
    [
        ("-10%", True, 'write for example "< -10%"'),
        ("0.5", False, 'write for example ">= 0.5"'),
        ("< -10", True, 'write "< -10%"'),
        ("< -0.03", True, 'write "< -3%", or "< -0.03%" where so little is meant'),
        ("< -2,5%", True, "write a point, like < -2.5%"),
        ("between 1 and 2", True, "write both numbers with %"),
        ("> 5%", False, "write it without %"),
        ("between 1% and 2", None, "write both ends the same way"),
        ("between 2 and 1", None, "the smaller number comes first"),
        ("between 2 and 2", None, "the smaller number comes first"),
        ("< " + "9" * 400, None, "too large"),
        ("< 5\n", True, "lacks a %"),
        ("< ٣%", True, "is not a comparison"),
    ],
)
def test_what_is_no_comparison_says_what_to_write(text: str, percent: bool | None, said: str) -> None:
    with pytest.raises(ValueError, match=r"; write|; the smaller") as caught:
        parse_comparison(text, percent=percent)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("5d", timedelta(days=5)),
        ("1w", timedelta(weeks=1)),
        ("1.5 h", timedelta(minutes=90)),
        ("3660d", LONGEST),
    ],
)
def test_a_duration_is_read(text: str, meant: timedelta) -> None:
    assert parse_duration(text) == parse_duration_or_zero(text) == meant


@pytest.mark.parametrize("text", ["", "0s", "0.0h", "5", "5 x", "-5m", "3661d", "1h30m", "5m\nx"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="; write"):
        parse_duration(text)


def test_zero_is_a_duration_where_it_may_be() -> None:
    assert parse_duration_or_zero("0s") == timedelta()
    assert format_duration(timedelta()) == "0s"


@given(st.integers(1, 10_000_000))
def test_a_duration_is_written_in_the_largest_unit_that_divides_it(seconds: int) -> None:
    text = format_duration(timedelta(seconds=seconds))
    assert parse_duration(text) == timedelta(seconds=seconds)
    sizes = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
    assert sizes[text[-1]] == max(size for size in sizes.values() if seconds % size == 0)


@pytest.mark.parametrize(
    ("text", "meant", "longest"),
    [
        ("1 session", Span(sessions=1), timedelta(days=6)),
        ("5  sessions", Span(sessions=5), timedelta(days=11)),
        ("2h", Span(duration=timedelta(hours=2)), timedelta(hours=2)),
    ],
)
def test_a_span_is_sessions_or_a_duration(text: str, meant: Span, longest: timedelta) -> None:
    assert parse_span(text) == meant
    assert meant.longest == longest
    assert str(meant) == " ".join(text.split())


@pytest.mark.parametrize("text", ["0 sessions", "sessions", "1 day", "five sessions", "-1 sessions", ""])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="; write"):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("previous  close", Since("previous close")),
        ("open", Since("open")),
        ("story", Since("story")),
        ("30m", Since("duration", duration=timedelta(minutes=30))),
        ("1 session", Since("sessions", 1)),
        ("3 sessions", Since("sessions", 3)),
        ("high of 1 session", Since("high", 1)),
        ("low of 20 sessions", Since("low", 20)),
    ],
)
def test_since_is_read_and_written(text: str, meant: Since) -> None:
    assert parse_since(text) == meant
    assert parse_since(str(meant)) == meant


@pytest.mark.parametrize("text", ["close", "high of 0 sessions", "high of sessions", "yesterday", "0 sessions", ""])
def test_what_nothing_is_measured_since_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="; write"):
        parse_since(text)
