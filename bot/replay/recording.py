"""Recorded prices and news: files read into observations.

Prices: ``symbol,date,open,high,low,close,volume`` for sessions, or ``symbol,start_at,…`` (with ``end_at`` or, without
it, as long as the file's bars usually last) for bars within sessions; CSV or Parquet (``columns`` reads them, ``bars``
says what they stand for). Columns stand in any order, further ones are passed over, and only the close must be there.
News: one JSON object a line with ``published``, ``seen``, ``title``, ``summary``, ``source``, ``link``; where ``seen``
is missing, the story was seen ``lag`` after it was published or, where only its date is known (``date_only``), at the
end of that day. CSV and JSONL may be gzipped.

Nothing is guessed: a row that cannot be read is a ``Problem`` with file and line, and is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from bot.core.errors import Problem, UsageError
from bot.core.model import Observation, Story, stable_id
from bot.core.prices.sessions import Timetable
from bot.core.text.links import safe_link
from bot.replay.bars import PriceSessions, observations_of
from bot.replay.columns import PriceColumns, moment_of, opened, read_prices

LAG = timedelta(minutes=5)
"""How long after its publication a story is taken to have been seen, where the recording does not say."""


@dataclass(slots=True)
class Recorded:
    """What files of prices and news hold."""

    prices: PriceColumns = field(default_factory=PriceColumns)
    stories: dict[str, Story] = field(default_factory=dict)
    bad_news: list[Problem] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Every row that was passed over."""
        return [*self.prices.problems, *self.bad_news]


def read_recording(prices: Iterable[Path], news: Iterable[Path], *, lag: timedelta = LAG) -> Recorded:
    """Everything in these files. Raises UsageError for a file that cannot be read at all."""
    recorded = Recorded(read_prices(prices))
    for path in news:
        _read_news(path, recorded, lag)
    return recorded


def recording_observations(
    recorded: Recorded,
    timetable_of: Callable[[str], Timetable],
    first: date | None = None,
    last: date | None = None,
) -> list[Observation]:
    """The observations that ``recorded`` stands for, in no particular order; rows of no session become problems.

    Sessions from ``first`` to ``last`` are played; earlier rows are daily bars only, which fill references, and later
    ones are left out. Stories are left out only where they were seen after the last session ended. ``timetable_of``
    gives a symbol's sessions.
    """
    made: list[Observation] = []
    ends: list[datetime] = []
    sessions = PriceSessions(recorded.prices, timetable_of)
    for day in sessions.days:
        if last is not None and day > last:
            break
        for held in sessions.on(day):
            made += observations_of(recorded.prices, held, played=first is None or day >= first)
            ends.append(held.session.ends_at)
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
        except ValueError:
            raise ValueError("not a JSON object; write one a line") from None
        if not isinstance(data, dict):
            raise ValueError("not a JSON object; write one a line")
        title = " ".join(str(data.get("title") or "").split())
        if not title:
            raise ValueError("no title; write one, or remove the line")
        published = moment_of(str(data["published"])) if data.get("published") else None
        seen = moment_of(str(data["seen"])) if data.get("seen") else None
        if seen is None:
            if published is None:
                raise ValueError("neither published nor seen is given; add one, like 2025-01-27T10:00:00Z")
            seen = published + lag
            if data.get("date_only") or len(str(data["published"]).strip()) <= len("2025-01-27"):
                seen = max(seen, published.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1))
    except ValueError as error:
        recorded.bad_news.append(Problem(str(path), number, 1, "", str(error)))
        return
    source, link = str(data.get("source") or path.stem), safe_link(str(data.get("link") or ""))
    told = stable_id(source, link or title, title)
    story = Story(
        id=told,
        source=source,
        title=title,
        seen_at=seen,
        published_at=published,
        summary=" ".join(str(data.get("summary") or "").split()),
        link=link,
        publisher=str(data.get("publisher") or ""),
        keys=(told,),
    )
    known = recorded.stories.get(told)
    if known is None or story.seen_at < known.seen_at:
        recorded.stories[told] = story
