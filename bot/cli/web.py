"""``web``: the history in a browser."""

from __future__ import annotations

import contextlib
import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.history.filters import database_file, titles_of
from bot.cli.options import DEFAULT_CONFIG, Config, Database
from bot.cli.terminal import tell
from bot.core.errors import UsageError
from bot.core.secret import Secret
from bot.render.outside import adding, command

VARIABLE = "AFTERSHOCK_WEB_PASSWORD"
LEAST = 12
"""Characters a password needs at least."""
_NICENESS = 5
"""On a busy machine the bot comes first."""


def web(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine need a password.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")] = 8001,
    open_: Annotated[bool, typer.Option("--open", help="Also open the page in a browser.")] = False,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
) -> None:
    """Browse the history in a web browser, also while the bot runs. Until Ctrl-C."""
    if find_spec("datasette") is None:
        raise UsageError(f"the web pages need Datasette, which is not installed; to add it: {adding('web')}")
    from bot.config.settings.metrics import is_loopback

    password = _password(config)
    if password is None and not is_loopback(host):
        raise UsageError(
            f"on {host} other machines could read the history without a password; set {VARIABLE} in the"
            f" environment or in .env, or leave out --host"
        )
    file = database_file(config, database)
    if not isinstance(file, Path):
        keep = command("history", "mirror", "mirror.db")
        raise UsageError(f"the pages show a file, and the history is on a server; keep a copy of it: {keep}")
    from bot.app.known_rules import known_rules
    from bot.app.stores import connect_guarded
    from bot.web.site import listen, log_to_stderr, nursery, serve

    connect_guarded(file).close()
    titles, rules = titles_of(config), known_rules(config)
    listening = listen(host, port)
    log_to_stderr()
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    workers = nursery(file, connect_guarded, titles, rules, listening)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _exit)  # the server shuts down first, and then passes the signal on
    address = f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
    tell(f"{file}: at {address}{' with a password' if password else ''}; Ctrl-C ends it")
    if not is_loopback(host):
        tell("the connection is not encrypted; docs/web.md shows a tunnel and a proxy")
    if open_:
        typer.launch(address)
    serve(workers, password, listening)


def _exit(*_: object) -> None:
    raise SystemExit(0)


def _password(config: Path) -> Secret | None:
    """The password, if one is set. Raises UsageError for one that is too short."""
    from bot.config.settings.secret_files import variable_in

    env_file = config.parent / ".env"
    value = os.environ.get(VARIABLE, "").strip() or variable_in(VARIABLE, env_file)
    if not value:
        return None
    if len(value) < LEAST:
        raise UsageError(f"{VARIABLE} is too short: at least {LEAST} characters, as `openssl rand -hex 16` gives")
    return Secret(value)
