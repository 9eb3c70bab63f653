"""``rules``: check, test and explain the rules people edit, and try them on past data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.commands import Commands
from bot.cli.history.filters import database_file
from bot.cli.options import (
    DEFAULT_CONFIG,
    Config,
    Database,
    Json,
    Place,
    parse_when,
    shown_path,
)
from bot.cli.terminal import say, say_all, say_json, tell
from bot.core.errors import StoreError, UsageError
from bot.core.text.wording import count
from bot.render.outside import command

if TYPE_CHECKING:
    from bot.config.rule_tests.file import Recording

app = typer.Typer(cls=Commands, help="Check, test and try the rules you edit.", no_args_is_help=True)

Rules = Annotated[Path | None, typer.Option("--rules", help="Rule file or folder. Default: the configured one.")]
Since = Annotated[str | None, typer.Option(help="Sessions since then: 90d, 2025-01-27.")]
First = Annotated[str | None, typer.Option("--from", help="First session: 2025-01-27.")]
Last = Annotated[str | None, typer.Option("--to", help="Last session.")]
Episode = Annotated[str | None, typer.Option(help="Use an episode instead of the history.")]
Prices = Annotated[list[Path] | None, typer.Option(help="Use recorded prices (CSV). Repeatable.")]
News = Annotated[list[Path] | None, typer.Option(help="Use recorded news (JSONL). Repeatable.")]


@app.command("check")
def check(
    path: Annotated[Path | None, typer.Argument(help="Rule file or folder. Default: the configured one.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Report every mistake in every rule file with file, line and column; exit 2 if there is one."""
    from bot.app.project import check_rules

    rules, files = check_rules(config, path)
    tell(f"{count(len(rules), 'rule')} in {count(len(files), 'file')}: no mistakes")
    for rule in rules:
        idle = f"; {rule.idle}" if rule.idle else ""
        alone = "news alone" if rule.per_happening else "a portfolio" if rule.about_no_stock else ""
        about = alone or count(len(rule.symbols), "symbol")
        say(f"{rule.name}: {about}{'' if rule.enabled else ', disabled'}{idle}")


@app.command("test")
def run_tests(
    path: Annotated[Path | None, typer.Argument(help="Test file or folder. Default: rules/tests.")] = None,
    rules: Rules = None,
    junit: Annotated[Path | None, typer.Option(help="Also write the results as JUnit XML, for CI.")] = None,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Run the rule tests; exit 1 if one fails, 2 if a test itself has a mistake."""
    from bot.app.lab import rule_test_report as report
    from bot.app.lab.rule_testing import prepare_suite, run_test
    from bot.clock import SystemClock, stopwatch

    elapsed = stopwatch()
    suite = prepare_suite(config, path, rules, SystemClock().now())
    results = []
    for case, under, scenario in suite.tests:
        result = run_test(suite.workbench, case, under, scenario)
        results.append(result)
        if json:
            say_json(report.result_object(result))
        else:
            for line in report.result_lines(result):
                say(line)
    taken = elapsed()
    failed = sum(not r.passed for r in results)
    if junit is not None:
        try:
            junit.write_text(report.junit(results, taken), encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{junit} cannot be written: {error.strerror}") from error
    if path is None and rules is None:
        for line in suite.uncovered():
            tell(f"note: {line}")
    total = count(len(results), "test")
    tell(f"{total}, {failed} failed, in {taken:.1f} s" if failed else f"{total} passed in {taken:.1f} s")
    if failed:
        raise typer.Exit(1)


@app.command("explain")
def explain(
    symbol: Annotated[str, typer.Argument(help="The symbol, as NVDA.")],
    at: Annotated[str, typer.Option("--at", help="The time: 2025-01-27T10:00Z, or how long ago, as 2h.")],
    episode: Episode = None,
    rules: Rules = None,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Explain for every rule why it held for SYMBOL at that time, or which condition stopped it."""
    from bot.app.lab import explaining
    from bot.clock import SystemClock

    now = SystemClock().now()
    moment = parse_when(at, now)
    _one_of({"--episode": episode, "--database": database})
    if episode is not None:
        found = explaining.explain_episode(config, symbol.upper(), moment, now, episode, rules)
    else:
        file = database_file(config, database)
        found = explaining.explain_history(config, symbol.upper(), moment, now, file, rules)
    if json:
        say_json(explaining.explanation_object(found))
        return
    for line in explaining.explanation_lines(found):
        say(line)


@app.command("show")
def show(
    name: Annotated[str | None, typer.Argument(help="A rule's name. Default: all rules.")] = None,
    rules: Rules = None,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Print a rule with every default filled in, as YAML that reads back to the same rule."""
    from bot.app.project import check_rules
    from bot.config.rules import rule_files
    from bot.config.rules.dump import full_rules, rules_yaml
    from bot.config.settings.model import load_settings
    from bot.config.yaml.validation import one_of

    loaded, _ = check_rules(config, rules)
    settings = load_settings(config)
    files, beneath = rule_files(rules or settings.rules), settings.beneath("rules") if rules is None else None
    chosen = [rule for rule in full_rules(files, settings.benchmark, beneath) if name in (None, rule.name)]
    if not chosen:
        raise UsageError(one_of(name or "", sorted(rule.name for rule in loaded), "rule"))
    for rule in chosen:
        compiled = loaded.named(rule.name)
        symbols = sorted(compiled.symbols) if compiled else []
        if json:
            about = {"type": "rule", "name": rule.name, "file": rule.file, "line": rule.line, "symbols": symbols}
            about |= {"origin": rule.origin} if rule.origin else {}
            say_json({**about, "version": compiled.version if compiled else "", "rule": rule.data})
        else:
            some = ", ".join(symbols[:8]) + (", …" if len(symbols) > 8 else "")
            whom = f"for {count(len(symbols), 'symbol')}: {some}"
            if compiled is not None and compiled.about_no_stock:
                whom = "for news alone" if compiled.per_happening else "for a portfolio"
            origin = f"{rule.origin}: " if rule.origin else ""
            say(f"# {rule.name}: {origin}{rule.file}:{rule.line}; {whom}")
    if not json:
        say_all(rules_yaml(chosen).splitlines())


@app.command("copy")
def copy(
    name: Annotated[str, typer.Argument(help="The name of a shipped rule.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Copy a shipped rule into your own rules, to edit it there: yours then stands in its place."""
    from bot.app.setup.new_folder import copy_rule

    path = copy_rule(config, name)
    say(shown_path(path))
    tell(f"{name} is yours now; what becomes of the shipped one, {command('upgrade', '--check')} says")


@app.command("try")
def try_(
    since: Since = None,
    first: First = None,
    last: Last = None,
    rules: Rules = None,
    episode: Episode = None,
    prices: Prices = None,
    news: News = None,
    every: Annotated[bool, typer.Option("--all", help="Also list unchanged alerts.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Play the rules over your own history and list alerts gained, lost and moved against what fired."""
    from bot.app.lab import trying
    from bot.cli.rules import trial_table
    from bot.clock import SystemClock

    now = SystemClock().now()
    over = _Over.of(since, first, last, episode, prices, news, database, now)
    if over.episode is not None:
        trial = trying.try_episode(config, rules, now, over.episode)
    elif over.recording is not None:
        trial = trying.try_recording(config, rules, now, over.recording)
    else:
        file = _played(config, database)
        with trial_table.playing(over.begin, over.end) as advance:
            trial = trying.try_history(config, rules, over.begin, over.end, now, file, advance)
    for note in trial.notes:
        tell(f"note: {note}")
    rows = [row for row in trial.rows if every or row.difference is not trying.Difference.SAME]
    if json:
        for row in rows:
            say_json(trying.row_object(row))
        say_json(trying.summary_object(trial))
        return
    if rows:
        trial_table.show(rows)
    tell(trial_table.summary(trial))


@app.command("diff")
def diff(
    against: Annotated[
        str | None,
        typer.Option(
            help="history (the rules last in force), shipped, a git revision as HEAD, or a rule file or folder."
        ),
    ] = None,
    since: Since = None,
    first: First = None,
    last: Last = None,
    rules: Rules = None,
    episode: Episode = None,
    prices: Prices = None,
    news: News = None,
    every: Annotated[bool, typer.Option("--all", help="Also list what is as before.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Show what an edit of the rules changes: messages first, then alerts, each with its reason.

    Compares the rules in the folder with those the bot last ran with (before the first run: with those that ship) or,
    with --rules, the rules in a file with the configured ones.
    """
    from bot.app.lab import diffing, trying
    from bot.cli.rules import diff_table, trial_table
    from bot.clock import SystemClock

    now = SystemClock().now()
    over = _Over.of(since, first, last, episode, prices, news, database, now, exclusive=False)
    found = diffing.versions(config, rules, against, now, lambda: database_file(config, database))
    if over.episode is not None:
        result = diffing.diff_episode(found, over.episode)
    elif over.recording is not None:
        result = diffing.diff_recording(found, over.recording)
    else:
        past = trying.past_of(_played(config, database), over.begin, over.end, now)
        with trial_table.playing(over.begin, over.end) as advance:
            result = diffing.diff_history(found, past, advance)
    for note in result.notes:
        tell(f"note: {note}")
    messages = [m for m in result.messages if every or m.difference is not diffing.MessageDifference.SAME]
    alerts = [a for a in result.alerts if every or a.row.difference is not trying.Difference.SAME]
    if json:
        for message in messages:
            say_json(diffing.message_object(message))
        for alert in alerts:
            say_json({**trying.row_object(alert.row), "because": alert.because})
        say_json(diffing.diff_object(result))
        return
    diff_table.show(messages, alerts)
    for line in diff_table.summary(result):
        tell(line)


def _played(config: Path, database: Place | None) -> Place:
    """The history to play. Raises StoreError with what else can be played where there is none."""
    from bot.app.lab.trying import WEEK

    try:
        return database_file(config, database)
    except StoreError as error:
        raise StoreError(f"{error}; a recorded week can be played before: {WEEK}") from error


@dataclass(frozen=True, slots=True)
class _Over:
    """What rules are played over: an episode, recorded files, or a stretch of the history."""

    begin: datetime
    end: datetime
    episode: str | None = None
    recording: Recording | None = None

    @classmethod
    def of(
        cls,
        since: str | None,
        first: str | None,
        last: str | None,
        episode: str | None,
        prices: Sequence[Path] | None,
        news: Sequence[Path] | None,
        database: Place | None,
        now: datetime,
        *,
        exclusive: bool = True,
    ) -> _Over:
        """As the options say. ``exclusive``: a database is of no use beside an episode or recorded files. Raises
        UsageError where they contradict each other."""
        from bot.config.rule_tests.file import Recording

        recorded = "--prices" if prices or news else None
        history = {"--database": database} if exclusive else {}
        _one_of({"--episode": episode, **history, "--prices and --news": recorded})
        begin, end = _tried_span(since, first, last, now)
        dated = bool(since or first)
        if episode is not None and (dated or last):
            raise UsageError("an episode is always played whole; leave out --since, --from and --to")
        if recorded:
            bounds = (begin.date() if dated else None, end.date() if last else None)
            return cls(begin, end, None, Recording(tuple(prices or ()), tuple(news or ()), *bounds))
        if episode is None and end < begin:
            raise UsageError(f"{end:%Y-%m-%d} is before {begin:%Y-%m-%d}; swap the two")
        return cls(begin, end, episode)


def _one_of(options: Mapping[str, object]) -> None:
    """Raise UsageError where more than one of these mutually exclusive options is given (not None)."""
    given = [option for option, value in options.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot be combined; keep one")


def _tried_span(since: str | None, first: str | None, last: str | None, now: datetime) -> tuple[datetime, datetime]:
    """From when to when rules are tried; the last 90 days by default."""
    if since is not None and first is not None:
        raise UsageError("--since and --from mean the same; keep one")
    begin = parse_when(since or first or "90d", now)
    if not last:
        return begin, now
    end = parse_when(last, now)
    if end.time() == time():  # a date means all of it
        end = min(end + timedelta(days=1) - timedelta(microseconds=1), now)
    return begin, end
