"""Whatever is asked of the pages ends, takes a bounded part of the machine, and keeps nobody else from them."""

from __future__ import annotations

import contextlib
import csv
import io
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.web.worker import MEMORY, defused
from bot.web.workers import BUSY, TOO_LONG
from tests.history.bombs import LARGE, SLOW
from tests.waiting import PATIENCE, wait_until
from tests.web.conftest import served
from tests.web.test_command import get

ENDLESS = SLOW["one function over a long text"]
"""SQLite's own time limit does not end it."""
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def asking(sql: str, form: str = "json") -> str:
    return f"history.{form}?sql={urllib.parse.quote(sql)}"


def session_of(leader: int) -> dict[int, str]:
    """The processes of a session but its leader, with their states."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and int(folder.name) != leader:
                found[int(folder.name)] = fields[0]
    return {pid: state for pid, state in found.items() if state != "Z"}


@contextlib.contextmanager
def asked_at_once(address: str, paths: list[str]) -> Iterator[list[Future[tuple[int, str]]]]:
    with ThreadPoolExecutor(len(paths)) as people:
        yield [people.submit(get, address + path) for path in paths]


@pytest.fixture(scope="module")
def shared(week: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The server, for tests that leave it as it was."""
    with served(week) as (address, child):
        yield address, child


@pytest.fixture
def web(shared: tuple[str, subprocess.Popen[str]]) -> str:
    """Its address."""
    return shared[0]


def test_the_front_page_is_there_while_four_bombs_run(week: Path) -> None:
    with served(week) as (address, child):
        with asked_at_once(address, [asking(ENDLESS)] * 4) as bombs:
            time.sleep(0.3)
            status, text = get(address)
            incident = get(f"{address}incident/20250127-1")[0]
            assert not any(bomb.done() for bomb in bombs), "they still run"
        assert (status, incident) == (200, 200)
        assert "Advantest falls" in text
        assert [bomb.result()[0] for bomb in bombs] == [400] * 4
        assert TOO_LONG in bombs[0].result()[1]
        assert get(address + asking("select count(*) from alerts"))[0] == 200, "and SQL is answered again"
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0


WAYS = {
    "a page": asking(ENDLESS, "x").replace(".x", ""),
    "JSON": asking(ENDLESS),
    "CSV": asking(ENDLESS, "csv"),
    "CSV without end": asking(ENDLESS, "csv") + "&_stream=on",
    "a condition": "history/quotes?_where=" + urllib.parse.quote(f"({ENDLESS}) = 3"),
    "a condition, as CSV": "history/quotes.csv?_stream=on&_where=" + urllib.parse.quote(f"({ENDLESS}) = 3"),
    "a coded name": asking(ENDLESS, "x").replace("history.x", "~68istory"),
    "a blob": asking(ENDLESS, "blob") + "&_blob_column=x",
    "planning": asking(SLOW["planning, before there is anything to run"]),
}


def test_every_way_to_sql_ends(week: Path) -> None:
    with served(week) as (address, _), asked_at_once(address, list(WAYS.values())) as asked:
        answers = {way: future.result() for way, future in zip(WAYS, asked, strict=True)}
        assert {way: status for way, (status, _) in answers.items() if status not in (400, 503)} == {}
        for _, text in answers.values():
            assert "Traceback" not in text
            assert str(week.parent) not in text
        assert get(address)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "search?q=" + "+OR+".join(f"{a}*" for a in "abcdefghijklmnopqrstuvwxyz" * 100),
        "search?q=" + "%22" + "a+" * 10_000 + "%22",
        "history/stories?_search=" + "+OR+".join(f"{a}*" for a in "abcdefghijklmnopqrstuvwxyz" * 100),
        "history/stories?_searchmode=raw&_search=" + "(" * 5000 + "a" + ")" * 5000,
        "history/stories?title__like=" + "%25a" * 5000,
        "history/stories?title__glob=" + "*a" * 5000,
        "history/alerts?" + "&".join(["_facet=rule"] * 300),
        "history/alerts?" + "&".join(f"rule__contains={n}" for n in range(3000)),
        "?symbol=" + "A" * 60_000,
    ],
    ids=lambda path: path[:40],
)
def test_values_that_get_into_queries_do_not_break_anything(web: str, path: str) -> None:
    status, text = get(web + path)
    assert status in (200, 400, 414, 431, 503)
    assert "Traceback" not in text
    assert get(web)[0] == 200


@linux
@pytest.mark.parametrize("kind", LARGE)
def test_no_answer_takes_the_memory(shared: tuple[str, subprocess.Popen[str]], kind: str) -> None:
    address, child = shared
    most = 0
    with asked_at_once(address, [asking(LARGE[kind])]) as (bomb,):
        over = False
        while not over:
            over = bomb.done()  # looked at once more after the answer, which may come before the first look
            for pid in session_of(child.pid):
                with contextlib.suppress(OSError):
                    held = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
                    most = max(most, int(held[1]) << 10 if held else 0)
            time.sleep(0.05)
    status, text = bomb.result()
    assert status == 400, text
    assert 0 < most < MEMORY + (160 << 20), "what it had when it began, and what it may take"


@linux
def test_it_ends_when_told_in_the_middle_of_bombs_and_leaves_nobody(week: Path) -> None:
    with served(week) as (address, child), asked_at_once(address, [asking(ENDLESS)] * 4) as bombs:
        wait_until(lambda: len(session_of(child.pid)) >= 5, "the nursery, and a worker for each")
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0
        assert not session_of(child.pid)
        for bomb in bombs:
            with contextlib.suppress(Exception):
                bomb.result()


@linux
def test_killed_it_leaves_nobody(week: Path) -> None:
    with served(week) as (address, child), asked_at_once(address, [asking(ENDLESS)] * 4) as bombs:
        wait_until(lambda: len(session_of(child.pid)) >= 5, "the nursery, and a worker for each")
        child.kill()
        child.wait(PATIENCE)
        wait_until(lambda: not session_of(child.pid), "they end with it")
        for bomb in bombs:
            with contextlib.suppress(Exception):
                bomb.result()


@linux
def test_a_worker_does_not_work_for_somebody_who_has_gone(week: Path) -> None:
    with served(week) as (address, child):
        get(address)
        before = session_of(child.pid)
        host, port = urllib.parse.urlsplit(address).hostname, urllib.parse.urlsplit(address).port
        with socket.create_connection((host, port)) as someone:
            someone.sendall(f"GET /{asking(ENDLESS)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            wait_until(lambda: len(session_of(child.pid)) > len(before), "a worker for it")
        wait_until(lambda: set(session_of(child.pid)) <= set(before), "it is killed")


def test_who_finds_no_room_is_told_so(week: Path) -> None:
    with served(week) as (address, _):
        with asked_at_once(address, [asking(ENDLESS)] * 30) as bombs:
            wait_until(lambda: any(bomb.done() for bomb in bombs), "some are refused")
            refused = [bomb.result() for bomb in bombs if bomb.done()]
            assert {status for status, _ in refused} == {503}
            assert BUSY in refused[0][1]
            assert get(address)[0] == 200
        assert {bomb.result()[0] for bomb in bombs} == {400, 503}


def test_those_who_connect_and_ask_nothing_lock_nobody_out(web: str) -> None:
    host, port = urllib.parse.urlsplit(web).hostname, urllib.parse.urlsplit(web).port
    with contextlib.ExitStack() as held:
        for _ in range(150):
            someone = held.enter_context(socket.create_connection((host, port)))
            someone.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert get(web)[0] == 200


def test_what_is_no_request_is_refused_and_fills_no_log(week: Path) -> None:
    with served(week) as (address, child):
        host, port = urllib.parse.urlsplit(address).hostname, urllib.parse.urlsplit(address).port
        for junk in (b"\x16\x03\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\0" * 100 + b"\r\n\r\n"):
            for _ in range(30):
                with socket.create_connection((host, port)) as someone:
                    someone.sendall(junk)
                    with contextlib.suppress(ConnectionError):
                        someone.recv(100)
        assert get(address)[0] == 200
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0
        assert child.stderr is not None
        said = child.stderr.read()
        assert "Traceback" not in said
        assert len(said.splitlines()) < 15, said


def test_csv_has_no_formulas_and_numbers_stay_numbers(week: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(week, copy)
    with contextlib.closing(sqlite3.connect(copy)) as conn, conn:
        first, second = (row[0] for row in conn.execute("SELECT arrival FROM stories ORDER BY arrival LIMIT 2"))
        linked = '=HYPERLINK("http://x.example","see")'
        conn.execute("UPDATE stories SET title = ? WHERE arrival = ?", (linked, first))
        conn.execute("UPDATE stories SET title = ?, summary = ? WHERE arrival = ?", ("+1-2\nx", "＝1", second))
    with served(copy) as (address, _):
        for path in (
            "history/stories.csv?_sort=arrival&_size=2",
            "history/stories.csv?_stream=on",
            asking("select title, summary, -0.5 as a, '=b' as \"=c\" from stories order by arrival limit 2", "csv"),
        ):
            rows = list(csv.reader(io.StringIO(get(address + path)[1], newline="")))
            cells = [cell for row in rows for cell in row]
            assert """'=HYPERLINK("http://x.example","see")""" in cells
            assert "'+1-2\nx" in cells
            assert "'＝1" in cells
            assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
        assert rows[0][3] == "'=c"
        assert rows[1][2] == "-0.5"


@pytest.mark.parametrize(
    ("row", "made"),
    [
        (b"a,-1,-1.5e-7,+3\r\n", b"a,-1,-1.5e-7,+3\r\n"),
        (b"=1,-x,@y,+z\r\n", b"'=1,'-x,'@y,'+z\r\n"),
        (b'"=a,b",""\r\n', b'"\'=a,b",\r\n'),
        (b'"a\r\n=b"\r\n', b'"a\r\n=b"\r\n'),
        (b"\r\n", b"\r\n"),
        (b'""\r\n', b'""\r\n'),
    ],
)
def test_a_row_is_defused(row: bytes, made: bytes) -> None:
    assert defused(row) == made
