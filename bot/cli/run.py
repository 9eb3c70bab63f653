"""``run``: the bot itself."""

from __future__ import annotations

import asyncio
import os
import sys

from bot.cli.options import DEFAULT_CONFIG, Config, Database


def run(config: Config = DEFAULT_CONFIG, database: Database = None) -> None:
    """Watch news and prices until stopped (Ctrl-C). One `run` per database."""
    from bot.app.starting import run_bot

    asyncio.run(run_bot(config, database))
    # a price request that is under way sits in a thread nobody can stop; everything else is closed
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
