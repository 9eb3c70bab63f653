"""The pictures that go with a message: drawn from what the engine knows when the message has gone out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.adapters.charts import drawn
from bot.core.engine import Engine
from bot.core.model import Notification, Reason
from bot.core.picture import PricePicture, TablePicture, price_picture, table_picture
from bot.core.ports import Clock

WITH_PICTURES = frozenset({Reason.FIRST, Reason.ESCALATED, Reason.WIDENED, Reason.FOLLOW_UP})
WIDE = 10
"""An incident of so many symbols has a picture of all of them as well."""


@dataclass(slots=True)
class Drawings:
    """Draws what a notification's incident looks like now."""

    engine: Engine
    clock: Clock

    async def __call__(self, notification: Notification) -> Sequence[bytes]:
        """PNG files, perhaps none: where there is nothing to draw, or drawing failed."""
        made = [await drawn(picture) for picture in self._pictures(notification)]
        return [png for png in made if png is not None]

    def _pictures(self, notification: Notification) -> list[PricePicture | TablePicture]:
        incident = self.engine.incidents.get(notification.incident)
        if incident is None or notification.edits or notification.reason not in WITH_PICTURES:
            return []
        alerts = [a for a in map(self.engine.alerts.get, incident.alerts) if a is not None]
        market, companies, at = self.engine.market, self.engine.companies, self.clock.now()
        found: list[PricePicture | TablePicture | None] = [price_picture(market, companies, incident, alerts, at)]
        if len(incident.symbols) >= WIDE:
            found.append(table_picture(market, companies, self.engine.announcer.messages.topics, incident, alerts, at))
        return [picture for picture in found if picture is not None]
