"""The messages about an incident, as blocks in reading order, without markup.

Modelled on a good desk note: the move with its price and "lowest since", the trigger and its sources, who is hit by
line of business and who held up, what comes next. A block with nothing true to say is left out, and every number can
be traced to an observation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.incidents.follow_ups import before_the_move, level_before, standing
from bot.core.incidents.incidents import first_alert, lead_alert
from bot.core.messages.blocks import correction, portfolio, story
from bot.core.messages.blocks.closing import closing
from bot.core.messages.blocks.fears import fears, helped_by
from bot.core.messages.blocks.frame import framed
from bot.core.messages.blocks.happened import beside, city_of, doubted, happened, price_line
from bot.core.messages.blocks.novelty import news_since, novelty
from bot.core.messages.blocks.outlook import outlook, reports_ahead
from bot.core.messages.blocks.precedents import precedents
from bot.core.messages.blocks.table import as_of, by_line, held_up_line, table, usual_time
from bot.core.messages.blocks.voices import voices
from bot.core.messages.blocks.why import why
from bot.core.messages.folding import as_details, folded
from bot.core.messages.groups import fallen_group, group_of
from bot.core.messages.happening import kinds_of, read
from bot.core.messages.headline import WHEN, Headline
from bot.core.messages.places import in_cities, opening_lines, still_to_open
from bot.core.messages.precedents import IncidentProfile, exposures_of, nearest
from bot.core.messages.snapshot import Snapshot, by_size, fresh_move, held_up, move_at, since_the_fall, snapshot
from bot.core.model import (
    LAPSED,
    NEXT_SESSION_CLOSE,
    NO_STOCK,
    RECOVERED,
    SESSION_CLOSE,
    Alert,
    Block,
    BlockKind,
    CauseRef,
    Claim,
    Figures,
    FollowUpKind,
    Incident,
    Inline,
    Line,
    Reason,
    Reference,
    StockMove,
    Story,
    Summary,
)
from bot.core.model.episodes import Episode
from bot.core.news.companies import Companies
from bot.core.news.exposures import main_exposure_title
from bot.core.news.kinds import Said
from bot.core.news.reader import StoryReader
from bot.core.news.vocabulary import Kind, Topics
from bot.core.prices.benchmarks import ALONE, Benchmarks
from bot.core.prices.earnings import EarningsCalendar, due_words
from bot.core.prices.market import Market, change
from bot.core.rules.conditions import Portfolio
from bot.core.text.wording import (
    listing,
    percent,
    possessive,
    price,
    short_day,
    there,
    unsigned_percent,
    verbatim,
    when,
)

ANNOUNCED = timedelta(days=3)
"""How long what a story says of the next days is something to watch for."""
FOLLOW_UP_WORDS = {
    SESSION_CLOSE: "at the close",
    NEXT_SESSION_CLOSE: "at the next session's close",
    RECOVERED: "has recovered",
    LAPSED: "five sessions on",
}


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
    naming: Callable[[Sequence[str], str], Story | None] = lambda stories, symbol: None
    """The first of stories, given by id, that names a symbol's company."""
    reader: StoryReader | None = None
    """Reads what stories say of the news itself; without it messages say only what fell and after which story."""
    is_group_rule: Callable[[str], bool] = lambda rule: False
    """Whether alerts of the rule of this name say that a line of business falls."""
    benchmarks: Benchmarks = ALONE
    """What stands for the market, by exchange and moment."""
    portfolio_of: Callable[[str], Portfolio | None] = lambda rule: None
    """The holdings that the rule of this name is about."""

    # ----------------------------------------------------------------------------------------------------- messages

    def snapshot(
        self, incident: Incident, alerts: Sequence[Alert], at: datetime, others: Sequence[Alert] = ()
    ) -> Snapshot:
        """A look at the market for a message about ``incident`` as of ``at``. ``alerts`` are its alerts; ``others``
        those of other incidents, whose causes may be known."""
        return snapshot(self.market, incident, alerts, self.topics.ai_causes, at, self.companies.company_of, others)

    def incident(
        self, seen: Snapshot, incident: Incident, before: Incident, watched: Sequence[str], reason: Reason
    ) -> Summary:
        """The whole summary. ``incident`` is counted with this message, ``before`` as it was without it."""
        if seen.lead.symbol == NO_STOCK:
            return self._of_holdings(seen, before, reason) if seen.direction else self._of_news(seen)
        due = self._due(seen)
        thread = incident.thread
        known = thread.main > 1 and seen.told_cause is not None and seen.told_cause.cluster == thread.known_cause
        group = group_of(seen, self.companies, self.topics, self.is_group_rule)
        headline = Headline(seen, self.companies, self.topics, group, bool(due), self._place(seen, group)).text(
            reason, before
        )
        facts = (
            *happened(seen, self.market, self.company, self._indices(seen)),
            *self._openings(seen, watched),
            *doubted(seen.alerts),
        )
        apart = correction.apart_line(seen.apart, self.topic, self.label)
        said, kinds = self._said(seen)
        around = self._around(seen, watched, kinds)
        blocks = [
            Block("what happened", BlockKind.FACTS, 90, "What happened", facts),
            *why(seen, due, self.company, self.exposure, self.topic, self._naming, known=known),
            *table(seen, self._line, apart, self.label),
            *around,
            *as_details(self._others(seen)),
            *as_details(self._background(seen, said, kinds, incident if known else None)),
            *as_details(self._outlook(seen, said)),
            *self._next(incident, seen.at),
        ]
        agents = seen.told_cause.agents if seen.told_cause and seen.claim is Claim.STATED else ()
        return replace(
            framed(headline, folded(blocks)), agents=agents, figures=seen.figures, cause=seen.cause_for_lists
        )

    def _of_holdings(self, seen: Snapshot, before: Incident, reason: Reason) -> Summary:
        """The summary of an incident about a portfolio: how far it has moved, and which holdings moved it."""
        held = self.portfolio_of(seen.lead.rule)
        weights = held.weights if held is not None else {}
        found = portfolio.holdings_of(seen, seen.moves[0], weights, self.market)
        move = found.whole
        name = verbatim(held.name) if held is not None else "The portfolio"
        told = any(alert.told_at is not None for alert in seen.alerts)
        further = "Now worse: " if move.change < 0 else "Further: "
        worse = further if reason is Reason.ESCALATED and told else ""
        verb = "falls" if move.change < 0 else "rises"
        when_ = WHEN.get(found.phase, "") if found.phase is not None else ""
        headline = f"{worse}{name} {verb} {unsigned_percent(move.change)}{when_}"
        blocks = [
            *portfolio.the_portfolio(found, name, weights, self.company, self._indices(seen)),
            *why(seen, "", self.company, self.exposure, self.topic, self._naming, known=False),
        ]
        return replace(framed(headline, folded(blocks)), figures=Figures(seen.at, (move,)), cause=seen.cause_for_lists)

    def _of_news(self, seen: Snapshot) -> Summary:
        """The summary of an incident about no stock: the story, and what it says of itself."""
        said, kinds = self._said(seen)
        told = (seen.cause.title,) if seen.cause else ()
        blocks = [*story.the_story(seen), *as_details(self._background(seen, said, kinds, None, told))]
        summary = framed(story.headline_of(seen, self.topic), folded(blocks))
        return replace(summary, cause=seen.cause_for_lists)

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
        rebound = f"has rebounded {str(kind).removeprefix('rebound ').replace('%', ' %')} or more from the close"
        by_price = kind == RECOVERED or kind not in FOLLOW_UP_WORDS  # the lead's
        whose = "" if by_price else self.group(alerts, lead)
        headline = f"Follow-up: {whose or self.company(lead.symbol)} {FOLLOW_UP_WORDS.get(kind, rebound)}"
        moves = since_the_fall(self.market, incident, alerts, at, closed_at, self.companies.company_of)
        own = next((m.reference for m in moves if m.symbol == lead.symbol), None)
        before = own or before_the_move(first_alert(incident, alerts), self.market.of(lead.symbol))
        began = next((a.change for a in alerts if a.change is not None), None)
        since = "the news" if began is None else "the fall" if began < 0 else "the rise"
        lines = self._lead_lines(lead, before, at, closed_at, since)
        if by_price and kind != RECOVERED:
            lines += self._rebound(lead, first_alert(incident, alerts), at, closed_at)
        if late:
            lines.append(("Sent late: the bot was not running when this was due.",))
        over = all(f.done_at is not None or f.kind in kinds for f in incident.thread.follow_ups)
        blocks = [
            Block("what happened", BlockKind.FACTS, 90, "", tuple(lines)),
            *(self._closing(alerts, moves) if over and (began or 0.0) < 0 else []),
            *self._since_the_fall(moves, at, closed_at, since, self._without(incident, moves)),
            *self._next(incident, at),
        ]
        return replace(framed(headline, folded(blocks)), figures=Figures(closed_at or at, tuple(moves)))

    def merged(self, incident: Incident, alerts: Sequence[Alert], into: Incident, at: datetime) -> Summary:
        """The last edit of an incident that was merged ``into`` another."""
        seen = self.snapshot(incident, alerts, at)
        group = group_of(seen, self.companies, self.topics, self.is_group_rule)
        fell = "rise" if seen.direction > 0 else "fall"
        whose = self.company(into.lead)
        told = "now part of another message"
        if into.lead != seen.lead.symbol:
            told = f"now told with {possessive(whose)} {fell}"
        headline = Headline(seen, self.companies, self.topics, group, False, self._place(seen), told).text(
            Reason.FIRST, incident
        )
        words = f"Now part of the same incident as {possessive(whose)} {fell}; see the message about that."
        return framed(headline, [Block("part of", BlockKind.FACTS, 90, "", ((words,),))])

    def correction(self, incident: Incident, alerts: Sequence[Alert]) -> Summary:
        """The message that announces a corrected cause."""
        lead = lead_alert(incident, alerts)
        corrected = [a for a in alerts if a.corrected_at is not None]
        corrected.sort(key=lambda a: (a.id != lead.id, a.last_change or 0.0, a.id))
        return correction.correction(corrected, self.company, self.topic)

    # ------------------------------------------------------------------------------------------------------- blocks

    def group(self, alerts: Sequence[Alert], lead: Alert) -> str:
        """The stocks of one line of business that fall together, as headlines count them; empty where they are none."""
        return fallen_group(alerts, lead, self.companies, self.topics, self.is_group_rule)

    def topic(self, name: str) -> str:
        """A topic in words."""
        return verbatim(self.topics.as_cause(name))

    def _said(self, seen: Snapshot) -> tuple[list[tuple[Story, Said]], tuple[Kind, ...]]:
        """The stories of the happening with what each says of the news, and the kinds of news that they are; nothing
        where no cause is told."""
        if self.reader is None or seen.told_cause is None:
            return [], ()
        release = seen.told_cause.release
        clusters = (*seen.incident.clusters, *((release,) if release else ()))
        said = read(self.stories(clusters), seen.told_cause, self.reader)
        return said, kinds_of(said, self.reader) if seen.claim is Claim.STATED else ()

    def _background(
        self,
        seen: Snapshot,
        said: Sequence[tuple[Story, Said]],
        kinds: Sequence[Kind],
        known: Incident | None,
        told: Collection[str] = (),
    ) -> list[Block]:
        """What is new, why it hits these lines, who says what, and what was like it. Of a cause that readers were told
        by an earlier message (``known``) only what has come since, and of lines hit since. ``told``: sentences that
        the message gives already."""
        if seen.direction > 0:
            return []  # the news stands beside a rise and is no explanation of it
        hit = list(dict.fromkeys(e for m in by_size(seen.moves) if (e := self._main_exposure(m.symbol))))
        if known is None:
            stories = [story for story, _ in said] or self.stories(seen.incident.clusters)
            first = seen.told_cause.first_seen_at if seen.told_cause is not None else None
            return [
                *(novelty(said, self.reader, told, first) if self.reader else ()),
                *fears(kinds, hit, self.exposure),
                *voices(stories, self.topics.speech),
                *precedents(nearest(self._profile(seen, kinds), self.episodes, self.topics)),
            ]
        known_at = known.thread.known_at
        since = [story for story, _ in said if known_at is None or story.seen_at > known_at]
        wider = known.thread.main_reason is Reason.WIDENED
        return [
            *news_since(said, known_at, self.topics),
            *(fears(kinds, hit, self.exposure) if wider else []),
            *voices(since, self.topics.speech),
        ]

    def _closing(self, alerts: Sequence[Alert], moves: Sequence[StockMove]) -> list[Block]:
        """What became of all of them, in the last message."""
        since = [(m.symbol, m.change) for m in moves]
        worst = {a.symbol: a.worst for a in alerts if a.worst is not None and a.worst < 0}
        for move in moves:
            if fell := [a for a in alerts if a.symbol == move.symbol and move.symbol in worst]:
                worst[move.symbol] = min(move.change, *self._lows(fell, move))
        return closing(worst, since, self.companies.company_of, self.label)

    def _lows(self, fell: Sequence[Alert], move: StockMove) -> Iterator[float]:
        """How low a stock was from its alerts on, as changes from what ``move`` is measured from: while they followed
        its price, and in the sessions since."""
        prices = self.market.of(move.symbol)
        for alert in fell:
            before = level_before(alert, prices)
            if before is not None and alert.worst is not None:
                yield before.price * (1 + alert.worst) / move.reference.price - 1
        for day in prices.bars:
            if min(a.session for a in fell) <= day <= move.session and (bar := prices.bars.get(day)) is not None:
                yield prices.on_basis(bar, bar.low or bar.close) / move.reference.price - 1

    def _around(self, seen: Snapshot, watched: Sequence[str], kinds: Sequence[Kind]) -> list[Block]:
        """Who rose against it, those first whom such news may help, and who fell less: in the session, so only beside a
        fall that is measured over it."""
        if seen.direction >= 0 or not seen.moves or seen.moves[0].reference.kind != "previous close":
            return []
        helped = helped_by(kinds)
        spared = held_up(self.market, seen, watched, self.companies.exposures_of, helped, self.companies.company_of)
        lines = held_up_line(spared, seen, self.label)
        return [Block("who held up", BlockKind.FACTS, 40, "Who held up", tuple(lines))] if lines else []

    def _outlook(self, seen: Snapshot, said: Sequence[tuple[Story, Said]]) -> list[Block]:
        """What to watch: the next open, results that are due, what was announced."""
        if seen.told_cause is None or not seen.moves:
            return []
        timetable = self.market.of(seen.lead.symbol).timetable
        session = timetable.on(seen.session)
        if session is not None and seen.at >= session.close_at:
            session = timetable.before(session, -1)
        opens_at = session.open_at if session is not None and session.open_at > seen.at else None
        reports = reports_ahead(self.earnings, [m.symbol for m in seen.moves], seen.at)
        lately = [(story, one) for story, one in said if seen.at - story.seen_at <= ANNOUNCED]
        return outlook(opens_at, timetable.zone, reports, lately, self.topics, self.company)

    def _main_exposure(self, symbol: str) -> str:
        company = self.companies.get(symbol)
        return company.main_exposure if company else ""

    def _others(self, seen: Snapshot) -> list[Block]:
        """The next worst stocks, with level and "lowest since" as the lead; and how many moved in earlier sessions."""
        lines = (*beside(seen, self.market, self.company), *self._earlier(seen))
        return [Block("beside it", BlockKind.FACTS, 57, "Beside it", lines)] if lines else []

    def _naming(self, cause: CauseRef, symbol: str) -> Story | None:
        return self.naming([cause.story, *(s for s in cause.stories if s != cause.story)], symbol)

    def _line(self, symbol: str) -> str:
        return verbatim(main_exposure_title(self.companies, self.topics, symbol))

    def _indices(self, seen: Snapshot) -> list[tuple[str, float]]:
        """What the market did in the session: the index of the lead's exchange, where that has one of its own, and the
        funds or, where those do not trade, their futures."""
        own = self.benchmarks.indices.get(self._exchange(seen.lead.symbol))
        funds = {future: fund for fund, future in self.benchmarks.futures.items()}
        found: dict[str, tuple[str, float]] = {}
        for company in self.companies.indices:
            symbol = company.symbol
            elsewhere = symbol in self.benchmarks.indices.values() and symbol != own
            if elsewhere or symbol in seen.incident.symbols or funds.get(symbol) in found:
                continue
            if (move := fresh_move(self.market.of(symbol), seen)) is not None:
                found[symbol] = (verbatim(company.tracks), move.change)
        return list(found.values())

    def _exchange(self, symbol: str) -> str:
        return self.market.of(symbol).timetable.exchange

    def _place(self, seen: Snapshot, group: str = "all") -> str:
        """Where it happens, where that is not New York: to a ``group``, or to the stocks that a headline names."""
        named = (seen.incident.lead, *(m.symbol for m in seen.moves[:1]))
        return in_cities(self._exchange(m.symbol) for m in seen.moves if group or m.symbol in named)

    def _openings(self, seen: Snapshot, watched: Sequence[str]) -> list[Line]:
        """Where a line that falls abroad has still to open."""
        if seen.direction >= 0 or not self._place(seen):
            return []
        line = self.companies.shared_line([m.symbol for m in seen.moves]) or self._main_exposure(seen.lead.symbol)
        waiting = still_to_open(seen, line, watched, self.companies, lambda symbol: self.market.of(symbol).timetable)
        return opening_lines(waiting, self.exposure(line), seen.at) if line else []

    def _lead_lines(
        self, lead: Alert, before: Reference | None, at: datetime, closed_at: datetime | None, since_what: str
    ) -> list[Line]:
        """The lead's price in a follow-up, from its previous close and from ``before`` what it is about."""
        prices, name = self.market.of(lead.symbol), self.company(lead.symbol)
        if (now := move_at(prices, at, closed_at)) is not None:
            lines = [price_line(now, name, _told_at(now.at, closed_at, at), city_of(self.market, lead.symbol))]
            since = change(now.price, before)
            if before and since is not None and before.session != now.reference.session:
                level = price(before.price, now.currency)
                lines.append((f"Against {level} before {since_what}: {percent(since)}.",))
            return lines
        if before is not None and (now := move_at(prices, at, closed_at, before)) is not None:
            return [price_line(now, name, _told_at(now.at, closed_at, at), city_of(self.market, lead.symbol))]
        session_now = prices.timetable.current(closed_at or at)
        of = f" in the session of {short_day(session_now.date)}" if session_now else ""
        return [(f"No price for {name} ({lead.symbol}){of}.",)]

    def _rebound(self, lead: Alert, began: Alert, at: datetime, closed_at: datetime | None) -> list[Line]:
        """How far the lead has come back from the close of the session that its fall ``began`` in, where its price is
        told from another."""
        prices = self.market.of(lead.symbol)
        session = prices.timetable.on(began.session)
        close = prices.close_of(session) if session is not None else None
        latest = standing(prices, at, closed_at)
        if session is None or close is None or latest is None:
            return []
        told = move_at(prices, at, closed_at)
        if told is not None and told.reference.session == session.date:
            return []
        back, level = latest[0].price / close - 1, price(close, latest[0].currency or prices.currency)
        return [(f"That is {percent(back)} from {level}, the close of {short_day(session.date)}.",)]

    def _due(self, seen: Snapshot) -> str:
        """The lead's own results due around the session of its fall, in words; empty where none are known."""
        lead = seen.lead
        timetable = self.market.of(lead.symbol).timetable
        session = timetable.on(lead.session)
        if session is None or seen.direction >= 0:
            return ""
        at = lead.last_price_at or lead.price_at or session.open_at
        due = self.earnings.concerning(lead.symbol, session, timetable.before(session), at)
        return due_words(due) if due else ""

    def _without(self, incident: Incident, moves: Sequence[StockMove]) -> list[str]:
        """The incident's stocks that ``moves`` says nothing of, no listing of their company."""
        told = {self.companies.company_of(m.symbol) for m in moves} | {self.companies.company_of(incident.lead)}
        return [s for s in incident.symbols if s != NO_STOCK and self.companies.company_of(s) not in told]

    def _since_the_fall(
        self, moves: Sequence[StockMove], at: datetime, closed_at: datetime | None, since: str, without: Sequence[str]
    ) -> list[Block]:
        """Where the stocks stand; ``without``: those of which that is not known."""
        if len(moves) < 2 and not without:
            return []
        usual = usual_time(moves)
        told_at = _told_at(usual, closed_at, at)
        title = f"Where they stand ({len(moves)}), compared with before {since}"
        lines: list[Line] = []
        if len(moves) > 1:
            lines += as_of(told_at, usual)
            lines += by_line(moves, self._line, told_at, usual, one_reference=True, label=self.label)
        if without:
            what = "No closing price yet" if closed_at else "No price since their last close"
            lines.append((f"{what}: {listing(list(map(self.label, without)))}.",))
        return [Block("who is hit", BlockKind.FACTS, 60, title if len(moves) > 1 else "The others", tuple(lines))]

    def _earlier(self, seen: Snapshot) -> list[Line]:
        """How many stocks moved in the incident's earlier sessions, which the message does not count."""
        if not seen.direction or not seen.moves:
            return []
        company_of = self.companies.company_of
        before = {company_of(symbol) for symbols in seen.fell_on.values() for symbol in symbols}
        again = before.intersection(company_of(move.symbol) for move in seen.moves)
        days = sorted(seen.fell_on)
        if len(before) < 2 or not days:
            return []
        first, last = short_day(days[0]), short_day(days[-1])
        when_ = f"On {first}" if len(days) == 1 else f"From {first} to {last}"
        moved = "fell" if seen.direction < 0 else "rose"
        words = f"; {len(again)} of them {'has' if len(again) == 1 else 'have'} alerts again" if again else ""
        return [(f"{when_} {len(before)} stocks {moved}{words}.",)]

    def _profile(self, seen: Snapshot, kinds: Sequence[Kind]) -> IncidentProfile:
        """The features by which precedents are found."""
        symbol, change = seen.lead.symbol, seen.moves[0].change if seen.moves else 0.0
        others = [e for m in seen.moves[1:] if (e := self.companies.exposures_of(m.symbol))]
        exposures = exposures_of(self.companies.exposures_of(symbol), others)
        topic = seen.told_cause.topic if seen.told_cause else seen.incident.topic
        names = tuple(kind.name for kind in kinds)
        cause = seen.told_cause
        since = (cause.first_seen_at or cause.seen_at).date() if cause is not None else None
        return IncidentProfile(seen.incident.session, topic, exposures, change, len(seen.moves), names, since)

    def _next(self, incident: Incident, at: datetime) -> list[Block]:
        """When the next message comes, and what would bring one sooner."""
        thread = incident.thread
        times = [f.due_at for f in thread.follow_ups if f.done_at is None and f.due_at is not None]
        due = min(times, default=None)
        kinds = [f.kind for f in thread.follow_ups if f.waits_for_price]
        line: list[Inline] = []
        if due is not None:
            at_the_exchange = there(due, self.market.of(incident.lead).timetable.zone)
            awaited: list[Inline] = ["Next message: by ", when(due), at_the_exchange]
            line += awaited if due > at else ["Next message: once the official close is known"]
        if kinds:
            words = [
                "a recovery" if k == RECOVERED else str(k).replace("rebound", "a rebound of").replace("%", " %")
                for k in kinds
            ]
            line.append(f"{'; watching' if line else 'Watching'} for {listing(words)}")
        return [Block("what next", BlockKind.NOTE, 20, "", ((*line, "."),))] if line else []

    # ------------------------------------------------------------------------------------------------------ details

    def standing(self, symbol: str, at: datetime) -> StockMove | None:
        """The symbol's move from its previous close at ``at``."""
        return move_at(self.market.of(symbol), at)

    def is_market(self, symbol: str) -> bool:
        """Whether the symbol stands for a whole market: a fund or future that follows an index, or the index."""
        company = self.companies.get(symbol)
        return company is not None and bool(company.tracks)

    def company(self, symbol: str) -> str:
        """A company's name; its symbol where it has none."""
        return verbatim(self.companies.name_of(symbol))

    def stock(self, symbol: str) -> str:
        """``Nvidia (NVDA)``; the symbol alone where it has no name."""
        return verbatim(self.companies.stock_of(symbol))

    def label(self, symbol: str) -> str:
        """A symbol in a list, as ``Companies.label_of`` has it."""
        return verbatim(self.companies.label_of(symbol))

    def exposure(self, name: str) -> str:
        """A line of business in words."""
        return verbatim(self.topics.titles.exposure(name))


def _told_at(price_at: datetime | None, closed_at: datetime | None, at: datetime) -> datetime:
    """The moment that a price's age is told from: that of the message or, of the closing prices of a close that it
    reports, that close."""
    return closed_at if closed_at is not None and price_at == closed_at else at
