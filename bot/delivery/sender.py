"""Empties the outbox: claim, send, settle. The only place where a notification meets a notifier.

A lease is taken only on what goes out at once, so a killed process leaves in doubt no more than was in flight. One
message at a time to a recipient, many recipients at a time. Waiting (a rate limit, a retry, a channel that is down)
happens in the outbox, not under a lease.
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
from bot.delivery.recipients import announce_failed, announce_gone, announce_moved, announce_unknown, switch_off

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SendPolicy:
    """How the sender behaves where the channel does not say."""

    lease_for: timedelta = timedelta(minutes=5)
    """Longer than any send takes."""
    concurrency: int = 16
    """Messages in flight at once."""
    first_delay: timedelta = timedelta(seconds=1)
    """Before the first retry of a plain failure; doubled for each further one, up to ``last_delay``."""
    last_delay: timedelta = timedelta(minutes=1)
    channel_failures: int = 3
    """After this many plain failures in a row the whole channel rests as long as the next retry; or the one recipient,
    where each is a service of its own."""
    give_up_after: timedelta = timedelta(hours=24)
    """A notification older than this is not sent any more."""
    edits_expire_after: timedelta = timedelta(hours=6)
    """Nor is an edit older than this: by then a follow-up has told how it went on."""
    idle: timedelta = timedelta(seconds=5)
    """How often the outbox is looked at when nobody wakes the sender."""
    grace: timedelta = timedelta(seconds=1)
    """How long a shutdown waits for messages in flight before it cuts them off; the whole takes under two seconds."""

    def delay(self, attempt: int) -> timedelta:
        """How long to wait after the ``attempt``-th failure in a row."""
        return back_off(attempt, self.first_delay, self.last_delay)


class Sender:
    """Delivers what the outbox holds.

    ``clock`` gives the times that are stored, live or simulated. ``pace_clock`` follows real time and governs rate
    limits and waiting; by default it is ``clock``. ``report`` hears of every failure of a channel as a whole and once
    when it works again; ``announce`` gets operator announcements (a recipient gone, a delivery in doubt), to be
    routed and committed like any other; ``sent`` hears of everything a channel acknowledged.
    """

    def __init__(
        self,
        outbox: Outbox,
        people: Recipients,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        *,
        pacer: Pacer | None = None,
        pace_clock: Clock | None = None,
        policy: SendPolicy | None = None,
        report: Callable[[SourceReport], None] | None = None,
        announce: Callable[[Announcement], None] | None = None,
        sent: Callable[[Notification], None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._people = people
        self._notifiers = dict(notifiers)
        self._clock = clock
        self._pace_clock = pace_clock or clock
        self._pacer = pacer or Pacer(
            {channel: n.limits for channel, n in notifiers.items() if n.limits is not None},
            [channel for channel, n in notifiers.items() if n.apart],
        )
        self._policy = policy or SendPolicy()
        self._report = report or (lambda _: None)
        self._announce = announce or (lambda _: None)
        self.tally: Counter[DeliveryOutcome] = Counter()
        """How many attempts ended how."""
        self._sent = sent or (lambda _: None)
        self._woken = asyncio.Event()
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._sending: set[str] = set()
        self._unsettled: dict[str, Delivery] = {}
        self._due: list[tuple[datetime, datetime]] = []  # (when in real time, the stored time that is then reached)
        self._reached: datetime | None = None
        self._looked_at = self._pace_clock.now()
        self._failures: dict[tuple[str, str], int] = {}
        self._store_failures = 0
        self._store_rests_until: datetime | None = None

    @property
    def in_flight(self) -> int:
        """Messages being sent at this moment."""
        return len(self._flying)

    @property
    def unsettled(self) -> int:
        """Messages whose outcome is known but could not be stored yet; they are never sent again."""
        return len(self._unsettled)

    def wake(self) -> None:
        """Something was put into the outbox: look now."""
        self._woken.set()

    async def drain(self, until_empty: bool = False, at_most: timedelta | None = None) -> Counter[DeliveryOutcome]:
        """Send what is due now, wait for it to be settled, and return what happened.

        With ``until_empty`` also wait, in real time and for ``at_most`` as long as that, for retries and rate limits.
        """
        before = self.tally.copy()
        loop = asyncio.get_running_loop()
        ends = loop.time() + at_most.total_seconds() if at_most is not None else None
        while True:
            self._woken.clear()
            started = self._pump()
            if started:
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
        """Deliver until ``stop`` is set; then finish or mark what is in flight, within two seconds."""
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
        """Claim what may go out now and start it. Returns how many claims were handled."""
        real = self._looked_at = self._pace_clock.now()
        now = self._now()
        if self._store_rests_until is not None and self._store_rests_until <= real:
            self._store_rests_until = None
        if self._store_rests_until is not None:
            return 0
        self._settle_leftovers()
        room, channels = self._policy.concurrency - len(self._flying), []
        for channel in self._notifiers:
            free = self._pacer.free(channel, real)
            if free is None or free > 0:
                channels.append(channel)
                room = room if free is None else min(room, free)
        if room <= 0 or not channels:
            return 0
        try:
            batch = self._outbox.claim(now, self._policy.lease_for, room, channels, self._pacer.resting(real))
        except StoreError as exc:
            self._store_failed(exc, real)
            return 0
        if self._store_failures and not self._unsettled:
            self._store_failures = 0
            self._report(SourceReport("store", now, detail="the outbox works again"))
        for outgoing in batch:
            self._start(outgoing, now, real)
        return len(batch)

    def _start(self, outgoing: Outgoing, now: datetime, real: datetime) -> None:
        notification = outgoing.notification
        recipient = notification.recipient
        if notification.id in self._sending:  # its lease ran out under way; it settles when it lands
            return
        if notification.id in self._unsettled:  # its lease ran out before its outcome could be stored
            self._settle(replace(self._unsettled[notification.id], attempt=outgoing.attempt))
            return
        keeps = self._policy.edits_expire_after if notification.edits else self._policy.give_up_after
        if now - notification.created_at > keeps:
            self._conclude(outgoing, now, DeliveryOutcome.FAILED, error="too old to be worth sending")
            return
        ready = self._pacer.ready_at(recipient, real)
        if recipient in self._flying:
            ready = max(ready, real + self._policy.first_delay)
        if ready > real:  # another topic of the same chat has used its share
            self._pacer.know(recipient)
            self._conclude(outgoing, now, DeliveryOutcome.RETRY, error="its chat has to rest", retry_in=ready - real)
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
            outcome = DeliveryError("stopped while it was being sent", unknown=True)
        except DeliveryError as exc:
            outcome = exc
        except Exception as exc:
            log.exception("the %s notifier broke", notification.channel)
            outcome = DeliveryError(f"the notifier broke: {type(exc).__name__}", unknown=True)
        # landed before settled: once settled, a retry may be claimed again at once
        self._flying.pop(notification.recipient, None)
        self._sending.discard(notification.id)
        self._woken.set()
        if isinstance(outcome, DeliveryError):
            self._failed(outgoing, started_at, outcome)
        else:
            self._sent(notification)
            self._conclude(outgoing, started_at, DeliveryOutcome.SENT, message_id=outcome)
            self._works(notification.recipient)

    def _failed(self, outgoing: Outgoing, started_at: datetime, error: DeliveryError) -> None:
        notification, said = outgoing.notification, str(error)
        log.warning("%s to %s: %s", notification.id, notification.recipient, said)
        real = self._pace_clock.now()
        if error.moved_to:
            self._move(outgoing, started_at, error.moved_to, said)
        elif error.unknown:
            self._conclude(outgoing, started_at, DeliveryOutcome.UNKNOWN, error=said)
            if notification.reason is not Reason.OPERATOR:
                self._announce(announce_unknown(notification, said, self._now()))
        elif error.forbidden:
            self._conclude(outgoing, started_at, DeliveryOutcome.FAILED, error=said)
            self._switch_off(notification.recipient, said)
            self._works(notification.recipient)
        elif error.permanent:
            self._conclude(outgoing, started_at, DeliveryOutcome.FAILED, error=said)
            self._failing(notification.recipient, said, None)
            # an edit that fails (somebody deleted the message) costs nobody an alert, and comes every minute
            if not notification.edits and notification.reason is not Reason.OPERATOR:
                self._announce(announce_failed(notification, said, self._now()))
        elif error.retry_after is not None:
            self._pacer.pause(notification.recipient, real + error.retry_after, real)
            self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=said, retry_in=error.retry_after)
        else:
            retry_in = self._policy.delay(outgoing.attempt)
            self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=said, retry_in=retry_in)
            self._failing(notification.recipient, said, real)

    def _works(self, recipient: str) -> None:
        channel, name = fate = self._pacer.fate_of(recipient)
        if self._failures.pop(fate, 0):
            self._report(SourceReport(channel, self._now(), detail="messages go out again", subject=name))

    def _failing(self, recipient: str, said: str, rest_from: datetime | None) -> None:
        channel, name = fate = self._pacer.fate_of(recipient)
        failures = self._failures[fate] = self._failures.get(fate, 0) + 1
        self._report(SourceReport(channel, self._now(), Trouble.FAILED, said, subject=name))
        if rest_from is not None and failures >= self._policy.channel_failures:
            beyond = failures - self._policy.channel_failures + 1
            self._pacer.rest(recipient, rest_from + self._policy.delay(beyond), rest_from)

    def _switch_off(self, recipient: str, said: str) -> None:
        try:
            switch_off(self._people, recipient)
        except StoreError as exc:  # the next message to it finds out again
            log.error("%s could not be switched off: %s", recipient, exc)
        self._announce(announce_gone(recipient, said, self._now(), configured=bool(self._pacer.fate_of(recipient)[1])))

    def _move(self, outgoing: Outgoing, started_at: datetime, moved_to: str, said: str) -> None:
        """Everything for the chat goes to its new id from now on, this notification too."""
        recipient, retry_in = outgoing.notification.recipient, timedelta(0)
        try:
            self._people.move_recipient(recipient, moved_to)
        except StoreError as exc:
            said, retry_in = f"{said}: {exc}", self._policy.delay(outgoing.attempt)
        self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=said, retry_in=retry_in)
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
        """Store an outcome, now or as soon as the store takes it."""
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
        self._store_rests_until = real + min(self._policy.delay(self._store_failures) / 10, timedelta(seconds=5))
        if self._store_failures == 1:
            log.error("the outbox cannot be used: %s; trying again", exc)
            self._report(SourceReport("store", self._now(), Trouble.FAILED, str(exc)))

    # -------------------------------------------------------------------------------------------------------- waiting

    def _now(self) -> datetime:
        """The time to store: the clock's, or the latest retry time that has come in real time, if that is later."""
        real = self._pace_clock.now()
        while self._due and self._due[0][0] <= real:
            at = heapq.heappop(self._due)[1]
            self._reached = max(self._reached or at, at)
        now = self._clock.now()
        return max(now, self._reached) if self._reached else now

    def _next_moment(self) -> datetime | None:
        """When, in real time, something may be possible that was not at the last look."""
        moments = [self._due[0][0]] if self._due else []
        if self._store_rests_until is not None:
            moments.append(self._store_rests_until)
        resting = self._pacer.next_ready_at(self._notifiers, self._looked_at)
        if resting is not None:
            moments.append(resting)
        return min(moments, default=None)

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
