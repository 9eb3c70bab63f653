"""An emulated Yahoo Finance, for unmodified yfinance: a CONNECT proxy on loopback that answers over TLS itself.

yfinance has no setting for another address, but it obeys ``HTTPS_PROXY`` and the usual variables for a private
certificate authority. So the server is a proxy: it accepts ``CONNECT query1.finance.yahoo.com:443``, then speaks TLS
with a certificate of its own authority and answers as Yahoo would. Nothing leaves the machine: a CONNECT to any host
it does not play is refused with 403 and noted in ``strangers``.

    with YahooServer() as yahoo:
        yahoo.set_quote("NVDA", 118.42, at, previous_close=142.62, phase="regular")
        yahoo.set_history("NVDA", [(date(2025, 1, 24), 142.62)], splits={})
        subprocess.Popen([sys.executable, "main.py", "run"], env={**os.environ, **yahoo.environment()})
        ...
        yahoo.fault("quote", Fault.RATE_LIMITED, times=2, retry_after=30)

In a test process the variables must be set before the adapter makes its session (``monkeypatch.setenv`` will do).

By hand: ``python -m tests.servers.yahoo`` prints the variables to export, quotes a few dozen symbols that wander, and
takes ``NVDA -17%`` or ``NVDA 118.42`` on its standard input.
"""

from __future__ import annotations

import enum
import json
import select
import socket
import socketserver
import ssl
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

from tests.servers.hostile import answer as hostile_answer
from tests.servers.yahoo_market import Market, ServedBar
from tests.servers.yahoo_stream import HOST as STREAM_HOST
from tests.servers.yahoo_stream import StreamServer

HOSTS = (
    "query1.finance.yahoo.com",
    "query2.finance.yahoo.com",
    "finance.yahoo.com",
    "fc.yahoo.com",
    "guce.yahoo.com",
    "consent.yahoo.com",
)
ENDPOINTS = ("cookie", "crumb", "quote", "chart", "calendar", "news")


class Fault(enum.Enum):
    """What an endpoint does instead of answering."""

    UNAUTHORIZED = "401, whatever the crumb"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    RATE_LIMITED = "429, with Retry-After where given"
    SERVER_ERROR = "500"
    EMPTY = "200 without a body"
    NO_RESULTS = "200 with an empty list of results"
    NULL_RESULT = "200 with an error object and a null result"
    MALFORMED = "200 with JSON that breaks off"
    HTML = "200 with a page of HTML"
    SLOW = "the right answer, after `seconds`"
    DROPPED = "the connection closed before a byte"
    STRANGE_COOKIE = "a cookie of another name than yfinance expects"
    BODY = "200 with the text `body`, and the cookies `cookies`"
    HOSTILE = "what `hostile` says: one of tests.servers.hostile.ANSWERS"


@dataclass(frozen=True)
class Request:
    """One request as it arrived inside the tunnel."""

    endpoint: str
    host: str
    path: str
    query: Mapping[str, str]
    at: float
    """Seconds of a monotonic clock."""


@dataclass
class _Script:
    fault: Fault
    left: int | None
    retry_after: int | str | None
    seconds: float
    symbols: frozenset[str]
    hostile: str = ""
    other: str = ""
    body: str = ""
    cookies: tuple[str, ...] = ()


class YahooServer:
    """A running emulation. Use as a context manager; every method may be called while it answers."""

    def __init__(self) -> None:
        self.market = Market()
        self.requests: list[Request] = []
        self.strangers: list[str] = []
        self.articles: dict[str, list[Any]] = {}
        """Of the news of a symbol, as it answers ``get_news``."""
        self.refuses_nights = False
        """Whether a request for prices of the night is refused with 400."""
        self.sent = 0
        """Bytes of hostile answers that the other side took."""
        self._lock = threading.RLock()
        self._crumb = 1
        self._scripts: dict[str, _Script] = {}
        self._released = threading.Event()
        self._open: set[socket.socket] = set()
        authority = trustme.CA()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*HOSTS, STREAM_HOST).configure_cert(self.context)
        self._stream: StreamServer | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="yahoo-")
        self.authority = Path(self._folder.name) / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        self._listener = _Listener(self)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name="yahoo-server", daemon=True
        )

    def __enter__(self) -> YahooServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on a free port of the loopback interface."""
        self._thread.start()

    @property
    def stream(self) -> StreamServer:
        """The stream of trades, which tells of every trade set here."""
        with self._lock:
            if self._stream is None:
                self._stream = StreamServer(self.context).start()
            return self._stream

    def stop(self) -> None:
        """Close every connection and the port."""
        self._released.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        if self._stream is not None:
            self._stream.stop()
        self._folder.cleanup()

    @property
    def port(self) -> int:
        """The proxy's port."""
        return int(self._listener.server_address[1])

    def environment(self) -> dict[str, str]:
        """The variables under which yfinance, in this process or a child, talks to this server and to nothing else."""
        proxy, authority = f"http://127.0.0.1:{self.port}", str(self.authority)
        return {
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "REQUESTS_CA_BUNDLE": authority,
            "CURL_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    # ------------------------------------------------------------------------------------------------- the market

    def set_quote(
        self,
        symbol: str,
        price: float,
        at: datetime,
        *,
        previous_close: float | None = None,
        phase: str = "regular",
        volume: float | None = None,
        name: str | None = None,
        exchange: str | None = None,
        zone: str | None = None,
        currency: str | None = None,
    ) -> None:
        """See ``Market.set_quote``."""
        self.market.set_quote(
            symbol,
            price,
            at,
            previous_close=previous_close,
            phase=phase,
            volume=volume,
            name=name,
            exchange=exchange,
            zone=zone,
            currency=currency,
        )
        if self._stream is not None:
            self._stream.trade(symbol, price, at)

    def set_state(self, symbol: str, state: str) -> None:
        """See ``Market.set_state``."""
        self.market.set_state(symbol, state)

    def set_fields(self, symbol: str, /, **raw: object) -> None:
        """See ``Market.set_fields``."""
        self.market.set_fields(symbol, **raw)

    def leave_out(self, symbol: str, *names: str) -> None:
        """See ``Market.leave_out``."""
        self.market.leave_out(symbol, *names)

    def set_history(
        self,
        symbol: str,
        bars: Iterable[ServedBar | tuple[date, float]],
        splits: Mapping[date, float] | None = None,
        dividends: Mapping[date, float] | None = None,
    ) -> None:
        """See ``Market.set_history``."""
        self.market.set_history(symbol, bars, splits, dividends)

    def set_earnings(self, *rows: tuple[str, str, str]) -> None:
        """See ``Market.set_earnings``."""
        self.market.set_earnings(*rows)

    def remove(self, symbol: str) -> None:
        """See ``Market.remove``."""
        self.market.remove(symbol)

    # ---------------------------------------------------------------------------------------------------- misbehaving

    def fault(
        self,
        endpoint: str,
        fault: Fault,
        *,
        times: int | None = None,
        retry_after: int | str | None = None,
        seconds: float = 30.0,
        symbols: Iterable[str] = (),
        hostile: str = "",
        other: str = "",
        body: str = "",
        cookies: Iterable[str] = (),
    ) -> None:
        """Make ``endpoint`` (``cookie``, ``crumb``, ``quote``, ``chart``) misbehave, ``times`` times or until ``heal``.

        ``symbols`` limits it to requests that ask for one of these. Note that yfinance asks again by itself after any
        status of 400 or more, so one failed call of the adapter is two requests.
        """
        if endpoint not in ENDPOINTS:
            raise ValueError(f"no endpoint {endpoint!r}; there are {', '.join(ENDPOINTS)}")
        with self._lock:
            self._scripts[endpoint] = _Script(
                fault, times, retry_after, seconds, frozenset(symbols), hostile, other, body, tuple(cookies)
            )

    def heal(self) -> None:
        """End every fault, and let slow answers go."""
        with self._lock:
            self._scripts.clear()
            self._released.set()
            self._released = threading.Event()

    def expire_crumb(self) -> None:
        """Refuse the crumb handed out so far with 401; the next one asked for is good."""
        with self._lock:
            self._crumb += 1

    def count(self, endpoint: str) -> int:
        """How many requests ``endpoint`` has had."""
        with self._lock:
            return Counter(r.endpoint for r in self.requests)[endpoint]

    # ------------------------------------------------------------------------------------------------------ answering

    def crumb(self) -> str:
        """The crumb that is good now."""
        with self._lock:
            return f"crumb{self._crumb}"

    def scripted(self, request: Request) -> tuple[_Script, threading.Event] | None:
        """Note the request; the fault it meets, if any, is used up by one."""
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get(request.endpoint)
            if script is None:
                return None
            asked = set(request.query.get("symbols", "").split(",")) | {request.path.rsplit("/", 1)[-1]}
            if script.symbols and not script.symbols & asked:
                return None
            if script.left is not None:
                script.left -= 1
                if script.left <= 0:
                    del self._scripts[request.endpoint]
            return script, self._released

    def opened(self, connection: socket.socket, *, closed: bool = False) -> None:
        """Remember a connection, so that ``stop`` can close it."""
        with self._lock:
            (self._open.discard if closed else self._open.add)(connection)


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, yahoo: YahooServer) -> None:
        self.yahoo = yahoo
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    host = ""
    body = b""

    @property
    def yahoo(self) -> YahooServer:
        assert isinstance(self.server, _Listener)
        return self.server.yahoo

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.yahoo.opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            pass
        finally:
            self.yahoo.opened(self.connection, closed=True)
            self.connection.close()

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        if host == STREAM_HOST:
            self._tunnel(self.yahoo.stream.port)
            return
        if host not in HOSTS:
            self.yahoo.strangers.append(self.path)
            self.send_error(403, "only Yahoo lives here")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        plain = self.connection
        self.connection = self.yahoo.context.wrap_socket(plain, server_side=True)
        self.yahoo.opened(self.connection)
        self.yahoo.opened(plain, closed=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", -1)  # buffered: head and body leave in one segment
        self.host = host
        self.close_connection = False

    def _tunnel(self, port: int) -> None:
        """Pass bytes between the client and a port of this machine until either hangs up."""
        with socket.create_connection(("127.0.0.1", port)) as inner:
            self.send_response_only(200, "Connection established")
            self.end_headers()
            self.wfile.flush()
            ends = {self.connection: inner, inner: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65_536)
                    if not data:
                        self.close_connection = True
                        return
                    ends[end].sendall(data)

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        path, query = unquote(split.path), dict(parse_qsl(split.query, keep_blank_values=True))
        request = Request(self._endpoint(path), self.host, path, query, time.monotonic())
        script = self.yahoo.scripted(request)
        if script is not None and self._misbehave(*script):
            return
        if request.endpoint == "cookie":
            self._answer(404, "", cookie="A3=d=emulated&S=loopback")
        elif request.endpoint == "crumb":
            self._answer(200, self.yahoo.crumb(), kind="text/plain")
        elif request.endpoint == "quote":
            self._quote(query)
        elif request.endpoint == "calendar":
            self._json(200, self.yahoo.market.calendar(json.loads(self.body)))
        elif request.endpoint == "news":
            (symbol,) = json.loads(self.body)["serviceConfig"]["s"]
            self._json(200, {"data": {"tickerStream": {"stream": self.yahoo.articles.get(symbol, [])}}})
        elif request.endpoint == "chart":
            document = self.yahoo.market.chart(path.rsplit("/", 1)[-1], query)
            if document is None:
                text = "No data found, symbol may be delisted"
                self._json(404, {"chart": {"result": None, "error": {"code": "Not Found", "description": text}}})
            else:
                self._json(200, document)
        else:
            self._answer(404, "<html><body>Not found</body></html>", kind="text/html")

    def _endpoint(self, path: str) -> str:
        if self.host == "fc.yahoo.com":
            return "cookie"
        if path == "/v1/test/getcrumb":
            return "crumb"
        if path == "/v7/finance/quote":
            return "quote"
        if path == "/v1/finance/visualization":
            return "calendar"
        if path == "/xhr/ncp":
            return "news"
        return "chart" if path.startswith("/v8/finance/chart/") else "other"

    def _quote(self, query: Mapping[str, str]) -> None:
        if query.get("crumb") != self.yahoo.crumb():
            error = {"code": "Unauthorized", "description": "Invalid Crumb"}
            self._json(401, {"finance": {"result": None, "error": error}})
            return
        nights = query.get("overnightPrice") == "true"
        if nights and self.yahoo.refuses_nights:
            error = {"code": "Bad Request", "description": "Unknown parameter overnightPrice"}
            self._json(400, {"quoteResponse": {"result": None, "error": error}})
            return
        self._json(200, self.yahoo.market.quotes(query.get("symbols", "").split(","), nights=nights))

    def _misbehave(self, script: _Script, released: threading.Event) -> bool:  # noqa: C901  - a case for each fault
        """Carry out a fault; False where the right answer is to follow."""
        match script.fault:
            case Fault.SLOW:
                released.wait(script.seconds)
                return False
            case Fault.UNAUTHORIZED:
                self._json(401, {"finance": {"result": None, "error": {"code": "Unauthorized"}}})
            case Fault.FORBIDDEN:
                self._answer(403, "Forbidden")
            case Fault.NOT_FOUND:
                self._answer(404, "Not Found")
            case Fault.RATE_LIMITED:
                extra = {} if script.retry_after is None else {"Retry-After": str(script.retry_after)}
                self._answer(429, "Too Many Requests", extra=extra)
            case Fault.SERVER_ERROR:
                self._answer(500, "Internal Server Error")
            case Fault.EMPTY:
                self._answer(200, "")
            case Fault.NO_RESULTS:
                self._json(200, {"quoteResponse": {"result": [], "error": None}})
            case Fault.NULL_RESULT:
                self._json(200, {"quoteResponse": {"result": None, "error": {"code": "Internal"}}})
            case Fault.MALFORMED:
                self._answer(200, '{"quoteResponse": {"result": [{"symbol": "NVDA", ', kind="application/json")
            case Fault.HTML:
                self._answer(200, "<html><body>We are sorry</body></html>", kind="text/html")
            case Fault.DROPPED:
                self.close_connection = True
            case Fault.STRANGE_COOKIE:
                self._answer(404, "", cookie="B=another&b=4")
            case Fault.BODY:
                self._answer(200, script.body, kind="application/json", cookies=script.cookies)
            case Fault.HOSTILE:
                self.close_connection = True
                for piece in hostile_answer(script.hostile, b'{"quoteResponse": {"result": []}}', script.other):
                    if isinstance(piece, float):
                        released.wait(piece)
                        continue
                    self.wfile.write(piece)
                    self.wfile.flush()
                    self.yahoo.sent += len(piece)
        return True

    def _json(self, status: int, document: object) -> None:
        self._answer(status, json.dumps(document), kind="application/json")

    def _answer(
        self,
        status: int,
        text: str,
        *,
        kind: str = "text/plain",
        cookie: str = "",
        extra: Mapping[str, str] | None = None,
        cookies: Iterable[str] = (),
    ) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if cookie:
            self.send_header("Set-Cookie", f"{cookie}; Max-Age=31557600; Domain=.yahoo.com; Path=/; Secure; HttpOnly")
        for each in cookies:
            self.send_header("Set-Cookie", each)
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


if __name__ == "__main__":
    from tests.servers.yahoo_by_hand import main

    main()
