"""How the bot is doing, in one line for the terminal and a few for ``/status``."""

from __future__ import annotations

from datetime import datetime

from bot.app.live import LiveBot
from bot.core.model import Phase
from bot.core.wording import age


def one_line(bot: LiveBot, now: datetime) -> str:
    """Sources ok and failing, last poll, stories and quotes seen, alerts."""
    good, bad = _feeds(bot)
    seen = bot.counters
    prices = f"prices {age(now - seen.last_prices_at)} ago" if seen.last_prices_at else "no prices yet"
    parts = [
        f"feeds {good} ok" + (f", {bad} failing" if bad else ""),
        prices + (" (failing)" if seen.prices_failed else ""),
        f"{seen.stories:,} stories",
        f"{seen.quotes:,} quotes",
        f"{seen.alerts} alerts",
    ]
    if waiting := bot.store.outbox().get("queued", 0):
        parts.append(f"{waiting} to send")
    if bot.cycle.uncommitted:
        parts.append("history not written!")
    return " · ".join(parts)


def several_lines(bot: LiveBot, now: datetime) -> str:
    """The same for a chat, with what is open and what is in trouble."""
    lines = [one_line(bot, now)]
    market = bot.engine.market
    symbols = bot.world.settings.symbols
    phase = market.phase(symbols[0], now) if symbols else Phase.CLOSED
    lines.append(f"{bot.counters.symbols or len(symbols)} symbols; {symbols[0]}'s exchange: {phase.value}")
    for incident in bot.engine.incidents.open():
        lines.append(f"open: {incident.id} {incident.severity.word}, {', '.join(incident.symbols[:5])}")
    for source, subject, trouble, _ in bot.engine.health.failing()[:5]:
        lines.append(f"trouble: {source}{f' {subject}' if subject else ''} {trouble.value}")
    return "\n".join(lines)


def _feeds(bot: LiveBot) -> tuple[int, int]:
    bad = sum(1 for state in bot.states.values() if state.failures)
    polled = sum(1 for state in bot.states.values() if state.last_ok_at and not state.failures)
    return polled, bad
