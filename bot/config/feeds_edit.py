"""Adding feeds to ``config.yaml`` as a person would: new lines at the end of the list, everything else untouched.

The text is edited, not the data, so that comments, order and spelling stay. The result is read back before it is
written; a file that would come out different in any other way is left alone.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.config.document import Document, load_document, problem
from bot.config.excerpt import shown
from bot.config.scalars import parse_http_url
from bot.config.settings import load_settings
from bot.core.errors import ConfigError, Problem
from bot.core.feedspec import FeedKind, FeedSpec
from bot.core.links import canonical_url, domain
from bot.core.windows import format_duration

_BARE = re.compile(r"[a-z][a-z0-9-]*\Z")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
"""What other readers of YAML take for something else than text."""


@dataclass(frozen=True, slots=True)
class FeedsAdded:
    """What became of a set of feeds."""

    added: tuple[FeedSpec, ...]
    """With the names they got, which differ from those asked for where these were taken or no names."""
    skipped: tuple[tuple[str, str], ...]
    """Address and why: ``already there as openai``, ``not a web address``."""


def add_feeds(path: Path, feeds: Iterable[FeedSpec]) -> FeedsAdded:
    """Append to ``feeds:`` in the file at ``path`` those that are not there yet, in one atomic replacement.

    Known feeds are recognised by ``canonical_url``. Raises ConfigError where the file has mistakes (before or after),
    or cannot be written; it is then as it was.
    """
    document = load_document(path)
    settings = load_settings(path, document.text)
    known = {canonical_url(feed.url): feed.name for feed in settings.feeds}
    names = {feed.name for feed in settings.feeds}
    added: list[FeedSpec] = []
    skipped: list[tuple[str, str]] = []
    for feed in feeds:
        try:
            address = canonical_url(parse_http_url(feed.url))
        except ValueError as error:
            skipped.append((shown(feed.url, 200), str(error).split(";")[0]))
            continue
        if address in known:
            skipped.append((feed.url, f"already there as {known[address]}"))
            continue
        named = dataclasses.replace(feed, name=_free_name(feed, names))
        names.add(named.name)
        known[address] = named.name
        added.append(named)
    if added:
        _write(path, _edited(document, added), document, added)
    return FeedsAdded(tuple(added), tuple(skipped))


def _free_name(feed: FeedSpec, taken: Collection[str]) -> str:
    host = domain(feed.url)
    base = next(name for name in (_slug(feed.name), _slug(feed.title), _slug(host), "feed") if name)
    name, number = base, 2
    while name in taken:
        name = f"{base[:58]}-{number}"
        number += 1
    return name


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._]+", "-", plain.lower()).strip("-._")[:64].rstrip("-._")


def _entry(feed: FeedSpec) -> str:
    """The feed as one line of YAML. JSON strings are YAML strings."""
    bare = _BARE.match(feed.name) and feed.name not in _WORDS
    parts = [f"name: {feed.name if bare else json.dumps(feed.name)}"]
    if title := _one_line(feed.title):
        parts.append(f"title: {json.dumps(title, ensure_ascii=False)}")
    if feed.kind is not FeedKind.PUBLISHER:
        parts.append(f"kind: {feed.kind.value}")
    for field in dataclasses.fields(FeedSpec):
        value = getattr(feed, field.name)
        if field.name in ("min_interval", "max_interval") and value != field.default:
            parts.append(f"{field.name}: {format_duration(value)}")
    parts.append(f"url: {json.dumps(feed.url)}")
    return "{" + ", ".join(parts) + "}"


def _one_line(text: str) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown(flat, 120)


def _edited(document: Document, feeds: list[FeedSpec]) -> str:
    text = document.text
    newline = "\r\n" if "\r\n" in text else "\n"
    entries = [_entry(feed) for feed in feeds]
    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise ConfigError([problem(document, (), "the file is one '{…}'; write it as lines of 'key: value' first")])
    pair = next((p for p in root.value if p[0].value == "feeds"), None)
    if pair is None:
        joint = "" if text.endswith(("\n", "\r")) or not text else newline
        return text + joint + newline + "feeds:" + newline + "".join(f"  - {e}{newline}" for e in entries)
    value = pair[1]
    if value.value and value.flow_style:
        at = value.value[-1].end_mark.index
        return text[:at] + "".join(f",{newline}  {e}" for e in entries) + text[at:]
    if value.value:
        return _below(text, _last_character(value), " " * value.start_mark.column, entries, newline)
    # An empty list: whatever stands for it ("[]") goes, the new lines follow the key's own line.
    start, end = value.start_mark.index, value.end_mark.index
    key_indent = " " * pair[0].start_mark.column
    return _below(text[:start].rstrip(" ") + text[end:], pair[0].end_mark.index, key_indent + "  ", entries, newline)


def _last_character(node: yaml.Node) -> int:
    """Where the content of ``node`` ends: the end mark of a block lies behind the comments that follow it."""
    if isinstance(node, yaml.ScalarNode):
        return int(node.end_mark.index) - (1 if node.style in ("|", ">") else 0)
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _last_character(last[1] if isinstance(last, tuple) else last)


def _below(text: str, at: int, indent: str, entries: list[str], newline: str) -> str:
    end_of_line = text.find("\n", at)
    if end_of_line < 0:
        text, end_of_line = text + newline, len(text) + len(newline) - 1
    lines = "".join(f"{indent}- {entry}{newline}" for entry in entries)
    return text[: end_of_line + 1] + lines + text[end_of_line + 1 :]


def _write(path: Path, text: str, before: Document, added: list[FeedSpec]) -> None:
    """Replace the file, unless reading it back gives anything but the old content and the new feeds."""
    try:
        settings = load_settings(path, text)
        after = load_document(path, text).data
    except ConfigError as error:
        raise ConfigError([Problem(str(path), 0, 0, "feeds", "this list cannot be added to; add by hand")]) from error
    count = len(settings.feeds) - len(added)
    if {**after, "feeds": (after["feeds"] or [])[:count]} != {**before.data, "feeds": before.data.get("feeds") or []}:
        raise ConfigError([Problem(str(path), 0, 0, "feeds", "this list cannot be added to; add by hand")])
    real = Path(os.path.realpath(path))  # a link stays a link
    try:
        head = b"\xef\xbb\xbf" if real.read_bytes().startswith(b"\xef\xbb\xbf") else b""
        descriptor, temporary = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(head + text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, real.stat().st_mode & 0o7777)
            os.replace(temporary, real)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"the file cannot be written ({error.strerror}); check its permissions and the space left"
        raise ConfigError([Problem(str(path), 0, 0, "", message)]) from error
