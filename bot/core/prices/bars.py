"""The daily bars of one symbol, packed: two years of them for hundreds of symbols are most of what a bot remembers."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime

from bot.core.model import DailyBar

_EACH, _VOLUME = 5, 4
"""Close, open, high, low and volume; NaN where there is none."""


class Bars(Mapping[date, DailyBar]):
    """Bars by session, oldest first. A bar that is read is made then: a hundred bytes are kept of each, where the
    values themselves take three hundred and fifty."""

    __slots__ = ("_numbers", "_seen", "_sources", "dates", "symbol")

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.dates: list[date] = []
        """The sessions there are bars of, ascending."""
        self._numbers = array("d")
        self._seen: list[datetime] = []
        self._sources: list[str] = []

    def __len__(self) -> int:
        return len(self.dates)

    def __iter__(self) -> Iterator[date]:
        return iter(self.dates)

    def __contains__(self, session: object) -> bool:
        return isinstance(session, date) and self.place(session) is not None

    def __getitem__(self, session: date) -> DailyBar:
        i = self.place(session)
        if i is None:
            raise KeyError(session)
        return self.at(i)

    def at(self, i: int) -> DailyBar:
        """The bar at a place among ``dates``."""
        close, *others = self._numbers[_EACH * i : _EACH * (i + 1)]
        opened, high, low, volume = (None if math.isnan(number) else number for number in others)
        return DailyBar(self.symbol, self.dates[i], close, self._seen[i], opened, high, low, volume, self._sources[i])

    def place(self, session: date) -> int | None:
        """The place of a session among ``dates``; ``None`` where there is no bar."""
        i = bisect_left(self.dates, session)
        return i if i < len(self.dates) and self.dates[i] == session else None

    def close_at(self, i: int) -> float:
        """The close at a place among ``dates``, counted from the end where it is negative."""
        return self._numbers[_EACH * i]

    def closes(self, start: int, end: int) -> array[float]:
        """The closes at the places from ``start`` up to ``end``."""
        return self._numbers[_EACH * start : _EACH * end : _EACH]

    def volumes(self, start: int, end: int) -> list[float | None]:
        """The volumes at the places from ``start`` up to ``end``."""
        found = self._numbers[_EACH * start + _VOLUME : _EACH * end : _EACH]
        return [None if volume != volume else volume for volume in found]

    def place_of_all(self, days: list[date]) -> int | None:
        """The place of the first of some sessions one after the other; ``None`` where not all of them have bars."""
        i = bisect_left(self.dates, days[0]) if days else 0
        return i if self.dates[i : i + len(days)] == days else None

    @property
    def seen_at(self) -> datetime | None:
        """When the newest of what is known was seen."""
        return max(self._seen, default=None)

    def add(self, bar: DailyBar) -> None:
        """Add a bar; it replaces one of the same session."""
        figures = bar.close, bar.open, bar.high, bar.low, bar.volume
        numbers = array("d", [math.nan if figure is None else figure for figure in figures])
        if not self.dates or self.dates[-1] < bar.session:
            self._numbers.extend(numbers)
            self.dates.append(bar.session)
            self._seen.append(bar.seen_at)
            self._sources.append(bar.source)
            return
        i = bisect_left(self.dates, bar.session)
        known = i < len(self.dates) and self.dates[i] == bar.session
        self._numbers[_EACH * i : _EACH * (i + known)] = numbers
        self.dates[i : i + known] = [bar.session]
        self._seen[i : i + known] = [bar.seen_at]
        self._sources[i : i + known] = [bar.source]

    def append(self, session: date, figures: Sequence[float], seen_at: datetime, source: str) -> None:
        """As ``add``, of a bar in figures: close, open, high, low and volume, NaN where there is none."""
        if self.dates and self.dates[-1] >= session:
            close, opened, high, low, volume = (None if figure != figure else figure for figure in figures)
            assert close is not None
            self.add(DailyBar(self.symbol, session, close, seen_at, opened, high, low, volume, source))
            return
        self._numbers.extend(figures)
        self.dates.append(session)
        self._seen.append(seen_at)
        self._sources.append(source)

    def forget(self, many: int) -> None:
        """Drop so many of the oldest."""
        del self._numbers[: _EACH * many], self.dates[:many], self._seen[:many], self._sources[:many]

    def first(self, many: int) -> Bars:
        """The oldest so many; itself where that is all."""
        return self if many >= len(self.dates) else self._those(range(many))

    def where(self, seen: Callable[[datetime], bool]) -> Bars:
        """Those whose ``seen_at`` is as asked."""
        return self._those([i for i, at in enumerate(self._seen) if seen(at)])

    def _those(self, places: range | list[int]) -> Bars:
        some = Bars(self.symbol)
        for i in places:
            some._numbers.extend(self._numbers[_EACH * i : _EACH * (i + 1)])
        some.dates = [self.dates[i] for i in places]
        some._seen = [self._seen[i] for i in places]
        some._sources = [self._sources[i] for i in places]
        return some
