"""Scheduled jobs, in a real event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from apscheduler.schedulers import base

from bot.adapters.scheduler import Scheduler
from bot.clock import SteadyClock
from tests.waiting import eventually


async def test_a_job_that_runs_when_all_ends_leaves_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    started: list[str] = []

    async def job() -> None:
        started.append("job")
        await asyncio.Event().wait()

    scheduler = Scheduler(SteadyClock())
    scheduler.start()
    with caplog.at_level(logging.INFO):
        scheduler.after("job", timedelta(), job)
        await eventually(lambda: started, "the job")
        scheduler.stop()
        await asyncio.sleep(0.01)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_a_job_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def job() -> None:
        raise ValueError("no")

    scheduler = Scheduler(SteadyClock())
    scheduler.start()
    with caplog.at_level(logging.INFO):
        scheduler.after("job", timedelta(), job)
        await eventually(lambda: "job job failed: no" in caplog.text, "the error")
        scheduler.stop()
    assert "ValueError" in caplog.text


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(days=-400), timedelta(hours=8), timedelta(days=9000)])
async def test_a_step_of_the_machines_clock_neither_holds_a_job_up_nor_brings_it_forward(
    step: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def job(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            ran.append(name)

        return run

    class Stepped(datetime):
        """The class of the machine's time after the step, for the library that reads it."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Stepped:
            assert tz is not None
            utc = datetime.now(UTC) + step
            return tz.fromutc(utc.replace(tzinfo=tz))  # type: ignore[return-value]  # as datetime.now does

    scheduler = Scheduler(SteadyClock())
    scheduler.start()
    scheduler.after("soon", timedelta(seconds=0.05), job("soon"))
    scheduler.after("later", timedelta(hours=2), job("later"))
    await asyncio.sleep(0)
    monkeypatch.setattr(base, "datetime", Stepped)
    await eventually(lambda: ran, "the job that is due")
    await asyncio.sleep(0.05)
    scheduler.stop()
    assert ran == ["soon"]
