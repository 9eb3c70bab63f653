"""Who is answered, and with which headers."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.secret import Secret
from bot.web.guard import MOST_WAITING, Guard, own_name
from tests.web.conftest import PASSWORD, asker, site


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_nothing_can_be_changed(pages: httpx.AsyncClient, method: str) -> None:
    answer = await pages.request(method, "/history/alerts")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("localhost:8001", True),
        ("LOCALHOST:8001", True),
        ("127.0.0.1:8001", True),
        ("127.8.8.8", True),
        ("[::1]:8001", True),
        ("[::1]", True),
        ("", False),
        ("evil.example:8001", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("192.168.1.2:8001", False),
        ("0.0.0.0:8001", False),
        ("[fe80::1]:8001", False),
        ("[::1", True),
        ("@localhost", False),
        ("2130706433", False),
    ],
)
def test_whose_name_it_is(host: str, own: bool) -> None:
    assert own_name(host) is own


@given(st.text())
def test_any_host_can_be_looked_at(host: str) -> None:
    assert isinstance(own_name(host), bool)


async def test_without_a_password_another_name_for_this_machine_is_refused(pages: httpx.AsyncClient) -> None:
    answer = await pages.get("/", headers={"host": "evil.example:8001"})
    assert answer.status_code == 403
    assert "evil.example" in answer.text
    assert "Nvidia" not in answer.text


async def test_with_a_password_everything_needs_it(week: Path) -> None:
    async with asker(site(week, Secret(PASSWORD))) as client:
        for path in ("/", "/history.json", "/assets/aftershock.css", "/incident/20250127-1", "/-/versions"):
            answer = await client.get(path, headers={"host": "desk.example"})
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Basic ")
            answer = await client.get(path, headers={"host": "desk.example", **basic(f"anyone:{PASSWORD}")})
            assert answer.status_code == 200, path


@pytest.mark.parametrize(
    "header",
    [
        basic(""),
        basic("anyone"),
        basic("anyone:"),
        basic("anyone:wrong"),
        basic(f"anyone:{PASSWORD} "),
        basic(f"anyone:{PASSWORD.upper()}"),
        {"authorization": "Basic"},
        {"authorization": "Basic ####"},
        {"authorization": "Basic /w=="},
        {"authorization": f"Bearer {PASSWORD}"},
        {"authorization": PASSWORD},
    ],
)
async def test_a_wrong_password_is_refused(header: dict[str, str]) -> None:
    async with asker(Guard(nobody, Secret(PASSWORD), wrong_after=0.0)) as client:
        assert (await client.get("/", headers=header)).status_code == 401


async def nobody(scope: object, receive: object, send: object) -> None:
    raise AssertionError("it was let through")


async def test_wrong_passwords_are_answered_late_and_few_at_a_time() -> None:
    async with asker(Guard(welcome, Secret(PASSWORD), wrong_after=0.3)) as client:
        began = time.monotonic()
        tries = [client.get("/", headers=basic(f"a:{n}")) for n in range(MOST_WAITING + 5)]
        waiting = asyncio.gather(*tries)
        await asyncio.sleep(0.1)
        assert (await client.get("/", headers=basic(f"a:{PASSWORD}"))).status_code == 200, (
            "the right one waits for none"
        )
        answers = await waiting
        assert time.monotonic() - began >= 0.3
        assert sorted(a.status_code for a in answers) == [401] * MOST_WAITING + [429] * 5
        assert (await client.get("/", headers=basic("a:again"))).status_code == 401, "they can try again"


async def welcome(scope: object, receive: object, send) -> None:  # type: ignore[no-untyped-def]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_no_script_runs_but_ours_and_nothing_is_loaded_from_elsewhere(pages: httpx.AsyncClient) -> None:
    first, second = [await pages.get("/history/alert_history") for _ in range(2)]
    policy = first.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([\w-]+)'", policy)
    assert nonce is not None
    assert f"nonce-{nonce[1]}'" not in second.headers["content-security-policy"], "a nonce is used once"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    for script in re.findall(r"<script[^>]*>", first.text):
        assert nonce[1] in script or 'src="/-/static/' in script
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r'(?:src|href)="(?:https?:)?//[^"]*"[^>]*(?:stylesheet|script)', first.text)


async def test_the_error_of_a_guarded_page_is_guarded_too(pages: httpx.AsyncClient) -> None:
    for path in ("/nope", "/incident/none", "/?severity=loud", "/history?sql=delete+from+alerts"):
        answer = await pages.get(path)
        assert 400 <= answer.status_code < 500
        assert "content-security-policy" in answer.headers


async def test_web_sockets_are_not_accepted() -> None:
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    await Guard(nobody, None)({"type": "websocket", "headers": []}, nobody, send)  # type: ignore[arg-type]
    assert sent == []
