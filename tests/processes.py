"""Child processes of tests. None outlives its test: each leads a process group, which is killed when the test is over,
and where ``setpriv`` is at hand (Linux) the kernel kills it with the process that runs the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Any, Self

from tests.waiting import PATIENCE

# the kernel's signal comes when the *thread* ends that started the child: it must not start what is to outlive it
_SETPRIV = shutil.which("setpriv") if sys.platform == "linux" else None
_WITH_US = (_SETPRIV, "--pdeathsig", "KILL", "--") if _SETPRIV else ()


class Processes:
    """Starts processes. A context manager: what still runs at its end is killed, with all that it started."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            end(process)

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """``subprocess.Popen`` with these options."""
        process = subprocess.Popen([*_WITH_US, *command], start_new_session=True, **options)
        self._started.append(process)
        return process


def end(process: subprocess.Popen[Any]) -> None:
    """Kill what is left of the process and of its group, and close the pipes to it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS forbids what Linux cannot find
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    pipes: tuple[IO[Any] | None, ...] = (process.stdin, process.stdout, process.stderr)
    for pipe in pipes:
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def run(
    command: Sequence[str],
    *,
    input: Any = None,
    check: bool = False,
    timeout: float = 3 * PATIENCE,
    **options: Any,
) -> subprocess.CompletedProcess[Any]:
    """``subprocess.run`` with these options, of a process that is killed with its group after ``timeout`` seconds."""
    if input is not None:
        options["stdin"] = subprocess.PIPE
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Processes() as processes:
        process = processes.start(command, **options)
        out, err = process.communicate(input, timeout=timeout)
    done = subprocess.CompletedProcess(list(command), process.returncode, out, err)
    if check:
        done.check_returncode()
    return done
