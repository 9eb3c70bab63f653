"""``feeds``: the sources of news."""

from __future__ import annotations

import typer

app = typer.Typer(help="Manage the news feeds.", no_args_is_help=True)
