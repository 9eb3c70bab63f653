"""The only place that touches yfinance, its internals included. Pinned to 1.7; everything here blocks.

What is relied on beyond its public face: ``YfData`` (session, cookie and crumb, shared by the whole process) with
``get``; ``_http.new_session``; the cookie cache. Traps met here, each found in its source:

- No time-out covers a call: one ``get`` may be seven requests (cookie, crumb, the request; then all again by the other
  cookie strategy). So the session's ``request`` is bounded, each by itself and all of a call together.
- ``YFRateLimitError`` does not carry ``Retry-After``, and a 429 on the way to the crumb is swallowed and comes out as
  a 401. The bounded ``request`` remembers any 429 of the call.
- A cookie other than A3 is cached on disk and then fails every call with KeyError, for ever: it is thrown away and
  asked for again.
- ``cache_get`` remembers failed answers as well: it is cleared before each history.
- ``hide_exceptions`` turns every error into an empty frame: it is off.
"""

from __future__ import annotations

import logging
import math
import struct
import threading
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.core.errors import SourceError
from bot.core.waiting import retry_after

QUOTE_URL = "https://query1.finance.yahoo.com/v7/finance/quote"
CHART_URL = "https://query2.finance.yahoo.com/v8/finance/chart/"

WHEN_LIMITED = timedelta(seconds=60)
"""How long a 429 asks us to wait where it does not say: Yahoo seldom does, and asking on prolongs the ban."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
PAGE = 100
"""Rows of a calendar in one answer; Yahoo gives no more."""
EARNINGS_ROWS = 4
"""Rows asked for of each symbol at most: a date, the date it was moved from, and room to spare."""

T = TypeVar("T")


class RateLimitedError(SourceError):
    """Yahoo answered 429; ``retry_after`` is always set."""


@dataclass(frozen=True, slots=True)
class DailyRow:
    """One row of a daily history, prices split-adjusted and not dividend-adjusted; ``None`` where Yahoo has none."""

    day: date
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None


@dataclass(frozen=True, slots=True)
class Daily:
    """A symbol's daily history, oldest first, and the splits in it: new shares for one old, by day."""

    exchange: str
    """Yahoo's code."""
    rows: tuple[DailyRow, ...]
    splits: tuple[tuple[date, float], ...]


@dataclass(frozen=True, slots=True)
class EarningsRow:
    """One row of the earnings calendar."""

    symbol: str
    at: datetime
    """When results are due; where ``timing`` says that no time was supplied, only its date means something."""
    timing: str
    """``BMO`` before the market opens, ``AMC`` after it closes, ``TAS`` at the time stated, ``TNS`` not supplied."""


class YahooClient:
    """yfinance with time-outs and named errors. Usable from several threads.

    yfinance keeps one session, cookie and crumb for the process: the last wire made is the one in use.
    """

    def __init__(self, cache: Path | None, request_timeout: timedelta, call_timeout: timedelta) -> None:
        self._cache = cache
        self._request_timeout = request_timeout.total_seconds()
        self._call_timeout = call_timeout.total_seconds()
        self._lock = threading.Lock()
        self._yfinance: Any = None
        self._session: Any = None
        self._data: Any = None
        self._call = threading.local()

    def quotes(self, symbols: Sequence[str]) -> list[Mapping[str, object]]:
        """The raw quotes of up to 200 symbols; those Yahoo does not know are missing. Raises SourceError."""
        document = self._json("quotes", QUOTE_URL, {"symbols": ",".join(symbols), "formatted": "false"})
        response = document.get("quoteResponse")
        result = response.get("result") if isinstance(response, dict) else None
        if not isinstance(result, list):
            raise SourceError(f"Yahoo's quotes came without a result ({_stated_error(document, 'quoteResponse')})")
        return [item for item in result if isinstance(item, dict)]

    def chart(self, symbol: str, **params: str) -> Mapping[str, object]:
        """The raw chart of a symbol. Raises SourceError, ``permanent`` where Yahoo does not know the symbol."""
        document = self._json(f"the chart of {symbol}", CHART_URL + symbol, params)
        chart = document.get("chart")
        result = chart.get("result") if isinstance(chart, dict) else None
        if not isinstance(result, list) or not result or not isinstance(result[0], dict):
            raise SourceError(f"Yahoo's chart of {symbol} is empty ({_stated_error(document, 'chart')})")
        return result[0]

    def daily(self, symbol: str, first: date, until: date) -> Daily:
        """Daily rows from ``first`` up to, not including, ``until``, by yfinance's own ``history``.

        Yahoo's ``close`` is adjusted for splits and not for dividends; ``auto_adjust=False`` leaves it so. Raises
        SourceError, ``permanent`` where Yahoo has nothing of the symbol.
        """

        def ask() -> Daily:
            yfinance, _ = self._ready()
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
            columns = [frame[name].tolist() for name in ("Open", "High", "Low", "Close", "Volume", "Stock Splits")]
            rows, splits = [], []
            for stamp, opened, high, low, close, volume, split in zip(frame.index, *columns, strict=True):
                day = stamp.date()
                rows.append(DailyRow(day, tidy(opened), tidy(high), tidy(low), tidy(close), float(volume) or None))
                if split > 0 and split != 1:
                    splits.append((day, float(split)))
            return Daily(str(meta.get("exchangeName") or ""), tuple(rows), tuple(splits))

        return self._bounded_call(f"the history of {symbol}", ask)

    def earnings(self, symbols: Sequence[str], first: date, last: date) -> list[EarningsRow]:
        """The earnings dates of up to 200 symbols within these days, by yfinance's ``Calendars``. Raises SourceError.

        Its own earnings query takes one region's companies or the 200 most traded, never a list; so the query is ours,
        of the same parts. An answer holds a hundred rows at most: the rest is asked for by offset.
        """

        def ask() -> list[EarningsRow]:
            yfinance, _ = self._ready()
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

    def close(self) -> None:
        """Close this thread's connections; those of other threads end with them."""
        with self._lock:
            if self._session is not None:
                self._session.close()

    # ------------------------------------------------------------------------------------------------------ yfinance

    def _ready(self) -> tuple[Any, Any]:
        """yfinance, imported with the first call (it takes a second), and its data object with our session in it."""
        with self._lock:
            quieten()
            if self._yfinance is None:
                import yfinance
                from yfinance import cache
                from yfinance._http import new_session
                from yfinance.data import YfData

                quieten()  # again: yfinance puts a filter of its own in front when imported
                yfinance.config.debug.hide_exceptions = False
                if self._cache is not None:
                    yfinance.set_tz_cache_location(str(self._cache))
                    # the caches already open keep the old place otherwise
                    cache._TzCacheManager._tz_cache = None
                    cache._CookieCacheManager._Cookie_cache = None
                self._session = new_session()
                request = self._session.request
                self._session.request = lambda method, url, **options: self._request(request, method, url, **options)
                self._data = YfData(session=self._session)
                self._data._crumb = self._data._cookie = None  # those of another wire are not ours
                self._yfinance = yfinance
        return self._yfinance, self._data

    def _request(self, request: Callable[..., Any], method: str, url: str, **options: Any) -> Any:
        """One HTTP request, within its own time and what is left of the call's."""
        deadline = getattr(self._call, "deadline", None)
        left = self._request_timeout if deadline is None else min(self._request_timeout, deadline - time.monotonic())
        if left <= 0:
            raise TimeoutError(f"no complete answer within {self._call_timeout:g} s")
        options["timeout"] = left
        response = request(method=method, url=url, **options)
        if response.status_code == 429:
            wait = retry_after(response.headers)
            self._call.limited = WHEN_LIMITED if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
        return response

    def _json(self, what: str, url: str, params: Mapping[str, str]) -> Mapping[str, object]:
        def ask() -> Mapping[str, object]:
            _, data = self._ready()
            response = data.get(url=url, params=dict(params), timeout=self._request_timeout)
            if response.status_code >= 400:
                permanent = response.status_code in (404, 410)
                raise SourceError(f"Yahoo answered {response.status_code} for {what}", permanent=permanent)
            document = response.json()
            if not isinstance(document, dict):
                raise SourceError(f"Yahoo's answer for {what} is not a JSON object")
            return document

        return self._bounded_call(what, ask)

    def _bounded_call(self, what: str, ask: Callable[[], T]) -> T:
        self._call.deadline = time.monotonic() + self._call_timeout
        self._call.limited = None
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
                raise RateLimitedError(
                    f"Yahoo limits our requests (429 for {what}); asking again in {wait.total_seconds():.0f} s",
                    retry_after=wait,
                ) from error
            if isinstance(error, SourceError):
                raise
            raise _wrapped(what, error) from error
        finally:
            self._call.deadline = None

    def _forget_bad_cookie(self) -> bool:
        """Throw away a cached cookie that yfinance chokes on, from memory and from disk; whether there was one."""
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
                # and not kept again: yfinance would read it back at once. The session holds it as well as the disk
                cache._CookieCacheManager._Cookie_cache = cache._CookieCacheDummy()
                return True
            return False


def quieten() -> None:
    """Keep yfinance's own remarks off stderr: what matters of them comes back as an error of ours.

    Its frames use what pandas 3.1 deprecates, dozens of lines per symbol. Filters are by category and module; asked for
    again with each call, because a program may reset them.
    """
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(yfinance|pandas|multitasking)(\.|$)")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"(yfinance|pandas)(\.|$)")
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)
    logging.getLogger("peewee").setLevel(logging.WARNING)


def tidy(price: object) -> float | None:
    """A price as people wrote it; ``None`` where it is no finite number.

    Yahoo sends single-precision floats widened: 142.6199951171875 for 142.62.
    """
    if not isinstance(price, int | float) or not math.isfinite(price):
        return None
    value = float(price)
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return value
    return float(f"{value:.7g}") if single == value else value


def _stated_error(document: Mapping[str, object], key: str) -> str:
    """What Yahoo says is wrong, in one short piece."""
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
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return SourceError(f"Yahoo did not answer in time for {what}")
    if name in ("YFPricesMissingError", "YFTzMissingError", "YFTickerMissingError"):
        return SourceError(f"Yahoo has nothing for {what}: {_short(error)}", permanent=True)
    if isinstance(error, ValueError):  # every JSON error is one
        return SourceError(f"Yahoo's answer for {what} is not readable: {_short(error)}")
    if isinstance(error, OSError):  # so are all of libcurl's
        return SourceError(f"Yahoo cannot be reached for {what}: {_short(error)}")
    return SourceError(f"Yahoo's answer for {what} cannot be used: {name}: {_short(error)}")


def _short(text: object) -> str:
    return " ".join(str(text).split())[:160]
