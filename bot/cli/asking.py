"""Questions on the terminal: words on stderr, answers from stdin, secrets not shown while they are typed."""

from __future__ import annotations

import contextlib
import getpass
import sys
import warnings

from bot.core.errors import UsageError


class Asker:
    """Asks, or with ``yes`` answers for itself. ``instead`` is what to do where stdin ends before the questions."""

    def __init__(self, *, yes: bool, instead: str) -> None:
        self.yes = yes
        self._instead = instead

    def tell(self, text: str = "") -> None:
        """A line for people."""
        print(text, file=sys.stderr, flush=True)

    def confirm(self, question: str, *, default: bool, unattended: bool, anew: bool = False) -> bool:
        """Yes or no. ``unattended`` is the answer where nobody is asked; ``anew`` drops what was typed before."""
        if self.yes:
            return unattended
        if anew:
            self._drop_typed()
        while True:
            said = self._line(f"{question} [{'Y/n' if default else 'y/N'}] ").lower()
            if said in ("", "y", "yes", "n", "no"):
                return default if not said else said.startswith("y")
            self.tell("Please answer y or n.")

    def wait(self, what: str) -> None:
        """Wait for Enter."""
        self._line(f"{what} ")

    def secret(self, question: str) -> str:
        """A line that is not shown while it is typed. Raises UsageError where that cannot be, or the input ended."""
        if not sys.stdin.isatty():
            return self._line(question)
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(question, stream=sys.stderr)
            except getpass.GetPassWarning:
                raise UsageError("this terminal cannot hide what is typed; set TELEGRAM_BOT_TOKEN instead") from None
            except EOFError:
                raise self._ended() from None

    def _line(self, question: str) -> str:
        print(question, end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            self.tell()
            raise self._ended()
        if not sys.stdin.isatty():
            self.tell()  # nobody pressed Enter on a terminal
        return line.strip()

    def _ended(self) -> UsageError:
        return UsageError(f"the answers ended before the questions; answer all of them, or {self._instead}")

    def _drop_typed(self) -> None:
        """Enter pressed out of impatience is no answer to a question that comes later."""
        if sys.stdin.isatty():
            with contextlib.suppress(ImportError):  # where there are other terminals, it is left undone
                import termios

                with contextlib.suppress(termios.error):
                    termios.tcflush(sys.stdin, termios.TCIFLUSH)
