"""A flood in the log is a few lines and a number."""

from __future__ import annotations

import logging

import pytest

from bot.bounds.repeats import ALIKE, SAME, WITHIN, Repeats


class Kept(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


@pytest.fixture
def kept() -> tuple[Kept, list[str]]:
    lines: list[str] = []
    handler = Kept(lines)
    handler.addFilter(Repeats(handler))
    return handler, lines


def say(
    handler: logging.Handler, at: float, words: str, *args: object, level: int = logging.WARNING, line: int = 1
) -> None:
    record = logging.LogRecord("bot.a", level, "a.py", line, words, args, None)
    record.created = at
    handler.handle(record)


def test_the_same_line_is_written_a_few_times_and_then_counted(kept: tuple[Kept, list[str]]) -> None:
    handler, lines = kept
    for n in range(10_000):
        say(handler, 100 + n / 1000, "connection %d refused at 0x%x", n, n)
    assert lines == [f"connection {n} refused at 0x{n:x}" for n in range(SAME)]
    say(handler, 100 + WITHIN, "something else", line=2)
    assert lines[SAME:] == ["9,995 more like: connection 0 refused at 0x0", "something else"]
    say(handler, 101 + WITHIN, "connection %d refused at 0x%x", 1, 1)
    assert lines[-1] == "connection 1 refused at 0x1", "then it may be said again"


def test_what_a_stranger_words_each_time_anew_is_counted_too(kept: tuple[Kept, list[str]]) -> None:
    handler, lines = kept
    for n in range(1000):
        say(handler, 100, "a stranger says %s", chr(97 + n % 26) * (1 + n // 26))
    assert len(lines) == ALIKE
    say(handler, 100, "said elsewhere", line=2)
    assert lines[-1] == "said elsewhere"
    say(handler, 100 + WITHIN, "later", line=3)
    assert lines[-2] == f"{1000 - ALIKE} more like: a stranger says a"


def test_a_feed_each_that_fails_is_named_and_details_pass(kept: tuple[Kept, list[str]]) -> None:
    handler, lines = kept
    for name in ("a", "b", "c"):
        say(handler, 100, "feed %s fails", name)
    for n in range(500):
        say(handler, 100, "step", level=logging.DEBUG)
        say(handler, 100, "told %s%s", chr(97 + n % 26), chr(97 + n // 26), level=logging.INFO)
    assert lines[:3] == ["feed a fails", "feed b fails", "feed c fails"]
    assert len(lines) == 1003


def test_kinds_are_bounded_a_clock_set_back_is_borne_and_a_broken_line_is_the_handlers(
    kept: tuple[Kept, list[str]],
) -> None:
    handler, lines = kept
    for n in range(20_000):
        say(handler, 100, "x" * (n % 290) + "y" * (n // 290), line=n)
    assert len(lines) == 20_000
    for _ in range(10):
        say(handler, 5000, "again")
    say(handler, 10, "again")
    assert lines[-2:] == ["5 more like: again", "again"]
    with pytest.raises(TypeError):
        say(handler, 10, "%d", "no number")
