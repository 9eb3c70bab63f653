"""The README is true: its commands run, its rule is the shipped one, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from bot.config.settings.model import load_settings
from tests.command import run_command
from tests.processes import run

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", README, re.MULTILINE)
ELSEWHERE = {
    "make run": "starts the bot; tests/e2e runs it against local servers",
    "make test": "is this test run",
    "python main.py web --open": "serves until it is stopped; tests/web does the same",
    "python main.py check": "asks the network; run here with --offline",
}


@pytest.fixture(scope="module")
def folder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place in which the README's commands find what they name."""
    place = tmp_path_factory.mktemp("readme")
    for name in ("main.py", "bot", "rules", "config.yaml"):
        (place / name).symlink_to(repository / name)
    return place


@pytest.fixture(scope="module")
def said(folder: Path) -> dict[str, str]:
    """What each of the README's commands prints, run in order as a reader would."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    printed: dict[str, str] = {}
    for command in COMMANDS:
        if command in ELSEWHERE:
            continue
        words = shlex.split(command)
        if words[:2] == ["python", "main.py"] and printed:  # the first starts a process, as people do
            printed[command] = run_command(*words[2:], folder=folder).stdout
            continue
        done = run(words, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        printed[command] = done.stdout
    return printed


def test_the_commands_of_the_readme_run_in_order(said: dict[str, str]) -> None:
    assert len(said) >= 6


def test_the_feeds_and_stocks_of_the_shipped_configuration_are_counted(repository: Path) -> None:
    settings = load_settings(repository / "config.yaml")
    assert f"{len(settings.feed_specs)} public feeds, {len(settings.watched)} stocks" in " ".join(README.split())


def test_the_check_command_runs(repository: Path) -> None:
    command = [sys.executable, "main.py", "check", "--offline"]
    done = run(command, cwd=repository, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "network        not used, as asked" in done.stdout, "three good lines are no word on feeds"


def test_the_rule_in_the_readme_is_the_shipped_one(repository: Path) -> None:
    shown = next(block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "ai-model-shock" in block)
    assert shown.strip() in (repository / "rules" / "ai-model-shock.yaml").read_text(encoding="utf-8")


def test_the_message_in_the_readme_is_what_the_replay_says(said: dict[str, str]) -> None:
    shown = next(block for block in re.findall(r"```text\n(.*?)```", README, re.DOTALL))
    assert shown.strip() in said["python main.py replay deepseek-2025-01 --database deepseek.db"]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))))
def test_links_within_the_readme_lead_to_files(repository: Path, target: str) -> None:
    assert (repository / target).exists()


def test_every_command_of_the_program_is_in_the_readme() -> None:
    from bot.cli import app

    names = [c.name for c in app.registered_commands]
    for group in app.registered_groups:
        assert group.typer_instance is not None
        names += [f"{group.name} {c.name}" for c in group.typer_instance.registered_commands]
    assert names, "the program has commands"
    for name in names:
        assert f"python main.py {name}" in README, f"README does not mention {name}"
