"""A group with a new id: every list follows, at once and after a restart, and nothing is followed twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.notifiers.telegram import Permissions
from bot.adapters.store import SqliteStore, open_store
from bot.app.chat.access import AccessLists
from bot.app.chat.moves import ChatMoves
from bot.app.chat.silences import Silences
from bot.app.run.audience import Audience
from bot.core.engine import Engine
from bot.core.model import Recipient, Severity, Silence
from tests.core.worlds import engine
from tests.delivery.makers import NOW, StandingClock

OLD, NEW, NEWER = -55, -1000000000055, -1000000000099


class Desk:
    """A store and the lists that know chats, made anew as by a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.engine = folder, StandingClock(), engine()
        self.store: SqliteStore = open_store(folder / "a.db", mode="live", run_name="live", now=NOW)
        self.start()

    def start(self) -> None:
        configured = Permissions(frozenset({1}), frozenset({OLD, 7}))
        self.lists = AccessLists(self.store, self.clock, configured)
        self.muting = Silences(self.store, self.same_engine, self.clock, lambda: ("NVDA",))
        self.people = Audience(self.store, lambda: self.lists.access, ("telegram",), True)
        self.moves = ChatMoves(self.store, self.lists, self.muting, self.people.refresh)

    def same_engine(self) -> Engine:
        return self.engine

    def receiving(self) -> dict[str, Severity]:
        self.people.refresh()
        return {r.id: r.min_severity for r in self.people() if r.enabled}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    group = Recipient(f"telegram:{OLD}", "telegram", "Desk", min_severity=Severity.HIGH)
    made.store.save_recipients([group, Recipient("telegram:7", "telegram")])
    yield made
    made.store.close()


def test_permission_preferences_and_silences_follow_without_a_restart_and_through_one(desk: Desk) -> None:
    silence = Silence("s", NOW + timedelta(days=1), symbols=("NVDA",), recipient=f"telegram:{OLD}")
    desk.muting.add(silence, "Ada")
    assert desk.moves.chat_moved(OLD, NEW)
    for _ in range(2):
        assert desk.receiving() == {f"telegram:{NEW}": Severity.HIGH, "telegram:7": Severity.INFO}
        assert [s.recipient for s in desk.muting()] == [f"telegram:{NEW}"]
        assert not desk.moves.chat_moved(OLD, NEW), "Telegram says it twice"
        desk.start()


def test_the_sender_finds_a_move_first_and_the_message_of_it_changes_nothing_more(desk: Desk) -> None:
    desk.moves.lists_follow(f"telegram:{OLD}", f"telegram:{NEW}")
    desk.store.move_recipient(f"telegram:{OLD}", f"telegram:{NEW}")
    assert f"telegram:{NEW}" in desk.receiving()
    assert not desk.moves.chat_moved(OLD, NEW)


def test_a_second_move_is_followed_and_a_denial_of_the_new_id_holds(desk: Desk) -> None:
    desk.moves.chat_moved(OLD, NEW)
    desk.moves.chat_moved(NEW, NEWER)
    desk.start()
    assert f"telegram:{NEWER}" in desk.receiving()
    assert desk.lists.deny(NEWER)
    desk.start()
    assert NEWER not in desk.lists.access.allow
    assert list(desk.receiving()) == ["telegram:7"]


def test_what_an_admin_allowed_or_denied_follows_too(desk: Desk) -> None:
    desk.lists.allow(-8)
    desk.lists.deny(OLD)
    desk.moves.chat_moved(-8, -1000000000008)
    desk.moves.chat_moved(OLD, NEW)
    desk.start()
    assert desk.lists.access.allow == {7, -1000000000008}


def test_every_topic_of_a_chat_moves(desk: Desk) -> None:
    desk.store.save_recipients([Recipient(f"telegram:{OLD}/{topic}", "telegram") for topic in (3, 4)])
    assert desk.moves.chat_moved(OLD, NEW)
    assert set(desk.receiving()) == {f"telegram:{NEW}", f"telegram:{NEW}/3", f"telegram:{NEW}/4", "telegram:7"}


def test_a_strangers_group_leaves_no_trace(desk: Desk) -> None:
    assert not desk.moves.chat_moved(-999, -1000000000999)
    assert desk.store.extra("telegram_access") is None
