"""``--help`` shows whole sentences, and examples that the command takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from bot.cli import app
from bot.cli.commands import EXAMPLES
from tests.command import run_command


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


ROOT: Any = typer.main.get_command(app)
EVERY = [" ".join(path) for path in commands(ROOT)]


def test_every_command_has_an_example() -> None:
    assert set(EXAMPLES) == set(EVERY)


@pytest.mark.parametrize(
    ("name", "example"), [(name, each) for name, examples in EXAMPLES.items() for each in examples]
)
def test_an_example_is_taken_by_its_command(name: str, example: str) -> None:
    words = shlex.split(example)
    command, context = ROOT, None
    for word in name.split():
        command = command.commands[word]
        assert words.pop(0) == word
    assert command.make_context(name, words, parent=context).params


@pytest.mark.parametrize("group", ["", "rules", "history", "episode", "feeds"])
def test_no_sentence_is_cut_off(group: str) -> None:
    said = run_command(*group.split(), "--help").stdout
    _, heading, listed = said.partition("Commands:\n")
    assert heading
    assert "..." not in listed


def test_the_examples_stand_below_the_options() -> None:
    said = run_command("history", "list", "--help").stdout
    assert said.index("--help ") < said.index("Examples:\n    python main.py history list --since 7d\n")
