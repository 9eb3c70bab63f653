"""What a message says of the likely cause: when it was first seen, before the alert or only after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from bot.core.messages.blocks.why import why
from bot.core.messages.snapshot import Snapshot
from bot.core.model import CauseRef, Reach, Story, Summary
from bot.render.plain import plain
from tests.core.worlds import at, engine, play, shock_tape, story


@cache
def seen() -> Snapshot:
    """The small world's fall with its story, at its first message."""
    machine = engine()
    decisions = play(machine, [o for o in shock_tape() if o.seen_at <= at("01-27 10:05")], "01-27 10:05")
    incident = next(i for d in decisions for i in d.incidents)
    alerts = [a for a in map(machine.alerts.get, incident.alerts) if a is not None]
    return machine.announcer.messages.snapshot(incident, alerts, at("01-27 10:05"))


def told(cause: CauseRef, naming: Story | None = None, *, known: bool = False) -> str:
    """The block about ``cause``, of which ``naming`` is the first story that names the company."""
    blocks = why(replace(seen(), cause=cause), "", str, str, str, lambda cause, symbol: naming, known=known)
    return " ".join(plain(Summary(tuple(blocks)), None).split())


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(days=3), "First seen 3 days before this alert;"),
        (timedelta(hours=2), "First seen 2 h before this alert;"),
        (timedelta(0), "First seen less than a minute before this alert;"),
        (timedelta(minutes=-40), "First seen 40 min after this alert;"),
        (timedelta(hours=-5), "First seen 5 h after this alert;"),
    ],
)
def test_a_story_is_told_to_be_older_than_the_alert_only_where_it_is(before: timedelta, words: str) -> None:
    lead = seen().lead
    assert lead.cause is not None
    cause = replace(lead.cause, first_seen_at=lead.fired_at - before, seen_at=lead.fired_at - before)
    assert words in told(cause)
    assert words in told(replace(cause, first_seen_at=None))


def test_the_story_said_to_name_the_company_is_one_that_does() -> None:
    found = seen().cause
    assert found is not None
    cause = replace(found, reach=Reach.DIRECT)
    shown = story("Nvidia falls", "01-27 09:00")
    assert "It names NVDA." in told(replace(cause, story=shown.id), shown)
    assert "NVDA is named by “Nvidia falls” — wire." in told(cause, shown)
    assert "names" not in told(cause)


def test_a_cause_readers_know_is_told_in_short() -> None:
    cause = seen().cause
    assert cause is not None
    whole, short = told(cause), told(cause, known=True)
    assert cause.title in short
    assert len(short) < len(whole)
    assert "First" not in short


@pytest.mark.parametrize(
    ("source", "release", "words"),
    [
        ("wire", "", "First story: “Lab A is out” — wire, "),
        ("wire", "", " Reported by 2 sources (wire and desk)."),
        ("hub", "", " Since reported by 2 sources (wire and desk)."),
        ("hub", "r", "The news behind it: “Lab A is out” — hub, "),
        ("hub", "r", " Since reported by 2 sources (wire and desk)."),
    ],
)
def test_sources_of_the_cause_are_not_said_to_tell_another_story(source: str, release: str, words: str) -> None:
    found = seen().cause
    assert found is not None
    first = replace(found, first_title="Lab A is out", first_source=source, release=release, sources=("wire", "desk"))
    assert words in told(first)
    assert "First seen" not in told(first)


def test_what_is_no_more_than_possible_was_not_first_seen_with_another_story() -> None:
    found = seen().cause
    assert found is not None
    weak = replace(found, confidence=0.4, first_title="Lab A is out", first_seen_at=found.seen_at - timedelta(days=6))
    assert "First seen" not in told(weak)
    assert "Reported by 1 source (wire)." in told(weak)
    assert "First seen 7 days before this alert;" in told(replace(weak, first_title=weak.title))
