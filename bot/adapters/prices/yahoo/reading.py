"""Yahoo's JSON as quotes. Pure; any field may be missing or malformed.

Price: a quote has up to four, overnight, pre-market, regular and post-market, each with its time. The newest is the
latest quote, whatever ``marketState`` says.

Overnight: with ``overnightPrice=true`` the quotes of stocks that trade at night have ``overnightMarketPrice``,
``…Time``, ``…Change``, ``…ChangePercent`` and ``…Source`` ("BOATS Real Time Price"). Most symbols have none of them,
and by day some keep the last night's: by its time it is older than the others. ``marketState`` is then ``OVERNIGHT``,
also seen as ``PREPRE`` and ``POSTPOST``; nothing here rests on it. Yahoo documents none of this; it is as public
programs read it: yahoo-finance2 (issue 993, pull request 983), and requests, type stubs and tests on GitHub that agree
on the names, the flag of ``v7/finance/quote``, and numbers plain or as ``{"raw": …}``; looked up in November 2026.

Reference: during a session and in its post-market, ``regularMarketPreviousClose`` is the close before it. But in the
next session's pre-market, and after the open until the first regular trade, the regular fields are still those of the
session before: ``regularMarketPrice`` is the last close. So a quote of a later session than the regular price is
measured against the regular price: of a later exchange date, or of the night, which belongs to the next one.

Kind: once the exchange has closed, auctions and delays included, the regular price is the official close.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.model import Phase, Quote, QuoteKind
from bot.core.prices.sessions import Timetable

AUCTION = timedelta(minutes=5)
"""How long after the regular close the closing auction may still set the official close (London, New York)."""

LEAST_DIVIDEND = 0.02
"""Of the close. A smaller dividend is left in the change, as on every price screen."""

CHART = "yahoo charts"
QUOTES = "yahoo"

_SAME_IN_CHARTS = (
    *("symbol", "currency", "exchangeTimezoneName", "longName", "shortName"),
    *("regularMarketPrice", "regularMarketTime", "regularMarketVolume"),
)
"""Fields of a quote that a chart's ``meta`` has under the same name."""

Item = Mapping[str, object]
"""A JSON object: a quote, or a chart."""


@dataclass(frozen=True, slots=True)
class YahooPrice:
    """One of the prices in a quote."""

    price: float
    at: datetime
    part: str
    """Of its field names: ``overnight``, ``pre``, ``regular`` or ``post``."""

    @property
    def regular(self) -> bool:
        """It is of the regular phase."""
        return self.part == "regular"


def read_quote(
    item: Item, *, symbol: str, now: datetime, timetable: Timetable | None, source: str = QUOTES
) -> tuple[Quote, ...]:
    """The latest quote in ``item``, preceded by the session's official close if the latest is post-market, and by close
    and last post-market price if it is of the night after.

    Empty if no price has a time. Prices are as stated, even NaN or zero; a previous close that is not positive is
    omitted. ``timetable`` is that of the symbol's exchange; without it no close is official.
    """
    zone = _zone(item)
    regular = _price(item, "regular")
    others = (_night_price(item, timetable), _price(item, "pre"), _price(item, "post"))
    prices = [p for p in (*others, regular) if p is not None]
    if not prices:
        return ()
    newest = max(prices, key=lambda p: (p.at, p.regular))
    stated = _positive(item.get("regularMarketPreviousClose"))
    currency = item.get("currency")
    volume = _number(item.get("regularMarketVolume"))

    def quote(price: YahooPrice, kind: QuoteKind) -> Quote:
        later = price.part == "overnight" and regular is not None and price.at > regular.at
        day = price.at.astimezone(zone).date()
        same_session = regular is not None and not later and day <= regular.at.astimezone(zone).date()
        reference = stated if same_session else _positive(regular.price) if regular is not None else None
        return Quote(
            symbol=symbol,
            price=price.price,
            at=price.at,
            seen_at=now,
            kind=kind,
            previous_close=reference,
            volume=volume if same_session and volume is not None and volume > 0 else None,
            currency=sys.intern(currency) if isinstance(currency, str) else "",  # one text for thousands of quotes
            source=source,
        )

    closed = regular is not None and _is_close(item, regular, now, zone, timetable)
    if newest.regular:
        return (quote(newest, QuoteKind.CLOSE if closed else QuoteKind.TRADE),)
    latest = quote(newest, QuoteKind.TRADE)
    if regular is None or not closed:
        return (latest,)
    if newest.part == "overnight":
        post = next((p for p in prices if p.part == "post" and p.at > regular.at), None)
        between = (quote(post, QuoteKind.TRADE),) if post is not None else ()
        return quote(regular, QuoteKind.CLOSE), *between, latest
    return (quote(regular, QuoteKind.CLOSE), latest) if _day_of(newest, zone) == _day_of(regular, zone) else (latest,)


def chart_item(result: Item) -> Item:
    """A one-day chart by the minute, pre- and post-market included, in the form of a quote.

    The last point gives the pre- and post-market price; during a session the chart's regular price is as new.
    """
    meta = result.get("meta")
    if not isinstance(meta, Mapping):
        return {}
    item: dict[str, object] = {name: meta.get(name) for name in _SAME_IN_CHARTS}
    item["exchange"] = meta.get("exchangeName")
    item["regularMarketPreviousClose"] = meta.get("previousClose") or meta.get("chartPreviousClose")
    if points := _points(result):
        at, close = points[-1]
        item["postMarketTime"], item["postMarketPrice"] = at.timestamp(), close
    return item


@dataclass(frozen=True, slots=True)
class BasisChange:
    """A split, or a large cash dividend: see ``Split``."""

    day: date
    ratio: float | None
    """``None`` where a split is listed without one."""
    cash: float = 0.0


def basis_changes(result: Item, day: date) -> tuple[float | None, list[BasisChange]]:
    """From a daily chart with its events: the close before ``day`` on the basis of ``day``, and what changed the basis
    between that close and ``day``, inclusive. A chart's closes are adjusted for splits, but not for dividends."""
    meta = result.get("meta")
    zone = _zone(meta if isinstance(meta, Mapping) else {})
    closes = [(_day(at, zone), close) for at, close in _points(result)]
    before = [(d, close) for d, close in closes if d < day]
    if not before:
        return None, []
    last, close = before[-1][0], _positive(before[-1][1])
    changes = [BasisChange(d, _split_ratio(e)) for d, e in _events(result, "splits", zone) if last < d <= day]
    for d, event in _events(result, "dividends", zone):
        cash = _positive(event.get("amount"))
        if close is not None and cash is not None and last < d <= day and (ratio := dividend_ratio(close, cash)):
            changes.append(BasisChange(d, ratio, cash))
            close -= cash
    return close, changes


def dividend_ratio(close: float, cash: float) -> float | None:
    """By what prices before a dividend are divided; ``None`` for one too small to matter, or larger than the price."""
    return close / (close - cash) if LEAST_DIVIDEND * close <= cash < close else None


LONGEST_DELAY = 60.0
"""Minutes; what is said beyond is a mistake."""


def delay_of(item: Item) -> timedelta:
    """How far quotes of the exchange lag behind it, as ``item`` says; none where it does not."""
    minutes = _number(item.get("exchangeDataDelayedBy"))
    return timedelta(minutes=minutes if minutes is not None and 0 <= minutes <= LONGEST_DELAY else 0.0)


def exchange_date(moment: datetime, item: Item) -> date:
    """The date of ``moment`` at the exchange of ``item``."""
    return moment.astimezone(_zone(item)).date()


def text(item: Item, *names: str) -> str:
    """The first non-empty text among these fields."""
    return next((v.strip() for v in map(item.get, names) if isinstance(v, str) and v.strip()), "")


# --------------------------------------------------------------------------------------------------------- one field


def _price(item: Item, part: str) -> YahooPrice | None:
    price, at = _number(item.get(f"{part}MarketPrice")), _moment(item.get(f"{part}MarketTime"))
    return YahooPrice(price, at, part) if price is not None and at is not None else None


def _night_price(item: Item, timetable: Timetable | None) -> YahooPrice | None:
    """The price of the night, if it is of one: what is printed on the eve of a holiday is of no session."""
    price = _price(item, "overnight")
    if price is None or timetable is None:
        return price
    return price if timetable.phase(price.at) is Phase.OVERNIGHT else None


def _day_of(price: YahooPrice, zone: tzinfo) -> date:
    return price.at.astimezone(zone).date()


def _number(value: object) -> float | None:
    """A number, NaN and infinity included, which Yahoo may wrap as ``{"raw": …}``; ``None`` for anything else."""
    if isinstance(value, Mapping):
        value = value.get("raw")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _positive(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and math.isfinite(number) and number > 0 else None


def _moment(value: object) -> datetime | None:
    seconds = _number(value)
    if seconds is None or not math.isfinite(seconds):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _zone(item: Item) -> tzinfo:
    """The exchange's time zone by name, or else by offset, or else UTC."""
    name = item.get("exchangeTimezoneName")
    if isinstance(name, str) and name and (zone := _named_zone(name)) is not None:
        return zone
    offset = _number(item.get("gmtOffSetMilliseconds"))
    if offset is not None and abs(offset) < 86_400_000:
        return timezone(timedelta(milliseconds=offset))
    return UTC


@lru_cache(maxsize=128)
def _named_zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _is_close(item: Item, regular: YahooPrice, now: datetime, zone: tzinfo, timetable: Timetable | None) -> bool:
    """Whether the regular price is the official close of the current session."""
    if timetable is None or item.get("marketState") == "REGULAR":
        return False
    session = timetable.on(regular.at.astimezone(zone).date())
    if session is None or regular.at < session.close_at or timetable.by_day(now) != session:
        return False
    return now >= session.close_at + AUCTION + delay_of(item)


def _points(result: Item) -> list[tuple[datetime, float]]:
    """A chart's times and closes, oldest first, without gaps."""
    stamps = result.get("timestamp")
    indicators = result.get("indicators")
    quote = indicators.get("quote") if isinstance(indicators, Mapping) else None
    first = quote[0] if isinstance(quote, list) and quote else None
    closes = first.get("close") if isinstance(first, Mapping) else None
    if not isinstance(stamps, list) or not isinstance(closes, list):
        return []
    pairs = [(_moment(s), _number(c)) for s, c in zip(stamps, closes, strict=False)]
    return sorted((at, c) for at, c in pairs if at is not None and c is not None and math.isfinite(c))


def _day(at: datetime, zone: tzinfo) -> date:
    """The exchange date of a daily bar; one stamped up to two hours before midnight belongs to the next day."""
    return (at.astimezone(zone) + timedelta(hours=2)).date()


def _events(result: Item, kind: str, zone: tzinfo) -> list[tuple[date, Item]]:
    """A chart's events of one kind by day, oldest first."""
    events = result.get("events")
    found = events.get(kind) if isinstance(events, Mapping) else None
    if not isinstance(found, Mapping):
        return []
    dated = [(_moment(e.get("date")), e) for e in found.values() if isinstance(e, Mapping)]
    return sorted(((_day(at, zone), e) for at, e in dated if at is not None), key=lambda pair: pair[0])


def _split_ratio(event: Item) -> float | None:
    new, old = _positive(event.get("numerator")), _positive(event.get("denominator"))
    return new / old if new is not None and old is not None and 0 < new / old < math.inf else None
