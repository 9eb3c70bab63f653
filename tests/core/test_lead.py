"""The stock an incident is told by: the worst of the highest severity, chosen anew only when there is a reason."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model import Announcement, Decisions, Observation, Reason
from bot.render.plain import plain
from tests.core.worlds import CHEAP, at, close, engine, play, quote, rule, story

BEFORE: list[Observation] = [
    *[close(s, p, "01-24") for s, p in (("NVDA", 100.0), ("VRT", 50.0), ("KO", 60.0), ("SPY", 600.0))],
    story(CHEAP, "01-25 12:00"),
]
VERTIV_FIRST: list[Observation] = [
    *BEFORE,
    quote("VRT", 44.5, "01-27 10:00"),
    quote("VRT", 44.4, "01-27 10:01"),  # −11.2 %: high
    quote("NVDA", 81.5, "01-27 12:00"),
    quote("NVDA", 81.0, "01-27 12:01"),  # −19 %: critical
]


def messages(decisions: Sequence[Decisions]) -> list[Announcement]:
    """New messages, edits apart."""
    return [a for d in decisions for a in d.announcements if not a.edits]


def test_a_message_of_greater_severity_is_headed_by_the_stock_that_raised_it_with_its_price_of_now() -> None:
    first, worse = messages(play(engine(), VERTIV_FIRST))
    assert (first.reason, worse.reason) == (Reason.FIRST, Reason.ESCALATED)
    assert first.summary.subject.startswith("Vertiv falls 11.2 %")
    assert worse.summary.subject == "Now worse: Nvidia falls 19.0 % in pre-market trading alongside 1 other stock" \
        "; AI-model news 2 days before"  # fmt: skip
    text = " ".join(plain(worse.summary, None).split())
    assert "Nvidia (NVDA) 81.00, −19.0 % against 100.00" in text
    assert "pre-market, 12:01" in text
    assert " old." not in text


def test_a_stock_that_becomes_the_worst_without_greater_severity_does_not_take_the_lead() -> None:
    machine = engine()
    tape = [
        *VERTIV_FIRST,
        quote("VRT", 38.0, "01-27 12:10"),
        quote("VRT", 37.5, "01-27 12:11"),  # −25 %: critical as well
        quote("NVDA", 80.0, "01-27 12:20"),
        quote("NVDA", 79.0, "01-27 12:21"),
    ]
    play(machine, tape, until="01-27 12:30")
    (incident,) = machine.incidents
    assert incident.lead == "NVDA"


def test_of_several_that_reach_the_highest_severity_at_once_the_worst_leads() -> None:
    machine = engine()
    tape = [
        *BEFORE,
        quote("NVDA", 89.0, "01-27 10:00"),
        quote("NVDA", 88.5, "01-27 10:01"),
        *[quote(s, p, "01-27 12:00") for s, p in (("VRT", 37.5), ("NVDA", 81.5))],
        *[quote(s, p, "01-27 12:01") for s, p in (("VRT", 37.0), ("NVDA", 81.0))],
    ]
    play(machine, tape)
    (incident,) = machine.incidents
    assert incident.lead == "VRT"


def test_a_lead_that_gets_worse_in_another_session_is_told_with_that_sessions_price() -> None:
    tape = [
        *BEFORE,
        quote("NVDA", 88.0, "01-27 15:00"),
        quote("NVDA", 87.0, "01-27 15:01"),
        close("NVDA", 87.0, "01-27"),
        quote("NVDA", 71.0, "01-28 15:00"),
        quote("NVDA", 70.0, "01-28 15:01"),  # −19.5 % against Monday's close
    ]
    first, worse = messages(play(engine(rule(follow_up=("recovered",))), tape))
    assert (first.reason, worse.reason) == (Reason.FIRST, Reason.ESCALATED)
    assert worse.summary.subject.startswith("Now worse: Nvidia falls 19.5 %")


def test_a_rebound_and_a_recovery_are_measured_from_before_the_fall_the_lead_began_with() -> None:
    tape = [
        *BEFORE,
        quote("NVDA", 88.0, "01-27 15:00"),
        quote("NVDA", 87.0, "01-27 15:01"),
        close("NVDA", 87.0, "01-27"),
        quote("NVDA", 71.0, "01-28 15:00"),
        quote("NVDA", 70.0, "01-28 15:01"),
        close("NVDA", 70.0, "01-28"),
        quote("NVDA", 90.0, "01-29 15:00"),
        quote("NVDA", 90.5, "01-29 15:01"),  # above Monday's close, not above Friday's
    ]
    machine = engine(rule(follow_up=("recovered",)))
    said = messages(play(machine, tape))
    assert [a.reason for a in said] == [Reason.FIRST, Reason.ESCALATED]
    later = play(machine, [quote("NVDA", p, f"01-29 16:0{n}") for n, p in enumerate((101.0, 101.5))], "01-29 17:00")
    (back,) = [a for a in messages(later) if a.reason is Reason.FOLLOW_UP]
    assert back.at == at("01-29 16:01")
    assert "Against 100.00 before the fall" in plain(back.summary, None)
