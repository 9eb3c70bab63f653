"""Recorded earnings dates: CSV files with ``symbol,date,when,seen``, possibly gzipped.

``when`` is before, during, after or empty; ``seen`` is when the date was known, by default two weeks before it. A row
that cannot be read is skipped and reported as a ``Problem`` with file and line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime, time
from pathlib import Path

from bot.core.errors import Problem, UsageError
from bot.core.model import EarningsDate
from bot.core.prices.earnings import KNOWN_BEFORE, parse_report
from bot.replay.columns import opened

SOURCE = "recording"


def read_earnings(paths: Iterable[Path]) -> tuple[list[EarningsDate], list[Problem]]:
    """The dates in these files, and the rows that cannot be read. Raises UsageError for a file that cannot be read."""
    dates: list[EarningsDate] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            with opened(path) as stream:
                rows = csv.DictReader(stream)
                missing = [name for name in ("symbol", "date") if name not in (rows.fieldnames or ())]
                if missing:
                    raise UsageError(
                        f"{path}: missing column {' and '.join(missing)}; the header is symbol,date,when,seen"
                    )
                for row in rows:
                    try:
                        dates.append(_date_of(row))
                    except ValueError as error:
                        problems.append(Problem(str(path), rows.line_num, 1, "", str(error)))
        except (OSError, UnicodeDecodeError, csv.Error, EOFError) as error:
            raise UsageError(f"{path}: cannot be read: {error}") from error
    return dates, problems


def _date_of(row: dict[str, str | None]) -> EarningsDate:
    symbol = (row.get("symbol") or "").strip()
    if not symbol:
        raise ValueError("no symbol; write one, or remove the row")
    day, when = parse_report(f"{(row.get('date') or '').strip()} {(row.get('when') or '').strip()}")
    seen = (row.get("seen") or "").strip()
    if not seen:
        return EarningsDate(symbol, day, datetime.combine(day, time(), UTC) - KNOWN_BEFORE, when, SOURCE)
    try:
        at = datetime.fromisoformat(seen)
    except ValueError:
        raise ValueError(
            f"seen '{seen[:30]}' is not a time; write one like 2025-01-15T12:00:00Z, or leave it empty"
        ) from None
    return EarningsDate(symbol, day, at if at.tzinfo else at.replace(tzinfo=UTC), when, SOURCE)
