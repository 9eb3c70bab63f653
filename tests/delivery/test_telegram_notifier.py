"""The Telegram notifier against an emulated Bot API, over real HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.core.errors import DeliveryError, UsageError
from bot.core.model import Block, BlockKind, Link, Summary
from bot.core.model.unsent import CancelledUnsent
from bot.core.secret import Secret
from tests.delivery.makers import notification, outgoing, summary
from tests.servers.botapi import TOKEN, BotApi

PAGES = "https://desk.example/pages"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


@pytest.fixture
async def telegram(api: BotApi) -> AsyncIterator[TelegramNotifier]:
    notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5)
    yield notifier
    await notifier.close()


@pytest.fixture
async def linked(api: BotApi) -> AsyncIterator[TelegramNotifier]:
    """One that knows where the pages are."""
    notifier = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5, pages=PAGES)
    yield notifier
    await notifier.close()


async def failing(telegram: TelegramNotifier, recipient: str = "telegram:1", **kwargs: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await telegram.send(outgoing(notification("a", recipient), **kwargs))
    assert TOKEN not in str(caught.value)
    return caught.value


async def test_a_message_arrives_formatted_without_link_preview(api: BotApi, telegram: TelegramNotifier) -> None:
    message_id = await telegram.send(outgoing(notification("a", "telegram:42")))
    (message,) = api.messages(42)
    assert str(message.id) == message_id
    assert message.text == "a for telegram:42\n\nNot investment advice."
    assert [e.type for e in message.entities] == ["bold", "italic"]
    (call,) = api.calls
    assert call.params["parse_mode"] == "HTML"
    assert call.params["link_preview_options"] == {"is_disabled": True}


async def test_a_topic_of_a_group_is_written_to(api: BotApi, telegram: TelegramNotifier) -> None:
    await telegram.send(outgoing(notification("a", "telegram:-100123/7")))
    (message,) = api.messages(-100123)
    assert message.thread == 7


async def test_an_answer_points_at_its_message_and_goes_even_where_that_is_gone(
    api: BotApi, telegram: TelegramNotifier
) -> None:
    first = await telegram.send(outgoing(notification("a")))
    await telegram.send(outgoing(notification("b"), replies=first))
    await telegram.send(outgoing(notification("c"), replies="999999"))
    assert [m.reply_to for m in api.messages(1)] == [None, int(first), None]


async def test_an_edit_changes_the_message_in_place(api: BotApi, telegram: TelegramNotifier) -> None:
    first = await telegram.send(outgoing(notification("a")))
    note = notification("b", edits="x")
    assert await telegram.send(outgoing(note, edits=first)) == first
    (message,) = api.messages(1)
    assert message.edits == 1
    assert message.text.startswith("b for")


async def test_an_edit_that_changes_nothing_counts_as_done(api: BotApi, telegram: TelegramNotifier) -> None:
    first = await telegram.send(outgoing(notification("a")))
    assert await telegram.send(outgoing(notification("a", edits="x"), edits=first)) == first
    assert api.calls[-1].status == 400


async def test_an_edit_of_a_message_that_is_gone_is_given_up(api: BotApi, telegram: TelegramNotifier) -> None:
    error = await failing(telegram, edits="4711")
    assert error.permanent
    assert "to edit not found" in str(error)


async def test_an_edit_whose_message_was_never_sent_is_given_up_without_a_request(
    api: BotApi, telegram: TelegramNotifier
) -> None:
    with pytest.raises(DeliveryError) as caught:
        await telegram.send(outgoing(notification("a", edits="x")))
    assert caught.value.permanent
    assert api.calls == []


async def test_markup_telegram_refuses_goes_once_more_as_plain_text(api: BotApi, telegram: TelegramNotifier) -> None:
    api.fault("400", description="Bad Request: can't parse entities: Unsupported start tag")
    await telegram.send(outgoing(notification("a")))
    assert [c.params.get("parse_mode") for c in api.calls] == ["HTML", None]
    (message,) = api.messages(1)
    assert message.text == "a for telegram:1\n\nNot investment advice."


async def test_plain_text_that_is_refused_too_is_given_up(api: BotApi, telegram: TelegramNotifier) -> None:
    api.fault("400", times=5)
    error = await failing(telegram)
    assert error.permanent
    assert len(api.calls) == 2


def page_buttons(api: BotApi) -> list[list[str]]:
    """The addresses that the buttons of each message open, one list a call."""
    rows = [(call.params.get("reply_markup") or {}).get("inline_keyboard") or [] for call in api.calls]
    return [[button["url"] for row in found for button in row if "url" in button] for found in rows]


async def test_a_button_opens_the_incidents_page_where_the_pages_have_an_address(
    api: BotApi, telegram: TelegramNotifier, linked: TelegramNotifier
) -> None:
    for notifier in (telegram, linked):
        await notifier.send(outgoing(notification("a", incident="20250127-1")))
    assert page_buttons(api) == [[], [f"{PAGES}/incident/20250127-1"]]


async def test_an_incident_whose_name_does_not_fit_an_address_has_no_such_button(
    api: BotApi, linked: TelegramNotifier
) -> None:
    await linked.send(outgoing(notification("a", incident="2025.1")))
    assert page_buttons(api) == [[]]


async def test_an_address_that_telegram_refuses_costs_no_message(api: BotApi, caplog: pytest.LogCaptureFixture) -> None:
    telegram = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=0.5, pages="https://desk")
    for name in ("a", "b"):
        await telegram.send(outgoing(notification(name, incident="20250127-1")))
    await telegram.close()
    assert len(api.messages(1)) == 2
    assert [len(found) for found in page_buttons(api)] == [1, 0, 0]
    assert caplog.text.count("Telegram takes no button") == 1


async def test_the_longest_and_nastiest_summary_is_accepted(api: BotApi, telegram: TelegramNotifier) -> None:
    nasty = "<b>&'\"@x 😀\u202e\ud800" * 900
    blocks = tuple(
        Block(str(kind), kind, i, nasty[:50], ((nasty, Link(nasty[:90], "https://e.org/?\"'<>")),), ((nasty, "1"),) * 9)
        for i, kind in enumerate(BlockKind)
    )
    await telegram.send(outgoing(notification("a", summary=Summary(blocks, nasty))))
    assert [c.status for c in api.calls] == [200]


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("429", {"retry_after": 7}, {"retry_after": timedelta(seconds=7)}),
        ("flood_plain", {}, {"channel": True}),
        ("400", {"description": "Bad Request: message is too long"}, {"permanent": True}),
        ("400", {"description": "Bad Request: chat not found"}, {"permanent": True, "forbidden": True}),
        (
            "400",
            {"description": "Bad Request: not enough rights to send text messages to the chat"},
            {"permanent": True, "forbidden": True},
        ),
        ("400", {"description": "Bad Request: TOPIC_CLOSED"}, {"permanent": True, "forbidden": True}),
        ("401", {}, {"permanent": True, "channel": True}),
        ("403", {}, {"permanent": True, "forbidden": True}),
        ("404", {}, {"permanent": True, "channel": True}),
        ("500", {}, {}),
        ("502", {}, {"unknown": True, "channel": True}),
        ("503", {}, {"channel": True}),
        ("504", {}, {"unknown": True, "channel": True}),
        ("cut_before", {}, {"unknown": True, "channel": True}),
        ("cut_after", {}, {"unknown": True, "channel": True}),
        ("slow", {"seconds": 2}, {"unknown": True}),
        ("stall", {"seconds": 2}, {"unknown": True}),
        ("malformed", {}, {"unknown": True, "channel": True}),
        ("html", {}, {"unknown": True, "channel": True}),
    ],
)
async def test_each_failure_means_what_it_means(
    api: BotApi, telegram: TelegramNotifier, kind: str, options: dict[str, object], expected: dict[str, object]
) -> None:
    api.fault(kind, **options)
    error = await failing(telegram)
    meaning = {
        "permanent": error.permanent,
        "retry_after": error.retry_after,
        "unknown": error.unknown,
        "channel": error.channel,
        "forbidden": error.forbidden,
        "moved_to": error.moved_to,
    }
    nothing = {
        "permanent": False,
        "retry_after": None,
        "unknown": False,
        "channel": False,
        "forbidden": False,
        "moved_to": None,
    }
    assert meaning == nothing | expected
    assert len(api.calls) == 1
    without_answer = kind.startswith("cut") or kind in ("slow", "stall")
    assert (error.status is None) == without_answer, "an answer, be it an error, shows that Telegram is within reach"


async def test_a_migrated_group_tells_its_new_recipient_id_topic_included(
    api: BotApi, telegram: TelegramNotifier
) -> None:
    api.fault("migrate", to=-100999)
    error = await failing(telegram, "telegram:-55/3")
    assert error.moved_to == "telegram:-100999/3"


@pytest.mark.parametrize("words", ["TOPIC_CLOSED", "TOPIC_DELETED", "message thread not found"])
async def test_a_topic_that_takes_nothing_names_its_group_instead(
    api: BotApi, telegram: TelegramNotifier, words: str
) -> None:
    api.fault("400", description=f"Bad Request: {words}")
    error = await failing(telegram, "telegram:-100123/7")
    assert (error.instead, error.forbidden) == ("telegram:-100123", False)


@pytest.mark.parametrize("kind", ["502", "cut_before", "cut_after", "malformed", "stall"])
async def test_an_edit_is_never_in_doubt_because_it_may_be_repeated(
    api: BotApi, telegram: TelegramNotifier, kind: str
) -> None:
    first = await telegram.send(outgoing(notification("a")))
    api.fault(kind, "editMessageText", seconds=2)
    note = notification("b", edits="x")
    with pytest.raises(DeliveryError) as caught:
        await telegram.send(outgoing(note, edits=first))
    assert (caught.value.unknown, caught.value.permanent) == (False, False)
    assert await telegram.send(outgoing(note, edits=first)) == first


async def test_a_refused_connection_is_simply_tried_again() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    notifier = TelegramNotifier(Secret(TOKEN), base_url=url, timeout=0.5)
    error = await failing(notifier)
    assert (error.permanent, error.unknown) == (False, False)
    await notifier.close()


@contextmanager
def full_house() -> Iterator[str]:
    """The address of a server so busy that connecting to it hangs: its queue of connections is full."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for guest in (first, second):
            guest.setblocking(False)
            guest.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def test_what_hangs_while_connecting_has_not_been_sent_and_may_be_tried_again() -> None:
    with full_house() as url:
        notifier = TelegramNotifier(Secret(TOKEN), base_url=url, timeout=0.3)
        error = await failing(notifier)
        assert (error.permanent, error.unknown) == (False, False)
        sending = asyncio.create_task(notifier.send(outgoing()))
        await asyncio.sleep(0.1)
        sending.cancel()
        with pytest.raises(CancelledUnsent):
            await sending
        await notifier.close()


async def test_cancelled_while_waiting_for_the_answer_it_does_not_claim_to_be_unsent(
    api: BotApi, telegram: TelegramNotifier
) -> None:
    api.fault("stall", seconds=2)
    sending = asyncio.create_task(telegram.send(outgoing()))
    await api.until(lambda: api.messages(1))
    sending.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await sending
    assert not isinstance(caught.value, CancelledUnsent)


async def test_many_at_once_do_not_confuse_what_happened_to_which(api: BotApi, telegram: TelegramNotifier) -> None:
    api.fault("cut_after", chat=3)
    api.fault("403", chat=5)
    results = await asyncio.gather(
        *(telegram.send(outgoing(notification("a", f"telegram:{i}"))) for i in range(1, 9)), return_exceptions=True
    )
    wrong = {i + 1: r for i, r in enumerate(results) if isinstance(r, BaseException)}
    assert set(wrong) == {3, 5}
    assert isinstance(wrong[3], DeliveryError)
    assert wrong[3].unknown
    assert isinstance(wrong[5], DeliveryError)
    assert wrong[5].forbidden


async def test_a_recipient_id_that_is_no_chat_is_given_up(api: BotApi, telegram: TelegramNotifier) -> None:
    assert (await failing(telegram, "telegram:ada")).permanent
    assert api.calls == []


async def test_the_check_names_the_bot_or_says_the_token_is_wrong(api: BotApi, telegram: TelegramNotifier) -> None:
    assert await telegram.check() == "aftershock_test_bot"
    stranger = TelegramNotifier(Secret("1:wrong-token-wrong-token"), base_url=api.url + "/bot")
    with pytest.raises(DeliveryError) as caught:
        await stranger.check()
    assert caught.value.permanent
    assert "wrong-token" not in str(caught.value)
    await stranger.close()


def test_without_a_token_it_says_how_to_give_one() -> None:
    with pytest.raises(UsageError, match="TELEGRAM_BOT_TOKEN"):
        TelegramNotifier(Secret("  "))


def test_the_summary_used_here_is_the_one_shown() -> None:
    assert summary("x").subject == "x"
