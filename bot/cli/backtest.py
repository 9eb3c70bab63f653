"""``backtest``: recordings of prices and news through the real engine."""

from __future__ import annotations

import asyncio
import enum
import json as jsonlib
import tempfile
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json
from bot.core.errors import ConfigError, UsageError
from bot.core.prices.windows import parse_duration_or_zero

if TYPE_CHECKING:
    from rich.console import Console

    from bot.app.lab.backtesting import Backtesting, BacktestPlan

NAMED = 100
"""So many bad rows are named on the terminal; all of them in the summary."""


class Watchlist(enum.StrEnum):
    """What a backtest watches."""

    PRICED = "priced"
    CONFIG = "config"


def backtest(
    prices: Annotated[
        list[Path],
        typer.Option(
            help="Prices: symbol,date,open,high,low,close,volume for sessions, or symbol,start_at,… for bars within; "
            "CSV, gzipped or Parquet. May be given several times."
        ),
    ],
    news: Annotated[
        list[Path] | None,
        typer.Option(
            help="News: JSON objects, one a line, with published, seen, title, summary, source, link; may be gzipped "
            "and given several times."
        ),
    ] = None,
    earnings: Annotated[
        list[Path] | None,
        typer.Option(help="Earnings dates: symbol,date,when,seen; CSV, may be gzipped and given several times."),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First session that may raise alerts.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last session that may raise alerts.")] = None,
    rules: Annotated[Path | None, typer.Option(help="A rule file or a folder of them, instead of the shipped.")] = None,
    watchlist: Annotated[
        Watchlist,
        typer.Option(help="Watch every priced symbol of companies.yaml, or of these only what config.yaml watches."),
    ] = Watchlist.PRICED,
    lag: Annotated[
        str, typer.Option(help="How long after its publication a story was seen, where the file does not say.")
    ] = "10m",
    strict: Annotated[bool, typer.Option(help="Stop where a row cannot be read, instead of passing it over.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Play recorded prices and news through the engine, and say what the bot would have sent.

    Rows before --from warm the windows up. Rows that cannot be read are named and passed over. The history goes to a
    temporary database unless --database names one.
    """
    from rich.console import Console

    from bot.app.lab.backtesting import Request, plan_backtest
    from bot.clock import stopwatch

    stderr = Console(stderr=True, highlight=False, soft_wrap=True)
    took = stopwatch()
    try:
        seen_after = parse_duration_or_zero(lag)
    except ValueError as error:
        raise UsageError(f"--lag {error}") from None
    request = Request(
        config,
        tuple(prices),
        tuple(news or ()),
        _session("--from", first),
        _session("--to", last),
        rules,
        watchlist is Watchlist.CONFIG,
        seen_after,
        tuple(earnings or ()),
    )
    with stderr.status("reading prices and news"):
        plan = plan_backtest(request)
    _name_bad_rows(plan, stderr, strict)
    read = took()
    with ExitStack() as stack:
        file = database
        if file is None:
            file = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aftershock-"))) / "backtest.db"
        asyncio.run(_play(plan, file, stderr, json, kept=database is not None, read=read))


async def _play(plan: BacktestPlan, database: Path, stderr: Console, json: bool, *, kept: bool, read: float) -> None:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from bot.app.lab.backtesting import start_backtest
    from bot.app.lines import result_lines
    from bot.app.stores import open_store
    from bot.clock import SystemClock, stopwatch

    took = stopwatch()
    warm: float | None = None
    store = open_store(database, mode="backtest", run_name=plan.name, now=SystemClock().now())
    try:
        playing = start_backtest(plan, store)
        span = (plan.ends_at - plan.begins_at).total_seconds()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:.0f}%"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as progress:
            task = progress.add_task("warming up", total=span)
            async for result in playing.results():
                now = result.decisions.now
                if warm is None:
                    warm = took()
                done = max(0.0, (now - plan.begins_at).total_seconds())
                progress.update(task, completed=done, description=f"{now:%d %b %Y %H:%M}")
                if json:
                    for line in result_lines(result):
                        print(line, flush=True)
    finally:
        store.close(SystemClock().now())
    seconds = {"read": read, "warm_up": warm or 0.0, "play": took() - (warm or 0.0)}
    summary = _summary(playing, seconds)
    if json:
        print(jsonlib.dumps(summary, ensure_ascii=False), flush=True)
    _tell(summary, stderr, f"; history in {database}" if kept else "")


def _summary(playing: Backtesting, seconds: dict[str, float]) -> dict[str, Any]:
    """The last line: what was played, what came of it, how long it took."""
    plan, tally = playing.plan, playing.tally
    return {
        "type": "summary",
        "from": plan.first.isoformat(),
        "to": plan.last.isoformat(),
        "sessions": len(plan.played),
        "warm_up_sessions": sum(day < plan.first for day in plan.sessions.days),
        "symbols": len(plan.columns.symbols),
        "watched": len(plan.project.rules.symbols),
        "price_rows": len(plan.columns),
        "stories": len(plan.stories),
        "alerts": sum(tally.fired.values()),
        "alerts_by_rule": {rule.name: tally.fired.get(rule.name, 0) for rule in plan.project.rules},
        "alerted_symbols": len(tally.symbols),
        "incidents": len(tally.incidents),
        "notifications": tally.messages,
        "edits": tally.edits,
        "bad_rows": len(plan.problems),
        "bad": [str(problem) for problem in plan.problems],
        "conflicts": plan.sessions.conflicts,
        "symbols_passed_over": len(plan.columns.unknown),
        "lag_seconds": plan.request.lag.total_seconds(),
        "seconds": {name: round(value, 3) for name, value in (*seconds.items(), ("total", sum(seconds.values())))},
    }


def _tell(summary: dict[str, Any], stderr: Console, where: str) -> None:
    by_rule = ", ".join(f"{n} {name}" for name, n in summary["alerts_by_rule"].items() if n) or "no alerts"
    stderr.print(
        f"{summary['from']} to {summary['to']}: {summary['sessions']} sessions of {summary['symbols']} symbols, "
        f"{summary['stories']} stories, in {summary['seconds']['total']:.1f} s"
    )
    notes = [f"{summary['bad_rows']} bad rows"] if summary["bad_rows"] else []
    notes += [f"{summary['conflicts']} rows given twice, the last counted"] if summary["conflicts"] else []
    passed = summary["symbols_passed_over"]
    notes += [f"{passed} symbols passed over that are not watched"] if passed else []
    if notes:
        stderr.print("; ".join(notes))
    stderr.print(f"{by_rule}; {summary['incidents']} incidents, {summary['notifications']} messages{where}")


def _name_bad_rows(plan: BacktestPlan, stderr: Console, strict: bool) -> None:
    if strict and plan.problems:
        raise ConfigError(plan.problems)
    for problem in plan.problems[:NAMED]:
        stderr.print(f"passed over: {problem}", markup=False)
    if len(plan.problems) > NAMED:
        stderr.print(f"… and {len(plan.problems) - NAMED} more bad rows; --json names them all in its last line")


def _session(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{option} '{text}' is not a date; write one like 2025-01-27") from None
