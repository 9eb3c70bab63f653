"""Finds what could explain a fall, for one symbol at one moment, and ranks it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.cause.moves import GroupMove, Moves
from bot.core.cause.ranking import Evidence, Explanation, weigh
from bot.core.market import Market
from bot.core.model import ClusterMatch, Reach, ScoreReason
from bot.core.news import Companies, NewsRoom
from bot.core.sessions import Session, Timetable

TIES = ("ai-market",)
TRIGGERS = ("ai-model",)
RIVALS = ("earnings", "offering", "outage", "regulator", "trial", "bank-run", "tariffs", "rating", "deal", "ai-capex")
WITHIN = 5
"""Sessions before the fall from which a cause may come."""
GROUP_LEAST = 3
NEAREST = 12
STRONG = 0.3
"""Members of a group live from its exposure at least so much."""


LED_BY = 4.0
"""A company named by the stories that falls beyond so many of its own scales leads those who live from the same."""
LED_OWN = 2.0
LED = 0.6
FOLLOWS = 0.75
"""Confidence passed on to a stock that no story reaches but that falls with those which stories explain."""
FOLLOWS_FROM = 0.6


@dataclass(frozen=True, slots=True)
class Verdict:
    """The explanations of one fall, the best first; empty where nothing in the news explains it."""

    symbol: str
    session: date
    explanations: tuple[Explanation, ...]
    group: GroupMove | None

    @property
    def best(self) -> Explanation | None:
        """The likeliest explanation."""
        return self.explanations[0] if self.explanations else None


class Causes:
    """Ranks explanations over a market and a news room. Remembers only what closed sessions determine."""

    def __init__(
        self, market: Market, news: NewsRoom, companies: Companies, universe: Collection[str], benchmark: str = "SPY"
    ) -> None:
        self._market = market
        self._news = news
        self._companies = companies
        self._universe = tuple(sorted(universe))
        self._watched = frozenset(universe)
        self.moves = Moves(market, benchmark)
        self._nearest: dict[tuple[str, date], tuple[str, ...]] = {}

    def explain(self, symbol: str, now: datetime) -> Verdict | None:
        """What explains the move of ``symbol`` that stands at ``now``; ``None`` where there is no price to explain."""
        timetable = self._market.of(symbol).timetable
        session = timetable.current(now)
        if session is None:
            return None
        group = self.group(symbol, session, now)
        rivals = self._rivals(symbol, session, timetable, now)
        ai = self._ai(symbol, session, timetable, group, now)
        if (ai is None or ai.confidence < FOLLOWS_FROM) and not any(r.confidence >= 0.5 for r in rivals):
            ai = self._following(symbol, session, timetable, group, now) or ai
        explanations = [*([ai] if ai else []), *rivals]
        explanations.sort(key=lambda e: (-e.confidence, e.topic))
        return Verdict(symbol, session.date, tuple(explanations), group)

    def group(self, symbol: str, session: Session, now: datetime) -> GroupMove | None:
        """The group that falls most clearly with ``symbol``: one of its exposures', or its nearest neighbours."""
        company = self._companies.get(symbol)
        found: list[GroupMove] = []
        for exposure, share in sorted((company.exposures if company else {}).items()):
            members = [s for s in self._companies.exposed_to(exposure, STRONG) if s != symbol and s in self._watched]
            if share >= STRONG and len(members) >= GROUP_LEAST:
                moved = self.moves.group(exposure, members, self._universe, now)
                if moved is not None and len(moved.members) >= GROUP_LEAST:
                    found.append(moved)
        if not found:
            key = (symbol, session.date)
            if key not in self._nearest:
                self._nearest[key] = self.moves.nearest(symbol, self._universe, session, NEAREST)
            moved = self.moves.group("nearest", self._nearest[key], self._universe, now)
            if moved is not None and len(moved.members) >= GROUP_LEAST:
                found.append(moved)
        return max(found, key=lambda g: (g.strength, -g.z), default=None)

    def _ai(
        self, symbol: str, session: Session, timetable: Timetable, group: GroupMove | None, now: datetime
    ) -> Explanation | None:
        start = timetable.window_start(session, WITHIN)
        before = timetable.before(session)
        if start is None or before is None:
            return None
        ties = self._matches(symbol, TIES, start, now)
        triggers = self._matches(symbol, TRIGGERS, start, now)
        tie, tied = max(((self._tie(m, before.close_at), m) for m in ties), key=lambda x: x[0], default=(0.0, None))
        trigger, triggered = max(((m.score * m.strength, m) for m in triggers), key=lambda x: x[0], default=(0.0, None))
        rival, rival_topic = self._rival(symbol, session, timetable, now)
        market = self.moves.market(now)
        evidence = Evidence(
            tie=tie,
            tied_directly=tied is not None and tied.reach is Reach.DIRECT,
            trigger=trigger,
            group=self._confirmed(symbol, group, tied, now),
            sources=len(tied.sources) if tied else len(triggered.sources) if triggered else 0,
            rival=rival,
            rival_topic=rival_topic,
            market_wide=min(max((-market[1] - 2.0) / 3.0, 0.0), 1.0) if market else 0.0,
        )
        confidence, terms = weigh(evidence)
        match = tied if tie >= 0.3 and tied is not None else triggered or tied
        if match is None:
            return None
        return Explanation(match.topic, confidence, terms, match, group)

    def _confirmed(self, symbol: str, group: GroupMove | None, tied: ClusterMatch | None, now: datetime) -> float:
        """How well the market confirms a tie: the group falls or, where the same stories name a company that lives from
        the same thing, that company does."""
        strength = group.strength if group else 0.0
        if tied is None or tied.reach is Reach.DIRECT:
            return strength
        own = self.moves.of(symbol, now)
        if own is None or own.z > -LED_OWN:
            return strength
        for exposure in tied.exposures:
            for peer in self._companies.exposed_to(exposure, STRONG):
                if peer != symbol and peer in self._watched and self._named(peer, tied, now):
                    moved = self.moves.of(peer, now)
                    if moved is not None and moved.z < -LED_BY:
                        return max(strength, LED)
        return strength

    def _named(self, peer: str, tied: ClusterMatch, now: datetime) -> bool:
        """Whether the stories that tie name ``peer`` itself."""
        since = tied.first.seen_at - timedelta(seconds=1)
        found = self._news.matches(peer, TIES, reaches=(Reach.DIRECT,), min_score=0.3, since=since, until=now)
        return any(m.cluster == tied.cluster for m in found)

    def _following(
        self, symbol: str, session: Session, timetable: Timetable, group: GroupMove | None, now: datetime
    ) -> Explanation | None:
        """Contagion: no story reaches the symbol, but it falls in a group most of whose fallers are explained."""
        own = self.moves.of(symbol, now)
        if group is None or group.strength < 0.6 or own is None or own.z > -LED_OWN:
            return None
        explained = []
        for member in group.falling:
            found = self._ai(member, session, timetable, self.group(member, session, now), now)
            if found is not None and found.confidence >= FOLLOWS_FROM:
                explained.append(found)
        if len(explained) < max(3, len(group.falling) / 2):
            return None
        best = max(explained, key=lambda e: e.confidence)
        confidence = FOLLOWS * best.confidence
        terms = (ScoreReason(f"{len(explained)} of its group are explained", confidence, ", ".join(group.falling[:6])),)
        return Explanation(best.topic, confidence, terms, best.match, group, contagion=True)

    def _matches(self, symbol: str, topics: Sequence[str], since: datetime, now: datetime) -> Sequence[ClusterMatch]:
        known = [t for t in topics if t in self._news.topics.names]
        reaches = (Reach.DIRECT, Reach.EXPOSURE)
        return self._news.matches(symbol, known, reaches=reaches, min_score=0.3, since=since, until=now)

    def _tie(self, match: ClusterMatch, session_begins: datetime) -> float:
        """How well a cluster ties this session's fall to AI; yesterday's reaction says little about today's."""
        fresh = any(s.seen_at > session_begins for s in match.stories)
        return match.score * match.strength * (1.0 if fresh else 0.35)

    def _rival(self, symbol: str, session: Session, timetable: Timetable, now: datetime) -> tuple[float, str]:
        found = self._rivals(symbol, session, timetable, now)
        best = max(found, key=lambda e: (e.confidence, e.topic), default=None)
        return (best.confidence, best.topic) if best else (0.0, "")

    def _rivals(self, symbol: str, session: Session, timetable: Timetable, now: datetime) -> list[Explanation]:
        """Competing explanations told of the company itself since shortly before the last close."""
        before = timetable.before(session)
        if before is None:
            return []
        since = before.close_at - timedelta(hours=2)
        found = []
        for topic in RIVALS:
            if topic not in self._news.topics.names:
                continue
            matches = self._news.matches(
                symbol, [topic], reaches=(Reach.DIRECT,), min_score=0.5, since=since, until=now
            )
            for match in matches[:1]:
                score = match.score * match.strength
                found.append(Explanation(topic, score * 0.9, (ScoreReason(topic, score, match.best.title),), match))
        return found
