"""``rules/companies.yaml`` over the shipped one, as it is written: whoever wants only names needs no more."""

from __future__ import annotations

from pathlib import Path

from bot.config.shipped import Beneath
from bot.config.yaml.document import Document, load_document


def companies_document(path: Path, beneath: Beneath | None) -> Document:
    """The file, with the shipped companies ``beneath`` that it does not describe itself. Raises ConfigError."""
    if beneath is None:
        return load_document(path)
    shipped = load_document(beneath.folder / path.name)
    left = {name: entry for name, entry in shipped.data["companies"].items() if not beneath.leaves_out(name)}
    data = {**shipped.data, "companies": left}
    if not path.exists():
        return shipped.with_data(data)
    own = load_document(path)
    if not isinstance(own.data, dict):
        return own
    mine = {key: value for key, value in own.data.items() if value is not None}
    for section in ("companies", "groups", "contexts"):
        if isinstance(mine.get(section, {}), dict):
            mine[section] = {**data.get(section, {}), **mine.get(section, {})}
    return own.with_data({**data, **mine})
