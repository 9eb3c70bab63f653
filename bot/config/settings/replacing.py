"""Replaces a file atomically."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot.config.yaml.document import refusal

OWNER_ONLY = 0o600


def replace_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Replace the file at ``path`` by one with ``content`` in one step; a symbolic link keeps pointing to it.

    ``mode`` is the new file's permissions; ``None`` keeps the old ones. Until they are set only the owner can read the
    file. Raises ConfigError if it cannot be written; the old file is then untouched.
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
        message = f"the file cannot be written ({error.strerror}); check its permissions and the free space"
        raise refusal(path, message) from error
