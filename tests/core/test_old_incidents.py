"""An incident stays open as long as something of it is to come, however long ago its alerts fired."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.model import SESSION_CLOSE, Alert, FollowUp, Incident, IncidentState, Thread
from tests.core.worlds import at, close, engine, play, quote, rule, shock_tape

FOLLOW_UPS = ("session close", "recovered")
EVENING = at("01-28 01:30")


def left_open() -> tuple[Incident, list[Alert]]:
    """The incident of the shock and its alerts as they were written on Monday evening: follow-ups are still to come."""
    machine = engine(rule(follow_up=FOLLOW_UPS))
    decisions = play(machine, [o for o in shock_tape() if o.seen_at < EVENING], until="01-28 01:30")
    alerts = {c.alert.id: c.alert for d in decisions for c in d.changes}
    (incident,) = {i.id: i for d in decisions for i in d.incidents}.values()
    assert incident.state is IncidentState.OPEN
    return incident, list(alerts.values())


def test_an_open_incident_whose_alerts_are_not_there_is_closed_and_stops_no_price() -> None:
    incident, _ = left_open()
    machine = engine(rule(follow_up=FOLLOW_UPS))
    machine.restore([close("NVDA", 84.0, "01-27")], [], [incident], at("01-28 10:00"))
    tape = [quote(s, 83.0, f"01-28 14:3{n}") for n in range(4) for s in ("NVDA", "VRT")]
    decisions = play(machine, tape, until="01-28 14:40")
    assert [a for d in decisions for a in d.announcements] == []
    (left,) = machine.incidents
    assert left.state is IncidentState.CLOSED
    assert [i for d in decisions for i in d.incidents] == [left], "that it is closed is written down, once"


def test_an_incident_without_alerts_is_joined_by_none_and_merged_with_none() -> None:
    incident, _ = left_open()
    machine = engine(rule(follow_up=FOLLOW_UPS))
    today = at("01-29 00:00").date()
    machine.restore([], [], [replace(incident, sessions=(today,))], at("01-29 09:00"))
    tape = [o for o in shock_tape() if o.seen_at < at("01-27 00:00")]
    tape = [replace(o, seen_at=at("01-29 09:01")) for o in tape]
    tape += [replace(close(s, p, "01-28"), seen_at=at("01-29 09:02")) for s, p in (("NVDA", 100.0), ("VRT", 50.0))]
    tape += [quote("NVDA", 86.0, f"01-29 15:0{n}") for n in (0, 1)]
    tape += [quote("VRT", 43.0, f"01-29 15:0{n}") for n in (2, 3)]
    decisions = play(machine, tape, until="01-29 16:00")
    assert len([a for d in decisions for a in d.announcements if not a.edits]) == 1


def test_housekeeping_does_not_forget_the_alerts_of_an_open_incident() -> None:
    incident, alerts = left_open()
    late = Thread(messages=1, main=1, follow_ups=(FollowUp(SESSION_CLOSE, at("03-28 21:00")),))
    machine = engine(rule(follow_up=FOLLOW_UPS))
    machine.restore([], alerts, [replace(incident, thread=late)], EVENING)
    machine.step([], at("03-28 20:00"))
    (kept,) = machine.incidents
    assert kept.state is IncidentState.OPEN
    assert [a for a in kept.alerts if machine.alerts.get(a) is None] == []
    said = machine.step([], at("03-28 22:00"))
    assert len(said.announcements) == 1
    machine.step([], at("03-28 22:00") + timedelta(days=40))
    assert list(machine.alerts) == []
