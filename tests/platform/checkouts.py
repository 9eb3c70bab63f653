"""A checkout in miniature: this project's Makefile and tools, tiny locks, and wheels made on the spot."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.processes import run


@dataclass
class Checkout:
    """One such checkout. ``make`` runs its targets as a person would, cut off from every index but its own wheels."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, root: Path, repository: Path) -> Checkout:
        """Lay it out below ``root``, with a lock ``run`` of ``alpha`` and a lock ``dev`` of ``alpha`` and ``beta``."""
        root.mkdir(parents=True)
        shutil.copy(repository / "Makefile", root)
        shutil.copytree(repository / "tools", root / "tools", ignore=shutil.ignore_patterns("__pycache__"))
        (root / "main.py").write_text("import sys, alpha\nprint('main', *sys.argv[1:], 'alpha', alpha.VERSION)\n")
        # stands where pytest stands: what counts is that it comes from the environment
        checkout = cls(root)
        alpha, pytest = checkout.wheel("alpha", "1.0"), checkout.wheel("pytest", "9.0")
        checkout.lock("requirements.lock", alpha)
        checkout.lock("requirements-dev.lock", alpha, pytest)
        checkout.lock("requirements-web.lock", alpha)
        return checkout

    def wheel(self, name: str, version: str) -> Path:
        """Make a pure wheel whose module says its version, and can be run by ``-m``; returns it."""
        wheels = self.root.parent / "wheels"
        wheels.mkdir(exist_ok=True)
        path = wheels / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}/__init__.py": f"VERSION = {version!r}\n",
            f"{name}/__main__.py": f"import sys\nprint({name!r}, {version!r}, *sys.argv[1:])\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},sha256={digest(text)},{len(text)}\n" for file, text in files.items())
        with zipfile.ZipFile(path, "w") as archive:
            for file, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
                archive.writestr(file, text)
        return path

    def lock(self, lock: str, *wheels: Path) -> None:
        """Write ``lock`` to hold exactly ``wheels``."""
        lines = []
        for wheel in wheels:
            name, version = wheel.name.split("-")[:2]
            lines.append(f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
        (self.root / lock).write_text("".join(lines))

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run make in the checkout."""
        return run(
            ["make", "--no-print-directory", *arguments],
            cwd=self.root,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
        )

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment ``make`` gives: nothing of pip's, uv's and an outer make's but what is said here."""
        mine = {
            n: v
            for n, v in os.environ.items()
            if not n.startswith(("PIP_", "UV", "MAKE", "PYTHON", "VIRTUAL_ENV", "ARGS", "EXTRAS"))
        }
        wheels = (self.root.parent / "wheels").as_uri()
        # a browser that is there already: nobody is to install one for these tests
        programs = self.root.parent / "programs"
        programs.mkdir(exist_ok=True)
        browser = programs / "chromium"
        browser.write_text("#!/bin/sh\n")
        browser.chmod(0o755)
        return {
            **mine,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "UV": "",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": wheels,
            **self.variables,
            **variables,
        }

    def quick_installer(self) -> str:
        """A stand-in for uv: unpacks the wheels a lock names, in no time; with STALL set it stops half-way."""
        program = self.root.parent / "uv"
        program.write_text(f"#!{sys.executable} -IS\n{QUICK_INSTALLER}")
        program.chmod(0o755)
        return str(program)

    @property
    def stamp(self) -> dict[str, object] | None:
        """What the environment says it holds, or ``None``."""
        path = self.root / ".venv/aftershock.json"
        if not path.exists():
            return None
        stamp: dict[str, object] = json.loads(path.read_text())
        return stamp


QUICK_INSTALLER = """
import glob, os, sys, time, zipfile

assert sys.argv[1:3] == ["pip", "install"] and "--require-hashes" in sys.argv
[packages] = glob.glob(".venv/lib/python*/site-packages")
for line in open(sys.argv[sys.argv.index("-r") + 1]):
    name, version = line.split()[0].split("==")
    folder = os.environ["UV_FIND_LINKS"].removeprefix("file://").replace("%20", " ")
    with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl") as wheel:
        for file in wheel.namelist():
            wheel.extract(file, packages)
            if os.environ.get("STALL"):
                open("stalled", "w").close()
                time.sleep(600)
"""


def digest(text: str) -> str:
    """As RECORD has it: SHA-256, URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
