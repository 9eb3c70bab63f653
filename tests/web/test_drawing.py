"""The drawing of prices: everything on the sheet, in order, and as honest as the prices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.drawing import MOST, QUIET, PricePoint, drawing, thinned

BEGAN = datetime(2025, 1, 27, 9, 0, tzinfo=UTC)


def prices(*given: tuple[float, float]) -> list[PricePoint]:
    """Hours after the beginning, and the price then."""
    return [PricePoint(BEGAN + timedelta(hours=hours), price) for hours, price in given]


steps = st.lists(st.tuples(st.floats(0.01, 30), st.floats(0.0001, 1e6)), min_size=3, max_size=60)


@given(steps, st.none() | st.floats(0.0001, 1e6))
def test_all_of_it_is_on_the_sheet_and_runs_from_left_to_right(
    given: list[tuple[float, float]], reference: float | None
) -> None:
    at, known = 0.0, []
    for wait, price in given:
        at += wait
        known.append(PricePoint(BEGAN + timedelta(hours=at), price))
    drawn = drawing(known, reference, [(known[1].at, "alert")])
    assert drawn is not None
    flat = [place for line in drawn.lines for place in line]
    assert len(flat) == len(known)
    assert all(-1e-9 <= x <= 1 + 1e-9 and -1e-9 <= y <= 1 + 1e-9 for x, y in flat)
    assert [x for x, _ in flat] == sorted(x for x, _ in flat)
    highest = max(known, key=lambda p: p.price)
    assert flat[known.index(highest)][1] == min(y for _, y in flat)
    assert drawn.lowest.price == min(p.price for p in known)
    assert all(0 <= label.place <= 1 for label in (*drawn.times, *drawn.prices, *drawn.marks))
    assert drawn.times
    places = [label.place for label in drawn.times]
    assert all(later - sooner >= 0.059 for sooner, later in pairwise(places))


def test_nights_are_left_out_and_the_line_is_broken_there() -> None:
    day = [(h, 100.0 - h) for h in range(8)]
    night = QUIET.total_seconds() / 3600 + 9
    drawn = drawing(prices(*day, *((h + night + 7, p) for h, p in day)))
    assert drawn is not None
    assert [len(line) for line in drawn.lines] == [8, 8]
    (first, second) = drawn.lines
    assert second[0][0] - first[-1][0] < 0.05
    assert first[-1][0] == pytest.approx(0.5, abs=0.02)


def test_a_session_of_which_only_both_ends_are_known_is_one_line() -> None:
    drawn = drawing(prices((0, 100.0), (6.5, 90.0), (24, 91.0), (30.5, 92.0)))
    assert drawn is not None
    assert [len(line) for line in drawn.lines] == [2, 2]


def test_a_day_is_labelled_where_its_session_begins() -> None:
    friday = [(h - 96.0 + 24, 100.0) for h in range(16)]  # from 24 Jan 09:00 until 25 Jan 00:00
    monday = [(float(h), 90.0) for h in range(16)]
    before = (friday[0][0] - 12, 101.0)  # a single price of Thursday's
    drawn = drawing(prices(before, *friday, *monday))
    assert drawn is not None
    days = [(label.text, label.place) for label in drawn.times if ":" not in label.text]
    assert [text for text, _ in days] == ["24 Jan", "27 Jan"]
    assert [place for _, place in days] == [drawn.lines[1][0][0], drawn.lines[2][0][0]]


def test_midnights_are_labelled_where_prices_go_on_for_days() -> None:
    drawn = drawing(prices(*((float(h), 100.0) for h in range(72))))
    assert drawn is not None
    assert [label.text for label in drawn.times if ":" not in label.text] == ["27 Jan", "28 Jan", "29 Jan", "30 Jan"]


def test_only_moments_within_are_marked() -> None:
    known = prices((0, 1.0), (1, 2.0), (2, 1.5))
    early, late = BEGAN - timedelta(days=7), BEGAN + timedelta(days=7)
    drawn = drawing(known, 2.0, [(early, "news"), (known[1].at, "alert"), (late, "later")])
    assert drawn is not None
    assert [(mark.text, round(mark.place, 2)) for mark in drawn.marks] == [("alert", 0.5)]


def test_where_two_marks_are_near_their_words_stand_apart() -> None:
    known = prices(*((h, 100.0) for h in range(11)))
    drawn = drawing(known, None, [(known[4].at, "news"), (known[5].at, "alert")])
    assert drawn is not None
    assert [mark.before for mark in drawn.marks] == [True, False]


def test_too_few_prices_are_no_drawing() -> None:
    assert drawing(prices((0, 1.0), (1, 2.0))) is None


def test_prices_that_never_move_are_a_line() -> None:
    drawn = drawing(prices((0, 5.0), (1, 5.0), (2, 5.0)))
    assert drawn is not None
    assert len({y for line in drawn.lines for _, y in line}) == 1


@given(st.lists(st.floats(1, 1000), min_size=3, max_size=3 * MOST), st.integers(2, 50))
def test_thinned_keeps_both_ends_the_lowest_and_the_highest(values: list[float], most: int) -> None:
    known = prices(*((n / 60, value) for n, value in enumerate(values)))
    kept = thinned(known, most)
    assert len(kept) <= max(most, 2) + 2 or len(kept) == len(known) <= most
    assert (kept[0], kept[-1]) == (known[0], known[-1])
    assert min(p.price for p in kept) == min(values)
    assert max(p.price for p in kept) == max(values)
    assert [p.at for p in kept] == sorted(p.at for p in kept)


@pytest.mark.parametrize(
    ("low", "high"), [(116.7, 147.2), (0.011, 0.019), (1.0, 1.01), (99_000.0, 100_500.0), (5.0, 50.0), (0.2, 7.9)]
)
def test_prices_are_labelled_at_round_values_within(low: float, high: float) -> None:
    drawn = drawing(prices((0, low), (1, high), (2, low)))
    assert drawn is not None
    assert 2 <= len(drawn.prices) <= 6
    shown = [float(label.text.replace(",", "")) for label in drawn.prices]
    assert all(low * 0.999 <= value <= high * 1.001 for value in shown)
    assert len(set(shown)) == len(shown)
