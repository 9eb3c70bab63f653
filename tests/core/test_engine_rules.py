"""What the engine makes of the richer conditions: groups, sequences, holds, and how long it remembers for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import ChangeKind, Decisions, QuoteKind
from bot.core.prices.market import KEEP_BARS, KEEP_QUOTES
from bot.core.prices.windows import Span, parse_span
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, Breadth, NoneOf, Sequence, Volume
from bot.core.rules.rule import RuleSet

from .worlds import CHEAP, at, close, engine, news, play, price, quote, rule, shock_tape, story

BREADTH = Breadth("three", parse_comparison("< -5%"), ("NVDA", "VRT", "KO"), count=parse_comparison(">= 2"))


def fired(decisions: list[Decisions]) -> list[tuple[str, str]]:
    """Symbol and moment of every alert that fired."""
    return [(c.alert.symbol, f"{c.at:%m-%d %H:%M}") for d in decisions for c in d.changes if c.kind is ChangeKind.FIRED]


def test_the_fall_of_one_member_fires_the_groups_rule_for_all_its_symbols() -> None:
    tape = [close(s, 100.0, "01-24") for s in ("NVDA", "VRT", "KO")]
    tape += [quote("KO", 100.0, "01-27 14:50", QuoteKind.LOW), quote("NVDA", 90.0, "01-27 15:00", QuoteKind.LOW)]
    tape += [quote("VRT", 90.0, "01-27 15:30", QuoteKind.LOW)]
    group = rule("group", when=All((BREADTH, price("< -5%"))), symbols=("NVDA", "KO"))
    # Nvidia had fallen before; that Vertiv falls, which the rule is not even about, completes it
    assert fired(play(engine(group), tape)) == [("NVDA", "01-27 15:30")]


def test_a_rule_that_asks_for_no_change_still_gives_its_alert_the_figures() -> None:
    tape = [close(s, 100.0, "01-24") for s in ("NVDA", "VRT", "KO")]
    tape += [quote(s, 90.0, "01-27 15:00", QuoteKind.LOW) for s in ("NVDA", "VRT")]
    machine = engine(rule("group", when=BREADTH, symbols=("NVDA",)))
    play(machine, tape)
    (alert,) = machine.alerts
    assert alert.change is not None
    assert round(alert.change, 4) == -0.1
    assert alert.reference is not None
    assert alert.reference.kind == "previous close"


def test_a_release_without_a_reaction_is_not_fired_by_what_was_seeded() -> None:
    quiet = rule("watch", when=All((news(), NoneOf((price("< -3%"),)))), symbols=("NVDA",))
    tape = [close("NVDA", 100.0, "01-24"), quote("NVDA", 100.0, "01-27 10:00")]
    told = story(CHEAP, "01-27 11:00")
    assert fired(play(engine(quiet), [*tape, replace(told, seeded=True)])) == []
    assert fired(play(engine(quiet), [*tape, told])) == [("NVDA", "01-27 11:00")]
    fell = [*tape, *(quote("NVDA", 90.0, f"01-27 10:3{n}") for n in (0, 1)), told]
    assert fired(play(engine(quiet), fell)) == []


def test_a_fall_must_last_as_long_as_the_rule_says() -> None:
    patient = replace(rule(when=price("< -5%"), symbols=("NVDA",)), hold_for=timedelta(minutes=10))
    tape = [close("NVDA", 100.0, "01-24")]
    tape += [quote("NVDA", 90.0, f"01-27 15:{n:02}") for n in (0, 1, 9, 10)]
    assert fired(play(engine(patient), tape)) == [("NVDA", "01-27 15:10")]


def test_a_sequence_fires_on_what_followed_the_story_and_not_on_what_preceded_it() -> None:
    after = rule("after", when=Sequence((news(), price("< -5%")), parse_span("2h")), symbols=("NVDA",))
    base = [close("NVDA", 100.0, "01-24"), quote("NVDA", 99.0, "01-27 10:00")]
    fall = [quote("NVDA", 90.0, f"01-27 15:0{n}") for n in (0, 1)]
    assert fired(play(engine(after), [*base, story(CHEAP, "01-27 14:00"), *fall])) == [("NVDA", "01-27 15:01")]
    assert fired(play(engine(after), [*base, *fall, story(CHEAP, "01-27 15:30")])) == []


@given(st.lists(st.integers(0, len(shock_tape()) - 1), max_size=4))
def test_a_restart_in_the_middle_changes_nothing_for_what_is_computed_from_windows(cuts: list[int]) -> None:
    rules = (
        rule("group", when=All((BREADTH, price("< -5%")))),
        rule("after", when=Sequence((news(), price("< -5%")), parse_span("5 sessions"))),
    )
    tape = sorted(shock_tape(), key=lambda o: o.seen_at)
    moments = sorted({o.seen_at for o in tape})
    whole = fired(play(engine(*rules), tape))
    machine, found, seen = engine(*rules), [], []
    for moment in moments:
        if any(tape[c].seen_at == moment for c in cuts):
            fresh = engine(*rules)
            fresh.restore(
                seen,
                list(machine.alerts),
                list(machine.incidents.open()),
                seen[-1].seen_at if seen else at("01-02 00:00"),
            )
            machine = fresh
        batch = [o for o in tape if o.seen_at == moment]
        found.append(machine.step(batch, moment))
        seen += batch
    assert fired(found) == whole


def test_the_market_remembers_what_rules_look_at() -> None:
    machine = engine(rule("volume", when=Volume(parse_comparison(">= 3"), over=40)))
    assert (machine.market.keep, machine.market.bars) == (Span(sessions=40).longest, KEEP_BARS)
    machine.reload(RuleSet([rule("fall", when=price("< -5%", "high of 1000 sessions"))]))
    assert (machine.market.keep, machine.market.bars) == (KEEP_QUOTES, 1020)


def test_old_bars_are_forgotten_and_the_newest_kept() -> None:
    prices = engine().market.of("NVDA")
    for n in range(10):
        prices.add_bar(close("NVDA", 100.0 + n, f"01-{n + 2:02}"))
    prices.forget(at("01-27 00:00"), at("01-27 00:00"), bars=4)
    assert [c for _, c in prices.closes(at("01-27 00:00").date(), 99)] == [109.0, 108.0, 107.0, 106.0]
    assert len(prices.bars) == 4
