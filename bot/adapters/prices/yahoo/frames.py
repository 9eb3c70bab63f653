"""What Yahoo's stream sends, as trades. Pure; any message may be malformed or hostile.

A message is a JSON object, ``{"type": "pricing", "message": "…"}``, whose message is a ``PricingData`` of protobuf in
base64: the symbol (``id``), the price as a single-precision float, the time in milliseconds, always of whole seconds,
and the currency, mostly left out.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.adapters.prices.yahoo.client import tidy

MOST_BYTES = 16_384
"""Of one message; one of Yahoo's has some 150."""
HEARTBEAT = 7
"""The ``quote_type`` of a message that is no trade."""
FIRST, LAST = 946_684_800, 4_102_444_800
"""Times before 2000 or after 2100 are none."""


class OddFrameError(ValueError):
    """A message that cannot be used; its text is one of a few words, and never what was sent."""


class StreamedTrade(NamedTuple):
    """A trade as it is sent."""

    symbol: str
    price: float
    at: datetime
    currency: str


def read_frame(message: str | bytes, parse: Callable[[bytes], Any]) -> StreamedTrade | None:
    """The trade in a message, or ``None`` where it is about something else. ``parse`` reads a ``PricingData``.

    Raises OddFrameError. Whether the price is one is for others to say: it may be NaN.
    """
    if len(message) > MOST_BYTES:
        raise OddFrameError("too long")
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        raise OddFrameError("no JSON") from None
    if not isinstance(document, dict):
        raise OddFrameError("no JSON object")
    encoded = document.get("message")
    if document.get("type") != "pricing":
        return None
    if not isinstance(encoded, str):
        raise OddFrameError("no message in it")
    try:
        data = parse(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise OddFrameError("no base64") from None
    except Exception:  # protobuf's DecodeError, which yfinance does not hand on
        raise OddFrameError("no protobuf") from None
    if data.quote_type == HEARTBEAT:
        return None
    seconds = data.time // 1000
    if not FIRST <= seconds < LAST:
        raise OddFrameError("no time")
    price = tidy(data.price)
    at = datetime.fromtimestamp(seconds, UTC)
    return StreamedTrade(data.id, data.price if price is None else price, at, data.currency)
