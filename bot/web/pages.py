"""Our own pages: the list of incidents, one incident, one alert, and the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, TypeVar

from datasette import NotFound, Request, Response
from datasette.app import Datasette
from datasette.utils import sqlite_timelimit, tilde_decode
from datasette.utils.asgi import BadRequest
from markupsafe import Markup

from bot.core.errors import StoreError, UsageError
from bot.core.model import VERDICTS, Filters, Severity, ToldMessage
from bot.core.ports import History
from bot.render.telegram_html import html
from bot.web.database import NAME, SECONDS
from bot.web.drawing import Drawing, PricePoint, drawing
from bot.web.formatting import HORIZONS, parsed

T = TypeVar("T")

PAGE = 40
"""Incidents on the front page."""
TIES = 200
"""Incidents that began at the same time the front page can page through."""
FOUND = 50
"""Alerts at most, and stories at most, in a search."""
_MOMENTS = ("trade", "open", "close")
"""Kinds of quotes whose time is known; that of an hour's low is not."""


async def front(datasette: Datasette, request: Request) -> Response:
    """Incidents newest first, with a filter form and the state of the bot."""
    form = {name: (request.args.get(name) or "").strip() for name in ("symbol", "severity", "verdict", "before")}
    filters = _filters(form)
    begin = _cursor(form["before"])
    until = begin[0] + timedelta(microseconds=1) if begin else None

    def query(history: History) -> dict[str, Any]:
        wanted = Filters(**{**filters, "until": until})
        found = history.list_incidents(wanted, PAGE + 1 + (TIES if begin else 0))
        if begin is not None:
            found = [i for i in found if (parsed(i["started_at"]), i["id"]) < begin]
        for each in found[:PAGE]:
            each["told"] = as_told(history.last_message(each["id"]))
        return {
            "incidents": found[:PAGE],
            "older": f"{found[PAGE - 1]['started_at']}~{found[PAGE - 1]['id']}" if len(found) > PAGE else "",
            **history.standing(),
        }

    context = await run_query(datasette, query)
    kept = {name: value for name, value in form.items() if value and name != "before"}
    context |= {"form": form, "kept": kept, "severities": [s.word for s in Severity], "verdicts": VERDICTS}
    return await show(datasette, request, "incidents.html", context)


async def incident(datasette: Datasette, request: Request) -> Response:
    """One incident: its chart, stocks, stories, messages and what followed."""
    wanted = tilde_decode(request.url_vars["id"])
    symbol = (request.args.get("symbol") or "").strip().upper()

    def query(history: History) -> dict[str, Any]:
        found = history.show_incident(wanted)
        if found is None:
            raise NotFound(f"There is no incident {wanted}.")
        for message in found["messages"]:
            message["whole"] = history.read_summary(message["summary"])
        stocks = _stocks(found["alerts"])
        shown = next((s for s in stocks if s["symbol"] == symbol), None)
        shown = shown or next((s for s in stocks if s["symbol"] == found["lead"]), stocks[0] if stocks else None)
        told = as_told(history.last_message(found["id"]))
        context: dict[str, Any] = {"incident": found, "told": told, "stocks": stocks, "shown": shown, "chart": None}
        if shown is not None:
            quotes = history.quotes_around(shown["alert"]["id"])
            context["chart"] = _chart(quotes, shown["alert"], [(s["seen_at"], "news") for s in found["stories"]])
        return context

    context = await run_query(datasette, query)
    context["messages"] = _messages(context["incident"]["messages"])
    context["followed"] = _followed(context["stocks"])
    context["known_horizons"] = [row["horizon"] for row in context["followed"]]
    return await show(datasette, request, "incident.html", context)


async def alert(datasette: Datasette, request: Request) -> Response:
    """One alert: why it fired, prices, cause, stories, what followed, notifications, and the rule when it fired."""
    wanted = tilde_decode(request.url_vars["id"])

    def query(history: History) -> dict[str, Any]:
        found = history.show_alert(wanted)
        if found is None:
            raise NotFound(f"There is no alert {wanted}.")
        moments = [(found["cause"]["seen_at"], "cause")] if found["cause"] else []
        return {"alert": found, "chart": _chart(history.quotes_around(found["id"]), found, moments)}

    context = await run_query(datasette, query)
    states: dict[str, int] = {}
    for notification in context["alert"]["notifications"]:
        states[notification["state"]] = states.get(notification["state"], 0) + 1
    context["states"] = states
    return await show(datasette, request, "alert.html", context)


async def search(datasette: Datasette, request: Request) -> Response:
    """Search in stories and alerts."""
    words = (request.args.get("q") or "").strip()

    def query(history: History) -> Sequence[dict[str, Any]]:
        return history.search(words, limit=FOUND)

    found = await run_query(datasette, query) if words else []
    context = {
        "words": words,
        "alerts": [f for f in found if f["type"] == "alert"],
        "stories": [f for f in found if f["type"] == "story"],
        "most": FOUND,
    }
    return await show(datasette, request, "search.html", context)


# ----------------------------------------------------------------------------------------------------- running queries


async def run_query(datasette: Datasette, query: Callable[[History], T]) -> T:
    """The result of ``query``, run with a time limit."""

    def limited(conn: Any) -> T:
        rows, conn.row_factory = conn.row_factory, None
        try:
            with sqlite_timelimit(conn, int(SECONDS * 1000)):
                return query(conn)
        finally:
            conn.row_factory = rows

    try:
        return await datasette.get_database(NAME).execute_fn(limited)  # type: ignore[no-any-return]
    except UsageError as error:
        raise BadRequest(str(error)) from error
    except StoreError as error:
        if "interrupted" in str(error):
            raise StoreError(f"this took longer than {SECONDS:g} s; ask for less") from error
        raise


async def show(datasette: Datasette, request: Request, template: str, context: dict[str, Any]) -> Response:
    """A page of its template, which no browser keeps."""
    text = await datasette.render_template(template, context, request=request)
    return Response.html(text, headers={"cache-control": "private, no-store"})


def _filters(form: dict[str, str]) -> dict[str, Any]:
    """The form as arguments of ``Filters``. Raises BadRequest for values that make no sense."""
    found: dict[str, Any] = {"symbol": form["symbol"].upper() or None}
    if form["severity"]:
        try:
            found["severity"] = Severity.parse(form["severity"])
        except KeyError:
            raise BadRequest(f"'{form['severity']}' is not a severity.") from None
    if form["verdict"]:
        if form["verdict"] not in VERDICTS:
            raise BadRequest(f"'{form['verdict']}' is not a verdict.")
        found["verdict"] = form["verdict"]
    return found


def _cursor(text: str) -> tuple[datetime, str] | None:
    """Where the page begins: the last incident of the page before, as the time it began and its id."""
    if not text:
        return None
    at, _, name = text.partition("~")
    try:
        return parsed(at), name
    except ValueError:
        raise BadRequest("No such page of incidents; start at the first.") from None


# ------------------------------------------------------------------------------------------------ contents of the pages


def as_told(last: ToldMessage | None) -> dict[str, Any] | None:
    """What an incident's newest message says, all of it as of one moment; figures and cause are ``None`` where it has
    none."""
    if last is None:
        return None
    moves = last.summary.figures.moves if last.summary and last.summary.figures else ()
    return {
        "at": last.at,
        "headline": last.headline,
        "stocks": len(moves),
        "furthest": max(moves, key=lambda m: abs(m.change), default=None),
        "cause": last.summary.cause if last.summary else None,
    }


def _stocks(alerts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The symbols, the largest move first, each with its most severe alert first."""
    by_symbol: dict[str, list[dict[str, Any]]] = {}
    for each in sorted(alerts, key=lambda a: (-Severity.parse(a["severity"]), a["at"])):
        by_symbol.setdefault(each["symbol"], []).append(each)
    rows = []
    for symbol, of_symbol in by_symbol.items():
        main = of_symbol[0]
        rows.append(
            {
                "symbol": symbol,
                "alert": main,
                "at": min(a["at"] for a in of_symbol),
                "worst": max((a["worst"] for a in of_symbol if a["worst"] is not None), key=abs, default=None),
                "last": main["last_change"],
                "alerts": of_symbol,
                "exposures": (main["cause"] or {}).get("exposures") or [],
                "outcomes": {o["horizon"]: o["change"] for o in main["outcomes"]},
            }
        )
    return sorted(rows, key=lambda r: (r["worst"] is None, r["worst"] or 0.0, r["symbol"]))


def _followed(stocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outcomes over all stocks: a row for each horizon that is known for any."""
    rows = []
    for horizon in HORIZONS:
        known = [s["outcomes"][horizon] for s in stocks if s["outcomes"].get(horizon) is not None]
        if known:
            rows.append(
                {
                    "horizon": horizon,
                    "known": len(known),
                    "median": median(known),
                    "lowest": min(known),
                    "highest": max(known),
                    "lower": sum(change < 0 for change in known) / len(known),
                }
            )
    return rows


def _messages(announcements: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each message as last delivered to anybody, with its earlier versions.

    Versions that reached nobody do not count: a superseded edit is left out, a queued one is named, and a message of
    which nothing was sent is marked ``unsent``.
    """
    by_message: dict[str, list[dict[str, Any]]] = {}
    for each in announcements:
        by_message.setdefault(each["message"], []).append(each)
    rows = []
    for versions in by_message.values():
        delivered = [v for v in versions if v["sent"] or v["unknown"]]
        last = versions[-1]
        is_waiting = delivered and last is not delivered[-1] and last["queued"] + last["leased"]
        rows.append(
            {
                "first": versions[0],
                "edited_at": delivered[-1]["at"] if len(delivered) > 1 else None,
                "headline": _headline((delivered or versions)[-1]),
                "shown": _body((delivered or versions)[-1]),
                "earlier": [{"at": v["at"], "body": _body(v)} for v in delivered[-2::-1]],
                "unsent": not delivered,
                "waiting": _headline(last) if is_waiting else "",
            }
        )
    return rows


def _headline(announcement: dict[str, Any]) -> str:
    whole = announcement["whole"]
    return str(whole.subject if whole is not None else announcement["text"].partition("\n")[0])


def _body(announcement: dict[str, Any]) -> Markup:
    """A message as on Telegram. The renderer escapes all text and writes only simple elements."""
    summary = announcement["whole"]
    if summary is None:
        return Markup("{}").format(announcement["text"])  # written by another version of the program
    # block elements need no line break after them
    return Markup(html(summary).replace("</blockquote>\n", "</blockquote>").replace("</pre>\n", "</pre>"))


def _chart(
    quotes: Sequence[tuple[str, float, str]], alert: dict[str, Any], moments: Sequence[tuple[str, str]]
) -> Drawing | None:
    prices = [PricePoint(parsed(at), price) for at, price, kind in quotes if kind in _MOMENTS]
    reference = (alert["reference"] or {}).get("price")
    first = min(((parsed(at), words) for at, words in moments), default=None)
    marked = [*([first] if first else []), (parsed(alert["at"]), "alert")]
    return drawing(sorted(prices, key=lambda p: p.at), reference, marked)
