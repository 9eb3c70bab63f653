"""Every chat command, in the order of the menu: what is typed, what it does, and who may use it."""

from __future__ import annotations

from bot.adapters.notifiers.telegram.commands import Command, Rights
from bot.core.model import NumberForm

COMMANDS = (
    Command("start", "receive alerts here", rights=Rights.CHAT),
    Command("stop", "stop alerts here", rights=Rights.CHAT, help="This chat's preferences are kept for /start."),
    Command("status", "status of the bot"),
    Command(
        "alerts",
        "the latest alerts",
        "[SYMBOL] [7d]",
        help="/alerts NVDA 30d: one stock, the last 30 days. Without a time: the last 7 days.",
    ),
    Command("incident", "the latest message about an incident", "[ID]", help="Without an id: the latest incident."),
    Command(
        "why",
        "why an alert fired",
        "[ID]",
        help="The id of an incident or an alert; without one: the latest incident. Shows every condition of the rule "
        "with its measured value.",
    ),
    Command(
        "price",
        "prices, and the change from the last close",
        "SYMBOL…",
        help="/price NVDA AMD MU: up to ten. A single one comes with its chart.",
    ),
    Command("news", "the latest AI-model news", "[SYMBOL]", help="With a symbol: news that names or reaches it."),
    Command(
        "watch",
        "only alerts on these stocks",
        "SYMBOL…",
        rights=Rights.CHAT,
        help="/watch NVDA group:memory adds to this chat's watchlist; while that is empty, alerts on every stock come "
        "here. /unwatch all empties it.",
    ),
    Command("unwatch", "stop watching a stock, or all", "SYMBOL… | all", rights=Rights.CHAT),
    Command("mywatch", "this chat's preferences"),
    Command(
        "severity",
        "the minimum severity of alerts here",
        "info | warning | high | critical",
        rights=Rights.CHAT,
    ),
    Command(
        "quiet",
        "quiet hours, for critical alerts only",
        "22:00-07:00 Europe/Paris | off",
        rights=Rights.CHAT,
        help="Alerts held back come as one message when the quiet hours are over.",
    ),
    Command(
        "digest",
        "a summary after each close and each week",
        "on | off",
        rights=Rights.CHAT,
        help="Incidents, near misses, model news without a move, and the state of the sources.",
    ),
    Command(
        "style",
        "how messages look here",
        "classic | rich",
        rights=Rights.CHAT,
        help="/style rich sends a sample of both and asks which can be read: rich messages have native tables and "
        "their charts in them, but older programs, Telegram Web among them, may show them empty. /style rich yes "
        "changes it without asking.",
    ),
    Command(
        "numbers",
        "how numbers are written here",
        " | ".join(form.value for form in NumberForm),
        rights=Rights.CHAT,
        help="/numbers 1.234,5: in messages and answers. Pictures, titles and quotations keep theirs.",
    ),
    Command("rules", "the rules, and how each has performed"),
    Command("rule", "one rule's text, and how it has performed", "NAME"),
    Command("precedents", "past episodes, the latest first", "[SYMBOL]"),
    Command("whoami", "your id and this chat's id"),
    Command("help", "all commands, or one in detail", "[COMMAND]"),
    Command(
        "silence",
        "mute a stock, rule or incident",
        "NAME 24h",
        rights=Rights.ADMIN,
        help="/silence NVDA 24h, /silence large-fall 8h, /silence all 2h; a comment may follow. ALL in capitals is "
        "Allstate, if it is watched; /silence everything 2h is always every alert.",
    ),
    Command("silences", "active silences", rights=Rights.ADMIN),
    Command("unsilence", "end a silence", "ID | all", rights=Rights.ADMIN),
    Command(
        "ack",
        "acknowledge an incident",
        "[ID]",
        rights=Rights.ADMIN,
        help="No new messages as it spreads; only if it gets worse, for corrections and follow-ups.",
    ),
    Command("pause", "hold back all alerts until /resume", rights=Rights.ADMIN, help="The bot keeps watching."),
    Command("resume", "end the pause", rights=Rights.ADMIN),
    Command("health", "sources, queue, and messages in doubt", rights=Rights.ADMIN, private=True),
    Command(
        "resolve",
        "settle messages in doubt",
        "ID | all  done | again",
        rights=Rights.ADMIN,
        help="A message is in doubt when the connection broke while it was sent: it may have arrived. /health lists "
        "them. done: it arrived, or no longer matters. again: send it again.",
    ),
    Command("chats", "recipients and their preferences", rights=Rights.ADMIN, private=True),
    Command(
        "allow",
        "allow a chat to receive alerts",
        "ID",
        rights=Rights.ADMIN,
        help="The id of a person, group or channel; without one, this group. Then send /start there.",
    ),
    Command("deny", "stop a chat from receiving alerts", "ID", rights=Rights.ADMIN),
    Command("reload", "reload the rules now", rights=Rights.ADMIN),
)

MENU = tuple((c.name, c.does) for c in COMMANDS if c.rights is not Rights.ADMIN)
"""Telegram's command menu for everybody: name and description."""
FOR_ADMINS = tuple((c.name, c.does) for c in COMMANDS if c.rights is Rights.ADMIN)
"""Telegram's additional menu for admins."""
