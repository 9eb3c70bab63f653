"""The command line: reads arguments, calls ``bot.app``, prints. Data goes to stdout, messages for people to stderr.

Exit codes: 0 done, 1 failed, 2 usage or configuration. Modules of the application are imported inside the commands
that need them, so that querying the history loads neither pandas nor yfinance.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import platform
import sys
import traceback
from typing import Annotated, Any

import typer

from bot import __version__
from bot.cli import (
    backtest,
    check,
    episode,
    feeds,
    init,
    news,
    performance,
    replay,
    run,
    schema,
    send_test,
    setup,
    upgrade,
    web,
)
from bot.cli.commands import Commands
from bot.cli.history import commands as history
from bot.cli.rules import commands as rules
from bot.cli.rules import new
from bot.cli.terminal import Warnings, say, tell, tell_all
from bot.config.settings.proxies import proxy_secrets
from bot.core.errors import AftershockError, ConfigError, UsageError
from bot.core.text.wording import count
from bot.installation import INSTALLED, PROGRAM

RENAMED = {"record": "performance"}
"""Old command names, which keep working for one version."""


TRACEBACK = "AFTERSHOCK_TRACEBACK"
"""Set to anything, it shows where an error came from."""


class _Commands(Commands):
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if name := RENAMED.get(args[0]):
            tell(f"aftershock: '{args[0]}' is now called '{name}'; the old name goes with the next version")
            args = [name, *args[1:]]
        return super().resolve_command(ctx, args)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"Aftershock {__version__}, Python {platform.python_version()}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    name="aftershock",
    help="Watches AI news and stock prices together, and alerts on Telegram when an AI-model story moves a stock.",
    no_args_is_help=True,
    add_completion=INSTALLED,  # a shell completes what is one word
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


app.command("run")(run.run)
app.command("init")(init.init)
app.command("upgrade")(upgrade.upgrade)
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
    """Run the command line and exit. Nobody sees a traceback, unless they ask for one."""
    _open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no such character
    logging.lastResort = Warnings(logging.WARNING)
    passwords = proxy_secrets(os.environ)
    try:
        app(prog_name=PROGRAM)
    except ConfigError as error:
        for problem in error.problems:
            tell(problem)
        tell(f"{count(len(error.problems), 'mistake')}; nothing was changed")
        sys.exit(2)
    except UsageError as error:
        tell(f"aftershock: {error}")
        sys.exit(2)
    except AftershockError as error:
        tell(f"aftershock: {error}")
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):  # asyncio's own, where Ctrl-C comes as it begins to run
        sys.exit(130)
    except OSError as error:
        tell(f"aftershock: {_refused(error)}")
        _show_traceback()
        sys.exit(1)
    except Exception as error:
        tell(f"aftershock: a defect of the program ({type(error).__name__}: {error}); {TRACEBACK}=1 shows where")
        _show_traceback()
        sys.exit(1)
    finally:
        del passwords


def _open_streams() -> None:
    """Open what was closed (``>&-``), in order, so that no file of ours takes the place of one of them."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # open to the end


def _refused(error: OSError) -> str:
    """What the system refused."""
    if error.filename is None:
        return error.strerror or f"{type(error).__name__}: {error}"
    return f"{error.filename}: {error.strerror or type(error).__name__}"


def _show_traceback() -> None:
    if os.environ.get(TRACEBACK):
        tell_all(traceback.format_exc().splitlines())
