"""Whatever a server answers, the bot takes a bounded part of it in a bounded time and says in a line what is wrong."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

import aiohttp
import pytest
from websockets.asyncio.server import ServerConnection, serve

from bot.adapters.feeds.session import open_session
from bot.adapters.language_model import LanguageModel
from bot.adapters.metrics.ping import HeartbeatSender
from bot.adapters.notifiers.apprise import AppriseNotifier, Destination
from bot.adapters.notifiers.telegram import TelegramNotifier, connection
from bot.adapters.notifiers.webhook import Endpoint, WebhookNotifier
from bot.adapters.prices.yahoo import Yahoo, stream
from bot.app.setup.checkup import _health
from bot.core.errors import AftershockError, DeliveryError, SourceError
from bot.core.model import Outgoing, Quote, Story
from bot.core.secret import Secret
from bot.core.text.characters import CONTROL, has_invisible
from tests.delivery.makers import NOW, RealClock, notification
from tests.prices.conftest import make, server  # noqa: F401  - fixtures
from tests.prices.test_quotes_over_the_wire import NOON
from tests.servers.hostile import ANSWERS, Hostile, packed
from tests.servers.yahoo import Fault, YahooServer
from tests.store.values import SUMMARY
from tests.waiting import allowed

# Apprise loads all of its services, some of which lean on what Python gives up
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

BUFFERS = 12_000_000
"""Bytes that are on their way at most: in the kernel's buffers on both sides, not in the bot."""
TAKEN = ("slow body", "endless body", "endless chunks", "html", "wrong type", "empty", "no content", "truncated",
         "huge numbers", "two answers")  # fmt: skip
"""Answers whose status says 200, whatever follows."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as opened:
        yield opened


class Bounds:
    """How long an attempt took, and how much was taken."""

    def __init__(self) -> None:
        self.began, self.memory = time.monotonic(), _memory()

    def hold(self, seconds: float, most: int, hostile: Hostile | None = None, before: int = 0) -> None:
        assert time.monotonic() - self.began < allowed(seconds)
        # interim answers are thrown away one by one, as many as come within the time
        if hostile is not None and hostile.kind != "endless interim":
            assert hostile.sent - before < most + BUFFERS
        assert _memory() - self.memory < 4 * most + 64_000_000


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def plain(error: AftershockError | None) -> None:
    """An error is a line for people."""
    text = str(error)
    assert CONTROL.search(text) is None
    assert len(text) < 600
    assert "Traceback" not in text


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_webhook_s_answer(kind: str) -> None:
    with Hostile(kind) as hostile:
        made = WebhookNotifier(
            {"webhook:d": Endpoint(hostile.url, Secret("0123456789abcdef"))}, RealClock(), timeout=0.7
        )
        bounds, error = Bounds(), None
        try:
            await made.send(Outgoing(notification("a", "webhook:d", NOW, summary=SUMMARY), 1))
        except DeliveryError as raised:
            error = raised
        await made.close()
        bounds.hold(2, 1_000_000, hostile)
        plain(error)
        assert len(hostile.asked) == 1, "nothing is asked again by itself, and no redirect followed"
        if kind in TAKEN:
            assert error is None
        if error is not None and error.retry_after is not None:
            assert error.retry_after <= timedelta(hours=1)


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_language_model_s_answer(kind: str, session: aiohttp.ClientSession) -> None:
    with Hostile(kind, {"choices": [{"message": {"content": "no JSON"}}]}) as hostile:
        short = timedelta(seconds=0.7)
        model = LanguageModel(session, f"{hostile.url}/v1", "m", Secret("a-key-of-ours"), short, short)
        bounds = Bounds()
        with pytest.raises(SourceError) as raised:
            await model.read(Story("1", "s", "Chips fall", NOW))
        bounds.hold(2, 100_000, hostile)
        plain(raised.value)
        bounds = Bounds()
        assert await model.lead(SUMMARY) is None
        bounds.hold(2, 100_000)
        assert len(hostile.asked) == 2


@pytest.mark.parametrize(
    "kind", ["slow body", "endless body", "endless head", "gzip bomb", "redirect", "no http", "html"]
)
async def test_a_heartbeat_s_and_a_health_check_s_answer(kind: str, session: aiohttp.ClientSession) -> None:
    with Hostile(kind) as hostile:
        bounds = Bounds()
        said = ""
        try:
            await HeartbeatSender(session, Secret(f"{hostile.url}/ping-0123")).beat()
        except SourceError as error:
            said = str(error)
        assert "ping-0123" not in said
        bounds.hold(12, 1_000_000, hostile)
        bounds, before = Bounds(), hostile.sent
        assert await _health(f"{hostile.url}/healthz") == ""
        bounds.hold(4, 1_000_000, hostile, before)
        assert len(hostile.asked) == 2


@pytest.mark.parametrize("kind", ANSWERS)
async def test_a_bot_api_server_s_answer(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SPARE", 0.3)
    with Hostile(
        kind, {"ok": True, "result": {"id": 5, "is_bot": True, "first_name": "x", "username": "x"}}
    ) as hostile:
        token = Secret("123456789:AAE-emulated-token-for-tests-only-000")
        made = TelegramNotifier(token, base_url=hostile.url, timeout=0.4)
        bounds, error = Bounds(), None
        try:
            await made.check()
        except DeliveryError as raised:
            error = raised
        await made.close()
        bounds.hold(3, connection.MOST_BYTES, hostile)
        assert (error is None) == (kind in ("wrong type", "two answers"))
        plain(error)
        assert "AAE" not in str(error)
        assert len(hostile.asked) == 1


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("endless body", False),
        ("gzip bomb", False),
        ("slow head", False),
        ("slow body", False),
        ("endless head", False),
        ("html", True),
        ("deep json", True),
        ("surrogates", True),
        ("many fields", True),
        ("two answers", True),
        ("endless cookies", False),
    ],
)
async def test_an_apprise_service_s_answer(kind: str, known: bool) -> None:
    with Hostile(kind) as hostile:
        address = Secret(f"json://user:hunter-2-hunter-2@127.0.0.1:{hostile.port}/path")
        made = AppriseNotifier({"apprise:t": Destination(address)}, longest=4)
        bounds = Bounds()
        out = Outgoing(notification("a", "apprise:t", NOW, summary=SUMMARY), 1)
        if known:
            await made.send(out)
        else:
            with pytest.raises(DeliveryError) as raised:
                await made.send(out)
            plain(raised.value)
            assert raised.value.unknown, "the service had the message: it is not repeated"
            assert "hunter" not in str(raised.value)
        bounds.hold(12, 1_000_000)
        assert len(hostile.asked) == 1


@pytest.mark.parametrize("kind", ANSWERS)
async def test_yahoo_s_answer(server: YahooServer, make: Callable[..., Yahoo], kind: str) -> None:  # noqa: F811
    packed()
    source = make(request_timeout=timedelta(seconds=0.8), call_timeout=timedelta(seconds=1.5))
    server.set_quote("NVDA", 124.8, NOON)
    await source.quotes(["NVDA"], NOON)  # imports, cookie and crumb
    server.fault("quote", Fault.HOSTILE, hostile=kind, other="https://127.0.0.1:1/private")
    server.fault("chart", Fault.HOSTILE, hostile=kind, other="https://127.0.0.1:1/private")
    bounds = Bounds()
    found: list[Quote] = []
    error = None
    try:
        found += (await source.quotes(["NVDA"], NOON)).quotes
    except SourceError as raised:
        error = raised
    server.heal()
    assert found == []
    plain(error)
    assert "127.0.0.1" not in str(error), "no redirect leaves Yahoo"
    bounds.hold(6, 60_000_000)
    assert server.sent < 60_000_000 + BUFFERS


@pytest.mark.parametrize("kind", ANSWERS)
async def test_the_answer_to_a_stream_s_handshake(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "OPEN_WITHIN", 0.7)
    await asyncio.to_thread(stream.pricing_data)  # the import takes a second
    with Hostile("hang up") as elsewhere, Hostile(kind, other=f"ws://127.0.0.1:{elsewhere.port}/private") as hostile:
        bounds = Bounds()
        with pytest.raises(SourceError) as raised:
            await stream.YahooStream(f"ws://127.0.0.1:{hostile.port}/").listen(["NVDA"], Deaf())
        bounds.hold(4, 5_000_000, hostile)
        plain(raised.value)
        assert "private" not in str(raised.value)
        assert len(hostile.asked) == 1
        assert elsewhere.asked == [], "no redirect is followed"


async def test_a_stream_s_last_words_steer_no_terminal() -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.close(1011, "\x1b[2J\u202e gnihton \u200b\x07")

    async with serve(talk, "127.0.0.1", 0) as hostile:
        port = next(iter(hostile.sockets)).getsockname()[1]
        with pytest.raises(SourceError) as raised:
            await stream.YahooStream(f"ws://127.0.0.1:{port}/").listen(["NVDA"], Deaf())
    assert not has_invisible(str(raised.value))
    assert "gnihton" in str(raised.value)


class Deaf:
    """Listens to a stream."""

    def opened(self) -> None:
        """The connection stands."""

    def trade(self, symbol: str, price: float, at: datetime, currency: str) -> None:
        """Somebody traded."""

    def odd(self, why: str) -> None:
        """A message that is none."""


@pytest.mark.parametrize("kind", ["slow body", "endless body", "gzip bomb", "deep json", "redirect", "other shape"])
@pytest.mark.parametrize("endpoint", ["cookie", "crumb", "chart", "calendar"])
async def test_yahoo_s_other_answers(
    server: YahooServer,  # noqa: F811
    make: Callable[..., Yahoo],  # noqa: F811
    endpoint: str,
    kind: str,
) -> None:
    packed()
    source = make(request_timeout=timedelta(seconds=0.8), call_timeout=timedelta(seconds=1.5))
    server.set_quote("NVDA", 124.8, NOON)
    if endpoint in ("chart", "calendar"):
        await source.quotes(["NVDA"], NOON)  # imports, cookie and crumb
    server.fault(endpoint, Fault.HOSTILE, hostile=kind, other="https://127.0.0.1:1/private")
    bounds = Bounds()
    error = None
    try:
        if endpoint == "calendar":
            await source.calendar.earnings(["NVDA"], NOON.date(), NOON.date() + timedelta(days=30), NOON)
        elif endpoint == "chart":
            await source.history(["NVDA"], NOON.date() - timedelta(days=30), NOON)
        else:  # the library may do without
            assert [quote.price for quote in (await source.quotes(["NVDA"], NOON)).quotes] == [124.8]
    except SourceError as raised:
        error = raised
    server.heal()
    assert error is not None or endpoint in ("cookie", "crumb")
    if error is not None:
        plain(error)
        assert "127.0.0.1" not in str(error)
    bounds.hold(12, 80_000_000)
    assert server.sent < 80_000_000 + BUFFERS


def test_every_kind_of_answer_is_tried() -> None:
    assert len(set(ANSWERS)) == len(ANSWERS) > 40
