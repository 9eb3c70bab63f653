"""What the ports ``Outbox`` and ``Recipients`` promise, of every implementation: the database, and the one in memory
that the sender is tested with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from bot.app.stores import open_store
from bot.core.errors import StoreError
from bot.core.model import Batch, Delivery, DeliveryOutcome, Notification, Outgoing, Reason, Recipient, Severity
from bot.core.ports import Outbox, Recipients, Recorder
from tests.delivery.fake_store import FakeStore
from tests.histories import ENGINES, new_place
from tests.store.values import NOW, after, notification

LEASE = timedelta(minutes=5)
ADA, BOB = "telegram:1", "telegram:2"


class Kept(Recorder, Outbox, Recipients, Protocol):
    """What is filled by a recorder and emptied by a sender."""


@pytest.fixture(params=[*ENGINES, "memory"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "memory":
        yield FakeStore()
        return
    place = new_place(request.param, request, tmp_path)
    with closing(open_store(place, mode="live", run_name="live", now=NOW)) as store:
        yield store


def put(outbox: Kept, *notes: Notification) -> None:
    outbox.commit(Batch(NOW, notifications=notes))


def claimed(outbox: Kept, seconds: float = 0, limit: int = 9, busy: Sequence[str] = ()) -> list[Outgoing]:
    return list(outbox.claim(after(seconds), LEASE, limit, ("telegram", "console"), busy))


def names(found: Sequence[Outgoing]) -> list[str]:
    return [o.notification.announcement for o in found]


def ended(
    of: Outgoing, outcome: DeliveryOutcome = DeliveryOutcome.SENT, seconds: float = 1, retry_in: float | None = None
) -> Delivery:
    message, error = ("m1", "") if outcome is DeliveryOutcome.SENT else (None, "it failed")
    retry_at = after(seconds + retry_in) if retry_in is not None else None
    return Delivery(of.notification.id, of.attempt, NOW, after(seconds), outcome, message, error, retry_at)


def test_what_is_committed_is_handed_out_once(outbox: Kept) -> None:
    put(outbox, notification("a"))
    put(outbox, notification("a"))
    (first,) = claimed(outbox)
    assert (first.notification.id, first.attempt) == (notification("a").id, 1)
    assert (first.notification.summary, first.notification.text) == (notification("a").summary, "NVDA falls 10 %")
    assert claimed(outbox) == []
    assert outbox.outbox_counts() == {"queued": 0, "leased": 1, "unknown": 0}


def test_the_most_severe_comes_first_then_the_oldest_and_one_at_a_time_to_each(outbox: Kept) -> None:
    put(
        outbox,
        notification("late", "telegram:3", after(-1)),
        notification("mild", ADA, after(-9), severity=Severity.INFO),
        notification("grave", ADA, after(-2), severity=Severity.CRITICAL),
        notification("early", BOB, after(-5)),
    )
    assert names(claimed(outbox)) == ["grave", "early", "late"]


def test_a_limit_channels_and_chats_that_rest_are_kept_to(outbox: Kept) -> None:
    put(outbox, notification("a", ADA), notification("b", BOB), notification("c", "webhook:x"))
    assert names(claimed(outbox, busy=[ADA])) == ["b"]
    assert names(claimed(outbox, limit=0)) == []
    assert names(claimed(outbox)) == ["a"]


def test_what_is_from_the_future_waits(outbox: Kept) -> None:
    put(outbox, notification("a", at=after(10)))
    assert claimed(outbox, 9) == []
    assert names(claimed(outbox, 10)) == ["a"]


def test_an_edit_waits_for_its_message_and_gives_way_to_a_newer_one(outbox: Kept) -> None:
    put(outbox, notification("a"))
    put(outbox, notification("edit", at=after(1), edits="a"))
    put(outbox, notification("newer", at=after(2), edits="a"))
    (message,) = claimed(outbox, 3)
    assert claimed(outbox, 3) == []
    outbox.settle(ended(message, seconds=3))
    (edit,) = claimed(outbox, 4)
    assert (edit.notification.announcement, edit.edits_message) == ("newer", "m1")


def test_an_edit_of_what_will_never_be_sent_is_not_handed_out(outbox: Kept) -> None:
    put(outbox, notification("a"), notification("edit", at=after(1), edits="a"))
    (message,) = claimed(outbox, 2)
    outbox.settle(ended(message, DeliveryOutcome.FAILED, 2))
    assert claimed(outbox, 3) == []
    assert outbox.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 0}


def test_an_answer_knows_the_message_it_answers(outbox: Kept) -> None:
    put(outbox, notification("a"))
    outbox.settle(ended(claimed(outbox)[0]))
    put(outbox, notification("b", at=after(2), replies_to="a"))
    assert claimed(outbox, 3)[0].replies_to_message == "m1"


def test_a_retry_comes_when_it_is_due_and_is_counted(outbox: Kept) -> None:
    put(outbox, notification("a"))
    outbox.settle(ended(claimed(outbox)[0], DeliveryOutcome.RETRY, retry_in=10))
    assert claimed(outbox, 10) == []
    (again,) = claimed(outbox, 11)
    assert again.attempt == 2


def test_settling_twice_changes_nothing_and_what_was_never_claimed_cannot_be_settled(outbox: Kept) -> None:
    put(outbox, notification("a"))
    (only,) = claimed(outbox)
    outbox.settle(ended(only))
    outbox.settle(ended(only))
    assert outbox.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 0}
    with pytest.raises(StoreError):
        outbox.settle(replace(ended(only), notification="another"))
    with pytest.raises(StoreError):
        outbox.settle(replace(ended(only), attempt=2))


def test_a_lease_that_ran_out_is_in_doubt_and_a_late_answer_is_believed(outbox: Kept) -> None:
    put(outbox, notification("a"), notification("b", BOB))
    a, b = claimed(outbox)
    later = LEASE.total_seconds() + 1
    assert claimed(outbox, later) == []
    assert outbox.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 2}
    outbox.settle(ended(a, seconds=later))
    (left,) = outbox.in_doubt()
    assert (left.id, left.recipient) == (b.notification.id, BOB)


def test_what_is_in_doubt_is_settled_by_whoever_looks(outbox: Kept) -> None:
    put(outbox, notification("a"), notification("b", BOB))
    for out in claimed(outbox):
        outbox.settle(ended(out, DeliveryOutcome.UNKNOWN))
    first = outbox.in_doubt()[0]
    assert outbox.resolve("none", "done", "Ada", after(5)) == 0
    assert outbox.resolve(first.id[:8], "again", "Ada", after(5)) == 1
    assert [o.notification.id for o in claimed(outbox, 6)] == [first.id]
    assert outbox.resolve("all", "done", "Ada", after(7)) == 1
    assert outbox.in_doubt() == []


# ---------------------------------------------------------------------------------------------------------- recipients


def test_recipients_are_known_by_id_and_changed_by_saving(outbox: Kept) -> None:
    ada, bob = Recipient(ADA, "telegram", "Ada"), Recipient(BOB, "telegram", "Bob", operator=True)
    outbox.save_recipients([ada, bob])
    outbox.save_recipients([replace(ada, symbols=("NVDA",), min_severity=Severity.HIGH, quiet="22:00-07:00 UTC")])
    assert {r.id: r for r in outbox.recipients()} == {
        ADA: replace(ada, symbols=("NVDA",), min_severity=Severity.HIGH, quiet="22:00-07:00 UTC"),
        BOB: bob,
    }


def test_what_waits_for_one_that_is_switched_off_is_not_sent(outbox: Kept) -> None:
    ada = Recipient(ADA, "telegram", "Ada")
    outbox.save_recipients([ada])
    put(outbox, notification("a"))
    outbox.save_recipients([replace(ada, enabled=False)])
    assert claimed(outbox) == []
    assert [r.enabled for r in outbox.recipients()] == [False]


def test_a_chat_that_moved_takes_its_wishes_and_its_queue_along(outbox: Kept) -> None:
    outbox.save_recipients([Recipient(ADA, "telegram", "Ada", symbols=("NVDA",))])
    put(outbox, notification("a"))
    outbox.move_recipient(ADA, "telegram:-100")
    outbox.move_recipient(ADA, "telegram:-100")
    (moved,) = [r for r in outbox.recipients() if r.enabled]
    assert (moved.id, moved.symbols) == ("telegram:-100", ("NVDA",))
    assert [o.notification.recipient for o in claimed(outbox)] == ["telegram:-100"]


def doubtful(outbox: Kept, *notes: Notification) -> None:
    put(outbox, *notes)
    for outgoing in claimed(outbox):
        outbox.settle(ended(outgoing, DeliveryOutcome.UNKNOWN))


def repeated(outbox: Kept, ask: Sequence[str] = (), always: Sequence[str] = (), since: float = -60) -> int:
    return outbox.repeat_in_doubt(after(since), Severity.HIGH, ask, always)


def test_an_alert_in_doubt_is_repeated_once_and_says_so(outbox: Kept) -> None:
    doubtful(outbox, notification("a"))
    assert repeated(outbox) == 1
    (again,) = claimed(outbox, 2)
    assert (again.attempt, again.doubts) == (2, 1)
    outbox.settle(ended(again, DeliveryOutcome.UNKNOWN, 3))
    assert repeated(outbox) == 0
    assert outbox.outbox_counts()["unknown"] == 1


def test_what_is_mild_old_or_to_be_asked_about_is_not_repeated_but_a_notice_is(outbox: Kept) -> None:
    doubtful(
        outbox,
        notification("mild", ADA, severity=Severity.WARNING),
        notification("asked", "console"),
        replace(notification("notice", BOB, severity=Severity.WARNING), reason=Reason.OPERATOR),
    )
    assert repeated(outbox, since=60) == 0
    assert repeated(outbox, ask=["console"]) == 1
    assert names(claimed(outbox, 2)) == ["notice"]
    assert repeated(outbox, ask=["console"], always=["telegram"]) == 1
    assert names(claimed(outbox, 2)) == ["mild"]


def test_an_attempt_in_doubt_may_be_settled_with_the_time_of_its_repeat(outbox: Kept) -> None:
    put(outbox, notification("a"))
    (first,) = claimed(outbox)
    outbox.settle(ended(first, DeliveryOutcome.UNKNOWN, 1, retry_in=2))
    assert outbox.outbox_counts() == {"queued": 1, "leased": 0, "unknown": 0}
    assert claimed(outbox, 2) == []
    (again,) = claimed(outbox, 3)
    assert again.doubts == 1


def test_an_edit_is_never_in_doubt_after_a_kill_or_a_lease_that_ran_out(outbox: Kept) -> None:
    put(outbox, notification("a"))
    (message,) = claimed(outbox)
    outbox.settle(ended(message))
    put(outbox, notification("edit", at=after(2), edits="a"))
    assert names(claimed(outbox, 2)) == ["edit"]
    (again,) = claimed(outbox, 600)
    assert (again.notification.announcement, again.doubts) == ("edit", 0)


def test_attempts_are_told_to_the_next_run_for_its_rate_limits(outbox: Kept) -> None:
    put(outbox, *(notification(key, f"telegram:{n}") for n, key in enumerate(("sent", "flood", "way", "old"))))
    sent, flood, way, old = claimed(outbox, seconds=100)
    outbox.settle(replace(ended(sent, seconds=101), started_at=after(100)))
    outbox.settle(replace(ended(flood, DeliveryOutcome.RETRY, 101, retry_in=300), started_at=after(100)))
    outbox.settle(replace(ended(old, DeliveryOutcome.UNKNOWN, 101), started_at=after(100)))
    found = {a.recipient: (a.counts, a.asked_wait) for a in outbox.attempts_since(after(90))}
    asked = timedelta(minutes=5)
    assert found == {
        "telegram:0": (True, None), "telegram:1": (False, asked), "telegram:2": (True, None),
        "telegram:3": (True, None),
    }  # fmt: skip
    assert [a.recipient for a in outbox.attempts_since(after(200))] == [flood.notification.recipient]
    assert way.attempt == 1
