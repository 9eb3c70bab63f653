"""What reads the answers of servers and the words of people: each takes them as bytes, and raises only where it found a
fault."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from bot.adapters.feeds import worker
from bot.adapters.feeds.date_text import read_date
from bot.adapters.feeds.parsed import from_message
from bot.adapters.feeds.text import SUMMARY_LIMIT, TITLE_LIMIT, plain_text
from bot.adapters.language_model import _content
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.models_dev import ModelsDev
from bot.adapters.news_sources.openrouter import OpenRouter
from bot.adapters.notifiers.telegram.keyboard import data as callback_data
from bot.adapters.notifiers.telegram.keyboard import read
from bot.adapters.prices.yahoo.articles import headline
from bot.adapters.prices.yahoo.client import pricing_data
from bot.adapters.prices.yahoo.doubt import BasisDoubt
from bot.adapters.prices.yahoo.frames import OddFrameError, read_frame
from bot.adapters.prices.yahoo.reading import basis_changes, chart_item, delay_of, exchange_date, read_quote, text
from bot.adapters.store.history.searching import search
from bot.app.run.news.company_news import as_feed
from bot.app.run.news.sources import STATE
from bot.cli.options import parse_speed, parse_when
from bot.core.cause.second_reader import LONGEST_WHO, MOST_MOVES, read_answer
from bot.core.errors import AftershockError, SourceError
from bot.core.messages.lead import LONGEST, checked
from bot.core.model import JsonAnswer, NewsPoll, Quote
from bot.core.ports import NewsSource
from bot.core.prices.admission import refusal
from bot.core.prices.streamed import Streamed
from bot.core.prices.windows import parse_duration, parse_since, parse_span
from bot.core.text.characters import CONTROL, HIDING, SURROGATE, has_invisible
from bot.core.text.links import absolute_link, canonical_url, domain, host_of, keys_in, link_fault, safe_link
from bot.core.waiting import retry_after
from bot.delivery.quiet_hours import parse_quiet_hours
from bot.render.outside import cell, command, json_line, json_text, line, shell
from tests.fuzz.files import Refused, folder
from tests.lead.summaries import SUMMARY
from tests.news.stories import story
from tests.news.test_hostile_text import read_in_every_way
from tests.prices.conftest import timetable
from tests.security.test_no_traceback import filled_history

NOW = datetime(2025, 1, 27, 15, tzinfo=UTC)


def words(body: bytes) -> str:
    """Any text, half surrogate pairs too."""
    return body.decode("utf-8", "surrogateescape")


def quiet(text: str) -> bool:
    """Whether text can do nothing to a terminal, and can be encoded."""
    return not any(kind.search(text) for kind in (CONTROL, HIDING, SURROGATE))


def feeds(body: bytes) -> None:
    """A feed's document."""
    for content_type in ("application/rss+xml", "text/html; charset=utf-7"):
        answer = worker.answer(body, content_type, "https://x.example/feed")
        answer = json.loads(json.dumps(answer, default=datetime.isoformat))
        if "feed" in answer:
            for entry in from_message(answer["feed"]).entries:
                assert quiet(entry.title + entry.summary + entry.link)
                assert len(entry.title) <= TITLE_LIMIT
                assert len(entry.summary) <= SUMMARY_LIMIT


def headlines(body: bytes) -> None:
    """A headline and a summary, on lines of their own, through everything that reads them."""
    title, _, summary = words(body).partition("\n")
    clean = plain_text(title, TITLE_LIMIT)
    assert quiet(clean)
    read_in_every_way(story(title, summary=summary, source="Fuzzed", link=safe_link(summary), id="f"))
    read_in_every_way(story(clean, summary=plain_text(summary, SUMMARY_LIMIT), source="Fuzzed", id="f"))


# -------------------------------------------------------------------------------------------------------------- Yahoo


def json_of(body: bytes) -> Any:
    """The JSON in ``body``, or an empty object where there is none: that is for the transport to refuse."""
    with suppress(ValueError, RecursionError):
        return json.loads(body)
    return {}


def yahoo_quotes(body: bytes) -> None:
    """One quote."""
    item = json_of(body)
    if not isinstance(item, dict):
        return
    quotes = read_quote(item, symbol="NVDA", now=NOW, timetable=timetable("XNAS"))
    for quote in quotes:
        assert isinstance(quote.price, float)
        assert quote.at.tzinfo is not None
        assert quote.previous_close is None or 0 < quote.previous_close < math.inf
        assert quote.volume is None or quote.volume > 0
        refusal(quote, now=NOW, last=None, session=timetable("XNAS").current(NOW))
    assert timedelta() <= delay_of(item) <= timedelta(hours=1)
    assert isinstance(text(item, "exchange", "currency", "longName"), str)
    days = {"NVDA": exchange_date(NOW, item)}
    doubt = BasisDoubt()
    doubt.undecided(quotes, days, NOW)
    doubt.settle(quotes, days, NOW)


def yahoo_news(body: bytes) -> None:
    """Articles about a company, to the entries of a feed."""
    articles = json_of(body)
    found = [headline(article) for article in (articles if isinstance(articles, list) else [articles])]
    told = [each for each in found if each is not None]
    document = as_feed(told, "https://finance.yahoo.com/quote/MU/news").encode("utf-8", "replace")
    answer = worker.answer(document, "application/rss+xml", "https://finance.yahoo.com/")
    if "feed" in answer:
        entries = from_message(json.loads(json.dumps(answer, default=datetime.isoformat))["feed"]).entries
        assert len(entries) <= len(told)
        assert all(quiet(entry.title + entry.summary + entry.link) for entry in entries)


def yahoo_charts(body: bytes) -> None:
    """A chart with its events."""
    result = json_of(body)
    if not isinstance(result, dict):
        return
    read_quote(chart_item(result), symbol="NVDA", now=NOW, timetable=timetable("XNAS"))
    close, changes = basis_changes(result, NOW.date())
    assert close is None or isinstance(close, float)
    assert all(change.ratio is None or 0 < change.ratio < math.inf for change in changes)
    BasisDoubt().learn("NVDA", NOW.date(), result, NOW)


@cache
def parse() -> Any:
    """Reads a ``PricingData``."""
    return pricing_data().FromString


def yahoo_stream(body: bytes) -> None:
    """A message of the stream, and the protobuf within one."""
    within = json.dumps({"type": "pricing", "message": base64.b64encode(body).decode()})
    for message in (body, words(body), within):
        trade = None
        with suppress(OddFrameError):
            trade = read_frame(message, parse())
        if trade is None:
            continue
        assert trade.at.tzinfo is not None
        streamed = Streamed(["NVDA"], lambda _: timetable("XNAS"), "stream")
        polled = Quote("NVDA", 124.8, NOW, NOW, previous_close=142.62, currency="USD", source="y")
        streamed.polled([polled], (), NOW)
        for name in ("NVDA", trade.symbol):
            streamed.take(name, trade.price, trade.at, trade.currency, NOW)
            streamed.take(name, trade.price, NOW + timedelta(seconds=1), trade.currency, NOW)
        for quote in streamed.take_quotes(NOW + timedelta(seconds=2)):
            assert 0 < quote.price < math.inf
            assert abs(quote.price / 124.8 - 1) <= 0.15


# ---------------------------------------------------------------------------------------------- models and catalogues


class Asked:
    """Answers each request with the next of these, and the last for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def __call__(self, url: str, etag: str) -> JsonAnswer:
        assert len(url) < 2000
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return JsonAnswer(answer, "", url)


LABS = {"deepseek-ai": "DeepSeek", "deepseek": "DeepSeek"}


def polls(source: NewsSource, state: str = "") -> None:
    """Three polls of a source."""

    async def several() -> None:
        memory = state
        for minute in range(3):
            now = NOW + timedelta(minutes=minute)
            with suppress(SourceError):
                polled: NewsPoll = await source.poll(memory, now - timedelta(minutes=1), now)
                memory = polled.state
                assert len(memory) < STATE
                for item in polled.items:
                    assert not has_invisible(item.title), item.title
                    assert len(item.title) < TITLE_LIMIT
                    assert len(item.summary) < SUMMARY_LIMIT
                    assert safe_link(item.link)
                    assert item.published_at is None or item.published_at <= now

    asyncio.run(several())


def huggingface(body: bytes) -> None:
    """The hub's list of models: known at first, new later, and as a remembered state."""
    found = json_of(body)
    polls(HuggingFace(Asked([], found, found), lambda place: LABS))
    polls(HuggingFace(Asked(found, []), lambda place: LABS), words(body))


def openrouter(body: bytes) -> None:
    """OpenRouter's list, likewise, and with a price that falls."""
    found = json_of(body)
    polls(OpenRouter(Asked({"data": []}, found, found), lambda place: LABS))
    dear = body.replace(b'"0.000', b'"0.001').replace(b'"0.00000', b'"0.0001')
    polls(OpenRouter(Asked(json_of(dear), found), lambda place: LABS), words(body))


def models_dev(body: bytes) -> None:
    """models.dev's catalogue: known at first, new later, and as a remembered state."""
    found = json_of(body)
    empty = {"providers": {"deepseek": {"models": {"v1": {"name": "V1"}}}}}
    polls(ModelsDev(Asked(empty, found, found), lambda place: LABS))
    polls(ModelsDev(Asked(found, empty), lambda place: LABS), words(body))


def completions(body: bytes) -> None:
    """A language model's answer, to its text; and the text as a lead and as a second reading."""
    told = story("Nvidia falls after DeepSeek unveils a cheap model", summary="Chips fall.", id="f")
    with suppress(SourceError):
        _read_by_model(_content(body), told)
    _read_by_model(words(body), told)


def _read_by_model(written: str, told: Any) -> None:
    lead = checked(written, SUMMARY)
    assert lead is None or len(lead) <= LONGEST
    moves = read_answer(written, told)
    for move in moves or ():
        assert move.who.casefold() in f"{told.title} {told.summary}".casefold()
        assert len(move.who) <= LONGEST_WHO
        assert 0 <= move.certainty <= 1
    assert moves is None or len(moves) <= MOST_MOVES


# --------------------------------------------------------------------------------------------------------- small words


def callbacks(body: bytes) -> None:
    """A button's data."""
    said = words(body)
    press = read(said)
    assert press is None or callback_data(press.button, press.incident) == said


def waits(body: bytes) -> None:
    """``Retry-After`` and ``Date``, on lines of their own."""
    later, _, date = words(body).partition("\n")
    for now in (NOW, None):
        wait = retry_after({"Retry-After": later, "Date": date}, now)
        assert wait is None or wait >= timedelta()


def times(body: bytes) -> None:
    """A time, a duration, a span, hours of quiet, a speed: as people and feeds write them."""
    said = words(body)
    with Refused():
        assert parse_when(said, NOW).tzinfo is not None
    with Refused():
        assert 0 < parse_speed(said) < math.inf
    for each in (parse_duration, parse_span, parse_since, parse_quiet_hours):
        with suppress(ValueError):
            str(each(said))
    at = read_date(said)
    assert at is None or at.tzinfo is not None


def addresses(body: bytes) -> None:
    """A link."""
    said = words(body)
    for link in (safe_link(said), absolute_link(said, "https://x.example/a"), absolute_link("b?c", said)):
        if link:
            assert link_fault(link) is None
            assert link.lower().startswith(("http://", "https://"))
            assert quiet(link)
    with suppress(ValueError):
        canonical_url(said)
    assert domain(said) in host_of(said)
    whole = re.sub(r"[\t\r\n]", "", said)  # which are no part of an address, wherever they stand
    assert all(key in whole for key in keys_in(said))


def shown(body: bytes) -> None:
    """Text for a terminal, a table, JSON and a command to copy."""
    said = words(body)
    for out in (line(said), cell(said), json_line({"a": said, said: [said]})):
        assert quiet(out)
    assert json.loads(json_text([said])) == [said]
    for copied in (command("feeds", "check", said), shell("chmod", "600", said)):
        assert "\n" not in copied


@cache
def history() -> Any:
    """A history to search."""
    filled_history(folder() / "searched.db")
    return folder() / "searched.db"


def searches(body: bytes) -> None:
    """What people search for."""
    with suppress(AftershockError):
        assert len(search(history(), words(body)[:2000])) < 50
