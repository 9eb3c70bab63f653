"""The jobs of the running bot: each is run again and again, and none ends but by being stopped.

This is the only place that plans a job's next run, whatever happened in the last one: it failed, it was cancelled from
inside, it did not end, or the scheduler lost it. A job in such trouble is reported under its own name, many at once in
one message, and once more when it works again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.adapters.scheduler import Scheduler
from bot.core.text.wording import age, count, listing
from bot.core.waiting import back_off

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[timedelta | None]]
"""What is run. Returns how long to wait before the next run, or nothing for the job's own interval."""

WITHIN = timedelta(minutes=2)
"""How long a run may take, unless the job says otherwise; longer ones are cancelled."""
LATE = timedelta(minutes=1)
"""A run that has not begun this long after it was due, or not ended this long after it was cancelled, is reported."""
WATCH_EVERY = timedelta(seconds=5)
BROKEN_AFTER = 3
"""Failures in a row before the operator is told."""
FIRST_RETRY = timedelta(seconds=5)
"""The wait after a failure; each further one is twice as long, up to the job's own interval."""
KEPT_RETRY = timedelta(minutes=1)
"""The longest wait before a job that should never end is started again."""
SHORTEST = timedelta(seconds=0.1)
"""The least pause of a job whose run takes longer than its interval."""


@dataclass(slots=True, eq=False)
class _Planned:
    """A job, and how it fares. Times are the scheduler's."""

    name: str
    job: Job
    every: timedelta
    within: timedelta | None
    """``None`` for one that should never end."""
    due_at: datetime
    began_at: datetime | None = None
    """When the run that is under way began; ``None`` between runs."""
    asked_for: timedelta | None = None
    """During a run: the next is wanted this soon after it."""
    failures: int = 0
    """In a row."""
    trouble: str = ""
    """The last failure, until a run succeeds."""
    seen_late: bool = False
    broken: bool = False
    reported: bool = False
    unproven: bool = False
    """An earlier run of the program reported it broken, and it has not run since."""

    def works(self) -> None:
        """It ran, and all is well."""
        self.failures, self.trouble, self.broken, self.unproven = 0, "", False, False


@dataclass(slots=True)
class Jobs:
    """Runs jobs until ``stop``.

    ``alarm`` tells the operator at once, with a headline and a detail; ``well_again`` tells, with the same headline and
    the news, that it is over. ``expected`` takes an error that is no fault of the program and is reported elsewhere; it
    returns whether it was one.
    """

    scheduler: Scheduler
    alarm: Callable[[str, str], None]
    well_again: Callable[[str, str], None]
    expected: Callable[[Exception], bool] = lambda error: False
    _planned: dict[str, _Planned] = field(default_factory=dict)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _alarms: dict[str, list[_Planned]] = field(default_factory=dict)
    """Jobs by the headline of the alarm that named them, until all of them work again."""
    _watch: asyncio.Task[None] | None = None
    _stopping: bool = False

    def add(
        self,
        name: str,
        job: Job,
        *,
        every: timedelta,
        first: timedelta | None = None,
        within: timedelta = WITHIN,
    ) -> None:
        """Run ``job`` after ``first`` (without it: after ``every``), and then again and again.

        ``every`` is counted from the start of a run where the job returns no wait of its own, and is the longest wait
        after a failure. A run that takes longer than ``within`` is cancelled.
        """
        delay = every if first is None else first
        self._planned[name] = planned = _Planned(name, job, every, within, self._now() + delay)
        self._plan(planned, delay)

    def keep(self, name: str, job: Job, stop: asyncio.Event) -> asyncio.Task[None]:
        """Run a job that goes on until ``stop`` is set, and start it again whenever it ends before; returns its task,
        which ``Jobs.stop`` does not cancel: it may have something to finish."""
        self._planned[name] = planned = _Planned(name, job, KEPT_RETRY, None, self._now())
        return asyncio.create_task(self._kept(planned, stop), name=name)

    def soon(self, name: str, delay: timedelta = timedelta()) -> None:
        """Run a job after ``delay`` or when it is due, whichever is earlier; where it is running, after that run."""
        planned = self._planned[name]
        if planned.began_at is not None:
            planned.asked_for = delay if planned.asked_for is None else min(delay, planned.asked_for)
        elif self._now() + delay < planned.due_at:
            self._plan(planned, delay)

    def start(self) -> None:
        """Begin. Needs a running event loop."""
        self.scheduler.start()
        self._watch = asyncio.create_task(self._keep_watch(), name="watch over the jobs")

    async def stop(self) -> None:
        """Start nothing new, and cancel what is running."""
        self._stopping = True
        self.scheduler.stop()
        tasks = [*self._running, *([self._watch] if self._watch is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=0.5)

    @property
    def broken(self) -> Sequence[str]:
        """The jobs that do not work, in words."""
        return [_words(planned.name) for planned in self._planned.values() if planned.broken]

    @property
    def told(self) -> Mapping[str, Sequence[str]]:
        """The jobs that were told to be broken, and not to work again, by the headline that said so."""
        return {headline: [planned.name for planned in named] for headline, named in self._alarms.items()}

    def resume(self, told: Mapping[str, Sequence[str]]) -> None:
        """Go on after a restart: these are not told again, but that they work is, when they have run."""
        for headline, names in told.items():
            named = [self._planned[name] for name in names if name in self._planned]
            for planned in named:
                planned.reported = planned.unproven = True
            if named:
                self._alarms[headline] = named

    def overdue(self, grace: timedelta) -> Mapping[str, timedelta]:
        """By how much each job is late, of those that are more than ``grace`` late to begin, or to end."""
        now = self._now()
        return {name: late for name, planned in self._planned.items() if (late := _lateness(planned, now)) > grace}

    # ----------------------------------------------------------------------------------------------------------- runs

    def _now(self) -> datetime:
        return self.scheduler.clock.now()

    def _plan(self, planned: _Planned, delay: timedelta) -> None:
        planned.due_at = self._now() + delay
        planned.seen_late = False

        async def run() -> None:
            await self._run(planned)

        self.scheduler.after(planned.name, delay, run)

    async def _run(self, planned: _Planned) -> None:
        if self._stopping or planned.began_at is not None:
            return
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        planned.began_at = began = self._now()
        wait: timedelta | None = None
        try:
            wait = await self._once(planned)
        finally:
            self._running.discard(task)
            planned.began_at = None
            if not self._stopping:
                self._plan(planned, self._pause(planned, wait, self._now() - began))

    async def _kept(self, planned: _Planned, stop: asyncio.Event) -> None:
        while not stop.is_set():
            planned.began_at = self._now()
            failures = planned.failures
            await self._once(planned)
            planned.began_at, planned.due_at = None, self._now() + KEPT_RETRY
            if stop.is_set():
                return
            if planned.failures == 0:
                planned.failures = failures
                self._failed(planned, "ended by itself", at_once=True)
            with contextlib.suppress(TimeoutError):
                pause = back_off(planned.failures, FIRST_RETRY, KEPT_RETRY)
                await asyncio.wait_for(stop.wait(), pause.total_seconds())

    def _pause(self, planned: _Planned, wait: timedelta | None, took: timedelta) -> timedelta:
        """How long to wait after a run that ``took`` so long and wants to ``wait``."""
        if planned.failures:
            wait = back_off(planned.failures, min(FIRST_RETRY, planned.every), planned.every)
        elif wait is None:
            wait = max(planned.every - took, min(planned.every, SHORTEST))
        asked_for, planned.asked_for = planned.asked_for, None
        return wait if asked_for is None else min(wait, asked_for)

    async def _once(self, planned: _Planned) -> timedelta | None:
        """Run the job and take down how it went."""
        limit = planned.within.total_seconds() if planned.within is not None else None
        try:
            async with asyncio.timeout(limit) as ending:
                wait = await planned.job()
        except asyncio.CancelledError:
            if not self._stopping:  # something inside was cancelled, which must not end the job
                self._failed(planned, "cancelled")
            return None
        except Exception as error:
            if ending.expired():
                self._failed(planned, f"did not end within {_span(planned.within)}", at_once=True)
            elif self.expected(error):
                return min(FIRST_RETRY, planned.every)
            else:
                kept = planned.within is None
                self._failed(planned, f"{type(error).__name__}: {error}", error, at_once=kept)
            return None
        planned.works()
        return wait

    def _failed(
        self, planned: _Planned, trouble: str, error: Exception | None = None, *, at_once: bool = False
    ) -> None:
        """Log the first failure with its traceback, and later ones now and then."""
        planned.failures += 1
        planned.trouble = trouble
        planned.broken = planned.broken or at_once or planned.failures >= BROKEN_AFTER
        if planned.failures == 1:
            log.error("%s failed: %s", _words(planned.name), trouble, exc_info=error)
        elif planned.failures in (10, 100) or planned.failures % 1000 == 0:
            log.error("%s failed %d times in a row: %s", _words(planned.name), planned.failures, trouble)

    # ---------------------------------------------------------------------------------------------------------- watch

    async def _keep_watch(self) -> None:
        """Outside the scheduler, because it is what would notice that the scheduler runs nothing."""
        while True:
            await asyncio.sleep(WATCH_EVERY.total_seconds())
            try:
                self.look()
            except Exception:
                log.exception("the watch over the jobs failed")

    def look(self) -> None:
        """Find the jobs that do not run, plan those that were lost again, and tell the operator what changed."""
        now = self._now()
        for planned in self._planned.values():
            if planned.within is None and planned.began_at is not None and now - planned.began_at > LATE:
                planned.works()
            late = _lateness(planned, now)
            # once may be the whole program, that was stopped for a while
            if late > LATE and planned.seen_late:
                self._late(planned, late)
            planned.seen_late = late > LATE
        self._tell()

    def _late(self, planned: _Planned, late: timedelta) -> None:
        if planned.began_at is not None:
            if not planned.broken:
                self._failed(planned, "does not end, and cannot be cancelled", at_once=True)
            return
        self._failed(planned, f"was not run when it was due, {age(late)} ago", at_once=True)
        self._plan(planned, timedelta())

    def _tell(self) -> None:
        new = [planned for planned in self._planned.values() if planned.broken and not planned.reported]
        if new:
            names = [_words(planned.name) for planned in new]
            parts = "A part" if len(names) == 1 else f"{len(names)} parts"
            headline = f"{parts} of Aftershock {'is' if len(names) == 1 else 'are'} broken: {listing(names, 3)}"
            first = new[0].trouble if len(names) == 1 else f"{names[0]}: {new[0].trouble}"
            self.alarm(headline, f"{first}. It is tried again and again. The log has more; please report it.")
            self._alarms[headline] = new
            for planned in new:
                planned.reported = True
        for headline, named in list(self._alarms.items()):
            if not any(planned.broken or planned.unproven for planned in named):
                del self._alarms[headline]
                for planned in named:
                    planned.reported = False
                what = _words(named[0].name) if len(named) == 1 else count(len(named), "part")
                self.well_again(headline, f"Working again: {what}")


def _lateness(planned: _Planned, now: datetime) -> timedelta:
    """By how much a job is late to begin or to end; negative if it is not."""
    if planned.began_at is None:
        return now - planned.due_at
    return now - planned.began_at - planned.within if planned.within is not None else timedelta()


def _words(name: str) -> str:
    """``feed wire`` for ``feed:wire``."""
    return name.replace(":", " ", 1)


def _span(within: timedelta | None) -> str:
    return age(within) if within is not None else ""
