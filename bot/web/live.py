"""The page that shows how the bot stands now, and asks itself anew."""

from __future__ import annotations

from typing import Any

from datasette import Request, Response
from datasette.app import Datasette

from bot.core.model import Filters
from bot.core.ports import History
from bot.web.pages import as_told, run_query, show

EVERY = 15
"""Seconds after which a browser asks for the page again."""
STATES = {"queued": "to be sent", "leased": "being sent", "unknown": "in doubt"}
"""What becomes of a message that is not settled, in words."""


async def page(datasette: Datasette, request: Request) -> Response:
    """The bot's run, open incidents by their newest message, what waits to be sent, and every source."""

    def query(history: History) -> dict[str, Any]:
        now = dict(history.live())
        incidents = []
        for name in now.pop("open"):
            for each in history.list_incidents(Filters(incident=name), 1):
                incidents.append({**each, "told": as_told(history.last_message(name))})
        standing = history.standing()
        return {**now, "incidents": incidents, "story_at": standing["story_at"], "quote_at": standing["quote_at"]}

    context = await run_query(datasette, query)
    context |= {"every": EVERY, "states": STATES, "here": "live"}
    context["troubled"] = [s for s in context["sources"] if s["trouble"] not in ("none", "unknown")]
    context["fine"] = [s for s in context["sources"] if s["trouble"] in ("none", "unknown")]
    return await show(datasette, request, "live.html", context)
