"""Empties the outbox: claim, send, settle. The only caller of notifiers.

Only what is sent at once is leased, so a killed process leaves in doubt no more than was in flight. One message at a
time per recipient, many recipients at a time. Waiting (a rate limit, a retry, a channel that is down) happens in the
outbox, not under a lease.

A failure settles a message only if it is about the message or its recipient. One of the whole channel rests the
channel: it is asked whether it works (``Notifier.probe``), then one message tries it, then all go on. What may have
arrived is sent once more, marked as perhaps a repeat, if it is an alert of severity high or above; after a failure of
the channel anything is, as notices always are, ``MOST_DOUBTS`` times at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.errors import DeliveryError, StoreBusyError, StoreError, StoreFullError
from bot.core.model import (
    Announcement,
    Delivery,
    DeliveryOutcome,
    Notification,
    Outgoing,
    Reason,
    Recipient,
    Severity,
    SourceReport,
    Trouble,
)
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Clock, Notifier, Outbox, Recipients
from bot.core.standing import Lasting, Standing
from bot.core.text.wording import age
from bot.core.waiting import back_off
from bot.delivery.pacing import Pacer
from bot.delivery.recipients import (
    announce_failed,
    announce_gone,
    announce_heard,
    announce_in_doubt,
    announce_moved,
    announce_redirected,
    announce_reopened,
    announce_too_old,
    announce_unheard,
    disable,
    last_operator,
    marked,
)
from bot.render import plain

log = logging.getLogger(__name__)

REPEATED_FROM = Severity.HIGH
"""The least severity of an alert in doubt that is sent once more."""
MOST_DOUBTS = 10
"""Attempts in doubt after which a message is not repeated even though its channel was failing: with the waits between
them, some four minutes of a channel that says it works and breaks off each time."""
MUTE_AFTER = timedelta(minutes=5)
"""A channel that has taken no message for this long is named as mute."""
REMIND = timedelta(hours=24)
"""How often messages in doubt are named again until somebody settles them."""
TOGETHER = 0.01
"""Seconds in which outcomes are gathered to be stored in one transaction: each waits for the disk, and with it the
event loop. What a process killed in this time has sent is in doubt, as everything in flight."""
TOPIC_AGAIN = timedelta(hours=6)
"""After this a topic that took no messages is tried again."""


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
    """A notification older than this is not sent: it is not worth it any more."""
    edits_expire_after: timedelta = timedelta(hours=6)
    """Nor is an edit older than this: by then there has been a follow-up."""
    idle: timedelta = timedelta(seconds=5)
    """How often to check the outbox without ``wake``, and what is in doubt."""
    grace: timedelta = timedelta(seconds=1)
    """How long a shutdown waits for messages in flight; in all it takes under two seconds."""

    def delay(self, attempt: int) -> timedelta:
        """The wait after the ``attempt``-th failure in a row."""
        return back_off(attempt, self.first_delay, self.last_delay)


@dataclass(slots=True)
class _Failing:
    """A channel, or a service of its own on one, whose messages fail for reasons of its own."""

    since: datetime
    text: str = ""
    count: int = 0
    """Failures in a row."""
    probed: bool = False
    """It has said that it works, and no message has failed since."""


@dataclass(slots=True)
class _Redirect:
    """Where the messages of a recipient go instead, until it is tried again."""

    instead: str
    until: datetime


class Sender:
    """Delivers the notifications in the outbox.

    ``clock`` gives the times to store, live or simulated. ``real_clock``, by default the same, follows real time and
    governs rate limits and waiting. ``audience`` has the recipients with their present rights, by default as stored; on
    the channels in ``ask`` only a person repeats an alert in doubt. Callbacks: ``report`` for every failure of a
    channel and once on its recovery; ``announce`` for operator announcements (a recipient gone, messages in doubt), to
    be routed and committed like any other; ``sent`` for every message a channel acknowledged; ``moved`` with a chat's
    old and new id, before the recipient moves. ``standing`` has what was told to last, by an earlier run too.
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
        audience: Callable[[], Sequence[Recipient]] | None = None,
        ask: Collection[str] = (),
        report: Callable[[SourceReport], None] | None = None,
        announce: Callable[[Announcement], None] | None = None,
        sent: Callable[[Notification], None] | None = None,
        moved: Callable[[str, str], object] | None = None,
        reported: Collection[tuple[str, str]] = (),
        standing: Standing | None = None,
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
        self._audience = audience or people.recipients
        self._ask = frozenset(ask)
        self._repeatable = frozenset(channel for channel, n in notifiers.items() if n.repeatable)
        self._report = report or (lambda _: None)
        self._announce = announce or (lambda _: None)
        self.tally: Counter[DeliveryOutcome] = Counter()
        """Attempts by outcome."""
        self._sent = sent or (lambda _: None)
        self._moved = moved or (lambda _old, _new: None)
        self._woken = asyncio.Event()
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._sending: set[str] = set()
        self._unsettled: dict[str, Delivery] = {}
        self._due: list[tuple[datetime, datetime]] = []  # retries: (due in real time, the same in stored time)
        self._reached: datetime | None = None
        self._checked_at = self._pace_clock.now()
        self._failing: dict[tuple[str, str], _Failing] = {}
        self._reported = set(reported)
        self._probes: dict[str, asyncio.Task[None]] = {}
        self._standing = standing or Standing()
        now = self._pace_clock.now()  # a restart tries the topic again
        self._redirects = {t.subject: _Redirect(t.note, now) for t in self._standing.of(Lasting.TOPIC)}
        self._doubts_due: datetime | None = None
        self._doubts: tuple[int, frozenset[str]] = (0, frozenset())
        self._doubts_told: frozenset[str] = frozenset()
        self._doubts_told_at: datetime | None = None
        self._too_old = 0
        self._store_failures = 0
        self._store_paused_until: datetime | None = None
        self._resumed = False
        self._landing = False

    @property
    def in_flight(self) -> int:
        """Messages being sent now."""
        return len(self._flying)

    @property
    def unsettled(self) -> int:
        """Messages whose outcome is not stored yet; they are never sent again."""
        return len(self._unsettled)

    def troubles(self) -> list[str]:
        """What keeps people from hearing of anything, in words: the last admin refuses messages, a channel is mute."""
        now = self._pace_clock.now()
        found = [
            f"{trouble.subject}, the only admin, cannot be reached: {trouble.note}"
            for trouble in self._standing.of(Lasting.UNREACHED)
        ]
        for (channel, name), failing in self._failing.items():
            if now - failing.since >= MUTE_AFTER and self._rests(failing) and not failing.probed:
                who = f"{channel}:{name}" if name else channel
                found.append(f"{who} has taken no message for {age(now - failing.since)}: {failing.text}")
        return found

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
            elif self._flying or self._probes:
                busy = [*self._flying.values(), *self._probes.values()]
                await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
            else:
                moment = self._next_moment() if until_empty and self._waits() else None
                if moment is None or (ends is not None and loop.time() >= ends):
                    with contextlib.suppress(StoreError):
                        self._tell(self._pace_clock.now())
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
        self._settle_all()
        if not self._resumed:
            try:
                self._resume(now, real)
            except StoreError as exc:
                self._store_failed(exc, real)
                return 0
        free = {channel: self._free(channel, real) for channel in self._notifiers}
        channels = [channel for channel, most in free.items() if most is None or most > 0]
        limits = [most for channel in channels if (most := free[channel]) is not None]
        most = min([self._policy.concurrency - len(self._flying), *limits])
        if most <= 0 or not channels:
            return 0
        try:
            self._look_at_doubts(now, real)
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

    def _resume(self, now: datetime, real: datetime) -> None:
        """Count what an earlier run has just sent, and go on waiting where the channel asked for it: a shorter wait may
        be our own, which a restart ends. Raises StoreError."""
        for attempt in self._outbox.attempts_since(now - self._pacer.remembers):
            wait = attempt.asked_wait
            if wait is not None and wait <= self._policy.last_delay:
                wait = None
            at = real - max(now - attempt.at, timedelta())
            self._pacer.resume(replace(attempt, at=at, asked_wait=wait), real)
        self._resumed = True

    def _free(self, channel: str, real: datetime) -> int | None:
        """How many messages the channel takes now; ``None`` for no limit. One that failed is asked first whether it
        works, and then takes one message at a time until one arrives."""
        free = self._pacer.free(channel, real)
        failing = self._failing.get((channel, ""))
        if free == 0 or failing is None or not self._rests(failing):
            return free
        if channel in self._probes:
            return 0
        if not failing.probed:
            self._probes[channel] = asyncio.create_task(self._probe(channel), name=f"probe {channel}")
            return 0
        flying = sum(recipient.partition(":")[0] == channel for recipient in self._flying)
        return min(1 if free is None else free, 1 - min(flying, 1))

    def _rests(self, failing: _Failing) -> bool:
        return failing.count >= self._policy.channel_failures

    async def _probe(self, channel: str) -> None:
        """Ask the channel whether it works; if not, it rests again."""
        failed: DeliveryError | None = None
        try:
            await self._notifiers[channel].probe()
        except DeliveryError as error:
            failed = error
        except Exception:  # then a message has to find out
            log.exception("the %s notifier failed", channel)
        finally:
            self._probes.pop(channel, None)
            self._woken.set()
        if failed is not None:
            self._count_failure(f"{channel}:", str(failed), self._pace_clock.now(), failed.status)
        elif (failing := self._failing.get((channel, ""))) is not None:
            failing.probed = True

    def _waits(self) -> bool:
        """Whether anything is left to send or to store."""
        try:
            return bool(self._unsettled) or self._outbox.outbox_counts()["queued"] > 0
        except StoreError:
            return True

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
            self._too_old += not notification.edits and notification.reason is not Reason.OPERATOR
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
            outcome = await self._notifiers[notification.channel].send(self._addressed(outgoing))
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
        self._landed()
        if isinstance(outcome, DeliveryError):
            self._failed(outgoing, started_at, outcome)
        else:
            self._sent(notification)
            self._conclude(outgoing, started_at, DeliveryOutcome.SENT, message_id=outcome)
            self._recovered(notification.recipient)
            self._works_again(notification.recipient)

    def _addressed(self, outgoing: Outgoing) -> Outgoing:
        """What to hand to the notifier: marked where it is perhaps a repeat, to where the recipient's messages go."""
        notification = outgoing.notification
        if outgoing.doubts and not notification.edits and notification.channel not in self._repeatable:
            summary = marked(notification.summary)
            notification = replace(notification, summary=summary, text=plain(summary))
        redirect = self._redirects.get(notification.recipient)
        if redirect is None or redirect.until <= self._pace_clock.now():
            return replace(outgoing, notification=notification)
        # a reply would go to the topic of the message it replies to
        notification = replace(notification, recipient=redirect.instead)
        return replace(outgoing, notification=notification, replies_to_message=None)

    def _failed(self, outgoing: Outgoing, started_at: datetime, error: DeliveryError) -> None:
        notification, text = outgoing.notification, str(error)
        log.warning("%s to %s: %s", notification.id, notification.recipient, text)
        real = self._pace_clock.now()
        if error.moved_to:
            self._move(outgoing, started_at, error.moved_to, text)
        elif error.instead:
            self._redirect(outgoing, started_at, error.instead, text)
        elif error.unknown and not notification.edits:
            self._leave_in_doubt(outgoing, started_at, error)
        elif error.forbidden:
            self._refused(outgoing, started_at, text)
        elif error.permanent and not error.channel:
            self._conclude(outgoing, started_at, DeliveryOutcome.FAILED, error=text)
            self._report_failure(notification.recipient, text, error.status)
            # a failed edit (somebody deleted the message) is no lost alert, and would be announced every minute
            if not notification.edits and notification.reason is not Reason.OPERATOR:
                self._announce(announce_failed(notification, text, self._now()))
        elif error.retry_after is not None:
            self._pacer.pause(notification.recipient, real + error.retry_after, real)
            self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=error.retry_after)
        else:
            retry_in = self._policy.delay(outgoing.attempt)
            self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=retry_in)
            self._count_failure(notification.recipient, text, real, error.status)

    def _leave_in_doubt(self, outgoing: Outgoing, started_at: datetime, error: DeliveryError) -> None:
        """It may have arrived: repeat it where that is better than silence, else leave it to a person."""
        self._count_failure(outgoing.notification.recipient, str(error), self._pace_clock.now(), error.status)
        retry_in = self._policy.delay(outgoing.attempt) if self._repeats(outgoing, error) else None
        self._conclude(outgoing, started_at, DeliveryOutcome.UNKNOWN, error=str(error), retry_in=retry_in)

    def _repeats(self, outgoing: Outgoing, error: DeliveryError) -> bool:
        notification = outgoing.notification
        if notification.channel in self._repeatable:
            return True
        is_notice = notification.reason is Reason.OPERATOR
        if notification.channel in self._ask and not is_notice:
            return False
        failing = self._failing.get(self._pacer.service_of(notification.recipient))
        if error.channel or is_notice or (failing is not None and self._rests(failing)):
            return outgoing.doubts + 1 < MOST_DOUBTS
        return notification.severity >= REPEATED_FROM and not outgoing.doubts

    def _recovered(self, recipient: str) -> None:
        """The channel took a message, or refused its recipient: it works."""
        channel, name = service = self._pacer.service_of(recipient)
        self._failing.pop(service, None)
        if service in self._reported:
            self._reported.discard(service)
            self._report(SourceReport(channel, self._now(), detail="messages are delivered again", subject=name))

    def _report_failure(self, recipient: str, text: str, status: int | None) -> None:
        channel, name = service = self._pacer.service_of(recipient)
        self._reported.add(service)
        self._report(SourceReport(channel, self._now(), Trouble.FAILED, text, status=status, subject=name))

    def _count_failure(self, recipient: str, text: str, real: datetime, status: int | None = None) -> None:
        """One more failure of the channel, which rests after several in a row."""
        failing = self._failing.setdefault(self._pacer.service_of(recipient), _Failing(real))
        failing.count, failing.text, failing.probed = failing.count + 1, text, False
        self._report_failure(recipient, text, status)
        if self._rests(failing):
            beyond = failing.count - self._policy.channel_failures + 1
            self._pacer.pause_service(recipient, real + self._policy.delay(beyond), real)

    # ----------------------------------------------------------------------------------------------------- recipients

    def _refused(self, outgoing: Outgoing, started_at: datetime, text: str) -> None:
        """The recipient takes nothing any more: it is switched off, unless nobody would be left to tell."""
        recipient = outgoing.notification.recipient
        self._recovered(recipient)
        everybody = self._audience()
        if not last_operator(recipient, everybody):
            self._conclude(outgoing, started_at, DeliveryOutcome.FAILED, error=text)
            self._switch_off(recipient, text)
            return
        real, wait = self._pace_clock.now(), self._policy.delay(outgoing.attempt)
        self._pacer.pause(recipient, real + wait, real)
        self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=wait)
        if self._standing.begin(Lasting.UNREACHED, self._now(), recipient, text):
            log.error("%s, the only admin, cannot be reached: %s; its messages are tried again", recipient, text)
            for announcement in announce_unheard(recipient, text, self._now(), everybody):
                self._announce(announcement)

    def _works_again(self, recipient: str) -> None:
        """A message of this recipient arrived."""
        if unreached := self._standing.end(Lasting.UNREACHED, recipient):
            log.info("%s can be reached again", recipient)
            self._announce(announce_heard(unreached, self._now()))
        redirect = self._redirects.get(recipient)
        if redirect is not None and redirect.until <= self._pace_clock.now():
            del self._redirects[recipient]
            if closed := self._standing.end(Lasting.TOPIC, recipient):
                self._announce(announce_reopened(closed, self._now()))

    def _switch_off(self, recipient: str, text: str) -> None:
        try:
            disable(self._people, recipient)
        except StoreError as exc:  # the next message to it fails likewise
            log.error("%s could not be switched off: %s", recipient, exc)
        for kind in (Lasting.TOPIC, Lasting.UNREACHED):  # this is what is told of it now
            self._standing.end(kind, recipient)
        self._redirects.pop(recipient, None)
        configured = bool(self._pacer.service_of(recipient)[1])
        self._announce(announce_gone(recipient, text, self._now(), configured=configured))

    def _redirect(self, outgoing: Outgoing, started_at: datetime, instead: str, text: str) -> None:
        """The recipient's messages go to another of the same chat for a while; it is switched off if that one gets
        its own."""
        recipient = outgoing.notification.recipient
        if any(r.id == instead and r.enabled for r in self._audience()):
            self._conclude(outgoing, started_at, DeliveryOutcome.FAILED, error=text)
            self._switch_off(recipient, f"{text}; {instead} gets its own")
            return
        if self._standing.begin(Lasting.TOPIC, self._now(), recipient, instead):
            self._announce(announce_redirected(recipient, instead, text, self._now()))
        self._redirects[recipient] = _Redirect(instead, self._pace_clock.now() + TOPIC_AGAIN)
        self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=timedelta(0))

    def _move(self, outgoing: Outgoing, started_at: datetime, moved_to: str, text: str) -> None:
        """Use the chat's new id from now on, for this notification too."""
        recipient, retry_in = outgoing.notification.recipient, timedelta(0)
        try:
            self._moved(recipient, moved_to)
            self._people.move_recipient(recipient, moved_to)
        except StoreError as exc:
            text, retry_in = f"{text}: {exc}", self._policy.delay(outgoing.attempt)
        self._conclude(outgoing, started_at, DeliveryOutcome.RETRY, error=text, retry_in=retry_in)
        if not retry_in:
            self._announce(announce_moved(recipient, moved_to, self._now()))

    # ------------------------------------------------------------------------------------------------------- in doubt

    def _look_at_doubts(self, now: datetime, real: datetime) -> None:
        """Now and then, repeat what a killed process or a lost answer left in doubt, and tell what remains so. Raises
        StoreError."""
        if self._doubts_due is not None and real < self._doubts_due:
            return
        self._doubts_due = real + self._policy.idle
        doubts = self._in_doubt()
        if doubts != self._doubts:
            since = now - self._policy.give_up_after
            if repeated := self._outbox.repeat_in_doubt(since, REPEATED_FROM, self._ask, self._repeatable):
                log.warning("%d messages in doubt are sent once more, marked as perhaps a repeat", repeated)
            self._doubts = self._in_doubt()
        else:  # nothing new since the last look: several are told together
            self._tell(real)

    def _in_doubt(self) -> tuple[int, frozenset[str]]:
        """How many are in doubt, and the ids of the newest."""
        number = self._outbox.outbox_counts()["unknown"]
        return number, frozenset(d.id for d in self._outbox.in_doubt()) if number else frozenset()

    def _tell(self, real: datetime) -> None:
        """Tell the operator what may not have arrived, again until it is settled, and what was too old to send."""
        number, ids = self._in_doubt()
        overdue = self._doubts_told_at is None or real - self._doubts_told_at >= REMIND
        if number and (overdue or not ids <= self._doubts_told):
            log.warning("%d messages may not have arrived", number)
            self._announce(announce_in_doubt(self._outbox.in_doubt(), number, self._now()))
            self._doubts_told, self._doubts_told_at = ids, real
        if self._too_old:
            self._announce(announce_too_old(self._too_old, self._now()))
            self._too_old = 0

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
        """Have an outcome stored before the next claim, with others that are there by then."""
        self._unsettled[delivery.notification] = delivery

    def _landed(self) -> None:
        """A message has an outcome: look at the outbox in a moment, as others may have one by then."""
        if not self._landing:
            self._landing = True
            asyncio.get_running_loop().call_later(TOGETHER, self._look_again)

    def _look_again(self) -> None:
        self._landing = False
        self._woken.set()

    def _settle_all(self) -> None:
        """Store the outcomes there are, in one transaction or, where one of them is refused, each by itself."""
        if not self._unsettled:
            return
        real, waiting = self._pace_clock.now(), list(self._unsettled.values())
        try:
            self._store(*waiting)
        except (StoreBusyError, StoreFullError) as exc:
            self._store_failed(exc, real)
        except StoreError:
            for delivery in waiting:
                try:
                    self._store(delivery)
                except StoreError as exc:
                    self._store_failed(exc, real)

    def _store(self, *deliveries: Delivery) -> None:
        self._outbox.settle(*deliveries)
        for delivery in deliveries:
            self._unsettled.pop(delivery.notification, None)

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
        left = [*self._flying.values(), *self._probes.values()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=0.3)
        while self._unsettled:
            self._settle_all()
            if not self._unsettled or loop.time() >= ends:
                break
            await asyncio.sleep(0.05)
        if self._unsettled:
            log.error("%d outcomes could not be stored; those messages will show as unknown", len(self._unsettled))
