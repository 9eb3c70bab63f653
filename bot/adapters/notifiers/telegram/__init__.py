"""Telegram: sends notifications, and answers commands and buttons."""

import os

# set before python-telegram-bot is imported: otherwise it warns on every RetryAfter
os.environ.setdefault("PTB_TIMEDELTA", "true")

from bot.adapters.notifiers.telegram.address import CHANNEL, Address, chat_of
from bot.adapters.notifiers.telegram.commands import Answer, Command, CommandHandler, Rights
from bot.adapters.notifiers.telegram.listener import COMMANDS, TelegramListener
from bot.adapters.notifiers.telegram.notifier import LIMITS, TelegramNotifier
from bot.adapters.notifiers.telegram.permissions import Chat, Permissions
from bot.adapters.notifiers.telegram.redact import RedactingFilter, quiet_libraries

__all__ = [
    "CHANNEL",
    "COMMANDS",
    "LIMITS",
    "Address",
    "Answer",
    "Chat",
    "Command",
    "CommandHandler",
    "Permissions",
    "RedactingFilter",
    "Rights",
    "TelegramListener",
    "TelegramNotifier",
    "chat_of",
    "quiet_libraries",
]
