"""Starts the live bot, shows its status until a signal, and shuts it down cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app.monitoring.logs import AboveStatus, StatusHandler, start_logging
from bot.app.monitoring.status import status_line
from bot.app.project import read_rules_folder
from bot.app.run.live import LiveBot
from bot.app.run.notifiers import other_secrets, token_of, unsafe_file
from bot.app.run.reloading import look
from bot.app.run.stopping import stopping_signals
from bot.app.stores import Place, open_store
from bot.app.wiring import Startup, running_bot
from bot.clock import SystemClock
from bot.config.settings.metrics import find_heartbeat_url
from bot.config.settings.model import load_settings
from bot.config.settings.secret_files import find_language_model_key
from bot.core.errors import StoreBusyError, StoreError, StoreInUseError
from bot.core.ports import Store

log = logging.getLogger(__name__)

BUSY_FOR = timedelta(seconds=0.25)
"""How long a write waits for another program's lock: that blocks the event loop, and it is retried anyway."""
STAND_BY = 1.0
"""Seconds between two looks whether another process still runs on the history."""
STATUS_EVERY = 1.0
STATUS_LOGGED_EVERY = 300.0


async def run_bot(config: Path, database: Place | None, pretend: datetime | None = None) -> None:
    """Run until a signal says to stop. Raises ConfigError, UsageError or StoreError if it cannot start."""
    clock = SystemClock(pretend)
    settings = load_settings(config)
    looked = look(settings.rules, config)
    project = read_rules_folder(config, settings)
    found = token_of(project)
    key, unsafe = find_language_model_key(os.environ, project.settings.language_model.key_file)
    switch = find_heartbeat_url(os.environ, project.settings.heartbeat)
    secrets = [*other_secrets(project.settings, project.folder), *(s for s in (found.token, key, switch) if s)]
    handler = start_logging(project.settings.log_level.value, secrets)
    for warning in (*found.warnings, *([unsafe] if unsafe else []), *unsafe_file(project.settings, project.folder)):
        log.warning("%s", warning)
    for rule in project.rules:
        if rule.enabled and rule.idle:
            log.warning("rule %s %s", rule.name, rule.idle)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in stopping_signals():
        loop.add_signal_handler(number, stop.set)
    file = database or project.settings.storage.place
    opened = await _opened(file, clock, stop)
    if opened is None:
        return
    with contextlib.closing(opened) as store:
        start = Startup(config, looked, project, file, found, key, switch)
        # not a whole TextIO, but all that is used of one
        console: Any = AboveStatus(handler, sys.stdout)
        async with running_bot(start, store, clock, console, stop) as bot:
            log.info(
                "started feeds=%d symbols=%d rules=%d database=%s",
                len(bot.states),
                len(project.settings.symbols),
                len(project.rules),
                file,
            )
            await _show_status(bot, handler, clock, stop)
            log.info("stopping")
        if replaced := store.replaced():
            raise StoreInUseError(replaced)
    handler.finish()


async def _opened(place: Place, clock: SystemClock, stop: asyncio.Event) -> Store | None:
    """The history. On a server that another process runs on, this one stands by and takes over when it ends; ``None``
    where it is told to stop before."""
    standing_by = False
    while not stop.is_set():
        try:
            return open_store(place, mode="live", run_name="live", now=clock.now(), busy_for=BUSY_FOR)
        except (StoreInUseError, StoreBusyError) as error:
            if isinstance(place, Path) or not (standing_by or isinstance(error, StoreInUseError)):
                raise
            if not standing_by:
                log.info("standing by: %s", error)
            standing_by = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), STAND_BY)
    return None


async def _show_status(bot: LiveBot, handler: StatusHandler, clock: SystemClock, stop: asyncio.Event) -> None:
    """Show the status line, or without a terminal log it every few minutes, until ``stop``, or another process has
    taken over."""
    logged = asyncio.get_running_loop().time()
    while not stop.is_set() and not bot.upkeep.replaced():
        with contextlib.suppress(StoreError):
            line = status_line(bot, clock.now())
            if handler.is_terminal:
                handler.status(line, shutil.get_terminal_size().columns)
            elif asyncio.get_running_loop().time() - logged >= STATUS_LOGGED_EVERY:
                logged = asyncio.get_running_loop().time()
                log.info("status %s", line)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), STATUS_EVERY)
