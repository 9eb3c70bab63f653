"""How the time of every function that takes outside text grows with the text: n, 2n and 4n of it.

`python bench/scaling.py` gives each of them texts of several shapes, made to be as hard as they can be (one unit over
and over, nesting, half-open quotes, many of what is looked up), and prints the processor time for n, 2n and 4n as
medians of several runs, and the exponent of the growth between them: 0 where a limit ends it, 1 for linear, 1.1 for
n log n at these sizes, 2 for the square of n. A function's line is that of its worst shape. `--write` puts the table
into SECURITY.md; `--only WORD` measures those whose name has the word, and prints several shapes. Exit code 1 if one
grows faster than `WORST`.
"""

from __future__ import annotations

import argparse
import gc
import math
import platform
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
warnings.simplefilter("ignore")

from bench.scaling_inputs import FUNCTIONS, Make, Shapes  # noqa: E402  # the path comes first

RUNS = 3
STEEPEST = 3
"""Shapes of each function that are measured in full, by what a first look says of all."""
LEAST = 0.002
"""Seconds that n has to take, so that what is measured is the function."""
MOST = 260_000
"""Characters, or entries, at 4n."""
LONGEST = 8.0
"""Seconds after which a text is not made longer."""
WORST = 1.3
"""The steepest growth that passes: n log n is 1.1, and the rest is what a busy machine adds to a median."""
MARK = "<!-- measured: python bench/scaling.py --write -->"


@dataclass(frozen=True, slots=True)
class Growth:
    """What one shape of text did to one function."""

    function: str
    shape: str
    n: int
    seconds: tuple[float, float, float]
    """For n, 2n and 4n."""

    @property
    def exponent(self) -> float:
        """Of n, between n and 4n; at least 0."""
        first, _, last = self.seconds
        return max(0.0, math.log(max(last, 1e-9) / max(first, 1e-9), 4))

    @property
    def tells(self) -> bool:
        """Whether it takes long enough to be told from the clock's grain."""
        return self.seconds[2] >= LEAST


def timed(work: Callable[[], object]) -> float:
    """The processor time of one call; our own errors are answers, too."""
    gc.disable()
    began = time.process_time()
    with suppress(Exception):
        work()
    took = time.process_time() - began
    gc.enable()
    return took


def screened(shapes: Shapes) -> list[tuple[float, str, int]]:
    """Each shape's growth, from one run of n and one of 4n, with the n that takes long enough; the steepest first."""
    found = []
    for shape, (made, start) in shapes.items():
        n, took = start, timed(made(start))
        while 16 * n <= MOST and took < LEAST:
            n *= 4
            took = timed(made(n))
        n = n if took < LONGEST / 4 else max(n // 4, 1)
        took = took if took < LONGEST / 4 else timed(made(n))
        after = timed(made(4 * n))
        found.append((math.log(max(after, 1e-9) / max(took, 1e-9), 4) if after >= LEAST else 0.0, shape, n))
    return sorted(found, reverse=True)


def measured(function: str, shape: str, made: Make, n: int) -> Growth:
    """The growth, each size several times, made anew each time: nothing may be remembered from the run before."""
    seconds = []
    for size in (n, 2 * n, 4 * n):
        took = [timed(made(size))]
        while len(took) < RUNS and took[0] < LONGEST / 4:
            took.append(timed(made(size)))
        seconds.append(median(took))
    return Growth(function, shape, n, (seconds[0], seconds[1], seconds[2]))


def all_measured(only: str, tell: Callable[[Growth], None]) -> Iterator[Growth]:
    """Every function's worst shape, of those that looked steepest at first sight."""
    for function, shapes in FUNCTIONS.items():
        if only not in function:
            continue
        found = []
        for _, shape, n in screened(shapes)[:STEEPEST]:
            growth = measured(function, shape, shapes[shape][0], n)
            if growth.exponent > WORST:  # once more: a neighbour may have taken the processor
                growth = min(growth, measured(function, shape, shapes[shape][0], n), key=lambda each: each.exponent)
            tell(growth)
            found.append(growth)
        yield max(found, key=lambda each: (each.tells, each.exponent))


def main() -> int:
    """Measure, print, and write on request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into SECURITY.md")
    parser.add_argument("--only", default="", help="functions whose name has this word")
    given = parser.parse_args()
    tell = (lambda growth: print("   ", line(growth), flush=True)) if given.only else (lambda growth: None)
    worst, lines = [], [*heading()]
    gc.freeze()  # what is loaded is not looked through again
    for growth in all_measured(given.only, tell):
        worst.append(growth)
        lines.append(line(growth))
        print(lines[-1], flush=True)
    if given.write:
        page = REPOSITORY / "SECURITY.md"
        text = page.read_text(encoding="utf-8")
        head, _, rest = text.partition(MARK)
        _, _, tail = rest.partition("\n\n## ")
        shapes = sum(len(shapes) for shapes in FUNCTIONS.values())
        about = f"{len(FUNCTIONS)} functions, {shapes} shapes of text; Python {platform.python_version()}."
        page.write_text(f"{head}{MARK}\n{about}\n\n" + "\n".join(lines) + f"\n\n## {tail}", encoding="utf-8")
    return int(any(growth.tells and growth.exponent > WORST for growth in worst))


def heading() -> tuple[str, str]:
    """Of the table."""
    return (
        "| what is read | hardest text tried | n | ms for n | 2n | 4n | exponent |",
        "|---|---|--:|--:|--:|--:|--:|",
    )


def line(growth: Growth) -> str:
    """One line of the table."""
    figures = " | ".join(f"{1000 * seconds:,.1f}" for seconds in growth.seconds)
    limited = " (limited)" if growth.exponent < 0.5 else ""
    exponent = f"{growth.exponent:.2f}{limited}" if growth.tells else "under 2 ms"
    return f"| {growth.function} | {growth.shape} | {growth.n:,} | {figures} | {exponent} |"


if __name__ == "__main__":
    sys.exit(main())
