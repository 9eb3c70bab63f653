"""Who is handed out when, and what becomes of an attempt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.adapters.store import outbox
from bot.adapters.store.history import verify
from bot.adapters.store.sql_store import SqlStore
from bot.app.stores import Place
from bot.core.errors import StoreError
from bot.core.model import Delivery, DeliveryOutcome, NotificationState, Outgoing, Severity
from tests.histories import ask
from tests.store.values import NOW, after, batch, notification, recipient

LEASE = timedelta(seconds=60)
CHANNELS = ("telegram", "console")


def claim(store: SqlStore, at: datetime = NOW, limit: int = 100, busy: Sequence[str] = ()) -> list[Outgoing]:
    return list(store.claim(at, LEASE, limit, CHANNELS, busy))


def names(claimed: Sequence[Outgoing]) -> list[str]:
    return [o.notification.announcement for o in claimed]


def ended(outgoing: Outgoing, outcome: str, at: datetime = NOW, **more: object) -> Delivery:
    given: dict[str, object] = {"message_id": f"m-{outgoing.notification.announcement}" if outcome == "sent" else None}
    return Delivery(outgoing.notification.id, outgoing.attempt, NOW, at, DeliveryOutcome(outcome), **(given | more))  # type: ignore[arg-type]


EVERY_ENGINE = True


def states(path: Place) -> dict[str, str]:
    return dict(ask(path, "SELECT announcement, state FROM notifications ORDER BY announcement"))  # type: ignore[arg-type]


def why(path: Place, announcement: str) -> str:
    (found,) = ask(
        path, f"SELECT coalesce(suppressed_by, error) FROM notifications WHERE announcement = '{announcement}'"
    )
    return str(found[0])


# -------------------------------------------------------------------------------------------------------- claiming


def test_the_most_severe_go_first_then_the_oldest_and_edits_last(store: SqlStore) -> None:
    store.commit(batch(notification("first", "telegram:5")))
    (first,) = claim(store)
    store.settle(ended(first, "sent"))
    store.commit(
        batch(
            notification("old", "telegram:1", after(-9), severity=Severity.INFO),
            notification("new", "telegram:2", severity=Severity.INFO),
            notification("edit", "telegram:5", after(-99), edits="first", severity=Severity.CRITICAL),
            notification("critical", "telegram:3", severity=Severity.CRITICAL),
            notification("high", "telegram:4", after(-1)),
        )
    )
    assert names(claim(store)) == ["critical", "high", "old", "new", "edit"]


@pytest.mark.file_only
@pytest.mark.parametrize("sql", [outbox._DUE, outbox._SUPERSEDE], ids=["claim", "supersede"])
def test_a_claim_walks_the_queue_in_sending_order_and_sorts_nothing(store: SqlStore, sql: str) -> None:
    names = ("channel", "now", "busy", "nothing")
    plan = [str(row[3]) for row in store._conn.execute(f"EXPLAIN QUERY PLAN {sql}", dict.fromkeys(names, "[]"))]
    assert not [step for step in plan if "TEMP B-TREE" in step or "AUTOMATIC" in step], plan
    whole = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
    assert all("notifications_queued_edits" in step for step in whole), plan


@pytest.mark.file_only
def test_a_claim_from_a_long_queue_reads_no_more_of_it_than_it_takes(store: SqlStore) -> None:
    def steps_for(queued: int) -> int:
        store.commit(batch(*(notification(f"n{i}", f"telegram:{i}") for i in range(queued))))
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        store._conn.set_progress_handler(count, 100)
        assert len(claim(store, limit=4)) == 4
        store._conn.set_progress_handler(None, 0)
        return steps

    assert steps_for(2000) <= steps_for(20) * 1.5 + 5


def test_a_recipient_has_at_most_one_notification_out(store: SqlStore) -> None:
    store.commit(
        batch(*(notification(f"n{i}", at=after(i - 9)) for i in range(3)), notification("other", "telegram:2"))
    )
    claimed = claim(store)
    assert names(claimed) == ["n0", "other"]
    assert claim(store) == []
    store.settle(ended(claimed[0], "sent"))
    assert names(claim(store)) == ["n1"]


def test_a_claim_respects_limit_channels_and_chats_that_must_rest(store: SqlStore) -> None:
    store.commit(batch(*(notification("n", f"telegram:{i}") for i in range(4)), notification("n", "console")))
    assert next(iter(store.claim(NOW, LEASE, 9, ("console",)))).notification.recipient == "console"
    resting = claim(store, busy=("telegram:0", "telegram:2"), limit=1)
    assert [o.notification.recipient for o in resting] == ["telegram:1"]
    assert [o.notification.recipient for o in claim(store, busy=("telegram:0",))] == ["telegram:2", "telegram:3"]


def test_a_retry_waits_until_its_time_and_counts_as_the_next_attempt(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification()))
    (first,) = claim(store)
    store.settle(ended(first, "retry", retry_at=after(30), error="429: flood"))
    assert claim(store, after(29)) == []
    (second,) = claim(store, after(30))
    assert (first.attempt, second.attempt) == (1, 2)
    store.settle(ended(second, "sent", after(31)))
    assert states(path) == {"n1": "sent"}
    assert claim(store, after(99)) == []
    assert verify(path) == []


def test_a_retry_without_a_time_may_go_at_once(store: SqlStore) -> None:
    store.commit(batch(notification()))
    (first,) = claim(store)
    store.settle(ended(first, "retry"))
    assert names(claim(store)) == ["n1"]


def test_a_claimed_notification_is_the_one_that_was_committed(store: SqlStore) -> None:
    given = notification()
    store.commit(batch(given))
    (outgoing,) = claim(store)
    assert outgoing == Outgoing(replace(given, state=NotificationState.LEASED), 1)


def test_suppressed_notifications_are_kept_and_never_handed_out(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification(state=NotificationState.SUPPRESSED)))
    assert claim(store) == []
    assert states(path) == {"n1": "suppressed"}


def test_the_same_announcement_reaches_a_recipient_once_whatever_its_id(store: SqlStore) -> None:
    store.commit(batch(notification()))
    (first,) = claim(store)
    store.settle(ended(first, "sent"))
    store.commit(batch(notification(at=after(60))))
    assert claim(store, after(99)) == []


# ----------------------------------------------------------------------------------------------- edits and answers


def test_an_edit_waits_for_its_message_and_is_given_its_id(store: SqlStore) -> None:
    store.commit(batch(notification("first"), notification("edit", at=after(1), edits="first")))
    (first,) = claim(store, after(5))
    assert names([first]) == ["first"]
    store.settle(ended(first, "sent"))
    (edit,) = claim(store, after(5))
    assert (edit.notification.announcement, edit.edits_message) == ("edit", "m-first")


def test_an_edit_waits_while_its_message_must_be_tried_again(store: SqlStore) -> None:
    store.commit(batch(notification("first"), notification("edit", at=after(1), edits="first")))
    (first,) = claim(store, after(1))
    store.settle(ended(first, "retry", retry_at=after(60)))
    assert claim(store, after(59)) == []
    assert names(claim(store, after(60))) == ["first"]


def test_an_edit_of_an_edit_edits_the_message_itself(store: SqlStore) -> None:
    store.commit(batch(notification("first")))
    for number, name in enumerate(("first", "e1", "e2", "e3")):
        if name != "first":
            store.commit(batch(notification(name, at=after(number), edits=f"e{number - 1}" if number > 1 else "first")))
        (out,) = claim(store, after(9))
        assert out.notification.announcement == name
        assert out.edits_message == (None if name == "first" else "m-first")
        store.settle(ended(out, "sent", message_id="m-first"))


def test_only_the_newest_unsent_edit_of_a_message_is_sent(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification("first")))
    (first,) = claim(store)
    store.settle(ended(first, "sent"))
    store.commit(batch(notification("e1", at=after(1), edits="first"), notification("x", "telegram:2", after(1))))
    store.commit(batch(notification("e3", at=after(3), edits="first"), notification("e2", at=after(2), edits="e1")))
    assert set(names(claim(store, after(9)))) == {"x", "e3"}
    assert states(path) == {"first": "sent", "e1": "superseded", "e2": "superseded", "e3": "leased", "x": "leased"}
    assert why(path, "e1") == "a newer edit"


def test_an_edit_to_be_tried_again_gives_way_to_a_newer_one(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification("first")))
    (first,) = claim(store)
    store.settle(ended(first, "sent"))
    store.commit(batch(notification("e1", at=after(1), edits="first")))
    (e1,) = claim(store, after(2))
    store.commit(batch(notification("e2", at=after(3), edits="first")))
    store.settle(ended(e1, "retry", after(4), retry_at=after(5)))
    assert states(path)["e1"] == "superseded"
    assert names(claim(store, after(9))) == ["e2"]


@pytest.mark.parametrize("outcome", ["failed", "unknown"])
def test_an_edit_of_a_message_that_never_came_is_superseded(store: SqlStore, path: Place, outcome: str) -> None:
    store.commit(batch(notification("first"), notification("edit", at=after(1), edits="first")))
    (first,) = claim(store, after(1))
    store.settle(ended(first, outcome))
    assert claim(store, after(2)) == []
    assert states(path)["edit"] == "superseded"
    assert why(path, "edit") == f"the message to edit is {outcome}"


def test_an_edit_of_what_a_recipient_was_never_told_is_superseded(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification("first", "telegram:2"), notification("edit", "telegram:1", edits="first")))
    assert names(claim(store)) == ["first"]
    assert states(path)["edit"] == "superseded"


def test_an_answer_of_higher_severity_does_not_overtake_what_it_answers(store: SqlStore) -> None:
    store.commit(
        batch(
            notification("first"),
            notification("worse", at=after(1), replies_to="first", severity=Severity.CRITICAL),
        )
    )
    (first,) = claim(store, after(2))
    assert names([first]) == ["first"]
    store.settle(ended(first, "sent"))
    (worse,) = claim(store, after(2))
    assert worse.replies_to_message == "m-first"


def test_an_answer_does_not_wait_for_a_message_that_must_be_tried_again_later(store: SqlStore) -> None:
    store.commit(batch(notification("first")))
    (first,) = claim(store)
    store.settle(ended(first, "retry", retry_at=after(3600)))
    store.commit(batch(notification("worse", at=after(1), replies_to="first", severity=Severity.CRITICAL)))
    (worse,) = claim(store, after(2))
    assert (worse.notification.announcement, worse.replies_to_message) == ("worse", None)


def test_an_answer_to_nothing_or_to_itself_is_an_ordinary_message(store: SqlStore) -> None:
    store.commit(batch(notification("a", replies_to="nothing"), notification("b", "telegram:2", replies_to="b")))
    assert names(claim(store)) == ["a", "b"]


# -------------------------------------------------------------------------------------------------------- settling


def test_settling_twice_changes_nothing(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification("a"), notification("b", "telegram:2")))
    a, b = claim(store)
    for _ in range(2):
        store.settle(ended(a, "sent"))
        store.settle(ended(b, "retry", retry_at=after(5)))
    (again,) = claim(store, after(9))
    store.settle(ended(b, "retry", retry_at=after(5)))
    assert again.attempt == 2
    assert states(path) == {"a": "sent", "b": "leased"}


@pytest.mark.parametrize("outcome", ["sent", "unknown", "failed"])
def test_what_is_settled_is_never_handed_out_again(store: SqlStore, path: Place, outcome: str) -> None:
    store.commit(batch(notification()))
    (out,) = claim(store)
    store.settle(ended(out, outcome, error="" if outcome == "sent" else "why"))
    assert claim(store, after(10**6)) == []
    assert states(path) == {"n1": outcome}


@pytest.mark.parametrize("first", ["sent", "failed"])
@pytest.mark.parametrize("then", ["retry", "failed", "unknown", "sent"])
def test_the_first_definite_answer_stands_whatever_is_said_later(
    store: SqlStore, path: Place, first: str, then: str
) -> None:
    store.commit(batch(notification()))
    (out,) = claim(store)
    store.settle(ended(out, first))
    store.settle(ended(out, then))
    assert states(path) == {"n1": first}


def test_an_attempt_nobody_claimed_cannot_be_settled(store: SqlStore) -> None:
    store.commit(batch(notification()))
    with pytest.raises(StoreError, match="without having been claimed"):
        store.settle(Delivery(notification().id, 1, NOW, NOW, DeliveryOutcome.SENT))
    (out,) = claim(store)
    store.settle(ended(out, "sent"))


# ----------------------------------------------------------------------------------------------- leases and deaths


def test_a_lease_that_ran_out_is_unknown_and_frees_the_recipient(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification("hangs"), notification("next", at=after(1))))
    claim(store)
    assert claim(store, after(59)) == []
    assert names(claim(store, after(60))) == ["next"]
    assert states(path)["hangs"] == "unknown"
    assert verify(path) == []


@pytest.mark.parametrize(("outcome", "state"), [("sent", "sent"), ("failed", "failed"), ("retry", "queued")])
def test_the_late_answer_of_a_hanging_attempt_is_believed(
    store: SqlStore, path: Place, outcome: str, state: str
) -> None:
    store.commit(batch(notification()))
    (out,) = claim(store)
    assert claim(store, after(61)) == []
    assert states(path) == {"n1": "unknown"}
    store.settle(ended(out, outcome, after(70)))
    assert states(path) == {"n1": state}
    assert verify(path) == []


def test_recovery_marks_what_an_earlier_run_had_out_and_nothing_of_this_run(
    store: SqlStore, path: Place, reopen: Callable[..., SqlStore]
) -> None:
    store.commit(batch(notification("a"), notification("b", "telegram:2"), notification("c", "telegram:3")))
    a, _ = claim(store, limit=2)
    store.settle(ended(a, "sent"))
    assert store.recover(NOW) == 0
    store.close()
    second = reopen(now=after(9))
    (c,) = claim(second, after(9))
    assert second.recover(after(9)) == 1
    assert states(path) == {"a": "sent", "b": "unknown", "c": "leased"}
    assert why(path, "b") == "the program ended before the answer came"
    second.settle(ended(c, "sent", after(10)))
    assert verify(path) == []


# ------------------------------------------------------------------------------------------------------ recipients


def test_recipients_are_kept_in_order_with_their_wishes(store: SqlStore) -> None:
    people = [
        recipient("telegram:9", name="Ann", operator=True),
        recipient("console"),
        recipient("telegram:-100/7", min_severity=Severity.HIGH, symbols=("NVDA", "AMD"), enabled=False),
    ]
    store.save_recipients(people)
    assert list(store.recipients()) == people
    changed = recipient("console", name="here", min_severity=Severity.WARNING)
    store.save_recipients([changed])
    store.save_recipients([])
    assert list(store.recipients()) == [people[0], changed, people[2]]


def test_a_notification_for_an_unknown_recipient_makes_it_known(store: SqlStore) -> None:
    store.commit(batch(notification("n", "telegram:77")))
    assert list(store.recipients()) == [recipient("telegram:77")]


def test_what_waits_for_a_recipient_that_is_switched_off_is_suppressed(store: SqlStore, path: Place) -> None:
    store.commit(batch(notification("out"), notification("waits", at=after(1))))
    (out,) = claim(store)
    store.save_recipients([recipient(enabled=False)])
    store.commit(batch(notification("later", at=after(2))))
    assert states(path) == {"out": "leased", "waits": "suppressed", "later": "suppressed"}
    store.settle(ended(out, "retry"))
    assert states(path)["out"] == "suppressed"
    assert why(path, "out") == "recipient switched off"
    store.save_recipients([recipient(enabled=True)])
    assert claim(store, after(9)) == []


def test_a_chat_that_moves_takes_its_queue_and_history_along(store: SqlStore, path: Place) -> None:
    old, new = "telegram:-5", "telegram:-1005"
    store.save_recipients([recipient(old, name="desk", min_severity=Severity.HIGH)])
    store.commit(batch(notification("first", old)))
    (first,) = claim(store)
    store.settle(ended(first, "sent"))
    store.commit(batch(notification("n2", old, after(1)), notification("edit", old, after(1), edits="first")))
    (n2,) = claim(store, after(2))
    store.move_recipient(old, new)
    store.move_recipient(old, new)
    store.settle(ended(n2, "retry", after(3), retry_at=after(4)))
    assert [r.id for r in store.recipients()] == [new]
    assert store.recipients()[0].name == "desk"

    (moved,) = claim(store, after(5))
    assert (moved.notification.announcement, moved.notification.recipient) == ("n2", new)
    assert states(path)["edit"] == "superseded"
    store.settle(ended(moved, "sent", after(6)))

    # the configuration may go on naming the old id, and the engine the old announcements
    store.save_recipients([recipient(old, name="desk 2")])
    assert list(store.recipients()) == [recipient(new, name="desk 2")]
    store.commit(batch(notification("first", old), notification("first", new), notification("n3", old, after(7))))
    (n3,) = claim(store, after(9))
    assert (n3.notification.announcement, n3.notification.recipient) == ("n3", new)
    assert verify(path) == []


def test_a_chat_may_move_to_one_that_is_known_already_and_back(store: SqlStore) -> None:
    store.save_recipients([recipient("telegram:1"), recipient("telegram:2", name="new")])
    store.commit(batch(notification("n", "telegram:1"), notification("n", "telegram:2")))
    store.move_recipient("telegram:1", "telegram:2")
    (out,) = claim(store)
    assert out.notification.recipient == "telegram:2"
    store.settle(ended(out, "sent"))
    assert claim(store) == []
    store.move_recipient("telegram:2", "telegram:1")
    assert [(r.id, r.enabled) for r in store.recipients()] == [("telegram:1", True)]
    with pytest.raises(StoreError, match="no such recipient"):
        store.move_recipient("telegram:404", "telegram:405")


def test_the_outbox_is_counted(store: SqlStore) -> None:
    assert store.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 0}
    store.commit(batch(*(notification("n", f"telegram:{i}") for i in range(5))))
    out = claim(store, limit=2)
    store.settle(ended(out[0], "unknown"))
    assert store.outbox_counts() == {"queued": 3, "leased": 1, "unknown": 1}
