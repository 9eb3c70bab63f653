"""Fixtures for tests of the platform itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.processes import run


@pytest.fixture(scope="session")
def old_python() -> str:
    """A Python older than 3.11 but not older than 3.6, where the machine has one."""
    installed = sorted((Path.home() / ".pyenv/versions").glob("3.*/bin/python"))
    named = [shutil.which(f"python3.{minor}") for minor in range(6, 11)]
    for python in (*map(str, installed), *filter(None, named)):
        check = "import sys; sys.exit(not (3, 6) <= sys.version_info[:2] < (3, 11))"
        if run([python, "-c", check], capture_output=True).returncode == 0:
            return python
    pytest.skip("no Python older than 3.11 on this machine")
