"""The charts that go with a message, drawn when the message has gone out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.adapters.charts import drawn
from bot.core.messages.pictures import PricePicture, TablePicture
from bot.core.model import Notification, Reason
from bot.core.view import View

WITH_PICTURES = frozenset({Reason.FIRST, Reason.ESCALATED, Reason.WIDENED, Reason.FOLLOW_UP})
WIDE = 10
"""An incident with this many symbols also gets a table of all of them."""


@dataclass(slots=True)
class Charts:
    """Draws the charts of a notification's incident."""

    view: Callable[[], View]

    async def __call__(self, notification: Notification) -> Sequence[bytes]:
        """PNG files; none if there is nothing to draw or drawing failed."""
        made = [await drawn(picture) for picture in self._pictures(notification)]
        return [png for png in made if png is not None]

    def _pictures(self, notification: Notification) -> list[PricePicture | TablePicture]:
        """Made from the figures of the message's own text, whatever the prices have done since."""
        incident, figures = self.view().incident(notification.incident), notification.summary.figures
        if incident is None or figures is None:
            return []
        if not (notification.edits or notification.reason in WITH_PICTURES):
            return []
        found: list[PricePicture | TablePicture | None] = [self.view().price_picture(incident, figures)]
        if len(figures.moves) >= WIDE:
            found.append(self.view().table_picture(figures))
        return [picture for picture in found if picture is not None]
