"""Recorded files: what rows become, when it is known, and how bad rows are named."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.core.errors import UsageError
from bot.core.model import DailyBar, Observation, Quote, Story
from bot.replay.recording import LAG, Recorded, read_recording, recording_observations
from tests.episode.new_york import timetable_of as new_york


def prices(tmp_path: Path, text: str) -> Recorded:
    """A price file, read."""
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    return read_recording([path], [])


def news(tmp_path: Path, text: str) -> Recorded:
    """A news file, read."""
    path = tmp_path / "news.jsonl"
    path.write_text(text, encoding="utf-8")
    return read_recording([], [path])


def told(observations: list[Observation]) -> list[tuple[str, str, float]]:
    """Kind, time and price of quotes and bars, by when they were seen."""
    found = [
        (o.kind.value if isinstance(o, Quote) else "bar", o.seen_at, o.price if isinstance(o, Quote) else o.close)
        for o in observations
        if isinstance(o, Quote | DailyBar)
    ]
    return [(k, f"{at:%m-%d %H:%M}", p) for k, at, p in sorted(found, key=lambda f: f[1])]


def observed(recorded: Recorded, first: date | None = None, last: date | None = None) -> list[Observation]:
    """The observations, on New York's sessions."""
    return recording_observations(recorded, lambda symbol: new_york("XNYS"), first, last)


def test_a_session_is_known_piece_by_piece(tmp_path: Path) -> None:
    recorded = prices(tmp_path, "symbol,date,open,high,low,close,volume\nX,2025-01-27,10,12,9,11,100\n")
    assert told(observed(recorded)) == [
        ("open", "01-27 14:30", 10),
        ("low", "01-27 21:00", 9),
        ("high", "01-27 21:00", 12),
        ("close", "01-27 21:00", 11),
        ("bar", "01-27 21:00", 11),
    ]


def test_sessions_before_the_first_only_fill_references_and_later_ones_are_left_out(tmp_path: Path) -> None:
    recorded = prices(tmp_path, "symbol,date,close\nX,2025-01-24,1\nX,2025-01-27,2\nX,2025-01-28,3\n")
    day = date(2025, 1, 27)
    assert [(k, p) for k, _, p in told(observed(recorded, day, day))] == [("bar", 1), ("close", 2), ("bar", 2)]


def test_a_bar_within_a_session_is_known_at_its_end_and_the_last_one_is_the_close(tmp_path: Path) -> None:
    text = (
        "symbol,start_at,end_at,open,high,low,close\n"
        "X,2025-01-27T14:30Z,2025-01-27T14:45Z,10,12,9,11\n"
        "X,2025-01-27T20:45Z,,11,11,8,8.5\n"
    )
    recorded = prices(tmp_path, text)
    assert told(observed(recorded)) == [
        ("open", "01-27 14:30", 10),
        ("low", "01-27 14:45", 9),
        ("high", "01-27 14:45", 12),
        ("trade", "01-27 14:45", 11),
        ("trade", "01-27 20:45", 11),
        ("bar", "01-27 21:00", 8.5),
        ("low", "01-27 21:00", 8),
        ("high", "01-27 21:00", 11),
        ("close", "01-27 21:00", 8.5),
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",2025-01-27,1", "no symbol"),
        ("X,,1", "is not a date"),
        ("X,2025-01-27,", "no close"),
        ("X,2025-01-27,nan", "is not a number"),
        ("X,2025-01-27,-1", "is not above 0"),
    ],
)
def test_a_bad_row_is_named_and_passed_over(tmp_path: Path, row: str, said: str) -> None:
    recorded = prices(tmp_path, f"symbol,date,close\nX,2025-01-24,5\n{row}\nX,2025-01-28,6\n")
    (problem,) = recorded.problems
    assert (problem.line, said in problem.message) == (3, True), problem
    assert len(recorded.prices) == 2


def test_a_row_of_no_session_is_named(tmp_path: Path) -> None:
    recorded = prices(tmp_path, "symbol,date,close\nX,2025-01-20,5\nX,2025-01-27,6\n")
    observed(recorded)
    assert [(p.line, "is in no session" in p.message) for p in recorded.problems] == [(2, True)]


def test_of_a_row_given_twice_the_last_counts(tmp_path: Path) -> None:
    recorded = prices(tmp_path, "symbol,date,close\nX,2025-01-24,5\nX,2025-01-24,6\nX,2025-01-24,6\n")
    assert told(observed(recorded)) == [("close", "01-24 21:00", 6), ("bar", "01-24 21:00", 6)]


@pytest.mark.parametrize("text", ["", "symbol,close\nX,1\n", "date,close\n2025-01-24,1\n"])
def test_a_file_without_its_columns_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="column"):
        prices(tmp_path, text)


def test_a_story_without_its_time_was_seen_a_stated_while_after_it_was_published(tmp_path: Path) -> None:
    recorded = news(
        tmp_path,
        '{"published": "2025-01-27T10:00:00Z", "title": "A"}\n'
        '{"published": "2025-01-27T10:00:00Z", "seen": "2025-01-27T12:00:00+01:00", "title": "B", "source": "S"}\n',
    )
    stories = list(recorded.stories.values())
    assert [s.seen_at for s in stories] == [
        datetime(2025, 1, 27, 10, tzinfo=UTC) + LAG,
        datetime(2025, 1, 27, 11, tzinfo=UTC),
    ]
    assert timedelta(minutes=5) == LAG
    assert [s.source for s in stories] == ["news", "S"]


@pytest.mark.parametrize("names", [("published_at", "seen_at"), ("published", "seen"), ("published_at", "seen")])
def test_times_of_news_have_two_names(tmp_path: Path, names: tuple[str, str]) -> None:
    published, seen = names
    recorded = news(
        tmp_path,
        f'{{"{published}": "2025-01-27T10:00:00.000000Z", "{seen}": "2025-01-27T11:00:00.250000Z", "title": "A"}}\n'
        f'{{"{published}": "2025-01-27", "{seen}": null, "title": "B"}}\n',
    )
    assert recorded.problems == []
    a, b = recorded.stories.values()
    assert (a.published_at, a.seen_at) == (
        datetime(2025, 1, 27, 10, tzinfo=UTC),
        datetime(2025, 1, 27, 11, 0, 0, 250_000, tzinfo=UTC),
    )
    assert b.seen_at == datetime(2025, 1, 28, tzinfo=UTC), "of a date alone, the end of the day"


def test_a_time_given_twice_must_be_the_same(tmp_path: Path) -> None:
    line = '{"seen": "2025-01-27T10:00:00Z", "seen_at": "2025-01-27T%s", "title": "A"}\n'
    recorded = news(tmp_path, line % "11:00:00+01:00" + line % "11:00:00Z")
    assert len(recorded.stories) == 1
    assert [(p.line, p.message) for p in recorded.problems] == [(2, "seen_at and seen are different times; remove one")]


def test_bad_lines_of_news_are_named_and_passed_over(tmp_path: Path) -> None:
    recorded = news(tmp_path, '{"title": "x"}\nnothing\n[]\n{"published": "2025-01-27T10:00Z"}\n')
    assert [p.line for p in recorded.problems] == [1, 2, 3, 4]
    assert recorded.stories == {}


def test_a_story_recorded_twice_was_seen_the_first_time(tmp_path: Path) -> None:
    line = '{"seen": "2025-01-27T%s:00Z", "title": "A", "source": "S"}\n'
    recorded = news(tmp_path, line % "12:00" + line % "10:00" + line % "11:00")
    assert [f"{s.seen_at:%H:%M}" for s in recorded.stories.values()] == ["10:00"]


def test_gzipped_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv.gz"
    path.write_bytes(gzip.compress(b"symbol,date,close\nX,2025-01-27,6\n"))
    recorded = read_recording([path], [])
    assert [o.close for o in observed(recorded) if isinstance(o, DailyBar)] == [6]


def test_stories_of_a_recording_come_along(tmp_path: Path) -> None:
    recorded = news(tmp_path, '{"published": "2025-01-27T10:00:00Z", "title": "A"}\n')
    assert [o.title for o in observed(recorded) if isinstance(o, Story)] == ["A"]
