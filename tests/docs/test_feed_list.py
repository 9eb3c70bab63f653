"""``docs/sources.md`` says of every source what it gives, how often it is asked and on whose terms, and of every
shipped feed why it is there; and of no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.adapters.news_sources.edgar import Edgar
from bot.adapters.news_sources.edgar.source import SEC
from bot.adapters.news_sources.github import GitHub
from bot.adapters.news_sources.github.source import API
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.huggingface.source import HUB
from bot.adapters.news_sources.models_dev import ModelsDev
from bot.adapters.news_sources.models_dev.source import CATALOGUE
from bot.adapters.news_sources.openrouter import OpenRouter
from bot.adapters.news_sources.openrouter.source import ROUTER
from bot.app.project import load_project
from bot.app.run.news.sources import BUILT_IN
from bot.config.settings.model import load_settings
from bot.core.ports import NewsSource
from tests.command import REPOSITORY, run_command


def test_every_feed_has_a_reason() -> None:
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    section = text[text.index("## The feeds, and why each is there") :]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([a-z0-9-]+)`", row[1])]
    feeds = [feed.name for feed in load_settings(REPOSITORY / "config.yaml").feeds]
    assert sorted(named) == sorted(feeds)
    assert all(row[2].strip() for row in rows)


ADAPTERS: dict[str, tuple[type[NewsSource], str]] = {
    "huggingface-hub": (HuggingFace, f"{HUB}/api/models"),
    "openrouter": (OpenRouter, f"{ROUTER}/api/v1/models"),
    "github": (GitHub, f"{API}/orgs/NAME/repos"),
    "models-dev": (ModelsDev, f"{CATALOGUE}/catalog.json"),
    "sec-edgar": (Edgar, f"{SEC}/cgi-bin/browse-edgar?action=getcurrent"),
}
"""Every news source that ships, and what it asks."""
WORDS = {"every minute": 60, "every 90 s": 90, "every 75 s": 75, "every 20 minutes": 1200}
"""How often, in seconds."""


def columns() -> dict[str, dict[str, str]]:
    """By source, what the table of news sources says of it, by row."""
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    table = text[text.index("| | `huggingface-hub`") :].split("\n\n")[0].splitlines()
    heading, _, *rows = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in table)
    names = re.findall(r"`([a-z-]+)`", " ".join(heading))
    said: dict[str, dict[str, str]] = {name: {} for name in names}
    for what, *cells in rows:
        for name, cell in zip(names, cells, strict=True):
            said[name][what] = cell
    return said


def test_every_news_source_has_a_column_that_is_true() -> None:
    assert set(ADAPTERS) == set(BUILT_IN) == set(columns())
    assert {source.type for source in load_settings(REPOSITORY / "config.yaml").news_sources} <= set(ADAPTERS)
    for name, said in columns().items():
        source, address = ADAPTERS[name]
        rows = ["what it gives", "asked", "how often", "conditional", "terms", "`published_at` of its stories"]
        assert list(said) == rows
        assert all(said.values()), name
        assert f"`{address}`" in said["asked"], name
        (often,) = [seconds for words, seconds in WORDS.items() if said["how often"].startswith(words)]
        assert source.interval.total_seconds() == often, name
        assert "](https://" in said["terms"], "where the terms stand"


def test_every_source_on_demand_has_a_row_with_its_address_and_terms() -> None:
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    section = text[text.index("## Headlines on demand") : text.index("## Releases where they are made")]
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]
    specs = {source.name: source for source in load_settings(REPOSITORY / "config.yaml").on_demand.sources}
    assert {re.findall(r"`([a-z-]+)`", row[0])[0] for row in rows} == set(specs)
    for named, asked, gives, terms in rows:
        name, address = re.findall(r"`([^`]+)`", named)[:2]
        assert re.split(r"[?]", specs[name].url)[0] == f"https://{address}"
        assert asked
        assert gives
        assert "robots" in terms, "what the site asks of programs"


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


def test_the_list_of_feeds_says_where_each_news_source_asks(tmp_path: Path) -> None:
    listed = run_command("feeds", "list", "--json", "--database", tmp_path / "none.db").stdout.splitlines()
    shown = {row["name"]: row["url"] for row in map(json.loads, listed)}
    for source in load_settings(REPOSITORY / "config.yaml").news_sources:
        assert ADAPTERS[source.type][1].startswith(shown[source.type] + "/")


@pytest.mark.parametrize("name", ["huggingface-hub", "news-search"])
def test_a_source_that_is_no_feed_is_not_checked_as_one(name: str) -> None:
    said = run_command("feeds", "check", name, code=2)
    assert f"{name} is" in said.stderr
    assert "python main.py check asks it" in said.stderr


def test_a_feed_that_nobody_knows_is_named_with_those_like_it() -> None:
    assert (
        "no feed is called 'openay'; did you mean 'openai'? Or give an address"
        in run_command("feeds", "check", "openay", code=2).stderr
    )
    said = run_command("feeds", "check", "nosuchname", code=2).stderr
    assert "no feed is called 'nosuchname'; python main.py feeds list lists them; or give an address" in said
