"""Questions on the terminal: asked on stderr, answered on stdin, secrets without echo."""

from __future__ import annotations

import contextlib
import getpass
import sys
import warnings

from bot.cli.terminal import prompt, tell_all
from bot.core.errors import UsageError
from bot.render.outside import line


class Asker:
    """Asks, or with ``yes`` answers by itself. ``instead`` is what to do where stdin ends before the questions."""

    def __init__(self, *, yes: bool, instead: str) -> None:
        self.yes = yes
        self._instead = instead

    def tell(self, text: str = "") -> None:
        """Print a line, or several."""
        tell_all(text.split("\n"))

    def confirm(self, question: str, *, default: bool, unattended: bool, anew: bool = False) -> bool:
        """Yes or no. ``unattended`` is the answer with ``--yes``; ``anew`` discards what was typed before."""
        if self.yes:
            return unattended
        if anew:
            self._discard_typed()
        while True:
            answer = self._line(f"{question} [{'Y/n' if default else 'y/N'}] ").lower()
            if answer in ("", "y", "yes", "n", "no"):
                return default if not answer else answer.startswith("y")
            self.tell("Please answer y or n.")

    def wait(self, what: str) -> None:
        """Wait for Enter."""
        self._line(f"{what} ")

    def secret(self, question: str) -> str:
        """A line typed without echo. Raises UsageError where the terminal cannot do that, or the input ended."""
        if not sys.stdin.isatty():
            return self._line(question)
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(line(question), stream=sys.stderr)
            except getpass.GetPassWarning:
                raise UsageError("this terminal cannot hide input; set TELEGRAM_BOT_TOKEN instead") from None
            except EOFError:
                raise self._ended() from None

    def _line(self, question: str) -> str:
        prompt(question)
        answer = sys.stdin.readline()
        if not answer:
            self.tell()
            raise self._ended()
        if not sys.stdin.isatty():
            self.tell()  # nobody pressed Enter on a terminal
        return answer.strip()

    def _ended(self) -> UsageError:
        return UsageError(f"the input ended before the last question; answer all of them, or {self._instead}")

    def _discard_typed(self) -> None:
        """Enter pressed impatiently must not answer a later question."""
        if sys.stdin.isatty():
            with contextlib.suppress(ImportError):  # no termios on other systems
                import termios

                with contextlib.suppress(termios.error):
                    termios.tcflush(sys.stdin, termios.TCIFLUSH)
