"""One alert in full, as text for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from bot.cli.history import tables
from bot.cli.history.chart import chart
from bot.cli.tables import fitted
from bot.core.model import Claim
from bot.core.text.titles import Titles
from bot.core.text.wording import CAUSE_HEADINGS
from bot.render.text import clean, cut_cell

_MARKS = {True: "✓", False: "✗", None: "?"}


def lines_of(
    alert: dict[str, Any], quotes: Sequence[tuple[str, float, str]], width: int, titles: Titles, *, texts: bool
) -> Iterator[str]:
    """Lines of at most ``width`` columns: what fired and why, prices, cause, notifications and what followed.

    With ``texts`` also each message as it was sent.
    """
    for part in (
        _head(alert, width),
        chart(quotes, alert["at"], (alert["reference"] or {}).get("price"), width),
        _titled("Why it fired", _checks(alert["why"], width)),
        _titled(_cause_heading(alert["cause"]), _cause(alert["cause"], titles, width)),
        _titled("Stories", _table(tables.STORIES, alert["stories"], width)),
        _titled("Changes", _table(tables.CHANGES, alert["changes"], width)),
        _titled("Notifications", _notifications(alert["notifications"], width, texts)),
        _titled("What followed", _table(tables.OUTCOMES, alert["outcomes"], width)),
        _titled("Readers' verdicts on the incident", _table(tables.VERDICTS, alert["verdicts"], width)),
        _titled("The rule when it fired", _code(alert["rule_text"] or "", width)),
    ):
        lines = list(part)
        if lines:
            yield from lines
            yield ""


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = [line for line in lines if line.strip()]
    if found:
        yield title
        yield from found


def _table(fields: tables.Fields, found: Sequence[dict[str, Any]], width: int) -> Iterator[str]:
    if found:
        yield from fitted(*tables.columns_and_rows(fields, found), width)


def _head(alert: dict[str, Any], width: int) -> Iterator[str]:
    change = f"{tables.percent(alert['change'])} " if alert["change"] is not None else ""
    yield from _wrapped(f"{alert['symbol']} {change}{alert['rule']}, {alert['severity']}", width)
    yield from _wrapped(f"Alert {alert['id']}, {alert['state']}, session {alert['session']}", width)
    if alert["incident"]:
        yield from _wrapped(f"Incident {alert['incident']}", width)
    late = "; the fall was under way when the bot started" if alert["late"] else ""
    yield from _wrapped(f"Fired {_second(alert['at'])}{late}", width)
    if alert["looks_like"]:
        yield from _wrapped(f"Looks like {alert['looks_like']}; nothing confirmed it", width)
    reference = alert["reference"]
    against = (
        f" against {reference['price']:.2f}, {reference['kind']} of {reference['session'] or _second(reference['at'])}"
        if reference
        else ""
    )
    yield from _wrapped(f"{alert['price']:.2f}{against}; {alert['phase']}, {_second(alert['price_at'])}", width)
    figures = [
        f"{name} {tables.percent(alert[key])}"
        for name, key in (("worst", "worst"), ("last", "last_change"))
        if alert[key] is not None
    ]
    if figures:
        yield from _wrapped("; ".join(figures), width)


def _checks(checks: Sequence[dict[str, Any]], width: int) -> Iterator[str]:
    for check in checks:
        indent = "  " * min(check["depth"], 6)
        measured = f": {check['measured']}" if check["measured"] else ""
        yield from _wrapped(f"{_MARKS[check['holds']]} {check['condition']}{measured}", width, indent, indent + "    ")


def _cause_heading(cause: dict[str, Any] | None) -> str:
    return CAUSE_HEADINGS[Claim.of(cause["confidence"])] if cause else ""


def _cause(cause: dict[str, Any] | None, titles: Titles, width: int) -> Iterator[str]:
    if cause is None:
        return
    yield from _wrapped(cause["title"], width)
    yield from _wrapped(f"{cause['source']}, {_second(cause['published_at'] or cause['seen_at'])}", width, "  ")
    if cause["link"]:
        yield from _wrapped(cause["link"], width, "  ")
    lines = ", ".join(map(titles.exposure, cause["exposures"] or ()))
    reach = f"reach {cause['reach']}{f' by {lines}' if lines else ''}"
    facts = f"topic {titles.topic(cause['topic'])}, score {cause['score']:.2f}, {reach}"
    if isinstance(cause["confidence"], float):
        facts += f", confidence {cause['confidence']:.2f}"
    yield from _wrapped(facts, width, "  ")


def _notifications(notifications: Sequence[dict[str, Any]], width: int, texts: bool) -> Iterator[str]:
    yield from _table(tables.NOTIFICATIONS, notifications, width)
    for n in notifications:
        for attempt in n["deliveries"]:
            if attempt["outcome"] != "sent":
                line = f"{tables.minute(attempt['started_at'])} attempt {attempt['attempt']}: {attempt['outcome']}"
                yield from _wrapped(f"{line} {attempt['error']}".rstrip(), width, "  ", "    ")
        if texts:
            yield f"── {_second(n['created_at'])} to {clean(n['recipient'])}"[:width]
            for line in n["text"].split("\n"):
                yield from _wrapped(line, width, "  ")


def _wrapped(text: str, width: int, first: str = "", rest: str = "  ") -> list[str]:
    return textwrap.wrap(clean(text), width, initial_indent=first, subsequent_indent=rest)


def _code(text: str, width: int) -> Iterator[str]:
    """Lines of YAML, cut but never wrapped, with their indentation."""
    for line in text.split("\n"):
        body = line.lstrip(" ")
        yield cut_cell(" " * (len(line) - len(body)) + clean(body), width)


def _second(at: str) -> str:
    return f"{at[:10]} {at[11:19]} UTC"
