"""``setup`` as a process: on a terminal, where the token must not show, and unattended; stopped with Ctrl-C."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bot.config.settings.model import load_settings
from tests.command import REPOSITORY
from tests.processes import Processes
from tests.servers.botapi import TOKEN
from tests.setup.places import OWNER, STRANGER, Place, writes
from tests.waiting import PATIENCE, wait_until

CONTROLLED = "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
"""Opening it makes the terminal at stdin that of the new session: Ctrl-C and getpass reach it."""


class Terminal:
    """A process on a pseudo-terminal: what it has shown, and typing into it."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.shown = ""
        self._master = master

    def until(self, pattern: str) -> re.Match[str]:
        """Read until the text since the last call matches; what follows it is kept for the next."""
        ends = time.monotonic() + PATIENCE
        read = ""
        while not (found := re.search(pattern, read)):
            assert time.monotonic() < ends, f"not within {PATIENCE} s: {pattern}\n{self.shown}"
            if not select.select([self._master], [], [], 0.1)[0]:
                continue
            try:
                text = os.read(self._master, 65536).decode("utf-8", "replace")
            except OSError:  # the process has ended, and its terminal with it
                text = ""
            assert text, f"ended before {pattern}\n{self.shown}"
            read += text
            self.shown += text
        return found

    def type(self, text: str, *, hidden: bool = False) -> None:
        """Type what the program has asked for; ``hidden`` once it shows nothing of it."""
        if hidden:  # getpass shows its question just before it turns the echo off
            wait_until(lambda: not termios.tcgetattr(self._master)[3] & termios.ECHO, "the echo is off")
        os.write(self._master, text.encode())

    def ended(self) -> int:
        """Read to the end; how it ended."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    text = os.read(self._master, 65536).decode("utf-8", "replace")
                except OSError:
                    break
                self.shown += text
        return self.process.wait(PATIENCE)


@contextmanager
def terminal(place: Place, *words: str) -> Iterator[Terminal]:
    """``main.py setup`` on a terminal of its own."""
    master, slave = pty.openpty()
    setup = [sys.executable, str(REPOSITORY / "main.py"), "setup", "--config", str(place.config), *words]
    command = [sys.executable, "-c", CONTROLLED, *setup]
    try:
        with Processes() as processes:
            process = processes.start(command, stdin=slave, stdout=slave, stderr=slave)
            os.close(slave)
            yield Terminal(process, master)
    finally:
        os.close(master)


def test_a_conversation_on_a_terminal_hides_the_token_and_knows_the_owner_by_the_code(place: Place) -> None:
    with terminal(place) as person:
        person.until(r"Paste the token here \(it is not shown\): ")
        person.type(f"{TOKEN}\n", hidden=True)
        code = person.until(r"start=(\w+)[\s\S]*Waiting for you")[1]
        person.type("y\n")  # out of impatience: it must not answer what is asked later
        writes(place.api, STRANGER, "/start", first_name="Mallory")
        person.until(r"Mallory \(id 666\), without the code[\s\S]*Is this you\? \[y/N\] ")
        person.type("n\n")
        writes(place.api, OWNER, f"/start {code.lower()}", last_name="Lovelace")
        person.until(r"Ada Lovelace \(id 42\), with the code\.\s+Is this you\? \[Y/n\] ")
        person.type("\n")
        person.until(r"Send you a test alert now\? \[Y/n\] ")
        person.type("\n")
        assert person.ended() == 0, person.shown
    assert "AAE-emulated" not in person.shown
    assert "The test alert is sent: see Telegram." in person.shown
    assert load_settings(place.config).telegram.admins == (OWNER,)
    assert place.files()[".env"] == (f"TELEGRAM_BOT_TOKEN={TOKEN}\n".encode(), 0o600)
    assert len(place.api.texts(OWNER)) == 2


def test_stopped_while_waiting_nothing_has_changed(place: Place) -> None:
    place.keep("A=1\n", 0o644)
    before = place.files()
    with terminal(place) as person:
        person.until(r"Paste the token here")
        person.type(f"{TOKEN}\n", hidden=True)
        person.until(r"Waiting for you")
        person.type("\x03")
        assert person.ended() == 130, person.shown
    assert "Stopped. Nothing was changed." in person.shown
    assert "Traceback" not in person.shown
    assert place.files() == before
    assert not place.database.exists()


def test_unattended_the_code_is_enough(place: Place, processes: Processes) -> None:
    command = [sys.executable, str(REPOSITORY / "main.py"), "setup", "--yes", "--config", str(place.config)]
    environment = {**os.environ, "TELEGRAM_BOT_TOKEN": TOKEN}
    process = processes.start(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment, text=True)
    assert process.stderr is not None
    said = ""
    while not (found := re.search(r"start=(\w+)", said)):
        line = process.stderr.readline()
        assert line, said
        said += line
    writes(place.api, OWNER, f"/start {found[1]}", chat=-100)
    writes(place.api, OWNER, f"/start {found[1]}")
    said += process.stderr.read()
    assert process.wait(PATIENCE) == 0, said
    assert "AAE-emulated" not in said
    assert load_settings(place.config).telegram.admins == (OWNER,)
    assert place.env.read_text(encoding="utf-8") == f"TELEGRAM_BOT_TOKEN={TOKEN}\n"
