"""Jobs that never end but by being stopped, in a real event loop with a scheduler and steady time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.scheduler import Scheduler
from bot.app.run import jobs as of_jobs
from bot.app.run.jobs import BROKEN_AFTER, LATE, Jobs
from bot.clock import SimulatedClock, SteadyClock
from bot.core.errors import StoreFullError
from tests.waiting import eventually

NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
SOON = timedelta(seconds=0.005)
HOUR = timedelta(hours=1)


class Told:
    """Jobs, and what the operator hears of them."""

    def __init__(self, clock: SteadyClock | SimulatedClock) -> None:
        self.alarms: list[tuple[str, str]] = []
        self.ends: list[tuple[str, str]] = []
        self.jobs = Jobs(
            Scheduler(clock),
            lambda headline, detail: self.alarms.append((headline, detail)),
            lambda headline, news: self.ends.append((headline, news)),
            lambda error: isinstance(error, StoreFullError),
        )


@pytest.fixture
async def told(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    monkeypatch.setattr(of_jobs, "FIRST_RETRY", SOON)
    monkeypatch.setattr(of_jobs, "WATCH_EVERY", SOON)
    made = Told(SteadyClock())
    made.jobs.start()
    yield made
    await made.jobs.stop()


def failing(error: BaseException, runs: list[str]) -> Callable[[], Awaitable[None]]:
    async def job() -> None:
        runs.append("run")
        raise error

    return job


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no exchange"),
        KeyError("BRK.B"),
        asyncio.CancelledError(),
        TimeoutError(),
        ExceptionGroup("", [OSError()]),
    ],
)
async def test_whatever_a_job_raises_it_is_run_again_and_told_once_by_its_name(
    told: Told, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    runs: list[str] = []
    told.jobs.add("prices", failing(error, runs), every=SOON, first=timedelta())
    await eventually(lambda: len(runs) > 3 * BROKEN_AFTER and told.alarms, "the runs and the alarm")
    assert [headline for headline, _ in told.alarms] == ["A part of Aftershock is broken: prices"]
    assert told.jobs.broken == ["prices"]
    assert caplog.text.count("prices failed: ") == 1


async def test_a_feed_that_fails_is_told_though_others_work_and_told_when_it_works_again(told: Told) -> None:
    works, runs = asyncio.Event(), list[str]()

    async def bad() -> None:
        if not works.is_set():
            raise ValueError("no")

    async def good() -> None:
        runs.append("good")

    told.jobs.add("feed:good", good, every=SOON)
    told.jobs.add("feed:bad", bad, every=SOON)
    await eventually(lambda: told.alarms, "the alarm")
    assert told.alarms[0][0] == "A part of Aftershock is broken: feed bad"
    assert told.alarms[0][1].startswith("ValueError: no. ")
    works.set()
    await eventually(lambda: told.ends, "its end")
    assert told.ends == [(told.alarms[0][0], "Working again: feed bad")]
    assert not told.jobs.broken
    assert len(told.alarms) == 1


async def test_many_that_fail_at_once_are_one_message_and_so_is_their_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_jobs, "FIRST_RETRY", SOON)
    monkeypatch.setattr(of_jobs, "WATCH_EVERY", HOUR)
    told, works = Told(SteadyClock()), asyncio.Event()

    async def job() -> None:
        if not works.is_set():
            raise ValueError("no")

    for number in range(50):
        told.jobs.add(f"feed:{number}", job, every=SOON)
    told.jobs.start()
    await eventually(lambda: len(told.jobs.broken) == 50, "all are broken")
    told.jobs.look()
    told.jobs.look()
    assert [headline for headline, _ in told.alarms] == [
        "50 parts of Aftershock are broken: feed 0, feed 1 and 48 more",
    ]
    works.set()
    await eventually(lambda: not told.jobs.broken, "all work")
    told.jobs.look()
    told.jobs.look()
    assert [news for _, news in told.ends] == ["Working again: 50 parts"]
    await told.jobs.stop()


async def test_a_job_that_does_not_end_is_cancelled_told_and_run_again(told: Told) -> None:
    runs: list[str] = []

    async def hangs() -> None:
        runs.append("run")
        await asyncio.Event().wait()

    told.jobs.add("history", hangs, every=SOON, within=SOON)
    await eventually(lambda: len(runs) > 2 and told.alarms, "it is run again")
    assert "did not end within" in told.alarms[0][1]


async def test_a_job_that_the_scheduler_loses_is_told_and_run() -> None:
    clock = SimulatedClock(NOON)
    told, runs = Told(clock), list[str]()

    async def job() -> None:
        runs.append("run")

    told.jobs.add("prices", job, every=timedelta(seconds=15))
    told.jobs.scheduler._scheduler.remove_all_jobs()
    clock.advance(NOON + LATE + timedelta(seconds=20))
    told.jobs.look()
    assert not told.alarms, "the whole program may have been stopped for a while"
    assert told.jobs.overdue(LATE) == {"prices": LATE + timedelta(seconds=5)}
    told.jobs.look()
    assert [headline for headline, _ in told.alarms] == ["A part of Aftershock is broken: prices"]
    assert "was not run when it was due, 1 min ago" in told.alarms[0][1]
    told.jobs.start()
    await eventually(lambda: runs, "it runs")
    told.jobs.look()
    assert [news for _, news in told.ends] == ["Working again: prices"]
    await told.jobs.stop()


async def test_what_is_reported_elsewhere_is_no_broken_part(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    runs: list[str] = []
    told.jobs.add("housekeeping", failing(StoreFullError("full"), runs), every=SOON)
    await eventually(lambda: len(runs) > 2 * BROKEN_AFTER, "the runs")
    assert not told.alarms
    assert not caplog.records


async def test_a_job_is_run_soon_whether_it_waits_or_runs(told: Told) -> None:
    runs, going = list[str](), asyncio.Event()

    async def job() -> timedelta:
        runs.append("run")
        await going.wait()
        return HOUR

    told.jobs.add("feed:wire", job, every=HOUR)
    told.jobs.soon("feed:wire")
    await eventually(lambda: runs, "the run")
    told.jobs.soon("feed:wire")
    going.set()
    await eventually(lambda: len(runs) == 2, "one more run after it")
    await asyncio.sleep(0.02)
    assert len(runs) == 2


async def test_a_task_that_should_never_end_is_started_again_and_told(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, runs = asyncio.Event(), list[str]()

    async def sender() -> None:
        runs.append("run")
        if len(runs) == 1:
            raise ValueError("no")
        if len(runs) == 2:
            return
        await stop.wait()

    task = told.jobs.keep("delivery", sender, stop)
    await eventually(lambda: len(runs) == 3 and told.alarms, "it is started again")
    assert [headline for headline, _ in told.alarms] == ["A part of Aftershock is broken: delivery"]
    monkeypatch.setattr(of_jobs, "LATE", timedelta())
    await eventually(lambda: told.ends, "its end")
    stop.set()
    await task


async def test_stopping_ends_what_runs_and_starts_nothing(caplog: pytest.LogCaptureFixture) -> None:
    told, runs = Told(SteadyClock()), list[str]()

    async def job() -> None:
        runs.append("run")
        await asyncio.Event().wait()

    told.jobs.add("a", job, every=SOON)
    told.jobs.start()
    with caplog.at_level(logging.INFO):
        await eventually(lambda: runs, "the job")
        await told.jobs.stop()
        await asyncio.sleep(0.02)
    assert runs == ["run"]
    assert not told.alarms
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_after_a_restart_a_job_told_to_be_broken_is_told_once_to_work_again(told: Told) -> None:
    runs: list[str] = []
    told.jobs.add("prices", failing(ValueError("no exchange"), runs), every=SOON, first=timedelta())
    await eventually(lambda: told.alarms, "the alarm")
    before, later = told.jobs.told, Told(SteadyClock())
    assert before == {"A part of Aftershock is broken: prices": ["prices"]}

    async def well() -> None:
        runs.append("well")

    later.jobs.add("prices", well, every=HOUR, first=HOUR)
    later.jobs.resume({**before, "A part of Aftershock is broken: feed gone": ["feed:gone"]})
    later.jobs.start()
    assert later.jobs.broken == [], "nobody knows yet"
    later.jobs.look()
    assert later.ends == []
    later.jobs.soon("prices")
    await eventually(lambda: later.ends, "the end")
    await later.jobs.stop()
    assert later.ends == [("A part of Aftershock is broken: prices", "Working again: prices")]
    assert (later.alarms, later.jobs.told) == ([], {})
