"""Log lines: what a feed or a vendor said in an error steers no terminal."""

from __future__ import annotations

import logging

from bot.app.monitoring.logs import LineFormatter


def line(message: str, *args: object) -> str:
    """One record as a line."""
    record = logging.LogRecord("bot.feeds", logging.WARNING, "", 0, message, args, None)
    record.created = 1_737_972_000.0
    return LineFormatter().format(record)


def test_what_steers_a_terminal_or_reorders_text_is_written_out() -> None:
    assert line("feed %s: %s", "x", "\x1b[2Jgone \u202etxt.exe") == (
        r"2025-01-27T10:00:00.000Z warning feeds: feed x: \x1b[2Jgone \u202etxt.exe"
    )


def test_lines_and_tabs_of_a_traceback_stay() -> None:
    # indented: nothing in a message looks like a record of its own
    assert line("one\n\ttwo").endswith("feeds: one\n    \ttwo")
