"""Adds an admin to ``config.yaml``: one number in the list, everything else untouched."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from bot.config.settings.model import load_settings
from bot.config.settings.yaml_edit import YamlText, pair, save_edit
from bot.config.yaml.document import load_document
from bot.core.errors import Problem

_PADDING = re.compile(r"(?P<rest>[^\n#]*?)(?P<spaces> {2,})#")


def add_admin(path: Path, user: int) -> bool:
    """Add ``user`` to ``telegram: admins:`` in the file at ``path``; false if already there.

    Raises ConfigError if the file has mistakes (before or after) or cannot be written; it is then untouched.
    """
    document = load_document(path)
    if user in load_settings(path, document.text).telegram.admins:
        return False
    section = document.data.get("telegram") or {}
    wanted = {**document.data, "telegram": {**section, "admins": [*(section.get("admins") or []), user]}}
    message = f"this list cannot be edited automatically; add the user id {user} by hand"
    save_edit(path, _edited(YamlText(document), user), wanted, Problem(str(path), 0, 0, "telegram.admins", message))
    return True


def _edited(yaml_text: YamlText, user: int) -> str:
    entry = f"admins: [{user}]"
    section = pair(yaml_text.root, "telegram")
    if section is None:
        return yaml_text.at_end(["telegram:", f"  {entry}"])
    value = section[1]
    if not isinstance(value, yaml.MappingNode):  # nothing but comments, or null
        return yaml_text.in_place_of(section, [entry])
    admins = pair(value, "admins")
    if admins is not None:
        return _in_list(yaml_text, admins[1], user)
    if not value.value:
        return yaml_text.inserted(value.start_mark.index + 1, entry)
    first = value.value[0][0].start_mark
    joint = ", " if value.flow_style else yaml_text.newline + " " * first.column
    return yaml_text.inserted(first.index, entry + joint)


def _in_list(yaml_text: YamlText, value: yaml.Node, user: int) -> str:
    assert isinstance(value, yaml.SequenceNode)  # anything else does not pass as settings
    if not value.value:
        return _beside_comment(yaml_text.text, value.start_mark.index + 1, str(user))
    if value.flow_style:
        return _beside_comment(yaml_text.text, value.value[-1].end_mark.index, f", {user}")
    return yaml_text.below_last(value, [f"- {user}"])


def _beside_comment(text: str, at: int, what: str) -> str:
    """``what`` inserted at this index; a comment after it keeps its column if there are enough spaces before it."""
    before, after = text[:at], text[at:]
    if padding := _PADDING.match(after):
        spaces = max(1, len(padding["spaces"]) - len(what))
        after = padding["rest"] + " " * spaces + after[padding.end("spaces") :]
    return before + what + after
