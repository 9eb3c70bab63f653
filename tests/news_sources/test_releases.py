"""How a release is worded, and that its words are read as what they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.app.project import load_project
from bot.core.model import Story
from bot.core.news import reader_of, releases
from bot.core.news.reader import StoryReader
from bot.core.news.releases import Price, money, size
from tests.command import REPOSITORY

NOW = datetime(2025, 1, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (0, ""),
        (-1, ""),
        (1.5e9, "1.5B"),
        (9.96e9, "9.96B"),
        (27.4e9, "27.4B"),
        (99.7e9, "100B"),
        (671.4e9, "671B"),
        (999.6e9, "1T"),
        (1.04e12, "1.04T"),
    ],
)
def test_sizes(parameters: float, words: str) -> None:
    assert size(parameters) == words


@pytest.mark.parametrize(
    ("dollars", "words"),
    [(2.19, "$2.19"), (15, "$15"), (0.5, "$0.50"), (0.075, "$0.075"), (0.000001, "$0.000001"), (600.0, "$600")],
)
def test_money(dollars: float, words: str) -> None:
    assert money(dollars) == words


@pytest.fixture(scope="module")
def reader() -> StoryReader:
    project = load_project(REPOSITORY / "config.yaml")
    return reader_of(project.topics, project.companies)


def details(reader: StoryReader, title: str, summary: str) -> set[str]:
    said = reader.said(Story("x", "made", title, NOW, summary=summary, publisher="Made"))
    assert "lab:DeepSeek" in said.about
    return {quote.detail for quote in said.details}


def test_the_facts_of_a_release_are_found_in_its_story(reader: StoryReader) -> None:
    title = releases.published_title("DeepSeek", "DeepSeek-V4", "mit", 671e9, 0)
    facts = releases.published_facts("DeepSeek-V4", "mit", 671e9, (), gated=True)
    assert details(reader, title, facts) >= {"licence", "openness"}


@pytest.mark.parametrize("licence", ["apache-2.0", "modified-mit"])
def test_other_licences_are_found_too(reader: StoryReader, licence: str) -> None:
    facts = releases.published_facts("DeepSeek-V4", licence, 0, (), gated=False)
    assert "licence" in details(reader, "DeepSeek publishes DeepSeek-V4", facts)


def test_prices_are_found_in_their_stories(reader: StoryReader) -> None:
    price, before = Price(0.14, 0.28), Price(0.55, 2.45)
    assert "price" in details(reader, "DeepSeek V4", releases.offered_facts("DeepSeek V4", price, 128_000))
    title = releases.cut_title("DeepSeek", "DeepSeek V4", before, price)
    assert "price" in details(reader, title, releases.cut_facts("DeepSeek V4", before, price, NOW))


def test_every_organisation_is_of_one_lab() -> None:
    topics = load_project(REPOSITORY / "config.yaml").topics
    for place in ("huggingface", "openrouter"):
        named = [name for places in topics.organisations.values() for name in places.get(place, ())]
        assert len(named) == len(set(named)) == len(topics.labs_at(place))
