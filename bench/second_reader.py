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

import aiohttp

from bot.adapters.language_model import LanguageModel
from bot.app.lab.backtesting import Backtesting
from bot.app.run.second_reader import Budget, SecondReader
from bot.app.setup.checkup import SAMPLE
from bot.clock import SimulatedClock
from bot.config.settings.model import LanguageModelSettings
from bot.config.settings.secret_files import find_language_model_key
from bot.core.errors import SourceError
from bot.core.model import Observation, SecondReading, SourceReport, Trouble
from bot.cycle import CycleResult


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
        readings = result.decisions.readings
        if self._reader is None or (readings and not any(reading.cluster for reading in readings)):
            return ()  # nothing that could explain a fall is new
        self._results = []
        known = -1
        while known != len(self._results):
            known = len(self._results)
            await self._reader.look()
        return self._results

    def _turn(self, seen: Sequence[Observation]) -> None:
        for observation in seen:
            if isinstance(observation, SecondReading):
                self.counts["answers"] += 1
                self.counts["moves"] += len(observation.moves)
                self.counts["by_ai"] += sum(move.agent for move in observation.moves)
            elif isinstance(observation, SourceReport) and observation.trouble is not Trouble.NONE:
                self.counts[f"failed: {observation.detail}"] += 1
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
