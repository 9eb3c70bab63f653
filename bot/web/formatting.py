"""Values of the history as text and HTML on a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from datasette.utils import tilde_encode
from markupsafe import Markup, escape

from bot.core.model import Claim
from bot.core.text import wording
from bot.core.text.links import safe_link

REASONS = {
    "first": "first message",
    "escalated": "now worse",
    "widened": "spreading",
    "corrected": "corrected",
    "follow_up": "follow-up",
    "resolved": "resolved",
    "digest": "digest",
    "operator": "for operators",
}
HORIZONS = ("15 min", "1 hour", "close", "1 session", "5 sessions", "20 sessions")


def percent(fraction: float | None) -> str:
    """``−17.8 %``; empty where unknown."""
    return wording.percent(fraction) if fraction is not None else ""


def price(value: float | None, currency: str = "") -> str:
    """``128.20``, ``¥7,108``; empty where unknown."""
    return wording.price(value, currency) if value is not None else ""


def when(at: str | datetime | None) -> Markup:
    """A time, as stored or read, as a ``<time>`` element; empty for none."""
    if not at:
        return Markup()
    if isinstance(at, datetime):
        at = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    try:
        time = parsed(at)
    except ValueError:
        return escape(at)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at, at, shown(time))


def shown(at: datetime) -> str:
    """``27 Jan 2025 14:30``."""
    return f"{wording.day(at)} {at:%H:%M}"


def parsed(at: str) -> datetime:
    """A stored time, short or long form, as a datetime. Raises ValueError for other text."""
    if not at.endswith("Z"):
        raise ValueError(f"not a stored time: {at!r}")
    return datetime.fromisoformat(at.removesuffix("Z")).replace(tzinfo=UTC)


def tone(fraction: float | None) -> str:
    """The CSS class of a change: ``fall``, ``rise`` or none."""
    if not fraction:
        return ""
    return "fall" if fraction < 0 else "rise"


def link(address: str | None, words: Any) -> Markup:
    """``words`` as an external link where the address is safe; else only the words."""
    if not (safe := safe_link(address or "")):
        return escape(words)
    return Markup('<a href="{}" rel="noopener noreferrer nofollow external">{}</a>').format(safe, words)


def incident_path(incident: str) -> str:
    """The page of an incident."""
    return f"/incident/{tilde_encode(incident)}"


def alert_path(alert: str) -> str:
    """The page of an alert."""
    return f"/alert/{tilde_encode(alert)}"


def rule_path(rule: str) -> str:
    """The page of a rule."""
    return f"/rule/{tilde_encode(rule)}"


def cause_heading(confidence: float | None) -> str:
    """What stands above a cause of this confidence: ``Likely cause``."""
    return wording.CAUSE_HEADINGS[Claim.of(confidence)]


hedged = wording.hedged


def confidence(value: float | None) -> str:
    """``very likely (0.98)``; empty where unknown."""
    return f"{wording.confidence_words(value)} ({value:.2f})" if value is not None else ""
