"""A second reader at a backtest's side: what a language model's answers would have changed.

It is the running bot's own second reader with the backtest's clock, so that questions, budget and pauses are those of a
bot that had run then; only the time an answer takes is left out: it is known at once.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import aiohttp

from bot.adapters.language_model import LanguageModel
from bot.app.lab.backtesting import Backtesting
from bot.app.run.news.second_reader import Budget, SecondReader
from bot.app.setup.checkup import SAMPLE
from bot.clock import SimulatedClock
from bot.config.settings.model import LanguageModelSettings
from bot.config.settings.secret_files import find_language_model_key
from bot.core.errors import SourceError
from bot.core.model import Observation, SecondReading, SourceReport, Trouble
from bot.cycle import CycleResult

IDLE = timedelta(hours=1)
"""After this long it is looked again although nothing is new: a budget or a pause may have kept a question back."""
MOST_FAILURES = 10
"""In a row. A server that fails as often will go on, and each time-out takes half a minute of real time."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask: the address up to ``/v1``, and the model's name. The key is in the environment."""

    url: str
    model: str = ""


@dataclass(slots=True)
class Beside:
    """The second reader of one backtest."""

    playing: Backtesting
    clock: SimulatedClock
    counts: Counter[str] = field(default_factory=Counter)
    """Of ``answers``, ``moves`` in them, moves ``by_ai``, and ``failures`` by what was wrong."""
    _results: list[CycleResult] = field(default_factory=list)
    _reader: SecondReader | None = None
    _failures: int = 0
    """In a row."""
    _moves: object = None
    """Equal as long as no price has changed."""
    _looked_at: datetime | None = None

    def ask_with(self, model: LanguageModel) -> None:
        """Ask this model, with the budget that is shipped."""
        budget = Budget(
            LanguageModelSettings.model_fields["questions_an_hour"].default,
            LanguageModelSettings.model_fields["questions_a_day"].default,
        )
        view = self.playing.engine.view()
        self._reader = SecondReader(model.read, lambda: view, self.clock, self._turn, budget, model.model)

    async def after(self, result: CycleResult) -> Sequence[CycleResult]:
        """Ask about what is in doubt after a cycle; the cycles that take the answers."""
        if self._reader is None or not self._may_doubt(result):
            return ()
        self._results = []
        known = -1
        while known != len(self._results):
            known = len(self._results)
            await self._reader.look()
        return self._results

    def _may_doubt(self, result: CycleResult) -> bool:
        """Whether a price or a story that could explain a fall is new. To look takes a tenth of a second where many
        fall, and most stories are about nothing of this."""
        now, moves = result.decisions.now, self.playing.engine.causes.moves.stamp(result.decisions.now)
        told = any(reading.topics or reading.attributions for reading in result.decisions.readings)
        if not told and moves == self._moves and self._looked_at is not None and now < self._looked_at + IDLE:
            return False
        self._moves, self._looked_at = moves, now
        return True

    def _turn(self, seen: Sequence[Observation]) -> None:
        """Take what was seen. Raises SourceError where the server has failed too often."""
        for observation in seen:
            if isinstance(observation, SecondReading):
                self._failures = 0
                self.counts["answers"] += 1
                self.counts["moves"] += len(observation.moves)
                self.counts["by_ai"] += sum(move.agent for move in observation.moves)
            elif isinstance(observation, SourceReport) and observation.trouble is not Trouble.NONE:
                self._failures += 1
                self.counts[f"failed: {observation.detail}"] += 1
                if self._failures >= MOST_FAILURES:
                    raise SourceError(f"{MOST_FAILURES} questions in a row failed, the last: {observation.detail}")
        self._results.append(self.playing.replay.cycle.run(seen, self.clock.now()))


@asynccontextmanager
async def beside(playing: Backtesting, asking: Asking | None) -> AsyncIterator[Beside]:
    """The second reader of ``playing``; without ``asking``, one that asks nothing."""
    made = Beside(playing, playing.replay.clock)
    if asking is None:
        yield made
        return
    key, _ = find_language_model_key(os.environ, None)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        made.ask_with(LanguageModel(session, asking.url, asking.model, key))
        yield made


async def refusal(asking: Asking) -> str:
    """Why the model cannot be asked, by the made-up story that ``check`` asks about; empty where it answers."""
    key, _ = find_language_model_key(os.environ, None)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        try:
            await LanguageModel(session, asking.url, asking.model, key).read(SAMPLE)
        except SourceError as error:
            return str(error)
    return ""


def told(counts: Sequence[tuple[str, Counter[str]]]) -> Iterator[dict[str, object]]:
    """Rows for a table, one for each stretch that was played."""
    for name, count in counts:
        failed = {what.removeprefix("failed: "): n for what, n in count.items() if what.startswith("failed: ")}
        yield {"played": name, **{what: count[what] for what in ("answers", "moves", "by_ai")}, "failed": failed or ""}
