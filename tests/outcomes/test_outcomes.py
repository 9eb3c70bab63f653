"""What the price had become: which price counts, on which basis, and that nothing comes from the future."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.incidents.outcomes import Horizon, Outcome, outcomes_of
from bot.core.model import DailyBar, Quote, QuoteKind, Split
from tests.core.real_sessions import timetable
from tests.outcomes.prices import LATER, MINUTE, Observed, alert, bar, prices, split, trade, utc

QUARTER, HOUR, CLOSE, ONE, FIVE, TWENTY = Horizon
LOW, HIGH, OPEN = QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.OPEN
FIRED = "2025-01-27 15:00"


def found(
    *observed: Observed, fired: str = FIRED, at: datetime = LATER, exchange: str = "XNYS", session: str = ""
) -> dict[Horizon, float]:
    """The outcomes' prices of an alert that fired at 80."""
    told = outcomes_of(alert(fired, session, exchange), prices(*observed, exchange=exchange), at)
    return {o.horizon: o.price for o in told}


def test_returns_are_against_the_price_fired_on_and_against_the_level_before_the_fall() -> None:
    held = prices(trade("2025-01-27 15:15", 84.0), bar("2025-01-27", 76.0), bar("2025-01-28", 100.0))
    told = outcomes_of(alert(FIRED), held, LATER)
    assert [o.horizon for o in told] == [QUARTER, CLOSE, ONE]
    assert [o.change for o in told] == pytest.approx([0.05, -0.05, 0.25])
    assert [o.change_from_reference for o in told] == pytest.approx([-0.16, -0.24, 0.0])
    assert told[0] == Outcome(
        "a1", QUARTER, utc("2025-01-27 15:15"), utc("2025-01-27 15:15"), 84.0, 84 / 80 - 1, 84 / 100 - 1
    )
    assert told[2].due_at == told[2].at == utc("2025-01-28 21:00")


def test_without_a_reference_there_is_no_level_to_compare_with() -> None:
    (told,) = outcomes_of(alert(FIRED, reference=None, change=None), prices(bar("2025-01-27", 76.0)), LATER)
    assert told.change == pytest.approx(-0.05)
    assert told.change_from_reference is None


@pytest.mark.parametrize(
    ("quotes", "quarter"),
    [
        ([("15:14", 1.0), ("15:15", 2.0), ("15:16", 3.0)], 2.0),
        ([("15:14", 1.0), ("15:29", 3.0)], 3.0),  # the first at or after
        ([("15:14", 1.0), ("15:31", 3.0)], None),  # a quarter of an hour late says something of half an hour
        ([("15:14", 1.0)], None),
        ([], None),
    ],
)
def test_the_first_price_from_the_moment_on_counts_unless_it_is_far_from_it(
    quotes: list[tuple[str, float]], quarter: float | None
) -> None:
    assert found(*(trade(f"2025-01-27 {at}", price) for at, price in quotes)).get(QUARTER) == quarter


def test_a_low_or_high_dated_to_the_end_of_its_bar_is_no_price_of_that_moment() -> None:
    marks = [trade("2025-01-27 15:15", 1.0, LOW), trade("2025-01-27 15:15", 9.0, HIGH)]
    assert QUARTER not in found(*marks)
    assert found(*marks, trade("2025-01-27 15:20", 5.0, OPEN))[QUARTER] == 5.0


@pytest.mark.parametrize(
    ("fired", "quotes", "quarter"),
    [
        ("00:50", ["00:52", "00:59"], 59.0),  # the last one before the end of post
        ("00:50", ["00:50"], None),  # the one it fired on is not what followed
        ("00:50", ["00:52", "01:00"], 60.0),
        ("00:40", ["00:50"], 50.0),  # no trade in the session's last minutes
        ("00:20", ["00:30"], None),  # half an hour without one before the end
    ],
)
def test_where_the_session_ends_first_its_last_price_counts(
    fired: str, quotes: list[str], quarter: float | None
) -> None:
    day = "2025-01-28"
    observed = [trade(f"{day} {at}", float(at[3:]) or 60.0) for at in quotes]
    assert found(*observed, fired=f"{day} {fired}", session="2025-01-27").get(QUARTER) == quarter


def test_the_last_price_of_a_session_is_waited_for() -> None:
    observed = [trade("2025-01-28 00:52", 81.0), trade("2025-01-28 00:59", 82.0, seen="2025-01-28 01:20")]
    asked = [
        found(*observed, fired="2025-01-28 00:50", session="2025-01-27", at=utc(f"2025-01-28 {at}")).get(QUARTER)
        for at in ("01:00", "01:59", "02:00")
    ]
    assert asked == [None, None, 82.0]


def test_no_price_of_the_next_session_passes_for_one_of_the_evening() -> None:
    next_morning = trade("2025-01-28 09:00", 70.0)
    assert found(next_morning, fired="2025-01-28 00:50", session="2025-01-27") == {}


def test_a_tokyo_alert_before_lunch_is_measured_after_it() -> None:
    observed = [trade("2025-01-27 02:29", 81.0), trade("2025-01-27 03:35", 82.0), trade("2025-01-27 03:40", 83.0)]
    assert found(*observed, fired="2025-01-27 02:25", exchange="XTKS") == {QUARTER: 83.0}


def test_a_late_alert_is_measured_in_the_session_it_came_in() -> None:
    observed = [
        *(bar("2025-01-27", 79.0), bar("2025-01-28", 77.0), bar("2025-01-29", 76.0)),
        trade("2025-01-28 15:15", 78.0),
    ]
    told = found(*observed, fired="2025-01-28 15:00", session="2025-01-27")
    assert told == {QUARTER: 78.0, ONE: 77.0}, "the close of its own session was over"


def test_an_official_close_is_the_bars_or_the_quotes_and_nothing_else() -> None:
    last = trade("2025-01-27 20:59", 75.0)
    assert CLOSE not in found(last)
    assert found(last, trade("2025-01-27 21:00", 76.0, QuoteKind.CLOSE))[CLOSE] == 76.0
    assert found(last, bar("2025-01-27", 77.0))[CLOSE] == 77.0
    missing = found(bar("2025-01-27", 77.0), bar("2025-01-29", 70.0), bar("2025-02-03", 90.0))
    assert missing == {CLOSE: 77.0, FIVE: 90.0}, "the bar of the 28th is missing, and no other stands for it"


def test_a_horizon_is_told_once_it_has_passed_and_its_price_was_seen() -> None:
    observed = [
        *(trade("2025-01-27 15:15", 81.0, seen="2025-01-27 15:30"), bar("2025-01-27", 79.0)),
        bar("2025-01-28", 78.0, seen="2025-01-29 02:00"),
    ]
    asked = [
        set(found(*observed, at=utc(at)))
        for at in ("2025-01-27 15:29", "2025-01-27 15:30", "2025-01-27 21:00", "2025-01-28 21:00", "2025-01-29 02:00")
    ]
    assert asked == [set(), {QUARTER}, {QUARTER, CLOSE}, {QUARTER, CLOSE}, {QUARTER, CLOSE, ONE}]


# ------------------------------------------------------------------------------------------------------------ splits


def test_a_split_between_is_no_fall() -> None:
    told = outcomes_of(
        alert(FIRED),
        prices(
            *(bar("2025-01-24", 100.0), bar("2025-01-27", 80.0), bar("2025-01-28", 8.4), bar("2025-02-03", 9.0)),
            split("2025-01-28", 10.0, "2025-01-28 09:00"),
        ),
        LATER,
    )
    assert {o.horizon: round(o.change, 6) for o in told} == {CLOSE: 0.0, ONE: 0.05, FIVE: 0.125}
    assert [round(o.change_from_reference or 0.0, 6) for o in told] == [-0.2, -0.16, -0.1]


def test_bars_fetched_anew_after_a_split_are_on_the_new_basis() -> None:
    again = "2025-02-04 09:00"
    observed = [
        split("2025-01-28", 10.0, "2025-01-28 09:00"),
        *(
            bar(day, close, seen=again)
            for day, close in (("2025-01-24", 10.0), ("2025-01-27", 8.0), ("2025-01-28", 8.4))
        ),
    ]
    told = outcomes_of(alert(FIRED), prices(*observed), LATER)
    assert {o.horizon: round(o.change, 6) for o in told} == {CLOSE: 0.0, ONE: 0.05}


def test_a_reverse_split_is_no_rise() -> None:
    told = found(*(bar("2025-01-27", 80.0), bar("2025-01-28", 840.0)), split("2025-01-28", 0.1, "2025-01-28 09:00"))
    assert told == {CLOSE: pytest.approx(800.0), ONE: 840.0}


def test_where_history_was_rebased_by_a_split_nobody_told_of_there_is_no_outcome() -> None:
    again = "2025-01-29 09:00"
    assert found(bar("2025-01-24", 10.0, seen=again), bar("2025-01-28", 8.4, seen=again)) == {}


def test_where_the_vendors_previous_close_tells_of_another_basis_there_is_no_outcome_from_then_on() -> None:
    observed = [
        *(bar("2025-01-24", 100.0), bar("2025-01-27", 80.0), bar("2025-01-28", 84.0), bar("2025-01-29", 8.5)),
        trade("2025-01-28 15:00", 83.0, previous_close=80.0),
        trade("2025-01-29 15:00", 8.4, previous_close=8.4),
        bar("2025-02-03", 9.0),
    ]
    assert found(*observed) == {CLOSE: 80.0, ONE: 84.0}
    told = outcomes_of(alert(FIRED), prices(*observed, split("2025-01-29", 10.0, "2025-01-29 09:00")), LATER)
    assert {o.horizon: round(o.change, 6) for o in told} == {CLOSE: 0.0, ONE: 0.05, FIVE: 0.125}, "told of, it is none"


# ------------------------------------------------------------------------------------------------ nothing from after


START = utc("2025-01-27 09:00")
DELAY = st.integers(0, 3000).map(lambda n: n * MINUTE)
PRICE = st.floats(60.0, 120.0)


@st.composite
def observations(draw: st.DrawFn) -> list[Observed]:
    quotes: list[Observed] = []
    for _ in range(draw(st.integers(0, 25))):
        happened = START + draw(st.integers(0, 60 * 24 * 9)) * MINUTE
        kind = draw(st.sampled_from(QuoteKind))
        vendor = draw(st.none() | PRICE)
        quotes.append(Quote("NVDA", draw(PRICE), happened, happened + draw(DELAY), kind, vendor))
    days = [s for s in timetable("XNYS").all if utc("2025-01-23 00:00") < s.open_at < utc("2025-02-28 00:00")]
    for session in draw(st.lists(st.sampled_from(days), unique=True)):
        quotes.append(DailyBar("NVDA", session.date, draw(PRICE), session.close_at + draw(DELAY)))
    for session in draw(st.lists(st.sampled_from(days), unique=True, max_size=2)):
        seen = session.starts_at + draw(DELAY) - timedelta(days=1)
        quotes.append(Split("NVDA", session.date, draw(st.sampled_from([2.0, 0.5])), seen))
    return quotes


@given(observations(), st.integers(0, 60 * 24 * 12), st.integers(0, 60 * 24 * 50))
@settings(max_examples=80)
def test_nothing_seen_later_is_used(observed: list[Observed], fired: int, asked: int) -> None:
    fired_at = START + fired * MINUTE
    session = timetable("XNYS").current(fired_at)
    assert session is not None
    it = alert(f"{fired_at:%Y-%m-%d %H:%M}", session.date.isoformat())
    at = fired_at + asked * MINUTE
    told = outcomes_of(it, prices(*observed), at)
    assert told == outcomes_of(it, prices(*(o for o in observed if o.seen_at <= at)), at)
    for outcome in told:
        assert it.fired_at < outcome.due_at <= at
        assert it.fired_at < outcome.at <= at
        assert outcome.price > 0
