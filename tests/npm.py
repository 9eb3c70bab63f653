"""Programs from npm that single tests speak to, installed by the lock beside them into a folder of the test's.

A child process fetches them; the test itself never reaches for the network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.processes import run


class MissingError(RuntimeError):
    """There is no npm here, or it could not install what is locked."""


def installed(here: Path, folder: Path, wanted: str) -> Path:
    """Install what ``here`` locks into ``folder``; the path of ``wanted`` in it. Raises MissingError."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise MissingError("npm and node are not installed here")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(here / name, folder)
    # the tests close the way out for themselves by these variables; a child that fetches needs the machine's own way
    closed = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    outside = {k: v for k, v in os.environ.items() if k.lower() not in closed}
    command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    command += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=20000"]
    try:
        done = run(command, timeout=120, cwd=folder, env=outside, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        raise MissingError("npm did not install it within two minutes") from None
    found = folder / wanted
    if done.returncode != 0 or not found.exists():
        raise MissingError(f"npm could not install it: {done.stderr.strip()[-300:]}")
    return found
