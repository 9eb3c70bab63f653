"""``python main.py …`` within this process, for tests of what a command does rather than of how it starts and ends.

A new process takes a second to import everything; processes, signals and exit codes of real ones are tests/e2e's.
"""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from bot.cli import main

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ran:
    """How a command went."""

    returncode: int
    stdout: str
    stderr: str


def run_command(*words: object, code: int | None = 0, answers: str = "", folder: Path = REPOSITORY) -> Ran:
    """Run ``main.py`` with these words in ``folder``; ``answers`` is what stdin says.

    Fails where it ends with another exit code than ``code``; None accepts any.
    """
    out, err = io.StringIO(), io.StringIO()
    ended: object = 0
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", ["main.py", *map(str, words)]),
        mock.patch.object(sys, "stdin", io.StringIO(answers)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ending:
            ended = ending.code or 0
    ran = Ran(ended if isinstance(ended, int) else 1, out.getvalue(), err.getvalue())
    assert code is None or ran.returncode == code, ran.stderr
    return ran
