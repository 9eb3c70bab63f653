"""``check`` says whether the bot can be watched over: where it would listen, and whether its switch is known."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bot.adapters.calendar import ExchangeCalendar
from bot.adapters.metrics.server import MetricsServer
from bot.app.setup.checkup import check_up
from bot.app.setup.findings import Finding

NOW = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
SECRET = "https://switch.example/7f3a-hidden"


@pytest.fixture
def config(repository: Path, tmp_path: Path) -> Path:
    shutil.copy(repository / "config.yaml", tmp_path)
    (tmp_path / "rules").symlink_to(repository / "rules")
    return tmp_path / "config.yaml"


@pytest.fixture
def taken() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def added(config: Path, more: str) -> None:
    config.write_text(config.read_text(encoding="utf-8") + f"\n{more}\n", encoding="utf-8")


async def said_of(config: Path, part: str, more: str = "") -> Finding | None:
    added(config, more)
    found = [f async for f in check_up(config, NOW, offline=True)]
    return next((f for f in found if f.part == part), None)


async def test_nothing_is_said_of_what_is_off(config: Path) -> None:
    assert await said_of(config, "metrics") is None
    assert await said_of(config, "heartbeat") is None


async def test_a_free_address_is_ready(config: Path, taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    taken.close()
    found = await said_of(config, "metrics", f"metrics: {{listen: {port}}}")
    assert found is not None
    assert found.ok
    assert f"http://127.0.0.1:{port}/metrics" in found.words


async def test_an_address_of_another_program_is_taken(config: Path, taken: socket.socket) -> None:
    found = await said_of(config, "metrics", f"metrics: {{listen: {taken.getsockname()[1]}}}")
    assert found is not None
    assert not found.ok
    assert "nothing can listen at 127.0.0.1 port" in found.words
    assert "metrics: listen:" in found.advice


@pytest.mark.parametrize(("well", "status"), [(True, "ok"), (False, "unwell")])
async def test_a_running_bot_is_told_from_another_program(config: Path, well: bool, status: str) -> None:
    server = MetricsServer(CollectorRegistry(), lambda: (well, {"status": status, "reasons": []}))
    await server.start("127.0.0.1", 0)
    port = server.port
    try:
        found = await said_of(config, "metrics", f"metrics: {{listen: {port}}}")
    finally:
        await server.close()
    assert found is not None
    assert found.ok
    assert found.words == f"a running bot answers at 127.0.0.1:{port}: {status}"


async def test_the_switch_is_known_and_its_address_not_told(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_HEARTBEAT_URL", SECRET)
    found = await said_of(config, "heartbeat", "heartbeat: {every: 90s}")
    assert found is not None
    assert found.ok
    assert "every 90s" in found.words.replace("1m 30s", "90s").replace("1.5m", "90s")
    assert "hidden" not in repr(found)


async def test_a_switch_that_is_no_address_is_a_mistake(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSHOCK_HEARTBEAT_URL", "switch hidden")
    found = await said_of(config, "heartbeat")
    assert found is not None
    assert not found.ok
    assert "hidden" not in repr(found)


@pytest.fixture
def watching_berkshire(config: Path) -> Path:
    written = config.read_text(encoding="utf-8")
    config.write_text(written.replace("watchlist:\n", "watchlist:\n  insurers: [BRK.B]\n", 1), encoding="utf-8")
    return config


async def test_a_symbol_whose_exchange_is_unknown_is_named_with_what_to_write(watching_berkshire: Path) -> None:
    found = await said_of(watching_berkshire, "symbols")
    assert found is not None
    assert (found.ok, found.words, found.advice) == (
        False,
        "BRK.B: no exchange has the suffix .B",
        "for a class of shares write BRK-B",
    )


@pytest.fixture
def watching_mumbai(config: Path) -> Path:
    written = config.read_text(encoding="utf-8")
    config.write_text(written.replace("watchlist:\n", "watchlist:\n  india: [TCS.NS]\n", 1), encoding="utf-8")
    return config


async def test_holidays_that_are_soon_not_recorded_any_more_are_named(watching_mumbai: Path) -> None:
    recorded = ExchangeCalendar().recorded_until("XNSE", date(2026, 1, 1), date(datetime.now(UTC).year + 1, 12, 31))
    end = datetime.combine(recorded, time(), UTC)
    for days, told in ((90, False), (30, True)):
        found = [f async for f in check_up(watching_mumbai, end - timedelta(days=days), offline=True)]
        words = f"holidays of XNSE are recorded until {recorded}; later every weekday counts as a session"
        assert any(f.ok and words in f.words for f in found) is told


async def test_a_key_that_a_run_could_not_start_with_is_found(config: Path) -> None:
    more = "language_model: {url: 'http://127.0.0.1:9/v1', key_file: no-such-key}"
    found = await said_of(config, "language model", more)
    assert found is not None
    assert not found.ok
    assert "no such file" in found.words
