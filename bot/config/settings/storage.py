"""Where the history is kept: a file, or a database server whose address may hold a password."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, InstanceOf, PrivateAttr, WithJsonSchema

from bot.config.settings.other_channels import Variable
from bot.config.settings.secret_files import variable_in
from bot.config.yaml.document import Document, problem
from bot.config.yaml.excerpt import described, shown
from bot.config.yaml.scalars import Duration
from bot.config.yaml.validation import StrictModel
from bot.core.errors import ConfigError, Problem
from bot.core.server_address import ServerAddress, is_address

Place = Path | ServerAddress
"""Where a history is kept: a file, or a database server."""


def _file_path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise ValueError(f"{described(value)} is not a file name; write one like data/aftershock.db")
    if "://" in value or value.startswith(":"):
        raise ValueError(f"'{shown(value)}' is not a file name; write one like data/aftershock.db")
    return Path(value).expanduser()


def _place(value: object) -> Place:
    if isinstance(value, ServerAddress):
        return value
    if isinstance(value, str) and "://" in value and not is_address(value):
        raise ValueError(
            f"'{shown(value)}' is neither a file name like data/aftershock.db nor an address like"
            " postgresql://host/database"
        )
    if not isinstance(value, str) or not is_address(value):
        return _file_path(value)
    address = ServerAddress(value)
    if address.has_password:
        # not repeated
        raise ValueError(
            "a password does not belong in this file; set a variable to the whole address and name it: database_env"
        )
    return address


FilePath = Annotated[Path, BeforeValidator(_file_path)]
"""A file or folder, relative to the folder of ``config.yaml``."""
Database = Annotated[Path | InstanceOf[ServerAddress], BeforeValidator(_place), WithJsonSchema({"type": "string"})]
"""A file, or the address of a server without a password."""


class Storage(StrictModel):
    """Where the history is stored, and for how long. Alerts and their evidence are kept for ever."""

    database: Database = Path("data/aftershock.db")
    """The SQLite file; created if missing. Or a PostgreSQL database, `postgresql://host/database#name`, where `#name`
    tells several histories in it apart: see docs/server.md."""
    database_env: Variable | None = None
    """In place of `database`: the variable with the server's address, where that has a password in it."""
    keep_every_quote: Duration = timedelta(days=5)
    """Of trades older than this, one every ten minutes is kept, each hour's range, and what alerts, messages and
    outcomes rest on. At least `1d`."""
    keep_quotes: Duration = timedelta(days=180)
    """Quotes older than this are deleted, unless an alert is based on them."""
    keep_stories: Duration = timedelta(days=730)
    """Stories older than this are deleted, unless an alert refers to them. They still count as seen."""
    _file: Path = PrivateAttr(default=Path("config.yaml"))

    @property
    def keep(self) -> dict[str, timedelta]:
        """How long each kind of row is kept that can be pruned."""
        return {"quotes": self.keep_quotes, "every quote": self.keep_every_quote, "stories": self.keep_stories}

    def written_in(self, file: Path) -> Storage:
        """These settings, as they stand in ``file``: beside it may be a ``.env``."""
        self._file = file
        return self

    @property
    def place(self) -> Place:
        """Where the history is. Raises ConfigError where the variable with the address is not set, or has none."""
        if self.database_env is None:
            return self.database
        value = os.environ.get(self.database_env, "").strip()
        value = value or variable_in(self.database_env, self._file.with_name(".env"))
        if not value:
            message = f"{self.database_env} is set neither in the environment nor in .env; set it to the address"
        else:
            try:
                return ServerAddress(value)
            except ValueError as error:
                message = f"what {self.database_env} is set to is {error}"
        # outside the "except": the error may carry the address
        raise ConfigError([Problem(str(self._file), 0, 0, "storage.database_env", message)])


def storage_problems(document: Document, storage: Storage) -> Iterator[Problem]:
    """What does not go together."""
    if storage.keep_every_quote < timedelta(days=1):
        message = "a restart reads the last quotes whole; write 1d or more"
        yield problem(document, ("storage", "keep_every_quote"), message)
    if storage.database_env is not None and "database" in storage.model_fields_set:
        message = "the history's place is given twice; remove database or database_env"
        yield problem(document, ("storage", "database_env"), message, key=True)
