"""What an edit of the rules changes for those who receive messages: both versions played over the same past, side by
side, so that of every alert that differs it is known what stopped the other version at that moment."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from typing import Any

from bot.adapters.git import files_at
from bot.app.lab.replaying import beside
from bot.app.lab.trying import Difference, Fired, Key, Past, Progress, Row, compared, fired_by
from bot.app.lab.workbench import Workbench, episode_scenario, open_workbench, recording_scenario
from bot.app.lines import iso
from bot.app.stores import Place, read_store
from bot.config.rule_tests.file import Recording
from bot.config.rules import load_rules, rule_files
from bot.core.engine import Engine
from bot.core.errors import StoreError, UsageError
from bot.core.model import AlertChange, Announcement, ChangeKind, DailyBar, Observation, Reason
from bot.core.rules.conditions import Price
from bot.core.rules.nearness import blocker
from bot.core.rules.rule import RuleSet, first_price
from bot.core.text.wording import count, percent
from bot.render import plain

IN_FORCE = "history"
"""Compare with the rules that the bot last ran with."""
SHIPPED_RULES = "shipped"
"""Compare with the rules that ship, without what the folder has of its own."""
NEAR = timedelta(days=1)
"""Messages further apart than this are not the same one earlier or later."""
NAMED = 3
"""How many alerts are named as the reason of a message."""


class MessageDifference(enum.StrEnum):
    """What became of a message under the edited rules."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"
    """It comes earlier or later."""
    REWORDED = "reworded"
    """It comes at the same moment and reads otherwise."""
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Told:
    """One new message; edits of it are not counted."""

    at: datetime
    reason: Reason
    headline: str
    text: str
    lead: str
    """The first of its symbols."""
    symbols: frozenset[str]
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message under the edited rules beside the same message before the edit."""

    difference: MessageDifference
    now: Told | None
    before: Told | None
    because: str = ""

    @property
    def either(self) -> Told:
        """The message as it is now, or as it was."""
        found = self.now or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert under the edited rules beside the same alert before the edit, with what makes the difference."""

    row: Row
    because: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """What an edit changes."""

    messages: tuple[MessageRow, ...]
    alerts: tuple[AlertRow, ...]
    edits: tuple[str, ...]
    """The rules that differ, in words; empty where none does, and nothing was played."""
    over: str
    against: str
    notes: tuple[str, ...] = ()

    def counts(self) -> dict[str, dict[str, int]]:
        """For messages and alerts: how many there were before, how many now, and how many became what."""
        messages, alerts = [m.difference for m in self.messages], [a.row.difference for a in self.alerts]
        return {"messages": _counted(messages), "alerts": _counted(alerts)}


def _counted(differences: Sequence[Difference] | Sequence[MessageDifference]) -> dict[str, int]:
    words = [str(each) for each in differences]
    lost, gained = words.count(Difference.LOST), words.count(Difference.GAINED)
    sides = {"before": len(words) - gained, "now": len(words) - lost}
    return sides | {each.value: words.count(each) for each in MessageDifference}


# ------------------------------------------------------------------------------------------------------- both versions


@dataclass(slots=True)
class Versions:
    """The rules before the edit and those after it, on one workbench."""

    workbench: Workbench
    against: str
    _before: Callable[[Collection[str]], RuleSet]
    _named: Path | None

    def of(self, symbols: Collection[str] = ()) -> tuple[RuleSet, RuleSet]:
        """Both, with ``symbols`` added to the configured watchlist. Raises ConfigError."""
        now = self.workbench.rules(symbols)
        if self._named is not None:
            files = rule_files(self._named)
            given = load_rules(files, self.workbench.around(symbols))
            now = beside(now, given, alone=self._named.is_dir())
        return self._before(symbols), now


def versions(
    config: Path, rules: Path | None, against: str | None, now: datetime, database: Callable[[], Place]
) -> Versions:
    """The rules at ``rules``, by default the configured ones, and those they are compared with: ``history`` (those last
    in force in ``database``, which may raise StoreError), ``shipped``, a file or folder, or a revision of git.

    By default ``rules`` is compared with the configured ones, and those with the history or, in a folder that takes
    what ships and in which the bot has not run yet, with what ships. Raises UsageError, ConfigError and StoreError.
    """
    workbench = open_workbench(config, None, now)
    if rules is not None and not rules.exists():
        raise UsageError(f"{rules} does not exist; name a rule file or a folder of rule files")
    if against is None and rules is not None:
        return Versions(workbench, "the configured rules", workbench.rules, rules)
    ships = workbench.beneath
    if against is None and ships is not None and not _has_run(database):
        against = SHIPPED_RULES
    if against in (None, IN_FORCE):
        return Versions(workbench, "the rules last in force", _in_force(workbench, database()), rules)
    if against == SHIPPED_RULES and ships is not None:
        return Versions(workbench, "the rules that ship", lambda s: load_rules((), workbench.around(s), ships), rules)
    if (path := Path(against or "")).exists():

        def named(symbols: Collection[str]) -> RuleSet:
            found = load_rules(rule_files(path), workbench.around(symbols))
            return beside(workbench.rules(symbols), found, alone=path.is_dir())

        return Versions(workbench, str(path), named, rules)
    folder = workbench.project.settings.rules
    texts = {Path(f"{against}:{name}"): text for name, text in files_at(folder, str(against), ".yaml").items()}
    texts.pop(Path(f"{against}:companies.yaml"), None)

    def revised(symbols: Collection[str]) -> RuleSet:
        return load_rules(tuple(texts), workbench.around(symbols), workbench.beneath, texts=texts)

    return Versions(workbench, f"{against} in git", revised, rules)


def _has_run(database: Callable[[], Place]) -> bool:
    """Whether a history knows rules in force. Raises StoreError."""
    try:
        place = database()
    except StoreError:  # there is none
        return False
    with read_store(place) as store:
        return bool(store.rules_in_force())


def _in_force(workbench: Workbench, database: Place) -> Callable[[Collection[str]], RuleSet]:
    """The rules that the bot last ran with. Raises UsageError where none are known."""
    with read_store(database) as store:
        known = store.rules_in_force()
    if not known:
        raise UsageError(
            f"{database} knows no rules in force; start `run` first, or name what to compare with, as --against HEAD"
        )
    texts = {Path(f"rule {name}, as it was in force"): _as_file(text) for name, _, text in known if text}

    def in_force(symbols: Collection[str]) -> RuleSet:
        """What is switched by the configuration is not in a rule's text; it is told by a rule that is as it was."""
        now = workbench.rules(symbols).named
        known = load_rules(tuple(texts), workbench.around(symbols), texts=texts)
        pairs = [(rule, now(rule.name)) for rule in known]
        return RuleSet(replace(r, enabled=n.enabled) if n and n.version == r.version else r for r, n in pairs)

    return in_force


def _as_file(text: str) -> str:
    """A rule as the history keeps it, as the text of a rule file."""
    return text if text.startswith("conditions:") else f"rules:\n{text}"


def edits_between(before: RuleSet, now: RuleSet) -> list[str]:
    """The rules that differ, in words."""
    old, new = before.versions, now.versions
    changed = [f"{name} (changed)" for name in new if name in old and old[name][0] != new[name][0]]
    come = [f"{rule.name} ({'new' if rule.enabled else 'new, off'})" for rule in now if rule.name not in old]
    return [*changed, *come, *(f"{name} (gone)" for name in old if name not in new)]


# -------------------------------------------------------------------------------------------------------------- played


def diff_history(found: Versions, past: Past, progress: Progress | None = None) -> Diff:
    """Both versions over a stretch of a history. Raises ConfigError and StoreError."""
    over = f"sessions from {past.first} to {past.until.date()}"
    with past.observed(found.workbench) as (observations, symbols):
        rules = found.of(symbols)
        if not (edits := edits_between(*rules)):
            return Diff((), (), (), over, found.against, past.notes)
        sides = _sides(found.workbench, rules, min(past.start, past.begins_at))
        groups = ((at, list(group)) for at, group in groupby(observations, key=lambda o: o.seen_at))
        warming: list[Observation] = []
        for at, group in groups:
            if at >= past.start:
                for side in sides:
                    side.engine.restore(warming, (), (), past.start)
                _play(sides, [(at, group)], None)
                break
            warming += group
        _play(sides, groups, progress)
        _play(sides, [(past.until, [])], None)
    return _diff(sides, edits, over, found.against, past.notes, lambda s: past.first <= s <= past.until.date())


def diff_episode(found: Versions, episode: str) -> Diff:
    """Both versions over a recorded episode. Raises UsageError and ConfigError."""
    scenario = episode_scenario(found.workbench, episode)
    return _diff_tape(found, scenario.tape.observations, scenario.symbols, episode, ())


def diff_recording(found: Versions, recording: Recording) -> Diff:
    """Both versions over recorded files. Raises UsageError and ConfigError."""
    scenario, problems = recording_scenario(found.workbench, recording)
    if not scenario.tape.observations:
        raise UsageError("the recorded files have nothing to play: " + "; ".join(map(str, problems[:3])))
    notes = [f"skipped: {problem}" for problem in problems[:20]]
    if len(problems) > 20:
        notes.append(f"skipped: {len(problems) - 20} more rows")
    return _diff_tape(found, scenario.tape.observations, scenario.symbols, "the recorded files", notes)


def _diff_tape(
    found: Versions, tape: Sequence[Observation], symbols: Collection[str], over: str, notes: Iterable[str]
) -> Diff:
    rules = found.of(symbols)
    if not (edits := edits_between(*rules)):
        return Diff((), (), (), over, found.against, tuple(notes))
    sides = _sides(found.workbench, rules, tape[0].seen_at)
    begins = min((o.seen_at for o in tape if not isinstance(o, DailyBar)), default=tape[0].seen_at)
    warming = [o for o in tape if o.seen_at < begins]
    if warming:
        _play(sides, [(warming[-1].seen_at, warming)], None)
    groups = groupby((o for o in tape if o.seen_at >= begins), key=lambda o: o.seen_at)
    _play(sides, ((at, list(group)) for at, group in groups), None)
    _play(sides, [(tape[-1].seen_at + timedelta(days=1), [])], None)
    return _diff(sides, edits, over, found.against, tuple(notes), lambda session: True)


@dataclass(slots=True)
class _Side:
    """One version while it is played."""

    rules: RuleSet
    engine: Engine
    changes: list[AlertChange] = field(default_factory=list)
    fired: set[Key] = field(default_factory=set)
    announced: list[Announcement] = field(default_factory=list)
    stopped: dict[Key, str] = field(default_factory=dict)
    """By what each alert that only the other version has fired was stopped here, at that moment."""

    def step(self, at: datetime, observations: list[Observation]) -> list[AlertChange]:
        """Decide; the alerts that fired."""
        decided = self.engine.step(observations, at)
        self.changes += decided.changes
        self.announced += decided.announcements
        new = [change for change in decided.changes if change.kind is ChangeKind.FIRED]
        self.fired.update(_key(change) for change in new)
        return new

    def note(self, changes: Iterable[AlertChange], at: datetime) -> None:
        """Note what stops alerts that the other version has just fired."""
        for change in changes:
            if (key := _key(change)) not in self.fired:
                self.stopped[key] = self._why_not(change, at)

    def _why_not(self, change: AlertChange, at: datetime) -> str:
        alert = change.alert
        rule = self.rules.named(alert.rule)
        if rule is None:
            return "no such rule"
        if not rule.enabled:
            return "switched off"
        if alert.symbol not in rule.symbols:
            return f"not for {alert.symbol}"
        found = next((e for e in self.engine.evaluate(alert.symbol, at) if e.rule.name == rule.name), None)
        stopper = blocker(found.check) if found is not None else None
        if stopper is None:
            return ""
        asked = first_price(rule.when)
        if isinstance(asked, Price) and stopper.condition == str(asked) and alert.change is not None:
            # of several prices of one moment the last stands; the alert has the one that counted
            return f"{stopper.condition}: {percent(alert.change)}"
        return f"{stopper.condition}: {stopper.measured}" if stopper.measured else stopper.condition


def _key(change: AlertChange) -> Key:
    return change.alert.rule, change.alert.symbol, change.alert.session


def _sides(workbench: Workbench, rules: tuple[RuleSet, RuleSet], since: datetime) -> tuple[_Side, _Side]:
    before, now = (_Side(each, workbench.engine(each, since)) for each in rules)
    return before, now


def _play(
    sides: tuple[_Side, _Side], groups: Iterable[tuple[datetime, list[Observation]]], progress: Progress | None
) -> None:
    before, now = sides
    for at, group in groups:
        old, new = before.step(at, group), now.step(at, group)
        before.note(new, at)
        now.note(old, at)
        if progress is not None:
            progress(at)


# ------------------------------------------------------------------------------------------------------------ compared


def _diff(
    sides: tuple[_Side, _Side],
    edits: Sequence[str],
    over: str,
    against: str,
    notes: tuple[str, ...],
    counts: Callable[[date], bool],
) -> Diff:
    before, now = sides
    old, new = ({k: f for k, f in fired_by(side.changes).items() if counts(f.session)} for side in sides)
    alerts = [AlertRow(row, _alert_reason(row, before, now)) for row in compared(new, old)]
    rows = _matched(_told(before.announced), _told(now.announced))
    messages = [replace(row, because=_message_reason(row, alerts, before, now)) for row in rows]
    return Diff(tuple(messages), tuple(alerts), tuple(edits), over, against, notes)


def _alert_reason(row: Row, before: _Side, now: _Side) -> str:
    key = row.either.key
    if row.difference is Difference.GAINED:
        return f"before: {before.stopped[key]}" if before.stopped.get(key) else ""
    if row.difference is Difference.LOST:
        return f"now: {now.stopped[key]}" if now.stopped.get(key) else ""
    if row.difference is Difference.MOVED and row.now is not None and row.before is not None:
        return "; ".join(_moved(row.now, row.before, before, now))
    return ""


def _moved(new: Fired, old: Fired, before: _Side, now: _Side) -> Iterator[str]:
    if new.at < old.at:
        then = before.stopped.get(new.key)
        yield f"{_apart(old.at - new.at)} earlier" + (f"; before: {then}" if then else "")
    elif new.at > old.at:
        then = now.stopped.get(new.key)
        yield f"{_apart(new.at - old.at)} later" + (f"; now: {then}" if then else "")
    if new.severity is not old.severity:
        yield f"severity {new.severity.word}, was {old.severity.word}"


def _apart(by: timedelta) -> str:
    minutes = round(by.total_seconds() / 60)
    if minutes < 1:
        return count(int(by.total_seconds()), "second")
    return count(minutes, "minute") if minutes < 120 else f"{minutes / 60:.1f} hours"


def _told(announced: Iterable[Announcement]) -> list[Told]:
    return [
        Told(a.at, a.reason, a.summary.subject, plain(a.summary), *_whose(a), frozenset(a.rules))
        for a in announced
        if a.incident and not a.edits and a.suppressed_by is None
    ]


def _whose(announcement: Announcement) -> tuple[str, frozenset[str]]:
    return next(iter(announcement.symbols), ""), frozenset(announcement.symbols)


def _matched(before: Sequence[Told], now: Sequence[Told]) -> list[MessageRow]:
    """Each message beside its counterpart: of the same moment, reason and stock; else the nearest in time for the same
    reason about one of the same stocks."""
    rows: list[MessageRow] = []
    left = list(before)
    missing: list[Told] = []
    for new in now:
        same = next((o for o in left if (o.at, o.reason, o.lead) == (new.at, new.reason, new.lead)), None)
        if same is None:
            missing.append(new)
            continue
        left.remove(same)
        rows.append(
            MessageRow(MessageDifference.SAME if same.text == new.text else MessageDifference.REWORDED, new, same)
        )
    for new in missing:
        alike = [o for o in left if o.reason is new.reason and o.symbols & new.symbols and abs(o.at - new.at) < NEAR]
        old = min(alike, key=lambda o: (o.lead != new.lead, abs(o.at - new.at)), default=None)
        if old is not None:
            left.remove(old)
        rows.append(MessageRow(MessageDifference.MOVED if old else MessageDifference.GAINED, new, old))
    rows += [MessageRow(MessageDifference.LOST, None, old) for old in left]
    return sorted(rows, key=lambda row: (row.either.at, row.either.headline))


def _message_reason(row: MessageRow, alerts: Sequence[AlertRow], before: _Side, now: _Side) -> str:
    """Why a message differs: what its text says otherwise, what held it back, or the alerts that differ behind it."""
    if row.difference is MessageDifference.SAME:
        return ""
    if row.difference is MessageDifference.REWORDED and row.now is not None and row.before is not None:
        return _other_words(row.before.text, row.now.text)
    told, other = row.either, before if row.before is None else now
    held = [
        a for a in other.announced if a.suppressed_by and a.reason is told.reason and told.symbols & set(a.symbols)
        and abs(a.at - told.at) < NEAR
    ]  # fmt: skip
    parts = []
    if row.now is not None and row.before is not None and row.now.at != row.before.at:
        word = "earlier" if row.now.at < row.before.at else "later"
        parts.append(f"{_apart(abs(row.now.at - row.before.at))} {word}")
    if row.difference is not MessageDifference.MOVED and held and held[0].suppressed_by is not None:
        parts.append(f"{'before' if row.before is None else 'now'} held back: {held[0].suppressed_by}")
    behind = [a for a in alerts if a.row.difference is not Difference.SAME and a.row.either.symbol in told.symbols]
    words = [f"{a.row.either.symbol} by {a.row.either.rule} {a.row.difference.value}" for a in behind[:NAMED]]
    if len(behind) > NAMED:
        words.append(f"{len(behind) - NAMED} more")
    return "; ".join([*parts, *([", ".join(words)] if words else [])]) or "other messages of the incident differ"


def _other_words(before: str, now: str) -> str:
    """The first lines in which two texts differ."""
    lines = list(unified_diff(before.splitlines(), now.splitlines(), n=0, lineterm=""))[2:]
    gone = next((line[1:].strip(" •│") for line in lines if line.startswith("-") and line[1:].strip(" •│")), "")
    come = next((line[1:].strip(" •│") for line in lines if line.startswith("+") and line[1:].strip(" •│")), "")
    return f"reads “{come}”" + (f", not “{gone}”" if gone else "") if come else f"no longer reads “{gone}”"


# --------------------------------------------------------------------------------------------------------------- shown


def message_object(row: MessageRow) -> dict[str, Any]:
    """A message for ``--json``."""
    return {
        "type": "message",
        "difference": row.difference.value,
        "reason": row.either.reason.value,
        "now": _told_object(row.now),
        "before": _told_object(row.before),
        "because": row.because,
    }


def _told_object(told: Told | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return {"at": iso(told.at), "headline": told.headline, "symbols": sorted(told.symbols), "rules": sorted(told.rules)}


def diff_object(diff: Diff) -> dict[str, Any]:
    """The last line of ``--json``."""
    about = {"rules": list(diff.edits), "over": diff.over, "against": diff.against, "notes": list(diff.notes)}
    return {"type": "summary", **diff.counts(), **about}
