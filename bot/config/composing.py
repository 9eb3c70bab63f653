"""From the bytes of a YAML file to its nodes, or to the mistake that stopped it, in plain words.

Plain scalars are resolved here, after YAML 1.2 less its surprises; what the nodes mean as data is ``document``'s.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from bot.config.excerpt import redacted
from bot.core.errors import ConfigError, Problem

MAX_BYTES = 64_000_000
"""Larger files are not something a person edits; a recording belongs into CSV or JSONL."""
MAX_DEPTH = 100
"""Deeper nesting is refused: libyaml's composer recurses in C and would take the process with it."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
TAG = "tag:yaml.org,2002:"
CONTROL = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # what YAML calls not printable
)


def read_text(path: Path, file: str) -> str:
    """The text of a UTF-8 file, less its byte order mark. Raises ConfigError, naming ``file``."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(
                [Problem(file, 0, 0, "", f"the file is larger than {MAX_BYTES // 1_000_000} MB; split it")]
            )
        body = path.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError([Problem(file, 0, 0, "", "there is no such file; check the name")]) from error
    except IsADirectoryError as error:
        raise ConfigError([Problem(file, 0, 0, "", "this is a folder; name a file in it")]) from error
    except PermissionError as error:
        raise ConfigError([Problem(file, 0, 0, "", "the file may not be read; change its permissions")]) from error
    except (OSError, ValueError) as error:
        raise ConfigError([Problem(file, 0, 0, "", f"the file cannot be read: {error}")]) from error
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in body[:4]:
        raise ConfigError([Problem(file, 1, 1, "", "the file is UTF-16 or UTF-32; save it as UTF-8")])
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        skipped = 3 if body.startswith(b"\xef\xbb\xbf") else 0
        before = body[skipped : skipped + error.start].decode("utf-8", "replace")
        line, column = line_column(before, len(before))
        byte = body[skipped + error.start]
        message = f"this byte (0x{byte:02X}) is not UTF-8; save the file as UTF-8"
        raise ConfigError([Problem(file, line, column, "", message)]) from error


def line_column(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at index ``at``."""
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


class _TooDeepError(Exception):
    def __init__(self, mark: Any) -> None:
        super().__init__()
        self.mark = mark


class _StrictLoader(_Loader):  # type: ignore[misc]  # the C loader where there is one; typed as Any
    """The stock loader with our own idea of plain scalars, and a limit to nesting."""

    _depth = 0

    def descend_resolver(self, parent: yaml.Node | None, index: Any) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooDeepError(parent.start_mark if parent is not None else None)

    def ascend_resolver(self) -> None:
        self._depth -= 1

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return TAG + (scalar_kind(value) if implicit[0] else "str")
        return TAG + ("map" if kind is yaml.MappingNode else "seq")


def scalar_kind(text: str) -> str:
    """What a scalar without quotes is: ``null``, ``bool``, ``int``, ``float``, ``merge`` or ``str``."""
    if not text or text in ("null", "~"):
        return "null"
    if text in ("true", "false"):
        return "bool"
    if text[0] in "-+.0123456789":
        if _INT.match(text):
            return "int"
        if _FLOAT.match(text):
            return "float"
    return "merge" if text == "<<" else "str"


def compose(file: str, text: str) -> yaml.Node | None:
    """The root node of the one document in ``text``; ``None`` where there is none. Raises ConfigError."""
    # "from None" throughout: the errors of the pure Python parser quote the line, and a line may hold a token.
    loader = None
    try:
        loader = _StrictLoader(text)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        message = _plain_words(text, line, column, error.context or "", error.problem or "", error.context_mark)
        raise ConfigError([Problem(file, line, column, "", redacted(message))]) from None
    except _TooDeepError as error:
        line, column = (error.mark.line + 1, error.mark.column + 1) if error.mark is not None else (1, 1)
        message = f"nested more than {MAX_DEPTH} levels deep; flatten it"
        raise ConfigError([Problem(file, line, column, "", message)]) from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        message = f"this is not YAML ({type(error).__name__}); check the file"
        raise ConfigError([Problem(file, 1, 1, "", message)]) from None
    finally:
        if loader is not None:
            loader.dispose()
    return node


_ESCAPE = "a backslash in double quotes begins an escape; use single quotes, or double the backslash"
_MARKED = "'*' and '&' have a meaning in YAML; put the text in quotes"
_COMPLAINTS = (
    # part of what libyaml was doing, part of what it found, and what to say; the first that fits
    ("", "cannot start any token", "text cannot begin with '{first}'; put it in quotes"),
    ("block scalar", "", "'>' and '|' begin a block of text; put a comparison in quotes, as in \"> 5%\""),
    ("", "another document", "a second document begins here; keep one document per file"),
    (
        "",
        "undefined alias",
        "'*' refers to an anchor (&) that is not defined above; define it, or put the text in quotes",
    ),
    ("scanning an alias", "", _MARKED),
    ("scanning an anchor", "", _MARKED),
    ("", "duplicate anchor", "this anchor is already defined above; use another name"),
    ("", "mapping values are not allowed", "a ':' cannot stand here; put the text in quotes, or check the indentation"),
    ("", "sequence entries are not allowed", "a '-' cannot stand here; begin the list on its own line"),
    ("quoted scalar", "end of stream", "a quote is never closed{since}; close it"),
    ("escape", "", _ESCAPE),
    ("", "escape", _ESCAPE),
    ("flow sequence", "", "expected ',' or ']'{since}; add it, or put the text in quotes"),
    ("flow mapping", "", "expected ',' or '}}'{since}; add it, or put the text in quotes"),
    ("", "expected ':'", "expected ':' after the key; add it"),
    ("directive", "", "lines that begin with '%' have a meaning in YAML; put the text in quotes"),
    ("block collection", "", "expected a '-' like the other items of the list{since}; check the indentation"),
    ("block mapping", "", "expected a key of the mapping{since}; check the indentation and the quotes"),
)


def _plain_words(text: str, line: int, column: int, context: str, found: str, opened: Any) -> str:
    """What libyaml complains about, as the person who typed it would say it."""
    lines = text.splitlines()
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    since = f" (opened in line {opened.line + 1})" if opened is not None and opened.line + 1 != line else ""
    if rest.startswith("\t"):
        return "a tab is used for indentation; use spaces"
    for in_context, in_found, words in _COMPLAINTS:
        if in_context in context and in_found in found:
            return words.format(first=rest[:1], since=since)
    if "node content" in found:
        return f"a value cannot begin with '{rest[:1]}'; put it in quotes" if rest else "a value is missing; write one"
    return f"not YAML: {found}; check the indentation and the quotes"
