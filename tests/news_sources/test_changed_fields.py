"""Bodies as each list sends them, with fields left out, emptied, renamed, added and of other types, anywhere in them.

What was looked up in November 2026, and where:

* the hub: ``ModelInfo`` of ``huggingface_hub``, and answers to ``/api/models?expand[]=…`` as they stand in several
  public programs' notes and tests: ``safetensors`` with ``parameters`` by type, sometimes without ``total``; ``gated``
  as ``false``, ``auto`` or ``manual``; ``id`` beside the older ``modelId``.
* OpenRouter: an answer that the repository of models.dev keeps (``models.json``, May 2026), read by its
  ``packages/core/src/sync/providers/openrouter.ts``; it has ``links``, ``expiration_date``, ``supported_voices``.
* GitHub: the REST documentation of ``/orgs/{org}/repos``; public programs ask it with the same parameters.
* models.dev: ``packages/core/src/schema.ts`` and ``generate.ts`` in its repository, July 2026.
* EDGAR: entries of the feed of current filings as of September 2026 in public programs' tests, with
  ``<summary type="html">`` and ``Item 1.01: …`` after ``&lt;br&gt;``; and of ``company_tickers.json``.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.news_sources.edgar import Edgar
from bot.adapters.news_sources.github import GitHub
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.models_dev import ModelsDev
from bot.adapters.news_sources.openrouter import OpenRouter
from bot.app.run.news.sources import STATE
from bot.core.errors import SourceError
from bot.core.health import Health
from bot.core.model import FeedAnswer, FeedEntry, JsonAnswer, SourceReport
from bot.core.ports import NewsSource
from tests.news_sources.test_polls import NOON, Bot
from tests.servers.catalogues import catalogued, hub_model, offer, provider, repository

MINUTE = timedelta(minutes=1)
LABS = {
    "huggingface": {"deepseek-ai": "DeepSeek"},
    "openrouter": {"deepseek": "DeepSeek", "openai": "OpenAI"},
    "github": {"deepseek-ai": "DeepSeek"},
    "models-dev": {"deepseek": "DeepSeek"},
}
RICH = {
    "sha": "0" * 40,
    "lastModified": "2025-01-27T11:00:00.000Z",
    "trendingScore": 12,
    "library_name": "transformers",
    "downloads": 1_565_484,
    "gated": "auto",
}
REPOSITORY = {"node_id": "R_1", "owner": {"login": "deepseek-ai", "id": 1}, "topics": ["llm"], "visibility": "public"}
OFFER = {"links": {"details": "/x"}, "expiration_date": None, "supported_voices": None, "knowledge_cutoff": None}
TIERS = {
    "input": 0.55,
    "output": 2.19,
    "tiers": [{"input": 1, "output": 4, "tier": {"type": "context", "size": 200_000}}],
}
"""Fields that the lists have besides those that are read."""


def hub(names: Sequence[str]) -> Any:
    return [hub_model(f"deepseek-ai/{name}", NOON, **RICH) for name in names]


def router(names: Sequence[str]) -> Any:
    listed = [
        offer(f"deepseek/{name.lower()}", f"DeepSeek: {name}", "0.00000055", "0.00000219", **OFFER) for name in names
    ]
    return {"data": listed, "links": {"next": None}}


def repositories(names: Sequence[str]) -> Any:
    return [repository(name, NOON, **REPOSITORY) for name in reversed(names)]


def catalogue(names: Sequence[str]) -> Any:
    entries = [
        catalogued(name, "2025-01-27", 0.55, 2.19, cost=TIERS, weights=[{"url": "https://x.example"}]) for name in names
    ]
    models = {f"deepseek/{entry['id']}": {**entry, "license": "MIT"} for entry in entries}
    return {"models": models, "providers": {"deepseek": provider("deepseek", *entries)}}


def filings(names: Sequence[str]) -> Any:
    """As feedparser hands them on, beside the list of tickers."""
    listed = [
        {
            "title": f"8-K - {name} INC ({number:010d}) (Filer)",
            "link": f"https://www.sec.gov/Archives/edgar/data/{number}/1-index.htm",
            "summary": f"<b>Filed:</b> 2025-01-27 <b>AccNo:</b> 0000000001-25-{number:06d} <br>Item 2.02: Results",
            "id": f"urn:tag:sec.gov,2008:accession-number=0000000001-25-{number:06d}",
        }
        for number, name in enumerate(names, start=1)
    ]
    tickers = {str(n): {"cik_str": n, "ticker": name.upper(), "title": name} for n, name in enumerate(names, start=1)}
    return {"entries": listed[::-1], "tickers": tickers}


class Answers:
    """What the list says now, for JSON as for feeds."""

    body: Any = None

    async def __call__(self, url: str, etag: str) -> JsonAnswer:
        body = self.body["tickers"] if "company_tickers" in url else self.body
        if body is None:
            raise SourceError("the answer is empty; it is tried again later", status=200)
        return JsonAnswer(json.loads(json.dumps(body)), "", url)

    async def feed(self, url: str, etag: str) -> FeedAnswer:
        return FeedAnswer([FeedEntry(published_at=NOON, **entry) for entry in self.body["entries"]], "")


def places(place: str) -> Mapping[str, str]:
    return LABS.get(place, {})


KINDS: Mapping[str, tuple[Callable[[Answers], NewsSource], Callable[[Sequence[str]], Any]]] = {
    "huggingface-hub": (lambda answers: HuggingFace(answers, places), hub),
    "openrouter": (lambda answers: OpenRouter(answers, places), router),
    "github": (lambda answers: GitHub(answers, places), repositories),
    "models-dev": (lambda answers: ModelsDev(answers, places), catalogue),
    "sec-edgar": (
        lambda answers: Edgar(answers, answers.feed, lambda: {"ALPHA": "Alpha", "BETA": "Beta"}),
        filings,
    ),
}
ODD = st.sampled_from(
    [None, True, False, 0, -1, 1e308, 10**30, "", "x", "\ud800", "\u202e<b>", [], {}, [None], {"a": {}}, "y" * 10_000]
).map(copy.deepcopy)
"""What stands in place of a value."""


def spots(body: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a body."""
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    return (
        [at, *(found for key, value in inner for found in spots(value, (*at, key)))]
        if at
        else [found for key, value in inner for found in spots(value, (key,))]
    )


@st.composite
def changed(draw: st.DrawFn, body: Any) -> Any:
    """``body`` with up to eight changes."""
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 8))):
        ways = spots(body)
        if not ways:
            break
        way = draw(st.sampled_from(ways))
        holder = body
        for key in way[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["drop", "null", "retype", "rename", "add"])):
            case "drop":
                del holder[way[-1]]
            case "null":
                holder[way[-1]] = None
            case "retype":
                holder[way[-1]] = draw(ODD)
            case "rename" if isinstance(holder, dict):
                holder[f"{way[-1]}_v2"] = holder.pop(way[-1])
            case _ if isinstance(holder, dict):
                holder["brand_new"] = draw(ODD)
            case _:
                holder.insert(0, draw(ODD))
    return body


def strings(body: Any) -> Any:
    """Entries of a feed are text whatever was sent: that is the parser's work, which has tests of its own."""
    entries = body["entries"] if isinstance(body, dict) and isinstance(body.get("entries"), list) else []
    kept = [each for each in entries if isinstance(each, dict)]
    names = ("title", "link", "summary", "id")
    said = [{name: value if isinstance(value := each.get(name), str) else "" for name in names} for each in kept]
    return {"entries": said, "tickers": body.get("tickers") if isinstance(body, dict) else None}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_changes_it_is_an_answer_or_one_notice_and_the_next_good_one_is_read(
    kind: str, data: st.DataObject
) -> None:
    make, bodies = KINDS[kind]
    before, after = bodies(["Alpha"]), bodies(["Alpha", "Beta"])
    answers, bot, health, notices = Answers(), Bot(), Health(), []
    bot.source = make(answers)  # type: ignore[assignment]
    bot.restart()

    def poll(body: Any) -> SourceReport:
        answers.body = strings(body) if kind == "sec-edgar" else body
        bot.poll(after=timedelta(hours=2))
        if (notice := health.observe(bot.reports[-1])) is not None:
            notices.append(notice)
        return bot.reports[-1]

    poll(before)
    body = data.draw(changed(data.draw(st.sampled_from([before, after]))))
    assert all(len(poll(body).detail) < 1_000 for _ in range(6))
    assert len(notices) <= 1, "however often it comes"
    assert [poll(after) for _ in range(3)][-1].detail == ""
    assert bot.reports[-1].items > 0
    assert len(notices) in (0, 2), "and its end"
    assert all(len(state) <= STATE for state in bot.kept.values())
    titles = [story.title for story in bot.stories if not story.seeded or kind in ("github", "sec-edgar")]
    assert len(titles) == len(set(titles)), "nothing is told twice"
