"""Apprise itself against a local server: what arrives there, and that no address is ever shown."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from bot.adapters.notifiers.apprise import AppriseNotifier, Destination, _aside, written
from bot.adapters.store import open_store
from bot.app.run.notifiers import (
    channel_states,
    configured_recipients,
    live_notifiers,
    other_secrets,
    unsafe_file,
    without_edits,
)
from bot.config.settings.model import load_settings
from bot.config.settings.other_channels import pieces, secret_of
from bot.config.settings.telegram_token import FoundToken
from bot.core.errors import ConfigError, DeliveryError, UsageError
from bot.core.model import Batch, Block, BlockKind, Outgoing, Recipient, Severity, Summary, Trouble
from bot.core.model.unsent import CancelledUnsent
from bot.core.secret import Secret, redacted
from bot.core.text.wording import when
from bot.delivery.routing import route
from bot.delivery.sender import Sender, SendPolicy
from tests.delivery.makers import NOW, RealClock, announcement, notification
from tests.store.values import SUMMARY
from tests.waiting import PATIENCE, allowed, eventually

# Apprise loads all of its services, some of which lean on what Python gives up
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

PASSWORD = "hunter-2-hunter-2"
TOKEN = "T0ken-1n-the-path"
TEAM = "apprise:team"


class Service:
    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.status = 200
        self.answers: list[int] = []
        self.wait = 0.0
        self.cuts = False
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        await asyncio.sleep(self.wait)
        if self.cuts and request.transport is not None:
            request.transport.close()
        status = self.answers.pop(0) if self.answers else self.status
        return web.Response(status=status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_post("/{rest:.*}", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.port = runner.addresses[0][1]
    yield made
    await runner.cleanup()


def address(port: int, more: str = "") -> Secret:
    return Secret(f"json://user:{PASSWORD}@127.0.0.1:{port}/{TOKEN}{more}")


def notifier(service: Service, *, markdown: bool = False, more: str = "", longest: float = 10) -> AppriseNotifier:
    return AppriseNotifier({TEAM: Destination(address(service.port, more), markdown)}, longest=longest)


def told(summary: Summary = SUMMARY) -> Outgoing:
    return Outgoing(notification("a", TEAM, NOW, summary=summary), 1)


@pytest.mark.parametrize("markdown", [False, True])
async def test_a_message_arrives_as_text_or_markdown(service: Service, markdown: bool) -> None:
    out = told()
    assert await notifier(service, markdown=markdown).send(out) == f"apprise-{out.notification.id}"
    (got,) = service.got
    assert got["title"] == SUMMARY.subject
    assert ("**NVDA**" in got["message"]) is markdown
    assert "A cheap model" in got["message"]


async def test_times_are_in_the_zone_of_who_reads(service: Service) -> None:
    shown = Summary((Block("next", BlockKind.FACTS, 1, lines=(("Next: ", when(NOW)),)),), "s")
    made = AppriseNotifier({TEAM: Destination(address(service.port), zone=ZoneInfo("Europe/Paris"))})
    await made.send(told(shown))
    assert "Next: 27 Jan 11:00 CET" in service.got[0]["message"]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(302, True), (400, True), (401, True), (404, True), (408, False), (429, False), (500, False), (503, False)],
)
async def test_what_the_service_refuses_is_given_up_and_all_else_tried_again(
    service: Service, status: int, permanent: bool
) -> None:
    service.status = status
    with pytest.raises(DeliveryError, match=str(status)) as raised:
        await notifier(service).send(told())
    assert (raised.value.permanent, raised.value.unknown, raised.value.forbidden) == (permanent, False, False)
    assert len(service.got) == 1, "a redirect is not followed"


@pytest.mark.parametrize("how", ["cut off", "slow", "never"])
async def test_what_may_have_arrived_is_in_doubt(service: Service, how: str) -> None:
    service.cuts, service.wait = how == "cut off", {"cut off": 0.0, "slow": 0.6, "never": 3.0}[how]
    made = notifier(service, more="?rto=0.1" if how == "slow" else "", longest=1.5 if how == "never" else 10)
    with pytest.raises(DeliveryError, match="may have arrived") as raised:
        await made.send(told())
    assert raised.value.unknown
    assert len(service.got) == 1


async def test_where_nobody_listens_it_is_tried_again(service: Service) -> None:
    made = AppriseNotifier({TEAM: Destination(address(1))})
    with pytest.raises(DeliveryError) as raised:
        await made.send(told())
    assert not raised.value.unknown
    assert not raised.value.permanent
    with pytest.raises(DeliveryError, match="is no longer in config") as stranger:
        await made.send(Outgoing(notification("a", "apprise:other"), 1))
    assert stranger.value.forbidden


async def test_no_log_of_any_library_shows_the_address(service: Service) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    access = logging.getLogger("aiohttp.access")  # the server's own, which sees the address rightly
    access.disabled = True
    try:
        service.status = 500
        with pytest.raises(DeliveryError) as raised:
            await notifier(service).send(told())
    finally:
        access.disabled = False
        root.removeHandler(handler)
        root.setLevel(level)
    everything = stream.getvalue() + str(raised.value) + repr(raised.value.__cause__) + repr(raised.value.__context__)
    assert PASSWORD not in everything
    assert TOKEN not in everything


async def test_a_delivery_that_is_cancelled_under_way_is_in_doubt_and_keeps_nobody_waiting(service: Service) -> None:
    service.wait = 0.3
    sending = asyncio.create_task(notifier(service).send(told()))
    while not service.got:  # noqa: ASYNC110 - the thread that sends sets no event
        await asyncio.sleep(0.01)
    sending.cancel()
    before = time.monotonic()
    with pytest.raises(asyncio.CancelledError) as raised:
        await sending
    assert type(raised.value) is asyncio.CancelledError
    assert time.monotonic() - before < allowed(0.2)
    (thread,) = [t for t in threading.enumerate() if t.name == "apprise"]
    assert thread.daemon, "the program would wait for it at its end"
    await eventually(lambda: not thread.is_alive())


async def test_a_cancellation_says_truly_whether_the_work_had_begun() -> None:
    both = set()
    for round_ in range(300):
        ran = threading.Event()
        task = asyncio.create_task(_aside(lambda ran=ran: ran.set() or True))
        await asyncio.sleep(0)
        if round_ % 3:  # let the thread win sometimes
            ran.wait(0.0002)
        task.cancel()
        try:
            await task
        except CancelledUnsent:
            await asyncio.sleep(0.001)
            assert not ran.is_set()
        except asyncio.CancelledError:
            assert ran.wait(PATIENCE)
        both.add(ran.is_set())
    assert True in both, "the work began in no round, so nothing was tried"


def test_one_address_is_one_service() -> None:
    """With several, a failure of one would repeat the message to the others."""
    with pytest.raises(UsageError, match="several services"):
        AppriseNotifier({TEAM: Destination(Secret("json://127.0.0.1:1/a, json://127.0.0.1:1/b"))})


def long_summary() -> Summary:
    facts = tuple(
        Block(f"fact{i}", BlockKind.FACTS, 50 - i, f"Part {i}", lines=((f"{i} is worth knowing. " * 20,),))
        for i in range(40)
    )
    return replace(SUMMARY, blocks=(*SUMMARY.blocks, *facts))


@pytest.mark.parametrize("markdown", [False, True])
@pytest.mark.parametrize(("title", "body"), [(0, 160), (250, 2000), (100, 1000), (40, 512), (0, 67)])
def test_what_does_not_fit_loses_its_least_important_blocks(title: int, body: int, markdown: bool) -> None:
    server = SimpleNamespace(title_maxlen=title, body_maxlen=body, overflow_buffer=0)
    head, text = written(long_summary(), server, markdown)
    assert len(head) <= title
    assert len(head) + len(text) <= body
    assert "falls 10 %" in text
    assert "Part 39" not in text
    assert "Part 0" in text or body < 1000


async def test_a_real_service_with_a_limit_gets_one_message_within_it(service: Service) -> None:
    made = AppriseNotifier({TEAM: Destination(Secret(f"mmost://127.0.0.1:{service.port}/{'a1' * 12}"))})
    await made.send(told(long_summary()))
    (got,) = service.got
    assert 3000 < len(got["text"]) <= 4000
    assert "Part 39" not in got["text"]
    assert "apprise" not in json.dumps(got).lower(), "it is Aftershock that speaks"


@pytest.mark.parametrize("markdown", [False, True])
@pytest.mark.parametrize("call", ["@everyone", "@here", "@Channel", "<!channel>", "<@U123>", "<#C1>", "@all", "@room"])
def test_no_headline_from_outside_calls_a_whole_room(call: str, markdown: bool) -> None:
    server = SimpleNamespace(title_maxlen=250, body_maxlen=9000, overflow_buffer=0)
    hostile = Summary(
        (Block("headline", BlockKind.HEADLINE, 100, lines=((f"Sell now {call} quick",),)),), f"Now {call}"
    )
    title, text = written(hostile, server, markdown)
    for shown in (title, text):
        assert call not in shown
        assert call.strip("<>@!#").lower() in shown.lower()
    kept = Summary(
        (Block("headline", BlockKind.HEADLINE, 100, lines=(("me@example.org at https://a.example/@me",),)),), "x"
    )
    assert "me@example.org at https://a.example/@me" in written(kept, server, False)[1]


async def test_through_outbox_and_sender_it_arrives_once_and_no_secret_is_stored(
    service: Service, tmp_path: Path
) -> None:
    service.answers = [500, 503]
    clock, reports = RealClock(), []
    policy = SendPolicy(first_delay=timedelta(milliseconds=10))
    with open_store(tmp_path / "a.db", mode="live", run_name="live", now=clock.now()) as store:
        store.save_recipients([Recipient(TEAM, "apprise")])
        notes = route(announcement("a"), store.recipients(), clock.now(), "x")
        store.commit(Batch(clock.now(), notifications=tuple(notes)))
        without = without_edits({"apprise": notifier(service)})
        edits = route(announcement("b", edits="a"), store.recipients(), clock.now(), "x", without_edits=without)
        assert edits == []
        sender = Sender(store, store, {"apprise": notifier(service)}, clock, policy=policy, report=reports.append)
        await asyncio.wait_for(sender.drain(until_empty=True), PATIENCE)
        assert store.outbox_counts() == {"queued": 0, "leased": 0, "unknown": 0}
    assert len(service.got) == 3
    assert [(r.source, r.subject, r.trouble) for r in reports] == [
        ("apprise", "team", Trouble.FAILED),
        ("apprise", "team", Trouble.FAILED),
        ("apprise", "team", Trouble.NONE),
    ]
    held = (tmp_path / "a.db").read_bytes().decode("latin-1")
    assert PASSWORD not in held
    assert TOKEN not in held


def test_an_address_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as raised:
        AppriseNotifier({"apprise:team": Destination(Secret(f"nonsense-{PASSWORD}"))})
    assert PASSWORD not in str(raised.value)


def test_what_was_sent_there_is_never_edited(service: Service) -> None:
    without = without_edits({"apprise": notifier(service)})
    person = Recipient("apprise:team", "apprise")
    assert route(announcement("a"), [person], NOW, "")
    assert route(announcement("b", edits="a"), [person], NOW, "", without_edits=without) == []


CONFIG = """\
watchlist: {chips: [NVDA]}
webhooks:
  - {name: desk, url: "https://desk.example/x", secret_env: AFTERSHOCK_DESK_SECRET, min_severity: high, symbols: [NVDA]}
apprise:
  - {name: team, url_env: AFTERSHOCK_TEAM_URL, format: markdown, digest: true, operator: true}
"""


def settled(folder: Path, text: str = CONFIG) -> Path:
    (folder / "config.yaml").write_text(text)
    return folder / "config.yaml"


def test_the_configuration_names_recipients_and_where_their_secrets_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(settled(tmp_path))
    with pytest.raises(ConfigError, match="AFTERSHOCK_DESK_SECRET is not set"):
        live_notifiers(settings, FoundToken(None), io.StringIO(), RealClock(), tmp_path)
    monkeypatch.setenv("AFTERSHOCK_DESK_SECRET", "0123456789abcdef")
    (tmp_path / ".env").write_text("export AFTERSHOCK_TEAM_URL='json://127.0.0.1:1'\n")
    made = live_notifiers(settings, FoundToken(None), io.StringIO(), RealClock(), tmp_path)
    assert list(made) == ["console", "webhook", "apprise"]
    gone = Recipient("webhook:old", "webhook")
    desk, team, old = configured_recipients(settings, [gone])
    assert (desk.id, desk.min_severity, desk.symbols) == ("webhook:desk", Severity.HIGH, ("NVDA",))
    assert (team.id, team.digest, team.operator) == ("apprise:team", True, True)
    assert (old.id, old.enabled) == ("webhook:old", False)


def test_a_look_over_names_each_channel_and_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(settled(tmp_path))
    states = dict(channel_states(settings, tmp_path, RealClock()))
    assert list(states) == ["webhook:desk", "apprise:team"]
    assert all("is not set" in state for state in states.values())
    monkeypatch.setenv("AFTERSHOCK_DESK_SECRET", "0123456789abcdef")
    monkeypatch.setenv("AFTERSHOCK_TEAM_URL", f"nonsense-{PASSWORD}")
    states = dict(channel_states(settings, tmp_path, RealClock()))
    assert states["webhook:desk"] == ""
    assert "cannot read the address of apprise:team" in states["apprise:team"]
    assert PASSWORD not in states["apprise:team"]
    monkeypatch.setenv("AFTERSHOCK_TEAM_URL", address(1).reveal())
    assert dict(channel_states(settings, tmp_path, RealClock()))["apprise:team"] == ""
    known = other_secrets(settings, tmp_path)
    (tmp_path / ".env").write_text("")
    (tmp_path / ".env").chmod(0o644)
    assert unsafe_file(settings, tmp_path) == [], "the environment holds everything"
    monkeypatch.delenv("AFTERSHOCK_DESK_SECRET")
    (warning,) = unsafe_file(settings, tmp_path)
    assert "chmod 600" in warning
    (tmp_path / ".env").chmod(0o600)
    assert unsafe_file(settings, tmp_path) == []
    assert known
    assert redacted(f"0123456789abcdef {PASSWORD} POST /{TOKEN} 500") == "[secret] [secret] POST /[secret] 500"


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("mailto://user:pa%20ss@mail.example?to=team@mail.example", {"pa ss"}),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", {"4174216298", "JHMHI8qBe7bk2ZwO5U711o3dV_js"}),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general-alerts", {"T1JJ3T3L2", "A1BRTD4JD"}),
        ("ntfys://ntfy.example/alerts?priority=high", set()),
    ],
)
def test_the_secret_parts_of_an_address_are_known(url: str, hidden: set[str]) -> None:
    found = {piece.reveal() for piece in pieces(Secret(url))}
    assert hidden <= found
    assert not found & {"mail.example", "ntfy.example", "general-alerts", "priority", "alerts"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONFIG.replace("AFTERSHOCK_DESK_SECRET", "my secret"), "this is not the name of a variable"),
        (CONFIG.replace("min_severity: high", "min_severity: loud"), "'loud' is not a severity; write one of info"),
        (CONFIG.replace("https://desk", "ftp://desk"), "http"),
        (CONFIG.replace("apprise:\n", "apprise:\n  - {name: team, url_env: A_B_C}\n"), "this name is already taken"),
    ],
)
def test_mistakes_are_said_with_their_place_and_no_secret_is_repeated(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_settings(settled(tmp_path, text))
    assert said in str(raised.value)
    assert "my secret" not in str(raised.value)
    assert all(p.line > 1 for p in raised.value.problems)


def test_a_secret_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too short") as raised:
        secret_of("X_SECRET", {"X_SECRET": "hunter"}, tmp_path / ".env", 16)
    assert "hunter" not in str(raised.value)
    assert json.dumps(str(secret_of("X_SECRET", {"X_SECRET": "x" * 16}, tmp_path / ".env", 16))) == '"[secret]"'
