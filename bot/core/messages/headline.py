"""The headline of a message about an incident, from its snapshot: what moves, how far, and as much of the cause as may
be said."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.messages.snapshot import Snapshot
from bot.core.model import Claim, Incident, Phase, Reason, StockMove
from bot.core.news.companies import Companies
from bot.core.news.vocabulary import Role, Topics
from bot.core.text.wording import (
    beside_words,
    count,
    percent,
    possessive,
    price,
    since_words,
    unsigned_percent,
    verbatim,
)

WHEN = {
    Phase.OVERNIGHT: " in thin overnight trading",
    Phase.PRE: " in pre-market trading",
    Phase.POST: " in after-hours trading",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """The words around a snapshot."""

    seen: Snapshot
    companies: Companies
    topics: Topics
    group: str
    """The stocks it counts, as one line of business: ``9 freight brokers``; empty where they are none."""
    due: bool
    """The lead's own results are due around the session."""
    place: str = ""
    """Where all of it happens, `` in Tokyo``; empty where that is New York or several places."""
    elsewhere: str = ""
    """Where its cause is told, in place of the cause, for an incident that has become part of another."""

    def text(self, reason: Reason, before: Incident) -> str:
        """The headline of a message sent for ``reason``; ``before``: the incident as it was without it."""
        late = " (already under way)" if self.seen.lead.late else ""
        doubt = f" (looks like {self.seen.lead.doubt})" if self.seen.lead.doubt else ""
        return f"{self._lead_in(reason, before)}{self.move()}{late}{doubt}"

    def move(self) -> str:
        """What moves, how far and why."""
        seen = self.seen
        if not seen.direction:
            return self._news()
        if not seen.moves:
            return self._over()
        when = self._when()
        if self.group:
            because = self._because()
            verb = "fall" if seen.direction < 0 else "rise"
            if because.startswith(";"):
                return f"{self.group} {verb} together{self.place}{when}{because}"
            first = seen.moves[0]
            comma = "," if because else ""
            return f"{self.group} {verb}{self.place}{when}, {self._named(first)} by {self._size(first)}{comma}{because}"
        first, subject = seen.moves[0], seen.move_of(seen.incident.lead)
        place = self.place
        told = f"{self._named(first)} {self._verb(first)}"
        if since_words(first.reference, first.at):  # "since the first story in Tokyo" would be a story there
            told, place = f"{self._named(first)}{place} {self._verb(first)}", ""
        others = len(seen.moves) - 1
        if subject is not None and subject is not first:
            told += f" and {self._named(subject)} {self._size(subject)}"
            others -= 1
            along = f", with {count(others, 'other stock')}," if others else ""
        else:
            along = f" alongside {count(others, 'other stock')}" if others else ""
        because = self._because()
        return f"{told}{place}{when}{along.removesuffix(',') if because.startswith(';') else along}{because}"

    def _lead_in(self, reason: Reason, before: Incident) -> str:
        """How the message goes on from those before: a fall that was not told cannot be worse."""
        seen = self.seen
        if reason not in (Reason.WIDENED, Reason.ESCALATED) or not seen.moves or not seen.direction:
            return ""
        told = before.thread
        if told.told_direction == 0:
            return "Prices react: "
        if not told.told_cause and seen.told_cause is not None:
            return "Cause found: "
        first = seen.moves[0]
        if reason is Reason.ESCALATED:
            if told.told_change is not None and abs(first.change) < abs(told.told_change) + 0.0005:
                return f"Raised to {seen.incident.severity.word}: "
            return "Now worse: " if seen.direction < 0 else "Further: "
        another_day = told.told_session is not None and seen.session > told.told_session
        if another_day and seen.lead.symbol in seen.moved_before and not first.turned_today:
            return "Again: "
        known = {a.symbol for a in seen.alerts if told.told_at is not None and a.fired_at <= told.told_at}
        joined = [move for move in seen.moves if move.symbol not in known]
        return "Spreading: " if len(seen.moves) > 1 and joined else ""

    def _news(self) -> str:
        """Of an incident whose rules asked for no price: the news, and whom it reaches."""
        seen = self.seen
        others = len(seen.moves) + len(seen.unpriced) - 1
        along = f" and {count(others, 'other stock')}" if others else ""
        if seen.cause is None:
            return f"“{seen.lead.rule}” holds for {self.companies.name_of(seen.lead.symbol)}{along}"
        news = self.topic(seen.cause.topic)
        return f"{news[:1].upper()}{news[1:]} that reaches {self.name(seen.lead.symbol)}{along}"

    def _over(self) -> str:
        """Of a move that is no more: no stock of the incident still stands in its direction."""
        name, fell = self.name(self.seen.lead.symbol), self.seen.direction < 0
        own = self.companies.company_of(self.seen.lead.symbol)
        now = next((m for m in self.seen.turned if self.companies.company_of(m.symbol) == own), None)
        stands = (
            f"stands {self._beside(now) or f'at {percent(now.change)}{since_words(now.reference, now.at)}'}"
            if now
            else ""
        )
        lead, direction = self.seen.lead, self.seen.direction
        known = [now.furthest.change if now and now.furthest else None]  # also before it fired
        if now is None or now.symbol == lead.symbol:  # else it is told by another of the company's listings
            known += [lead.worst, lead.change]
        far = max(
            (change for change in known if change is not None), key=lambda change: change * direction, default=None
        )
        size = unsigned_percent(far) if far is not None and far * direction > 0 else ""
        if stands and size in ("", unsigned_percent(0)):
            return f"{name} {stands}{self._because()}"
        moved = f"{'fell' if fell else 'rose'}{f' as much as {size}' if size else ''}"
        return f"{name} {moved}{f' and now {stands}' if stands else ''}{self._because()}"

    def _when(self) -> str:
        """The phase, where it is that of all prices the headline gives."""
        seen = self.seen
        shown = (
            seen.moves if self.group else [m for m in seen.moves if m.symbol in (seen.lead.symbol, seen.incident.lead)]
        )
        phases = {m.phase for m in shown}
        return WHEN.get(phases.pop(), "") if len(phases) == 1 else ""

    def _named(self, move: StockMove) -> str:
        return self.name(move.symbol)

    def _verb(self, move: StockMove) -> str:
        """``falls 11.7 %``; of a stock that has crossed a level and stands where it was before, its price."""
        if unsigned_percent(move.change) == unsigned_percent(0):
            return f"stands at {price(move.price, move.currency)}, hardly changed{since_words(move.reference, move.at)}"
        rebounds = move.reference.kind.startswith("low") and move.change > 0 and not move.turned_today
        if not rebounds and (beside := self._beside(move)):  # it may rise today and still be below
            return f"is {beside}"
        if move.turned_today:
            way = "lower" if move.change < 0 else "higher"
            return f"is {unsigned_percent(move.change)} {way}{since_words(move.reference, move.at)}"
        return f"{'falls' if self.seen.direction < 0 else 'rises'} {self._size(move)}"

    @staticmethod
    def _beside(move: StockMove) -> str:
        """``9.5 % below the high of Thu 23 Jan``; empty where it is measured from no high or low."""
        if not move.reference.kind.startswith(("high", "low")):
            return ""
        extreme = since_words(move.reference, move.at).removeprefix(" from ")
        return f"{unsigned_percent(move.change)} {'below' if move.change < 0 else 'above'} {extreme}"

    @staticmethod
    def _size(move: StockMove) -> str:
        return f"{unsigned_percent(move.change)}{since_words(move.reference, move.at)}"

    def _because(self) -> str:
        """The cause as it ends the headline: what may be said of it, and no more."""
        seen = self.seen
        if self.elsewhere:
            return f"; {self.elsewhere}"
        cause = seen.told_cause
        if cause is None:
            if seen.direction >= 0:
                return ""
            if self.due:
                whose = possessive(self.name(seen.lead.symbol)) if self.group else "its own"
                return f"; most likely {whose} results"
            if seen.told_before is not None:
                return "; no new cause known"
            return "; no cause known yet"  # true also where the news was not weighed, as for a stock without history
        topic = self.topics.topic(cause.topic)
        if seen.claim is Claim.COINCIDENT:
            what = self.topic(cause.topic)
            if seen.direction > 0 and topic is not None and topic.role is Role.RIVAL:
                what = f"news on {verbatim(topic.title)}"  # it is worded as the cause of a fall
            return f"; {what} {beside_words(seen.ahead(cause))}"
        words = verbatim(topic.headline) if topic else ""
        return f" {words}" if words else f"; most likely {self.topic(cause.topic)}"

    def topic(self, name: str) -> str:
        """A topic in words."""
        return verbatim(self.topics.as_cause(name))

    def name(self, symbol: str) -> str:
        """A company's name; its symbol where it has none."""
        return verbatim(self.companies.name_of(symbol))
