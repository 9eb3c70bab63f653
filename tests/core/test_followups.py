"""Follow-ups give the figures of the close they are about, whatever came between: a restart, a split, a delay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.engine import Engine
from bot.core.model import (
    RECOVERED,
    Announcement,
    Decisions,
    FollowUpOutcome,
    Observation,
    QuoteKind,
    Reason,
    Split,
)
from bot.core.prices.windows import parse_span
from bot.render.plain import plain
from tests.core.worlds import CHEAP, at, close, engine, play, quote, rule, story

EVERY = ("session close", "next session close", "rebound 5%", "recovered")
FELL: list[Observation] = [
    *[close(s, p, "01-24") for s, p in (("NVDA", 100.0), ("VRT", 50.0), ("KO", 60.0), ("SPY", 600.0))],
    story(CHEAP, "01-25 12:00"),
    quote("NVDA", 88.0, "01-27 10:00"),
    quote("NVDA", 87.5, "01-27 10:05"),
]
MONDAY = quote("NVDA", 86.0, "01-27 21:00", QuoteKind.CLOSE)
TUESDAY = quote("NVDA", 87.0, "01-28 21:00", QuoteKind.CLOSE)


def followed(decisions: Sequence[Decisions]) -> list[Announcement]:
    return [a for d in decisions for a in d.announcements if a.reason is Reason.FOLLOW_UP]


def told(decisions: Sequence[Decisions]) -> list[tuple[str, str]]:
    """When each follow-up came, and its text."""
    return [(f"{a.at:%m-%d %H:%M}", plain(a.summary, None)) for a in followed(decisions)]


def stopped(before: list[Observation], down: str, back: str, kinds: tuple[str, ...] = EVERY) -> Engine:
    """An engine that was stopped at ``down`` and is rebuilt from history at ``back``."""
    first = engine(rule(follow_up=kinds))
    head = play(first, before, until=down)
    alerts = {c.alert.id: c.alert for d in head for c in d.changes}
    known = {i.id: i for d in head for i in d.incidents}
    second = engine(rule(follow_up=kinds))
    second.restore(before, list(alerts.values()), list(known.values()), at(back))
    return second


def after_restart(machine: Engine, back: str, later: list[Observation], until: str) -> list[tuple[str, str]]:
    return told([machine.step([], at(back)), *play(machine, later, until=until)])


def test_after_a_restart_the_close_is_waited_for_and_told_rather_than_the_last_price_from_before() -> None:
    machine = stopped([*FELL, quote("NVDA", 86.5, "01-27 20:29")], "01-27 20:30", "01-27 22:30")
    later = [
        quote("NVDA", 86.0, "01-27 21:00", QuoteKind.CLOSE, "01-27 22:31"),
        quote("NVDA", 85.0, "01-27 22:30", seen="01-27 22:31"),
    ]
    ((when, text),) = after_restart(machine, "01-27 22:30", later, "01-27 23:30")
    assert when == "01-27 22:31"
    assert "86.00, −14.0 %" in text
    assert "at the close, 21:00" in text
    assert "Sent late" in text


def test_where_no_close_comes_after_a_restart_the_waiting_ends() -> None:
    machine = stopped([*FELL, quote("NVDA", 86.5, "01-27 20:29")], "01-27 20:30", "01-27 22:30")
    ((when, text),) = after_restart(machine, "01-27 22:30", [], "01-28 09:00")
    assert when == "01-27 22:55"
    assert "86.50" in text
    assert "regular trading, 20:29" in text


def test_an_exchange_that_is_told_a_quarter_of_an_hour_late_has_its_close_waited_for() -> None:
    late = quote("NVDA", 86.0, "01-27 21:00", QuoteKind.CLOSE, "01-27 21:20")
    ((when, text),) = told(play(engine(rule(follow_up=EVERY)), [*FELL, late], until="01-27 23:00"))
    assert when == "01-27 21:20"
    assert "86.00, −14.0 %" in text
    assert "Sent late" not in text


def test_the_close_is_told_and_not_an_after_hours_price_known_before_it() -> None:
    tape = [
        *FELL,
        quote("NVDA", 86.5, "01-27 20:59"),
        quote("NVDA", 80.0, "01-27 21:05", seen="01-27 21:06"),
        quote("NVDA", 86.0, "01-27 21:00", QuoteKind.CLOSE, "01-27 21:08"),
    ]
    ((_, text),) = told(play(engine(rule(follow_up=EVERY)), tape, until="01-27 23:00"))
    assert "86.00, −14.0 %" in text
    assert "at the close, 21:00" in text


def test_the_others_too_stand_where_they_closed() -> None:
    tape = [
        *FELL,
        quote("VRT", 43.0, "01-27 15:30"),
        quote("VRT", 42.5, "01-27 15:31"),
        quote("VRT", 42.6, "01-27 21:00", QuoteKind.CLOSE, "01-27 21:01"),
        quote("VRT", 30.0, "01-27 21:05", seen="01-27 21:06"),
        quote("NVDA", 86.0, "01-27 21:00", QuoteKind.CLOSE, "01-27 21:08"),
    ]
    ((_, text),) = told(play(engine(rule(follow_up=EVERY)), tape, until="01-27 23:00"))
    assert "VRT −14.8 %" in text


SPLIT_DAY = at("01-29 00:00").date()


@pytest.mark.parametrize(
    ("ratio", "prices", "kinds"),
    [
        (10.0, (8.7, 8.75), []),  # ten for one: not a further fall of 90 %, nor back
        (0.1, (870.0, 875.0), []),  # one for ten: that is no recovery
        (10.0, (9.2, 9.25), ["rebounded"]),
        (10.0, (10.1, 10.2), ["recovered"]),
        (0.1, (1010.0, 1020.0), ["recovered"]),
    ],
)
def test_a_split_between_fall_and_follow_up_is_no_move(
    ratio: float, prices: tuple[float, float], kinds: list[str]
) -> None:
    split = Split("NVDA", SPLIT_DAY, ratio, at("01-29 08:00"))
    after = [quote("NVDA", p, f"01-29 15:0{n}") for n, p in enumerate(prices)]
    machine = engine(rule(follow_up=("rebound 5%", "recovered")))
    found = told(play(machine, [*FELL, MONDAY, TUESDAY, split, *after], until="01-29 22:00"))
    assert [k for k in ("rebounded", "recovered") if any(k in text.splitlines()[0] for _, text in found)] == kinds
    for _, text in found:
        before = 100.0 / ratio
        assert f"Against {before:,.2f} before the fall: {prices[1] / before - 1:+.1%}".replace(
            "-", "−"
        ) in text.replace(" %", "%")


def test_the_end_that_fell_due_while_nobody_was_here_is_marked_late_and_gives_that_close() -> None:
    before = [*FELL, MONDAY, TUESDAY, quote("NVDA", 89.0, "02-03 20:00")]
    machine = stopped(before, "02-03 20:30", "02-04 10:00")
    later = [
        replace(close("NVDA", 90.0, "02-03"), seen_at=at("02-04 10:01")),
        quote("NVDA", 95.0, "02-04 10:00", seen="02-04 10:01"),
    ]
    ((when, text),) = after_restart(machine, "02-04 10:00", later, "02-04 12:00")
    assert when == "02-04 10:01"
    assert "five sessions on" in text
    assert "90.00" in text
    assert "−10.0 % against 100.00" in text
    assert "This is the last message about this incident." in text
    assert "Sent late" in text


def test_an_end_that_is_a_session_old_is_dropped_and_the_incident_is_over() -> None:
    before = [*FELL, MONDAY, TUESDAY, quote("NVDA", 89.0, "02-03 20:00")]
    machine = stopped(before, "02-03 20:30", "02-11 10:00")
    later = [quote("NVDA", 95.0, "02-11 10:00", seen="02-11 10:01")]
    assert after_restart(machine, "02-11 10:00", later, "02-11 12:00") == []
    (incident,) = machine.incidents
    assert {f.outcome for f in incident.thread.follow_ups if f.kind == RECOVERED} == {FollowUpOutcome.STALE}
    assert incident.closed_at is not None


def test_where_no_price_is_known_any_more_the_follow_up_says_so() -> None:
    found = told(play(engine(rule(follow_up=EVERY)), FELL, until="02-10 22:00"))
    assert "No price for Nvidia (NVDA)" not in found[0][1]
    for _, text in found[1:]:
        assert "No price for Nvidia (NVDA) in the session of" in text


def test_nobody_is_followed_up_who_was_never_told() -> None:
    """A cooldown held the first message back: what answers it would answer nothing."""
    patient = rule(follow_up=("session close",), cooldown=parse_span("3 sessions"))
    tape = [
        *FELL,
        MONDAY,
        close("NVDA", 86.0, "01-27"),
        quote("NVDA", 75.0, "01-28 15:00", QuoteKind.LOW),
        quote("NVDA", 74.9, "01-28 15:30"),
        quote("NVDA", 76.0, "01-28 21:00", QuoteKind.CLOSE),
    ]
    decisions = play(engine(patient), tape, until="01-29 08:00")
    said = [
        (a.incident, a.reason, str(a.suppressed_by or "")) for d in decisions for a in d.announcements if not a.edits
    ]
    assert said == [
        ("20250127-1", Reason.FIRST, ""),
        ("20250127-1", Reason.FOLLOW_UP, ""),
        ("20250128-1", Reason.FIRST, "cooldown"),
        ("20250128-1", Reason.FOLLOW_UP, "never told"),
    ]
    changed = [c.alert for d in decisions for c in d.changes]
    assert {a.told_at for a in changed if a.session == at("01-28 00:00").date()} == {None}
