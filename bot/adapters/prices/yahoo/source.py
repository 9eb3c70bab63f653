"""Which requests to send to Yahoo, and what to do when one fails.

One quote request per 200 symbols and poll. If that fails other than by rate limiting, the symbols' charts are read
instead, at most once a minute, and ``note`` says so.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.adapters.prices.yahoo.client import Daily, EarningsRow, RateLimitedError, YahooClient
from bot.adapters.prices.yahoo.doubt import SplitDoubt
from bot.adapters.prices.yahoo.reading import CHART, QUOTES, Item, chart_item, exchange_date, read_quote, text
from bot.adapters.prices.yahoo.workers import Workers
from bot.core.errors import SourceError, UsageError
from bot.core.model import DailyBar, EarningsDate, Quote, ReportTime, Split
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


class Yahoo(PriceSource):
    """Prices, history and earnings dates from Yahoo Finance. Belongs to one event loop.

    ``timetable`` returns the sessions of an exchange (ISO 10383 code); if it raises UsageError, official closes are not
    recognised and the current day counts as unfinished. ``exchanges`` overrides the exchange Yahoo states for a symbol.
    ``cache`` is a folder for yfinance's files (cookie, time zones), by default its own in the user's cache. ``batch``
    is the number of symbols per request.
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
    ) -> None:
        self._timetable = timetable
        self._exchanges = dict(exchanges or {})
        self._client = YahooClient(cache, request_timeout, call_timeout)
        self._quick = Workers(2, "yahoo-quotes")
        self._slow = Workers(threads, "yahoo-history")
        self._batch = min(batch, BATCH)
        self._settle_for = settle_for
        self._charts_interval = charts_interval
        self._charts_at: datetime | None = None
        self._answered: set[str] = set()
        self._closes: dict[str, tuple[datetime, float]] = {}
        self._doubt = SplitDoubt()
        self.calendar = self

    def close(self) -> None:
        """Stop the threads, without waiting for requests in progress."""
        self._quick.stop()
        self._slow.stop()

    # -------------------------------------------------------------------------------------------------------- quotes

    async def quotes(self, symbols: Sequence[str], now: datetime) -> Sequence[Quote]:
        """The latest quote of each symbol Yahoo knows, pre- and post-market included; ``seen_at`` is ``now``.

        In post-market trading a symbol has two quotes: first the official close (``QuoteKind.CLOSE``), once, then the
        latest trade. Quotes held back for a possible split are missing; ``note`` names them. ``source`` is ``yahoo`` or
        ``yahoo charts``.

        Raises SourceError if nothing could be read, after a 429 always with ``retry_after``.
        """
        self.note = ""
        wanted = list(dict.fromkeys(symbols))
        if not wanted:
            return []
        batches = self._batches(wanted)
        answers = await asyncio.gather(
            *(self._quick.run(partial(self._client.quotes, batch)) for batch in batches), return_exceptions=True
        )
        items: list[Item] = []
        failed: list[str] = []
        errors: list[SourceError] = []
        for batch, answer in zip(batches, answers, strict=True):
            if isinstance(answer, SourceError):
                failed += batch
                errors.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                items += answer
        if not items and not errors and not self._answered.isdisjoint(wanted):
            failed, errors = wanted, [SourceError("Yahoo returned no quotes")]
        quotes = self._read(items, wanted, now, QUOTES)
        self._answered.update(q.symbol for q in quotes)
        limited = next((e for e in errors if isinstance(e, RateLimitedError)), None)
        if limited is not None:
            if not items:
                raise limited
            self.note = f"{limited}; {len(failed)} of {len(wanted)} symbols skipped"
        elif errors:
            charts = await self._from_charts(failed, now, errors[0], give_up=not items)
            quotes += self._read(charts, wanted, now, CHART)
            items += charts
        return await self._without_split_jumps(quotes, {text(i, "symbol").upper(): i for i in items}, now)

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
            table = self._table(self._exchange(symbol, item))
            read = read_quote(item, symbol=symbol, now=now, timetable=table, source=source)
            if len(read) > 1:
                close = read[0].at, read[0].price
                if self._closes.get(symbol) == close:
                    read = read[1:]
                self._closes[symbol] = close
            quotes += read
        return quotes

    async def _from_charts(
        self, symbols: Sequence[str], now: datetime, why: SourceError, *, give_up: bool
    ) -> Sequence[Item]:
        """Quotes from the symbols' charts, at most once a minute. ``give_up``: raise if there are none."""
        next_at = self._charts_at + self._charts_interval if self._charts_at is not None else now
        if now < next_at:
            self.note = f"{why}; charts are read at most every {self._charts_interval.total_seconds():.0f} s"
            if give_up:
                raise SourceError(self.note, retry_after=next_at - now) from why
            return []
        self._charts_at = now
        ask = partial(self._client.chart, range="1d", interval="1m", includePrePost="true")
        charts, error = await self._each(symbols, ask)
        if not charts and give_up:
            if isinstance(error, RateLimitedError):
                raise error
            raise SourceError(f"{why}; charts fail too: {error}", retry_after=why.retry_after) from why
        self.note = f"{why}; prices of {len(charts)} of {len(symbols)} symbols are from charts"
        log.warning("%s", self.note)
        return [{**chart_item(chart), "symbol": symbol} for symbol, chart in charts.items()]

    async def _without_split_jumps(self, quotes: list[Quote], items: Mapping[str, Item], now: datetime) -> list[Quote]:
        """The quotes, each with a reference on the same split basis; undecided ones are held back."""
        days = {q.symbol: exchange_date(q.at, items.get(q.symbol.upper(), {})) for q in quotes}
        charts, error = await self._each(
            self._doubt.undecided(quotes, days, now),
            partial(self._client.chart, range="1mo", interval="1d", events="splits"),
        )
        for symbol, chart in charts.items():
            if self._doubt.learn(symbol, days[symbol], chart, now):
                log.info("%s: split before the session of %s; previous close adjusted", symbol, days[symbol])
        released, held = self._doubt.settle(quotes, days, now)
        if held:
            for symbol in held:
                self._closes.pop(symbol, None)
            self.note = f"possible split, held back until checked against a chart: {', '.join(held)} ({error})"
            log.warning("%s", self.note)
        return released

    # ------------------------------------------------------------------------------------------------------- history

    async def history(
        self, symbols: Sequence[str], first: date, now: datetime
    ) -> tuple[Sequence[DailyBar], Sequence[Split]]:
        """Finished daily bars and splits since ``first``, by symbol and session; ``seen_at`` is ``now``.

        Prices are adjusted for splits but not for dividends. A bar is finished ``settle_for`` after the regular close,
        which covers closing auctions and delayed exchanges. Splits include those of the current session. Raises
        SourceError if nothing could be read; symbols that fail are missing, and ``note`` counts them.
        """
        self.note = ""
        wanted = list(dict.fromkeys(symbols))
        ask = partial(self._client.daily, first=first - SLACK, until=now.date() + timedelta(days=2))
        read, error = await self._each(wanted, ask)
        if wanted and not read:
            raise error or SourceError("Yahoo returned no history")
        if error is not None:
            self.note = f"no history of {len(wanted) - len(read)} of {len(wanted)} symbols ({error})"
            log.warning("%s", self.note)
        bars: list[DailyBar] = []
        splits: list[Split] = []
        for symbol in wanted:
            if symbol in read:
                bars += self._bars(symbol, read[symbol], first, now)
                splits += [Split(symbol, day, ratio, now) for day, ratio in read[symbol].splits if day >= first]
        return bars, splits

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

    # ------------------------------------------------------------------------------------------------------- requests

    def _batches(self, symbols: Sequence[str]) -> list[list[str]]:
        """The symbols, each once, in lists of at most ``batch``."""
        once = list(dict.fromkeys(symbols))
        return [once[i : i + self._batch] for i in range(0, len(once), self._batch)]

    async def _each(self, symbols: Sequence[str], call: Callable[[str], T]) -> tuple[dict[str, T], SourceError | None]:
        """``call`` for each symbol in the slow threads: the results, and a 429 or else the first error.

        Stops after a 429, and after ``HOPELESS`` failures without a success.
        """
        stop = threading.Event()
        read: dict[str, T] = {}
        errors: list[SourceError] = []

        def ask(symbol: str) -> None:
            if stop.is_set():
                return
            try:
                read[symbol] = call(symbol)
            except SourceError as error:
                errors.append(error)
                broken = sum(not e.permanent for e in errors)
                if isinstance(error, RateLimitedError) or (broken >= HOPELESS and not read):
                    stop.set()

        await asyncio.gather(*(self._slow.run(partial(ask, symbol)) for symbol in symbols))
        limited = next((e for e in errors if isinstance(e, RateLimitedError)), None)
        return {s: read[s] for s in symbols if s in read}, limited or next(iter(errors), None)

    def _exchange(self, symbol: str, item: Item) -> str:
        """The symbol's market identifier code; empty if unknown."""
        if symbol in self._exchanges:
            return self._exchanges[symbol]
        try:
            return exchange_of(text(item, "exchange"), symbol)
        except UsageError:
            return ""

    def _table(self, exchange: str) -> Timetable | None:
        if not exchange:
            return None
        try:
            return self._timetable(exchange)
        except UsageError:
            return None


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


def _sound(price: float | None) -> float | None:
    return price if price is not None and price > 0 else None
