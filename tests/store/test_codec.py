"""What is stored comes back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.store import rows
from bot.adapters.store.codec import clean, from_json, moment, moment_text, to_json
from bot.core.errors import StoreError
from bot.core.model import (
    NEXT_SESSION_CLOSE,
    RECOVERED,
    SESSION_CLOSE,
    Check,
    FollowUp,
    FollowUpKind,
    FollowUpOutcome,
    NotificationState,
    Quote,
    Reason,
    ScoreReason,
    Severity,
    Summary,
    Suppression,
    SuppressionReason,
    Thread,
)
from tests.store.strategies import moments, values
from tests.store.values import notification


@given(moments)
def test_a_moment_round_trips_to_the_microsecond(at: datetime) -> None:
    assert moment(moment_text(at)) == at
    assert moment(moment_text(at)).tzinfo is UTC


@given(moments, moments)
def test_the_order_of_stored_text_is_the_order_of_time(one: datetime, other: datetime) -> None:
    assert (moment_text(one) < moment_text(other)) == (one < other)
    assert len(moment_text(one)) == len(moment_text(other)) == 27


def test_a_moment_of_another_zone_is_stored_as_utc() -> None:
    new_york = datetime(2025, 1, 27, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert moment_text(new_york) == "2025-01-27T14:30:00.000000Z"


def test_a_naive_moment_is_refused_with_our_own_error() -> None:
    with pytest.raises(StoreError, match="without a time zone"):
        moment_text(datetime(2025, 1, 27))  # noqa: DTZ001


NESTED = [Check, Summary, FollowUp, ScoreReason]


@pytest.mark.parametrize("kind", NESTED, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=60)
def test_any_nested_value_round_trips_as_json(kind: Any, data: st.DataObject) -> None:
    value = data.draw(values(kind))
    assert from_json(kind, to_json(value)) == value


CODECS = [
    rows.STORY,
    rows.QUOTE,
    rows.BAR,
    rows.SPLIT,
    rows.FEED,
    rows.ALERT,
    rows.INCIDENT,
    rows.RECIPIENT,
    rows.NOTIFICATION,
]


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.kind.__name__)
@given(data=st.data())
@settings(max_examples=50)
def test_any_value_round_trips_as_a_row(codec: Any, data: st.DataObject) -> None:
    value = data.draw(values(codec.kind))
    row = codec.row(value)
    assert all(type(cell) in (str, int, float, type(None)) for cell in row)
    assert codec.value(row) == value


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("cooldown", Suppression(SuppressionReason.COOLDOWN)),
        ("never told", Suppression(SuppressionReason.NEVER_TOLD)),
        ("inhibited by market-crash", Suppression(SuppressionReason.INHIBITED, "market-crash")),
        ("silence pause", Suppression(SuppressionReason.SILENCE, "pause")),
        ("silence 3f2a", Suppression(SuppressionReason.SILENCE, "3f2a")),
        ("quiet hours", Suppression(SuppressionReason.QUIET_HOURS)),
        ("one of many at once", Suppression(SuppressionReason.BURST)),
        ("min_severity high", Suppression(SuppressionReason.MIN_SEVERITY, "high")),
        ("symbols", Suppression(SuppressionReason.SYMBOLS)),
        ("digest", Suppression(SuppressionReason.DIGEST)),
        ("backtest", Suppression(SuppressionReason.BACKTEST)),
        ("recipient switched off", Suppression(SuppressionReason.SWITCHED_OFF)),
        ("a newer edit", Suppression(SuppressionReason.NEWER_EDIT)),
        ("the message to edit is not there", Suppression(SuppressionReason.NOTHING_TO_EDIT, "not there")),
        ("imported before it was sent", Suppression(SuppressionReason.IMPORTED)),
        ("symbolism", Suppression(SuppressionReason.OTHER, "symbolism")),
        (None, None),
    ],
)
def test_why_a_message_was_held_back_is_read_as_every_version_stored_it(
    stored: str | None, meant: Suppression | None
) -> None:
    note = notification(state=NotificationState.SUPPRESSED if stored else NotificationState.QUEUED)
    place = rows.NOTIFICATION.columns.index("suppressed_by")
    row = list(rows.NOTIFICATION.row(note))
    row[place] = stored
    assert rows.NOTIFICATION.value(row) == replace(note, suppressed_by=meant)
    assert rows.NOTIFICATION.row(replace(note, suppressed_by=meant))[place] == stored


def test_infinities_and_nan_survive_json() -> None:
    kept = [from_json(Check, to_json(Check("c", None, "", value=v))).value for v in (float("inf"), float("-inf"))]
    assert kept == [float("inf"), float("-inf")]
    assert str(from_json(Check, to_json(Check("c", None, "", value=float("nan")))).value) == "nan"


def test_a_field_the_program_does_not_know_is_ignored() -> None:
    read = from_json(FollowUp, '{"kind":"session close","due_at":null,"mood":"bright"}')
    assert read == FollowUp(SESSION_CLOSE, None)


OLD_INCIDENT = {
    # as the version wrote it that kept an incident and its thread in one value
    "id": "20250127-1",
    "topic": "ai-model",
    "clusters": '["c1"]',
    "session": "2025-01-27",
    "sessions": '["2025-01-27"]',
    "started_at": "2025-01-27T10:05:00.000000Z",
    "updated_at": "2025-01-28T15:00:00.000000Z",
    "closed_at": None,
    "severity": "critical",
    "state": "open",
    "lead": "NVDA",
    "symbols": '["NVDA","VRT"]',
    "alerts": '["20250127-NVDA-d392b6","20250127-VRT-d5f484"]',
    "messages": 3,
    "told_at": "2025-01-27T16:01:00.000000Z",
    "told_breadth": 2,
    "told_severity": "critical",
    "follow_ups": '[{"kind":"session close","due_at":"2025-01-27T21:00:00.000000Z",'
    '"done_at":"2025-01-27T21:00:00.000000Z","outcome":"sent"},{"kind":"next session close",'
    '"due_at":"2025-01-28T21:00:00.000000Z","done_at":null,"outcome":""},{"kind":"rebound 5%","due_at":null,'
    '"done_at":null,"outcome":""},{"kind":"rebound 12.5%","due_at":null,"done_at":null,"outcome":""},'
    '{"kind":"recovered","due_at":null,"done_at":null,"outcome":""}]',
    "rest": '{"told_change":-0.16,"told_session":"2025-01-27","main":2,"main_reason":"escalated","edits":3,'
    '"edited_at":"2025-01-27T21:00:00.000000Z","corrected_at":null,"acknowledged_at":"2025-01-28T15:00:00.000000Z",'
    '"acknowledged_by":"Ada","merged_into":"","edit_due_at":null}',
}


def test_an_incident_is_stored_as_ever_and_read_into_its_thread() -> None:
    old = tuple(OLD_INCIDENT[column] for column in rows.INCIDENT.columns)
    incident = rows.INCIDENT.value(old)
    assert (incident.id, incident.lead, incident.severity) == ("20250127-1", "NVDA", Severity.CRITICAL)
    moment = datetime(2025, 1, 27, 21, tzinfo=UTC)
    assert incident.thread == Thread(
        messages=3,
        told_at=datetime(2025, 1, 27, 16, 1, tzinfo=UTC),
        told_breadth=2,
        told_severity=Severity.CRITICAL,
        told_change=-0.16,
        told_session=date(2025, 1, 27),
        main=2,
        main_reason=Reason.ESCALATED,
        edits=3,
        edited_at=moment,
        acknowledged_at=datetime(2025, 1, 28, 15, tzinfo=UTC),
        acknowledged_by="Ada",
        follow_ups=(
            FollowUp(SESSION_CLOSE, moment, moment, FollowUpOutcome.SENT),
            FollowUp(NEXT_SESSION_CLOSE, datetime(2025, 1, 28, 21, tzinfo=UTC)),
            FollowUp(FollowUpKind("rebound", 0.05), None),
            FollowUp(FollowUpKind("rebound", 0.125), None),
            FollowUp(RECOVERED, None),
        ),
    )
    new = dict(zip(rows.INCIDENT.columns, rows.INCIDENT.row(incident), strict=True))
    added = {"told_direction": None, "told_cause": "", "known_cause": "", "known_at": None, "messaged_at": None}
    added |= {"shown": "", "to": []}
    assert json.loads(new.pop("rest")) == json.loads(str(OLD_INCIDENT["rest"])) | added
    assert new == {column: cell for column, cell in OLD_INCIDENT.items() if column != "rest"}


def test_an_incident_that_an_earlier_version_wrote_with_less_is_read_all_the_same() -> None:
    old = OLD_INCIDENT | {"rest": "{}", "follow_ups": "[]"}
    thread = rows.INCIDENT.value(tuple(old[column] for column in rows.INCIDENT.columns)).thread
    assert (thread.messages, thread.told_change, thread.main_reason, thread.follow_ups) == (3, None, Reason.FIRST, ())


@pytest.mark.parametrize("text", ["session close", "next session close", "recovered", "rebound 5%", "rebound 7.25%"])
def test_a_follow_up_is_stored_as_rules_write_it(text: str) -> None:
    assert str(FollowUpKind.parse(text)) == text
    assert FollowUpKind.parse(f"  {text.replace(' ', '  ')} ") == FollowUpKind.parse(text)


def test_an_absent_number_is_absent_also_where_the_vendor_said_nan() -> None:
    at = datetime(2025, 1, 27, tzinfo=UTC)
    row = rows.QUOTE.row(Quote("NVDA", 1.0, at, at, previous_close=float("nan")))
    assert rows.QUOTE.value(row).previous_close is None


def test_text_that_is_not_unicode_keeps_its_bytes_visible() -> None:
    assert clean("price \ud83d up") == "price \\ud83d up"
    assert clean("a\ud800") != clean("a\ud801")
    assert clean("café — 😀") == "café — 😀"
