"""``rules``: look over the rules people edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config

app = typer.Typer(help="Check the rules you edit.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Check the rules you edit."""


@app.command("check")
def check(
    path: Annotated[Path | None, typer.Argument(help="A rule file or folder; the configured one otherwise.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Report every mistake in every rule file with file, line and column; exit 2 where there is one."""
    from bot.app.world import check_rules

    rules, files = check_rules(config, path)
    plural = "s" if len(rules) != 1 else ""
    typer.echo(f"{len(rules)} rule{plural} in {len(files)} file{'s' if len(files) != 1 else ''}: no mistakes", err=True)
    for rule in rules:
        typer.echo(f"{rule.name}: {len(rule.symbols)} symbols{'' if rule.enabled else ', disabled'}")
