"""A model named tomorrow is recognised tomorrow: headlines about models that no shipped file names, read with the
shipped vocabulary and with what a hub's list taught.

The first half of the models exist (published from 2025 on, and in no file here), the other half is invented after the
way labs name theirs. The headlines are ours. ``python -m tests.news.test_names_of_tomorrow`` prints what is measured.
"""

from __future__ import annotations

from datetime import timedelta

from bot.core.model import ModelName
from bot.core.news import NewsIndex
from bot.core.news.learned import admitted
from bot.core.news.reader import reader_of
from tests.news.stories import START, empty_index, shipped, story
from tests.news.test_learned import BEFORE

LISTED = [
    *(("Fara-7B", "Microsoft"), ("VibeVoice-1.5B", "Microsoft"), ("medgemma-27b-it", "Google")),
    *(("Leanstral-2603", "Mistral"), ("Mistral Saba", "Mistral"), ("Olmo-Hybrid-7B", "Allen Institute")),
    *(("Seed-OSS-36B-Instruct", "ByteDance"), ("BAGEL-7B-MoT", "ByteDance"), ("NextStep-1.1", "StepFun")),
    *(("Hermes-4-405B", "Nous Research"), ("Kimi-Linear-48B-A3B-Instruct", "Moonshot"), ("tiny-aya-base", "Cohere")),
    *(("Claude Fable 5", "Anthropic"), ("Halcyon-1", "Anthropic"), ("GPT-Lumen", "OpenAI")),
    *(("Aurelia-120B", "OpenAI"), ("DeepTide-R1", "DeepSeek"), ("QuillMind-235B-A22B", "Alibaba")),
    *(("Grok Ember", "xAI"), ("StoneFish-400B", "Meta"), ("Gemini Tempo", "Google")),
    *(("Corvus-70B-Instruct", "Meta"), ("SkyLoom-2", "Tencent")),
]
HEADLINES = [
    ("Microsoft releases Fara-7B, an agent that uses a computer", "Fara"),
    ("Microsoft's Fara works on an ordinary laptop", "Fara"),
    ("VibeVoice, an open AI model, speaks for ninety minutes", "VibeVoice"),
    ("Doctors test MedGemma, an AI model that reads X-rays", "MedGemma"),
    ("Mistral releases Leanstral to prove theorems", "Leanstral"),
    ("Saba, from Mistral, speaks Arabic and Tamil", "Saba"),
    ("Ai2 publishes Olmo Hybrid with all its data", "Olmo Hybrid"),
    ("ByteDance opens the weights of Seed OSS", "Seed OSS"),
    ("ByteDance's BAGEL edits pictures in one model", "BAGEL"),
    ("NextStep 1.1 tops a ranking of AI models for pictures", "NextStep"),
    ("Nous Research trains Hermes 4 without refusals", "Hermes"),
    ("Moonshot AI says its Linear model needs a sixth of the memory", "Kimi"),
    ("Cohere shows Tiny Aya, which runs on a phone", "Tiny Aya"),
    ("Nvidia falls as Anthropic's Fable 5 needs a tenth of the chips", "Claude"),
    ("Software stocks slide after Anthropic unveils Halcyon", "Halcyon"),
    ("OpenAI prices Lumen below every rival", "GPT"),
    ("OpenAI's Aurelia comes with open weights", "Aurelia"),
    ("DeepTide beats GPT-5 at mathematics for a dollar", "DeepTide"),
    ("Chip stocks sink as DeepSeek's DeepTide R1 stirs doubt", "DeepTide"),
    ("Alibaba unveils QuillMind, an AI model for offices", "QuillMind"),
    ("Musk's xAI delays Ember by a month", "Grok"),
    ("StoneFish is the largest open AI model so far", "StoneFish"),
    ("Google DeepMind gives Tempo to music schools", "Gemini"),
    ("Meta AI publishes Corvus 70B", "Corvus"),
    ("Tencent's SkyLoom builds games from a sentence", "SkyLoom"),
]
OTHERS = [
    *("Fara wins a seat in the Po valley", "Dolphin and bagel sellers share a pier", "Hermes raises its prices"),
    *("Hermès shares fall after results", "A new fable opens on Broadway", "Corvus Gold finds silver in Nevada"),
    *("Formula E ends on a linear track", "Halcyon days for bond traders are over", "Saba Capital attacks a trust"),
    *("Embers of the strike glow in Detroit", "The tempo of hiring slows", "Aurelia Metals digs deeper"),
    *("Lumen Technologies falls 20% on weak forecast", "Seed oss is dear this spring", "Stonefish sting a swimmer"),
]
"""Headlines with the same words, about something else."""


def measured() -> tuple[list[str], list[str], list[str]]:
    """Headlines whose model was read before anything was learned, those after, and others in which a model was read."""
    topics, companies = shipped()
    known = reader_of(topics, companies).known
    names = admitted([ModelName(*each) for each in LISTED], topics, known, (), BEFORE, "hub", START)
    plain, taught = empty_index(), empty_index()
    taught.learn(names)

    def found(title: str, index: NewsIndex) -> set[str]:
        reading = index.add(story(title, START + timedelta(hours=1)))
        assert reading is not None
        return {m.name for m in reading.mentions if m.kind == "model"}

    def names_it(title: str, family: str, index: NewsIndex) -> bool:
        return any(name == family or name.startswith(f"{family} ") for name in found(title, index))

    before = [title for title, family in HEADLINES if names_it(title, family, plain)]
    after = [title for title, family in HEADLINES if names_it(title, family, taught)]
    return before, after, [title for title in OTHERS if found(title, taught)]


def test_models_named_after_the_vocabulary_was_written_are_recognised() -> None:
    before, after, wrong = measured()
    assert len(before) <= len(HEADLINES) // 4, "these headlines are no test"
    assert len(after) >= 0.8 * len(HEADLINES)
    assert wrong == []


if __name__ == "__main__":
    before, after, wrong = measured()
    print(f"{len(before)} of {len(HEADLINES)} before, {len(after)} after; {len(wrong)} of {len(OTHERS)} others")
    print("not recognised:", *(title for title, _ in HEADLINES if title not in after), sep="\n  ")
