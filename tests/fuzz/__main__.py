"""Runs the fuzzers for a given time: ``python -m tests.fuzz --minutes 10``. Exit code 1 if they find something.

Each round runs every test with many examples and a seed of its own. What fails is kept by Hypothesis in ``.hypothesis``
and tried again first by every later run. The smallest document that fails is put into ``.hypothesis/found`` under the
name of its kind: ``tests/fuzz/corpus/README.md`` says what becomes of it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Fuzz everything that reads what others wrote."
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long, in all (default: 10)")
    parser.add_argument("--examples", type=int, default=20, help="examples of each test in a round (default: 20)")
    parser.add_argument("-k", dest="only", default="", help="only tests whose name matches, as pytest's -k")
    given = parser.parse_args()
    end, seed = time.monotonic() + 60 * given.minutes, int(time.time())
    rounds = 0
    while (left := end - time.monotonic()) > 0:
        command = [
            sys.executable,
            "-m",
            "pytest",
            str(HERE),
            "-q",
            "-x",
            "--dist=load",
            f"--hypothesis-seed={seed + rounds}",
        ]
        environment = {**os.environ, "AFTERSHOCK_FUZZ_EXAMPLES": str(given.examples)}
        running = subprocess.Popen(
            [*command, *(["-k", given.only] if given.only else [])], env=environment, start_new_session=True
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            if running.wait(left):
                print(f"round {rounds + 1} found something: see above", file=sys.stderr)
                return 1
            rounds += 1
            continue
        _end(running)  # the time is up; a round that is not over is none
    print(f"{rounds} rounds in {given.minutes:g} minutes found nothing", file=sys.stderr)
    return 0


def _end(running: subprocess.Popen[bytes]) -> None:
    """End the round and the processes it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, 15)
    try:
        running.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, 9)
        running.wait()


if __name__ == "__main__":
    sys.exit(main())
