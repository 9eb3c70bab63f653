"""How long to wait before asking again: as long as a server asks for, else twice as long after each failure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MOST_DIGITS = 13
"""More seconds than these can tell do not fit a timedelta."""


def back_off(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after the ``failures``-th failure in a row: ``first``, doubled for each further one, at most
    ``longest``."""
    return min(first * (1 << min(max(failures, 1) - 1, 30)), longest)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """How long an answer's ``Retry-After`` asks us to wait (RFC 9110, 10.2.3), in seconds or until a date; never less
    than zero. ``None`` where it does not say, or says nothing that can be understood.

    A date counts from ``now``; without one, from the answer's own ``Date``. Bounds are the caller's.
    """
    given = {name.lower(): value.strip() for name, value in headers.items() if name.lower() in ("retry-after", "date")}
    text = given.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text)) if len(text) <= _MOST_DIGITS else None
    try:
        until, start = _moment(text), now or _moment(given.get("date", ""))
    except (ValueError, TypeError, IndexError):
        return None
    return max(until - start, timedelta(0))


def _moment(text: str) -> datetime:
    at = parsedate_to_datetime(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
