"""The whole story of one alert, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from bot.cli.history.chart import chart
from bot.cli.tables import Column, fitted
from bot.render.text import clean, cut_cell

_MARKS = {True: "✓", False: "✗", None: "?"}


def story(alert: dict[str, Any], quotes: Sequence[tuple[str, float, str]], room: int, *, texts: bool) -> Iterator[str]:
    """Its lines, at most ``room`` columns wide: what fired and why, the prices, the cause, who was told, what followed.

    With ``texts`` each message as it was sent, too.
    """
    for part in (
        _head(alert, room),
        chart(quotes, alert["at"], (alert["reference"] or {}).get("price"), room),
        _titled("Why it fired", _why(alert["why"], room)),
        _titled("Cause", _cause(alert["cause"], room)),
        _titled("Stories", _stories(alert["stories"], room)),
        _titled("What happened", _changes(alert["changes"], room)),
        _titled("Who was told", _told(alert["notifications"], room, texts)),
        _titled("What followed", _followed(alert["outcomes"], room)),
        _titled("What readers say of the incident", _said(alert["verdicts"], room)),
        _titled("The rule as it was", (cut_cell(_code(line), room) for line in (alert["rule_text"] or "").split("\n"))),
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


def _head(alert: dict[str, Any], room: int) -> Iterator[str]:
    change = f"{_percent(alert['change'])} " if alert["change"] is not None else ""
    yield from _wrapped(f"{alert['symbol']} {change}{alert['rule']}, {alert['severity']}", room)
    yield from _wrapped(f"Alert {alert['id']}, {alert['state']}, session {alert['session']}", room)
    if alert["incident"]:
        yield from _wrapped(f"Incident {alert['incident']}", room)
    late = "; the fall was under way when the bot started" if alert["late"] else ""
    yield from _wrapped(f"Fired {_moment(alert['at'])}{late}", room)
    against = alert["reference"]
    beside = (
        f" against {against['price']:.2f}, {against['kind']} of {against['session'] or _moment(against['at'])}"
        if against
        else ""
    )
    yield from _wrapped(f"{alert['price']:.2f}{beside}; {alert['phase']}, {_moment(alert['price_at'])}", room)
    figures = [
        f"{name} {_percent(alert[key])}"
        for name, key in (("furthest", "worst"), ("last", "last_change"))
        if alert[key] is not None
    ]
    if figures:
        yield from _wrapped("; ".join(figures), room)


def _why(lines: Sequence[dict[str, Any]], room: int) -> Iterator[str]:
    for line in lines:
        indent = "  " * min(line["depth"], 6)
        found = f": {line['measured']}" if line["measured"] else ""
        yield from _wrapped(f"{_MARKS[line['holds']]} {line['condition']}{found}", room, indent, indent + "    ")


def _cause(cause: dict[str, Any] | None, room: int) -> Iterator[str]:
    if cause is None:
        return
    yield from _wrapped(cause["title"], room)
    yield from _wrapped(f"{cause['source']}, {_moment(cause['published_at'] or cause['seen_at'])}", room, "  ", "  ")
    if cause["link"]:
        yield from _wrapped(cause["link"], room, "  ", "  ")
    reach = f"reach {cause['reach']}" + (f" by {', '.join(cause['exposures'])}" if cause["exposures"] else "")
    told = f"topic {cause['topic']}, score {cause['score']:.2f}, {reach}"
    if isinstance(cause["confidence"], float):
        told += f", confidence {cause['confidence']:.2f}"
    yield from _wrapped(told, room, "  ", "  ")


def _stories(stories: Sequence[dict[str, Any]], room: int) -> Iterator[str]:
    columns = (
        Column("seen (UTC)"),
        Column("score", right=True),
        Column("as", leaves=2),
        Column("source", least=10, leaves=1),
        Column("title", least=12),
    )
    rows = [
        (_minute(s["seen_at"]), _number(s["score"]), s["role"], s["publisher"] or s["source"], s["title"])
        for s in stories
    ]
    return iter(fitted(columns, rows, room)) if rows else iter(())


def _changes(changes: Sequence[dict[str, Any]], room: int) -> Iterator[str]:
    columns = (
        Column("at (UTC)"),
        Column("what"),
        Column("severity", leaves=1),
        Column("price", right=True, leaves=3),
        Column("change", right=True),
        Column("phase", leaves=2),
    )
    rows = [
        (_minute(c["at"]), c["kind"], c["severity"], f"{c['price']:.2f}", _percent(c["change"]), c["phase"])
        for c in changes
    ]
    return iter(fitted(columns, rows, room)) if rows else iter(())


def _told(notifications: Sequence[dict[str, Any]], room: int, texts: bool) -> Iterator[str]:
    columns = (
        Column("at (UTC)"),
        Column("why", leaves=3),
        Column("edit", leaves=4),
        Column("to", least=8),
        Column("state"),
        Column("tries", right=True, leaves=5),
        Column("took", right=True, leaves=2),
        Column("remark", least=8, leaves=1),
    )
    rows = [
        (
            _minute(n["created_at"]),
            n["reason"],
            "edit" if n["edits"] else "",
            n["recipient"],
            n["state"],
            str(len(n["deliveries"]) or ""),
            _took(n),
            n["suppressed_by"] or n["error"] or "",
        )
        for n in notifications
    ]
    if rows:
        yield from fitted(columns, rows, room)
    for n in notifications:
        for attempt in n["deliveries"]:
            if attempt["outcome"] != "sent":
                said = f"{_minute(attempt['started_at'])} attempt {attempt['attempt']}: {attempt['outcome']}"
                yield from _wrapped(f"{said} {attempt['error']}".rstrip(), room, "  ", "    ")
        if texts:
            yield f"── {_moment(n['created_at'])} to {clean(n['recipient'])}"[:room]
            for line in n["text"].split("\n"):
                yield from _wrapped(line, room, "  ", "  ") or [" "]


def _took(notification: dict[str, Any]) -> str:
    """Seconds from when it was due to when it had arrived."""
    from datetime import datetime

    if notification["state"] != "sent" or not notification["settled_at"]:
        return ""
    begin, end = (datetime.fromisoformat(notification[name]) for name in ("created_at", "settled_at"))
    return f"{(end - begin).total_seconds():.1f} s"


def _followed(outcomes: Sequence[dict[str, Any]], room: int) -> Iterator[str]:
    columns = (
        Column("after"),
        Column("price", right=True, leaves=2),
        Column("change", right=True),
        Column("from before", right=True, leaves=1),
        Column("at (UTC)", leaves=3),
    )
    rows = [
        (
            o["horizon"],
            f"{o['price']:.2f}",
            _percent(o["change"]),
            _percent(o["change_from_reference"]),
            _minute(o["at"]),
        )
        for o in outcomes
    ]
    return iter(fitted(columns, rows, room)) if rows else iter(())


def _said(verdicts: Sequence[dict[str, Any]], room: int) -> Iterator[str]:
    rows = [(_minute(v["at"]), v["verdict"], v["person"]) for v in verdicts]
    columns = (Column("at (UTC)"), Column("verdict"), Column("who", least=8))
    return iter(fitted(columns, rows, room)) if rows else iter(())


def _wrapped(text: str, room: int, first: str = "", rest: str = "  ") -> list[str]:
    return textwrap.wrap(clean(text), room, initial_indent=first, subsequent_indent=rest) or []


def _code(line: str) -> str:
    """A line of YAML, its indentation kept."""
    body = line.lstrip(" ")
    return " " * (len(line) - len(body)) + clean(body)


def _moment(at: str) -> str:
    return f"{at[:10]} {at[11:19]} UTC"


def _minute(at: str | None) -> str:
    return f"{at[:10]} {at[11:16]}" if at else ""


def _percent(fraction: float | None) -> str:
    return f"{fraction * 100:+.1f}%" if fraction is not None else ""


def _number(value: float | None) -> str:
    return f"{value:.2f}" if isinstance(value, float) else ""
