"""What strangers, and people and programs that pretend to be somebody else, get out of the bot in a chat: nothing."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.constants import ChatID

from bot.adapters.notifiers.telegram import Chat
from bot.adapters.notifiers.telegram.keyboard import Button, data, read
from bot.adapters.notifiers.telegram.permissions import Strangers
from bot.app.chat.handlers import ChatCommands
from bot.config.settings.model import load_settings
from bot.config.settings.telegram_ids import SHARED_ACCOUNTS
from bot.core.errors import ConfigError
from bot.core.model import Announcement
from bot.render import html
from bot.render.text import disarmed
from tests.command import run_command
from tests.delivery.makers import RealClock
from tests.delivery.test_telegram_listener import FRIEND, GROUP, OWNER, STRANGER, listening
from tests.servers.botapi import BotApi

HOUR, DAY = 3600, 86_400


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


def group(chat: int, user: int | None, title: str = "a group") -> Chat:
    return Chat(chat, "supergroup", title, user=user)


# ------------------------------------------------------------------------------------------------ added by strangers


def test_a_flood_of_groups_is_told_a_few_times_a_day() -> None:
    strangers = Strangers()
    told = [strangers.told_with(group(-1000 - i, 1000 + i), i) for i in range(DAY)]
    assert sum(each is not None for each in told) == 12
    assert sum(each is not None for each in told[:HOUR]) == 3
    assert sum(each for each in told if each) > 10_000, "what was passed over is counted"


def test_one_person_and_one_chat_are_told_of_once_a_day() -> None:
    strangers = Strangers()
    assert strangers.told_with(group(-1, 5), 0) == 0
    assert strangers.told_with(group(-2, 5), 10) is None, "the same person"
    assert strangers.told_with(group(-1, 6), 20) is None, "the same group"
    assert strangers.told_with(group(-2, 6), 30) == 2
    assert strangers.told_with(group(-1, 5), DAY + 1) == 0


async def test_who_is_refused_does_not_use_up_the_budget_of_notices(api: BotApi) -> None:
    async with listening(api) as scene:
        for stranger in range(100, 125):
            api.say(stranger, stranger, "/start")
        api.join(-778, STRANGER)
        api.join(-779, STRANGER)
        await api.until(lambda: scene.audience.joined)
        assert len(api.made("sendMessage")) == 20, "refusals a minute"
        await scene.ignored(STRANGER, STRANGER, "/start")
        assert scene.audience.joined == [-778]


WORDS = "Free /allow_me t.me/evil @owner https://evil.example/?a=1 evil。com #tag\u202e\n+49 170 1234567"


def test_a_stranger_s_words_hold_nothing_to_tap() -> None:
    shown = disarmed(WORDS)
    assert not set("/.@:#_+=\n\u202e。") & set(shown)
    assert "evil" in shown


@given(st.text(max_size=80))
def test_no_words_of_a_stranger_have_what_links_are_made_of(words: str) -> None:
    assert not set("/.@:#_\n<>") & set(disarmed(words))


def test_the_admin_is_told_in_words_that_cannot_be_tapped() -> None:
    told: list[Announcement] = []
    bot: Any = SimpleNamespace(clock=RealClock())
    commands = ChatCommands(bot, *[None] * 5, *[None] * 4, told.append)  # type: ignore[arg-type]
    commands.added(group(-100777, 66, WORDS * 3), WORDS * 3, 4)
    text = html(told[0].summary)
    assert "-100777" in text
    assert "4 more" in text
    assert "evil.example" not in text
    assert "/allow" not in text
    assert "t.me" not in text
    assert len(text) < 600


# ---------------------------------------------------------------------------------------------------- borrowed rights


@pytest.mark.parametrize("user", [*SHARED_ACCOUNTS, -1001234, -5, 0, 2**60])
def test_an_id_that_is_nobody_s_own_is_refused_as_an_admin(tmp_path: Path, user: int) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"watchlist: {{chips: [NVDA]}}\ntelegram: {{admins: [{user}]}}\n")
    with pytest.raises(ConfigError, match=r"telegram.admins\[0\]"):
        load_settings(config)
    for words in (("check", "--offline"), ("run",)):
        ran = run_command(*words, "--config", config, code=None)
        assert ran.returncode in (1, 2)
        assert str(user) in ran.stdout + ran.stderr


def test_telegram_s_shared_accounts_are_those_its_library_knows() -> None:
    known = {ChatID.ANONYMOUS_ADMIN, ChatID.FAKE_CHANNEL, ChatID.SERVICE_CHAT}
    assert set(SHARED_ACCOUNTS) == {int(each) for each in known}


def written(api: BotApi, chat: int, user: int, text: str, **more: Any) -> None:
    """A message with more to it than ``say`` gives it."""
    entity = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
    message = {
        "message_id": api.rooms.number(),
        "date": int(time.time()),
        "chat": api.rooms.describe(chat),
        "from": {"id": user, "is_bot": False, "first_name": "Ada"},
        "text": text,
        "entities": [entity],
    }
    api.update({"message": message | more})


@pytest.mark.parametrize("account", SHARED_ACCOUNTS)
async def test_who_writes_anonymously_is_no_admin_even_where_the_account_is_listed(api: BotApi, account: int) -> None:
    async with listening(api) as scene:
        scene.access = type(scene.access)(frozenset({OWNER, account}), scene.access.allow)
        written(api, GROUP, account, "/pause", sender_chat=api.rooms.describe(GROUP))
        await api.until(lambda: api.texts(GROUP))
        assert "Only an admin" in api.texts(GROUP)[-1]
        written(api, GROUP, account, "/pause")
        await api.until(lambda: len(api.texts(GROUP)) == 2)
        assert "Only an admin" in api.texts(GROUP)[-1]


async def test_whoami_says_that_nobody_is_known(api: BotApi) -> None:
    settings = SimpleNamespace(watched=(), groups={}, telegram=SimpleNamespace(style=None), numbers=None)
    bot: Any = SimpleNamespace(clock=RealClock(), project=SimpleNamespace(settings=settings))
    muting: Any = SimpleNamespace(listed=None)
    commands = ChatCommands(bot, *[None] * 4, muting, *[None] * 4, print)  # type: ignore[arg-type]
    anonymous = await commands.answer(group(GROUP, None), "whoami", "", "")
    assert "anonymously" in str(anonymous.says)
    assert "1087968824" not in str(anonymous.says)
    known = await commands.answer(group(GROUP, 42), "whoami", "", "")
    assert "You are 42" in str(known.says)


ORIGIN = {"type": "user", "date": 1, "sender_user": {"id": STRANGER, "is_bot": False, "first_name": "Eve"}}
HIDDEN = {"type": "hidden_user", "date": 1, "sender_user_name": "Eve"}
INLINE = {"id": 999, "is_bot": True, "first_name": "inline", "username": "inline_bot"}


@pytest.mark.parametrize(
    "more",
    [{"forward_origin": ORIGIN}, {"forward_origin": HIDDEN}, {"via_bot": INLINE}, {"is_automatic_forward": True}],
)
async def test_what_the_admin_did_not_write_is_not_obeyed(api: BotApi, more: dict[str, Any]) -> None:
    async with listening(api) as scene:
        written(api, OWNER, OWNER, "/start", **more)
        await api.until(lambda: api.texts(OWNER))
        assert "not obeyed" in api.texts(OWNER)[-1]
        assert scene.audience.receiving == {}
        written(api, GROUP, OWNER, "/start", **more)
        await scene.answered(OWNER, OWNER, "/help")
        assert scene.audience.receiving == {}
        assert api.texts(GROUP) == []


@pytest.mark.parametrize("command", ["chats", "health"])
async def test_what_tells_of_others_is_told_in_private_only(api: BotApi, command: str) -> None:
    async with listening(api) as scene:
        assert await scene.answered(OWNER, OWNER, f"/{command}") == f"{command} of <> for Ada"
        assert "private chat" in await scene.answered(GROUP, OWNER, f"/{command}")
        assert "Only an admin" in await scene.answered(FRIEND, FRIEND, f"/{command}")
        assert "Only an admin" in await scene.answered(GROUP, FRIEND, f"/{command}")


# ------------------------------------------------------------------------------------------------------------ buttons


@pytest.mark.parametrize(
    "forged",
    [
        "1:why:\ud800",
        "1:why:../../etc",
        "1:why:a\nb",
        "1:why:x' OR 1=1--",
        "1:style:rich:",
        "1:mute:" + "é" * 20,
        "1:why:",
    ],
)
async def test_a_forged_button_does_nothing_and_is_answered(api: BotApi, forged: str) -> None:
    assert read(forged) is None
    async with listening(api) as scene:
        message = api.rooms.number()
        api.press(OWNER, OWNER, message, forged)
        await api.until(lambda: api.answers)
        assert "no longer works" in api.answers[-1]["text"]
        assert scene.audience.presses == []


async def test_a_button_or_command_that_meets_a_defect_is_answered(api: BotApi) -> None:
    async with listening(api) as scene:
        scene.audience.defective = True
        api.press(OWNER, OWNER, api.rooms.number(), data(Button.WHY, "20250127-1"))
        await api.until(lambda: api.answers)
        assert "That failed" in api.answers[-1]["text"]
        assert "That failed" in await scene.answered(OWNER, OWNER, "/status")


@given(st.text(max_size=70))
def test_callback_data_is_a_button_or_nothing(text: str) -> None:
    press = read(text)
    assert press is None or data(press.button, press.incident) == text
