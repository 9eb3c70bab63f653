"""When the bot calls itself well, and when the heartbeat stops: by a bot of which only what is looked at is there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.adapters.scheduler import Scheduler
from bot.app.monitoring.counters import Measures
from bot.app.monitoring.health import SILENT_AFTER, HealthMonitor, HealthReport
from bot.app.monitoring.heartbeat import Heartbeat
from bot.app.run.jobs import BROKEN_AFTER, Jobs
from bot.app.run.live import Counters, LiveBot
from bot.clock import SimulatedClock
from bot.config.settings.model import Settings
from bot.core.errors import SourceError, StoreFullError
from bot.core.model import Decisions, Phase
from bot.cycle import CycleResult

START = datetime(2025, 1, 27, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class FakeBot:
    """Counters, jobs and a phase."""

    phase: Phase = Phase.REGULAR
    counters: Counters = field(default_factory=Counters)
    waiting: int = 0
    lost: str = ""

    price_interval = LiveBot.price_interval

    def __post_init__(self) -> None:
        settings = Settings.model_validate({"watchlist": {"ai-chips": ["NVDA"]}})
        self.project = SimpleNamespace(settings=settings)
        view = SimpleNamespace(phase=lambda symbol, at: self.phase)
        self.engine = SimpleNamespace(view=lambda: view)
        self.upkeep = SimpleNamespace(lost=lambda: self.lost)
        self.clock = SimulatedClock(START)
        self.jobs = Jobs(Scheduler(self.clock), lambda headline, detail: None, lambda headline, news: None)

    def add(self, name: str, wait: timedelta = timedelta()) -> None:
        """A job that is due after ``wait``."""

        async def job() -> None:
            raise AssertionError("the test runs no job")

        self.jobs.add(name, job, every=MINUTE, first=wait)

    @property
    def cycle(self) -> Any:
        return SimpleNamespace(uncommitted=self.waiting)


def watched(**of: Any) -> tuple[FakeBot, Measures, HealthMonitor]:
    bot, measures = FakeBot(**of), Measures()
    return bot, measures, HealthMonitor(cast(LiveBot, bot), measures, START)


@pytest.mark.parametrize(
    ("phase", "after", "well"),
    [
        (Phase.REGULAR, 15, True),
        (Phase.REGULAR, 130, True),
        (Phase.REGULAR, 140, False),
        (Phase.PRE, 145, True),
        (Phase.POST, 155, False),
        (Phase.CLOSED, 16 * 60, True),
        (Phase.CLOSED, 18 * 60, False),
    ],
)
def test_prices_have_to_be_asked_for_as_often_as_the_phase_wants(phase: Phase, after: int, well: bool) -> None:
    bot, _, vitals = watched(phase=phase)
    bot.add("prices", bot.price_interval(START))  # type: ignore[misc]  # of the live bot's, only what it reads is here
    bot.clock.advance(START + timedelta(seconds=after))
    judged = vitals.judge(bot.clock.now())
    assert judged.well is well
    assert well or judged.reasons[0].startswith("prices are overdue by")


def test_each_feed_has_to_be_asked_when_it_is_due() -> None:
    bot, _, vitals = watched()
    bot.add("prices", 50 * MINUTE)
    bot.add("feed:due")
    bot.add("feed:too", MINUTE)
    bot.add("feed:later", 30 * MINUTE)
    bot.clock.advance(START + 2 * MINUTE)
    assert vitals.judge(bot.clock.now()).well
    bot.clock.advance(START + 10 * MINUTE)
    assert vitals.judge(bot.clock.now()).reasons == ("2 feeds overdue by up to 10 min",)


def test_any_other_job_has_to_run_too() -> None:
    bot, _, vitals = watched()
    bot.add("history")
    bot.clock.advance(START + 3 * MINUTE)
    assert vitals.judge(bot.clock.now()).reasons == ("not running: history",)


def test_a_step_of_the_machines_clock_makes_nothing_late() -> None:
    bot, _, vitals = watched()
    bot.add("prices")
    for step in (timedelta(hours=8), timedelta(hours=-8)):
        assert vitals.judge(START + step).well


def test_a_history_whose_file_is_gone_is_a_reason_at_once() -> None:
    bot, _, vitals = watched()
    bot.lost = "history.db: the file was removed"
    assert vitals.judge(START).reasons == ("history.db: the file was removed",)


async def test_a_part_that_is_broken_is_a_reason() -> None:
    bot, _, vitals = watched()
    bot.add("feed:wire")
    for _ in range(BROKEN_AFTER):
        await bot.jobs._run(bot.jobs._planned["feed:wire"])
    assert vitals.judge(START).reasons == ("broken: feed wire",)


def committed(measures: Measures, now: datetime, error: StoreFullError | None = None) -> None:
    result = CycleResult(Decisions(now), (), committed=error is None, error=error)
    measures.decided(result, waiting=int(error is not None), now=now)


def test_a_history_that_cannot_be_written_is_a_reason_unless_it_is_a_moment() -> None:
    bot, measures, vitals = watched()
    for seconds in (0, 5, 12):
        now = START + timedelta(seconds=seconds)
        committed(measures, now, StoreFullError("full"))
        bot.waiting += 1
        assert vitals.judge(now).well is (seconds < 10)
    assert measures.refused_commits == 3
    assert vitals.judge(now).told() == {
        "status": "unwell", "reasons": ["the history could not be written for less than a minute"], "warnings": [],
        "uptime_seconds": 12, "prices_answered_at": None, "feeds_answered_at": None, "uncommitted_cycles": 3,
    }  # fmt: skip
    committed(measures, now)
    assert vitals.judge(now).well


async def test_a_scheduler_that_stands_still_is_a_reason_and_its_lag_is_told() -> None:
    _, _, vitals = watched()
    assert vitals.judge(START).well
    vitals._elapsed = lambda: SILENT_AFTER.total_seconds() + 90
    assert vitals.judge(START).reasons == ("the scheduler has run nothing for 2 min",)
    await vitals.tick()
    assert vitals.judge(START).well
    assert vitals.longest_lag == pytest.approx(119)


# ------------------------------------------------------------------------------------------------------- the heartbeat


class FakeSwitch:
    """Answers, or not."""

    where = "switch.example"

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    async def beat(self) -> None:
        self.asked += 1
        if self.fails:
            raise SourceError("switch.example answered 500")


async def test_the_heart_beats_only_while_well_and_says_what_changes_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    switch, now = FakeSwitch(), [HealthReport((), {})]
    heart = Heartbeat(switch, lambda: now[0])
    await heart.beat()
    now[0] = HealthReport(("prices are overdue by 3 min",), {})
    for _ in range(3):
        await heart.beat()
    now[0] = HealthReport((), {}, ("telegram:1, the only admin, cannot be reached: Chat not found",))
    await heart.beat()
    assert now[0].well, "a restart would not help"
    assert (switch.asked, heart.beats) == (1, 1)
    now[0] = HealthReport((), {})
    switch.fails = True
    for _ in range(3):
        await heart.beat()
    switch.fails = False
    for _ in range(2):
        await heart.beat()
    assert (switch.asked, heart.beats) == (6, 3)
    assert [record.getMessage() for record in caplog.records] == [
        "unhealthy, no heartbeat to switch.example: prices are overdue by 3 min",
        "healthy again: the heartbeat to switch.example resumes",
        "heartbeat failed: switch.example answered 500; retried at each interval",
        "heartbeat to switch.example works again",
    ]


@pytest.mark.parametrize(
    ("phase", "seconds"),
    [(Phase.REGULAR, 15), (Phase.PRE, 30), (Phase.POST, 30), (Phase.OVERNIGHT, 30), (Phase.CLOSED, 900)],
)
def test_prices_are_asked_for_by_the_busiest_phase(phase: Phase, seconds: int) -> None:
    assert FakeBot(phase=phase).price_interval(START) == timedelta(seconds=seconds)  # type: ignore[misc]
