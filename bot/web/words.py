"""How values of the history are put into words on a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from bot.core.text import wording
from bot.core.text.links import safe_link

REASONS = {
    "first": "first told",
    "escalated": "now worse",
    "widened": "spreading",
    "corrected": "corrected",
    "follow_up": "follow-up",
    "resolved": "the end",
    "digest": "digest",
    "operator": "to the operator",
}
HORIZONS = ("15 min", "1 hour", "close", "1 session", "5 sessions", "20 sessions")


def percent(fraction: float | None) -> str:
    """``−17.8 %``; an empty text for what is not known."""
    return wording.percent(fraction) if fraction is not None else ""


def price(value: float | None) -> str:
    """``128.20``; an empty text for what is not known."""
    return wording.price(value) if value is not None else ""


def when(at: str | None) -> Markup:
    """A stored time as an element that programs read, too; empty for none."""
    if not at:
        return Markup()
    try:
        known = parsed(at)
    except ValueError:
        return escape(at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at, at, shown(known))


def shown(at: datetime) -> str:
    """``27 Jan 2025 14:30``."""
    return f"{wording.day(at)} {at:%H:%M}"


def parsed(at: str) -> datetime:
    """The moment a stored time means, short form or long. Raises ValueError for text that is none."""
    if not at.endswith("Z"):
        raise ValueError(f"no stored time: {at!r}")
    return datetime.fromisoformat(at.removesuffix("Z")).replace(tzinfo=UTC)


def tone(fraction: float | None) -> str:
    """The class of a change: ``fall``, ``rise`` or nothing."""
    if not fraction:
        return ""
    return "fall" if fraction < 0 else "rise"


def link(address: str | None, words: Any) -> Markup:
    """``words`` as a link away from here, where the address is safe; else only the words."""
    if not (safe := safe_link(address or "")):
        return escape(words)
    return Markup('<a href="{}" rel="noopener noreferrer nofollow external">{}</a>').format(safe, words)


def incident_path(incident: str) -> str:
    """Where an incident is told."""
    return f"/incident/{tilde_encode(incident)}"


def alert_path(alert: str) -> str:
    """Where an alert is told."""
    return f"/alert/{tilde_encode(alert)}"


def confidence(value: float | None) -> str:
    """``very likely (0.98)``; an empty text for what is not known."""
    return f"{wording.confidence_words(value)} ({value:.2f})" if value is not None else ""
