"""Markdown that a parser shows as it was meant, and JSON that says everything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.model import Block, BlockKind, Claim, Link, Moment, Strong, Summary, ToldCause
from bot.core.text.links import safe_link
from bot.render import markdown, objects
from bot.render.markdown import escaped
from bot.render.text import clean
from tests.render.summaries import HOSTILE, MODEL, summaries, texts

PARSER = MarkdownIt("commonmark")
MEANT = {
    *("paragraph_open", "paragraph_close", "inline", "text", "softbreak", "strong_open", "strong_close"),
    *("bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "link_open", "link_close"),
    *("blockquote_open", "blockquote_close", "em_open", "em_close", "fence"),
}


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def shown(text: str) -> str:
    """What a reader sees, without spaces."""
    return squeezed("".join(t.content for t in tokens(text) if t.type in ("text", "fence")))


@settings(max_examples=60)
@given(summaries)
def test_whatever_the_text_nothing_but_what_was_meant_becomes_markup(summary: Summary) -> None:
    text = markdown(summary)
    assert text.strip()
    assert {t.type for t in tokens(text)} <= MEANT
    links = [str(t.attrs["href"]) for t in tokens(text) if t.type == "link_open"]
    assert all(link.startswith(("http://", "https://")) for link in links)
    meant = sum(
        isinstance(i, Link) and bool(safe_link(i.url)) for b in summary.blocks for line in b.lines for i in line
    )
    assert len(links) <= meant


@given(texts)
def test_outside_text_is_shown_as_it_is(text: str) -> None:
    parsed = list(tokens(escaped(text)))
    assert {t.type for t in parsed} <= {"paragraph_open", "paragraph_close", "inline", "text"}
    assert shown(escaped(text)) == squeezed(clean(text))


@given(summaries, st.integers(1, 400))
def test_a_limit_is_kept_and_whole_blocks_give_way(summary: Summary, limit: int) -> None:
    text = markdown(summary, limit)
    assert 0 < len(text) <= max(limit, len("Aftershock"))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_titles_stay_words(text: str) -> None:
    block = Block("why", BlockKind.LINKS, 80, "Likely cause", ((Link(text, "https://example.com/a b<c>"), " — wire"),))
    rendered = markdown(Summary((block,), "s"))
    assert {t.type for t in tokens(rendered)} <= MEANT


def test_the_model_summary_reads_well() -> None:
    text = markdown(MODEL)
    assert text.startswith("**NVDA −11.7 %** after DeepSeek's R1 model\n\n")
    assert "\n- " in text


def test_a_link_and_emphasis() -> None:
    line = (Strong("NVDA −17.0 %"), " after ", Link("DeepSeek-R1 [open]", "https://example.com/(r1)"), ".")
    block = Block("what happened", BlockKind.FACTS, 90, "What happened", (line,))
    assert markdown(Summary((block,), "s")) == (
        "**What happened**\n\n- **NVDA −17.0 %** after [DeepSeek-R1 \\[open\\]](<https://example.com/(r1)>)."
    )


def test_objects_say_what_acted() -> None:
    assert objects(Summary((), "s", ("lab:DeepSeek", "model:DeepSeek R1")))["agents"] == [
        "lab:DeepSeek",
        "model:DeepSeek R1",
    ]


def test_objects_say_what_may_be_said_of_the_cause() -> None:
    first = datetime(2025, 1, 20, 12, 37, tzinfo=UTC)
    told = ToldCause("Chips\u202e sink", "Wire", "javascript:x", Claim.STATED, 0.85, "R1 is out", first)
    assert objects(Summary((), "s", cause=told))["cause"] == {
        "claim": "stated",
        "title": "Chips sink",
        "source": "Wire",
        "link": None,
        "confidence": 0.85,
        "first_title": "R1 is out",
        "first_seen_at": "2025-01-20T12:37:00+00:00",
    }
    assert objects(Summary((), "s"))["cause"] is None


def test_objects_give_a_time_by_itself_and_in_words() -> None:
    at = datetime(2025, 1, 27, 16, tzinfo=timezone(timedelta(hours=-5)))
    block = Block("next", BlockKind.NOTE, 9, lines=((Moment(at, "27 Jan 21:00 UTC"),),), folded=True)
    found = objects(Summary((block,), "s"))["blocks"][0]
    assert found["lines"] == [[{"text": "27 Jan 21:00 UTC", "style": "moment", "at": "2025-01-27T21:00:00Z"}]]
    assert found["folded"] is True
    assert markdown(Summary((block,), "s")) == "_27 Jan 21:00 UTC_"


@settings(max_examples=40)
@given(summaries)
def test_objects_say_every_word_and_go_through_json(summary: Summary) -> None:
    found = json.loads(json.dumps(objects(summary)))
    assert [b["name"] for b in found["blocks"]] == [b.name for b in summary.blocks]
    said = [piece["text"] for b in found["blocks"] for line in b["lines"] for piece in line]
    meant = [clean(i if isinstance(i, str) else i.text) for b in summary.blocks for line in b.lines for i in line]
    assert said == meant
    urls = [piece["url"] for b in found["blocks"] for line in b["lines"] for piece in line if "url" in piece]
    assert all(re.match(r"https?://", url) for url in urls)
