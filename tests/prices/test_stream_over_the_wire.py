"""Yahoo's stream, read by the adapter and kept by the running bot's part for it, over real websockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.prices.yahoo.frames import OddFrameError, read_frame
from bot.adapters.prices.yahoo.stream import AGAIN_EVERY, YahooStream
from bot.app.run.prices.streaming import Streaming, Waits
from bot.clock import SystemClock, stopwatch
from bot.core.errors import SourceError
from bot.core.health import Health
from bot.core.model import Announcement, Quote, SourceReport, Trouble
from tests.prices.conftest import timetable
from tests.servers.yahoo_stream import StreamServer, envelope, frame
from tests.waiting import allowed, eventually

NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
SHORT = Waits(
    evaluate_every=timedelta(seconds=0.02),
    first_retry=timedelta(seconds=0.05),
    longest_retry=timedelta(seconds=0.4),
    proven_after=timedelta(seconds=0.1),
)
SYMBOLS = ["NVDA", "MU", "AMD", "BRK-B"]


@dataclass
class Heard:
    """A listener that takes everything down."""

    openings: int = 0
    trades: list[tuple[str, float, datetime, str]] = field(default_factory=list)
    odd_ones: list[str] = field(default_factory=list)

    def opened(self) -> None:
        self.openings += 1

    def trade(self, symbol: str, price: float, at: datetime, currency: str) -> None:
        self.trades.append((symbol, price, at, currency))

    def odd(self, why: str) -> None:
        self.odd_ones.append(why)


@pytest.fixture
def server() -> Iterator[StreamServer]:
    with StreamServer() as running:
        yield running


@contextlib.asynccontextmanager
async def listening(
    server: StreamServer, symbols: Sequence[str] = SYMBOLS, again_every: timedelta = AGAIN_EVERY
) -> AsyncIterator[Heard]:
    heard = Heard()
    number = len(server.connections)
    task = asyncio.create_task(YahooStream(server.url, again_every).listen(symbols, heard))
    await eventually(lambda: server.connections[number:] and server.connections[number].symbols >= set(symbols))
    yield heard
    task.cancel()
    await asyncio.wait({task})


# ------------------------------------------------------------------------------------------------------- the adapter


async def test_trades_are_told_of_the_symbols_subscribed_to(server: StreamServer) -> None:
    async with listening(server) as heard:
        server.trade("NVDA", 118.42, NOON)
        server.trade("BRK-B", 470.1, NOON + timedelta(seconds=1.7), currency="USD", market_hours=0)
        server.trade("ELSE", 1.0, NOON)
        await eventually(lambda: len(heard.trades) == 2)
    assert heard.trades == [
        ("NVDA", 118.42, NOON, ""),
        ("BRK-B", 470.1, NOON + timedelta(seconds=1), "USD"),
    ], "prices without the noise of single precision, times in whole seconds"
    assert heard.openings == 1


async def test_a_thousand_symbols_are_subscribed_to_in_parts_and_again_and_again(
    server: StreamServer,
) -> None:
    many = [f"S{n:04d}" for n in range(1000)]
    async with listening(server, many, again_every=timedelta(seconds=0.05)):
        connection = server.connections[0]
        await eventually(lambda: connection.subscriptions >= 20)
        assert connection.symbols == set(many)


HOSTILE = {
    "no JSON": ["", "x", "{", "[" * 9000, b"\xff\xfe\x00", "1" * 9000],
    "no JSON object": ["[]", "1", "null", '"text"'],
    "no message in it": ['{"type": "pricing"}', envelope(None), envelope(5), envelope(["AAAA"])],
    "no base64": [envelope("%%%"), envelope("AAA"), envelope("ä" * 8)],
    "no protobuf": [envelope("AAAA"), envelope("////"), envelope("CgdC")],
    "no time": [frame("NVDA", 118.0, NOON, time=t) for t in (0, -1, 5, 2**62, -(2**62))],
}


@pytest.mark.parametrize("why", HOSTILE)
async def test_a_message_that_cannot_be_used_is_named_and_stops_nothing(server: StreamServer, why: str) -> None:
    async with listening(server) as heard:
        for message in HOSTILE[why]:
            server.send(message)
        server.send(envelope("whatever", "heartbeat"))
        server.send(frame("NVDA", 1.0, NOON, quote_type=7))
        server.trade("NVDA", 118.42, NOON)
        await eventually(lambda: heard.trades)
    assert heard.odd_ones == [why] * len(HOSTILE[why])
    assert heard.trades == [("NVDA", 118.42, NOON, "")]


def test_no_text_of_a_message_is_in_its_error() -> None:
    with pytest.raises(OddFrameError, match=r"\Atoo long\Z"):
        read_frame("secret" * 9000, bytes)


async def test_a_huge_message_ends_the_connection(server: StreamServer) -> None:
    heard, listener = await ended(server, lambda: server.send("y" * 100_000))
    assert "exceeds limit" in heard
    assert listener.openings == 1


@pytest.mark.parametrize(
    ("how", "words"),
    [("cut", "Yahoo's stream was cut off"), ("close", "Yahoo closed the stream")],
)
async def test_how_a_connection_ended_is_said(server: StreamServer, how: str, words: str) -> None:
    said, _ = await ended(server, getattr(server, how))
    assert said == words


async def ended(server: StreamServer, act: object) -> tuple[str, Heard]:
    """What is said of a connection that ``act`` ends."""
    heard = Heard()
    task = asyncio.create_task(YahooStream(server.url).listen(SYMBOLS, heard))
    await eventually(lambda: server.listening)
    await asyncio.to_thread(act)  # type: ignore[arg-type]
    with pytest.raises(SourceError) as error:
        await asyncio.wait_for(task, 30)
    return str(error.value), heard


@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_a_refused_connection_has_its_status(server: StreamServer, status: int) -> None:
    server.refuse = status
    with pytest.raises(SourceError, match=str(status)) as error:
        await YahooStream(server.url).listen(SYMBOLS, Heard())
    assert error.value.status == status


async def test_nobody_there_is_an_error_of_the_source() -> None:
    with pytest.raises(SourceError, match="unreachable"):
        await YahooStream("ws://127.0.0.1:9/").listen(SYMBOLS, Heard())


# ----------------------------------------------------------------------------------------------------- the bot's part


@dataclass
class Desk:
    """The part of a running bot that keeps a stream, with what it hands on."""

    server: StreamServer
    clock: SystemClock
    symbols: list[str] = field(default_factory=lambda: list(SYMBOLS))
    quotes: list[Quote] = field(default_factory=list)
    reports: list[SourceReport] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    part: Streaming = field(init=False)

    def __post_init__(self) -> None:
        self.part = Streaming(
            YahooStream(self.server.url),
            self.symbols,
            lambda _: timetable("XNAS"),
            self.clock,
            self.quotes.extend,
            self.reports.append,
            self._ask,
            waits=SHORT,
            chance=lambda: 0.0,
        )

    def _ask(self, symbols: Collection[str]) -> None:
        self.asked += symbols

    def poll(self, price: float = 99.0, *, after: timedelta = timedelta()) -> list[Quote]:
        """A poll that shows a trade of every symbol just now."""
        now = self.clock.now() + after
        at = now.replace(microsecond=0)
        quotes = [Quote(s, price, at, now, previous_close=100.0, currency="USD") for s in self.symbols]
        return self.part.polled(quotes, (), now)

    async def connected(self, number: int = 1) -> None:
        """Wait for that many connections, the last with its subscriptions."""
        await eventually(
            lambda: (
                self.part.counts.connections >= number
                and len(self.server.connections) >= number
                and self.server.connections[number - 1].symbols == set(self.symbols)
            ),
            f"connection {number}",
        )

    def notices(self) -> list[str]:
        """What the operator would be told of the reports."""
        health = Health(5)
        found = [health.observe(report) for report in self.reports]
        return [str(a.summary.blocks[0].lines[0][0].text) for a in found if isinstance(a, Announcement)]


@pytest.fixture
async def desk(server: StreamServer) -> AsyncIterator[Desk]:
    """Running, in the session of Monday 27 January 2025."""
    made = Desk(server, SystemClock(NOON))
    task = asyncio.create_task(made.part.run(made.stop))
    yield made
    made.stop.set()
    elapsed = stopwatch()
    await asyncio.wait_for(task, 30)
    assert elapsed() < allowed(1.5), "it ends in time"


async def test_a_trade_becomes_a_quote_once_a_poll_vouches_for_its_symbol(desk: Desk) -> None:
    await desk.connected()
    desk.server.trade("NVDA", 96.0, desk.clock.now())
    await eventually(lambda: desk.part.counts.trades == 1)
    assert desk.quotes == []
    desk.poll(after=timedelta(seconds=-5))
    desk.server.trade("NVDA", 96.0, desk.clock.now())
    await eventually(lambda: desk.quotes)
    found = desk.quotes[0]
    assert (found.symbol, found.price, found.previous_close, found.source) == ("NVDA", 96.0, 100.0, "yahoo stream")


async def test_a_price_beyond_its_bounds_asks_for_a_poll(desk: Desk) -> None:
    await desk.connected()
    desk.poll(after=timedelta(seconds=-5))
    desk.server.trade("MU", 82.0, desk.clock.now())
    await eventually(lambda: desk.asked == ["MU"])
    assert desk.quotes == []


async def test_after_a_cut_it_comes_back_and_subscribes_again(desk: Desk) -> None:
    for number in range(1, 4):
        await desk.connected(number)
        desk.poll(90.0 + number, after=timedelta(seconds=-60))
        desk.server.trade("NVDA", 90.0 + 2 * number, desk.clock.now() + timedelta(seconds=2 * number))
        await eventually(lambda expected=90.0 + 2 * number: desk.quotes and desk.quotes[-1].price == expected)
        (desk.server.cut if number % 2 else desk.server.close)()
    await desk.connected(4)


async def test_attempts_that_fail_come_less_and_less_often(desk: Desk) -> None:
    await desk.connected()
    desk.server.refuse = 503
    desk.server.cut()
    await eventually(lambda: len(desk.server.attempts) >= 7)
    apart = [later - earlier for earlier, later in zip(desk.server.attempts, desk.server.attempts[1:], strict=False)]
    # half of 0.05, 0.1, 0.2, 0.4, 0.4 … s, as chance has it here
    assert all(gap >= least for gap, least in zip(apart[1:], (0.05, 0.1, 0.2, 0.2, 0.2), strict=False)), apart
    desk.server.refuse = None
    await desk.connected(2)
    desk.poll(after=timedelta(seconds=-5))
    desk.server.trade("NVDA", 96.0, desk.clock.now())
    await eventually(lambda: any(r.trouble is Trouble.NONE for r in desk.reports))
    assert desk.notices() == ["Price stream has failed 5 times in a row", "Price stream works again"]


async def test_what_is_cut_is_not_well_because_it_was_before(desk: Desk) -> None:
    await desk.connected()
    desk.poll(after=timedelta(seconds=-5))
    desk.server.trade("NVDA", 96.0, desk.clock.now())
    await eventually(lambda: [r.trouble for r in desk.reports] == [Trouble.NONE])
    desk.server.refuse = 503
    desk.server.cut()
    await eventually(lambda: len(desk.reports) >= 6)
    assert {r.trouble for r in desk.reports[1:]} == {Trouble.FAILED}
    assert desk.part.words(desk.clock.now()) == "not connected: Yahoo's stream answered 503"


async def test_an_open_but_silent_stream_is_given_up_when_polls_show_trades(desk: Desk) -> None:
    await desk.connected()
    desk.poll()
    desk.server.trade("NVDA", 98.9, desk.clock.now())
    desk.server.silent = True
    desk.poll(98.8, after=timedelta(seconds=14))  # it may still be settling
    assert desk.part.opened_at is not None
    for second in (30, 45):
        desk.poll(98.0, after=timedelta(seconds=second))
    await desk.connected(2)
    assert "connected, but tells no trades of 4 of 4 stocks that polls show trading" in desk.reports[0].detail
    desk.server.silent = False
    desk.poll(97.0, after=timedelta(seconds=-60))
    desk.server.trade("NVDA", 95.0, desk.clock.now() + timedelta(seconds=46))
    await eventually(lambda: desk.part.counts.trades == 2)


async def test_a_stream_that_tells_what_polls_show_is_kept(desk: Desk) -> None:
    await desk.connected()
    for second in range(0, 90, 15):
        moment = desk.clock.now() + timedelta(seconds=second)
        if second:
            desk.part._now = moment
        for symbol in desk.symbols[:3]:
            desk.server.trade(symbol, 99.0, moment)
        await eventually(lambda told=3 * (second // 15 + 1): desk.part.counts.trades >= told)
        desk.poll(99.0 - second / 100, after=timedelta(seconds=second))
    assert desk.part.counts.connections == 1
    assert {report.trouble for report in desk.reports} <= {Trouble.NONE}, "that it is well may be due meanwhile"


async def test_hostile_messages_are_logged_once_counted_and_stop_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.connected()
    desk.poll(after=timedelta(seconds=-5))
    for _ in range(50):
        desk.server.send("x")
        desk.server.send(frame("NVDA", math.nan, desk.clock.now()))
        desk.server.send(frame("NVDA", 90.0, desk.clock.now() + timedelta(days=3)))
        desk.server.send(frame("NOBODY", 90.0, desk.clock.now()))
    desk.server.trade("NVDA", 96.0, desk.clock.now())
    await eventually(lambda: desk.quotes)
    assert [q.price for q in desk.quotes] == [96.0]
    assert desk.part.counts.odd == {
        "no JSON": 50, "no price": 50, "a time in the future": 50, "a symbol that was not asked for": 50,
    }  # fmt: skip
    assert len([r for r in caplog.records if "cannot be used" in r.message]) == 4
    await eventually(lambda: any(r.trouble is Trouble.REFUSED for r in desk.reports))


async def test_a_consumer_that_sleeps_loses_no_confirmation(desk: Desk) -> None:
    await desk.connected()
    desk.poll(after=timedelta(seconds=-500))
    began = desk.clock.now() - timedelta(seconds=400)

    def storm() -> None:
        for second in range(400):
            for symbol in desk.symbols:
                desk.server.trade(symbol, 96.0 - second * 0.002, began + timedelta(seconds=second))

    sender = asyncio.create_task(asyncio.to_thread(storm))
    for _ in range(10):
        await asyncio.sleep(0)
        elapsed = stopwatch()
        while elapsed() < 0.1:  # what else the event loop may be busy with
            pass
    await sender
    await eventually(lambda: desk.part.counts.trades == 400 * len(desk.symbols))
    await eventually(lambda: {q.symbol for q in desk.quotes} == set(desk.symbols))
    for symbol in desk.symbols:
        times = [q.at for q in desk.quotes if q.symbol == symbol]
        assert len(times) >= 2
        assert times == sorted(set(times))


async def test_more_symbols_than_it_takes_are_polled_only(server: StreamServer) -> None:
    many = [f"S{n:04d}" for n in range(2500)]
    assert len(Desk(server, SystemClock(NOON), many).part.symbols) == YahooStream.most
