"""The wheel: built once, installed beside nothing else, and used outside the checkout as people use it.

Its dependencies are those of the environment that runs the tests, so nothing is asked of an index.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot import __version__
from tests.command import run_command
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
    assert (shipped / "deploy" / "aftershock.service").is_file()
    code = {p.relative_to(repository) for p in (repository / "bot").rglob("*") if p.is_file() and p.suffix != ".pyc"}
    assert {name for name in code if not (aftershock.place / name).is_file()} == set()


def test_commands_that_it_suggests_are_its_own(aftershock: Installed) -> None:
    assert "Usage: aftershock " in aftershock("rules", "check", "--help").stdout


def test_a_shell_completes_it(aftershock: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--install-completion" in aftershock("--help").stdout
    monkeypatch.setenv("_AFTERSHOCK_COMPLETE", "complete_bash")
    for typed, number, completed in (("aftershock rul", 1, "rules"), ("aftershock rules co", 2, "copy")):
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(number))
        assert aftershock().stdout.split() == [completed]


def test_without_a_folder_it_says_how_to_make_one(aftershock: Installed) -> None:
    said = aftershock("check", "--offline", code=1).stdout
    assert "config.yaml: there is no such file; aftershock init FOLDER makes a folder with one" in said


@pytest.fixture(scope="session")
def folder(aftershock: Installed) -> Path:
    """A folder as ``init`` makes it, and its next steps."""
    made = aftershock("init", "mine")
    assert made.stdout.splitlines()[0] == "mine/config.yaml"
    assert "  cd mine\n  aftershock check " in made.stderr
    return aftershock.home / "mine"


def shipped(repository: Path) -> tuple[int, int]:
    """How many feeds and symbols the checkout has."""
    said = run_command("check", "--offline", "--config", repository / "config.yaml").stdout
    found = re.search(r"(\d+) feeds, (\d+) symbols", said)
    assert found is not None
    return int(found[1]), int(found[2])


def test_in_a_new_folder_all_that_ships_is_in_force(aftershock: Installed, folder: Path, repository: Path) -> None:
    done = aftershock("check", "--offline", folder=folder)
    assert "{} feeds, {} symbols".format(*shipped(repository)) in done.stdout
    assert "in force: abnormal-fall, ai-model-shock," in done.stdout
    assert not any("python main.py" in file.read_text("utf-8") for file in folder.rglob("*.yaml"))


def test_it_says_where_each_rule_comes_from(aftershock: Installed, folder: Path) -> None:
    aftershock("rules", "copy", "large-fall", folder=folder)
    shown = [json.loads(line) for line in aftershock("rules", "show", "--json", folder=folder).stdout.splitlines()]
    origin = {rule["name"]: (rule["origin"], Path(rule["file"])) for rule in shown}
    assert origin["winner"] == ("shipped", aftershock.place / "bot" / "shipped" / "rules" / "winner.yaml")
    assert origin["large-fall"] == ("own, in place of the shipped one", Path("rules") / "large-fall.yaml")
    assert origin["my-first-rule"] == ("own", Path("rules") / "my-rules.yaml")


def test_it_is_used_from_elsewhere_by_naming_its_configuration(aftershock: Installed, folder: Path) -> None:
    done = aftershock("rules", "check", "--config", folder / "config.yaml")
    assert "12 rules in " in done.stderr


def test_it_replays_what_ships(aftershock: Installed, folder: Path) -> None:
    done = aftershock("replay", "deepseek-2025-01", "--rules", folder / "rules" / "large-fall.yaml", folder=folder)
    assert "Furukawa Electric falls 11.3 % in Tokyo alongside 3 other stocks" in done.stdout
    assert not (folder / "data").exists(), "a replay has a history of its own"


ELSEWHERE = {
    "pipx install .": "asks a package index",
    "uv tool install .": "asks a package index",
    "pipx upgrade aftershock": "asks a package index",
    "pipx uninstall aftershock": "undoes it",
    "aftershock setup": "asks for a token; tests/setup does it",
    "aftershock run": "runs until it is stopped; tests/e2e does it",
}


def test_the_commands_of_the_page_on_installing_run_in_order(
    aftershock: Installed, repository: Path, tmp_path: Path
) -> None:
    page = (repository / "docs" / "install.md").read_text(encoding="utf-8")
    here, ran = tmp_path, 0
    for command in re.findall(r"^\$ (.+)$", page, re.MULTILINE):
        if command in ELSEWHERE:
            continue
        program, *words = shlex.split(command)
        if program == "cd":
            here = tmp_path / words[0]
            continue
        assert program == "aftershock", command
        aftershock(*words, folder=here)
        ran += 1
    assert ran >= 5


def test_what_the_page_on_installing_says_of_what_ships_is_read(
    aftershock: Installed, repository: Path, tmp_path: Path
) -> None:
    page = (repository / "docs" / "install.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(shipped:.*?)```", page, re.DOTALL)
    (tmp_path / "rules").mkdir()
    (tmp_path / "config.yaml").write_text(f"{shown[0]}\nwatchlist: {{mine: [NVDA]}}\n", encoding="utf-8")
    said = aftershock("check", "--offline", folder=tmp_path).stdout
    assert f"{shipped(repository)[0] - 1} feeds, 1 symbols" in said
    assert "in force: ai-model-shock, ai-sell-off, group-fall, market-crash, winner" in said
