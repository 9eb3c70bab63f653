"""The only module that uses yfinance, its internals included. Pinned to 1.7; everything here blocks.

Private parts used: ``YfData`` (session, cookie and crumb of the whole process) with ``get``, ``_http.new_session``, the
cookie cache. Pitfalls handled, each found in its source:

- No time-out covers a call: one ``get`` may be seven requests (cookie, crumb, the request; then again with the other
  cookie strategy). So the session's ``request`` has a time limit, each alone and all of a call together.
- ``YFRateLimitError`` has no ``Retry-After``, and a 429 while fetching the crumb becomes a 401. So ``request`` notes
  any 429 of the call.
- A cookie other than A3 is cached on disk and then fails every call with KeyError: it is deleted and fetched anew.
- ``cache_get`` caches failed answers too: it is cleared before each history.
- ``hide_exceptions`` turns every error into an empty frame: it is off.
"""

from __future__ import annotations

import contextlib
import logging
import math
import re
import struct
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin

from bot.core.errors import Obstacle, SourceError
from bot.core.text.characters import without_invisible
from bot.core.text.links import host_of
from bot.core.waiting import retry_after

QUOTE_URL = "https://query1.finance.yahoo.com/v7/finance/quote"
CHART_URL = "https://query2.finance.yahoo.com/v8/finance/chart/"

NIGHT_FLAG = {"overnightPrice": "true"}
"""As finance.yahoo.com itself asks for quotes."""
OK, REFUSED = 200, 400
FLAG_ANEW = timedelta(hours=6)
"""How long a refused flag is left out."""

WHEN_LIMITED = timedelta(seconds=60)
"""The wait after a 429 without ``Retry-After``, which Yahoo seldom sends; further requests prolong the ban."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
COLUMNS = ("Open", "High", "Low", "Close", "Volume", "Stock Splits", "Dividends")
"""Of yfinance's history."""
PAGE = 100
"""Rows of a calendar per response, Yahoo's maximum."""
NEWS = 20
"""Articles asked for about a symbol."""
EARNINGS_ROWS = 4
"""Most rows requested per symbol: a date, the date it was moved from, and some to spare."""

MOST_BYTES = 20_000_000
"""The longest response read, unpacked; two hundred quotes have less than a megabyte."""
MOST_COOKIES = 60
"""Kept between requests; Yahoo sets fewer than ten, and needs one."""
_TOO_LONG = 63
"""libcurl's CURLE_FILESIZE_EXCEEDED."""
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_HOME = "yahoo.com"

GONE = (404, 410)
"""Statuses that say there is no such thing."""

T = TypeVar("T")

log = logging.getLogger(__name__)


class RateLimitedError(SourceError):
    """Yahoo answered 429, to this request or to one not long ago; ``retry_after`` is always set."""


@dataclass(frozen=True, slots=True)
class DailyRow:
    """One row of a daily history, adjusted for splits but not dividends; ``None`` where Yahoo has no value."""

    day: date
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None


@dataclass(frozen=True, slots=True)
class Daily:
    """A symbol's daily history, oldest first, its splits (new shares per old one) and its dividends, by day."""

    exchange: str
    """Yahoo's code."""
    rows: tuple[DailyRow, ...]
    splits: tuple[tuple[date, float], ...]
    dividends: tuple[tuple[date, float], ...] = ()
    """In cash per share."""


@dataclass(frozen=True, slots=True)
class EarningsRow:
    """One row of the earnings calendar."""

    symbol: str
    at: datetime
    """When results are due; with timing ``TNS`` only the date is meaningful."""
    timing: str
    """``BMO`` before market open, ``AMC`` after market close, ``TAS`` at the time stated, ``TNS`` time not supplied."""


class YahooClient:
    """yfinance with time-outs and named errors. Usable from several threads.

    yfinance keeps one session, cookie and crumb per process: those of the latest client.

    After a 429 nothing is sent for as long as Yahoo asks: nothing at all if it was to a request for quotes, else
    everything but quotes, which matter most. ``monotonic`` measures that time, in seconds.
    """

    def __init__(
        self,
        cache: Path | None,
        request_timeout: timedelta,
        call_timeout: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._request_timeout = request_timeout.total_seconds()
        self._call_timeout = call_timeout.total_seconds()
        self._lock = threading.Lock()
        self._yfinance: Any = None
        self._session: Any = None
        self._data: Any = None
        self._call = threading.local()
        self._monotonic = monotonic
        self._flag_from = -math.inf
        """From when prices of the night are asked for."""
        self._flag_refused = False
        self._resting: dict[bool, tuple[float, str]] = {}
        """Until when nothing is sent, and after what; True: nothing at all, False: nothing but quotes."""

    def quotes(self, symbols: Sequence[str]) -> list[Mapping[str, object]]:
        """The raw quotes of up to 200 symbols, without those Yahoo does not know. Raises SourceError.

        Prices of the night are asked for with a flag that Yahoo nowhere documents. If it refuses the request (400), it
        is sent again without, and where that is answered the flag is left out for ``FLAG_ANEW``.
        """
        params = {"symbols": ",".join(symbols), "formatted": "false"}
        if self._monotonic() < self._flag_from:
            return self._results("quotes", QUOTE_URL, params, "quoteResponse", quotes=True)
        try:
            return self._results("quotes", QUOTE_URL, params | NIGHT_FLAG, "quoteResponse", quotes=True)
        except SourceError as error:
            if error.status != REFUSED:
                raise
            refused = error
        found = self._results("quotes", QUOTE_URL, params, "quoteResponse", quotes=True)
        with self._lock:
            self._flag_from = self._monotonic() + FLAG_ANEW.total_seconds()
            told, self._flag_refused = self._flag_refused, True
        if not told:
            log.warning("%s; asked without the prices of the night, which are missing until it is accepted", refused)
        return found

    @property
    def without_nights(self) -> bool:
        """Whether Yahoo refuses to tell prices of the night."""
        return self._monotonic() < self._flag_from

    def chart(self, symbol: str, **params: str) -> Mapping[str, object]:
        """The raw chart of a symbol. Raises SourceError, ``permanent`` if Yahoo does not know the symbol."""
        results = self._results(f"the chart of {symbol}", CHART_URL + symbol, params, "chart")
        if not results:
            raise SourceError(f"Yahoo's chart of {symbol} is empty")
        return results[0]

    def daily(self, symbol: str, first: date, until: date) -> Daily:
        """Daily rows from ``first`` to the day before ``until``, from yfinance's ``history``.

        With ``auto_adjust=False`` Yahoo's ``close`` is adjusted for splits but not for dividends. Raises SourceError,
        ``permanent`` if Yahoo has no data for the symbol.
        """

        def ask() -> Daily:
            yfinance = self._ready()
            type(self._data).cache_get.cache_clear()
            ticker = yfinance.Ticker(symbol, session=self._session)
            frame = ticker.history(
                interval="1d",
                start=first.isoformat(),
                end=until.isoformat(),
                auto_adjust=False,
                actions=True,
                timeout=self._request_timeout,
            )
            meta = ticker.history_metadata or {}
            columns = [frame[name].tolist() for name in COLUMNS]
            rows, splits, dividends = [], [], []
            for stamp, opened, high, low, close, volume, split, cash in zip(frame.index, *columns, strict=True):
                day = stamp.date()
                rows.append(DailyRow(day, tidy(opened), tidy(high), tidy(low), tidy(close), float(volume) or None))
                if split > 0 and split != 1:
                    splits.append((day, float(split)))
                if cash > 0:
                    dividends.append((day, float(cash)))
            return Daily(str(meta.get("exchangeName") or ""), tuple(rows), tuple(splits), tuple(dividends))

        return self._bounded_call(f"the history of {symbol}", ask)

    def earnings(self, symbols: Sequence[str], first: date, last: date) -> list[EarningsRow]:
        """The earnings dates of up to 200 symbols within these days, from yfinance's ``Calendars``. Raises SourceError.

        Its own earnings query takes a region or the 200 most traded companies, never a list; so this builds one from
        the same parts. Responses are paged.
        """

        def ask() -> list[EarningsRow]:
            yfinance = self._ready()
            from yfinance.calendars import CalendarQuery as Query

            calendars = yfinance.Calendars(start=first.isoformat(), end=last.isoformat(), session=self._session)
            query = Query(
                "and",
                [
                    Query("or", [Query("eq", ["eventtype", kind]) for kind in ("EAD", "ERA")]),
                    Query("gte", ["startdatetime", first.isoformat()]),
                    Query("lte", ["startdatetime", last.isoformat()]),
                    Query("or", [Query("eq", ["ticker", symbol]) for symbol in symbols]),
                ],
            )
            rows: list[EarningsRow] = []
            for offset in range(0, EARNINGS_ROWS * len(symbols), PAGE):
                frame = calendars._get_data("sp_earnings", query, limit=PAGE, offset=offset, force=True)
                stamps = frame["Event Start Date"].tolist() if len(frame) else []
                timings = frame["Timing"].tolist() if len(frame) and "Timing" in frame else [""] * len(stamps)
                for symbol, stamp, timing in zip(frame.index, stamps, timings, strict=True):
                    if stamp == stamp:  # not NaT
                        rows.append(EarningsRow(str(symbol), stamp.to_pydatetime(), str(timing or "")))
                if len(frame) < PAGE:
                    break
            return rows

        return self._bounded_call("the earnings calendar", ask)

    def news(self, symbol: str) -> list[Any]:
        """The raw articles about a symbol, newest first, from yfinance's ``get_news``. Raises SourceError."""

        def ask() -> list[Any]:
            yfinance = self._ready()
            articles = yfinance.Ticker(symbol, session=self._session).get_news(count=NEWS)
            if self._call.status != OK:
                raise SourceError(f"HTTP {self._call.status} for the news of {symbol}")
            return list(articles)

        return self._bounded_call(f"the news of {symbol}", ask)

    def close(self) -> None:
        """Close this thread's connections; those of other threads end with them."""
        with self._lock:
            if self._session is not None:
                self._session.close()

    # ------------------------------------------------------------------------------------------------------ yfinance

    def _ready(self) -> Any:
        """yfinance, imported with the first call (it takes a second) and set up to use this client's session."""
        with self._lock:
            quieten()
            if self._yfinance is None:
                import yfinance
                from curl_cffi import CurlOpt
                from yfinance import cache
                from yfinance._http import new_session
                from yfinance.data import YfData

                quieten()  # again: yfinance adds a filter of its own when imported
                yfinance.config.debug.hide_exceptions = False
                if self._cache is not None:
                    yfinance.set_tz_cache_location(str(self._cache))
                    # caches already open would keep the old folder
                    cache._TzCacheManager._tz_cache = None
                    cache._CookieCacheManager._Cookie_cache = None
                    # made by one thread: several at once find it locked, and a symbol goes without history
                    with contextlib.suppress(Exception):
                        cache.get_tz_cache().lookup("")
                self._session = new_session()
                self._session.curl_options[CurlOpt.MAXFILESIZE_LARGE] = MOST_BYTES
                request = self._session.request
                self._session.request = lambda method, url, **options: self._request(request, method, url, **options)
                self._data = YfData(session=self._session)
                self._data._crumb = self._data._cookie = None  # an earlier client's
                self._yfinance = yfinance
        return self._yfinance

    def _request(self, request: Callable[..., Any], method: str, url: str, **options: Any) -> Any:
        """One HTTP request, within its own time limit and what is left of the call's."""
        if getattr(self._call, "limited", None) is not None:
            raise SourceError("rate-limited")  # yfinance would try again at once; _bounded_call has the words
        deadline = getattr(self._call, "deadline", None)
        left = self._request_timeout if deadline is None else min(self._request_timeout, deadline - time.monotonic())
        if left <= 0:
            raise TimeoutError(f"no complete response within {self._call_timeout:g} s")
        options["timeout"] = left
        self._call.status = None
        # redirects are followed here: what is at Yahoo's address may send us to Yahoo only
        response = request(method=method, url=url, **options | {"allow_redirects": False})
        self._call.status = response.status_code
        if len(self._session.cookies.jar) > MOST_COOKIES:
            self._session.cookies.clear()
            self._data._crumb = self._data._cookie = None  # both are fetched anew
        if response.status_code in _REDIRECTS and options.get("allow_redirects", True):
            return self._redirected(request, method, response, options)
        if response.status_code == 429:
            wait = retry_after(response.headers)
            self._call.limited = WHEN_LIMITED if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
            self._rest(self._call.limited, self._call.what, everything=self._call.quotes)
        return response

    def _redirected(self, request: Callable[..., Any], method: str, response: Any, options: dict[str, Any]) -> Any:
        """The answer from where ``response`` sends us."""
        self._call.redirects = getattr(self._call, "redirects", 0) + 1
        url = urljoin(str(response.url), response.headers.get("Location") or "")
        host = host_of(url)
        if self._call.redirects > _MOST_REDIRECTS:
            raise SourceError("Yahoo redirects too often")
        if url.partition("://")[0] != "https" or not (host == _HOME or host.endswith(f".{_HOME}")):
            raise SourceError("Yahoo redirects to an address that is not Yahoo's; it is not followed")
        if response.status_code in (301, 302, 303):
            method, options = "GET", {name: value for name, value in options.items() if name not in ("data", "json")}
        return self._request(request, method, url, **options | {"params": None})

    def _results(
        self, what: str, url: str, params: Mapping[str, str], key: str, *, quotes: bool = False
    ) -> list[Mapping[str, object]]:
        """The list of results in the JSON response, which is under ``key``."""

        def ask() -> list[Mapping[str, object]]:
            self._ready()
            response = self._data.get(url=url, params=dict(params), timeout=self._request_timeout)
            if response.status_code >= 400:
                permanent = response.status_code in GONE
                raise SourceError(f"Yahoo answered {response.status_code} for {what}", permanent=permanent)
            document = response.json()
            if not isinstance(document, dict):
                raise SourceError(f"Yahoo's response for {what} is not a JSON object")
            part = document.get(key)
            results = part.get("result") if isinstance(part, dict) else None
            if not isinstance(results, list):
                raise SourceError(f"Yahoo's response for {what} has no result ({_stated_error(document, key)})")
            return [item for item in results if isinstance(item, dict)]

        return self._bounded_call(what, ask, quotes=quotes)

    def _bounded_call(self, what: str, ask: Callable[[], T], *, quotes: bool = False) -> T:
        self._refuse_while_resting(quotes=quotes)
        self._call.deadline = time.monotonic() + self._call_timeout
        self._call.limited, self._call.what, self._call.quotes, self._call.status = None, what, quotes, None
        self._call.redirects = 0
        try:
            try:
                return ask()
            except (KeyError, TypeError, AttributeError):
                if not self._forget_bad_cookie():
                    raise
                return ask()
        except Exception as error:
            limited: timedelta | None = self._call.limited
            if limited is not None or type(error).__name__ == "YFRateLimitError":
                wait = limited or WHEN_LIMITED
                message = f"rate-limited by Yahoo (429 for {what}); retrying in {wait.total_seconds():.0f} s"
                raise RateLimitedError(message, retry_after=wait, status=429) from error
            found = error if isinstance(error, SourceError) else _wrapped(what, error)
            found.status = self._call.status
            if found is error:
                raise
            raise found from error
        finally:
            self._call.deadline = None

    def _rest(self, wait: timedelta, what: str, *, everything: bool) -> None:
        until = self._monotonic() + wait.total_seconds()
        with self._lock:
            self._resting[everything] = max(self._resting.get(everything, (until, what)), (until, what))

    def _refuse_while_resting(self, *, quotes: bool) -> None:
        """Raise RateLimitedError, without a request, for as long as Yahoo has asked us to wait."""
        with self._lock:
            rests = [self._resting[key] for key in ((True,) if quotes else (True, False)) if key in self._resting]
        until, what = max(rests, default=(0.0, ""))
        left = until - self._monotonic()
        if left > 0:
            message = f"rate-limited by Yahoo (429 for {what}); not asked again for another {math.ceil(left)} s"
            raise RateLimitedError(message, retry_after=timedelta(seconds=left), asked=False, status=429)

    def _forget_bad_cookie(self) -> bool:
        """Delete a cached cookie that yfinance cannot use, from memory and disk; whether there was one."""
        from yfinance import cache

        with self._lock:
            if self._data is None:
                return False
            try:
                self._data._load_cookie_curlCffi()
            except Exception:
                self._data._cookie = self._data._crumb = None
                self._session.cookies.clear()
                cache.get_cookie_cache().store("curlCffi", None)
                # and do not cache it again: yfinance would read it back at once
                cache._CookieCacheManager._Cookie_cache = cache._CookieCacheDummy()
                return True
            return False


def quieten() -> None:
    """Keep yfinance's warnings off stderr: what matters of them becomes a SourceError.

    It uses what pandas 3.1 deprecates, with dozens of warnings per symbol. Set with each call, because a program may
    reset the filters.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(yfinance|pandas|multitasking)(\.|$)")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(yfinance|pandas)(\.|$)")
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    logging.getLogger("peewee").setLevel(logging.WARNING)


def pricing_data() -> Any:
    """The type of the messages on Yahoo's stream, as yfinance has it (``PricingData``). Imports yfinance."""
    quieten()
    from yfinance.pricing_pb2 import PricingData

    quieten()
    return PricingData


def tidy(price: object) -> float | None:
    """A price without float noise: Yahoo widens single-precision floats, 142.6199951171875 for 142.62.

    ``None`` if it is not a finite number.
    """
    try:
        value = float(price) if isinstance(price, int | float) else math.nan
    except OverflowError:
        return None
    if not math.isfinite(value):
        return None
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return value
    return float(f"{value:.7g}") if single == value else value


def _stated_error(document: Mapping[str, object], key: str) -> str:
    """The error a response states, shortened."""
    for name in (key, "finance"):
        part = document.get(name)
        error = part.get("error") if isinstance(part, dict) else None
        if isinstance(error, dict):
            return _short(error.get("description") or error.get("code") or "no reason given")
        if error:
            return _short(error)
    return "no reason given"


def _wrapped(what: str, error: Exception) -> SourceError:
    name = type(error).__name__
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in GONE:
        return SourceError(f"Yahoo has no data for {what} ({status})", permanent=True)
    if isinstance(status, int) and status >= 400:
        return SourceError(f"Yahoo answered {status} for {what}")
    if getattr(error, "code", None) == _TOO_LONG:
        return SourceError(f"Yahoo's response for {what} is longer than {MOST_BYTES // 1_000_000} MB")
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return SourceError(f"Yahoo timed out for {what}", obstacle=Obstacle.TIME)
    if name in ("YFPricesMissingError", "YFTzMissingError", "YFTickerMissingError"):
        return SourceError(f"Yahoo has no data for {what}: {_short(error)}", permanent=True)
    if isinstance(error, ValueError):  # includes every JSON error
        return SourceError(f"Yahoo's response for {what} is unreadable: {_short(error)}")
    if isinstance(error, OSError):  # includes libcurl's
        kinds = [each.__name__ for each in type(error).__mro__]
        known = next((found for kind, found in _OBSTACLES if kind in kinds), None)
        obstacle, words = known or (Obstacle.CONNECTION, _short(_FRAME.sub("", str(error))))
        return SourceError(f"Yahoo is unreachable for {what}: {words}", obstacle=obstacle)
    return SourceError(f"Yahoo's response for {what} is unusable: {name}: {_short(error)}")


_OBSTACLES = (
    ("DNSError", (Obstacle.NAME, "its name cannot be looked up")),
    ("ProxyError", (Obstacle.PROXY, "the proxy gives no connection")),
    ("SSLError", (Obstacle.TRUST, "no secure connection")),
    ("ConnectionError", (Obstacle.CONNECTION, "no connection")),
)
"""What stands in the way, by the name of curl_cffi's error, most special first; its own words are for programmers."""
_FRAME = re.compile(r"^Failed to perform, curl: \(\d+\) |\. See https://curl\.se\S* first for more details\.")
"""What curl_cffi puts around libcurl's words."""


def _short(text: object) -> str:
    return without_invisible(str(text)[:1000])[:160]
