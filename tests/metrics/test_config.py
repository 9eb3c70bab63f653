"""What may be written under ``metrics`` and ``heartbeat``, and what is refused, without repeating the address."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.settings.metrics import find_heartbeat_url, is_loopback
from bot.config.settings.model import Settings, load_settings
from bot.core.errors import ConfigError

SECRET = "https://switch.example/ping/7f3a-secret-part"


def settings(tmp_path: Path, lines: str) -> Settings:
    return load_settings(tmp_path / "config.yaml", f"watchlist: {{ai-chips: [NVDA]}}\n{lines}\n")


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("127.0.0.1:9477", ("127.0.0.1", 9477)),
        ("9477", ("127.0.0.1", 9477)),
        ("'9477'", ("127.0.0.1", 9477)),
        ("localhost:80", ("localhost", 80)),
        ("'[::1]:9477'", ("::1", 9477)),
        ("127.3.2.1:65535", ("127.3.2.1", 65535)),
    ],
)
def test_where_it_listens(tmp_path: Path, written: str, address: tuple[str, int]) -> None:
    assert settings(tmp_path, f"metrics: {{listen: {written}}}").metrics.address == address


def test_both_are_off_unless_asked_for(tmp_path: Path, repository: Path) -> None:
    for read in (settings(tmp_path, ""), load_settings(repository / "config.yaml")):
        assert read.metrics.address is None
        assert find_heartbeat_url({}, read.heartbeat) is None


@pytest.mark.parametrize("written", ["0", "65536", "9477.5", "127.0.0.1", "'::1:9477'", "'a b:1'", "[1]", "true", "''"])
def test_what_is_no_address_is_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError, match=r"config.yaml:2:19: metrics.listen: .*9477"):
        settings(tmp_path, f"metrics: {{listen: {written}}}")


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "192.168.1.4", "'[::]", "'[2001:db8::1]", "desk.example", "localhost.evil"]
)
def test_listening_beyond_this_machine_has_to_be_meant(tmp_path: Path, host: str) -> None:
    listen = f"{host}:9477" + ("'" if host.startswith("'") else "")
    with pytest.raises(ConfigError, match=r"config.yaml:2:19: .*without a password.*beyond_loopback: true"):
        settings(tmp_path, f"metrics: {{listen: {listen}}}")
    assert settings(tmp_path, f"metrics: {{listen: {listen}, beyond_loopback: true}}").metrics.address


def test_loopback_is_told_from_the_rest() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST."]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "localhost.example", ""]))


def test_the_switch_comes_from_the_environment_before_the_file(tmp_path: Path) -> None:
    written = settings(tmp_path, f"heartbeat: {{url: '{SECRET}', every: 5m}}").heartbeat
    assert written.every == timedelta(minutes=5)
    assert SECRET not in repr(written)
    found = find_heartbeat_url({}, written)
    assert found is not None
    assert found.reveal() == SECRET
    other = find_heartbeat_url({"AFTERSHOCK_HEARTBEAT_URL": " https://b.example/x "}, written)
    assert other is not None
    assert other.reveal() == "https://b.example/x"


@pytest.mark.parametrize("url", [SECRET.replace("https", "ftp"), SECRET[8:], SECRET.replace("//", "//a:b@")])
def test_an_address_that_is_none_is_refused_without_being_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=r"heartbeat.url: this is not a web address") as told:
        settings(tmp_path, f"heartbeat: {{url: '{url}'}}")
    assert "secret-part" not in str(told.value)
    with pytest.raises(ConfigError, match="AFTERSHOCK_HEARTBEAT_URL: this is not a web address") as told:
        find_heartbeat_url({"AFTERSHOCK_HEARTBEAT_URL": url}, settings(tmp_path, "").heartbeat)
    assert "secret-part" not in str(told.value)


def test_a_switch_is_not_asked_all_the_time(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.yaml:2:20: heartbeat.every: too frequent"):
        settings(tmp_path, "heartbeat: {every: 9s}")
