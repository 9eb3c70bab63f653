"""How long to wait before a retry: as long as the server asks for, else exponential back-off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MOST_DIGITS = 13
"""Longer numbers of seconds do not fit a timedelta."""
_LONGEST = 100
"""Characters; a longer text is no date."""


def back_off(failures: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after the ``failures``-th failure in a row: ``first``, doubled for each further one, at most
    ``longest``."""
    return min(first * (1 << min(max(failures, 1) - 1, 30)), longest)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """The wait an answer's ``Retry-After`` asks for (RFC 9110, 10.2.3), in seconds or until a date; never negative.
    ``None`` where it is missing or malformed.

    A date counts from ``now``; without one, from the answer's own ``Date``. Bounds are up to the caller.
    """
    values = {name.lower(): value.strip() for name, value in headers.items() if name.lower() in ("retry-after", "date")}
    text = values.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text)) if len(text) <= _MOST_DIGITS else None
    try:
        until, start = _moment(text), now or _moment(values.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(until - start, timedelta(0))


def _moment(text: str) -> datetime:
    if len(text) > _LONGEST:
        raise ValueError(text[:_LONGEST])
    at = parsedate_to_datetime(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
