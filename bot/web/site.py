"""The web application over one history, and its server."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm

from bot.core.errors import UsageError
from bot.core.secret import Secret
from bot.core.text.titles import Titles
from bot.web.database import NAME, Connect, HistoryDatabase
from bot.web.guard import Guard
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
    "num_sql_threads": 4,
    "allow_download": False,  # the file is being written to; history backup copies it
    "max_csv_mb": 200,
    "default_cache_ttl": 0,
    "truncate_cells_html": 2000,
}
_NO_TITLES = Titles()
_IDLE = 5
"""Seconds until an idle connection is closed."""
_AT_ONCE = 100
"""Connections at most; a browser opens fewer."""


def site(file: Path, connect: Connect, password: Secret | None, titles: Titles = _NO_TITLES) -> Guard:
    """The application over the history in ``file``, which ``connect`` opens for each thread.

    Raises StoreError where there is no history of this version.
    """
    connect(file).close()
    if not pm.is_registered(_PLUGIN):
        pm.register(_PLUGIN, name="aftershock")
        pm.unregister(name="datasette.handle_exception")  # logs local variables; replaced by ours
    datasette = Datasette(
        [],
        metadata=metadata(described()),
        template_dir=str(_HERE / "templates"),
        static_mounts=[("assets", str(_HERE / "static"))],
        settings=_SETTINGS,
    )
    datasette.remove_database("_memory")  # added where no file is given
    datasette.add_database(HistoryDatabase(datasette, file, connect, titles), name=NAME)
    return Guard(datasette.app(), password)


_PLUGIN = Plugin()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError where that address is taken or not this machine's."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"cannot listen at {host} port {port}: {reason}; choose another with --port") from error
    except OverflowError as error:
        raise UsageError(f"{port} is not a port; write one up to 65535") from error


def serve(application: Any, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; then shut down within two seconds."""
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=2,
        limit_concurrency=_AT_ONCE,
        proxy_headers=False,
    )
    uvicorn.Server(config).run(sockets=[listening])
