"""Notifications on a terminal, laid out as on Telegram: for a bot without a token, and for replay."""

from __future__ import annotations

import shutil
from datetime import UTC, tzinfo
from typing import TextIO

from bot.core.errors import DeliveryError
from bot.core.model import NumberForm, Outgoing, Reason
from bot.core.ports import Notifier
from bot.render import terminal
from bot.render.numbers import in_form
from bot.render.text import clean
from bot.render.zones import in_zone

_WIDTH = 80
_WORDS = {
    Reason.FIRST: "new",
    Reason.ESCALATED: "more severe",
    Reason.WIDENED: "wider",
    Reason.CORRECTED: "corrected",
    Reason.FOLLOW_UP: "follow-up",
    Reason.RESOLVED: "resolved",
    Reason.DIGEST: "digest",
    Reason.OPERATOR: "for the operator",
}


class ConsoleNotifier(Notifier):
    """The channel ``console``: writes each message to ``stream`` in a frame, below a line with time and reason.

    ``color`` defaults to whether the stream is a terminal, ``width`` to 80 columns, or fewer if the terminal has fewer.
    An edit is one line with the new headline. Message ids are
    ``console-1``, ``console-2``, … Times are in ``zone``, numbers in the form ``numbers``. Raises DeliveryError,
    permanent, if the stream is closed.
    """

    channel = "console"

    def __init__(
        self,
        stream: TextIO,
        *,
        width: int | None = None,
        color: bool | None = None,
        zone: tzinfo = UTC,
        numbers: NumberForm = NumberForm.POINT,
    ) -> None:
        self._stream = stream
        shown = _is_terminal(stream)
        self._width = width or (min(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns) if shown else _WIDTH)
        self._color = shown if color is None else color
        self._zone = zone
        self._numbers = numbers
        self._count = 0

    async def send(self, outgoing: Outgoing) -> str:
        """Write the message and return its id; an edit keeps the id of what it edits."""
        notification = outgoing.notification
        at = notification.created_at.astimezone(self._zone)
        at_text = f"{at:%Y-%m-%d %H:%M:%S}{'Z' if self._zone is UTC else f'{at:%z}'}"
        summary = in_form(in_zone(notification.summary, self._zone), self._numbers)
        subject = clean(summary.subject).strip() or clean(notification.text.partition("\n")[0]).strip()
        if notification.edits:
            self._write(f"{at_text} · updated: {subject}\n")
            return outgoing.edits_message or self._next()
        answers = f", answers {outgoing.replies_to_message}" if outgoing.replies_to_message else ""
        head = f"{at_text} · {notification.severity.word} · {_WORDS[notification.reason]}{answers}"
        body = terminal(summary, self._width, self._color)
        self._write(f"\n{head}\n{body}\n\n")
        return self._next()

    def _next(self) -> str:
        self._count += 1
        return f"console-{self._count}"

    def _write(self, text: str) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError) as exc:
            raise DeliveryError(f"cannot write to the terminal: {exc}", permanent=True) from exc


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False
