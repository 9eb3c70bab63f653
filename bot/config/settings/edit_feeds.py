"""Adds feeds to ``config.yaml``: new lines at the end of the list, everything else untouched."""

from __future__ import annotations

import dataclasses
import json
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.config.settings.model import load_settings
from bot.config.settings.yaml_edit import YamlText, pair, save_edit
from bot.config.yaml.document import load_document
from bot.config.yaml.excerpt import shown
from bot.config.yaml.scalars import parse_http_url
from bot.core.errors import Problem
from bot.core.model.feeds import FeedKind, FeedSpec
from bot.core.prices.windows import format_duration
from bot.core.text.links import canonical_url, domain

_BARE = re.compile(r"[a-z][a-z0-9-]*\Z")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
"""Words that other YAML readers do not take for text."""


@dataclass(frozen=True, slots=True)
class FeedsAdded:
    """The result of adding feeds."""

    added: tuple[FeedSpec, ...]
    """With their final names, which differ from the requested ones where those were taken or invalid."""
    skipped: tuple[tuple[str, str], ...]
    """Address and why: ``already there as openai``, ``not a web address``."""


def add_feeds(path: Path, feeds: Iterable[FeedSpec]) -> FeedsAdded:
    """Append the feeds that are not there yet to ``feeds:`` in the file at ``path``, in one atomic replacement.

    Known feeds are recognised by ``canonical_url``. Raises ConfigError if the file has mistakes (before or after) or
    cannot be written; it is then untouched.
    """
    document = load_document(path)
    settings = load_settings(path, document.text)
    known = {canonical_url(feed.url): feed.name for feed in settings.feeds}
    names = settings.names_in_use
    counts: dict[str, int] = {}
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
        named = dataclasses.replace(feed, name=_free_name(feed, names, counts))
        names.add(named.name)
        known[address] = named.name
        added.append(named)
    if added:
        entries = [_entry(feed) for feed in added]
        wanted = {**document.data, "feeds": [*(document.data.get("feeds") or []), *entries]}
        refusal = Problem(str(path), 0, 0, "feeds", "this list cannot be edited automatically; add the feeds by hand")
        save_edit(path, _edited(YamlText(document), [_line(entry) for entry in entries]), wanted, refusal)
    return FeedsAdded(tuple(added), tuple(skipped))


def _free_name(feed: FeedSpec, taken: Collection[str], counts: dict[str, int]) -> str:
    """``counts``: up to which number each name is taken."""
    host = domain(feed.url)
    base = next(name for name in (_slug(feed.name), _slug(feed.title), _slug(host), "feed") if name)
    name, number = base, counts.get(base, 1)
    while name in taken:
        number += 1
        name = f"{base[:58]}-{number}"
    counts[base] = number
    return name


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._]+", "-", plain.lower()).strip("-._")[:64].rstrip("-._")


def _entry(feed: FeedSpec) -> dict[str, str]:
    """The feed as its mapping in the file."""
    entry = {"name": feed.name}
    if title := _one_line(feed.title):
        entry["title"] = title
    if feed.kind is not FeedKind.PUBLISHER:
        entry["kind"] = feed.kind.value
    for field in dataclasses.fields(FeedSpec):
        value = getattr(feed, field.name)
        if field.name in ("min_interval", "max_interval") and value != field.default:
            entry[field.name] = format_duration(value)
    return {**entry, "url": feed.url}


def _line(entry: dict[str, str]) -> str:
    """One line of YAML. JSON strings are YAML strings."""
    return "{" + ", ".join(f"{key}: {_scalar(key, value)}" for key, value in entry.items()) + "}"


def _scalar(key: str, value: str) -> str:
    if key in ("title", "url") or (key == "name" and (not _BARE.match(value) or value in _WORDS)):
        return json.dumps(value, ensure_ascii=key == "url")
    return value


def _one_line(text: str) -> str:
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown(flat, 120)


def _edited(yaml_text: YamlText, lines: list[str]) -> str:
    items = [f"- {line}" for line in lines]
    feeds = pair(yaml_text.root, "feeds")
    if feeds is None:
        return yaml_text.at_end(["feeds:", *(f"  {item}" for item in items)])
    value = feeds[1]
    if not value.value:  # "[]" or nothing but comments
        return yaml_text.in_place_of(feeds, items)
    assert isinstance(value, yaml.SequenceNode)  # anything else does not pass as settings
    if value.flow_style:
        behind = "".join(f",{yaml_text.newline}  {line}" for line in lines)
        return yaml_text.inserted(value.value[-1].end_mark.index, behind)
    return yaml_text.below_last(value, items)
