"""Reads recorded prices and news into observations.

Prices: ``symbol,date,open,high,low,close,volume`` for sessions, or ``symbol,start_at,…`` for bars within sessions, with
``end_at`` or else the file's usual bar length; CSV or Parquet. Columns may be in any order, others are ignored, and
only the close is required.
News: one JSON object per line with ``published_at``, ``seen_at``, ``title``, ``summary``, ``source``, ``publisher``,
``link``, as ``history export --what stories --format jsonl`` writes them; ``published`` and ``seen`` mean the same as
the first two. Without ``seen_at`` a story was seen ``lag`` after publication or, if only its date is known
(``date_only``), at the end of that day. CSV and JSONL may be gzipped.

A row that cannot be read is skipped and reported as a ``Problem`` with file and line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.core.errors import Problem, UsageError
from bot.core.model import Observation, Story, stable_id
from bot.core.prices.sessions import Timetable
from bot.core.text.links import safe_link
from bot.replay.bars import PriceSessions, observations_of
from bot.replay.columns import PriceColumns, moment_of, opened, read_prices

LOOKED_AT = 20
"""Lines of a file of news that are looked at beforehand: what has no entry in them is another file."""
LAG = timedelta(minutes=5)
"""The delay assumed between publication and being seen, if the recording does not say."""


@dataclass(slots=True)
class Recorded:
    """The contents of price and news files."""

    prices: PriceColumns = field(default_factory=PriceColumns)
    stories: dict[str, Story] = field(default_factory=dict)
    bad_news: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Every skipped row."""
        return [*self.prices.problems, *self.bad_news]


def read_recording(prices: Iterable[Path], news: Iterable[Path], *, lag: timedelta = LAG) -> Recorded:
    """The contents of these files. Raises UsageError for a file that cannot be read at all."""
    recorded = Recorded(read_prices(prices))
    for path in news:
        _read_news(path, recorded, lag)
    return recorded


def look_at_news(path: Path) -> None:
    """Read only the first lines. Raises UsageError where the file cannot be read, or is not one of news at all."""
    first: list[str] = []
    with opened(path) as stream:
        try:
            for line in stream:
                if line.strip():
                    first.append(line)
                if len(first) == LOOKED_AT:
                    break
        except (UnicodeDecodeError, EOFError, OSError) as error:
            raise UsageError(f"{path}: cannot be read: {error}") from error
    if first and not any(_is_object(line) for line in first):
        raise UsageError(
            f"{path} is not a file of news: none of its first {len(first)} lines is a JSON object; "
            'write one a line, like {"published_at": "2025-01-27T10:00:00Z", "title": "…"}'
        )


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def recording_observations(
    recorded: Recorded,
    timetable_of: Callable[[str], Timetable],
    first: date | None = None,
    last: date | None = None,
) -> list[Observation]:
    """The observations in ``recorded``, in no particular order; rows in no session become problems.

    Sessions from ``first`` to ``last`` are played; earlier rows yield only daily bars, which fill references, and later
    ones are left out, as are stories seen after the last session ended. ``timetable_of`` gives a symbol's sessions.
    """
    made: list[Observation] = []
    ends: list[datetime] = []
    sessions = PriceSessions(recorded.prices, timetable_of)
    for day in sessions.days:
        if last is not None and day > last:
            break
        for rows in sessions.on(day):
            made += observations_of(recorded.prices, rows, played=first is None or day >= first)
            ends.append(rows.session.ends_at)
    end = max(ends) if ends and last is not None else None
    made += [s for s in recorded.stories.values() if end is None or s.seen_at <= end]
    return made


def _read_news(path: Path, recorded: Recorded, lag: timedelta) -> None:
    with opened(path) as stream:
        number = 0
        try:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    _news_row(path, number, line, recorded, lag)
        except (UnicodeDecodeError, EOFError, OSError) as error:
            raise UsageError(f"{path}:{number + 1}: cannot be read: {error}") from error


def _news_row(path: Path, number: int, line: str, recorded: Recorded, lag: timedelta) -> None:
    try:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            raise ValueError("not a JSON object; write one per line")
        title = " ".join(str(data.get("title") or "").split())
        if not title:
            raise ValueError("no title; write one, or remove the line")
        dated, published = _moment(data, "published")
        _, seen = _moment(data, "seen")
        if seen is None:
            if published is None:
                raise ValueError("neither published_at nor seen_at is given; add one, like 2025-01-27T10:00:00Z")
            seen = published + lag
            if data.get("date_only") or len(dated) <= len("2025-01-27"):
                seen = max(seen, published.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1))
    except ValueError as error:
        recorded.bad_news.append(Problem(str(path), number, 1, "", str(error)))
        return
    source, link = str(data.get("source") or path.stem), safe_link(str(data.get("link") or ""))
    identity = stable_id(source, link or title, title)
    story = Story(
        id=identity,
        source=source,
        title=title,
        seen_at=seen,
        published_at=published,
        summary=" ".join(str(data.get("summary") or "").split()),
        link=link,
        publisher=str(data.get("publisher") or ""),
        keys=(identity,),
    )
    known = recorded.stories.get(identity)
    if known is None or story.seen_at < known.seen_at:
        recorded.stories[identity] = story


def _moment(data: Mapping[str, Any], name: str) -> tuple[str, datetime | None]:
    """``published_at`` or, by its other name, ``published``, as written and as a time; likewise ``seen_at``. Raises
    ValueError where it is no time, or where both are given and differ."""
    written = [str(data[key]).strip() for key in (f"{name}_at", name) if data.get(key)]
    moments = [moment_of(each) for each in written]
    if len(set(moments)) > 1:
        raise ValueError(f"{name}_at and {name} are different times; remove one")
    return (written[0], moments[0]) if moments else ("", None)
