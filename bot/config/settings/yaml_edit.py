"""Adds text to a YAML file and leaves every other character as it is.

The text is edited, not the data: a round trip through a library would reformat indentation, lists in brackets and the
comments between items. The result is read back before it is written; if it differs in any other way, the file is left
alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.config.settings.model import load_settings
from bot.config.settings.replacing import replace_file
from bot.config.yaml.document import Document, load_document, problem
from bot.core.errors import ConfigError, Problem

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class YamlText:
    """The text of a file with a block mapping at the top; each method returns the text with something added.

    Raises ConfigError if the file is one ``{…}``.
    """

    def __init__(self, document: Document) -> None:
        self.text = document.text
        self.newline = "\r\n" if "\r\n" in self.text else "\n"
        root = yaml.compose(self.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if not isinstance(root, yaml.MappingNode) or root.flow_style:
            raise ConfigError([problem(document, (), "the file is one '{…}'; write it as lines of 'key: value' first")])
        self.root = root

    def at_end(self, lines: Sequence[str]) -> str:
        """A new section at the end of the file."""
        joint = "" if self.text.endswith(("\n", "\r")) else self.newline
        return self.text + joint + self.newline + "".join(f"{line}{self.newline}" for line in lines)

    def in_place_of(self, pair: tuple[yaml.Node, yaml.Node], lines: Sequence[str]) -> str:
        """Indented lines below a key in place of its empty value (``[]``, ``~``, comments only)."""
        key, value = pair
        cleared = self.text[: value.start_mark.index].rstrip(" ") + self.text[value.end_mark.index :]
        return self._below(cleared, key.end_mark.index, key.start_mark.column + 2, lines)

    def below_last(self, block: yaml.SequenceNode, lines: Sequence[str]) -> str:
        """New items at the end of a block list."""
        return self._below(self.text, _last_character(block), block.start_mark.column, lines)

    def inserted(self, at: int, what: str) -> str:
        """``what`` inserted at this index."""
        return self.text[:at] + what + self.text[at:]

    def _below(self, text: str, at: int, column: int, lines: Sequence[str]) -> str:
        """The lines, indented to ``column``, below the line that contains ``at``."""
        end = text.find("\n", at) + 1
        if not end:
            text += self.newline
            end = len(text)
        return text[:end] + "".join(f"{' ' * column}{line}{self.newline}" for line in lines) + text[end:]


def pair(node: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    """The key and value nodes of the key ``name``."""
    return next(((key, value) for key, value in node.value if key.value == name), None)


def save_edit(path: Path, text: str, wanted: Mapping[str, Any], refusal: Problem) -> None:
    """Replace the settings file at ``path`` by ``text``, keeping its byte order mark.

    Raises ConfigError: with ``refusal`` if ``text`` does not read as exactly ``wanted``, or if it cannot be written.
    """
    try:
        load_settings(path, text)
        sound = load_document(path, text).data == wanted
    except ConfigError:
        sound = False
    if not sound:
        raise ConfigError([refusal])
    marked = Path(os.path.realpath(path)).read_bytes().startswith(_BYTE_ORDER_MARK)
    replace_file(path, (_BYTE_ORDER_MARK if marked else b"") + text.encode("utf-8"))


def _last_character(node: yaml.Node) -> int:
    """Where the content of ``node`` ends; the end mark of a block comes after the comments that follow it."""
    if isinstance(node, yaml.ScalarNode):
        return int(node.end_mark.index) - (1 if node.style in ("|", ">") else 0)
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _last_character(last[1] if isinstance(last, tuple) else last)
