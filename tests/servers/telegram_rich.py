"""Rich messages, read as strictly as the Bot API reads them.

Written from the documentation of Bot API 10.3 (https://core.telegram.org/bots/api#inputrichmessage and its limits) and,
for how mistakes are worded, from the open source of its server. It knows nothing of the renderer it is used to check.
Only content as ``blocks`` is read, and of the blocks and texts those that the bot could use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

TEXT, BLOCKS, LEVELS, MEDIA, COLUMNS = 32_768, 500, 16, 50, 20
_BLOCKS: dict[str, tuple[set[str], set[str]]] = {  # required and optional fields beside the type
    "paragraph": ({"text"}, set()),
    "heading": ({"text", "size"}, set()),
    "pre": ({"text"}, {"language"}),
    "footer": ({"text"}, set()),
    "divider": (set(), set()),
    "list": ({"items"}, set()),
    "blockquote": ({"blocks"}, {"credit"}),
    "details": ({"summary", "blocks"}, {"is_open"}),
    "table": ({"cells"}, {"is_bordered", "is_striped", "is_compact", "caption"}),
    "photo": ({"photo"}, {"caption"}),
}
_TEXTS: dict[str, set[str]] = {
    **{name: {"text"} for name in ("bold", "italic", "underline", "strikethrough", "spoiler", "code", "marked")},
    "url": {"text", "url"},
    "date_time": {"text", "unix_time", "date_time_format"},
}


class RichError(ValueError):
    """The Bot API would answer 400 with this text."""


@dataclass
class Rich:
    """What a rich message shows."""

    lines: list[str] = field(default_factory=list)
    """The text of each block, item and cell, in reading order."""
    kinds: list[str] = field(default_factory=list)
    """The types of all blocks, in reading order, nested ones after what holds them."""
    media: list[str] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    """Formatted pieces of text."""
    blocks: int = 0

    @property
    def text(self) -> str:
        """Everything, a line each."""
        return "\n".join(self.lines)


def read(message: object, has_media: Callable[[str], bool]) -> Rich:
    """What ``message`` shows. Raises RichError where Telegram would refuse it."""
    if not isinstance(message, dict):
        raise RichError("can't parse InputRichMessage: expected an Object")
    _fields(message, set(), {"blocks", "html", "markdown", "media", "is_rtl", "skip_entity_detection"}, "rich message")
    if sum(name in message for name in ("blocks", "html", "markdown")) != 1 or not message.get("blocks"):
        raise RichError("RICH_MESSAGE_CONTENT_REQUIRED")
    shown = Rich()
    _read_blocks(message["blocks"], shown, 1)
    if sum(map(len, shown.lines)) > TEXT:
        raise RichError("rich message is too long")
    if shown.blocks > BLOCKS:
        raise RichError("rich message has too many blocks")
    if len(shown.media) > MEDIA:
        raise RichError("rich message has too many media")
    for media in shown.media:
        if not has_media(media):
            raise RichError("wrong remote file identifier specified: wrong string length")
    return shown


def _fields(node: dict[str, Any], required: set[str], optional: set[str], what: str) -> None:
    if missing := required - node.keys():
        raise RichError(f"can't parse {what}: field {sorted(missing)[0]} is missing")
    # the Bot API would pass over a field it does not know: here it is a mistake
    if unknown := node.keys() - required - optional:
        raise RichError(f"can't parse {what}: unknown field {sorted(unknown)[0]}")


def _read_blocks(blocks: object, shown: Rich, level: int) -> None:
    if level > LEVELS:
        raise RichError("rich message is nested too deeply")
    if not isinstance(blocks, list) or not blocks:
        raise RichError("Block must be non-empty")
    for block in blocks:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _BLOCKS:
            raise RichError("Block is not allowed")
        required, optional = _BLOCKS[kind]
        _fields(block, required | {"type"}, optional, str(kind))
        shown.kinds.append(kind)
        shown.blocks += 1
        _read_block(kind, block, shown, level)


def _read_block(kind: str, block: dict[str, Any], shown: Rich, level: int) -> None:
    if kind == "heading" and block["size"] not in range(1, 7):
        raise RichError("Invalid section heading size specified")
    for name in ("text", "summary"):
        if name in block:
            shown.lines.append(_line(block[name], shown, level + 1))
    if kind == "list":
        _items(block["items"], shown, level + 1)
    elif kind == "table":
        _table(block["cells"], shown, level + 1)
    elif kind == "photo":
        photo = block["photo"]
        _fields(photo, {"type", "media"}, {"has_spoiler"}, "InputMediaPhoto")
        if photo["type"] != "photo":
            raise RichError("can't parse InputMediaPhoto: wrong type")
        shown.media.append(str(photo["media"]))
    elif "blocks" in block:
        _read_blocks(block["blocks"], shown, level + 1)


def _items(items: Sequence[dict[str, Any]], shown: Rich, level: int) -> None:
    if not items:
        raise RichError("List must be non-empty")
    for item in items:
        _fields(item, {"blocks"}, {"has_checkbox", "is_checked", "value", "type"}, "list item")
        shown.blocks += 1
        _read_blocks(item["blocks"], shown, level + 1)


def _table(rows: Sequence[Sequence[dict[str, Any]]], shown: Rich, level: int) -> None:
    if not rows:
        raise RichError("Table must be non-empty")
    for row in rows:
        shown.blocks += 1
        if sum(max(1, cell.get("colspan", 1)) for cell in row) > COLUMNS:
            raise RichError("rich message table has too many columns")
        for cell in row:
            _fields(cell, {"align", "valign"}, {"text", "is_header", "colspan", "rowspan"}, "table cell")
            if cell["align"] not in ("left", "center", "right") or cell["valign"] not in ("top", "middle", "bottom"):
                raise RichError("can't parse table cell: invalid alignment")
            if cell.get("colspan", 1) < 0 or cell.get("rowspan", 1) < 0:
                raise RichError("Invalid table cell colspan specified")
            if "text" in cell:
                shown.lines.append(_line(cell["text"], shown, level + 1))


def _line(node: object, shown: Rich, level: int) -> str:
    text = _text(node, shown, level)
    if not text.strip():
        raise RichError("Block must be non-empty")
    return text


def _text(node: object, shown: Rich, level: int) -> str:
    if level > LEVELS:
        raise RichError("rich message is nested too deeply")
    if isinstance(node, str):
        try:
            node.encode()
        except UnicodeEncodeError as error:
            raise RichError("Rich text must be encoded in UTF-8") from error
        return node
    if isinstance(node, list):
        return "".join(_text(each, shown, level) for each in node)
    kind = node.get("type") if isinstance(node, dict) else None
    if not isinstance(node, dict) or kind not in _TEXTS:
        raise RichError("can't parse RichText: unknown type")
    _fields(node, _TEXTS[kind] | {"type"}, set(), f"RichText {kind}")
    if kind == "date_time" and not (
        0 < node["unix_time"] < 2**31 and re.fullmatch(r"r|w?[dD]?[tT]?", node["date_time_format"])
    ):
        raise RichError("Invalid date specified")
    shown.texts.append(node)
    return _text(node["text"], shown, level + 1)
