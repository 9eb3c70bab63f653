"""The sender: what it sends, in what order, and what it does when a send or the store fails."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.adapters.notifiers.telegram import LIMITS as TELEGRAM
from bot.core.errors import DeliveryError, StoreBusyError, StoreError, StoreFullError
from bot.core.model import (
    Announcement,
    Batch,
    Delivery,
    DeliveryOutcome,
    Limits,
    Notification,
    NotificationState,
    Outgoing,
    Reason,
    Recipient,
    Severity,
    SourceReport,
    Trouble,
)
from bot.core.model.unsent import CancelledUnsent
from bot.core.ports import Notifier
from bot.delivery.pacing import Pacer
from bot.delivery.sender import MOST_DOUBTS, Sender, SendPolicy
from bot.render import plain
from tests.delivery.fake_store import FakeStore
from tests.delivery.makers import NOW, StandingClock, notification
from tests.simulated import LoopClock, in_simulated_time

FAST = SendPolicy(
    first_delay=timedelta(milliseconds=20),
    last_delay=timedelta(milliseconds=80),
    idle=timedelta(milliseconds=50),
    grace=timedelta(milliseconds=200),
)
QUICK = {"telegram": Limits(overall=1000, chat_interval=timedelta(0), group=1000)}
SENT, QUEUED, UNKNOWN, FAILED = (
    NotificationState.SENT,
    NotificationState.QUEUED,
    NotificationState.UNKNOWN,
    NotificationState.FAILED,
)

REPEAT = "Perhaps a repeat"

Script = Callable[[Outgoing], Awaitable[None]]


class FakeNotifier(Notifier):
    """Follows a script per recipient: errors to raise, one a call; afterwards sending works."""

    channel = "telegram"

    def __init__(self, takes: float = 0.0) -> None:
        self.takes = takes
        self.script: dict[str, list[BaseException]] = defaultdict(list)
        self.sent: list[tuple[str, str]] = []
        self.tries: list[tuple[float, str]] = []
        self.busy: set[str] = set()
        self.most_busy = 0
        self.probes: list[DeliveryError] = []
        self.words: list[str] = []

    async def probe(self) -> None:
        if self.probes:
            raise self.probes.pop(0)

    async def send(self, outgoing: Outgoing) -> str:
        note = outgoing.notification
        assert note.recipient not in self.busy, "two at once to one recipient"
        self.tries.append((asyncio.get_running_loop().time(), note.announcement))
        self.busy.add(note.recipient)
        self.most_busy = max(self.most_busy, len(self.busy))
        try:
            await asyncio.sleep(self.takes)
            if self.script[note.recipient]:
                raise self.script[note.recipient].pop(0)
        finally:
            self.busy.discard(note.recipient)
        self.sent.append((note.recipient, note.announcement))
        self.words.append(plain(note.summary))
        return f"m{len(self.sent)}"


class Desk:
    """A sender with a fake store and notifier, and what it reports."""

    def __init__(
        self,
        policy: SendPolicy = FAST,
        limits: dict[str, Limits] | None = None,
        takes: float = 0.0,
        ask: Sequence[str] = (),
    ) -> None:
        self.ask = ask
        self.store = FakeStore()
        self.notifier = FakeNotifier(takes)
        self.reports: list[SourceReport] = []
        self.announced: list[Announcement] = []
        self.clock: LoopClock | StandingClock = LoopClock()
        self.real_clock = LoopClock()
        self.policy, self.limits = policy, QUICK if limits is None else limits

    def sender(self) -> Sender:
        return Sender(
            self.store,
            self.store,
            {"telegram": self.notifier},
            self.clock,
            pacer=Pacer(self.limits),
            real_clock=self.real_clock,
            policy=self.policy,
            report=self.reports.append,
            announce=self.announced.append,
            ask=self.ask,
        )

    def queue(self, *notes: Notification) -> None:
        now = self.clock.now()  # simulated: what was made on the way here is not from the future
        made = tuple(replace(note, created_at=min(note.created_at, now)) for note in notes)
        self.store.commit(Batch(now, notifications=made))


@in_simulated_time
async def test_everything_due_is_sent_once_and_settled_with_its_message_id() -> None:
    desk = Desk()
    desk.queue(*(notification("a", f"telegram:{i}") for i in range(40)))
    tally = await desk.sender().drain()
    assert tally == {DeliveryOutcome.SENT: 40}
    assert len(desk.notifier.sent) == len(set(desk.notifier.sent)) == 40
    assert desk.store.count(SENT) == 40
    assert {d.message_id for d in desk.store.deliveries} == {f"m{i}" for i in range(1, 41)}
    assert 1 < desk.notifier.most_busy <= FAST.concurrency


@in_simulated_time
async def test_one_recipient_is_sent_to_one_at_a_time_most_severe_first_then_oldest() -> None:
    desk = Desk(takes=0.005)
    desk.queue(
        notification("low", severity=Severity.INFO),
        notification("one"),
        notification("two"),
        notification("urgent", severity=Severity.CRITICAL),
    )
    await desk.sender().drain()
    assert [key for _, key in desk.notifier.sent] == ["urgent", "one", "two", "low"]


@in_simulated_time
async def test_a_plain_failure_is_tried_again_after_growing_waits_and_the_others_go_on() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("no connection")] * 2
    desk.queue(notification("a"), notification("b", "telegram:2"))
    tally = await desk.sender().drain(until_empty=True)
    assert tally == {DeliveryOutcome.SENT: 2, DeliveryOutcome.RETRY: 2}
    assert desk.notifier.sent == [("telegram:2", "b"), ("telegram:1", "a")]
    first, second, third = (at for at, key in desk.notifier.tries if key == "a")
    assert [second - first, third - second] == pytest.approx([0.02, 0.04])
    assert [d.attempt for d in desk.store.deliveries if d.outcome == "retry"] == [1, 2]


@in_simulated_time
async def test_without_until_empty_a_drain_does_not_wait_for_retries() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("no connection", retry_after=timedelta(hours=1))]
    desk.queue(notification("a"))
    tally = await asyncio.wait_for(desk.sender().drain(), 1)
    assert tally == {DeliveryOutcome.RETRY: 1}
    (delivery,) = desk.store.deliveries
    assert delivery.retry_at is not None
    assert timedelta(minutes=59) < delivery.retry_at - desk.clock.now() < timedelta(minutes=61)


@in_simulated_time
async def test_a_drain_waits_no_longer_than_it_may() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("flood", retry_after=timedelta(hours=1))]
    desk.queue(notification("a"))
    began = asyncio.get_running_loop().time()
    await desk.sender().drain(until_empty=True, at_most=timedelta(milliseconds=100))
    assert 0.05 < asyncio.get_running_loop().time() - began < 1


@in_simulated_time
async def test_retry_after_is_obeyed_by_everything_for_that_chat_and_by_nothing_else() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("flood", retry_after=timedelta(milliseconds=150))]
    desk.queue(notification("a"), notification("b"), notification("c", "telegram:2"))
    began = asyncio.get_running_loop().time()
    await desk.sender().drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:2", "c"), ("telegram:1", "a"), ("telegram:1", "b")]
    waits = [at - began for at, key in desk.notifier.tries]
    assert waits[1] < 0.1
    assert waits[2] >= 0.15


@in_simulated_time
async def test_what_may_be_tried_again_at_once_is() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("again", retry_after=timedelta(0)) for _ in range(20)]
    desk.queue(notification("a"))
    await asyncio.wait_for(desk.sender().drain(until_empty=True), 5)
    assert desk.store.outcomes() == ["retry"] * 20 + ["sent"]


@in_simulated_time
async def test_what_is_mild_and_in_doubt_is_not_repeated_and_told() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("time-out", unknown=True)]
    desk.queue(notification("a", severity=Severity.WARNING), notification("b", severity=Severity.WARNING))
    await desk.sender().drain(until_empty=True)
    assert desk.store.state(notification("a").id) is UNKNOWN
    assert desk.notifier.sent == [("telegram:1", "b")]
    assert [a.for_operator for a in desk.announced] == [True]
    assert "may not have arrived" in desk.announced[0].summary.subject


@in_simulated_time
async def test_an_alert_in_doubt_is_sent_once_more_marked_and_no_third_time() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("time-out", unknown=True)]
    desk.notifier.script["telegram:2"] = [DeliveryError("time-out", unknown=True)] * 2
    desk.queue(notification("a"), notification("a", "telegram:2"))
    await desk.sender().drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:1", "a")]
    assert [REPEAT in words for words in desk.notifier.words] == [True]
    assert desk.store.state(notification("a", "telegram:2").id) is UNKNOWN
    assert len(desk.notifier.tries) == 4
    assert [a.summary.subject for a in desk.announced] == ["1 message may not have arrived"]


@in_simulated_time
async def test_where_the_operator_is_to_be_asked_only_notices_are_repeated() -> None:
    desk = Desk(ask=["telegram"])
    for recipient in ("telegram:1", "telegram:2", "telegram:3"):
        desk.notifier.script[recipient] = [DeliveryError("cut", unknown=True, channel=recipient == "telegram:3")]
    desk.queue(notification("a"), notification("c", "telegram:3"))
    desk.queue(notification("n", "telegram:2", reason=Reason.OPERATOR, severity=Severity.WARNING))
    await desk.sender().drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:2", "n")]
    assert desk.store.count(UNKNOWN) == 2


@in_simulated_time
async def test_what_a_killed_run_left_in_doubt_is_repeated_and_the_rest_told_together() -> None:
    desk = Desk()
    desk.queue(notification("a"), notification("a", "telegram:2"), notification("a", "telegram:3"))
    desk.queue(notification("mild", "telegram:4", severity=Severity.INFO))
    desk.queue(notification("milder", "telegram:5", severity=Severity.INFO))
    desk.store.claim(desk.clock.now(), timedelta(minutes=5), 9, ["telegram"])
    assert desk.store.recover(desk.clock.now()) == 5
    await desk.sender().drain(until_empty=True)
    assert sorted(desk.notifier.sent) == [(f"telegram:{i}", "a") for i in (1, 2, 3)]
    assert all(REPEAT in words for words in desk.notifier.words)
    assert [a.summary.subject for a in desk.announced] == ["2 messages may not have arrived"]


@in_simulated_time
async def test_what_may_not_have_arrived_is_named_again_until_somebody_settles_it() -> None:
    desk = Desk(SendPolicy(idle=timedelta(hours=1)))
    desk.queue(notification("mild", severity=Severity.INFO))
    desk.store.claim(desk.clock.now(), timedelta(minutes=5), 9, ["telegram"])
    desk.store.recover(desk.clock.now())
    sender, stop = desk.sender(), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(50 * 3600)
    told = len(desk.announced)
    desk.store.resolve("all", "done", "Ada", desk.clock.now())
    await asyncio.sleep(50 * 3600)
    stop.set()
    await running
    assert told == len(desk.announced) == 3, "at the first look, and each day after"


@pytest.mark.parametrize("permanent", [False, True])
@pytest.mark.parametrize("unknown", [False, True])
@in_simulated_time
async def test_an_outage_of_the_channel_settles_no_message(permanent: bool, unknown: bool) -> None:
    """Whether the token is rejected for a while, a gateway answers or the line is cut."""
    desk = Desk()
    fault = DeliveryError("down", channel=True, permanent=permanent, unknown=unknown)
    for i in range(20):
        desk.notifier.script[f"telegram:{i}"] = [fault]
    desk.notifier.probes = [DeliveryError("still down", channel=True)] * 6
    desk.queue(*(notification("a", f"telegram:{i}", severity=Severity.INFO) for i in range(20)))
    desk.queue(notification("n", "telegram:0", reason=Reason.OPERATOR))
    await desk.sender().drain(until_empty=True)
    assert desk.store.count(SENT) == 21
    assert desk.announced == []
    assert desk.notifier.probes == []
    assert len(desk.notifier.tries) == 21 + 20
    assert sum(REPEAT in words for words in desk.notifier.words) == (20 if unknown else 0)
    assert [r.trouble for r in desk.reports][-1] is Trouble.NONE


@in_simulated_time
async def test_after_an_outage_one_message_tries_the_channel_before_the_others() -> None:
    desk = Desk(takes=0.01)
    fault = DeliveryError("down", channel=True)
    for i in range(8):
        desk.notifier.script[f"telegram:{i}"] = [fault, fault]
    desk.queue(*(notification("a", f"telegram:{i}") for i in range(8)))
    sender = desk.sender()
    await sender.drain()
    tried = len(desk.notifier.tries)
    await sender.drain(until_empty=True)
    later = [at for at, _ in desk.notifier.tries[tried:]]
    assert later[1] - later[0] > 0.02, "the second waits until the first has failed and the channel has rested"
    assert desk.store.count(SENT) == 8


@in_simulated_time
async def test_a_channel_that_breaks_off_each_time_does_not_repeat_for_ever() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("cut", unknown=True, channel=True)] * 50
    desk.queue(notification("a"))
    await desk.sender().drain(until_empty=True)
    assert len(desk.notifier.tries) == MOST_DOUBTS
    assert desk.store.count(UNKNOWN) == 1
    assert len(desk.announced) == 1


@in_simulated_time
async def test_a_channel_mute_for_long_is_named_until_it_answers() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("down", channel=True)] * 10_000
    desk.notifier.probes = [DeliveryError("down", channel=True)] * 10_000
    desk.queue(notification("a"))
    sender = desk.sender()
    await sender.drain(until_empty=True, at_most=timedelta(minutes=2))
    assert sender.troubles() == []
    await sender.drain(until_empty=True, at_most=timedelta(minutes=5))
    assert sender.troubles() == ["telegram has taken no message for 7 min: down"]
    desk.notifier.script.clear()
    desk.notifier.probes.clear()
    await sender.drain(until_empty=True)
    assert sender.troubles() == []


@in_simulated_time
async def test_the_last_admin_is_never_switched_off_and_every_other_channel_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    admin = Recipient("telegram:1", "telegram", "Ada", operator=True)
    hook, off = Recipient("webhook:desk", "webhook"), Recipient("webhook:off", "webhook", enabled=False)
    desk.store.save_recipients([admin, hook, off, Recipient("telegram:2", "telegram")])
    desk.notifier.script["telegram:1"] = [DeliveryError("Chat not found", permanent=True, forbidden=True)] * 3
    desk.queue(notification("a"), notification("b"))
    sender = desk.sender()
    await sender.drain()
    assert sender.troubles() == ["telegram:1, the only admin, cannot be reached: Chat not found"]
    assert "the only admin, cannot be reached" in caplog.text
    assert [(a.recipient, a.for_operator) for a in desk.announced] == [("webhook:desk", False)]
    await sender.drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:1", "a"), ("telegram:1", "b")]
    assert desk.store.people["telegram:1"].enabled
    assert sender.troubles() == []
    assert [a.for_operator for a in desk.announced] == [False, True]


@in_simulated_time
async def test_of_two_admins_one_may_be_switched_off() -> None:
    desk = Desk()
    desk.store.save_recipients([Recipient(f"telegram:{i}", "telegram", operator=True) for i in (1, 2)])
    for i in (1, 2):
        desk.notifier.script[f"telegram:{i}"] = [DeliveryError("blocked", permanent=True, forbidden=True)]
    desk.queue(notification("a"), notification("b", "telegram:2"))
    await desk.sender().drain(until_empty=True)
    assert [r.enabled for r in desk.store.recipients()] == [False, True]


@in_simulated_time
async def test_what_a_closed_topic_refuses_goes_to_its_group_and_that_is_told_once() -> None:
    desk = Desk()
    closed = DeliveryError("TOPIC_CLOSED", permanent=True, instead="telegram:-1")
    desk.store.save_recipients([Recipient("telegram:-1/7", "telegram")])
    desk.notifier.script["telegram:-1/7"] = [closed] * 2
    desk.queue(notification("a", "telegram:-1/7"), notification("b", "telegram:-1/7"))
    sender = desk.sender()
    await sender.drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:-1", "a"), ("telegram:-1", "b")]
    assert [a.summary.subject for a in desk.announced] == ["The topic telegram:-1/7 takes no messages"]
    for key in ("c", "d"):
        await asyncio.sleep(7 * 3600)
        desk.queue(notification(key, "telegram:-1/7"))
        await sender.drain(until_empty=True)
    assert desk.notifier.sent[2:] == [("telegram:-1", "c"), ("telegram:-1/7", "d")]
    assert "takes messages again" in desk.announced[-1].summary.subject
    assert len(desk.announced) == 2


@in_simulated_time
async def test_a_closed_topic_whose_group_gets_its_own_is_switched_off() -> None:
    desk = Desk()
    desk.store.save_recipients([Recipient("telegram:-1/7", "telegram"), Recipient("telegram:-1", "telegram")])
    desk.notifier.script["telegram:-1/7"] = [DeliveryError("gone", permanent=True, instead="telegram:-1")]
    desk.queue(notification("a", "telegram:-1/7"))
    await desk.sender().drain(until_empty=True)
    assert desk.notifier.sent == []
    assert [r.enabled for r in desk.store.recipients()] == [False, True]


@in_simulated_time
async def test_a_notifier_that_breaks_leaves_its_message_unknown(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [ZeroDivisionError("bug")]
    desk.queue(notification("a", severity=Severity.INFO))
    await desk.sender().drain(until_empty=True)
    assert desk.store.state(notification("a").id) is UNKNOWN
    assert "the telegram notifier failed" in caplog.text


@in_simulated_time
async def test_trouble_with_an_operator_notice_makes_no_further_notice() -> None:
    desk = Desk()
    desk.notifier.script["telegram:1"] = [DeliveryError("?", unknown=True), DeliveryError("no", permanent=True)]
    desk.queue(notification("a", reason=Reason.OPERATOR), notification("b", reason=Reason.OPERATOR))
    await desk.sender().drain(until_empty=True)
    assert desk.store.outcomes() == ["unknown", "failed", "sent"]
    assert desk.announced == []


@in_simulated_time
async def test_a_permanent_failure_is_given_up_and_told_once_per_announcement() -> None:
    desk = Desk()
    for i in (1, 2):
        desk.notifier.script[f"telegram:{i}"] = [DeliveryError("message is too long", permanent=True)]
    desk.queue(notification("a", "telegram:1"), notification("a", "telegram:2"))
    await desk.sender().drain(until_empty=True)
    assert desk.store.outcomes() == ["failed", "failed"]
    assert len({a.key for a in desk.announced}) == 1


@in_simulated_time
async def test_an_edit_of_a_message_that_is_gone_is_given_up_without_a_word_to_the_operator() -> None:
    desk = Desk()
    first = notification("a")
    desk.queue(first)
    await desk.sender().drain()
    desk.notifier.script["telegram:1"] = [DeliveryError("message to edit not found", permanent=True)]
    desk.queue(notification("b", edits=first.id))
    await desk.sender().drain(until_empty=True)
    assert desk.store.outcomes() == ["sent", "failed"]
    assert desk.announced == []


@in_simulated_time
async def test_a_recipient_that_forbids_is_switched_off_and_the_operator_hears_of_it() -> None:
    desk = Desk()
    ada = Recipient("telegram:1", "telegram", "Ada", symbols=("NVDA",))
    desk.store.save_recipients([ada, Recipient("telegram:2", "telegram")])
    desk.notifier.script["telegram:1"] = [DeliveryError("bot was blocked", permanent=True, forbidden=True)]
    desk.queue(notification("a"))
    await desk.sender().drain(until_empty=True)
    assert desk.store.state(notification("a").id) is FAILED
    assert [(r.id, r.enabled, r.symbols) for r in desk.store.recipients()] == [
        ("telegram:1", False, ("NVDA",)),
        ("telegram:2", True, ()),
    ]
    assert "telegram:1 gets no more messages" in desk.announced[0].summary.subject


@in_simulated_time
async def test_a_moved_chat_gets_its_new_id_and_everything_still_queued() -> None:
    desk = Desk()
    desk.store.save_recipients([Recipient("telegram:-5", "telegram", "Desk", operator=True)])
    desk.notifier.script["telegram:-5"] = [DeliveryError("moved", permanent=True, moved_to="telegram:-1005")]
    desk.queue(notification("a", "telegram:-5"), notification("b", "telegram:-5"))
    await desk.sender().drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:-1005", "a"), ("telegram:-1005", "b")]
    assert [key for _, key in desk.notifier.tries] == ["a", "a", "b"]
    (moved,) = desk.store.recipients()
    assert (moved.id, moved.name, moved.operator) == ("telegram:-1005", "Desk", True)
    assert desk.store.outcomes() == ["retry", "sent", "sent"]
    (told,) = desk.announced
    assert "names -5, write -1005" in str(told.summary)


@pytest.mark.parametrize("error", [StoreBusyError("locked"), StoreFullError("disk full")])
@in_simulated_time
async def test_a_send_whose_outcome_cannot_be_stored_is_stored_later_and_never_repeated(error: StoreError) -> None:
    desk = Desk()
    desk.store.settle_errors = [error] * 3
    desk.queue(notification("a"))
    sender = desk.sender()
    await sender.drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:1", "a")]
    assert desk.store.outcomes() == ["sent"]
    assert sender.unsettled == 0
    assert [r.trouble for r in desk.reports] == [Trouble.FAILED, Trouble.NONE]
    assert desk.reports[0].source == "store"


@in_simulated_time
async def test_even_when_its_lease_runs_out_meanwhile_a_sent_message_is_not_sent_again() -> None:
    desk = Desk(SendPolicy(lease_for=timedelta(0), first_delay=timedelta(milliseconds=20)))
    desk.store.settle_errors = [StoreBusyError("locked")] * 2
    desk.queue(notification("a"), notification("b", "telegram:2"))
    sender = desk.sender()
    await sender.drain(until_empty=True)
    assert sorted(desk.notifier.sent) == [("telegram:1", "a"), ("telegram:2", "b")]
    assert desk.store.count(SENT) == 2
    assert sender.unsettled == 0


@in_simulated_time
async def test_a_lease_that_runs_out_under_way_does_not_start_a_second_send() -> None:
    desk = Desk(SendPolicy(lease_for=timedelta(milliseconds=20), idle=timedelta(milliseconds=10)), takes=0.1)
    desk.store.again = True
    desk.queue(notification("a"))
    sender, stop = desk.sender(), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(0.2)
    stop.set()
    await running
    assert desk.store.rows[notification("a").id].attempts > 1, "the store did hand it out again"
    assert len(desk.notifier.tries) == 1
    assert desk.store.outcomes() == ["sent"]


@in_simulated_time
async def test_one_outcome_that_cannot_be_stored_does_not_hold_up_the_others() -> None:
    class Stubborn(FakeStore):
        def settle(self, *deliveries: Delivery) -> None:
            if any(delivery.notification == notification("a").id for delivery in deliveries):
                raise StoreError("this row is broken")
            super().settle(*deliveries)

    desk = Desk()
    desk.store = Stubborn()
    desk.queue(*(notification("a", f"telegram:{i}") for i in range(1, 40)))
    await desk.sender().drain(until_empty=True, at_most=timedelta(seconds=1))
    assert desk.store.count(SENT) == 38
    assert len(desk.notifier.tries) == 39


@in_simulated_time
async def test_a_store_that_cannot_be_claimed_from_is_asked_again_not_hammered() -> None:
    desk = Desk()
    desk.store.claim_errors = [StoreBusyError("locked")] * 4
    desk.queue(notification("a"))
    await desk.sender().drain(until_empty=True)
    assert desk.notifier.sent == [("telegram:1", "a")]
    assert desk.store.claims <= 10


@in_simulated_time
async def test_when_the_channel_fails_for_everyone_it_rests_as_a_whole_and_recovers() -> None:
    desk = Desk()
    for i in range(30):
        desk.notifier.script[f"telegram:{i}"] = [DeliveryError("no connection")] * (2 if i < 6 else 0)
    desk.queue(*(notification("a", f"telegram:{i}") for i in range(30)))
    tally = await desk.sender().drain(until_empty=True)
    assert tally == {DeliveryOutcome.SENT: 30, DeliveryOutcome.RETRY: 12}
    assert desk.reports[-1] == SourceReport("telegram", desk.reports[-1].seen_at, detail="messages are delivered again")


@in_simulated_time
async def test_in_a_long_outage_the_network_is_not_hammered() -> None:
    policy = SendPolicy(first_delay=timedelta(milliseconds=50), last_delay=timedelta(milliseconds=400), concurrency=2)
    desk = Desk(policy)
    for i in range(50):
        desk.notifier.script[f"telegram:{i}"] = [DeliveryError("no connection")] * 1000
    desk.queue(*(notification("a", f"telegram:{i}") for i in range(50)))
    await desk.sender().drain(until_empty=True, at_most=timedelta(seconds=1))
    assert 4 <= len(desk.notifier.tries) < 30


@in_simulated_time
async def test_what_is_too_old_is_given_up_unsent() -> None:
    desk = Desk()
    desk.queue(notification("a", at=desk.clock.now() - timedelta(hours=25)))
    await desk.sender().drain(until_empty=True)
    assert desk.notifier.tries == []
    assert desk.store.outcomes() == ["failed"]


@in_simulated_time
async def test_chats_and_the_channel_keep_their_pace() -> None:
    limits = {
        "telegram": Limits(overall=10, overall_window=timedelta(seconds=0.3), chat_interval=timedelta(seconds=0.1))
    }
    desk = Desk(limits=limits)
    desk.queue(*(notification(f"n{i}", "telegram:1") for i in range(4)))
    desk.queue(*(notification("a", f"telegram:{i}") for i in range(2, 20)))
    await desk.sender().drain(until_empty=True)
    assert len(desk.notifier.sent) == 22
    assert set(desk.store.outcomes()) == {"sent"}, "waiting happens in the outbox, without leases"
    mine = [at for at, key in desk.notifier.tries if key.startswith("n")]
    assert all(b - a >= 0.095 for a, b in pairwise(mine))
    times = sorted(at for at, _ in desk.notifier.tries)
    assert all(b - a >= 0.28 for a, b in zip(times, times[10:], strict=False))


@in_simulated_time
async def test_a_critical_alert_waits_for_less_than_a_tenth_of_a_second_whatever_is_queued() -> None:
    desk = Desk(SendPolicy(), limits={"telegram": TELEGRAM}, takes=0.05)
    desk.queue(*(notification("many", f"telegram:{i}", severity=Severity.HIGH) for i in range(1, 1501)))
    sender, stop, loop = desk.sender(), asyncio.Event(), asyncio.get_running_loop()
    running, waits = asyncio.create_task(sender.run(stop)), []
    for number in range(60):
        await asyncio.sleep(0.31 + number * 0.007)
        desk.queue(notification(f"c{number}", f"telegram:{9000 + number}", severity=Severity.CRITICAL))
        queued = loop.time()
        sender.wake()
        await asyncio.sleep(0.2)
        waits.append(next(at for at, key in desk.notifier.tries if key == f"c{number}") - queued)
    sent, spent = len(desk.notifier.tries), loop.time()
    stop.set()
    await running
    assert max(waits) < 0.1
    assert sent > 28 * (desk.notifier.tries[-1][0] - desk.notifier.tries[0][0]), (sent, spent)


@in_simulated_time
async def test_outcomes_that_come_together_are_stored_together() -> None:
    class Counting(FakeStore):
        times = 0

        def settle(self, *deliveries: Delivery) -> None:
            self.times += 1
            super().settle(*deliveries)

    desk = Desk(takes=0.05)
    desk.store = store = Counting()
    desk.queue(*(notification("a", f"telegram:{i}") for i in range(64)))
    stop = asyncio.Event()
    running = asyncio.create_task(desk.sender().run(stop))
    await asyncio.sleep(1)
    stop.set()
    await running
    assert desk.store.count(SENT) == 64
    assert store.times <= 5, "sixteen at a time"


@in_simulated_time
async def test_topics_of_one_group_share_its_pace() -> None:
    desk = Desk(limits={"telegram": Limits(chat_interval=timedelta(milliseconds=80))})
    desk.queue(*(notification(key, f"telegram:-100/{topic}") for key in "ab" for topic in (7, 8)))
    await desk.sender().drain(until_empty=True)
    times = sorted(at for at, _ in desk.notifier.tries)
    assert len(desk.notifier.sent) == 4
    assert all(b - a >= 0.075 for a, b in pairwise(times))


@in_simulated_time
async def test_a_restart_counts_what_was_sent_before_it_and_goes_on_waiting_where_it_was_asked_to() -> None:
    desk = Desk(limits={"telegram": Limits(chat_interval=timedelta(0), group=20)})
    flood = DeliveryError("flood", retry_after=timedelta(minutes=10))
    desk.notifier.script["telegram:9"] = [flood]
    busy, calm = "telegram:-100/7", "telegram:5"
    desk.queue(*(notification(f"g{i}", busy) for i in range(50)), notification("w", "telegram:9"))
    for _ in range(5):  # five runs, a few seconds each
        await desk.sender().drain(until_empty=True, at_most=timedelta(seconds=2))
        desk.queue(notification(f"c{desk.store.claims}", calm), notification(f"v{desk.store.claims}", "telegram:9"))
    assert desk.store.count(SENT) == 20 + 4, "twenty a minute to a group, whatever it is that counts"
    await desk.sender().drain(until_empty=True)
    times = sorted(at for at, key in desk.notifier.tries if key[0] == "g")
    assert len(times) == 50
    assert all(b - a >= 60 for a, b in zip(times, times[20:], strict=False))
    waited = [at for at, key in desk.notifier.tries if key[0] in "wv"]
    assert waited[1] - waited[0] >= 599


@in_simulated_time
async def test_a_restart_ends_the_waits_that_are_our_own() -> None:
    desk = Desk(SendPolicy())
    desk.notifier.script["telegram:1"] = [DeliveryError("Unauthorized", channel=True)] * 9
    desk.queue(notification("a"))
    await desk.sender().drain(until_empty=True, at_most=timedelta(seconds=40))
    desk.notifier.script.clear()  # with the right token now
    desk.queue(notification("b"))
    began = asyncio.get_running_loop().time()
    await desk.sender().drain()
    assert [(at - began, key) for at, key in desk.notifier.tries[-1:]] == [(0, "b")]


@in_simulated_time
async def test_an_edit_goes_out_after_its_message_and_only_the_newest() -> None:
    desk = Desk()
    first = notification("first")
    desk.queue(first, notification("e1", edits=first.id), notification("e2", edits=first.id))
    await desk.sender().drain(until_empty=True)
    assert [key for _, key in desk.notifier.sent] == ["first", "e2"]


@in_simulated_time
async def test_with_a_simulated_clock_retries_wait_in_real_time_and_are_stored_in_simulated_time() -> None:
    desk = Desk()
    desk.clock = StandingClock()
    desk.notifier.script["telegram:1"] = [DeliveryError("flood", retry_after=timedelta(milliseconds=100))]
    desk.queue(notification("a", at=NOW))
    began = asyncio.get_running_loop().time()
    await desk.sender().drain(until_empty=True)
    assert asyncio.get_running_loop().time() - began >= 0.1 - 1e-9
    retry, sent = desk.store.deliveries
    assert retry.retry_at == NOW + timedelta(milliseconds=100)
    assert sent.started_at == retry.retry_at


@in_simulated_time
async def test_running_it_sends_when_woken_and_stops_when_told() -> None:
    desk = Desk(SendPolicy(idle=timedelta(hours=1)))
    sender, stop = desk.sender(), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(0.05)
    desk.queue(notification("a"))
    sender.wake()
    await asyncio.sleep(0.05)
    assert desk.notifier.sent == [("telegram:1", "a")]
    claims = desk.store.claims
    assert claims < 12
    stop.set()
    await asyncio.wait_for(running, 1)


@in_simulated_time
async def test_running_it_finds_by_itself_what_nobody_woke_it_for() -> None:
    desk = Desk()
    sender, stop = desk.sender(), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(0.02)
    desk.queue(notification("a"))
    await asyncio.sleep(0.2)
    assert desk.notifier.sent == [("telegram:1", "a")]
    stop.set()
    await running


async def _stopped(desk: Desk) -> float:
    sender, stop = desk.sender(), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    await asyncio.sleep(0.05)
    began = asyncio.get_running_loop().time()
    stop.set()
    await running
    assert sender.in_flight == 0
    return asyncio.get_running_loop().time() - began


@in_simulated_time
async def test_a_shutdown_lets_a_message_in_flight_land() -> None:
    desk = Desk(takes=0.15)
    desk.queue(notification("a"))
    await _stopped(desk)
    assert desk.store.outcomes() == ["sent"]


@in_simulated_time
async def test_a_shutdown_marks_what_does_not_land_in_time_as_unknown() -> None:
    desk = Desk(takes=60)
    desk.queue(notification("a"), notification("b", "telegram:2"), notification("c"))
    assert await _stopped(desk) < 1
    assert desk.store.outcomes() == ["unknown", "unknown"]
    assert desk.store.state(notification("c").id) is QUEUED


@in_simulated_time
async def test_a_shutdown_queues_again_what_had_not_begun_to_be_sent() -> None:
    class Hanging(FakeNotifier):
        async def send(self, outgoing: Outgoing) -> str:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise CancelledUnsent from None
            return ""

    desk = Desk()
    desk.notifier = Hanging()
    desk.queue(notification("a"))
    await _stopped(desk)
    assert desk.store.outcomes() == ["retry"]
    assert desk.store.state(notification("a").id) is QUEUED


@in_simulated_time
async def test_a_shutdown_keeps_trying_to_store_an_outcome() -> None:
    desk = Desk(takes=0.08)
    desk.store.settle_errors = [StoreBusyError("locked")] * 3
    desk.queue(notification("a"))
    assert await _stopped(desk) < 1.5
    assert desk.store.outcomes() == ["sent"]


@in_simulated_time
async def test_a_cancelled_run_shuts_down_like_a_stopped_one() -> None:
    desk = Desk(takes=0.1)
    desk.queue(notification("a"))
    running = asyncio.create_task(desk.sender().run(asyncio.Event()))
    await asyncio.sleep(0.03)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert desk.store.outcomes() == ["sent"]
