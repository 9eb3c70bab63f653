"""What the tables of the history commands show: each column with how its cells are read from an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bot.cli.tables import Column
from bot.core.model import Claim
from bot.core.text.wording import hedged, price

Fields = Sequence[tuple[Column, Callable[[dict[str, Any]], str]]]
"""Columns, each with what it shows of an object as ``--json`` prints it."""


def columns_and_rows(fields: Fields, found: Iterable[dict[str, Any]]) -> tuple[list[Column], list[list[str]]]:
    """A row for each object found."""
    return [column for column, _ in fields], [[cell(each) for _, cell in fields] for each in found]


def minute(at: str | None) -> str:
    """A time to the minute; empty for none."""
    return at[:16].replace("T", " ") if at else ""


def percent(fraction: float | None) -> str:
    """A fraction in per cent, with its sign; empty for none."""
    return f"{fraction * 100:+.1f}%" if fraction is not None else ""


def _number(value: float | None) -> str:
    return f"{value:.2f}" if value is not None else ""


def level(value: float | None, currency: str) -> str:
    """A price with its currency, as in messages; empty for none, as of an alert about no stock."""
    return price(value, currency) if value else ""


def _cause(alert: dict[str, Any]) -> str:
    cause = alert["cause"]
    return hedged(cause["title"], cause["confidence"]) if cause else ""


def _incident_cause(incident: dict[str, Any]) -> str:
    return hedged(incident["cause_title"], incident["cause_confidence"]) if incident["cause_title"] else ""


ALERTS: Fields = (
    (Column("fired (UTC)"), lambda a: minute(a["at"])),
    (Column("symbol"), lambda a: a["symbol"]),
    (Column("change then", right=True), lambda a: percent(a["fired_change"])),
    (Column("price then", right=True, leaves=6), lambda a: level(a["fired_price"], a["currency"])),
    (Column("worst", right=True, leaves=5), lambda a: percent(a["worst"])),
    (Column("severity", leaves=2), lambda a: a["severity"]),
    (Column("rule", least=8, leaves=4), lambda a: a["rule"]),
    (Column("id", leaves=3), lambda a: a["id"]),
    (Column("incident", leaves=7), lambda a: a["incident"]),
    (Column("cause", least=12, leaves=1), _cause),
)
SEARCH: Fields = (
    (Column("at (UTC)"), lambda f: minute(f["at"])),
    (Column("type"), lambda f: f["type"]),
    (Column("symbol", leaves=3), lambda f: f.get("symbol", "")),
    (Column("change then", right=True, leaves=4), lambda f: percent(f.get("fired_change"))),
    (Column("source", least=8, leaves=2), lambda f: f.get("publisher") or f["source"] or ""),
    (Column("id", leaves=5), lambda f: f["id"]),
    (Column("text", least=12), lambda f: f["excerpt"] or f["title"] or ""),
)
INCIDENTS: Fields = (
    (Column("began (UTC)"), lambda i: minute(i["started_at"])),
    (Column("incident", leaves=5), lambda i: i["id"]),
    (Column("lead"), lambda i: i["lead"]),
    (Column("stocks", right=True, leaves=4), lambda i: str(i["symbols"])),
    (Column("worst", right=True), lambda i: percent(i["worst"])),
    (Column("severity", leaves=2), lambda i: i["severity"]),
    (Column("state", leaves=6), lambda i: i["state"]),
    (Column("messages", right=True, leaves=8), lambda i: str(i["messages"])),
    (Column("right", right=True, leaves=7), lambda i: str(i["confirmed"] or "")),
    (Column("wrong", right=True, leaves=7), lambda i: str(i["disputed"] or "")),
    (Column("cause", least=12, leaves=1), _incident_cause),
)


def _moved(change: dict[str, Any]) -> bool:
    """Whether a price made this change: an alert resolves by time alone."""
    return str(change["kind"]) != "resolved"


def _told_cause(incident: dict[str, Any]) -> str:
    cause = incident["told"] and incident["told"].summary and incident["told"].summary.cause
    if not cause:
        return ""
    return f"{'possibly: ' if cause.claim is Claim.POSSIBLE else ''}{cause.title}"


def _told_confidence(incident: dict[str, Any]) -> str:
    cause = incident["told"] and incident["told"].summary and incident["told"].summary.cause
    return _number(cause.confidence) if cause else ""


TOLD: Fields = (
    (Column("began (UTC)"), lambda i: minute(i["started_at"])),
    (Column("incident", leaves=3), lambda i: i["id"]),
    (Column("told (UTC)", leaves=4), lambda i: f"{i['told'].at:%Y-%m-%d %H:%M}" if i["told"] else ""),
    (Column("headline", least=12), lambda i: i["told"].headline if i["told"] else i["lead"]),
    (Column("confidence", right=True, leaves=2), _told_confidence),
    (Column("cause", least=12, leaves=1), _told_cause),
)
"""Incidents by their newest message, which is ``told`` of each."""


def counts(by: str) -> Fields:
    """Counts of alerts for each value of ``by``."""
    return (
        (Column(by, least=16), lambda c: c[by] or ""),
        (Column("alerts", right=True), lambda c: f"{c['alerts']:,}"),
        (Column("symbols", right=True, leaves=3), lambda c: f"{c['symbols']:,}"),
        (Column("incidents", right=True, leaves=2), lambda c: f"{c['incidents']:,}"),
        (Column("critical", right=True, leaves=4), lambda c: f"{c['critical']:,}"),
        (Column("worst", right=True), lambda c: percent(c["worst"])),
        (Column("mean", right=True, leaves=5), lambda c: percent(c["mean_worst"])),
        (Column("right", right=True, leaves=6), lambda c: str(c["confirmed"] or "")),
        (Column("wrong", right=True, leaves=6), lambda c: str(c["disputed"] or "")),
        (Column("last (UTC)", leaves=1), lambda c: minute(c["last_fired_at"])),
    )


# of one alert or incident

STOCKS: Fields = (
    (Column("symbol"), lambda s: s["symbol"]),
    (Column("worst", right=True), lambda s: percent(s["worst"])),
    (Column("last", right=True, leaves=4), lambda s: percent(s["last_change"])),
    (Column("fired (UTC)", leaves=3), lambda s: minute(s["at"])),
    (Column("change then", right=True, leaves=5), lambda s: percent(s["fired_change"])),
    (Column("severity", leaves=1), lambda s: s["severity"]),
    (Column("rule", least=8, leaves=2), lambda s: s["rule"]),
)
MESSAGES: Fields = (
    (Column("at (UTC)"), lambda m: minute(m["at"])),
    (Column("edit", leaves=3), lambda m: "edit" if m["id"] != m["message"] else ""),
    (Column("reason", leaves=1), lambda m: m["reason"]),
    (Column("to", right=True, leaves=2), lambda m: str(m["recipients"])),
    (Column("sent", right=True, leaves=4), lambda m: str(m["sent"])),
    (Column("headline", least=12), lambda m: m["text"].partition("\n")[0]),
)

STORIES: Fields = (
    (Column("seen (UTC)"), lambda s: minute(s["seen_at"])),
    (Column("score", right=True), lambda s: _number(s["score"])),
    (Column("role", leaves=2), lambda s: s["role"]),
    (Column("source", least=10, leaves=1), lambda s: s["publisher"] or s["source"]),
    (Column("title", least=12), lambda s: s["title"]),
)
INCIDENT_STORIES: Fields = tuple(field for field in STORIES if field[0].name not in ("score", "role"))


def changes(currency: str) -> Fields:
    """Of an alert whose prices are in ``currency``."""
    return (
        (Column("at (UTC)"), lambda c: minute(c["at"])),
        (Column("event"), lambda c: c["kind"]),
        (Column("severity", leaves=1), lambda c: c["severity"]),
        (Column("price", right=True, leaves=3), lambda c: level(c["price"], currency) if _moved(c) else ""),
        (Column("change", right=True), lambda c: percent(c["change"]) if _moved(c) else ""),
        (Column("phase", leaves=2), lambda c: c["phase"] if _moved(c) else ""),
    )


def outcomes(currency: str) -> Fields:
    """Of an alert whose prices are in ``currency``."""
    return (
        (Column("after"), lambda o: o["horizon"]),
        (Column("price", right=True, leaves=2), lambda o: level(o["price"], currency)),
        (Column("change", right=True), lambda o: percent(o["change"])),
        (Column("from reference", right=True, leaves=1), lambda o: percent(o["change_from_reference"])),
        (Column("at (UTC)", leaves=3), lambda o: minute(o["at"])),
    )


VERDICTS: Fields = (
    (Column("at (UTC)"), lambda v: minute(v["at"])),
    (Column("verdict"), lambda v: v["verdict"]),
    (Column("reader", least=8), lambda v: v["person"]),
)


def _seconds_taken(notification: dict[str, Any]) -> str:
    """From the decision to the delivery."""
    from datetime import datetime

    if notification["state"] != "sent" or not notification["settled_at"]:
        return ""
    begin, end = (datetime.fromisoformat(notification[name]) for name in ("created_at", "settled_at"))
    return f"{(end - begin).total_seconds():.1f} s"


NOTIFICATIONS: Fields = (
    (Column("at (UTC)"), lambda n: minute(n["created_at"])),
    (Column("reason", leaves=3), lambda n: n["reason"]),
    (Column("edit", leaves=4), lambda n: "edit" if n["edits"] else ""),
    (Column("to", least=8), lambda n: n["recipient"]),
    (Column("state"), lambda n: n["state"]),
    (Column("attempts", right=True, leaves=5), lambda n: str(len(n["deliveries"]) or "")),
    (Column("took", right=True, leaves=2), _seconds_taken),
    (Column("remark", least=8, leaves=1), lambda n: n["suppressed_by"] or n["error"] or ""),
)
