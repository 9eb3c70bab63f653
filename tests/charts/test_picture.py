"""What a picture is made of: what was known by its moment, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.charts import draw
from bot.core.messages import pictures
from bot.core.messages.pictures import PEERS, PricePicture, plain_price_picture
from bot.core.model import DailyBar, Observation, Phase, Quote, QuoteKind, Split
from bot.core.text.wording import clock_words
from tests.charts.pictures import (
    MONDAY,
    TIMETABLE,
    alert_of,
    figures_of,
    incident_of,
    market_of,
    price_picture,
    shock,
    shock_picture,
    shock_table,
    table_picture,
    wide_picture,
)
from tests.core.worlds import COMPANIES, TOPICS, at, close, quote

ALERT = alert_of()
INCIDENT = incident_of([ALERT])
OTHER = alert_of("VRT")
BOTH = incident_of([ALERT, OTHER])
DAYS = [s for s in TIMETABLE.all if at("01-13 00:00") < s.starts_at < at("02-05 00:00")]


def picture_of(observations: list[Observation], when: str) -> PricePicture | None:
    return price_picture(market_of(observations), COMPANIES, INCIDENT, [ALERT], at(when))


# ----------------------------------------------------------------------------------------------------- the small world


def test_the_lead_is_shown_against_its_alerts_reference() -> None:
    picture = shock_picture()
    assert (picture.symbol, picture.name) == ("NVDA", "Nvidia")
    assert picture.session == at("01-27 00:00").date()
    assert (picture.reference.price, picture.reference_label) == (100.0, "Close Fri 24 Jan")
    assert (picture.price, picture.change) == (83.0, pytest.approx(-0.17))
    assert (picture.price_at, picture.phase) == (at("01-27 16:01"), Phase.REGULAR)
    assert picture.as_of_label == "As of 27 Jan 16:05 UTC · all times UTC"


def test_points_are_the_closes_before_and_the_quotes_of_the_fall() -> None:
    assert [(clock_words(p.at), p.price, p.phase) for p in shock_picture().points] == [
        ("21:00 UTC", 100.0, Phase.REGULAR),
        ("10:00 UTC", 88.0, Phase.PRE),
        ("10:05 UTC", 87.5, Phase.PRE),
        ("16:00 UTC", 84.0, Phase.REGULAR),
        ("16:01 UTC", 83.0, Phase.REGULAR),
    ]


def test_phases_are_shown_as_far_as_they_have_gone() -> None:
    assert [
        (s.session.day, s.phase, clock_words(s.start_at), clock_words(s.end_at)) for s in shock_picture().spans
    ] == [
        (24, Phase.REGULAR, "14:30 UTC", "21:00 UTC"),
        (27, Phase.PRE, "09:00 UTC", "14:30 UTC"),
        (27, Phase.REGULAR, "14:30 UTC", "16:05 UTC"),
    ]


def test_the_first_story_and_the_alert_are_marked() -> None:
    picture = shock_picture()
    assert picture.story is not None
    assert (picture.story.at, picture.story.label) == (at("01-25 12:00"), "First story 25 Jan 12:00")
    assert picture.alert.label == "Alert 10:05"
    assert (picture.alert.at, picture.alert.price) == (at("01-27 10:05"), 87.5)


def test_an_alert_that_rose_in_severity_is_marked_where_it_fired() -> None:
    risen = replace(ALERT, price=83.0, price_at=at("01-27 16:01"))
    market, _, _ = shock()
    picture = price_picture(market, COMPANIES, INCIDENT, [risen], MONDAY)
    assert picture is not None
    assert (picture.alert.at, picture.alert.price) == (at("01-27 10:05"), 87.5)


def test_an_alert_without_a_story_has_no_marker_for_one() -> None:
    picture = price_picture(shock()[0], COMPANIES, INCIDENT, [replace(ALERT, cause=None)], MONDAY)
    assert picture is not None
    assert picture.story is None


def test_more_sessions_are_shown_where_the_story_is_older() -> None:
    bars: list[Observation] = [close("NVDA", 100.0 + n, f"01-{n}") for n in (15, 16, 17, 20, 21, 22, 23, 24)]
    quotes = [quote("NVDA", 88.0 - n, f"01-27 10:0{n}") for n in range(4)]
    cause = ALERT.cause
    assert cause is not None
    shown = {}
    for story in ("01-25 12:00", "01-21 12:00", "01-06 12:00"):
        alert = replace(ALERT, cause=replace(cause, first_seen_at=at(story)))
        picture = price_picture(market_of([*bars, *quotes]), COMPANIES, INCIDENT, [alert], at("01-27 10:05"))
        assert picture is not None
        shown[story] = len({s.session for s in picture.spans}) - 1
    assert shown == {"01-25 12:00": 3, "01-21 12:00": 4, "01-06 12:00": 5}


def test_lows_are_no_part_of_the_line() -> None:
    tape: list[Observation] = [
        close("NVDA", 100.0, "01-24"),
        quote("NVDA", 85.0, "01-27 10:00", QuoteKind.LOW),
        quote("NVDA", 88.0, "01-27 10:00"),
        quote("NVDA", 80.0, "01-27 21:00", QuoteKind.LOW),
        quote("NVDA", 86.0, "01-27 21:00", QuoteKind.CLOSE),
    ]
    picture = picture_of(tape, "01-27 21:30")
    assert picture is not None
    assert [p.price for p in picture.points] == [100.0, 88.0, 86.0]
    assert [p.price for p in picture.extremes] == [85.0]


def test_a_split_since_puts_everything_on_one_basis() -> None:
    split = Split("NVDA", at("01-28 00:00").date(), 10.0, at("01-28 08:00"))
    tape: list[Observation] = [close("NVDA", 100.0, "01-24"), quote("NVDA", 88.0, "01-27 10:05")]
    picture = picture_of([*tape, split, quote("NVDA", 9.0, "01-28 10:00")], "01-28 10:05")
    assert picture is not None
    assert picture.reference.price == pytest.approx(10.0)
    assert picture.change == pytest.approx(-0.1)
    assert [p.price for p in picture.points] == pytest.approx([10.0, 8.8, 9.0])


# ---------------------------------------------------------------------------------------------- where there is nothing


def test_one_price_is_no_picture() -> None:
    assert picture_of([quote("NVDA", 88.0, "01-27 10:00")], "01-27 10:05") is None
    assert picture_of([], "01-27 10:05") is None


def test_closes_alone_are_a_picture() -> None:
    picture = picture_of([close("NVDA", 100.0, "01-23"), close("NVDA", 90.0, "01-24")], "01-27 10:05")
    assert picture is not None
    assert [p.price for p in picture.points] == [100.0, 90.0]


def test_before_the_alert_fired_there_is_no_picture() -> None:
    market, incident, alerts = shock()
    assert price_picture(market, COMPANIES, incident, alerts, at("01-27 10:04")) is None
    assert table_picture(market, COMPANIES, TOPICS, incident, alerts, at("01-27 10:04")) is None


def test_an_alert_of_a_rule_without_a_price_is_shown_against_the_previous_close() -> None:
    picture = price_picture(shock()[0], COMPANIES, INCIDENT, [replace(ALERT, reference=None, change=None)], MONDAY)
    assert picture is not None
    assert (picture.reference.kind, picture.reference.price) == ("previous close", 100.0)


def test_one_symbol_is_no_table() -> None:
    assert table_picture(shock()[0], COMPANIES, TOPICS, INCIDENT, [ALERT], MONDAY) is None


# --------------------------------------------------------------------------------------------------- the others, table


def test_the_others_are_shown_against_their_own_reference() -> None:
    peers = shock_picture().peers
    assert [(p.label, p.change) for p in peers] == [("VRT", pytest.approx(-0.16))]
    assert [moved for _, moved in peers[0].points] == pytest.approx([0.0, -0.14, -0.16])


def test_of_many_others_the_worst_are_shown() -> None:
    picture, _ = wide_picture(8)
    assert picture is not None
    assert [p.label for p in picture.peers] == ["S6", "S5", "S4", "S3", "S2"]
    assert len(picture.peers) == PEERS


def test_the_table_has_lines_of_work_and_symbols_worst_first() -> None:
    _, table = wide_picture(5)
    assert table is not None
    assert table.title == "Who is hit (5), the worst line first"
    assert [(r.work, [s for s, _ in r.cells]) for r in table.rows] == [
        ("Cooling", ["S3"]),
        ("AI chips", ["S4", "S2", "S1", "NVDA"]),
    ]
    assert table.rows[0].median == pytest.approx(-0.16)


def test_the_small_worlds_table() -> None:
    assert [(r.work, r.cells) for r in shock_table().rows] == [
        ("AI chips", (("NVDA", pytest.approx(-0.17)),)),
        ("Cooling", (("VRT", pytest.approx(-0.16)),)),
    ]


# --------------------------------------------------------------------------------------------------------- look-ahead

prices = st.integers(50, 150).map(float)
delays = st.sampled_from([timedelta(0), timedelta(minutes=1), timedelta(hours=20), timedelta(days=3)])
kinds = st.sampled_from(list(QuoteKind))


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    """Quotes, bars and perhaps a split of two symbols, some of them seen long after they happened."""
    found: list[Observation] = []
    for symbol in ("NVDA", "VRT"):
        for session in draw(st.lists(st.sampled_from(DAYS), max_size=8)):
            moment = session.starts_at + timedelta(minutes=draw(st.integers(0, 16 * 60)))
            found.append(Quote(symbol, draw(prices), moment, moment + draw(delays), draw(kinds)))
        for session in draw(st.lists(st.sampled_from(DAYS), max_size=6, unique=True)):
            seen_at = session.close_at + draw(delays)
            found.append(DailyBar(symbol, session.date, draw(prices), seen_at, open=draw(st.none() | prices)))
        if draw(st.booleans()):
            session = draw(st.sampled_from(DAYS))
            found.append(Split(symbol, session.date, 2.0, session.starts_at - timedelta(hours=1) + draw(delays)))
    return found


moments = st.sampled_from(DAYS).flatmap(
    lambda s: st.integers(0, 24 * 60).map(lambda minutes: s.starts_at + timedelta(minutes=minutes))
)


@given(observations(), moments)
@settings(max_examples=60)
def test_what_came_later_changes_no_picture(tape: list[Observation], moment: datetime) -> None:
    known = [o for o in tape if o.seen_at <= moment]
    late = replace(ALERT, last_price=1.0, last_price_at=max(MONDAY, moment) + timedelta(days=30))
    told = figures_of(market_of(known), BOTH, [replace(ALERT, last_price_at=None), OTHER], moment)
    assert figures_of(market_of(known), BOTH, [late, OTHER], moment) == told
    then = pictures.price_picture(market_of(known), COMPANIES, BOTH, [ALERT, OTHER], told)
    assert pictures.price_picture(market_of(tape), COMPANIES, BOTH, [late, OTHER], told) == then


@given(observations(), moments)
@settings(max_examples=60)
def test_everything_shown_has_happened_and_has_its_place(tape: list[Observation], moment: datetime) -> None:
    known = market_of([o for o in tape if o.seen_at <= moment])
    told = figures_of(known, BOTH, [ALERT, OTHER], moment)
    picture = pictures.price_picture(market_of(tape), COMPANIES, BOTH, [ALERT, OTHER], told)
    if picture is None:
        return
    shown = [p.at for p in (*picture.points, *picture.extremes)] + [a for p in picture.peers for a, _ in p.points]
    assert all(any(s.start_at <= when <= s.end_at for s in picture.spans) for when in shown)
    assert max([*shown, picture.price_at, picture.spans[-1].end_at]) <= moment
    assert all(s.start_at <= s.end_at for s in picture.spans)
    assert [s.start_at for s in picture.spans] == sorted(s.start_at for s in picture.spans)
    assert [p.at for p in picture.points] == sorted({p.at for p in picture.points})


def test_prices_alone_are_shown_without_any_alert() -> None:
    prices = shock()[0]
    picture = plain_price_picture(prices, COMPANIES, "NVDA", at("01-27 16:05"))
    assert picture is not None
    beside_an_alert = shock_picture()
    assert (picture.price, picture.reference, picture.points) == (
        beside_an_alert.price,
        beside_an_alert.reference,
        beside_an_alert.points,
    )
    assert (picture.alert, picture.story, picture.peers) == (None, None, ())
    assert draw(picture).startswith(b"\x89PNG")
    assert plain_price_picture(prices, COMPANIES, "UNKNOWN", at("01-27 16:05")) is None
