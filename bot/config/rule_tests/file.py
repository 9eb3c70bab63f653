"""Reading ``rules/tests/*.yaml``.

All mistakes in the files are reported at once. Whether a test's rules, symbols and sessions exist is checked where they
are known, with ``RuleTest.problem`` for the position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.config.episodes.price_block import block_problems, read_daily, read_marks
from bot.config.rule_tests.entries import (
    ExpectEntry,
    MessageEntry,
    NewsEntry,
    NothingEntry,
    PricesEntry,
    RecordingEntry,
    RuleTestEntry,
    RuleTestsFile,
)
from bot.config.rule_tests.series import Series, SeriesClock, parse_series
from bot.config.yaml.document import Document, DocumentPath, load_document, path_text, problem
from bot.config.yaml.reading import yaml_files
from bot.config.yaml.validation import one_of, validate
from bot.core.errors import ConfigError, Problem
from bot.core.model import EarningsDate, Severity, Story, Suppression, SuppressionReason, stable_id
from bot.core.model.episodes import EpisodeBar
from bot.core.prices.earnings import KNOWN_BEFORE, parse_report

Window = tuple[datetime, datetime]
"""Start, and end (exclusive)."""


@dataclass(frozen=True, slots=True)
class GivenPrices:
    """One symbol's prices in a test."""

    series: Series
    bars: tuple[EpisodeBar, ...] = ()
    exchange: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """An alert that must fire, rise in severity or resolve."""

    path: DocumentPath
    symbol: str
    rule: str | None
    window: Window | None
    severity: Severity | None
    resolved: bool
    reason: str | None
    contains: tuple[str, ...]
    suppressed_by: Suppression | None
    written: str


@dataclass(frozen=True, slots=True)
class ExpectedMessage:
    """A new message that must be sent."""

    path: DocumentPath
    window: Window | None
    reason: str
    contains: tuple[str, ...]
    written: str


@dataclass(frozen=True, slots=True)
class Recording:
    """The files a test plays."""

    prices: tuple[Path, ...]
    news: tuple[Path, ...]
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One rule test."""

    document: Document
    path: DocumentPath
    name: str
    rules: tuple[str, ...] | None
    """``None`` for all."""
    session: date | None
    prices: dict[str, GivenPrices]
    stories: tuple[Story, ...]
    earnings: tuple[EarningsDate, ...]
    episode: str | None
    recording: Recording | None
    expected: tuple[Expected, ...]
    because: str
    """Why no alert is expected; empty where one is."""
    stopped_by: str
    messages: tuple[ExpectedMessage, ...] | None
    until: datetime | None = None
    """When to stop; ``None`` for a day after the last observation."""
    symbols: frozenset[str] | None = None
    """Only alerts for these symbols are checked; ``None`` for all."""
    rules_path: DocumentPath = field(default=())

    @property
    def where(self) -> str:
        """``file:line``."""
        return f"{self.document.file}:{self.document.position(self.path)[0]}"

    def problem(self, path: DocumentPath, message: str, *, key: bool = False) -> Problem:
        """A mistake at ``path`` of its file."""
        return problem(self.document, path, message, key=key)


def rule_test_files(path: Path) -> list[Path]:
    """The test files in ``path``, or in its folder ``tests`` if it has one; ``path`` itself where it is a file."""
    if path.is_file():
        return [path]
    folder = path / "tests" if (path / "tests").is_dir() else path
    return yaml_files(folder)


def load_rule_tests(paths: Sequence[Path]) -> list[RuleTest]:
    """The tests in these files, in order. Raises ConfigError with every mistake in every file."""
    problems: list[Problem] = []
    tests: list[RuleTest] = []
    for path in paths:
        try:
            document = load_document(path)
            spec = validate(document, RuleTestsFile)
        except ConfigError as error:
            problems += error.problems
            continue
        names: dict[str, int] = {}
        for i, entry in enumerate(spec.tests):
            reader = _TestReader(document, ("tests", i), spec, entry, path.parent)
            tests.append(reader.test())
            problems += reader.problems
            line = document.position(("tests", i, "name"))[0]
            if names.setdefault(entry.name, line) != line:
                message = f"a test in line {names[entry.name]} has this name; say what is different here"
                problems.append(problem(document, ("tests", i, "name"), message))
    if problems:
        raise ConfigError(problems)
    return tests


class _TestReader:
    """Reads one test and collects its mistakes."""

    def __init__(
        self, document: Document, path: DocumentPath, spec: RuleTestsFile, entry: RuleTestEntry, folder: Path
    ) -> None:
        self.document = document
        self.path = path
        self.entry = entry
        self.folder = folder
        self.session = entry.session or spec.session
        self.zone = ZoneInfo(entry.zone or spec.zone)
        self.file_rules = spec.rules
        self.problems: list[Problem] = []

    def fail(self, path: DocumentPath, message: str) -> None:
        self.problems.append(problem(self.document, path, message))

    def test(self) -> RuleTest:
        entry = self.entry
        self._whole()
        nothing = entry.expect_nothing
        return RuleTest(
            document=self.document,
            path=self.path,
            name=entry.name,
            rules=entry.rules or self.file_rules,
            session=self.session,
            prices={
                symbol: self._prices(symbol, written, (*self.path, "prices", symbol))
                for symbol, written in entry.prices.items()
            },
            stories=tuple(s for i, n in enumerate(entry.news) if (s := self._story(n, (*self.path, "news", i)))),
            earnings=tuple(d for s, text in entry.earnings.items() if (d := self._report_of(s, text))),
            episode=entry.episode,
            recording=self._recording(entry.recording),
            expected=tuple(self._expected(e, (*self.path, "expect", i)) for i, e in enumerate(entry.expect or ())),
            because=nothing.because if isinstance(nothing, NothingEntry) else nothing or "",
            stopped_by=(nothing.stopped_by or "") if isinstance(nothing, NothingEntry) else "",
            messages=None
            if entry.messages is None
            else tuple(self._message(m, (*self.path, "messages", i)) for i, m in enumerate(entry.messages)),
            until=self._until(),
            symbols=frozenset(entry.symbols) if entry.symbols else None,
            rules_path=(*self.path, "rules") if entry.rules else ("rules",) if self.file_rules else self.path,
        )

    def _until(self) -> datetime | None:
        """The end of the given minute or second."""
        if self.entry.until is None:
            return None
        found = self._moment(self.entry.until, (*self.path, "until"))
        return found[0] + found[1] - timedelta(microseconds=1) if found else None

    def _whole(self) -> None:
        """A test needs something to play and an expectation, and must be able to fail."""
        entry, path = self.entry, self.path
        if entry.expect is None and entry.expect_nothing is None:
            self.fail(path, "nothing is expected; write 'expect: …', or 'expect_nothing: because …'")
        elif entry.expect is not None and entry.expect_nothing is not None:
            self.fail((*path, "expect_nothing"), "something is expected already; keep one of the two")
        played = [k for k, v in (("episode", entry.episode), ("recording", entry.recording)) if v is not None]
        if entry.prices or entry.news:
            played.append("prices and news")
        if not played:
            self.fail(path, "no prices and no stories: this test could not fail; write 'prices: …' or 'news: …'")
        elif len(played) > 1:
            self.fail(path, f"{' and '.join(played)} exclude each other; keep one")
        if entry.prices and self.session is None:
            self.fail((*path, "prices"), "'session' is missing; write the date of the prices, like session: 2025-01-27")
        recording = entry.recording
        if recording is not None and not recording.prices and not recording.news:
            self.fail((*path, "recording"), "names no file; write 'prices: FILE.csv' or 'news: FILE.jsonl'")

    def _recording(self, entry: RecordingEntry | None) -> Recording | None:
        if entry is None:
            return None
        if entry.first and entry.last and entry.last < entry.first:
            self.fail((*self.path, "recording", "to"), f"{entry.last} is before {entry.first}; swap the two")
        files = {}
        for key, names in (("prices", entry.prices or ()), ("news", entry.news or ())):
            files[key] = tuple(self.folder / Path(name).expanduser() for name in names)
            for name, file in zip(names, files[key], strict=True):
                if not file.is_file():
                    self.fail((*self.path, "recording", key), f"there is no file {name} in {self.folder}; check it")
        return Recording(files["prices"], files["news"], entry.first, entry.last)

    def _prices(self, symbol: str, written: str | float | PricesEntry, path: DocumentPath) -> GivenPrices:
        if not isinstance(written, PricesEntry):
            return GivenPrices(self._series(str(written), symbol, path))
        closes = "" if written.closes is None else str(written.closes)
        if written.previous_close is not None:
            closes += f" {written.previous_close!r}"
        past = self._series(closes + " |", symbol, (*path, "closes"))
        bars, mistakes = read_daily(written.daily)
        self.problems += block_problems(self.document, (*path, "daily"), mistakes)
        marks, mistakes = read_marks(written.marks)
        self.problems += block_problems(self.document, (*path, "marks"), mistakes)
        if written.daily and closes.strip():
            self.fail((*path, "daily"), "'daily' has closes already; remove 'closes' and 'previous close'")
        if not any(part.strip() for part in (closes, written.series, written.daily, written.marks)):
            self.fail(path, "no price at all; write 'series: …', or remove the symbol")
        last = f"{past.closes[-1].price!r} |" if past.closes else "|"
        series = self._series(last + written.series, symbol, (*path, "series"), shift=len(last))
        all_marks = sorted([*series.marks, *(mark for _, mark in marks)], key=lambda m: (m.at, m.kind.rank))
        return GivenPrices(Series(past.closes, tuple(all_marks)), tuple(bar for _, bar in bars), written.exchange)

    def _series(self, text: str, symbol: str, path: DocumentPath, shift: int = 0) -> Series:
        series, mistakes = parse_series(text, SeriesClock(self.session, self.zone), symbol)
        for mistake in mistakes:
            line, column = self._position(path, mistake.at - shift)
            self.problems.append(Problem(self.document.file, line, column, path_text(path), mistake.message))
        return series

    def _position(self, path: DocumentPath, at: int) -> tuple[int, int]:
        """Line and column of a character of the text at ``path``; of the text itself where it is a block."""
        line, column = self.document.position(path)
        lines = self.document.text.splitlines()
        row = lines[line - 1][column - 1 :] if line <= len(lines) else ""
        quoted = row[:1] in "\"'"
        if row[:1] in "|>":
            return line, column
        return line, column + max(at, 0) + quoted

    def _story(self, written: str | NewsEntry, path: DocumentPath) -> Story | None:
        if isinstance(written, str):
            parts = [part.strip() for part in written.split("|", 2)]
            if len(parts) != 3 or not all(parts):
                self.fail(path, "a headline in one line is TIME | SOURCE | TITLE; or write at, source and title")
                return None
            written = NewsEntry(at=parts[0], source=parts[1], title=parts[2])
            where = path
        else:
            where = (*path, "at")
        at = self._moment(written.at, where)
        published = self._moment(written.published, (*path, "published")) if written.published else at
        if at is None:
            return None
        link = written.link or ""
        story_id = stable_id(written.source, link or written.title, written.title, at[0].isoformat())
        return Story(
            id=story_id,
            source=written.source,
            title=" ".join(written.title.split()),
            seen_at=at[0],
            published_at=published[0] if published else None,
            summary=" ".join(written.summary.split()),
            link=link,
            publisher=written.publisher,
            seeded=written.seeded,
            keys=(story_id,),
        )

    def _report_of(self, symbol: str, text: str) -> EarningsDate | None:
        try:
            day, when = parse_report(text)
        except ValueError as error:
            self.fail((*self.path, "earnings", symbol), str(error))
            return None
        known_at = datetime.combine(day, time(), UTC) - KNOWN_BEFORE
        return EarningsDate(symbol, day, known_at, when, "rule test")

    def _moment(self, text: str, path: DocumentPath) -> tuple[datetime, timedelta] | None:
        try:
            return SeriesClock(self.session, self.zone).one_moment(text)
        except ValueError as error:
            self.fail(path, str(error))
            return None

    def _window(self, text: str | None, path: DocumentPath) -> Window | None:
        """``10:00`` is that minute, ``10:00:30`` that second; ``A to B`` is from the start of A to the end of B."""
        if text is None:
            return None
        clock = SeriesClock(self.session, self.zone)
        first, to, last = text.partition(" to ")
        try:
            start, precision = clock.one_moment(first)
            end, precision = clock.one_moment(last) if to else (start, precision)
        except ValueError as error:
            self.fail(path, str(error))
            return None
        if end < start:
            self.fail(path, f"'{text}' ends before it begins; write the earlier time first")
        return start, end + precision

    def _expected(self, entry: ExpectEntry, path: DocumentPath) -> Expected:
        if entry.state == "resolved" and (entry.reason or entry.message_contains):
            self.fail(path, "a resolved alert sends no message; remove 'reason' and 'message contains'")
        if entry.reason == "none" and entry.message_contains:
            self.fail((*path, "message contains"), "'reason: none' means no message; remove one of the two")
        return Expected(
            path=path,
            symbol=entry.symbol,
            rule=entry.rule,
            window=self._window(entry.at, (*path, "at")),
            severity=Severity.parse(entry.severity) if entry.severity else None,
            resolved=entry.state == "resolved",
            reason=entry.reason,
            contains=entry.message_contains or (),
            suppressed_by=self._suppression(entry.suppressed_by, (*path, "suppressed by")),
            written=_written(self.document.value(path)),
        )

    def _suppression(self, text: str | None, path: DocumentPath) -> Suppression | None:
        """``cooldown``, ``inhibited by market-crash``."""
        if text is None:
            return None
        suppression = Suppression.parse(text)
        if suppression.reason is SuppressionReason.OTHER:
            self.fail(path, one_of(text, [reason for reason in SuppressionReason if reason], "reason"))
        return suppression

    def _message(self, entry: MessageEntry, path: DocumentPath) -> ExpectedMessage:
        window = self._window(entry.at, (*path, "at"))
        return ExpectedMessage(path, window, entry.reason, entry.contains or (), _written(self.document.value(path)))


def _written(data: object) -> str:
    """An expectation in one line, as it was written."""
    pairs = data.items() if isinstance(data, dict) else ()
    return ", ".join(f"{key} {', '.join(map(str, v)) if isinstance(v, list) else v}" for key, v in pairs)
