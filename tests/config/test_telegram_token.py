"""The token: found where it may be, refused where it is not one, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.settings.telegram_token import find_telegram_token
from bot.core.errors import ConfigError

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
NO_TOKEN = "this does not look like a Telegram token (digits, ':', letters and digits); copy it from BotFather"
OTHER = "987654321:BBEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


def _private(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


def _revealed(environment: dict[str, str], token_file: Path | None, env_file: Path) -> str | None:
    found = find_telegram_token(environment, token_file, env_file)
    return found.token.reveal() if found.token is not None else None


def test_without_any_place_there_is_no_token(tmp_path: Path) -> None:
    found = find_telegram_token({}, None, tmp_path / ".env")
    assert (found.token, found.origin, found.warnings) == (None, "", ())


def test_the_environment_comes_first_then_the_named_file_then_dot_env(tmp_path: Path) -> None:
    named = _private(tmp_path / "token", OTHER)
    env = _private(tmp_path / ".env", f"TELEGRAM_BOT_TOKEN={TOKEN[:-1]}x\n")
    assert _revealed({"TELEGRAM_BOT_TOKEN": TOKEN}, named, env) == TOKEN
    assert _revealed({}, named, env) == OTHER
    assert _revealed({}, None, env) == TOKEN[:-1] + "x"


def test_an_empty_variable_is_as_if_not_set(tmp_path: Path) -> None:
    env = _private(tmp_path / ".env", f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    assert _revealed({"TELEGRAM_BOT_TOKEN": " "}, None, env) == TOKEN


@pytest.mark.parametrize(
    "text",
    [
        f"TELEGRAM_BOT_TOKEN={TOKEN}",
        f"# mine\nOTHER=1\nexport TELEGRAM_BOT_TOKEN = {TOKEN}   # from BotFather\n",
        f'TELEGRAM_BOT_TOKEN="{TOKEN}"\r\n',
        f"\ufeffTELEGRAM_BOT_TOKEN='{TOKEN}' # x\n",
        f"TELEGRAM_BOT_TOKEN=\nTELEGRAM_BOT_TOKEN={TOKEN}\nnot a line at all\n",
    ],
    ids=["plain", "export, spaces, comment", "double quotes, Windows", "single quotes, byte order mark", "empty first"],
)
def test_dot_env_is_read_as_people_write_it(tmp_path: Path, text: str) -> None:
    assert _revealed({}, None, _private(tmp_path / ".env", text)) == TOKEN


@pytest.mark.parametrize("text", ["", "OTHER=1\n", f"#TELEGRAM_BOT_TOKEN={TOKEN}\n", f"MY_TELEGRAM_BOT_TOKEN={TOKEN}"])
def test_a_dot_env_without_the_variable_gives_no_token(tmp_path: Path, text: str) -> None:
    assert _revealed({}, None, _private(tmp_path / ".env", text)) is None


@pytest.mark.parametrize("text", [TOKEN, f"{TOKEN}\n", f"# mine\n\n  {TOKEN}  \n", f"TELEGRAM_BOT_TOKEN={TOKEN}\n"])
def test_a_token_file_holds_the_token_bare_or_as_in_dot_env(tmp_path: Path, text: str) -> None:
    assert _revealed({}, _private(tmp_path / "token", text), tmp_path / ".env") == TOKEN


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_others_can_read_is_used_with_a_warning(tmp_path: Path, mode: int) -> None:
    env = _private(tmp_path / ".env", f"TELEGRAM_BOT_TOKEN={TOKEN}\n")
    assert find_telegram_token({}, None, env).warnings == ()
    env.chmod(mode)
    found = find_telegram_token({}, None, env)
    assert found.warnings == (f"{env} holds the Telegram token and can be read by others; run: chmod 600 {env}",)
    assert TOKEN not in repr(found)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("hunter2\n", f":1:1: {NO_TOKEN}"),
        (f"{TOKEN} hunter2\n", f":1:1: {NO_TOKEN}"),
        ("# nothing\n", ": the file has no token in it; paste the one from BotFather"),
        (f"{TOKEN}\nhunter2\n", ":2:1: the file has more in it than the token; leave one line"),
        (b"\xff\xfehunter2", ": the file is not UTF-8; save it as UTF-8"),
        (b"x" * 70_000, ": the file is too large for a token; name another"),
    ],
    ids=["another word", "two words", "only a comment", "two lines", "another encoding", "a large file"],
)
def test_a_named_file_without_a_token_is_an_error_that_shows_nothing(
    tmp_path: Path, text: str | bytes, line: str
) -> None:
    file = _private(tmp_path / "token", text)
    with pytest.raises(ConfigError) as caught:
        find_telegram_token({}, file, tmp_path / ".env")
    assert str(caught.value) == f"{file}{line}"
    assert "hunter2" not in str(caught.value)
    assert "AAEhBO" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"token: there is no such file; write the token into it, or remove"):
        find_telegram_token({}, tmp_path / "token", tmp_path / ".env")


def test_a_wrong_token_in_the_environment_is_named_but_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_telegram_token({"TELEGRAM_BOT_TOKEN": "hunter2"}, None, tmp_path / ".env")
    assert str(caught.value).startswith("TELEGRAM_BOT_TOKEN: this does not look like a Telegram token")
    assert "hunter2" not in str(caught.value)


def test_a_folder_named_dot_env_is_no_token(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert _revealed({}, None, tmp_path / ".env") is None
