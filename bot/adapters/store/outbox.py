"""The outbox: notifications queued, leased for one attempt, and settled.

States and the only ways between them::

    queued ──claim──▶ leased ──settle──▶ sent | failed | unknown | queued again (retry, or a repeat)
      │                  └──lease ran out, or its process died──▶ unknown ──late answer──▶ sent | failed | queued
      │                                                              └──repeated──▶ queued
      └──▶ superseded (a newer edit; the message to edit was never sent) | suppressed (recipient switched off)

``sent`` is final. A lease that ran out is ``unknown``: the message may have arrived; an edit is queued again, as
repeating it does no harm. An answer that comes late still counts. Every attempt has a row in ``deliveries`` before it
begins; the attempts that are ``unknown`` there tell that a later one is perhaps a repeat.

Functions that write expect to be inside a transaction.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.adapters.store.codec import clean, moment, moment_text
from bot.adapters.store.engine import Connection, stream
from bot.adapters.store.rows import NOTIFICATION, insert
from bot.core.errors import StoreError
from bot.core.model import (
    HELD_BACK_KEY,
    HELD_BACK_TIME,
    LISTED_LATER,
    Attempt,
    Delivery,
    DeliveryOutcome,
    HeldBack,
    InDoubt,
    Notification,
    Outgoing,
    Severity,
    Suppression,
    SuppressionReason,
)

_NEWER_EDIT = str(SuppressionReason.NEWER_EDIT)
_NOTHING_TO_EDIT = str(Suppression(SuppressionReason.NOTHING_TO_EDIT, "not there"))
_SWITCHED_OFF = str(SuppressionReason.SWITCHED_OFF)

_HELD_BACK = f"{HELD_BACK_KEY}:"
"""How the keys of summaries of what was held back begin."""
_INSERT = insert("notifications", "run_id", *NOTIFICATION.columns) + " ON CONFLICT DO NOTHING"
_EDITS, _REPLIES_TO = NOTIFICATION.columns.index("edits"), NOTIFICATION.columns.index("replies_to")
_STATE, _SUPPRESSED_BY = NOTIFICATION.columns.index("state"), NOTIFICATION.columns.index("suppressed_by")
_RECIPIENT = NOTIFICATION.columns.index("recipient_id")

# ------------------------------------------------------------------------------------------------------------ queueing


def queue(conn: Connection, run_id: int, notifications: Iterable[Notification]) -> None:
    """Insert notifications not yet known (by id, or by announcement and recipient).

    An unsent edit is superseded by a newer one of the same message. ``edits`` is stored as the first notification of
    that message, whichever edit of it was named. An edit of a message that was never queued for this recipient is
    stored as superseded; a reply to one is stored as an ordinary message.
    """
    # messages before edits, so that an edit finds the message it was announced with
    for notification in sorted(notifications, key=lambda n: bool(n.edits)):
        recipient = present_id(conn, clean(notification.recipient))
        conn.execute(
            "INSERT INTO chats (id, channel, name, min_severity, symbols, rest) VALUES (?, ?, '', 'info', '[]', '{}')"
            " ON CONFLICT DO NOTHING",
            (recipient, clean(notification.channel)),
        )
        row = list(NOTIFICATION.row(notification))
        row[_RECIPIENT] = recipient
        if row[_REPLIES_TO]:
            row[_REPLIES_TO] = _first_of_message(conn, row[_REPLIES_TO], recipient)
        if row[_EDITS]:
            row[_EDITS] = _first_of_message(conn, row[_EDITS], recipient)
            if row[_EDITS] is None and row[_STATE] == "queued":
                row[_STATE], row[_SUPPRESSED_BY] = "superseded", _NOTHING_TO_EDIT
        if row[_STATE] == "queued" and not _enabled(conn, recipient):
            row[_STATE], row[_SUPPRESSED_BY] = "suppressed", _SWITCHED_OFF
        new = conn.execute(_INSERT, (run_id, *row)).rowcount
        if new and row[_EDITS] and row[_STATE] == "queued":
            _keep_newest_edit(conn, row[0], row[_EDITS])


def present_id(conn: Connection, recipient: str) -> str:
    """The recipient's present id, after all moves of its chat."""
    for _ in range(100):
        row = conn.execute("SELECT moved_to FROM chats WHERE id = ?", (recipient,)).fetchone()
        if row is None or row[0] is None:
            break
        recipient = row[0]
    return recipient


def suppress_queue(conn: Connection, recipient: str) -> None:
    """Suppress what is queued for a recipient that is switched off; the history says why."""
    conn.execute(
        "UPDATE notifications SET state = 'suppressed', suppressed_by = ?, not_before = NULL"
        " WHERE recipient_id = ? AND state = 'queued'",
        (_SWITCHED_OFF, recipient),
    )


def _enabled(conn: Connection, recipient: str) -> bool:
    return bool(conn.execute("SELECT enabled FROM chats WHERE id = ?", (recipient,)).fetchone()[0])


def _first_of_message(conn: Connection, notification: str, recipient: str) -> str | None:
    """The recipient's notification that created the message which ``notification`` is or edits."""
    row = conn.execute(
        "SELECT coalesce(edits, id) FROM notifications WHERE id = ? AND recipient_id = ?", (notification, recipient)
    ).fetchone()
    return None if row is None else str(row[0])


def _keep_newest_edit(conn: Connection, edit: str, message: str) -> None:
    """Supersede all queued edits of ``message`` but the newest; of equal times, the later inserted."""
    conn.execute(
        "UPDATE notifications SET state = 'superseded', suppressed_by = ?3, not_before = NULL WHERE rowid IN ("
        " SELECT older.rowid FROM notifications older JOIN notifications newer ON newer.edits = older.edits"
        " WHERE older.edits = ?1 AND older.state = 'queued' AND (newer.id = ?2 OR older.id = ?2)"
        " AND newer.state IN ('queued', 'leased', 'sent')"
        " AND (newer.created_at, newer.rowid) > (older.created_at, older.rowid))",
        (message, edit, _NEWER_EDIT),
    )


# ------------------------------------------------------------------------------------------------------------ claiming

# INDEXED BY: the queue is small and the history large, which a planner without statistics cannot know
_DUE = """
SELECT n.edits IS NOT NULL, -n.severity_rank, n.created_at, n.rowid, n.recipient_id
FROM notifications n INDEXED BY notifications_sending
WHERE n.state = 'queued' AND n.channel = :channel
  AND n.created_at <= :now AND (n.not_before IS NULL OR n.not_before <= :now)
  AND n.recipient_id NOT IN (SELECT value FROM json_each(:busy))
  AND EXISTS (SELECT 1 FROM chats c WHERE c.id = n.recipient_id AND c.enabled = 1)
  AND (n.edits IS NULL OR EXISTS (SELECT 1 FROM notifications m WHERE m.id = n.edits AND m.state = 'sent'))
  AND NOT EXISTS (SELECT 1 FROM notifications r
                  WHERE r.id = n.replies_to AND r.rowid < n.rowid AND r.state = 'queued'
                    AND r.created_at <= :now AND (r.not_before IS NULL OR r.not_before <= :now))
  AND NOT EXISTS (SELECT 1 FROM notifications l INDEXED BY notifications_leased
                  WHERE l.recipient_id = n.recipient_id AND l.state = 'leased')
ORDER BY n.edits IS NOT NULL, n.severity_rank DESC, n.created_at, n.rowid
"""

# their message failed, is in doubt, or is in the chat as it was before a move
_SUPERSEDE = """
UPDATE notifications INDEXED BY notifications_queued_edits SET state = 'superseded', settled_at = :now,
  suppressed_by = (SELECT :nothing || ' ' || CASE m.state WHEN 'sent' THEN 'in the chat as it was' ELSE m.state END
                   FROM notifications m WHERE m.id = notifications.edits)
WHERE state = 'queued' AND edits IS NOT NULL AND EXISTS (
  SELECT 1 FROM notifications m WHERE m.id = notifications.edits
  AND (m.state IN ('failed', 'superseded', 'suppressed', 'unknown') OR m.state = 'sent' AND m.message_id IS NULL))
"""

_CLAIMED = f"""
SELECT {", ".join("n." + column for column in NOTIFICATION.columns)}, n.attempts, m.message_id, r.message_id,
       (SELECT count(*) FROM deliveries d WHERE d.notification_id = n.id AND d.outcome = 'unknown')
FROM notifications n
LEFT JOIN notifications m ON m.id = n.edits
LEFT JOIN notifications r ON r.id = n.replies_to AND r.state = 'sent'
WHERE n.rowid = ?
"""


def waiting(conn: Connection) -> bool:
    """Whether anything is queued or leased at all; takes no lock."""
    return any(
        conn.execute(
            f"SELECT 1 FROM notifications INDEXED BY notifications_{state} WHERE state = '{state}' LIMIT 1"
        ).fetchone()
        is not None
        for state in ("queued", "leased")
    )


def claim(
    conn: Connection,
    run_id: int,
    now: datetime,
    lease_for: timedelta,
    limit: int,
    channels: Collection[str],
    busy: Collection[str],
) -> Sequence[Outgoing]:
    """Lease what may be sent now: messages before edits, then most severe, then oldest; one per recipient.

    A reply is held while the message it replies to could itself be sent now, whatever their severities, so that they
    arrive in order; it does not wait for one that must be retried later.
    """
    expire(conn, now)
    at = moment_text(now)
    conn.execute(_SUPERSEDE, {"now": at, "nothing": SuppressionReason.NOTHING_TO_EDIT})
    claimed = []
    for place in _due(conn, at, limit, channels, busy):
        conn.execute(
            "UPDATE notifications SET state = 'leased', attempts = attempts + 1, leased_by = ?, lease_until = ?,"
            " not_before = NULL WHERE rowid = ?",
            (run_id, moment_text(now + lease_for), place),
        )
        row = conn.execute(_CLAIMED, (place,)).fetchone()
        attempt, edits_message, replies_to_message, doubts = row[len(NOTIFICATION.columns) :]
        notification = NOTIFICATION.value(row)
        conn.execute(
            "INSERT INTO deliveries (notification_id, attempt, run_id, recipient_id, started_at, outcome)"
            " VALUES (?, ?, ?, ?, ?, 'started')",
            (notification.id, attempt, run_id, notification.recipient, at),
        )
        claimed.append(Outgoing(notification, attempt, edits_message, replies_to_message, doubts))
    return claimed


def _due(conn: Connection, now: str, limit: int, channels: Collection[str], busy: Collection[str]) -> Sequence[int]:
    """The rows to send now, in order, the first of each recipient: read from the queue's index, no further than
    ``limit`` needs."""
    skipped = json.dumps([clean(b) for b in busy])
    walks: list[Iterator[tuple[bool, int, str, int, str]]] = [
        stream(conn, _DUE, {"channel": clean(channel), "now": now, "busy": skipped}) for channel in channels
    ]
    found: dict[str, int] = {}
    for _, _, _, place, recipient in heapq.merge(*walks) if limit > 0 else ():
        found.setdefault(recipient, place)
        if len(found) >= limit:
            break
    return list(found.values())


# ------------------------------------------------------------------------------------------------------------ settling


def settle(conn: Connection, delivery: Delivery) -> None:
    """Record how an attempt ended; repeating it changes nothing. Raises StoreError for an attempt never claimed."""
    ended_at = moment_text(delivery.ended_at)
    retry_at = moment_text(delivery.retry_at) if delivery.retry_at else None
    message_id = None if delivery.message_id is None else clean(delivery.message_id)
    error = clean(delivery.error)
    changed = conn.execute(
        "UPDATE deliveries SET ended_at = ?, outcome = ?, message_id = ?, error = ?, retry_at = ?"
        " WHERE notification_id = ? AND attempt = ? AND outcome IN ('started', 'unknown')",
        (ended_at, delivery.outcome, message_id, error, retry_at, clean(delivery.notification), delivery.attempt),
    ).rowcount
    row = conn.execute(
        "SELECT n.edits, n.attempts, n.recipient_id, d.recipient_id FROM deliveries d"
        " JOIN notifications n ON n.id = d.notification_id WHERE d.notification_id = ? AND d.attempt = ?",
        (clean(delivery.notification), delivery.attempt),
    ).fetchone()
    if row is None:
        raise StoreError(f"settled without having been claimed: {delivery.notification} attempt {delivery.attempt}")
    edits, attempts, recipient, sent_to = row
    if not changed or (attempts != delivery.attempt and delivery.outcome is not DeliveryOutcome.SENT):
        return  # already known, or a later attempt has taken over
    again = delivery.outcome is DeliveryOutcome.RETRY or retry_at is not None
    state = "queued" if again else delivery.outcome
    conn.execute(
        "UPDATE notifications SET state = ?, message_id = ?, error = ?, not_before = ?, settled_at = ?,"
        " leased_by = NULL, lease_until = NULL WHERE id = ? AND state IN ('leased', 'unknown', 'queued')",
        (
            state,
            message_id if delivery.outcome is DeliveryOutcome.SENT and recipient == sent_to else None,
            error or None,
            (retry_at or ended_at) if state == "queued" else None,
            None if state == "queued" else ended_at,
            clean(delivery.notification),
        ),
    )
    if state == "queued" and edits is not None:
        _keep_newest_edit(conn, clean(delivery.notification), edits)
    if state == "queued" and not _enabled(conn, recipient):
        suppress_queue(conn, recipient)


def expire(conn: Connection, now: datetime) -> int:
    """Leases that ran out become ``unknown``: their sender hangs, and may have sent. Returns how many."""
    return _give_up(conn, now, "lease_until <= ?", moment_text(now), "the attempt did not end within its lease")


def recover(conn: Connection, run_id: int, now: datetime) -> int:
    """Leases of other runs become ``unknown``: their processes are dead, as this one has the writer's lock."""
    return _give_up(conn, now, "leased_by <> ?", run_id, "the program ended before the answer came")


def _give_up(conn: Connection, now: datetime, which: str, parameter: str | int, error: str) -> int:
    """End these leases: messages are in doubt, edits are queued again. Returns how many are in doubt."""
    leased = (
        "SELECT id, attempts, started_at, edits IS NOT NULL FROM notifications INDEXED BY notifications_leased"
        f" JOIN deliveries ON notification_id = id AND attempt = attempts WHERE state = 'leased' AND {which}"
    )
    rows = conn.execute(leased, (parameter,)).fetchall()
    for key, attempt, started_at, is_edit in rows:
        outcome = DeliveryOutcome.RETRY if is_edit else DeliveryOutcome.UNKNOWN
        settle(conn, Delivery(key, attempt, moment(started_at), now, outcome, error=error))
    return sum(not is_edit for *_, is_edit in rows)


_ATTEMPTS = """
SELECT recipient_id, started_at, outcome, ended_at, retry_at FROM deliveries WHERE started_at > :since
UNION
SELECT d.recipient_id, d.started_at, d.outcome, d.ended_at, d.retry_at
FROM notifications n INDEXED BY notifications_queued
JOIN deliveries d ON d.notification_id = n.id AND d.attempt = n.attempts
WHERE n.state = 'queued' AND n.not_before > :since
ORDER BY 2
"""
_WENT_OUT = frozenset({"started", DeliveryOutcome.SENT, DeliveryOutcome.UNKNOWN})


def attempts_since(conn: Connection, since: datetime) -> Sequence[Attempt]:
    """Every attempt that began after ``since``, and the last one of what is queued, oldest first."""
    return [
        Attempt(
            recipient,
            moment(started_at),
            outcome in _WENT_OUT,
            moment(retry_at) - moment(ended_at) if retry_at and ended_at else None,
        )
        for recipient, started_at, outcome, ended_at, retry_at in conn.execute(_ATTEMPTS, {"since": moment_text(since)})
    ]


# ------------------------------------------------------------------------------------------------ held back, in doubt


def counts(conn: Connection) -> Mapping[str, int]:
    """How many notifications are queued, leased and in doubt."""
    return {
        state: int(
            conn.execute(
                f"SELECT count(*) FROM notifications INDEXED BY notifications_{state} WHERE state = '{state}'"
            ).fetchone()[0]
        )
        for state in ("queued", "leased", "unknown")
    }


def held(conn: Connection, recipient: str, since: datetime) -> Sequence[HeldBack]:
    """What was held back from a recipient after ``since`` and is in no summary of such yet, oldest first. A summary's
    key ends with the time of the newest it has, as more may have been held back before it was committed."""
    marks = ", ".join("?" * len(LISTED_LATER))
    rows = conn.execute(
        "SELECT created_at, incident_id, severity, json_extract(summary, '$.subject'), suppressed_by FROM notifications"
        f" WHERE recipient_id = ? AND created_at > ? AND state = 'suppressed' AND suppressed_by IN ({marks})"
        " AND replace(replace(replace(created_at, '-', ''), ':', ''), 'Z', '')"
        f" > coalesce((SELECT max(substr(told.announcement, length(told.announcement) - {HELD_BACK_TIME - 1}))"
        "   FROM notifications told"
        "   WHERE told.recipient_id = notifications.recipient_id AND told.created_at > ?"
        f"   AND substr(told.announcement, 1, {len(_HELD_BACK)}) = ?), '')"
        " ORDER BY created_at, rowid",
        (clean(recipient), moment_text(since), *map(str, LISTED_LATER), moment_text(since), _HELD_BACK),
    )
    return [
        HeldBack(moment(at), incident or "", Severity.parse(word), subject, Suppression.parse(why))
        for at, incident, word, subject, why in rows
    ]


def in_doubt(conn: Connection, limit: int = 20) -> Sequence[InDoubt]:
    """Deliveries in doubt, newest first."""
    rows = conn.execute(
        "SELECT id, recipient_id, created_at, json_extract(summary, '$.subject'), coalesce(error, '')"
        " FROM notifications INDEXED BY notifications_unknown WHERE state = 'unknown'"
        " ORDER BY created_at DESC LIMIT ?",
        (limit,),
    )
    return [InDoubt(key, recipient, moment(at), subject, error) for key, recipient, at, subject, error in rows]


def resolve(conn: Connection, wanted: str, how: str, by: str, now: datetime) -> int:
    """A person settles deliveries in doubt: those whose id begins with ``wanted``, or ``all``. Returns how many.

    ``how`` is ``again`` (back into the queue) or ``done`` (it arrived, or does not matter any more: no longer in
    doubt, without a message to edit).
    """
    which, values = ("1 = 1", ()) if wanted == "all" else ("substr(id, 1, ?) = ?", (len(wanted), clean(wanted)))
    if how == "again":
        change = "state = 'queued', not_before = NULL, settled_at = NULL, error = NULL"
        parameters: tuple[object, ...] = ()
    else:
        change = "state = 'failed', settled_at = ?, error = ?"
        parameters = (moment_text(now), f"in doubt; settled by {clean(by)[:80]}")
    return conn.execute(
        f"UPDATE notifications INDEXED BY notifications_unknown SET {change} WHERE state = 'unknown' AND {which}",
        (*parameters, *values),
    ).rowcount


def repeat_in_doubt(
    conn: Connection, since: datetime, least: Severity, ask: Collection[str], always: Collection[str]
) -> int:
    """Queue once more what is in doubt after one attempt: operator notices and what is severe enough, except on the
    channels that ``ask``; on those in ``always``, everything."""
    return conn.execute(
        "UPDATE notifications INDEXED BY notifications_unknown"
        " SET state = 'queued', not_before = NULL, settled_at = NULL, error = NULL"
        " WHERE state = 'unknown' AND created_at > :since"
        " AND EXISTS (SELECT 1 FROM chats c WHERE c.id = recipient_id AND c.enabled = 1)"
        " AND (channel IN (SELECT value FROM json_each(:always)) OR reason = 'operator'"
        "      OR severity_rank >= :least AND channel NOT IN (SELECT value FROM json_each(:ask)))"
        " AND (SELECT count(*) FROM deliveries d WHERE d.notification_id = id AND d.outcome = 'unknown') <= 1",
        {
            "since": moment_text(since),
            "least": int(least),
            "ask": json.dumps(list(ask)),
            "always": json.dumps(list(always)),
        },
    ).rowcount
