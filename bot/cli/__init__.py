"""The command line: reads arguments, calls ``bot.app``, prints. Data goes to stdout, words for people to stderr.

Exit codes: 0 done, 1 failed, 2 wrong call or configuration. Modules of the application are imported inside the
commands that need them, so that reading the history starts neither pandas nor yfinance.
"""

from __future__ import annotations

import sys

import typer

from bot.cli import backtest, check, episode, feeds, news, record, replay, run, schema, send_test, setup, web
from bot.cli.history import commands as history
from bot.cli.rules import commands as rules
from bot.cli.rules import new
from bot.core.errors import AftershockError, ConfigError, UsageError

app = typer.Typer(
    name="aftershock",
    help="Watches AI news and stock prices together, and says on Telegram when an AI-model story moves a stock.",
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
app.command("record")(record.record)
app.add_typer(rules.app, name="rules")
rules.app.command("new")(new.new)
app.add_typer(news.app, name="news")
app.add_typer(feeds.app, name="feeds")
app.add_typer(history.app, name="history")
app.add_typer(episode.app, name="episode")
app.command("web")(web.web)
app.add_typer(schema.app, name="schema", hidden=True)


def main() -> None:
    """Run the command line and exit."""
    try:
        app(prog_name="python main.py")
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        print(f"{count} mistake{'s' if count != 1 else ''}; nothing was changed", file=sys.stderr)
        sys.exit(2)
    except UsageError as error:
        print(f"aftershock: {error}", file=sys.stderr)
        sys.exit(2)
    except AftershockError as error:
        print(f"aftershock: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
