"""Names of models that become known words: which are admitted, from when they are read, and what they change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.model import Counts, LearnedName, ModelName, Story
from bot.core.news.learned import ENOUGH, admitted
from bot.core.news.reader import reader_of
from tests.news.stories import START, empty_index, shipped, story

ORDINARY = (
    "Google Search adds a Note feature, and Apple and YouTube follow",
    "Wall Street waits for Microsoft Teams and Office numbers",
    "Meta shows Quest, Threads and Instagram in New York",
)
"""What headlines used before."""
BEFORE = [story(f"{ORDINARY[n % 3]} ({n})", START - timedelta(days=3)) for n in range(ENOUGH)]


def admit(*listed: tuple[str, str], stories: Sequence[Story] = BEFORE) -> dict[str, tuple[str, Counts]]:
    """By word, the line of models and when it counts."""
    topics, companies = shipped()
    known = reader_of(topics, companies).known
    found = admitted([ModelName(*each) for each in listed], topics, known, (), stories, "huggingface-hub", START)
    return {name.word: (name.family, name.counts) for name in found}


def learned(*listed: tuple[str, str]) -> list[LearnedName]:
    topics, companies = shipped()
    known = reader_of(topics, companies).known
    return admitted([ModelName(*each) for each in listed], topics, known, (), BEFORE, "huggingface-hub", START)


def models(title: str, names: Iterable[LearnedName]) -> set[str]:
    index = empty_index()
    index.learn(names)
    reading = index.add(story(title, START + timedelta(hours=1)))
    assert reading is not None
    return {mention.name for mention in reading.mentions if mention.kind == "model"}


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("DeepSeek releases the AI model DeepTide-R1 with open weights", "DeepTide R1"),
        ("Nvidia plunges as DeepSeek's DeepTide R1 undercuts rivals", "DeepTide R1"),
        ("DeepSeek's DeepTide V2 is out", "DeepTide V2"),
    ],
)
def test_a_version_with_a_letter_is_the_learned_models_and_not_its_labs_other_one(title: str, model: str) -> None:
    assert models(title, learned(("DeepTide-R1", "DeepSeek"))) - {"DeepSeek"} == {model}


@pytest.mark.parametrize(
    ("listed", "lab", "word", "family", "counts"),
    [
        ("VibeVoice-1.5B", "Microsoft", "VibeVoice", "VibeVoice", Counts.COINED),
        ("Fara-7B", "Microsoft", "Fara", "Fara", Counts.PLAIN),
        ("Claude Fable 5", "Anthropic", "Fable", "Claude", Counts.PLAIN),
        ("Mistral Saba", "Mistral", "Saba", "Saba", Counts.PLAIN),
        ("GPT-Rosalind", "OpenAI", "Rosalind", "GPT", Counts.PLAIN),
        ("Seed-OSS-36B-Instruct", "ByteDance", "Seed OSS", "Seed OSS", Counts.PLAIN),
    ],
)
def test_a_listed_name_becomes_a_word(listed: str, lab: str, word: str, family: str, counts: Counts) -> None:
    assert admit((listed, lab)) == {word: (family, counts)}


@pytest.mark.parametrize(
    "listed",
    [
        *("a", "R2", "7B", "X", ""),  # no name
        *("Note", "Note-3", "Search-1B", "Office-7B", "Wall Street", "New York", "YouTube-2"),  # headlines had them
        *("Apple", "Nvidia-70B", "Intel", "PayPal"),  # companies
        *("Claude", "GPT-7", "DeepSeek-V9", "Qwen5-VL", "Google-7B", "Gemma 9"),  # known
        *("the", "New", "Stocks", "more than ever"),  # words of every headline
        *("Fa\x00ra-7B", "Fara\u202e-7B", "Fara{n}", "(Fara) {word}", "Fara*", "@ai", "F" * 400, "\ud800Fara"),
        *("small letters", "resnet-50", "instruct", "Preview", "Large-Instruct", "Ἀπόλλων-7B"),
    ],
)
def test_what_is_no_name_poisons_nothing(listed: str) -> None:
    assert admit((listed, "Google")) == {}


def test_a_lab_that_no_file_names_teaches_nothing() -> None:
    assert admit(("VibeVoice", "Nobody")) == {}


def test_without_headlines_to_compare_with_a_plain_word_counts_only_with_a_number() -> None:
    found = admit(("Fara-7B", "Microsoft"), ("VibeVoice", "Microsoft"), stories=BEFORE[:-1])
    assert found == {"Fara": ("Fara", Counts.NUMBERED), "VibeVoice": ("VibeVoice", Counts.COINED)}


def test_a_word_told_with_the_release_is_no_ordinary_word() -> None:
    told = [*BEFORE, story("Microsoft unveils Fara, a small model", START - timedelta(hours=30))]
    assert admit(("Fara-7B", "Microsoft"), stories=told) == {"Fara": ("Fara", Counts.PLAIN)}


def test_when_a_name_counts() -> None:
    names = learned(("VibeVoice-1.5B", "Microsoft"), ("Fara-7B", "Microsoft"), ("Claude Fable 5", "Anthropic"))
    numbered = [replace(name, counts=Counts.NUMBERED) for name in names]
    assert models("VibeVoice, an AI model, speaks for 90 minutes", names) == {"VibeVoice"}
    assert models("VibeVoice festival opens in Leeds", names) == set()
    assert models("Microsoft's Fara uses a computer", names) == {"Fara"}
    assert models("Fara wins the cup", names) == set()
    assert models("microsoft tells a tale of fara", names) == set()
    assert models("Microsoft's Fara uses a computer", numbered) == set()
    assert models("Microsoft's Fara-7B uses a computer", numbered) == {"Fara 7b"}
    assert models("Anthropic prices Fable 5 below rivals", names) == {"Claude fable 5"}
    assert models("A fable in 5 acts opens on Broadway", names) == set()


def test_a_story_is_read_with_the_names_learned_before_it() -> None:
    """However the moments are cut: a test of the index, whose state the engine restores in this order."""
    index = empty_index()
    title = "VibeVoice, an AI model, speaks for 90 minutes"
    first, second = story(title, START), story(f"{title}!", START + timedelta(minutes=2))
    before = index.add(first)
    index.learn(learned(("VibeVoice-1.5B", "Microsoft")))
    after = index.add(second)
    assert before is not None
    assert after is not None
    assert [m.name for m in before.mentions if m.kind == "model"] == []
    assert [m.name for m in after.mentions if m.kind == "model"] == ["VibeVoice"]
    assert [m.kind for m in index.reading(first.id).mentions] == [m.kind for m in before.mentions]  # type: ignore[union-attr]


def test_what_one_index_learned_another_does_not_know() -> None:
    empty_index().learn(learned(("VibeVoice-1.5B", "Microsoft")))
    assert models("VibeVoice, an AI model, speaks for 90 minutes", []) == set()


def test_yaml_has_the_last_word() -> None:
    topics, companies = shipped()
    names = learned(("VibeVoice-1.5B", "Microsoft"))
    index = empty_index()
    index.learn(names)
    denied = index.empty_copy(replace(topics, never_learned=frozenset({"vibevoice"})), companies)
    reading = denied.add(story("VibeVoice, an AI model, speaks for 90 minutes"))
    assert reading is not None
    assert not any(m.kind == "model" for m in reading.mentions)
    assert denied.learned == index.learned


def test_a_company_that_becomes_known_takes_the_names_along() -> None:
    index = empty_index()
    index.learn(learned(("VibeVoice-1.5B", "Microsoft")))
    for _ in index.add_companies_in_steps(index.companies):
        pass
    reading = index.add(story("VibeVoice, an AI model, speaks for 90 minutes"))
    assert reading is not None
    assert any(m.name == "VibeVoice" for m in reading.mentions)
