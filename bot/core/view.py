"""What others may see of an engine, without being able to change it: status, metrics, chat, pictures, explanations.

A view always shows the engine as it is now. Everything that changes an engine is a method of the engine itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from bot.core.messages import pictures
from bot.core.messages.pictures import PricePicture, TablePicture
from bot.core.messages.summary import Standing
from bot.core.model import (
    Alert,
    ClusterMatch,
    DailyBar,
    EarningsDate,
    Incident,
    Phase,
    Quote,
    Reach,
    Reference,
    Story,
    Trouble,
)
from bot.core.model.episodes import Episode
from bot.core.news import Companies, NewsIndex, Topics
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.rule import RuleSet

if TYPE_CHECKING:
    from bot.core.engine import Engine


class Prices(Protocol):
    """What is known of one symbol's prices."""

    @property
    def timetable(self) -> Timetable:
        """The sessions of its exchange."""

    @property
    def bars(self) -> Mapping[date, DailyBar]:
        """Its daily bars by session."""

    def standing(self, now: datetime) -> tuple[Quote, Session] | None:
        """The price that stands at ``now``, and its session; ``None`` where there is none yet."""

    def previous_close(self, quote: Quote, session: Session) -> Reference | None:
        """The close that a quote of ``session`` is measured against."""


class View:
    """An engine, looked at. Times are aware UTC."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self._engine.rules

    @property
    def companies(self) -> Companies:
        """Every company known, those introduced while running included."""
        return self._engine.companies

    @property
    def topics(self) -> Topics:
        """What stories can be about."""
        return self._engine.news.topics

    @property
    def episodes(self) -> Sequence[Episode]:
        """What messages compare with."""
        return self._engine.announcer.messages.episodes

    # -------------------------------------------------------------------------------------------------------- prices

    @property
    def symbols(self) -> Sequence[str]:
        """Every symbol anything is known of."""
        return tuple(self._engine.market)

    def prices(self, symbol: str) -> Prices:
        """What is known of a symbol's prices."""
        return self._engine.market.of(symbol)

    def phase(self, symbol: str, at: datetime) -> Phase:
        """The phase of the symbol's exchange."""
        return self._engine.market.phase(symbol, at)

    def standing(self, symbol: str, at: datetime) -> Standing | None:
        """The symbol's move against its previous close as it stands at ``at``; ``None`` where no price is known."""
        return self._engine.announcer.messages.standing(symbol, at)

    def name_of(self, symbol: str) -> str:
        """A company's name; its symbol where it has none."""
        return self._engine.announcer.messages.company(symbol)

    def knows(self, told: EarningsDate) -> bool:
        """Whether this date of earnings is known already."""
        return self._engine.earnings.knows(told)

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
        """Clusters of stories that reach ``symbol`` on one of ``topics`` (all where none is given), best first."""
        return self._engine.news.matches(symbol, topics, reaches=reaches, min_score=min_score, since=since, until=until)

    @property
    def stories(self) -> Sequence[Story]:
        """Every story of the window, in the order they were seen."""
        return self._engine.news.stories()

    def news_room(self, topics: Topics, companies: Companies) -> NewsIndex:
        """A new room of the same window without stories, that reads with other topics and companies."""
        return self._engine.news.emptied(topics, companies)

    # ---------------------------------------------------------------------------------------------------- incidents

    def incident(self, incident_id: str) -> Incident | None:
        """The incident of that id, as long as it is remembered."""
        return self._engine.incidents.get(incident_id)

    @property
    def open_incidents(self) -> Sequence[Incident]:
        """Those that are not over."""
        return self._engine.incidents.open()

    def alerts_of(self, incident: Incident) -> Sequence[Alert]:
        """Its alerts that are remembered."""
        return [a for a in map(self._engine.alerts.get, incident.alerts) if a is not None]

    @property
    def failing(self) -> Sequence[tuple[str, str, Trouble, str]]:
        """Sources in trouble now: source, subject, what, detail."""
        return self._engine.health.failing()

    # ----------------------------------------------------------------------------------------------------- pictures

    def price_picture(self, incident: Incident, at: datetime) -> PricePicture | None:
        """The lead's prices around its fall; ``None`` where there is no line to draw."""
        engine = self._engine
        return pictures.price_picture(engine.market, engine.companies, incident, self.alerts_of(incident), at)

    def table_picture(self, incident: Incident, at: datetime) -> TablePicture | None:
        """The symbols of an incident by line of work; ``None`` for a single one."""
        engine, alerts = self._engine, self.alerts_of(incident)
        return pictures.table_picture(engine.market, engine.companies, self.topics, incident, alerts, at)

    def plain_price_picture(self, symbol: str, at: datetime) -> PricePicture | None:
        """A symbol's prices of the last sessions, whatever fired; ``None`` where there is no line to draw."""
        return pictures.plain_price_picture(self._engine.market, self._engine.companies, symbol, at)
