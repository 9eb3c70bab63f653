"""The buttons under an alert.

Their callback data is ``1:BUTTON:INCIDENT``, at most 64 bytes
(https://core.telegram.org/bots/api#inlinekeyboardbutton). It is complete, so a button works after any restart; the 1 is
the version of the format.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.core.model import Notification, Reason, Style

VERSION = "1"
LONGEST = 64
"""Bytes of callback data Telegram takes."""
_INCIDENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


_IN_PATH = re.compile(r"[0-9A-Za-z_-]+")
"""Incidents whose page has their own name for its address."""


class Button(enum.StrEnum):
    """What a button does."""

    WHY = "why"
    CHART = "chart"
    STORIES = "stories"
    MUTE = "mute"
    RIGHT = "right"
    NOT_AI = "not ai"
    NOT_NEWS = "not news"
    STYLE = "style"
    """Chooses the style of a chat's messages: under a sample of both, with the style in the incident's place."""

    @property
    def verdict(self) -> bool:
        """Whether it rates the alert."""
        return self in (Button.RIGHT, Button.NOT_AI, Button.NOT_NEWS)


_ROWS = (
    ((Button.WHY, "Why"), (Button.CHART, "Chart"), (Button.STORIES, "Stories"), (Button.MUTE, "Mute symbol")),
    ((Button.RIGHT, "Was this right? Yes"), (Button.NOT_AI, "Not AI"), (Button.NOT_NEWS, "Not news")),
)


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed."""

    button: Button
    incident: str


def keyboard(notification: Notification, pages: str = "") -> InlineKeyboardMarkup | None:
    """The buttons of a message; ``None`` if it is not about a single incident. ``pages``: where those of the history
    begin, if there are any."""
    incident = notification.incident
    if not incident or notification.reason in (Reason.DIGEST, Reason.OPERATOR):
        return None
    if len(data(Button.NOT_NEWS, incident).encode()) > LONGEST:
        return None
    rows = [[InlineKeyboardButton(label, callback_data=data(b, incident)) for b, label in row] for row in _ROWS]
    if pages and _IN_PATH.fullmatch(incident):
        rows.append([InlineKeyboardButton("Open the page", url=f"{pages}/incident/{incident}")])
    return InlineKeyboardMarkup(rows)


def style_keyboard() -> InlineKeyboardMarkup:
    """The buttons under a sample of both styles."""
    words = {Style.RICH: "The first: rich", Style.CLASSIC: "Only the second: classic"}
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data(Button.STYLE, style)) for style, label in words.items()]]
    )


def data(button: Button, incident: str) -> str:
    """The callback data of a button under a message about ``incident``."""
    return f"{VERSION}:{button.value}:{incident}"


def read(text: str | None) -> Press | None:
    """The button in callback data; ``None`` for another version or anything malformed: a program that acts as a
    person can send any data."""
    version, _, rest = (text or "").partition(":")
    button, _, incident = rest.partition(":")
    if version != VERSION or _INCIDENT.fullmatch(incident) is None or button not in set(Button):
        return None
    return Press(Button(button), incident)
