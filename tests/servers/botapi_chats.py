"""What an emulated Bot API shows in its chats, and what it refuses to show, in Telegram's words."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.servers.telegram_markup import Entity, MarkupError, parse, utf16
from tests.servers.telegram_rich import Rich, RichError, read


@dataclass
class Call:
    """One request, as it arrived. ``at`` is ``time.monotonic()``; ``status`` 0 means no answer was given."""

    method: str
    params: dict[str, Any]
    at: float
    status: int = 0
    fault: str = ""

    @property
    def chat(self) -> int | None:
        """The chat it is about."""
        value = self.params.get("chat_id")
        return int(value) if value is not None else None


@dataclass
class Fault:
    """A misbehaviour waiting for its calls."""

    kind: str
    method: str
    chat: int | None
    times: int
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Sent:
    """A message as Telegram would show it."""

    id: int
    chat: int
    text: str
    markup: str
    entities: list[Entity]
    thread: int | None = None
    reply_to: int | None = None
    edits: int = 0
    parse_mode: str = ""
    photo: bool = False
    at: float = 0.0
    only_for: int | None = None
    """The only person who sees it."""
    rich: Rich | None = None
    picture: Any = None
    """The picture that is the body of a message with a caption, as it was last sent."""
    buttons: list[tuple[str, str]] = field(default_factory=list)
    """Words and callback data of each, in reading order."""


class RefusalError(Exception):
    """An error as the Bot API words it."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


class Chats:
    """Messages by chat. ``known`` limits which chats exist (``None``: all); ``blocked`` ones forbid sending."""

    def __init__(self, known: set[int] | None) -> None:
        self.known = known
        self.blocked: set[int] = set()
        self.channels: set[int] = set()
        self.sent: dict[tuple[int, int], Sent] = {}
        self.knows_ephemeral = False
        """Whether the server is of version 10.3 or later, as far as messages for one person are concerned."""
        self.presses: set[str] = set()
        """Ids of the buttons pressed."""
        self._next = 100

    def send(self, params: dict[str, Any], text: str, limit: int, *, photo: bool = False) -> dict[str, Any]:
        chat = self._open_chat(params)
        shown, entities = self._text(params, text, limit, may_be_empty=photo)
        return self._add(params, Sent(self.number(), chat, shown, text, entities, photo=photo, picture=_file(params)))

    def send_rich(self, params: dict[str, Any]) -> dict[str, Any]:
        """A rich message."""
        chat = self._open_chat(params)
        rich = self._rich(params)
        return self._add(params, Sent(self.number(), chat, rich.text, "", [], rich=rich))

    def _rich(self, params: dict[str, Any]) -> Rich:
        def has_media(media: str) -> bool:
            name = media.removeprefix("attach://")
            return hasattr(params.get(name), "file") if name != media else media.startswith("file-")

        try:
            return read(params.get("rich_message"), has_media)
        except RichError as error:
            raise RefusalError(400, f"Bad Request: {error}") from error

    def _add(self, params: dict[str, Any], message: Sent) -> dict[str, Any]:
        chat = message.chat
        answers = (params.get("reply_parameters") or {}).get("message_id")
        if answers is not None and (chat, answers) not in self.sent:
            if not params["reply_parameters"].get("allow_sending_without_reply"):
                raise RefusalError(400, "Bad Request: message to be replied not found")
            answers = None
        thread = params.get("message_thread_id")
        message.thread, message.reply_to = int(thread) if thread else None, answers
        message.parse_mode, message.at = str(params.get("parse_mode") or ""), time.monotonic()
        message.buttons = _buttons(params)
        if self.knows_ephemeral and (aside := params.get("ephemeral_message_parameters")):
            if chat > 0 or aside.get("callback_query_id") not in self.presses:
                raise RefusalError(400, "Bad Request: QUERY_ID_INVALID")
            message.only_for = aside["receiver_user_id"]
        self.sent[chat, message.id] = message
        return self._message(message)

    def _to_edit(self, params: dict[str, Any]) -> Sent:
        chat = self._open_chat(params)
        message = self.sent.get((chat, int(params["message_id"])))
        if message is None:
            raise RefusalError(400, "Bad Request: message to edit not found")
        return message

    def edit_caption(self, params: dict[str, Any]) -> dict[str, Any]:
        """The caption of a picture, and with ``media`` the picture too."""
        message = self._to_edit(params)
        if not message.photo:
            raise RefusalError(400, "Bad Request: there is no caption in the message to edit")
        new = params.get("media") or params
        text = str(new.get("caption", ""))
        message.text, message.entities = self._text(new, text, 1024, may_be_empty=True)
        message.markup, message.buttons = text, _buttons(params)
        if "media" in params:
            message.picture = params[str(new["media"]).removeprefix("attach://")]
        message.edits += 1
        return self._message(message)

    def edit(self, params: dict[str, Any]) -> dict[str, Any]:
        message = self._to_edit(params)
        if message.photo:
            raise RefusalError(400, "Bad Request: there is no text in the message to edit")
        buttons = _buttons(params)
        if "rich_message" in params:
            rich = self._rich(params)
            message.text, message.rich, message.markup, message.entities = rich.text, rich, "", []
            message.buttons = buttons
            message.edits += 1
            return self._message(message)
        shown, entities = self._text(params, str(params.get("text", "")), 4096)
        if (shown, entities, buttons) == (message.text, message.entities, message.buttons):
            raise RefusalError(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly "
                "the same as a current content and reply markup of the message",
            )
        message.text, message.entities, message.markup, message.rich = shown, entities, str(params["text"]), None
        message.buttons = buttons
        message.edits += 1
        return self._message(message)

    def _text(
        self, params: dict[str, Any], text: str, limit: int, *, may_be_empty: bool = False
    ) -> tuple[str, list[Entity]]:
        mode = params.get("parse_mode")
        if mode not in (None, "", "HTML"):
            raise RefusalError(400, "Bad Request: unsupported parse_mode")
        try:
            shown, entities = parse(text) if mode else (text, [])
        except MarkupError as exc:
            raise RefusalError(400, f"Bad Request: can't parse entities: {exc}") from exc
        if not shown.strip() and not may_be_empty:
            raise RefusalError(400, "Bad Request: message text is empty")
        if utf16(shown) > limit:
            raise RefusalError(400, f"Bad Request: message {'caption ' if may_be_empty else ''}is too long")
        return shown, entities

    def _open_chat(self, params: dict[str, Any]) -> int:
        chat = int(params["chat_id"])
        if self.known is not None and chat not in self.known:
            raise RefusalError(400, "Bad Request: chat not found")
        if chat in self.blocked:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _message(self, message: Sent) -> dict[str, Any]:
        body: dict[str, Any] = {"message_id": message.id, "date": int(time.time()), "chat": self.describe(message.chat)}
        if message.only_for is not None:
            body |= {"message_id": 0, "ephemeral_message_id": message.id}
        if message.photo:
            size = {"file_id": f"file-{message.id}", "file_unique_id": f"unique-{message.id}", "width": 9, "height": 9}
            return body | {"caption": message.text, "photo": [size]}
        return body | {"text": message.text}

    def send_album(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Two to ten photographs at once."""
        media = params["media"]
        if not 2 <= len(media) <= 10:
            raise RefusalError(400, "Bad Request: wrong number of messages to send")
        return [self.send(params, str(item.get("caption", "")), 1024, photo=True) for item in media]

    def describe(self, chat: int) -> dict[str, Any]:
        if chat in self.channels:
            return {"id": chat, "type": "channel", "title": "Wire"}
        if chat > 0:
            return {"id": chat, "type": "private", "first_name": "Ada"}
        return {"id": chat, "type": "supergroup" if chat < -(10**12) else "group", "title": "Desk"}

    def number(self) -> int:
        self._next += 1
        return self._next


def _file(params: dict[str, Any]) -> Any:
    """The bytes of an uploaded picture, or the id of a known one."""
    photo = params.get("photo")
    return photo.file.read() if hasattr(photo, "file") else photo


def _buttons(params: dict[str, Any]) -> list[tuple[str, str]]:
    """The inline keyboard of a request; refused where Telegram would."""
    rows = (params.get("reply_markup") or {}).get("inline_keyboard") or []
    for button in (b for row in rows for b in row if "url" in b):
        host = urlsplit(str(button["url"])).hostname or ""
        if "." not in host and ":" not in host:  # as TDLib's LinkManager
            words = f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL"
            raise RefusalError(400, f"Bad Request: {words}")
    plain = [b for row in rows for b in row if "url" not in b]
    found = [(str(b.get("text", "")), str(b.get("callback_data", ""))) for b in plain]
    if any(not text or not 1 <= len(data.encode()) <= 64 for text, data in found):
        raise RefusalError(400, "Bad Request: BUTTON_DATA_INVALID")
    return found
