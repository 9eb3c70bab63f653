"""One pydantic error related to the document it is about, and which errors of a failed union to believe."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bot.config.document import Document, DocumentPath
from bot.config.wording import expected_type


class Mistake:
    """One pydantic error, related to the document."""

    def __init__(self, document: Document, model: type[BaseModel], error: Any) -> None:
        self.type: str = error["type"]
        self.location: tuple[str | int, ...] = error["loc"]
        self.input: Any = error.get("input")
        self.context: Mapping[str, Any] = error.get("ctx") or {}
        self.text: str = error["msg"]
        self.model = model
        self.path, self.branches = _document_path(document.data, self.location, self.type == "missing")
        """``branches``: for each member of a union taken on the way, the path where, and its name."""

    @property
    def wanted(self) -> str:
        """The type that was wanted, where the mistake is one of type; empty otherwise."""
        return expected_type(self.type)

    @property
    def follows(self) -> bool:
        """Only follows from others: pydantic counts none of a list's wrong items, and then finds the list short."""
        least = self.context.get("min_length", 0)
        counted = self.type == "too_short" and self.context.get("field_type") in ("List", "Tuple")
        return counted and isinstance(self.input, list) and len(self.input) >= least


def _document_path(
    data: Any, location: tuple[str | int, ...], missing: bool
) -> tuple[DocumentPath, list[tuple[DocumentPath, str]]]:
    """Pydantic's location less the names of union members, which are not in the document."""
    path: list[str | int] = []
    branches: list[tuple[DocumentPath, str]] = []
    node = data
    for number, step in enumerate(location):
        last = number == len(location) - 1
        in_list = isinstance(node, list) and isinstance(step, int) and 0 <= step < len(node)
        if in_list or (isinstance(node, dict) and step in node):
            path.append(step)
            node = node[step]
        elif last and missing:
            path.append(step)
        elif step != "[key]":
            branches.append((tuple(path), str(step)))
    return tuple(path), branches


def narrowed(mistakes: list[Mistake], depth: int = 0) -> list[Mistake]:
    """Where a union failed, keep only the member that the person most likely meant.

    A member of the wrong type altogether gives way to one whose inside is wrong; then the fewest mistakes win.
    """
    unions: dict[DocumentPath, dict[str, list[Mistake]]] = defaultdict(lambda: defaultdict(list))
    kept: list[Mistake] = []
    for mistake in mistakes:
        if len(mistake.branches) > depth:
            where, name = mistake.branches[depth]
            unions[where][name].append(mistake)
        else:
            kept.append(mistake)
    for where, members in unions.items():
        choices = [narrowed(member, depth + 1) for member in members.values()]
        choices.sort(key=_count)
        inside = next((member for member in choices if not all(m.path == where and m.wanted for m in member)), None)
        kept += inside if inside is not None else [mistake for member in choices for mistake in member]
    return kept


def _count(mistakes: list[Mistake]) -> int:
    return len(mistakes)
