"""``upgrade``: brings a folder up to date after an update of the program."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json
from bot.cli.terminal import say, say_json, tell
from bot.core.text.wording import count
from bot.render.outside import command

if TYPE_CHECKING:
    from bot.app.setup.upgrading import ShippedChange

MOST_NAMED = 8
MANY = {"company": "companies", "list of companies": "lists of companies"}


def upgrade(
    check: Annotated[
        bool, typer.Option("--check", help="Only show it, and exit 1 if something changed beneath what is yours.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Show what an update of the program changed, above all beneath what your folder has in its place.

    Then take note of it and renew rules/schema/. The program itself is updated by pipx or uv.
    """
    from bot.app.project import load_project
    from bot.app.setup.schema_files import write_schemas
    from bot.app.setup.upgrading import RECORD, look_for_changes, note_what_ships

    if check or (config.parent / RECORD).exists():
        found = look_for_changes(config)
        for change in found.changes:
            if json:
                say_json({"type": "change", "kind": change.thing, "name": change.name, "what": change.what}
                         | {"beneath_yours": change.beneath, "diff": list(change.diff)})  # fmt: skip
        if not json:
            _show(found.beneath, [c for c in found.changes if not c.beneath])
        if not found.changes:
            tell(f"nothing that ships has changed since {found.before}")
        if check:
            if found.changes:
                tell(f"{command('upgrade')} takes note of it")
            raise typer.Exit(int(bool(found.beneath)))
    note_what_ships(config)
    for path in write_schemas(load_project(config)):
        tell(f"{path} is renewed")
    tell("noted what ships now")


def _show(beneath: tuple[ShippedChange, ...], others: list[ShippedChange]) -> None:
    """What changed beneath one's own, one by one; all else, which is in force already, by kind."""
    if beneath:
        say("Changed beneath what is yours, which stays in force as it is:")
    for change in beneath:
        say(f"  {change.thing} {change.name}: {change.what}")
        for line in change.diff:
            say(f"    {line}")
    if others:
        say("In force already:")
    for (what, thing), number in Counter((c.what, c.thing) for c in others).items():
        names = [c.name for c in others if (c.what, c.thing) == (what, thing)]
        more = f" and {number - MOST_NAMED} more" if number > MOST_NAMED else ""
        say(f"  {what}: {count(number, thing, MANY.get(thing, ''))}: {', '.join(names[:MOST_NAMED])}{more}")
