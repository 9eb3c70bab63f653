"""The pages of ``web`` over a large history: how long each takes, and people who ask for them without pause."""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def pages(incident: str, alert: str, symbol: str, rule: str, word: str) -> dict[str, str]:
    """What each page is, and its address."""
    return {
        "front page": "/",
        "front page of a stock": f"/?symbol={symbol}",
        "front page of years ago": "/?before=2020-01-01T00:00:00Z~x",
        "incident": f"/incident/{incident}",
        "alert": f"/alert/{alert}",
        "search": f"/search?q={word}",
        "tables and SQL": "/history",
        "alerts of a stock": f"/history/alert_history?symbol={symbol}&_nofacet=1",
        "alerts, counted by five columns": "/history/alert_history",
        "stories": "/history/stories",
        "stories with a word": f"/history/stories?_search={word}",
        "prices": "/history/quotes",
        "this week's incidents": "/history/this_week",
        "an alert's full story": f"/history/whole_alert?alert={alert}",
        "a rule's record": f"/history/record_of_a_rule?rule={rule}",
        "sources by health": "/history/sources_by_health",
    }


def fetched(address: str) -> float:
    """Seconds until the page is there."""
    began = time.perf_counter()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=60) as answer:
        answer.read()
    return time.perf_counter() - began


@contextlib.contextmanager
def served(database: Path) -> Iterator[str]:
    """The command over ``database``; yields its address."""
    command = [sys.executable, "main.py", "web", "--database", str(database), "--port", "0"]
    child = subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert child.stderr is not None
    try:
        yield child.stderr.readline().partition(" at ")[2].partition("/;")[0]
    finally:
        child.terminate()
        child.wait(20)
        child.stderr.close()


def timed_pages(address: str, asked: dict[str, str]) -> list[tuple[str, float]]:
    """Each page with its seconds: the median of three after one that warms up."""
    return [(name, statistics.median([fetched(address + path) for _ in range(4)][1:])) for name, path in asked.items()]


@dataclass
class Got:
    """What those who browse got."""

    pages: int = 0
    cut_short: int = 0
    """Pages whose questions took longer than they may."""


@contextlib.contextmanager
def asked_without_pause(address: str, asked: dict[str, str], people: int) -> Iterator[Got]:
    """So many who ask for one page after the other; yields where the pages they got are counted."""
    stop, got = threading.Event(), Got()
    lock = threading.Lock()

    def ask(first: int) -> None:
        paths = list(asked.values())
        number = first
        while not stop.is_set():
            short = 0
            try:
                fetched(address + paths[number % len(paths)])
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 400:
                    raise
                short = 1
            number += 1
            with lock:
                got.pages += 1
                got.cut_short += short

    asking = [threading.Thread(target=ask, args=(4 * n,), daemon=True) for n in range(people)]
    for thread in asking:
        thread.start()
    time.sleep(1.5)
    try:
        yield got
    finally:
        stop.set()
        for thread in asking:
            thread.join(30)
