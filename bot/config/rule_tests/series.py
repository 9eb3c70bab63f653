"""Prices of a rule test as people write them: what was before, a bar, and what happens at which time.

    142.62 | 09:00 133.37, 10:00 128.14 low, 14:30 -12.5% open, 15:00 5x121 every 1m, 21:00 118.42 close
    120x100~1% v2M | 15:00 10x100..90

Before the bar stand closes, the last one that of the session before the test's: ``142.62``; ``120x100`` are 120 closes
at 100, ``20x90..100`` climb evenly, ``~1%`` lets each wobble up to 1 % either way (the same way in every run). After
it stand a time and a price each, and where needed what kind of price it is (trade, open, low, high, close), the volume
of the session so far (``v2.5M``), several prices in a row (``5x121``, ``5x121..118``) and how far apart (``every 1m``).
A price may be a percentage of the previous close. A date before a time holds for what follows.

Nothing is raised here. A mistake is a ``SeriesMistake``: at which character, and what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
    rf"(?:(?P<count>\d+)x)?(?P<first>{_VALUE})(?:\.\.(?P<last>{_VALUE}))?(?:~(?P<wobble>{_NUMBER})%)?\Z"
)
_VOLUME = re.compile(rf"v({_NUMBER})([kKmMbB]?)\Z")
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?\Z")
_DATE = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)\Z")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(?:Z|[+-]\d\d:\d\d)\Z")
_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_KINDS = {kind.value: kind for kind in QuoteKind}


@dataclass(frozen=True, slots=True)
class SeriesMistake:
    """A mistake in a series: ``at`` is the character, from 0."""

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
    """Oldest first; the last is of the session before the test's first."""
    marks: tuple[Mark, ...] = ()
    """In order of time."""


@dataclass(slots=True)
class SeriesClock:
    """How times are read: on which date where none is written, and in which zone."""

    day: date | None
    """Where no date is written; the last one read afterwards."""
    zone: ZoneInfo

    def date(self, word: str) -> bool:
        """Whether ``word`` is a date; it then holds for what follows. ValueError for a date that does not exist."""
        found = _DATE.match(word)
        if found is None:
            return False
        if found[1]:
            year = int(found[1])
        elif self.day:
            year = self.day.year
        else:
            raise ValueError(f"{word} has no year; write one, as 2025-{word}, or set 'session'")
        try:
            self.day = date(year, int(found[2]), int(found[3]))
        except ValueError:
            raise ValueError(f"there is no date {word}; check it") from None
        return True

    def moment(self, word: str) -> tuple[datetime, timedelta] | None:
        """The moment ``word`` names, and how exactly (to the minute or the second); ``None`` where it is no time.

        ValueError for a time that does not exist, and for one without a date where there is none to take.
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
            raise ValueError(f"{word} is of no date; write one before it, as 2025-01-27 {word}, or set 'session'")
        try:
            clock = time(int(found[1]), int(found[2]), int(found[3] or 0), tzinfo=self.zone)
        except ValueError:
            raise ValueError(f"there is no time {word}; write hours and minutes, as 09:30") from None
        return datetime.combine(self.day, clock).astimezone(UTC), timedelta(seconds=1 if found[3] else 60)

    def one_moment(self, text: str) -> tuple[datetime, timedelta]:
        """A moment with or without its date: ``10:00``, ``01-26 11:00``, ``2025-01-26T11:00Z``. ValueError else."""
        words = text.split()
        if len(words) == 2 and self.date(words[0]):
            words = words[1:]
        found = self.moment(words[0]) if len(words) == 1 else None
        if found is None:
            raise ValueError(f"'{shown(text)}' is not a time; write 10:00, or 2025-01-27 10:00")
        return found


def parse_series(text: str, clockwork: SeriesClock, symbol: str) -> tuple[Series, list[SeriesMistake]]:
    """What ``text`` says about ``symbol``, and every mistake in it. ``clockwork`` is wound on by dates in it."""
    reader = _Reader(clockwork, symbol)
    before, bar, after = text.partition("|")
    if not bar and any(_CLOCK.match(w) or _MOMENT.match(w) for _, w in _words(text)):
        before, after = "", text
    reader.closes_of(before)
    reader.points_of(after, len(text) - len(after))
    return Series(tuple(reader.closes), tuple(reader.marks)), reader.slips


def _words(text: str, start: int = 0) -> Iterator[tuple[int, str]]:
    for found in re.finditer(r"[^\s,]+", text):
        yield start + found.start(), found[0]


@dataclass(slots=True)
class _Point:
    """One entry after the bar, as far as it has been read."""

    at: datetime
    where: int
    price: re.Match[str] | None = None
    kind: QuoteKind = QuoteKind.TRADE
    volume: float | None = None
    every: timedelta = timedelta(minutes=1)
    spoiled: bool = False
    """Something in it was not understood and is told already."""


class _Reader:
    def __init__(self, clockwork: SeriesClock, symbol: str) -> None:
        self.clockwork = clockwork
        self.symbol = symbol
        self.closes: list[PastClose] = []
        self.marks: list[Mark] = []
        self.slips: list[SeriesMistake] = []
        self._bases: list[tuple[date, float]] = []
        """Closes that percentages refer to, with the date from which each counts."""

    def _slip(self, at: int, message: str) -> None:
        self.slips.append(SeriesMistake(at, message))

    # ------------------------------------------------------------------------------------------------ before the bar

    def closes_of(self, text: str) -> None:
        pending: tuple[int, re.Match[str]] | None = None
        volume: float | None = None
        for where, word in _words(text):
            if found := _VOLUME.match(word):
                if pending is None:
                    self._slip(where, f"'{word}' has no close before it; write the price first, as 142.62 v2M")
                volume = _volume(found)
                continue
            if pending is not None:
                self._add_closes(*pending, volume)
            pending, volume = None, None
            price = _PRICE.match(word)
            if price is None or "%" in price["first"] + (price["last"] or ""):
                self._slip(where, f"'{shown(word)}' is not a close; write a price as 142.62, or several as 120x100")
            else:
                pending = (where, price)
        if pending is not None:
            self._add_closes(*pending, volume)
        if self.closes:
            self._bases.append((date.min, self.closes[-1].price))

    def _add_closes(self, where: int, found: re.Match[str], volume: float | None) -> None:
        count = int(found["count"] or 1)
        if not 1 <= count <= MOST_CLOSES:
            self._slip(where, f"{count} closes; write 1 to {MOST_CLOSES}")
            return
        first = float(found["first"])
        last = float(found["last"] or first)
        if first <= 0 or last <= 0:
            self._slip(where, f"'{found[0]}' is not above 0; write what was paid")
            return
        wobble = float(found["wobble"] or 0) / 100
        for price in _between(first, last, count):
            swing = _swing(self.symbol, len(self.closes)) * wobble
            self.closes.append(PastClose(round(price * (1 + swing), 6), volume))

    # ------------------------------------------------------------------------------------------------- after the bar

    def points_of(self, text: str, start: int) -> None:
        point: _Point | None = None
        words = list(_words(text, start))
        skip = False
        lost = False  # after a time that is none: what follows belongs to it, and is not complained of again
        for i, (where, word) in enumerate(words):
            if skip:
                skip = False
                continue
            try:
                if self.clockwork.date(word):
                    continue
                moment = self.clockwork.moment(word)
            except ValueError as error:
                self._slip(where, str(error))
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
                self._slip(where, str(error))
                if point is not None:
                    point.spoiled = True
        self._finish(point)

    @staticmethod
    def _every(point: _Point | None, word: str) -> None:
        if not word:
            raise ValueError("'every' says no duration; write one, as every 1m")
        if point is not None:
            point.every = parse_duration(word)

    def _part(self, point: _Point | None, where: int, word: str) -> None:
        """A word that belongs to the point begun last."""
        if point is None:
            raise ValueError(f"'{shown(word)}' has no time before it; write one, as 14:30 {shown(word)}")
        if word in _KINDS:
            point.kind = _KINDS[word]
        elif found := _VOLUME.match(word):
            point.volume = _volume(found)
        elif price := _PRICE.match(word):
            if point.price is not None:
                raise ValueError(f"a second price, '{word}', without a time of its own; write a time before it")
            if price["wobble"]:
                raise ValueError(f"'{word}': only closes before the bar can wobble; write the prices out")
            point.price = price
        else:
            raise ValueError(
                f"'{shown(word)}' is not understood; write a time, a price as 128.14, 5x128..120 or -10%, "
                f"one of {', '.join(_KINDS)}, a volume as v2M, or every 1m"
            )

    def _finish(self, point: _Point | None) -> None:
        if point is None or (point.spoiled and point.price is None):
            return
        if point.price is None:
            self._slip(point.where, "a time without a price; write one after it, as 14:30 128.14")
            return
        count = int(point.price["count"] or 1)
        if not 1 <= count <= MOST_POINTS:
            self._slip(point.where, f"{count} prices in a row; write 1 to {MOST_POINTS}")
            return
        day = point.at.astimezone(self.clockwork.zone).date()
        try:
            first = self._price(point.price["first"], day)
            last = self._price(point.price["last"], day) if point.price["last"] else first
        except ValueError as error:
            self._slip(point.where, str(error))
            return
        if self.marks and point.at < self.marks[-1].at:
            self._slip(point.where, f"{point.at:%H:%M} UTC comes after a later time; put the prices in order")
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
                raise ValueError(f"{word} of what? Write the previous close before a bar, as 142.62 | … {word}")
            price = base * (1 + float(word[:-1]) / 100)
        if price <= 0:
            raise ValueError(f"'{word}' is not above 0; write what was paid")
        return price


def _between(first: float, last: float, count: int) -> Iterator[float]:
    for i in range(count):
        yield first + (last - first) * (i / (count - 1) if count > 1 else 0.0)


def _volume(found: re.Match[str]) -> float:
    return float(found[1]) * _TIMES[found[2].lower()]


def _swing(symbol: str, number: int) -> float:
    """Between −1 and 1, the same for the same symbol and place in every run; unlike for unlike symbols."""
    return int(stable_id(symbol, str(number), length=8), 16) / 0xFFFFFFFF * 2 - 1
