"""What reads outside text takes steps in proportion to it, counted and not timed: the lines of ours that are run.

Time is measured by ``bench/scaling.py``, with the same functions and texts; what a library in C does shows only there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest

from bench.scaling_inputs import FUNCTIONS, ROOT

pytestmark = pytest.mark.campaign

OURS = str(ROOT / "bot")
STEEPEST = 2.6
"""How much more the second doubling may add than the first: twice as much in proportion, four times by the square."""
FEW = 1000
"""Lines; a growth by fewer is none."""


def lines_of(work: Callable[[], object]) -> int:
    """How many lines of the program a call runs."""
    count = 0

    def each(_frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return each

    def entered(frame: FrameType, _event: str, _argument: object) -> Any:
        return each if frame.f_code.co_filename.startswith(OURS) else None

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        with suppress(Exception):  # our own errors are answers, too
            work()
    finally:
        sys.settrace(before)
    return count


SIZES = {
    "a headline and its summary": 100,
    "a message, in every form": 1000,
    "stories, clustered": 10,
    "the hub's list": 10,
}
"""n to begin with, where it is not what suffices for most."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_steps_grow_no_faster_than_the_text(function: str) -> None:
    for shape, (made, start) in FUNCTIONS[function].items():
        n = SIZES.get(function, 400 if start > 1000 else 25)
        lines_of(made(n))  # what is loaded once
        one, two, four = (lines_of(made(size)) for size in (n, 2 * n, 4 * n))
        if two - one > FEW or four - two > 4 * FEW:
            assert four - two <= STEEPEST * max(two - one, FEW), (shape, n, one, two, four)
