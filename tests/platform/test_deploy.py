"""``deploy/``: image, containers and system service, as far as they can be looked at without running them."""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import app
from tests.processes import run

Instructions = list[tuple[str, str]]
SAFE = 20
"""Tenths of the exposure that ``systemd-analyze security`` measures, 100 for a service that may do anything."""


@pytest.fixture(scope="module")
def dockerfile(repository: Path) -> Instructions:
    """The instructions with their arguments, comments left out and continued lines joined."""
    text = (repository / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line)]


def last(dockerfile: Instructions, word: str) -> str:
    """What the image finally has."""
    return [rest for each, rest in dockerfile if each == word][-1]


def stage(dockerfile: Instructions, number: int) -> Instructions:
    starts = [i for i, (word, _) in enumerate(dockerfile) if word == "FROM"]
    return dockerfile[starts[number] : [*starts, len(dockerfile)][number + 1]]


def commands() -> set[str]:
    return {command.name or "" for command in app.registered_commands}


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is(dockerfile: Instructions) -> None:
    image = stage(dockerfile, 1)
    words = [word for word, _ in image]
    assert last(image, "USER") == "10001:10001"
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert last(image, "VOLUME") == last(image, "WORKDIR") == "/data"
    assert "HOME=/data" in last(image, "ENV"), "caches are kept"
    assert json.loads(last(image, "ENTRYPOINT")) == ["aftershock"]
    assert set(json.loads(last(image, "CMD"))) <= commands()
    python, option, asks = json.loads(last(image, "HEALTHCHECK").partition("CMD ")[2])
    assert (python, option) == ("python", "-c")
    ast.parse(asks)
    assert "http://127.0.0.1:9477/healthz" in asks


def test_the_image_is_built_from_hashed_packages_on_a_python_that_is_supported(
    dockerfile: Instructions, repository: Path
) -> None:
    assert (repository / last(dockerfile, "ARG").partition("=")[2]).is_file()
    installs = [rest for word, rest in dockerfile if word == "RUN" and "pip install" in rest]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    supported = (repository / "tools" / "setup").read_text(encoding="utf-8")
    for word, rest in dockerfile:
        if word == "FROM":
            [minor] = re.findall(r"^python:3\.(\d+)-slim", rest)
            assert f"python3.{minor}" in supported


@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed: make test has it")
def test_what_is_copied_into_the_image_makes_the_wheel(
    dockerfile: Instructions, repository: Path, tmp_path: Path
) -> None:
    ignored = (repository / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for word, rest in stage(dockerfile, 0):
        if word != "COPY":
            continue
        *sources, target = shlex.split(rest)
        for source in (path for pattern in sources for path in repository.glob(pattern)):
            name = source.name if "*" in str(sources) else source.relative_to(repository).as_posix()
            assert any(f"!{pattern}" in ignored for pattern in (name, *sources)), f"{name} never reaches the builder"
            place = tmp_path / "build" / target / ("" if source.is_dir() else source.name)
            if source.is_dir():
                shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                place.parent.mkdir(exist_ok=True, parents=True)
                shutil.copy(source, place)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    built = run(build, cwd=tmp_path / "build", capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"bot/__main__.py", "bot/shipped/config.yaml", "bot/shipped/rules/winner.yaml"} <= names
    assert {name for name in names if "deploy" in name} == {"bot/shipped/deploy/aftershock.service"}, "never its data"


def test_the_containers_can_write_nowhere_but_into_their_data(repository: Path) -> None:
    found: dict[str, Any] = yaml.safe_load((repository / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    assert set(found["services"]) == {"bot", "web"}
    for service in found["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["volumes"] == ["./data:/data"]
        assert service["command"][0] in commands()
        assert (repository / "deploy" / service["build"]["context"]).resolve() == repository
        assert (repository / service["build"]["dockerfile"]).is_file()
    web = found["services"]["web"]
    assert all(port.startswith("127.0.0.1:") for port in web["ports"]), "beyond this machine only on purpose"
    ast.parse(web["healthcheck"]["test"][-1])


def test_two_bots_share_a_server_and_hold_no_password(repository: Path) -> None:
    text = (repository / "deploy" / "compose.server.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    database = found["services"].pop("database")
    assert set(database["environment"]) == {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD_FILE"}
    assert "ports" not in database, "only the bots reach it"
    assert set(found["services"]) == {"bot", "standby"}
    for service in found["services"].values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["restart"] == "on-failure", "one that was replaced ends, and stands by when it is started again"
        assert service["depends_on"]["database"]["condition"] == "service_healthy"
        assert (repository / service["build"]["args"]["LOCK"]).is_file()
        assert service["command"][0] in commands()


def test_the_service_is_what_systemd_takes_and_may_do_little(repository: Path, tmp_path: Path) -> None:
    text = (repository / "deploy" / "aftershock.service").read_text(encoding="utf-8")
    [program] = re.findall(r"^ExecStart=(\S+) run$", text, re.MULTILINE)
    unit = tmp_path / "aftershock.service"
    unit.write_text(text.replace(program, sys.executable), encoding="utf-8")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    verified = run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    measured = run(
        ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={SAFE}", str(unit)],
        capture_output=True,
        text=True,
    )
    if "unrecognized option" in measured.stderr:
        pytest.skip("this systemd measures no unit that is not loaded")
    assert measured.returncode == 0, measured.stdout
