"""Scheduled jobs, in a real event loop."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

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
