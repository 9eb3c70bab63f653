"""Writes docs/configuration.md from the models of ``config.yaml``: every key, its default, its meaning, an example.

``python tools/reference.py`` renews the page; ``tests/docs`` says when that is due.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402  # what is imported from here on is found by the line above
from pydantic import BaseModel  # noqa: E402

from bot.config.rules.dump import plain  # noqa: E402
from bot.config.schemas import SCHEMAS, Offered, example_of, keys_of, models_of, schema_of  # noqa: E402
from bot.config.settings.model import Settings  # noqa: E402
from bot.core.model import Severity  # noqa: E402

PAGE = ROOT / "docs" / "configuration.md"
PAGES = re.compile(r"docs/([a-z-]+\.md)")
HEAD = """# Configuration

Every key of `config.yaml`, as the program reads it. The shipped [`config.yaml`](../config.yaml) says more of why, and
editors complete keys and explain them as you type: they read `rules/schema/config.json`. A key that is not here is a
mistake, and is told with its line. Rules have [a page of their own](rules.md).

Durations are a number and `s`, `m`, `h`, `d` or `w`: `90s`, `30m`, `2h`, `5d`, `1w`. Paths are relative to the file's
folder. What is secret is never written here, only the name of the variable or file that holds it.

This page is written from the program: `python tools/reference.py` renews it.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page."""
    schema = schema_of("config.json", Offered())
    parts = [HEAD]
    for title, where, model in sections():
        known = schema if model is Settings else schema["$defs"][model.__name__]
        said = "" if model is Settings else PAGES.sub(r"[\1](\1)", f"{known.get('description', '')}\n")
        rows = [row(model, key, known["properties"][key]) for key in keys_of(model)]
        table = ["| key | default | what it means | example |", "|---|---|---|---|", *rows]
        parts.append("\n".join([f"\n## {title}\n", *filter(None, [where, said]), *table, ""]))
    return "".join(parts)


def sections() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Each model with its heading, and where it is written."""
    yield "The file", "", Settings
    paths = dict(_paths(Settings, ""))
    for model in models_of(Settings):
        if model in paths:
            path = paths[model]
            listed = path.endswith("[]")
            where = f"Each entry of the list `{path.removesuffix('[]')}:`.\n" if listed else ""
            yield path.removesuffix("[]"), where, model


def _paths(model: type[BaseModel], before: str) -> Iterator[tuple[type[BaseModel], str]]:
    """Every model below ``model``, and its path in the file; a list's ends in brackets."""
    for key, info in keys_of(model).items():
        for inner in models_of(model)[1:]:
            if inner.__name__ in str(info.annotation):
                path = f"{before}{key}{'[]' if 'tuple[' in str(info.annotation) else ''}"
                yield inner, path
                yield from _paths(inner, f"{path.removesuffix('[]')}.")


def row(model: type[BaseModel], key: str, schema: dict[str, Any]) -> str:
    """A key's line of the table."""
    info = keys_of(model)[key]
    meaning = PAGES.sub(r"[\1](\1)", (info.description or "").replace("``", "`"))
    choices = schema.get("enum")
    if choices and not all(f"`{each}`" in meaning for each in choices):
        meaning += " One of " + ", ".join(f"`{each}`" for each in choices) + "."
    inner = [m for m in models_of(model)[1:] if m.__name__ in str(info.annotation)]
    default = "needed" if info.is_required() else "" if inner else code(info.get_default(call_default_factory=True))
    example = "see below" if inner else code(example_of(model, key))
    return f"| `{key}` | {default} | {' '.join(meaning.split())} | {example} |".replace("  ", " ")


def code(value: Any) -> str:
    """A value as YAML on one line; nothing for nothing."""
    value = value.word if isinstance(value, Severity) else value
    written = None if value in (None, "", (), {}, []) else plain(value)
    if written is None:
        return ""
    text = yaml.safe_dump(written, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return f"`{text.removesuffix(chr(10)).removesuffix('...').strip()}`".replace("|", "\\|")


if __name__ == "__main__":
    assert SCHEMAS["config.json"][0] is Settings
    main()
