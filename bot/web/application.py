"""The web application over one history, as a worker process runs it: Datasette with our pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from datasette.app import Datasette
from datasette.plugins import pm

from bot.core.model import KnownRule
from bot.core.text.titles import Titles
from bot.web.database import NAME, Connect, HistoryDatabase
from bot.web.guard import App
from bot.web.metadata import described, metadata
from bot.web.plugin import Plugin

_HERE = Path(__file__).parent
_SETTINGS = {
    "default_page_size": 50,
    "max_returned_rows": 1000,
    "sql_time_limit_ms": 5000,
    "facet_time_limit_ms": 200,
    "facet_suggest_time_limit_ms": 20,
    "suggest_facets": False,  # would try every column of every table shown
    "num_sql_threads": 0,  # a worker answers one request at a time, in one thread, which the kernel can end
    "allow_download": False,  # the file is being written to; history backup copies it
    "max_csv_mb": 200,
    "default_cache_ttl": 0,
    "truncate_cells_html": 2000,
}
_PLUGIN = Plugin()


class _Site(Datasette):  # type: ignore[misc]  # Datasette has no type information
    async def refresh_schemas(self) -> None:
        """Nothing: Datasette would copy the schema into a database of its own, which none of its pages asks."""


def application(file: Path, connect: Connect, titles: Titles, rules: Mapping[str, KnownRule]) -> App:
    """The application over the history in ``file``, which ``connect`` opens when it is first asked. ``rules`` is what
    the configuration says of them, by name.

    Raises StoreError where there is no history of this version.
    """
    connect(file).close()
    if not pm.is_registered(_PLUGIN):
        pm.register(_PLUGIN, name="aftershock")
        pm.unregister(name="datasette.handle_exception")  # logs local variables; replaced by ours
    datasette = _Site(
        [],
        metadata=metadata(described()),
        template_dir=str(_HERE / "templates"),
        static_mounts=[("assets", str(_HERE / "static"))],
        settings=_SETTINGS,
    )
    datasette.remove_database("_memory")  # added where no file is given
    datasette.add_database(HistoryDatabase(datasette, file, connect, titles, rules), name=NAME)
    return datasette.app()  # type: ignore[no-any-return]
