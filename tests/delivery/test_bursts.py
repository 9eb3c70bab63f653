"""Many messages to one chat at once: the first go out, the rest are gathered."""

from __future__ import annotations

from datetime import timedelta

from bot.core.model import BURST, Notification, NotificationState, Reason
from bot.delivery.bursts import MOST, WINDOW, Bursts
from tests.delivery.makers import NOW, notification

QUEUED, SUPPRESSED = NotificationState.QUEUED, NotificationState.SUPPRESSED


def states(notes: list[Notification]) -> list[NotificationState]:
    return [note.state for note in notes]


def gathered(bursts: Bursts, *notes: Notification, later: timedelta = timedelta()) -> list[NotificationState]:
    return states(list(bursts.gather(notes, NOW + later)))


def new(number: int, to: str = "telegram:1", **changes: object) -> Notification:
    return notification(f"{to}-{number}", to, **changes)  # type: ignore[arg-type]


def test_beyond_the_first_few_a_burst_is_gathered_for_each_chat_by_itself() -> None:
    bursts = Bursts({"webhook"})
    many = [new(n) for n in range(175)]
    assert gathered(bursts, *many) == [QUEUED] * MOST + [SUPPRESSED] * (175 - MOST)
    assert gathered(bursts, new(1, "telegram:2")) == [QUEUED]
    (last,) = bursts.gather([new(200)], NOW)
    assert last.suppressed_by == BURST


def test_a_minute_later_messages_are_sent_again() -> None:
    bursts = Bursts({"webhook"})
    gathered(bursts, *[new(n) for n in range(20)])
    assert gathered(bursts, new(20), later=WINDOW - timedelta(seconds=1)) == [SUPPRESSED]
    assert gathered(bursts, new(21), later=WINDOW) == [QUEUED]


def test_edits_answers_lists_and_programs_are_left_alone() -> None:
    bursts = Bursts({"webhook"})
    gathered(bursts, *[new(n) for n in range(MOST)])
    edit, answer = new(90, edits="x"), new(91, reason=Reason.OPERATOR)
    assert gathered(bursts, edit, answer, new(92, reason=Reason.DIGEST)) == [QUEUED] * 3
    hook = [new(n, "webhook:desk", channel="webhook") for n in range(40)]
    assert gathered(bursts, *hook) == [QUEUED] * 40


def test_what_is_routed_again_after_a_failed_step_counts_once() -> None:
    bursts = Bursts({"webhook"})
    many = [new(n) for n in range(MOST)]
    for _ in range(3):
        assert gathered(bursts, *many) == [QUEUED] * MOST


def test_what_others_suppressed_does_not_count() -> None:
    bursts = Bursts({"webhook"})
    gathered(bursts, *[new(n, state=SUPPRESSED) for n in range(50)])
    assert gathered(bursts, new(50)) == [QUEUED]
