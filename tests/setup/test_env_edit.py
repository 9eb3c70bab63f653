"""The token goes to its file, for its owner's eyes, and what else stands there stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.settings.replacing import replace_file
from bot.config.settings.telegram_token import find_telegram_token, keep_token, restrict_to_owner, token_from
from bot.core.errors import ConfigError
from bot.core.secret import Secret

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
OTHER = "987654321:BBEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
OURS = f"TELEGRAM_BOT_TOKEN={TOKEN}"

CASES = {
    "nothing": ("", f"{OURS}\n"),
    "others": ("A=1\n# mine\nB='x y'\n", f"A=1\n# mine\nB='x y'\n{OURS}\n"),
    "others without a line end": ("A=1", f"A=1\n{OURS}\n"),
    "another token": (f"A=1\nTELEGRAM_BOT_TOKEN={OTHER}  # old\nB=2\n", f"A=1\n{OURS}\nB=2\n"),
    "an exported one": (f"export TELEGRAM_BOT_TOKEN = '{OTHER}'\nB=2\n", f"export {OURS}\nB=2\n"),
    "an empty one": ("TELEGRAM_BOT_TOKEN=\n", f"{OURS}\n"),
    "two of them": (f"TELEGRAM_BOT_TOKEN={OTHER}\nA=1\nTELEGRAM_BOT_TOKEN={OTHER}\n", f"{OURS}\nA=1\n"),
    "only a name like it": ("MY_TELEGRAM_BOT_TOKEN=1\n", f"MY_TELEGRAM_BOT_TOKEN=1\n{OURS}\n"),
    "one in a comment": ("#TELEGRAM_BOT_TOKEN=x\n", f"#TELEGRAM_BOT_TOKEN=x\n{OURS}\n"),
    "Windows lines": (f"A=1\r\nTELEGRAM_BOT_TOKEN={OTHER}\r\n", f"A=1\r\n{OURS}\r\n"),
    "a byte order mark": (f"\ufeffTELEGRAM_BOT_TOKEN={OTHER}\n", f"\ufeff{OURS}\n"),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_one_line_says_the_token_and_the_others_stay(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(before.encode())
    file.chmod(0o644)
    assert keep_token(Secret(TOKEN), None, file) == file
    assert file.read_bytes().decode() == after
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    found = find_telegram_token({}, None, file)
    assert (found.token, found.warnings) == (Secret(TOKEN), ())


LINES = st.lists(
    st.sampled_from([OURS, f"export TELEGRAM_BOT_TOKEN={OTHER}", "A=1", "", "# é", "B = 'x # y'"]), max_size=6
)


@given(lines=LINES, newline=st.sampled_from(["\n", "\r\n"]), ended=st.booleans())
def test_whatever_stood_there_the_token_is_found_and_the_rest_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], newline: str, ended: bool
) -> None:
    file = tmp_path_factory.mktemp("env") / ".env"
    file.write_bytes((newline.join(lines) + (newline if ended and lines else "")).encode())
    keep_token(Secret(TOKEN), None, file)
    now = file.read_bytes().decode().splitlines()
    assert [x for x in now if "TOKEN" not in x] == [x for x in lines if "TOKEN" not in x] or not ended
    assert [x.strip() for x in now if "TOKEN" not in x and x] == [x for x in lines if "TOKEN" not in x and x]
    assert sum("TOKEN" in x for x in now) == 1
    assert find_telegram_token({}, None, file).token == Secret(TOKEN)


def test_a_configured_file_holds_nothing_but_the_token(tmp_path: Path) -> None:
    named = tmp_path / "secrets" / "token"
    assert keep_token(Secret(TOKEN), named, tmp_path / ".env") == named
    assert named.read_text(encoding="utf-8") == f"{TOKEN}\n"
    assert stat.S_IMODE(named.stat().st_mode) == 0o600
    assert not (tmp_path / ".env").exists()
    assert find_telegram_token({}, named, tmp_path / ".env").token == Secret(TOKEN)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n", encoding="utf-8")
    (tmp_path / ".env").symlink_to("real")
    keep_token(Secret(TOKEN), None, tmp_path / ".env")
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == f"A=1\n{OURS}\n"


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["not text", "a folder"])
def test_what_cannot_be_kept_whole_is_left_alone(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / ".env"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        keep_token(Secret(TOKEN), None, file)
    assert TOKEN not in str(caught.value)
    assert file.is_dir() if content is None else file.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_stopped_while_writing_the_old_file_stands_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\n", encoding="utf-8")

    def stopped(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        keep_token(Secret(TOKEN), None, file)
    assert file.read_text(encoding="utf-8") == "A=1\n"
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_a_file_is_never_open_to_others_not_even_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = os.fsync

    def look(descriptor: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    before = os.umask(0)
    try:
        replace_file(tmp_path / "new", b"x", 0o600)
    finally:
        os.umask(before)
    assert seen == [0o600]


def test_permissions_are_mended_once(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"{OURS}\n", encoding="utf-8")
    file.chmod(0o640)
    assert restrict_to_owner(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not restrict_to_owner(file)


@pytest.mark.parametrize(
    "text", [TOKEN, f" {TOKEN}\t", f"'{TOKEN}'", f'TELEGRAM_BOT_TOKEN="{TOKEN}"', f"export {OURS}"]
)
def test_a_token_is_taken_as_people_paste_it(text: str) -> None:
    assert token_from(text).reveal() == TOKEN


@pytest.mark.parametrize("text", ["", "  ", "TELEGRAM_BOT_TOKEN=", f"{TOKEN} {OTHER}", "not-a-token", f"bot{TOKEN}"])
def test_what_is_no_token_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        token_from(text)
    assert "AAEh" not in str(caught.value)
    assert "not-a-token" not in str(caught.value)
