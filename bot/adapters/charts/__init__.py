"""Charts as PNG files, drawn with matplotlib: ``draw``, and ``drawn`` for the event loop.

- ``style``: the drawing surface, colours and fonts; the only module that uses matplotlib.
- ``axis``, ``labels``: the layout; plain arithmetic.
- ``price``, ``table``: the two kinds of chart.

matplotlib takes a second to import, so it is imported with the first chart. ``pyplot`` is not used: its figures are
shared by the whole process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from functools import partial
from typing import TYPE_CHECKING, Literal

from bot.core.errors import AftershockError
from bot.core.messages.pictures import PricePicture, TablePicture
from bot.threads import in_thread

if TYPE_CHECKING:
    from bot.adapters.charts.style import Sheet

log = logging.getLogger(__name__)

LIMIT = 10.0
"""Seconds a message waits for its chart."""

_one_at_a_time = threading.Lock()
"""matplotlib is not thread-safe: its font caches are shared."""


class DrawingError(AftershockError):
    """A picture could not be drawn."""


def draw(picture: PricePicture | TablePicture, theme: Literal["light", "dark"] = "light") -> bytes:
    """The picture as a PNG, 1,080 pixels wide; the same bytes for the same picture. Raises DrawingError."""
    if not _one_at_a_time.acquire(timeout=LIMIT):
        raise DrawingError(f"another picture has been in progress for {LIMIT:.0f} s")
    try:
        return sheet(picture, theme).png()
    except Exception as error:
        raise DrawingError(f"{type(error).__name__}: {error}") from error
    finally:
        _one_at_a_time.release()


def sheet(picture: PricePicture | TablePicture, theme: Literal["light", "dark"] = "light") -> Sheet:
    """The picture before it is saved."""
    from bot.adapters.charts.price import price_sheet
    from bot.adapters.charts.style import THEMES
    from bot.adapters.charts.table import table_sheet

    if isinstance(picture, PricePicture):
        return price_sheet(picture, THEMES[theme])
    return table_sheet(picture, THEMES[theme])


async def drawn(
    picture: PricePicture | TablePicture, theme: Literal["light", "dark"] = "light", limit: float = LIMIT
) -> bytes | None:
    """The picture, drawn in a daemon thread; ``None``, with a line in the log, if that fails or takes too long."""
    try:
        future = in_thread(partial(draw, picture, theme), "charts")
        return await asyncio.wait_for(asyncio.wrap_future(future), limit)
    except TimeoutError:
        why = f"not done after {limit:g} s"
    except Exception as error:
        why = " ".join(str(error).split())[:300]
    log.warning("message sent without its picture, which could not be drawn: %s", why)
    return None
