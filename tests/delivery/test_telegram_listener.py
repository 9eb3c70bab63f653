"""What the bot answers, to whom, and how it listens when Telegram misbehaves; over real HTTP."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from telegram.error import TelegramError

from bot.adapters.notifiers.telegram import Answer, Chat, Permissions, Rights, TelegramListener
from bot.adapters.notifiers.telegram.keyboard import LONGEST, Button, data, keyboard, read
from bot.adapters.notifiers.telegram.permissions import CommandGate, GateDecision
from bot.adapters.notifiers.telegram.updates import receive
from bot.app.chat.commands import COMMANDS
from bot.core.errors import StoreBusyError
from bot.core.model import Reason, SourceReport, Summary, Trouble
from bot.core.secret import Secret
from tests.delivery.makers import RealClock, notification, summary
from tests.servers.botapi import TOKEN, BotApi
from tests.waiting import PATIENCE, allowed, eventually

OWNER, FRIEND, STRANGER, GROUP = 10, 20, 66, -1001234567890123
ACCESS = Permissions(admins=frozenset({OWNER}), allow=frozenset({FRIEND, GROUP}))


class FakeAudience:
    commands = COMMANDS

    def __init__(self) -> None:
        self.receiving: dict[str, Chat] = {}
        self.told_status: Summary | str = summary("All <well>")
        self.presses: list[tuple[int | None, str, str]] = []
        self.joined: list[int] = []
        self.broken = False
        self.defective = False
        self.moves: list[tuple[int, int]] = []
        self.unread: list[int] = []

    def subscribe(self, chat: Chat) -> None:
        if self.broken:
            raise StoreBusyError("locked")
        self.receiving[chat.recipient] = chat

    def unsubscribe(self, chat: Chat) -> None:
        self.receiving.pop(chat.recipient, None)

    def removed(self, chat: Chat) -> None:
        self.receiving.pop(chat.recipient, None)

    async def answer(self, chat: Chat, command: str, words: str, by: str) -> Answer:
        if self.defective:
            raise RuntimeError("a defect")
        if command == "price":
            return Answer("with a picture", (b"png",))
        if command == "style":
            return Answer("which can be read?", sample=summary("a sample"))
        return Answer(self.told_status if command == "status" else f"{command} of <{words}> for {by}")

    async def pressed(self, chat: Chat, button: Button, incident: str, by: str) -> Answer:
        if self.defective:
            raise RuntimeError("a defect")
        if self.broken:
            raise StoreBusyError("locked")
        self.presses.append((chat.user, button.value, incident))
        return Answer(f"{button.value} of <{incident}> for {by}" + " and so on" * 40)

    def added(self, chat: Chat, by: str, untold: int) -> None:
        self.joined.append(chat.id)

    def moved(self, before: int, after: int) -> None:
        self.moves.append((before, after))

    def unreadable(self, update: int) -> None:
        self.unread.append(update)


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as server:
        yield server


class Scene:
    def __init__(self, api: BotApi) -> None:
        self.api, self.audience, self.reports = api, FakeAudience(), list[SourceReport]()
        self.stop, self.access = asyncio.Event(), ACCESS
        self.listener = TelegramListener(
            Secret(TOKEN),
            self.audience,
            lambda: self.access,
            RealClock(),
            self.reports.append,
            base_url=api.url,
            poll_for=timedelta(seconds=3),
            timeout=1.0,
            first_delay=timedelta(seconds=0.05),
        )

    async def answered(self, chat: int, user: int, text: str, *, thread: int | None = None) -> str:
        """Say something and wait for the one answer."""
        before = len(self.api.texts(chat))
        self.api.say(chat, user, text, thread=thread)
        await self.api.until(lambda: len(self.api.texts(chat)) > before)
        return self.api.texts(chat)[-1]

    async def ignored(self, chat: int, user: int, text: str) -> None:
        """Say something that gets no answer; the owner's next word does."""
        before = len(self.api.texts(chat))
        self.api.say(chat, user, text)
        await self.answered(OWNER, OWNER, "/help")
        assert len(self.api.texts(chat)) == before


@asynccontextmanager
async def listening(api: BotApi) -> AsyncIterator[Scene]:
    scene = Scene(api)
    running = asyncio.create_task(scene.listener.run(scene.stop))
    try:
        yield scene
    finally:
        scene.stop.set()
        await asyncio.wait_for(running, PATIENCE)


async def test_a_chat_on_the_list_receives_after_start_until_stop(api: BotApi) -> None:
    async with listening(api) as scene:
        assert "Alerts will come here" in await scene.answered(FRIEND, FRIEND, "/start")
        assert list(scene.audience.receiving) == [f"telegram:{FRIEND}"]
        assert scene.audience.receiving[f"telegram:{FRIEND}"].title == "Ada"
        assert "No more alerts" in await scene.answered(FRIEND, FRIEND, "/stop")
        assert scene.audience.receiving == {}
        assert "Alerts will come here" in await scene.answered(OWNER, OWNER, "/start")


@pytest.mark.parametrize(
    "nonsense",
    [
        {"message": {"message_id": "x", "chat": 7}},
        {"message": 5},
        {"callback_query": {"id": 1}},
        {"my_chat_member": {"chat": {"id": 1, "type": "private"}, "date": "yesterday"}},
        {"channel_post": []},
    ],
)
async def test_an_update_that_cannot_be_read_is_skipped_and_told_and_deafens_nobody(
    api: BotApi, nonsense: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    api.say(FRIEND, FRIEND, "/start")
    bad = api.update(nonsense)
    api.say(OWNER, OWNER, "/start")
    async with listening(api) as scene:
        await api.until(lambda: len(scene.audience.receiving) == 2)
        again = api.update(nonsense)
        await api.until(lambda: int(api.made("getUpdates")[-1].params.get("offset") or 0) > again)
    assert scene.audience.unread == [bad], "others within the hour are only logged"
    assert f"update {again}" in caplog.text
    async with listening(api) as later:
        await later.answered(OWNER, OWNER, "/help")
    assert later.audience.unread == []


async def test_after_a_failure_the_poll_that_shows_that_it_works_again_waits_for_nobody(api: BotApi) -> None:
    api.fault("409", "getUpdates", times=2)
    async with listening(api) as scene:
        await api.until(lambda: len(api.made("getUpdates")) >= 4)
    assert [str(call.params.get("timeout", 0)) for call in api.made("getUpdates")[:4]] == ["3", "0", "0", "3"]
    assert [report.trouble for report in scene.reports] == [Trouble.FAILED, Trouble.FAILED, Trouble.NONE]


async def test_what_has_no_number_is_left_out_and_nothing_else_is_an_error() -> None:
    class Answering:
        def __init__(self, answer: object) -> None:
            self.answer = answer

        async def _post(self, *_: object, **__: object) -> object:
            return self.answer

    async def received(answer: object) -> list[int]:
        found = await receive(Answering(answer), offset=None, wait=0, allowed=())  # type: ignore[arg-type]
        return [each.id for each in found]

    assert await received([]) == []
    assert await received([{"update_id": "one"}, 7, {"update_id": 3}]) == [3]
    for answer in ([{"update_id": "one"}], [7], True, {"update_id": 1}):
        with pytest.raises(TelegramError):
            await received(answer)


async def test_a_group_that_becomes_a_supergroup_is_known_by_its_new_id(api: BotApi) -> None:
    def said(chat: int, **what: int) -> None:
        described = {"id": chat, "type": "group" if chat > -(10**12) else "supergroup", "title": "Desk"}
        api.update({"message": {"message_id": 1, "date": 1, "chat": described, **what}})

    new = -1000000000055
    async with listening(api) as scene:
        said(-55, migrate_to_chat_id=new)
        said(new, migrate_from_chat_id=-55)
        await api.until(lambda: len(scene.audience.moves) == 2)
    assert scene.audience.moves == [(-55, new)] * 2


async def test_status_and_help_answer_and_unknown_words_are_helped_along(api: BotApi) -> None:
    async with listening(api) as scene:
        assert await scene.answered(FRIEND, FRIEND, "/status") == "All <well>\n\nNot investment advice."
        scene.audience.told_status = "40 feeds & <150> symbols"
        assert await scene.answered(FRIEND, FRIEND, "/status") == "40 feeds & <150> symbols"
        assert "/status" in await scene.answered(FRIEND, FRIEND, "/help")
        assert "/help" in await scene.answered(FRIEND, FRIEND, "/nonsense <b>")
        assert "/help" in await scene.answered(FRIEND, FRIEND, "what is this?")
        assert [c["command"] for c in api.menus["default"]] == [
            c.name for c in COMMANDS if c.rights is not Rights.ADMIN
        ]
        assert [c["command"] for c in api.menus[f"chat {OWNER}"]] == [c.name for c in COMMANDS]


async def test_a_stranger_is_refused_once_and_then_costs_nothing(api: BotApi) -> None:
    async with listening(api) as scene:
        refusal = await scene.answered(STRANGER, STRANGER, "/start")
        assert "private bot" in refusal
        assert str(STRANGER) in refusal, "the owner learns which id to add"
        await scene.ignored(STRANGER, STRANGER, "/start")
        await scene.ignored(STRANGER, STRANGER, "/status")
        assert scene.audience.receiving == {}


async def test_in_a_group_rights_belong_to_the_admin_and_topics_are_their_own_recipients(api: BotApi) -> None:
    async with listening(api) as scene:
        assert "admin" in await scene.answered(GROUP, STRANGER, "/start")
        assert "Alerts" in await scene.answered(GROUP, OWNER, "/start@aftershock_test_bot", thread=7)
        assert api.messages(GROUP)[-1].thread == 7
        assert list(scene.audience.receiving) == [f"telegram:{GROUP}/7"]
        assert "admin" in await scene.answered(GROUP, STRANGER, "/stop")
        await scene.ignored(GROUP, STRANGER, "just talking")
        await scene.ignored(GROUP, STRANGER, "/start@other_bot")


async def test_a_group_that_is_not_on_the_list_is_refused_even_for_the_admin(api: BotApi) -> None:
    async with listening(api) as scene:
        assert "-777" in await scene.answered(-777, OWNER, "/start")
        assert scene.audience.receiving == {}


async def test_somebody_who_blocks_the_bot_receives_no_more(api: BotApi) -> None:
    async with listening(api) as scene:
        await scene.answered(FRIEND, FRIEND, "/start")
        api.block(FRIEND, FRIEND)
        await api.until(lambda: not scene.audience.receiving)


async def test_an_old_button_is_answered(api: BotApi) -> None:
    async with listening(api) as scene:
        api.press(FRIEND, FRIEND, 101, "why:abc")
        await api.until(lambda: api.answers)
        assert "no longer" in api.answers[0]["text"]
        assert scene.reports == []


async def test_a_button_s_answer_goes_to_the_chat_as_a_reply_once_a_minute(api: BotApi) -> None:
    async with listening(api) as scene:
        api.press(GROUP, STRANGER, 101, data(Button.WHY, "20250127-1"))
        await api.until(lambda: api.texts(GROUP))
        assert api.texts(GROUP)[0].startswith("why of <20250127-1> for Ada")
        api.press(GROUP, FRIEND, 101, data(Button.WHY, "20250127-1"))
        await api.until(lambda: len(api.answers) == 2)
        assert "just answered" in api.answers[1]["text"]
        assert len(api.texts(GROUP)) == 1
        assert scene.audience.presses == [(STRANGER, "why", "20250127-1")]


async def test_a_verdict_is_answered_in_a_small_window_and_to_strangers_nothing_at_all(api: BotApi) -> None:
    async with listening(api) as scene:
        api.press(STRANGER, STRANGER, 101, data(Button.RIGHT, "x"))
        api.press(GROUP, STRANGER, 101, data(Button.NOT_AI, "20250127-1"))
        await api.until(lambda: api.answers)
        assert len(api.answers[0]["text"]) <= 200
        assert api.texts(GROUP) == api.texts(STRANGER) == []
        assert scene.audience.presses == [(STRANGER, "not ai", "20250127-1")]


async def test_muting_is_for_those_who_may_decide_for_the_chat(api: BotApi) -> None:
    async with listening(api) as scene:
        for number, (chat, user) in enumerate([(GROUP, FRIEND), (GROUP, OWNER), (FRIEND, FRIEND)], 1):
            api.press(chat, user, 101, data(Button.MUTE, "i"))
            await api.until(lambda number=number: len(api.answers) == number)
        assert "only an admin" in api.answers[0]["text"]
        assert [user for user, *_ in scene.audience.presses] == [OWNER, FRIEND]


async def test_an_answer_to_a_button_in_a_group_is_for_the_one_who_pressed_it_where_the_server_can(api: BotApi) -> None:
    api.rooms.knows_ephemeral = True
    async with listening(api):
        for number, user in enumerate((STRANGER, FRIEND, FRIEND), 1):
            api.press(GROUP, user, 101, data(Button.WHY, "i"))
            await api.until(lambda number=number: len(api.answers) == number)
        assert [m.only_for for m in api.messages(GROUP)] == [STRANGER, FRIEND], "each gets an own one, once a minute"
        api.press(FRIEND, FRIEND, 101, data(Button.WHY, "i"))
        await api.until(lambda: api.messages(FRIEND))
        assert api.messages(FRIEND)[0].only_for is None


async def test_an_answer_that_cannot_be_for_one_alone_is_for_everybody(api: BotApi) -> None:
    api.rooms.knows_ephemeral = True
    async with listening(api):
        api.fault("400", "sendMessage", description="Bad Request: QUERY_ID_INVALID")
        api.press(GROUP, STRANGER, 101, data(Button.WHY, "i"))
        await api.until(lambda: api.answers)
        assert [m.only_for for m in api.messages(GROUP)] == [None]


async def test_a_style_is_chosen_by_a_person_who_saw_both(api: BotApi) -> None:
    async with listening(api) as scene:
        api.say(FRIEND, FRIEND, "/style rich")
        await api.until(lambda: len(api.messages(FRIEND)) == 3)
        first, second, question = api.messages(FRIEND)
        assert [m.rich is not None for m in (first, second, question)] == [True, False, False]
        assert first.text.splitlines()[0] == second.text.splitlines()[0] == "a sample"
        assert [callback for _, callback in question.buttons] == ["1:style:rich", "1:style:classic"]
        for number, (chat, user) in enumerate([(GROUP, FRIEND), (FRIEND, FRIEND)], 1):
            api.press(chat, user, 101, data(Button.STYLE, "rich"))
            await api.until(lambda number=number: len(api.answers) == number)
        assert "only an admin" in api.answers[0]["text"]
        assert scene.audience.presses == [(FRIEND, "style", "rich")]


async def test_where_telegram_takes_no_rich_message_there_is_nothing_to_choose(api: BotApi) -> None:
    api.knows_rich = False
    async with listening(api) as scene:
        assert "Nothing has changed" in await scene.answered(FRIEND, FRIEND, "/style rich")
        assert [m.buttons for m in api.messages(FRIEND)] == [[]]


async def test_a_button_that_fails_says_so(api: BotApi) -> None:
    async with listening(api) as scene:
        scene.audience.broken = True
        api.press(FRIEND, FRIEND, 101, data(Button.WHY, "i"))
        await api.until(lambda: api.answers)
        assert "That failed" in api.answers[0]["text"]


async def test_added_to_an_unknown_group_nothing_is_said_there_and_the_admin_is_told(api: BotApi) -> None:
    async with listening(api) as scene:
        api.join(-778, STRANGER)
        api.join(GROUP, OWNER)
        await scene.answered(OWNER, OWNER, "/help")
        assert scene.audience.joined == [-778]
        assert api.texts(-778) == api.texts(GROUP) == []


async def test_a_channel_is_spoken_to_by_its_own_posts(api: BotApi) -> None:
    channel = -1001234567890999
    async with listening(api) as scene:
        scene.access = Permissions(ACCESS.admins, ACCESS.allow | {channel})
        api.post(channel, "/start")
        await api.until(lambda: api.texts(channel))
        assert list(scene.audience.receiving) == [f"telegram:{channel}"]
        api.post(channel, "/silence all 2h")
        await api.until(lambda: len(api.texts(channel)) == 2)
        assert "Only an admin" in api.texts(channel)[1], "who wrote a post is not known"
        api.press(channel, STRANGER, 101, data(Button.WHY, "i"))
        api.press(channel, STRANGER, 101, data(Button.MUTE, "i"))
        await api.until(lambda: len(api.answers) == 2)
        assert len(api.texts(channel)) == 2, "a reader of a channel makes the bot post nothing"


async def test_a_picture_follows_its_words(api: BotApi) -> None:
    async with listening(api):
        api.say(FRIEND, FRIEND, "/price NVDA")
        await api.until(lambda: len(api.messages(FRIEND)) == 2)
        assert [(m.text, m.photo) for m in api.messages(FRIEND)] == [("with a picture", False), ("", True)]


async def test_help_tells_admins_more_and_one_command_at_length(api: BotApi) -> None:
    async with listening(api) as scene:
        assert "/silence" in await scene.answered(OWNER, OWNER, "/help")
        mine = await scene.answered(FRIEND, FRIEND, "/help")
        assert "/silence" not in mine
        assert "22:00-07:00" in await scene.answered(FRIEND, FRIEND, "/help quiet")


def test_callback_data_is_short_and_read_back() -> None:
    for button in Button:
        text = data(button, "20250127-12")
        assert len(text.encode()) <= LONGEST
        press = read(text)
        assert press is not None
        assert (press.button, press.incident) == (button, "20250127-12")
    for other in (None, "", "1:why:", "2:why:i", "1:dance:i", "why:abc", "1::i"):
        assert read(other) is None


def test_only_messages_about_an_incident_have_buttons() -> None:
    about = replace(notification("m", "telegram:1"), incident="20250127-1")
    rows = keyboard(about)
    assert rows is not None
    assert [b.text for row in rows.inline_keyboard for b in row][:3] == ["Why", "Chart", "Stories"]
    assert keyboard(replace(about, incident="")) is None
    assert keyboard(replace(about, reason=Reason.DIGEST)) is None
    assert keyboard(replace(about, incident="i" * 60)) is None


async def test_a_command_that_fails_says_so_and_listening_goes_on(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(api) as scene:
        scene.audience.broken = True
        assert "That failed" in await scene.answered(FRIEND, FRIEND, "/start")
        scene.audience.broken = False
        assert "Alerts" in await scene.answered(FRIEND, FRIEND, "/start")
        assert "locked" in caplog.text


async def test_new_lists_count_at_once(api: BotApi) -> None:
    async with listening(api) as scene:
        await scene.answered(STRANGER, STRANGER, "/start")
        scene.access = Permissions(allow=frozenset({STRANGER}))
        assert "Alerts" in await scene.answered(STRANGER, STRANGER, "/start")


async def test_another_process_on_the_same_token_gives_one_clear_line_and_listening_resumes(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    fault = api.fault("409", "getUpdates", times=4)
    async with listening(api) as scene:
        await api.until(lambda: fault.times == 0)
        assert "Alerts" in await scene.answered(FRIEND, FRIEND, "/start")
        await api.until(lambda: scene.reports[-1].trouble is Trouble.NONE)
        lines = [r.getMessage() for r in caplog.records if "another process" in r.getMessage()]
        assert len(lines) == 1
        assert "alerts are still sent" in lines[0]
        assert [r.trouble for r in scene.reports] == [Trouble.FAILED] * 4 + [Trouble.NONE]
        assert {(r.source, r.subject) for r in scene.reports} == {("telegram", "commands")}
        polls = [c.at for c in api.made("getUpdates")][:4]
        waits = [b - a for a, b in pairwise(polls)]
        assert waits == sorted(waits)
        assert waits[0] >= 0.05


async def test_two_bots_on_one_token_both_survive(api: BotApi) -> None:
    async with listening(api) as one, listening(api) as two:
        await api.until(lambda: one.reports or two.reports)
        assert "another process" in (one.reports + two.reports)[0].detail


@pytest.mark.parametrize("kind", ["500", "502", "cut_before", "malformed", "html", "429"])
async def test_listening_survives_whatever_the_server_does(api: BotApi, kind: str) -> None:
    api.fault(kind, "*", times=3, retry_after=1)
    async with listening(api) as scene:
        api.say(FRIEND, FRIEND, "/start")
        await api.until(lambda: scene.audience.receiving)


async def test_a_wrong_token_is_said_without_the_token_and_tried_again_later(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.fault("401", "*", times=2)
    async with listening(api) as scene:
        await api.until(lambda: scene.reports)
        assert "TELEGRAM_BOT_TOKEN" in scene.reports[0].detail
        assert TOKEN not in caplog.text
        assert "Alerts" in await scene.answered(FRIEND, FRIEND, "/start")


async def test_it_starts_while_telegram_is_down_and_stops_at_once() -> None:
    api = BotApi()
    await api.start()
    port = api.port
    await api.stop()
    scene = Scene(api)
    running = asyncio.create_task(scene.listener.run(scene.stop))
    await eventually(lambda: scene.reports)
    assert scene.reports[0].trouble is Trouble.FAILED
    api = BotApi()
    await api.start(port)
    api.say(FRIEND, FRIEND, "/start")
    await api.until(lambda: scene.audience.receiving)
    scene.stop.set()
    await asyncio.wait_for(running, PATIENCE)
    await api.stop()


async def test_stopping_in_a_long_poll_is_quick_and_marks_what_was_answered_as_read(api: BotApi) -> None:
    scene = Scene(api)
    running = asyncio.create_task(scene.listener.run(scene.stop))
    api.say(FRIEND, FRIEND, "/start")
    await api.until(lambda: scene.audience.receiving)
    await api.until(lambda: len(api.made("getUpdates")) >= 2)
    began = time.monotonic()
    scene.stop.set()
    await running
    assert time.monotonic() - began < allowed(1)
    async with listening(api) as again:
        await again.ignored(GROUP, STRANGER, "just talking")
        assert again.audience.receiving == {}


def test_refusals_are_few_altogether_and_memory_is_bounded() -> None:
    door = CommandGate(ACCESS, remember=50, refusals=20)
    crowd = [Chat(i, "private", user=i) for i in range(1000, 3000)]
    verdicts = [door.judge(chat, now=i / 100) for i, chat in enumerate(crowd)]
    assert verdicts.count(GateDecision.REFUSE) == 20
    assert verdicts.count(GateDecision.SERVE) == 0
    assert door.judge(Chat(FRIEND, "private", user=FRIEND), 21) is GateDecision.SERVE
    for i in range(200):
        door.judge(Chat(5000 + i, "private", user=5000 + i), now=1000 + i * 60)
    assert len(door._refused) <= 50


def test_a_chat_may_ask_only_so_often() -> None:
    door = CommandGate(ACCESS, per_minute=3)
    chat = Chat(FRIEND, "private", user=FRIEND)
    judge: Callable[[float], GateDecision] = lambda now: door.judge(chat, now)  # noqa: E731
    assert [judge(i) for i in range(5)] == [GateDecision.SERVE] * 3 + [GateDecision.SLOW, GateDecision.IGNORE]
    assert judge(61) is GateDecision.SERVE


@pytest.mark.parametrize("command", ["silence", "silences", "unsilence", "ack"])
async def test_what_is_for_admins_is_done_for_the_person_wherever_they_write(api: BotApi, command: str) -> None:
    async with listening(api) as scene:
        assert await scene.answered(OWNER, OWNER, f"/{command} NVDA 24h") == f"{command} of <NVDA 24h> for Ada"
        assert await scene.answered(GROUP, OWNER, f"/{command}") == f"{command} of <> for Ada"
        assert "Only an admin" in await scene.answered(GROUP, FRIEND, f"/{command} NVDA 24h")
        assert "Only an admin" in await scene.answered(FRIEND, FRIEND, f"/{command} NVDA 24h")
