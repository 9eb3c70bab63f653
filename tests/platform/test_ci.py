"""``.ci/run`` runs lint, types, the site and exactly the test command people are told to use."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from tests.processes import run

TEST_COMMAND = "make test"


def commands(script: str) -> list[str]:
    """The make commands of the script, in order."""
    return re.findall(r"^make \S+$", script, re.MULTILINE)


def test_it_runs_lint_types_and_the_test_command_last(repository: Path) -> None:
    script = (repository / ".ci/run").read_text()
    assert commands(script) == ["make lint", "make types", "make site", TEST_COMMAND]
    assert script.rstrip().endswith(TEST_COMMAND)
    assert "set -euo pipefail" in script


def test_the_readme_gives_the_same_test_command(repository: Path) -> None:
    readme = repository / "README.md"
    if not readme.exists():
        pytest.skip("there is no README.md yet")
    assert re.search(rf"(^|`){TEST_COMMAND}(\s|`|$)", readme.read_text(), re.MULTILINE)


def test_the_targets_do_what_they_are_named_for(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text()
    assert "$(python) -m ruff check . && $(python) -m ruff format --check ." in makefile
    assert "$(python) -m mypy\n" in makefile
    assert "$(python) -m pytest $(ARGS)\n" in makefile


def run_with(stub: str, repository: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with ``stub`` as the shell body of ``make``."""
    make = tmp_path / "make"
    make.write_text(f"#!/bin/sh\n{stub}\n")
    make.chmod(make.stat().st_mode | stat.S_IXUSR)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    return run(
        ["bash", str(repository / ".ci/run")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_it_stops_at_the_first_failure(repository: Path, tmp_path: Path) -> None:
    result = run_with('echo "$1"; [ "$1" != types ]', repository, tmp_path)
    assert result.returncode == 1
    assert result.stdout == "lint\ntypes\n"


def test_its_last_line_is_the_last_of_the_tests(repository: Path, tmp_path: Path) -> None:
    result = run_with('echo "$1: 12 passed in 3.00s"', repository, tmp_path)
    assert result.returncode == 0
    assert result.stdout.splitlines()[-1] == "test: 12 passed in 3.00s"


def test_it_can_be_run_as_a_program(repository: Path) -> None:
    assert os.access(repository / ".ci/run", os.X_OK)
