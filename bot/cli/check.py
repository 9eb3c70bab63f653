"""``check``: does everything a run needs work?"""

from __future__ import annotations

import asyncio
import json as jsonlib
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json


def check(
    config: Config = DEFAULT_CONFIG,
    offline: Annotated[bool, typer.Option("--offline", help="Leave out what needs the network.")] = False,
    json: Json = False,
) -> None:
    """Look over configuration, rules, sources, prices and Telegram. Exit 1 where something does not work."""
    if not asyncio.run(_check(config, offline, json)):
        raise typer.Exit(1)


async def _check(config: Path, offline: bool, json: bool) -> bool:
    from bot.app.setup.checkup import check_up
    from bot.clock import SystemClock

    good = True
    async for finding in check_up(config, SystemClock().now(), offline=offline):
        good = good and finding.ok
        if json:
            typer.echo(jsonlib.dumps(asdict(finding), ensure_ascii=False))
            continue
        typer.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.part:<14} {finding.words}")
        if not finding.ok and finding.advice:
            typer.echo(f"     {'':<14} → {finding.advice}")
    return good
