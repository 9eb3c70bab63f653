"""An episode as text reads back to the same episode, whatever its words hold."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from bot.config.episodes.file import load_episode
from bot.config.episodes.writing import episode_text, quoted, valid_link
from bot.config.yaml.document import load_document
from bot.core.cause.second_reader import read_answer
from bot.core.model import Because, QuoteKind, SecondReading, Story
from bot.core.model.episodes import Episode, EpisodeBar, EpisodeKind, EpisodePrices, Mark, Trigger

AT = datetime(2025, 1, 27, 10, 0, tzinfo=UTC)
HOSTILE = [
    'a "quoted" word: and # no comment', "- item", "{a: b}", "*alias &anchor !tag", "%directive", "yes", "null", "1:30",
    "back\\slash \\n", "two\nlines\r\nmore\ttab", "---", "...", "a\u2028b\x85c", "\x00\x07\x1b[31m\x7f\x9b",
    "\ufeffbom", "\u202etfel-ot-thgir", "\ud800 alone", "🚀 “curly” ﷽", "' OR 1=1; --", "${HOME} `id`", "? key",
    "| block", "> fold", " ",
]  # fmt: skip


def episode(**of: object) -> Episode:
    bars = (EpisodeBar(date(2025, 1, 24), 142.62), EpisodeBar(date(2025, 1, 27), 118.42, 124.8, 128.4, 116.7, 8e8))
    prices = EpisodePrices("NVDA", "XNAS", "as traded", bars, (Mark(AT, QuoteKind.TRADE, 128.14),), "ai-chips", "USD")
    values: dict[str, object] = {
        "name": "x", "title": "T", "kind": EpisodeKind.RECORDED, "session": date(2025, 1, 27),
        "first": date(2025, 1, 24), "last": date(2025, 1, 27), "summary": "S", "trigger": Trigger("W"),
        "prices": (prices,),
    }  # fmt: skip
    return Episode(**(values | of))  # type: ignore[arg-type]


def back(text: str) -> Episode:
    return load_episode("x.yaml", text)


def folded(text: str) -> str:
    """As the reader folds white space; half a character cannot be written."""
    return " ".join("".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text).split())


def test_the_shipped_recorded_week_reads_back_to_itself(repository: Path) -> None:
    shipped = load_episode(repository / "rules" / "episodes" / "deepseek-2025-01.yaml")
    assert len(shipped.stories) > 100
    assert load_episode("again.yaml", episode_text(shipped)) == shipped


@pytest.mark.parametrize("words", HOSTILE)
def test_words_from_outside_stay_words(words: str) -> None:
    text = f"key: {quoted(words)}\nafter: 1\n"
    assert "\n" not in quoted(words)
    assert load_document("x.yaml", text).data == {
        "key": "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in words), "after": 1,
    }  # fmt: skip
    assert yaml.safe_load(text)["after"] == 1


@given(st.text(), st.text(), st.text(), st.text())
@example(*HOSTILE[:4])
@example(*HOSTILE[9:13])
def test_a_story_reads_back_whatever_it_says(title: str, summary: str, source: str, publisher: str) -> None:
    story = Story("", source or "s", title + " t", AT, AT, summary, "https://example.com/a?b=c#d", publisher)
    (read,) = back(episode_text(episode(stories=(story,), title=title + " t", trigger=Trigger(source + " w")))).stories
    assert (read.title, read.summary) == (folded(story.title), folded(summary))
    replaced = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in publisher)
    assert read.publisher == replaced
    assert read.link == story.link


@given(st.data(), st.text(), st.text(), st.sampled_from(Because), st.booleans(), st.floats(0.0, 1.0), st.text())
def test_an_answer_about_a_story_reads_back(
    data: st.DataObject, title: str, summary: str, because: Because, rises: bool, certainty: float, model: str
) -> None:
    agent = because is Because.AI_RIVAL and not rises
    asked = Story("s", "wire", f"Chip stocks {title}", AT, AT, summary)
    start = data.draw(st.integers(0, len(asked.title)))
    who = asked.title[start : start + data.draw(st.integers(1, 80))]
    move = {"who": who, "direction": "rises" if rises else "falls", "because": because}
    written = json.dumps({"moves": [move | {"ai_is_the_agent": agent, "certainty": certainty}]})
    moves = read_answer(written, asked)
    if moves is None:  # no visible words
        return
    # as a history gives them: stories and words with single spaces
    story = replace(asked, title=" ".join(asked.title.split()), summary=" ".join(summary.split()))
    answer = SecondReading("s", AT + timedelta(microseconds=7), moves, model)
    read = back(episode_text(episode(stories=(story,), second_readings=(answer,))))
    (told,) = read.second_readings
    assert (told.story, told.seen_at, told.model) == (read.stories[0].id, answer.seen_at, folded(model))
    assert told.moves == tuple(replace(m, who=" ".join(m.who.split())) for m in moves)


@pytest.mark.parametrize("published", [None, AT, AT - timedelta(hours=3), AT + timedelta(microseconds=7)])
def test_when_a_story_was_published_and_seen(published: datetime | None) -> None:
    (read,) = back(episode_text(episode(stories=(Story("", "s", "t", AT, published),)))).stories
    assert (read.seen_at, read.published_at) == (AT, published or AT)


prices = st.floats(min_value=1, max_value=2.5, allow_nan=False)
volumes = st.none() | st.floats(min_value=0, max_value=1e12)


@given(st.lists(st.tuples(prices, volumes, st.integers(0, 3_600_000_000)), min_size=1, max_size=8))
def test_figures_read_back_to_the_last_digit(rows: list[tuple[float, float | None, int]]) -> None:
    bars = tuple(EpisodeBar(date(2025, 1, 6) + timedelta(i), p, volume=v) for i, (p, v, _) in enumerate(rows))
    moments = sorted(AT + timedelta(microseconds=us) for _, _, us in rows)
    marks = tuple(Mark(at, QuoteKind.TRADE, p, v) for at, (p, v, _) in zip(moments, rows, strict=True))
    written = (EpisodePrices("NVDA", "XNAS", "b", bars, marks),)
    read = back(episode_text(episode(prices=written, session=date(2025, 1, 6), first=date(2025, 1, 6)))).prices
    assert read == written


@pytest.mark.parametrize("symbol", ["NVDA", "BRK-B", "RWS.L", "0700.HK", "ON", "TRUE", "^GSPC", "EURUSD=X"])
def test_symbols_are_keys(symbol: str) -> None:
    one = episode().prices[0]
    changed = (EpisodePrices(symbol, one.exchange, one.basis, one.bars, one.marks),)
    assert back(episode_text(episode(prices=changed))).prices == changed


def test_a_leap_of_a_price_is_said_to_be_meant() -> None:
    bars = (EpisodeBar(date(2025, 1, 24), 90.0), EpisodeBar(date(2025, 1, 27), 20.0))
    prices = (EpisodePrices("NVDA", "XNAS", "b", bars),)
    text = episode_text(episode(prices=prices))
    assert "    jump: 2025-01-27\n" in text
    assert back(text).prices == prices


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://example.com/a", True),
        ("http://example.com", True),
        ("", False),
        ("javascript:alert(1)", False),
        ("https://a:b@example.com", False),
        ("https://example.com/a b", False),
        ("https://", False),
    ],
)
def test_only_a_link_that_is_one_is_written(link: str, kept: bool) -> None:
    assert valid_link(link) == (link if kept else "")
