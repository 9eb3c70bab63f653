"""The output of ``rules try``: a table, a line of counts, and how far it has come."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bot.cli.progress import progress
from bot.cli.tables import Column, print_table

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
def playing(begin: datetime, end: datetime) -> Iterator[Callable[[datetime], None]]:
    """Shows how far it has come, by the time that is played."""
    with progress("playing", (end - begin).total_seconds()) as advance:
        yield lambda at: advance((at - begin).total_seconds(), f"{at:%Y-%m-%d}")


def _cells(fired: Fired | None) -> tuple[str, str]:
    return (f"{fired.at:%Y-%m-%d %H:%M}", fired.severity.word) if fired is not None else ("", "")
