"""``news``: how stories are classified."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.commands import Commands
from bot.cli.options import DEFAULT_CONFIG, Config, Database, Json
from bot.cli.terminal import say, say_json

app = typer.Typer(cls=Commands, help="Show how headlines are classified.", no_args_is_help=True)


@app.callback()  # without one, typer makes the only command of a group the group itself
def _group() -> None: ...


@app.command("explain")
def explain(
    headline: Annotated[str, typer.Argument(help="The headline, in quotes.")],
    summary: Annotated[str, typer.Option(help="The feed's summary of the story.")] = "",
    source: Annotated[str, typer.Option(help="The publisher.")] = "",
    link: Annotated[str, typer.Option(help="The story's URL; a lab's own site adds to the score.")] = "",
    top: Annotated[
        int, typer.Option(min=0, help="How many of the symbols reached by line of business to show; 0 for all.")
    ] = 15,
    config: Config = DEFAULT_CONFIG,
    database: Database = None,
    json: Json = False,
) -> None:
    """Show how a headline is classified and whom it reaches.

    Prints its score per topic with the reasons, how its clauses are read, whom it names, the lines of business it
    affects and the symbols it reaches. Names that the bot learned from news sources are those of its history.
    """
    from bot.app.lab.explain_news import explain_headline, explained_lines, explained_object
    from bot.clock import SystemClock

    found = explain_headline(
        config, headline, SystemClock().now(), summary=summary, source=source, link=link, database=database
    )
    if json:
        say_json(explained_object(found))
        return
    for line in explained_lines(found, top):
        say(line)
