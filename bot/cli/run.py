"""``run``: the bot itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Database, Place, parse_when


def run(
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    now: Annotated[
        str | None,
        typer.Option(help="Start the clock at this time (2025-01-27T15:00Z), for testing."),
    ] = None,
) -> None:
    """Run the bot: watch news and prices until stopped (Ctrl-C). One `run` per database."""
    from bot.app.run.stopping import stopping_signals

    for number in stopping_signals():
        signal.signal(number, _stopped_early)
    _run(config, database, now)


def _run(config: Path, database: Place | None, now: str | None) -> None:
    from bot.app.run.starting import run_bot
    from bot.clock import SystemClock

    moment = parse_when(now, SystemClock().now()) if now else None

    async def run_and_leave() -> None:
        await run_bot(config, database, moment)
        # Everything is closed and written. Threads stuck in a price request or a DNS look-up cannot be stopped, and
        # the interpreter would wait for them.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(0)

    asyncio.run(run_and_leave())


def _stopped_early(*_: object) -> None:
    """A signal before the bot handles it itself: nothing has started that would have to be shut down."""
    raise SystemExit(0)
