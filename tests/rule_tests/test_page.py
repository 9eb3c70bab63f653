"""The page on rule tests is true: its examples run, its keys are all the keys, its commands work."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.app.lab.rule_test_report import result_lines
from bot.app.lab.rule_testing import prepare_suite, run_test
from bot.config.rule_tests import entries as entries
from tests.command import run_command

from .bench import CONFIG, NOW, REPOSITORY

PAGE = (REPOSITORY / "docs" / "rule-tests.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
MODELS = [m for m in vars(entries).values() if isinstance(m, type) and issubclass(m, BaseModel)]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_page_holds(tmp_path: Path, number: int) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLES[number], encoding="utf-8")
    suite = prepare_suite(CONFIG, path, None, NOW)
    verdicts = [run_test(suite.workbench, *case) for case in suite.tests]
    assert [line for v in verdicts if not v.passed for line in result_lines(v)] == []


def keys() -> Iterator[str]:
    """Every key that may stand in a file of rule tests."""
    for model in MODELS:
        if model.__module__ == entries.__name__:
            yield from (field.alias or name for name, field in model.model_fields.items())


@pytest.mark.parametrize("key", sorted(set(keys())))
def test_every_key_is_on_the_page(key: str) -> None:
    assert re.search(rf"`{re.escape(key)}`|\b{re.escape(key)}:", PAGE), key


@pytest.mark.campaign
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_works(tmp_path: Path, command: str) -> None:
    words = shlex.split(command.replace("results.xml", str(tmp_path / "results.xml")))
    assert words[:2] == ["python", "main.py"]
    run_command(*words[2:])


def test_the_page_has_examples_and_commands() -> None:
    assert len(EXAMPLES) >= 5
    assert len(COMMANDS) >= 5
