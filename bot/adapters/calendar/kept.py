"""What the library said of an exchange's sessions, kept in the user's cache folder: read in a millisecond, where the
library takes seconds for the shipped watchlist's exchanges.

Only a shortcut: a file that is absent, damaged or of another version of the library is as good as none, and a folder
that cannot be written to is left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import stat
import tempfile
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

log = logging.getLogger(__name__)

VARIABLE = "AFTERSHOCK_CACHE"
"""The environment variable that names another folder."""
MOST_FILES = 500
"""Some 40 kB each; beyond, the oldest go."""
MOST_BYTES = 5_000_000
"""A larger file is none of ours: a century of sessions has two."""


def read(name: str, since: date, until: date) -> Any:
    """What was kept for a calendar and these dates; ``None`` where nothing, or nothing any more, was."""
    file = _file(name, since, until)
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            return None
        digest, _, text = file.read_text(encoding="utf-8").partition("\n")
        return json.loads(text) if digest == _digest(text) else None
    except (OSError, ValueError, RecursionError):
        return None


def write(name: str, since: date, until: date, what: Any) -> None:
    """Keep ``what``, of JSON's types, where that is possible."""
    file = _file(name, since, until)
    if not file.is_absolute():  # a user without a home: "~" would become a folder here
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _forget(file.parent)
        handle, draft = tempfile.mkstemp(dir=file.parent, suffix=".draft")
        try:
            text = json.dumps(what, separators=(",", ":"))
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(f"{_digest(text)}\n{text}")
            os.replace(draft, file)  # whole, or not at all
        except BaseException:
            os.unlink(draft)
            raise
    except OSError as error:
        log.debug("sessions of %s are not kept: %s", name, error)


def _digest(text: str) -> str:
    """A file that was cut or changed is not read: without its sessions an exchange would seem to be closed."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _file(name: str, since: date, until: date) -> Path:
    return _folder() / f"{_version()}-{name}-{since:%Y%m%d}-{until:%Y%m%d}.json"


def _folder() -> Path:
    chosen = os.environ.get(VARIABLE)
    return (Path(chosen).absolute() if chosen else user_cache_path("aftershock", appauthor=False)) / "sessions"


@cache
def _version() -> str:
    return version("exchange_calendars")


def _forget(folder: Path) -> None:
    with contextlib.suppress(OSError):
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
        for file in files[: max(0, len(files) - MOST_FILES)]:
            file.unlink()
