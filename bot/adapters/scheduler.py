"""Scheduled jobs: APScheduler in the application's event loop.

Jobs are kept in memory and set up from the configuration at every start. A late run is not dropped
(``misfire_grace_time=None``).

APScheduler plans by the system's clock: if that is set back by an hour, it runs nothing for an hour, and set forward,
everything at once. It asks the time zone for the present, by ``datetime.now(timezone)``; so it is given a time zone in
which it is always as late as a clock says that only passes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, tzinfo

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from bot.core.ports import Clock

log = logging.getLogger(__name__)


class Scheduler:
    """Named jobs, each run once after a delay, which passes by ``clock``: a steady one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._zone = _TimeOf(self.clock)
        self._scheduler = AsyncIOScheduler(timezone=self._zone, job_defaults={"misfire_grace_time": None})
        self._scheduler.add_listener(_listen, EVENT_JOB_ERROR)
        # APScheduler's executor cancels what runs at shutdown, and logs that as an error with a traceback
        logging.getLogger("apscheduler.executors.default").addFilter(_not_cancelled)

    def start(self) -> None:
        """Start running jobs. Needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start no further jobs, and cancel those that run."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def after(self, name: str, delay: timedelta, job: Callable[[], Awaitable[None]]) -> None:
        """Run ``job`` once after ``delay``, replacing any job of that name. A running job may schedule itself."""
        when = self.clock.now().replace(tzinfo=self._zone) + max(delay, timedelta())
        # two at a time, or a job due again before it has quite ended would be dropped for ever
        self._scheduler.add_job(
            job,
            DateTrigger(when, timezone=self._zone),
            id=name,
            name=name,
            replace_existing=True,
            max_instances=2,
        )


class _TimeOf(tzinfo):
    """A time zone for APScheduler, in which it is as late as ``clock`` says. Good for ``datetime.now`` only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def utcoffset(self, dt: datetime | None) -> timedelta:
        return timedelta()

    def dst(self, dt: datetime | None) -> timedelta:
        return timedelta()

    def tzname(self, dt: datetime | None) -> str:
        return "steady"

    def fromutc(self, dt: datetime) -> datetime:
        return self._clock.now().replace(tzinfo=self)


def _not_cancelled(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _listen(event: JobExecutionEvent) -> None:
    if not isinstance(event.exception, asyncio.CancelledError):
        log.error("job %s failed: %s", event.job_id, event.exception, exc_info=event.exception)
