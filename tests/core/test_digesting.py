"""When the engine makes digests, and who hears them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.engine import Engine
from bot.core.model import QuoteKind, Reason, Recipient
from bot.delivery.routing import route
from tests.core.worlds import at, close, engine, play, price, quote, rule


def digests(machine: Engine, until: str) -> list[str]:
    found = [a for d in play(machine, [], until) for a in d.announcements if a.reason is Reason.DIGEST]
    return [a.key for a in found]


def machine(since: str, *, makes_up: bool = False) -> Engine:
    made = engine(rule("fall", price("< -10%")), since=since)
    made.send_digests("SPY", at(since), makes_up=makes_up)
    return made


def test_one_after_each_session_and_one_after_each_week() -> None:
    keys = digests(machine("01-23 12:00"), "01-27 23:00")
    assert keys == [
        "digest:daily:2025-01-23",
        "digest:daily:2025-01-24",
        "digest:weekly:2025-01-24",
        "digest:daily:2025-01-27",
    ]


def test_without_being_asked_there_is_none() -> None:
    made = engine(rule("fall", price("< -10%")), since="01-23 12:00")
    assert digests(made, "01-27 23:00") == []


def test_after_a_short_absence_what_fell_due_is_made_up_for_and_after_a_long_one_not() -> None:
    assert "digest:daily:2025-01-27" in digests(machine("01-28 09:00", makes_up=True), "01-28 10:00")
    assert digests(machine("01-28 09:00"), "01-28 10:00") == []
    assert digests(machine("01-28 20:00", makes_up=True), "01-28 20:30") == []


def test_a_weekly_one_is_made_up_for_until_the_next_week_begins() -> None:
    weekly = "digest:weekly:2025-01-24"
    assert digests(machine("01-26 12:00", makes_up=True), "01-26 13:00") == [weekly]
    assert digests(machine("01-27 08:00", makes_up=True), "01-27 08:30") == [weekly]
    assert digests(machine("01-28 09:00", makes_up=True), "01-28 10:00") == ["digest:daily:2025-01-27"]


def test_what_is_made_up_for_waits_for_the_prices_of_its_session() -> None:
    made = machine("01-27 22:00", makes_up=True)
    tape = [
        quote("NVDA", 94.0, "01-27 21:00", QuoteKind.CLOSE, seen="01-27 22:02"),
        replace(close("NVDA", 100.0, "01-24"), seen_at=at("01-27 22:02")),
    ]
    (first, *_) = [
        a for d in [made.step([], at("01-27 22:00")), *play(made, tape, "01-27 23:00")] for a in d.announcements
    ]
    assert first.key == "digest:daily:2025-01-27"
    assert "1 near miss" in first.summary.subject
    assert first.at == at("01-27 22:25")


def test_operators_hear_digests_and_others_where_they_want_to() -> None:
    made = machine("01-27 12:00")
    (digest,) = [a for d in play(made, [], "01-27 22:00") for a in d.announcements if a.reason is Reason.DIGEST]
    people = [
        Recipient("console", "console", operator=True),
        Recipient("telegram:1", "telegram"),
        Recipient("telegram:2", "telegram", digest=True),
    ]
    routed = route(digest, people, at("01-27 22:00"), "text")
    assert [str(n.suppressed_by or "") for n in routed] == ["", "digest", ""]


def test_a_session_s_incident_is_in_its_digest() -> None:
    made = machine("01-27 12:00")
    bar = close("NVDA", 100.0, "01-24")
    tape = [bar, quote("NVDA", 80.0, "01-27 15:00"), quote("NVDA", 79.0, "01-27 15:01")]
    said = [a for d in play(made, tape, "01-27 22:00") for a in d.announcements if a.reason is Reason.DIGEST]
    assert [a.at - at("01-27 21:00") for a in said] == [timedelta(minutes=30)]
    assert "1 incident" in said[0].summary.subject
