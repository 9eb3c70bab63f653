"""The running bot against an emulator of the Bot API that others wrote, for the methods it has.

The emulator itself answers getMe, getUpdates, sendMessage, editMessageText, answerCallbackQuery and deleteWebhook,
keeps the bot's messages and plays the people: private chats, a group, commands, presses. The shim before it adjusts the
form of some of those answers (``shim`` lists how), and answers setMyCommands and sendPhoto, which the emulator does not
know. It checks no markup, so what it kept is read here by our own strict parser; channels, topics, errors and limits
are beyond it, and in tests/e2e and tests/delivery.

Skips where npm is absent or cannot install the emulator.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.core.model import Outgoing
from bot.core.secret import Secret
from tests.delivery.makers import notification, summary
from tests.e2e.desk import ADMIN, GROUP, READER, Desk, opened
from tests.emulator.shim import TOKEN, Emulator, running
from tests.npm import MissingError, installed
from tests.servers.telegram_markup import parse
from tests.waiting import wait_until

HERE = Path(__file__).parent
MEMBER = 77
OWN = {"getMe", "getUpdates", "sendMessage", "editMessageText", "answerCallbackQuery", "deleteWebhook"}
BY_SHIM = {"setMyCommands", "sendPhoto"}


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    folder = tmp_path_factory.mktemp("emulator")
    try:
        installed(HERE, folder, "node_modules/telegram-test-api/package.json")
    except MissingError as error:
        pytest.skip(str(error))
    shutil.copy(HERE / "start.js", folder)
    with running(folder) as made:
        yield made


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[Desk]:
    """A bot on the emulator, with three recipients and an alert."""
    with opened(tmp_path_factory.mktemp("desk")) as made:
        made.write_config(telegram=emulator.url)
        made.start(token=TOKEN)
        for chat in (ADMIN, READER):
            emulator.say(chat, "/start")
        emulator.say(GROUP, "/start", kind="group", user=ADMIN)
        wait_until(
            lambda: all(emulator.shown(c) for c in (ADMIN, READER, GROUP)),
            "all answered",
            lambda: made.bots[-1].log,
        )
        made.tell_news()
        made.fall({"NVDA": -0.13, "AVGO": -0.12})
        wait_until(
            lambda: all(alerts(emulator, c) for c in (ADMIN, READER, GROUP)), "alerts", lambda: made.bots[-1].log
        )
        yield made


def alerts(emulator: Emulator, chat: int) -> list[dict[str, Any]]:
    return [m for m in emulator.shown(chat) if "What happened" in m["text"] and "reply_markup" in m]


def who(chat: int) -> dict[str, Any]:
    return {"kind": "group", "user": MEMBER} if chat == GROUP else {}


def buttons(message: dict[str, Any]) -> dict[str, str]:
    """Words and data of the buttons under a message, as the emulator has kept them."""
    return {b["text"]: b["callback_data"] for row in message["reply_markup"]["inline_keyboard"] for b in row}


def said(emulator: Emulator, chat: int, text: str) -> str:
    """A command by the chat's own person, or in the group by a member; the answer."""
    known = len(emulator.shown(chat))
    emulator.say(chat, text, **who(chat))
    return str(wait_until(lambda: emulator.shown(chat)[known:], f"an answer to {text}")[0]["text"])


def test_each_is_told_once_and_every_delivery_is_settled(desk: Desk, emulator: Emulator) -> None:
    for chat in (ADMIN, READER, GROUP):
        assert len(alerts(emulator, chat)) == 1
    waits = "SELECT count(*) FROM notifications WHERE state IN ('queued', 'leased')"
    wait_until(lambda: desk.count(waits) == 0, "the outbox empties")
    settled = desk.rows("SELECT recipient_id, state, message_id FROM notifications ORDER BY recipient_id")
    by_chat = {f"telegram:{c}": str(alerts(emulator, c)[0]["id"]) for c in (ADMIN, READER, GROUP)}
    assert settled == [(recipient, "sent", by_chat[recipient]) for recipient in sorted(by_chat)]
    wait_until(lambda: {ADMIN, READER, GROUP} <= set(emulator.pictures), "the pictures follow")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("/status", "Aftershock is watching"),
        ("/help", "/alerts"),
        ("/alerts", "Alerts, last 7 days"),
        ("/alerts NVDA", "Nvidia (NVDA) −13.0\xa0%"),
        ("/why", "why ai-model-shock fired"),
        ("/incident", "Status"),
        ("/news", "DeepSeek"),
        ("/rules", "ai-model-shock"),
        ("/watch NVDA", "only alerts on NVDA"),
        ("/mywatch", "Alerts here: NVDA"),
        ("/quiet 22-7 europe/paris", "Quiet from 22:00"),
        ("/quiet off", "No quiet hours"),
        ("/severity high", "high and above"),
    ],
)
def test_commands_are_answered(desk: Desk, emulator: Emulator, asked: str, answered: str) -> None:
    assert answered in said(emulator, READER, asked)


def test_a_member_of_a_group_may_look_and_not_choose(desk: Desk, emulator: Emulator) -> None:
    assert "Aftershock is watching" in said(emulator, GROUP, "/status@TestNameBot")
    assert "Nvidia (NVDA) −13.0\xa0%" in said(emulator, GROUP, "/alerts")
    assert "admin" in said(emulator, GROUP, "/stop")


@pytest.mark.parametrize("chat", [READER, GROUP])
def test_buttons_work_as_the_emulator_keeps_them(desk: Desk, emulator: Emulator, chat: int) -> None:
    message = alerts(emulator, chat)[0]
    number, offered = int(message["id"]), buttons(message)
    assert len(offered) == 7
    assert all(len(data.encode()) <= 64 for data in offered.values())
    known, before = len(emulator.shown(chat)), len(emulator.answered)
    emulator.press(chat, number, offered["Why"], **who(chat))
    new = wait_until(lambda: emulator.shown(chat)[known:], "an answer to the button")
    assert "fired" in new[0]["text"]
    assert json.loads(new[0]["reply_parameters"])["message_id"] == number
    wait_until(lambda: chat in emulator.pictures, "the alert's own picture")
    pictures = emulator.pictures.count(chat)
    emulator.press(chat, number, offered["Chart"], **who(chat))
    wait_until(lambda: emulator.pictures.count(chat) > pictures, "a picture")
    emulator.press(chat, number, offered["Not AI"], **who(chat))
    wait_until(lambda: len(emulator.answered) >= before + 3, "every press is answered")
    person = who(chat).get("user", chat)
    assert desk.rows("SELECT verdict FROM verdicts WHERE person = ?", f"telegram:{person}") == [("not ai",)]


async def test_an_edit_arrives_in_place_and_keeps_its_buttons(emulator: Emulator) -> None:
    notifier = TelegramNotifier(Secret(TOKEN), base_url=emulator.url)
    first = replace(notification("a", "telegram:555"), incident="20250127-1")
    message = await notifier.send(Outgoing(first, 1))
    edit = replace(first, id="b", edits=first.id, summary=summary("now worse"))
    assert await notifier.send(Outgoing(edit, 1, edits_message=message)) == message
    await notifier.close()
    shown = await asyncio.to_thread(emulator.shown, 555)
    assert [m["text"] for m in shown] == ["<b>now worse</b>\n\n<i>Not investment advice.</i>"]
    assert len(shown[0]["reply_markup"]["inline_keyboard"]) == 2
    assert "editMessageText" in emulator.own


def test_everything_kept_is_markup_that_telegram_would_take(desk: Desk, emulator: Emulator) -> None:
    kept = [m for chat in (ADMIN, READER, GROUP) for m in emulator.shown(chat)]
    marked = [m for m in kept if m.get("parse_mode") == "HTML"]
    assert [m for m in marked if "What happened" in m["text"]]
    for message in marked:
        text, _ = parse(message["text"])
        assert 0 < len(text) <= 4096
    for message in kept:
        assert json.loads(message["link_preview_options"]) == {"is_disabled": True}


def test_stop_ends_it(desk: Desk, emulator: Emulator) -> None:
    assert "No more alerts here" in said(emulator, READER, "/stop")
    assert "send /start first" in said(emulator, READER, "/mywatch")


def test_the_shim_answered_only_what_the_emulator_does_not_know(desk: Desk, emulator: Emulator) -> None:
    assert emulator.own <= OWN
    assert {"getUpdates", "sendMessage", "deleteWebhook", "getMe"} <= emulator.own
    assert emulator.by_shim <= BY_SHIM
