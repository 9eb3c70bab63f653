"""The bot as a process, watched over from outside: its page says what happened, and what is written of it is true."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.e2e.desk import ADMIN, READER, Bot, Desk, opened
from tests.metrics.parsed import Parsed, parsed
from tests.waiting import wait_until

HIDDEN = "7f3a-hidden-part"


@dataclass
class Watched:
    """A running bot, its switch, and what its page says."""

    desk: Desk
    bot: Bot
    port: int
    beats: list[str] = field(default_factory=list)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def page(self) -> Parsed:
        """The metrics now."""
        status, text = self.get("/metrics")
        assert status == 200
        return parsed(text)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A bot with metrics and heartbeat, two readers, and a fall that fired."""
    beats: list[str] = []

    class Switch(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            beats.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with ThreadingHTTPServer(("127.0.0.1", 0), Switch) as switch, opened(tmp_path_factory.mktemp("watched")) as desk:
        threading.Thread(target=switch.serve_forever, daemon=True).start()
        desk.settings["more"] = (
            f"metrics: {{listen: {port}}}\n"
            f"heartbeat: {{url: 'http://127.0.0.1:{switch.server_port}/ping/{HIDDEN}', every: 10s}}"
        )
        desk.write_config()
        watched = Watched(desk, desk.start(), port, beats)
        desk.subscribe(ADMIN, READER)
        desk.tell_news()
        desk.fall({"NVDA": -0.13})
        wait_until(lambda: desk.alerts(READER), "the alert arrives", lambda: watched.bot.log)
        yield watched
        switch.shutdown()


def test_it_is_well_and_says_so(watched: Watched) -> None:
    status, body = watched.get("/healthz")
    said = json.loads(body)
    assert (status, said["status"], said["reasons"], said["uncommitted_cycles"]) == (200, "ok", [], 0)
    assert said["prices_answered_at"].startswith("2025-01-27T15:")
    assert watched.page().value("aftershock_healthy") == 1


def test_the_page_counts_what_happened(watched: Watched) -> None:
    page = watched.page()
    fired = watched.desk.count("SELECT count(*) FROM alerts")
    assert sum(v for n, _, v in page.samples if n == "aftershock_alerts_total") == fired >= 1
    fired_by = {(at["rule"], at["severity"]) for n, at, _ in page.samples if n == "aftershock_alerts_total"}
    assert fired_by == {("ai-model-shock", "high")}
    assert page.value("aftershock_stories_total") == watched.desk.count("SELECT count(*) FROM stories")
    assert page.value("aftershock_symbols_priced") == page.value("aftershock_symbols_watched") == 11
    assert page.value("aftershock_polls_total", source="prices", trouble="none") >= 2
    assert page.value("aftershock_poll_failures_total", source="prices") == 0
    assert page.value("aftershock_cycle_duration_seconds_count") > 5
    assert page.value("aftershock_incidents_open") == 1
    assert page.value("aftershock_outbox", state="queued") == 0
    assert page.value("process_resident_memory_bytes") > 50e6
    assert page.value("aftershock_database_bytes") > 50_000
    for source in ("prices", "wire", "tech"):
        assert 0 <= page.value("aftershock_poll_age_seconds", source=source) < 20
        assert 0 <= page.value("aftershock_answer_age_seconds", source=source) < 20


def test_how_long_a_message_took_is_what_the_history_says(watched: Watched) -> None:
    ((number, seconds),) = watched.desk.rows(
        "SELECT count(*), sum((julianday(d.ended_at) - julianday(n.created_at)) * 86400)"
        " FROM deliveries d JOIN notifications n ON n.id = d.notification_id"
        " WHERE d.outcome = 'sent' AND n.channel = 'telegram' AND n.edits IS NULL"
    )
    page = watched.page()
    name = "aftershock_delivery_latency_seconds"
    assert page.value(f"{name}_count", channel="telegram") == number >= 2
    assert page.value(f"{name}_sum", channel="telegram") == pytest.approx(seconds, abs=0.2 * number)
    assert page.value("aftershock_deliveries_total", outcome="sent") >= number


def test_the_heart_beats_and_its_address_is_nowhere(watched: Watched) -> None:
    wait_until(lambda: watched.beats, "a heartbeat")
    assert set(watched.beats) == {f"/ping/{HIDDEN}"}
    files = [watched.bot.out, watched.bot.err, *watched.desk.folder.glob("aftershock.db*")]
    assert not any(HIDDEN in file.read_text(errors="replace") for file in files)
    assert HIDDEN not in watched.get("/metrics")[1] + watched.get("/healthz")[1]


# --------------------------------------------------------------------------------- what is written about the numbers


def series(page: Parsed) -> set[str]:
    """Every name a query may use."""
    names = {name for name, kind in page.kinds.items() if kind != "histogram"}
    histograms = {name for name, kind in page.kinds.items() if kind == "histogram"}
    return names | {name + end for name in histograms for end in ("_bucket", "_sum", "_count")}


def expressions(value: Any) -> Iterator[str]:
    """Every query in the dashboard, those of variables too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "query") and isinstance(inner, str):
                yield inner
            else:
                yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


def test_the_dashboard_is_json_and_names_only_numbers_that_exist(watched: Watched, repository: Path) -> None:
    dashboard = json.loads((repository / "docs" / "grafana-dashboard.json").read_text(encoding="utf-8"))
    queries = [q for q in expressions(dashboard) if q != "prometheus"]
    assert len(queries) >= 10
    known, named = series(watched.page()), set()
    for query in queries:
        found = re.findall(r"\b(?:aftershock|process)_\w+", query)
        assert found, query
        named |= set(found)
    assert named <= known, named - known
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    assert all(panel["title"] for panel in dashboard["panels"])


def test_the_page_on_operations_lists_every_number_and_no_other(watched: Watched, repository: Path) -> None:
    text = (repository / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `((?:aftershock|process)_\w+)`", text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == watched.page().families


# ------------------------------------------------------------------------------------------------------------ the end


def test_a_second_bot_says_that_the_address_is_taken_and_runs_without(watched: Watched) -> None:
    other = watched.desk.start(database=watched.desk.folder / "other.db", token=None)
    other.until_logged("no metrics: nothing can listen at 127.0.0.1")
    other.until_logged("started feeds=2")
    wait_until(lambda: "Metrics and /healthz are off" in other.printed, "the operator is told", lambda: other.printed)
    assert other.stop()[0] == 0


def test_it_still_stops_at_once(watched: Watched) -> None:
    idle = socket.create_connection(("127.0.0.1", watched.port))
    code, seconds = watched.bot.stop()
    assert code == 0
    assert seconds < 3
    with contextlib.closing(idle), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", watched.port))
