"""``feeds``: the sources of news."""

from __future__ import annotations

import asyncio
import dataclasses
import json as jsonlib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json

if TYPE_CHECKING:
    from bot.core.model import FeedState

app = typer.Typer(help="Manage the news feeds.", no_args_is_help=True)


@app.command("list")
def list_(config: Config = DEFAULT_CONFIG, database: Database = None, json: Json = False) -> None:
    """The configured feeds, and how each did when it was last polled."""
    from bot.app.sources import feed_states
    from bot.config.settings.model import load_settings

    settings = load_settings(config)
    states = feed_states(database or settings.storage.database)
    rows = []
    for feed in settings.feeds:
        state = states.get(feed.name)
        rows.append(
            {
                "name": feed.name,
                "url": feed.url,
                "enabled": feed.enabled,
                "status": "off" if not feed.enabled else _status(state),
                "last_ok_at": state.last_ok_at.isoformat() if state and state.last_ok_at else None,
                "entries": state.last_items if state else None,
                "error": state.last_error if state else "",
            }
        )
    if json:
        for row in rows:
            typer.echo(jsonlib.dumps(row, ensure_ascii=False))
        return
    _print(rows, {f.name for f in settings.feeds if f.enabled and (s := states.get(f.name)) and s.failures})


@app.command("check")
def check(
    url: Annotated[str, typer.Argument(help="The address of a feed.")],
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Fetch a feed once: does it work, what is in it, what is wrong with it. Exit 1 where it does not work."""
    from bot.app.sources import look_at_feed

    found = asyncio.run(look_at_feed(config, url))
    if json:
        typer.echo(jsonlib.dumps(dataclasses.asdict(found), default=str, ensure_ascii=False))
    else:
        typer.echo("\n".join(found.lines()))
    if not found.ok:
        raise typer.Exit(1)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An OPML file, as feed readers export it.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add the feeds of an OPML file to config.yaml; those already there are left alone."""
    from bot.adapters.feeds.opml import read_opml
    from bot.config.settings.edit_feeds import add_feeds

    opml = read_opml(file)
    result = add_feeds(config, opml.feeds)
    for feed in result.added:
        typer.echo(f"added {feed.name}: {feed.url}")
    for url, why in result.skipped:
        typer.echo(f"skipped {url}: {why}", err=True)
    for problem in opml.skipped:
        typer.echo(f"skipped {problem}", err=True)
    typer.echo(f"{len(result.added)} added, {len(result.skipped) + len(opml.skipped)} skipped", err=True)


def _status(state: FeedState | None) -> str:
    if state is None or (state.last_ok_at is None and not state.failures):
        return "not polled yet"
    return f"failing ({state.failures} in a row)" if state.failures else "ok"


def _print(rows: list[dict[str, Any]], failing: Collection[str]) -> None:
    from bot.cli.tables import Column, print_table

    columns = (
        Column("name"),
        Column("status"),
        Column("entries", right=True, leaves=2),
        Column("last ok (UTC)", leaves=1),
        Column("address or error", least=16),
    )
    shown = [
        (
            row["name"],
            row["status"],
            "" if row["entries"] is None else str(row["entries"]),
            (row["last_ok_at"] or "")[:16].replace("T", " "),
            row["error"] if row["name"] in failing else row["url"],
        )
        for row in rows
    ]
    print_table(columns, shown)
