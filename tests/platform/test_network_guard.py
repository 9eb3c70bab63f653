"""The guard in ``tests/conftest.py`` holds."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import GUARD, NetworkReachedError, is_loopback
from tests.processes import run


def test_a_connection_that_leaves_the_machine_is_refused_and_remembered() -> None:
    with closing(socket.socket()) as plain, pytest.raises(NetworkReachedError, match=r"192\.0\.2\.1"):
        plain.connect(("192.0.2.1", 80))
    assert GUARD.reached == ["socket.connect to 192.0.2.1"]
    GUARD.reached.clear()


def test_a_name_look_up_that_leaves_the_machine_is_refused_and_remembered() -> None:
    with pytest.raises(NetworkReachedError, match=r"example\.com"):
        socket.getaddrinfo("example.com", 443)
    assert GUARD.reached == ["look-up of example.com"]
    GUARD.reached.clear()


async def test_the_event_loop_is_guarded_too() -> None:
    with pytest.raises(NetworkReachedError):
        await asyncio.open_connection("192.0.2.1", 80)
    assert GUARD.reached
    GUARD.reached.clear()


def test_reserved_names_fail_as_unknown_names_do_without_counting() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("feed.invalid", 443)
    assert GUARD.reached == []


def test_loopback_is_open() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        answer = threading.Thread(target=lambda: server.accept()[0].close())
        answer.start()
        with closing(socket.create_connection(("localhost", server.getsockname()[1]))) as client:
            assert client.recv(1) == b""
        answer.join()
    assert GUARD.reached == []


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        (b"localhost", True),
        ("bot.localhost.", True),
        ("", True),
        (None, True),
        ("0.0.0.0", True),
        ("10.0.0.1", False),
        ("::ffff:192.0.2.1", False),
        ("localhost.example.com", False),
        ("query1.finance.yahoo.com", False),
    ],
)
def test_only_this_machine_counts_as_loopback(host: str | bytes | None, here: bool) -> None:
    assert is_loopback(host) is here


def test_a_test_that_swallows_the_refusal_fails_all_the_same(tmp_path: Path, repository: Path) -> None:
    shutil.copy(repository / "tests/conftest.py", tmp_path)
    (tmp_path / "test_sly.py").write_text(
        "import contextlib, socket\n"
        "def test_sly():\n"
        "    with contextlib.suppress(Exception), contextlib.closing(socket.socket()) as plain:\n"
        "        plain.connect(('192.0.2.1', 80))\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull]
    result = run([*command, "test_sly.py"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout
    assert "1 passed, 1 error" in result.stdout
    assert "tests do not reach for the network: socket.connect to 192.0.2.1" in result.stdout
