"""``schema``: the JSON Schemas that editors read."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.commands import Commands
from bot.cli.options import DEFAULT_CONFIG, Config
from bot.cli.terminal import say, tell
from bot.render.outside import command

app = typer.Typer(cls=Commands, help="JSON Schemas for completion and hints in editors.", no_args_is_help=True)


@app.callback()  # without one, typer makes the only command of a group the group itself
def _group() -> None: ...


@app.command("write")
def write(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if one is out of date.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Bring rules/schema/ up to date with the program and with your own topics, groups and companies."""
    from bot.app.project import load_project
    from bot.app.setup.schema_files import outdated, write_schemas

    project = load_project(config)
    changed = outdated(project) if check else write_schemas(project)
    for path in changed:
        say(path)
    if not changed:
        tell("the schemas are up to date")
    elif check:
        tell(f"these are out of date; run {command('schema', 'write')}")
        raise typer.Exit(1)
