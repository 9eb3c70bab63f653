"""Finds what could explain a move, for one symbol at one moment, and ranks it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.core.cause.moves import GroupMove, MoveMeasures
from bot.core.cause.ranking import OVERRULED, STANDS, TOLD, Evidence, Explanation, weigh
from bot.core.model import ClusterMatch, Reach, ScoreReason
from bot.core.news import Companies, NewsIndex, Role, Topics
from bot.core.prices.earnings import EarningsCalendar, due_words, strength
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.prices.windows import Span

WITHIN = Span(sessions=5)
"""How long before the fall a cause may come from."""
EARLY = timedelta(hours=2)
"""A rival told so long before the last close still belongs to the session after it."""
GROUP_LEAST = 3
NEAREST = 12
STRONG = 0.3
"""Members of a group live from its exposure at least so much."""
LED_BY = 4.0
"""A company named by the stories that falls beyond so many of its own scales leads those who live from the same."""
LED_OWN = 2.0
LED = 0.6
OWN_REASONS = 0.5
"""An explanation of its own as likely as this, and a company's fall says nothing of others."""
FOLLOWS = 0.75
"""Confidence passed on to a stock that no story reaches but that falls with those which stories explain."""
FOLLOWS_FROM = 0.6
STALE_TIE = 0.35
"""What a tie from before this session's begin is worth: yesterday's reaction says little about today's."""


@dataclass(frozen=True, slots=True)
class CauseRanking:
    """The explanations of one move, the best first; none where nothing in the news explains it."""

    symbol: str
    session: date
    explanations: tuple[Explanation, ...]
    group: GroupMove | None

    @property
    def best(self) -> Explanation | None:
        """The likeliest explanation."""
        return self.explanations[0] if self.explanations else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question: whose move in which session, by which prices and which news."""

    symbol: str
    session: Session
    timetable: Timetable
    at: datetime
    """Prices as they stood then."""
    now: datetime
    """News up to now."""
    within: Span


class Causes:
    """Ranks explanations over a market and a news room. Remembers only what closed sessions determine.

    Which topics explain a fall, and how, their roles say.
    """

    def __init__(
        self,
        market: Market,
        news: NewsIndex,
        companies: Companies,
        universe: Collection[str],
        benchmark: str,
        earnings: EarningsCalendar | None = None,
    ) -> None:
        """``benchmark``: the symbol that stands for the market."""
        self._market = market
        self._news = news
        self._companies = companies
        self._earnings = earnings or EarningsCalendar()
        self._ties = news.topics.in_role(Role.TIE)
        self._triggers = news.topics.triggers
        self._rival_topics = tuple(t for t in news.topics.topics if t.role is Role.RIVAL)
        self._own = frozenset(t.name for t in self._rival_topics if t.own)
        self._by_calendar = next((t for t in self._rival_topics if t.calendar), None)
        self._weights = {t.name: t.weight for t in news.topics.topics}
        self._universe = tuple(sorted(universe))
        self._watched = frozenset(universe)
        self.moves = MoveMeasures(market, benchmark)
        self._nearest: dict[tuple[str, date], tuple[str, ...]] = {}
        self._grouped: dict[tuple[str, date], GroupMove | None] = {}
        """Groups found, for prices as they stood at ``_grouped_at``."""
        self._grouped_at: object = None

    @property
    def topics(self) -> Topics:
        """The topics whose roles decide."""
        return self._news.topics

    def explain(
        self, symbol: str, now: datetime, *, within: Span = WITHIN, session: Session | None = None
    ) -> CauseRanking | None:
        """What explains the move of ``symbol`` that stands at ``now`` (or stood at the end of ``session``).

        By the news up to ``now``. ``None`` where there is no price to explain.
        """
        timetable = self._market.of(symbol).timetable
        at = min(now, session.ends_at) if session is not None else now
        judged = session or timetable.current(now)
        if judged is None or self.moves.of(symbol, at) is None:
            return None
        asked = _Asked(symbol, judged, timetable, at, now, within)
        group = self.group(symbol, judged, at)
        rivals = self._rivals(asked)
        ai = self._ai(asked, group)
        if (ai is None or ai.confidence < FOLLOWS_FROM) and not any(r.confidence >= OWN_REASONS for r in rivals):
            ai = self._following(asked, group) or ai
        if ai is not None and ai.tied_directly and ai.confidence >= STANDS:
            rivals = [replace(r, confidence=r.confidence * OVERRULED) for r in rivals]
        found = sorted([*([ai] if ai else []), *rivals], key=lambda e: (-e.confidence, e.topic))
        return CauseRanking(symbol, judged.date, tuple(found), group)

    def group_of(self, symbol: str, now: datetime, session: Session | None = None) -> GroupMove | None:
        """The group that falls most clearly with ``symbol`` at ``now``, or at the end of an earlier ``session``."""
        judged = session or self._market.of(symbol).timetable.current(now)
        return self.group(symbol, judged, min(now, judged.ends_at) if session else now) if judged else None

    def group(self, symbol: str, session: Session, at: datetime) -> GroupMove | None:
        """The group that falls most clearly with ``symbol``: one of its exposures', or its nearest neighbours."""
        stamp = self.moves.stamp(at)
        if stamp != self._grouped_at:
            self._grouped_at = stamp
            self._grouped.clear()
        key = (symbol, session.date)
        if key not in self._grouped:
            self._grouped[key] = self._group(symbol, session, at)
        return self._grouped[key]

    def _group(self, symbol: str, session: Session, at: datetime) -> GroupMove | None:
        company = self._companies.get(symbol)
        found: list[GroupMove] = []
        for exposure, share in sorted((company.exposures if company else {}).items()):
            members = [s for s in self._companies.exposed_to(exposure, STRONG) if s != symbol and s in self._watched]
            if share >= STRONG and len(members) >= GROUP_LEAST:
                moved = self.moves.group(exposure, members, self._universe, at)
                if moved is not None and len(moved.members) >= GROUP_LEAST:
                    found.append(moved)
        if not found:
            key = (symbol, session.date)
            if key not in self._nearest:
                self._nearest[key] = self.moves.nearest(symbol, self._universe, session, NEAREST)
            moved = self.moves.group("nearest", self._nearest[key], self._universe, at)
            if moved is not None and len(moved.members) >= GROUP_LEAST:
                found.append(moved)
        return max(found, key=lambda g: (g.strength, -g.z), default=None)

    def forget(self, before: date) -> None:
        """Drop what was remembered for sessions before ``before``."""
        self.moves.forget(before)
        self._nearest = {k: v for k, v in self._nearest.items() if k[1] >= before}

    # ------------------------------------------------------------------------------------------------------------ AI

    def _ai(self, asked: _Asked, group: GroupMove | None) -> Explanation | None:
        start = asked.within.start(asked.session.starts_at, asked.timetable)
        before = asked.timetable.before(asked.session)
        if start is None or before is None:
            return None
        ties = ((self._weighed(m) * _freshness(m, before.close_at), m) for m in self._matches(asked, self._ties, start))
        triggers = ((self._weighed(m), m) for m in self._matches(asked, self._triggers, start))
        tie, tied = max(ties, key=_first, default=(0.0, None))
        trigger, triggered = max(triggers, key=_first, default=(0.0, None))
        match = tied if tie >= 0.3 and tied is not None else triggered or tied
        if match is None:
            return None
        rival = max(self._rivals(asked), key=lambda e: (e.confidence, e.topic), default=None)
        market = self.moves.market(asked.at)
        sources = tied or triggered
        evidence = Evidence(
            tie=tie,
            tied_directly=tied is not None and tied.reach is Reach.DIRECT,
            trigger=trigger,
            group=self._confirmed(asked, group, tied),
            sources=len(sources.sources) if sources else 0,
            rival=rival.confidence if rival else 0.0,
            rival_topic=rival.topic if rival else "",
            market_wide=min(max((-market[1] - 2.0) / 3.0, 0.0), 1.0) if market else 0.0,
        )
        confidence, terms = weigh(evidence)
        return Explanation(match.topic, confidence, terms, match, group, tied_directly=evidence.tied_firmly)

    def _confirmed(self, asked: _Asked, group: GroupMove | None, tied: ClusterMatch | None) -> float:
        """How well the market confirms a tie, 0 to 1.

        The group falls; or, where the same stories name a company that lives from the same thing, that company does,
        and not for reasons of its own.
        """
        strength = group.strength if group else 0.0
        if tied is None or tied.reach is Reach.DIRECT:
            return strength
        own = self.moves.of(asked.symbol, asked.at)
        if own is None or own.z > -LED_OWN:
            return strength
        for exposure in tied.exposures:
            for peer in self._companies.exposed_to(exposure, STRONG):
                if peer != asked.symbol and peer in self._watched and self._named(peer, tied, asked.now):
                    moved = self.moves.of(peer, asked.at)
                    if moved is not None and moved.z < -LED_BY and not self._own_reasons(asked, peer):
                        return max(strength, LED)
        return strength

    def _own_reasons(self, asked: _Asked, peer: str) -> bool:
        """Whether ``peer`` has news of its own that explains its fall: its results lead nobody."""
        rivals = self._rivals(replace(asked, symbol=peer))
        return any(r.topic in self._own and r.confidence >= OWN_REASONS for r in rivals)

    def _named(self, peer: str, tied: ClusterMatch, now: datetime) -> bool:
        """Whether the stories that tie name ``peer`` itself."""
        since = tied.first.seen_at - timedelta(seconds=1)
        found = self._news.matches(peer, self._ties, reaches=(Reach.DIRECT,), min_score=0.3, since=since, until=now)
        return any(m.cluster == tied.cluster for m in found)

    def _following(self, asked: _Asked, group: GroupMove | None) -> Explanation | None:
        """Contagion: no story reaches the symbol, but it falls in a group most of whose fallers are explained."""
        own = self.moves.of(asked.symbol, asked.at)
        if group is None or group.strength < 0.6 or own is None or own.z > -LED_OWN:
            return None
        explained = []
        for member in group.falling:
            found = self._ai(replace(asked, symbol=member), self.group(member, asked.session, asked.at))
            if found is not None and found.confidence >= FOLLOWS_FROM:
                explained.append(found)
        if len(explained) < max(3, len(group.falling) / 2):
            return None
        best = max(explained, key=lambda e: e.confidence)
        confidence = FOLLOWS * best.confidence
        terms = (ScoreReason(f"{len(explained)} of its group are explained", confidence, ", ".join(group.falling[:6])),)
        return Explanation(best.topic, confidence, terms, best.match, group, contagion=True)

    def _matches(self, asked: _Asked, topics: Sequence[str], since: datetime) -> Sequence[ClusterMatch]:
        if not topics:
            return ()
        reaches = (Reach.DIRECT, Reach.EXPOSURE)
        return self._news.matches(asked.symbol, topics, reaches=reaches, min_score=0.3, since=since, until=asked.now)

    def _weighed(self, match: ClusterMatch) -> float:
        """How well a cluster meets the company, 0 to 1, by what its topic is worth."""
        return match.score * match.strength * self._weights[match.topic]

    # -------------------------------------------------------------------------------------------------------- rivals

    def _rivals(self, asked: _Asked) -> list[Explanation]:
        """Competing explanations told of the company itself since shortly before the last close; its own results also
        where only the calendar tells of them."""
        before = asked.timetable.before(asked.session)
        if before is None:
            return []
        found = []
        for topic in self._rival_topics:
            matches = self._news.matches(
                asked.symbol,
                [topic.name],
                reaches=(Reach.DIRECT,),
                min_score=0.5,
                since=before.close_at - EARLY,
                until=asked.now,
            )
            for match in matches[:1]:
                weight = self._weighed(match)
                term = ScoreReason(topic.name, weight, match.best.title)
                found.append(Explanation(topic.name, weight * TOLD, (term,), match))
        return self._with_calendar(found, asked, before)

    def _with_calendar(self, found: list[Explanation], asked: _Asked, before: Session) -> list[Explanation]:
        """The same, with what the earnings calendar adds: a story and a date together are surer than each."""
        if self._by_calendar is None:
            return found
        due = self._earnings.concerning(asked.symbol, asked.session, before, asked.at)
        if due is None:
            return found
        topic = self._by_calendar.name
        term = ScoreReason("its own results", strength(due), due_words(due))
        told = next((e for e in found if e.topic == topic), Explanation(topic, 0.0, ()))
        sure = 1 - (1 - told.confidence) * (1 - strength(due))
        both = replace(told, confidence=sure, terms=(*told.terms, term))
        return [*(e for e in found if e.topic != topic), both]


def _freshness(match: ClusterMatch, session_begins: datetime) -> float:
    """What part of a tie counts: all of it where a story came in this session."""
    return 1.0 if any(s.seen_at > session_begins for s in match.stories) else STALE_TIE


def _first(item: tuple[float, ClusterMatch]) -> float:
    return item[0]
