"""Which symbols have no price, where polls ask for some of them at a time."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.app.run.prices.absences import Absences
from bot.core.model import Absence, Missing, PricePoll, Quote, Trouble

NOW = datetime(2025, 1, 27, 15, tzinfo=UTC)


def poll(**symbols: float | Absence) -> PricePoll:
    quotes = [Quote(s, price, NOW, NOW) for s, price in symbols.items() if isinstance(price, float)]
    return PricePoll(quotes, {s: Missing(why, "no") for s, why in symbols.items() if isinstance(why, Absence)})


def test_a_poll_says_nothing_of_symbols_it_did_not_ask_for() -> None:
    absences = Absences(3)
    first = absences.take(["A", "B"], poll(A=1.0, B=Absence.NOT_ANSWERED), NOW)
    assert [(r.subject, r.trouble) for r in first] == [("B", Trouble.FAILED)]
    assert absences.take(["A"], poll(A=1.0), NOW) == []
    again = absences.take(["B", "C"], poll(B=2.0, C=Absence.UNKNOWN), NOW)
    assert [(r.subject, r.trouble) for r in again] == [("B", Trouble.NONE), ("C", Trouble.EMPTY)]
