"""How Datasette presents the tables: ``metadata.yaml``, with descriptions from the documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.installation import SHIPPED
from bot.web.database import NAME

DOCUMENT = SHIPPED / "docs" / "history.md"
_METADATA = Path(__file__).with_name("metadata.yaml")

FRACTIONS = frozenset(
    {
        *(
            "change",
            "fired_change",
            "severity_change",
            "worst",
            "last_change",
            "change_from_reference",
            "mean",
            "lowest",
            "highest",
            "lower",
        ),
        *("mean_from_reference", "after_15_min", "after_1_hour", "after_close", "after_1_session", "after_5_sessions"),
        "after_20_sessions",
    }
)
"""Columns that hold a fraction and are shown in per cent."""
SHARES = frozenset({"lower", "lower_pct"})
"""Columns whose sign says nothing."""

_HEADING = re.compile(r"#### `(\w+)`")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ROW = re.compile(r"\| `(\w+)` \| (.*) \|")


@dataclass(frozen=True, slots=True)
class Described:
    """A table or view as the documentation describes it."""

    description: str
    columns: dict[str, str]


def described(document: Path = DOCUMENT) -> dict[str, Described]:
    """The description of each table and view by name; empty where the documentation is missing."""
    try:
        lines = document.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    found: dict[str, Described] = {}
    name, description = "", ""
    columns: dict[str, str] = {}
    for line in lines:
        if heading := _HEADING.fullmatch(line.strip()):
            name, description, columns = heading[1], "", {}
            continue
        if line.startswith("#"):
            name = ""
        if not name:
            continue
        if row := _ROW.fullmatch(line.strip()):
            columns[row[1]] = _plain(row[2])
            found[name] = Described(description, columns)
        elif not description and line.strip() and not line.startswith("|"):
            description = _plain(line.strip())
    return found


def _plain(text: str) -> str:
    """Without the document's markup: its links lead nowhere here."""
    return _LINK.sub(r"\1", text).replace("`", "")


def metadata(documented: dict[str, Described]) -> dict[str, Any]:
    """Datasette's metadata, with the documented tables and columns described."""
    found: dict[str, Any] = yaml.safe_load(_METADATA.read_text(encoding="utf-8"))
    tables: dict[str, dict[str, Any]] = found["databases"][NAME]["tables"]
    for name, table in documented.items():
        columns = {column: _with_unit(column, text) for column, text in table.columns.items()}
        tables.setdefault(name, {}).update(description=table.description, columns=columns)
    return found


def _with_unit(column: str, text: str) -> str:
    """The description with its unit, where the column's kind has one."""
    if column in FRACTIONS:
        return f"{text} (a fraction: −0.1 is −10 %)"
    if column in ("price", "fired_price", "severity_price", "last_price", "reference_price", "previous_close"):
        return f"{text} (in the quote's currency)"
    if column.endswith("_at") or column == "at":
        return f"{text} (UTC)"
    return text
