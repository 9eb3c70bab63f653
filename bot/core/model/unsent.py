"""What a cancelled notifier raises when nothing had been sent yet."""

from __future__ import annotations

import asyncio


class CancelledUnsent(asyncio.CancelledError):
    """A delivery was cancelled before any of the request was sent: it can be tried again.

    Also where a repeat does no harm because the receiver recognises it; the text then says what happened. A plain
    ``CancelledError`` from a notifier means the message may have arrived.
    """
