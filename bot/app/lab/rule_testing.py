"""Runs rule tests through the production engine and compares what fired with what was expected.

A failing test is played again with a probe: at every step the expected rule is evaluated for its symbol, and the
nearest miss is kept, so that the report shows what stopped it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.app.lab.workbench import Scenario, Workbench, cannot_fail, open_workbench, rules_under_test, scenario_of_test
from bot.config.rule_tests.file import Expected, ExpectedMessage, RuleTest, Window, load_rule_tests, rule_test_files
from bot.config.settings.model import load_settings
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.model import NO_STOCK, AlertChange, ChangeKind, Check
from bot.core.rules.nearness import blocker, nearness
from bot.core.rules.rule import Rule, RuleSet
from bot.replay.playing import PlannedMessage, Played, play

EVENTS = (ChangeKind.FIRED, ChangeKind.ESCALATED, ChangeKind.RESOLVED)


@dataclass(frozen=True, slots=True)
class Miss:
    """The time when a rule came nearest to firing for a symbol."""

    rule: str
    symbol: str
    at: datetime
    check: Check


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was not as expected."""

    what: str
    """``expected …, but …``, in one line."""
    came: tuple[str, ...] = ()
    """What happened instead, a line each."""
    misses: tuple[Miss, ...] = ()
    """Why it did not fire, or for something unexpected why it did."""


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """How one test went."""

    test: RuleTest
    failures: tuple[Failure, ...]
    fired: tuple[AlertChange, ...]
    """Every alert that fired or rose."""
    rules: tuple[str, ...]
    """Names of the rules it was about."""
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Everything was as expected."""
        return not self.failures


@dataclass(slots=True)
class Suite:
    """Tests ready to be run."""

    workbench: Workbench
    tests: list[tuple[RuleTest, list[Rule], Scenario]]
    coverage: dict[str, set[str]] = field(default_factory=dict)
    """Per rule ``fires`` and ``quiet``, if a test expects it."""

    def uncovered(self) -> Iterator[str]:
        """Loaded rules without a test that expects them to fire, or to stay quiet; a line each."""
        for rule, ways in self.coverage.items():
            lacking = [way for way, word in (("fires", "fires"), ("stays quiet", "quiet")) if word not in ways]
            if lacking:
                yield f"{rule}: no test in which it {' or '.join(lacking)}"


def prepare_suite(config: Path, path: Path | None, rules: Path | None, now: datetime) -> Suite:
    """Read and check every test at ``path`` (by default the ``tests`` beside the configured rules).

    Raises ConfigError with every mistake in them, including tests that cannot fail; UsageError if there are none.
    """
    where = path or load_settings(config).rules / "tests"
    if path is None and where.is_relative_to(Path.cwd()):
        where = where.relative_to(Path.cwd())
    if not where.exists():
        raise UsageError(f"{where} does not exist; name a test file or a folder of test files")
    files = rule_test_files(where)
    if not files:
        raise UsageError(f"{where} has no rule tests (*.yaml); docs/rule-tests.md shows how to write one")
    tests = load_rule_tests(files)
    workbench = open_workbench(config, rules, now, tests)
    problems: list[Problem] = []
    ready: list[tuple[RuleTest, list[Rule], Scenario]] = []
    coverage: dict[str, set[str]] = {name: set() for name in workbench.own_rules}
    for test in tests:
        try:
            scenario = scenario_of_test(workbench, test)
            under, missing = rules_under_test(test, workbench.rules(scenario.symbols))
        except ConfigError as error:
            problems += error.problems
            continue
        problems += missing or cannot_fail(test, under, scenario)
        ready.append((test, under, scenario))
        for rule in under:
            if test.because and test.rules is not None:
                coverage.setdefault(rule.name, set()).add("quiet")
            if any(e.rule == rule.name or (e.rule is None and len(under) == 1) for e in test.expected):
                coverage.setdefault(rule.name, set()).add("fires")
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Suite(workbench, ready, coverage)


def run_test(workbench: Workbench, test: RuleTest, rules: list[Rule], scenario: Scenario) -> RuleTestResult:
    """Play one test and compare."""
    loaded = RuleSet(rules)
    assert scenario.tape.first_at is not None
    played = play(workbench.engine(loaded, scenario.tape.first_at), scenario.tape, until=test.until)
    comparison = _Comparison(test, rules, played)
    comparison.compare()
    wanted = {(e.rule or rules[0].name, e.symbol, e.window) for e in comparison.absent}
    misses: dict[tuple[str, str, Window | None], Miss] = {}
    if wanted or test.stopped_by:
        if test.stopped_by:
            about = (scenario.quoted or loaded.symbols) & (test.symbols or loaded.symbols)
            wanted |= {(rule.name, symbol, None) for rule in rules for symbol in rule.symbols & about}
        misses = nearest_misses(workbench, loaded, scenario, wanted)
    comparison.explain(misses)
    fired = tuple(c for c in played.changes if c.kind in (ChangeKind.FIRED, ChangeKind.ESCALATED))
    notes = tuple(
        f"implausible price: {r.quote.symbol} {r.quote.price:g} at {r.quote.at:%Y-%m-%d %H:%M}Z, {r.why}"
        for r in played.refused
    )
    return RuleTestResult(test, tuple(comparison.failures), fired, tuple(r.name for r in rules), notes=notes)


def nearest_misses(
    workbench: Workbench, rules: RuleSet, scenario: Scenario, wanted: Iterable[tuple[str, str, Window | None]]
) -> dict[tuple[str, str, Window | None], Miss]:
    """For each rule and symbol the nearest miss, inside the window if there is one; of equal ones the last."""
    assert scenario.tape.first_at is not None
    asked = sorted(wanted, key=lambda key: (key[0], key[1], str(key[2])))
    engine = workbench.engine(rules, scenario.tape.first_at)
    best: dict[tuple[str, str, Window | None], tuple[bool, float, Miss]] = {}

    def probe(at: datetime, _step: int) -> None:
        for key in asked:
            name, symbol, window = key
            check = next((o.check for o in engine.evaluate(symbol, at) if o.rule.name == name), None)
            if check is None:
                continue
            inside = window is None or window[0] <= at < window[1]
            rank = (inside, nearness(check))
            if key not in best or rank >= best[key][:2]:
                best[key] = (*rank, Miss(name, symbol, at, check))

    play(engine, scenario.tape, on_turn=probe, until=scenario.tape.last_at)
    return {key: miss for key, (_, _, miss) in best.items()}


class _Comparison:
    """What fired, against what was expected."""

    def __init__(self, test: RuleTest, rules: list[Rule], played: Played) -> None:
        self.test = test
        self.rules = rules
        looked_at = test.symbols
        self.events = [
            c for c in played.changes if c.kind in EVENTS and (looked_at is None or c.alert.symbol in looked_at)
        ]
        self.told = [
            t
            for t in played.told
            if not t.announcement.edits
            and not t.announcement.for_operator
            and (looked_at is None or looked_at & set(t.announcement.symbols))
        ]
        self.failures: list[Failure] = []
        self.absent: list[Expected] = []
        """Expected, and nothing of the kind happened."""
        self._open = list(self.events)

    def compare(self) -> None:
        """Pair what was expected with what happened; the rest are failures."""
        left = [e for e in self.test.expected if not self._pair(e, exactly=True)]
        left = [e for e in left if not self._pair(e, exactly=False)]
        self.absent = left
        for event in self._open:
            if event.kind is not ChangeKind.RESOLVED:
                self.failures.append(self._unexpected(event))
        if self.test.messages is not None:
            self._compare_messages(self.test.messages)

    def explain(self, misses: dict[tuple[str, str, Window | None], Miss]) -> None:
        """Add what did not happen, with the nearest misses, and check what stopped the rules."""
        for expected in self.absent:
            rule = expected.rule or self.rules[0].name
            miss = misses.get((rule, expected.symbol, expected.window))
            others = [e for e in self.events if e.alert.symbol == expected.symbol and e.kind is not ChangeKind.RESOLVED]
            came = tuple(map(event_line, others)) or (f"nothing for {expected.symbol or 'no stock'}",)
            what = f"expected {expected.written}: {rule} did not {'end' if expected.resolved else 'fire'}"
            self.failures.append(Failure(what, came, (miss,) if miss else ()))
        if self.test.stopped_by and self.test.because:
            self._stopped_as_said(list(misses.values()))

    # ------------------------------------------------------------------------------------------------------- pairing

    def _pair(self, expected: Expected, *, exactly: bool) -> bool:
        """Pair ``expected`` with the first event that fits; if not ``exactly``, one that differs, a failure."""
        for event in self._open:
            if not self._same(expected, event):
                continue
            differences = list(self._differences(expected, event))
            if exactly and differences:
                continue
            self._open.remove(event)
            if differences:
                what = f"expected {expected.written}: {'; '.join(differences)}"
                why = Miss(event.alert.rule, event.alert.symbol, event.at, event.alert.checks[0])
                self.failures.append(Failure(what, (event_line(event),), (why,)))
            return True
        return False

    def _same(self, expected: Expected, event: AlertChange) -> bool:
        """Whether ``event`` is of the kind expected: rule, symbol, fired or resolved."""
        alert = event.alert
        return (
            alert.symbol == expected.symbol
            and expected.rule in (None, alert.rule)
            and (event.kind is ChangeKind.RESOLVED) == expected.resolved
        )

    def _differences(self, expected: Expected, event: AlertChange) -> Iterator[str]:
        if expected.window is not None and not expected.window[0] <= event.at < expected.window[1]:
            yield f"came at {_clock(event.at)}"
        if expected.severity is not None and event.alert.severity is not expected.severity:
            yield f"severity is {event.alert.severity.word}"
        yield from _message_as_expected(expected, self._message_of(event, expected.reason))

    def _message_of(self, event: AlertChange, reason: str | None) -> PlannedMessage | None:
        """The new message sent for the event's incident at that time, preferably for ``reason``."""
        at_once = [
            t
            for t in self.told
            if t.announcement.at == event.at
            and event.alert.symbol in (t.announcement.symbols or (NO_STOCK,))
            and self._belongs(t, event)
        ]
        return next((t for t in at_once if t.announcement.reason == reason), at_once[0] if at_once else None)

    @staticmethod
    def _belongs(told: PlannedMessage, event: AlertChange) -> bool:
        return not event.alert.incident or told.announcement.incident == event.alert.incident

    # ------------------------------------------------------------------------------------------------------ what else

    def _unexpected(self, event: AlertChange) -> Failure:
        alert = event.alert
        why = Miss(alert.rule, alert.symbol, event.at, alert.checks[0])
        expected = f"nothing was expected ({self.test.because})" if self.test.because else "not expected"
        return Failure(f"{event_line(event)}: {expected}", (), (why,))

    def _compare_messages(self, expected: tuple[ExpectedMessage, ...]) -> None:
        came = [t for t in self.told if not t.notification.suppressed_by]
        for number, wanted in enumerate(expected):
            if number >= len(came):
                self.failures.append(Failure(f"expected message {number + 1}, {wanted.written}: none came"))
                continue
            differences = list(_message_differences(wanted, came[number]))
            if differences:
                what = f"expected message {number + 1}, {wanted.written}: {'; '.join(differences)}"
                self.failures.append(Failure(what, (message_line(came[number]),)))
        for extra in came[len(expected) :]:
            self.failures.append(Failure(f"{message_line(extra)}: this message was not expected"))

    def _stopped_as_said(self, misses: list[Miss]) -> None:
        """The nearest miss of all must have been stopped by what the test says."""
        if any(f.misses for f in self.failures) or not misses:
            return
        nearest = max(misses, key=lambda m: nearness(m.check))
        stop = blocker(nearest.check)
        wanted = self.test.stopped_by
        if stop is None or wanted.lower() not in stop.condition.lower():
            by = stop.condition if stop else "nothing"
            what = f"expected to be stopped by '{wanted}': {nearest.rule} for {nearest.symbol} was stopped by {by}"
            self.failures.append(Failure(what, (), (nearest,)))


def _message_as_expected(expected: Expected, message: PlannedMessage | None) -> Iterator[str]:
    """How the message about an alert differs from what is expected."""
    if expected.reason == "none":
        if message is not None:
            yield f"a message went out, reason {message.announcement.reason}"
    elif expected.reason is not None:
        if message is None:
            yield "no message went out then"
        elif message.announcement.reason != expected.reason:
            yield f"the message's reason is {message.announcement.reason}"
    if expected.contains:
        yield from _lacking(expected.contains, message)
    held = message.notification.suppressed_by if message is not None else None
    if expected.suppressed_by is not None:
        if held is None or not expected.suppressed_by.covers(held):
            yield f"the message was {f'held back by {held}' if held else 'not held back'}"
    elif held and (expected.reason or expected.contains):
        yield f"the message was held back by {held}"


def _message_differences(wanted: ExpectedMessage, told: PlannedMessage) -> Iterator[str]:
    at = told.announcement.at
    if wanted.window is not None and not wanted.window[0] <= at < wanted.window[1]:
        yield f"came at {_clock(at)}"
    if told.announcement.reason != wanted.reason:
        yield f"its reason is {told.announcement.reason}"
    yield from _lacking(wanted.contains, told)


def _lacking(words: Iterable[str], told: PlannedMessage | None) -> Iterator[str]:
    """Which of the words the message lacks; differences in white space do not matter."""
    if told is None:
        yield "no message went out then"
        return
    text = _folded(told.notification.text)
    missing = [word for word in words if _folded(word) not in text]
    if missing:
        headline = told.notification.text.strip().splitlines()[0]
        yield f"the message lacks {', '.join(f'‘{word}’' for word in missing)}; it begins ‘{headline}’"


def _folded(text: str) -> str:
    return " ".join(text.replace("−", "-").split())


def event_line(event: AlertChange) -> str:
    """``ai-model-shock NVDA fired high at 2025-01-27 10:00Z (-10.2%)``."""
    alert = event.alert
    moved = f" ({alert.change * 100:+.1f}%)" if alert.change is not None else ""
    subject = f"{alert.rule} {alert.symbol or 'no stock'}"
    return f"{subject} {event.kind.value} {alert.severity.word} at {_clock(event.at)}{moved}"


def message_line(told: PlannedMessage) -> str:
    """A message in one line."""
    headline = told.notification.text.strip().splitlines()[0]
    return f"message at {_clock(told.announcement.at)}, reason {told.announcement.reason}: ‘{headline}’"


def _clock(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}{f':{at:%S}' if at.second else ''}Z"
