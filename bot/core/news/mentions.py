"""Mentions: which companies, labs and models a story names, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.core.model import Field, Mention
from bot.core.news.lexicon import Hit

_ORDER = {Field.TITLE: 0, Field.SUMMARY: 1, Field.SOURCE: 2}
KINDS = frozenset({"company", "lab", "model"})

# How people and machines write tickers. Linear by construction: no nested repetition.
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Z]{1,5}(?:[.-][A-Z])?)(?![\w])")
_LISTED = re.compile(
    r"[(\[]\s*(?:symbol\s*:?\s*)?"
    r"(NASDAQ(?:GS|GM|CM)?|NYSE(?: ?(?:American|Arca|MKT))?|AMEX|LON|LSE|EPA|PAR|ETR|FRA|XETRA|AMS|TYO|TSE|"
    r"HKG|HKEX|SEHK|KRX|KOSPI|TPE|TWSE|SHA|SSE|SHE|SZSE|TSX|ASX|NSE|BSE|STO|CPH|HEL|BIT|BME|SWX)"
    r"\s*[:：]\s*([A-Z0-9]{1,6}(?:[.-][A-Z]{1,2})?)\s*[)\],;]",
    re.IGNORECASE,
)
_SUFFIX = {
    "LON": ".L", "LSE": ".L", "EPA": ".PA", "PAR": ".PA", "ETR": ".DE", "XETRA": ".DE", "FRA": ".DE", "AMS": ".AS",
    "TYO": ".T", "TSE": ".T", "HKG": ".HK", "HKEX": ".HK", "SEHK": ".HK", "KRX": ".KS", "KOSPI": ".KS",
    "TPE": ".TW", "TWSE": ".TW", "SHA": ".SS", "SSE": ".SS", "SHE": ".SZ", "SZSE": ".SZ", "TSX": ".TO", "ASX": ".AX",
    "NSE": ".NS", "BSE": ".BO", "STO": ".ST", "CPH": ".CO", "HEL": ".HE", "BIT": ".MI", "BME": ".MC", "SWX": ".SW",
}  # fmt: skip
"""Yahoo's suffix for each exchange by its abbreviation in stories; American ones have none."""


def tickers(text: str) -> list[tuple[str, str, int]]:
    """Tickers written as ``$NVDA`` or ``(NASDAQ: NVDA)``: Yahoo's symbol, the text, and its offset."""
    found: list[tuple[str, str, int]] = []
    if "$" in text:
        found += [(m[1].replace(".", "-"), m[0], m.start()) for m in _CASHTAG.finditer(text)]
    if "(" in text or "[" in text:
        found += [(_yahoo(m[1].upper(), m[2].upper()), m[0], m.start()) for m in _LISTED.finditer(text)]
    return found


def _yahoo(exchange: str, ticker: str) -> str:
    suffix = _SUFFIX.get(exchange, "")
    if suffix == ".HK":
        ticker = ticker.zfill(4)
    return ticker + suffix if suffix else ticker.replace(".", "-")


def mentions_of(hits: Iterable[Hit], texts: Iterable[tuple[Field, str]]) -> tuple[Mention, ...]:
    """The mentions among ``hits``, and the tickers in ``texts``, by part and position.

    A name within a longer one of the same kind is no mention of its own: ``Claude`` in ``Claude Opus 4``, ``Google``
    in ``Google Cloud``.
    """
    named = [hit for hit in hits if hit.term.kind in KINDS]
    if len(named) > 1:
        named.sort(key=lambda h: (_ORDER[h.where], h.start, -h.stop, h.name))
    found: dict[tuple[str, str, Field, int], Mention] = {}
    longest: dict[tuple[str, Field], tuple[int, int]] = {}
    for hit in named:
        key, span = (hit.term.kind, hit.where), (hit.start, hit.stop)
        outer = longest.get(key)
        if outer is not None and hit.stop <= outer[1] and span != outer:  # two listings of one company share a span
            continue
        longest[key] = span
        mention = Mention(hit.term.kind, hit.name, hit.text, hit.where, hit.start)
        found[(mention.kind, mention.name, mention.where, mention.start)] = mention
    for where, text in texts:
        for symbol, written, start in tickers(text):
            found.setdefault(("company", symbol, where, start), Mention("company", symbol, written, where, start))
    return tuple(sorted(found.values(), key=lambda m: (_ORDER[m.where], m.start, m.kind, m.name)))
