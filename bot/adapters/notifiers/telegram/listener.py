"""Receives commands and buttons by long polling, in the application's event loop.

Not with ``telegram.ext.Updater``: this must start while Telegram is unreachable, log one clear line when another
process polls the same token, and stop within a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from telegram import BotCommand, BotCommandScopeChat
from telegram.error import BadRequest, Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application

from bot.adapters.notifiers.telegram.address import CHANNEL
from bot.adapters.notifiers.telegram.commands import CommandHandler, Rights
from bot.adapters.notifiers.telegram.connection import DEFAULT_BASE_URL, RequestTrace, connect, watch
from bot.adapters.notifiers.telegram.conversation import Conversation, SomeApplication
from bot.adapters.notifiers.telegram.errors import asked_wait
from bot.adapters.notifiers.telegram.permissions import Permissions
from bot.adapters.notifiers.telegram.updates import Received, receive
from bot.core.model import SourceReport, Trouble
from bot.core.ports import Clock
from bot.core.secret import Secret, redacted
from bot.core.waiting import back_off

log = logging.getLogger(__name__)

COMMANDS = "commands"
"""The subject of its reports."""
_ALLOWED = ("message", "channel_post", "callback_query", "my_chat_member")
_FIRST_DELAY, _LAST_DELAY = timedelta(seconds=1), timedelta(minutes=1)
_GOODBYE = 0.8
UNREADABLE_AGAIN = 3600.0
"""Seconds before the operator is told of another update that cannot be read."""


class TelegramListener:
    """Answers commands and buttons. Sending alerts does not depend on it.

    ``report`` is called for every failed poll and once on recovery (source ``telegram``, subject ``commands``).
    ``access`` returns the current permissions. ``poll_for`` is how long a poll waits at the server. ``reported``: an
    earlier run reported a failure, and not its end.
    """

    def __init__(
        self,
        token: Secret,
        handler: CommandHandler,
        access: Callable[[], Permissions],
        clock: Clock,
        report: Callable[[SourceReport], None],
        *,
        base_url: str = DEFAULT_BASE_URL,
        poll_for: timedelta = timedelta(seconds=50),
        timeout: float = 20.0,
        first_delay: timedelta = _FIRST_DELAY,
        reported: bool = False,
    ) -> None:
        self._bot = connect(token, base_url, timeout, pool_size=8)
        self._application: SomeApplication = Application.builder().bot(self._bot).updater(None).build()
        self._commands = handler.commands
        self._unreadable = handler.unreadable
        self._unreadable_told: float | None = None
        self._admins = access().admins
        Conversation(handler, access).join(self._application)
        self._clock = clock
        self._report = report
        self._token = token
        self._poll_for = poll_for
        self._first_delay = first_delay
        self._offset: int | None = None
        self._confirmed: int | None = None
        self._failure = "before" if reported else ""
        """The kind of the last failure, until a poll succeeds."""
        self._trace = RequestTrace()
        self._initialized = False

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until ``stop`` is set; returns about a second later. Failures are reported, never raised."""
        failures = 0
        try:
            while not stop.is_set():
                try:
                    await _until(stop, self._turn())
                    if stop.is_set():
                        break
                except Exception as exc:
                    failures += 1
                    wait = self._failed(exc) or back_off(failures, self._first_delay, _LAST_DELAY)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), wait.total_seconds())
                else:
                    failures = 0
                    self._worked()
        finally:
            await self._close()

    async def _turn(self) -> None:
        """Poll once, and handle the updates."""
        self._trace = watch()
        if not self._initialized:
            await self._open()
            self._trace = watch()
        # after a failure the first answer must not take as long as it takes somebody to write something
        wait = 0 if self._failure else int(self._poll_for.total_seconds())
        received = await receive(self._bot, offset=self._offset, wait=wait, allowed=_ALLOWED)
        self._confirmed = self._offset
        for each in received:
            await self._handle(each)
            self._offset = each.id + 1

    async def _handle(self, received: Received) -> None:
        """Handle one update; none may keep those after it from being handled."""
        handled = received.update is not None
        try:
            if received.update is not None:
                await self._application.process_update(received.update)
        except Exception:
            log.exception("update %s could not be handled and is skipped", received.id)
            handled = False
        now = time.monotonic()
        if not handled and (self._unreadable_told is None or now - self._unreadable_told >= UNREADABLE_AGAIN):
            self._unreadable_told = now
            self._unreadable(received.id)

    async def _open(self) -> None:
        try:
            await self._application.initialize()
        except InvalidToken as exc:
            raise InvalidToken("Telegram rejects the token; check TELEGRAM_BOT_TOKEN") from exc.__cause__
        self._initialized = True
        await self._bot.delete_webhook()
        try:
            await self._set_menus()
        except TelegramError as exc:
            log.warning("the command menu could not be set: %s", redacted(str(exc)))

    async def _set_menus(self) -> None:
        """The commands Telegram lists when somebody types a slash; admins see theirs too, in their own chats."""
        menu = [c for c in self._commands if c.in_menu]
        await self._bot.set_my_commands([BotCommand(c.name, c.does) for c in menu if c.rights is not Rights.ADMIN])
        for admin in sorted(self._admins):
            with contextlib.suppress(BadRequest):  # an admin who never wrote to the bot has no chat with it
                everything = [BotCommand(c.name, c.does) for c in menu]
                await self._bot.set_my_commands(everything, scope=BotCommandScopeChat(admin))

    def _failed(self, exc: Exception) -> timedelta | None:
        """Report the failure, and log the first of its kind; how long Telegram asks to wait, if it does."""
        if isinstance(exc, RetryAfter):
            return asked_wait(exc)
        if isinstance(exc, Conflict):
            kind = "conflict"
            text = "another process is polling Telegram with this token; stop it, or make a second bot"
        elif isinstance(exc, InvalidToken):
            kind, text = "token", redacted(str(exc))
        elif isinstance(exc, TelegramError):
            kind, text = "network", f"Telegram cannot be reached: {redacted(str(exc))}"
        else:
            kind, text = "broken", f"unreadable response from Telegram: {type(exc).__name__}"
            log.debug("unreadable update", exc_info=exc)
        if kind != self._failure:
            self._failure = kind
            effect = "alerts are still sent, commands are not answered" if kind == "conflict" else "alerts wait"
            log.warning("%s; %s", text, effect)
        self._report_state(Trouble.FAILED, text, self._trace.status)
        return None

    def _worked(self) -> None:
        if self._failure:
            self._failure = ""
            log.info("listening to Telegram again")
            self._report_state(Trouble.NONE, "listening again")

    def _report_state(self, trouble: Trouble, detail: str, status: int | None = None) -> None:
        report = SourceReport(CHANNEL, self._clock.now(), trouble, detail, status=status, subject=COMMANDS)
        self._report(report)

    async def _close(self) -> None:
        """Confirm the updates handled, so that a restart does not answer them again; then close the connections."""
        if self._offset is not None and self._offset != self._confirmed:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(receive(self._bot, offset=self._offset, wait=0, allowed=_ALLOWED), _GOODBYE)
        with contextlib.suppress(Exception):
            if self._initialized:
                await self._application.shutdown()
            else:
                await self._bot.request.shutdown()


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` to its end or until ``stop`` is set, whichever comes first."""
    task = asyncio.create_task(work)
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (task, stopped):
            if not each.done():
                each.cancel()
        await asyncio.gather(stopped, return_exceptions=True)
        if not task.done() or task.cancelled():
            await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled():
        task.result()
