"""Only the titles of a vocabulary and companies' names, for programs that read a history: without what it takes to read
news."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bot.config.news.companies_document import companies_document
from bot.config.shipped import Beneath
from bot.config.yaml.document import load_document
from bot.config.yaml.reading import yaml_files
from bot.core.text.titles import Titles


def load_titles(rules: Path, beneath: Callable[[str], Beneath | None] = lambda kind: None) -> Titles:
    """The titles in the topic files and the names in ``companies.yaml`` of the folder ``rules``, and in what ships
    ``beneath`` it, by kind. Other mistakes than of YAML are left to those who read the rest.

    Raises ConfigError.
    """
    under = beneath("topics")
    shipped = yaml_files(under.folder / "topics") if under else []
    files = [load_document(file).data for file in (*shipped, *yaml_files(rules / "topics"))]
    companies = companies_document(rules / "companies.yaml", beneath("companies")).data
    return Titles(dict(_titles(files, "topics")), dict(_titles(files, "exposures")), dict(_names(companies)))


def _names(data: Any) -> Iterator[tuple[str, str]]:
    """A second listing has the name of the main one."""
    entries = data.get("companies") if isinstance(data, dict) else None
    known = {str(s): entry for s, entry in (entries if isinstance(entries, dict) else {}).items()}
    for symbol, entry in known.items():
        for one in (entry, known.get(entry.get("same_as", "")) if isinstance(entry, dict) else None):
            if isinstance(one, dict) and isinstance(name := one.get("name"), str):
                yield symbol, name
                break


def _titles(files: list[Any], section: str) -> Iterator[tuple[str, str]]:
    for data in files:
        entries = data.get(section) if isinstance(data, dict) else None
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if isinstance(entry, dict) and isinstance(title := entry.get("title"), str):
                yield str(name), title
