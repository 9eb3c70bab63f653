"""Our Datasette plugin. Its hooks are registered once for the process; each checks whether a site is ours."""

from __future__ import annotations

import logging
import sqlite3
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from datasette import NotFound, Request, Response, hookimpl
from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.utils.asgi import Base400, Forbidden
from datasette.views.base import DatasetteError
from jinja2 import Environment
from markupsafe import Markup

from bot.core.errors import AftershockError, StoreBusyError, UsageError
from bot.core.text import wording
from bot.core.text.characters import INVISIBLE
from bot.core.text.links import safe_link
from bot.render.outside import command
from bot.web import formatting, live, pages, rules
from bot.web.database import NAME, HistoryDatabase
from bot.web.guard import NONCE
from bot.web.metadata import FRACTIONS, SHARES

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
STYLE, ZONE = STATIC / "aftershock.css", STATIC / "zone.js"
_IN_PER_CENT = "_pct"
"""Suffix of columns that are in per cent already."""

_NO_PAGE = ("", "404", "Database not found")
"""Datasette's messages for unknown addresses."""


def is_ours(datasette: Datasette) -> bool:
    """Whether this site is one of ours: in a process that runs tests there may be others."""
    return NAME in datasette.databases and datasette.metadata("title") == "Aftershock"


class Plugin:
    """The hooks."""

    __name__ = "aftershock"

    @hookimpl
    def register_routes(self, datasette: Datasette) -> list[tuple[str, Callable[..., Awaitable[Response]]]]:
        """Our pages."""
        if not is_ours(datasette):
            return []
        return [
            (r"^/$", pages.front),
            (r"^/incident/(?P<id>[^/]+)$", pages.incident),
            (r"^/alert/(?P<id>[^/]+)$", pages.alert),
            (r"^/search$", pages.search),
            (r"^/live$", live.page),
            (r"^/rules$", rules.every),
            (r"^/rule/(?P<name>[^/]+)$", rules.one),
        ]

    @hookimpl
    def prepare_jinja2_environment(self, env: Environment, datasette: Datasette) -> None:
        """Filters and functions for templates."""
        if is_ours(datasette):
            names = ("percent", "price", "when", "tone", "confidence", "cause_heading", "hedged")
            env.filters.update({name: getattr(formatting, name) for name in names})
            titles = datasette.databases[NAME].titles
            env.filters.update(
                topic_title=titles.topic, exposure_title=titles.exposure, stock=titles.stock, label=titles.label
            )
            env.globals.update(
                link=formatting.link,
                incident_path=formatting.incident_path,
                alert_path=formatting.alert_path,
                rule_path=formatting.rule_path,
                command=command,
                reasons=formatting.REASONS,
                cause_headings=wording.CAUSE_HEADINGS,
                horizons=formatting.HORIZONS,
                database=NAME,
            )

    @hookimpl
    def extra_template_vars(self, request: Request | None, datasette: Datasette) -> dict[str, Any]:
        """The nonce of this response, and the versions of the style sheet and the script."""
        if not is_ours(datasette):
            return {}
        nonce = request.scope.get(NONCE, "") if request is not None else ""
        versions = {f"{name}_version": int(file.stat().st_mtime) for name, file in (("style", STYLE), ("zone", ZONE))}
        return {"nonce": nonce, **versions}

    @hookimpl(tryfirst=True)
    def render_cell(
        self, row: Any, value: Any, column: str, table: str | None, database: str, datasette: Datasette
    ) -> Markup | None:
        """Times, changes, incidents, alerts and links in readable form."""
        if not is_ours(datasette) or value is None or database != NAME:
            return None
        return cell(value, column, table)

    @hookimpl(tryfirst=True)
    def handle_exception(self, datasette: Datasette, request: Request, exception: Exception) -> Any:
        """An error page that says what went wrong and what to do. Datasette's own logs local variables."""
        if not is_ours(datasette):
            return None

        async def answer() -> Response:
            status, message = explained(exception)
            folder = f"{Path(datasette.databases[NAME].path).parent}/"
            message = INVISIBLE.sub("", message).replace(folder, "")  # where files lie is nobody's business
            if status >= 500:
                log.error("%s: %s", request.path, message, exc_info=exception if status == 500 else None)
            if request.path.endswith(".json"):
                return Response.json({"ok": False, "error": message, "status": status}, status=status)
            context = {"status": status, "message": message}
            return Response.html(await datasette.render_template("error.html", context, request=request), status=status)

        return answer


def explained(exception: Exception) -> tuple[int, str]:
    """HTTP status and message for an exception."""
    if isinstance(exception, NotFound):
        message = str(exception.args[0]) if exception.args else ""
        return 404, "There is no such page." if message in _NO_PAGE else message
    if isinstance(exception, Forbidden):
        return 403, "This is not shown."
    if isinstance(exception, Base400):
        return int(exception.status), str(exception.args[0])
    if isinstance(exception, DatasetteError):
        status = int(exception.status)  # 500 for a column to sort by that there is not
        return status if status < 500 else 400, Markup(exception.message or "").striptags()
    if (said := _of_a_question(exception) or _of_the_history(exception)) is not None:
        return said
    if not _is_of_ours(exception):
        # Datasette takes many parameters of an address as they are, and stumbles over them
        return 400, "Something in this address is not understood; leave out what begins with an underscore."
    return 500, "Internal error; details are in the log."


def _of_a_question(exception: Exception) -> tuple[int, str] | None:
    """What is said of a question that cannot be answered, whatever the history."""
    if isinstance(exception, QueryInterrupted):
        return 400, "This took too long; ask for less."
    if isinstance(exception, MemoryError):
        return 400, "This needs more memory than it may take; ask for less."
    if isinstance(exception, UsageError):
        return 400, f"{exception}."
    if isinstance(exception, sqlite3.ProgrammingError | sqlite3.Warning | UnicodeError | OverflowError):
        return 400, f"This cannot be asked: {exception}."
    return None


def _of_the_history(exception: Exception) -> tuple[int, str] | None:
    """What is said of a history that cannot be read."""
    if isinstance(exception, StoreBusyError):
        return 503, f"{exception}. Try again."
    if isinstance(exception, AftershockError):
        return 503, f"{exception}."
    if isinstance(exception, sqlite3.Error):
        return 503, f"The history cannot be read: {exception}. Is the bot of the same version? Start web again."
    return None


def _is_of_ours(exception: Exception) -> bool:
    """Whether it comes from our own code, which answers for what it gets."""
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(exception.__traceback__)]
    return any(name.startswith("bot.") and name != HistoryDatabase.__module__ for name in modules)


def cell(value: Any, column: str, table: str | None) -> Markup | None:
    """One value of a table as HTML; ``None`` to leave it to Datasette."""
    if isinstance(value, str):
        return _text_cell(value, column, table)
    if not isinstance(value, (int, float)):
        return None
    shown, tone = f"{value:.6g}" if isinstance(value, float) else str(value), ""
    fraction = value if table is not None and column in FRACTIONS else None
    if column in SHARES:
        shown = f"{value * 100:.0f} %" if fraction is not None else f"{value:.0f} %"
    elif fraction is not None:
        shown, tone = formatting.percent(value), formatting.tone(value)
    elif column.endswith(_IN_PER_CENT):
        shown, tone = formatting.percent(value / 100), formatting.tone(value)
    return Markup('<span class="number {}" title="{}">{}</span>').format(tone, value, shown)


def _text_cell(value: str, column: str, table: str | None) -> Markup | None:
    if column == "incident_id" or (column == "id" and table in ("incidents", "incident_summary")):
        return Markup('<a href="{}">{}</a>').format(formatting.incident_path(value), value)
    if column == "alert_id" or (column == "id" and table in ("alerts", "alert_history")):
        return Markup('<a href="{}">{}</a>').format(formatting.alert_path(value), value)
    if column == "rule":
        return Markup('<a href="{}">{}</a>').format(formatting.rule_path(value), value)
    if column == "at" or column.endswith("_at"):
        return formatting.when(value) if value.endswith("Z") else None
    if column in ("link", "cause_link", "url") or safe_link(value):
        return formatting.link(value, value if len(value) < 80 else f"{value[:79]}…")
    if column == "severity":
        return Markup('<span class="severity {}">{}</span>').format(value, value)
    if column in ("text", "summary", "checks", "rest") and len(value) > 200:
        return Markup("<details><summary>{}…</summary><pre>{}</pre></details>").format(value[:60], value)
    return None
