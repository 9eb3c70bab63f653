"""docs/telegram.md lists the commands there are, each with what it does."""

from __future__ import annotations

import re
from pathlib import Path

from bot.adapters.notifiers.telegram.keyboard import _ROWS
from bot.app.chat.commands import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "telegram.md").read_text(encoding="utf-8")


def test_every_command_stands_in_the_table_as_the_menu_has_it() -> None:
    rows = re.findall(r"^\| `(/.*?)` \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    listed = [(shown.replace("\\|", "|"), does) for shown, does, _ in rows]
    assert listed == [(command.shown, command.does) for command in COMMANDS]
    who = {"everybody": "reader", "the chat's own": "chat", "admins": "admin"}
    assert [who[w] for *_, w in rows] == [command.rights.value for command in COMMANDS]


def test_every_button_is_named() -> None:
    named = re.sub(r"\*\*|·", " ", PAGE)
    for row in _ROWS:
        for _, words in row:
            assert words.removeprefix("Was this right? ") in named
