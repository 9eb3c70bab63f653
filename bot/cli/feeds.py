"""``feeds``: list, rank, check, import and export news feeds."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.commands import Commands
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json, parse_when
from bot.cli.tables import Column, print_table
from bot.cli.terminal import say, say_all, say_json, tell
from bot.core.secret import redacted
from bot.core.text.wording import age

if TYPE_CHECKING:
    from bot.core.model import FeedState

app = typer.Typer(cls=Commands, help="Manage the news feeds.", no_args_is_help=True)


@app.command("list")
def list_(config: Config = DEFAULT_CONFIG, database: Database = None, json: Json = False) -> None:
    """List the feeds, the news sources and those asked on demand, and how the last poll of each went."""
    from bot.app.feeds import feed_states
    from bot.app.run.news.sources import address_of
    from bot.config.settings.model import load_settings

    settings = load_settings(config)
    states = feed_states(database or settings.storage.place)
    listed = [(feed.name, feed.url, feed.enabled) for feed in settings.feeds]
    listed += [(source.type, address_of(source), source.enabled) for source in settings.news_sources]
    rows = []
    for name, url, enabled in listed:
        state = states.get(name)
        rows.append(
            {
                "name": name,
                "url": url,
                "enabled": enabled,
                "status": "off" if not enabled else _status(state),
                "last_ok_at": state.last_ok_at.isoformat() if state and state.last_ok_at else None,
                "entries": state.last_items if state else None,
                "error": state.last_error if state else "",
            }
        )
    asked = {spec.name for spec in settings.on_demand_specs}
    for source in settings.on_demand.sources:
        state = states.get(source.name)
        answered = state.last_ok_at if state else None
        rows.append(
            {
                "name": source.name,
                "url": source.url,
                "enabled": source.name in asked,
                "status": _on_demand_status(state) if source.name in asked else "off",
                "last_ok_at": answered.isoformat() if answered else None,
                "entries": state.last_items if state else None,
                "error": state.last_error if state else "",
            }
        )
    if json:
        for row in rows:
            say_json(row)
        return
    failing = {*asked, *(name for name, _, enabled in listed if enabled)}
    _print(rows, {name for name in failing if (s := states.get(name)) and s.failures})


@app.command("rank")
def rank(
    since: Annotated[str, typer.Option(help="From when on: 2025-01-27, or how long ago.")] = "90d",
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Rank the sources by your own history: which told first of what alerts were about, how late the others were."""
    from bot.app.feed_ranks import rank_feeds, rank_objects
    from bot.clock import SystemClock
    from bot.config.settings.model import load_settings

    settings = load_settings(config)
    found = rank_feeds(database or settings.storage.place, settings, parse_when(since, SystemClock().now()))
    if json:
        for each in rank_objects(found):
            say_json(each)
        return
    columns = (
        Column("source"),
        Column("first", right=True),
        Column("told", right=True),
        Column("alone", right=True, leaves=2),
        Column("late by", right=True),
        Column("stories", right=True, leaves=1),
    )
    rows = [
        (
            each.source + ("" if each.configured else " (not asked now)"),
            *(str(number) for number in (each.first, each.told, each.alone)),
            age(each.late) if each.late is not None else "",
            str(each.stories),
        )
        for each in found.ranks
        if each.told
    ]
    print_table(columns, rows)
    never = [each for each in found.ranks if not each.told and each.configured]
    tell(f"{found.happenings} happenings that an alert gives as its cause, told by {len(rows)} sources")
    if never:
        tell("never told of one: " + ", ".join(f"{each.source} ({each.stories:,} stories)" for each in never))


@app.command("check")
def check(
    feed: Annotated[str, typer.Argument(help="A feed's URL, or its name in config.yaml.")],
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Fetch a feed once and report what is in it and what is wrong with it. Exit 1 if it does not work."""
    from bot.app.feeds import fetch_feed

    found = asyncio.run(fetch_feed(config, feed))
    if json:
        say_json(dataclasses.asdict(found))
    else:
        say_all(found.lines())
    if not found.ok:
        raise typer.Exit(1)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An OPML file exported from a feed reader.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add the feeds of an OPML file to config.yaml; those already there are left unchanged."""
    from bot.adapters.feeds.opml import read_opml
    from bot.config.settings.edit_feeds import add_feeds

    opml = read_opml(file)
    result = add_feeds(config, opml.feeds)
    for feed in result.added:
        say(f"added {feed.name}: {feed.url}")
    for url, why in result.skipped:
        tell(f"skipped {url}: {why}")
    for problem in opml.skipped:
        tell(f"skipped {problem}")
    tell(f"{len(result.added)} added, {len(result.skipped) + len(opml.skipped)} skipped")


@app.command("export")
def export(config: Config = DEFAULT_CONFIG) -> None:
    """Write the feeds in force as OPML to standard output, for a feed reader or another machine.

    A feed whose address holds a secret is left out, and named.
    """
    from bot.adapters.feeds.opml import write_opml
    from bot.config.settings.model import load_settings

    specs = load_settings(config).feed_specs
    shown = [spec for spec in specs if redacted(spec.url) == spec.url]
    say_all(write_opml(shown, "Aftershock").splitlines())
    for spec in specs:
        if spec not in shown:
            tell(f"left out {spec.name}: its address holds a secret")


def _status(state: FeedState | None) -> str:
    if state is None or (state.last_ok_at is None and not state.failures):
        return "not polled yet"
    return f"failing ({state.failures} in a row)" if state.failures else "ok"


def _on_demand_status(state: FeedState | None) -> str:
    status = _status(state)
    return "on demand" if status in ("ok", "not polled yet") else f"on demand, {status}"


def _print(rows: list[dict[str, Any]], failing: Collection[str]) -> None:
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
