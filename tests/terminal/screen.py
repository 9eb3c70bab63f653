"""A terminal of a few commands, and what a program that was started on it left standing."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

from tests.processes import Processes
from tests.waiting import PATIENCE

_PIECE = re.compile("\x1b\\[([?0-9;]*)([A-Za-z])|\r|\n|[^\x1b\r\n]")


def left_on(shown: str, width: int) -> list[str]:
    """The lines that stand on a terminal of that width after ``shown`` was written to it.

    Knows what progress bars use: return, a new line, one line up, and erasing a line.
    """
    lines, row, column = [""], 0, 0
    for piece in _PIECE.finditer(shown):
        text, how = piece[0], piece[2]
        if how == "A":
            row = max(row - int(piece[1] or 1), 0)
        elif how == "K":
            lines[row] = "" if piece[1] == "2" else lines[row][:column]
        elif text == "\r":
            column = 0
        elif text == "\n":
            row += 1
        elif not how:
            if column == width:
                row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + 1 :]
            column += 1
        lines += [""] * (row + 1 - len(lines))
    return [line.rstrip() for line in lines]


def run_on_a_terminal(command: Sequence[str], width: int, out: Path | None = None) -> tuple[int, list[str]]:
    """How ``command`` ended on a terminal of that width, and what it left there; its data may go to ``out`` instead."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    shown = b""
    with Processes() as processes, (out or Path(os.devnull)).open("wb") as file:
        process = processes.start(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file if out else slave,
            stderr=slave,
            env={**environment, "TERM": "xterm-256color", "PYTHONUTF8": "1"},
        )
        os.close(slave)
        try:
            while select.select([master], [], [], PATIENCE)[0]:
                try:
                    piece = os.read(master, 65536)
                except OSError:  # its last writer has ended
                    break
                shown += piece
            return process.wait(PATIENCE), left_on(shown.decode("utf-8", "replace"), width)
        finally:
            os.close(master)
