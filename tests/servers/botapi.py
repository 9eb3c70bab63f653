"""An emulated Telegram Bot API over real HTTP, for tests and for trying the bot by hand.

    async with BotApi() as api:                       # or: with in_thread() as api:
        ...start the bot with TELEGRAM_BOT_TOKEN=api.token and base_url=api.url...
        api.say(chat=42, user=42, text="/start")      # somebody writes to the bot
        await api.until(lambda: api.texts(42))        # what the bot has sent to that chat
        api.fault("cut_after", chat=42)               # the next sendMessage is accepted, then the line drops

It refuses what Telegram refuses (markup, lengths, unknown messages, unchanged edits) with Telegram's words, numbers
messages, remembers every call with its time, lets one getUpdates at a time wait, and can be told to misbehave.

Faults, each for the next ``times`` calls of ``method``, optionally to one ``chat``:

    429 (retry_after=1)   flood_plain (429 without parameters)   400 (description=...)   401   403   404
    409 (conflict)        migrate (to=-100…)   500 (JSON error)   502 (a gateway's page)   503   504
    cut_before (line drops, not accepted)      cut_after (accepted, then the line drops)
    slow (seconds=…; accepted after that)      stall (seconds=…; accepted at once, answered after that)
    malformed (accepted, unreadable answer)    html (a captive portal's page with status 200)

By hand: ``python -m tests.servers.botapi --port 8081`` prints what the bot sends; lines typed are said in chat 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from aiohttp import web

from tests.servers.botapi_chats import Call, Chats, Fault, RefusalError, Sent
from tests.waiting import PATIENCE

_METHODS = {name.lower(): name for name in ("editMessageText", "sendRichMessage")}
TOKEN = "123456789:AAE-emulated-token-for-tests-only-000"


class BotApi:
    """The server. ``token`` is the only one it knows; ``chats`` limits which chats exist (``None``: all)."""

    def __init__(self, token: str = TOKEN, *, chats: set[int] | None = None) -> None:
        self.token = token
        self.rooms = Chats(chats)
        self.blocked = self.rooms.blocked
        self.sent = self.rooms.sent
        self.calls: list[Call] = []
        self.commands: list[dict[str, str]] = []
        self.said_of_itself: dict[str, str] = {}
        self.webhook = ""
        self.menus: dict[str, list[dict[str, str]]] = {}
        self.answers: list[dict[str, Any]] = []
        self.concurrent = 0
        self.most_concurrent = 0
        self.per_chat_overlap = False
        self.knows_rich = True
        """Whether the server is of version 10.2 or later; an older one knows no rich messages."""
        self._faults: list[Fault] = []
        self._updates: list[dict[str, Any]] = []
        self._next_update = 1
        self._news = asyncio.Event()
        self._poller: asyncio.Event | None = None
        self._busy: Counter[int] = Counter()
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.port = 0

    # ------------------------------------------------------------------------------------------------ life and looks

    async def start(self, port: int = 0) -> None:
        """Listen on the loopback interface."""
        self._loop = asyncio.get_running_loop()
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening; open connections are dropped."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> BotApi:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        """The server's address, for ``base_url``."""
        return f"http://127.0.0.1:{self.port}"

    def made(self, method: str) -> list[Call]:
        """The calls of one method so far."""
        return [call for call in self.calls if call.method == method]

    def messages(self, chat: int) -> list[Sent]:
        """What a chat shows, oldest first."""
        now = list(self.sent.values())  # copied in one step: the server's thread adds messages meanwhile
        return [message for message in now if message.chat == chat]

    def texts(self, chat: int) -> list[str]:
        """The texts a chat shows, oldest first."""
        return [message.text for message in self.messages(chat)]

    async def until(self, holds: Callable[[], object], within: float = PATIENCE) -> None:
        """Wait until ``holds()`` is true. Raises AssertionError after ``within`` seconds."""
        ends = time.monotonic() + within
        while not holds():
            assert time.monotonic() < ends, f"not within {within} s; calls: {Counter(c.method for c in self.calls)}"
            await asyncio.sleep(0.01)

    # --------------------------------------------------------------------------------------------- people and faults

    def say(self, chat: int, user: int, text: str, *, thread: int | None = None, name: str = "Ada") -> int:
        """Somebody writes; negative chats are groups. Returns the update's id."""
        message = {
            "message_id": self.rooms.number(),
            "date": int(time.time()),
            "chat": self.rooms.describe(chat),
            "from": {"id": user, "is_bot": False, "first_name": name},
            "text": text,
        }
        if thread is not None:
            message |= {"message_thread_id": thread, "is_topic_message": True}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        return self.update({"message": message})

    def press(self, chat: int, user: int, message_id: int, data: str) -> int:
        """Somebody presses a button under a message."""
        self.rooms.presses.add(press := str(self.rooms.number()))
        return self.update(
            {
                "callback_query": {
                    "id": press,
                    "from": {"id": user, "is_bot": False, "first_name": "Ada"},
                    "chat_instance": "1",
                    "data": data,
                    "message": {"message_id": message_id, "date": int(time.time()), "chat": self.rooms.describe(chat)},
                }
            }
        )

    def block(self, chat: int, user: int) -> int:
        """A person blocks the bot: it is told, and sending there is forbidden from now on."""
        self.blocked.add(chat)
        me = {"id": 123456789, "is_bot": True, "first_name": "Aftershock"}
        return self.update(
            {
                "my_chat_member": {
                    "chat": self.rooms.describe(chat),
                    "from": {"id": user, "is_bot": False, "first_name": "Ada"},
                    "date": int(time.time()),
                    "old_chat_member": {"status": "member", "user": me},
                    "new_chat_member": {"status": "kicked", "user": me, "until_date": 0},
                }
            }
        )

    def join(self, chat: int, user: int) -> int:
        """A person adds the bot to a group or channel."""
        me = {"id": 123456789, "is_bot": True, "first_name": "Aftershock"}
        return self.update(
            {
                "my_chat_member": {
                    "chat": self.rooms.describe(chat),
                    "from": {"id": user, "is_bot": False, "first_name": "Ada"},
                    "date": int(time.time()),
                    "old_chat_member": {"status": "left", "user": me},
                    "new_chat_member": {"status": "member", "user": me},
                }
            }
        )

    def post(self, channel: int, text: str) -> int:
        """A channel posts: Telegram does not say which of its administrators wrote it."""
        self.rooms.channels.add(channel)
        message = {
            "message_id": self.rooms.number(),
            "date": int(time.time()),
            "chat": self.rooms.describe(channel),
            "sender_chat": self.rooms.describe(channel),
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        return self.update({"channel_post": message})

    def update(self, content: dict[str, Any]) -> int:
        """Queue any update. Safe from other threads."""
        number = self._next_update
        self._next_update += 1
        self._updates.append({"update_id": number, **content})
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._news.set)
        return number

    def fault(
        self, kind: str, method: str = "sendMessage", *, chat: int | None = None, times: int = 1, **options: Any
    ) -> Fault:
        """Misbehave for the next ``times`` calls. The kinds are listed at the top."""
        fault = Fault(kind, method, chat, times, options)
        self._faults.append(fault)
        return fault

    def clear_faults(self) -> None:
        """Behave again."""
        self._faults.clear()

    # --------------------------------------------------------------------------------------------------- the protocol

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        params = await _params(request)
        named = request.match_info["method"]  # in any case, as Telegram takes it
        call = Call(_METHODS.get(named.lower(), named), params, time.monotonic())
        self.calls.append(call)
        chat = call.chat if call.method != "getUpdates" else None
        self.concurrent += 1
        self.most_concurrent = max(self.most_concurrent, self.concurrent - (self._poller is not None))
        if chat is not None:
            self._busy[chat] += 1
            self.per_chat_overlap |= self._busy[chat] > 1
        try:
            response = await self._respond(request, call)
            call.status = response.status if not call.fault.startswith("cut") else 0
            return response
        finally:
            self.concurrent -= 1
            if chat is not None:
                self._busy[chat] -= 1

    async def _respond(self, request: web.Request, call: Call) -> web.Response:
        try:
            if request.match_info["token"] != self.token:
                raise RefusalError(401, "Unauthorized")
            fault = self._fault_for(call)
            if fault is None:
                return _ok(await self._act(call))
            call.fault = fault.kind
            return await self._misbehave(request, call, fault)
        except RefusalError as refusal:
            body = {"ok": False, "error_code": refusal.status, "description": refusal.description}
            if refusal.parameters:
                body["parameters"] = refusal.parameters
            return web.json_response(body, status=refusal.status)

    def _fault_for(self, call: Call) -> Fault | None:
        for fault in self._faults:
            if fault.method in (call.method, "*") and fault.chat in (None, call.chat):
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    async def _misbehave(self, request: web.Request, call: Call, fault: Fault) -> web.Response:
        options = fault.options
        refusals = {
            "flood_plain": RefusalError(429, "Too Many Requests"),
            "400": RefusalError(400, options.get("description", "Bad Request: can't parse entities: scripted")),
            "401": RefusalError(401, "Unauthorized"),
            "403": RefusalError(403, options.get("description", "Forbidden: bot was blocked by the user")),
            "404": RefusalError(404, "Not Found"),
            "409": RefusalError(
                409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
            ),
            "500": RefusalError(500, "Internal Server Error"),
        }
        if fault.kind in refusals:
            raise refusals[fault.kind]
        if fault.kind == "429":
            wait = options.get("retry_after", 1)
            raise RefusalError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
        if fault.kind == "migrate":
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise RefusalError(400, text, {"migrate_to_chat_id": options["to"]})
        if fault.kind in ("502", "503", "504"):
            return web.Response(status=int(fault.kind), text="<html><h1>Bad Gateway</h1></html>")
        if fault.kind == "html":
            return web.Response(text="<html>Please log in to this network</html>")
        if fault.kind == "slow":
            await asyncio.sleep(options.get("seconds", 1.0))
            return _ok(await self._act(call))
        if fault.kind == "stall":
            result = await self._act(call)
            await asyncio.sleep(options.get("seconds", 1.0))
            return _ok(result)
        if fault.kind == "malformed":
            await self._act(call)
            return web.Response(text='{"ok":true,"result":{"message_id":', content_type="application/json")
        if fault.kind in ("cut_before", "cut_after"):
            if fault.kind == "cut_after":
                await self._act(call)
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        raise AssertionError(f"no such fault: {fault.kind}")

    async def _act(self, call: Call) -> Any:  # noqa: C901  - a case for each method
        params = call.params
        match call.method:
            case "getMe":
                return {"id": 123456789, "is_bot": True, "first_name": "Aftershock", "username": "aftershock_test_bot"}
            case "getUpdates":
                return await self._get_updates(params)
            case "sendMessage":
                return self.rooms.send(params, str(params.get("text", "")), 4096)
            case "sendPhoto":
                return self.rooms.send(params, str(params.get("caption", "")), 1024, photo=True)
            case "sendMediaGroup":
                return self.rooms.send_album(params)
            case "sendRichMessage" if self.knows_rich:
                return self.rooms.send_rich(params)
            case "editMessageText":
                return self.rooms.edit(params if self.knows_rich else _without_rich(params))
            case "editMessageCaption" | "editMessageMedia":
                return self.rooms.edit_caption(params)
            case "setMyCommands":
                self.commands = params["commands"]
                scope = params.get("scope") or {"type": "default"}
                self.menus[f"{scope['type']} {scope.get('chat_id', '')}".strip()] = params["commands"]
                return True
            case "answerCallbackQuery":
                self.answers.append(params)
                return True
            case "setMyDescription" | "setMyShortDescription":
                return self._describe_itself(call.method, params)
            case "deleteWebhook":
                self.webhook = ""
                return True
            case "sendChatAction" | "close":
                return True
            case "getWebhookInfo":
                waiting = len(self._updates)
                return {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": waiting}
        raise RefusalError(404, "Not Found")

    def _describe_itself(self, method: str, params: dict[str, Any]) -> bool:
        name, most = ("description", 512) if method == "setMyDescription" else ("short_description", 120)
        text = str(params.get(name, ""))
        if len(text) > most:
            raise RefusalError(400, f"Bad Request: {name} is too long")
        self.said_of_itself[name] = text
        return True

    async def _get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook:
            text = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
            raise RefusalError(409, f"{text}webhook first")
        offset = int(params.get("offset") or 0)
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        if self._poller is not None:
            self._poller.set()
        mine = self._poller = asyncio.Event()
        ends = time.monotonic() + float(params.get("timeout") or 0)
        try:
            while not self._updates and time.monotonic() < ends:
                self._news.clear()
                waits = [asyncio.ensure_future(self._news.wait()), asyncio.ensure_future(mine.wait())]
                try:
                    await asyncio.wait(waits, timeout=ends - time.monotonic(), return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for wait in waits:
                        wait.cancel()
                if mine.is_set():
                    raise RefusalError(409, "Conflict: terminated by other getUpdates request")
        finally:
            if self._poller is mine:
                self._poller = None
        return self._updates[: int(params.get("limit") or 100)]


async def _params(request: web.Request) -> dict[str, Any]:
    """Parameters from the query, a form or a JSON body; nested values arrive as JSON text."""
    raw: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        raw |= await request.json()
    else:
        with warnings.catch_warnings():  # aiohttp's own, in how it reads an uploaded picture
            warnings.simplefilter("ignore", DeprecationWarning)
            raw |= dict(await request.post())
    parsed: dict[str, Any] = {}
    for name, value in raw.items():
        parsed[name] = value
        if isinstance(value, str) and name not in ("text", "caption"):
            with contextlib.suppress(ValueError):
                parsed[name] = json.loads(value)
    return parsed


def _without_rich(params: dict[str, Any]) -> dict[str, Any]:
    """The parameters an old server knows: it passes over the others."""
    return {name: value for name, value in params.items() if name != "rich_message"}


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


@contextlib.contextmanager
def in_thread(token: str = TOKEN) -> Iterator[BotApi]:
    """The server in a thread of its own, for tests that have no event loop."""
    api, loop, ready = BotApi(token), asyncio.new_event_loop(), threading.Event()

    async def serve() -> None:
        await api.start()
        ready.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(api.stop())
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(5), "the emulated Bot API did not start"
    try:
        yield api
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


async def _by_hand(port: int) -> None:
    api = BotApi()
    await api.start(port)
    print(f"Bot API at {api.url} for token {api.token}; type to speak as chat 1", file=sys.stderr)
    shown: dict[tuple[int, int], int] = {}
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin, lambda: (line := sys.stdin.readline()) and api.say(1, 1, line.strip()))
    while True:
        for key, message in list(api.sent.items()):
            if shown.get(key) != message.edits:
                shown[key] = message.edits
                print(f"--- {message.chat} #{message.id}{' (edited)' if message.edits else ''}\n{message.text}\n")
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="An emulated Telegram Bot API")
    arguments.add_argument("--port", type=int, default=8081)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_by_hand(arguments.parse_args().port))
