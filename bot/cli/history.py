"""``history``: what fired, when and why."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json, parse_when
from bot.core.errors import StoreError

app = typer.Typer(help="Query the alert history.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Query the alert history."""


@app.command("list")
def list_(
    symbol: Annotated[str | None, typer.Option(help="Only this symbol.")] = None,
    since: Annotated[str | None, typer.Option(help="Only alerts since then: 2025-01-27 or 7d.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only this rule.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 100,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """List alerts, newest first."""
    from bot.adapters.store import history
    from bot.clock import SystemClock

    start = parse_when(since, SystemClock().now()) if since else None
    found = history.list_alerts(
        database_file(config, database),
        symbol=symbol.upper() if symbol else None,
        since=start,
        rule=rule,
        limit=limit,
    )
    if json:
        for alert in found:
            typer.echo(jsonlib.dumps(alert, ensure_ascii=False))
        return
    if not found:
        typer.echo("no alerts", err=True)
        return
    _print_table(found)


def database_file(config: Path, database: Path | None) -> Path:
    """The history to read. Raises StoreError with what to do where there is none yet."""
    file = database
    if file is None:
        from bot.config.settings import load_settings

        file = load_settings(config).storage.database
    if not file.exists():
        raise StoreError(f"{file}: no history there yet; it begins with the first `run`, or a replay with --database")
    return file


def _print_table(alerts: list[dict[str, Any]]) -> None:
    from bot.cli.tables import console, table
    from bot.render.text import clean

    names = ("at (UTC)", "symbol", "change", "worst", "price", "severity", "rule", "incident")
    listing = table(*names, numbers=("change", "worst", "price"), last="cause")
    for alert in alerts:
        cause = alert["cause"]
        listing.add_row(
            alert["at"][:16].replace("T", " "),
            alert["symbol"],
            _percent(alert["change"]),
            _percent(alert["worst"]),
            f"{alert['price']:.2f}",
            alert["severity"],
            alert["rule"],
            alert["incident"],
            clean(cause["title"]) if cause else "",
        )
    console().print(listing)


def _percent(fraction: float | None) -> str:
    return f"{fraction * 100:+.1f}%" if fraction is not None else ""
