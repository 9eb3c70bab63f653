"""Statements as SQLite takes them, in the form in which PostgreSQL takes them.

Only the form differs that both could not share: placeholders (``?``, ``?1`` and ``:name`` become ``$1``), SQLite's
hints to its planner, which are left out, and ``IS`` between two values. Functions of SQLite's names are in the schema.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PIECE = re.compile(
    r"""(?P<kept>'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|::)"""
    r"""|(?P<hint>\s+INDEXED\s+BY\s+\w+)"""
    r"""|(?P<cross>\bCROSS\s+JOIN\b)"""
    r"""|(?P<differs>\bIS\s+NOT\s+(?!NULL\b|DISTINCT\b|TRUE\b|FALSE\b))"""
    r"""|(?P<equals>\bIS\s+(?!NOT\b|NULL\b|DISTINCT\b|TRUE\b|FALSE\b))"""
    r"""|\?(?P<number>[0-9]*)"""
    r"""|:(?P<name>[a-z_]+)"""
)


@lru_cache(maxsize=512)
def for_server(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement for PostgreSQL, and the names of its parameters in order where it has names."""
    names: list[str] = []
    counted = 0

    def piece(found: re.Match[str]) -> str:
        nonlocal counted
        kind = found.lastgroup
        if kind == "kept":
            return found[0]
        if kind == "hint":
            return ""
        if kind == "cross":
            return "JOIN"
        if kind == "differs":
            return "IS DISTINCT FROM "
        if kind == "equals":
            return "IS NOT DISTINCT FROM "
        if kind == "name":
            if found["name"] not in names:
                names.append(found["name"])
            return f"${names.index(found['name']) + 1}"
        if found["number"]:
            return f"${found['number']}"
        counted += 1
        return f"${counted}"

    return _PIECE.sub(piece, sql), tuple(names)
