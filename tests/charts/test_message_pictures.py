"""Which messages have charts."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from bot.app.run.pictures import Charts
from bot.core.messages.pictures import PricePicture
from bot.core.model import Figures, Incident, Reason
from bot.core.view import View
from tests.charts.pictures import MONDAY, figures_of, shock, shock_picture
from tests.delivery.makers import notification


def price_picture(incident: Incident, figures: Figures) -> PricePicture:
    """The same for every incident."""
    return shock_picture()


@pytest.mark.parametrize(
    ("reason", "edits", "count"),
    [
        (Reason.FIRST, "", 1),
        (Reason.FOLLOW_UP, "", 1),
        (Reason.CORRECTED, "", 0),
        (Reason.CORRECTED, "x", 1),  # the message it edits may have its chart in it
        (Reason.FIRST, "x", 1),
        (Reason.OPERATOR, "", 0),
    ],
)
async def test_what_tells_of_a_move_has_a_chart_and_so_has_its_edit(reason: Reason, edits: str, count: int) -> None:
    view = SimpleNamespace(incident=lambda _: SimpleNamespace(symbols=("NVDA",)), price_picture=price_picture)
    charts = Charts(lambda: cast(View, view))
    made = notification("a", reason=reason, edits=edits, incident="i")
    told = replace(made, summary=replace(made.summary, figures=figures_of(*shock(), MONDAY)))
    assert len(await charts(told)) == count
    assert len(await charts(made)) == 0, "a message that tells of no move"
