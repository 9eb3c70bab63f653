"""The command line: reads arguments, calls ``bot.app``, prints. Data goes to stdout, messages for people to stderr.

Exit codes: 0 done, 1 failed, 2 usage or configuration. Modules of the application are imported inside the commands
that need them, so that querying the history loads neither pandas nor yfinance.
"""

from __future__ import annotations

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from bot.cli import backtest, check, episode, feeds, news, performance, replay, run, schema, send_test, setup, web
from bot.cli.history import commands as history
from bot.cli.rules import commands as rules
from bot.cli.rules import new
from bot.core.errors import AftershockError, ConfigError, UsageError
from bot.core.text.wording import count

RENAMED = {"record": "performance"}
"""Old command names, which keep working for one version."""


class _Commands(TyperGroup):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if name := RENAMED.get(args[0]):
            print(
                f"aftershock: '{args[0]}' is now called '{name}'; the old name goes with the next version",
                file=sys.stderr,
            )
            args = [name, *args[1:]]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Commands,
    name="aftershock",
    help="Watches AI news and stock prices together, and alerts on Telegram when an AI-model story moves a stock.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("run")(run.run)
app.command("setup")(setup.setup)
app.command("check")(check.check)
app.command("send-test")(send_test.send_test)
app.command("replay")(replay.replay)
app.command("backtest")(backtest.backtest)
app.command("performance")(performance.performance)
app.add_typer(rules.app, name="rules")
rules.app.command("new")(new.new)
app.add_typer(news.app, name="news")
app.add_typer(feeds.app, name="feeds")
app.add_typer(history.app, name="history")
app.add_typer(episode.app, name="episode")
app.command("web")(web.web)
app.add_typer(schema.app, name="schema")


def main() -> None:
    """Run the command line and exit."""
    try:
        app(prog_name="python main.py")
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        print(f"{count(len(error.problems), 'mistake')}; nothing was changed", file=sys.stderr)
        sys.exit(2)
    except UsageError as error:
        print(f"aftershock: {error}", file=sys.stderr)
        sys.exit(2)
    except AftershockError as error:
        print(f"aftershock: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
