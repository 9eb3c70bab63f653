"""How a release is worded, and that its words are read as what they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from bot.app.project import load_project
from bot.core.model import Story
from bot.core.news import reader_of, releases
from bot.core.news.index import NewsIndex
from bot.core.news.reader import StoryReader
from bot.core.news.releases import Price, money, size
from bot.core.on_demand import RELEASE_SCORE
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


def test_the_facts_of_a_catalogue_are_found_in_its_story(reader: StoryReader) -> None:
    price = Price(0.14, 0.28)
    title = releases.catalogued_title("DeepSeek", "DeepSeek V4", price, open_weights=True)
    facts = releases.catalogued_facts("DeepSeek", "DeepSeek V4", price, 128_000, NOW.date(), open_weights=True)
    assert details(reader, title, facts) >= {"openness", "price"}


def test_a_release_in_the_catalogue_joins_what_was_told_of_it() -> None:
    project = load_project(REPOSITORY / "config.yaml")
    index = NewsIndex(project.topics, project.companies, window=timedelta(days=2))
    price = Price(0.14, 0.28)
    told = releases.offered_title("DeepSeek", "DeepSeek V4", price)
    again = releases.catalogued_title("DeepSeek", "DeepSeek V4", price, open_weights=True)
    first, second = (
        index.add(Story(str(n), "made", title, NOW + timedelta(hours=n), publisher="Made"))
        for n, title in enumerate([told, again])
    )
    assert first is not None
    assert second is not None
    assert first.cluster == second.cluster != ""


def test_every_organisation_is_of_one_lab() -> None:
    topics = load_project(REPOSITORY / "config.yaml").topics
    for place in ("huggingface", "openrouter", "github", "models-dev"):
        named = [name for places in topics.organisations.values() for name in places.get(place, ())]
        assert len(named) == len(set(named)) == len(topics.labs_at(place))


@pytest.mark.parametrize(
    ("times", "part"),
    [
        *((2, "half"), (3, "a third"), (4, "a quarter"), (8, "an eighth"), (11, "an eleventh"), (12, "a twelfth")),
        *((18, "an eighteenth"), (20, "a twentieth"), (22, "a twenty-second"), (24, "a twenty-fourth")),
        *((27.4, "a twenty-seventh"), (80, "an eightieth"), (99, "a ninety-ninth"), (4000, "a hundredth")),
    ],
)
def test_parts_in_words(times: float, part: str) -> None:
    rival = releases.Rival("OpenAI", "o1", Price(times, times), NOW)
    facts = releases.rival_facts("DeepSeek R1", Price(1, 1), rival)
    assert facts.startswith(f"DeepSeek R1 costs about {part} of the cheapest rival of its class, OpenAI's o1 at $")


def test_what_is_hardly_cheaper_is_not_compared() -> None:
    assert releases.rival_facts("DeepSeek R1", Price(1, 1), releases.Rival("OpenAI", "o1", Price(1.7, 1.7), NOW)) == ""


def test_the_comparison_is_quoted_under_its_own_heading(reader: StoryReader) -> None:
    rival = releases.Rival("OpenAI", "o1", Price(15, 60), NOW)
    facts = releases.offered_facts("DeepSeek R1", Price(0.55, 2.19), 0, rival)
    title = releases.offered_title("DeepSeek", "DeepSeek R1", Price(0.55, 2.19))
    assert "rivals" in details(reader, title, facts)


@pytest.mark.parametrize("model", ["Zorblatt-7-Ultra", "hy9", "qqx-omni-9b", "Unlimited", "X1"])
def test_a_release_counts_as_one_whoever_made_it_and_whatever_its_name(model: str) -> None:
    """No list has the name of tomorrow's model, and not every name can become a known word."""
    project = load_project(REPOSITORY / "config.yaml")
    price, dearer = Price(0.14, 0.28), Price(0.55, 2.45)
    for lab in project.topics.organisations:
        index = NewsIndex(project.topics, project.companies, window=timedelta(days=2))
        for source, title, facts in (
            (
                "Hugging Face",
                releases.published_title(lab, model, "", 0, 0),
                releases.published_facts(model, "", 0, (), gated=False),
            ),
            ("OpenRouter", releases.offered_title(lab, model, price), releases.offered_facts(model, price, 0)),
            (
                "OpenRouter",
                releases.cut_title(lab, model, dearer, price),
                releases.cut_facts(model, dearer, price, NOW),
            ),
            (
                "models.dev",
                releases.catalogued_title(lab, model, price, open_weights=False),
                releases.catalogued_facts(lab, model, price, 0, None, open_weights=False),
            ),
        ):
            reading = index.add(Story(title, "made", title, NOW, summary=facts, publisher=source))
            assert reading is not None, title
            scores = {each.topic: each.score for each in reading.topics}
            assert scores.get("ai-model", 0) >= RELEASE_SCORE, (title, scores)
            assert max(scores, key=lambda topic: scores[topic]) == "ai-model", (title, scores)


MARKET_MOVERS = [
    *("DeepSeek", "Moonshot", "Zhipu", "MiniMax", "StepFun", "ByteDance", "Alibaba", "Baidu", "Tencent", "Xiaomi"),
    *("Meta", "Mistral", "Google", "Microsoft", "Nvidia", "OpenAI", "Anthropic", "xAI"),
]


def test_the_labs_whose_releases_move_markets_are_asked_for_where_they_publish() -> None:
    """Anthropic puts no weights on the hub; Microsoft, Nvidia and Baidu open much besides models on GitHub."""
    places = load_project(REPOSITORY / "config.yaml").topics.organisations
    assert [lab for lab in MARKET_MOVERS if "huggingface" not in places[lab]] == ["Anthropic"]
    assert {lab for lab in MARKET_MOVERS if "github" not in places[lab]} == {"Microsoft", "Nvidia", "Baidu"}
    assert all("openrouter" in places[lab] for lab in MARKET_MOVERS)
    text = (REPOSITORY / "rules" / "topics" / "organisations.yaml").read_text(encoding="utf-8")
    without = [lab for lab in MARKET_MOVERS if not re.search(rf"^  {lab}: .*  # \S", text, re.M)]
    assert not without, "each with a page that shows its name is in use"
