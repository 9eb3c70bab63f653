"""``episode``: past incidents to replay and compare with, and recording one from the history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.commands import Commands
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json
from bot.cli.terminal import say, say_json, tell
from bot.core.errors import UsageError

app = typer.Typer(cls=Commands, help="List, check and record episodes.", no_args_is_help=True)

Episodes = Annotated[list[str] | None, typer.Argument(help="Names in rules/episodes, or files. Default: all.")]


@app.command("list")
def list_(config: Config = DEFAULT_CONFIG, json: Json = False) -> None:
    """List the episodes, newest first."""
    from bot.app.episodes.listing import all_episodes, listed_object
    from bot.cli.tables import Column, print_table

    episodes = all_episodes(config)
    if json:
        for episode in episodes:
            say_json(listed_object(episode))
        return
    columns = (
        Column("episode"),
        Column("session"),
        Column("kind", leaves=2),
        Column("cause", leaves=1),
        Column("symbols", right=True, leaves=3),
        Column("stories", right=True, leaves=4),
        Column("title", least=12),
    )
    rows = []
    for episode in episodes:
        symbols = str(len(episode.prices) or len(episode.described))
        cause = episode.trigger.topic or ("ai" if episode.shock else "")
        about = (episode.name, str(episode.session), episode.kind.value, cause)
        rows.append((*about, symbols, str(len(episode.stories) or ""), episode.title))
    print_table(columns, rows)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="An episode's name, or its file.")],
    every: Annotated[bool, typer.Option("--all", help="Show every fall, not only the worst.")] = False,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Show what happened in an episode, and what followed."""
    from bot.app.episodes.listing import one_episode, whole_lines, whole_object

    episode = one_episode(config, name)
    if json:
        say_json(whole_object(episode))
        return
    for line in whole_lines(episode, every=every):
        say(line)


@app.command("check")
def check(names: Episodes = None, config: Config = DEFAULT_CONFIG) -> None:
    """Report every mistake in episodes with file, line and column; exit 2 if there is one."""
    from bot.app.episodes.listing import check_episodes
    from bot.clock import SystemClock
    from bot.core.text.wording import count

    found = check_episodes(config, names or (), SystemClock().now())
    for episode, steps in found:
        say(f"{episode.name}: {episode.kind.value}" + (f", {count(steps, 'step')} to play" if steps else ""))
    tell(f"{count(len(found), 'episode')}: no mistakes")


@app.command("record")
def record(
    incident: Annotated[str, typer.Option("--incident", help="The incident's id, as `history incidents` lists it.")],
    name: Annotated[str | None, typer.Option(help="The episode's name. Default: as nvda-2025-01-27.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write. Default: rules/episodes/NAME.yaml.")] = None,
    every: Annotated[bool, typer.Option("--every-quote", help="Keep every price, however many there are.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Record an incident from the history as an episode, replay it, and report whether the same alerts fire."""
    from bot.app.episodes import keeping
    from bot.cli.history.filters import database_file
    from bot.clock import SystemClock

    if output is not None and (output.suffix != ".yaml" or (name is not None and name != output.stem)):
        raise UsageError(f"{output}: an episode's file is named after the episode, with .yaml; leave --name out")
    kept = keeping.keep_incident(
        config,
        database_file(config, database),
        incident,
        SystemClock().now(),
        name=output.stem if output is not None else name,
        folder=output.parent if output is not None else None,
        every=every,
        force=force,
    )
    if json:
        say_json(keeping.kept_object(kept))
        return
    say(str(kept.file))
    for line in keeping.kept_lines(kept):
        tell(line)
