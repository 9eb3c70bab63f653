"""Pictures follow their message, and nothing about them concerns the message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.adapters.notifiers.telegram import TelegramNotifier, photos
from bot.core.model import Notification
from bot.core.secret import Secret
from tests.delivery.makers import notification, outgoing
from tests.servers.botapi import TOKEN, BotApi
from tests.waiting import PATIENCE, eventually

PNG = b"\x89PNG\r\n\x1a\nnot really"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "QUIET", 0.0)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


class Album:
    """Pictures as told, counting how often they were asked for."""

    def __init__(self, *pictures: bytes, error: Exception | None = None) -> None:
        self.pictures = pictures
        self.error = error
        self.asked: list[str] = []

    async def __call__(self, of: Notification) -> Sequence[bytes]:
        self.asked.append(of.announcement)
        if self.error:
            raise self.error
        return self.pictures


@asynccontextmanager
async def telegram_with(api: BotApi, album: Album) -> AsyncIterator[TelegramNotifier]:
    notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5, pictures=album)
    try:
        yield notifier
    finally:
        await notifier.close()


async def until_sent(api: BotApi, method: str, count: int = 1) -> None:
    await eventually(lambda: len([c for c in api.calls if c.method == method]) >= count, method)


async def test_a_picture_answers_its_message_without_a_sound(api: BotApi) -> None:
    async with telegram_with(api, Album(PNG)) as telegram:
        message = await telegram.send(outgoing(notification("a", "telegram:-100123/7")))
        await until_sent(api, "sendPhoto")
        text, photo = api.messages(-100123)
        assert (text.id, photo.reply_to, photo.thread, photo.photo) == (int(message), int(message), 7, True)
        (call,) = [c for c in api.calls if c.method == "sendPhoto"]
        assert call.params["disable_notification"] is True


async def test_two_pictures_go_as_one_album(api: BotApi) -> None:
    async with telegram_with(api, Album(PNG, PNG + b"2")) as telegram:
        message = await telegram.send(outgoing(notification("a", "telegram:1")))
        await until_sent(api, "sendMediaGroup")
        assert [(m.photo, m.reply_to) for m in api.messages(1)] == [
            (False, None),
            (True, int(message)),
            (True, int(message)),
        ]


async def test_many_readers_of_one_alert_cost_one_drawing_and_one_upload(api: BotApi) -> None:
    album = Album(PNG)
    async with telegram_with(api, album) as telegram:
        for chat in (1, 2, 3):
            await telegram.send(outgoing(notification("a", f"telegram:{chat}")))
        await until_sent(api, "sendPhoto", 3)
        assert album.asked == ["a"]
        sent = [c.params["photo"] for c in api.calls if c.method == "sendPhoto"]
        assert [isinstance(photo, str) and photo.startswith("file-") for photo in sent] == [False, True, True]


async def test_an_edit_and_a_message_without_a_picture_are_followed_by_none(api: BotApi) -> None:
    album = Album()
    async with telegram_with(api, album) as telegram:
        message = await telegram.send(outgoing(notification("a", "telegram:1")))
        await telegram.send(outgoing(notification("b", "telegram:1", edits="x"), edits=message))
        await eventually(lambda: album.asked)
        await asyncio.sleep(0.05)
        assert album.asked == ["a"]
        assert {c.method for c in api.calls} == {"sendMessage", "editMessageText"}


async def test_a_picture_that_fails_leaves_the_message_and_those_after_it_alone(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    async with telegram_with(api, Album(error=RuntimeError(f"no ink for {TOKEN}"))) as telegram:
        with caplog.at_level(logging.WARNING):
            assert await telegram.send(outgoing(notification("a", "telegram:1")))
            assert await telegram.send(outgoing(notification("b", "telegram:1")))
            await eventually(lambda: "a picture could not be sent to telegram:1" in caplog.text)
        assert len(api.messages(1)) == 2
        assert "a picture could not be sent to telegram:1" in caplog.text
        assert TOKEN not in caplog.text


async def test_the_end_does_not_wait_for_pictures(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "QUIET", 60.0)
    async with telegram_with(api, Album(PNG)) as telegram:
        await telegram.send(outgoing(notification("a", "telegram:1")))
        await asyncio.sleep(0.05)
        async with asyncio.timeout(PATIENCE):
            await telegram.close()
        assert [c.method for c in api.calls] == ["sendMessage"]
