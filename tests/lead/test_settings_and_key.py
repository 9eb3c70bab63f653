"""The language model is off until it is given an address; its key is found where it may be, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.settings.model import Settings, load_settings
from bot.config.settings.secret_files import find_language_model_key
from bot.core.errors import ConfigError

KEY = "sk-emulated-key-for-tests-only-000"
LIST = "watchlist: {ai-chips: [NVDA]}\n"


def _settings(tmp_path: Path, section: str) -> Settings:
    return load_settings(tmp_path / "config.yaml", f"{LIST}{section}")


def test_off_by_default_and_as_shipped(tmp_path: Path, repository: Path) -> None:
    assert _settings(tmp_path, "").language_model.url is None
    assert _settings(tmp_path, "language_model:\n").language_model.url is None
    assert load_settings(repository / "config.yaml").language_model.url is None


def test_on_with_an_address(tmp_path: Path) -> None:
    section = "language_model: {url: 'http://localhost:11434/v1', model: 'qwen3:8b', key_file: key}"
    found = _settings(tmp_path, section).language_model
    assert (found.url, found.model, found.key_file) == ("http://localhost:11434/v1", "qwen3:8b", tmp_path / "key")


@pytest.mark.parametrize("url", ["ftp://localhost/v1", "localhost:11434", "file:///v1", "https://me:pw@localhost/v1"])
def test_no_other_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match="address"):
        _settings(tmp_path, f"language_model: {{url: '{url}'}}")


@pytest.mark.parametrize("name", ["key", "api_key", "token"])
def test_a_key_in_the_file_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="AFTERSHOCK_LANGUAGE_MODEL_KEY") as caught:
        _settings(tmp_path, f"language_model: {{{name}: {KEY}}}")
    assert KEY not in str(caught.value)


def _file(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_the_environment_comes_first_then_the_file(tmp_path: Path) -> None:
    file = _file(tmp_path / "key", f"{KEY}\n")
    for environment, expected in (
        ({"AFTERSHOCK_LANGUAGE_MODEL_KEY": f" {KEY}1 "}, f"{KEY}1"),
        ({"AFTERSHOCK_LANGUAGE_MODEL_KEY": " "}, KEY),
        ({}, KEY),
    ):
        key, warning = find_language_model_key(environment, file)
        assert key is not None
        assert (key.reveal(), warning) == (expected, "")
    assert find_language_model_key({}, None) == (None, "")


def test_a_file_others_can_read_is_warned_of(tmp_path: Path) -> None:
    file = _file(tmp_path / "key", KEY, 0o644)
    assert find_language_model_key({}, file)[1].endswith(f"run: chmod 600 {file}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file; write the key into it, or remove language_model.key_file"),
        ("", "this is not a key"),
        (f"{KEY}\n{KEY}", "this is not a key"),
        (f"{KEY}é", "this is not a key"),
        (KEY.encode() + b"\xff", "the file is not UTF-8; save it as UTF-8"),
        (KEY * 10_000, "the file is too large for a key; name another"),
    ],
)
def test_a_file_without_a_usable_key(tmp_path: Path, content: str | bytes | None, said: str) -> None:
    file = tmp_path / "key"
    if content is not None:
        _file(file, content)
    with pytest.raises(ConfigError, match=said) as caught:
        find_language_model_key({}, file)
    assert KEY not in f"{caught.value!r} {caught.value}"


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        find_language_model_key({}, tmp_path)


def test_the_second_reader_is_off_until_it_is_asked_for_and_has_a_budget(tmp_path: Path) -> None:
    url = "url: 'http://localhost:11434/v1'"
    assert not _settings(tmp_path, f"language_model: {{{url}}}").language_model.second_reader
    found = _settings(tmp_path, f"language_model: {{{url}, second_reader: true, questions_a_day: 50}}").language_model
    assert (found.second_reader, found.questions_an_hour, found.questions_a_day) == (True, 30, 50)


def test_a_second_reader_without_a_model_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"language_model\.second_reader: no language model to ask; set url"):
        _settings(tmp_path, "language_model: {second_reader: true}")
