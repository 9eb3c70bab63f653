"""``history sql`` and ``history export``: the history for people's own questions and programs."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

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

MOST = 1000
"""Rows of a table for people; --json gives all."""
NAMED = 5
"""Columns without room that are named."""


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


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT; - reads it from stdin. docs/history.md has the tables.")],
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds it may take.")] = 30.0,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Ask in SQL. Only reading is possible, and only for a while."""
    from bot.app.stores import open_history
    from bot.cli.tables import Column, json_line, print_table

    asked = sys.stdin.read() if query == "-" else query
    with (
        open_history(database_file(config, database)) as history,
        history.select(asked, seconds=timeout) as (names, rows),
    ):
        if json:
            for row in rows:
                typer.echo(json_line(dict(zip(names, map(_plain, row), strict=True))))
            return
        shown: list[list[str]] = []
        numbers = [True] * len(names)
        more = False
        for row in rows:
            if len(shown) == MOST:
                more = True
                break
            shown.append([_cell(value) for value in row])
            numbers = [
                right and (v is None or isinstance(v, int | float)) for right, v in zip(numbers, row, strict=True)
            ]
    # wide words give way first, then columns from the right
    columns = [
        Column(name, right=right, least=0 if right else 8, leaves=place)
        for place, (name, right) in enumerate(zip(names, numbers, strict=True))
    ]
    left_out = print_table(columns, shown)
    if left_out:
        more_names = f" and {len(left_out) - NAMED} more" if len(left_out) > NAMED else ""
        typer.echo(f"no room for {', '.join(left_out[:NAMED])}{more_names}; --json has all", err=True)
    if more:
        typer.echo(f"the first {MOST:,} rows; --json gives all", err=True)


def export(
    form: Annotated[RowFormat, typer.Option("--format", help="How rows are written.")] = RowFormat.CSV,
    what: Annotated[ExportTable, typer.Option(help="What is exported.")] = ExportTable.ALERTS,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; stdout where left out.")] = None,
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
) -> None:
    """Write alerts, incidents or stories for other programs, newest first, a row each."""
    from bot.app.stores import open_history
    from bot.core.errors import UsageError

    asked = filters(
        config, symbol=symbol, exposure=exposure, rule=rule, severity=severity, incident=incident, since=since,
        until=until, verdict=verdict,
    )  # fmt: skip
    file = database_file(config, database)
    if output is not None:
        with open_history(file) as history:
            rows = history.export_to(str(output), what.value, asked, form.value)
        typer.echo(f"{output}: {rows:,} {what.value}", err=True)
        return
    if form is RowFormat.PARQUET and sys.stdout.isatty():
        raise UsageError("Parquet is nothing to look at; name a file with --output")
    out = getattr(sys.stdout, "buffer", None)
    with open_history(file) as history:
        history.export(what.value, asked, form.value, out if out is not None else _Encoded())
    sys.stdout.flush()


class _Encoded:
    """Standard output where it takes text only."""

    def write(self, data: bytes) -> int:
        sys.stdout.write(data.decode())
        return len(data)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _cell(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "·" if value is None else str(value)
