"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.core.errors import UsageError
from bot.core.prices.windows import parse_duration

DEFAULT_CONFIG = Path(__file__).resolve().parents[2] / "config.yaml"

Config = Annotated[Path, typer.Option("--config", help="The configuration file.", show_default="config.yaml")]
Database = Annotated[Path | None, typer.Option("--database", help="A history database other than the configured one.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, on stdout.")]


def parse_when(text: str, now: datetime) -> datetime:
    """A moment: ``2025-01-27``, ``2025-01-27T10:00Z``, or how long ago: ``7d``. Raises UsageError."""
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"'{text}' is no moment; write 2025-01-27, 2025-01-27T10:00Z or how long ago, as 7d") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_speed(text: str) -> float:
    """``600x`` or ``600``: simulated seconds a second. Raises UsageError."""
    try:
        speed = float(text.strip().lower().removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise UsageError(f"'{text}' is no speed; write 600x for ten minutes a second")
    return speed
