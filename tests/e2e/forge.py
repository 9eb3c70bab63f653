"""A process that has imported everything and forks off commands: a real process each time, without a second's wait.

``python -m tests.e2e.forge CONFIG EPISODE`` reads orders from standard input, a JSON object a line, and answers with
one: ``{"run": [words], "env": {...}, "err": file}`` gives a process id, ``{"poll": id}`` its exit code or null.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.desk import REPOSITORY


class Forked:
    """A forked command, as far as tests need it like a ``Popen``."""

    def __init__(self, forge: Forge, pid: int) -> None:
        self._forge = forge
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code; ``None`` while it runs."""
        if self.returncode is None:
            self.returncode = self._forge.ask(poll=self.pid)
        return self.returncode

    def kill(self) -> None:
        """``kill -9``."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end."""
        while self.poll() is None:
            time.sleep(0.002)
        assert self.returncode is not None
        return self.returncode


class Forge:
    """The process. A context manager; may be used from several threads."""

    def __init__(self, config: Path, episode: str) -> None:
        command = [sys.executable, "-m", "tests.e2e.forge", str(config), episode]
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)

    def ask(self, **order: Any) -> Any:
        """One order, one answer."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def run(self, words: list[str], env: dict[str, str], err: Path) -> Forked:
        """``python main.py`` with these words."""
        return Forked(self, self.ask(run=words, env=env, err=str(err)))


def serve(config: Path, episode: str) -> None:
    """Import what a replay needs, then follow orders."""
    from bot.app.replaying import plan_replay
    from bot.cli import main, replay

    assert replay.Notify.TELEGRAM
    import bot.adapters.store
    import bot.adapters.telegram
    import bot.app.lines
    import bot.app.notifiers  # noqa: F401

    plan_replay(config, episode, datetime.now(UTC))  # calendars, and whatever else is read when first needed
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif not (answer := os.fork()):
            _become(order)
            sys.argv = ["main.py", *order["run"]]
            try:
                main()
            finally:
                sys.stderr.flush()
                os._exit(code if isinstance(code := getattr(sys.exc_info()[1], "code", 1), int) else 0)
        print(json.dumps(answer), flush=True)


def _become(order: dict[str, Any]) -> None:
    """In the child: streams and environment of its own."""
    nothing = os.open(os.devnull, os.O_RDWR)
    err = os.open(order["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number, stream in ((0, nothing), (1, nothing), (2, err)):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(order["env"])


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
