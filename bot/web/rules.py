"""The pages of rules: the list, and one with its text, its tests, what it did and what followed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from datasette import NotFound, Request, Response
from datasette.app import Datasette
from datasette.utils import tilde_decode

from bot.core.model import Filters
from bot.core.ports import History
from bot.web.database import NAME
from bot.web.formatting import HORIZONS, parsed
from bot.web.pages import run_query, show

LATEST = 20
"""Alerts of a rule that are listed."""
LATELY = timedelta(days=30)
"""What is counted by itself, back from the newest price or story of the history."""
MONTHS = 12
"""Months with alerts that are listed, newest first."""


async def every(datasette: Datasette, request: Request) -> Response:
    """Every rule of the configuration and of the history, those in force first."""
    known = datasette.databases[NAME].rules

    def query(history: History) -> dict[str, Any]:
        lately = _lately(history)
        counted = history.statistics("rule", Filters(since=lately)) if lately else ()
        return {"recorded": history.list_rules(), "lately": {each["rule"]: each for each in counted}}

    context = await run_query(datasette, query)
    rows = {each["rule"]: each for each in context.pop("recorded")}
    rows = {name: {"rule": name, "alerts": 0, "in_force": False} for name in known} | rows
    for name, row in rows.items():
        row["known"] = known.get(name)
        row["state"] = _state(row["known"], row["in_force"])
    context["rules"] = sorted(rows.values(), key=lambda row: (row["state"] != "on", row["rule"]))
    return await show(datasette, request, "rules.html", {**context, "days": LATELY.days, "here": "rules"})


async def one(datasette: Datasette, request: Request) -> Response:
    """One rule: what it says, where it comes from, its tests, its alerts and what followed them."""
    name = tilde_decode(request.url_vars["name"])
    known = datasette.databases[NAME].rules.get(name)

    def query(history: History) -> dict[str, Any]:
        found = history.show_rule(name)
        if found is None and known is None:
            raise NotFound(f"There is no rule {name}.")
        filters = Filters(rule=name)
        lately = _lately(history)
        counted = history.statistics("rule", Filters(rule=name, since=lately)) if lately else ()
        return {
            "record": found,
            "lately": next(iter(counted), None),
            "latest": history.find_alerts(filters, LATEST),
            "months": list(history.statistics("month", filters))[: -MONTHS - 1 : -1],
            "verdicts": next(iter(history.statistics("rule", filters)), None),
        }

    context = await run_query(datasette, query)
    record = context["record"]
    if record is not None:
        by_horizon = {each["horizon"]: each for each in record["outcomes"]}
        context["followed"] = [by_horizon[h] for h in HORIZONS if h in by_horizon]
    context["state"] = _state(known, record is not None and record["in_force"])
    return await show(
        datasette, request, "rule.html", {**context, "name": name, "known": known, "days": LATELY.days, "here": "rules"}
    )


def _state(known: Any, in_force: bool) -> str:
    """``on`` or ``off`` by the configuration; of a rule that it has not, whether the bot last ran with it."""
    if known is None:
        return "on" if in_force else "gone"
    return "on" if known.enabled else "off"


def _lately(history: History) -> datetime | None:
    """Where the last days of the history begin, if it has any."""
    standing = history.standing()
    moments = [parsed(at) for at in (standing["story_at"], standing["quote_at"]) if at]
    return max(moments) - LATELY if moments else None
