"""Text from outside that is broken or made to harm: it is read like any other, in a time that its length bounds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Field, Story
from bot.core.news.passages import passages
from bot.core.news.reader import reader_of
from bot.core.news.text import encodable
from bot.core.news.voices.voices import choose
from bot.core.rules.conditions.news import TextPattern
from tests.news.stories import empty_index, shipped, story

TOPICS, COMPANIES = shipped()
READER = reader_of(TOPICS, COMPANIES)
HALF = "\ud83d"
"""Half a surrogate pair: JSON can hold it, UTF-8 cannot."""


def read_in_every_way(told: Story) -> None:
    """All that is asked of a story's text."""
    content = READER.read(told)
    frames = READER.frames(told)
    READER.why(told)
    said = READER.said(told)
    index = empty_index()
    reading = index.add(told)
    assert reading is not None
    index.stories_about([reading.cluster])
    voices = choose([told], TOPICS.speech)
    TextPattern("models?").found_in(told)
    shown = [m.text for m in content.mentions]
    shown += [r.text for score in content.scores for r in score.reasons]
    shown += [f.because for f in frames]
    shown += [f"{f.agents}" for f in frames]
    shown += [content.key, *content.words, *content.anchors, *content.entities]
    shown += [quoted.words for quoted in said.details]
    shown += [voice.words + voice.speaker + voice.role for side in voices for voice in side]
    for text in shown:
        text.encode()  # what is read goes into messages and the history


@pytest.mark.parametrize(
    "title",
    [
        HALF,
        f"OpenAI launches GPT-{HALF}9, a model that writes code",
        f"OpenAI launches GPT-9{HALF}",
        f"Claude{HALF} launches a legal plugin",
        f"Nvidia {HALF}shares tumble 17% after DeepSeek{HALF} unveils its model",
        f"Chegg sinks as Zora {HALF} Labs's AI does homework",
        f"GPT-9 costs $2 per million tokens. {HALF} It is free.",
        f"{HALF}{HALF} “It is overdone{HALF}”, said Ada Smith, an analyst at Example Bank",
    ],
)
def test_half_a_surrogate_pair_is_read(title: str) -> None:
    read_in_every_way(story(title, summary=f"{title}. {title}", source=HALF, link=f"https://{HALF}.example.com/"))


def test_half_a_surrogate_pair_hides_no_word_around_it() -> None:
    whole = READER.read(story("Nvidia shares tumble 17% after DeepSeek unveils a cheap model"))
    broken = READER.read(story(f"Nvidia shares tumble 17% {HALF} after DeepSeek unveils a cheap model"))
    assert broken.scores == whole.scores
    assert [m.name for m in broken.mentions] == [m.name for m in whole.mentions]


def test_a_sentence_with_a_broken_character_is_not_quoted() -> None:
    assert [p.words for p in passages("The model is free for all users", Field.TITLE)]
    assert not list(passages(encodable(f"The model is free {HALF} for all users"), Field.TITLE))


BROKEN = st.text(st.characters(exclude_categories=()), max_size=6)
PIECES = st.sampled_from(
    ["DeepSeek-R1", "OpenAI", "GPT-9", "launches", "Claude", "Nvidia", "'s", "shares", "plunge", "after", "AI", "“",
     "”", "said", "Ada Smith", "英伟达", "发布", "$", "17%", "(NASDAQ: ", ")", ". ", ": "]
)  # fmt: skip
TEXT = st.lists(PIECES | BROKEN, max_size=25).map(" ".join) | st.lists(PIECES | BROKEN, max_size=25).map("".join)


@settings(max_examples=100, deadline=None)
@given(title=TEXT, summary=TEXT, source=TEXT, link=TEXT)
def test_any_characters_are_read(title: str, summary: str, source: str, link: str) -> None:
    read_in_every_way(story(title, summary=summary, source=source, link=f"https://{link}/"))


@pytest.mark.parametrize("model", ["", " ", "No Such Model 9", "GPT", "GPT 9.5 turbo", " ".join("x" * 20_000)])
def test_a_model_that_nobody_knows_has_no_family(model: str) -> None:
    family = READER.family(model)
    assert (family.name if family is not None else None) == ("GPT" if model.startswith("GPT") else None)
    assert READER.with_kin([f"model:{model}"]) >= {f"model:{model}"}


LONG = 100_000
UNITS = [
    "a.",
    ".",
    "-",
    " ",
    "\n",
    "“",
    "”",
    '"',
    "'",
    "‘a",
    "a' ",
    "(",
    "[",
    "([",
    "$A",
    "(NASDAQ: A, ",
    "A ",
    "AAPL, ",
    "A.",
    "AI ",
    "GPT-",
    "GPT-9 ",
    "Nvidia falls, ",
    "and ",
    "after AI ",
    "Nvidia ",
    "falls ",
    "falls because ",
    "A B's ",
    "“a” said ",
    "who said ",
    "Mr. ",
    "more demand ",
    "jevons ",
    "overdone ",
    "英伟达",
    "。",
    "not ",
    "www.",
    "a/",
    "| ",
    " — x",
    "$1 ",
    "1%",
    "Nvidia, AMD, ",
    "software stocks ",
    "sends ",
    "hit ",
    "to ",
    "its ",
    "OpenAI's ",
    "new ",
    "model ",
    "“A”, said Ada Smith. ",
    "Ada Smith ",
    "İ",
    "ﬀ",
    "‘",
    "«",
    "»",
    "「",
    "」",
]


@pytest.mark.campaign
@pytest.mark.parametrize("unit", UNITS)
def test_a_text_of_any_length_is_read_in_bounded_time(unit: str) -> None:
    text = unit * (LONG // len(unit))
    told = story(text, summary=text, source=text, link=f"https://{text}/", id="x")
    began = time.process_time()
    READER.read(told)
    READER.frames(told)
    READER.why(told)
    READER.said(told)
    choose([told], TOPICS.speech)
    assert time.process_time() - began < 3
