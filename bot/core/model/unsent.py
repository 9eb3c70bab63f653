"""How a notifier says, while being cancelled, that nothing had gone out yet."""

from __future__ import annotations

import asyncio


class CancelledUnsent(asyncio.CancelledError):
    """A delivery was cancelled before any of its request reached the wire: it may safely be tried again.

    Also where a repeat does no harm, because who receives it recognises it; its text then says what happened.
    A plain ``CancelledError`` out of a notifier means the opposite: the message may have arrived.
    """
