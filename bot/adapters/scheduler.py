"""Scheduled jobs: APScheduler in the application's event loop.

Jobs are kept in memory and set up from the configuration at every start. A late run is not dropped
(``misfire_grace_time=None``), several late runs become one, and runs of a job at intervals never overlap. Waiting is in
system time, even if the bot pretends another time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.core.ports import Clock

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class Scheduler:
    """Named jobs, each run once after a delay or at intervals. ``clock`` is the system clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(_listen, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        # APScheduler's executor cancels what runs at shutdown, and logs that as an error with a traceback
        logging.getLogger("apscheduler.executors.default").addFilter(_not_cancelled)
        self.errors = 0

    def start(self) -> None:
        """Start running jobs. Needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start no further jobs, and cancel those that run."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def after(self, name: str, delay: timedelta, job: Job) -> None:
        """Run ``job`` once after ``delay``, replacing any job of that name. A running job may schedule itself."""
        when = self._clock.now() + max(delay, timedelta())
        # two at a time, or a job due again before it has quite ended would be dropped for ever
        self._scheduler.add_job(
            job, DateTrigger(when, timezone=UTC), id=name, name=name, replace_existing=True, max_instances=2
        )

    def every(self, name: str, interval: timedelta, job: Job, *, jitter: timedelta | None = None) -> None:
        """Run ``job`` at intervals, give or take up to ``jitter``, replacing any job of that name."""
        trigger = IntervalTrigger(
            seconds=interval.total_seconds(), timezone=UTC, jitter=jitter.total_seconds() if jitter else None
        )
        self._scheduler.add_job(job, trigger, id=name, name=name, replace_existing=True)

    def cancel(self, name: str) -> None:
        """Remove the job of that name, if any."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)


def _not_cancelled(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _listen(event: JobExecutionEvent) -> None:
    if isinstance(event.exception, asyncio.CancelledError):
        return
    if event.code == EVENT_JOB_MISSED:
        log.warning("job %s was missed at %s", event.job_id, event.scheduled_run_time)
    else:
        log.error("job %s failed: %s", event.job_id, event.exception, exc_info=event.exception)
