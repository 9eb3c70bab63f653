"""What ``telegram-test-api`` lacks, in front of it; everything else is its own.

Every request goes to the emulator first, as it came. The shim changes its answers only where Telegram's differ:

- getUpdates waits as a long poll does; a press carries its chat instance, and its message a date,
- getMe says that the bot is one,
- sendMessage gives the date in seconds, and not the request's own parameters back,
- where the emulator answers nothing (edits, answers to presses) it is ``true``,
- an error has Telegram's form.

What the emulator says it does not know, the shim answers itself: ``true``, and for pictures a message with one.
``own`` and ``by_shim`` are the methods that were asked for, by who answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import which
from typing import Any

import aiohttp
from aiohttp import web

from tests.processes import Processes
from tests.waiting import PATIENCE

TOKEN = "123456789:AAE-emulated-token-for-tests-only-000"
UNKNOWN = "is not supported"
"""The emulator's words for a method it does not have."""

MESSAGE = ("message_id", "chat", "text", "reply_markup")
"""What of a message the emulator answers as Telegram does; it also repeats the request's parameters as they came."""


class Emulator:
    """The emulator behind the shim. ``url`` is the bot's ``base_url``."""

    def __init__(self, port: int) -> None:
        self.inner = f"http://127.0.0.1:{port}"
        self.url = ""
        self.answered: list[dict[str, Any]] = []
        self.own: set[str] = set()
        self.by_shim: set[str] = set()
        self.pictures: list[int] = []
        """The chats that pictures were sent to, in order."""
        self.loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        self._session = aiohttp.ClientSession()
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        assert self._runner is not None
        assert self._session is not None
        await self._runner.cleanup()
        await self._session.close()

    async def _handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        params = await request.post()
        ends = time.monotonic() + float(str(params.get("timeout", 0)))
        # the emulator reads no files, and may hang up on one that it is still being sent
        files = request.content_type == "multipart/form-data"
        sent = {} if files else {"data": await request.read(), "headers": {"Content-Type": request.content_type}}
        while True:
            status, found = await self._inner(request.path.removeprefix("/"), **sent)
            if method != "getUpdates" or found.get("result") or time.monotonic() >= ends:
                break
            await asyncio.sleep(0.03)
        if UNKNOWN in found.get("message", ""):
            self.by_shim.add(method)
            return web.json_response({"ok": True, "result": self._instead(method, params)})
        self.own.add(method)
        if not found.get("ok"):
            code = found.get("error_code", status)
            why = found.get("description") or found.get("message")
            return web.json_response({"ok": False, "error_code": code, "description": why}, status=code)
        if method == "answerCallbackQuery":
            self.answered.append(dict(params))
        return web.json_response({"ok": True, "result": self._as_telegram(method, found["result"])})

    @staticmethod
    def _as_telegram(method: str, result: Any) -> Any:
        """The emulator's answer where Telegram's has another form."""
        if method == "getMe":
            return result | {"is_bot": True}
        if method == "sendMessage":
            return {k: v for k, v in result.items() if k in MESSAGE} | {"date": result["date"] // 1000}
        if method == "getUpdates":
            for update in result:
                if "callback_query" in update:
                    update["callback_query"] |= {"chat_instance": "1"}
                    update["callback_query"]["message"].setdefault("date", int(time.time()))
        return True if result is None else result

    def _instead(self, method: str, params: Mapping[str, Any]) -> Any:
        """An answer to a method the emulator does not have."""
        if method != "sendPhoto":
            return True
        chat = int(params["chat_id"])
        self.pictures.append(chat)
        size = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9}
        number = 100_000 + len(self.pictures)
        return {
            "message_id": number, "date": int(time.time()), "chat": {"id": chat, "type": "private"}, "photo": [size],
        }  # fmt: skip

    async def _inner(self, path: str, **sent: Any) -> tuple[int, dict[str, Any]]:
        assert self._session is not None
        async with self._session.post(f"{self.inner}/{path}", **sent) as response:
            return response.status, await response.json()

    def _ask(self, path: str, params: dict[str, Any]) -> dict[str, Any]:
        status, found = asyncio.run_coroutine_threadsafe(self._inner(path, json=params), self.loop).result(10)
        assert status == 200, found
        return found

    # -------------------------------------------------------------------------------------------------------- people

    def say(self, chat: int, text: str, *, kind: str = "private", user: int | None = None) -> None:
        """Somebody gives a command, as the emulator's own client would."""
        length = len(text.split()[0])
        self._ask(
            "sendCommand",
            {
                **self._who(chat, kind, user),
                "text": text,
                "entities": [{"offset": 0, "length": length, "type": "bot_command"}],
            },
        )

    def press(self, chat: int, message: int, data: str, *, kind: str = "private", user: int | None = None) -> None:
        """Somebody presses a button."""
        who = self._who(chat, kind, user)
        inner = {"from": who["from"], "chat": who["chat"], "message_id": message}
        self._ask("sendCallback", {"botToken": TOKEN, "from": who["from"], "message": inner, "data": data})

    def shown(self, chat: int) -> list[dict[str, Any]]:
        """What the bot's messages in a chat are, as the emulator has kept them; edits in place."""
        kept = self._ask("getUpdatesHistory", {"token": TOKEN})["result"]
        messages = [
            {**item["message"], "id": item["messageId"]} for item in kept if "chat_id" in item.get("message", {})
        ]
        return [m for m in messages if int(m["chat_id"]) == chat]

    @staticmethod
    def _who(chat: int, kind: str, user: int | None) -> dict[str, Any]:
        person = {"id": user or chat, "first_name": "Ada", "username": "ada", "is_bot": False}
        return {
            "botToken": TOKEN, "date": int(time.time()), "from": person,
            "chat": {"id": chat, "type": kind, "title": "Desk", "first_name": "Ada"},
        }  # fmt: skip


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Emulator]:
    """The emulator installed in ``folder`` as a process, with the shim before it."""
    node = which("node")
    assert node is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = Processes()
    process = processes.start(
        [node, "start.js", str(port)], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    made = Emulator(port)
    ready = threading.Event()

    def work() -> None:
        asyncio.set_event_loop(made.loop)
        made.loop.run_until_complete(made.start())
        ready.set()
        made.loop.run_forever()
        made.loop.run_until_complete(made.stop())
        made.loop.close()

    thread = threading.Thread(target=work, daemon=True)
    with processes:
        try:
            assert process.stdout.readline() == b"ready\n", "the emulator did not start"
            thread.start()
            assert ready.wait(PATIENCE)
            yield made
        finally:
            if thread.is_alive():
                made.loop.call_soon_threadsafe(made.loop.stop)
                thread.join(5)
            else:
                made.loop.close()
