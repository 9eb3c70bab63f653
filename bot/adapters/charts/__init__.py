"""Pictures as PNG files, by matplotlib: ``draw``, and ``drawn`` off the event loop.

- ``style``: the sheet, its colours and its type; the only place that touches matplotlib.
- ``axis``, ``labels``: where things go; plain arithmetic.
- ``price``, ``table``: the two kinds of picture.

matplotlib takes a second to load, so that waits for the first picture. Only its objects are used, never ``pyplot``,
whose figures the whole process would share.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Literal

from bot.core.errors import AftershockError
from bot.core.messages.pictures import PricePicture, TablePicture

if TYPE_CHECKING:
    from bot.adapters.charts.style import Sheet

log = logging.getLogger(__name__)

LIMIT = 10.0
"""Seconds a message waits for its picture."""

_one_at_a_time = threading.Lock()
"""matplotlib does not promise to be safe among threads: its caches of fonts are shared."""


class DrawingError(AftershockError):
    """A picture could not be drawn."""


def draw(picture: PricePicture | TablePicture, theme: Literal["light", "dark"] = "light") -> bytes:
    """The picture as a PNG, 1,080 pixels wide; the same bytes for the same picture. Raises DrawingError."""
    if not _one_at_a_time.acquire(timeout=LIMIT):
        raise DrawingError(f"another picture has been drawn for {LIMIT:.0f} s")
    try:
        return sheet(picture, theme).png()
    except Exception as error:
        raise DrawingError(f"{type(error).__name__}: {error}") from error
    finally:
        _one_at_a_time.release()


def sheet(picture: PricePicture | TablePicture, theme: Literal["light", "dark"] = "light") -> Sheet:
    """The picture before it is saved, its figure with every text."""
    from bot.adapters.charts.price import price_sheet
    from bot.adapters.charts.style import THEMES
    from bot.adapters.charts.table import table_sheet

    if isinstance(picture, PricePicture):
        return price_sheet(picture, THEMES[theme])
    return table_sheet(picture, THEMES[theme])


async def drawn(
    picture: PricePicture | TablePicture, theme: Literal["light", "dark"] = "light", limit: float = LIMIT
) -> bytes | None:
    """The picture, drawn in a thread; ``None``, with a line in the log, where that fails or takes too long.

    The thread is a daemon, unlike those of ``asyncio.to_thread``: a drawing that hangs does not hold up the end of
    the program.
    """
    future: Future[bytes] = Future()
    try:
        threading.Thread(target=_work, args=(future, picture, theme), name="charts", daemon=True).start()
        return await asyncio.wait_for(asyncio.wrap_future(future), limit)
    except TimeoutError:
        why = f"not done after {limit:g} s"
    except Exception as error:
        why = " ".join(str(error).split())[:300]
    log.warning("the picture could not be drawn, the message goes without: %s", why)
    return None


def _work(future: Future[bytes], picture: PricePicture | TablePicture, theme: Literal["light", "dark"]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(draw(picture, theme))
    except BaseException as error:
        future.set_exception(error)
