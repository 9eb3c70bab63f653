"""``rules``: check, test and explain the rules people edit, and try them on past data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.history.filters import database_file
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json, parse_when
from bot.cli.terminal import say, say_all, say_json, tell
from bot.core.errors import UsageError
from bot.core.text.wording import count

app = typer.Typer(help="Check, test and try the rules you edit.", no_args_is_help=True)

Rules = Annotated[Path | None, typer.Option("--rules", help="Rule file or folder. Default: the configured one.")]


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
        say(f"{rule.name}: {count(len(rule.symbols), 'symbol')}{'' if rule.enabled else ', disabled'}{idle}")


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
    from bot.core.errors import StoreError

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
    episode: Annotated[str | None, typer.Option(help="Use an episode instead of the history.")] = None,
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
    from bot.config.rules.dump import full_rules, rules_yaml
    from bot.config.settings.model import load_settings
    from bot.config.yaml.validation import one_of

    loaded, files = check_rules(config, rules)
    chosen = [rule for rule in full_rules(files, load_settings(config).benchmark) if name in (None, rule.name)]
    if not chosen:
        raise UsageError(one_of(name or "", sorted(rule.name for rule in loaded), "rule"))
    for rule in chosen:
        compiled = loaded.named(rule.name)
        symbols = sorted(compiled.symbols) if compiled else []
        if json:
            about = {"type": "rule", "name": rule.name, "file": rule.file, "line": rule.line, "symbols": symbols}
            say_json({**about, "version": compiled.version if compiled else "", "rule": rule.data})
        else:
            some = ", ".join(symbols[:8]) + (", …" if len(symbols) > 8 else "")
            say(f"# {rule.name}: {rule.file}:{rule.line}; for {count(len(symbols), 'symbol')}: {some}")
    if not json:
        say_all(rules_yaml(chosen).splitlines())


@app.command("try")
def try_(
    since: Annotated[str | None, typer.Option(help="Sessions since then: 90d, 2025-01-27.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First session: 2025-01-27.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last session.")] = None,
    rules: Rules = None,
    episode: Annotated[str | None, typer.Option(help="Use an episode instead of the history.")] = None,
    prices: Annotated[list[Path] | None, typer.Option(help="Use recorded prices (CSV). Repeatable.")] = None,
    news: Annotated[list[Path] | None, typer.Option(help="Use recorded news (JSONL). Repeatable.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also list unchanged alerts.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Play the rules over your own history and list alerts gained, lost and moved against what fired."""
    from bot.app.lab import trying
    from bot.cli.rules import trial_table
    from bot.clock import SystemClock
    from bot.config.rule_tests.file import Recording

    now = SystemClock().now()
    recording = "--prices" if prices or news else None
    _one_of({"--episode": episode, "--database": database, "--prices and --news": recording})
    begin, end = _tried_span(since, first, last, now)
    dated = bool(since or first)
    if episode is not None:
        if dated or last:
            raise UsageError("an episode is always played whole; leave out --since, --from and --to")
        trial = trying.try_episode(config, rules, now, episode)
    elif recording:
        bounds = (begin.date() if dated else None, end.date() if last else None)
        trial = trying.try_recording(config, rules, now, Recording(tuple(prices or ()), tuple(news or ()), *bounds))
    else:
        if end < begin:
            raise UsageError(f"{end:%Y-%m-%d} is before {begin:%Y-%m-%d}; swap the two")
        file = database_file(config, database)
        with trial_table.progress(begin, end) as advance:
            trial = trying.try_history(config, rules, begin, end, now, file, advance)
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
