"""Reading ``rules/episodes/*.yaml``, one episode per file.

All mistakes, in keys and in price blocks, are reported at once with file, line and column. Given the exchanges'
timetables, dates without a session and marks outside every phase are mistakes too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from bot.config.episodes.entries import EpisodeFile, MoveEntry, SecondReadingEntry, StoryEntry
from bot.config.episodes.price_block import (
    Bars,
    Marks,
    PriceMistake,
    apart,
    block_problems,
    parse_date,
    read_daily,
    read_marks,
)
from bot.config.shipped import Beneath
from bot.config.yaml.document import Document, DocumentPath, load_document, problem, read_text
from bot.config.yaml.reading import yaml_files
from bot.config.yaml.validation import nearest, validate
from bot.core.cause.second_reader import checked_move
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.model import Phase, SecondReading, Story, ToldMove, stable_id
from bot.core.model.episodes import Episode, EpisodeKind, EpisodePrices, Fall, Trigger
from bot.core.prices.sessions import Timetable

RANGE_TOLERANCE = 0.005
"""How far a mark of the regular phase can be outside its session's low and high: vendors differ by odd prints."""
_PriceRows = Mapping[str, tuple[Bars, Marks]]


def load_episode(
    path: Path | str, text: str | None = None, *, timetable_of: Callable[[str], Timetable] | None = None
) -> Episode:
    """The episode in ``path`` (or in ``text``, with ``path`` as its name).

    Raises ConfigError with every mistake; a UsageError from ``timetable_of`` becomes one of them.
    """
    document = load_document(path, text)
    problems: list[Problem] = []
    entry: EpisodeFile | None = None
    try:
        entry = validate(document, EpisodeFile)
    except ConfigError as error:
        problems += error.problems
    prices = _read_blocks(document, problems)
    if entry is not None:
        problems += _file_problems(document, entry, Path(path).stem if text is None else entry.episode)
        if timetable_of is not None:
            problems += _session_problems(document, entry, prices, timetable_of)
    if entry is None or problems:
        raise ConfigError(problems)
    return _episode(entry, prices)


def episode_paths(folder: Path, beneath: Beneath | None = None) -> Mapping[str, Path]:
    """The episode files in a folder and the shipped ones ``beneath``, by and in order of name; none where there is no
    folder."""
    own = {path.stem: path for path in yaml_files(folder)}
    if beneath is None:
        return own
    shipped = {path.stem: path for path in yaml_files(beneath.folder / "episodes")}
    left = {name: path for name, path in shipped.items() if not beneath.leaves_out(name)}
    return dict(sorted({**left, **own}.items()))


_READ: dict[tuple[str, str], Episode] = {}
"""Valid episodes by name and text, so that trying rules one after another does not read them again."""
_MOST_READ = 256


def _cached(path: Path) -> Episode:
    key = path.stem, read_text(path, str(path))
    if key not in _READ:
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        _READ[key] = load_episode(path)
    return _READ[key]


def load_episodes(folder: Path, beneath: Beneath | None = None) -> tuple[Episode, ...]:
    """Every episode in a folder and of the shipped ones ``beneath``, in order of name. Raises ConfigError with the
    mistakes in all of them."""
    episodes: list[Episode] = []
    problems: list[Problem] = []
    for path in episode_paths(folder, beneath).values():
        try:
            episodes.append(_cached(path))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return tuple(episodes)


def episode_path(folder: Path, name: str, beneath: Beneath | None = None) -> Path:
    """The file of the episode ``name``, or ``name`` itself where it ends in ``.yaml``.

    Raises UsageError where there is none.
    """
    if name.endswith(".yaml"):
        if not Path(name).is_file():
            raise UsageError(f"there is no file {name}; name one, or an episode in {folder}")
        return Path(name)
    paths = episode_paths(folder, beneath)
    if name in paths:
        return paths[name]
    near = nearest(name, paths)
    known = f"did you mean {near}?" if near else f"there are {', '.join(paths) or 'none'}"
    raise UsageError(f"no episode called {name!r} in {folder}; {known}")


def _read_blocks(document: Document, problems: list[Problem]) -> _PriceRows:
    """Bars and marks by symbol, as far as they can be read; adds the mistakes in them to ``problems``."""
    prices = document.data.get("prices") if isinstance(document.data, dict) else None
    rows: dict[str, tuple[Bars, Marks]] = {}
    for symbol, raw in prices.items() if isinstance(prices, dict) else ():
        if not isinstance(raw, dict):
            continue
        bars: Bars = []
        marks: Marks = []
        if isinstance(daily := raw.get("daily"), str):
            try:
                jump = parse_date(raw.get("jump"))
            except ValueError:
                jump = None  # validation reports it
            bars, mistakes = read_daily(daily, jump)
            problems += block_problems(document, ("prices", symbol, "daily"), mistakes)
        if isinstance(text := raw.get("marks"), str):
            marks, mistakes = read_marks(text)
            mistakes += _on_another_basis(bars, marks)
            problems += block_problems(document, ("prices", symbol, "marks"), mistakes)
        rows[symbol] = bars, marks
    return rows


def _on_another_basis(bars: Bars, marks: Marks) -> Iterator[PriceMistake]:
    by_day = {bar.session: bar for _, bar in bars}
    for line, mark in marks:
        bar = by_day.get(mark.at.date())
        if bar is not None and apart(mark.price, bar.close):
            yield PriceMistake(line, 2, f"price {mark.price:g} beside a close of {bar.close:g}: another split basis")


def _file_problems(document: Document, entry: EpisodeFile, stem: str) -> Iterator[Problem]:
    """Contradictions between the parts of a file."""
    if entry.episode != stem:
        yield problem(document, ("episode",), f"the file is called '{stem}'; give both the same name")
    yield from _kind_problems(document, entry)
    if entry.first and entry.first > entry.session:
        yield problem(document, ("from",), f"the replay begins after the session of the fall, {entry.session}")
    if entry.last and entry.last < entry.session:
        yield problem(document, ("to",), f"the replay ends before the session of the fall, {entry.session}")
    for symbol, prices in entry.prices.items():
        if not (prices.basis or entry.basis):
            message = "'basis' is missing; say which splits the prices are adjusted for"
            yield problem(document, ("prices", symbol), message)
    known: dict[tuple[datetime, str, str], int] = {}
    for i, story in enumerate(entry.stories):
        same = known.setdefault((story.at, story.source, story.title), i)
        if same != i:
            yield problem(document, ("stories", i), f"this story repeats stories[{same}]; remove one")
    for written, read in _told(entry):
        if written.second_reading is not None:
            place = ("stories", entry.stories.index(written), "second_reading")
            yield from _reading_problems(document, place, written.second_reading, read)


def _reading_problems(
    document: Document, place: DocumentPath, reading: SecondReadingEntry, story: Story
) -> Iterator[Problem]:
    """An answer that the bot would not have believed, or had before there was a question."""
    if reading.seen < story.seen_at:
        yield problem(document, (*place, "seen"), f"the story was only seen at {story.seen_at:%Y-%m-%d %H:%M:%S} UTC")
    for i, move in enumerate(reading.moves):
        try:
            _move(move, story)
        except ValueError as error:
            yield problem(document, (*place, "moves", i), f"no answer would be believed that says this: {error}")


def _kind_problems(document: Document, entry: EpisodeFile) -> Iterator[Problem]:
    """What the episode's kind requires or excludes."""
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
    document: Document, entry: EpisodeFile, prices: _PriceRows, timetable_of: Callable[[str], Timetable]
) -> Iterator[Problem]:
    """Dates without a session on the exchange of the first symbol (others may have had a holiday), and marks outside
    every phase or the session's range."""
    dates = ("from", entry.first), ("session", entry.session), ("to", entry.last)
    main = next((entry.prices[symbol].exchange for symbol in prices), "")
    reported: set[str] = set()
    for symbol, (bars, marks) in prices.items():
        exchange = entry.prices[symbol].exchange
        try:
            timetable = timetable_of(exchange)
        except UsageError as error:
            yield problem(document, ("prices", symbol, "exchange"), str(error))
            continue
        for key, day in dates:
            if exchange == main and day is not None and key not in reported and timetable.on(day) is None:
                reported.add(key)
                yield problem(document, (key,), f"{day} was no session of {exchange}; write one that was")
        mistakes = [
            PriceMistake(line, 0, f"{bar.session} was no session of {exchange}; remove the line")
            for line, bar in bars
            if timetable.on(bar.session) is None
        ]
        yield from block_problems(document, ("prices", symbol, "daily"), mistakes)
        mistakes = list(_misplaced(bars, marks, timetable, exchange))
        yield from block_problems(document, ("prices", symbol, "marks"), mistakes)


def _misplaced(bars: Bars, marks: Marks, timetable: Timetable, exchange: str) -> Iterator[PriceMistake]:
    by_day = {bar.session: bar for _, bar in bars}
    for line, mark in marks:
        session = timetable.at(mark.at)
        if session is None:
            yield PriceMistake(line, 0, f"{exchange} had no session then, all phases included; check the time")
            continue
        bar = by_day.get(session.date)
        if bar is None or session.phase(mark.at) is not Phase.REGULAR or apart(mark.price, bar.close):
            continue
        if bar.low is None or bar.high is None:
            continue
        if not bar.low * (1 - RANGE_TOLERANCE) <= mark.price <= bar.high * (1 + RANGE_TOLERANCE):
            message = f"price {mark.price:g} is outside the session's {bar.low:g} to {bar.high:g}; check it"
            yield PriceMistake(line, 2, message)


def _episode(entry: EpisodeFile, prices: _PriceRows) -> Episode:
    told = _told(entry)
    trigger = dict(entry.trigger) | {"what": _single_spaced(entry.trigger.what), "link": entry.trigger.link or ""}
    return Episode(
        name=entry.episode,
        title=entry.title,
        kind=EpisodeKind(entry.kind),
        session=entry.session,
        first=entry.first or entry.session,
        last=entry.last or entry.session,
        summary=_single_spaced(entry.summary),
        trigger=Trigger(**trigger),
        shock=entry.shock,
        stories=tuple(story for _, story in told),
        second_readings=tuple(
            SecondReading(
                story.id, answer.seen, tuple(_move(move, story) for move in answer.moves), _single_spaced(answer.model)
            )
            for written, story in told
            if (answer := written.second_reading) is not None
        ),
        prices=tuple(_prices(entry, symbol, *prices[symbol]) for symbol in entry.prices),
        described=tuple(Fall(symbol, **dict(fall)) for symbol, fall in entry.falls.items()),
    )


def _prices(entry: EpisodeFile, symbol: str, bars: Bars, marks: Marks) -> EpisodePrices:
    written = entry.prices[symbol]
    return EpisodePrices(
        symbol=symbol,
        exchange=written.exchange,
        basis=written.basis or entry.basis,
        bars=tuple(bar for _, bar in bars),
        marks=tuple(mark for _, mark in marks),
        exposure=written.exposure,
        currency=written.currency,
    )


def _told(entry: EpisodeFile) -> list[tuple[StoryEntry, Story]]:
    """Stories by ``seen_at``, each as written and as read. A later story with the same source and address revises the
    earlier one."""
    first_of: dict[tuple[str, str], str] = {}
    told: list[tuple[StoryEntry, Story]] = []
    for written in sorted(entry.stories, key=lambda story: (story.seen or story.at, story.at)):
        link = written.link or ""
        identity = (written.source, link)
        earlier = first_of.get(identity) if link else None
        story_id = stable_id(written.source, link or written.title, *((written.title,) if earlier else ()))
        first_of.setdefault(identity, story_id)
        story = Story(
            id=story_id,
            source=written.source,
            title=_single_spaced(written.title),
            seen_at=written.seen or written.at,
            published_at=written.published or written.at,
            summary=_single_spaced(written.summary),
            link=link,
            publisher=written.publisher,
            revises=earlier,
            keys=(story_id,),
        )
        told.append((written, story))
    return told


def _move(written: MoveEntry, story: Story) -> ToldMove:
    """A move of an answer. Raises ValueError where the bot would not have believed it."""
    return checked_move(written.model_dump() | {"who": _single_spaced(written.who)}, story)


def _single_spaced(text: str) -> str:
    return " ".join(text.split())
