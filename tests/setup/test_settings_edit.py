"""Adding an admin to a file that people wrote: theirs stays as it is, to the letter."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.settings.edit_admins import add_admin
from bot.config.settings.model import load_settings
from bot.config.settings.telegram_ids import SHARED_ACCOUNTS
from bot.config.yaml.document import load_document
from bot.core.errors import ConfigError

LEAST = "watchlist: {ai-chips: [NVDA]}\n"
CASES = {
    "no section": (LEAST, LEAST + "\ntelegram:\n  admins: [42]\n"),
    "no section and no line end": (LEAST.strip(), LEAST + "\ntelegram:\n  admins: [42]\n"),
    "a section of comments": (
        LEAST + "telegram:   # people\n  # admins: [1]\nconsole: auto\n",
        LEAST + "telegram:   # people\n  admins: [42]\n  # admins: [1]\nconsole: auto\n",
    ),
    "a section that is null": (LEAST + "telegram: ~\n", LEAST + "telegram:\n  admins: [42]\n"),
    "an empty section in braces": (LEAST + "telegram: {}\n", LEAST + "telegram: {admins: [42]}\n"),
    "a section in braces": (
        LEAST + "telegram: {allow: [7]}  # x\n",
        LEAST + "telegram: {admins: [42], allow: [7]}  # x\n",
    ),
    "a section without admins": (
        LEAST + "telegram:\n    # who\n    allow: [7]   # them\n",
        LEAST + "telegram:\n    # who\n    admins: [42]\n    allow: [7]   # them\n",
    ),
    "an empty list, its comment in place": (
        LEAST + "telegram:\n  admins: []            # ids\n  allow: []             # chats\n",
        LEAST + "telegram:\n  admins: [42]          # ids\n  allow: []             # chats\n",
    ),
    "an empty list, its comment near": (
        LEAST + "telegram:\n  admins: [] # ids\n",
        LEAST + "telegram:\n  admins: [42] # ids\n",
    ),
    "a list in brackets": (LEAST + "telegram: {admins: [7, ]}\n", LEAST + "telegram: {admins: [7, 42, ]}\n"),
    "a list over several lines": (
        LEAST + "telegram:\n  admins: [\n    7,    # Ada\n    8     # Bob\n  ]\n",
        LEAST + "telegram:\n  admins: [\n    7,    # Ada\n    8, 42 # Bob\n  ]\n",
    ),
    "items below each other": (
        LEAST + "telegram:\n  admins:\n  - 7  # Ada\n\n  # chats\n  allow: []\n",
        LEAST + "telegram:\n  admins:\n  - 7  # Ada\n  - 42\n\n  # chats\n  allow: []\n",
    ),
    "items at the end of the file": (
        LEAST + "telegram:\n  admins:\n    - 7",
        LEAST + "telegram:\n  admins:\n    - 7\n    - 42\n",
    ),
    "Windows lines": (
        (LEAST + "telegram:\n  admins:\n  - 7\n  allow: []\n").replace("\n", "\r\n"),
        (LEAST + "telegram:\n  admins:\n  - 7\n  - 42\n  allow: []\n").replace("\n", "\r\n"),
    ),
    "letters of every alphabet before it": (
        "# é ü 😀\n" + LEAST + "telegram: {admins: []}\n",
        "# é ü 😀\n" + LEAST + "telegram: {admins: [42]}\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_one_number_is_added_and_nothing_else_changes(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(before.encode())
    assert add_admin(file, 42)
    assert file.read_bytes().decode() == after
    assert not add_admin(file, 42), "a second time there is nothing to do"
    assert file.read_bytes().decode() == after


def test_the_shipped_file_changes_in_one_line_and_keeps_its_columns(tmp_path: Path, repository: Path) -> None:
    shipped = (repository / "config.yaml").read_text(encoding="utf-8")
    file = tmp_path / "config.yaml"
    file.write_text(shipped, encoding="utf-8")
    add_admin(file, 1234567890)
    before, after = shipped.splitlines(), file.read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    old, new = changed[0]
    assert new.startswith("  admins: [1234567890] ")
    assert old.index("#") == new.index("#")


@pytest.mark.parametrize(
    "text",
    [
        "{watchlist: {ai-chips: [NVDA]}}\n",
        "watchlist: {ai-chips: [NVDA]}\ntelegram:\n  allow: &them [7]\n  admins: *them\n",
        "watchlist: {ai-chips: [NVDA]}\ntelegram: {admins: [# none\n]}\n",
    ],
    ids=["the whole file in braces", "a list that is another's", "not YAML"],
)
def test_what_cannot_be_edited_safely_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        add_admin(file, 42)
    assert file.read_text(encoding="utf-8") == text
    assert [each.name for each in tmp_path.iterdir()] == ["config.yaml"]


def test_a_link_stays_a_link_and_permissions_and_byte_order_mark_stay(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_bytes(b"\xef\xbb\xbf" + LEAST.encode())
    real.chmod(0o640)
    link = tmp_path / "config.yaml"
    link.symlink_to(real)
    add_admin(link, 42)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_bytes().startswith(b"\xef\xbb\xbf" + LEAST.encode())
    assert load_settings(link).telegram.admins == (42,)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_said(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST, encoding="utf-8")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="cannot be written"):
            add_admin(file, 42)
    finally:
        tmp_path.chmod(0o700)


PEOPLE = st.integers(1, 10**10).filter(lambda number: number not in SHARED_ACCOUNTS)
NUMBERS = st.lists(PEOPLE, max_size=4, unique=True)


@given(
    admins=NUMBERS,
    allow=NUMBERS,
    user=PEOPLE,
    block=st.booleans(),
    indent=st.integers(1, 6),
    gap=st.integers(1, 30),
    comment=st.text("ab:[],#{}'\" ", max_size=12),
    admins_first=st.booleans(),
)
def test_however_it_is_laid_out_the_data_gain_one_admin_and_comments_stay(
    tmp_path_factory: pytest.TempPathFactory,
    admins: list[int],
    allow: list[int],
    user: int,
    block: bool,
    indent: int,
    gap: int,
    comment: str,
    admins_first: bool,
) -> None:
    inset, behind = " " * indent, " " * gap + "#" + comment
    if block and admins:
        ours = f"{inset}admins:{behind}\n" + "".join(f"{inset}  - {n}{behind}\n" for n in admins)
    else:
        ours = f"{inset}admins: {admins}{behind}\n"
    theirs = f"{inset}allow: {allow}{behind}\n"
    text = f"{LEAST}telegram:{behind}\n{ours + theirs if admins_first else theirs + ours}{behind}\nconsole: never\n"
    file = tmp_path_factory.mktemp("edit") / "config.yaml"
    file.write_text(text, encoding="utf-8")
    was = load_document(file).data
    added = add_admin(file, user)
    assert added == (user not in admins)
    wanted = admins if user in admins else [*admins, user]
    assert load_document(file).data == {**was, "telegram": {**was["telegram"], "admins": wanted}}
    now = file.read_text(encoding="utf-8")
    assert [line.partition("#")[1:] for line in now.splitlines() if "#" in line] == [
        line.partition("#")[1:] for line in text.splitlines() if "#" in line
    ]
