"""``rules``: look over the rules people edit, test them, ask why, and try them on the past."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json

app = typer.Typer(help="Check, test and try the rules you edit.", no_args_is_help=True)

Rules = Annotated[Path | None, typer.Option("--rules", help="A rule file or folder other than the configured one.")]


@app.callback()
def _group() -> None:
    """Check, test and try the rules you edit."""


@app.command("check")
def check(
    path: Annotated[Path | None, typer.Argument(help="A rule file or folder; the configured one otherwise.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Report every mistake in every rule file with file, line and column; exit 2 where there is one."""
    from bot.app.world import check_rules

    rules, files = check_rules(config, path)
    plural = "s" if len(rules) != 1 else ""
    typer.echo(f"{len(rules)} rule{plural} in {len(files)} file{'s' if len(files) != 1 else ''}: no mistakes", err=True)
    for rule in rules:
        typer.echo(f"{rule.name}: {len(rule.symbols)} symbols{'' if rule.enabled else ', disabled'}")


@app.command("test")
def run_tests(
    path: Annotated[Path | None, typer.Argument(help="A test file or folder; rules/tests otherwise.")] = None,
    rules: Rules = None,
    junit: Annotated[Path | None, typer.Option(help="Also write the results as JUnit XML, for CI.")] = None,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Run the tests beside the rules; exit 1 where one fails, 2 where a test itself is wrong."""
    from time import perf_counter

    from bot.app import rule_test_report as report
    from bot.app.rule_testing import prepare_suite, run_test
    from bot.clock import SystemClock
    from bot.core.errors import StoreError

    begun = perf_counter()
    suite = prepare_suite(config, path, rules, SystemClock().now())
    verdicts = []
    for case, under, scene in suite.tests:
        verdict = run_test(suite.stage, case, under, scene)
        verdicts.append(verdict)
        if json:
            typer.echo(jsonlib.dumps(report.verdict_object(verdict), ensure_ascii=False))
        else:
            for line in report.verdict_lines(verdict):
                typer.echo(line)
    taken = perf_counter() - begun
    failed = sum(not v.passed for v in verdicts)
    if junit is not None:
        try:
            junit.write_text(report.junit(verdicts, taken), encoding="utf-8")
        except OSError as error:
            raise StoreError(f"{junit} cannot be written: {error.strerror}") from error
    if path is None and rules is None:
        for line in suite.uncovered():
            typer.echo(f"note: {line}", err=True)
    total = f"{len(verdicts)} test{'' if len(verdicts) == 1 else 's'}"
    print(
        f"{total}, {failed} failed, in {taken:.1f} s" if failed else f"{total} passed in {taken:.1f} s", file=sys.stderr
    )
    if failed:
        raise typer.Exit(1)
