"""Prices on another basis: splits nobody lists, pounds among pence, dividends, a vendor's wrong previous close."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Absence, ChangeKind, DailyBar, Decisions, Observation, Quote, QuoteKind, Split
from bot.core.prices.basis import SPLIT_HELD_FOR, SPLITS, UNITS_HELD_FOR, previous_close, step_words
from bot.core.prices.market import Market
from bot.render import plain

from .worlds import at, close, engine, play, price, quote, rule, weekday_timetable

FALL = rule(when=price("< -10%"))
FRIDAY = close("NVDA", 100.0, "01-24")


def polls(values: dict[str, float], vendor: float | None = 100.0) -> list[Quote]:
    """A quote of NVDA at each of these times, with the vendor's previous close."""
    return [replace(quote("NVDA", value, when), previous_close=vendor) for when, value in values.items()]


def fired(decisions: list[Decisions]) -> list[tuple[str, float | None]]:
    return [
        (c.at.strftime("%H:%M"), round(c.alert.change, 3) if c.alert.change is not None else None)
        for d in decisions
        for c in d.changes
        if c.kind is ChangeKind.FIRED
    ]


def run(*observations: Observation) -> list[tuple[str, float | None]]:
    return fired(play(engine(FALL), list(observations)))


@pytest.mark.parametrize("ratio", SPLITS)
def test_a_split_that_nobody_lists_is_held_back_and_told_only_after_half_an_hour(ratio: float) -> None:
    minutes = {f"01-27 09:{minute:02d}": 100.0 / ratio * 1.01 for minute in range(40)}
    told = run(FRIDAY, quote("NVDA", 99.0, "01-24 20:00"), *polls(minutes))
    assert told[0][0] == "09:31", "half an hour, and a second quote as the rule asks"


def test_a_split_that_becomes_known_meanwhile_is_never_told() -> None:
    minutes = {f"01-27 09:{minute:02d}": 10.1 for minute in range(40)}
    split = Split("NVDA", date(2025, 1, 27), 10.0, at("01-27 09:05"))
    assert run(FRIDAY, quote("NVDA", 99.0, "01-24 20:00"), split, *polls(minutes)) == []


def test_a_split_the_vendor_has_taken_into_account_is_neither_held_nor_told() -> None:
    machine = engine(FALL)
    tape = [FRIDAY, quote("NVDA", 99.0, "01-24 20:00"), *polls({"01-27 09:00": 10.1, "01-27 09:01": 10.0}, vendor=10.0)]
    decisions = play(machine, tape)
    assert fired(decisions) == []
    assert not any(d.refused for d in decisions)


def test_a_real_fall_by_half_within_a_session_is_told_at_once() -> None:
    held = {"01-27 15:00": 98.0, "01-27 15:01": 50.0, "01-27 15:02": 49.0}
    assert run(FRIDAY, *polls(held)) == [("15:02", -0.51)]


def test_a_real_fall_by_half_overnight_costs_half_an_hour_and_one_that_is_no_split_none() -> None:
    before = FRIDAY, quote("NVDA", 99.0, "01-24 20:00")
    half = {f"01-27 09:{minute:02d}": 50.0 - minute / 100 for minute in range(40)}
    assert run(*before, *polls(half)) == [("09:31", -0.503)]
    assert run(*before, *polls({"01-27 09:00": 45.0, "01-27 09:01": 44.9})) == [("09:01", -0.551)]
    wanders = {"01-27 09:00": 50.0, "01-27 09:01": 50.2, "01-27 09:02": 46.0, "01-27 09:03": 45.8}
    assert run(*before, *polls(wanders)) == [("09:03", -0.542)], "what leaves the factor is a move"


def test_a_fall_after_hours_that_goes_on_in_the_morning_is_no_step() -> None:
    evening = polls({"01-24 20:00": 100.0, "01-24 21:30": 60.0, "01-24 21:31": 52.0, "01-24 21:32": 51.0})
    tape = [close("NVDA", 101.0, "01-23"), *evening, FRIDAY, *polls({"01-27 09:00": 50.5, "01-27 09:01": 50.0})]
    assert ("09:01", -0.5) in run(*tape)


@pytest.mark.parametrize("vendor", [100.0, 1.0, None])
def test_pounds_among_pence_are_never_told(vendor: float | None) -> None:
    minutes = {f"01-27 15:{minute:02d}": 0.99 for minute in range(59)}
    tape = [FRIDAY, quote("NVDA", 99.0, "01-24 20:00"), *polls(minutes, vendor), *polls({"01-28 15:00": 0.98}, vendor)]
    machine = engine(FALL)
    decisions = play(machine, tape)
    assert fired(decisions) == []
    (notice,) = [a for d in decisions for a in d.announcements]
    assert notice.summary.subject == "Price source: NVDA held back"
    back = machine.step(polls({"01-29 15:00": 99.0}), at("01-29 15:00"))
    assert [a.summary.subject for a in back.announcements] == ["Price source: NVDA works again"]


def test_a_unit_that_has_changed_for_good_is_believed_after_a_week() -> None:
    market = Market(lambda _: weekday_timetable())
    market.apply(FRIDAY)
    assert market.admit(quote("NVDA", 99.0, "01-24 20:00"), at("01-24 20:00")) is None
    for days in range(7):
        now = at("01-27 15:00") + timedelta(days=days)
        rejected = market.admit(replace(quote("NVDA", 0.99, "01-27 15:00"), at=now, seen_at=now), now)
        assert rejected is not None
        assert rejected.held
    now = at("01-27 15:00") + UNITS_HELD_FOR
    assert market.admit(replace(quote("NVDA", 0.99, "01-27 15:00"), at=now, seen_at=now), now) is None


def test_a_bar_in_pounds_among_bars_in_pence_is_read_in_pence() -> None:
    prices = Market(lambda _: weekday_timetable()).of("NVDA")
    days = ["01-20", "01-21", "01-22", "01-23", "01-24"]
    for day, value in zip(days, [600.0, 6.10, 6.05, 604.0, 6.06], strict=True):
        bar = close("NVDA", value, day)
        prices.add_bar(replace(bar, open=value, low=value, high=value))
    assert [round(c, 6) for _, c in prices.closes(date(2025, 1, 27), 5)] == [606.0, 604.0, 605.0, 610.0, 600.0]
    assert prices.bars[date(2025, 1, 21)].low == pytest.approx(610.0)


@pytest.mark.parametrize("vendor", [1000.0, 10.0, 10_000.0, 300.0, 30.0])
def test_a_previous_close_that_our_bars_contradict_is_not_used(vendor: float) -> None:
    calm = polls({"01-27 15:00": 99.0, "01-27 15:01": 98.0}, vendor)
    assert run(FRIDAY, *calm) == []
    fall = polls({"01-27 15:00": 99.0, "01-27 15:01": 84.0, "01-27 15:02": 83.0}, vendor)
    assert run(FRIDAY, *fall) == [("15:02", -0.17)]


def test_without_bars_a_close_far_from_the_last_price_is_not_used_either() -> None:
    calm = polls({"01-27 15:00": 99.0, "01-27 15:01": 98.0}, 1000.0)
    assert run(quote("NVDA", 100.0, "01-24 20:00"), *calm) == []


def test_a_previous_close_that_moved_on_too_early_does_not_hide_the_fall() -> None:
    """After the session's date is over, some vendors state today's close as the previous one."""
    fall = polls({"01-27 15:00": 99.0, "01-27 15:01": 70.0})
    later = polls({"01-27 21:30": 70.5, "01-27 21:31": 70.4}, vendor=70.0)
    assert run(FRIDAY, *fall, *later) == [("21:30", -0.295)]


def test_a_split_listed_in_the_middle_of_a_session_is_no_fall_once_the_vendor_states_the_close_by_it() -> None:
    late = polls({"01-27 15:01": 10.0, "01-27 15:02": 10.1}, vendor=10.0)
    assert run(FRIDAY, *polls({"01-27 15:00": 99.0}), *late) == []


def test_a_special_dividend_is_no_fall_and_a_fall_on_top_of_it_is_measured_without_it() -> None:
    dividend = Split("NVDA", date(2025, 1, 27), 100 / 88, at("01-27 08:30"), cash=12.0)
    assert run(FRIDAY, dividend, *polls({"01-27 09:00": 88.1, "01-27 09:01": 88.0})) == []
    assert run(FRIDAY, dividend, *polls({"01-27 09:00": 74.9, "01-27 09:01": 74.8})) == [("09:01", -0.15)]


def test_every_reference_is_without_a_dividend_whenever_the_bar_was_read_and_shares_stay_shares() -> None:
    prices = Market(lambda _: weekday_timetable()).of("NVDA")
    prices.add_bar(replace(close("NVDA", 100.0, "01-23"), seen_at=at("01-30 10:00"), volume=1e6))
    prices.add_bar(replace(FRIDAY, high=110.0))
    prices.add_quote(quote("NVDA", 100.0, "01-24 20:00"))
    prices.add_split(Split("NVDA", date(2025, 1, 27), 100 / 88, at("01-27 08:30"), cash=12.0))
    assert [c for _, c in prices.closes(date(2025, 1, 27), 2)] == pytest.approx([88.0, 88.0])
    session = prices.timetable.on(date(2025, 1, 27))
    assert session is not None
    high = prices.highest(session, 2)
    assert high is not None
    assert high.price == pytest.approx(96.8)
    assert prices.rebased(prices.quotes[0]) == pytest.approx(88.0)
    assert prices.shares(prices.bars[date(2025, 1, 23)]) == 1e6


def test_an_official_close_is_not_held_back_for_a_split() -> None:
    end = replace(quote("NVDA", 50.0, "01-27 21:00", QuoteKind.CLOSE), previous_close=100.0)
    assert run(FRIDAY, quote("NVDA", 99.0, "01-24 20:00"), end) == [("21:00", -0.5)]


def test_what_was_believed_is_not_held_back_again_after_a_restart() -> None:
    believed = [FRIDAY, quote("NVDA", 99.0, "01-24 20:00"), *polls({"01-27 09:11": 50.0, "01-27 09:12": 49.9})]
    machine = engine(FALL)
    machine.restore(believed, (), (), at("01-27 09:12"))
    assert [q.price for q in machine.market.of("NVDA").quotes] == [99.0, 50.0, 49.9]


def test_the_report_of_a_price_held_back_says_so() -> None:
    decisions = play(engine(FALL), [FRIDAY, quote("NVDA", 99.0, "01-24 20:00"), *polls({"01-27 09:00": 10.0})])
    (refused,) = [r for d in decisions for r in d.refused]
    assert refused.why == "held back: it looks like a 10-for-1 split"
    assert Absence.HELD_BACK.value == "held back"


THURSDAY_TO_FRIDAY = (FRIDAY, quote("NVDA", 99.0, "01-24 20:00"))
HELD_ON = {"01-27 15:00": 10.0, "01-27 15:31": 10.1, "01-27 15:32": 10.0, "01-27 15:33": 10.0}


def doubts(*observations: Observation) -> list[str]:
    """What the prices of the alerts look like besides a move."""
    return [
        c.alert.doubt for d in play(engine(FALL), list(observations)) for c in d.changes if c.kind is ChangeKind.FIRED
    ]


def test_an_alert_on_a_price_that_was_held_back_and_never_confirmed_says_so() -> None:
    assert doubts(*THURSDAY_TO_FRIDAY, *polls(HELD_ON)) == ["a 10-for-1 split"]


def test_an_official_close_is_not_held_back_but_its_alert_is_marked() -> None:
    last = replace(quote("NVDA", 10.0, "01-27 21:00"), kind=QuoteKind.CLOSE)
    assert doubts(*THURSDAY_TO_FRIDAY, last) == ["a 10-for-1 split"]


def test_a_fall_of_half_that_came_bit_by_bit_is_not_marked() -> None:
    slide = {f"01-27 15:{n:02}": 99.0 - 2.5 * n for n in range(21)}
    assert doubts(*THURSDAY_TO_FRIDAY, *polls(slide)) == [""]
    crash = {"01-27 15:00": 95.0, "01-27 15:01": 49.5, "01-27 15:02": 49.4}
    assert doubts(*THURSDAY_TO_FRIDAY, *polls(crash)) == [""], "splits come into force between sessions"


def test_the_mark_is_the_same_after_a_restart_and_in_the_message() -> None:
    observations = [*THURSDAY_TO_FRIDAY, *polls(HELD_ON)]
    first, second = engine(FALL), engine(FALL)
    told = play(first, observations)
    message = next(a for d in told for a in d.announcements if not a.for_operator)
    assert "(looks like a 10-for-1 split)" in message.summary.subject
    assert "NVDA: the price looks like a 10-for-1 split." in plain(message.summary)
    admitted = first.market.of("NVDA").quotes
    second.restore([FRIDAY, *admitted[:-1]], (), (), at("01-27 15:32"))
    (alert,) = [c.alert for c in second.step([admitted[-1]], at("01-27 15:33")).changes]
    assert alert.doubt == "a 10-for-1 split"


positive = st.floats(1e-3, 1e6)


@given(positive, st.floats(0.53, 1.9))
def test_no_ordinary_move_is_ever_held_back(before: float, move: float) -> None:
    assert step_words(before, before * move) == ""


@given(st.none() | positive, st.none() | positive, positive, positive)
def test_the_previous_close_is_one_of_the_two_and_ours_where_they_agree(
    own: float | None, vendor: float | None, first: float, latest: float
) -> None:
    found = previous_close(own, vendor, first, latest)
    assert found in (own, vendor)
    if own is not None and vendor is not None and abs(own / vendor - 1) < 0.19:
        assert found == own


@given(st.lists(positive, min_size=1, max_size=30))
def test_nothing_is_held_back_for_ever(values: list[float]) -> None:
    """Whatever the prices, a poll that repeats its price is believed in the end."""
    market = Market(lambda _: weekday_timetable())
    now = at("01-27 15:00")
    for n, value in enumerate(values):
        now = at("01-27 15:00") + timedelta(minutes=n)
        market.admit(Quote("NVDA", value, now, now), now)
    last = market.of("NVDA").last
    if last is not None and not 1e-3 < values[-1] / last.price < 1e3:
        return  # refused as absurd, which is another matter
    until = now + UNITS_HELD_FOR + SPLIT_HELD_FOR
    market.admit(Quote("NVDA", values[-1], now, until), now)
    repeated = Quote("NVDA", values[-1], until, until)
    assert market.admit(repeated, until) is None


def test_bars_are_as_before_where_nothing_is_odd() -> None:
    prices = Market(lambda _: weekday_timetable()).of("NVDA")
    bar = DailyBar("NVDA", date(2025, 1, 24), 50.0, at("01-24 21:00"))
    prices.add_bar(close("NVDA", 100.0, "01-23"))
    prices.add_bar(bar)
    assert prices.bars[bar.session] == bar
