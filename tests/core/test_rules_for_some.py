"""Rules whose messages are for some recipients only: nobody else is told of their incidents, or told less for them."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model import Announcement, Observation
from bot.core.rules.rule import Rule
from tests.core.worlds import CHEAP, close, engine, play, price, quote, rule, story

DESK = ("telegram:12345",)
TAPE: list[Observation] = [
    *[close(s, 100.0, day) for day in ("01-23", "01-24") for s in ("NVDA", "VRT", "SPY")],
    story(CHEAP, "01-27 12:00"),
    *[quote("NVDA", p, f"01-27 14:3{n}") for n, p in enumerate((94.0, 93.9))],  # the desk's rule
    *[quote("NVDA", p, f"01-27 15:0{n}") for n, p in enumerate((88.0, 87.9))],  # everybody's
    *[quote("VRT", p, f"01-27 15:1{n}") for n, p in enumerate((94.0, 93.9))],
]


def early() -> Rule:
    """A rule of the desk's own, which fires before everybody's."""
    return replace(rule("early", price("< -5%")), to=DESK)


def told(*rules: Rule) -> list[Announcement]:
    decisions = play(engine(*rules), TAPE, "01-27 16:00")
    return [a for d in decisions for a in d.announcements if a.incident]


def test_what_some_are_told_early_takes_nothing_from_what_all_are_told() -> None:
    alone = [(a.at, a.reason, a.summary.subject) for a in told(rule()) if not a.edits]
    both = told(early(), rule())
    assert {a.to for a in both} == {(), DESK}
    assert [(a.at, a.reason, a.summary.subject) for a in both if not a.to and not a.edits] == alone
    assert alone


def test_their_incidents_stay_apart_whatever_binds_them() -> None:
    machine = engine(early(), rule())
    play(machine, TAPE, "01-27 16:00")
    found = {(incident.to, symbol) for incident in machine.incidents for symbol in incident.symbols}
    assert found == {(DESK, "NVDA"), (DESK, "VRT"), ((), "NVDA")}
    rules_of = {i.id: {machine.alerts.get(a).rule for a in i.alerts} for i in machine.incidents}  # type: ignore[union-attr]
    assert all(len(rules) == 1 for rules in rules_of.values())


def test_a_cause_that_only_some_were_told_is_not_known_to_all() -> None:
    private = replace(rule(), to=DESK)
    public = rule("everybody", price("< -5%"))
    for message in told(private, public):
        if not message.to:
            assert "no cause known yet" in message.summary.subject
