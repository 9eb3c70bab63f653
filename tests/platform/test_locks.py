"""The locks hold what ``pyproject.toml`` asks for, with hashes and without addresses, and build on one another."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

RUN, DEV, WEB = "requirements.lock", "requirements-dev.lock", "requirements-web.lock"
PARQUET = "requirements-parquet.lock"
APPRISE = "requirements-apprise.lock"
SERVER = "requirements-server.lock"
ALL = (RUN, DEV, WEB, PARQUET, APPRISE, SERVER)
SITE = "requirements-site.lock"
"""Apart from the others: what builds the documentation is nothing that runs."""
PYTHONS = ("3.11.0", "3.11.9", "3.12.0", "3.13.0", "3.14.0")


class Pin:
    """One ``name==version ; marker`` with its hashes."""

    def __init__(self, text: str) -> None:
        head = text.split("--hash", 1)[0]
        self.requirement = Requirement(head.replace("\\", "").strip())
        self.hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", text))

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes a pin the same in another lock."""
        requirement = self.requirement
        return canonicalize_name(requirement.name), str(requirement.specifier), str(requirement.marker or "")

    def applies(self, python: str) -> bool:
        """Whether it is installed on ``python`` under Linux."""
        marker: Marker | None = self.requirement.marker
        place = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
        system = {
            "sys_platform": "linux",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }
        return marker is None or marker.evaluate({**place, **system})


def pins(text: str) -> list[Pin]:
    """Every pin of a lock; comments are left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return [Pin(part) for part in re.split(r"\n(?=\S)", "\n".join(lines)) if part.strip()]


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    """``pyproject.toml``."""
    return tomllib.loads((repository / "pyproject.toml").read_text())


def asked(project: dict[str, Any], lock: str) -> list[str]:
    """The requirements of ``pyproject.toml`` a lock must satisfy."""
    more = {
        RUN: [],
        DEV: project["dependency-groups"]["dev"],
        WEB: project["project"]["optional-dependencies"]["web"],
        PARQUET: project["project"]["optional-dependencies"]["parquet"],
        APPRISE: project["project"]["optional-dependencies"]["apprise"],
        SERVER: project["project"]["optional-dependencies"]["server"],
        SITE: project["dependency-groups"]["site"],
    }[lock]
    return [*(project["project"]["dependencies"] if lock != SITE else []), *more]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", [*ALL, SITE])
def test_a_lock_satisfies_what_pyproject_asks_for(
    lock: str, python: str, project: dict[str, Any], repository: Path
) -> None:
    locked = {pin.key[0]: pin for pin in pins((repository / lock).read_text()) if pin.applies(python)}
    for line in asked(project, lock):
        wanted = Requirement(line)
        pin = locked.get(canonicalize_name(wanted.name))
        assert pin, f"{wanted.name} is not in {lock}; run make lock"
        version = str(pin.requirement.specifier).removeprefix("==")
        assert wanted.specifier.contains(version), f"{lock} has {wanted.name} {version}, not {line}; run make lock"


@pytest.mark.parametrize("lock", [*ALL, SITE])
def test_every_pin_is_exact_and_has_hashes(lock: str, repository: Path) -> None:
    found = pins((repository / lock).read_text())
    assert len(found) > (50 if lock != SITE else 5)
    for pin in found:
        assert str(pin.requirement.specifier).startswith("=="), pin.key
        assert pin.hashes, pin.key
        assert pin.requirement.url is None, pin.key


@pytest.mark.parametrize("lock", [*ALL, SITE])
def test_a_lock_holds_one_version_of_a_package_for_each_python(lock: str, repository: Path) -> None:
    for python in PYTHONS:
        names = [pin.key[0] for pin in pins((repository / lock).read_text()) if pin.applies(python)]
        assert sorted(names) == sorted(set(names)), python


@pytest.mark.parametrize("lock", ALL[1:])
def test_the_wider_locks_hold_the_runtime_lock_unchanged(lock: str, repository: Path) -> None:
    # tools/environment.py rests on this: after the wider one there is nothing left to install for running
    narrow = {pin.key: pin.hashes for pin in pins((repository / RUN).read_text())}
    wide = {pin.key: pin.hashes for pin in pins((repository / lock).read_text())}
    assert narrow.items() <= wide.items()


@pytest.mark.parametrize("lock", [*ALL, SITE])
def test_a_lock_names_no_index(lock: str, repository: Path) -> None:
    text = (repository / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", text, re.MULTILINE)


def test_every_dependency_is_accounted_for(project: dict[str, Any], repository: Path) -> None:
    wanted = {Requirement(line).name.lower() for lock in (*ALL, SITE) for line in asked(project, lock)}
    rows = re.findall(r"^\| ([\w.-]+) \|(.+)\|(.+)\|$", (repository / "docs/dependencies.md").read_text(), re.MULTILINE)
    explained = {
        name.lower() for name, why, other in rows if name not in ("package",) and why.strip() and other.strip()
    }
    assert wanted == explained


def test_a_pin_is_read_as_it_is_written() -> None:
    hashes = [f"    --hash=sha256:{digit * 64}" for digit in "01"]
    text = " \\\n".join(["a-b==1.2 ; python_full_version < '3.12'", *hashes]) + "\n    # via c\n"
    [pin] = pins(text)
    assert pin.key == ("a-b", "==1.2", 'python_full_version < "3.12"')
    assert len(pin.hashes) == 2
    assert pin.applies("3.11.9")
    assert not pin.applies("3.12.0")
