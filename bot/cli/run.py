"""``run``: the bot itself."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Database, parse_when


def run(
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    now: Annotated[
        str | None, typer.Option(help="Pretend it is this moment, as 2025-01-27T15:00Z: to try against local servers.")
    ] = None,
) -> None:
    """Watch news and prices until stopped (Ctrl-C). One `run` per database."""
    from bot.app.starting import run_bot
    from bot.clock import SystemClock

    asyncio.run(run_bot(config, database, parse_when(now, SystemClock().now()) if now else None))
    # a price request that is under way sits in a thread nobody can stop; everything else is closed
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
