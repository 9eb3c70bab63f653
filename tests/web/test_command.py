"""``web`` as a command: where it listens and where it refuses to, how it ends."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from tests.command import run_command
from tests.waiting import PATIENCE, allowed
from tests.web.conftest import PASSWORD, serving


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AFTERSHOCK_WEB_PASSWORD", raising=False)


def get(address: str, password: str = "") -> tuple[int, str]:
    request = urllib.request.Request(address)
    if password:
        request.add_header("authorization", "Basic " + base64.b64encode(f"me:{password}".encode()).decode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_serves_the_file_and_ends_when_told(week: Path) -> None:
    with serving(week) as address:
        assert address.startswith("http://127.0.0.1:")
        status, text = get(address)
        assert status == 200
        assert "Advantest falls" in text
        assert get(f"{address}assets/aftershock.css")[0] == 200
        began = time.monotonic()
    assert time.monotonic() - began < allowed(5)


def test_with_a_password_it_may_listen_beyond_this_machine(week: Path) -> None:
    with serving(week, "--host", "0.0.0.0", password=PASSWORD) as address:
        here = address.replace("0.0.0.0", "127.0.0.1")
        assert get(here)[0] == 401
        assert "Advantest falls" in get(here, PASSWORD)[1]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "desk.example"])
def test_beyond_this_machine_it_refuses_without_a_password(week: Path, host: str) -> None:
    ran = run_command("web", "--database", week, "--host", host, code=2)
    assert "other machines could read the history without a password" in ran.stderr
    assert "AFTERSHOCK_WEB_PASSWORD" in ran.stderr


def test_a_short_password_is_refused_and_not_repeated(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_WEB_PASSWORD", "hunter2")
    ran = run_command("web", "--database", week, code=2)
    assert "too short" in ran.stderr
    assert "hunter2" not in ran.stderr + ran.stdout


def test_a_password_may_stand_in_the_env_file(week: Path, tmp_path: Path) -> None:
    shutil.copy("config.yaml", tmp_path / "config.yaml")
    (tmp_path / ".env").write_text("AFTERSHOCK_WEB_PASSWORD=short\n")
    ran = run_command("web", "--database", week, "--config", tmp_path / "config.yaml", code=2)
    assert "too short" in ran.stderr


def test_a_port_that_is_taken_is_said_to_be(week: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run_command("web", "--database", week, "--port", taken.getsockname()[1], code=2)
    assert "cannot listen at 127.0.0.1 port" in ran.stderr
    assert "--port" in ran.stderr


def test_without_a_history_there_is_nothing_to_show(tmp_path: Path) -> None:
    ran = run_command("web", "--database", tmp_path / "none.db", code=1)
    assert "no history there yet" in ran.stderr
    assert not (tmp_path / "none.db").exists()


def test_a_newer_history_is_refused(week: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    shutil.copy(week, newer)
    with closing(sqlite3.connect(newer)) as conn, conn:
        conn.execute("PRAGMA user_version = 99")
        conn.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) SELECT migration_set, 'm999', applied_at"
            " FROM _sqlite_migrations LIMIT 1"
        )
    conn.close()
    ran = run_command("web", "--database", newer, code=1)
    assert "newer" in ran.stderr


def test_without_datasette_it_says_how_to_get_it(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.web.find_spec", lambda name: None)
    ran = run_command("web", "--database", week, code=2)
    assert "make setup EXTRAS=web" in ran.stderr


def test_the_file_is_never_written_to(week: Path) -> None:
    before = (week.read_bytes(), beside(week))
    with serving(week) as address:
        for path in ("", "history/alerts", "incident/20250127-1", "search?q=deepseek"):
            assert get(address + path)[0] == 200
    assert (week.read_bytes(), beside(week)) == before


def beside(file: Path) -> list[str]:
    """What stands beside it, SQLite's own two files apart."""
    return [name for name in sorted(os.listdir(file.parent)) if not name.endswith(("-wal", "-shm"))]


def test_a_file_in_a_folder_nobody_may_write_to_can_be_looked_at(week: Path, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    shutil.copy(week, folder / "history.db")
    folder.chmod(0o555)
    try:
        with serving(folder / "history.db") as address:
            assert "Advantest falls" in get(address)[1]
            assert get(f"{address}history/alert_history")[0] == 200
    finally:
        folder.chmod(0o755)
