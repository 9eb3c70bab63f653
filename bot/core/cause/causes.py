"""Finds and ranks what could explain the move of one symbol at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from operator import itemgetter

from bot.core.cause.groups import GroupMove
from bot.core.cause.moves import MoveMeasures
from bot.core.cause.ranking import TIED_FROM, TOLD, Evidence, Explanation, softening, weigh
from bot.core.cause.second_reader import SecondReadings
from bot.core.model import Attributed, ClusterMatch, Reach, ScoreReason, Story, SubjectKind
from bot.core.news import Companies, NewsIndex, Role, Topics
from bot.core.news.companies import GROUP_STRENGTH
from bot.core.news.matching import CONCERNED
from bot.core.prices.benchmarks import Benchmarks
from bot.core.prices.earnings import EarningsCalendar, due_words, strength
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.prices.windows import Span

WITHIN = Span(sessions=5)
"""How long before the fall the stories that explain it may be."""
EARLY = timedelta(hours=2)
"""A rival reported this long before the last close still counts for the next session."""
GROUP_LEAST = 3
NEAREST = 12
FOLLOWS_BY = 2.0
"""A stock that no story reaches follows its group where it falls by so many of its own scales."""
OWN_REASONS = 0.5
"""From this confidence in an explanation of its own, a company's fall is no evidence about others."""
FOLLOWS = 0.75
"""Share of the group's confidence passed on to a stock that falls with it but that no story reaches."""
FOLLOWS_FROM = 0.6
STALE_TIE = 0.35
"""Weight of a tie told in the session before: yesterday's reaction says little about today's. Older ones are none."""
ANOTHER = 1.5
"""A fall told of that is this many times today's is another day's."""
ALONE_FROM, ALONE_FULL = 2.0, 5.0
"""A fall of so many of its own scales begins to confirm a tie, and does so in full."""

_NEARNESS = ("lab", "family", "model")


@dataclass(frozen=True, slots=True)
class CauseRanking:
    """The explanations of one move, best first; empty where nothing in the news explains it."""

    symbol: str
    session: date
    explanations: tuple[Explanation, ...]
    group: GroupMove | None

    @property
    def best(self) -> Explanation | None:
        """The likeliest explanation."""
        return self.explanations[0] if self.explanations else None


@dataclass(frozen=True, slots=True)
class _Query:
    """The move to explain, with the prices and news to use."""

    symbol: str
    session: Session
    timetable: Timetable
    at: datetime
    """Prices up to here."""
    now: datetime
    """News up to here."""
    within: Span

    @property
    def begun_at(self) -> datetime:
        """From when stories are looked for back: the start of the session's pre-market, or the night's move itself."""
        return min(self.session.pre_at, self.at)


class Causes:
    """Ranks explanations of moves. The role of a topic decides how it counts. Caches only what closed sessions fix."""

    def __init__(
        self,
        market: Market,
        news: NewsIndex,
        companies: Companies,
        universe: Collection[str],
        benchmarks: Benchmarks,
        earnings: EarningsCalendar | None = None,
        second_readings: SecondReadings | None = None,
    ) -> None:
        self._market = market
        self._news = news
        self._companies = companies
        self._earnings = earnings or EarningsCalendar()
        self.second_readings = second_readings or SecondReadings()
        self._ties = news.topics.with_role(Role.TIE)
        self._triggers = news.topics.triggers
        self._rival_topics = tuple(t for t in news.topics.topics if t.role is Role.RIVAL)
        self._by_calendar = next((t for t in self._rival_topics if t.calendar), None)
        self._results = self._by_calendar.name if self._by_calendar else ""
        self._weights = {t.name: t.weight for t in news.topics.topics}
        self._universe = tuple(sorted(universe))
        self._watched = frozenset(universe)
        self.moves = MoveMeasures(market, benchmarks, companies.company_of)
        self._exposed: dict[str, tuple[tuple[str, ...], Counter[str]]] = {}
        """By line of business, the watched symbols that depend on it, and how many of them each company has."""
        self._nearest: dict[tuple[str, date], tuple[str, ...]] = {}
        self._grouped: dict[tuple[str, date], GroupMove | None] = {}
        """Groups, cached for the prices of ``_grouped_at``."""
        self._concerning: dict[str, tuple[Sequence[tuple[str, float]], float]] = {}
        """By symbol: the lines that stories on the market concern, and how clearly these fall; cached likewise."""
        self._grouped_at: object = None

    @property
    def topics(self) -> Topics:
        """The topics that can explain a fall, among others."""
        return self._news.topics

    def explain(
        self, symbol: str, now: datetime, *, within: Span = WITHIN, session: Session | None = None
    ) -> CauseRanking | None:
        """Explains the move of ``symbol`` at ``now`` (or at the end of ``session``) by the news up to ``now``.

        A fall of a stock without history, which cannot be said to be unusual, is explained by what stories say of it.
        ``None`` where the move cannot be measured.
        """
        timetable = self._market.of(symbol).timetable
        at = min(now, session.ends_at) if session is not None else now
        session = session or timetable.current(now)
        if session is None:
            return None
        query = _Query(symbol, session, timetable, at, now, within)
        if self.moves.of(symbol, at) is None and self._deepest(query) >= 0:
            return None
        group = self._group_at(symbol, session, at)
        rivals = self._rivals(query)
        ai = self._ai(query, group)
        unaided = self._unaided(ai)
        if unaided < FOLLOWS_FROM and not any(r.confidence >= OWN_REASONS for r in rivals):
            following = self._following(query, group)
            ai, unaided = (following, following.confidence) if following else (ai, unaided)
        if ai is not None and unaided >= FOLLOWS_FROM:
            rivals = [replace(r, confidence=r.confidence * (1 - ai.softens)) for r in rivals]
        ranked = sorted([*([ai] if ai else []), *rivals], key=lambda e: (-e.confidence, e.topic))
        return CauseRanking(symbol, session.date, tuple(ranked), group)

    def group_of(self, symbol: str, now: datetime, session: Session | None = None) -> GroupMove | None:
        """The group that falls most clearly with ``symbol`` at ``now``, or at the end of an earlier ``session``: the
        members of one of its exposures or, where those are too few, its nearest neighbours by correlation."""
        at = min(now, session.ends_at) if session else now
        session = session or self._market.of(symbol).timetable.current(now)
        return self._group_at(symbol, session, at) if session else None

    def _forget_groups(self, at: datetime) -> None:
        """Drop cached groups unless they are of the prices at ``at``."""
        stamp = self.moves.stamp(at)
        if stamp != self._grouped_at:
            self._grouped_at = stamp
            self._grouped.clear()
            self._concerning.clear()

    def _group_at(self, symbol: str, session: Session, at: datetime) -> GroupMove | None:
        self._forget_groups(at)
        key = (symbol, session.date)
        if key not in self._grouped:
            self._grouped[key] = self._group(symbol, session, at)
        return self._grouped[key]

    def _group(self, symbol: str, session: Session, at: datetime) -> GroupMove | None:
        company = self._companies.get(symbol)
        groups: list[GroupMove] = []
        own = self._companies.company_of(symbol)
        for exposure, share in sorted((company.exposures if company else {}).items()):
            members, listings = self._exposed_to(exposure)
            if share >= GROUP_STRENGTH and len(members) - listings[own] >= GROUP_LEAST:
                group = (own, exposure, members, self._universe, session, at)
                groups += _large_enough(self.moves.group_without(*group))
        if not groups:
            key = (symbol, session.date)
            if key not in self._nearest:
                self._nearest[key] = self.moves.nearest(symbol, self._universe, session, NEAREST)
            groups += self._measured("nearest", self._nearest[key], session, at)
        return max(groups, key=lambda g: (g.strength, -g.z), default=None)

    def _exposed_to(self, exposure: str) -> tuple[tuple[str, ...], Counter[str]]:
        if exposure not in self._exposed:
            known = self._companies.exposed_to(exposure, GROUP_STRENGTH)
            members = tuple(symbol for symbol in known if symbol in self._watched)
            self._exposed[exposure] = members, Counter(map(self._companies.company_of, members))
        return self._exposed[exposure]

    def _measured(self, name: str, members: Sequence[str], session: Session, at: datetime) -> list[GroupMove]:
        """How the group moves; empty where too few of its members can be measured."""
        return _large_enough(self.moves.group(name, members, self._universe, session, at))

    def forget(self, before: date) -> None:
        """Drop what is cached for sessions before ``before``."""
        self._nearest = {k: v for k, v in self._nearest.items() if k[1] >= before}

    # ------------------------------------------------------------------------------------------------------------ AI

    def _ai(self, query: _Query, group: GroupMove | None) -> Explanation | None:
        start = query.within.start(query.begun_at, query.timetable)
        before = query.timetable.before(query.session)
        if start is None or before is None:
            return None
        matches = self._matches(query, self._ties, start)
        ties = [(self._tie(m, query, before), m) for m in matches]
        given = [m.attributed for tie, m in ties if m.attributed and tie >= TIED_FROM]
        tie, tied = max(ties, key=itemgetter(0), default=(0.0, None))
        talk, talked = max(((self._weighed(m), m) for m in matches), key=itemgetter(0), default=(0.0, None))
        triggers = ((self._weighed(m), m) for m in self._matches(query, self._triggers, start))
        trigger, triggered = max(triggers, key=itemgetter(0), default=(0.0, None))
        match = tied if tie >= TIED_FROM else triggered or talked
        if match is None:
            return None
        said = tied.attributed if tied is not None and tie >= TIED_FROM else None
        rivals = self._rivals(query)
        rival = max(rivals, key=lambda e: (e.confidence, e.topic), default=None)
        market = self.moves.market(query.symbol, query.at)
        evidence = Evidence(
            tie=tie if said else 0.0,
            tied=said.subject if said else SubjectKind.UNKNOWN,
            trigger=trigger,
            talk=talk if not said else 0.0,
            group=group.strength if group else 0.0,
            alone=self._alone(query),
            concerned=self._concerned(said, query) if said else 1.0,
            publishers=_independent(given),
            rival=rival.confidence if rival else 0.0,
            rival_topic=rival.topic if rival else "",
            results=max((r.confidence for r in rivals if r.topic == self._results), default=0.0),
            market_wide=min(max((-market[1] - 2.0) / 3.0, 0.0), 1.0) if market else 0.0,
        )
        stories = _to_be_read(said, given) if said else _told_by(triggered, talked)
        second, second_said = self.second_readings.opinion(query.symbol, stories, query.now, self._news.reading)
        evidence = replace(evidence, second=second, second_said=second_said)
        confidence, terms = weigh(evidence, self._news.topics.weights)
        release = self._release(said, query, start) if said else None
        shown = replace(match, best=said.best) if said else match
        return Explanation(
            topic=match.topic,
            confidence=confidence,
            terms=terms,
            match=_released(shown, release) if release else shown,
            group=group,
            evidence=evidence,
            softens=softening(evidence, self._news.topics.weights),
            agents=said.agents if said else (),
            stories=stories,
        )

    def _unaided(self, ai: Explanation | None) -> float:
        """The confidence in AI without a second reader, whose word decides nothing but its own term: neither whether
        rivals are softened nor whether a fall is put down to contagion."""
        if ai is None or ai.evidence is None:
            return ai.confidence if ai else 0.0
        return weigh(replace(ai.evidence, second=0.0), self._news.topics.weights)[0]

    def _tie(self, match: ClusterMatch, query: _Query, before: Session) -> float:
        """How plainly a cluster gives AI as the cause of this very fall, 0 to 1."""
        said = match.attributed
        if said is None:
            return 0.0
        own = self.moves.of(query.symbol, query.at)
        if said.subject is SubjectKind.COMPANY and said.size is not None:
            limit = said.size / 100 / ANOTHER - 0.01
            if (own is None or -own.change < limit) and -self._deepest(query) < limit:
                return 0.0
        return said.strength * self._weights[match.topic] * self._freshness(said, query, before)

    def _deepest(self, query: _Query) -> float:
        """How far the company had fallen at its lowest price of the session; stories may tell of that."""
        prices = self._market.of(query.symbol)
        standing = prices.stood(query.at)
        reference = prices.previous_close(*standing) if standing else None
        traded = (q for q in prices.in_session(query.session) if q.at <= query.at and prices.believable(q))
        lowest = min((q.price for q in traded), default=None)
        return lowest / reference.price - 1 if lowest is not None and reference is not None else 0.0

    def _freshness(self, said: Attributed, query: _Query, before: Session) -> float:
        """What part of a tie counts: all of it where one of its stories is from this session."""
        latest = max(story.seen_at for story in said.stories)
        if latest > before.close_at:
            return 1.0
        earlier = query.timetable.before(before)
        return STALE_TIE if earlier is not None and latest > earlier.close_at else 0.0

    def _alone(self, query: _Query) -> float:
        """How far the company itself falls beyond its usual range, 0 to 1."""
        own = self.moves.of(query.symbol, query.at)
        return min(max((-own.z - ALONE_FROM) / (ALONE_FULL - ALONE_FROM), 0.0), 1.0) if own else 0.0

    def _concerned(self, said: Attributed, query: _Query) -> float:
        """How clearly the other companies fall that stories on the market concern in full, 0 to 1; 1 where too few of
        them have prices. A cause of a fall of the market shows in all the lines of business it acts on, not in one."""
        self._forget_groups(query.at)
        lines, strength = self._concerning.get(query.symbol, (None, 1.0))
        if lines != said.concerned:
            exposed = self._companies.exposed_to
            reached = {s for line, share in said.concerned if share for s in exposed(line, CONCERNED / share)}
            members = sorted(reached & self._watched - {query.symbol})
            moved = self._measured("concerned", members, query.session, query.at) if len(members) >= GROUP_LEAST else []
            strength = moved[0].strength if moved else 1.0
            self._concerning[query.symbol] = (said.concerned, strength)
        return strength

    def _release(self, said: Attributed, query: _Query, start: datetime) -> ClusterMatch | None:
        """The release of what the stories name as the cause, from before they said so, that concerns the company: of
        the model rather than of its lab, then the one that most publishers tell of; ``None`` where none is known. A
        story that tells of the fall is none."""
        told_at = min(story.seen_at for story in said.stories)
        agents = self._news.with_kin(said.agents)
        found: list[tuple[int, int, float, ClusterMatch]] = []
        for match in self._matches(query, self._triggers, start):
            first = self._news.reading(match.first.id)
            if match.first.seen_at > told_at or (first is not None and first.attributions):
                continue
            if named := self._news.makers_named(match) & agents:
                nearness = max(_NEARNESS.index(name.partition(":")[0]) for name in named)
                found.append((nearness, len(match.sources), match.score, match))
        return max(found, key=lambda f: (f[:3], -f[3].first.seen_at.timestamp()))[3] if found else None

    def _following(self, query: _Query, group: GroupMove | None) -> Explanation | None:
        """Contagion: no story reaches the symbol, but it falls in a group most of whose falls are explained."""
        own = self.moves.of(query.symbol, query.at)
        if group is None or group.strength < 0.6 or own is None or own.z > -FOLLOWS_BY:
            return None
        explained = []
        for member in group.falling:
            theirs = self._of_member(query, member)
            ai = self._ai(theirs, self._group_at(member, theirs.session, theirs.at))
            if ai is not None and (unaided := self._unaided(ai)) >= FOLLOWS_FROM:
                explained.append((unaided, ai))
        if len(explained) < max(3, group.fell / 2):
            return None
        surest, best = max(explained, key=itemgetter(0))
        confidence = FOLLOWS * surest
        falling = ", ".join(group.falling[:6])
        terms = (ScoreReason(f"{len(explained)} falls in its group are explained", confidence, falling),)
        return Explanation(best.topic, confidence, terms, best.match, group, contagion=True)

    def _of_member(self, query: _Query, member: str) -> _Query:
        """The same question about a member of its group, in the session of the same date on the member's exchange."""
        timetable = self._market.of(member).timetable
        session = timetable.on(query.session.date)
        if session is None:
            return replace(query, symbol=member)
        return replace(query, symbol=member, session=session, timetable=timetable, at=min(query.at, session.ends_at))

    def _matches(self, query: _Query, topics: Sequence[str], since: datetime) -> Sequence[ClusterMatch]:
        if not topics:
            return ()
        reaches = (Reach.DIRECT, Reach.EXPOSURE)
        return self._news.matches(query.symbol, topics, reaches=reaches, min_score=0.3, since=since, until=query.now)

    def _weighed(self, match: ClusterMatch) -> float:
        """How strongly the cluster concerns the company, 0 to 1, times its topic's weight."""
        return match.score * match.strength * self._weights[match.topic]

    # -------------------------------------------------------------------------------------------------------- rivals

    def _rivals(self, query: _Query) -> list[Explanation]:
        """Competing explanations: stories that name the company since shortly before the last close, and the earnings
        calendar."""
        before = query.timetable.before(query.session)
        if before is None:
            return []
        rivals = []
        for topic in self._rival_topics:
            reaches = (Reach.DIRECT,) if topic.own else (Reach.DIRECT, Reach.EXPOSURE)
            matches = self._news.matches(
                query.symbol,
                [topic.name],
                reaches=reaches,
                min_score=0.5,
                since=before.close_at - EARLY,
                until=query.now,
            )
            tied = self._tied_clusters(query, before) if topic.ai else ()
            weighed = ((self._against(m, query), m) for m in matches if m.cluster not in tied)
            weight, match = max(weighed, key=itemgetter(0), default=(0.0, None))
            if match is not None and weight > 0:
                term = ScoreReason(topic.name, weight, match.best.title)
                rivals.append(Explanation(topic.name, weight * TOLD, (term,), match))
        return self._with_calendar(rivals, query, before)

    def _tied_clusters(self, query: _Query, before: Session) -> frozenset[str]:
        """The clusters that give a model as the cause: what they say of spending on AI is how it takes effect."""
        start = query.within.start(query.begun_at, query.timetable)
        matches = self._matches(query, self._ties, start) if start else ()
        return frozenset(m.cluster for m in matches if self._tie(m, query, before) >= TIED_FROM)

    def _against(self, match: ClusterMatch, query: _Query) -> float:
        """How strongly a cluster on a rival explains the fall, 0 to 1: its stories on the rival name the company, or
        give the rival as the cause of a fall of its line of business or the market. Whom other stories of the cluster
        name, the rival does not concern."""
        said = match.attributed.strength if match.attributed else 0.0
        named = match.score * self._news.named_in(match.stories, query.symbol) if match.reach is Reach.DIRECT else 0.0
        return max(said, named) * self._weights[match.topic]

    def _with_calendar(self, rivals: list[Explanation], query: _Query, before: Session) -> list[Explanation]:
        """``rivals`` with the earnings calendar: a story and a date together are surer than either."""
        due = self._earnings.concerning(query.symbol, query.session, before, query.at) if self._by_calendar else None
        if self._by_calendar is None or due is None:
            return rivals
        topic = self._by_calendar.name
        term = ScoreReason("its own results", strength(due), due_words(due))
        reported = next((e for e in rivals if e.topic == topic), Explanation(topic, 0.0, ()))
        confidence = 1 - (1 - reported.confidence) * (1 - strength(due))
        both = replace(reported, confidence=confidence, terms=(*reported.terms, term))
        return [*(e for e in rivals if e.topic != topic), both]


def _large_enough(group: GroupMove | None) -> list[GroupMove]:
    """The group, if enough of its members can be measured."""
    return [group] if group is not None and len(group.members) >= GROUP_LEAST else []


def _released(match: ClusterMatch, release: ClusterMatch) -> ClusterMatch:
    """``match`` with the release that its stories name as the cause."""
    return replace(match, first=release.first, release="" if release.cluster == match.cluster else release.cluster)


def _independent(given: Sequence[Attributed]) -> int:
    """How many publishers give a cause, of those that came by feeds of their own: whoever controls one feed may invent
    as many publishers in it as they like."""
    stories = [story for each in given for story in each.stories]
    return min(len({source for each in given for source in each.sources}), len({story.source for story in stories}))


def _told_by(*matches: ClusterMatch | None) -> tuple[Story, ...]:
    """The stories of these clusters, the best of each first."""
    known = [m for m in matches if m is not None]
    return tuple(dict.fromkeys([*(m.best for m in known), *(s for m in known for s in m.stories)]))


def _to_be_read(said: Attributed, given: Sequence[Attributed]) -> tuple[Story, ...]:
    """The stories of every tie, the plainest first."""
    others = sorted((s for each in given for s in each.stories), key=lambda s: (s.seen_at, s.id))
    return tuple(dict.fromkeys((said.best, *others)))
