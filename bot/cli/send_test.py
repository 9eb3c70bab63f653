"""``send-test``: a sample alert to everyone who is configured."""

from __future__ import annotations

import asyncio
import json as jsonlib
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.asking import Asker
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json

if TYPE_CHECKING:
    from datetime import datetime

    from bot.app.setup.sample_sending import SampleRun

ASK_BEYOND = 10
"""More recipients than this are told only after asking."""


def send_test(
    to: Annotated[
        str | None, typer.Option(help="Only this recipient: 12345, telegram:-100123/7, or a name.", metavar="RECIPIENT")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, however many are told.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Send a sample alert, a test, to everyone configured, also while the bot runs. Exit 1 where any fails."""
    from bot.adapters.notifiers.telegram import quiet_libraries
    from bot.app.setup.sample_sending import prepare
    from bot.clock import SystemClock

    quiet_libraries()
    now = SystemClock().now()
    planned = prepare(config, database, to, now, sys.stderr if json else sys.stdout)
    asker = Asker(yes=yes, instead="add --yes")
    if len(planned.recipients) > ASK_BEYOND:
        asked = f"This sends a test to {len(planned.recipients)} recipients. Go on?"
        if not asker.confirm(asked, default=False, unattended=True):
            return
    if not asyncio.run(_send(planned, now, json)):
        raise typer.Exit(1)


async def _send(planned: SampleRun, now: datetime, json: bool) -> bool:
    good = True
    async for went in planned.send(now):
        good = good and went.ok
        if json:
            typer.echo(jsonlib.dumps(asdict(went), ensure_ascii=False))
        else:
            typer.echo(f"{'ok  ' if went.ok else 'FAIL'} {_known(went.recipient, went.name)}: {went.words}")
    for spared in planned.spared:
        left_out = f"left out {_known(spared.id, spared.name)}: ended its alerts with /stop"
        print(f"{left_out}; --to {spared.id} sends all the same", file=sys.stderr)
    return good


def _known(recipient: str, name: str) -> str:
    return f"{recipient} ({name})" if name and name != recipient else recipient
