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
from bot.adapters.notifiers.webhook import body as posted
from bot.adapters.store import open_store
from bot.app.run.notifiers import channel_states, other_secrets
from bot.config.settings.model import load_settings
from bot.core.errors import ConfigError, DeliveryError
from bot.core.health import Health
from bot.core.model import Announcement, Batch, Notification, Outgoing, Recipient, SourceReport, Trouble
from bot.core.secret import Secret, redacted
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


def test_labels_and_the_page_are_in_the_json_and_in_templates() -> None:
    labels = {"desk": ("memory", "semis"), "runbook": ("https://wiki.example/a?b=[1](c)",)}
    note = told(summary=replace(SUMMARY, labels=labels))
    plain_form = json.loads(posted(Outgoing(note, 1), Endpoint("", Secret(SECRET), None, "https://desk.example")))
    assert plain_form["labels"] == {name: list(values) for name, values in labels.items()}
    assert plain_form["page"] == "https://desk.example/incident/20250127-1"
    bare = json.loads(posted(Outgoing(replace(note, incident="", summary=SUMMARY), 1)))
    assert (bare["labels"], bare["page"]) == ({}, None)
    template = {"text": "$labels.desk. $labels.Desk|$labels.none|${labels.runbook}|$labels"}
    form = json.loads(posted(Outgoing(note, 1), Endpoint("", None, template)))
    runbook = "https://wiki.example/a?b=[1] (c)"
    both = f"desk=memory/semis, runbook={runbook}"
    assert form["text"] == f"memory/semis. {both}.Desk||{runbook}|{both}"


HOSTILE = 'He said "no", $text } and \\ <b>\n\u2028 ${headline}'


async def test_a_body_of_ones_own_is_posted_with_its_words_in_place(desk: Desk) -> None:
    template = {"text": "*$severity* $headline $$5", "blocks": [{"n": 1, "on": True}, ["$id", "${incident}: $page"]]}
    endpoint = Endpoint(desk.url, None, template, "https://desk.example")
    made = WebhookNotifier({DESK: endpoint}, RealClock(), timeout=0.5)
    note = told()
    await made.send(Outgoing(replace(note, summary=replace(note.summary, subject=HOSTILE)), 1))
    await made.send(Outgoing(replace(note, id="b", edits=note.id), 1, edits_message=note.id))
    await made.close()
    [(headers, content)] = desk.got
    assert "X-Aftershock-Signature" not in headers
    assert headers["X-Aftershock-Delivery"] == note.id
    got = json.loads(content)
    assert got["text"].startswith(f"*{note.severity.word}* He said ")
    assert "$text } and" in got["text"], "what is put in names nothing itself"
    assert got["text"].endswith(" $5")
    page = "https://desk.example/incident/20250127-1"
    assert got["blocks"] == [{"n": 1, "on": True}, [note.id, f"20250127-1: {page}"]]


async def test_the_bodies_of_the_page_are_what_services_take(desk: Desk) -> None:
    section = PAGE.partition("## In a form of your own")[2]
    [block] = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)[:1]
    settings = load_settings("config.yaml", f"watchlist: {{a: [NVDA]}}\n{block}")
    assert len(settings.webhooks) >= 4
    for webhook in settings.webhooks:
        assert webhook.body is not None
        content = json.loads(posted(Outgoing(told(), 1), Endpoint("", None, webhook.body)))
        said = content.get("text") or content.get("content") or content["message"]
        assert plain(SUMMARY, None).partition("\n")[0] in said
        assert len(said) < 2000


@pytest.mark.parametrize(
    ("webhook", "said"),
    [
        ("{name: a, url: 'https://a.example', body: {text: [{b: 'x $titel'}]}}", "body.text[0].b: there is no $titel"),
        ("{name: a, url: 'https://a.example', body: {text: '5 $'}}", "write $$ for a dollar"),
        ("{name: a, url: 'https://a.example'}", "'secret_env' is missing"),
        ("{name: a, secret_env: A_B}", "'url' is missing"),
        ("{name: a, url: 'https://a.example', url_env: A_B, secret_env: A_B}", "the address is given twice"),
        ("{name: a, url_env: 'https://hooks.example/secret-9', body: {a: b}}", "url_env"),
    ],
)
def test_a_webhook_that_cannot_be_is_a_mistake_with_its_line(webhook: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_settings("config.yaml", f"watchlist: {{a: [NVDA]}}\nwebhooks:\n  - {webhook}\n")
    assert said in str(refused.value)
    assert "config.yaml:3:" in str(refused.value)
    assert "secret-9" not in str(refused.value)


def test_an_address_in_a_variable_is_used_and_told_nowhere(tmp_path: Path) -> None:
    text = "watchlist: {a: [NVDA]}\nwebhooks: [{name: chat, url_env: AFTERSHOCK_CHAT, body: {text: $brief}}]\n"
    settings = load_settings(tmp_path / "config.yaml", text)
    [(name, trouble)] = channel_states(settings, tmp_path, RealClock())
    assert (name, "AFTERSHOCK_CHAT is not set" in trouble) == ("webhook:chat", True)
    (tmp_path / ".env").write_text("AFTERSHOCK_CHAT=https://hooks.example/T000/B000/k3y-of-the-chat\n")
    assert channel_states(settings, tmp_path, RealClock()) == [("webhook:chat", "")]
    secrets = other_secrets(settings, tmp_path)
    assert redacted("posted to https://hooks.example/T000/B000/k3y-of-the-chat") == "posted to [secret]"
    assert secrets
    (tmp_path / ".env").write_text("AFTERSHOCK_CHAT=no-web-address-k3y-of\n")
    [(_, trouble)] = channel_states(settings, tmp_path, RealClock())
    assert "AFTERSHOCK_CHAT holds no web address" in trouble
    assert "k3y-of" not in trouble


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
