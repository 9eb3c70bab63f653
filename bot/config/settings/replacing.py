"""Replacing a file that people own: all of it or nothing, whatever happens on the way."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot.core.errors import ConfigError, Problem

OWNER_ONLY = 0o600


def replace_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Put ``content`` in the place of the file at ``path`` in one step; a link stays a link to the same place.

    ``mode`` is the new file's permissions; ``None`` keeps those it had. Nobody else can read the content at any
    moment before they are set. Raises ConfigError where it cannot be written; the old file is then as it was.
    """
    real = Path(os.path.realpath(path))
    try:
        permissions = real.stat().st_mode & 0o7777 if mode is None else mode
        descriptor, temporary = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, permissions)
            os.replace(temporary, real)
        except BaseException:  # Ctrl-C as well
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"the file cannot be written ({error.strerror}); check its permissions and the space left"
        raise ConfigError([Problem(str(path), 0, 0, "", message)]) from error
