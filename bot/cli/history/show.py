"""One alert or incident in full, as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.cli.history import tables
from bot.cli.history.chart import chart
from bot.cli.tables import fitted
from bot.core.model import Claim, Severity, ToldMessage
from bot.core.text.titles import Titles
from bot.core.text.wording import CAUSE_HEADINGS
from bot.render.text import clean, cut_cell, wrapped

_MARKS = {True: "✓", False: "✗", None: "?"}


def main_alert(alerts: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """Of one stock's alerts the one it is known by: of its newest session the most severe, of these the newest, and of
    several rules' at one moment the one that has seen the furthest price."""
    return max(
        alerts,
        key=lambda a: (a["session"], Severity.parse(a["severity"]), a["at"], abs(a["worst"] or 0.0)),
        default=None,
    )


def lines_of(
    alert: dict[str, Any], quotes: Sequence[tuple[str, float, str]], width: int, titles: Titles, *, texts: bool
) -> Iterator[str]:
    """Lines of at most ``width`` columns: what fired and why, prices, cause, notifications and what followed.

    With ``texts`` also each message as it was sent.
    """
    for part in (
        _head(alert, width),
        chart(quotes, alert["at"], (alert["reference"] or {}).get("price"), width),
        _titled(_why_heading(alert), _checks(alert["why"], width)),
        _titled(_cause_heading(alert["cause"]), _cause(alert["cause"], titles, width)),
        _titled("Stories", _table(tables.STORIES, alert["stories"], width)),
        _titled("Changes", _table(tables.changes(alert["currency"]), alert["changes"], width)),
        _titled("Notifications", _notifications(alert["notifications"], width, texts)),
        _titled("What followed", _table(tables.outcomes(alert["currency"]), alert["outcomes"], width)),
        _titled("Readers' verdicts on the incident", _table(tables.VERDICTS, alert["verdicts"], width)),
        _titled("The rule when it fired", _code(alert["rule_text"] or "", width)),
    ):
        lines = list(part)
        if lines:
            yield from lines
            yield ""


def incident_lines(incident: dict[str, Any], last: ToldMessage | None, width: int, *, texts: bool) -> Iterator[str]:
    """Lines of at most ``width`` columns: what the newest message tells, then what the history holds.

    With ``texts`` also each message as it was sent.
    """
    by_symbol: dict[str, list[dict[str, Any]]] = {}
    for alert in incident["alerts"]:
        by_symbol.setdefault(alert["symbol"], []).append(alert)
    stocks = [alert for alerts in by_symbol.values() if (alert := main_alert(alerts)) is not None]
    stocks.sort(key=lambda a: (a["worst"] is None, a["worst"] or 0.0, a["symbol"]))
    for part in (
        _incident_head(incident, width),
        _told(last, width),
        _titled(f"Stocks with alerts ({len(stocks)}), up to {_second(incident['updated_at'])}", _stocks(stocks, width)),
        _titled("Stories", _table(tables.INCIDENT_STORIES, incident["stories"], width)),
        _titled("Messages", _messages(incident["messages"], width, texts)),
        _titled("Readers' verdicts", _table(tables.VERDICTS, incident["verdicts"], width)),
    ):
        lines = list(part)
        if lines:
            yield from lines
            yield ""


def _incident_head(incident: dict[str, Any], width: int) -> Iterator[str]:
    yield from _wrapped(f"Incident {incident['id']}, {incident['severity']}, {incident['state']}", width)
    closed = f", closed {_second(incident['closed_at'])}" if incident["closed_at"] else ""
    yield from _wrapped(f"Began {_second(incident['started_at'])}{closed}", width)
    if incident["merged_into"]:
        yield from _wrapped(f"Merged into {incident['merged_into']}", width)


def _told(last: ToldMessage | None, width: int) -> Iterator[str]:
    """What the newest message tells, all of it as of one moment."""
    if last is None:
        return
    yield f"As told at {last.at:%Y-%m-%d %H:%M:%S} UTC"
    yield from _wrapped(last.headline, width)
    cause = last.summary.cause if last.summary is not None else None
    if cause is not None:
        sure = f", confidence {cause.confidence:.2f}" if cause.confidence is not None else ""
        yield from _wrapped(f"{CAUSE_HEADINGS[cause.claim]}: {cause.title} ({cause.source}{sure})", width)


def _stocks(stocks: Sequence[dict[str, Any]], width: int) -> Iterator[str]:
    yield from _table(tables.STOCKS, stocks, width)


def _messages(messages: Sequence[dict[str, Any]], width: int, texts: bool) -> Iterator[str]:
    yield from _table(tables.MESSAGES, messages, width)
    for message in messages if texts else ():
        yield f"── {_second(message['at'])}"[:width]
        for line in message["text"].split("\n"):
            yield from _wrapped(line, width, "  ")


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = [line for line in lines if line.strip()]
    if found:
        yield title
        yield from found


def _table(fields: tables.Fields, found: Sequence[dict[str, Any]], width: int) -> Iterator[str]:
    if found:
        yield from fitted(*tables.columns_and_rows(fields, found), width)


def _head(alert: dict[str, Any], width: int) -> Iterator[str]:
    yield from _wrapped(f"{alert['symbol']} {alert['rule']}, {alert['severity']}".strip(), width)
    yield from _wrapped(f"Alert {alert['id']}, {alert['state']}, session {alert['session']}", width)
    if alert["incident"]:
        yield from _wrapped(f"Incident {alert['incident']}", width)
    late = "; the fall was under way when the bot started" if alert["late"] else ""
    currency = alert["currency"]
    fired = _moved(alert["fired_price"], currency, alert["fired_change"])
    yield from _wrapped(f"Fired {_second(alert['at'])}{fired}{late}", width)
    if alert["looks_like"]:
        yield from _wrapped(f"Looks like {alert['looks_like']}; nothing confirmed it", width)
    if _rose(alert):
        then = _moved(alert["price"], currency, alert["change"])
        yield from _wrapped(f"{alert['severity'].capitalize()} since {_second(alert['severity_at'])}{then}", width)
    if reference := alert["reference"]:
        of = reference["session"] or _second(reference["at"])
        level = tables.level(reference["price"], currency)
        yield from _wrapped(f"Changes against {level}, {reference['kind']} of {of}", width)
    figures = [f"worst {tables.percent(alert['worst'])}"] if alert["worst"] is not None else []
    if alert["last_change"] is not None:
        at = f" at {_second(alert['last_price_at'])}" if alert["last_price_at"] else ""
        figures.append(f"last {tables.percent(alert['last_change'])}{at}")
    if figures:
        yield from _wrapped("; ".join(figures), width)


def _rose(alert: dict[str, Any]) -> bool:
    """Whether its severity rose after it fired."""
    return alert["severity_at"] not in (None, alert["at"])


def _moved(price: float | None, currency: str, change: float | None) -> str:
    if not price:  # it is about no stock, or fired before any price was known
        return ""
    return f": {tables.level(price, currency)}" + (f", {tables.percent(change)}" if change is not None else "")


def _why_heading(alert: dict[str, Any]) -> str:
    return f"Why it is {alert['severity']}" if _rose(alert) else "Why it fired"


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
    topic = f"topic {titles.topic(cause['topic'])}, score {cause['score']:.2f}" if cause["topic"] else "on no topic"
    facts = f"{topic}, {reach}"
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
    return wrapped(clean(text), width, initial_indent=first, subsequent_indent=rest)


def _code(text: str, width: int) -> Iterator[str]:
    """Lines of YAML, cut but never wrapped, with their indentation."""
    for line in text.split("\n"):
        body = line.lstrip(" ")
        yield cut_cell(" " * (len(line) - len(body)) + clean(body), width)


def _second(at: str) -> str:
    return f"{at[:10]} {at[11:19]} UTC"
