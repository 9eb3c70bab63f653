"""How far a command that takes long has come: a bar on a terminal, elsewhere a line now and then.

Both go to standard error. The bar is drawn by the one screen that messages are written to, too, so that neither runs
into the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

from bot.cli.terminal import drawing, shown_on_terminal, tell
from bot.clock import stopwatch

FIRST_AFTER, SHARE = 10.0, 4
"""Seconds until the first line, and between two at least; later they come a quarter of what has passed apart."""
NARROW = 80
"""Columns of a terminal below which the bar takes what is left of the line."""


class Advance(Protocol):
    """Says how far it has come."""

    def __call__(self, done: float, where: str) -> None:
        """``done`` of the total; ``where`` in a few words, as ``27 Jan 2025``."""


@contextlib.contextmanager
def progress(what: str, total: float, passed: Callable[[], float] | None = None) -> Iterator[Advance]:
    """Show how far ``what`` ("playing") has come. ``passed``: the seconds since the beginning."""
    if shown_on_terminal(error=True):
        with _bar(what, total) as advance:
            yield advance
    else:
        yield _lines(what, total, passed or stopwatch())


@contextlib.contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show that ``what`` ("reading prices") goes on, of which nobody knows how long it takes."""
    if not shown_on_terminal(error=True):
        tell(what)
        yield
        return
    with drawing() as screen, screen.status(what):
        yield


@contextlib.contextmanager
def _bar(what: str, total: float) -> Iterator[Advance]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with drawing() as screen:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(None if screen.width < NARROW else 40),
            TextColumn("{task.percentage:.0f}%", markup=False),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=screen, transient=True, redirect_stdout=False, redirect_stderr=False) as shown:
            task = shown.add_task(what, total=max(total, 1.0))
            yield lambda done, where: shown.update(task, completed=max(done, 0.0), description=where)


def _lines(what: str, total: float, passed: Callable[[], float]) -> Advance:
    due = FIRST_AFTER

    def advance(done: float, where: str) -> None:
        nonlocal due
        so_far = passed()
        if so_far >= due:
            due = so_far + max(FIRST_AFTER, so_far / SHARE)
            share = min(max(done / total, 0.0), 1.0) if total else 1.0
            tell(f"{what}: {where}, {share:.0%} after {so_far:.0f} s")

    return advance
