"""Whatever was observed, the labels are inside and lie over nothing else that is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.charts import sheet
from bot.core.model import Observation
from tests.charts.pictures import alert_of, incident_of, market_of, price_picture
from tests.charts.test_drawing import box, texts, touching
from tests.charts.test_picture import moments, observations
from tests.core.worlds import COMPANIES, at

ALERTS = [alert_of(), alert_of("VRT")]
INCIDENT = incident_of(ALERTS)
first_seen = st.integers(0, 25 * 24).map(lambda hours: at("01-03 12:00") + timedelta(hours=hours))


@given(observations(), moments, first_seen)
@settings(max_examples=20)
def test_labels_have_their_places(tape: list[Observation], moment: datetime, first: datetime) -> None:
    lead = ALERTS[0]
    assert lead.cause is not None
    told = [replace(lead, cause=replace(lead.cause, first_seen_at=first)), ALERTS[1]]
    picture = price_picture(market_of(tape), COMPANIES, INCIDENT, told, moment)
    if picture is None:
        return
    drawing = sheet(picture)
    assert touching(drawing, texts(drawing)) == []
    for text in texts(drawing):
        left, bottom, right, top = box(drawing, text)
        assert min(left, bottom) >= 0
        assert right <= drawing.width
        assert top <= drawing.height
