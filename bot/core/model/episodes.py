"""Episodes: recorded or described past incidents, as values.

A **recorded** episode has stories and prices and can be replayed. A **described** one only states what fell, how far
and what followed, and serves as a precedent. ``bot.config.episodes.file`` reads episodes, and ``bot.replay.tape`` turns
them into observations.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from bot.core.model import QuoteKind, SecondReading, Story


class EpisodeKind(enum.StrEnum):
    """``RECORDED`` has stories and prices; ``DESCRIBED`` only says what happened."""

    RECORDED = "recorded"
    DESCRIBED = "described"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What set the episode off. ``at`` is when it became public; ``None`` where only the date is known."""

    what: str
    at: datetime | None = None
    topic: str = ""
    """``ai-model``, ``ai-market``; or, for a look-alike, ``earnings``, ``outage``, …"""
    exposures: tuple[str, ...] = ()
    """The exposures it threatened, as named in ``companies.yaml``."""
    source: str = ""
    """Who reported it, and when."""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Fall:
    """How far one symbol fell in an episode, and what followed. Fractions; ``None`` where unknown."""

    symbol: str
    change: float
    """Close to close, in the episode's session unless ``note`` says otherwise. Below 0 for a fall."""
    exposure: str = ""
    next_session: float | None = None
    """Return of the next session's close against the close of the fall."""
    five_sessions: float | None = None
    """Return after five sessions against the close of the fall."""
    twenty_sessions: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EpisodeBar:
    """One regular session's prices. Only the close is always there."""

    session: date
    close: float
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: float | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One price within a session. ``at`` is when it was known: for a bar's low or high, the bar's end."""

    at: datetime
    kind: QuoteKind
    price: float
    volume: float | None = None


@dataclass(frozen=True, slots=True)
class EpisodePrices:
    """One symbol's prices, all on one stated basis."""

    symbol: str
    exchange: str
    """ISO 10383 market identifier code; names the calendar its sessions come from."""
    basis: str
    """Which splits and dividends the prices are adjusted for, in words."""
    bars: tuple[EpisodeBar, ...]
    """One per session, oldest first."""
    marks: tuple[Mark, ...] = ()
    """In order of time; equal times in the order they became known."""
    exposure: str = ""
    """The company's exposure to the trigger; empty for symbols recorded for comparison."""
    currency: str = ""

    def close(self, session: date) -> float | None:
        """The official close of ``session``, if known."""
        return next((bar.close for bar in self.bars if bar.session == session), None)

    def change(self, session: date) -> float | None:
        """Close-to-close return of ``session``: its close / the previous close − 1."""
        for before, bar in zip(self.bars, self.bars[1:], strict=False):
            if bar.session == session:
                return bar.close / before.close - 1
        return None

    def change_after(self, session: date, count: int) -> float | None:
        """Return from the close of ``session`` to the close ``count`` sessions later."""
        for i, bar in enumerate(self.bars):
            if bar.session == session:
                return self.bars[i + count].close / bar.close - 1 if i + count < len(self.bars) else None
        return None


@dataclass(frozen=True, slots=True)
class Episode:
    """A past incident. ``first`` and ``last`` bound the sessions replayed; earlier bars supply references."""

    name: str
    """The name of its file, without ``.yaml``."""
    title: str
    kind: EpisodeKind
    session: date
    """The session of the fall."""
    first: date
    last: date
    summary: str
    trigger: Trigger
    shock: bool = True
    """False for a look-alike: the fall had another cause than AI."""
    stories: tuple[Story, ...] = ()
    """By ``seen_at``."""
    second_readings: tuple[SecondReading, ...] = ()
    """What a second reader answered about these stories; at most one answer a story."""
    prices: tuple[EpisodePrices, ...] = ()
    described: tuple[Fall, ...] = ()
    """Falls as written in the file; ``falls`` adds those measured from prices."""

    @property
    def falls(self) -> tuple[Fall, ...]:
        """Every known move in the episode's session, worst first; measured where there are prices."""
        measured = {
            prices.symbol: Fall(
                symbol=prices.symbol,
                change=change,
                exposure=prices.exposure,
                next_session=prices.change_after(self.session, 1),
                five_sessions=prices.change_after(self.session, 5),
                twenty_sessions=prices.change_after(self.session, 20),
            )
            for prices in self.prices
            if (change := prices.change(self.session)) is not None
        }
        described = {fall.symbol: fall for fall in self.described}
        return tuple(sorted((described | measured).values(), key=lambda fall: (fall.change, fall.symbol)))
