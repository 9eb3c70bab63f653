"""Apprise itself against a local server: what arrives there, and that no address is ever shown."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.adapters.apprise import AppriseNotifier, Destination
from bot.app.notifiers import configured_recipients, live_notifiers
from bot.config.other_channels import secret_of
from bot.config.settings import load_settings
from bot.config.telegram_token import FoundToken
from bot.core.errors import ConfigError, DeliveryError, UsageError
from bot.core.model import Outgoing, Recipient, Severity
from bot.core.routing import route
from bot.core.secret import Secret
from tests.delivery.makers import NOW, RealClock, announcement, notification
from tests.store.values import SUMMARY

# Apprise loads all of its services, some of which lean on what Python gives up
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")

PASSWORD = "hunter-2-hunter-2"


class Service:
    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.status = 200
        self.wait = 0.0
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        await asyncio.sleep(self.wait)
        return web.Response(status=self.status)


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


def notifier(service: Service, *, markdown: bool = False) -> AppriseNotifier:
    url = Secret(f"json://user:{PASSWORD}@127.0.0.1:{service.port}/x")
    return AppriseNotifier({"apprise:team": Destination(url, markdown)})


@pytest.mark.parametrize("markdown", [False, True])
async def test_a_message_arrives_as_text_or_markdown(service: Service, markdown: bool) -> None:
    note = notification("a", "apprise:team", NOW, summary=SUMMARY)
    assert await notifier(service, markdown=markdown).send(Outgoing(note, 1)) == f"apprise-{note.id}"
    (got,) = service.got
    assert got["title"] == SUMMARY.subject
    assert ("**NVDA**" in got["message"]) is markdown
    assert "A cheap model" in got["message"]


async def test_what_fails_is_tried_again_and_shows_no_address(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.status = 500
    caplog.set_level(logging.DEBUG)
    with pytest.raises(DeliveryError) as raised:
        await notifier(service).send(Outgoing(notification("a", "apprise:team"), 1))
    assert not raised.value.permanent
    assert not raised.value.unknown
    with pytest.raises(DeliveryError):
        await notifier(service).send(Outgoing(notification("a", "apprise:other"), 1))
    assert PASSWORD not in caplog.text + str(raised.value) + repr(raised.value.__cause__)


async def test_a_delivery_that_is_cut_off_under_way_is_in_doubt(service: Service) -> None:
    service.wait = 0.3
    sending = asyncio.create_task(notifier(service).send(Outgoing(notification("a", "apprise:team"), 1)))
    while not service.got:  # noqa: ASYNC110 - the thread that sends sets no event
        await asyncio.sleep(0.01)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError) as raised:
        await sending
    assert type(raised.value) is asyncio.CancelledError
    await asyncio.sleep(0.4)  # the thread ends


def test_an_address_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(UsageError) as raised:
        AppriseNotifier({"apprise:team": Destination(Secret(f"nonsense-{PASSWORD}"))})
    assert PASSWORD not in str(raised.value)


def test_what_was_sent_there_is_never_edited() -> None:
    person = Recipient("apprise:team", "apprise")
    assert route(announcement("a"), [person], NOW, "")
    assert route(announcement("b", edits="a"), [person], NOW, "") == []


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONFIG.replace("AFTERSHOCK_DESK_SECRET", "my secret"), "this is not the name of a variable"),
        (CONFIG.replace("min_severity: high", "min_severity: loud"), "'loud' is no severity; write one of info"),
        (CONFIG.replace("https://desk", "ftp://desk"), "http"),
        (CONFIG.replace("apprise:\n", "apprise:\n  - {name: team, url_env: A_B_C}\n"), "has this name already"),
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
