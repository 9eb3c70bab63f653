"""Every command, in the order of the menu: what is typed, what it does, who may."""

from __future__ import annotations

from bot.adapters.notifiers.telegram.commands import Command, Rights

COMMANDS = (
    Command("start", "receive alerts here", rights=Rights.CHAT),
    Command("stop", "no more alerts here", rights=Rights.CHAT, help="What this chat has chosen is kept for /start."),
    Command("status", "how the bot is doing"),
    Command(
        "alerts",
        "the latest alerts",
        "[SYMBOL] [7d]",
        help="/alerts NVDA 30d: those of one stock in 30 days. Without a time: the last 7 days.",
    ),
    Command("incident", "an incident as it was last told", "[ID]", help="Without an id: the latest."),
    Command(
        "why",
        "what was measured when an alert fired",
        "[ID]",
        help="The id of an incident or of an alert; without one: the latest incident. Every condition of the rule is "
        "shown with what was found beside what was asked.",
    ),
    Command(
        "price",
        "prices, and what they are against the last close",
        "SYMBOL…",
        help="/price NVDA AMD MU: up to ten. For a single one its picture follows.",
    ),
    Command("news", "the latest AI-model news", "[SYMBOL]", help="With a symbol: what names it or reaches it."),
    Command(
        "watch",
        "only alerts that touch these stocks",
        "SYMBOL…",
        rights=Rights.CHAT,
        help="/watch NVDA group:memory adds to what this chat watches; as long as it watches nothing in particular it "
        "hears of every stock. /unwatch all brings that back.",
    ),
    Command("unwatch", "end that for a stock, or all", "SYMBOL… | all", rights=Rights.CHAT),
    Command("mywatch", "what this chat has chosen to hear"),
    Command(
        "severity",
        "the least severity to hear of",
        "info | warning | high | critical",
        rights=Rights.CHAT,
    ),
    Command(
        "quiet",
        "hours in which what is not critical waits",
        "22:00-07:00 Europe/Paris | off",
        rights=Rights.CHAT,
        help="What was held back comes as one message when the quiet hours are over.",
    ),
    Command(
        "digest",
        "a summary after each close and each week",
        "on | off",
        rights=Rights.CHAT,
        help="Incidents, what nearly fired, model news that moved nothing, and how the sources do.",
    ),
    Command("rules", "the rules, and how each did"),
    Command("rule", "one rule as written, and how it did", "NAME"),
    Command("precedents", "past episodes, the latest first", "[SYMBOL]"),
    Command("whoami", "the ids of you and this chat"),
    Command("help", "all commands, or one at length", "[COMMAND]"),
    Command(
        "silence",
        "no messages of a stock, rule or incident",
        "NAME 24h",
        rights=Rights.ADMIN,
        help="/silence NVDA 24h, /silence large-fall 8h, /silence all 2h; words after that say why.",
    ),
    Command("silences", "what is silenced", rights=Rights.ADMIN),
    Command("unsilence", "end a silence", "ID | all", rights=Rights.ADMIN),
    Command(
        "ack",
        "look after an incident",
        "[ID]",
        rights=Rights.ADMIN,
        help="It says nothing more for growing, only for getting worse, corrections and follow-ups.",
    ),
    Command("pause", "no alerts to anybody until /resume", rights=Rights.ADMIN, help="The bot goes on watching."),
    Command("resume", "end that", rights=Rights.ADMIN),
    Command("health", "sources, queue, and messages in doubt", rights=Rights.ADMIN),
    Command(
        "resolve",
        "settle messages in doubt",
        "ID | all  done | again",
        rights=Rights.ADMIN,
        help="A message is in doubt when the connection broke while it was sent: it may have arrived. /health lists "
        "those. done: it arrived, or no longer matters. again: send it once more.",
    ),
    Command("chats", "who receives", rights=Rights.ADMIN),
    Command(
        "allow",
        "let a chat receive",
        "ID",
        rights=Rights.ADMIN,
        help="The id of a person, group or channel; without one, the group this is written in. Then /start there.",
    ),
    Command("deny", "let it receive no more", "ID", rights=Rights.ADMIN),
    Command("reload", "read the rules now", rights=Rights.ADMIN),
)

MENU = tuple((c.name, c.does) for c in COMMANDS if c.rights is not Rights.ADMIN)
"""What Telegram lists for everybody, as names and what they do."""
FOR_ADMINS = tuple((c.name, c.does) for c in COMMANDS if c.rights is Rights.ADMIN)
"""What it lists for admins besides."""
