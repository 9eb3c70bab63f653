"""Who is answered, and with which headers."""

from __future__ import annotations

import asyncio
import base64
import re
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.secret import Secret
from bot.web.guard import ALL_GUESSES, ANY_GUESS_EVERY, GUESS_EVERY, GUESSES, Guard, Guesses, own_name
from tests.web.conftest import HOST, PASSWORD, asker, site


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
        for path in ("/", "/history.json", "/assets/aftershock.css", "/incident/20250127-1", "/-/static/app.css"):
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
    async with asker(Guard(nobody, Secret(PASSWORD))) as client:
        assert (await client.get("/", headers=header)).status_code == 401


async def nobody(scope: object, receive: object, send: object) -> None:
    raise AssertionError("it was let through")


class Now:
    """A clock that a test winds."""

    at = 1000.0

    def __call__(self) -> float:
        return self.at


def guessed_at(now: Now) -> Guard:
    return Guard(welcome, Secret(PASSWORD), seconds=now)


async def ask(guard: Guard, password: str, address: str, **headers: str) -> int:
    """The answer to somebody at this address."""
    transport = httpx.ASGITransport(app=guard, client=(address, 12345))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
        return (await client.get("/", headers={**basic(f"a:{password}"), **headers})).status_code


async def test_many_who_guess_at_once_get_no_more_than_the_budget_compared() -> None:
    guard = guessed_at(Now())
    tries = [ask(guard, PASSWORD if n == 100 else f"guess {n}", "192.0.2.7") for n in range(300)]
    answers = await asyncio.gather(*tries)
    assert answers.count(401) == GUESSES
    assert answers.count(429) == 300 - GUESSES
    assert 200 not in answers, "the right one is not even looked at"


async def test_a_budget_is_full_again_in_time() -> None:
    now = Now()
    guard = guessed_at(now)
    for n in range(GUESSES):
        assert await ask(guard, str(n), "192.0.2.7") == 401
    assert await ask(guard, PASSWORD, "192.0.2.7") == 429
    now.at += GUESS_EVERY - 0.1
    assert await ask(guard, PASSWORD, "192.0.2.7") == 429
    now.at += 0.2
    assert await ask(guard, PASSWORD, "192.0.2.7") == 200
    for _ in range(50):
        assert await ask(guard, PASSWORD, "192.0.2.7") == 200, "the right one costs nothing"


async def test_others_guesses_are_not_ones_own_and_all_together_have_a_budget() -> None:
    now = Now()
    guard = guessed_at(now)
    assert await ask(guard, PASSWORD, "198.51.100.1") == 200
    answers = [await ask(guard, "guess", f"192.0.2.{n}") for n in range(ALL_GUESSES + 20)]
    assert answers == [401] * ALL_GUESSES + [429] * 20
    assert await ask(guard, PASSWORD, "203.0.113.9") == 429, "who comes first now waits"
    assert await ask(guard, PASSWORD, "198.51.100.1") == 200, "who was let in before does not"
    now.at += ANY_GUESS_EVERY + 0.1
    assert await ask(guard, PASSWORD, "203.0.113.9") == 200


async def test_a_network_of_version_six_is_one_address() -> None:
    guard = guessed_at(Now())
    answers = [await ask(guard, "guess", f"2001:db8:0:1::{n:x}") for n in range(1, GUESSES + 3)]
    assert answers == [401] * GUESSES + [429, 429]
    assert await ask(guard, "guess", "2001:db8:0:2::1") == 401


async def test_behind_a_proxy_on_this_machine_the_address_is_what_that_says() -> None:
    guard = guessed_at(Now())
    said = "198.51.100.9, 192.0.2.7"
    answers = [await ask(guard, "guess", "127.0.0.1", **{"x-forwarded-for": said}) for _ in range(GUESSES + 1)]
    assert answers[-1] == 429
    assert await ask(guard, PASSWORD, "127.0.0.1", **{"x-forwarded-for": "192.0.2.8"}) == 200
    assert await ask(guard, "guess", "192.0.2.9", **{"x-forwarded-for": said}) == 401, "others cannot say who they are"
    for odd in ("", "nobody", ",", "1.2.3", "[::1]:80"):
        assert await ask(guard, "guess", "127.0.0.1", **{"x-forwarded-for": odd}) in (401, 429)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 40), st.booleans()), max_size=60))
def test_no_order_of_guesses_buys_more_than_the_budgets(tries: list[tuple[int, float, bool]]) -> None:
    now = Now()
    guesses = Guesses(now)
    wrong: dict[str, list[float]] = {}
    for who, later, right in tries:
        now.at += later
        address = f"192.0.2.{who}"
        if guesses.begin(address) <= 0:
            if right:
                guesses.was_right(address)
            else:
                wrong.setdefault(address, []).append(now.at)
    for times in wrong.values():
        for first in range(len(times)):
            for last in range(first, len(times)):
                assert last - first + 1 <= GUESSES + (times[last] - times[first]) / GUESS_EVERY + 1e-6


SITES = ("cross-site", "same-site")
OPENED = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.mark.parametrize("site_of", SITES)
@pytest.mark.parametrize(
    "path", ["/", "/?symbol=NVDA", "/incident/20250127-1", "/history", "/history/alert_history?symbol=NVDA&_sort=id"]
)
async def test_another_site_may_open_a_page_and_not_load_it(pages: httpx.AsyncClient, path: str, site_of: str) -> None:
    asked = {"sec-fetch-site": site_of}
    assert (await pages.get(path, headers={**asked, **OPENED})).status_code == 200
    for mode, dest in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe")):
        answer = await pages.get(path, headers={**asked, "sec-fetch-mode": mode, "sec-fetch-dest": dest})
        assert answer.status_code == 403, (mode, dest)
        assert "Nvidia" not in answer.text
    assert (await pages.get(path, headers=asked)).status_code == 403


@pytest.mark.parametrize("path", ["/", "/history", "/history.json?sql=select+1"])
async def test_a_script_of_another_site_is_known_by_its_origin_in_an_older_browser(
    pages: httpx.AsyncClient, path: str
) -> None:
    own = str(pages.base_url).rstrip("/")
    for origin in ("http://evil.example", "null", f"{own}9", f"{own}.evil.example", ""):
        assert (await pages.get(path, headers={"origin": origin})).status_code == 403, origin
    assert (await pages.get(path, headers={"origin": own})).status_code in (200, 302)


@pytest.mark.parametrize("site_of", SITES)
@pytest.mark.parametrize(
    "path",
    [
        "/history.json?sql=select+1",
        "/history?sql=select+1",
        "/history?a=1&sql=select+1",
        "/history?sql",
        "/~68istory?sql=select+1",
        "/history/alerts?_where=1",
        "/history/alerts.json",
        "/history/alerts.csv?_stream=on",
        "/history/alerts?_shape=array",
        "/history/this_week.json",
        "/history/deepest_falls.csv?when=2025",
        "/history/stories/1.json",
    ],
)
async def test_another_site_never_gets_sql_json_or_csv(pages: httpx.AsyncClient, path: str, site_of: str) -> None:
    answer = await pages.get(path, headers={"sec-fetch-site": site_of, **OPENED})
    assert answer.status_code == 403
    for own in ("none", "same-origin"):
        answer = await pages.get(path, headers={"sec-fetch-site": own, **OPENED})
        assert answer.status_code in (200, 302, 400, 404), "ones own page may"


@pytest.mark.parametrize(
    "path",
    [
        *("/-/databases.json", "/-/databases", "/-/threads.json", "/-/plugins.json", "/-/settings.json", "/-/metadata"),
        *(
            "/-/versions",
            "/-/actor.json",
            "/-/patterns",
            "/-/allow-debug",
            "/-/messages",
            "/-/permissions",
            "/-/logout",
        ),
        *("/-/auth-token", "/-/config", "/-/", "/%2D/databases.json", "/-/%64atabases.json"),
    ],
)
async def test_pages_about_the_program_itself_are_closed(pages: httpx.AsyncClient, path: str) -> None:
    assert (await pages.get(path)).status_code == 404


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
