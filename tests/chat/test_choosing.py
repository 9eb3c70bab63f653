"""What chats choose, who may receive, verdicts and messages in doubt: kept in the history, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.adapters.notifiers.telegram import Chat, Permissions
from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history import verify
from bot.app.chat.access import AccessLists
from bot.app.chat.admin import AdminCommands
from bot.app.chat.commands import COMMANDS
from bot.app.chat.preferences import MOST, Preferences
from bot.core.model import Batch, Delivery, DeliveryOutcome, FeedState, NumberForm, Recipient, Severity, Style, Trouble
from bot.render.plain import plain
from tests.delivery.makers import NOW, StandingClock, notification
from tests.store.values import alert, batch, fired, incident

CHAT = Chat(1, "private", "Ada", user=1)
GROUPS = {"memory": ("MU", "SNDK"), "watchlist": ("NVDA", "MU", "SNDK", "BRK-B")}


@dataclass
class Room:
    store: SqliteStore
    clock: StandingClock = field(default_factory=StandingClock)
    changes: int = 0

    def changed(self) -> None:
        self.changes += 1

    @property
    def prefers(self) -> Preferences:
        watched = lambda: GROUPS["watchlist"]  # noqa: E731 - one of several parts
        return Preferences(self.store, self.clock, watched, lambda: GROUPS, self.changed)

    @property
    def person(self) -> Recipient:
        return next(iter(self.store.recipients()))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=NOW) as store:
        store.save_recipients([Recipient("telegram:1", "telegram", "Ada")])
        yield Room(store)


@pytest.mark.parametrize("command", ["watch", "unwatch", "severity", "quiet", "digest"])
def test_a_chat_that_receives_nothing_chooses_nothing(room: Room, command: str) -> None:
    stranger = Chat(2, "private", user=2)
    assert "send /start first" in getattr(room.prefers, command)(stranger, "NVDA")
    assert room.changes == 0


def test_stocks_are_chosen_by_name_and_group_in_any_case(room: Room) -> None:
    assert "MU, SNDK and BRK-B" in room.prefers.watch(CHAT, "group:Memory, $brk-b MU")
    assert room.person.symbols == ("MU", "SNDK", "BRK-B")
    assert "NVDA" in room.prefers.watch(CHAT, "nvda")
    assert "Still watched here: NVDA" in room.prefers.unwatch(CHAT, "memory brk-b")
    assert room.person.symbols == ("NVDA",)
    assert "Alerts on every stock come here again" in room.prefers.unwatch(CHAT, "NVDA")
    assert "Alerts on every stock come here already" in room.prefers.unwatch(CHAT, "NVDA")


def test_what_is_not_watched_changes_nothing(room: Room) -> None:
    assert "Not watched by this bot: ZZZ" in room.prefers.watch(CHAT, "NVDA ZZZ")
    assert room.person.symbols == ()
    room.prefers.watch(CHAT, "NVDA")
    assert "Not watched here: MU" in room.prefers.unwatch(CHAT, "MU")
    assert room.person.symbols == ("NVDA",)


def test_so_many_and_no_more(room: Room) -> None:
    many = tuple(f"S{i}" for i in range(MOST + 1))
    prefers = Preferences(room.store, room.clock, lambda: many, lambda: {"all": many}, room.changed)
    assert f"at most {MOST}" in prefers.watch(CHAT, "group:all")
    assert room.person.symbols == ()


def test_a_chosen_stock_that_is_watched_no_longer_can_still_be_let_go(room: Room) -> None:
    room.store.save_recipients([Recipient("telegram:1", "telegram", "Ada", symbols=("GONE", "NVDA"))])
    assert "Still watched here: NVDA" in room.prefers.unwatch(CHAT, "GONE")


def test_numbers_are_written_as_the_example_is(room: Room) -> None:
    assert "send /start first" in room.prefers.numbers(Chat(2, "private", user=2), "1.234,5")
    for words in ("", "de", "1,234,5"):
        assert "1.234,5 or 1 234,5" in room.prefers.numbers(CHAT, words)
    assert room.person.numbers is None
    assert "like 1.234,5 from now on" in room.prefers.numbers(CHAT, "1.234,5")
    assert room.person.numbers is NumberForm.COMMA
    assert room.prefers.mywatch(CHAT).endswith("numbers like 1.234,5")


def test_rich_messages_come_to_those_who_saw_a_sample(room: Room) -> None:
    group = Chat(1, "supergroup", "Desk", user=1)
    assert "send /start first" in room.prefers.style(Chat(2, "private", user=2), "rich").says
    assert "classic" in str(room.prefers.style(CHAT, "").says)
    asked = room.prefers.style(CHAT, "Rich")
    assert asked.sample is not None
    assert {block.name for block in asked.sample.blocks if block.folded} == {"precedents"}
    assert "Everybody here" in str(room.prefers.style(group, "rich").says)
    assert room.person.style is None, "nothing changes before somebody answers"
    assert "rich from now on" in room.prefers.choose_style(CHAT, Style.RICH)
    assert room.person.style is Style.RICH
    assert "rich messages" in room.prefers.mywatch(CHAT)
    assert room.prefers.style(CHAT, "classic").sample is None
    assert room.person.style is Style.CLASSIC
    assert "rich from now on" in str(room.prefers.style(CHAT, "rich yes").says)
    assert "send /start first" in room.prefers.choose_style(Chat(2, "private", user=2), Style.RICH)


def test_everything_chosen_is_kept_and_told(room: Room) -> None:
    room.prefers.severity(CHAT, "HIGH")
    room.prefers.quiet(CHAT, "22-7 europe/paris")
    room.prefers.digest(CHAT, "on")
    assert room.person.min_severity is Severity.HIGH
    assert room.person.quiet == "22:00-07:00 Europe/Paris"
    assert room.person.digest
    told = room.prefers.mywatch(CHAT)
    assert "every stock; high and above; quiet 22:00-07:00 Europe/Paris" in told
    assert "with digests" in told
    room.prefers.quiet(CHAT, "23:00-06:00")
    assert room.person.quiet == "23:00-06:00 Europe/Paris", "the zone stays where none is named"


def test_who_may_receive_outlives_a_restart_and_a_denial_goes_before_the_list(room: Room) -> None:
    configured = Permissions(frozenset({42}), frozenset({7, 8}))
    admission = AccessLists(room.store, room.clock, configured)
    assert admission.allow(-100)
    assert not admission.allow(-100)
    assert not admission.allow(7)
    assert admission.deny(8)
    assert not admission.deny(9)
    assert admission.access.allow == {7, -100}
    again = AccessLists(room.store, room.clock, configured)
    assert again.access.allow == {7, -100}
    assert again.access.admins == {42}
    assert again.allow(8)
    assert again.deny(-100)
    assert AccessLists(room.store, room.clock, configured).access.allow == {7, 8}


def test_a_verdict_counts_once_a_person_and_needs_its_incident(room: Room) -> None:
    store = room.store
    store.commit(batch(fired(alert("a1", incident="i1")), incident("i1", "a1")))
    assert not store.save_verdict("i2", "telegram:1", "right", "telegram:1", NOW)
    assert store.save_verdict("i1", "telegram:1", "right", "telegram:1", NOW)
    assert store.save_verdict("i1", "telegram:1", "not ai", "telegram:1", NOW + timedelta(1))
    assert store.save_verdict("i1", "telegram:5", "right", "telegram:1", NOW)
    assert store.verdicts("i1") == {"not ai": 1, "right": 1}
    assert verify(store.path) == []


def in_doubt(store: SqliteStore, *keys: str) -> list[str]:
    """Notifications whose delivery ended in doubt; their ids."""
    notes = [notification(key, f"telegram:{number}", NOW) for number, key in enumerate(keys, 1)]
    store.commit(Batch(NOW, notifications=tuple(notes)))
    for out in store.claim(NOW, timedelta(minutes=5), 10, ["telegram"]):
        store.settle(
            Delivery(out.notification.id, out.attempt, NOW, NOW, DeliveryOutcome.UNKNOWN, error="the line broke")
        )
    return [n.id for n in notes]


def test_a_message_in_doubt_is_listed_until_somebody_settles_it(room: Room) -> None:
    first, second, third = in_doubt(room.store, "a", "b", "c")
    assert {d.id for d in room.store.in_doubt()} == {first, second, third}
    assert room.store.resolve(first[:8], "done", "Ada", NOW) == 1
    assert room.store.resolve("ffffffff", "again", "Ada", NOW) == 0
    assert room.store.resolve(second[:8], "again", "Ada", NOW) == 1
    (out,) = room.store.claim(NOW, timedelta(minutes=5), 10, ["telegram"])
    assert (out.notification.id, out.attempt) == (second, 2)
    room.store.settle(Delivery(second, 2, NOW, NOW, DeliveryOutcome.SENT, "77"))
    assert [d.id for d in room.store.in_doubt()] == [third]
    assert room.store.resolve("all", "done", "Ada", NOW) == 1
    assert verify(room.store.path) == []


def test_every_command_says_what_it_does_in_the_room_telegram_gives_it() -> None:
    for command in COMMANDS:
        assert 1 <= len(command.name) <= 32
        assert command.name.isalnum()
        assert 3 <= len(command.does) <= 256
    assert len({c.name for c in COMMANDS}) == len(COMMANDS) <= 100


def test_a_failing_feed_is_shown_though_another_in_trouble_has_its_name_in_its_own(room: Room) -> None:
    view = SimpleNamespace(failing=[("TechCrunch", "", Trouble.FAILED, "no answer")])
    feeds = [FeedState("Tech", "https://a.example", failures=2, last_error="503")]
    bot = SimpleNamespace(
        engine=SimpleNamespace(view=lambda: view),
        states={f.name: f for f in feeds},
        cycle=SimpleNamespace(uncommitted=0),
    )
    unused = cast(Any, None)
    admin = AdminCommands(
        cast(Any, bot), room.store, room.store, cast(Any, lambda: ()), unused, unused, unused, lambda: NOW
    )
    assert "Tech: 503" in plain(admin.health(), None)
