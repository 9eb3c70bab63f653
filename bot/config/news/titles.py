"""Only the titles of a vocabulary, for programs that read a history: without what it takes to read news."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.config.shipped import Beneath
from bot.config.yaml.document import load_document
from bot.config.yaml.reading import yaml_files
from bot.core.text.titles import Titles


def load_titles(folder: Path, beneath: Beneath | None = None) -> Titles:
    """The titles in the topic files of ``folder``, and of the shipped ones ``beneath``. Other mistakes than of YAML are
    left to those who read the rest.

    Raises ConfigError.
    """
    shipped = yaml_files(beneath.folder / "topics") if beneath else []
    files = [load_document(file).data for file in (*shipped, *yaml_files(folder))]
    return Titles(dict(_titles(files, "topics")), dict(_titles(files, "exposures")))


def _titles(files: list[Any], section: str) -> Iterator[tuple[str, str]]:
    for data in files:
        entries = data.get(section) if isinstance(data, dict) else None
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if isinstance(entry, dict) and isinstance(title := entry.get("title"), str):
                yield str(name), title
