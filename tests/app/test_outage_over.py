"""Feeds that were out of reach are polled the moment anything answers again, whoever it is that answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.scheduler import Scheduler
from bot.app.run.inbox import Inbox
from bot.app.run.live import LiveBot
from bot.clock import SimulatedClock
from bot.config.settings.model import MarketSettings, Operator, PriceSettings
from bot.core.model import Decisions, Phase, PricePoll, SourceReport, Trouble
from bot.cycle import CycleResult

NOON = datetime(2025, 1, 28, 17, 0, tzinfo=UTC)


class Bot:
    """A live bot with a vendor that answers, two feeds out of reach, and an engine that decides nothing."""

    def __init__(self) -> None:
        view = SimpleNamespace(phase=lambda symbol, at: Phase.REGULAR, told_troubles=())
        engine = SimpleNamespace(view=lambda: view)
        cycle: Any = SimpleNamespace(
            engine=engine, run=lambda *_, **__: CycleResult(Decisions(NOON), (), committed=True), uncommitted=0
        )
        settings = SimpleNamespace(
            operator=Operator(), prices=PriceSettings(), markets=MarketSettings(), symbols=["NVDA"]
        )
        project: Any = SimpleNamespace(settings=settings)
        nothing: Any = SimpleNamespace()
        clock = SimulatedClock(NOON)
        inbox = Inbox(clock, nothing)
        self.live = LiveBot(
            project, *[nothing] * 3, cycle, nothing, self, clock, Scheduler(clock), inbox, *[nothing] * 2
        )  # fmt: skip
        self.polled: list[str] = []
        jobs: Any = SimpleNamespace(soon=lambda name, delay: self.polled.append(name), told={})
        self.live.jobs = jobs
        self.live.outages.feeds = 2
        for name in ("wire", "tech"):
            self.live.outages.take(SourceReport(name, NOON, Trouble.FAILED, "timed out"))

    async def quotes(self, symbols: Sequence[str], now: datetime) -> PricePoll:
        return PricePoll(())


async def test_when_prices_answer_that_hung_and_never_failed() -> None:
    bot = Bot()
    await bot.live._poll_prices()
    assert bot.polled == ["feed:tech", "feed:wire"]
    await bot.live._poll_prices()
    assert len(bot.polled) == 2, "once: if they stay out of reach it is not the network"


@pytest.mark.parametrize(("source", "polls"), [("telegram", 2), ("webhook", 2), ("rules", 0)])
def test_when_a_channel_answers(source: str, polls: int) -> None:
    bot = Bot()
    bot.live.inbox.report(SourceReport(source, NOON, detail="messages are delivered again"))
    bot.live.turn(())
    assert len(bot.polled) == polls
