"""What every column means, read from ``docs/history.md``: the one place where it is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "history.md"

_HEADING = re.compile(r"#### `(\w+)`")
_ROW = re.compile(r"\| `(\w+)` \| (.*) \|")


@dataclass(frozen=True, slots=True)
class Described:
    """A table or view as the documentation has it."""

    description: str
    columns: dict[str, str]


def described(document: Path = DOCUMENT) -> dict[str, Described]:
    """Name of each table and view to its description; none where the documentation is not there."""
    try:
        lines = document.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    found: dict[str, Described] = {}
    name, said = "", ""
    columns: dict[str, str] = {}
    for line in lines:
        if heading := _HEADING.fullmatch(line.strip()):
            name, said, columns = heading[1], "", {}
            continue
        if line.startswith("#"):
            name = ""
        if not name:
            continue
        if row := _ROW.fullmatch(line.strip()):
            columns[row[1]] = _bare(row[2])
            found[name] = Described(said, columns)
        elif not said and line.strip() and not line.startswith("|"):
            said = _bare(line.strip())
    return found


def _bare(text: str) -> str:
    return text.replace("`", "")
