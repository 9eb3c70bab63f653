"""``send-test``: sends a sample alert to every configured recipient."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.asking import Asker
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json
from bot.cli.terminal import say, say_json, tell
from bot.render.outside import shell

if TYPE_CHECKING:
    from datetime import datetime

    from bot.app.setup.sample_sending import SampleRun

ASK_BEYOND = 10
"""Asks for confirmation where there are more recipients than this."""


def send_test(
    to: Annotated[
        str | None, typer.Option(help="Only this recipient: 12345, telegram:-100123/7, or a name.", metavar="RECIPIENT")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, however many recipients there are.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Send a test alert to every configured recipient, also while the bot runs. Exit 1 if any fails."""
    from bot.adapters.notifiers.telegram import quiet_libraries
    from bot.app.setup.sample_sending import prepare
    from bot.clock import SystemClock

    quiet_libraries()
    now = SystemClock().now()
    planned = prepare(config, database, to, now, sys.stderr if json else sys.stdout)
    asker = Asker(yes=yes, instead="add --yes")
    if len(planned.recipients) > ASK_BEYOND:
        question = f"This sends a test to {len(planned.recipients)} recipients. Continue?"
        if not asker.confirm(question, default=False, unattended=True):
            return
    if not asyncio.run(_send(planned, now, json)):
        raise typer.Exit(1)


async def _send(planned: SampleRun, now: datetime, json: bool) -> bool:
    good = True
    async for delivery in planned.send(now):
        good = good and delivery.ok
        if json:
            say_json(asdict(delivery))
        else:
            word = "ok  " if delivery.ok else "FAIL"
            say(f"{word} {_labelled(delivery.recipient, delivery.name)}: {delivery.words}")
    for spared in planned.spared:
        skipped = f"skipped {_labelled(spared.id, spared.name)}: unsubscribed with /stop"
        tell(f"{skipped}; {shell('--to', spared.id)} sends anyway")
    return good


def _labelled(recipient: str, name: str) -> str:
    return f"{recipient} ({name})" if name and name != recipient else recipient
