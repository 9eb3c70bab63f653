"""What the operator is told of a price poll: how it went, and which symbols had no price and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.health import ToldTrouble
from bot.core.model import Absence, Missing, PricePoll, SourceReport, Trouble

UNKNOWN = Missing(Absence.UNKNOWN, "the price source does not know this symbol; check how it is written")
TROUBLES = {
    Absence.NOT_ASKED: Trouble.FAILED,
    Absence.NOT_ANSWERED: Trouble.FAILED,
    Absence.HELD_BACK: Trouble.REFUSED,
    Absence.UNKNOWN: Trouble.EMPTY,
}


def price_report(
    at: datetime, detail: str, retry_after: timedelta | None, items: int = 0, status: int | None = None
) -> SourceReport:
    """The report of a poll that failed, or was answered in part and has to wait."""
    until = at + retry_after if retry_after is not None else None
    return SourceReport("prices", at, Trouble.FAILED, detail, items=items, fresh=items, status=status, until=until)


@dataclass(slots=True)
class Absences:
    """Which symbols had no price at the last poll. Each is reported as often as it takes to reach the operator
    (``in_a_row``), once more where the reason changes, and once when it has a price."""

    in_a_row: int
    strangers: Mapping[str, str] = field(default_factory=dict)
    """What is to be said of watched symbols whose exchange is unknown."""
    _absent: dict[str, tuple[Absence, int]] = field(default_factory=dict)
    """Why, and at how many polls in a row."""

    def resume(self, told: Iterable[ToldTrouble]) -> None:
        """Go on after a restart with these that were told. A price held back is over with the next that is not."""
        self._absent = {
            t.subject: (t.absence, self.in_a_row)
            for t in told
            if t.source == "prices" and t.absence is not None and t.absence is not Absence.HELD_BACK
        }

    def take(self, symbols: Sequence[str], poll: PricePoll, at: datetime) -> list[SourceReport]:
        """The reports after a poll for ``symbols``; of others nothing new is known."""
        priced, asked = {quote.symbol for quote in poll.quotes}, set(symbols)
        missing = {s: poll.missing.get(s, UNKNOWN) for s in symbols if s not in priced}
        over = [s for s in self._absent if s in asked and s not in missing]
        reports = [SourceReport("prices", at, subject=s) for s in over]
        absent = {s: known for s, known in self._absent.items() if s not in asked}
        for symbol, found in missing.items():
            why, times = self._absent.get(symbol, (found.why, 0))
            times = times + 1 if why is found.why else 1
            absent[symbol] = found.why, times
            if times <= self.in_a_row:
                trouble, detail = TROUBLES[found.why], found.detail
                if found.why is Absence.UNKNOWN:
                    detail = self.strangers.get(symbol, detail)
                reports.append(SourceReport("prices", at, trouble, detail, subject=symbol, absence=found.why))
        self._absent = absent
        return reports
