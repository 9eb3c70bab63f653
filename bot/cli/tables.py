"""Tables for people: fitted to the terminal, or wide where the output goes into a file or a pipe."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

WIDE = 200


def console() -> Console:
    """Where tables are printed."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def table(*columns: str, numbers: tuple[str, ...] = (), last: str = "") -> Table:
    """A plain table; ``numbers`` are set to the right; ``last`` takes what room is left and is cut off there."""
    made = Table(box=None, pad_edge=False, header_style="bold", expand=sys.stdout.isatty())
    for name in columns:
        made.add_column(name, no_wrap=True, justify="right" if name in numbers else "left", min_width=len(name))
    if last:
        made.add_column(last, no_wrap=True, overflow="ellipsis", ratio=1)
    return made
