"""Rate limits as properties: however eagerly a channel is used, no window ever holds too much."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.notifiers.telegram import LIMITS as TELEGRAM
from bot.core.model import Limits
from bot.delivery.pacing import Pacer, chat_of
from tests.delivery.makers import NOW

RECIPIENTS = ["telegram:1", "telegram:2", "telegram:-5", "telegram:-100/7", "telegram:-100/8", "console"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(RECIPIENTS), st.integers(0, 900)), max_size=300))
def test_no_window_ever_holds_more_than_its_limit(tries: list[tuple[str, int]]) -> None:
    limits = Limits(overall=5, burst=2, group=3, group_window=timedelta(seconds=10))
    pacer, now = Pacer({"telegram": limits}), NOW
    sent: list[tuple[datetime, str]] = []
    refused = 0
    for recipient, wait in tries:
        now += timedelta(milliseconds=wait)
        free = pacer.free(recipient.partition(":")[0], now)
        resting = recipient in pacer.paused(now) or pacer.ready_at(recipient, now) > now
        if free == 0 or resting:
            refused += 1
            continue
        pacer.take(recipient, now)
        sent.append((now, recipient))
    paced = [(at, r) for at, r in sent if r != "console"]
    by_chat = defaultdict(list)
    for at, recipient in paced:
        assert sum(at - timedelta(seconds=1) < other <= at for other, _ in paced) <= 5
        assert sum(at - timedelta(seconds=0.2) < other <= at for other, _ in paced) <= 2
        by_chat[chat_of(recipient)].append(at)
    for chat, times in by_chat.items():
        assert all(b - a >= timedelta(seconds=1) for a, b in pairwise(times))
        if ":-" in chat:
            assert all(b - a >= timedelta(seconds=10) for a, b in zip(times, times[3:], strict=False))
    assert sum(r == "console" for _, r in sent) == sum(r == "console" for r, _ in tries)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(RECIPIENTS[:5]), st.integers(0, 900)), min_size=1, max_size=80))
def test_what_rests_is_free_at_the_moment_it_is_said_to_be(tries: list[tuple[str, int]]) -> None:
    pacer, now = Pacer({"telegram": Limits(overall=3, burst=2, group=2, group_window=timedelta(seconds=5))}), NOW
    for recipient, wait in tries:
        now += timedelta(milliseconds=wait)
        if pacer.free("telegram", now) and pacer.ready_at(recipient, now) <= now:
            pacer.take(recipient, now)
    for recipient in RECIPIENTS[:5]:
        ready = max(pacer.ready_at(recipient, now), pacer.channel_ready_at("telegram", now))
        assert pacer.ready_at(recipient, ready) == ready
        assert pacer.free("telegram", ready)
    moment = pacer.next_ready_at(["telegram"], now)
    assert moment is None or moment > now
    later = now + timedelta(minutes=2)
    assert pacer.paused(later) == frozenset()
    assert pacer.next_ready_at(["telegram"], later) is None


def test_a_pause_holds_its_chat_and_every_topic_of_it_but_no_other() -> None:
    pacer = Pacer({"telegram": TELEGRAM})
    pacer.take("telegram:-100/7", NOW - timedelta(seconds=30))
    pacer.pause("telegram:-100/8", NOW + timedelta(seconds=40), NOW)
    assert pacer.paused(NOW) == {"telegram:-100/7", "telegram:-100/8"}
    assert pacer.ready_at("telegram:-100/9", NOW) == NOW + timedelta(seconds=40)
    assert pacer.ready_at("telegram:1", NOW) == NOW
    assert pacer.free("telegram", NOW) == TELEGRAM.burst
    assert pacer.next_ready_at(["telegram"], NOW) == NOW + timedelta(seconds=40)
    assert pacer.paused(NOW + timedelta(seconds=40)) == frozenset()


def test_a_shorter_pause_never_ends_a_longer_one() -> None:
    pacer = Pacer({"telegram": TELEGRAM})
    pacer.pause("telegram:1", NOW + timedelta(seconds=40), NOW)
    pacer.pause("telegram:1", NOW + timedelta(seconds=3), NOW)
    assert pacer.ready_at("telegram:1", NOW) == NOW + timedelta(seconds=40)


def test_several_chats_told_to_wait_at_once_pause_the_channel() -> None:
    pacer = Pacer({"telegram": TELEGRAM})
    for chat in (1, 2):
        pacer.pause(f"telegram:{chat}", NOW + timedelta(seconds=20 + chat), NOW)
    assert pacer.free("telegram", NOW) == TELEGRAM.burst
    pacer.pause("telegram:3", NOW + timedelta(seconds=20), NOW)
    assert pacer.free("telegram", NOW) == 0
    assert pacer.channel_ready_at("telegram", NOW) == NOW + timedelta(seconds=20)
    assert pacer.free("telegram", NOW + timedelta(seconds=20)) == TELEGRAM.burst
    assert pacer.free("console", NOW) is None


def test_memory_follows_recent_traffic_only() -> None:
    pacer = Pacer({"telegram": TELEGRAM})
    for i in range(3000):
        pacer.take(f"telegram:{i}", NOW + timedelta(seconds=i / 30))
        pacer.paused(NOW + timedelta(seconds=i / 30))
    assert len(pacer._chats) <= 31
    assert len(pacer._recipients) <= 31
