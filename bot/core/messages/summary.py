"""What a message says: an incident as neutral blocks in reading order, without markup.

Modelled on how a good desk note tells such a day: the move with its level and "lowest since", the trigger and how
well it is attested, who is hit by what they live from and who held up, what comes next. Every block is optional
where there is nothing true to say, and every number can be traced to an observation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from statistics import median

from bot.core.incidents.follow_ups import level_before, standing
from bot.core.incidents.incidents import began_with, told_by
from bot.core.messages.blocks import correction
from bot.core.messages.blocks.closing import closing
from bot.core.messages.blocks.precedents import precedents
from bot.core.messages.blocks.voices import voices
from bot.core.messages.blocks.volume import volume_lines
from bot.core.messages.blocks.why import why
from bot.core.messages.precedents import IncidentProfile, exposures_of, nearest
from bot.core.model import (
    LAPSED,
    NEXT_SESSION_CLOSE,
    RECOVERED,
    SESSION_CLOSE,
    Alert,
    Block,
    BlockKind,
    FollowUpKind,
    Incident,
    Line,
    Phase,
    Reason,
    Reference,
    Story,
    Strong,
    Summary,
)
from bot.core.model.episodes import Episode
from bot.core.news.companies import Companies
from bot.core.news.exposures import exposure_title, line_of_work
from bot.core.news.vocabulary import Topics
from bot.core.prices.earnings import EarningsCalendar, due_words
from bot.core.prices.market import Market, SymbolPrices, change
from bot.core.prices.sessions import Session
from bot.core.text.wording import (
    PHASE_WORDS,
    against,
    age,
    clock,
    count,
    day,
    listing,
    moment,
    percent,
    price,
    short_day,
)

MEMBERS = 6
"""So many companies of one line of work are named; the rest are counted."""
HELD_UP = 5
NOTABLE_SESSIONS = 20
"""A price is called the lowest since a date only where it is the lowest of at least so many sessions."""
FOLLOW_UP_WORDS = {
    SESSION_CLOSE: "at the close",
    NEXT_SESSION_CLOSE: "at the next session's close",
    RECOVERED: "has recovered",
    LAPSED: "five sessions on",
}
NOT_ADVICE = "Not investment advice."


@dataclass(frozen=True, slots=True)
class Standing:
    """One symbol's move in a session, as it stands at some moment."""

    symbol: str
    price: float
    change: float
    reference: Reference
    at: datetime
    session: Session


@dataclass(frozen=True, slots=True)
class MessageBuilder:
    """Builds what a message about an incident says, from what is known of prices and companies."""

    market: Market
    companies: Companies
    topics: Topics
    earnings: EarningsCalendar = field(default_factory=EarningsCalendar)
    episodes: tuple[Episode, ...] = ()
    """Past episodes, to compare with."""
    stories: Callable[[Sequence[str]], Sequence[Story]] = lambda clusters: ()
    """The stories of clusters, to quote from."""

    # ----------------------------------------------------------------------------------------------------- messages

    def incident(
        self, incident: Incident, alerts: Sequence[Alert], watched: Sequence[str], at: datetime, reason: Reason
    ) -> Summary:
        """The whole summary of ``incident`` as it stands at ``at``. ``alerts`` are its alerts by ``fired_at``."""
        lead = told_by(incident, alerts)
        headline = self._headline(incident, alerts, lead, reason)
        blocks = [
            Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),)),
            Block("what happened", BlockKind.FACTS, 90, "What happened", self._happened(lead, at)),
        ]
        blocks += why(lead, self._due(lead), self.company, partial(exposure_title, self.topics), self.topic)
        blocks += self._hit(incident, alerts, watched, at)
        blocks += voices(self.stories(incident.clusters), self.topics.speech)
        blocks += precedents(nearest(self._happening(incident, lead), self.episodes, self.topics))
        blocks += self._next(incident)
        blocks.append(Block("note", BlockKind.NOTE, 10, lines=((NOT_ADVICE,),)))
        return Summary(tuple(blocks), headline)

    def follow_up(
        self,
        incident: Incident,
        alerts: Sequence[Alert],
        kinds: Sequence[FollowUpKind],
        at: datetime,
        closed_at: datetime | None = None,
        late: bool = False,
    ) -> Summary:
        """What a follow-up says: where the lead and the others stand now, or stood at the close it is about, against
        the first message's reference."""
        lead = told_by(incident, alerts)
        name = self.company(lead.symbol)
        now = self.standing(lead.symbol, at, closed_at)
        kind = RECOVERED if RECOVERED in kinds else kinds[0]
        back = f"has rebounded ({str(kind).removeprefix('rebound ')} or more from the close)"
        about = FOLLOW_UP_WORDS.get(kind, back)
        headline = f"Follow-up: {name} {about}"
        lines: list[Line] = []
        prices = self.market.of(lead.symbol)
        began = began_with(incident, alerts)
        held, before = standing(prices, at, closed_at), level_before(began, prices)
        if now is not None:
            lines.append(
                (
                    Strong(f"{name} ({lead.symbol}) {price(now.price)}, {percent(now.change)}"),
                    f" {against(now.reference)}; {PHASE_WORDS[now.session.phase(now.at)]}, {clock(now.at)}.",
                )
            )
            since = change(now.price, before)
            if before and since is not None and before.session != now.reference.session:
                lines.append((f"Against {price(before.price)} before the fall: {percent(since)}.",))
        elif held is not None and before is not None:
            said = f" {against(before)}; {PHASE_WORDS[held[1].phase(held[0].at)]}, {clock(held[0].at)}."
            moved = percent(change(held[0].price, before) or 0.0)
            lines.append((Strong(f"{name} ({lead.symbol}) {price(held[0].price)}, {moved}"), said))
        else:
            lines.append((f"No price of {name} ({lead.symbol}) is known{self._session(prices, closed_at or at)}.",))
        if late:
            lines.append(("Sent late: the bot was not running when this was due.",))
        moves = self._since(incident, alerts, at, closed_at)
        blocks = [
            Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),)),
            Block("what happened", BlockKind.FACTS, 90, "", tuple(lines)),
            *(closing(alerts, moves) if self._over(incident, kinds) else []),
            *self._since_the_fall(moves),
            *self._next(incident),
            Block("note", BlockKind.NOTE, 10, lines=((NOT_ADVICE,),)),
        ]
        return Summary(tuple(blocks), headline)

    def merged(self, incident: Incident, alerts: Sequence[Alert], into: Incident) -> Summary:
        """What the message of an incident says that turned out to be part of another."""
        lead = told_by(incident, alerts)
        headline = self._headline(incident, alerts, lead, Reason.FIRST)
        said = f"Part of one happening with {self.company(into.lead)}’s fall: the message about it tells the rest."
        blocks = (
            Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(headline),),)),
            Block("part of", BlockKind.FACTS, 90, "", ((said,),)),
            Block("note", BlockKind.NOTE, 10, lines=((NOT_ADVICE,),)),
        )
        return Summary(blocks, headline)

    def correction(self, incident: Incident, alerts: Sequence[Alert]) -> Summary:
        """What is said where the incident's cause turns out to be another than it was first told with."""
        lead = told_by(incident, alerts)
        told = [a for a in alerts if a.corrected_at is not None]
        told.sort(key=lambda a: (a.id != lead.id, a.last_change or 0.0, a.id))
        return correction.correction(told, self.company, self.topic, NOT_ADVICE)

    # ------------------------------------------------------------------------------------------------------- blocks

    def _headline(self, incident: Incident, alerts: Sequence[Alert], lead: Alert, reason: Reason) -> str:
        name = self.company(lead.symbol)
        verb = "rises" if (lead.last_change or 0) > 0 else "falls"
        size = f" {verb} {abs(lead.last_change) * 100:.1f} %" if lead.last_change is not None else ""
        when = {Phase.PRE: " in pre-market trading", Phase.POST: " by after-hours prices"}.get(self._phase(lead), "")
        others = len(incident.symbols) - 1 - len(correction.set_apart(alerts, lead))
        company = f", {count(others, 'other stock')} with it" if others else ""
        lead_in = {Reason.ESCALATED: "Now worse: ", Reason.WIDENED: "Spreading: "}.get(reason, "")
        if reason is Reason.ESCALATED and lead.cause and lead.fired_at == incident.thread.told_at and len(alerts) > 1:
            lead_in = "Cause found: " if all(a.cause is None for a in alerts if a.fired_at < lead.fired_at) else lead_in
        topic = self._because(lead)
        if others and not topic.startswith(";"):
            company += ","
        late = " (already under way)" if lead.late else ""
        return f"{lead_in}{name}{size}{when}{company}{topic}{late}".rstrip(",")

    def _because(self, lead: Alert) -> str:
        """The cause in the headline: AI news, or what else most likely explains it."""
        cause = lead.cause
        if cause is None:
            if (lead.change or 0) >= 0:
                return ""
            return "; most likely its own results" if self._due(lead) else "; no cause found in the news"
        topic = self.topics.topic(cause.topic)
        return f" {topic.headline}" if topic and topic.headline else f"; most likely {self.topic(cause.topic)}"

    def topic(self, name: str) -> str:
        """A topic in words."""
        topic = self.topics.topic(name)
        return topic.in_words if topic else name

    def _phase(self, lead: Alert) -> Phase:
        """The phase of the price that is shown: the lead's newest."""
        session = self.market.of(lead.symbol).timetable.on(lead.session)
        return session.phase(lead.last_price_at) if session and lead.last_price_at else lead.phase

    def _happened(self, lead: Alert, at: datetime) -> tuple[Line, ...]:
        name = self.company(lead.symbol)
        if lead.last_change is None or lead.reference is None:
            return ((f"{name} ({lead.symbol}): no price condition in this rule.",),)
        level, at_price, phase = lead.last_price or lead.price, lead.last_price_at or lead.price_at, self._phase(lead)
        lines: list[Line] = [
            (
                Strong(f"{name} ({lead.symbol}) {price(level)}, {percent(lead.last_change)}"),
                f" {against(lead.reference)}; {PHASE_WORDS[phase]}, {clock(at_price)}.",
            )
        ]
        prices = self.market.of(lead.symbol)
        extreme = (prices.lowest_since if lead.last_change < 0 else prices.highest_since)(level, lead.session)
        word = "Lowest" if lead.last_change < 0 else "Highest"
        if extreme.sessions >= NOTABLE_SESSIONS:
            if extreme.since is not None:
                lines.append((f"{word} since {day(extreme.since)} (against closes).",))
            else:
                lines.append((f"{word} of the {extreme.sessions} closes known.",))
        held = prices.standing(at)
        if held is not None and held[1].date == lead.session:
            lines += volume_lines(prices, *held)
        if lead.worst is not None and abs(lead.worst - lead.last_change) >= 0.005:
            lines.append((f"Furthest so far: {percent(lead.worst)}.",))
        if (old := at - at_price).total_seconds() > 1800:
            lines.append((f"The price is {age(old)} old.",))
        return tuple(lines)

    def _due(self, lead: Alert) -> str:
        """The company's own results where they fall into the session of its fall; empty where none are known of."""
        timetable = self.market.of(lead.symbol).timetable
        session = timetable.on(lead.session)
        if session is None or (lead.change or 0) >= 0:
            return ""
        at = lead.last_price_at or lead.price_at or session.open_at
        told = self.earnings.concerning(lead.symbol, session, timetable.before(session), at)
        return due_words(told) if told else ""

    def _hit(self, incident: Incident, alerts: Sequence[Alert], watched: Sequence[str], at: datetime) -> list[Block]:
        if len(incident.symbols) < 2:
            return []
        apart = correction.set_apart(alerts, told_by(incident, alerts))
        hit = [s for s in incident.symbols if s not in apart]
        standings = [s for s in (self.standing(x, at) for x in hit) if s is not None]
        title = f"Who is hit ({len(hit)}), worst first"
        lines = self._by_work([(s.symbol, s.change) for s in standings])
        lines += tuple(correction.apart_line(apart, self.topic))
        return [Block("who is hit", BlockKind.FACTS, 60, title, lines), *self._held_up(incident, watched, at)]

    def _since_the_fall(self, moves: Sequence[tuple[str, float]]) -> list[Block]:
        """Where the symbols of an incident stand against the prices from before its fall."""
        if len(moves) < 2:
            return []
        title = f"Where they stand ({len(moves)}), against before the fall"
        return [Block("who is hit", BlockKind.FACTS, 60, title, self._by_work(moves))]

    @staticmethod
    def _over(incident: Incident, kinds: Sequence[FollowUpKind]) -> bool:
        """Nothing follows this follow-up."""
        return all(f.done_at is not None or f.kind in kinds for f in incident.thread.follow_ups)

    def _since(
        self, incident: Incident, alerts: Sequence[Alert], at: datetime, closed_at: datetime | None
    ) -> list[tuple[str, float]]:
        """Each symbol with what its price now (or at that close) is against that from before its fall."""
        moves = []
        for symbol in incident.symbols:
            alert = next((a for a in alerts if a.symbol == symbol), None)
            prices = self.market.of(symbol)
            now = standing(prices, at, closed_at)
            since = change(now[0].price, level_before(alert, prices)) if now and alert else None
            if since is not None:
                moves.append((symbol, since))
        return moves

    def _by_work(self, moves: Sequence[tuple[str, float]]) -> tuple[Line, ...]:
        """Moves by what each company mainly lives from, the worst hit line of work first and the worst hit in it."""
        works: dict[str, list[tuple[float, str]]] = {}
        for symbol, moved in moves:
            works.setdefault(line_of_work(self.companies, self.topics, symbol), []).append((moved, symbol))
        lines: list[Line] = []
        for work, members in sorted(works.items(), key=lambda w: (median(m for m, _ in w[1]), w[0])):
            named = [f"{symbol} {percent(moved)}" for moved, symbol in sorted(members)]
            lines.append((Strong(f"{work or 'others'}: "), listing(named, MEMBERS)))
        return tuple(lines)

    def _happening(self, incident: Incident, lead: Alert) -> IncidentProfile:
        """What the incident is compared with past ones by."""
        others = [found for s in incident.symbols if s != lead.symbol and (found := self.companies.exposures_of(s))]
        exposures = exposures_of(self.companies.exposures_of(lead.symbol), others)
        topic = lead.cause.topic if lead.cause else incident.topic
        return IncidentProfile(incident.session, topic, exposures, lead.last_change or 0.0, len(incident.symbols))

    def _held_up(self, incident: Incident, watched: Sequence[str], at: datetime) -> list[Block]:
        exposed_to = self.companies.exposures_of
        exposures = {e for s in incident.symbols for e in exposed_to(s)}
        others = [s for s in watched if s not in incident.symbols and exposures.intersection(exposed_to(s))]
        standings = [s for s in (self.standing(x, at) for x in others) if s is not None]
        standings.sort(key=lambda s: (-s.change, s.symbol))
        if not standings:
            return []
        named = [f"{s.symbol} {percent(s.change)}" for s in standings[:HELD_UP]]
        return [Block("who held up", BlockKind.FACTS, 40, "", ((f"Held up better: {listing(named, HELD_UP)}.",),))]

    def _next(self, incident: Incident) -> list[Block]:
        times = [f.due_at for f in incident.thread.follow_ups if f.done_at is None and f.due_at is not None]
        due = min(times, default=None)
        prices = [f.kind for f in incident.thread.follow_ups if f.waits_for_price]
        parts = [f"Next message: {moment(due)}"] if due else []
        if prices:
            watching = listing(["recovery" if kind == RECOVERED else str(kind) for kind in prices])
            parts.append(f"watching for {watching}" if parts else f"Watching for {watching}")
        return [Block("what next", BlockKind.NOTE, 20, "", ((f"{'; '.join(parts)}.",),))] if parts else []

    # ------------------------------------------------------------------------------------------------------ details

    def standing(self, symbol: str, at: datetime, closed_at: datetime | None = None) -> Standing | None:
        """The symbol's move against its previous close as it stands at ``at``, or as it stood at the close
        ``closed_at``: the official one of its session where that had closed by then."""
        prices = self.market.of(symbol)
        held = standing(prices, at, closed_at)
        if held is None:
            return None
        quote, session = held
        reference = prices.previous_close(quote, session)
        moved = change(quote.price, reference)
        if reference is None or moved is None:
            return None
        return Standing(symbol, quote.price, moved, reference, quote.at, session)

    @staticmethod
    def _session(prices: SymbolPrices, at: datetime) -> str:
        session = prices.timetable.current(at)
        return f" in the session of {short_day(session.date)}" if session else ""

    def company(self, symbol: str) -> str:
        """A company's name; its symbol where it has none."""
        return self.companies.name_of(symbol)
