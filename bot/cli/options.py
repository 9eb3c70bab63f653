"""Options that several commands share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from bot.core.errors import UsageError
from bot.core.prices.windows import parse_duration
from bot.core.server_address import ServerAddress, is_address
from bot.installation import default_config

DEFAULT_CONFIG = default_config()

Config = Annotated[Path, typer.Option("--config", help="Configuration file.", show_default="config.yaml")]


Place = Path | ServerAddress
"""Where a history is kept: a file, or a database server."""


def parse_place(text: str) -> Place:
    """A file, or the address of a server. Raises UsageError for an address that cannot be used here."""
    if not is_address(text):
        return Path(text)
    try:
        address = ServerAddress(text)
    except ValueError as error:
        raise UsageError(f"{error}") from None
    if address.has_password:
        raise UsageError(
            "every user of this machine can read the password of a command; put it into ~/.pgpass, or name a variable "
            "with the address in config.yaml: storage: database_env"
        )
    return address


def _kept_in(default: str) -> Any:
    shown = f"History database: a file, or a server's address. Default: {default}."
    return Annotated[Any, typer.Option("--database", parser=parse_place, metavar="PLACE", help=shown)]


if TYPE_CHECKING:
    Database: TypeAlias = Place | None
    TrialDatabase: TypeAlias = Place | None
else:  # typer knows no unions of types
    Database = _kept_in("the configured one")
    TrialDatabase = _kept_in("a temporary one")
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]


YEARS = 1900, 2098
"""Years from which it can be counted back and forth: calendars end with 2099."""


def parse_when(text: str, now: datetime) -> datetime:
    """A time: ``2025-01-27``, ``2025-01-27T10:00Z``, or how long ago: ``7d``. Raises UsageError."""
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"'{text}' is not a time; write 2025-01-27, 2025-01-27T10:00Z or how long ago, as 7d"
        ) from None
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise UsageError(f"'{text}' is out of reach; write a year from {YEARS[0]} to {YEARS[1]}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_speed(text: str) -> float:
    """``600x`` or ``600``: simulated seconds per second. Raises UsageError."""
    try:
        speed = float(text.strip().lower().removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise UsageError(f"'{text}' is not a speed; write 600x for ten minutes a second")
    return speed


@contextmanager
def database_or_temporary(database: Place | None) -> Iterator[Place]:
    """The database asked for, or one that is deleted at the end."""
    if database is not None:
        yield database
        return
    with tempfile.TemporaryDirectory(prefix="aftershock-") as folder:
        yield Path(folder) / "history.db"


def shown_path(path: Path) -> str:
    """``path`` relative to the working directory, where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
