"""Empties the outbox: claim, send, settle. The only caller of notifiers.

Only what is sent at once is leased, so a killed process leaves in doubt no more than was in flight. One message at a
time per recipient, many recipients at a time. Waiting (a rate limit, a retry, a channel that is down) happens in the
outbox, not under a lease.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.errors import DeliveryError, StoreError
from bot.core.model import (
    Announcement,
    Delivery,
    DeliveryOutcome,
    Notification,
    Outgoing,
    Reason,
    SourceReport,
    Trouble,
)
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Clock, Notifier, Outbox, Recipients
from bot.core.waiting import back_off
from bot.delivery.pacing import Pacer
from bot.delivery.recipients import announce_failed, announce_gone, announce_moved, announce_unknown, disable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """Timing of retries, leases and shutdown."""

    lease_for: timedelta = timedelta(minutes=5)
    """Longer than any send takes."""
    concurrency: int = 16
    """Messages in flight at once."""
    first_delay: timedelta = timedelta(seconds=1)
    """Before the first retry; doubled for each further one, up to ``last_delay``."""
    last_delay: timedelta = timedelta(minutes=1)
    channel_failures: int = 3
    """After this many failures in a row the channel pauses until the next retry; or the recipient alone, if the channel
    is ``separate_services``."""
    give_up_after: timedelta = timedelta(hours=24)
    """A notification older than this is not sent."""
    edits_expire_after: timedelta = timedelta(hours=6)
    """Nor is an edit older than this: by then there has been a follow-up."""
    idle: timedelta = timedelta(seconds=5)
    """How often to check the outbox without ``wake``."""
    grace: timedelta = timedelta(seconds=1)
    """How long a shutdown waits for messages in flight; in all it takes under two seconds."""

    def delay(self, attempt: int) -> timedelta:
        """The wait after the ``attempt``-th failure in a row."""
        return back_off(attempt, self.first_delay, self.last_delay)


class Sender:
    """Delivers the notifications in the outbox.

    ``clock`` gives the times to store, live or simulated. ``real_clock``, by default the same, follows real time and
    governs rate limits and waiting. Callbacks: ``report`` for every failure of a channel and once on its recovery;
    ``announce`` for operator announcements (a recipient gone, a delivery in doubt), to be routed and committed like any
    other; ``sent`` for every message a channel acknowledged.
    """

    def __init__(
        self,
        outbox: Outbox,
        people: Recipients,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        *,
        pacer: Pacer | None = None,
        real_clock: Clock | None = None,
        policy: SendPolicy | None = None,
        report: Callable[[SourceReport], None] | None = None,
        announce: Callable[[Announcement], None] | None = None,
        sent: Callable[[Notification], None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._people = people
        self._notifiers = dict(notifiers)
        self._clock = clock
        self._pace_clock = real_clock or clock
        self._pacer = pacer or Pacer(
            {channel: n.limits for channel, n in notifiers.items() if n.limits is not None},
            [channel for channel, n in notifiers.items() if n.separate_services],
        )
        self._policy = policy or SendPolicy()
        self._report = report or (lambda _: None)
        self._announce = announce or (lambda _: None)
        self.tally: Counter[DeliveryOutcome] = Counter()
        """Attempts by outcome."""
        self._sent = sent or (lambda _: None)
        self._woken = asyncio.Event()
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._sending: set[str] = set()
        self._unsettled: dict[str, Delivery] = {}
        self._due: list[tuple[datetime, datetime]] = []  # retries: (due in real time, the same in stored time)
        self._reached: datetime | None = None
        self._checked_at = self._pace_clock.now()
        self._failures: dict[tuple[str, str], int] = {}
        self._store_failures = 0
        self._store_paused_until: datetime | None = None

    @property
    def in_flight(self) -> int:
        """Messages being sent now."""
        return len(self._flying)

    @property
    def unsettled(self) -> int:
        """Messages whose outcome could not be stored yet; they are never sent again."""
        return len(self._unsettled)

    def wake(self) -> None:
        """Check the outbox now, as something was added."""
        self._woken.set()

    async def drain(self, until_empty: bool = False, at_most: timedelta | None = None) -> Counter[DeliveryOutcome]:
        """Send what is due now, wait until it is settled, and return the number of attempts by outcome.

        With ``until_empty`` also wait, in real time and at most ``at_most``, for retries and rate limits.
        """
        before = self.tally.copy()
        loop = asyncio.get_running_loop()
        ends = loop.time() + at_most.total_seconds() if at_most is not None else None
        while True:
            self._woken.clear()
            if self._pump():
                await asyncio.sleep(0)
            elif self._flying:
                await asyncio.wait(self._flying.values(), return_when=asyncio.FIRST_COMPLETED)
            else:
                moment = self._next_moment() if until_empty else None
                if moment is None or (ends is not None and loop.time() >= ends):
                    break
                pause = (moment - self._pace_clock.now()).total_seconds()
                if ends is not None:
                    pause = min(pause, ends - loop.time())
                await self._pause(max(pause, 0.001))
        return self.tally - before

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until ``stop`` is set; then finish or cancel what is in flight, within two seconds."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self._woken.set())
        try:
            while not stop.is_set():
                self._woken.clear()
                if self._pump():
                    await asyncio.sleep(0)
                    continue
                idle = self._pace_clock.now() + self._policy.idle
                moment = min(self._next_moment() or idle, idle)
                await self._pause((moment - self._pace_clock.now()).total_seconds())
        finally:
            stopping.cancel()
            await self._shut_down()

    # ------------------------------------------------------------------------------------------------------- claiming

    def _pump(self) -> int:
        """Claim what may be sent now, and start sending. Returns the number of claims."""
        real = self._checked_at = self._pace_clock.now()
        now = self._now()
        if self._store_paused_until is not None:
            if self._store_paused_until > real:
                return 0
            self._store_paused_until = None
        self._settle_leftovers()
        free = {channel: self._pacer.free(channel, real) for channel in self._notifiers}
        channels = [channel for channel, most in free.items() if most is None or most > 0]
        limits = [most for channel in channels if (most := free[channel]) is not None]
        most = min([self._policy.concurrency - len(self._flying), *limits])
        if most <= 0 or not channels:
            return 0
        try:
            batch = self._outbox.claim(now, self._policy.lease_for, most, channels, self._pacer.paused(real))
        except StoreError as exc:
            self._store_failed(exc, real)
            return 0
        if self._store_failures and not self._unsettled:
            self._store_failures = 0
            self._report(SourceReport("store", now, detail="the outbox is available again"))
        for outgoing in batch:
            self._start(outgoing, now, real)
        return len(batch)

    def _start(self, outgoing: Outgoing, now: datetime, real: datetime) -> None:
        notification = outgoing.notification
        recipient = notification.recipient
        if notification.id in self._sending:  # its lease expired while it is being sent
            return
        if notification.id in self._unsettled:  # its lease expired before its outcome could be stored
            self._settle(replace(self._unsettled[notification.id], attempt=outgoing.attempt))
            return
        keeps = self._policy.edits_expire_after if notification.edits else self._policy.give_up_after
        if now - notification.created_at > keeps:
            self._conclude(outgoing, now, DeliveryOutcome.FAILED, error="too old to send")
            return
        ready = self._pacer.ready_at(recipient, real)
        if recipient in self._flying:
            ready = max(ready, real + self._policy.first_delay)
        if ready > real:  # another topic of the same chat has just been sent a message
            self._pacer.track(recipient)
            self._conclude(outgoing, now, DeliveryOutcome.RETRY, error="rate limit of the chat", retry_in=ready - real)
            return
        self._pacer.take(recipient, real)
        task = asyncio.create_task(self._deliver(outgoing), name=f"deliver {notification.id}")
        self._flying[recipient] = task
        self._sending.add(notification.id)

    # -------------------------------------------------------------------------------------------------------- sending

    async def _deliver(self, outgoing: Outgoing) -> None:
        notification = outgoing.notification
        started_at = self._now()
        outcome: str | DeliveryError
        try:
            outcome = await self._notifiers[notification.channel].send(outgoing)
        except CancelledUnsent as exc:
            outcome = DeliveryError(str(exc) or "stopped before it was sent", retry_after=timedelta(0))
        except asyncio.CancelledError:
            outcome = DeliveryError("stopped while sending", unknown=True)
        except DeliveryError as exc:
            outcome = exc
        except Exception as exc:
            log.exception("the %s notifier failed", notification.channel)
            outcome = DeliveryError(f"the notifier failed: {type(exc).__name__}", unknown=True)
        # before settling: once settled, a retry may be claimed at once
        self._flying.pop(notification.recipient, None)
        self._sending.discard(notification.id)
        self._woken.set()
        if isinstance(outcome, DeliveryError):
            self._failed(outgoing, started_at, outcome)
        else:
            self._sent(notification)
            self._conclude(outgoing, started_at, DeliveryOutcome.SENT, message_id=outcome)
            self._recovered(notification.recipient)

    def _failed(self, outgoing: Outgoing, started_at: datetime, error: DeliveryError) -> None:
        notification, text = outgoing.notification, str(error)
        log.warning("%s to %s: %s", notification.id, notification.recipient, text)
        real = self._pace_clock.now()
        if error.moved_to:
            self._move(outgoing, started_at, error.moved_to, text)
        elif error.unknown:
            self._conclude(outgoing, started_at, DeliveryOutcome.UNKNOWN, error=text)
            if notification.reason is not Reason.OPERATOR:
                self._announce(announce_unknown(notification, text, self._now()))
        elif error.forbidden:
            self._conclude(outgoing, started_at, DeliveryOutcome.FAILED, error=text)
            self._switch_off(notification.recipient, text)
            self._recovered(notification.recipient)
        elif error.permanent:
            self._conclude(outgoing, started_at, DeliveryOutcome.FAILED, error=text)
            self._count_failure(notification.recipient, text, None)
            # a failed edit (somebody deleted the message) is no lost alert, and would be announced every minute
            if not notification.edits and notification.reason is not Reason.OPERATOR:
                self._announce(announce_failed(notification, text, self._now()))
        elif error.retry_after is not None:
            self._pacer.pause(notification.recipient, real + error.retry_after, real)
            self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=error.retry_after)
        else:
            retry_in = self._policy.delay(outgoing.attempt)
            self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=retry_in)
            self._count_failure(notification.recipient, text, real)

    def _recovered(self, recipient: str) -> None:
        channel, name = service = self._pacer.service_of(recipient)
        if self._failures.pop(service, 0):
            self._report(SourceReport(channel, self._now(), detail="messages are delivered again", subject=name))

    def _count_failure(self, recipient: str, text: str, pause_from: datetime | None) -> None:
        channel, name = service = self._pacer.service_of(recipient)
        failures = self._failures[service] = self._failures.get(service, 0) + 1
        self._report(SourceReport(channel, self._now(), Trouble.FAILED, text, subject=name))
        if pause_from is not None and failures >= self._policy.channel_failures:
            beyond = failures - self._policy.channel_failures + 1
            self._pacer.pause_service(recipient, pause_from + self._policy.delay(beyond), pause_from)

    def _switch_off(self, recipient: str, text: str) -> None:
        try:
            disable(self._people, recipient)
        except StoreError as exc:  # the next message to it fails likewise
            log.error("%s could not be switched off: %s", recipient, exc)
        configured = bool(self._pacer.service_of(recipient)[1])
        self._announce(announce_gone(recipient, text, self._now(), configured=configured))

    def _move(self, outgoing: Outgoing, started_at: datetime, moved_to: str, text: str) -> None:
        """Use the chat's new id from now on, for this notification too."""
        recipient, retry_in = outgoing.notification.recipient, timedelta(0)
        try:
            self._people.move_recipient(recipient, moved_to)
        except StoreError as exc:
            text, retry_in = f"{text}: {exc}", self._policy.delay(outgoing.attempt)
        self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=retry_in)
        if not retry_in:
            self._announce(announce_moved(recipient, moved_to, self._now()))

    # ------------------------------------------------------------------------------------------------------- settling

    def _conclude(
        self,
        outgoing: Outgoing,
        started_at: datetime,
        outcome: DeliveryOutcome,
        *,
        message_id: str | None = None,
        error: str = "",
        retry_in: timedelta | None = None,
    ) -> None:
        now = self._now()
        retry_at = now + retry_in if retry_in is not None else None
        if retry_at is not None and retry_in is not None:
            heapq.heappush(self._due, (self._pace_clock.now() + retry_in, retry_at))
        self.tally[outcome] += 1
        self._settle(
            Delivery(outgoing.notification.id, outgoing.attempt, started_at, now, outcome, message_id, error, retry_at)
        )

    def _settle(self, delivery: Delivery) -> None:
        """Store an outcome, now or as soon as possible."""
        try:
            self._outbox.settle(delivery)
        except StoreError as exc:
            self._unsettled[delivery.notification] = delivery
            self._store_failed(exc, self._pace_clock.now())
        else:
            self._unsettled.pop(delivery.notification, None)

    def _settle_leftovers(self) -> None:
        for delivery in list(self._unsettled.values()):
            self._settle(delivery)
            if delivery.notification in self._unsettled:
                return

    def _store_failed(self, exc: StoreError, real: datetime) -> None:
        self._store_failures += 1
        self._store_paused_until = real + min(self._policy.delay(self._store_failures) / 10, timedelta(seconds=5))
        if self._store_failures == 1:
            log.error("the outbox is unavailable: %s; retrying", exc)
            self._report(SourceReport("store", self._now(), Trouble.FAILED, str(exc)))

    # -------------------------------------------------------------------------------------------------------- waiting

    def _now(self) -> datetime:
        """The time to store: the clock's, or that of the latest retry due in real time, if later."""
        real = self._pace_clock.now()
        while self._due and self._due[0][0] <= real:
            at = heapq.heappop(self._due)[1]
            self._reached = max(self._reached or at, at)
        now = self._clock.now()
        return max(now, self._reached) if self._reached else now

    def _next_moment(self) -> datetime | None:
        """When, in real time, it is worth checking the outbox again."""
        ready_at = self._pacer.next_ready_at(self._notifiers, self._checked_at)
        moments = [self._due[0][0] if self._due else None, self._store_paused_until, ready_at]
        return min((moment for moment in moments if moment is not None), default=None)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), max(seconds, 0.0))
        except TimeoutError:
            return

    async def _shut_down(self) -> None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + self._policy.grace.total_seconds() + 0.5
        if self._flying:
            await asyncio.wait(self._flying.values(), timeout=self._policy.grace.total_seconds())
        left = list(self._flying.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=0.3)
        while self._unsettled:
            self._settle_leftovers()
            if not self._unsettled or loop.time() >= ends:
                break
            await asyncio.sleep(0.05)
        if self._unsettled:
            log.error("%d outcomes could not be stored; those messages will show as unknown", len(self._unsettled))
