"""Replays an episode through the whole pipeline: real database, real outbox, simulated clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.app.project import Project, Timetables, load_project, make_engine, surroundings
from bot.app.run.notifiers import without_edits
from bot.clock import SimulatedClock, SystemClock
from bot.config.episodes.file import episode_path, load_episode
from bot.config.rules import load_rules, rule_files
from bot.config.settings.model import load_settings
from bot.core.errors import UsageError
from bot.core.model import Recipient
from bot.core.model.episodes import Episode
from bot.core.ports import Notifier, Store
from bot.core.rules.rule import RuleSet
from bot.cycle import Cycle, CycleResult
from bot.delivery.held import HeldMessages
from bot.delivery.sender import Sender, SendPolicy
from bot.replay.runner import Replay
from bot.replay.tape import Tape, build_tape

EPISODES_FROM = date(2015, 1, 1)
"""Calendars reach back this far for episodes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A replay ready to be played."""

    episode: Episode
    project: Project
    timetables: Timetables
    tape: Tape
    warm_until: datetime
    """When the replayed sessions begin; everything before only provides references."""


def plan_replay(config: Path, name: str, now: datetime, rules: Path | None = None) -> Plan:
    """Read and check everything a replay needs. The watchlist is the symbols the episode has prices for; the rules are
    the configured ones, or those at ``rules``: a folder's in place of all, a file's in place of those of their names.

    Raises ConfigError for mistakes in any file, UsageError if there is no such episode or it cannot be replayed.
    """
    settings = load_settings(config)
    path = episode_path(settings.rules / "episodes", name, settings.beneath("episodes"))
    exchanges: dict[str, str] = {}
    spans = Timetables(EPISODES_FROM, now.date() + timedelta(days=60), listings=exchanges)
    episode = load_episode(path, timetable_of=spans.of_exchange)
    if not episode.prices:
        raise UsageError(f"{name} describes what happened but has no prices; only recorded episodes can be replayed")
    exchanges.update({p.symbol: p.exchange for p in episode.prices})
    watchlist = tuple(p.symbol for p in episode.prices if p.symbol not in settings.never_alerted)
    project = load_project(config, watchlist=watchlist)
    if rules is not None:
        if not (files := rule_files(rules)):
            raise UsageError(f"{rules} has no rule files (*.yaml); name a rule file or a folder of rule files")
        around = surroundings(settings, project.companies, project.topics, watchlist)
        project = replace(project, rules=beside(project.rules, load_rules(files, around), alone=rules.is_dir()))
    spans.companies = project.companies
    opening = spans.of_exchange(episode.prices[0].exchange).on(episode.first)
    if opening is None:
        raise UsageError(f"{name}: from: {episode.first} is no session of {episode.prices[0].exchange}")
    return Plan(episode, project, spans, build_tape(episode, spans.of_exchange), opening.starts_at)


def beside(configured: RuleSet, named: RuleSet, *, alone: bool) -> RuleSet:
    """The rules that were named, with those configured of other names unless they stand ``alone``."""
    others = () if alone else (rule for rule in configured if named.named(rule.name) is None)
    return RuleSet([*others, *named])


@dataclass(frozen=True, slots=True)
class Playing:
    """A replay on its database."""

    replay: Replay
    resumed_at: datetime | None
    sender: Sender

    def currency_of(self, symbol: str) -> str:
        """The currency of a stock's prices; empty where it is not known."""
        return self.replay.engine.view().prices(symbol).currency

    async def results(self) -> AsyncIterator[tuple[int, CycleResult]]:
        """Play; yields the step of the tape and each cycle's result."""
        async for step in self.replay.run():
            yield step


def start_replay(
    plan: Plan,
    store: Store,
    notifiers: Mapping[str, Notifier],
    recipients: Sequence[Recipient],
    speed: float | None = None,
) -> Playing:
    """Join the parts; if ``store`` holds the beginning of this replay, resume there.

    One message is in flight at a time, so that a kill leaves at most one in doubt.
    """
    start = plan.tape.first_at or plan.warm_until
    clock = SimulatedClock(start)
    engine = make_engine(plan.project, plan.timetables, start)
    store.save_recipients(recipients)
    versions = ((name, version, text) for name, (version, text) in plan.project.rules.versions.items())
    store.record_rules(versions, start)
    known = tuple(store.recipients())
    sender = Sender(store, store, notifiers, clock, real_clock=SystemClock(), policy=SendPolicy(concurrency=1))
    held = HeldMessages(store.held, lambda: known)
    cycle = Cycle(engine, store, lambda: known, without_edits=without_edits(notifiers), held=held)

    async def drain() -> None:
        await sender.drain(until_empty=True)

    replay = Replay(plan.tape, engine, cycle, clock, drain, warm_until=plan.warm_until, speed=speed)
    return Playing(replay, replay.resume(store, store), sender)
