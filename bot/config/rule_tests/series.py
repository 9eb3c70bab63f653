"""The notation for prices in rule tests: closes before the test, a bar, then times and prices.

    142.62 | 09:00 133.37, 10:00 128.14 low, 14:30 -12.5% open, 15:00 5x121 every 1m, 21:00 118.42 close
    120x100~1% v2M | 15:00 10x100..90

Before the bar are closes, the last being the previous close: ``142.62``; ``120x100`` is 120 closes at 100,
``20x90..100`` rises evenly, ``~1%`` varies each by up to 1 % either way (the same in every run). After it, each time
has a price, and optionally its kind (trade, open, low, high, close), the session's volume so far (``v2.5M``), several
prices in a row (``5x121``, ``5x121..118``) and their interval (``every 1m``). A price can be a percentage of the
previous close. A date before a time applies to what follows.

Nothing is raised here; each mistake is a ``SeriesMistake``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.config.yaml.excerpt import shown
from bot.core.model import QuoteKind, stable_id
from bot.core.model.episodes import Mark
from bot.core.prices.windows import parse_duration

MOST_CLOSES = 1500
MOST_POINTS = 5000

_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
_VALUE = rf"(?:{_NUMBER}|[+-]{_NUMBER}%)"
_PRICE = re.compile(
    rf"(?:(?P<count>\d+)x)?(?P<first>{_VALUE})(?:\.\.(?P<last>{_VALUE}))?(?:~(?P<variation>{_NUMBER})%)?\Z"
)
_VOLUME = re.compile(rf"v({_NUMBER})([kKmMbB]?)\Z")
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?\Z")
_DATE = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)\Z")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(?:Z|[+-]\d\d:\d\d)\Z")
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_KINDS = {kind.value: kind for kind in QuoteKind}


@dataclass(frozen=True, slots=True)
class SeriesMistake:
    """A mistake in a series, at the character ``at``, from 0."""

    at: int
    message: str


@dataclass(frozen=True, slots=True)
class PastClose:
    """One close before the test's first session."""

    price: float
    volume: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One symbol's prices in a test."""

    closes: tuple[PastClose, ...] = ()
    """Oldest first; the last is the previous close."""
    marks: tuple[Mark, ...] = ()
    """In order of time."""


@dataclass(slots=True)
class SeriesClock:
    """Reads times: in ``zone``, and on the last date read."""

    day: date | None
    """The date for times without one; changes with each date read."""
    zone: ZoneInfo

    def date(self, word: str) -> bool:
        """Whether ``word`` is a date, which then applies to what follows. ValueError if it does not exist."""
        found = _DATE.match(word)
        if found is None:
            return False
        if found[1]:
            year = int(found[1])
        elif self.day:
            year = self.day.year
        else:
            raise ValueError(f"{word} has no year; write one, like 2025-{word}, or set 'session'")
        try:
            self.day = date(year, int(found[2]), int(found[3]))
        except ValueError:
            raise ValueError(f"there is no date {word}; check it") from None
        return True

    def moment(self, word: str) -> tuple[datetime, timedelta] | None:
        """The time ``word`` and its precision (a minute or a second); ``None`` where it is no time.

        ValueError if it does not exist, or has no date and there was none before.
        """
        if found := _MOMENT.match(word):
            try:
                at = datetime.fromisoformat(word).astimezone(UTC)
            except (ValueError, OverflowError):
                raise ValueError(f"there is no time {word}; check it") from None
            self.day = at.astimezone(self.zone).date()
            return at, timedelta(seconds=1 if found[1] else 60)
        found = _CLOCK.match(word)
        if found is None:
            return None
        if self.day is None:
            raise ValueError(f"{word} has no date; write one before it, like 2025-01-27 {word}, or set 'session'")
        try:
            clock = time(int(found[1]), int(found[2]), int(found[3] or 0), tzinfo=self.zone)
        except ValueError:
            raise ValueError(f"there is no time {word}; write hours and minutes, like 09:30") from None
        return datetime.combine(self.day, clock).astimezone(UTC), timedelta(seconds=1 if found[3] else 60)

    def one_moment(self, text: str) -> tuple[datetime, timedelta]:
        """A time with or without a date: ``10:00``, ``01-26 11:00``, ``2025-01-26T11:00Z``. ValueError for others."""
        words = text.split()
        if len(words) == 2 and self.date(words[0]):
            words = words[1:]
        found = self.moment(words[0]) if len(words) == 1 else None
        if found is None:
            raise ValueError(f"'{shown(text)}' is not a time; write 10:00, or 2025-01-27 10:00")
        return found


def parse_series(text: str, clock: SeriesClock, symbol: str) -> tuple[Series, list[SeriesMistake]]:
    """The prices of ``symbol`` in ``text``, and every mistake in it. Dates in it set ``clock``."""
    reader = _Reader(clock, symbol)
    before, bar, after = text.partition("|")
    if not bar and any(_CLOCK.match(w) or _MOMENT.match(w) for _, w in _words(text)):
        before, after = "", text
    reader.closes_of(before)
    reader.points_of(after, len(text) - len(after))
    return Series(tuple(reader.closes), tuple(reader.marks)), reader.mistakes


def _words(text: str, start: int = 0) -> Iterator[tuple[int, str]]:
    for found in re.finditer(r"[^\s,]+", text):
        yield start + found.start(), found[0]


@dataclass(slots=True)
class _Point:
    """A time after the bar and what has been read for it so far."""

    at: datetime
    where: int
    price: re.Match[str] | None = None
    kind: QuoteKind = QuoteKind.TRADE
    volume: float | None = None
    every: timedelta = timedelta(minutes=1)
    invalid: bool = False
    """Whether a mistake in it has been reported."""


class _Reader:
    def __init__(self, clock: SeriesClock, symbol: str) -> None:
        self.clock = clock
        self.symbol = symbol
        self.closes: list[PastClose] = []
        self.marks: list[Mark] = []
        self.mistakes: list[SeriesMistake] = []
        self._bases: list[tuple[date, float]] = []
        """The closes that percentages refer to, each with its first date."""

    def _fail(self, at: int, message: str) -> None:
        self.mistakes.append(SeriesMistake(at, message))

    def closes_of(self, text: str) -> None:
        added: int | None = None  # how many closes the last price added; None where there was no price
        for where, word in _words(text):
            if found := _VOLUME.match(word):
                if added is None:
                    self._fail(where, f"'{word}' has no close before it; write the price first, like 142.62 v2M")
                elif added:
                    closes = [replace(close, volume=_volume(found)) for close in self.closes[-added:]]
                    self.closes[-added:] = closes
                continue
            price = _PRICE.match(word)
            if price is None or "%" in price["first"] + (price["last"] or ""):
                self._fail(where, f"'{shown(word)}' is not a close; write a price like 142.62, or several like 120x100")
                added = None
            else:
                added = self._add_closes(where, price)
        if self.closes:
            self._bases.append((date.min, self.closes[-1].price))

    def _add_closes(self, where: int, found: re.Match[str]) -> int:
        """Add the closes that ``found`` describes; how many."""
        count = int(found["count"] or 1)
        first = float(found["first"])
        last = float(found["last"] or first)
        if not 1 <= count <= MOST_CLOSES:
            self._fail(where, f"{count} closes; write 1 to {MOST_CLOSES}")
            return 0
        if first <= 0 or last <= 0:
            self._fail(where, f"'{found[0]}' is not above 0; write a real price")
            return 0
        variation = float(found["variation"] or 0) / 100
        for price in _between(first, last, count):
            factor = 1 + _variation(self.symbol, len(self.closes)) * variation
            self.closes.append(PastClose(round(price * factor, 6)))
        return count

    def points_of(self, text: str, start: int) -> None:
        point: _Point | None = None
        words = list(_words(text, start))
        skip = False
        lost = False  # after an invalid time: what belongs to it is not reported again
        for i, (where, word) in enumerate(words):
            if skip:
                skip = False
                continue
            try:
                if self.clock.date(word):
                    continue
                moment = self.clock.moment(word)
            except ValueError as error:
                self._fail(where, str(error))
                self._finish(point)
                point, lost = None, True
                continue
            if moment is not None:
                self._finish(point)
                point, lost = _Point(moment[0], where), False
                continue
            skip = word == "every"
            try:
                if skip:
                    self._every(point, words[i + 1][1] if i + 1 < len(words) else "")
                elif not lost:
                    self._part(point, where, word)
            except ValueError as error:
                self._fail(where, str(error))
                if point is not None:
                    point.invalid = True
        self._finish(point)

    @staticmethod
    def _every(point: _Point | None, word: str) -> None:
        if not word:
            raise ValueError("'every' has no duration; write one, like every 1m")
        if point is not None:
            point.every = parse_duration(word)

    def _part(self, point: _Point | None, where: int, word: str) -> None:
        """Add a word to ``point``."""
        if point is None:
            raise ValueError(f"'{shown(word)}' has no time before it; write one, like 14:30 {shown(word)}")
        if word in _KINDS:
            point.kind = _KINDS[word]
        elif found := _VOLUME.match(word):
            point.volume = _volume(found)
        elif price := _PRICE.match(word):
            if point.price is not None:
                raise ValueError(f"'{word}' is a second price for one time; write a time before it")
            if price["variation"]:
                raise ValueError(f"'{word}': only closes before the bar can vary with ~; write the prices out")
            point.price = price
        else:
            raise ValueError(
                f"'{shown(word)}' is not understood; write a time, a price like 128.14, 5x128..120 or -10%, "
                f"one of {', '.join(_KINDS)}, a volume like v2M, or every 1m"
            )

    def _finish(self, point: _Point | None) -> None:
        if point is None or (point.invalid and point.price is None):
            return
        if point.price is None:
            self._fail(point.where, "a time without a price; write one after it, like 14:30 128.14")
            return
        count = int(point.price["count"] or 1)
        if not 1 <= count <= MOST_POINTS:
            self._fail(point.where, f"{count} prices in a row; write 1 to {MOST_POINTS}")
            return
        day = point.at.astimezone(self.clock.zone).date()
        try:
            first = self._price(point.price["first"], day)
            last = self._price(point.price["last"], day) if point.price["last"] else first
        except ValueError as error:
            self._fail(point.where, str(error))
            return
        if self.marks and point.at < self.marks[-1].at:
            self._fail(point.where, f"{point.at:%H:%M} UTC comes after a later time; put the prices in order")
            return
        for i, price in enumerate(_between(first, last, count)):
            self.marks.append(Mark(point.at + i * point.every, point.kind, round(price, 6), point.volume))
        if point.kind is QuoteKind.CLOSE:
            self._bases.append((day + timedelta(days=1), last))

    def _price(self, word: str, day: date) -> float:
        if not word.endswith("%"):
            price = float(word)
        else:
            base = next((price for since, price in reversed(self._bases) if since <= day), None)
            if base is None:
                raise ValueError(f"{word} has no previous close; write it before a bar, like 142.62 | … {word}")
            price = base * (1 + float(word[:-1]) / 100)
        if price <= 0:
            raise ValueError(f"'{word}' is not above 0; write a real price")
        return price


def _between(first: float, last: float, count: int) -> Iterator[float]:
    for i in range(count):
        yield first + (last - first) * (i / (count - 1) if count > 1 else 0.0)


def _volume(found: re.Match[str]) -> float:
    return float(found[1]) * _TIMES[found[2].lower()]


def _variation(symbol: str, number: int) -> float:
    """A number from −1 to 1 that depends on symbol and position only, so that every run is the same."""
    return int(stable_id(symbol, str(number), length=8), 16) / 0xFFFFFFFF * 2 - 1
