"""The server of the pages: it lets in who may come in, and has worker processes answer."""

from __future__ import annotations

import functools
import logging
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.bounds.connections import Gate
from bot.bounds.repeats import Repeats
from bot.core.errors import UsageError
from bot.core.model import KnownRule
from bot.core.secret import Secret
from bot.core.text.titles import Titles
from bot.render.outside import line
from bot.web.database import Connect
from bot.web.guard import Guard
from bot.web.nursery import Nursery, Work
from bot.web.workers import Workers

_IDLE = 5
"""Seconds until an idle connection is closed."""
_AT_ONCE = 100
"""Connections at most; a browser opens fewer."""
_END_WITHIN = 1
"""Seconds for open requests when the server ends."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises UsageError where that address is taken or not this machine's."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"cannot listen at {host} port {port}: {reason}; choose another with --port") from error
    except (OverflowError, UnicodeError) as error:
        raise UsageError(f"cannot listen at {host} port {port}: no such address; see --host and --port") from error


def nursery(
    file: Path, connect: Connect, titles: Titles, rules: Mapping[str, KnownRule], listening: socket.socket
) -> Nursery:
    """Where the workers come from that read the history in ``file`` by ``connect``.

    It is a fork of this process, so before it there may be neither threads nor open connections. Raises StoreError
    where the pages cannot be prepared.
    """

    def prepare() -> Work:
        listening.close()  # or the port would not be free when the server has ended
        from bot.web.application import application
        from bot.web.worker import serve

        return functools.partial(serve, application(file, connect, titles, rules))

    return Nursery(prepare)


def serve(workers: Nursery, password: Secret | None, listening: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; then shut down within two seconds."""
    config = uvicorn.Config(
        Guard(Workers(workers), password),
        http=Gate(_AT_ONCE).gated(H11Protocol),  # type: ignore[arg-type]  # called as the class would be
        ws="none",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_END_WITHIN,
        proxy_headers=False,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        workers.close()


class _Lines(logging.Formatter):
    """What visitors send may be quoted; none of it may control the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        return "\n".join(map(line, super().format(record).split("\n")))


def log_to_stderr() -> None:
    """Send warnings and errors to stderr, repeats as a count."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines("%(asctime)s %(levelname)s: %(message)s"))
    handler.addFilter(Repeats(handler))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
