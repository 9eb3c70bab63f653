"""``check``: does everything a run needs work?"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json
from bot.cli.progress import waiting
from bot.cli.tables import width
from bot.cli.terminal import say_all, say_json, shown_on_terminal
from bot.installation import PROGRAM
from bot.render.text import wrapped

if TYPE_CHECKING:
    from bot.app.setup.findings import Finding, Group

_INDENT = " " * 5


def check(
    config: Config = DEFAULT_CONFIG,
    offline: Annotated[bool, typer.Option("--offline", help="Skip checks that need the network.")] = False,
    json: Json = False,
) -> None:
    """Check configuration, rules, feeds, prices and Telegram. Exit 1 if something does not work.

    What fails for the same cause is told once. --json has a line for each part.
    """
    from bot.adapters.notifiers.telegram import quiet_libraries

    quiet_libraries()
    if not asyncio.run(_check(config, offline, json)):
        raise typer.Exit(1)


async def _check(config: Path, offline: bool, json: bool) -> bool:
    from bot.app.setup.checkup import check_up
    from bot.app.setup.findings import alone, grouped
    from bot.clock import SystemClock

    good = True
    online: list[Finding] = []
    with waiting("asking feeds, prices and Telegram") if shown_on_terminal(error=True) else nullcontext():
        async for finding in check_up(config, SystemClock().now(), offline=offline):
            good = good and finding.ok
            if json:
                say_json(asdict(finding))
            elif finding.online:
                online.append(finding)
            else:
                _say(alone(finding))
    for group in grouped(online):
        _say(group)
    return good


def _say(found: Group) -> None:
    """The part, what is wrong, the next step, and then what it concerns."""
    say_all(_lines(f"{'ok  ' if found.ok else 'FAIL'} {found.part:<14} ", found.words))
    for step in found.advice.split("; ") if not found.ok and found.advice else ():
        say_all(_lines(f"{_INDENT}→ ", step))
    if found.of:
        say_all(_lines(_INDENT, found.of))


def _lines(before: str, text: str) -> list[str]:
    """On a terminal broken between words, elsewhere one line; so is one with a command in it, which people copy."""
    if not shown_on_terminal() or PROGRAM in text:
        return [before + text]
    return wrapped(
        before + text, width=width(), subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )
