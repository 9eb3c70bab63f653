"""How rules have performed: how often each fired, and what usually followed.

Outcomes are read from the history; missing ones are computed, and saved unless another program has the database.
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
from bot.app.stores import Place, open_history, save_outcomes
from bot.config.news.vocabulary import load_vocabulary
from bot.config.settings.model import load_settings
from bot.config.yaml.validation import one_of
from bot.core.errors import ConfigError, StoreError, UsageError
from bot.core.incidents.outcomes import Horizon, Outcome
from bot.core.model import Alert
from bot.core.prices.sessions import Timetable

RIGHT = "right"
"""The verdict of a reader who agrees."""
LATEST = 10
"""Alerts of a rule that are listed one by one."""
EARLIER = timedelta(days=40)
"""Calendars begin this long before the first alert, whose reference may be some sessions old."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of outcomes at one horizon. Changes are fractions of the alert price."""

    horizon: Horizon
    known: int
    lowest: float
    tenth: float
    """The 10th percentile, followed by the 25th, 50th, 75th and 90th."""
    quarter: float
    median: float
    three_quarters: float
    nine_tenths: float
    highest: float
    higher: float
    """The share above the alert price: after a fall, those that recovered."""
    lower: float
    """The share below: after a fall, those that fell further."""
    left: float | None
    """The median change from the reference, the level before the move: what was left of it."""


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """One alert, with its outcomes by horizon."""

    alert: Alert
    outcomes: Mapping[Horizon, Outcome]


@dataclass(frozen=True, slots=True)
class RulePerformance:
    """One rule's alerts and outcomes."""

    rule: str
    alerts: tuple[FiredAlert, ...]
    """Oldest first; empty if it has not fired."""
    spreads: tuple[Spread, ...]
    """Shortest horizon first, without those that have no outcome."""
    verdicts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By incident, the number of readers per verdict; only incidents with any."""

    @property
    def incidents(self) -> int:
        """Number of incidents."""
        return len({f.alert.incident for f in self.alerts if f.alert.incident})

    @property
    def confirmed(self) -> int:
        """Number of incidents that a majority of readers found right."""
        return sum(2 * readers.get(RIGHT, 0) > sum(readers.values()) for readers in self.verdicts.values())

    @property
    def disputed(self) -> int:
        """Number of incidents that a majority of readers found not AI, or not news."""
        return sum(2 * readers.get(RIGHT, 0) < sum(readers.values()) for readers in self.verdicts.values())

    @property
    def corrected(self) -> int:
        """Number of alerts whose cause was corrected later."""
        return sum(f.alert.corrected_at is not None for f in self.alerts)

    @property
    def symbols(self) -> int:
        """Number of symbols."""
        return len({f.alert.symbol for f in self.alerts})

    @property
    def unknown(self) -> tuple[Horizon, ...]:
        """The horizons without an outcome."""
        known = {spread.horizon for spread in self.spreads}
        return tuple(h for h in Horizon if h not in known)


def performances(
    config: Path, database: Place, now: datetime, *, rule: str | None = None, since: datetime | None = None
) -> list[RulePerformance]:
    """The performance of every rule that fired since then, most alerts first; or of ``rule``, even if it did not fire.

    Raises UsageError for an unknown rule, StoreError if the history cannot be read, ConfigError.
    """
    with open_history(database) as history:
        if rule is not None:
            _require_rule(rule, history.known_rules(), config)
        alerts = history.fired_alerts(rule=rule, since=since)
        verdicts = history.all_verdicts()
        known = {(o.alert, o.horizon): o for o in history.stored_outcomes()}
        timetable_of = _timetables(config, (history.first_session() or now.date()) - EARLIER, now)
        found = [settled for batch in history.missing_outcomes(timetable_of, now) for settled in batch]
    known.update({(o.alert, o.horizon): o for o in found if isinstance(o, Outcome)})
    if found:
        # while a bot is running, or in a read-only file, they are computed again next time
        with contextlib.suppress(StoreError):
            save_outcomes(database, found)
    by_rule: dict[str, list[Alert]] = {} if rule is None else {rule: []}
    for alert in alerts:
        by_rule.setdefault(alert.rule, []).append(alert)
    made = [performance_of(name, fired, known, verdicts) for name, fired in by_rule.items()]
    return sorted(made, key=lambda r: (-len(r.alerts), r.rule))


def performance_of(
    rule: str,
    alerts: Iterable[Alert],
    known: Mapping[tuple[str, Horizon], Outcome],
    verdicts: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> RulePerformance:
    """The performance of ``rule`` from its ``alerts``, the outcomes by alert and horizon, and readers' verdicts."""
    fired = tuple(
        FiredAlert(alert, {h: known[alert.id, h] for h in Horizon if (alert.id, h) in known}) for alert in alerts
    )
    judged = {i: verdicts[i] for i in dict.fromkeys(f.alert.incident for f in fired) if i in verdicts}
    return RulePerformance(rule, fired, tuple(_spreads(fired)), judged)


def _spreads(fired: Sequence[FiredAlert]) -> Iterator[Spread]:
    for horizon in Horizon:
        found = [f.outcomes[horizon] for f in fired if horizon in f.outcomes]
        if not found:
            continue
        changes = sorted(o.change for o in found)
        # quantiles() needs two values
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
    with contextlib.suppress(ConfigError):  # the history stays readable despite a mistake in a rule file
        known = sorted({*known, *(r.name for r in check_rules(config)[0])})
    if rule not in known:
        raise UsageError(one_of(rule, known, "rule"))


def _timetables(config: Path, first: date, now: datetime) -> Callable[[str], Timetable]:
    """Sessions by symbol; the files that give a symbol's exchange are read on first use."""

    @cache
    def made() -> Timetables:
        _, companies = load_vocabulary(load_settings(config))
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
