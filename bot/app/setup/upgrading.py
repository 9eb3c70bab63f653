"""``upgrade``: what an update of the program changed beneath what a folder has of its own.

A folder remembers what shipped when it was made, or last brought up to date: rules in full, so that a change can be
shown, everything else by a digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from bot import __version__
from bot.config.news.topics import NAMED
from bot.config.rules import rule_files
from bot.config.rules.dump import full_rules, rules_yaml
from bot.config.settings.model import Settings, load_settings
from bot.config.settings.replacing import replace_file
from bot.config.settings.shipped import SINGULAR
from bot.config.yaml.document import load_document
from bot.config.yaml.reading import yaml_files
from bot.core.errors import UsageError
from bot.core.text.links import canonical_url
from bot.installation import SHIPPED
from bot.render.outside import command

RECORD = ".shipped.json"
"""Beside ``config.yaml``: what shipped when the folder was last brought up to date."""
SECTION = "section"
"""What one thing of the configuration is called that ``init`` copies, all but feeds and watchlist."""
GROUP = "list of companies"
"""A group of ``companies.yaml``, beside those of the watchlist."""
_EMPTY = re.compile(r"\s*\w+: (\[\]|\{\})")
"""A line of a rule that asks for nothing."""
Things = Mapping[str, Mapping[str, str]]
"""By kind and name: a rule's text, or a digest."""


@dataclass(frozen=True, slots=True)
class ShippedChange:
    """One shipped thing that is new, changed or gone."""

    thing: str
    """Its kind: ``rule``, ``topic``, ``lab``, … or ``section`` of the configuration."""
    name: str
    what: str
    """``new``, ``changed`` or ``gone``."""
    beneath: bool
    """Whether the folder has one of its own under this name, or switches it."""
    diff: tuple[str, ...] = ()
    """Of a changed rule that is beneath one's own: the lines that differ, every default filled in."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What changed since a folder was last brought up to date."""

    before: str
    """The version then."""
    changes: tuple[ShippedChange, ...]

    @property
    def beneath(self) -> tuple[ShippedChange, ...]:
        """The changes that do not come into force by themselves, since the folder has something in their place."""
        return tuple(change for change in self.changes if change.beneath)


def look_for_changes(config: Path) -> Upgrade:
    """What changed beneath the folder of ``config``. Raises UsageError where it takes nothing or remembers nothing, and
    ConfigError."""
    settings = _taking(config)
    record = config.parent / RECORD
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
        before, things = str(known["version"]), {kind: dict(names) for kind, names in known["things"].items()}
    except FileNotFoundError:
        raise UsageError(
            f"{record} is missing, so what shipped before is not known; {command('upgrade')} notes what ships now"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{record} cannot be read; remove it, and {command('upgrade')} notes what ships now") from None
    return Upgrade(before, tuple(_changes(things, shipped_things(), _own(config, settings))))


def note_what_ships(config: Path) -> None:
    """Remember what ships now. Raises UsageError where the folder takes nothing, and ConfigError."""
    _taking(config)
    text = json.dumps({"version": __version__, "things": shipped_things()}, indent=1, ensure_ascii=False)
    replace_file(config.parent / RECORD, f"{text}\n".encode(), 0o644)


def _taking(config: Path) -> Settings:
    settings = load_settings(config)
    if settings.shipped is None:
        raise UsageError(f"{config} takes nothing of what ships: it has no section shipped:")
    return settings


def _changes(before: Things, now: Things, own: Mapping[str, set[str]]) -> Iterator[ShippedChange]:
    for kind in dict.fromkeys((*before, *now)):
        old, new = before.get(kind, {}), now.get(kind, {})
        for name in sorted({*old, *new}):
            if old.get(name) == new.get(name) or (kind == "rule" and _same_rule(old.get(name), new.get(name))):
                continue
            what = "new" if name not in old else "changed" if name in new else "gone"
            beneath = name in own.get(kind, ())
            shown = kind == "rule" and what == "changed" and beneath
            yield ShippedChange(kind, name, what, beneath, tuple(_diff(old[name], new[name])) if shown else ())


def _same_rule(old: str | None, new: str | None) -> bool:
    """Whether only keys were added that are empty: those that rules can have by now, and this one has not."""
    if old is None or new is None:
        return False
    known = old.splitlines()
    return [line for line in new.splitlines() if line in known or not _EMPTY.fullmatch(line)] == known


def _diff(old: str, new: str) -> Iterator[str]:
    lines = unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm="")
    yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))


# ------------------------------------------------------------------------------------------------------ what there is


def shipped_things() -> Things:
    """Everything that ships, by kind and name. Raises ConfigError."""
    rules, config = SHIPPED / "rules", load_document(SHIPPED / "config.yaml").data
    companies = load_document(rules / "companies.yaml").data
    things: dict[str, dict[str, str]] = {
        "rule": {rule.name: rules_yaml([rule]) for rule in full_rules(rule_files(rules), "")},
        "company": _digests(companies["companies"]),
        GROUP: _digests(companies.get("groups", {})),
        "episode": {file.stem: _digest(load_document(file).data) for file in yaml_files(rules / "episodes")},
        "feed": {feed["name"]: _digest(feed) for feed in config["feeds"]},
        "group": _digests(config["watchlist"]),
        SECTION: _digests({key: section for key, section in config.items() if key not in ("feeds", "watchlist")}),
    }
    for file in yaml_files(rules / "topics"):
        data = load_document(file).data
        for section in NAMED:
            things.setdefault(_one(section), {}).update(_digests(data.get(section, {})))
    return things


def _own(config: Path, settings: Settings) -> Mapping[str, set[str]]:
    """By kind, the names of what the folder has itself, or switches. Raises ConfigError."""
    assert settings.shipped is not None
    own: dict[str, set[str]] = {}
    for part, thing in SINGULAR.items():
        own[thing] = set(settings.shipped.switches(part) or ())
    written = load_document(config).data
    own["rule"] |= {rule.name for rule in full_rules(rule_files(settings.rules), "")}
    own["episode"] |= {file.stem for file in yaml_files(settings.rules / "episodes")}
    own["group"] |= set(written.get("watchlist") or ())
    own["feed"] |= set(_replaced_feeds(written.get("feeds") or ()))
    shipped = load_document(SHIPPED / "config.yaml").data
    own[SECTION] = {key for key in written if written[key] != shipped.get(key)}
    for file in yaml_files(settings.rules / "topics"):
        data = load_document(file).data
        for section in NAMED:
            own.setdefault(_one(section), set()).update(data.get(section) or ())
    if (file := settings.rules / "companies.yaml").exists():
        data = load_document(file).data
        own["company"] |= set(data.get("companies") or ())
        own[GROUP] = set(data.get("groups") or ())
    return own


def _replaced_feeds(own: Any) -> Iterator[str]:
    """The names of one's own feeds, and of shipped ones with their addresses."""
    addresses = set()
    for feed in own:
        yield feed["name"]
        with suppress(ValueError):
            addresses.add(canonical_url(feed["url"]))
    for feed in load_document(SHIPPED / "config.yaml").data["feeds"]:
        if canonical_url(feed["url"]) in addresses:
            yield feed["name"]


def _one(section: str) -> str:
    """What one thing of a section of a topic file is called: ``lab``, ``model``."""
    return section.removesuffix("s")


def _digests(things: Mapping[str, Any]) -> dict[str, str]:
    return {name: _digest(thing) for name, thing in things.items()}


def _digest(thing: Any) -> str:
    return hashlib.blake2b(json.dumps(thing, sort_keys=True).encode(), digest_size=8).hexdigest()
