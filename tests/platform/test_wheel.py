"""The wheel: built once, installed beside nothing else, and used outside the checkout as people use it.

Its dependencies are those of the environment that runs the tests, so nothing is asked of an index.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot import __version__
from tests.processes import run

pytestmark = pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed: make test has it")


@dataclass(frozen=True)
class Installed:
    """An installed wheel, and a folder in which nothing else is."""

    place: Path
    home: Path

    def __call__(self, *words: object, folder: Path | None = None, code: int = 0) -> subprocess.CompletedProcess[str]:
        """``aftershock`` with these words in ``folder``, by default an empty one. Fails where it ends otherwise."""
        ours = {"PYTHONPATH": str(self.place), "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1"}
        known = {name: value for name, value in os.environ.items() if name != "TELEGRAM_BOT_TOKEN"}
        program = [str(self.place / "bin" / "aftershock"), *map(str, words)]
        done = run(program, cwd=folder or self.home, env=known | ours, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done


@pytest.fixture(scope="session")
def aftershock(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel of this checkout, installed."""
    place = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(place / "wheels")]
    built = run(build, cwd=repository, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    [wheel] = (place / "wheels").glob("*.whl")
    assert wheel.name == f"aftershock-{__version__}-py3-none-any.whl"
    target = place / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target"]
    installed = run([*pip, str(target), str(wheel)], cwd=place, capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    home = place / "home"
    home.mkdir()
    return Installed(target, home)


def test_it_says_its_version(aftershock: Installed) -> None:
    assert aftershock("--version").stdout.startswith(f"Aftershock {__version__}, Python 3.")


def test_everything_that_ships_comes_along(aftershock: Installed, repository: Path) -> None:
    shipped = aftershock.place / "bot" / "shipped"
    assert (shipped / "config.yaml").read_bytes() == (repository / "config.yaml").read_bytes()
    for folder in ("rules", "docs"):
        there = {p.relative_to(repository): p.read_bytes() for p in (repository / folder).rglob("*") if p.is_file()}
        assert {name: (shipped / name).read_bytes() for name in there} == there
    code = {p.relative_to(repository) for p in (repository / "bot").rglob("*") if p.is_file() and p.suffix != ".pyc"}
    assert {name for name in code if not (aftershock.place / name).is_file()} == set()


def test_commands_that_it_suggests_are_its_own(aftershock: Installed) -> None:
    assert "Usage: aftershock " in aftershock("rules", "check", "--help").stdout
