"""``python main.py`` outside its environment says in one line how to run it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

from bot import environment
from tests.processes import run

START = "import sys; sys.argv = {argv!r}; from bot.environment import require; require(); print('went on')"


def start(python: str, checkout: Path, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What ``python main.py arguments`` does first, on ``python`` without site-packages."""
    script = START.format(argv=["main.py", *arguments])
    return run(
        [python, "-S", "-W", "error", "-c", script],
        cwd=cwd or checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def checkout(tmp_path: Path, repository: Path) -> Path:
    """The part of the checkout that is read before anything else."""
    root = tmp_path / "a checkout"
    (root / "bot").mkdir(parents=True)
    for name in ("bot/__init__.py", "bot/environment.py"):
        shutil.copy(repository / name, root / name)
    return root


def test_a_python_too_old_is_told_so_with_the_way_to_run(old_python: str, checkout: Path) -> None:
    result = start(old_python, checkout, "replay", "deepseek-2025-01")
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "Aftershock needs 3.11 to 3.14" in result.stderr
    assert "run: make setup && .venv/bin/python main.py replay deepseek-2025-01" in result.stderr


def test_a_python_without_the_packages_is_told_the_way_to_run(checkout: Path) -> None:
    result = start(sys.executable, checkout, "run")
    assert result.returncode == 2
    assert result.stderr == "aftershock: this Python lacks what Aftershock needs; run: make run\n"


def test_where_the_environment_exists_the_command_is_given_as_it_is_to_be_pasted(
    checkout: Path, tmp_path: Path
) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv/aftershock.json").write_text("{}")
    result = start(sys.executable, checkout, "rules", "check", "my rules.yaml", cwd=tmp_path)
    assert f"run: cd '{checkout}' && .venv/bin/python main.py rules check 'my rules.yaml'\n" in result.stderr


def test_inside_the_environment_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    environment.require()
    assert capsys.readouterr() == ("", "")


def test_every_runtime_dependency_is_looked_for(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    wanted = {distribution(name_of(requirement)).metadata["Name"] for requirement in project["dependencies"]}
    providers = packages_distributions()
    found = {name for package in environment.PACKAGES for name in providers[package]}
    assert found >= wanted


def name_of(requirement: str) -> str:
    """The distribution a requirement line is about."""
    from packaging.requirements import Requirement

    return Requirement(requirement).name


def test_the_versions_are_those_of_pyproject(repository: Path) -> None:
    from packaging.specifiers import SpecifierSet

    supported = SpecifierSet(tomllib.loads((repository / "pyproject.toml").read_text())["project"]["requires-python"])
    for minor in range(6, 20):
        assert ((3, minor) in ((3, 11), (3, 12), (3, 13), (3, 14))) == (f"3.{minor}.0" in supported)
    assert environment.OLDEST == (3, 11)
    assert environment.NEWEST == (3, 14)
