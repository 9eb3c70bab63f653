"""What the port ``Notifier`` promises, of every implementation, the example of the docs included."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.adapters.notifiers.apprise import AppriseNotifier, Destination
from bot.adapters.notifiers.console import ConsoleNotifier
from bot.adapters.notifiers.telegram import TelegramNotifier
from bot.adapters.notifiers.webhook import Endpoint, WebhookNotifier
from bot.app.run.notifiers import NullNotifier, close_all, without_edits
from bot.core.errors import DeliveryError
from bot.core.model import Notification
from bot.core.ports import Notifier
from bot.core.secret import Secret
from bot.extensions import NotifierContext
from tests.delivery.makers import NOW, RealClock, notification, outgoing
from tests.extending.packages import installed
from tests.servers.botapi import TOKEN, BotApi

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")  # Apprise's
KINDS = ("telegram", "console", "webhook", "apprise", "nobody", "file")


@dataclass
class Channel:
    """A notifier, the id of a recipient on it, and how much has arrived there."""

    notifier: Notifier
    recipient: str
    arrived: Callable[[], int]

    def note(self, key: str = "a", **changes: object) -> Notification:
        return notification(key, self.recipient, NOW, **changes)


@pytest.fixture(params=KINDS)
async def channel(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Channel]:
    got: list[bytes] = []

    async def take(asked: web.Request) -> web.Response:
        got.append(await asked.read())
        return web.Response(status=200)

    app = web.Application()
    app.router.add_post("/{rest:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    monkeypatch.syspath_prepend(str(installed(tmp_path / "site", "notifier")))
    async with BotApi() as api:
        match request.param:
            case "telegram":
                telegram = TelegramNotifier(Secret(TOKEN), base_url=api.url, timeout=1)
                made = Channel(telegram, "telegram:1", lambda: len(api.messages(1)))
            case "console":
                out = io.StringIO()
                made = Channel(
                    ConsoleNotifier(out), "console", lambda: out.getvalue().count(" UTC") or bool(out.tell())
                )
            case "webhook":
                endpoints = {"webhook:desk": Endpoint(f"http://127.0.0.1:{port}/hook", Secret("0123456789abcdef"))}
                made = Channel(WebhookNotifier(endpoints, RealClock()), "webhook:desk", lambda: len(got))
            case "apprise":
                destination = Destination(Secret(f"json://127.0.0.1:{port}/hook"))
                made = Channel(AppriseNotifier({"apprise:team": destination}), "apprise:team", lambda: len(got))
            case "nobody":
                made = Channel(NullNotifier(), "console", lambda: 1)
            case _:
                module = importlib.import_module("aftershock_file_notifier")
                context = NotifierContext(tmp_path, RealClock(), Secret)
                file = tmp_path / "alerts.txt"
                notifier = module.make({"file:desk": {"path": "alerts.txt"}}, context)
                made = Channel(notifier, "file:desk", lambda: file.exists() and file.read_text().count("high"))
        yield made
        await made.notifier.close()
    await runner.cleanup()
    sys.modules.pop("aftershock_file_notifier", None)


async def test_a_message_arrives_and_its_id_comes_back(channel: Channel) -> None:
    message = await channel.notifier.send(outgoing(channel.note()))
    assert message
    assert isinstance(message, str)
    assert channel.arrived() == 1


async def test_its_abilities_are_attributes(channel: Channel) -> None:
    notifier = channel.notifier
    assert isinstance(notifier, Notifier)
    assert channel.recipient.partition(":")[0] == notifier.channel
    assert {type(notifier.edits), type(notifier.separate_services), type(notifier.repeatable)} == {bool}
    assert notifier.limits is None or notifier.limits.overall > 0
    assert (notifier.channel in without_edits({notifier.channel: notifier})) is not notifier.edits


async def test_an_edit_of_what_was_sent_is_taken_where_there_are_edits(channel: Channel) -> None:
    message = await channel.notifier.send(outgoing(channel.note()))
    if channel.notifier.edits:
        edit = channel.note("b", edits=channel.note().id)
        assert await channel.notifier.send(outgoing(edit, edits=message))


async def test_a_stranger_is_refused_for_good_where_recipients_are_services(channel: Channel) -> None:
    if not channel.notifier.separate_services:
        return
    stranger = notification("a", f"{channel.notifier.channel}:nobody", NOW)
    with pytest.raises(DeliveryError) as refused:
        await channel.notifier.send(outgoing(stranger))
    assert refused.value.permanent


async def test_it_may_be_closed_twice(channel: Channel) -> None:
    await channel.notifier.send(outgoing(channel.note()))
    await channel.notifier.close()
    await channel.notifier.close()


async def test_one_that_cannot_be_closed_keeps_nobody_from_leaving() -> None:
    closed = []

    class Broken(NullNotifier):
        async def close(self) -> None:
            closed.append(self)
            raise RuntimeError("no")

    await close_all([Broken(), Broken()])
    assert len(closed) == 2
