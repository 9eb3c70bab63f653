"""The ``--json`` output for alerts and notifications, one object per line: a format that programs rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from bot.core.model import Alert, AlertChange, CauseRef, ChangeKind, Check, Notification, Reference
from bot.cycle import CycleResult

SHOWN = (ChangeKind.FIRED, ChangeKind.ESCALATED, ChangeKind.RESOLVED)


def iso(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with a ``Z``; fractions of a second only if there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def result_objects(result: CycleResult, currency_of: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    """The objects of one cycle, one a line: its alerts, with the currency of their prices, then its notifications."""
    for change in result.decisions.changes:
        if change.kind in SHOWN:
            yield alert_object(change, currency_of(change.alert.symbol))
    for notification in result.notifications:
        yield notification_object(notification)


def alert_object(change: AlertChange, currency: str) -> dict[str, Any]:
    """An alert that fired, escalated or was resolved; ``currency`` is empty where it is not known."""
    alert = change.alert
    return {
        "type": "alert",
        "at": iso(change.at),
        "event": change.kind.value,
        "id": alert.id,
        "rule": alert.rule,
        "symbol": alert.symbol,
        "currency": currency,
        "session": alert.session.isoformat(),
        "severity": alert.severity.word,
        "state": alert.state.value,
        "change": _rounded(alert.change),
        "price": alert.price,
        "worst": _rounded(alert.worst),
        "last_price": alert.last_price,
        "last_change": _rounded(alert.last_change),
        "reference": _reference(alert.reference),
        "phase": alert.phase.value,
        "incident": alert.incident,
        "cause": _cause(alert.cause),
        "why": [line for check in alert.checks for line in flat_checks(check)],
        "late": alert.late,
        "looks_like": alert.doubt,
        "labels": dict(alert.labels),
    }


def notification_object(notification: Notification) -> dict[str, Any]:
    """A notification; an edit of an earlier message is a line of its own type, ``edit``."""
    found: dict[str, Any] = {
        "type": "edit" if notification.edits else "notification",
        "at": iso(notification.created_at),
        "incident": notification.incident,
        "reason": notification.reason.value,
        "recipient": notification.recipient,
        "text": notification.text,
        "id": notification.id,
    }
    if notification.edits:
        found["edits"] = notification.edits
    if notification.suppressed_by:
        found["suppressed_by"] = str(notification.suppressed_by)
    return found


def flat_checks(check: Check, depth: int = 0) -> Iterator[dict[str, Any]]:
    """A tree of checks as flat objects, outermost first: condition, whether it held, what was measured."""
    yield {
        "depth": depth,
        "condition": check.condition,
        "holds": check.holds,
        "measured": check.measured,
        "threshold": check.threshold,
        "value": _rounded(check.value),
        "limit": check.limit,
    }
    for child in check.children:
        yield from flat_checks(child, depth + 1)


def alert_line(alert: Alert, currency: str = "") -> dict[str, Any]:
    """An alert as it now is, for listings."""
    at = alert.resolved_at if alert.resolved_at else alert.fired_at
    return alert_object(AlertChange(ChangeKind.UPDATED, at, alert), currency)


def _reference(reference: Reference | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    return {
        "kind": reference.kind,
        "price": reference.price,
        "at": iso(reference.at),
        "session": reference.session.isoformat(),
    }


def _cause(cause: CauseRef | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    return {
        "title": cause.title,
        "source": cause.source,
        "link": cause.link,
        "published_at": iso(cause.published_at),
        "seen_at": iso(cause.seen_at),
        "score": _rounded(cause.score),
        "topic": cause.topic,
        "reach": cause.reach.value,
        "exposures": list(cause.exposures),
        "cluster": cause.cluster,
        "sources": list(cause.sources),
        "confidence": _rounded(cause.confidence),
        "agents": list(cause.agents),
    }


def _rounded(number: float | None) -> float | None:
    return round(number, 6) if number is not None else None
