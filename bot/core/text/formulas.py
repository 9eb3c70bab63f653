"""Text that a spreadsheet would take for a formula."""

from __future__ import annotations

from typing import Any

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with (OWASP, CSV injection); the last are the same in full width, for East Asian settings."""


def harmless(cell: Any) -> Any:
    """The cell of a table; before text that would be a formula stands an apostrophe, which spreadsheets do not show."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_BEGINNINGS) else cell
