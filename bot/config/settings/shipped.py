"""``shipped:`` in ``config.yaml``: what is taken from the program, so that an update brings it along.

Feeds and watchlist are joined here, before the file is checked: one's own come first, so that they keep their places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from bot.config.yaml.document import Document, load_document, problem
from bot.config.yaml.reading import yaml_files
from bot.config.yaml.validation import StrictModel
from bot.config.yaml.wording import one_of
from bot.core.errors import Problem
from bot.core.text.links import canonical_url
from bot.installation import SHIPPED

Switches = bool | dict[str, bool]
NO_SWITCHES: Mapping[str, bool] = {}

SINGULAR = {
    "rules": "rule",
    "topics": "topic",
    "companies": "company",
    "episodes": "episode",
    "feeds": "feed",
    "watchlist": "group",
}
"""The parts, each with what one thing of it is called."""


class ShippedSettings(StrictModel):
    """What is taken from the program beside one's own. Each key is `true` for all of it, `false` for none, or names
    single things: `{rebound: false}`. What one has oneself under the same name stands in its place."""

    rules: Switches = True
    """The rules. `{rebound: false, winner: true}` switches single ones off and on."""
    topics: Switches = True
    """The topics, and the words by which news is read; word lists of the same name are joined."""
    companies: Switches = True
    """The companies, by symbol."""
    episodes: Switches = True
    """The past episodes that messages compare with, and that can be replayed."""
    feeds: Switches = True
    """The news feeds. A feed of one's own also stands in place of the shipped one with the same address."""
    watchlist: Switches = True
    """The groups of the watchlist."""

    def switches(self, part: str) -> Mapping[str, bool] | None:
        """Single things of ``part`` that are switched on or off; ``None`` where nothing of it is taken."""
        written: Switches = getattr(self, part)
        if isinstance(written, bool):
            return NO_SWITCHES if written else None
        return written


def with_shipped(document: Document) -> Document:
    """``document``, a configuration, with the shipped feeds and watchlist it takes. Mistakes are left to validation."""
    if not isinstance(document.data, dict) or not isinstance(document.data.get("shipped"), dict):
        return document
    asked, shipped = document.data["shipped"], _shipped_data()
    data = dict(document.data)
    groups = _switches(asked, "watchlist")
    if groups is not None and isinstance(own := data.get("watchlist") or {}, dict):
        data["watchlist"] = {**{g: s for g, s in shipped["watchlist"].items() if groups.get(g, True)}, **own}
    feeds = _switches(asked, "feeds")
    if feeds is not None and isinstance(mine := data.get("feeds") or [], list):
        data["feeds"] = [*mine, *_feeds(shipped["feeds"], feeds, mine)]
    return document.with_data(data)


def shipped_problems(document: Document) -> Iterator[Problem]:
    """What is switched on or off and does not ship, each at its name."""
    asked = document.data.get("shipped")
    for part, thing in SINGULAR.items():
        switches = _switches(asked, part) if isinstance(asked, dict) else None
        if not switches:
            continue
        known = sorted(_names(part))
        for name in switches:
            if name not in known:
                message = one_of(name, known, f"shipped {thing}")
                yield problem(document, ("shipped", part, name), message, key=True)


def _names(part: str) -> Iterator[str]:
    """The names of all that ships of a part."""
    rules = SHIPPED / "rules"
    match part:
        case "rules":
            files = [file for file in yaml_files(rules) if file.name != "companies.yaml"]
            yield from (rule["name"] for file in files for rule in load_document(file).data["rules"])
        case "topics":
            yield from (name for file in yaml_files(rules / part) for name in load_document(file).data.get(part, ()))
        case "companies":
            yield from load_document(rules / "companies.yaml").data[part]
        case "episodes":
            yield from (file.stem for file in yaml_files(rules / part))
        case "feeds":
            yield from (feed["name"] for feed in _shipped_data()[part])
        case "watchlist":
            yield from _shipped_data()[part]


def _shipped_data() -> dict[str, Any]:
    found: dict[str, Any] = load_document(SHIPPED / "config.yaml").data
    return found


def _switches(asked: dict[str, Any], part: str) -> Mapping[str, Any] | None:
    written = asked.get(part, True)
    if written is True:
        return NO_SWITCHES
    return written if isinstance(written, dict) else None


def _feeds(shipped: list[dict[str, Any]], switches: Mapping[str, Any], own: list[Any]) -> Iterator[dict[str, Any]]:
    """The shipped feeds that no feed of one's own stands in place of."""
    mine = [feed for feed in own if isinstance(feed, dict)]
    names = {str(feed.get("name")) for feed in mine}
    addresses = set()
    for feed in mine:
        with suppress(ValueError):  # validation says what is wrong with it
            addresses.add(canonical_url(str(feed.get("url"))))
    for feed in shipped:
        if feed["name"] not in names and canonical_url(feed["url"]) not in addresses:
            switch = switches.get(feed["name"])
            yield feed if switch is None else {**feed, "enabled": switch}
