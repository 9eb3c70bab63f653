"""What a message says of the likely cause: when it was first seen, before the alert or only after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.messages.blocks.why import why
from bot.core.model import Alert, Summary
from bot.render.plain import plain
from tests.core.worlds import at, engine, play, shock_tape


def alert() -> Alert:
    """The small world's alert with its story."""
    machine = engine()
    decisions = play(machine, [o for o in shock_tape() if o.seen_at <= at("01-27 10:05")], "01-27 10:05")
    incident = next(i for d in decisions for i in d.incidents)
    found = machine.alerts.get(incident.alerts[0])
    assert found is not None
    assert found.cause is not None
    return found


def told(lead: Alert) -> str:
    return " ".join(plain(Summary(tuple(why(lead, [lead], "", str, str, str))), None).split())


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
    lead = alert()
    assert lead.cause is not None
    cause = replace(lead.cause, first_seen_at=lead.fired_at - before, seen_at=lead.fired_at - before)
    assert words in told(replace(lead, cause=cause))
    assert words in told(replace(lead, cause=replace(cause, first_seen_at=None)))
