"""Nothing that a test starts outlives it, however the test ends."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.prepared import PreparedProcess
from tests.processes import Processes
from tests.waiting import PATIENCE, wait_until


def runs(pid: int) -> bool:
    """Whether there is such a process, and it is more than what its parent has not asked after yet."""
    if sys.platform == "linux":  # where ps may not be installed
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].strip()
        except OSError:
            state = ""
    else:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return state[:1] not in ("", "Z")


def test_what_a_process_started_ends_with_it() -> None:
    with Processes() as processes:
        child = processes.start(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
        grandchild = int(child.stdout.readline())
        assert runs(grandchild)
    assert child.returncode == -signal.SIGKILL
    wait_until(lambda: not runs(grandchild), "the grandchild is gone")


def test_a_prepared_process_outlives_the_thread_that_asked_for_it() -> None:
    """The first test to ask for one may do so in a thread of its own; the next tests ask the same process."""

    def first() -> PreparedProcess:
        made = PreparedProcess("code")  # any module that waits for orders on its standard input
        made._process.stdin.write("print()\n")
        made._process.stdin.flush()
        assert made._process.stdout.readline()
        return made

    with ThreadPoolExecutor(1) as pool:
        made = pool.submit(first).result()
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            made._process.wait(0.3)
    finally:
        made.close()


STARTER = """
import sys, time
from tests.processes import Processes
print(Processes().start(["sleep", "600"]).pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("setpriv") is None, reason="only Linux ends it")
def test_a_process_ends_with_the_tests_that_are_killed(processes: Processes, repository: Path) -> None:
    command = [sys.executable, "-c", STARTER]
    tests = processes.start(command, cwd=repository, stdout=subprocess.PIPE, text=True)
    child = int(tests.stdout.readline())
    assert runs(child)
    tests.kill()
    tests.wait(PATIENCE)
    wait_until(lambda: not runs(child), "the child is gone")
