"""Edited rules on past data, compared with what fired: which alerts are gained, lost or moved.

From the user's own history the stored observations are played again, read-only, also while a bot runs, and compared
with the alerts in the history. In an episode or recorded files the comparison is with the configured rules.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from bot.app.lab.workbench import Scenario, Workbench, episode_scenario, open_workbench, recording_scenario
from bot.app.lines import iso
from bot.app.stores import BACKTEST, Place, open_history, read_store, thinned
from bot.config.rule_tests.file import Recording
from bot.core.engine import Engine
from bot.core.errors import Problem, UsageError
from bot.core.model import AlertChange, ChangeKind, Observation, Quote, Severity
from bot.replay.playing import play
from bot.replay.runner import POSITION

EARLIER = timedelta(hours=12)
"""Played before the first session compared: in Asia a session begins on the day before, in UTC."""
WEEK = "--episode deepseek-2025-01"
"""What every installation can play."""
AGREE_WITHIN = timedelta(seconds=1)
"""Alerts no further apart than this fired at the same time."""

Key = tuple[str, str, date]
"""Rule, symbol, session: at most one alert."""
Progress = Callable[[datetime], None]


class Difference(enum.StrEnum):
    """What became of an alert under the edited rules."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Fired:
    """One alert, with what is compared of it."""

    rule: str
    symbol: str
    session: date
    at: datetime
    severity: Severity
    """The highest it reached."""
    change: float | None

    @property
    def key(self) -> Key:
        """Identifies an alert."""
        return self.rule, self.symbol, self.session


@dataclass(frozen=True, slots=True)
class Row:
    """One alert under the edited rules beside the same alert as it was."""

    difference: Difference
    now: Fired | None
    before: Fired | None

    @property
    def either(self) -> Fired:
        """The alert as it is now, or as it was."""
        found = self.now or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Trial:
    """What edited rules would have fired."""

    rows: tuple[Row, ...]
    first: date
    last: date
    beside: str
    """What the rules are compared with, in words."""
    notes: tuple[str, ...] = ()

    def count(self, difference: Difference) -> int:
        """Number of alerts with that difference."""
        return sum(row.difference is difference for row in self.rows)


@dataclass(frozen=True, slots=True)
class Past:
    """The stretch of a history that is played again."""

    database: Place
    first: date
    until: datetime
    begins_at: datetime
    """When the oldest observation was seen."""
    backtest: bool
    notes: tuple[str, ...]

    @property
    def start(self) -> datetime:
        """From when it is played; what was seen before only restores the state."""
        return datetime.combine(self.first, time(), UTC) - EARLIER

    @contextlib.contextmanager
    def observed(self, workbench: Workbench) -> Iterator[tuple[Iterable[Observation], Collection[str]]]:
        """The observations, and the symbols that are watched besides the configured ones."""
        window = workbench.project.settings.news.window + timedelta(days=7)
        with read_store(self.database) as store:
            observations: Iterable[Observation] = store.observations(self.start - window, self.until)
            symbols: dict[str, None] = {}
            if self.backtest or store.extra(POSITION) is not None:
                # a replay's database is small, and watches what its episode has
                observations = list(observations)
                symbols = dict.fromkeys(o.symbol for o in observations if isinstance(o, Quote))
            yield observations, symbols


def past_of(database: Place, since: datetime, until: datetime, now: datetime) -> Past:
    """What ``database`` has of the sessions from ``since`` to ``until``. Raises UsageError and StoreError.

    A ``since`` within a day begins with the next day's session, so that no session is played in part.
    """
    with open_history(database) as history:
        extent, whole_since, backtest = history.extent(), history.every_quote_since(), history.is_of_backtest()
    if extent is None:
        raise UsageError(
            f"{database}: no prices or stories yet; start `run` to collect them, or name a recorded week, as {WEEK}"
        )
    until = min(until, now)
    first = since.date() if since.time() == time() else since.date() + timedelta(days=1)
    if until < extent[0] or since > extent[1] or first > until.date():
        asked = f"{since:%Y-%m-%d} to {until:%Y-%m-%d}"
        raise UsageError(
            f"{database} has no data for {asked}; it goes from {extent[0]:%Y-%m-%d} to {extent[1]:%Y-%m-%d}"
        )
    notes = []
    if extent[0].date() > first:
        notes.append(f"the history begins on {extent[0]:%Y-%m-%d}; earlier sessions cannot be tried")
    if whole_since is not None and first <= whole_since.date():
        notes.append(thinned(whole_since))
    if backtest:
        notes.append(BACKTEST)
    return Past(database, first, until, extent[0], backtest, tuple(notes))


def try_history(
    config: Path,
    rules: Path | None,
    since: datetime,
    until: datetime,
    now: datetime,
    database: Place,
    progress: Progress | None = None,
) -> Trial:
    """The rules over the sessions from ``since`` to ``until`` in ``database``, as in ``past_of``.

    Raises UsageError, ConfigError and StoreError.
    """
    past = past_of(database, since, until, now)
    workbench = open_workbench(config, rules, now)
    with past.observed(workbench) as (observations, symbols):
        engine = workbench.engine(workbench.rules(symbols), min(past.start, past.begins_at))
        fired = _replayed(engine, observations, past.start, past.until, progress)
    with open_history(database) as history:
        recorded = [_recorded(alert) for alert in history.list_alerts(limit=None)]
    mine, first, last = _names(workbench, rules), past.first, past.until.date()
    inside = {f.key: f for f in recorded if first <= f.session <= last and f.at <= past.until and mine(f.rule)}
    again = {key: f for key, f in fired.items() if first <= f.session <= last}
    beside = "what fired" if rules is None or rules.is_dir() else f"what fired by the rules in {rules.name}"
    return Trial(tuple(compared(again, inside)), first, last, beside, past.notes)


def try_episode(config: Path, rules: Path | None, now: datetime, episode: str) -> Trial:
    """The rules over a recorded episode, compared with the configured ones. Raises UsageError and ConfigError."""
    workbench = open_workbench(config, rules, now)
    return _beside_configured(workbench, config, rules, now, episode_scenario(workbench, episode), [])


def try_recording(config: Path, rules: Path | None, now: datetime, recording: Recording) -> Trial:
    """The rules over recorded files, compared with the configured ones. Raises UsageError and ConfigError."""
    workbench = open_workbench(config, rules, now)
    scenario, problems = recording_scenario(workbench, recording)
    if not scenario.tape.observations:
        raise UsageError("the recorded files have nothing to play: " + "; ".join(map(str, problems[:3])))
    return _beside_configured(workbench, config, rules, now, scenario, problems)


def _beside_configured(
    workbench: Workbench, config: Path, rules: Path | None, now: datetime, scenario: Scenario, problems: list[Problem]
) -> Trial:
    fired = played(workbench, scenario)
    before: Mapping[Key, Fired] = {}
    beside = "nothing; name other rules with --rules"
    if rules is not None:
        configured = open_workbench(config, None, now)
        configured.timetables.listings = workbench.timetables.listings
        mine = _names(workbench, rules)
        before = {key: fired for key, fired in played(configured, scenario).items() if mine(key[0])}
        beside = "the configured rules" + ("" if rules.is_dir() else " of the same names")
    first, last = scenario.tape.first_at, scenario.tape.last_at
    assert first is not None
    assert last is not None
    quoted = min((o.seen_at for o in scenario.tape.observations if isinstance(o, Quote)), default=first)
    notes = [f"skipped: {problem}" for problem in problems[:20]]
    if len(problems) > 20:
        notes.append(f"skipped: {len(problems) - 20} more rows")
    return Trial(tuple(compared(fired, before)), quoted.date(), last.date(), beside, tuple(notes))


def _names(workbench: Workbench, rules: Path | None) -> Callable[[str], bool]:
    """Which rules are compared: of a file only those in it, since it stands for no others."""
    if rules is None or rules.is_dir():
        return lambda name: True
    return {rule.name for rule in workbench.rules()}.__contains__


def compared(now: Mapping[Key, Fired], before: Mapping[Key, Fired]) -> Iterator[Row]:
    """Every alert of either side, by session and time."""
    keys = sorted(now.keys() | before.keys(), key=lambda k: (k[2], (now.get(k) or before[k]).at, k))
    for key in keys:
        new, old = now.get(key), before.get(key)
        if new is None or old is None:
            difference = Difference.LOST if new is None else Difference.GAINED
        elif abs(new.at - old.at) > AGREE_WITHIN or new.severity is not old.severity:
            difference = Difference.MOVED
        else:
            difference = Difference.SAME
        yield Row(difference, new, old)


# ------------------------------------------------------------------------------------------------------------ playing


def played(workbench: Workbench, scenario: Scenario) -> dict[Key, Fired]:
    """What the workbench's rules fire in a scenario."""
    assert scenario.tape.first_at is not None
    return fired_by(
        play(workbench.engine(workbench.rules(scenario.symbols), scenario.tape.first_at), scenario.tape).changes
    )


def _replayed(
    engine: Engine, observations: Iterable[Observation], start: datetime, until: datetime, progress: Progress | None
) -> dict[Key, Fired]:
    """What the engine fires from ``start`` on; earlier observations only restore its state."""
    changes: list[AlertChange] = []
    warming: list[Observation] = []
    restored = False
    for seen_at, group in groupby(observations, key=lambda o: o.seen_at):
        if seen_at < start:
            warming += group
            continue
        if not restored:
            engine.restore(warming, (), (), start)
            warming, restored = [], True
        changes += engine.step(list(group), seen_at).changes
        if progress is not None:
            progress(seen_at)
    if restored:
        changes += engine.step((), until).changes
    return fired_by(changes)


def fired_by(changes: Iterable[AlertChange]) -> dict[Key, Fired]:
    """The alerts among these changes, each with the highest severity it rose to."""
    found: dict[Key, Fired] = {}
    for change in changes:
        alert = change.alert
        key = (alert.rule, alert.symbol, alert.session)
        if change.kind is ChangeKind.FIRED:
            found[key] = Fired(*key, change.at, alert.severity, alert.change)
        elif change.kind is ChangeKind.ESCALATED and key in found:
            found[key] = Fired(*key, found[key].at, alert.severity, found[key].change)
    return found


def _recorded(alert: Mapping[str, Any]) -> Fired:
    """An alert of the history; its severity is the highest it reached."""
    return Fired(
        alert["rule"],
        alert["symbol"],
        date.fromisoformat(alert["session"]),
        datetime.fromisoformat(alert["at"]).astimezone(UTC),
        Severity.parse(alert["severity"]),
        alert["fired_change"],
    )


# --------------------------------------------------------------------------------------------------------------- shown


def row_object(row: Row) -> dict[str, Any]:
    """A row for ``--json``."""
    found = row.either
    return {
        "type": "alert",
        "difference": row.difference.value,
        "rule": found.rule,
        "symbol": found.symbol,
        "session": found.session.isoformat(),
        "now": _object(row.now),
        "before": _object(row.before),
    }


def summary_object(trial: Trial) -> dict[str, Any]:
    """The last line of ``--json``."""
    counts = {difference.value: trial.count(difference) for difference in Difference}
    span = {"from": trial.first.isoformat(), "to": trial.last.isoformat()}
    return {"type": "summary", **span, **counts, "beside": trial.beside, "notes": list(trial.notes)}


def _object(fired: Fired | None) -> dict[str, Any] | None:
    if fired is None:
        return None
    change = round(fired.change, 6) if fired.change is not None else None
    return {"at": iso(fired.at), "severity": fired.severity.word, "change": change}
