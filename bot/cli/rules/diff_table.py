"""The output of ``rules diff``: a table of messages, a table of alerts, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.cli.tables import Column, print_table
from bot.core.text.wording import count

if TYPE_CHECKING:
    from bot.app.lab.diffing import AlertRow, Diff, MessageRow

SIGNS = {"gained": "+", "lost": "−", "moved": "~", "reworded": "≈", "same": " "}


_MESSAGES = (
    Column(""),
    Column("message (UTC)"),
    Column("reason", leaves=2),
    Column("headline", least=24),
    Column("because", least=24, leaves=1),
)
_ALERTS = (
    Column(""),
    Column("alert (UTC)"),
    Column("symbol"),
    Column("rule", least=8, leaves=3),
    Column("severity", leaves=4),
    Column("change", right=True, leaves=2),
    Column("because", least=24, leaves=1),
)


def show(messages: Sequence[MessageRow], alerts: Sequence[AlertRow]) -> None:
    """Print the messages that differ, then the alerts."""
    if messages:
        print_table(_MESSAGES, [_message(each) for each in messages])
    if alerts:
        print_table(_ALERTS, [_alert(each) for each in alerts])


def _message(each: MessageRow) -> tuple[str, ...]:
    found = each.either
    sign = SIGNS[each.difference.value]
    return sign, f"{found.at:%Y-%m-%d %H:%M}", found.reason.value, found.headline, each.because


def _alert(each: AlertRow) -> tuple[str, ...]:
    found = each.row.either
    change = f"{found.change * 100:+.1f}%" if found.change is not None else ""
    sign = SIGNS[each.row.difference.value]
    return (
        sign,
        f"{found.at:%Y-%m-%d %H:%M}",
        found.symbol,
        found.rule,
        found.severity.word,
        change,
        each.because,
    )


def summary(diff: Diff) -> Iterator[str]:
    """Which rules differ, and ``messages as before (12); 65 → 67 alerts: 2 gained``."""
    if not diff.edits:
        yield f"no rule differs from {diff.against}"
        return
    some = ", ".join(diff.edits[:6]) + (f" and {len(diff.edits) - 6} more" if len(diff.edits) > 6 else "")
    yield f"{count(len(diff.edits), 'rule')} compared with {diff.against}: {some}"
    counts = diff.counts()
    yield f"{_counted(counts['messages'], 'message')}; {_counted(counts['alerts'], 'alert')}: {diff.over}"


def _counted(counts: Mapping[str, int], noun: str) -> str:
    words = {"gained": "gained", "lost": "lost", "moved": "moved", "reworded": "reworded"}
    differ = [f"{counts[key]} {word}" for key, word in words.items() if counts[key]]
    if not differ:
        return f"{noun}s as before ({counts['now']})"
    sides = f"{counts['before']} → " if counts["before"] != counts["now"] else ""
    return f"{sides}{count(counts['now'], noun)} ({', '.join(differ)})"
