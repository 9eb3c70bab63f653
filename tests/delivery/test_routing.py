"""Who is told, and the stored reason where somebody is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.model import NotificationState, Recipient, Severity, Silence, Suppression, SuppressionReason
from bot.delivery.routing import notification_id, route
from tests.delivery.makers import NOW, announcement

ADA = Recipient("telegram:1", "telegram", "Ada", operator=True)
BOB = Recipient("telegram:2", "telegram", "Bob")


def held(recipient: Recipient, *silences: Silence, **changes: object) -> str:
    (note,) = route(announcement(**changes), [recipient], NOW, "text", silences)  # type: ignore[arg-type]
    assert (note.state is NotificationState.SUPPRESSED) == bool(note.suppressed_by)
    return str(note.suppressed_by or "")


def test_each_enabled_recipient_gets_one_notification_under_a_stable_id() -> None:
    off = Recipient("telegram:3", "telegram", enabled=False)
    notes = route(announcement("key"), [ADA, BOB, off, ADA], NOW, "text")
    assert [n.recipient for n in notes] == ["telegram:1", "telegram:2"]
    assert [n.id for n in notes] == [notification_id("key", r.id) for r in (ADA, BOB)]
    assert {n.state for n in notes} == {NotificationState.QUEUED}
    assert notes == route(announcement("key"), [ADA, BOB], NOW, "text")
    assert notes[0].text == "text"
    assert notes[0].created_at == NOW


def test_operator_notices_go_to_operators_only_whatever_they_prefer() -> None:
    picky = Recipient("console", "console", operator=True, min_severity=Severity.CRITICAL, symbols=("IBM",))
    notes = route(announcement(for_operator=True, severity=Severity.INFO), [ADA, BOB, picky], NOW, "t")
    assert [(n.recipient, n.state) for n in notes] == [
        ("telegram:1", NotificationState.QUEUED),
        ("console", NotificationState.QUEUED),
    ]


@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (Recipient("telegram:2", "telegram", min_severity=Severity.HIGH), ""),
        (Recipient("telegram:2", "telegram", min_severity=Severity.CRITICAL), "min_severity critical"),
        (Recipient("telegram:2", "telegram", symbols=("IBM", "NVDA")), ""),
        (Recipient("telegram:2", "telegram", symbols=("IBM",)), "symbols"),
    ],
)
def test_preferences_leave_a_suppressed_notification_with_the_reason(recipient: Recipient, reason: str) -> None:
    assert held(recipient) == reason


def test_an_announcement_about_no_symbol_reaches_those_who_chose_symbols() -> None:
    assert held(Recipient("telegram:2", "telegram", symbols=("IBM",)), symbols=()) == ""


@pytest.mark.parametrize(
    ("silence", "covered"),
    [
        (Silence("s", NOW + timedelta(hours=1)), True),
        (Silence("s", NOW), False),
        (Silence("s", NOW + timedelta(hours=1), symbols=("NVDA", "AMD")), True),
        (Silence("s", NOW + timedelta(hours=1), symbols=("AMD",)), False),
        (Silence("s", NOW + timedelta(hours=1), incident="i1"), True),
        (Silence("s", NOW + timedelta(hours=1), incident="i2"), False),
        (Silence("s", NOW + timedelta(hours=1), recipient="telegram:2"), True),
        (Silence("s", NOW + timedelta(hours=1), recipient="telegram:9"), False),
    ],
)
def test_a_silence_covers_what_all_its_matchers_match_until_it_ends(silence: Silence, covered: bool) -> None:
    assert held(BOB, silence, incident="i1") == ("silence s" if covered else "")


def test_a_silence_on_one_symbol_does_not_hide_an_incident_about_more() -> None:
    silence = Silence("s", NOW + timedelta(hours=1), symbols=("NVDA",))
    assert held(BOB, silence, symbols=("NVDA", "AMD")) == ""


def test_what_the_engine_held_back_is_recorded_for_everyone() -> None:
    cooldown = Suppression(SuppressionReason.COOLDOWN)
    assert held(BOB, suppressed_by=cooldown) == "cooldown"
    assert held(ADA, suppressed_by=cooldown, for_operator=True) == "cooldown"


def test_edits_and_answers_point_at_the_same_recipients_notifications() -> None:
    notes = route(announcement("new", edits="old", replies_to="first"), [ADA, BOB], NOW, "t")
    assert [n.edits for n in notes] == [notification_id("old", r.id) for r in (ADA, BOB)]
    assert [n.replies_to for n in notes] == [notification_id("first", r.id) for r in (ADA, BOB)]


def test_an_edit_follows_the_message_it_edits_past_every_preference() -> None:
    picky = Recipient("telegram:2", "telegram", min_severity=Severity.CRITICAL)
    assert held(picky, edits="old") == ""


def test_what_is_for_some_reaches_only_them_and_the_terminal() -> None:
    console = Recipient("console", "console", operator=True)
    desk = Recipient("webhook:desk", "webhook")
    told = announcement(to=("telegram:2", "webhook:desk"), severity=Severity.HIGH)
    assert [n.recipient for n in route(told, [ADA, BOB, desk, console], NOW, "t")] == [
        "telegram:2", "webhook:desk", "console"
    ]  # fmt: skip
    picky = Recipient("telegram:2", "telegram", min_severity=Severity.CRITICAL)
    (kept,) = route(told, [picky], NOW, "t")
    assert kept.state is NotificationState.SUPPRESSED, "its own preferences hold as ever"
