"""The engine: what fires, when, once, and never from the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.errors import LookAheadError
from bot.core.model import (
    AlertState,
    ChangeKind,
    Decisions,
    Incident,
    IncidentState,
    Observation,
    QuoteKind,
    Reason,
    Severity,
    SourceReport,
    Trouble,
)
from bot.core.prices.windows import parse_span
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All

from .worlds import CHEAP, at, close, engine, news, play, price, quote, rule, shock_tape, story


def fired(decisions: list[Decisions]) -> list[tuple[str, str]]:
    """Symbol and moment of every alert that fired."""
    return [(c.alert.symbol, f"{c.at:%m-%d %H:%M}") for d in decisions for c in d.changes if c.kind is ChangeKind.FIRED]


def said(decisions: list[Decisions]) -> list[tuple[str, str]]:
    """Reason and moment of every new message; edits apart."""
    return [(a.reason.value, f"{a.at:%m-%d %H:%M}") for d in decisions for a in d.announcements if not a.edits]


def test_a_confirmed_fall_with_news_fires_once_and_the_unreached_symbol_never() -> None:
    decisions = play(engine(), shock_tape())
    assert fired(decisions) == [("NVDA", "01-27 10:05"), ("VRT", "01-27 15:31")]


def test_one_wild_print_does_not_fire() -> None:
    tape = [close("NVDA", 100.0, "01-24"), story(CHEAP, "01-25 12:00")]
    prints = [quote("NVDA", 10.0, "01-27 15:00"), quote("NVDA", 99.0, "01-27 15:01")]
    assert fired(play(engine(), [*tape, *prints])) == []


def test_repeats_of_one_trade_never_confirm_it() -> None:
    tape = [close("NVDA", 100.0, "01-24"), story(CHEAP, "01-25 12:00")]
    repeats = [quote("NVDA", 80.0, "01-27 15:00", seen=f"01-27 15:0{n}") for n in range(5)]
    assert fired(play(engine(), [*tape, *repeats])) == []


@pytest.mark.parametrize("kind", [QuoteKind.LOW, QuoteKind.CLOSE])
def test_a_bars_mark_and_an_official_close_need_no_confirmation(kind: QuoteKind) -> None:
    tape = [close("NVDA", 100.0, "01-24"), story(CHEAP, "01-25 12:00"), quote("NVDA", 85.0, "01-27 21:00", kind)]
    assert fired(play(engine(), tape)) == [("NVDA", "01-27 21:00")]


def test_a_high_does_not_say_how_far_a_price_fell_nor_a_low_how_far_it_rose() -> None:
    between = rule("between", All((price("between -10% and -4%"), news())))
    tape = [close("NVDA", 100.0, "01-24"), story(CHEAP, "01-25 12:00")]
    bar = [
        quote("NVDA", 80.0, "01-27 21:00", QuoteKind.LOW),
        quote("NVDA", 95.0, "01-27 21:00", QuoteKind.HIGH),
        quote("NVDA", 82.0, "01-27 21:00", QuoteKind.CLOSE),
    ]
    assert fired(play(engine(between), [*tape, *bar])) == []
    rises = rule("rises", All((price("between 4% and 10%"), news())))
    bar = [
        quote("NVDA", 105.0, "01-27 21:00", QuoteKind.LOW),
        quote("NVDA", 120.0, "01-27 21:00", QuoteKind.HIGH),
        quote("NVDA", 118.0, "01-27 21:00", QuoteKind.CLOSE),
    ]
    assert fired(play(engine(rises), [*tape, *bar])) == []


def test_a_story_after_the_close_fires_on_the_standing_price_for_that_session() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        quote("NVDA", 85.0, "01-27 21:00", QuoteKind.CLOSE),
        story(CHEAP, "01-28 03:00"),
    ]
    decisions = play(engine(), tape)
    assert fired(decisions) == [("NVDA", "01-28 03:00")]
    assert decisions[-1].changes[0].alert.session.isoformat() == "2025-01-27"


def test_a_story_in_the_next_session_does_not_fire_on_the_old_price() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        quote("NVDA", 85.0, "01-27 21:00", QuoteKind.CLOSE),
        story(CHEAP, "01-28 09:30"),
    ]
    assert fired(play(engine(), tape)) == []


def test_a_story_neither_counts_as_a_quote_nor_waits_for_one() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        quote("NVDA", 85.0, "01-27 15:00"),
        quote("NVDA", 85.1, "01-27 15:01"),
        story(CHEAP, "01-27 15:30"),
    ]
    assert fired(play(engine(), tape)) == [("NVDA", "01-27 15:30")]


def test_a_market_rout_blocks_and_an_unknown_benchmark_does_not() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        close("SPY", 600.0, "01-24"),
        story(CHEAP, "01-25 12:00"),
        quote("SPY", 570.0, "01-27 14:59"),
        quote("NVDA", 85.0, "01-27 15:00", QuoteKind.LOW),
    ]
    assert fired(play(engine(), tape)) == []
    without = [o for o in tape if getattr(o, "symbol", "") != "SPY"]
    decisions = play(engine(), without)
    assert fired(decisions) == [("NVDA", "01-27 15:00")]
    guard = decisions[-1].changes[0].alert.checks[0].children[-1].children[0]
    assert guard.holds is None


def test_the_benchmark_in_the_same_poll_is_known_before_the_stock_is_judged() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        close("SPY", 600.0, "01-24"),
        story(CHEAP, "01-25 12:00"),
        quote("NVDA", 85.0, "01-27 15:00", QuoteKind.LOW),
        quote("SPY", 570.0, "01-27 15:00"),
    ]
    assert fired(play(engine(), tape)) == []


def test_severity_rises_with_the_fall_and_people_are_told_of_the_rise() -> None:
    decisions = play(engine(), shock_tape())
    raised = [c for d in decisions for c in d.changes if c.kind is ChangeKind.ESCALATED and c.alert.symbol == "NVDA"]
    assert [(c.alert.severity, f"{c.at:%H:%M}") for c in raised] == [(Severity.CRITICAL, "16:01")]
    assert ("first", "01-27 10:05") in said(decisions)
    # one of VRT's two prices is beyond 15 %: not yet critical; both of NVDA's are
    assert ("escalated", "01-27 16:01") in said(decisions)


def test_an_alert_fires_until_its_session_ends_however_the_price_bounces() -> None:
    monday = [o for o in shock_tape() if o.seen_at < at("01-28 00:00")]
    tape = [*monday, quote("NVDA", 99.0, "01-27 22:00")]
    machine = engine()
    play(machine, tape, until="01-28 00:59")
    assert {a.state for a in machine.alerts} == {AlertState.FIRING}
    resolved = [
        c for d in play(engine(), tape, until="01-28 01:00") for c in d.changes if c.kind is ChangeKind.RESOLVED
    ]
    assert {f"{c.at:%m-%d %H:%M}" for c in resolved} == {"01-28 01:00"}
    assert {c.alert.symbol for c in resolved} == {"NVDA", "VRT"}


def test_alerts_with_one_cause_are_one_incident() -> None:
    machine = engine()
    play(machine, shock_tape())
    assert len({a.incident for a in machine.alerts}) == 1
    incident = machine.incidents.get("20250127-1")
    assert incident is not None
    assert incident.symbols == ("NVDA", "VRT")
    assert incident.lead == "NVDA"


def test_follow_ups_come_when_they_are_due_and_answer_the_first_message() -> None:
    machine = engine(rule(follow_up=("session close", "next session close", "rebound 5%", "recovered")))
    decisions = play(machine, shock_tape(), until="02-20 00:00")
    follow_ups = [a for d in decisions for a in d.announcements if a.reason is Reason.FOLLOW_UP]
    # Tuesday's close never came: its follow-up waits 25 minutes for it and then uses the last price
    assert [f"{a.at:%m-%d %H:%M}" for a in follow_ups] == [
        "01-27 21:00",
        "01-28 15:01",
        "01-28 21:25",
        "02-03 21:25",
    ]
    assert {a.replies_to for a in follow_ups} == {"20250127-1:1"}
    assert machine.incidents.get("20250127-1").state is IncidentState.CLOSED  # type: ignore[union-attr]


def test_a_fall_already_under_way_when_watching_began_is_marked_late() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        story(CHEAP, "01-27 12:00"),
        quote("NVDA", 85.0, "01-27 16:00"),
        quote("NVDA", 85.5, "01-27 16:01"),
    ]
    late = play(engine(since="01-27 15:59"), [*tape[1:], replace(tape[0], seen_at=at("01-27 15:59"))])
    assert [c.alert.late for d in late for c in d.changes if c.kind is ChangeKind.FIRED] == [True]
    usual = play(engine(), tape)
    assert [c.alert.late for d in usual for c in d.changes if c.kind is ChangeKind.FIRED] == [False]


def test_seeded_stories_do_not_fire_a_rule_on_news_alone_but_explain_a_move() -> None:
    seeded = story(CHEAP, "01-27 12:00", seeded=True)
    alone = rule("release", when=news(), symbols=("NVDA",))
    assert fired(play(engine(alone), [seeded])) == []
    assert fired(play(engine(alone), [replace(seeded, seeded=False)])) == [("NVDA", "01-27 12:00")]
    moved = [close("NVDA", 100.0, "01-24"), seeded, quote("NVDA", 80.0, "01-27 15:00", QuoteKind.LOW)]
    assert fired(play(engine(), moved)) == [("NVDA", "01-27 15:00")]


def test_a_flood_is_no_burst_for_a_rule_on_news_alone() -> None:
    sudden = rule("sudden", when=replace(news(), burst=parse_comparison(">= 3")), symbols=("NVDA",))
    told = [story(f"{CHEAP} v{n}", f"01-27 12:0{n}", f"wire{n}") for n in range(3)]
    assert fired(play(engine(sudden), told)) == [("NVDA", "01-27 12:02")]
    assert fired(play(engine(sudden), [*(replace(s, seeded=True) for s in told[:2]), told[2]])) == []


def test_a_cooldown_holds_back_a_repeat_but_never_a_higher_severity() -> None:
    patient = rule(cooldown=parse_span("3 sessions"))
    base = [close("NVDA", 100.0, "01-24"), story(CHEAP, "01-25 12:00")]
    monday = [quote("NVDA", 88.0, "01-27 21:00", QuoteKind.CLOSE), close("NVDA", 88.0, "01-27")]
    again = quote("NVDA", 77.0, "01-28 15:00", QuoteKind.LOW)
    worse = quote("NVDA", 70.0, "01-28 15:00", QuoteKind.LOW)
    quiet = play(engine(patient), [*base, *monday, again])
    assert fired(quiet) == [("NVDA", "01-27 21:00"), ("NVDA", "01-28 15:00")]
    loud = play(engine(patient), [*base, *monday, worse])
    held = [[(a.reason.value, str(a.suppressed_by or "")) for d in x for a in d.announcements] for x in (quiet, loud)]
    assert held == [[("first", ""), ("first", "cooldown")], [("first", ""), ("first", "")]]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -5.0])
def test_a_price_that_is_none_is_refused_counted_and_forgotten(value: float) -> None:
    tape = [close("NVDA", 100.0, "01-24"), story(CHEAP, "01-25 12:00")]
    wrong = [quote("NVDA", value, f"01-27 15:0{n}") for n in range(4)]
    decisions = play(engine(), [*tape, *wrong])
    assert fired(decisions) == []
    assert sum(len(d.refused) for d in decisions) == 4
    assert [a.for_operator for d in decisions for a in d.announcements] == [True]


def test_a_split_is_not_a_fall() -> None:
    tape = [
        close("NVDA", 1000.0, "01-24"),
        story(CHEAP, "01-25 12:00"),
        replace(quote("NVDA", 100.0, "01-27 15:00"), previous_close=100.0),
        replace(quote("NVDA", 100.5, "01-27 15:01"), previous_close=100.0),
    ]
    assert fired(play(engine(), tape)) == []


def test_nothing_from_the_future_is_taken() -> None:
    machine = engine()
    with pytest.raises(LookAheadError, match="NVDA"):
        machine.step([close("NVDA", 100.0, "01-24"), quote("NVDA", 85.0, "01-27 15:00")], at("01-27 14:59"))
    assert machine.market.of("NVDA").last is None, "a refused batch must leave no trace"


@given(st.integers(0, len(shock_tape())), st.floats(0.1, 500.0), st.sampled_from(["NVDA", "VRT", "SPY"]))
def test_alerts_up_to_a_moment_do_not_change_when_later_data_is_added(cut: int, value: float, symbol: str) -> None:
    tape = sorted(shock_tape(), key=lambda o: o.seen_at)
    until = tape[cut - 1].seen_at if cut else at("01-24 00:00")
    before = [o for o in tape if o.seen_at <= until]
    later = [quote(symbol, value, "02-03 15:00"), story("DeepSeek launches DeepSeek-R1 again", "02-03 15:01")]
    alone, extended = engine(), engine()
    short = [d for d in play(alone, before) if d.now <= until]
    long = [d for d in play(extended, [*before, *later]) if d.now <= until]
    assert short == long


@given(st.sets(st.integers(1, len(shock_tape()) - 1)))
def test_how_observations_are_cut_into_steps_makes_no_difference(cuts: set[int]) -> None:
    tape = sorted(shock_tape(), key=lambda o: o.seen_at)
    moments = sorted({o.seen_at for o in tape})
    stops = [moments[i] for i in sorted(cuts) if i < len(moments)] + [moments[-1], at("02-20 00:00")]
    machine = engine(rule(follow_up=("session close", "rebound 5%", "recovered")))
    whole = []
    last = at("01-01 00:00")
    for stop in stops:
        whole.append(machine.step([o for o in tape if last < o.seen_at <= stop], stop))
        last = stop
    steady = engine(rule(follow_up=("session close", "rebound 5%", "recovered")))
    fine = play(steady, tape, until="02-20 00:00")
    assert _all_changes(whole) == _all_changes(fine)
    assert _all_messages(whole) == _all_messages(fine)


@given(st.integers(0, len(shock_tape()) - 1))
def test_an_engine_rebuilt_from_history_goes_on_as_if_never_interrupted(cut: int) -> None:
    tape = sorted(shock_tape(), key=lambda o: o.seen_at)
    follow_up = ("session close", "next session close", "rebound 5%", "recovered")
    steady = engine(rule(follow_up=follow_up))
    whole = play(steady, tape, until="02-20 00:00")
    until = tape[cut].seen_at
    first = engine(rule(follow_up=follow_up))
    head = play(first, [o for o in tape if o.seen_at <= until])
    alerts = {c.alert.id: c.alert for d in head for c in d.changes}
    known = {i.id: i for d in head for i in d.incidents}
    second = engine(rule(follow_up=follow_up))
    second.restore([o for o in tape if o.seen_at <= until], list(alerts.values()), list(known.values()), until)
    rest = play(second, [o for o in tape if o.seen_at > until], until="02-20 00:00")
    assert _all_changes([*head, *rest]) == _all_changes(whole)
    assert _all_messages([*head, *rest]) == _all_messages(whole)


def test_a_failing_source_is_reported_once_and_its_recovery_once() -> None:
    reports = [SourceReport("wire", at(f"01-27 10:{n:02d}"), Trouble.FAILED, "503") for n in range(10)]
    decisions = play(engine(), [*reports, SourceReport("wire", at("01-27 11:00"))])
    notices = [a.summary.subject for d in decisions for a in d.announcements]
    assert notices == ["Feed wire has failed 3 times in a row", "Feed wire works again"]


def test_a_feed_that_is_suddenly_empty_is_reported_at_once() -> None:
    decisions = play(engine(), [SourceReport("wire", at("01-27 10:00"), Trouble.EMPTY, "was 20 entries")])
    assert [a.for_operator for d in decisions for a in d.announcements] == [True]


def test_prices_that_stand_still_in_an_open_session_are_reported_once() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        *[quote(s, 99.0, "01-27 14:31") for s in ("NVDA", "VRT", "KO")],
        *[SourceReport("prices", at("01-27 14:31") + timedelta(minutes=n)) for n in range(330)],
    ]
    decisions = play(engine(), tape, until="01-27 20:00")
    notices = [a for d in decisions for a in d.announcements]
    assert len(notices) == 1
    assert "stale" in notices[0].summary.subject


def test_prices_that_nobody_asked_for_are_not_stale() -> None:
    """A machine that was suspended for hours, overnight even, and wakes up."""
    for woken in ("01-27 19:00", "01-28 16:00"):
        tape = [
            close("NVDA", 100.0, "01-24"),
            *[quote(s, 99.0, "01-27 15:31") for s in ("NVDA", "VRT", "KO")],
            SourceReport("prices", at("01-27 15:31")),
            *[quote(s, 99.5, woken) for s in ("NVDA", "VRT", "KO")],
            SourceReport("prices", at(woken)),
        ]
        decisions = play(engine(), tape, until=f"{woken[:-2]}20")
        assert [a.summary.subject for d in decisions for a in d.announcements] == []


def test_prices_are_not_stale_while_new_ones_come_whatever_the_machines_clock_says() -> None:
    start, behind = at("01-27 16:00"), timedelta(hours=1)
    tape: list[Observation] = [close("NVDA", 100.0, "01-24")]
    for n in range(120):
        seen = start + timedelta(minutes=n)
        tape += [replace(quote(s, 99.0, "01-27 16:00"), at=seen - behind, seen_at=seen) for s in ("NVDA", "VRT", "KO")]
        tape += [SourceReport("prices", seen)]
    decisions = play(engine(), tape, until="01-27 18:00")
    assert [a.summary.subject for d in decisions for a in d.announcements] == []


def test_every_alert_carries_each_measured_value_beside_its_threshold() -> None:
    decisions = play(engine(), shock_tape())
    first = next(c.alert for d in decisions for c in d.changes if c.kind is ChangeKind.FIRED)
    (tree,) = first.checks
    change, stories, _ = tree.children
    assert (change.value, change.limit) == (pytest.approx(-0.125), -0.1)
    assert (stories.value, stories.limit) == (pytest.approx(0.9), 0.5)
    assert first.cause is not None
    assert first.cause.title == CHEAP


def test_two_rules_on_one_symbol_are_told_apart() -> None:
    both = engine(rule("shock"), rule("fall", when=price("< -5%")))
    play(both, shock_tape())
    assert len({a.id for a in both.alerts}) == len(list(both.alerts))
    assert all(x.fired_at <= y.fired_at for x, y in pairwise(sorted(both.alerts, key=lambda a: a.fired_at)))


def _all_changes(decisions: list[Decisions]) -> list[object]:
    return [
        (c.kind, c.at, replace(c.alert, told_at=None, updated_at=c.at))
        for d in decisions
        for c in d.changes
        if c.kind is not ChangeKind.UPDATED
    ]


def _all_messages(decisions: list[Decisions]) -> list[object]:
    return [a for d in decisions for a in d.announcements]


def test_a_step_hands_over_every_incident_that_changed_and_no_other() -> None:
    machine = engine(rule(follow_up=("session close", "next session close", "rebound 5%", "recovered")))
    tape = shock_tape()
    before: dict[str, Incident] = {}
    for moment in (*sorted({o.seen_at for o in tape}), at("01-29 12:00"), at("02-05 00:00")):
        decisions = machine.step([o for o in tape if o.seen_at == moment], moment)
        after = {i.id: i for i in machine.incidents}
        handed_over = {i.id: i for i in decisions.incidents}
        assert handed_over == {key: after[key] for key in handed_over}
        assert {key for key in after if after[key] != before.get(key)} <= set(handed_over)
        assert machine.unwritten == ()
        before = after
    assert before


def test_an_alert_that_joins_two_incidents_into_one_is_written_as_that_one_s() -> None:
    both = engine(rule("plain", when=price("< -10%")), rule("shock"))
    tape = [close(s, p, "01-24") for s, p in (("NVDA", 100.0), ("VRT", 50.0), ("SPY", 600.0))]
    tape += [quote("NVDA", 88.0, f"01-27 15:0{n}") for n in (0, 1)]
    tape += [quote("VRT", 44.0, f"01-27 15:0{n}") for n in (2, 3)]
    decisions = play(both, [*tape, story(CHEAP, "01-27 15:10")])
    written = {c.alert.id: c.alert.incident for d in decisions for c in d.changes}
    assert len(written) == 4
    assert set(written.values()) == {"20250127-1"}
    assert {a.id: a.incident for a in both.alerts} == written


def test_a_price_of_an_exchange_whose_clock_is_ahead_is_the_one_that_is_told() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        story(CHEAP, "01-25 12:00"),
        quote("NVDA", 80.2, "01-27 15:00", seen="01-27 15:00"),
        quote("NVDA", 80.0, "01-27 15:01:02", seen="01-27 15:01:00"),
    ]
    (told,) = [a for d in play(engine(), tape) for a in d.announcements]
    assert told.summary.subject.startswith("Nvidia falls 20.0 %")
    assert told.summary.figures is not None
    assert told.summary.figures.moves[0].price == 80.0
