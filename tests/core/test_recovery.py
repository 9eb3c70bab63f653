"""An engine rebuilt from what was written down is where it would have been."""

from __future__ import annotations

from datetime import date

import pytest

from bot.core.model import QuoteKind
from tests.core.worlds import CHEAP, at, close, engine, play, quote, story


def test_the_furthest_move_is_counted_from_the_quote_an_alert_fired_on_not_from_its_moment() -> None:
    """At the close a session's low becomes known, then its close; the guard lets the alert fire on the close alone."""
    tape = [
        close("NVDA", 100.0, "01-24"),
        close("SPY", 600.0, "01-24"),
        story(CHEAP, "01-25 12:00"),
        quote("SPY", 570.0, "01-27 21:00", QuoteKind.LOW),
        quote("NVDA", 80.0, "01-27 21:00", QuoteKind.LOW),
        quote("SPY", 597.0, "01-27 21:00", QuoteKind.CLOSE),
        quote("NVDA", 89.0, "01-27 21:00", QuoteKind.CLOSE),
    ]
    first = engine()
    [decisions] = [d for d in play(first, tape) if d.changes]
    alert = decisions.changes[-1].alert
    assert alert.worst == alert.change == pytest.approx(-0.11)
    second = engine()
    second.restore(tape, [alert], decisions.incidents, at("01-27 21:00"))
    again = second.alerts.get(alert.id)
    assert again is not None
    assert again.session == date(2025, 1, 27)
    assert again.worst == alert.worst


def test_a_move_that_went_on_after_the_alert_was_written_counts_when_it_is_read_again() -> None:
    tape = [
        close("NVDA", 100.0, "01-24"),
        story(CHEAP, "01-25 12:00"),
        quote("NVDA", 89.0, "01-27 10:00"),
        quote("NVDA", 88.0, "01-27 10:01"),
    ]
    first = engine()
    [decisions] = [d for d in play(first, tape) if d.changes]
    second = engine()
    later = [*tape, quote("NVDA", 87.8, "01-27 10:02"), quote("NVDA", 89.5, "01-27 10:03")]
    second.restore(later, [decisions.changes[-1].alert], decisions.incidents, at("01-27 10:03"))
    again = second.alerts.get(decisions.changes[-1].alert.id)
    assert again is not None
    assert again.worst is not None
    assert again.last_price == 89.5
    assert round(again.worst, 4) == -0.122
