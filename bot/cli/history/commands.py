"""``history``: query, export and maintain the alert history."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.commands import Commands
from bot.cli.history import maintenance
from bot.cli.history.filters import database_file, filtered, titles_of
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json
from bot.cli.terminal import say, say_json, shown_on_terminal, stdout_file, tell
from bot.core.errors import UsageError
from bot.core.model import Filters

if TYPE_CHECKING:
    from bot.cli.history.tables import Fields

app = typer.Typer(cls=Commands, help="Query and maintain the alert history.", no_args_is_help=True)
MOST_ROWS = 100_000_000
Limit = Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Rows at most, newest first.")]
SQL_ROWS = 1000
"""Rows of a table for people; --json gives all."""
LATEST = 50
"""A stock's newest alerts, among which are all of its newest session."""
NAMED = 5
"""Columns without room that are named."""


class CountBy(StrEnum):
    """What alerts are counted by."""

    RULE = "rule"
    SYMBOL = "symbol"
    MONTH = "month"
    EXPOSURE = "exposure"


class RowFormat(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


class ExportTable(StrEnum):
    """What is exported."""

    ALERTS = "alerts"
    INCIDENTS = "incidents"
    STORIES = "stories"


@app.callback()
def _group() -> None:
    """Query and maintain the alert history."""


@app.command("list")
@filtered
def list_(
    filters: Filters,
    limit: Limit = 100,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """List alerts, newest first."""
    from bot.app.stores import open_history
    from bot.cli.history.tables import ALERTS

    with open_history(database_file(config, database)) as history:
        found = history.find_alerts(filters, limit)
    _print(found, ALERTS, json, "no alerts")


@app.command("show")
def show(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="An incident's or alert's id, of an alert enough of its beginning; or a symbol: its most severe alert "
            "of its latest session.",
        ),
    ],
    messages: Annotated[bool, typer.Option("--messages", help="Also each message as it was sent.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Show one alert in full: why it fired, prices, cause, stories, notifications and what followed; or an incident."""
    from bot.app.stores import open_history
    from bot.cli.history.show import incident_lines, lines_of, main_alert
    from bot.cli.tables import width

    with open_history(database_file(config, database)) as history:
        wanted = wanted.strip()
        whole = history.show_incident(wanted)
        last = history.last_message(wanted) if whole is not None else None
        found = history.show_alert(wanted) if whole is None else None
        if whole is None and found is None:
            main = main_alert(history.list_alerts(symbol=wanted.upper(), limit=LATEST))
            found = history.show_alert(main["id"]) if main is not None else None
            if found is None:
                raise UsageError(
                    f"'{wanted}' is neither an incident, nor the beginning of an alert's id, nor a symbol with alerts; "
                    "history list and history incidents show ids"
                )
        quotes = history.quotes_around(found["id"]) if found is not None else ()
    if whole is not None:
        if json:
            say_json(whole)
            return
        for line in incident_lines(whole, last, min(width(), 120), texts=messages):
            say(line)
        return
    assert found is not None
    if json:
        found["quotes"] = [{"at": at, "price": price, "kind": kind} for at, price, kind in quotes]
        say_json(found)
        return
    for line in lines_of(found, quotes, min(width(), 120), titles_of(config), texts=messages):
        say(line)


@app.command("search")
@filtered
def search(
    words: Annotated[list[str], typer.Argument(help='All of these words; "a phrase", deep*, OR.')],
    filters: Filters,
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Alerts at most, and stories at most.")] = 20,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Search the words of stories and alerts, newest first."""
    from bot.app.stores import open_history
    from bot.cli.history.tables import SEARCH

    with open_history(database_file(config, database)) as history:
        found = history.search(" ".join(words), filters, limit)
    _print(found, SEARCH, json, "nothing found")


@app.command("incidents")
@filtered
def incidents(
    filters: Filters,
    limit: Limit = 100,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """List incidents, newest first: stocks, worst fall, likely cause and readers' verdicts."""
    from bot.app.stores import open_history
    from bot.cli.history.tables import INCIDENTS

    with open_history(database_file(config, database)) as history:
        found = history.list_incidents(filters, limit)
    _print(found, INCIDENTS, json, "no incidents")


@app.command("stats")
@filtered
def stats(
    filters: Filters,
    by: Annotated[CountBy, typer.Option(help="What alerts are counted by.")] = CountBy.RULE,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Count alerts by rule, symbol, month or exposure."""
    from bot.app.stores import open_history
    from bot.cli.history.tables import counts

    with open_history(database_file(config, database)) as history:
        found = history.statistics(by.value, filters)
    _print(found, counts(by.value), json, "no alerts")


def _print(found: Sequence[dict[str, Any]], fields: Fields, json: bool, nothing: str) -> None:
    from bot.cli.history.tables import columns_and_rows
    from bot.cli.tables import print_table

    if json:
        for each in found:
            say_json(each)
    elif found:
        print_table(*columns_and_rows(fields, found))
    else:
        tell(nothing)


@app.command("sql")
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT; - reads it from stdin. docs/history.md has the tables.")],
    timeout: Annotated[float, typer.Option(min=0.01, max=86_400, help="Seconds it may take.")] = 30.0,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Run your own SQL: read-only, and with a time limit."""
    from bot.app.stores import open_history
    from bot.cli.tables import Column, print_table

    statement = sys.stdin.read() if query == "-" else query
    with (
        open_history(database_file(config, database)) as history,
        history.select(statement, seconds=timeout) as (names, rows),
    ):
        if json:
            for row in rows:
                say_json(dict(zip(names, map(_plain, row), strict=True)))
            return
        shown: list[list[str]] = []
        numbers = [True] * len(names)
        more = False
        for row in rows:
            if len(shown) == SQL_ROWS:
                more = True
                break
            shown.append([_cell(value) for value in row])
            numbers = [
                right and (v is None or isinstance(v, int | float)) for right, v in zip(numbers, row, strict=True)
            ]
    # wide texts give way first, then columns from the right
    columns = [
        Column(name, right=right, least=0 if right else 8, leaves=place)
        for place, (name, right) in enumerate(zip(names, numbers, strict=True))
    ]
    left_out = print_table(columns, shown)
    if left_out:
        more_names = f" and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
        tell(f"no room for {', '.join(left_out[:NAMED])}{more_names}; --json has all")
    if more:
        tell(f"the first {SQL_ROWS:,} rows; --json gives all")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no infinity, and the pages give null, too
    return value.hex() if isinstance(value, bytes) else value


def _cell(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "·" if value is None else str(value)


@app.command("export")
@filtered
def export(
    filters: Filters,
    form: Annotated[RowFormat, typer.Option("--format", help="File format.")] = RowFormat.CSV,
    what: Annotated[ExportTable, typer.Option(help="What to export.")] = ExportTable.ALERTS,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; stdout by default.")] = None,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
) -> None:
    """Export alerts, incidents or stories for other programs, newest first."""
    from bot.app.stores import open_history

    file = database_file(config, database)
    if output is not None:
        with open_history(file) as history:
            rows = history.export_to(str(output), what.value, filters, form.value)
        tell(f"{output}: {rows:,} {what.value}")
        return
    if form is RowFormat.PARQUET and shown_on_terminal():
        raise UsageError("Parquet is binary; name a file with --output")
    with open_history(file) as history, stdout_file() as out:
        history.export(what.value, filters, form.value, out)


app.command("import")(maintenance.import_)
app.command("prune")(maintenance.prune)
app.command("backup")(maintenance.backup)
app.command("copy")(maintenance.copy)
app.command("mirror")(maintenance.mirror)
app.command("verify")(maintenance.verify)
