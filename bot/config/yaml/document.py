"""Strict YAML with positions. Every file that people edit is read here.

YAML 1.2 without its surprises: only ``true`` and ``false`` are booleans (``no``, ``on`` and ``ON`` are text), ``1:30``,
``0x10`` and ``2025-01-27`` are text, keys are always text, and nothing becomes a Python object. Aliases (``*name``) are
supported; merge keys (``<<``), tags and multi-document files are not.

Every mistake is a ``Problem`` with file, line and column; a ``ConfigError`` carries as many as could be found.
"""

from __future__ import annotations

import contextlib
import gc
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.config.yaml.excerpt import shown
from bot.config.yaml.reading import NotAFileError, read_file
from bot.core.errors import ConfigError, Problem
from bot.core.secret import redacted

DocumentPath = tuple[str | int, ...]
"""Keys and indexes that lead to a value from the top of the document."""

MAX_BYTES = 64_000_000
"""Nobody edits larger files; a recording belongs in CSV or JSONL."""
MAX_DEPTH = 100
"""Deeper nesting is refused: libyaml's composer recurses in C and would crash the process."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
TAG = "tag:yaml.org,2002:"
CONTROL = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # not printable, in YAML's terms
)
MAX_ALIASED = 100_000
"""How many values aliases may add, so that nine lines cannot expand to a billion."""


class Document:
    """One YAML file: its plain data, and the position of everything in it."""

    def __init__(self, file: str, data: Any, root: yaml.Node, text: str) -> None:
        self.file = file
        """The name shown in messages."""
        self.data = data
        """Plain dict, list, str, int, float, bool and None."""
        self.text = text
        """As read, with comments."""
        self._root = root
        self._pairs: dict[int, dict[str, tuple[yaml.Node, yaml.Node]]] = {}

    def with_data(self, data: Any) -> Document:
        """This file with other data, such as what is laid beneath it; places that are not in the file are near ones."""
        return Document(self.file, data, self._root, self.text)

    def value(self, path: DocumentPath) -> Any:
        """The value at ``path``, which must exist."""
        value = self.data
        for step in path:
            value = value[step]
        return value

    def position(self, path: DocumentPath) -> tuple[int, int]:
        """Line and column, from 1, of the value at ``path``; of its nearest existing ancestor if there is none."""
        return _mark(self._walk(path)[-1][1])

    def key_position(self, path: DocumentPath) -> tuple[int, int]:
        """Line and column of the key (or list item) at ``path``, else of the nearest existing ancestor's value."""
        steps = self._walk(path)
        key, value = steps[-1]
        return _mark(key if key is not None and len(steps) == len(path) + 1 else value)

    def _walk(self, path: DocumentPath) -> list[tuple[yaml.Node | None, yaml.Node]]:
        """Key and value nodes along ``path``, from the root as far as the document goes."""
        steps: list[tuple[yaml.Node | None, yaml.Node]] = [(None, self._root)]
        node = self._root
        for step in path:
            pair: tuple[yaml.Node, yaml.Node] | None = None
            if isinstance(node, yaml.MappingNode):
                pair = self._pairs_of(node).get(str(step))
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
                pair = (node.value[step], node.value[step])
            if pair is None:
                break
            steps.append(pair)
            node = pair[1]
        return steps

    def _pairs_of(self, node: yaml.MappingNode) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """A mapping's pairs by key, indexed once: a long mapping may have a mistake on every line."""
        if id(node) not in self._pairs:
            self._pairs[id(node)] = {p[0].value: p for p in node.value if isinstance(p[0], yaml.ScalarNode)}
        return self._pairs[id(node)]


def load_document(path: Path | str, text: str | None = None) -> Document:
    """Read one YAML file, or ``text`` if given, with ``path`` as its name only.

    Raises ConfigError: unreadable, not UTF-8, empty, not YAML, several documents, duplicate keys and so on.
    """
    file = str(path)
    if text is None:
        text = read_text(Path(path), file)
    elif text.startswith("\ufeff"):
        text = text[1:]
    if found := CONTROL.search(text):
        line, column = line_column(text, found.start())
        raise refusal(file, f"control character U+{ord(found[0]):04X}; remove it", line, column)
    construction = _Construction(file)
    with collector_paused():
        root = compose(file, text)
        if root is None:
            raise refusal(file, "the file is empty; write at least one key, or remove the file", 1, 1)
        data = construction.build(root, ())
    if construction.problems:
        raise ConfigError(construction.problems)
    return Document(file, data, root, text)


def refusal(file: Path | str, message: str, line: int = 0, column: int = 0) -> ConfigError:
    """The error for a file with a single mistake that is not in any one value."""
    return ConfigError([Problem(str(file), line, column, "", message)])


def problem(document: Document, path: DocumentPath, message: str, *, key: bool = False) -> Problem:
    """A mistake at ``path``, for checks that need more than a model. With ``key``, points at the key, not the value."""
    line, column = document.key_position(path) if key else document.position(path)
    return Problem(document.file, line, column, path_text(path), redacted(message))


def repeated(values: Iterable[Hashable]) -> Iterator[tuple[int, int]]:
    """The index of each value that occurred before, and the index where it first did."""
    first: dict[Hashable, int] = {}
    for index, value in enumerate(values):
        if first.setdefault(value, index) != index:
            yield index, first[value]


def path_text(path: DocumentPath) -> str:
    """The path as people read it: ``rules[0].when.all[1].price``, unusual keys in brackets."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif re.fullmatch(r"[\w-]+", step):
            out += f".{step}" if out else step
        else:
            out += f'["{shown(step)}"]'
    return redacted(out)


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Composing makes many objects and no garbage; with the collector on it takes four times as long."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# ---------------------------------------------------------------------------------------------------------- composing


_UNREADABLE: Mapping[type[Exception], str] = {
    FileNotFoundError: "there is no such file; check the name",
    IsADirectoryError: "this is a folder; name a file in it",
    NotAFileError: "this is a pipe, socket or device; remove it, or put a file in its place",
    PermissionError: "permission denied; change the permissions of the file",
}


def read_text(path: Path, file: str) -> str:
    """The text of a UTF-8 file without its byte order mark. Raises ConfigError, naming ``file``."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise refusal(file, f"the file is larger than {MAX_BYTES // 1_000_000} MB; split it")
        body = read_file(path)
    except (OSError, ValueError) as error:
        raise refusal(file, _UNREADABLE.get(type(error), f"the file cannot be read: {error}")) from error
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in body[:4]:
        raise refusal(file, "the file is UTF-16 or UTF-32; save it as UTF-8", 1, 1)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        skipped = 3 if body.startswith(b"\xef\xbb\xbf") else 0
        before = body[skipped : skipped + error.start].decode("utf-8", "replace")
        line, column = line_column(before, len(before))
        byte = body[skipped + error.start]
        raise refusal(file, f"byte 0x{byte:02X} is not UTF-8; save the file as UTF-8", line, column) from error


def line_column(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at index ``at``."""
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


class _TooDeepError(Exception):
    def __init__(self, mark: Any) -> None:
        super().__init__()
        self.mark = mark


class _StrictLoader(_Loader):  # type: ignore[misc]  # the C loader where there is one; typed as Any
    """The stock loader with our own rules for plain scalars and a limit on nesting."""

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
    """The kind of an unquoted scalar: ``null``, ``bool``, ``int``, ``float``, ``merge`` or ``str``."""
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
    """The root node of the one document in ``text``; ``None`` if it is empty. Raises ConfigError."""
    # "from None" throughout: the errors of the pure Python parser quote the line, and a line may hold a token.
    loader = None
    try:
        loader = _StrictLoader(text)
        node: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "expected ':'" in (error.problem or "") and error.context_mark is not None:
            mark = error.context_mark  # what is found after the key without one is the line below
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        if odd := _odd_space(text, line):
            code, column = odd
            raise refusal(file, f"this is not an ordinary space (U+{code:04X}); write one", line, column) from None
        message = _plain_words(text, line, column, error.context or "", error.problem or "", error.context_mark)
        raise refusal(file, redacted(message), line, column) from None
    except _TooDeepError as error:
        line, column = (error.mark.line + 1, error.mark.column + 1) if error.mark is not None else (1, 1)
        raise refusal(file, f"nested more than {MAX_DEPTH} levels deep; flatten it", line, column) from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise refusal(file, f"this is not YAML ({type(error).__name__}); check the file", 1, 1) from None
    finally:
        if loader is not None:
            loader.dispose()
    return node


def _odd_space(text: str, line: int) -> tuple[int, int] | None:
    """The first space of another kind on a line, outside quotes, with its column: pasted text has some, and to YAML
    they are letters."""
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    for found in _ODD_SPACE.finditer(written):
        before = written[: found.start()]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return ord(found[0]), found.start() + 1
    return None


_ODD_SPACE = re.compile("[\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]")
_ESCAPE = "a backslash in double quotes begins an escape; use single quotes, or double the backslash"
_QUOTE_OR_INDENT = "put the text in quotes, or check the indentation"
_MARKED = "'*' and '&' are special in YAML; put the text in quotes"

_COMPLAINTS = (
    # part of what libyaml was doing, part of what it found, and our message; the first match wins
    ("", "cannot start any token", "text cannot begin with '{first}'; put it in quotes"),
    ("block scalar", "", "'>' and '|' begin a block of text; put a comparison in quotes, as in \"> 5%\""),
    ("", "another document", "a second document begins here; keep one document per file"),
    ("", "undefined alias", "'*' needs an anchor (&) defined above; define it, or put the text in quotes"),
    ("scanning an alias", "", _MARKED),
    ("scanning an anchor", "", _MARKED),
    ("", "duplicate anchor", "this anchor is already defined above; use another name"),
    ("", "mapping values are not allowed", "a ':' is not allowed here; " + _QUOTE_OR_INDENT),
    ("", "sequence entries are not allowed", "a '-' is not allowed here; start the list on its own line"),
    ("quoted scalar", "end of stream", "a quote is never closed{since}; close it"),
    ("escape", "", _ESCAPE),
    ("", "escape", _ESCAPE),
    ("flow sequence", "", "expected ',' or ']'{since}; add it, or put the text in quotes"),
    ("flow mapping", "", "expected ',' or '}}'{since}; add it, or put the text in quotes"),
    ("", "expected ':'", "expected ':' after a key on this line; add it"),
    ("directive", "", "a line that begins with '%' is special in YAML; put the text in quotes"),
    ("block collection", "", "expected a '-' like the other items of the list{since}; check the indentation"),
    ("block mapping", "", "expected a key of the mapping{since}; check the indentation and the quotes"),
)


def _plain_words(text: str, line: int, column: int, context: str, found: str, opened: Any) -> str:
    """What libyaml complains about, in terms of what was typed."""
    lines = text.splitlines()
    rest = lines[line - 1][column - 1 :] if line <= len(lines) else ""
    since = f" (opened on line {opened.line + 1})" if opened is not None and opened.line + 1 != line else ""
    if rest.startswith("\t"):
        return "a tab is used for indentation; use spaces"
    for in_context, in_found, words in _COMPLAINTS:
        if in_context in context and in_found in found:
            return words.format(first=rest[:1], since=since)
    if "node content" in found:
        return f"a value cannot begin with '{rest[:1]}'; put it in quotes" if rest else "a value is missing; write one"
    return f"not YAML: {found}; check the indentation and the quotes"


# --------------------------------------------------------------------------------------------------------- construction


class _Construction:
    """Turns nodes into plain data and collects every mistake."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._seen: set[int] = set()
        self._open: set[int] = set()
        self._aliased = 0
        self._within_alias = 0

    def build(self, node: yaml.Node, path: DocumentPath) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        identity = id(node)
        if identity in self._open:
            self._add(node, path, "this alias contains itself; write the value out")
            return None
        again = identity in self._seen
        self._seen.add(identity)
        self._open.add(identity)
        self._within_alias += again
        if self._within_alias:
            self._aliased += len(node.value) + 1
        try:
            if self._aliased > MAX_ALIASED:
                raise ConfigError([self._problem(node, path, "aliases repeat too much; write less with '*'")])
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            return self._sequence(node, path)
        finally:
            self._open.discard(identity)
            self._within_alias -= again

    def _sequence(self, node: yaml.Node, path: DocumentPath) -> list[Any]:
        if node.tag != TAG + "seq":
            self._add(node, path, f"the tag '{_tag(node)}' is not supported; remove it")
        return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: DocumentPath) -> dict[str, Any]:
        if node.tag != TAG + "map":
            self._add(node, path, f"the tag '{_tag(node)}' is not supported; remove it")
        data: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._add(key_node, path, "a key must be text, not a list or mapping; put text in quotes")
                continue
            key: str = key_node.value
            if key_node.tag == TAG + "merge":
                self._add(key_node, (*path, key), "merge keys ('<<') are not supported; write the keys out")
            elif not key:
                self._add(key_node, path, "a key is missing before ':'; write one")
            elif key in lines:
                message = f"duplicate key, first on line {lines[key]}; keep one of the two"
                self._add(key_node, (*path, key), message)
            else:
                lines[key] = key_node.start_mark.line + 1
                data[key] = self.build(value_node, (*path, key))
        return data

    def _scalar(self, node: yaml.ScalarNode, path: DocumentPath) -> Any:
        if self._within_alias:
            self._aliased += 1
        tag, text = node.tag, node.value
        if tag == TAG + "str" or tag == TAG + "merge":
            return text
        plain = scalar_kind(text)
        if tag == TAG + "float" and plain in ("int", "float"):
            return float(text)
        if tag != TAG + plain:
            self._add(node, path, f"the tag '{_tag(node)}' does not fit here; remove it")
            return None
        if plain == "int":
            if len(text) > 100:  # Python refuses to convert endless digits, and nothing here needs them
                self._add(node, path, "the number is too long; put text in quotes")
                return None
            return int(text)
        return {"true": True, "false": False}.get(text)

    def _problem(self, node: yaml.Node, path: DocumentPath, message: str) -> Problem:
        return Problem(self.file, *_mark(node), path_text(path), redacted(message))

    def _add(self, node: yaml.Node, path: DocumentPath, message: str) -> None:
        self.problems.append(self._problem(node, path, message))


def _tag(node: yaml.Node) -> str:
    return shown(str(node.tag).replace(TAG, "!!"))


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
