"""``docs/sources.md`` says of every shipped feed why it is there, and of no other."""

from __future__ import annotations

import re

from bot.config.settings.model import load_settings
from tests.command import REPOSITORY


def test_every_feed_has_a_reason() -> None:
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    section = text[text.index("## The feeds, and why each is there") :]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row[1])]
    feeds = [feed.name for feed in load_settings(REPOSITORY / "config.yaml").feeds]
    assert sorted(named) == sorted(feeds)
    assert all(row[2].strip() for row in rows)


def test_every_news_source_has_a_column() -> None:
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    (heading,) = re.findall(r"^\| \| (`huggingface-hub`.*) \|$", text, re.M)
    named = set(re.findall(r"`([a-z-]+)`", heading))
    assert named == {"huggingface-hub", "openrouter", "github", "models-dev", "sec-edgar"}
    assert {source.type for source in load_settings(REPOSITORY / "config.yaml").news_sources} <= named
