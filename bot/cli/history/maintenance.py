"""``history import``, ``prune``, ``backup`` and ``verify``: maintaining the history."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.history.filters import database_file
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json, parse_place
from bot.cli.terminal import say, say_json, tell
from bot.core.errors import UsageError
from bot.core.prices.windows import parse_duration
from bot.render.outside import command


def import_(
    other: Annotated[str, typer.Argument(metavar="PLACE", help="Another machine's history, or a backup of it.")],
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Merge another machine's history into this one; repeatable. The bot must not be running on this one."""
    from bot.app.stores import import_history
    from bot.clock import SystemClock

    file = database_file(config, database)
    added: Mapping[str, int] = {}
    for done in import_history(file, parse_place(other), SystemClock().now()):
        added = done
    _print_counts({table: rows for table, rows in added.items() if rows}, f"{file}: nothing new in {other}", json)


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count the rows.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Delete quotes and stories older than config.yaml keeps them and thin old quotes, except the evidence of alerts.

    The bot does this daily; without --dry-run it must not be running.
    """
    from bot.app.stores import open_history, prune_history
    from bot.clock import SystemClock
    from bot.config.settings.model import load_settings

    keep = load_settings(config).storage.keep
    file, now = database_file(config, database), SystemClock().now()
    if dry_run:
        with open_history(file) as history:
            gone: Mapping[str, int] = history.prunable(now, keep)
    else:
        gone = prune_history(file, now, keep)
    _print_counts({kind: rows for kind, rows in gone.items() if rows}, f"{file}: nothing to prune", json)


def backup(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
) -> None:
    """Copy the whole history into a new file; the bot may be running."""
    from bot.app.stores import back_up

    file = database_file(config, database)
    if not isinstance(file, Path):
        raise UsageError("a history on a server is backed up there: docs/server.md; history copy makes a file of it")
    size = back_up(file, to)
    tell(f"{to}: {size / 1e6:,.1f} MB")


def copy(
    to: Annotated[str, typer.Argument(metavar="PLACE", help="A new file, or a server's address without a history.")],
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Copy the whole history to another place, as to a server or back into a file. To move it, stop the bot before."""
    from bot.app.stores import copy_whole

    place = parse_place(to)
    copied: Mapping[str, int] = {}
    for done in copy_whole(database_file(config, database), place):
        copied = done
    _print_counts({table: rows for table, rows in copied.items() if rows}, f"{place}: nothing to copy", json)


def mirror(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy: an SQLite file, made if there is none.")],
    every: Annotated[str | None, typer.Option(help="Go on, as often as this: 30s, 5m. Until Ctrl-C.")] = None,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Bring a copy of a history on a server up to date, in a file for tools that read SQLite."""
    from bot.app.stores import mirror as bring_up_to_date
    from bot.clock import stopwatch

    source = database_file(config, database)
    if isinstance(source, Path):
        raise UsageError(f"{source}: a file is no server; to copy it: {command('history', 'backup', file)}")
    pause = pause_of(every)
    while True:
        taken = stopwatch()
        written = bring_up_to_date(source, file)
        _print_counts({table: rows for table, rows in written.items() if rows}, f"{file}: nothing new", json)
        if pause is None:
            return
        time.sleep(max(0.0, pause - taken()))


def pause_of(every: str | None) -> float | None:
    """Seconds; ``None`` where nothing is repeated. Raises UsageError."""
    if every is None:
        return None
    try:
        return max(1.0, parse_duration(every).total_seconds())
    except ValueError:
        raise UsageError(f"'{every}' is no duration; write 30s or 5m") from None


def verify(config: Config = DEFAULT_CONFIG, database: Database = None, json: Json = False) -> None:
    """Check the integrity of the history: file, references, search, outbox, evidence. Exit code 1 if damaged."""
    from bot.app.stores import open_history
    from bot.render.text import clean

    file = database_file(config, database)
    with open_history(file) as history:
        found = history.findings()
    if json:
        say_json({"file": str(file), "findings": found})
    for line in found if not json else ():
        say(clean(line))
    if found:
        raise typer.Exit(1)
    if not json:
        tell(f"{file}: no damage found")


def _print_counts(rows: Mapping[str, int], nothing: str, json: bool) -> None:
    from bot.cli.tables import Column, print_table

    if json:
        say_json(dict(rows))
    elif rows:
        print_table((Column("table"), Column("rows", right=True)), [(name, f"{many:,}") for name, many in rows.items()])
    else:
        tell(nothing)
