"""``docs/sources.md`` says of every shipped feed why it is there, and of no other."""

from __future__ import annotations

import re

import pytest

from bot.app.project import load_project
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


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("huggingface", r"with the ([0-9]+) organisations named here about ([0-9]+) requests in five minutes"),
        ("github", r"each of the ([0-9]+) organisations named here"),
    ],
)
def test_the_numbers_of_organisations_are_those_of_the_data(place: str, words: str) -> None:
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    stated = re.search(words, text)
    assert stated is not None
    named = len(load_project(REPOSITORY / "config.yaml").topics.labs_at(place))
    assert int(stated[1]) == named
    if stated.lastindex == 2:
        assert abs(int(stated[2]) - 5 * named) <= 5
        assert int(stated[2]) < 400, "the hub allows 500"
