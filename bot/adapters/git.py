"""Files as git has them at a revision, read by the git program itself."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from bot.core.errors import UsageError

PATIENCE = 20.0
"""Seconds that git may take for one answer."""


def files_at(folder: Path, revision: str, ending: str) -> dict[str, str]:
    """The names and texts of the files directly in ``folder`` that end like this, as they are at ``revision``.

    Raises UsageError where git or the revision is not there, or the folder is in no repository.
    """
    resolved = _git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"])
    commit = resolved.decode("ascii", "replace").strip()
    if not commit:
        raise UsageError(
            f"git knows no revision '{revision}' in {folder}; name one, as HEAD, or a file or folder of rules"
        )
    listed = _git(folder, ["ls-tree", "-z", "--name-only", commit]).decode("utf-8", "replace")
    names = [name for name in listed.split("\0") if name.endswith(ending) and not name.startswith(".")]
    blobs = {name: _git(folder, ["cat-file", "blob", f"{commit}:./{name}"]) for name in names}
    return {name: text.decode("utf-8", "replace") for name, text in blobs.items()}


def _git(folder: Path, words: Sequence[str]) -> bytes:
    """What git prints; empty for a revision that it does not know."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            check=False,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed; install it, or name a file or folder of rules") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"git did not answer within {PATIENCE:.0f} seconds in {folder}") from error
    if done.returncode and words[0] != "rev-parse":
        raise UsageError(f"git cannot read {folder}: {done.stderr.decode('utf-8', 'replace').strip()}")
    if done.returncode and b"not a git repository" in done.stderr:
        raise UsageError(f"{folder} is in no git repository; name a file or folder of rules to compare with")
    return done.stdout
