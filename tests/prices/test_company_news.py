"""Headlines about a company by unmodified yfinance, over the wire, from a server that answers as Yahoo does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds.parser import Parser
from bot.adapters.prices.yahoo import Yahoo
from bot.adapters.prices.yahoo.articles import headline
from bot.app.run.news.company_news import as_feed
from bot.core.errors import SourceError
from bot.core.model import Headline
from tests.prices.conftest import make, server  # noqa: F401  - fixtures
from tests.prices.test_quotes_over_the_wire import NOON
from tests.servers.yahoo import Fault, YahooServer


def article(title: str, **more: Any) -> dict[str, Any]:
    """As ``get_news`` hands it on."""
    content = {
        "title": title,
        "summary": "Chips fall.",
        "pubDate": "2025-01-27T14:30:00Z",
        "provider": {"displayName": "Barrons.com", "url": "https://www.barrons.com/"},
        "canonicalUrl": {"url": "https://finance.yahoo.com/news/a-1.html"},
        "clickThroughUrl": None,
    }
    return {"id": title, "content": content | more}


async def test_the_news_of_a_company_comes_with_publisher_and_time(
    server: YahooServer,  # noqa: F811
    make: Callable[..., Yahoo],  # noqa: F811
) -> None:
    server.articles["MU"] = [article("Micron sinks"), {"ad": [1], **article("Buy now")}, {"content": {}}]
    source = make()
    (found,) = await source.headlines("MU")
    assert found == Headline(
        "Micron sinks",
        "Micron sinks",
        "https://finance.yahoo.com/news/a-1.html",
        "Chips fall.",
        datetime(2025, 1, 27, 14, 30, tzinfo=UTC),
        "Barrons.com",
        "https://www.barrons.com/",
    )
    assert await source.headlines("NVDA") == []
    assert source.news is source


@pytest.mark.parametrize(
    "fault", [Fault.FORBIDDEN, Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.MALFORMED, Fault.EMPTY]
)
async def test_a_refusal_is_an_error_and_prices_go_on(
    server: YahooServer,  # noqa: F811
    make: Callable[..., Yahoo],  # noqa: F811
    fault: Fault,
) -> None:
    source = make()
    server.set_quote("NVDA", 124.8, NOON)
    server.fault("news", fault)
    with pytest.raises(SourceError):
        await source.headlines("MU")
    assert [quote.price for quote in (await source.quotes(["NVDA"], NOON)).quotes] == [124.8]


async def test_another_shape_is_an_error(server: YahooServer, make: Callable[..., Yahoo]) -> None:  # noqa: F811
    server.articles["MU"] = [{"title": "Micron sinks"}]
    with pytest.raises(SourceError, match="changed its shape"):
        await make().headlines("MU")


ODD = st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=2)


@given(
    st.dictionaries(st.sampled_from(["id", "content"]), ODD)
    | st.fixed_dictionaries(
        {"content": st.dictionaries(st.sampled_from(["title", "summary", "pubDate", "provider", "canonicalUrl"]), ODD)}
    )
    | ODD
)
def test_no_field_whatever_is_in_it_raises(odd: Any) -> None:
    found = headline(odd)
    assert found is None or found.title


async def test_odd_characters_make_no_other_document() -> None:
    parser = Parser()
    odd = Headline("1", "A <b>&amp; ]]> \x00\ud800 title", "https://a.example/?a=1&b='2'", publisher_link='"><item>')
    try:
        document = as_feed([odd, odd], "https://finance.yahoo.com/quote/MU/news").encode("utf-8", "replace")
        parsed = await parser.parse(document, "application/rss+xml", "https://finance.yahoo.com/")
    finally:
        await parser.close()
    assert len(parsed.entries) == 2
    assert parsed.entries[0].link == "https://a.example/?a=1&b='2'"
