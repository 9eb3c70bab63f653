"""The alarm past the outbox reaches the operator once, however Telegram does at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.app.run.alarm import Alarm
from bot.core.errors import DeliveryError
from bot.core.model import Outgoing
from bot.core.ports import Notifier
from bot.render import plain
from tests.store.values import NOW, recipient
from tests.waiting import PATIENCE

QUICK = timedelta(milliseconds=1)


class Now:
    def now(self):  # type: ignore[no-untyped-def]
        return NOW


class Channel(Notifier):
    """Fails as told, one answer for each try, and then succeeds."""

    channel = "telegram"

    def __init__(self, *answers: DeliveryError) -> None:
        self._answers: Iterator[DeliveryError] = iter(answers)
        self.tries: list[str] = []
        self.arrived: list[str] = []
        self.words: list[str] = []

    async def send(self, outgoing: Outgoing) -> str:
        self.tries.append(outgoing.notification.recipient)
        self.words.append(plain(outgoing.notification.summary))
        for answer in self._answers:
            raise answer
        self.arrived.append(outgoing.notification.recipient)
        return "1"


def alarm_over(channel: Channel, *people: str, pause: timedelta = QUICK) -> Alarm:
    return Alarm({"telegram": channel}, lambda: [recipient(p, operator=True) for p in people], Now(), pause)  # type: ignore[arg-type, list-item]


async def settled(seconds: float = PATIENCE) -> None:
    """Until nothing more is under way, or so long."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if others:
        await asyncio.wait(others, timeout=seconds)


async def test_what_did_not_arrive_is_tried_again_until_it_does() -> None:
    channel = Channel(*(DeliveryError("no connection") for _ in range(4)))
    alarm_over(channel, "telegram:1")("The history cannot be written", "free some space")
    await settled()
    assert (len(channel.tries), channel.arrived) == (5, ["telegram:1"])


async def test_every_operator_is_told_once() -> None:
    channel = Channel()
    alarm_over(channel, "telegram:1", "telegram:2")("The history cannot be written", "free some space")
    await settled()
    assert sorted(channel.arrived) == ["telegram:1", "telegram:2"]


async def test_what_may_have_arrived_is_repeated_as_perhaps_a_repeat() -> None:
    channel = Channel(DeliveryError("time-out", unknown=True), DeliveryError("down", permanent=True, channel=True))
    alarm_over(channel, "telegram:1")("The history cannot be written", "free some space")
    await settled()
    assert (len(channel.tries), channel.arrived) == (3, ["telegram:1"])
    assert ["Perhaps a repeat" in words for words in channel.words] == [False, True, True]


async def test_it_follows_a_group_that_moved_and_leaves_a_closed_topic() -> None:
    channel = Channel(
        DeliveryError("moved", permanent=True, moved_to="telegram:-2/7"),
        DeliveryError("closed", permanent=True, instead="telegram:-2"),
    )
    alarm_over(channel, "telegram:-1/7")("The history cannot be written", "free some space")
    await settled()
    assert channel.tries == ["telegram:-1/7", "telegram:-2/7", "telegram:-2"]


@pytest.mark.parametrize("how", ["permanent", "forbidden"])
async def test_what_never_will_arrive_is_not_repeated(how: str) -> None:
    channel = Channel(DeliveryError("no", **{how: True}))  # type: ignore[arg-type]
    alarm_over(channel, "telegram:1")("The history cannot be written", "free some space")
    await settled()
    assert channel.tries == ["telegram:1"]


async def test_a_wait_that_is_asked_for_is_kept() -> None:
    channel = Channel(DeliveryError("slowly", retry_after=timedelta(seconds=0.2)))
    alarm_over(channel, "telegram:1")("The history cannot be written", "free some space")
    await settled(0.1)
    assert channel.arrived == []
    await settled()
    assert channel.arrived == ["telegram:1"]


async def test_what_is_over_need_not_be_told_any_more() -> None:
    channel = Channel(*(DeliveryError("no connection") for _ in range(100)))
    alarm = alarm_over(channel, "telegram:1", pause=timedelta(seconds=30))
    alarm("The history cannot be written", "free some space")
    alarm("A part of Aftershock is broken", "report it")
    await asyncio.sleep(0.01)
    alarm.withdraw("The history cannot be written")
    await asyncio.sleep(0.01)
    left = [task for task in asyncio.all_tasks() if task.get_name() == "alarm"]
    assert len(left) == 1, "only the other is still to be told"
    left[0].cancel()
    await settled()
