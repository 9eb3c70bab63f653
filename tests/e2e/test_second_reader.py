"""The second reader in a running bot: asked about the stories behind a fall, answered, kept, and never told secrets."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.e2e.desk import ADMIN, READER, Desk, opened
from tests.lead.serving import KEY, said, serving
from tests.waiting import PATIENCE, wait_until

TIES = {
    "wire": "Chip stocks plunge as a cheap DeepSeek model threatens demand for chips",
    "tech": "Nvidia shares plunge as an AI model of DeepSeek undercuts rivals",
}


class Model:
    """A language model on a thread of its own, that finds no move in any story."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.url = ""
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    async def _serve(self) -> None:
        async with serving(self._answer) as self.url:
            self._ready.set()
            await self._stop.wait()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append((await request.text(), request.headers.get("Authorization", "")))
        return web.json_response(said(json.dumps({"moves": []})))

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        self._loop.close()


@pytest.fixture
def model() -> Iterator[Model]:
    made = Model()
    yield made
    made.stop()


@pytest.fixture
def day(tmp_path: Path, model: Model) -> Iterator[Desk]:
    with opened(tmp_path) as desk:
        key = desk.folder / "model-key"
        key.write_text(KEY)
        key.chmod(0o600)
        section = f"language_model: {{url: '{model.url}', second_reader: true, key_file: model-key}}"
        desk.write_config(more=section)
        desk.start()
        desk.subscribe(ADMIN, READER)
        yield desk


def test_a_running_bot_asks_about_the_stories_behind_a_fall(day: Desk, model: Model) -> None:
    for name, title in TIES.items():
        day.publish(name, [title])
    wait_until(
        lambda: day.count("SELECT count(*) FROM stories WHERE title LIKE '%plunge%'") == len(TIES), "both are read"
    )
    day.fall({"NVDA": -0.12, "AVGO": -0.11, "MU": -0.11, "VRT": -0.13})
    wait_until(lambda: day.count("SELECT count(*) FROM second_readings"), "an answer is kept", lambda: day.bots[-1].log)
    assert {authorization for _, authorization in model.asked} == {f"Bearer {KEY}"}
    # the same model may have been asked for the lead of the message before
    body = next(body for body, _ in model.asked if any(title in _content(body) for title in TIES.values()))
    for secret in ("AVGO", "SMH", str(READER), str(ADMIN), day.api.token, KEY):
        assert secret not in body
    for file in (*day.folder.glob("*.txt"), *day.folder.glob("aftershock.db*")):
        assert KEY not in file.read_text(errors="replace")


def _content(body: str) -> str:
    """What the model is told."""
    return str(json.loads(body)["messages"][0]["content"])
