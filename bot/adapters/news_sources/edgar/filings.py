"""Current reports (form 8-K) as EDGAR's feed of current filings has them, and how each is told.

Each entry of the Atom feed has a ``title`` (``8-K - CHEGG, INC (0001364954) (Filer)``), a ``link`` to the filing's
index below ``/Archives/edgar/data/``, an ``id`` with the accession number (``urn:…:accession-number=…``),
``updated`` (when EDGAR accepted it, in New York's time with its offset) and a ``summary`` in HTML that lists the items:
``Item 2.02: Results of Operations and Financial Condition``. What several companies file together is an entry for each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from bot.core.model import FeedEntry, NewsItem

_TITLE = re.compile(r"8-K(?:/A)? - .{1,200} \(0*([0-9]{1,10})\)(?: \([A-Za-z ]{1,30}\))?")
_ACCESSION = re.compile(r"accession-number=([0-9]{10}-[0-9]{2}-[0-9]{6})")
_ITEM = re.compile(r"Item ([1-9]\.[0-9]{2})\b")

ITEMS = {
    "2.02": ("reports results to the SEC", "results of operations"),
    "5.02": ("announces a change of directors or officers", "a change of directors or officers"),
    "1.01": ("enters into a material agreement", "a material agreement"),
    "8.01": ("tells the SEC of another event", "another event"),
}
"""The items of an 8-K that are told, the weightiest first: as a headline, and as a fact."""


@dataclass(frozen=True, slots=True)
class Filing:
    """An 8-K that one company filed."""

    accession: str
    cik: int
    items: tuple[str, ...]
    """Those of ``ITEMS``, in that order."""
    at: datetime | None
    link: str

    @property
    def key(self) -> str:
        """Identifies it for ever; what is filed together has a key for each company."""
        return f"{self.accession}:{self.cik}"


def read_filing(entry: FeedEntry) -> Filing | None:
    """The filing of an entry; ``None`` for another form, or what cannot be read."""
    title, accession = _TITLE.fullmatch(entry.title), _ACCESSION.search(entry.id)
    if title is None or accession is None:
        return None
    named = set(_ITEM.findall(entry.summary))
    items = tuple(item for item in ITEMS if item in named)
    return Filing(accession[1], int(title[1]), items, entry.published_at, entry.link)


def told(filing: Filing, symbol: str, company: str) -> NewsItem:
    """The filing in words. Its company is named as the vocabulary knows it."""
    first = filing.items[0]
    facts = ", ".join(f"{ITEMS[item][1]} (item {item})" for item in filing.items)
    return NewsItem(
        key=filing.key,
        title=f"{company} ({symbol}) {ITEMS[first][0]} (form 8-K, item {first})",
        published_at=filing.at,
        summary=f"{company} filed form 8-K with the SEC: {facts}.",
        link=filing.link,
    )
