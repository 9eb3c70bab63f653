"""Read-only access to an engine as it is now: for status, metrics, chat, pictures, explanations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.cause.questions import Fall, falls, stories_in_doubt
from bot.core.health import ToldTrouble
from bot.core.messages import pictures
from bot.core.messages.pictures import PricePicture, TablePicture
from bot.core.messages.snapshot import figures_now
from bot.core.model import (
    Alert,
    ClusterMatch,
    EarningsDate,
    Figures,
    Incident,
    LearnedName,
    Phase,
    Quote,
    Reach,
    Reference,
    Split,
    StockMove,
    Story,
    Trouble,
)
from bot.core.model.episodes import Episode
from bot.core.model.on_demand import Wanted
from bot.core.news import Companies, NewsIndex, Topics
from bot.core.news.lexicon import Hit
from bot.core.on_demand import wanted_headlines
from bot.core.prices.bars import Bars
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.rule import RuleSet

if TYPE_CHECKING:
    from bot.core.engine import Engine


class Prices(Protocol):
    """One symbol's prices."""

    @property
    def timetable(self) -> Timetable:
        """Sessions of its exchange."""

    @property
    def bars(self) -> Bars:
        """Daily bars by session."""

    @property
    def currency(self) -> str:
        """Of the latest quote; empty where it is not known."""

    @property
    def splits(self) -> Sequence[Split]:
        """Splits and large dividends, in the order they became known."""

    def standing(self, now: datetime) -> tuple[Quote, Session] | None:
        """The quote current at ``now``, with its session; ``None`` where the session has none yet."""

    def lately(self, now: datetime) -> tuple[Quote, Session] | None:
        """As ``standing``; at night without a price, that of the session just over."""

    def previous_close(self, quote: Quote, session: Session) -> Reference | None:
        """The previous close for a quote of ``session``."""


class View:
    """An engine, read-only."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self._engine.rules

    @property
    def companies(self) -> Companies:
        """All companies, including those added while running."""
        return self._engine.companies

    @property
    def topics(self) -> Topics:
        """The topics of stories."""
        return self._engine.news.topics

    @property
    def episodes(self) -> Sequence[Episode]:
        """Past episodes that messages compare with."""
        return self._engine.announcer.messages.episodes

    # -------------------------------------------------------------------------------------------------------- prices

    @property
    def symbols(self) -> Sequence[str]:
        """Every symbol with prices."""
        return tuple(self._engine.market)

    def prices(self, symbol: str) -> Prices:
        """A symbol's prices."""
        return self._engine.market.of(symbol)

    def phase(self, symbol: str, at: datetime) -> Phase:
        """The phase of the symbol's exchange."""
        return self._engine.market.phase(symbol, at)

    def standing(self, symbol: str, at: datetime) -> StockMove | None:
        """The symbol's move since its previous close at ``at``; ``None`` without a price."""
        return self._engine.announcer.messages.standing(symbol, at)

    def name_of(self, symbol: str) -> str:
        """The company's name; the symbol where it has none."""
        return self._engine.announcer.messages.company(symbol)

    def stock_of(self, symbol: str) -> str:
        """``Nvidia (NVDA)``; the symbol alone where it has no name."""
        return self._engine.announcer.messages.stock(symbol)

    def knows(self, report: EarningsDate) -> bool:
        """Whether this earnings date is known already."""
        return self._engine.earnings.knows(report)

    # --------------------------------------------------------------------------------------------------------- news

    def matches(
        self,
        symbol: str,
        topics: Collection[str] = (),
        *,
        reaches: Collection[Reach] = (Reach.DIRECT, Reach.EXPOSURE),
        min_score: float = 0.5,
        since: datetime,
        until: datetime,
    ) -> Sequence[ClusterMatch]:
        """Clusters of stories that reach ``symbol`` on one of ``topics`` (empty: any), best first."""
        return self._engine.news.matches(symbol, topics, reaches=reaches, min_score=min_score, since=since, until=until)

    @property
    def stories(self) -> Sequence[Story]:
        """Every story of the window, in the order seen."""
        return self._engine.news.stories()

    def wanted_headlines(self, at: datetime) -> Sequence[Wanted]:
        """What headlines are wanted about at ``at``: what moves, the furthest first, then releases."""
        engine = self._engine
        return wanted_headlines(engine.rules, engine.causes, engine.market, engine.companies, engine.news, at)

    # ------------------------------------------------------------------------------------------------ second reader

    def falls(self, at: datetime) -> Sequence[Fall]:
        """The falls whose causes a second reader may be asked about, the worst first."""
        engine = self._engine
        return falls(engine.rules.symbols, engine.causes, engine.market, at)

    def stories_in_doubt(self, fall: Fall, at: datetime) -> Sequence[Story]:
        """The stories that could explain this fall and that a second reader has not answered about."""
        return stories_in_doubt(self._engine.causes, fall, at)

    def answered_at(self, since: datetime) -> Sequence[datetime]:
        """When a second reader's answers became known, of those after ``since``."""
        return self._engine.second_readings.known_at(since)

    @property
    def learned(self) -> tuple[LearnedName, ...]:
        """The names of models that were learned, oldest first."""
        return self._engine.news.learned

    def known(self, text: str) -> Sequence[Hit]:
        """The terms of the vocabulary in ``text``, as ``StoryReader.known``."""
        return self._engine.news.reader.known(text)

    def empty_news_index(self, topics: Topics, companies: Companies) -> NewsIndex:
        """An empty index of the same window, with other topics and companies."""
        return self._engine.news.empty_copy(topics, companies)

    # ---------------------------------------------------------------------------------------------------- incidents

    def incident(self, incident_id: str) -> Incident | None:
        """The incident of that id, while it is kept in memory."""
        return self._engine.incidents.get(incident_id)

    @property
    def open_incidents(self) -> Sequence[Incident]:
        """All open incidents."""
        return self._engine.incidents.open()

    def alerts_of(self, incident: Incident) -> Sequence[Alert]:
        """Its alerts that are kept in memory."""
        return [a for a in map(self._engine.alerts.get, incident.alerts) if a is not None]

    @property
    def failing(self) -> Sequence[tuple[str, str, Trouble, str]]:
        """Sources in trouble now: source, subject, trouble, detail."""
        return self._engine.health.failing()

    @property
    def told_troubles(self) -> Sequence[ToldTrouble]:
        """The troubles that the operator was told of, and not of their end."""
        return self._engine.health.told()

    # ----------------------------------------------------------------------------------------------------- pictures

    def figures(self, incident: Incident, at: datetime) -> Figures | None:
        """The incident's moves as of ``at``; ``None`` where its alerts are no longer kept."""
        alerts = self.alerts_of(incident)
        return self._figures_now(incident, alerts, at) if alerts else None

    def _figures_now(self, incident: Incident, alerts: Sequence[Alert], at: datetime) -> Figures:
        company_of = self._engine.companies.company_of
        return figures_now(self._engine.market, incident, alerts, self.topics.ai_causes, at, company_of)

    def price_picture(self, incident: Incident, figures: Figures) -> PricePicture | None:
        """The prices behind the first of these moves; ``None`` where there are too few to draw."""
        engine = self._engine
        told = (engine.market, engine.companies, incident, self.alerts_of(incident), figures)
        return pictures.price_picture(*told) or pictures.price_picture(*told, seen_since=True)

    def table_picture(self, figures: Figures) -> TablePicture | None:
        """These moves by line of business; ``None`` for a single one."""
        return pictures.table_picture(self._engine.companies, self.topics, figures)

    def plain_price_picture(self, symbol: str, at: datetime) -> PricePicture | None:
        """A symbol's prices of the last sessions; ``None`` where there are too few to draw."""
        return pictures.plain_price_picture(self._engine.market, self._engine.companies, symbol, at)
