"""What the emulated Yahoo quotes: prices per phase, daily bars, splits and earnings dates, rendered as Yahoo's JSON.

The shapes are those of ``/v7/finance/quote``, ``/v8/finance/chart`` and ``/v1/finance/visualization`` as yfinance 1.7
reads them. Nothing here does any input or output; ``yahoo.py`` serves it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_SUFFIXES = {
    ".L": ("LSE", "Europe/London", "GBp", 15),
    ".PA": ("PAR", "Europe/Paris", "EUR", 0),
    ".DE": ("GER", "Europe/Berlin", "EUR", 15),
    ".T": ("JPX", "Asia/Tokyo", "JPY", 20),
    ".HK": ("HKG", "Asia/Hong_Kong", "HKD", 15),
}
_STATES = {"overnight": "OVERNIGHT", "pre": "PRE", "regular": "REGULAR", "post": "POST", "closed": "CLOSED"}


@dataclass(frozen=True)
class ServedBar:
    """One daily bar, adjusted for splits. ``open``, ``high`` and ``low`` default to the close."""

    day: date
    close: float | None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    volume: int | None = 1_000_000
    adjusted: float | None = None
    """Yahoo's ``adjclose``, adjusted for dividends as well; the close where not given."""


@dataclass
class Instrument:
    """All that is quoted of one symbol. ``fields`` overrides or, with ``None`` as value, nulls raw quote fields."""

    symbol: str
    name: str
    exchange: str
    zone: str
    currency: str
    delay: int
    kind: str = "EQUITY"
    state: str = "REGULAR"
    previous_close: float | None = None
    volume: float | None = None
    prices: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    """Last price and time by phase: ``overnight``, ``pre``, ``regular``, ``post``."""
    fields: dict[str, object] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    bars: list[ServedBar] = field(default_factory=list)
    splits: dict[date, float] = field(default_factory=dict)
    dividends: dict[date, float] = field(default_factory=dict)
    chart_fields: dict[str, object] = field(default_factory=dict)


class Market:
    """A scripted market. Every method may be called from any thread, while the server answers."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._instruments: dict[str, Instrument] = {}
        self._earnings: list[tuple[str, str, str]] = []

    def instrument(self, symbol: str) -> Instrument:
        """The instrument, made on first mention with the exchange its suffix says (none: Nasdaq)."""
        with self._lock:
            found = self._instruments.get(symbol)
            if found is None:
                dot = symbol.rfind(".")
                exchange, zone, currency, delay = _SUFFIXES.get(
                    symbol[dot:] if dot > 0 else "", ("NMS", "America/New_York", "USD", 0)
                )
                found = Instrument(symbol, f"{symbol} Inc.", exchange, zone, currency, delay)
                self._instruments[symbol] = found
            return found

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
        """Trade ``symbol`` at ``price`` in ``phase`` (``overnight``, ``pre``, ``regular``, ``post``) at ``at``, and
        enter that phase. Prices of the night are served to those who ask for them, and stay by day.

        As at Yahoo, another price leaves the regular price, its time and its previous close as they were; a
        regular price forgets the pre and post prices of an earlier day. What is not given stays.
        """
        with self._lock:
            it = self.instrument(symbol)
            if phase == "regular":
                it.prices = {k: v for k, v in it.prices.items() if k == "overnight" or v[1].date() == at.date()}
            it.prices[phase] = (price, at)
            it.state = _STATES[phase]
            for key, value in (
                ("previous_close", previous_close),
                ("volume", volume),
                ("name", name),
                ("exchange", exchange),
                ("zone", zone),
                ("currency", currency),
            ):
                if value is not None:
                    setattr(it, key, value)

    def set_state(self, symbol: str, state: str) -> None:
        """Yahoo's ``marketState``: OVERNIGHT, PREPRE, PRE, REGULAR, POST, POSTPOST, CLOSED."""
        with self._lock:
            self.instrument(symbol).state = state

    def set_fields(self, symbol: str, /, **raw: object) -> None:
        """Override raw fields of the quote, by Yahoo's names; any value JSON (with NaN) can hold."""
        with self._lock:
            self.instrument(symbol).fields.update(raw)

    def leave_out(self, symbol: str, *names: str) -> None:
        """Serve the quote without these raw fields."""
        with self._lock:
            self.instrument(symbol).absent.update(names)

    def set_history(
        self,
        symbol: str,
        bars: Iterable[ServedBar | tuple[date, float]],
        splits: Mapping[date, float] | None = None,
        dividends: Mapping[date, float] | None = None,
    ) -> None:
        """Daily bars, splits and dividends, as Yahoo would show them: prices are already adjusted for every split
        listed, and not for dividends."""
        with self._lock:
            it = self.instrument(symbol)
            it.bars = sorted((b if isinstance(b, ServedBar) else ServedBar(*b) for b in bars), key=lambda b: b.day)
            it.splits = dict(splits or {})
            it.dividends = dict(dividends or {})

    def set_earnings(self, *rows: tuple[str, str, str]) -> None:
        """When companies report: symbol, ISO moment in UTC, timing (BMO, AMC, TAS, TNS)."""
        with self._lock:
            self._earnings = list(rows)

    def calendar(self, body: Mapping[str, Any]) -> dict[str, object]:
        """The document of ``/v1/finance/visualization`` for the companies and days that ``body`` asks for."""
        asked = _asked(body["query"])
        with self._lock:
            rows = [
                [symbol, f"{symbol} Inc.", 1e9, "Q4 Earnings", at, timing, None, None, None]
                for symbol, at, timing in self._earnings
                if symbol in asked["ticker"] and asked["gte"][0] <= at[:10] and at <= asked["lte"][0]
            ]
        labels = [
            *("Symbol", "Company Name", "Market Cap (Intraday)", "Event Name", "Event Start Date", "Event Start Date"),
            *("EPS Estimate", "Reported EPS", "Surprise (%)"),
        ]
        columns = [{"label": label, "type": "STRING"} for label in labels]
        columns[4]["type"] = "DATE"
        page = rows[body["offset"] : body["offset"] + min(body["size"], 100)]
        return {"finance": {"result": [{"documents": [{"columns": columns, "rows": page}]}], "error": None}}

    def remove(self, symbol: str) -> None:
        """Yahoo no longer knows ``symbol``."""
        with self._lock:
            self._instruments.pop(symbol, None)

    def symbols(self) -> list[str]:
        """What is quoted."""
        with self._lock:
            return sorted(self._instruments)

    # ------------------------------------------------------------------------------------------------------ documents

    def quotes(self, symbols: Iterable[str], *, nights: bool = False) -> dict[str, object]:
        """The document of ``/v7/finance/quote``; unknown symbols are simply not in it, nor are prices of the night
        unless asked for."""
        with self._lock:
            known = [self._instruments[s] for s in dict.fromkeys(symbols) if s in self._instruments]
            return {"quoteResponse": {"result": [_quote(it, nights) for it in known], "error": None}}

    def chart(self, symbol: str, query: Mapping[str, str]) -> dict[str, object] | None:
        """The document of ``/v8/finance/chart/{symbol}``; ``None`` for an unknown symbol."""
        with self._lock:
            it = self._instruments.get(symbol)
            if it is None:
                return None
            rows = _daily(it, query) if query.get("interval", "1d") == "1d" else _minutes(it, query)
            return {"chart": {"result": [_chart(it, rows, query)], "error": None}}


def _asked(query: Mapping[str, Any]) -> dict[str, list[str]]:
    """The tickers and the bounds that a query of the calendar names."""
    found: dict[str, list[str]] = {"ticker": [], "gte": [], "lte": []}
    for part in query["operands"]:
        if isinstance(part, Mapping):
            for key, values in _asked(part).items():
                found[key] += values
    if query["operands"][0] == "ticker":
        found["ticker"].append(query["operands"][1])
    elif query["operands"][0] == "startdatetime":
        found[query["operator"].lower()].append(query["operands"][1])
    return found


Row = tuple[int, float | None, float | None, float | None, float | None, int | None, float | None]


def _quote(it: Instrument, nights: bool) -> dict[str, object]:
    offset = (_latest(it) or datetime(2025, 1, 1, tzinfo=UTC)).astimezone(ZoneInfo(it.zone)).utcoffset()
    out: dict[str, object] = {
        "language": "en-US",
        "region": "US",
        "quoteType": it.kind,
        "quoteSourceName": "Delayed Quote" if it.delay else "Nasdaq Real Time Price",
        "currency": it.currency,
        "exchange": it.exchange,
        "shortName": it.name,
        "longName": it.name,
        "marketState": it.state,
        "exchangeTimezoneName": it.zone,
        "gmtOffSetMilliseconds": int(offset.total_seconds() * 1000) if offset is not None else 0,
        "exchangeDataDelayedBy": it.delay,
        "hasPrePostMarketData": it.exchange in ("NMS", "NYQ", "PCX", "ASE"),
        "tradeable": False,
        "priceHint": 2,
        "symbol": it.symbol,
    }
    for phase in ("overnight", "pre", "regular", "post") if nights else ("pre", "regular", "post"):
        if phase in it.prices:
            price, at = it.prices[phase]
            out[f"{phase}MarketPrice"] = price
            out[f"{phase}MarketTime"] = int(at.timestamp())
    if "overnightMarketPrice" in out:
        out["overnightMarketSource"] = "BOATS Real Time Price"
        if "regular" in it.prices:
            out["overnightMarketChange"] = it.prices["overnight"][0] - it.prices["regular"][0]
    if it.previous_close is not None:
        out["regularMarketPreviousClose"] = it.previous_close
        if "regular" in it.prices and it.previous_close:
            out["regularMarketChangePercent"] = (it.prices["regular"][0] / it.previous_close - 1) * 100
    if it.volume is not None:
        out["regularMarketVolume"] = it.volume
    out.update(it.fields)
    return {k: v for k, v in out.items() if k not in it.absent}


def _latest(it: Instrument) -> datetime | None:
    return max((at for _, at in it.prices.values()), default=None)


def _day(it: Instrument, at: datetime) -> date:
    return at.astimezone(ZoneInfo(it.zone)).date()


def _stamp(it: Instrument, day: date) -> int:
    """Yahoo dates a daily bar at the regular open, local time."""
    return int(datetime.combine(day, time(9, 30), ZoneInfo(it.zone)).timestamp())


def _span(it: Instrument, query: Mapping[str, str]) -> tuple[float, float]:
    if "period1" in query:
        return float(query["period1"]), float(query.get("period2") or "inf")
    days = {"1d": 1, "5d": 7, "1mo": 31, "3mo": 92, "6mo": 183, "1y": 366, "2y": 731}.get(
        query.get("range", "1mo"), 36500
    )
    newest = [*(int(at.timestamp()) for _, at in it.prices.values()), *(_stamp(it, b.day) for b in it.bars[-1:])]
    return max(newest, default=0) - timedelta(days=days).total_seconds(), math.inf


def _daily(it: Instrument, query: Mapping[str, str]) -> list[Row]:
    """The bars asked for and, as Yahoo adds it, a row for the running session, dated at its last trade."""
    first, last = _span(it, query)
    rows = [
        (
            _stamp(it, b.day),
            b.open if b.open is not None else b.close,
            b.high if b.high is not None else b.close,
            b.low if b.low is not None else b.close,
            b.close,
            b.volume,
            b.adjusted if b.adjusted is not None else b.close,
        )
        for b in it.bars
        if first <= _stamp(it, b.day) < last
    ]
    regular = it.prices.get("regular")
    if regular is not None and (not it.bars or _day(it, regular[1]) > it.bars[-1].day):
        price, at = regular
        if first <= at.timestamp() < last:
            rows.append((int(at.timestamp()), price, price, price, price, int(it.volume or 0), price))
    return rows


def _minutes(it: Instrument, query: Mapping[str, str]) -> list[Row]:
    first, last = _span(it, query)
    phases = ("pre", "regular", "post") if query.get("includePrePost", "").lower() == "true" else ("regular",)
    points = sorted((at, price) for phase, (price, at) in it.prices.items() if phase in phases)
    return [(int(at.timestamp()), p, p, p, p, 0, p) for at, p in points if first <= at.timestamp() < last]


def _chart(it: Instrument, rows: list[Row], query: Mapping[str, str]) -> dict[str, object]:
    meta: dict[str, object] = {
        "currency": it.currency,
        "symbol": it.symbol,
        "exchangeName": it.exchange,
        "instrumentType": it.kind,
        "timezone": "EST",
        "exchangeTimezoneName": it.zone,
        "gmtoffset": 0,
        "hasPrePostMarketData": True,
        "longName": it.name,
        "shortName": it.name,
        "priceHint": 2,
        "dataGranularity": query.get("interval", "1d"),
        "range": query.get("range", ""),
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    }
    if "regular" in it.prices:
        meta["regularMarketPrice"] = it.prices["regular"][0]
        meta["regularMarketTime"] = int(it.prices["regular"][1].timestamp())
    if it.previous_close is not None:
        meta["chartPreviousClose"] = it.previous_close
        meta["previousClose"] = it.previous_close
    if it.volume is not None:
        meta["regularMarketVolume"] = it.volume
    meta.update(it.chart_fields)
    first, last = _span(it, query)
    events = {
        str(_stamp(it, day)): {
            "date": _stamp(it, day),
            "numerator": ratio if ratio >= 1 else 1.0,
            "denominator": 1.0 if ratio >= 1 else round(1 / ratio),
            "splitRatio": f"{ratio:g}:1" if ratio >= 1 else f"1:{round(1 / ratio)}",
        }
        for day, ratio in it.splits.items()
        if first <= _stamp(it, day) < last
    }
    dividends = {
        str(_stamp(it, day)): {"date": _stamp(it, day), "amount": amount}
        for day, amount in it.dividends.items()
        if first <= _stamp(it, day) < last
    }
    columns = ("open", "high", "low", "close", "volume")
    out: dict[str, object] = {
        "meta": meta,
        "indicators": {
            "quote": [{name: [row[i + 1] for row in rows] for i, name in enumerate(columns)}],
            "adjclose": [{"adjclose": [row[6] for row in rows]}],
        },
    }
    if rows:
        out["timestamp"] = [row[0] for row in rows]
    else:
        out["indicators"] = {"quote": [{}], "adjclose": [{}]}
    told = {"splits": events if "split" in query.get("events", "") else {}}
    told["dividends"] = dividends if "div" in query.get("events", "") else {}
    if any(told.values()):
        out["events"] = {name: found for name, found in told.items() if found}
    return out


def utc_now() -> datetime:
    """The present, for people who run the server by hand."""
    return datetime.now(UTC).replace(microsecond=0)
