"""How an incident in which one line of business falls is told: by the line and how many, not by a company."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.messages.blocks.correction import set_apart
from bot.core.messages.snapshot import Snapshot
from bot.core.model import Alert
from bot.core.news.companies import Companies
from bot.core.news.vocabulary import Topics
from bot.core.text.wording import verbatim

LEAST = 3
"""Fewer stocks are no group; the worst of them heads the message."""


def hit(alerts: Sequence[Alert], lead: Alert, topics: Topics) -> frozenset[str]:
    """The symbols that fell for the lead's reason or with it, its own among them."""
    return frozenset(a.symbol for a in alerts).difference(set_apart(alerts, lead, topics.ai_causes))


def fallen_group(
    alerts: Sequence[Alert], lead: Alert, companies: Companies, topics: Topics, is_group_rule: Callable[[str], bool]
) -> str:
    """The stocks that fall together, as headlines count them: ``9 freight brokers``. Empty where no rule says that they
    do, where they share no line of business, and while the lead does not fall. ``is_group_rule``: whether alerts of the
    rule of that name say that a line of business falls."""
    symbols = hit(alerts, lead, topics)
    falls = (lead.change or 0.0) < 0 and (lead.last_change or 0.0) < 0
    if not falls or not any(is_group_rule(a.rule) for a in alerts if a.symbol in symbols):
        return ""
    return _as_group(symbols, companies, topics)


def group_of(seen: Snapshot, companies: Companies, topics: Topics, is_group_rule: Callable[[str], bool]) -> str:
    """The stocks that a snapshot counts, as ``fallen_group`` gives those of alerts."""
    symbols = frozenset(m.symbol for m in seen.moves)
    if not any(is_group_rule(a.rule) for a in seen.alerts if a.symbol in symbols):
        return ""
    return _as_group(symbols, companies, topics)


def _as_group(symbols: frozenset[str], companies: Companies, topics: Topics) -> str:
    members = {companies.company_of(s) for s in symbols}
    shared = companies.shared_line(symbols) if len(members) >= LEAST else ""
    mostly = [s for s in symbols if (company := companies.get(s)) is not None and company.main_exposure == shared]
    line = topics.exposure(shared) if 2 * len(mostly) > len(symbols) else None  # most live from it, the others partly
    return f"{len(members)} {verbatim(line.as_companies)}" if line else ""
