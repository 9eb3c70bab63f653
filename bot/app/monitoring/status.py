"""The bot's status, in one line for the terminal and as a message for ``/status``."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.app.run.live import LiveBot
from bot.core.model import Block, BlockKind, Line, Phase, Strong, Summary
from bot.core.text.wording import age, count

PHASES = {
    Phase.OVERNIGHT: "overnight",
    Phase.PRE: "pre-market",
    Phase.REGULAR: "in session",
    Phase.POST: "after hours",
    Phase.CLOSED: "closed",
}


def status_line(bot: LiveBot, now: datetime) -> str:
    """Sources ok and failing, last poll, stories and quotes seen, alerts."""
    good, bad = _feeds(bot)
    seen = bot.counters
    prices = f"prices {_ago(now - seen.last_prices_at)} ago" if seen.last_prices_at else "no prices yet"
    parts = [
        f"feeds {good} ok" + (f", {bad} failing" if bad else ""),
        prices + (" (failing)" if seen.prices_failed else ""),
        f"{seen.stories:,} stories",
        f"{seen.quotes:,} quotes",
        f"{seen.alerts} alerts",
    ]
    if waiting := bot.outbox.outbox_counts().get("queued", 0):
        parts.append(f"{waiting} to send")
    if bot.cycle.uncommitted:
        parts.append("history not written!")
    if broken := bot.jobs.broken:
        parts.append(f"{count(len(broken), 'part')} broken!")
    return " · ".join(parts)


def status_message(bot: LiveBot, now: datetime) -> Summary:
    """The same for a chat, with open incidents and sources in trouble."""
    good, bad = _feeds(bot)
    seen, settings = bot.counters, bot.project.settings
    facts = [f"{good} feeds ok, {bad} failing; {_last('last answer', seen.last_feed_at, now)}"]
    words = _last("last answer", seen.last_prices_at, now) + (", failing now" if seen.prices_failed else "")
    facts.append(f"Prices of {seen.symbols or 'no'} of {len(settings.symbols)} symbols; {words}")
    if bot.stream is not None:
        facts.append(f"Price stream: {bot.stream.words(now)}")
    first = settings.symbols[0]
    facts.append(f"{seen.stories:,} stories, {seen.quotes:,} quotes and {seen.alerts} alerts since the start")
    facts.append(f"{first}: {PHASES[bot.engine.view().phase(first, now)]}")
    if bot.cycle.uncommitted:
        facts.append("The history cannot be written: alerts are held back")
    elif waiting := bot.outbox.outbox_counts().get("queued", 0):
        facts.append(f"{waiting} messages queued")
    blocks = [_block("headline", BlockKind.HEADLINE, "", [(Strong("Aftershock is watching"),)])]
    blocks.append(_block("facts", BlockKind.FACTS, "", [(fact,) for fact in facts]))
    opened = [
        f"{i.id}: {i.severity.word}, {', '.join(i.symbols[:5])}{' …' if len(i.symbols) > 5 else ''}"
        for i in bot.engine.view().open_incidents
    ]
    troubles = [
        f"{source}{f' {subject}' if subject else ''}: {trouble.value}"
        for source, subject, trouble, _ in bot.engine.view().failing
    ]
    troubles += [f"{name}: does not work" for name in bot.jobs.broken]
    if lost := bot.upkeep.lost():
        troubles.insert(0, lost)
    for title, lines in (("Open incidents", opened), ("In trouble", troubles)):
        if lines:
            shown = lines[:5] + ([f"and {len(lines) - 5} more"] if len(lines) > 5 else [])
            blocks.append(_block(title.lower(), BlockKind.FACTS, title, [(line,) for line in shown]))
    return Summary(tuple(blocks), "Aftershock is watching")


def _block(name: str, kind: BlockKind, title: str, lines: list[Line]) -> Block:
    return Block(name, kind, 50, title=title, lines=tuple(lines))


def _ago(span: timedelta) -> str:
    """In seconds below a minute: the status line is rewritten every second."""
    seconds = max(0, int(span.total_seconds()))
    return f"{seconds} s" if seconds < 60 else age(span)


def _last(what: str, at: datetime | None, now: datetime) -> str:
    return f"{what} {_ago(now - at)} ago" if at else "no answer yet"


def _feeds(bot: LiveBot) -> tuple[int, int]:
    bad = sum(1 for state in bot.states.values() if state.failures)
    polled = sum(1 for state in bot.states.values() if state.last_ok_at and not state.failures)
    return polled, bad
