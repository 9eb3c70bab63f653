"""Prepares what is played: rules, symbols and a tape, from a rule test, an episode or recorded files.

Everything but the live history becomes a tape and an engine here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.app.lab.replaying import EPISODES_FROM
from bot.app.project import HISTORY, Project, Timetables, load_project, make_engine, surroundings
from bot.config.episodes.file import episode_path, load_episode
from bot.config.rule_tests.file import GivenPrices, Recording, RuleTest
from bot.config.rules import RuleNames, load_rules, rule_files
from bot.config.rules.dump import full_rules
from bot.config.shipped import Beneath
from bot.config.yaml.validation import one_of
from bot.core.engine import Engine
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.model import NO_STOCK, DailyBar, Observation, Quote
from bot.core.model.episodes import Episode
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.rule import Rule, RuleSet
from bot.replay.recording import read_recording, recording_observations
from bot.replay.tape import Tape, build_tape, session_observations

AHEAD = timedelta(days=60)


@dataclass(slots=True)
class Workbench:
    """What all plays of one command share: project, rules and calendars."""

    project: Project
    rule_files: list[Path]
    timetables: Timetables
    beneath: Beneath | None = None
    """The shipped rules that the files are laid over."""
    _rules: dict[frozenset[str], RuleSet] = field(default_factory=dict)

    def rules(self, symbols: Iterable[str] = ()) -> RuleSet:
        """The rules, with ``symbols`` added to the configured watchlist. Raises ConfigError."""
        key = frozenset((*self.project.settings.watched, *symbols))
        if key not in self._rules:
            self._rules[key] = load_rules(self.rule_files, self.around(symbols), self.beneath)
        return self._rules[key]

    def around(self, symbols: Iterable[str] = ()) -> RuleNames:
        """What rules may name, with ``symbols`` added to the configured watchlist."""
        settings = self.project.settings
        watched = tuple(dict.fromkeys((*settings.watched, *symbols)))
        return surroundings(settings, self.project.companies, self.project.topics, watched)

    @property
    def own_rules(self) -> list[str]:
        """The names of the rules in the files themselves, without shipped ones beneath. Raises ConfigError."""
        if self.beneath is None:
            return [rule.name for rule in self.rules()]
        return [rule.name for rule in full_rules(self.rule_files, "")]

    def engine(self, rules: RuleSet, watching_since: datetime) -> Engine:
        """An engine with ``rules`` and no state."""
        return make_engine(replace(self.project, rules=rules), self.timetables, watching_since)


def open_workbench(config: Path, rules: Path | None, now: datetime, tests: Collection[RuleTest] = ()) -> Workbench:
    """A workbench with the configured rules, or those at ``rules``. Raises ConfigError and UsageError."""
    if rules is not None and not rules.exists():
        raise UsageError(f"{rules} does not exist; name a rule file or a folder of rule files")
    project = load_project(config)
    files = rule_files(rules or project.settings.rules)
    beneath = project.settings.beneath("rules") if rules is None else None
    if not files and beneath is None:
        raise UsageError(f"{rules or project.settings.rules} has no rule files (*.yaml)")
    first, last = EPISODES_FROM, now.date() + AHEAD
    for day in _days(tests):
        first, last = min(first, day - HISTORY), max(last, day + AHEAD)
    return Workbench(project, files, Timetables(first, last, project.companies, listings={}), beneath)


def _days(tests: Collection[RuleTest]) -> Iterator[date]:
    for test in tests:
        if test.session is not None:
            yield test.session
        yield from (mark.at.date() for given in test.prices.values() for mark in given.series.marks)
        yield from (story.seen_at.date() for story in test.stories)
        yield from (bar.session for given in test.prices.values() for bar in given.bars)


# ------------------------------------------------------------------------------------------------- what can be played


@dataclass(frozen=True, slots=True)
class Scenario:
    """A tape to play, and the symbols with prices in it."""

    tape: Tape
    symbols: tuple[str, ...]
    """Every symbol with prices."""

    @property
    def quoted(self) -> frozenset[str]:
        """The symbols with a price within a session, not only earlier closes."""
        return frozenset(o.symbol for o in self.tape.observations if isinstance(o, Quote))


def episode_scenario(workbench: Workbench, name: str) -> Scenario:
    """A recorded episode. Raises UsageError if there is none or it has no prices, ConfigError for mistakes."""
    settings = workbench.project.settings
    path = episode_path(settings.rules / "episodes", name, settings.beneath("episodes"))
    episode = load_episode(path, timetable_of=workbench.timetables.of_exchange)
    if not episode.prices:
        raise UsageError(f"{name} describes what happened but has no prices; only recorded episodes can be played")
    return scenario_of(workbench, episode)


def scenario_of(workbench: Workbench, episode: Episode) -> Scenario:
    """An episode with prices; ``workbench`` learns the exchanges of its symbols. Raises UsageError."""
    listings = workbench.timetables.listings
    assert isinstance(listings, dict)
    listings.update({p.symbol: p.exchange for p in episode.prices})
    return Scenario(build_tape(episode, workbench.timetables.of_exchange), tuple(p.symbol for p in episode.prices))


def recording_scenario(workbench: Workbench, recording: Recording) -> tuple[Scenario, list[Problem]]:
    """Recorded files, and the rows in them that were skipped. Raises UsageError for an unreadable file."""
    recorded = read_recording(recording.prices, recording.news)
    observations = recording_observations(recorded, workbench.timetables.of_symbol, recording.first, recording.last)
    return Scenario(Tape(observations), tuple(recorded.prices.symbols)), recorded.problems


def scenario_of_test(workbench: Workbench, test: RuleTest) -> Scenario:
    """The scenario of a test, up to its ``until``. Raises ConfigError with positions in its file."""
    scenario = _given(workbench, test)
    if test.until is not None:
        scenario = Scenario(Tape(o for o in scenario.tape.observations if o.seen_at <= test.until), scenario.symbols)
        if scenario.tape.first_at is None:
            raise ConfigError([test.problem((*test.path, "until"), "nothing happens before then; write a later time")])
    return scenario


def _given(workbench: Workbench, test: RuleTest) -> Scenario:
    if test.episode is not None:
        try:
            return episode_scenario(workbench, test.episode)
        except UsageError as error:
            raise ConfigError([test.problem((*test.path, "episode"), str(error))]) from error
    if test.recording is not None:
        try:
            scenario, problems = recording_scenario(workbench, test.recording)
        except UsageError as error:
            raise ConfigError([test.problem((*test.path, "recording"), str(error))]) from error
        if problems:
            raise ConfigError(problems)
        return scenario
    problems = []
    observations: list[Observation] = [*test.stories, *test.earnings]
    for symbol, given in test.prices.items():
        observations += _priced(workbench, test, symbol, given, problems)
    if problems:
        raise ConfigError(problems)
    return Scenario(Tape(observations), tuple(test.prices))


def _priced(
    workbench: Workbench, test: RuleTest, symbol: str, given: GivenPrices, problems: list[Problem]
) -> Iterator[Observation]:
    path = (*test.path, "prices", symbol)
    if given.exchange:
        listings = workbench.timetables.listings
        assert isinstance(listings, dict)
        listings[symbol] = given.exchange
    try:
        timetable = workbench.timetables.of_symbol(symbol)
    except UsageError as error:
        problems.append(test.problem(path, str(error)))
        return
    assert test.session is not None
    first = _first_session(timetable, test.session)
    if first is None:
        problems.append(test.problem(path, f"the calendar of {timetable.exchange} does not include {test.session}"))
        return
    for n, past in enumerate(reversed(given.series.closes), 1):
        session = timetable.before(first, n)
        if session is None:
            problems.append(test.problem(path, f"{len(given.series.closes)} closes go back beyond the calendar"))
            return
        yield DailyBar(symbol, session.date, past.price, session.close_at, volume=past.volume, source=SOURCE)
    for bar in given.bars:
        session = timetable.on(bar.session)
        if session is None:
            problems.append(test.problem(path, f"{bar.session} was no session of {timetable.exchange}"))
        else:
            figures = (bar.open, bar.high, bar.low, bar.close, bar.volume)
            yield from session_observations(symbol, session, figures, SOURCE, played=session.date >= first.date)
    for mark in given.series.marks:
        session = timetable.at(mark.at)
        if session is None:
            problems.append(
                test.problem(
                    path,
                    f"{timetable.exchange} had no session at {mark.at:%Y-%m-%d %H:%M} UTC, all phases included; "
                    "check the time, its zone and the date",
                )
            )
        elif session.date < first.date:
            problems.append(
                test.problem(path, f"{mark.at:%Y-%m-%d %H:%M} UTC is before the test's session; set 'session' to it")
            )
        else:
            yield Quote(symbol, mark.price, mark.at, mark.at, mark.kind, volume=mark.volume, source=SOURCE)


SOURCE = "rule test"


def _first_session(timetable: Timetable, day: date) -> Session | None:
    """The session of ``day``, else the next one."""
    return next((s for s in timetable.all if s.date >= day), None)


# ---------------------------------------------------------------------------------------------------- what it is about


def rules_under_test(test: RuleTest, loaded: RuleSet) -> tuple[list[Rule], list[Problem]]:
    """The rules a test is about, and problems for names without a rule.

    A disabled rule is tested as if it were enabled, if the test names it.
    """
    if test.rules is None:
        return [rule for rule in loaded if rule.enabled], []
    found: list[Rule] = []
    problems: list[Problem] = []
    names = sorted(rule.name for rule in loaded)
    for name in test.rules:
        rule = loaded.named(name)
        if rule is None:
            problems.append(test.problem(test.rules_path, one_of(name, names, "rule")))
        else:
            found.append(replace(rule, enabled=True))
    return found, problems


def cannot_fail(test: RuleTest, rules: list[Rule], scenario: Scenario) -> Iterator[Problem]:
    """Why a test cannot fail, or cannot pass: it expects something it is not about."""
    by_name = {rule.name: rule for rule in rules}
    for expected in test.expected:
        if expected.rule is None and len(rules) > 1:
            message = f"the test is about several rules; name one, as 'rule: {rules[0].name}'"
            yield test.problem(expected.path, message)
            continue
        rule = by_name.get(expected.rule) if expected.rule else next(iter(rules), None)
        if rule is None:
            message = one_of(expected.rule or "", sorted(by_name), "rule")
            yield test.problem((*expected.path, "rule"), f"{message} (of those this test is about)")
        elif message := _beyond(expected.symbol, rule, test, scenario):
            yield test.problem((*expected.path, "symbol"), message)
    if test.because:
        yield from _nothing_to_fire(test, rules, scenario)


def _beyond(symbol: str, rule: Rule, test: RuleTest, scenario: Scenario) -> str:
    """Why ``rule`` cannot fire for ``symbol`` in this test; empty if it can."""
    if test.symbols is not None and symbol not in test.symbols:
        return f"{symbol} is not among the test's 'symbols'"
    if (symbol == NO_STOCK) != rule.about_no_stock:
        return f"{rule.name} is about {'no stock; write symbol: none' if rule.about_no_stock else 'stocks; name one'}"
    if symbol != NO_STOCK and symbol not in rule.symbols:
        return f"{rule.name} does not apply to {symbol}"
    if rule.has_price and symbol != NO_STOCK and symbol not in scenario.quoted:
        return f"{symbol} has no price within a session here, so {rule.name} cannot fire; add prices"
    return ""


def _nothing_to_fire(test: RuleTest, rules: list[Rule], scenario: Scenario) -> Iterator[Problem]:
    """Why a test that expects nothing would pass whatever its rules say."""
    stories = bool(test.stories) or test.episode is not None or test.recording is not None
    looked_at = scenario.quoted if test.symbols is None else scenario.quoted & test.symbols
    idle = [rule for rule in rules if not _could_fire(rule, looked_at, stories)]
    if test.rules is not None:
        for rule in idle:
            yield test.problem(test.rules_path, f"this test cannot fail: {_why_not(rule, scenario, looked_at)}")
    elif len(idle) == len(rules):
        yield test.problem(test.path, "this test cannot fail: no rule applies to its prices and news")


def _could_fire(rule: Rule, looked_at: frozenset[str], stories: bool) -> bool:
    if rule.has_price:
        held = rule.portfolio.weights.keys() if rule.portfolio is not None else frozenset()
        return not looked_at.isdisjoint(rule.symbols | held)
    return stories and (rule.per_happening or bool(rule.symbols))


def _why_not(rule: Rule, scenario: Scenario, looked_at: frozenset[str]) -> str:
    if not rule.has_price:
        return f"{rule.name} requires news and there is none; write 'news: …'"
    if scenario.symbols and not scenario.quoted:
        return "there are closes but no price in the test's session; write a time and a price after '|'"
    shown = ", ".join(sorted(looked_at)[:5]) or "no symbol"
    return f"{rule.name} applies to none of the symbols with prices here ({shown})"
