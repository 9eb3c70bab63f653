"""The SEC's feed of current filings as a news source: 8-Ks of watched companies, which are found by their CIK.

``GET https://www.sec.gov/cgi-bin/browse-edgar?action=getcurrent&type=8-K&owner=include&count=100&output=atom`` has the
newest filings of everybody, ``start=`` goes further back; ``/files/company_tickers.json`` the CIK of each ticker. The
SEC's fair access: at most ten requests a second, from however many machines, and a User-Agent with a name and an e-mail
address; without one it answers 403. So the source is off until ``contact`` is set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.adapters.news_sources.edgar.filings import Filing, read_filing, told
from bot.core.errors import SourceError
from bot.core.model import NewsItem, NewsPoll
from bot.core.news.source_answers import evidence_in_a_flood
from bot.core.ports import AskFeed, AskJson, NewsSource

SEC = "https://www.sec.gov"
COUNT = 100
"""Entries asked for at once, the most there are."""
PAGES = 3
KNOWN = 2_000
"""Filings remembered: those of some busy days."""
MANY = 40
"""More new filings of watched companies at once are not a day as others."""
CIKS_EVERY = timedelta(days=1)
CONTACT = re.compile(r"(?=[!-~][ -~]{4,99}$).*[^\s@]+@[^\s@]+\.[A-Za-z]{2,}")
"""A name and an e-mail address, in ASCII."""


class Edgar(NewsSource):
    """What watched companies file. ``companies`` are their names by symbol; ``base`` is for tests."""

    title = "SEC EDGAR"
    advice = (
        "look at https://www.sec.gov/about/webmaster-faq, or leave out sec-edgar under news_sources: in config.yaml"
    )
    interval = timedelta(minutes=1)
    stories_per_day = 300

    def __init__(
        self, ask: AskJson, read: AskFeed, companies: Callable[[], Mapping[str, str]], base: str = SEC
    ) -> None:
        self._ask, self._read, self._companies, self._base = ask, read, companies, base.rstrip("/")

    async def poll(self, state: str, since: datetime | None, now: datetime) -> NewsPoll:
        """What was filed since the last poll; at a first poll, what the newest page has."""
        memory = _remembered(state)
        note = await self._learn_ciks(memory, now)
        companies = self._companies()
        symbols = {cik: symbol for symbol, cik in memory["ciks"].items() if symbol in companies}
        known = dict.fromkeys(memory["seen"])
        items: list[NewsItem] = []
        read = 0
        for page in range(PAGES):
            filings, entries = await self._page(page)
            read += entries
            met = any(filing.key in known for filing in filings)
            new = {filing.key: filing for filing in filings if filing.key not in known}
            for filing in reversed(new.values()):
                known[filing.key] = None
                if filing.items and (symbol := symbols.get(filing.cik)):
                    items.append(told(filing, symbol, companies[symbol]))
            if met or entries < COUNT or not memory["seen"]:
                break
        memory["seen"] = list(known)[-KNOWN:]
        written = json.dumps(memory, separators=(",", ":"))
        return NewsPoll(evidence_in_a_flood(items, MANY), written, read, note)

    async def _page(self, number: int) -> tuple[Sequence[Filing], int]:
        """The filings of a page, newest first, and how many entries it has."""
        start = f"&start={number * COUNT}" if number else ""
        query = f"action=getcurrent&type=8-K&owner=include&count={COUNT}{start}&output=atom"
        answer = await self._read(f"{self._base}/cgi-bin/browse-edgar?{query}", "")
        entries = answer.entries or ()
        filings = [filing for filing in map(read_filing, entries) if filing is not None]
        if not number and entries and not filings:
            raise SourceError(
                "the feed of current filings has changed its shape: no entry is an 8-K with a CIK and a number",
                status=200,
            )
        return filings, len(entries)

    async def _learn_ciks(self, memory: dict[str, Any], now: datetime) -> str:
        """Bring the CIKs of watched companies up to date once a day, or when one is missing; what failed, in words."""
        wanted = set(self._companies())
        asked = memory["asked"]
        if asked and now - datetime.fromisoformat(asked) < CIKS_EVERY and wanted <= {*memory["ciks"], *memory["none"]}:
            return ""
        try:
            answer = await self._ask(f"{self._base}/files/company_tickers.json", "")
            found = _ciks(answer.data)
        except SourceError as error:
            if not memory["ciks"]:
                raise
            return f"the list of tickers is not up to date: {error}"
        memory["ciks"] = {symbol: found[symbol] for symbol in sorted(wanted & found.keys())}
        memory["none"] = sorted(wanted - found.keys())
        memory["asked"] = now.isoformat()
        return ""


def _ciks(data: Any) -> dict[str, int]:
    """CIKs by ticker, of ``{"0": {"cik_str": 320193, "ticker": "AAPL", "title": "Apple Inc."}, …}``."""
    entries = data.values() if isinstance(data, dict) else ()
    found: dict[str, int] = {}
    for entry in entries:
        ticker, cik = (entry.get("ticker"), entry.get("cik_str")) if isinstance(entry, dict) else (None, None)
        if isinstance(ticker, str) and isinstance(cik, int) and not isinstance(cik, bool) and 0 < cik < 10**10:
            found.setdefault(ticker.upper(), cik)
    if not found:
        raise SourceError("the list of tickers has changed its shape: no entry has a ticker and a cik_str", status=200)
    return found


def _remembered(state: str) -> dict[str, Any]:
    """What was known; nothing where the state cannot be read."""
    empty: dict[str, Any] = {"seen": [], "ciks": {}, "none": [], "asked": ""}
    try:
        stored = json.loads(state)
        good = all(type(stored[name]) is type(value) for name, value in empty.items())
        datetime.fromisoformat(stored["asked"])
    except (ValueError, TypeError, KeyError):
        return empty
    return {name: stored[name] for name in empty} if good else empty
