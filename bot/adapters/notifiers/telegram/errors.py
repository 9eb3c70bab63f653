"""What each failure of the Bot API means for a delivery. Everything about reading Telegram's errors lives here.

| what happened | outcome |
|---|---|
| 429 with ``retry_after`` | wait that long |
| 403, chat not found, no right to write | the recipient does not want us: ``forbidden``, permanent |
| chat migrated | ``moved_to``, permanent under the old id |
| 400 otherwise, 401, 404 (token) | permanent |
| no connection, connection refused, time-out before anything was sent | retry |
| 3xx, 4xx or 429 that no Bot API wrote (a proxy, a captive portal) | retry |
| 5xx with the Bot API's own JSON error | it refused: retry |
| 5xx without (a gateway in between), an unreadable 2xx | ``unknown``: it may have been accepted |
| time-out or broken connection after the request went out | ``unknown`` |

An edit may safely be repeated, so whatever would be ``unknown`` is a plain retry for an edit.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.adapters.notifiers.telegram.address import Address
from bot.adapters.notifiers.telegram.connection import RequestTrace
from bot.core.errors import DeliveryError

_LONGEST = 200
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
    "group chat was deactivated",
    "user is deactivated",
)


def is_markup_refused(error: Exception) -> bool:
    """The Bot API could not parse the message's markup, or a link in it."""
    text = str(error).lower()
    return isinstance(error, BadRequest) and ("can't parse entities" in text or "can't parse message text" in text)


def asked_wait(error: RetryAfter) -> timedelta:
    """How long Telegram asks us to wait; its library knows two forms."""
    after = error.retry_after
    return after if isinstance(after, timedelta) else timedelta(seconds=after)


def is_not_modified(error: Exception) -> bool:
    """The message already reads like the edit: as good as a success."""
    return isinstance(error, BadRequest) and "message is not modified" in str(error).lower()


def delivery_error(
    error: Exception, wire: RequestTrace, address: Address, *, edit: bool, redact: Callable[[str], str]
) -> DeliveryError:
    """The delivery's outcome for ``error``, given what happened on the wire; its text without secrets."""
    said = _short(redact(str(error)).strip()) or type(error).__name__
    if isinstance(error, RetryAfter):
        return DeliveryError(said, retry_after=asked_wait(error))
    if isinstance(error, ChatMigrated):
        moved = Address(error.new_chat_id, address.thread).recipient
        return DeliveryError(f"the group moved to {moved}", permanent=True, moved_to=moved)
    from_telegram = not isinstance(error.__cause__, TelegramError) and isinstance(error, TelegramError)
    if from_telegram and isinstance(error, Forbidden):
        return DeliveryError(said, permanent=True, forbidden=True)
    if from_telegram and isinstance(error, InvalidToken):
        return DeliveryError(
            f"Telegram does not know this bot's token ({said}); check TELEGRAM_BOT_TOKEN", permanent=True
        )
    if from_telegram and isinstance(error, BadRequest):
        gone = any(words in said.lower() for words in _UNREACHABLE)
        return DeliveryError(said, permanent=True, forbidden=gone)
    if not wire.sent:
        if isinstance(error, TelegramError):
            return DeliveryError(f"could not reach Telegram: {said}")
        return DeliveryError(f"could not be sent: {type(error).__name__}: {said}", permanent=True)
    refused = wire.status is not None and (
        300 <= wire.status < 500 or (wire.status >= 500 and isinstance(error, TelegramError) and not error.__cause__)
    )
    if refused or edit:
        return DeliveryError(said)
    return DeliveryError(f"may or may not have arrived: {said}", unknown=True)


def _short(text: str) -> str:
    """One line that fits a log: a gateway's whole page may be quoted in an error."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
