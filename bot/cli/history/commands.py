"""``history``: what fired, when and why, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from bot.cli.history import keeping, taking
from bot.cli.history.filters import (
    Answer,
    Exposure,
    Incident,
    Least,
    Rule,
    Since,
    Symbol,
    Until,
    database_file,
    filters,
)
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json
from bot.core.errors import UsageError

__all__ = ["app", "database_file"]

app = typer.Typer(help="Query and keep the alert history.", no_args_is_help=True)
Limit = Annotated[int, typer.Option(min=1, help="At most so many, newest first.")]


class CountBy(StrEnum):
    """What alerts are counted by."""

    RULE = "rule"
    SYMBOL = "symbol"
    MONTH = "month"
    EXPOSURE = "exposure"


@app.callback()
def _group() -> None:
    """Query and keep the alert history."""


@app.command("list")
def list_(
    symbol: Symbol = None,
    exposure: Exposure = None,
    rule: Rule = None,
    severity: Least = None,
    incident: Incident = None,
    since: Since = None,
    until: Until = None,
    verdict: Answer = None,
    limit: Limit = 100,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """List alerts, newest first."""
    from bot.app.stores import open_history

    asked = filters(
        config, symbol=symbol, exposure=exposure, rule=rule, severity=severity, incident=incident, since=since,
        until=until, verdict=verdict,
    )  # fmt: skip
    with open_history(database_file(config, database)) as history:
        found = history.find_alerts(asked, limit)
    if _printed(found, json, "no alerts"):
        return
    from bot.cli.tables import Column, print_table

    columns = (
        Column("at (UTC)"),
        Column("symbol"),
        Column("change", right=True),
        Column("worst", right=True, leaves=5),
        Column("price", right=True, leaves=6),
        Column("severity", leaves=2),
        Column("rule", least=8, leaves=4),
        Column("id", leaves=3),
        Column("incident", leaves=7),
        Column("cause", least=12, leaves=1),
    )
    rows = [
        (
            _minute(a["at"]), a["symbol"], _percent(a["change"]), _percent(a["worst"]), f"{a['price']:.2f}",
            a["severity"], a["rule"], a["id"], a["incident"], a["cause"]["title"] if a["cause"] else "",
        )
        for a in found
    ]  # fmt: skip
    print_table(columns, rows)


@app.command("show")
def show(
    alert: Annotated[
        str, typer.Argument(metavar="ID", help="The alert's id, or enough of its beginning; or a symbol: its latest.")
    ],
    messages: Annotated[bool, typer.Option("--messages", help="Each message as it was sent, too.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Tell the whole story of an alert: why it fired, its prices, cause and stories, who was told, what followed."""
    from bot.app.stores import open_history
    from bot.cli.history.show import story
    from bot.cli.tables import json_line, width

    with open_history(database_file(config, database)) as history:
        wanted = alert.strip()
        found = history.show_alert(wanted)
        if found is None:
            latest = history.list_alerts(symbol=wanted.upper(), limit=1)
            found = history.show_alert(latest[0]["id"]) if latest else None
        if found is None:
            raise UsageError(f"no alert begins with '{alert}'; history list shows their ids")
        quotes = history.quotes_around(found["id"])
    if json:
        found["quotes"] = [{"at": at, "price": price, "kind": kind} for at, price, kind in quotes]
        typer.echo(json_line(found))
        return
    for line in story(found, quotes, min(width(), 120), texts=messages):
        typer.echo(line)


@app.command("search")
def search(
    words: Annotated[list[str], typer.Argument(help='Words, all wanted; "a phrase", deep*, OR.')],
    symbol: Symbol = None,
    exposure: Exposure = None,
    rule: Rule = None,
    severity: Least = None,
    incident: Incident = None,
    since: Since = None,
    until: Until = None,
    verdict: Answer = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many alerts, and so many stories.")] = 20,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Search the words of stories and alerts, newest first."""
    from bot.app.stores import open_history

    asked = filters(
        config, symbol=symbol, exposure=exposure, rule=rule, severity=severity, incident=incident, since=since,
        until=until, verdict=verdict,
    )  # fmt: skip
    with open_history(database_file(config, database)) as history:
        found = history.search(" ".join(words), asked, limit)
    if _printed(found, json, "nothing found"):
        return
    from bot.cli.tables import Column, print_table

    columns = (
        Column("at (UTC)"),
        Column("what"),
        Column("symbol", leaves=3),
        Column("change", right=True, leaves=4),
        Column("source", least=8, leaves=2),
        Column("id", leaves=5),
        Column("words", least=12),
    )
    rows = [
        (
            _minute(f["at"]), f["type"], f.get("symbol", ""), _percent(f.get("change")),
            f.get("publisher") or f["source"] or "", f["id"], f["excerpt"] or f["title"] or "",
        )
        for f in found
    ]  # fmt: skip
    print_table(columns, rows)


@app.command("incidents")
def incidents(
    symbol: Symbol = None,
    exposure: Exposure = None,
    rule: Rule = None,
    severity: Least = None,
    incident: Incident = None,
    since: Since = None,
    until: Until = None,
    verdict: Answer = None,
    limit: Limit = 100,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """List incidents, newest first: how many fell, how far, most likely why, and what readers say of it."""
    from bot.app.stores import open_history

    asked = filters(
        config, symbol=symbol, exposure=exposure, rule=rule, severity=severity, incident=incident, since=since,
        until=until, verdict=verdict,
    )  # fmt: skip
    with open_history(database_file(config, database)) as history:
        found = history.list_incidents(asked, limit)
    if _printed(found, json, "no incidents"):
        return
    from bot.cli.tables import Column, print_table

    columns = (
        Column("began (UTC)"),
        Column("incident", leaves=5),
        Column("lead"),
        Column("stocks", right=True, leaves=4),
        Column("worst", right=True),
        Column("severity", leaves=2),
        Column("state", leaves=6),
        Column("told", right=True, leaves=8),
        Column("right", right=True, leaves=7),
        Column("wrong", right=True, leaves=7),
        Column("cause", least=12, leaves=1),
    )
    rows = [
        (
            _minute(i["started_at"]), i["id"], i["lead"], str(i["symbols"]), _percent(i["worst"]), i["severity"],
            i["state"], str(i["messages"]), str(i["confirmed"] or ""), str(i["disputed"] or ""), i["cause_title"] or "",
        )
        for i in found
    ]  # fmt: skip
    print_table(columns, rows)


@app.command("stats")
def stats(
    by: Annotated[CountBy, typer.Option(help="What alerts are counted by.")] = CountBy.RULE,
    symbol: Symbol = None,
    exposure: Exposure = None,
    rule: Rule = None,
    severity: Least = None,
    incident: Incident = None,
    since: Since = None,
    until: Until = None,
    verdict: Answer = None,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Count alerts by rule, symbol, month or exposure."""
    from bot.app.stores import open_history

    asked = filters(
        config, symbol=symbol, exposure=exposure, rule=rule, severity=severity, incident=incident, since=since,
        until=until, verdict=verdict,
    )  # fmt: skip
    with open_history(database_file(config, database)) as history:
        found = history.statistics(by.value, asked)
    if _printed(found, json, "no alerts"):
        return
    from bot.cli.tables import Column, print_table

    columns = (
        Column(by.value, least=16),
        Column("alerts", right=True),
        Column("symbols", right=True, leaves=3),
        Column("incidents", right=True, leaves=2),
        Column("critical", right=True, leaves=4),
        Column("worst", right=True),
        Column("mean", right=True, leaves=5),
        Column("right", right=True, leaves=6),
        Column("wrong", right=True, leaves=6),
        Column("last (UTC)", leaves=1),
    )
    rows = [
        (
            f[by.value] or "", f"{f['alerts']:,}", f"{f['symbols']:,}", f"{f['incidents']:,}", f"{f['critical']:,}",
            _percent(f["worst"]), _percent(f["mean_worst"]), str(f["confirmed"] or ""), str(f["disputed"] or ""),
            _minute(f["last_fired_at"]),
        )
        for f in found
    ]  # fmt: skip
    print_table(columns, rows)


def _printed(found: Iterable[dict[str, Any]], json: bool, nothing: str) -> bool:
    """Print as JSON, or that there is nothing; whether that was all to print."""
    if json:
        from bot.cli.tables import json_line

        for each in found:
            typer.echo(json_line(each))
        return True
    if not found:
        typer.echo(nothing, err=True)
        return True
    return False


def _minute(at: str | None) -> str:
    return at[:16].replace("T", " ") if at else ""


def _percent(fraction: float | None) -> str:
    return f"{fraction * 100:+.1f}%" if fraction is not None else ""


app.command("sql")(taking.sql)
app.command("export")(taking.export)
app.command("import")(keeping.import_)
app.command("prune")(keeping.prune)
app.command("backup")(keeping.backup)
app.command("verify")(keeping.verify)
