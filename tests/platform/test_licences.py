"""The licences of what the project is built on are known, listed, and let it be under its own."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

OURS = "MIT"
STRONG = re.compile(r"(?<!L)(?<!Lesser )\bA?GPL|Affero|SSPL|BUSL|Commons Clause|Proprietary|not stated", re.IGNORECASE)
"""What would not let the program be under its own licence, or may not."""


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    file = Path(__file__).resolve().parents[2] / "tools" / "licences.py"
    spec = importlib.util.spec_from_file_location("licences", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed(repository: Path) -> dict[str, tuple[str, str]]:
    text = (repository / "docs/licences.md").read_text()
    rows = re.findall(r"^\| ([a-z0-9._-]+) \| (.+) \| ([a-z ]+) \|$", text, re.MULTILINE)
    return {name: (licence, who) for name, licence, who in rows if name != "package"}


def test_every_package_of_every_lock_is_listed_with_the_licence_it_states(tool: ModuleType, repository: Path) -> None:
    shown = listed(repository)
    now = tool.table()
    assert set(shown) == set(now), "python tools/licences.py prints the table"
    differ = {n: (shown[n], now[n]) for n in now if now[n][0] and shown[n] != now[n]}
    if sys.version_info >= (3, 12):  # the table is of 3.11; a later version of a package may write BSD as BSD-3-Clause
        differ = {n: both for n, both in differ.items() if len({each[0].partition("-")[0] for each in both}) > 1}
    assert not differ, "python tools/licences.py prints the table"
    assert all(licence for licence, _ in shown.values())


def test_none_forbids_the_licence_of_the_whole(repository: Path) -> None:
    assert {name for name, (licence, _) in listed(repository).items() if STRONG.search(licence)} == set()
    assert STRONG.search("GPL-3.0-only")
    assert STRONG.search("AGPL-3.0")
    assert not STRONG.search("LGPL-3.0-only")


def test_the_one_that_asks_something_of_those_who_ship_is_explained(repository: Path) -> None:
    weak = {name for name, (licence, who) in listed(repository).items() if re.search("LGPL|MPL", licence)}
    text = (repository / "docs/licences.md").read_text().split("## The packages")[0].lower()
    assert weak
    assert all(name in text for name in weak)


def test_the_project_says_its_own_licence(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    assert (project["license"], project["license-files"]) == (OURS, ["LICENSE"])
    assert (repository / "LICENSE").read_text().startswith("MIT License")
    assert "LICENSE" in (repository / "README.md").read_text()
