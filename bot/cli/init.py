"""``init``: a folder of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import shown_path
from bot.cli.terminal import say, tell
from bot.installation import INSTALLED, SHIPPED
from bot.render.outside import command, shell


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make, or an empty one.")],
) -> None:
    """Make a folder with a configuration, rules and history of your own, apart from the program. Overwrites nothing."""
    from bot.app.setup.new_folder import make_folder

    for path in make_folder(folder):
        say(shown_path(path))
    tell(f"{folder} is ready: the rules, topics, companies, episodes and feeds that ship are in force there.")
    tell("Next:")
    where: tuple[object, ...] = ()
    if INSTALLED:
        tell(f"  {shell('cd', folder)}")
    else:  # a checkout's commands are run there
        where = ("--config", folder / "config.yaml")
    commands = [command(*words, *where) for words, _ in NEXT]
    for each, (_, what) in zip(commands, NEXT, strict=True):
        tell(f"  {each:<{max(map(len, commands))}}   {what}")
    tell(f"All of it is described in {SHIPPED / 'docs'}.")


NEXT = (
    (("check",), "says what works, and what to do about the rest"),
    (("setup",), "connects Telegram"),
    (("run",), "starts the bot"),
    (("rules", "show"), "shows every rule and where it comes from"),
)
