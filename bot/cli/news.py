"""``news``: what stories are taken for."""

from __future__ import annotations

import json as jsonlib
from typing import Annotated

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json

app = typer.Typer(help="Ask what a headline is taken for.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Ask what a headline is taken for."""


@app.command("explain")
def explain(
    headline: Annotated[str, typer.Argument(help="The headline, in quotes.")],
    summary: Annotated[str, typer.Option(help="What the feed says below it.")] = "",
    source: Annotated[str, typer.Option(help="Who publishes it.")] = "",
    link: Annotated[str, typer.Option(help="Its address: a lab's own site counts.")] = "",
    top: Annotated[int, typer.Option(min=0, help="So many of those reached by what they live from; 0 for all.")] = 15,
    config: Config = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Print a headline's score per topic with its reasons, whom it names, what it meets and whom it reaches."""
    from bot.app.lab.explain_news import explain_headline, explained_lines, explained_object
    from bot.clock import SystemClock

    found = explain_headline(config, headline, SystemClock().now(), summary=summary, source=source, link=link)
    if json:
        typer.echo(jsonlib.dumps(explained_object(found), ensure_ascii=False))
        return
    for line in explained_lines(found, top):
        typer.echo(line)
