"""The messages about an incident, as blocks in reading order, without markup.

Modelled on a good desk note: the move with its price and "lowest since", the trigger and its sources, who is hit by
line of business and who held up, what comes next. A block with nothing true to say is left out, and every number can
be traced to an observation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median

from bot.core.incidents.follow_ups import level_before, standing
from bot.core.incidents.incidents import first_alert, lead_alert
from bot.core.messages.blocks import correction
from bot.core.messages.blocks.closing import closing
from bot.core.messages.blocks.frame import framed
from bot.core.messages.blocks.precedents import precedents
from bot.core.messages.blocks.voices import voices
from bot.core.messages.blocks.volume import volume_lines
from bot.core.messages.blocks.why import why
from bot.core.messages.groups import fallen_group
from bot.core.messages.precedents import IncidentProfile, exposures_of, nearest
from bot.core.model import (
    LAPSED,
    NEXT_SESSION_CLOSE,
    RECOVERED,
    SESSION_CLOSE,
    Alert,
    Block,
    BlockKind,
    Claim,
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
from bot.core.news.exposures import main_exposure_title
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
"""How many symbols of one line of business are named; the rest are counted."""
HELD_UP = 5
NOTABLE_SESSIONS = 20
"""A price is called the lowest since a date only where it is the lowest of at least this many sessions."""
FOLLOW_UP_WORDS = {
    SESSION_CLOSE: "at the close",
    NEXT_SESSION_CLOSE: "at the next session's close",
    RECOVERED: "has recovered",
    LAPSED: "five sessions on",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One symbol's move in a session, as of some moment."""

    symbol: str
    price: float
    change: float
    reference: Reference
    at: datetime
    session: Session


@dataclass(frozen=True, slots=True)
class MessageBuilder:
    """Builds the messages about incidents from prices, companies, topics and stories."""

    market: Market
    companies: Companies
    topics: Topics
    earnings: EarningsCalendar = field(default_factory=EarningsCalendar)
    episodes: tuple[Episode, ...] = ()
    """Candidates for precedents."""
    stories: Callable[[Sequence[str]], Sequence[Story]] = lambda clusters: ()
    """The stories of clusters, for quotations."""
    is_group_rule: Callable[[str], bool] = lambda rule: False
    """Whether alerts of the rule of this name say that a line of business falls."""

    # ----------------------------------------------------------------------------------------------------- messages

    def incident(
        self, incident: Incident, alerts: Sequence[Alert], watched: Sequence[str], at: datetime, reason: Reason
    ) -> Summary:
        """The whole summary of ``incident`` as of ``at``. ``alerts`` are its alerts by ``fired_at``."""
        lead = lead_alert(incident, alerts)
        blocks = [
            Block("what happened", BlockKind.FACTS, 90, "What happened", (*self._happened(lead, at), *_doubts(alerts))),
            *why(lead, alerts, self._due(lead), self.company, self.topics.titles.exposure, self.topic),
            *self._hit(incident, alerts, watched, at),
            *voices(self.stories(incident.clusters), self.topics.speech),
            *precedents(nearest(self._profile(incident, lead), self.episodes, self.topics)),
            *self._next(incident),
        ]
        agents = lead.told_cause.agents if lead.told_cause else ()
        return replace(framed(self._headline(incident, alerts, lead, reason), blocks), agents=agents)

    def follow_up(
        self,
        incident: Incident,
        alerts: Sequence[Alert],
        kinds: Sequence[FollowUpKind],
        at: datetime,
        closed_at: datetime | None = None,
        late: bool = False,
    ) -> Summary:
        """A follow-up: where the lead and the others stand at ``at``, or stood at the close ``closed_at``."""
        lead = lead_alert(incident, alerts)
        kind = RECOVERED if RECOVERED in kinds else kinds[0]
        rebound = f"has rebounded {str(kind).removeprefix('rebound ')} or more from the close"
        by_price = kind == RECOVERED or kind not in FOLLOW_UP_WORDS  # the lead's
        whose = "" if by_price else self.group(alerts, lead)
        headline = f"Follow-up: {whose or self.company(lead.symbol)} {FOLLOW_UP_WORDS.get(kind, rebound)}"
        lines = self._lead_lines(lead, level_before(first_alert(incident, alerts), self._prices(lead)), at, closed_at)
        if late:
            lines.append(("Sent late: the bot was not running when this was due.",))
        moves = self._since(incident, alerts, at, closed_at)
        over = all(f.done_at is not None or f.kind in kinds for f in incident.thread.follow_ups)
        blocks = [
            Block("what happened", BlockKind.FACTS, 90, "", tuple(lines)),
            *(closing(alerts, moves) if over else []),
            *self._since_the_fall(moves),
            *self._next(incident),
        ]
        return framed(headline, blocks)

    def merged(self, incident: Incident, alerts: Sequence[Alert], into: Incident) -> Summary:
        """The last edit of an incident that was merged ``into`` another."""
        headline = self._headline(incident, alerts, lead_alert(incident, alerts), Reason.FIRST)
        words = f"Now part of the same incident as {self.company(into.lead)}’s fall; see the message about that."
        return framed(headline, [Block("part of", BlockKind.FACTS, 90, "", ((words,),))])

    def correction(self, incident: Incident, alerts: Sequence[Alert]) -> Summary:
        """The message that announces a corrected cause."""
        lead = lead_alert(incident, alerts)
        corrected = [a for a in alerts if a.corrected_at is not None]
        corrected.sort(key=lambda a: (a.id != lead.id, a.last_change or 0.0, a.id))
        return correction.correction(corrected, self.company, self.topic)

    # ------------------------------------------------------------------------------------------------------- blocks

    def _headline(self, incident: Incident, alerts: Sequence[Alert], lead: Alert, reason: Reason) -> str:
        lead_in = {Reason.ESCALATED: "Now worse: ", Reason.WIDENED: "Spreading: "}.get(reason, "")
        if (
            reason is Reason.ESCALATED
            and lead.told_cause
            and lead.fired_at == incident.thread.told_at
            and len(alerts) > 1
        ):
            earlier = [a for a in alerts if a.fired_at < lead.fired_at]
            lead_in = "Cause found: " if all(a.told_cause is None for a in earlier) else lead_in
        late = " (already under way)" if lead.late else ""
        doubt = f" (looks like {lead.doubt})" if lead.doubt else ""
        return f"{lead_in}{self._move(incident, alerts, lead)}{late}{doubt}"

    def _move(self, incident: Incident, alerts: Sequence[Alert], lead: Alert) -> str:
        """What falls, how far and why: the group where one does, else the lead and how many others."""
        when = {Phase.PRE: " in pre-market trading", Phase.POST: " in after-hours trading"}.get(self._phase(lead), "")
        if group := self.group(alerts, lead):
            because = self._because(lead, of_group=True)
            return f"{group} fall{' together' if because.startswith(';') else ''}{when}{because}"
        verb = "rises" if (lead.last_change or 0) > 0 else "falls"
        size = f" {verb} {abs(lead.last_change) * 100:.1f} %" if lead.last_change is not None else ""
        others = len(incident.symbols) - 1 - len(correction.set_apart(alerts, lead, self.topics.ai_causes))
        company = f" alongside {count(others, 'other stock')}" if others else ""
        return f"{self.company(lead.symbol)}{size}{when}{company}{self._because(lead)}"

    def group(self, alerts: Sequence[Alert], lead: Alert) -> str:
        """The stocks of one line of business that fall together, as headlines count them; empty where they are none."""
        return fallen_group(alerts, lead, self.companies, self.topics, self.is_group_rule)

    def _because(self, lead: Alert, *, of_group: bool = False) -> str:
        """The cause as it ends the headline: what may be said of it, and no more."""
        cause = lead.told_cause
        if cause is None:
            if (lead.change or 0) >= 0:
                return ""
            if self._due(lead):
                return f"; most likely {f'{self.company(lead.symbol)}’s' if of_group else 'its own'} results"
            found = lead.cause is not None or of_group  # the first sign of a shock, which the news explains later
            return "; no cause known yet" if found else "; no cause found in the news"
        if cause.claim is Claim.COINCIDENT:
            news = self.topic(cause.topic)
            return f": {news}" if lead.last_change is None else f"; {news} at the same time"
        topic = self.topics.topic(cause.topic)
        return f" {topic.headline}" if topic and topic.headline else f"; most likely {self.topic(cause.topic)}"

    def topic(self, name: str) -> str:
        """A topic in words."""
        topic = self.topics.topic(name)
        return topic.as_cause if topic else name

    def _phase(self, lead: Alert) -> Phase:
        """The phase of the price that is shown: the lead's newest."""
        session = self._prices(lead).timetable.on(lead.session)
        return session.phase(lead.last_price_at) if session and lead.last_price_at else lead.phase

    def _happened(self, lead: Alert, at: datetime) -> tuple[Line, ...]:
        if lead.last_change is None or lead.reference is None:
            return ((f"{self.company(lead.symbol)} ({lead.symbol}): no price condition in this rule.",),)
        level, at_price = lead.last_price or lead.price, lead.last_price_at or lead.price_at
        lines = [self._price_line(lead.symbol, level, lead.last_change, lead.reference, self._phase(lead), at_price)]
        prices = self._prices(lead)
        extreme = (prices.lowest_since if lead.last_change < 0 else prices.highest_since)(level, lead.session)
        word = "Lowest" if lead.last_change < 0 else "Highest"
        if extreme.sessions >= NOTABLE_SESSIONS:
            if extreme.since is not None:
                lines.append((f"{word} since {day(extreme.since)} (against closes).",))
            else:
                lines.append((f"{word} of the {extreme.sessions} closes on record.",))
        latest = prices.standing(at)
        if latest is not None and latest[1].date == lead.session:
            lines += volume_lines(prices, *latest)
        if lead.worst is not None and abs(lead.worst - lead.last_change) >= 0.005:
            lines.append((f"Furthest so far: {percent(lead.worst)}.",))
        if (old := at - at_price).total_seconds() > 1800:
            lines.append((f"The price is {age(old)} old.",))
        return tuple(lines)

    def _lead_lines(
        self, lead: Alert, before: Reference | None, at: datetime, closed_at: datetime | None
    ) -> list[Line]:
        """The lead's price in a follow-up, from its previous close and from ``before`` the fall."""
        prices = self._prices(lead)
        latest, now = standing(prices, at, closed_at), self.standing(lead.symbol, at, closed_at)
        if now is not None:
            phase = now.session.phase(now.at)
            lines = [self._price_line(lead.symbol, now.price, now.change, now.reference, phase, now.at)]
            since = change(now.price, before)
            if before and since is not None and before.session != now.reference.session:
                lines.append((f"Against {price(before.price)} before the fall: {percent(since)}.",))
            return lines
        if latest is not None and before is not None:
            quote, session = latest
            since = change(quote.price, before) or 0.0
            return [self._price_line(lead.symbol, quote.price, since, before, session.phase(quote.at), quote.at)]
        session_now = prices.timetable.current(closed_at or at)
        of = f" in the session of {short_day(session_now.date)}" if session_now else ""
        return [(f"No price for {self.company(lead.symbol)} ({lead.symbol}){of}.",)]

    def _price_line(
        self, symbol: str, level: float, moved: float, reference: Reference, phase: Phase, at: datetime
    ) -> Line:
        return (
            Strong(f"{self.company(symbol)} ({symbol}) {price(level)}, {percent(moved)}"),
            f" {against(reference)}; {PHASE_WORDS[phase]}, {clock(at)}.",
        )

    def _due(self, lead: Alert) -> str:
        """The company's own results due around the session of its fall, in words; empty where none are known."""
        timetable = self._prices(lead).timetable
        session = timetable.on(lead.session)
        if session is None or (lead.change or 0) >= 0:
            return ""
        at = lead.last_price_at or lead.price_at or session.open_at
        due = self.earnings.concerning(lead.symbol, session, timetable.before(session), at)
        return due_words(due) if due else ""

    def _hit(self, incident: Incident, alerts: Sequence[Alert], watched: Sequence[str], at: datetime) -> list[Block]:
        if len(incident.symbols) < 2:
            return []
        apart = correction.set_apart(alerts, lead_alert(incident, alerts), self.topics.ai_causes)
        hit = [s for s in incident.symbols if s not in apart]
        standings = [s for s in (self.standing(x, at) for x in hit) if s is not None]
        title = f"Who is hit ({len(hit)}), worst first"
        lines = self._by_work([(s.symbol, s.change) for s in standings])
        lines += tuple(correction.apart_line(apart, self.topic))
        return [Block("who is hit", BlockKind.FACTS, 60, title, lines), *self._held_up(incident, watched, at)]

    def _since_the_fall(self, moves: Sequence[tuple[str, float]]) -> list[Block]:
        if len(moves) < 2:
            return []
        title = f"Where they stand ({len(moves)}), compared with before the fall"
        return [Block("who is hit", BlockKind.FACTS, 60, title, self._by_work(moves))]

    def _since(
        self, incident: Incident, alerts: Sequence[Alert], at: datetime, closed_at: datetime | None
    ) -> list[tuple[str, float]]:
        """Each symbol's change from its price before the fall, at ``at`` or at the close ``closed_at``."""
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
        """Moves by the company's main line of business; the worst line first, and the worst in each line first."""
        works: dict[str, list[tuple[float, str]]] = {}
        for symbol, moved in moves:
            works.setdefault(main_exposure_title(self.companies, self.topics, symbol), []).append((moved, symbol))
        lines: list[Line] = []
        for work, members in sorted(works.items(), key=lambda w: (median(m for m, _ in w[1]), w[0])):
            named = [f"{symbol} {percent(moved)}" for moved, symbol in sorted(members)]
            lines.append((Strong(f"{work or 'others'}: "), listing(named, MEMBERS)))
        return tuple(lines)

    def _profile(self, incident: Incident, lead: Alert) -> IncidentProfile:
        """The features by which precedents are found."""
        others = [e for s in incident.symbols if s != lead.symbol and (e := self.companies.exposures_of(s))]
        exposures = exposures_of(self.companies.exposures_of(lead.symbol), others)
        topic = lead.told_cause.topic if lead.told_cause else incident.topic
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
        kinds = [f.kind for f in incident.thread.follow_ups if f.waits_for_price]
        parts = [f"Next message: {moment(due)}"] if due else []
        if kinds:
            words = ["a recovery" if k == RECOVERED else str(k).replace("rebound", "a rebound of") for k in kinds]
            parts.append(f"{'watching' if parts else 'Watching'} for {listing(words)}")
        return [Block("what next", BlockKind.NOTE, 20, "", ((f"{'; '.join(parts)}.",),))] if parts else []

    # ------------------------------------------------------------------------------------------------------ details

    def standing(self, symbol: str, at: datetime, closed_at: datetime | None = None) -> Standing | None:
        """The symbol's move from its previous close at ``at``, or at the close ``closed_at``: by the official close
        where its session had closed by then."""
        prices = self.market.of(symbol)
        latest = standing(prices, at, closed_at)
        if latest is None:
            return None
        quote, session = latest
        reference = prices.previous_close(quote, session)
        moved = change(quote.price, reference)
        if reference is None or moved is None:
            return None
        return Standing(symbol, quote.price, moved, reference, quote.at, session)

    def _prices(self, lead: Alert) -> SymbolPrices:
        return self.market.of(lead.symbol)

    def company(self, symbol: str) -> str:
        """A company's name; its symbol where it has none."""
        return self.companies.name_of(symbol)


def _doubts(alerts: Sequence[Alert]) -> list[Line]:
    """The stocks whose price counts though it looks like something else than a move."""
    doubted: dict[str, list[str]] = {}
    for alert in alerts:
        if alert.doubt and alert.symbol not in doubted.setdefault(alert.doubt, []):
            doubted[alert.doubt].append(alert.symbol)
    return [
        (
            Strong(f"{listing(symbols, MEMBERS)}: the price looks like {words}."),
            " No chart has confirmed it, or ruled it out.",
        )
        for words, symbols in doubted.items()
    ]
