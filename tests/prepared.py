"""A process that has imported everything and forks off commands: a real process each time, without a second's wait.

``python -m tests.prepared`` forks ``python main.py …``; other modules ``serve`` what they like. Orders come on standard
input, a JSON object a line, and each is answered with one: ``{"run": …, "env": {…}, "out": file, "err": file}`` with a
process id, ``{"poll": id}`` with its exit code or null.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.processes import Processes
from tests.waiting import PATIENCE

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARIES = ("aiohttp", "apscheduler", "bs4", "exchange_calendars", "feedparser", "pandas", "peewee", "requests")
LIBRARIES += ("sqlite_utils", "telegram")
"""Not yfinance itself, which reads the environment when it is imported."""
ELSEWHERE = ("bot.web",)
"""Not imported beforehand: Datasette alone takes as long as all else."""


_STARTER = ThreadPoolExecutor(1)
"""The thread that starts prepared processes, and stays: the kernel ends a process with the thread that started it (see
``Processes``), and who asks for one first may be a thread that ends long before the tests do."""
_ONE = threading.Lock()
"""Threads that ask for the prepared process at the same time get the same one."""


class Fork:
    """A forked process, as far as tests need it like a ``Popen``."""

    def __init__(self, parent: PreparedProcess, pid: int) -> None:
        self._parent = parent
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code; ``None`` while it runs."""
        if self.returncode is None:
            self.returncode = self._parent.ask(poll=self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """``kill -9``."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait for its end; TimeoutExpired after ``timeout`` seconds."""
        ends = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.002)
        return code


class PreparedProcess:
    """The process. ``close`` ends it and all that it forked. May be used from several threads."""

    def __init__(self, module: str = "tests.prepared") -> None:
        self._lock = threading.Lock()
        self._processes = Processes()
        command = [sys.executable, "-m", module]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._process = _STARTER.submit(self._processes.start, command, cwd=REPOSITORY, **pipes).result()

    def close(self) -> None:
        """End it, and everything it started."""
        self._processes.__exit__(None, None, None)

    def ask(self, **order: Any) -> Any:
        """One order, one answer."""
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def run(self, what: Any, env: Mapping[str, str] | None = None, *, out: Path | None = None, err: Path) -> Fork:
        """Fork a process that runs ``what``: the words of a command, or whatever the module serves."""
        err.touch()  # there at once, for those who read it while it runs
        if out is not None:
            out.touch()
        order = {"run": what, "env": dict(os.environ if env is None else env), "out": str(out or os.devnull)}
        return Fork(self, self.ask(**order, err=str(err)))


def call(*words: object, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """``python main.py`` with these words, to its end; without a Telegram token unless ``env`` has one."""
    own = {k: v for k, v in os.environ.items() if k != "TELEGRAM_BOT_TOKEN"}
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = prepared().run([str(word) for word in words], own | dict(env or {}), out=out, err=err)
        try:
            code = process.wait(3 * PATIENCE)
        finally:
            process.kill()
        return subprocess.CompletedProcess(words, code, out.read_text("utf-8"), err.read_text("utf-8"))


def prepared() -> PreparedProcess:
    """The process that forks ``python main.py``, one for all tests of this process, whichever thread asks."""
    with _ONE:
        return _prepared()


@functools.cache
def _prepared() -> PreparedProcess:
    made = PreparedProcess()
    atexit.register(made.close)
    return made


# --------------------------------------------------------------------------------------------------- on the other side


def serve(run: Callable[[Any], None]) -> None:
    """Follow orders until there are no more."""
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        elif not (answer := os.fork()):
            _become(order)
            os._exit(_exit_code(run, order["run"]))
        print(json.dumps(answer), flush=True)


def _become(order: dict[str, Any]) -> None:
    """In the child: streams and an environment of its own, and an end with its parent's."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    nothing = os.open(os.devnull, os.O_RDONLY)
    out, err = (os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND) for name in ("out", "err"))
    for number, stream in ((0, nothing), (1, out), (2, err)):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(order["env"])


def _exit_code(run: Callable[[Any], None], what: Any) -> int:
    try:
        run(what)
        code: object = 0
    except SystemExit as ending:
        code = ending.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code if isinstance(code, int) else 1


def _main_py(words: list[str]) -> None:
    from bot.cli import main

    sys.argv = ["main.py", *words]
    main()


def _import_everything() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    import bot

    for module in pkgutil.walk_packages(bot.__path__, "bot."):
        if not module.name.startswith(ELSEWHERE):
            with contextlib.suppress(ImportError):  # of what is not installed
                importlib.import_module(module.name)


if __name__ == "__main__":
    _import_everything()
    serve(_main_py)
