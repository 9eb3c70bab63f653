"""``replay``: plays an episode through the whole pipeline."""

from __future__ import annotations

import asyncio
import enum
import errno
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer

from bot.cli.options import DEFAULT_CONFIG, Config, Json, Place, TrialDatabase, database_or_temporary, parse_speed
from bot.cli.progress import progress
from bot.cli.terminal import Lines, say_json, tell

if TYPE_CHECKING:
    from bot.app.lab.replaying import Plan


class _Reader:
    """A stream that messages are written to, and whether whoever reads it has gone (``| head``)."""

    def __init__(self, stream: Lines) -> None:
        self.encoding, self.isatty, self.flush = stream.encoding, stream.isatty, stream.flush
        self._stream = stream
        self.gone = False

    def write(self, text: str) -> int:
        """As the stream's own, whole: what cannot be read is not left in a buffer."""
        try:
            count = self._stream.write(text)
        except BrokenPipeError:
            self.gone = True
            raise
        return count


class Notify(enum.StrEnum):
    """Where a replay's messages go."""

    CONSOLE = "console"
    TELEGRAM = "telegram"
    NONE = "none"


def replay(
    episode: Annotated[str, typer.Argument(help="An episode in rules/episodes, as deepseek-2025-01.")],
    config: Config = DEFAULT_CONFIG,
    database: TrialDatabase = None,
    notify: Annotated[Notify, typer.Option(help="Where messages go.")] = Notify.CONSOLE,
    speed: Annotated[str | None, typer.Option(help="Simulated seconds per second, as 600x. Default: no limit.")] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="A file of rules, in place of those of their names, or a folder, in place of all."),
    ] = None,
    json: Json = False,
) -> None:
    """Play a past episode as if it happened now: same engine, database and outbox, simulated clock.

    Writes to a temporary database unless --database names one; an interrupted replay resumes where it stopped.
    """
    from bot.app.lab.replaying import plan_replay
    from bot.clock import SystemClock

    factor = parse_speed(speed) if speed else None
    plan = plan_replay(config, episode, SystemClock().now(), rules)
    with database_or_temporary(database) as file:
        asyncio.run(_play(plan, file, notify, factor, json, kept=database is not None))


async def _play(plan: Plan, database: Place, notify: Notify, speed: float | None, json: bool, kept: bool) -> None:
    from bot.app.lab.replaying import start_replay
    from bot.app.lines import result_objects
    from bot.app.run.notifiers import close_all, replay_recipients
    from bot.app.stores import open_store
    from bot.clock import SystemClock

    name = plan.episode.name
    store = open_store(database, mode="replay", run_name=name, now=SystemClock().now())
    reader = _Reader(Lines(error=json))
    # not a whole TextIO, but all that is used of one
    console = cast(TextIO, reader)
    notifiers, recipients = replay_recipients(notify.value, plan.project, console, store.recipients())
    alerts = messages = 0
    try:
        playing = start_replay(plan, store, notifiers, recipients, speed)
        if playing.resumed_at is not None:
            tell(f"resuming after {playing.resumed_at:%Y-%m-%d %H:%M:%S}Z in {database}")
        with progress(name, len(plan.tape)) as advance:
            async for step, result in playing.results():
                advance(step + 1, f"{result.decisions.now:%d %b %H:%M}")
                if json:
                    for each in result_objects(result, playing.currency_of):
                        say_json(each)
                alerts += sum(c.kind.value == "fired" for c in result.decisions.changes)
                messages += sum(not n.edits for n in result.notifications)
                if reader.gone:
                    raise BrokenPipeError(errno.EPIPE, "nobody reads the messages any more")
    finally:
        await close_all(notifiers.values())
        store.close(SystemClock().now())
    where = f"; history in {database}" if kept else ""
    tell(f"{name}: {alerts} alerts, {messages} messages{where}")
