"""Messages with their pictures in them: rich ones, captioned ones, and what becomes of them where Telegram refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from bot.adapters.notifiers.telegram import TelegramNotifier, notifier, photos
from bot.app.run.notifiers import telegram_notifier
from bot.config.settings.model import Settings, Telegram
from bot.core.errors import DeliveryError
from bot.core.model import Block, BlockKind, Notification, NumberForm, Reason, Recipient, Style, Summary
from bot.core.model.unsent import CancelledUnsent
from bot.core.secret import Secret
from bot.render import html
from bot.render.limits import CAPTION_LIMIT
from tests.delivery.makers import notification, outgoing, summary
from tests.delivery.test_telegram_photos import PNG, Album, until_sent
from tests.servers.botapi import TOKEN, BotApi
from tests.waiting import eventually

LONG = Summary((*summary().blocks, Block("more", BlockKind.FACTS, 50, "More", (("word " * 300,),))), "long")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "QUIET", 0.0)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


@asynccontextmanager
async def telegram(api: BotApi, album: Album | None = None, *rich: str) -> AsyncIterator[TelegramNotifier]:
    """A notifier whose recipients ``rich`` have chosen rich messages; all, if none is named."""

    def style(recipient: str) -> Style:
        return Style.RICH if not rich or recipient in rich else Style.CLASSIC

    made = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5, pictures=album, style=style)
    try:
        yield made
    finally:
        await made.close()


def methods(api: BotApi) -> list[str]:
    return [call.method for call in api.calls]


async def test_a_rich_message_has_its_pictures_and_buttons_in_it(api: BotApi) -> None:
    async with telegram(api, Album(PNG, PNG + b"2")) as bot:
        message = await bot.send(outgoing(notification("a", "telegram:-100123/7", incident="i1")))
        (sent,) = api.messages(-100123)
        assert (str(sent.id), sent.thread) == (message, 7)
        assert sent.rich is not None
        assert sent.rich.kinds == ["heading", "photo", "photo", "footer"]
        assert len(sent.buttons) == 7
        await asyncio.sleep(0.05)
        assert methods(api) == ["sendRichMessage"]


async def test_an_edit_replaces_text_and_pictures_at_once(api: BotApi) -> None:
    async with telegram(api, album := Album(PNG)) as bot:
        message = await bot.send(outgoing(notification("a")))
        album.pictures = (PNG + b"later",)
        assert await bot.send(outgoing(notification("b", edits="x"), edits=message)) == message
        (sent,) = api.messages(1)
        assert sent.edits == 1
        assert sent.rich is not None
        assert sent.rich.lines[0] == "b for telegram:1"
        assert methods(api) == ["sendRichMessage", "editMessageText"]
        assert album.asked == ["a", "b"]
        assert await bot.send(outgoing(notification("c"), replies=message))
        assert api.messages(1)[-1].reply_to == int(message)


async def test_only_those_who_chose_it_get_it(api: BotApi) -> None:
    async with telegram(api, None, "telegram:2") as bot:
        for chat in (1, 2):
            await bot.send(outgoing(notification("a", f"telegram:{chat}")))
    assert [api.messages(chat)[0].rich is not None for chat in (1, 2)] == [False, True]


async def test_a_server_without_rich_messages_gets_classic_ones_and_is_asked_once(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.knows_rich = False
    async with telegram(api, Album(PNG)) as bot:
        first = await bot.send(outgoing(notification("a")))
        await bot.send(outgoing(notification("b")))
        await bot.send(outgoing(notification("c", edits="x"), edits=first))
        await until_sent(api, "sendPhoto", 2)
    assert [m for m in methods(api) if m != "sendPhoto"] == [
        "sendRichMessage",
        "sendMessage",
        "sendMessage",
        "editMessageText",
    ]
    assert [m.text[:1] for m in api.messages(1) if not m.photo] == ["c", "b"]
    assert caplog.text.count("has no rich messages") == 1


@pytest.mark.parametrize("words", ["Block is not allowed", "RICH_MESSAGE_CONTENT_REQUIRED", "not enough rights"])
async def test_a_refused_rich_message_goes_once_as_a_classic_one(api: BotApi, words: str) -> None:
    api.fault("400", "sendRichMessage", description=f"Bad Request: {words}")
    async with telegram(api) as bot:
        await bot.send(outgoing(notification("a")))
        await bot.send(outgoing(notification("b")))
    assert methods(api) == ["sendRichMessage", "sendMessage", "sendRichMessage"]
    assert [m.rich is not None for m in api.messages(1)] == [False, True]


async def test_a_refused_rich_edit_edits_the_text(api: BotApi) -> None:
    async with telegram(api) as bot:
        message = await bot.send(outgoing(notification("a")))
        api.fault("400", "editMessageText", description="Bad Request: Block is not allowed")
        await bot.send(outgoing(notification("b", edits="x"), edits=message))
    (sent,) = api.messages(1)
    assert sent.rich is None
    assert sent.text.startswith("b for")


@pytest.mark.parametrize("kind", ["cut_after", "stall", "malformed", "500", "502", "429", "403", "401", "migrate"])
async def test_no_other_failure_is_a_reason_for_a_second_message(api: BotApi, kind: str) -> None:
    api.fault(kind, "sendRichMessage", seconds=2.0, to=-1009)
    async with telegram(api) as bot:
        with pytest.raises(DeliveryError) as classic_or_not:
            await bot.send(outgoing(notification("a")))
    assert methods(api) == ["sendRichMessage"]
    async with telegram(api, None, "telegram:2") as bot:
        api.fault(kind, "sendMessage", seconds=2.0, to=-1009)
        with pytest.raises(DeliveryError) as classic:
            await bot.send(outgoing(notification("a")))
    now, then = classic_or_not.value, classic.value
    for outcome in ("permanent", "unknown", "channel", "forbidden", "retry_after", "moved_to"):
        assert getattr(now, outcome) == getattr(then, outcome), outcome


async def test_a_message_does_not_wait_long_for_its_pictures(
    api: BotApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notifier, "PICTURE_WAIT", 0.05)

    class Never(Album):
        async def __call__(self, of: Notification) -> Sequence[bytes]:
            await asyncio.sleep(60)
            return ()

    for album in (Never(), Album(error=RuntimeError(f"no ink for {TOKEN}"))):
        async with telegram(api, album) as bot:
            with caplog.at_level(logging.WARNING):
                await bot.send(outgoing(notification("a")))
    assert [m.rich is not None and m.rich.media == [] for m in api.messages(1)] == [True, True]
    assert caplog.text.count("goes without its pictures") == 2
    assert TOKEN not in caplog.text


async def test_stopped_while_drawing_nothing_was_sent(api: BotApi) -> None:
    class Never(Album):
        async def __call__(self, of: Notification) -> Sequence[bytes]:
            self.asked.append(of.announcement)
            await asyncio.sleep(60)
            return ()

    album = Never()
    async with telegram(api, album) as bot:
        sending = asyncio.create_task(bot.send(outgoing(notification("a"))))
        await eventually(lambda: album.asked)
        sending.cancel()
        with pytest.raises(CancelledUnsent):
            await sending
    assert api.calls == []


def test_what_a_chat_chose_goes_before_what_is_configured() -> None:
    settings = Settings(watchlist={}, telegram=Telegram(style=Style.RICH))
    chosen = [
        Recipient("telegram:1", "telegram", style=Style.CLASSIC),
        Recipient("telegram:2", "telegram"),
    ]
    style = telegram_notifier(settings, Secret(TOKEN), lambda: chosen).style
    assert [style(f"telegram:{chat}") for chat in (1, 2, 3)] == [Style.CLASSIC, Style.RICH, Style.RICH]
    assert telegram_notifier(Settings(watchlist={}), Secret(TOKEN)).style("telegram:1") is Style.CLASSIC
    numbers = telegram_notifier(
        Settings(watchlist={}, numbers="1 234,5"),
        Secret(TOKEN),
        lambda: [Recipient("telegram:1", "telegram", numbers=NumberForm.POINT)],
    ).numbers
    assert [numbers(f"telegram:{chat}") for chat in (1, 2)] == [NumberForm.POINT, NumberForm.SPACE]


# ---------------------------------------------------------------------------------------------------------- captions


async def test_a_follow_up_that_fits_stands_below_its_only_picture(api: BotApi) -> None:
    async with telegram(api, Album(PNG), "nobody") as bot:
        message = await bot.send(outgoing(notification("a", reason=Reason.FOLLOW_UP, incident="i1")))
        (sent,) = api.messages(1)
        assert (str(sent.id), sent.photo, sent.text) == (message, True, "a for telegram:1\n\nNot investment advice.")
        assert len(sent.buttons) == 7
        await asyncio.sleep(0.05)
        assert methods(api) == ["sendPhoto"]


@pytest.mark.parametrize(
    ("pictures", "reason", "shown"),
    [
        ((PNG, PNG), Reason.FOLLOW_UP, summary()),  # an album has no buttons
        ((), Reason.FOLLOW_UP, summary()),
        ((PNG,), Reason.FOLLOW_UP, LONG),
        ((PNG,), Reason.FIRST, summary()),  # it grows by edits
    ],
)
async def test_what_does_not_fit_is_text_with_its_pictures_after_it(
    api: BotApi, pictures: tuple[bytes, ...], reason: Reason, shown: Summary
) -> None:
    async with telegram(api, Album(*pictures), "nobody") as bot:
        await bot.send(outgoing(notification("a", reason=reason, summary=shown)))
        if pictures:
            await until_sent(api, "sendPhoto" if len(pictures) == 1 else "sendMediaGroup")
    first, *rest = api.messages(1)
    assert not first.photo
    assert [m.photo for m in rest] == [True] * len(pictures)


async def test_a_refused_picture_does_not_cost_the_text(api: BotApi) -> None:
    api.fault("400", "sendPhoto", description="Bad Request: not enough rights to send photos to the chat")
    async with telegram(api, Album(PNG), "nobody") as bot:
        await bot.send(outgoing(notification("a", reason=Reason.FOLLOW_UP)))
    assert methods(api)[:2] == ["sendPhoto", "sendMessage"]


async def test_an_edit_whose_markup_is_refused_stays_text(api: BotApi) -> None:
    async with telegram(api, Album(PNG), "nobody") as bot:
        message = await bot.send(outgoing(notification("a")))
        api.fault("400", "editMessageText")
        await bot.send(outgoing(notification("b", edits="x"), edits=message))
    assert (api.messages(1)[0].text[:1], api.messages(1)[0].parse_mode) == ("b", "HTML")
    assert api.messages(1)[0].entities == []


async def test_a_caption_and_its_picture_are_edited_at_once(api: BotApi) -> None:
    async with telegram(api, album := Album(PNG), "nobody") as bot:
        message = await bot.send(outgoing(notification("a", reason=Reason.FOLLOW_UP, incident="i1")))
        album.pictures = (PNG + b"later",)
        note = notification("b", edits="x", summary=LONG, incident="i1")
        assert await bot.send(outgoing(note, edits=message)) == message
        (sent,) = api.messages(1)
        assert sent.edits == 1
        assert sent.markup == html(LONG, CAPTION_LIMIT)
        assert len(sent.buttons) == 7
        album.pictures = ()
        await bot.send(outgoing(notification("c", edits="x"), edits=message))
        assert api.messages(1)[0].text.startswith("c for")
    assert methods(api)[-4:] == ["editMessageText", "editMessageMedia", "editMessageText", "editMessageCaption"]
