"""Adding an admin to ``config.yaml`` as a person would: one number in the list, everything else untouched.

The text is edited, not the data, so that comments, order and spelling stay. The result is read back before it is
written; a file that would come out different in any other way is left alone.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from bot.config.document import Document, load_document, problem
from bot.config.replacing import replace_file
from bot.config.settings import load_settings
from bot.core.errors import ConfigError, Problem

_BY_HAND = "this list cannot be added to; write the user id {user} into it by hand"
_PADDING = re.compile(r"(?P<rest>[^\n#]*?)(?P<spaces> {2,})#")


def add_admin(path: Path, user: int) -> bool:
    """Add ``user`` to ``telegram: admins:`` in the file at ``path``; false where it is there already.

    Raises ConfigError where the file has mistakes (before or after), or cannot be written; it is then as it was.
    """
    document = load_document(path)
    if user in load_settings(path, document.text).telegram.admins:
        return False
    text = _edited(document, user)
    _verify(path, text, document, user)
    byte_order_mark = b"\xef\xbb\xbf" if Path(os.path.realpath(path)).read_bytes().startswith(b"\xef\xbb\xbf") else b""
    replace_file(path, byte_order_mark + text.encode("utf-8"))
    return True


def _edited(document: Document, user: int) -> str:
    text = document.text
    newline = "\r\n" if "\r\n" in text else "\n"
    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise ConfigError([problem(document, (), "the file is one '{…}'; write it as lines of 'key: value' first")])
    section = _pair(root, "telegram")
    entry = f"admins: [{user}]"
    if section is None:
        joint = "" if text.endswith(("\n", "\r")) or not text else newline
        return f"{text}{joint}{newline}telegram:{newline}  {entry}{newline}"
    key, value = section
    if not isinstance(value, yaml.MappingNode):  # nothing but comments, or null
        cleared = text[: value.start_mark.index].rstrip(" ") + text[value.end_mark.index :]
        return _new_line(cleared, key.end_mark.index, " " * key.start_mark.column + "  " + entry, newline)
    admins = _pair(value, "admins")
    if admins is not None:
        return _in_list(document, text, admins[1], user, newline)
    if not value.value:
        at = value.start_mark.index + 1
        return text[:at] + entry + text[at:]
    first = value.value[0][0].start_mark
    joint = ", " if value.flow_style else newline + " " * first.column
    return text[: first.index] + entry + joint + text[first.index :]


def _in_list(document: Document, text: str, value: yaml.Node, user: int, newline: str) -> str:
    assert isinstance(value, yaml.SequenceNode)  # anything else does not pass as settings
    if not value.value:
        return _inserted(text, value.start_mark.index + 1, str(user))
    last = value.value[-1]
    if value.flow_style:
        return _inserted(text, last.end_mark.index, f", {user}")
    if not isinstance(last, yaml.ScalarNode):
        raise ConfigError([problem(document, ("telegram", "admins"), _BY_HAND.format(user=user))])
    return _new_line(text, last.end_mark.index, " " * value.start_mark.column + f"- {user}", newline)


def _inserted(text: str, at: int, what: str) -> str:
    """``what`` at this place; a comment behind it keeps its column where there are spaces enough to give."""
    before, after = text[:at], text[at:]
    if padding := _PADDING.match(after):
        spaces = max(1, len(padding["spaces"]) - len(what))
        after = padding["rest"] + " " * spaces + after[padding.end("spaces") :]
    return before + what + after


def _new_line(text: str, at: int, line: str, newline: str) -> str:
    """``line`` below the line in which ``at`` lies."""
    end_of_line = text.find("\n", at)
    if end_of_line < 0:
        text, end_of_line = text + newline, len(text) + len(newline) - 1
    return text[: end_of_line + 1] + line + newline + text[end_of_line + 1 :]


def _pair(node: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((key, value) for key, value in node.value if key.value == name), None)


def _verify(path: Path, text: str, before: Document, user: int) -> None:
    """Raise ConfigError unless ``text`` says what the file said, and the new admin."""
    try:
        load_settings(path, text)
        after = load_document(path, text).data
    except ConfigError:
        after = None
    wanted: dict[str, Any] = dict(before.data)
    section: dict[str, Any] = dict(wanted.get("telegram") or {})
    section["admins"] = [*(section.get("admins") or []), user]
    wanted["telegram"] = section
    if after != wanted:
        raise ConfigError([Problem(str(path), 0, 0, "telegram.admins", _BY_HAND.format(user=user))])
