"""docs/episodes.md is true: its commands run, its test passes, its options and figures are the program's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from bot.app.episodes import recording as recording
from tests.command import REPOSITORY, run_command

PAGE = (REPOSITORY / "docs" / "episodes.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", re.findall(r"^\$ python main.py (.+)$", PAGE, re.MULTILINE))
def test_the_commands_of_the_page_run(command: str) -> None:
    ran = run_command(*shlex.split(command))
    assert ran.stdout


def test_the_rule_test_of_the_page_passes(tmp_path: Path) -> None:
    (written,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "page.yaml").write_text(written, encoding="utf-8")
    assert "1 test passed" in run_command("rules", "test", tmp_path / "page.yaml").stderr


def test_the_options_and_figures_of_the_page_are_the_program_s() -> None:
    said = run_command("episode", "record", "--help").stdout
    for option in set(re.findall(r"--[a-z-]+", PAGE.split("## What is in it")[0].split("## From")[1])):
        assert option in said or option in ("--episode", "--rules"), option
    assert f"{recording.MOST_QUOTES:,} prices" in PAGE
    assert f"{recording.MOST_STORIES:,} stories" in PAGE
    assert (recording.BEFORE, recording.AFTER) == (5, 5)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE):
        assert (REPOSITORY / "docs" / target).exists()
