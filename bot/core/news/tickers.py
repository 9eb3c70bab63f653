"""Tickers in stories: ``$NVDA``, ``(NASDAQ: NVDA, AMD)``, ``NVDA, AMD and AVGO``, ``CHGG sinks``.

With a cashtag or an exchange any ticker is one, described or not. In bare capitals only a known symbol is, and only
where the sentence makes it one; ordinary words and abbreviations (``NOW``, ``AI``) need more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.core.model import Field
from bot.core.news.companies import Companies
from bot.core.news.lexicon import Hit, Term, compile_beside
from bot.core.news.text import COMMON, Folded, fold

_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,5}(?:[.-][A-Za-z])?)(?![\w$])")
_MONEY = frozenset("BKMT")
"""``($M)`` and ``in $B`` are sums."""
_EXCHANGE = (
    r"NASDAQ(?:GS|GM|CM)?|NYSE(?: ?(?:American|Arca|MKT))?|AMEX|LON|LSE|EPA|PAR|ETR|FRA|XETRA|AMS|TYO|TSE|"
    r"HKG|HKEX|SEHK|KRX|KOSPI|TPE|TWSE|SHA|SSE|SHE|SZSE|TSX|ASX|NSE|BSE|STO|CPH|HEL|BIT|BME|SWX"
)
_LISTED = re.compile(
    rf"(?:[(\[（][^()\[\]（）]{{0,80}}?\b(?P<inside>(?i:{_EXCHANGE}))|(?<!\w)(?P<outside>NASDAQ|NYSE|AMEX))"
    r"\s{0,2}[:：]\s{0,2}(?=[A-Za-z0-9])"
)
_LISTED_TICKER = re.compile(r"(?:[A-Z0-9]{1,6}|[a-z]{1,5}(?=\s?[)\]）]))(?:[.-][A-Z]{1,2})?(?!\w|\s{0,2}[:：])")
_LISTED_GAP = re.compile(
    rf"\s?[,;/、，&]\s?(?:and )?(?:(?P<exchange>(?i:{_EXCHANGE}))\s{{0,2}}[:：]\s{{0,2}})?|\s(?:and|&)\s"
)
_SUFFIX = {
    "LON": ".L", "LSE": ".L", "EPA": ".PA", "PAR": ".PA", "ETR": ".DE", "XETRA": ".DE", "FRA": ".DE", "AMS": ".AS",
    "TYO": ".T", "TSE": ".T", "HKG": ".HK", "HKEX": ".HK", "SEHK": ".HK", "KRX": ".KS", "KOSPI": ".KS",
    "TPE": ".TW", "TWSE": ".TW", "SHA": ".SS", "SSE": ".SS", "SHE": ".SZ", "SZSE": ".SZ", "TSX": ".TO", "ASX": ".AX",
    "NSE": ".NS", "BSE": ".BO", "STO": ".ST", "CPH": ".CO", "HEL": ".HE", "BIT": ".MI", "BME": ".MC", "SWX": ".SW",
}  # fmt: skip
"""Yahoo's suffix for each exchange by its abbreviation in stories; American ones have none."""

_LETTERS = "A-Za-z0-9À-ÿ"
_CAPITALS = re.compile(rf"(?<![{_LETTERS}$.&'’_-])[A-Z]{{1,5}}(?:[.-][A-Z])?(?![{_LETTERS}_-]|[&.][A-Za-z0-9])")
"""A word in capitals. ``AT&T``, ``S&P``, ``AI-powered`` and ``U.S.`` are none."""
_UPPER = re.compile(r"[A-Z]{2,5}")
_BARE = re.compile(r"[A-Z]{1,5}(?:-[A-Z])?")
_LIST_GAP = re.compile(r"\s{0,2}[,;/、]\s{0,2}(?:and |or |& ?)?|\s(?:and|or|&|vs\.?|versus)\s")
_WORD = re.compile(r"[A-Za-z]{2,}")
_NEXT_WORD = re.compile(r"\W{0,3}([A-Za-z]*)")
_COLON = re.compile(r"\s?[:：]\s?[A-Z0-9]")
_POSSESSIVE = re.compile(r"['’]s\b")
_LAST_WORDS = re.compile(r"[\w'’]+")
_BEFORE = 90
"""Characters before a bracket searched for the words that it may abbreviate."""


@dataclass(frozen=True, slots=True)
class _Capitals:
    """A word in capitals that may be a ticker."""

    start: int
    stop: int
    symbol: str
    """The known symbol it writes; empty where there is none."""


class TickerReader:
    """Finds the tickers of known companies, and of any company where an exchange or a cashtag says so."""

    def __init__(self, companies: Companies, features: int) -> None:
        """``features``: the bits of a story with a company."""
        self._features = features
        words = companies.tickers
        self._words = {word.upper() for word in (*words.words, *COMMON)}
        self._beside = compile_beside(words.followed_by, words.preceded_by, required=True)
        known = [company for company in companies if _BARE.fullmatch(company.symbol)]
        self._terms = {company.symbol: self._term(company.symbol) for company in known}
        self._telling = {s.partition("-")[0] for s in self._terms if not self._ordinary(s)}
        """What a text must have one of for a bare ticker to be in it: a quick first look, for most texts have none."""
        self._names = {c.symbol for c in known if any(fold(name.text) == c.symbol.lower() for name in c.names)}
        """Symbols that are their company's name too (``AMD``, ``SNAP``): as names they are found, with the conditions
        the name has."""

    def hits(self, text: Folded, where: Field) -> list[Hit]:
        """Every ticker in ``text``."""
        written = text.text
        found: dict[int, Hit] = {}
        if "$" in written:
            for symbol, start, stop in self._cashtags(text):
                found[start] = self._hit(text, where, symbol, start, stop)
        if ":" in written or "：" in written:
            for symbol, start, stop in _listed(written):
                found[start] = self._hit(text, where, symbol, start, stop)
        if not self._telling.isdisjoint(_UPPER.findall(written)):
            capitals = [
                _Capitals(m.start(), m.end(), symbol if symbol in self._terms else "")
                for m in _CAPITALS.finditer(written)
                if not (m[0] in _SUFFIX and _COLON.match(written, m.end()))
                for symbol in (m[0].replace(".", "-"),)
            ]
            if not _shouted(written, capitals):
                for word in self._bare(text, where, capitals):
                    found.setdefault(word.start, self._hit(text, where, word.symbol, word.start, word.stop))
        return list(found.values())

    def _term(self, symbol: str) -> Term:
        return Term("company", symbol, self._features, len(symbol), left=True, right=True)

    def _hit(self, text: Folded, where: Field, symbol: str, start: int, stop: int) -> Hit:
        term = self._terms.get(symbol) or self._term(symbol)
        return Hit(term, where, start, stop, text.text[start:stop], symbol)

    def _ordinary(self, symbol: str) -> bool:
        """Whether in capitals it is a word or an abbreviation first."""
        return len(symbol) == 1 or symbol in self._words

    def _cashtags(self, text: Folded) -> Iterator[tuple[str, int, int]]:
        """Symbol and place of each ``$NVDA``. In small letters a variable of a program looks the same: there it must be
        known, and a word must have a market's word beside it."""
        for match in _CASHTAG.finditer(text.text):
            ticker = match[1].replace(".", "-")
            symbol = ticker.upper()
            sure = symbol not in _MONEY if ticker == symbol else symbol in self._terms and not self._ordinary(symbol)
            if sure or (symbol in self._terms and self._moves(text, match.start(), match.end())):
                yield symbol, match.start(), match.end()

    def _moves(self, text: Folded, start: int, stop: int) -> bool:
        """Whether the words next to it are a market's, and not themselves shouted."""
        following = _NEXT_WORD.match(text.text, stop)
        if following is not None and len(following[1]) > 1 and following[1].isupper():
            return False
        return self._beside is not None and self._beside.holds(text.lowered, start, stop)

    def _bare(self, text: Folded, where: Field, capitals: list[_Capitals]) -> Iterator[_Capitals]:
        """The words in capitals that are tickers."""
        for run in _runs(text.text, capitals):
            known = [word for word in run if word.symbol and not self._ordinary(word.symbol)]
            only_tickers = sum(word.symbol not in self._names for word in known)
            if len(known) > 1 and only_tickers:
                yield from known
                if only_tickers > 1:
                    yield from (word for word in run if word.symbol not in self._names and _within_commas(text, word))
            else:
                yield from (word for word in known if self._one(text, where, word))

    def _one(self, text: Folded, where: Field, word: _Capitals) -> bool:
        """Whether a known symbol that is no ordinary word is a ticker here, by itself."""
        written, start, stop = text.text, word.start, word.stop
        if start and written[start - 1] in "(（[":
            return written[stop : stop + 1] in (")", "）", "]") and not _abbreviates(written, word)
        if word.symbol in self._names:
            return False
        if where is Field.TITLE and not start and written[stop : stop + 1] == ":":
            return True
        if _POSSESSIVE.match(written, stop) and len(word.symbol) > 2:
            return True
        return self._moves(text, start, stop)


def _listed(text: str) -> Iterator[tuple[str, int, int]]:
    """Yahoo's symbol and the place of each ticker after an exchange: ``(NASDAQ: NVDA, AMD; NYSE: TSM)``."""
    for match in _LISTED.finditer(text):
        exchange, at = match["inside"] or match["outside"], match.end()
        while (ticker := _LISTED_TICKER.match(text, at)) is not None:
            yield _yahoo(exchange.upper(), ticker[0].upper()), ticker.start(), ticker.end()
            gap = _LISTED_GAP.match(text, ticker.end())
            if gap is None or match["inside"] is None:
                break
            exchange, at = gap["exchange"] or exchange, gap.end()


def _yahoo(exchange: str, ticker: str) -> str:
    suffix = _SUFFIX.get(exchange, "")
    if suffix == ".HK":
        ticker = ticker.zfill(4)
    return ticker + suffix if suffix else ticker.replace(".", "-")


def _runs(text: str, capitals: list[_Capitals]) -> Iterator[list[_Capitals]]:
    """The words in capitals, those of one list together; none where there are none."""
    if not capitals:
        return
    run = capitals[:1]
    for before, word in pairwise(capitals):
        if not _LIST_GAP.fullmatch(text, before.stop, word.start):
            yield run
            run = []
        run.append(word)
    yield run


def _within_commas(text: Folded, word: _Capitals) -> bool:
    """Whether a word of a list stands in it as the others do: ``TSLA, NOW, ANET``, not ``TSLA, AMD and AI stocks``."""
    if not word.symbol:
        return False
    before, after = text.text[: word.start].rstrip(), text.text[word.stop :].lstrip()
    return after[:1] in {",", ";", "、"} or (before[-1:] in {",", ";", "、"} and after[:1] in {"", ")", "]", ".", ":"})


def _abbreviates(text: str, word: _Capitals) -> bool:
    """Whether the words before a bracket have its letters for initials: ``small modular reactors (SMR)``, ``Age-Related
    Macular Degeneration (AMD)``. Chinese has none, so there it is taken for an abbreviation."""
    before = _LAST_WORDS.findall(text[max(0, word.start - _BEFORE) : word.start])[-len(word.symbol) - 2 :]
    if not before or before[-1][-1] >= "\u2e80":
        return True
    initials = iter("".join(w[0] for w in before).upper()[::-1])
    return before[-1][0].upper() == word.symbol[-1] and all(letter in initials for letter in reversed(word.symbol))


def _shouted(text: str, capitals: list[_Capitals]) -> bool:
    """Whether the text is written in capitals, its tickers aside."""
    tickers = {word.start for word in capitals if word.symbol}
    words = [m[0] for m in _WORD.finditer(text) if m.start() not in tickers]
    return 2 * sum(map(str.isupper, words)) > len(words)
