"""From what a move is measured, and in which words: whatever a rule asks, a message tells it as no other move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.incidents.follow_ups import before_the_move, retimed
from bot.core.messages.blocks.closing import closing
from bot.core.model import (
    Alert,
    AlertState,
    Announcement,
    DailyBar,
    FollowUpOutcome,
    Incident,
    Observation,
    QuoteKind,
)
from bot.core.news.vocabulary import Family
from bot.core.prices.references import span_of
from bot.core.prices.windows import parse_since
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import Condition, Extreme, Gap, Price
from bot.core.text.wording import possessive
from bot.render.plain import plain
from tests.core.worlds import at, close, engine, play, price, quote, rule, weekday_timetable

CLOSES = {"01-21": 100.0, "01-22": 110.0, "01-23": 90.0, "01-24": 100.0}
BEFORE: list[Observation] = [close("NVDA", p, day) for day, p in CLOSES.items()]


def twice(value: float, minute: str) -> list[Observation]:
    return [quote("NVDA", value, f"{minute}:{second}") for second in ("00", "30")]


def told(asked: Condition, tape: Sequence[Observation], *more: Condition, follow_up: tuple[str, ...] = ()) -> list[str]:
    """Every new message in plain text."""
    rules = [rule(f"rule-{n}", one, symbols=("NVDA",), follow_up=follow_up) for n, one in enumerate((asked, *more))]
    decisions = play(engine(*rules), [*BEFORE, *tape])
    new: list[Announcement] = [a for d in decisions for a in d.announcements if a.incident and not a.edits]
    return [plain(a.summary, None) for a in new]


@pytest.mark.parametrize(
    ("since", "change", "level", "words"),
    [
        ("previous close", "< -3%", 95.0, "Nvidia falls 5.0 %; "),
        ("3 sessions", "< -3%", 104.0, "Nvidia is 5.5 % lower in 3 sessions; "),
        ("3 sessions", "< -3%", 95.0, "Nvidia falls 13.6 % in 3 sessions; "),
        ("2 sessions", "> 3%", 97.0, "Nvidia is 7.8 % higher in 2 sessions"),
        ("low of 4 sessions", "> 3%", 97.0, "Nvidia is 7.8 % above the low of Thu 23 Jan"),
        ("low of 4 sessions", "> 3%", 104.0, "Nvidia rises 15.6 % from the low of Thu 23 Jan"),
        ("high of 4 sessions", "< -3%", 104.0, "Nvidia is 5.5 % below the high of Wed 22 Jan; "),
    ],
)
def test_a_move_of_days_is_no_move_of_today_where_that_goes_the_other_way(
    since: str, change: str, level: float, words: str
) -> None:
    (text,) = told(Price(parse_comparison(change), parse_since(since)), twice(level, "01-27 15:00"))
    assert text.startswith(words)
    assert since == "previous close" or f"; {'−' if level < 100 else '+'}" in text.partition("on the day")[0]


def test_a_fall_within_the_day_is_one_though_the_day_is_up() -> None:
    (text,) = told(price("< -4%", "30m"), [*twice(120.0, "01-27 15:00"), *twice(110.0, "01-27 15:30")])
    assert text.startswith("Nvidia falls 8.3 % in 30 min; ")
    assert "+10.0 % on the day" in text


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Gap(parse_comparison("> 3%")), "“rule-0” fired on how it opened, "),
        (Extreme(lowest=False, sessions=3), "“rule-0” fired on how its price stands beside earlier closes, "),
    ],
)
def test_what_it_fired_on_is_said_where_that_is_no_change_of_the_price(asked: Condition, why: str) -> None:
    opened = [quote("NVDA", 112.0, "01-27 14:30", QuoteKind.OPEN), *twice(112.0, "01-27 14:40")]
    assert why in told(asked, opened)[0]
    assert " fired on " not in told(price("> 3%"), opened)[0]


def test_a_low_of_the_whole_session_is_no_price_of_its_last_half_hour() -> None:
    bar = DailyBar("NVDA", at("01-27 00:00").date(), 99.0, at("01-27 21:00"), 100.0, 101.0, 90.0)
    tape = [quote("NVDA", 90.5, "01-27 15:00", QuoteKind.LOW), quote("NVDA", 91.0, "01-27 15:00")]
    tape += [quote("NVDA", 99.0, "01-27 20:20"), quote("NVDA", 90.0, "01-27 21:00", QuoteKind.LOW)]
    tape += [quote("NVDA", 99.0, "01-27 21:00", QuoteKind.CLOSE)]
    assert told(price("< -5%", "30m"), [*tape, bar]) == []
    machine = engine(rule())
    play(machine, [*BEFORE, *tape, bar])
    prices = machine.market.of("NVDA")
    session = prices.timetable.on(bar.session)
    assert session is not None
    low = quote("NVDA", 90.0, "01-27 21:00", QuoteKind.LOW)
    assert span_of(prices, session, low) == (session.open_at, session.close_at)


def test_a_fall_told_by_its_last_half_hour_has_recovered_only_where_the_day_began() -> None:
    tape = [*twice(90.0, "01-27 15:00"), *twice(80.0, "01-27 15:30"), close("NVDA", 80.0, "01-27")]
    back = [*twice(91.0, "01-28 15:00")]
    texts = told(price("< -5%", "30m"), [*tape, *back], follow_up=("recovered",))
    assert not any("has recovered" in text for text in texts)
    texts = told(price("< -5%", "30m"), [*tape, *back, *twice(101.0, "01-28 16:00")], follow_up=("recovered",))
    assert texts[-1].startswith("Follow-up: Nvidia has recovered")


def test_the_price_before_news_is_the_last_close_before_it() -> None:
    machine = engine(rule())
    play(machine, BEFORE)
    prices = machine.market.of("NVDA")
    fired = Alert(
        id="a",
        fingerprint="f",
        rule="r",
        rule_version="v",
        symbol="NVDA",
        session=at("01-24 00:00").date(),
        severity=rule().severity[0].severity,
        state=AlertState.FIRING,
        fired_at=at("01-24 22:00"),
        updated_at=at("01-24 22:00"),
        price=100.0,
        price_at=at("01-24 21:00"),
        phase=weekday_timetable().phase(at("01-24 22:00")),
        change=None,
        reference=None,
        cause=None,
        checks=(),
    )
    before = before_the_move(fired, prices)
    assert before is not None
    assert (before.price, before.session) == (100.0, fired.session)
    earlier = before_the_move(replace(fired, fired_at=at("01-24 15:00")), prices)
    assert earlier is not None
    assert earlier.price == 90.0


def test_a_worse_alert_that_is_no_larger_fall_is_not_told_as_one() -> None:
    tape = [*twice(85.0, "01-27 14:40"), *twice(86.0, "01-27 15:40")]
    both = told(price("< -10%"), tape, Price(parse_comparison("between -14.5% and -13.5%")))
    assert both[0].startswith("Nvidia falls 15.0 %")
    assert not any(text.startswith("Now worse") for text in both)


def test_a_follow_up_moved_to_a_close_that_is_over_is_not_sent_late() -> None:
    tape = [*twice(85.0, "01-27 15:00")]
    machine = engine(rule("fall", price("< -10%"), follow_up=("session close",)))
    play(machine, [*BEFORE, *tape])
    (incident,) = machine.incidents.open()
    assert [f.done_at for f in incident.thread.follow_ups] == [None]
    elsewhere = weekday_timetable("XTKS", hours=(0, 0, 6.5, 6.5))
    moved: Incident = replace(incident, thread=replace(incident.thread, follow_ups=retimed(incident, elsewhere)))
    (over,) = moved.thread.follow_ups
    assert (over.done_at, over.outcome) == (incident.updated_at, FollowUpOutcome.STALE)


def test_what_rose_in_the_end_is_not_counted_as_fallen() -> None:
    assert closing({"NVDA": 0.01}, [("NVDA", 0.02)]) == []
    (block,) = closing({"NVDA": -0.1, "AMD": -0.2, "VRT": -0.1}, [("NVDA", -0.05), ("AMD", -0.1)])
    text = "".join(str(inline) for line in block.lines for inline in line)
    assert "3 stocks fell" in text
    assert "Median change of the 2 with a price from before the fall" in text


def test_names_that_end_in_s() -> None:
    assert possessive("Nvidia") == "Nvidia’s"
    assert possessive("Thomson Reuters") == "Thomson Reuters’"


@pytest.mark.parametrize(
    ("family", "model", "called"),
    [
        (Family("o-series", "OpenAI"), "o-series O3", "OpenAI o3"),
        (Family("Mistral models", "Mistral"), "Mistral models Small 3", "Mistral Small 3"),
        (Family("MiniMax models", "MiniMax"), "MiniMax models", "MiniMax models"),
        (Family("Claude", "Anthropic"), "Claude 4", "Claude 4"),
    ],
)
def test_a_model_is_told_by_the_name_that_people_use(family: Family, model: str, called: str) -> None:
    assert family.called(model) == called
