"""The signed webhook over real HTTP: what is posted, who can tell it is ours, and what every answer leads to."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.notifiers.webhook import Endpoint, WebhookNotifier
from bot.adapters.store import open_store
from bot.core.errors import DeliveryError
from bot.core.health import Health
from bot.core.model import Announcement, Batch, Notification, Outgoing, Recipient, SourceReport, Trouble
from bot.core.secret import Secret
from bot.delivery.sender import Sender, SendPolicy
from bot.render import plain
from tests.delivery.makers import NOW, RealClock, notification
from tests.store.values import SUMMARY
from tests.waiting import PATIENCE

SECRET = "0123456789abcdef-signing"
DESK, DEAD = "webhook:desk", "webhook:dead"
PAGE = (Path(__file__).parents[2] / "docs" / "webhook.md").read_text(encoding="utf-8")


@dataclass
class Desk:
    """Somebody's program."""

    answers: list[web.Response] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    wait: float = 0.0
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        await asyncio.sleep(self.wait)
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?key=do-not-log-me"
    yield made
    await runner.cleanup()


@pytest.fixture
async def notifier(desk: Desk) -> AsyncIterator[WebhookNotifier]:
    made = WebhookNotifier({DESK: Endpoint(desk.url, Secret(SECRET))}, RealClock(), timeout=0.5)
    yield made
    await made.close()


def told(key: str = "a", **changes: Any) -> Notification:
    return replace(notification(key, DESK, NOW, summary=SUMMARY, incident="20250127-1"), **changes)


def checker() -> Callable[..., bool]:
    """The function that docs/webhook.md shows."""
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {}
    exec(compile(code[1], "docs/webhook.md", "exec"), names)
    return names["is_from_aftershock"]  # type: ignore[no-any-return]


async def test_a_message_is_posted_as_the_page_says_and_its_check_accepts_it(
    desk: Desk, notifier: WebhookNotifier
) -> None:
    note = told()
    assert await notifier.send(Outgoing(note, 1)) == note.id
    headers, body = desk.got[0]
    found = json.loads(body)
    listed = set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \| ", PAGE, re.MULTILINE))
    assert set(found) == {name for pair in listed for name in pair if name}
    assert found["id"] == headers["X-Aftershock-Delivery"] == note.id
    assert (found["kind"], found["reason"], found["severity"]) == ("message", "first", "high")
    assert found["created_at"] == "2025-01-27T10:00:00.000000Z"
    assert found["summary"]["blocks"][1]["lines"][0][0]["url"] == "https://news.example/1"
    check = checker()
    assert check(SECRET, headers, body)
    assert not check(SECRET + "x", headers, body)
    assert not check(SECRET, headers, body.replace(b"high", b"info"))
    assert not check(SECRET, headers | {"X-Aftershock-Timestamp": "1700000000"}, body)
    assert not check(SECRET, {}, body)


async def test_a_repeat_is_the_same_message_and_an_edit_names_what_it_edits(
    desk: Desk, notifier: WebhookNotifier
) -> None:
    first, edit = told(), told("b", edits="first-id", replies_to="")
    for out in (Outgoing(first, 1), Outgoing(first, 2), Outgoing(edit, 1, edits_message="first-id")):
        await notifier.send(out)
    assert desk.got[0][1] == desk.got[1][1]
    found = json.loads(desk.got[2][1])
    assert (found["kind"], found["edits"]) == ("edit", "first-id")


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, None),
        (302, {"Location": "http://127.0.0.1:1/"}, {"permanent": True}),
        (400, {}, {"permanent": True}),
        (404, {}, {"permanent": True}),
        (408, {}, {"permanent": False}),
        (410, {}, {"permanent": True, "forbidden": True}),
        (429, {"Retry-After": "7"}, {"retry_after": timedelta(seconds=7)}),
        (429, {"Retry-After": "tomorrow"}, {"retry_after": None}),
        (503, {"Retry-After": "99999"}, {"retry_after": timedelta(hours=1)}),
        (500, {}, {"retry_after": None}),
    ],
)
async def test_every_answer_has_its_outcome(
    desk: Desk, notifier: WebhookNotifier, status: int, headers: dict[str, str], outcome: dict[str, Any] | None
) -> None:
    desk.answers.append(web.Response(status=status, headers=headers))
    if outcome is None:
        await notifier.send(Outgoing(told(), 1))
        return
    with pytest.raises(DeliveryError) as raised:
        await notifier.send(Outgoing(told(), 1))
    expected = {"permanent": False, "forbidden": False, "retry_after": None, "unknown": False} | outcome
    assert {name: getattr(raised.value, name) for name in expected} == expected
    assert len(desk.got) == 1, "a redirect is not followed"
    assert "do-not-log-me" not in f"{raised.value!r} {raised.value.__cause__!r}"


async def test_what_cannot_be_reached_or_does_not_answer_is_tried_again(desk: Desk, notifier: WebhookNotifier) -> None:
    desk.wait = 2
    with pytest.raises(DeliveryError, match="timed out") as slow:
        await notifier.send(Outgoing(told(), 1))
    gone = WebhookNotifier({DESK: Endpoint("http://127.0.0.1:1/x?key=do-not-log-me", Secret(SECRET))}, RealClock())
    with pytest.raises(DeliveryError, match="cannot be reached") as refused:
        await gone.send(Outgoing(told(), 1))
    await gone.close()
    for error in (slow.value, refused.value):
        assert not error.permanent
        assert not error.unknown
        assert "do-not-log-me" not in str(error)
    with pytest.raises(DeliveryError) as stranger:
        await notifier.send(Outgoing(told(recipient="webhook:other"), 1))
    assert stranger.value.permanent


async def test_through_outbox_and_sender_every_message_arrives_in_spite_of_failures(
    desk: Desk, notifier: WebhookNotifier, tmp_path: Path
) -> None:
    desk.answers += [web.Response(status=500), web.Response(status=429, headers={"Retry-After": "0"})]
    clock = RealClock()
    policy = SendPolicy(first_delay=timedelta(milliseconds=10))
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=clock.now()) as store:
        store.save_recipients([Recipient(DESK, "webhook")])
        notes = tuple(notification(f"m{i}", DESK, clock.now()) for i in range(4))
        edit = notification("e", DESK, clock.now(), edits=notes[0].id)
        store.commit(Batch(clock.now(), notifications=(*notes, edit)))
        sender = Sender(store, store, {"webhook": notifier}, clock, policy=policy)
        await asyncio.wait_for(sender.drain(until_empty=True), PATIENCE)
        assert store.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 0}
    ids = [json.loads(body)["id"] for _, body in desk.got]
    assert set(ids) == {n.id for n in (*notes, edit)}
    assert len(ids) == len(notes) + 1 + 2, "two were asked for again"
    assert json.loads(desk.got[-1][1])["kind"] == "edit"
    for headers, body in desk.got:
        stamp = headers["X-Aftershock-Timestamp"].encode()
        made = hmac.new(SECRET.encode(), stamp + b"." + body, hashlib.sha256).hexdigest()
        assert headers["X-Aftershock-Signature"] == f"v1={made}"
    assert SECRET not in (tmp_path / "a.db").read_bytes().decode("latin-1")


async def test_cancelled_under_way_it_is_sent_again_by_the_next_run(
    desk: Desk, notifier: WebhookNotifier, tmp_path: Path
) -> None:
    """Where the answer is not waited for, a repeat is safe: the program knows it by the id."""
    desk.wait = 0.4
    clock, stop = RealClock(), asyncio.Event()
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=clock.now()) as store:
        store.save_recipients([Recipient(DESK, "webhook")])
        note = notification("a", DESK, clock.now())
        store.commit(Batch(clock.now(), notifications=(note,)))
        sender = Sender(store, store, {"webhook": notifier}, clock, policy=SendPolicy(grace=timedelta(0)))
        running = asyncio.create_task(sender.run(stop))
        while not desk.got:  # noqa: ASYNC110 - the server sets no event
            await asyncio.sleep(0.005)
        stop.set()
        await running
        assert store.outbox_counts() == {"queued": 1, "leased": 0, "unknown": 0}
        desk.wait = 0
        await asyncio.wait_for(Sender(store, store, {"webhook": notifier}, clock).drain(until_empty=True), PATIENCE)
        assert store.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 0}
    assert [headers["X-Aftershock-Delivery"] for headers, _ in desk.got] == [note.id, note.id]
    assert desk.got[0][1] == desk.got[1][1]


async def test_what_was_on_its_way_when_the_bot_was_killed_is_sent_again_and_telegram_s_is_not(
    desk: Desk, notifier: WebhookNotifier, tmp_path: Path
) -> None:
    clock = RealClock()
    notes = (notification("a", DESK, clock.now()), notification("a", "telegram:1", clock.now()))
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=clock.now()) as store:
        store.save_recipients([Recipient(n.recipient, n.channel) for n in notes])
        store.commit(Batch(clock.now(), notifications=notes))
        assert len(store.claim(clock.now(), timedelta(minutes=5), 9, ("webhook", "telegram"))) == 2
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=clock.now()) as store:
        assert store.recover(clock.now()) == 2
        sender = Sender(store, store, {"webhook": notifier}, clock, ask=["telegram"])
        await asyncio.wait_for(sender.drain(until_empty=True), PATIENCE)
        assert store.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 1}
    assert [headers["X-Aftershock-Delivery"] for headers, _ in desk.got] == [notes[0].id]


async def test_a_program_that_is_down_keeps_no_other_waiting(desk: Desk, tmp_path: Path) -> None:
    """With one rest for the whole channel, the alert to the desk would wait as long as the dead one's."""
    secret, clock = Secret(SECRET), RealClock()
    reports: list[SourceReport] = []
    notifier = WebhookNotifier({DESK: Endpoint(desk.url, secret), DEAD: Endpoint("http://127.0.0.1:1/", secret)}, clock)
    policy = SendPolicy(first_delay=timedelta(milliseconds=1), last_delay=timedelta(seconds=30), channel_failures=2)
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=clock.now()) as store:
        store.save_recipients([Recipient(DESK, "webhook"), Recipient(DEAD, "webhook")])
        store.commit(
            Batch(clock.now(), notifications=tuple(notification(f"d{i}", DEAD, clock.now()) for i in range(9)))
        )
        sender = Sender(store, store, {"webhook": notifier}, clock, policy=policy, report=reports.append)
        await sender.drain(until_empty=True, at_most=timedelta(seconds=0.4))
        tries = len(reports)
        assert 4 < tries < 16, "the dead one rests, longer each time"
        store.commit(Batch(clock.now(), notifications=(notification("a", DESK, clock.now()),)))
        await sender.drain()
        assert len(desk.got) == 1
    await notifier.close()
    assert {(r.source, r.subject, r.trouble) for r in reports} == {("webhook", "dead", Trouble.FAILED)}
    health = Health()
    notices = []
    for report in reports:  # each in a turn of the engine of its own, at the end of which the notices are due
        assert health.observe(report) is None
        notices += health.gathered()
    assert [n.summary.subject for n in notices] == ["Webhook: dead has failed 3 times in a row"]
    assert health.feeds_ok == 0, "it counts as no feed"


async def test_a_program_that_wants_no_more_is_switched_off_and_the_operator_told(
    desk: Desk, notifier: WebhookNotifier, tmp_path: Path
) -> None:
    desk.answers.append(web.Response(status=410))
    clock = RealClock()
    told: list[Announcement] = []
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=clock.now()) as store:
        store.save_recipients([Recipient(DESK, "webhook")])
        store.commit(Batch(clock.now(), notifications=(notification("a", DESK, clock.now()),)))
        await Sender(store, store, {"webhook": notifier}, clock, announce=told.append).drain()
        assert [r.enabled for r in store.recipients()] == [False]
    (notice,) = told
    assert "webhook:desk gets no more messages" in notice.summary.subject
    assert "next start tries it again" in plain(notice.summary, None)
