"""``backtest``: plays recorded prices and news through the engine."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json, Place, TrialDatabase, database_or_temporary
from bot.cli.progress import progress, waiting
from bot.cli.terminal import say, say_json, tell
from bot.core.errors import ConfigError, UsageError
from bot.core.prices.windows import parse_duration_or_zero
from bot.core.text.wording import count

if TYPE_CHECKING:
    from bot.app.lab.backtesting import Backtesting, BacktestPlan

LISTED = 50
"""Incidents listed for people; the history has all of them."""
NAMED = 100
"""Bad rows listed on the terminal; the JSON summary has all of them."""


class Watchlist(enum.StrEnum):
    """What a backtest watches."""

    PRICED = "priced"
    CONFIG = "config"


def backtest(
    prices: Annotated[
        list[Path],
        typer.Option(
            help="Prices: symbol,date,open,high,low,close,volume for daily bars, or symbol,start_at,… for intraday "
            "bars; CSV, gzipped CSV or Parquet. What vendors write of one stock is NVDA=FILE. Repeatable."
        ),
    ],
    news: Annotated[
        list[Path] | None,
        typer.Option(
            help="News: one JSON object per line with published_at, seen_at, title, summary, source, publisher, link, "
            "as history export writes stories; may be gzipped. Repeatable."
        ),
    ] = None,
    earnings: Annotated[
        list[Path] | None,
        typer.Option(help="Earnings dates: symbol,date,when,seen; CSV, may be gzipped. Repeatable."),
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First session that may raise alerts.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last session that may raise alerts.")] = None,
    rules: Annotated[Path | None, typer.Option(help="Rule file or folder. Default: the configured one.")] = None,
    watchlist: Annotated[
        Watchlist,
        typer.Option(help="Watch every symbol of companies.yaml that has prices, or only those config.yaml watches."),
    ] = Watchlist.PRICED,
    lag: Annotated[
        str, typer.Option(help="How long after publication a story was seen, where the file does not say.")
    ] = "10m",
    strict: Annotated[bool, typer.Option(help="Stop at rows that cannot be read, instead of skipping them.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: TrialDatabase = None,
    json: Json = False,
) -> None:
    """Play recorded prices and news through the engine: what would the bot have sent?

    Lists the incidents. Rows before --from warm up the windows. Rows that cannot be read are listed and skipped. The
    history goes to a temporary database unless --database names one. Rows that look like a split or like pounds among
    pence are listed as doubtful.
    """
    from bot.app.lab.backtesting import Request, look_at_files, plan_backtest
    from bot.clock import stopwatch

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
    look_at_files(request)
    with waiting("reading prices and news"):
        plan = plan_backtest(request)
    _list_bad_rows(plan, strict)
    read = took()
    with database_or_temporary(database) as file:
        asyncio.run(_play(plan, file, json, kept=database is not None, read=read))


async def _play(plan: BacktestPlan, database: Place, json: bool, *, kept: bool, read: float) -> None:
    from bot.app.lab.backtesting import start_backtest
    from bot.app.lines import result_objects
    from bot.app.stores import open_store
    from bot.clock import SystemClock, stopwatch

    took = stopwatch()
    warm: float | None = None
    now = plan.begins_at
    store = open_store(database, mode="backtest", run_name=plan.name, now=SystemClock().now())
    try:
        playing = start_backtest(plan, store)
        span = (plan.ends_at - plan.begins_at).total_seconds()
        with progress("playing", span) as advance:
            advance(0.0, "warming up")
            async for result in playing.results():
                now = result.decisions.now
                if warm is None:
                    warm = took()
                advance((now - plan.begins_at).total_seconds(), f"{now:%d %b %Y %H:%M}")
                if json:
                    for each in result_objects(result, playing.currency_of):
                        say_json(each)
    except asyncio.CancelledError:  # Ctrl-C
        kept_as = f"; what was played is in {database}" if kept else ""
        tell(f"stopped at {now:%d %b %Y %H:%M} UTC, before the end{kept_as}")
        raise
    finally:
        store.close(SystemClock().now())
    seconds = {"read": read, "warm_up": warm or 0.0, "play": took() - (warm or 0.0)}
    summary = _summary(playing, seconds)
    if json:
        say_json(summary)
    else:
        _print_incidents(database, playing.tally.incidents)
    _print_summary(summary, f"; history in {database}" if kept else "")


def _summary(playing: Backtesting, seconds: dict[str, float]) -> dict[str, Any]:
    """The last line of ``--json``: what was played, the results, how long it took."""
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
        "doubtful": [str(problem) for problem in plan.doubtful],
        "conflicts": plan.sessions.conflicts,
        "symbols_passed_over": len(plan.columns.unknown),
        "lag_seconds": plan.request.lag.total_seconds(),
        "seconds": {name: round(value, 3) for name, value in (*seconds.items(), ("total", sum(seconds.values())))},
    }


def _print_summary(summary: dict[str, Any], where: str) -> None:
    by_rule = ", ".join(f"{n} {name}" for name, n in summary["alerts_by_rule"].items() if n) or "no alerts"
    tell(
        f"{summary['from']} to {summary['to']}: {summary['sessions']} sessions of {summary['symbols']} symbols, "
        f"{summary['stories']} stories, in {summary['seconds']['total']:.1f} s"
    )
    notes = [f"{summary['bad_rows']} bad rows"] if summary["bad_rows"] else []
    notes += [f"{len(summary['doubtful'])} doubtful rows"] if summary["doubtful"] else []
    notes += [f"{summary['conflicts']} duplicate rows, the last one used"] if summary["conflicts"] else []
    skipped = summary["symbols_passed_over"]
    notes += [f"{skipped} symbols skipped that are not watched"] if skipped else []
    notes += ["no headlines on demand: the past has only those in the files"]
    tell("; ".join(notes))
    tell(f"{by_rule}; {count(summary['incidents'], 'incident')}, {count(summary['notifications'], 'message')}{where}")


def _print_incidents(database: Place, incidents: Collection[str]) -> None:
    """The incidents, oldest first, each by its newest message."""
    from bot.app.stores import open_history
    from bot.cli.history.tables import TOLD, columns_and_rows
    from bot.cli.tables import print_table

    with open_history(database) as history:
        newest = [i for i in history.list_incidents(limit=LISTED) if i["id"] in incidents]
        shown = [{**i, "told": history.last_message(i["id"])} for i in reversed(newest)]
    if len(incidents) > len(shown):
        where = "history incidents lists all where --database keeps the history"
        say(f"{len(incidents) - len(shown)} earlier incidents; {where}")
    if shown:
        print_table(*columns_and_rows(TOLD, shown))


def _list_bad_rows(plan: BacktestPlan, strict: bool) -> None:
    if strict and plan.problems:
        raise ConfigError(plan.problems)
    for problem in plan.problems[:NAMED]:
        tell(f"skipped: {problem}")
    if len(plan.problems) > NAMED:
        tell(f"… and {len(plan.problems) - NAMED} more bad rows; the last line of --json lists all")
    for problem in plan.doubtful[:NAMED]:
        tell(f"doubtful: {problem}")
    if len(plan.doubtful) > NAMED:
        tell(f"… and {len(plan.doubtful) - NAMED} more doubtful rows; the last line of --json lists all")


def _session(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{option} '{text}' is not a date; write one like 2025-01-27") from None
