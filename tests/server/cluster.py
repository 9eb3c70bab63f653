"""A PostgreSQL of our own: a cluster in a temporary folder, as an unprivileged user, reached through a socket in it.

One is started for a test process that asks for it, and is gone with it; each test gets a schema of its own.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from bot.core.server_address import ServerAddress

_NAMES = itertools.count(1)
_OPTIONS = (
    *("-c", "listen_addresses="),
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "max_connections=60", "-c", "shared_buffers=32MB", "-c", "autovacuum=off", "-c", "log_statement=none"),
)
"""What a test's server may do without: it is never restarted after a power cut."""


@functools.cache
def missing() -> str:
    """Why no server can be started here; empty where one can."""
    if _programs() is None:
        return "PostgreSQL is not installed"
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed"
    if os.getuid() == 0 and _user() is None:
        return "there is no unprivileged user to run PostgreSQL as"
    return ""


@functools.cache
def _programs() -> Path | None:
    """The folder with PostgreSQL's programs, the newest version's."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    found += [Path(program).parent for program in (shutil.which("initdb"),) if program]
    needed = ("initdb", "postgres", "pg_isready", "psql")
    return next((folder for folder in found if all((folder / each).exists() for each in needed)), None)


def _user() -> pwd.struct_passwd | None:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


class Cluster:
    """A running server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        options = ("--no-sync", "--auth=trust", "--username=bot", "--encoding=UTF8", "--no-locale")
        self._run("initdb", *options, str(self._data))
        self._server: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """The address of its one database."""
        return f"postgresql://bot@/postgres?host={quote(str(self.folder), safe='')}"

    def address(self, schema: str = "") -> ServerAddress:
        """A schema that nothing is in yet."""
        return ServerAddress(f"{self.url}#{schema or f'test_{os.getpid()}_{next(_NAMES)}'}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        programs = _programs()
        assert programs is not None
        command = [str(programs / "postgres"), "-D", str(self._data), "-k", str(self.folder), *_OPTIONS]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, **_as_user())
        for _ in range(300):
            ready = self._run("pg_isready", "-h", str(self.folder), "-t", "1", check=False)
            if ready.returncode == 0:
                return
            if self._server.poll() is not None:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._server.wait(0.1)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: at once, ending all sessions (SIGINT), or as a crash does (SIGQUIT)."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(30)
            self._server = None

    def psql(self, sql: str) -> str:
        """What a person's ``psql`` answers."""
        return self._run("psql", "--no-psqlrc", "-h", str(self.folder), "-U", "bot", "-Atc", sql, "postgres").stdout

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        programs = _programs()
        assert programs is not None
        return subprocess.run(
            [str(programs / program), *arguments], capture_output=True, text=True, check=check, **_as_user()
        )


def _as_user() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    user = _user()
    if os.getuid() or user is None:
        return {"cwd": "/"}
    return {"cwd": "/", "user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()}


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A server of one's own, gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short name: that of a socket is limited
    user = _user()
    if os.getuid() == 0 and user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    try:
        made = Cluster(folder)
        try:
            yield made
        finally:
            made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
