"""When things run: APScheduler in the application's own event loop.

Jobs live in memory and are rebuilt from the configuration at every start. A run that could not start in time is not
dropped (``misfire_grace_time=None``), runs that piled up become one, and no job at intervals runs beside itself.
Waiting is done in the machine's time, whatever time the bot pretends it is.
"""

from __future__ import annotations

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
    """Named jobs, each once after a while or at intervals. ``clock`` tells the machine's time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(_listen, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        self.errors = 0

    def start(self) -> None:
        """Begin to run jobs. Needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Start no further job; what runs is the caller's to end."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def after(self, name: str, delay: timedelta, job: Job) -> None:
        """Run ``job`` once when ``delay`` has passed, at once where it is none, in place of any job of that name.

        A job may put itself here while it runs, however short the delay.
        """
        when = self._clock.now() + max(delay, timedelta())
        # two at a time, or a job that asked to be run again before it had quite ended would be dropped for ever
        self._scheduler.add_job(
            job, DateTrigger(when, timezone=UTC), id=name, name=name, replace_existing=True, max_instances=2
        )

    def every(self, name: str, interval: timedelta, job: Job, *, jitter: timedelta | None = None) -> None:
        """Run ``job`` at intervals, spread by up to ``jitter``, in place of any job of that name."""
        trigger = IntervalTrigger(
            seconds=interval.total_seconds(), timezone=UTC, jitter=jitter.total_seconds() if jitter else None
        )
        self._scheduler.add_job(job, trigger, id=name, name=name, replace_existing=True)

    def cancel(self, name: str) -> None:
        """Forget the job of that name, if there is one."""
        if self._scheduler.get_job(name) is not None:
            self._scheduler.remove_job(name)


def _listen(event: JobExecutionEvent) -> None:
    if event.code == EVENT_JOB_MISSED:
        log.warning("job %s was missed at %s", event.job_id, event.scheduled_run_time)
    else:
        log.error("job %s failed: %s", event.job_id, event.exception, exc_info=event.exception)
