"""``check``: does everything a run needs work?"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json
from bot.cli.terminal import say, say_json


def check(
    config: Config = DEFAULT_CONFIG,
    offline: Annotated[bool, typer.Option("--offline", help="Skip checks that need the network.")] = False,
    json: Json = False,
) -> None:
    """Check configuration, rules, feeds, prices and Telegram. Exit 1 if something does not work."""
    from bot.adapters.notifiers.telegram import quiet_libraries

    quiet_libraries()
    if not asyncio.run(_check(config, offline, json)):
        raise typer.Exit(1)


async def _check(config: Path, offline: bool, json: bool) -> bool:
    from bot.app.setup.checkup import check_up
    from bot.clock import SystemClock

    good = True
    async for finding in check_up(config, SystemClock().now(), offline=offline):
        good = good and finding.ok
        if json:
            say_json(asdict(finding))
            continue
        say(f"{'ok  ' if finding.ok else 'FAIL'} {finding.part:<14} {finding.words}")
        if not finding.ok and finding.advice:
            say(f"     {'':<14} → {finding.advice}")
    return good
