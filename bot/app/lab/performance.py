"""A rule's record: how often it fired, and what usually followed.

Outcomes are read from the history; what is missing there is worked out, and stored where nobody else has the database.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from types import MappingProxyType
from typing import Any

from bot.app.lines import iso
from bot.app.project import AHEAD, Timetables, check_rules
from bot.app.stores import open_history, save_outcomes
from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.config.settings.model import load_settings
from bot.config.yaml.validation import one_of
from bot.core.errors import ConfigError, StoreError, UsageError
from bot.core.incidents.outcomes import Horizon, Outcome
from bot.core.model import Alert
from bot.core.prices.sessions import Timetable

RIGHT = "right"
"""The verdict of a reader who agrees."""
LATEST = 10
"""How many alerts of a rule are shown one by one."""
EARLIER = timedelta(days=40)
"""Calendars begin so long before the first alert, whose reference may be some sessions old."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What followed at one horizon, over the alerts for which it is known. Fractions of the price fired on."""

    horizon: Horizon
    known: int
    lowest: float
    tenth: float
    """One in ten of the outcomes is below; likewise a quarter, the middle, three quarters, nine in ten."""
    quarter: float
    median: float
    three_quarters: float
    nine_tenths: float
    highest: float
    higher: float
    """The share that stood higher than the price fired on: after a fall, that recovered."""
    lower: float
    """The share that stood lower: after a fall, that lost further."""
    left: float | None
    """The median against the reference, the level before the move: what was left of it."""


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """One alert, with its outcomes by horizon."""

    alert: Alert
    outcomes: Mapping[Horizon, Outcome]


@dataclass(frozen=True, slots=True)
class RulePerformance:
    """One rule's record."""

    rule: str
    alerts: tuple[FiredAlert, ...]
    """Oldest first; none where it has not fired."""
    spreads: tuple[Spread, ...]
    """Shortest horizon first, those of which nothing is known left out."""
    verdicts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By incident, how many readers said what of it; only those of which somebody said anything."""

    @property
    def incidents(self) -> int:
        """In how many incidents."""
        return len({f.alert.incident for f in self.alerts if f.alert.incident})

    @property
    def confirmed(self) -> int:
        """In how many incidents more readers found it right than not."""
        return sum(2 * said.get(RIGHT, 0) > sum(said.values()) for said in self.verdicts.values())

    @property
    def disputed(self) -> int:
        """In how many incidents more readers said that it was not AI, or not news, than that it was right."""
        return sum(2 * said.get(RIGHT, 0) < sum(said.values()) for said in self.verdicts.values())

    @property
    def corrected(self) -> int:
        """How many turned out to have another cause than first told."""
        return sum(f.alert.corrected_at is not None for f in self.alerts)

    @property
    def symbols(self) -> int:
        """For how many symbols."""
        return len({f.alert.symbol for f in self.alerts})

    @property
    def unknown(self) -> tuple[Horizon, ...]:
        """The horizons of which nothing is known."""
        known = {spread.horizon for spread in self.spreads}
        return tuple(h for h in Horizon if h not in known)


def performances(
    config: Path, database: Path, now: datetime, *, rule: str | None = None, since: datetime | None = None
) -> list[RulePerformance]:
    """The record of every rule that fired since then, most often first; of ``rule`` alone, also where it did not.

    Raises UsageError for a rule nobody knows, StoreError where the history cannot be read, ConfigError.
    """
    with open_history(database) as history:
        if rule is not None:
            _require_rule(rule, history.known_rules(), config)
        alerts = history.fired_alerts(rule=rule, since=since)
        said = history.all_verdicts()
        known = {(o.alert, o.horizon): o for o in history.stored_outcomes()}
        timetable_of = _timetables(config, (history.first_session() or now.date()) - EARLIER, now)
        found = [settled for batch in history.missing_outcomes(timetable_of, now) for settled in batch]
    known.update({(o.alert, o.horizon): o for o in found if isinstance(o, Outcome)})
    if found:
        # beside a running bot, or in a file that may only be read, they are worked out again next time
        with contextlib.suppress(StoreError):
            save_outcomes(database, found)
    by_rule: dict[str, list[Alert]] = {} if rule is None else {rule: []}
    for alert in alerts:
        by_rule.setdefault(alert.rule, []).append(alert)
    made = [performance_of(name, fired, known, said) for name, fired in by_rule.items()]
    return sorted(made, key=lambda r: (-len(r.alerts), r.rule))


def performance_of(
    rule: str,
    alerts: Iterable[Alert],
    known: Mapping[tuple[str, Horizon], Outcome],
    said: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> RulePerformance:
    """The record of ``rule`` over its ``alerts``, given the outcomes by alert and horizon, and the verdicts."""
    fired = tuple(
        FiredAlert(alert, {h: known[alert.id, h] for h in Horizon if (alert.id, h) in known}) for alert in alerts
    )
    judged = {i: said[i] for i in dict.fromkeys(f.alert.incident for f in fired) if i in said}
    return RulePerformance(rule, fired, tuple(_spreads(fired)), judged)


def _spreads(fired: Sequence[FiredAlert]) -> Iterator[Spread]:
    for horizon in Horizon:
        found = [f.outcomes[horizon] for f in fired if horizon in f.outcomes]
        if not found:
            continue
        changes = sorted(o.change for o in found)
        # of one outcome every quantile is that one
        cuts = quantiles(changes, n=20, method="inclusive") if len(changes) > 1 else changes * 19
        left = [o.change_from_reference for o in found if o.change_from_reference is not None]
        yield Spread(
            horizon=horizon,
            known=len(changes),
            lowest=changes[0],
            tenth=cuts[1],
            quarter=cuts[4],
            median=cuts[9],
            three_quarters=cuts[14],
            nine_tenths=cuts[17],
            highest=changes[-1],
            higher=sum(change > 0 for change in changes) / len(changes),
            lower=sum(change < 0 for change in changes) / len(changes),
            left=median(left) if left else None,
        )


def _require_rule(rule: str, known: Sequence[str], config: Path) -> None:
    """UsageError for a rule that neither this history nor the configured rules have."""
    if rule in known:
        return
    with contextlib.suppress(ConfigError):  # a mistake in a rule file does not keep anybody from the history
        known = sorted({*known, *(r.name for r in check_rules(config)[0])})
    if rule not in known:
        raise UsageError(one_of(rule, known, "rule"))


def _timetables(config: Path, first: date, now: datetime) -> Callable[[str], Timetable]:
    """Sessions by symbol; the files that say where a symbol is listed are read with the first question."""

    @cache
    def made() -> Timetables:
        folder = load_settings(config).rules
        topics = load_topics(folder / "topics")
        companies = load_companies(
            folder / "companies.yaml", exposures=topics.exposure_names, lists=tuple(topics.words)
        )
        return Timetables(first, (now + AHEAD).date(), companies)

    return lambda symbol: made().of_symbol(symbol)


# --------------------------------------------------------------------------------------------------------------- shown


def performance_object(record: RulePerformance, *, latest: bool) -> dict[str, Any]:
    """For ``--json``; with ``latest`` the newest alerts, newest first."""
    fired = [f.alert.fired_at for f in record.alerts]
    found: dict[str, Any] = {
        "type": "record",
        "rule": record.rule,
        "fired": len(record.alerts),
        "incidents": record.incidents,
        "corrected": record.corrected,
        "judged": len(record.verdicts),
        "confirmed": record.confirmed,
        "disputed": record.disputed,
        "symbols": record.symbols,
        "first_at": iso(min(fired, default=None)),
        "last_at": iso(max(fired, default=None)),
        "followed": [_spread(spread) for spread in record.spreads],
    }
    if latest:
        found["alerts"] = [_alert(f) for f in reversed(record.alerts[-LATEST:])]
    return found


_FIGURES = ("lowest", "tenth", "quarter", "median", "three_quarters", "nine_tenths", "highest", "higher", "lower")


def _spread(spread: Spread) -> dict[str, Any]:
    return {
        "horizon": spread.horizon.value,
        "known": spread.known,
        **{name: _rounded(getattr(spread, name)) for name in _FIGURES},
        "median_from_reference": _rounded(spread.left),
    }


def _alert(fired: FiredAlert) -> dict[str, Any]:
    alert = fired.alert
    return {
        "id": alert.id,
        "at": iso(alert.fired_at),
        "symbol": alert.symbol,
        "session": alert.session.isoformat(),
        "price": alert.price,
        "change": _rounded(alert.change),
        "incident": alert.incident,
        "outcomes": [
            {
                "horizon": o.horizon.value,
                "at": iso(o.at),
                "price": o.price,
                "change": _rounded(o.change),
                "change_from_reference": _rounded(o.change_from_reference),
            }
            for o in fired.outcomes.values()
        ],
    }


def _rounded(number: float | None) -> float | None:
    return round(number, 6) if number is not None else None
