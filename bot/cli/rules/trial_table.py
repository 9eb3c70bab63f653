"""The output of ``rules try``: a table, a line of counts, and a progress bar."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot.cli.tables import Column, print_table
from bot.cli.terminal import screen

if TYPE_CHECKING:
    from bot.app.lab.trying import Fired, Row, Trial

_SIGNS = {"gained": "+", "lost": "−", "moved": "~", "same": " "}


def show(rows: Sequence[Row]) -> None:
    """Print alerts gained, lost and moved, each beside the alert as it was."""
    columns = (
        Column(""),
        Column("session"),
        Column("symbol"),
        Column("rule", least=8, leaves=2),
        Column("now (UTC)"),
        Column("severity", leaves=4),
        Column("change", right=True, leaves=3),
        Column("before (UTC)"),
        Column("severity", leaves=5),
    )
    shown = [
        (
            f"{_SIGNS[row.difference.value]} {row.difference.value}",
            row.either.session.isoformat(),
            row.either.symbol,
            row.either.rule,
            *_cells(row.now),
            f"{row.either.change * 100:+.1f}%" if row.either.change is not None else "",
            *_cells(row.before),
        )
        for row in rows
    ]
    print_table(columns, shown)


def summary(trial: Trial) -> str:
    """``3 gained, 1 lost, 2 moved, 40 unchanged: sessions from … to …, compared with what fired``."""
    from bot.app.lab.trying import Difference

    counts = [trial.count(d) for d in (Difference.GAINED, Difference.LOST, Difference.MOVED, Difference.SAME)]
    words = ", ".join(f"{n} {word}" for n, word in zip(counts, ("gained", "lost", "moved", "unchanged"), strict=True))
    return f"{words}: sessions from {trial.first} to {trial.last}, compared with {trial.beside}"


@contextlib.contextmanager
def progress(begin: datetime, end: datetime) -> Iterator[Callable[[datetime], None] | None]:
    """A bar on a terminal; nothing elsewhere."""
    bars = screen()
    if not bars.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=bars, transient=True) as bar:
        task = bar.add_task("playing", total=max((end - begin).total_seconds(), 1.0))

        def advance(at: datetime) -> None:
            bar.update(task, completed=(at - begin).total_seconds(), description=f"{at:%Y-%m-%d}")

        yield advance


def _cells(fired: Fired | None) -> tuple[str, str]:
    return (f"{fired.at:%Y-%m-%d %H:%M}", fired.severity.word) if fired is not None else ("", "")
