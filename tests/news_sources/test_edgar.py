"""EDGAR's feed of current filings as a news source, against a server that answers as it does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.edgar.source import CONTACT, COUNT, KNOWN, MANY, Edgar
from bot.app.run.news.sources import Requests, news_source
from bot.config.settings.model import NewsSourceSettings
from bot.core.errors import SourceError, UsageError
from bot.core.model import NewsItem, NewsPoll
from tests.news.stories import read
from tests.servers.catalogues import Catalogues, filing

NOW = datetime(2025, 1, 27, 21, 10, tzinfo=UTC)
CONTACTS = "Jane Doe jane@example.com"
COMPANIES: Mapping[str, str] = {"CHGG": "Chegg", "NVDA": "Nvidia", "SAP.DE": "SAP"}


class Feed:
    """The source over several polls, its state kept from one to the next."""

    def __init__(self, server: Catalogues, session: FeedSession, parser: Parser) -> None:
        self.server, self.now, self.state = server, NOW, ""
        self.requests = Requests(session, lambda: self.now, FetchLimits(), parser=parser, user_agent=CONTACTS)
        self.companies = dict(COMPANIES)
        self.restart()

    def restart(self) -> None:
        self.source = Edgar(self.requests, self.requests.feed, lambda: self.companies, self.server.url)

    async def poll(self, after: timedelta = timedelta(minutes=1)) -> NewsPoll:
        self.now += after
        self.requests.begin()
        polled = await self.source.poll(self.state, None, self.now)
        self.state = polled.state
        return polled

    async def titles(self) -> list[str]:
        return [item.title for item in (await self.poll()).items]

    def file(self, cik: int, *items: str, number: int = 0, **more: str) -> None:
        accession = f"0001193125-25-{number or 100_000 + len(self.server.filings):06d}"
        self.server.filings.insert(0, filing("CHEGG, INC", cik, accession, self.now, *items, **more))


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    parser = Parser()
    async with Catalogues() as server, FeedSession() as session:
        server.tickers = {"CHGG": 1364954, "NVDA": 1045810, "OTHER": 7}
        made = Feed(server, session, parser)
        made.file(7, "2.02")
        yield made
    await parser.close()


async def test_an_8k_of_a_watched_company_is_told_once_with_its_items(feed: Feed) -> None:
    assert await feed.titles() == []
    feed.file(1364954, "9.01", "5.02", "2.02")
    feed.file(7, "2.02")
    (item,) = (await feed.poll()).items
    assert item.title == "Chegg (CHGG) reports results to the SEC (form 8-K, item 2.02)"
    assert item.summary == (
        "Chegg filed form 8-K with the SEC: results of operations (item 2.02), "
        "a change of directors or officers (item 5.02)."
    )
    assert item.published_at == NOW + timedelta(minutes=1)
    assert item.link.startswith("https://www.sec.gov/Archives/edgar/data/1364954/")
    feed.restart()
    assert await feed.titles() == []
    assert feed.server.agents == {CONTACTS}


@pytest.mark.parametrize(
    ("item", "topic"), [("2.02", "earnings"), ("5.02", "deal"), ("1.01", "deal"), ("8.01", "filing")]
)
async def test_each_item_is_read_as_a_rival_of_that_company(feed: Feed, item: str, topic: str) -> None:
    await feed.poll()
    feed.file(1364954, item)
    (found,) = (await feed.poll()).items
    reading = read(found.title, summary=found.summary)
    assert max(reading.topics, key=lambda each: each.score).topic == topic
    assert max(each.score for each in reading.topics) >= 0.5
    assert "CHGG" in {mention.name for mention in reading.mentions if mention.kind == "company"}


async def test_other_items_forms_and_what_cannot_be_read_are_not_told(feed: Feed) -> None:
    await feed.poll()
    feed.file(1364954, "9.01", "7.01")
    feed.file(1364954, "2.02", form="8-K12B")
    feed.server.filings.insert(0, "<entry><title>8-K - no number (Filer)</title><id>x</id></entry>")
    feed.server.filings.insert(0, "<entry/>")
    assert await feed.titles() == []


@pytest.mark.parametrize("role", [" (Filer)", " (Subject)", " (Filed by)", " (Issuer)", ""])
async def test_whatever_the_company_s_part_in_a_filing_is_called_it_is_told_once(feed: Feed, role: str) -> None:
    await feed.poll()
    feed.file(1364954, "2.02", number=900_000)
    entry = feed.server.filings[0].replace(" (Filer)", role)
    feed.server.filings[:1] = [entry, entry.replace(role, " (Reporting)") if role else entry]
    assert len(await feed.titles()) == 1


async def test_after_a_pause_further_pages_are_read(feed: Feed) -> None:
    await feed.poll()
    feed.file(1364954, "2.02")
    for _ in range(COUNT + 20):
        feed.file(7, "2.02")
    assert await feed.titles() == ["Chegg (CHGG) reports results to the SEC (form 8-K, item 2.02)"]
    assert feed.requests.asked == 2
    assert await feed.titles() == []
    assert feed.requests.asked == 1


async def test_ciks_are_asked_for_once_a_day_and_when_one_is_missing(feed: Feed) -> None:
    for _ in range(3):
        await feed.poll()
    assert feed.server.count("/files/company_tickers.json") == 1
    feed.companies["OTHER"] = "Other"
    feed.file(7, "2.02")
    assert await feed.titles() == ["Other (OTHER) reports results to the SEC (form 8-K, item 2.02)"]
    await feed.poll(timedelta(days=2))
    assert feed.server.count("/files/company_tickers.json") == 3


async def test_without_the_list_of_tickers_the_known_ones_go_on(feed: Feed) -> None:
    feed.server.refuse["/files/company_tickers.json"] = (503, {})
    with pytest.raises(SourceError, match="503"):
        await feed.poll()
    feed.server.refuse.clear()
    await feed.poll()
    feed.server.refuse["/files/company_tickers.json"] = (503, {})
    feed.file(1364954, "2.02")
    polled = await feed.poll(timedelta(days=2))
    assert len(polled.items) == 1
    assert "the list of tickers is not up to date" in polled.note


async def test_without_a_contact_the_sec_refuses(feed: Feed) -> None:
    feed.requests.identify("aftershock")
    with pytest.raises(SourceError) as refused:
        await feed.poll()
    assert refused.value.status == 403


async def test_too_many_requests_say_how_long_to_wait(feed: Feed) -> None:
    await feed.poll()
    feed.server.refuse["/cgi-bin/browse-edgar"] = (429, {"Retry-After": "600"})
    with pytest.raises(SourceError) as refused:
        await feed.poll()
    assert refused.value.retry_after == timedelta(minutes=10)


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>Sign in</body></html>",
        "{}",
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Filings</title><id>1</id></entry></feed>',
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>8-K: CHEGG, INC</title><id>1</id></entry></feed>',
    ],
)
async def test_another_shape_is_a_failure_and_what_was_known_stays(feed: Feed, body: str) -> None:
    await feed.poll()
    before = feed.state
    feed.server.instead = body
    with pytest.raises(SourceError):
        await feed.source.poll(feed.state, None, feed.now)
    feed.server.instead = None
    feed.state = before
    feed.file(1364954, "2.02")
    assert len((await feed.poll()).items) == 1


async def test_of_a_flood_nothing_fires_a_rule_and_the_state_is_bounded(feed: Feed) -> None:
    await feed.poll()
    for _ in range(MANY + 1):
        feed.file(1364954, "2.02")
    items: list[NewsItem] = list((await feed.poll()).items)
    assert len(items) == MANY + 1
    assert all(item.evidence_only for item in items)
    for number in range(10_000):
        feed.file(1364954, "2.02", number=200_000 + number)
    polled = await feed.poll()
    assert len(polled.items) <= 3 * COUNT
    assert len(polled.state) < 40 * KNOWN


@pytest.mark.parametrize("state", ["", "x", "[]", "{}", '{"seen":1,"ciks":2,"none":3,"asked":4}'])
async def test_any_state_is_met(feed: Feed, state: str) -> None:
    feed.state = state
    assert (await feed.poll()).seen == 1


@pytest.mark.parametrize(
    ("contact", "good"),
    [
        *(("Jane Doe jane@example.com", True), ("jane@example.co.uk", True)),
        *(("", False), ("Jane", False), ("jane@", False), ("Jane\r\nX: y jane@example.com", False), ("é@x.com", False)),
        ("x" * 200 + "@example.com", False),
    ],
)
def test_a_contact(contact: str, good: bool) -> None:
    assert (CONTACT.fullmatch(contact) is not None) is good


def test_a_wrong_contact_is_said_in_one_line(tmp_path: Path) -> None:
    project: Any = SimpleNamespace(folder=tmp_path, settings=SimpleNamespace(symbols=()), companies={})
    requests: Any = Requests(session=SimpleNamespace(), now=lambda: NOW, limits=FetchLimits())  # type: ignore[arg-type]
    for options in ({}, {"contact": 5}, {"contact": "me"}, {"contact": CONTACTS, "other": 1}):
        with pytest.raises(UsageError) as wrong:
            news_source(NewsSourceSettings(type="sec-edgar", options=options), project, lambda: project, requests)
        assert re.search(r"contact|no option", str(wrong.value))
