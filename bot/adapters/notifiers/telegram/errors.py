"""What each failure of the Bot API means for a delivery.

| failure | outcome |
|---|---|
| 429 with ``retry_after`` | wait that long |
| 403, chat not found, no right to write | ``forbidden``, permanent |
| chat migrated | ``moved_to``, permanent under the old id |
| topic closed or deleted | ``instead``: the group without the topic |
| other 400 | permanent: this message is refused |
| 401, 404 (token) | ``channel``, permanent |
| no connection, connection refused, broken or timed out before the request was complete | ``channel``: not sent |
| 3xx, 4xx or 429 not from the Bot API (a proxy, a captive portal) | ``channel``: not sent |
| 5xx with the Bot API's JSON error | rejected: retry |
| 503 of a gateway | ``channel``: not passed on |
| other 5xx without JSON (a gateway), an unreadable 2xx, a broken connection | ``channel`` and ``unknown`` |
| time-out waiting for the answer | ``unknown``: it may have been accepted |

Repeating an edit is safe, so an edit is never ``unknown``.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.adapters.notifiers.telegram.address import Address, is_chat
from bot.adapters.notifiers.telegram.connection import RequestTrace, watch
from bot.core.errors import LONGEST_WAIT, DeliveryError, Obstacle
from bot.core.secret import redacted
from bot.core.text.characters import without_invisible

T = TypeVar("T")

UNREADABLE_WAIT = timedelta(seconds=30)
"""Where a server asks to wait, and cannot say for how long."""
_LONGEST = 200
_DEEPEST = 20
"""Errors that were raised for one another; more would be a circle."""
_UNREACHABLE = (
    "chat not found",
    "user not found",
    "peer_id_invalid",
    "bot is not a member",
    "bot was kicked",
    "have no rights to send",
    "not enough rights to send",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_admin_required",
    "chat_restricted",
    "chat_send_plain_forbidden",
    "channel_private",
    "group chat was deactivated",
    "user is deactivated",
)
_TOPIC_UNUSABLE = ("topic_closed", "topic_deleted", "topic_id_invalid", "message thread not found")


def is_markup_refused(error: Exception) -> bool:
    """Whether the Bot API could not parse the message's markup."""
    text = str(error).lower()
    return isinstance(error, BadRequest) and ("can't parse entities" in text or "can't parse message text" in text)


def is_captioned(error: Exception) -> bool:
    """Whether the message to edit has a picture for its body, and its text is the picture's caption."""
    return isinstance(error, BadRequest) and "there is no text in the message to edit" in str(error).lower()


def is_link_refused(error: Exception) -> bool:
    """Whether the Bot API refuses the address that a button opens, and with it the whole message."""
    text = str(error).lower()
    return isinstance(error, BadRequest) and ("button url" in text or "button_url" in text)


def asked_wait(error: RetryAfter) -> timedelta:
    """How long Telegram asks to wait, within ``LONGEST_WAIT``; the library has it as a timedelta, or as it was sent."""
    try:
        after = error.retry_after
        wait = after if isinstance(after, timedelta) else timedelta(seconds=after)
    except (TypeError, ValueError, OverflowError):
        return UNREADABLE_WAIT
    return min(max(wait, timedelta()), LONGEST_WAIT)


def is_not_modified(error: Exception) -> bool:
    """Whether the edit changed nothing, which counts as success."""
    return isinstance(error, BadRequest) and "message is not modified" in str(error).lower()


def delivery_error(error: Exception, trace: RequestTrace, address: Address, *, edit: bool) -> DeliveryError:
    """The delivery's outcome for ``error``, given the ``trace`` of the request; its text without secrets."""
    found = _outcome(error, trace, address, edit=edit)
    found.status = trace.status
    return found


def _outcome(error: Exception, trace: RequestTrace, address: Address, *, edit: bool) -> DeliveryError:
    text = _short(redacted(str(error)).strip()) or type(error).__name__
    if isinstance(error, RetryAfter):
        return DeliveryError(text, retry_after=asked_wait(error))
    if isinstance(error, ChatMigrated):
        return _moved(error.new_chat_id, address)
    from_telegram = not isinstance(error.__cause__, TelegramError) and isinstance(error, TelegramError)
    if from_telegram and isinstance(error, Forbidden | BadRequest):
        return _refusal(error, text, address)
    if from_telegram and isinstance(error, InvalidToken):
        rejected = f"Telegram rejects the token ({text}); check TELEGRAM_BOT_TOKEN"
        return DeliveryError(rejected, permanent=True, channel=True)
    if not trace.sent:
        if isinstance(error, TelegramError):
            obstacle = _obstacle(error)
            words = "its name cannot be looked up" if obstacle is Obstacle.NAME else text
            return DeliveryError(f"could not reach Telegram: {words}", channel=True, obstacle=obstacle)
        return DeliveryError(f"could not be sent: {type(error).__name__}: {text}", permanent=True)
    return _unanswered(error, text, trace, edit=edit)


def _obstacle(error: Exception) -> Obstacle:
    """What stood in the way, from what the library's error was raised for."""
    found: BaseException | None = error
    kinds: list[BaseException] = []
    while found is not None and len(kinds) < _DEEPEST:
        kinds.append(found)
        found = found.__cause__ or found.__context__
    for kind, obstacle in (
        (socket.gaierror, Obstacle.NAME),
        (httpx.ProxyError, Obstacle.PROXY),
        (ssl.SSLError, Obstacle.TRUST),
        ((TimedOut, httpx.TimeoutException), Obstacle.TIME),
    ):
        if any(isinstance(each, kind) for each in kinds):
            return obstacle
    return Obstacle.CONNECTION


def _moved(to: object, address: Address) -> DeliveryError:
    """The group has a new id, unless the server says what is none."""
    if type(to) is not int or not is_chat(to):
        return DeliveryError("the group moved, but the answer does not say where", permanent=True)
    moved = Address(to, address.thread).recipient
    return DeliveryError(f"the group moved to {moved}", permanent=True, moved_to=moved)


def _refusal(error: TelegramError, text: str, address: Address) -> DeliveryError:
    """Telegram refuses this message, or this recipient."""
    if any(words in text.lower() for words in _TOPIC_UNUSABLE):
        if address.thread is not None:
            return DeliveryError(text, permanent=True, instead=Address(address.chat).recipient)
        return DeliveryError(text, permanent=True, forbidden=True)
    gone = isinstance(error, Forbidden) or any(words in text.lower() for words in _UNREACHABLE)
    return DeliveryError(text, permanent=True, forbidden=gone)


def _unanswered(error: Exception, text: str, trace: RequestTrace, *, edit: bool) -> DeliveryError:
    """The request went out whole, and the Bot API did not answer it with a refusal."""
    status = trace.status
    if not isinstance(error, TelegramError):  # its words are about the library's code
        text = f"the response cannot be read ({type(error).__name__})"
    if status is not None and status >= 500 and isinstance(error, TelegramError) and not error.__cause__:
        return DeliveryError(text)
    if status is not None and status >= 500:
        text = f"a gateway answered {status}"  # not its page
    not_passed_on = status is not None and (300 <= status < 500 or status == 503)
    slow = status is None and isinstance(error, TimedOut)
    if not_passed_on or edit:
        return DeliveryError(text, channel=not slow)
    return DeliveryError(f"may or may not have arrived: {text}", unknown=True, channel=not slow)


async def repeatable(request: Awaitable[T]) -> T:
    """The result of a request that may safely be repeated. Raises DeliveryError; Conflict is passed on."""
    trace = watch()
    try:
        return await request
    except Conflict:
        raise
    except Exception as error:
        # an InvalidToken's text may contain the token
        cause = error.__cause__ if isinstance(error, InvalidToken) else error
        raise delivery_error(error, trace, Address(0), edit=True) from cause


def _short(text: str) -> str:
    """One line for the log: an error may quote a gateway's whole page."""
    text = without_invisible(text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
