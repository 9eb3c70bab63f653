"""``rules/episodes/*.yaml``: episodes as people write them, read strictly.

A file is one episode. Every mistake in it, in the keys as in the middle of a price block, is reported at once with
file, line and column. Given the exchanges' timetables, dates that were no session and marks outside every phase are
mistakes too; without them only what the file itself tells is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.config.episodes.entries import EpisodeFile, FallEntry
from bot.config.episodes.price_block import PriceMistake, RowPosition, other_basis, parse_date, read_daily, read_marks
from bot.config.yaml.document import Document, DocumentPath, load_document, path_text, problem, read_text
from bot.config.yaml.validation import nearest, validate
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.model import Phase, Story, stable_id
from bot.core.model.episodes import Episode, EpisodeBar, EpisodeKind, EpisodePrices, Fall, Mark, Trigger
from bot.core.prices.sessions import Timetable

RANGE_TOLERANCE = 0.005
"""How far a mark of the regular phase may lie outside its session's low and high: vendors differ by odd prints."""


def load_episode(
    path: Path | str, text: str | None = None, *, timetable_of: Callable[[str], Timetable] | None = None
) -> Episode:
    """The episode in ``path`` (or in ``text``, and ``path`` only names it).

    Raises ConfigError with every mistake found; UsageError from ``timetable_of`` becomes one of them.
    """
    document = load_document(path, text)
    problems: list[Problem] = []
    entry: EpisodeFile | None = None
    try:
        entry = validate(document, EpisodeFile)
    except ConfigError as error:
        problems += error.problems
    blocks = _Blocks(document, path, text)
    prices = {symbol: blocks.prices(symbol, raw) for symbol, raw in _raw_prices(document)}
    problems += blocks.problems
    if entry is not None:
        problems += _file_problems(document, entry, Path(path).stem if text is None else entry.episode)
        if timetable_of is not None:
            problems += _session_problems(document, entry, prices, blocks, timetable_of)
    if entry is None or problems:
        raise ConfigError(problems)
    return _episode(entry, prices)


def episode_paths(folder: Path) -> Mapping[str, Path]:
    """The episodes in a folder by name, in order of name. A folder that is not there has none."""
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


_READ: dict[tuple[str, str], Episode] = {}
"""Sound episodes by file name and text: they seldom change, and need not be read anew for each trial of a rule."""
_MOST_READ = 256


def _remembered(path: Path) -> Episode:
    text = read_text(path, str(path))
    known = _READ.get((path.stem, text))
    if known is None:
        known = load_episode(path)
        if known.name == path.stem:
            if len(_READ) >= _MOST_READ:
                _READ.clear()
            _READ[path.stem, text] = known
    return known


def load_episodes(folder: Path) -> tuple[Episode, ...]:
    """Every episode of a folder, in order of name. Raises ConfigError with the mistakes of all of them."""
    episodes: list[Episode] = []
    problems: list[Problem] = []
    for path in episode_paths(folder).values():
        try:
            episodes.append(_remembered(path))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tuple(episodes)


def episode_path(folder: Path, name: str) -> Path:
    """Where the episode called ``name`` is, or the file of that name where it ends in ``.yaml``.

    Raises UsageError, saying which there are, where there is none.
    """
    if name.endswith(".yaml"):
        if not Path(name).is_file():
            raise UsageError(f"there is no file {name}; name one, or an episode in {folder}")
        return Path(name)
    paths = episode_paths(folder)
    if name in paths:
        return paths[name]
    near = nearest(name, paths)
    known = f"did you mean {near}?" if near else f"there are {', '.join(paths) or 'none'}"
    raise UsageError(f"no episode called {name!r} in {folder}; {known}")


# --------------------------------------------------------------------------------------------------------------- blocks


class _Blocks:
    """Reads the price blocks of a document, and knows where in the file their lines stand."""

    def __init__(self, document: Document, path: Path | str, text: str | None) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self._path = path
        self._text = text
        self._source: list[str] | None = None

    def prices(self, symbol: str, raw: Mapping[str, Any]) -> tuple[list[RowPosition], list[RowPosition]]:
        """Bars and marks of one symbol, as far as they could be read; mistakes go to ``problems``."""
        bars: list[RowPosition] = []
        marks: list[RowPosition] = []
        daily, marked, jump = raw.get("daily"), raw.get("marks"), raw.get("jump")
        if isinstance(daily, str):
            try:
                real = parse_date(jump) if jump is not None else None
            except ValueError:
                real = None  # the model reports it
            bars, slips = read_daily(daily, real)
            self.report(("prices", symbol, "daily"), slips)
        if isinstance(marked, str):
            marks, slips = read_marks(marked)
            slips += self._far_off(bars, marks)
            self.report(("prices", symbol, "marks"), slips)
        return bars, marks

    @staticmethod
    def _far_off(bars: list[RowPosition], marks: list[RowPosition]) -> Iterator[PriceMistake]:
        by_day = {placed.row.session: placed.row for placed in bars if isinstance(placed.row, EpisodeBar)}
        for placed in marks:
            assert isinstance(placed.row, Mark)
            bar = by_day.get(placed.row.at.date())
            if bar is not None and other_basis(placed.row, bar):
                yield PriceMistake(
                    placed.line, 2, f"price {placed.row.price:g} beside a close of {bar.close:g}: another split basis"
                )

    def report(self, path: DocumentPath, slips: list[PriceMistake]) -> None:
        """Turn slips of the block at ``path`` into problems with line and column."""
        for slip in slips:
            line, column = self._position(path, slip)
            self.problems.append(Problem(self.document.file, line, column, path_text(path), slip.message))

    def _position(self, path: DocumentPath, slip: PriceMistake) -> tuple[int, int]:
        """Where a word of a block stands. A literal block begins in the line after its ``|``; where the file shows
        something else there (a folded or quoted text), the block itself is pointed at."""
        if self._source is None:
            text = self._text if self._text is not None else Path(self._path).read_text(encoding="utf-8-sig")
            self._source = text.splitlines()
        line, column = self.document.position(path)
        row = _line_of(self._value(path), slip.line)
        number = line + slip.line
        if number < len(self._source) and self._source[number].strip() == row.strip():
            found = _word_columns(self._source[number])
            return number + 1, found[min(slip.word, len(found) - 1)] if found else 1
        return line, column

    def _value(self, path: DocumentPath) -> str:
        value: Any = self.document.data
        for step in path:
            value = value[step]
        return str(value)


def _raw_prices(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    prices = document.data.get("prices") if isinstance(document.data, dict) else None
    if isinstance(prices, dict):
        for symbol, raw in prices.items():
            if isinstance(raw, dict):
                yield symbol, raw


def _line_of(text: str, line: int) -> str:
    return text.split("\n")[line]


def _word_columns(line: str) -> list[int]:
    """Columns, from 1, where the words of a line begin."""
    return [i + 1 for i, c in enumerate(line) if not c.isspace() and (i == 0 or line[i - 1].isspace())]


# --------------------------------------------------------------------------------------------------------------- checks


def _file_problems(document: Document, entry: EpisodeFile, stem: str) -> Iterator[Problem]:
    """What is wrong between the parts of a file."""
    if entry.episode != stem:
        yield problem(document, ("episode",), f"the file is called '{stem}'; give both the same name")
    yield from _kind_problems(document, entry)
    if entry.first and entry.first > entry.session:
        yield problem(document, ("from",), f"the replay begins after the session of the fall, {entry.session}")
    if entry.last and entry.last < entry.session:
        yield problem(document, ("to",), f"the replay ends before the session of the fall, {entry.session}")
    for symbol, prices in entry.prices.items():
        if not (prices.basis or entry.basis):
            yield problem(
                document, ("prices", symbol), "'basis' is missing; say which splits the prices are adjusted for"
            )
    known: dict[tuple[datetime, str, str], int] = {}
    for i, story in enumerate(entry.stories):
        same = known.setdefault((story.at, story.source, story.title), i)
        if same != i:
            yield problem(document, ("stories", i), f"this story is stories[{same}] again; remove one")


def _kind_problems(document: Document, entry: EpisodeFile) -> Iterator[Problem]:
    """What an episode of its kind lacks, or has too much."""
    if entry.kind == "recorded":
        for key, value in (("from", entry.first), ("to", entry.last)):
            if value is None:
                yield problem(document, (), f"'{key}' is missing; a recorded episode says which sessions are replayed")
        if not entry.prices:
            message = "a recorded episode needs prices; add 'prices: …', or 'kind: described'"
            yield problem(document, ("prices",), message)
    elif entry.prices or entry.stories:
        key = "prices" if entry.prices else "stories"
        yield problem(document, (key,), f"a described episode has no {key}; write 'kind: recorded'", key=True)
    elif not entry.falls:
        yield problem(document, (), "'falls' is missing; a described episode says what fell, and how far")


def _session_problems(
    document: Document,
    entry: EpisodeFile,
    prices: Mapping[str, tuple[list[RowPosition], list[RowPosition]]],
    blocks: _Blocks,
    timetable_of: Callable[[str], Timetable],
) -> Iterator[Problem]:
    """What the exchanges' timetables have to say: dates without a session, marks outside every phase or the range."""
    edges = ("from", entry.first), ("session", entry.session), ("to", entry.last)
    told: set[str] = set()
    for symbol, (bars, marks) in prices.items():
        exchange = entry.prices[symbol].exchange
        try:
            timetable = timetable_of(exchange)
        except UsageError as error:
            yield problem(document, ("prices", symbol, "exchange"), str(error))
            continue
        for key, day in edges:
            if day is not None and key not in told and timetable.on(day) is None:
                told.add(key)
                yield problem(document, (key,), f"{day} was no session of {exchange}; write one that was")
        before = len(blocks.problems)
        blocks.report(("prices", symbol, "daily"), list(_no_sessions(bars, timetable, exchange)))
        blocks.report(("prices", symbol, "marks"), list(_out_of_place(bars, marks, timetable, exchange)))
        yield from blocks.problems[before:]


def _no_sessions(bars: list[RowPosition], timetable: Timetable, exchange: str) -> Iterator[PriceMistake]:
    for placed in bars:
        if isinstance(placed.row, EpisodeBar) and timetable.on(placed.row.session) is None:
            yield PriceMistake(placed.line, 0, f"{placed.row.session} was no session of {exchange}; remove the line")


def _out_of_place(
    bars: list[RowPosition], marks: list[RowPosition], timetable: Timetable, exchange: str
) -> Iterator[PriceMistake]:
    by_day = {placed.row.session: placed.row for placed in bars if isinstance(placed.row, EpisodeBar)}
    for placed in marks:
        mark = placed.row
        assert isinstance(mark, Mark)
        session = timetable.at(mark.at)
        if session is None:
            yield PriceMistake(
                placed.line,
                0,
                f"{exchange} had no session then, pre and post phases included; check the time",
            )
            continue
        bar = by_day.get(session.date)
        if bar is None or session.phase(mark.at) is not Phase.REGULAR or other_basis(mark, bar):
            continue
        if bar.low is None or bar.high is None:
            continue
        if not bar.low * (1 - RANGE_TOLERANCE) <= mark.price <= bar.high * (1 + RANGE_TOLERANCE):
            yield PriceMistake(
                placed.line, 2, f"price {mark.price:g} is outside the session's {bar.low:g} to {bar.high:g}; check it"
            )


# --------------------------------------------------------------------------------------------------------------- values


def _episode(entry: EpisodeFile, prices: Mapping[str, tuple[list[RowPosition], list[RowPosition]]]) -> Episode:
    return Episode(
        name=entry.episode,
        title=entry.title,
        kind=EpisodeKind(entry.kind),
        session=entry.session,
        first=entry.first or entry.session,
        last=entry.last or entry.session,
        summary=_folded(entry.summary),
        trigger=Trigger(
            what=_folded(entry.trigger.what),
            at=entry.trigger.at,
            topic=entry.trigger.topic,
            exposures=entry.trigger.exposures,
            source=entry.trigger.source,
            link=entry.trigger.link or "",
        ),
        shock=entry.shock,
        stories=_stories(entry),
        prices=tuple(_prices(entry, symbol, *prices[symbol]) for symbol in entry.prices),
        described=tuple(_fall(symbol, written) for symbol, written in entry.falls.items()),
    )


def _prices(entry: EpisodeFile, symbol: str, bars: list[RowPosition], marks: list[RowPosition]) -> EpisodePrices:
    written = entry.prices[symbol]
    return EpisodePrices(
        symbol=symbol,
        exchange=written.exchange,
        basis=written.basis or entry.basis,
        bars=tuple(placed.row for placed in bars if isinstance(placed.row, EpisodeBar)),
        marks=tuple(placed.row for placed in marks if isinstance(placed.row, Mark)),
        exposure=written.exposure,
        currency=written.currency,
    )


def _fall(symbol: str, written: FallEntry) -> Fall:
    return Fall(
        symbol=symbol,
        change=written.change,
        exposure=written.exposure,
        next_session=written.next_session,
        five_sessions=written.five_sessions,
        twenty_sessions=written.twenty_sessions,
        note=written.note,
    )


def _stories(entry: EpisodeFile) -> tuple[Story, ...]:
    """Stories by ``seen_at``. A later story of the same source and address is the earlier one with a new title."""
    first_of: dict[tuple[str, str], str] = {}
    stories: list[Story] = []
    for written in sorted(entry.stories, key=lambda story: (story.seen or story.at, story.at)):
        link = written.link or ""
        identity = (written.source, link)
        earlier = first_of.get(identity) if link else None
        told = stable_id(written.source, link or written.title, *((written.title,) if earlier else ()))
        first_of.setdefault(identity, told)
        stories.append(
            Story(
                id=told,
                source=written.source,
                title=_folded(written.title),
                seen_at=written.seen or written.at,
                published_at=written.published or written.at,
                summary=_folded(written.summary),
                link=link,
                publisher=written.publisher,
                revises=earlier,
                keys=(told,),
            )
        )
    return tuple(stories)


def _folded(text: str) -> str:
    return " ".join(text.split())
