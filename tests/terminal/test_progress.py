"""How far a command has come, and what it says meanwhile, do not run into each other."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bot.cli.progress import FIRST_AFTER, progress
from bot.cli.terminal import Lines, say, tell
from tests.terminal.screen import left_on, run_on_a_terminal

TALKING = """
import time
from bot.cli.progress import progress, waiting
from bot.cli.terminal import Lines, say, tell
with waiting("reading"):
    tell("bad row 1")
with progress("playing", 5) as advance:
    for step in range(5):
        advance(step, f"2{step} Jan 2025 16:00")
        time.sleep(0.15)  # the bar draws itself ten times a second
        say(f"fact {step}")
        tell(f"word {step}")
        Lines(error=False).write(f"\\nmessage {step}\\n\\n")
say("the end")
"""
SAID = [line for n in range(5) for line in (f"fact {n}", f"word {n}", "", f"message {n}", "")]


def test_the_terminal_of_the_tests_shows_what_a_stale_bar_leaves() -> None:
    bar = "\r\x1b[2K━━━ 10%"
    assert left_on(f"{bar}{bar}\r\nfact\r\n", 80) == ["━━━ 10%", "fact", ""]
    assert left_on(f"{bar}\r\x1b[2Kfact\r\n{bar}\r\x1b[2Kend\r\n", 80) == ["fact", "end", ""]
    assert left_on("12345678", 5) == ["12345", "678"]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_bar_is_left_standing_and_no_line_is_glued_to_one(width: int) -> None:
    code, lines = run_on_a_terminal([sys.executable, "-c", TALKING], width)
    assert code == 0, lines
    assert lines == ["bad row 1", *SAID, "the end", ""]


def test_data_goes_to_its_file_also_where_the_bar_is_on_a_terminal(tmp_path: Path) -> None:
    out = tmp_path / "out"
    _, lines = run_on_a_terminal([sys.executable, "-c", TALKING], 80, out)
    assert out.read_text().splitlines() == [line for line in SAID if not line.startswith("word")] + ["the end"]
    assert lines == ["bad row 1", *(line for line in SAID if line.startswith("word")), "", ""], (
        "the bar's own line, erased"
    )


def test_elsewhere_a_line_is_said_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = 0.0
    with progress("playing", 1000, lambda: seconds) as advance:
        for step in range(1000):
            seconds = float(step)
            advance(step, f"session {step}")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"playing: session 10, 1% after {FIRST_AFTER:.0f} s"
    assert 10 <= len(said) <= 25, "the longer it takes, the rarer"
    with progress("playing", 10, lambda: 1.0) as advance:
        advance(5, "quick")
    assert capsys.readouterr().err == ""


def test_streams_given_to_others_are_those_of_the_moment(capsys: pytest.CaptureFixture[str]) -> None:
    stream = Lines(error=False)
    say("one")
    stream.write("two\n")
    tell("three")
    assert capsys.readouterr() == ("one\ntwo\n", "three\n")
    assert not stream.isatty()
