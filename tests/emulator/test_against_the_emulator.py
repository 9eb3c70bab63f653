"""The running bot against an emulator of the Bot API that others wrote, for the methods it has; see ``shim``."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.telegram import TelegramNotifier
from bot.core.model import Outgoing
from bot.core.secret import Secret
from tests.delivery.makers import notification, summary
from tests.e2e.desk import ADMIN, GROUP, READER, Desk, opened, until
from tests.emulator.shim import TOKEN, Emulator, running
from tests.npm import MissingError, installed

HERE = Path(__file__).parent


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
        until(
            lambda: all(emulator.shown(c) for c in (ADMIN, READER, GROUP)),
            20,
            "all answered",
            lambda: made.bots[-1].log,
        )
        made.tell_news()
        made.fall({"NVDA": -0.13, "AVGO": -0.12})
        until(lambda: all(alerts(emulator, c) for c in (ADMIN, READER, GROUP)), 15, "alerts", lambda: made.bots[-1].log)
        yield made


def alerts(emulator: Emulator, chat: int) -> list[dict[str, object]]:
    return [m for m in emulator.shown(chat) if "What happened" in str(m["text"]) and "reply_markup" in m]


def said(emulator: Emulator, chat: int, text: str) -> str:
    known = len(emulator.shown(chat))
    emulator.say(chat, text)
    return str(until(lambda: emulator.shown(chat)[known:], 10, f"an answer to {text}")[0]["text"])


def test_each_is_told_once_and_every_delivery_is_settled(desk: Desk, emulator: Emulator) -> None:
    for chat in (ADMIN, READER, GROUP):
        assert len(alerts(emulator, chat)) == 1
    waits = "SELECT count(*) FROM notifications WHERE state IN ('queued', 'leased')"
    until(lambda: desk.count(waits) == 0, 10, "the outbox empties")
    assert desk.count("SELECT count(*) FROM notifications WHERE state IN ('unknown', 'failed')") == 0


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("/status", "Aftershock is watching"),
        ("/help", "/alerts"),
        ("/alerts NVDA", "NVDA −13.0 %"),
        ("/why", "why ai-model-shock fired"),
        ("/incident", "How it stands"),
        ("/news", "DeepSeek"),
        ("/rules", "ai-model-shock"),
        ("/watch NVDA", "only where they touch NVDA"),
        ("/mywatch", "hears of NVDA"),
        ("/quiet 22-7 europe/paris", "Quiet from 22:00"),
        ("/quiet off", "No quiet hours"),
        ("/severity high", "from high on"),
    ],
)
def test_commands_are_answered(desk: Desk, emulator: Emulator, asked: str, answered: str) -> None:
    assert answered in said(emulator, READER, asked)


def test_buttons_work_as_the_emulator_keeps_them(desk: Desk, emulator: Emulator) -> None:
    message = alerts(emulator, READER)[0]
    rows = message["reply_markup"]["inline_keyboard"]  # type: ignore[index]
    by_words = {button["text"]: button["callback_data"] for row in rows for button in row}
    known, before = len(emulator.shown(READER)), len(emulator.answered)
    emulator.press(READER, int(str(message["id"])), by_words["Why"])
    new = until(lambda: emulator.shown(READER)[known:], 10, "an answer to the button")
    assert "fired" in str(new[0]["text"])
    emulator.press(READER, int(str(message["id"])), by_words["Not AI"])
    until(lambda: len(emulator.answered) >= before + 2, 10, "both presses are answered")
    assert desk.rows("SELECT person, verdict FROM verdicts") == [(f"telegram:{READER}", "not ai")]


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


def test_stop_ends_it(desk: Desk, emulator: Emulator) -> None:
    assert "No more alerts here" in said(emulator, READER, "/stop")
    assert "sendMessage" not in emulator.by_shim
