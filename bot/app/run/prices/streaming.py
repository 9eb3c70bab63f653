"""The price stream of a running bot: kept open, compared with polls, and its trades handed to the cycle as quotes.

The stream only makes things known sooner. Whatever is wrong with it (cut, silent, full of nonsense, unreachable) costs
the difference to the next poll and is reported like the trouble of any source, under the name ``price stream``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.errors import SourceError
from bot.core.model import Phase, Quote, SourceReport, Trouble
from bot.core.ports import Clock, PriceStream, StreamListener
from bot.core.prices.hold import HOLDS, Hold
from bot.core.prices.sessions import Timetable
from bot.core.prices.streamed import Compared, Streamed
from bot.core.text.wording import count, listing
from bot.core.waiting import back_off

log = logging.getLogger(__name__)

SOURCE = "price stream"
GOOD_AFTER = timedelta(minutes=1)
"""A connection that brought trades for this long was a good one."""
SETTLE = timedelta(seconds=15)
"""After it was opened, a stream may need as long to tell of every symbol."""
SILENT_AFTER = 2
"""Polls in a row that show what the stream does not tell."""
LEAST_TRADED = 3
"""Fewer symbols with a new trade say nothing, unless no more are watched."""
WELL_EVERY = timedelta(minutes=1)
"""How often it is reported that all is well."""
NAMED = 5
WITHOUT = "Under prices: in config.yaml, stream: false does without"


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the bot's part waits for what."""

    evaluate_every: timedelta = timedelta(seconds=0.2)
    """Trades that come within this time are evaluated together."""
    first_retry: timedelta = timedelta(seconds=1)
    """The wait before another connection, doubled for each one that was no good; somewhat less by chance."""
    longest_retry: timedelta = timedelta(minutes=5)
    proven_after: timedelta = timedelta(seconds=10)
    """A connection works when it has brought trades for so long,"""
    quiet_for: timedelta = timedelta(minutes=5)
    """or stands for so long while nobody trades."""


@dataclass(slots=True)
class StreamCounts:
    """Counts since the start."""

    connections: int = 0
    trades: int = 0
    """That were told, of watched symbols."""
    quotes: int = 0
    """That were let through."""
    odd: Counter[str] = field(default_factory=Counter)
    """Messages that could not be used, by what was wrong."""


@dataclass(slots=True)
class Streaming(StreamListener):
    """Listens to a stream until told to stop. Everything is called in the event loop's thread."""

    stream: PriceStream
    symbols: Sequence[str]
    timetable_of: Callable[[str], Timetable]
    clock: Clock
    take: Callable[[Sequence[Quote]], object]
    """Evaluates quotes."""
    report: Callable[[SourceReport], None]
    ask: Callable[[Collection[str]], None]
    """Asks for a poll of these symbols soon."""
    holds: Callable[[], Mapping[Phase, Hold]] = lambda: HOLDS
    """What rules ask for at most to confirm a price, by phase."""
    waits: Waits = Waits()
    chance: Callable[[], float] = random.random
    """From 0 to 1: how much of a wait's second half is waited."""
    counts: StreamCounts = field(default_factory=StreamCounts)
    opened_at: datetime | None = None
    """Since when the connection stands; ``None`` while there is none."""
    last_trade_at: datetime | None = None
    """When a trade was last told."""
    trouble: str = ""
    """What is wrong now, in one line."""
    _streamed: Streamed = field(init=False)
    _now: datetime = field(init=False)
    _failures: int = 0
    _brought: datetime | None = None
    """When this connection told its first trade."""
    _behind: int = 0
    """Polls in a row that showed what the stream did not tell."""
    _lost: asyncio.Event | None = None
    """Set to give this connection up."""
    _why: str = ""
    _odd: Counter[str] = field(default_factory=Counter)
    """Since the last report."""
    _odd_known: set[str] = field(default_factory=set)
    _well_at: datetime | None = None

    def __post_init__(self) -> None:
        if len(self.symbols) > self.stream.most:
            log.warning("the price stream takes %d symbols; the rest is polled only", self.stream.most)
            self.symbols = self.symbols[: self.stream.most]
        self._streamed = Streamed(self.symbols, self.timetable_of, self.stream.source)
        self._now = self.clock.now()

    # ------------------------------------------------------------------------------------------------------ listening

    def opened(self) -> None:
        """See ``StreamListener``."""
        self.opened_at = self._now = self.clock.now()
        self.counts.connections += 1
        self._brought, self._behind = None, 0

    def trade(self, symbol: str, price: float, at: datetime, currency: str) -> None:
        """See ``StreamListener``."""
        if why := self._streamed.take(symbol, price, at, currency, self._now):
            self.odd(why)
            return
        self.counts.trades += 1
        self.last_trade_at = self._now
        if self._brought is None:
            self._brought = self._now

    def odd(self, why: str) -> None:
        """See ``StreamListener``. Logged once for each reason, and counted."""
        self.counts.odd[why] += 1
        self._odd[why] += 1
        if why not in self._odd_known:
            self._odd_known.add(why)
            log.warning("the price stream sent what cannot be used: %s; later ones are only counted", why)

    # --------------------------------------------------------------------------------------------------------- polls

    def polled(self, quotes: Sequence[Quote], held: Collection[str], now: datetime) -> list[Quote]:
        """Take what a poll brought, and compare. Returns the quotes, those that repeat a streamed trade at its time."""
        self._now = max(self._now, now)
        told = [self._streamed.same_trade(quote) for quote in quotes]
        compared = self._streamed.polled(quotes, held, now)
        if self.opened_at is not None:
            self._compare(compared, now)
        return told

    def _compare(self, compared: Compared, now: datetime) -> None:
        """Give up a connection that stands and tells nothing, or little of what there is."""
        if self.opened_at is None or now - self.opened_at < SETTLE:
            return
        if compared.traded < min(LEAST_TRADED, len(self.symbols)):
            return
        if len(compared.missed) * 2 <= compared.traded:
            self._behind = 0
            return
        self._behind += 1
        if self._behind >= SILENT_AFTER and self._lost is not None:
            missed = f"of {len(compared.missed)} of {compared.traded} stocks that polls show trading"
            self._why = f"connected, but tells no trades {missed}: {listing(list(compared.missed), NAMED)}"
            self._lost.set()

    # ----------------------------------------------------------------------------------------------------------- runs

    async def run(self, stop: asyncio.Event) -> None:
        """Keep a connection until ``stop``; between two of them wait, the longer the less good they are."""
        flushing = asyncio.create_task(self._flush(), name="stream quotes")
        ending = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                connection = asyncio.create_task(self._connection())
                await asyncio.wait({connection, ending, flushing}, return_when=asyncio.FIRST_COMPLETED)
                if flushing.done():
                    await _ended(connection)
                    flushing.result()
                if not connection.done():
                    await _ended(connection)
                    return
                self._failed(connection.result())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(ending), self._pause().total_seconds())
        finally:
            self.opened_at = None
            await _ended(flushing)
            await _ended(ending)

    async def _connection(self) -> str:
        """One connection; returns how it ended."""
        self._lost, self._why = asyncio.Event(), ""
        listening = asyncio.create_task(self.stream.listen(self.symbols, self))
        lost = asyncio.create_task(self._lost.wait())
        try:
            await asyncio.wait({listening, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                return self._why
            try:
                listening.result()
            except SourceError as error:
                return str(error)
            return "the stream ended"
        finally:
            await _ended(listening)
            await _ended(lost)
            self._lost = None

    def _failed(self, why: str) -> None:
        now = self.clock.now()
        good = self.opened_at is not None and self._brought is not None and now - self._brought >= GOOD_AFTER
        self._failures = 1 if good and not self._why else self._failures + 1
        self.opened_at = self._brought = self._well_at = None
        self.trouble = why
        log.log(logging.INFO if self._failures == 1 else logging.DEBUG, "price stream: %s", why)
        detail = (
            f"{why}. Prices are polled as ever, so alerts come up to two polls later. It is tried again. {WITHOUT}."
        )
        self.report(SourceReport(SOURCE, now, Trouble.FAILED, detail))

    def _pause(self) -> timedelta:
        longest = back_off(self._failures, self.waits.first_retry, self.waits.longest_retry)
        return longest * (0.5 + 0.5 * self.chance())

    # --------------------------------------------------------------------------------------------------------- quotes

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(self.waits.evaluate_every.total_seconds())
            self._now = self.clock.now()
            self._streamed.hold(self.holds())
            quotes = self._streamed.take_quotes(self._now)
            if quotes:
                self.counts.quotes += len(quotes)
                self.take(quotes)
            if wanted := self._streamed.wanted:
                self._streamed.wanted = set()
                self.ask(wanted)
            self._tell()

    def _tell(self) -> None:
        """Report now and then that the stream brings trades, and what else it brings."""
        now = self._now
        if not self._proven(now) or (self._well_at is not None and now - self._well_at < WELL_EVERY):
            return
        self._well_at = now
        odd, self._odd = self._odd, Counter()
        if odd:
            said = ", ".join(f"{why} ({times:,})" for why, times in odd.most_common(NAMED))
            self.trouble = f"sends what cannot be used: {said}"
            self.report(SourceReport(SOURCE, now, Trouble.REFUSED, f"{self.trouble}; the rest of it is used"))
        else:
            self.trouble = ""
            self.report(SourceReport(SOURCE, now, items=len(self.symbols)))

    def _proven(self, now: datetime) -> bool:
        """Whether this connection has shown that it works: by trades, or where there are none, by no poll that says
        otherwise."""
        if self.opened_at is None:
            return False
        if self._brought is not None and now - self._brought >= self.waits.proven_after:
            return True
        return now - self.opened_at >= self.waits.quiet_for

    def words(self, now: datetime) -> str:
        """How it is, in one line."""
        if self.opened_at is None:
            return f"not connected: {self.trouble}" if self.trouble else "connecting"
        if self.last_trade_at is None:
            return f"connected, no trade yet; {count(len(self.symbols), 'symbol')}"
        ago = max(0, round((now - self.last_trade_at).total_seconds()))
        return f"{count(len(self.symbols), 'symbol')}; last trade {ago} s ago"


async def _ended(task: asyncio.Task[object] | asyncio.Task[None] | asyncio.Task[str] | asyncio.Task[bool]) -> None:
    """Cancel a task and wait for its end; what it raises then is of no interest."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
