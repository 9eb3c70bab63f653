"""Which requests to send to Yahoo, and what to do when one fails.

One quote request per 200 symbols and poll. If that fails other than by rate limiting, the symbols' charts are read
instead, at most once a minute, and the poll's ``note`` says so.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from bot.adapters.prices.yahoo.articles import headline
from bot.adapters.prices.yahoo.client import Daily, EarningsRow, RateLimitedError, YahooClient
from bot.adapters.prices.yahoo.doubt import BasisDoubt
from bot.adapters.prices.yahoo.reading import (
    CHART,
    QUOTES,
    Item,
    chart_item,
    delay_of,
    dividend_ratio,
    exchange_date,
    read_quote,
    text,
)
from bot.adapters.prices.yahoo.stream import YahooStream
from bot.adapters.prices.yahoo.workers import Workers
from bot.core.errors import SourceError, UsageError
from bot.core.model import (
    Absence,
    DailyBar,
    EarningsDate,
    Headline,
    HistoryPoll,
    Missing,
    Phase,
    PricePoll,
    Quote,
    QuoteKind,
    ReportTime,
    Split,
)
from bot.core.ports import PriceSource
from bot.core.prices.earnings import ONE_REPORT
from bot.core.prices.exchanges import Listing, exchange_of
from bot.core.prices.sessions import Timetable

BATCH = 200
"""Symbols per quote request, Yahoo's maximum."""
SLACK = timedelta(days=10)
"""Extra days requested before the first bar: a range without a single bar looks like an unknown symbol."""
HOPELESS = 6
"""After this many failures without a success, the remaining symbols are skipped."""

TIMINGS = {"BMO": ReportTime.BEFORE, "AMC": ReportTime.AFTER}
"""The calendar's codes for the time of day; otherwise the time itself decides."""

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Each(Generic[T]):
    """What calls for several symbols brought."""

    read: dict[str, T]
    missing: dict[str, Missing]
    error: SourceError | None
    """A 429 if there was one, or else the first error."""


@dataclass(frozen=True, slots=True)
class _FromCharts:
    """What the charts of symbols without a quote brought."""

    items: Sequence[Item]
    missing: Mapping[str, Missing]
    note: str


class Yahoo(PriceSource):
    """Prices, history and earnings dates from Yahoo Finance. Belongs to one event loop.

    ``timetable`` returns the sessions of an exchange (ISO 10383 code); if it raises UsageError, official closes are not
    recognised and the current day counts as unfinished. ``exchanges`` overrides the exchange Yahoo states for a symbol.
    ``cache`` is a folder for yfinance's files (cookie, time zones), by default its own in the user's cache. ``batch``
    is the number of symbols per request. ``monotonic`` measures the waits Yahoo asks for, in seconds.
    """

    title = "Yahoo"
    advice = "check the network; Yahoo may be rate-limiting"

    def __init__(
        self,
        timetable: Callable[[str], Timetable],
        *,
        exchanges: Mapping[str, str] | None = None,
        cache: Path | None = None,
        request_timeout: timedelta = timedelta(seconds=10),
        call_timeout: timedelta = timedelta(seconds=25),
        threads: int = 4,
        settle_for: timedelta = timedelta(minutes=20),
        charts_interval: timedelta = timedelta(seconds=60),
        batch: int = BATCH,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._timetable = timetable
        self._exchanges = dict(exchanges or {})
        self.delays: dict[str, timedelta] = {}
        self._client = YahooClient(cache, request_timeout, call_timeout, monotonic)
        self._quick = Workers(2, "yahoo-quotes")
        self._slow = Workers(threads, "yahoo-history")
        self._batch = min(batch, BATCH)
        self._settle_for = settle_for
        self._charts_interval = charts_interval
        self._charts_at: datetime | None = None
        self._answered: set[str] = set()
        self._told: dict[str, frozenset[tuple[QuoteKind, datetime, float]]] = {}
        """By symbol the prices before its latest that the last poll told: each is told once."""
        self._doubt = BasisDoubt()
        self.calendar = self
        self.news = self
        self.stream = YahooStream()

    def close(self) -> None:
        """Stop the threads, without waiting for requests in progress."""
        self._quick.stop()
        self._slow.stop()

    # -------------------------------------------------------------------------------------------------------- quotes

    async def quotes(self, symbols: Sequence[str], now: datetime) -> PricePoll:
        """The latest quote of each symbol Yahoo knows, pre- and post-market included; ``seen_at`` is ``now``.

        In post-market trading a symbol has two quotes: first the official close (``QuoteKind.CLOSE``), once, then the
        latest trade; at night the last post-market trade between them, once. ``source`` is ``yahoo`` or ``yahoo
        charts``.

        Raises SourceError if nothing could be read, after a 429 always with ``retry_after``.
        """
        wanted = list(dict.fromkeys(symbols))
        if not wanted:
            return PricePoll(())
        items, missing, errors = await self._items(wanted)
        failed = [symbol for symbol in wanted if symbol in missing]
        quotes = self._read(items, wanted, now, QUOTES)
        missing |= self._without_quote(wanted, items, {q.symbol for q in quotes} | set(missing))
        self._answered.update(q.symbol for q in quotes)
        limited = _limit(errors)
        note = ""
        if limited is not None:
            if not items:
                raise limited
            note = f"{limited}; {len(failed)} of {len(wanted)} symbols skipped"
        elif errors:
            charts = await self._from_charts(failed, now, errors[0], give_up=not items)
            from_charts = self._read(charts.items, wanted, now, CHART)
            quotes += from_charts
            items += charts.items
            missing = {
                s: m for s, m in {**missing, **charts.missing}.items() if s not in {q.symbol for q in from_charts}
            }
            note = charts.note
        checked = await self._on_one_basis(quotes, {text(i, "symbol").upper(): i for i in items}, now)
        return PricePoll(
            checked.quotes,
            {**missing, **checked.missing},
            checked.splits,
            limited.retry_after if limited is not None else None,
            "; ".join(filter(None, (note, checked.note))),
        )

    async def _items(self, wanted: Sequence[str]) -> tuple[list[Item], dict[str, Missing], list[SourceError]]:
        """Yahoo's quotes, the symbols of failed requests, and their errors."""
        batches = self._batches(wanted)
        answers = await asyncio.gather(
            *(self._quick.run(partial(self._client.quotes, batch)) for batch in batches), return_exceptions=True
        )
        items: list[Item] = []
        missing: dict[str, Missing] = {}
        errors: list[SourceError] = []
        for batch, answer in zip(batches, answers, strict=True):
            if isinstance(answer, SourceError):
                missing |= dict.fromkeys(batch, _missing(answer, Absence.NOT_ANSWERED))
                errors.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                items += answer
        if not items and not errors and not self._answered.isdisjoint(wanted):
            errors = [SourceError("Yahoo returned no quotes", status=200)]
            missing = dict.fromkeys(wanted, _missing(errors[0], Absence.NOT_ANSWERED))
        return items, missing, errors

    def _without_quote(
        self, wanted: Sequence[str], items: Sequence[Item], known: Collection[str]
    ) -> dict[str, Missing]:
        """Of symbols in answered requests, those without a quote: left out though Yahoo knows them, or unknown."""
        named = {text(item, "symbol").upper() for item in items}
        missing: dict[str, Missing] = {}
        for symbol in wanted:
            if symbol in known:
                continue
            if symbol.upper() in named:
                missing[symbol] = Missing(Absence.NOT_ANSWERED, "Yahoo's quote has no price or no time")
            elif symbol in self._answered:
                missing[symbol] = Missing(Absence.NOT_ANSWERED, "Yahoo left it out, though it has quoted it before")
            else:
                missing[symbol] = Missing(Absence.UNKNOWN, "Yahoo does not know this symbol; check how it is written")
        return missing

    async def describe(self, symbols: Sequence[str]) -> dict[str, Listing]:
        """Name, exchange and currency of the symbols Yahoo knows. Raises SourceError if nothing could be read."""
        listings: dict[str, Listing] = {}
        for batch in self._batches(symbols):
            items = {text(i, "symbol").upper(): i for i in await self._quick.run(partial(self._client.quotes, batch))}
            for symbol in batch:
                item = items.get(symbol.upper())
                if item is not None:
                    name = text(item, "longName", "shortName") or symbol
                    listings[symbol] = Listing(symbol, name, self._exchange(symbol, item), text(item, "currency"))
        return listings

    def _read(self, items: Sequence[Item], wanted: Sequence[str], now: datetime, source: str) -> list[Quote]:
        by_name = {symbol.upper(): symbol for symbol in wanted}
        quotes: list[Quote] = []
        for item in items:
            symbol = by_name.get(text(item, "symbol").upper())
            if symbol is None:
                continue
            exchange = self._exchange(symbol, item)
            if exchange and (lag := delay_of(item)):
                self.delays[exchange] = lag
            table = self._table(exchange)
            read = read_quote(item, symbol=symbol, now=now, timetable=table, source=source)
            if len(read) > 1:
                told = self._told.get(symbol, frozenset())
                earlier = {q: (q.kind, q.at, q.price) for q in read[:-1]}
                read = (*(q for q, key in earlier.items() if key not in told), read[-1])
                self._told[symbol] = frozenset(earlier.values())
            quotes += read
        return quotes

    async def _from_charts(
        self, symbols: Sequence[str], now: datetime, why: SourceError, *, give_up: bool
    ) -> _FromCharts:
        """Quotes from the symbols' charts, at most once a minute. ``give_up``: raise if there are none.

        That limit is the charts' own: the error has no ``retry_after`` for it, so that quotes, which may be back any
        moment, are requested as often as ever.
        """
        next_at = self._charts_at + self._charts_interval if self._charts_at is not None else now
        if now < next_at:
            note = f"{why}; charts are read at most every {self._charts_interval.total_seconds():.0f} s"
            if give_up:
                raise SourceError(note, status=why.status, obstacle=why.obstacle) from why
            return _FromCharts([], {}, note)
        self._charts_at = now
        ask = partial(self._client.chart, range="1d", interval="1m", includePrePost="true")
        charts = await self._each(symbols, ask)
        if not charts.read and give_up:
            if isinstance(charts.error, RateLimitedError):
                raise SourceError(f"{why}; {charts.error}", retry_after=why.retry_after, status=429) from charts.error
            status = why.status or (charts.error.status if charts.error is not None else None)
            alike = why.obstacle is not None and charts.error is not None and charts.error.obstacle is why.obstacle
            message = str(why) if alike else f"{why}; charts fail too: {charts.error}"
            raise SourceError(message, retry_after=why.retry_after, status=status, obstacle=why.obstacle) from why
        note = f"{why}; prices of {len(charts.read)} of {len(symbols)} symbols are from charts"
        log.warning("%s", note)
        items = [{**chart_item(chart), "symbol": symbol} for symbol, chart in charts.read.items()]
        return _FromCharts(items, charts.missing, note)

    async def _on_one_basis(self, quotes: list[Quote], items: Mapping[str, Item], now: datetime) -> PricePoll:
        """The quotes, each with a previous close on its own basis; undecided ones are held back."""
        day_of = {q: self._session_day(q, items.get(q.symbol.upper(), {})) for q in quotes}
        days = {q.symbol: day for q, day in day_of.items()}
        over = [q for q in quotes if day_of[q] != days[q.symbol]]
        quotes = [q for q in quotes if day_of[q] == days[q.symbol]]
        charts = await self._each(
            self._doubt.undecided(quotes, days, now),
            partial(self._client.chart, range="1mo", interval="1d", events="div,splits"),
        )
        splits: list[Split] = []
        for symbol, chart in charts.read.items():
            found = self._doubt.learn(symbol, days[symbol], chart, now)
            splits += found
            for split in found:
                log.info("%s: %s; prices before %s are restated", symbol, split.words, split.session)
        released, held = self._doubt.settle(quotes, days, now)
        released = [*over, *released]
        if not held:
            return PricePoll(released, splits=splits)
        for symbol in held:
            self._told.pop(symbol, None)
        note = f"possible split, held back until checked against a chart: {', '.join(held)} ({charts.error})"
        log.warning("%s", note)
        detail = f"possible split; its chart could not be read ({charts.error})"
        return PricePoll(released, dict.fromkeys(held, Missing(Absence.HELD_BACK, detail)), splits, note=note)

    # ------------------------------------------------------------------------------------------------------- history

    async def history(self, symbols: Sequence[str], first: date, now: datetime) -> HistoryPoll:
        """Finished daily bars and splits since ``first``, by symbol and session; ``seen_at`` is ``now``.

        Prices are adjusted for splits but not for dividends. A bar is finished ``settle_for`` after the regular close,
        which covers closing auctions and delayed exchanges. Splits include those of the current session, and large
        dividends. Raises SourceError if nothing could be read.
        """
        wanted = list(dict.fromkeys(symbols))
        ask = partial(self._client.daily, first=first - SLACK, until=now.date() + timedelta(days=2))
        found = await self._each(wanted, ask)
        if wanted and not found.read:
            raise found.error or SourceError("Yahoo returned no history")
        note = ""
        if found.error is not None:
            note = f"no history of {len(found.missing)} of {len(wanted)} symbols ({found.error})"
            log.warning("%s", note)
        bars: list[DailyBar] = []
        splits: list[Split] = []
        for symbol, daily in found.read.items():
            bars += self._bars(symbol, daily, first, now)
            splits += [Split(symbol, day, ratio, now) for day, ratio in daily.splits if day >= first]
            splits += _large_dividends(symbol, daily, first, now)
        limited = found.error.retry_after if isinstance(found.error, RateLimitedError) else None
        return HistoryPoll(bars, splits, found.missing, limited, note)

    def _bars(self, symbol: str, daily: Daily, first: date, now: datetime) -> list[DailyBar]:
        table = self._table(self._exchange(symbol, {"exchange": daily.exchange}))
        return [
            DailyBar(
                symbol=symbol,
                session=row.day,
                close=row.close,
                seen_at=now,
                open=_sound(row.open),
                high=_sound(row.high),
                low=_sound(row.low),
                volume=row.volume,
                source=QUOTES,
            )
            for row in daily.rows
            if row.day >= first and row.close is not None and row.close > 0 and self._finished(table, row.day, now)
        ]

    def _finished(self, table: Timetable | None, day: date, now: datetime) -> bool:
        """Whether ``day`` was a session and is over; outside the timetable, whether it is before today."""
        sessions = table.all if table is not None else ()
        if table is None or not sessions or not sessions[0].date <= day <= sessions[-1].date:
            return day < now.astimezone(UTC).date()
        session = table.on(day)
        return session is not None and now >= session.close_at + self._settle_for

    # ------------------------------------------------------------------------------------------------------ earnings

    async def earnings(self, symbols: Sequence[str], first: date, last: date, now: datetime) -> Sequence[EarningsDate]:
        """The earnings dates from ``first`` to ``last`` in Yahoo's calendar at ``now``.

        Of dates of a symbol within forty days of each other (an estimate and a confirmed date) one counts: that with a
        time of day, or else the earlier. Raises SourceError if nothing could be read.
        """
        by_name = {symbol.upper(): symbol for symbol in symbols}
        dates: dict[tuple[str, date], EarningsDate] = {}
        for batch in self._batches(list(by_name)):
            ask = partial(self._client.earnings, batch, first, last + timedelta(days=1))
            for row in await self._slow.run(ask):
                symbol = by_name.get(row.symbol.upper())
                if symbol is None:
                    continue
                report = self._report(symbol, row, now)
                known = dates.get((symbol, report.date))
                if first <= report.date <= last and (known is None or known.when is ReportTime.UNKNOWN):
                    dates[symbol, report.date] = report
        return _one_of_each_report(sorted(dates.values(), key=lambda d: (d.symbol, d.date)))

    def _report(self, symbol: str, row: EarningsRow, now: datetime) -> EarningsDate:
        """A row of the calendar, with its time of day relative to the session."""
        at = row.at if row.at.tzinfo is not None else row.at.replace(tzinfo=UTC)
        if row.timing == "TNS":
            return EarningsDate(symbol, at.date(), now, ReportTime.UNKNOWN, QUOTES)
        table = self._table(self._exchange(symbol, {}))
        session = next((s for s in table.all if s.date == at.date()), None) if table is not None else None
        when = TIMINGS.get(row.timing)
        if when is None and session is not None:
            before, after = at < session.open_at, at >= session.close_at
            when = ReportTime.BEFORE if before else ReportTime.AFTER if after else ReportTime.DURING
        return EarningsDate(symbol, at.date(), now, when or ReportTime.UNKNOWN, QUOTES)

    # ----------------------------------------------------------------------------------------------------------- news

    async def headlines(self, symbol: str) -> Sequence[Headline]:
        """The newest headlines about a company that Yahoo carries. Raises SourceError."""
        articles = await self._slow.run(partial(self._client.news, symbol))
        found = [headline(article) for article in articles]
        if articles and not any(found):
            raise SourceError(f"the news of {symbol} has changed its shape: no article has a title")
        return [each for each in found if each is not None]

    # ------------------------------------------------------------------------------------------------------- requests

    def _batches(self, symbols: Sequence[str]) -> list[list[str]]:
        """The symbols, each once, in lists of at most ``batch``."""
        once = list(dict.fromkeys(symbols))
        return [once[i : i + self._batch] for i in range(0, len(once), self._batch)]

    async def _each(self, symbols: Sequence[str], call: Callable[[str], T]) -> _Each[T]:
        """``call`` for each symbol in the slow threads.

        Stops after a 429, and after ``HOPELESS`` failures without a success; the rest is then not asked.
        """
        stop = threading.Event()
        read: dict[str, T] = {}
        errors: dict[str, SourceError] = {}

        def ask(symbol: str) -> None:
            if stop.is_set():
                return
            try:
                read[symbol] = call(symbol)
            except SourceError as error:
                errors[symbol] = error
                broken = sum(not e.permanent for e in list(errors.values()))
                if isinstance(error, RateLimitedError) or (broken >= HOPELESS and not read):
                    stop.set()

        await asyncio.gather(*(self._slow.run(partial(ask, symbol)) for symbol in symbols))
        error = _limit(errors.values()) or next(iter(errors.values()), None)
        unasked = Missing(Absence.NOT_ASKED, f"not asked after an earlier failure: {error}")
        missing = {s: _missing(errors[s]) if s in errors else unasked for s in symbols if s not in read}
        return _Each({s: read[s] for s in symbols if s in read}, missing, error)

    def _exchange(self, symbol: str, item: Item) -> str:
        """The symbol's market identifier code; empty if unknown."""
        if symbol in self._exchanges:
            return self._exchanges[symbol]
        try:
            return exchange_of(text(item, "exchange"), symbol)
        except UsageError:
            return ""

    def _session_day(self, quote: Quote, item: Item) -> date:
        """The date of the session that a quote belongs to: of the night, the next one's."""
        table = self._table(self._exchange(quote.symbol, item))
        session = table.at(quote.at) if table is not None else None
        night = session is not None and session.phase(quote.at) is Phase.OVERNIGHT
        return session.date if session is not None and night else exchange_date(quote.at, item)

    def _table(self, exchange: str) -> Timetable | None:
        if not exchange:
            return None
        try:
            return self._timetable(exchange)
        except UsageError:
            return None


def _limit(errors: Iterable[SourceError]) -> RateLimitedError | None:
    """The 429 among errors, if any; rather itself than a request that was not sent because of it."""
    limits = [error for error in errors if isinstance(error, RateLimitedError)]
    return min(limits, key=lambda error: not error.asked, default=None)


def _missing(error: SourceError, permanent: Absence = Absence.UNKNOWN) -> Missing:
    """Why there is nothing of a symbol whose request failed. ``permanent``: what a permanent error (404) means; of a
    request for several symbols it says nothing about one of them."""
    if not error.asked:
        return Missing(Absence.NOT_ASKED, str(error))
    return Missing(permanent if error.permanent else Absence.NOT_ANSWERED, str(error))


def _one_of_each_report(dates: Sequence[EarningsDate]) -> list[EarningsDate]:
    """Of a symbol's dates close together, sorted, the one with a time of day, or else the earlier."""
    kept: list[EarningsDate] = []
    for each in dates:
        last = kept[-1] if kept and kept[-1].symbol == each.symbol else None
        if last is None or each.date - last.date >= ONE_REPORT:
            kept.append(each)
        elif last.when is ReportTime.UNKNOWN and each.when is not ReportTime.UNKNOWN:
            kept[-1] = each
    return kept


def _large_dividends(symbol: str, daily: Daily, first: date, now: datetime) -> Iterator[Split]:
    """The dividends since ``first`` that change the basis of prices."""
    for day, cash in daily.dividends:
        close = next((row.close for row in reversed(daily.rows) if row.day < day and row.close), None)
        if day >= first and close is not None and (ratio := dividend_ratio(close, cash)) is not None:
            yield Split(symbol, day, ratio, now, cash)


def _sound(price: float | None) -> float | None:
    return price if price is not None and price > 0 else None
