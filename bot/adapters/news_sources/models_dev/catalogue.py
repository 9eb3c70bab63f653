"""An entry of models.dev's catalogue, as far as it can be read."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.core.news.releases import Price

_ID = re.compile(r"[A-Za-z0-9][\w./:@-]{0,127}", re.ASCII)
_NAME = re.compile(r"[\w .+-]{1,80}")
_ASIDE = re.compile(r"\([^()]*\)|\blatest\b", re.IGNORECASE)
"""``Claude Opus 4.5 (latest)`` and ``Grok 4.20 (Reasoning)`` are names of a model that is there without, too."""
_NO_MODEL = re.compile(r"embed|rerank|moderation|(?<![a-z])ocr(?![a-z])", re.IGNORECASE)
"""Tools around models, as the hub's source leaves them out."""


@dataclass(frozen=True)
class Offer:
    """A model that its own lab offers."""

    id: str
    """``PROVIDER/MODEL``; ``models/LAB/MODEL`` where only the model itself is described."""
    name: str
    lab: str
    open_weights: bool
    """False also where the catalogue does not say so."""
    context: int
    """The most tokens it takes at once; 0 where that is unknown."""
    price: Price | None
    """``None`` for what is free, unknown or cannot be."""
    released_on: date | None
    """``None`` also for a month without a day."""
    in_use: bool
    """Not ``deprecated``, which the catalogue adds late and for the sake of completeness."""
    licence: str = ""
    """Of open weights, as an identifier; empty where nobody wrote it down."""

    @property
    def model(self) -> str:
        """The same for all entries of one model: dated versions, pointers to the latest, modes."""
        return f"{self.lab}/{re.sub(r'[^a-z0-9.+]', '', self.name.lower())}"


def read(provider: str, name: str, entry: Any, lab: str) -> Offer | None:
    """What the catalogue says of a model; ``None`` where that is no model, or cannot be read."""
    if not isinstance(entry, Mapping) or not _ID.fullmatch(name):
        return None
    written = entry.get("name")
    title = " ".join(_ASIDE.sub(" ", written).split()) if isinstance(written, str) else ""
    if not _NAME.fullmatch(title) or _NO_MODEL.search(f"{name} {title}"):
        return None
    limit, cost = entry.get("limit"), entry.get("cost")
    return Offer(
        f"{provider}/{name}",
        title,
        lab,
        entry.get("open_weights") is True,
        _tokens(limit.get("context")) if isinstance(limit, Mapping) else 0,
        _price(cost) if isinstance(cost, Mapping) else None,
        _day(entry.get("release_date")),
        entry.get("status") != "deprecated",
        _licence(entry.get("license")),
    )


def _price(cost: Mapping[str, Any]) -> Price | None:
    prompt, completion = _dollars(cost.get("input")), _dollars(cost.get("output"))
    return Price(prompt, completion) if prompt is not None and completion is not None else None


def _dollars(value: Any) -> float | None:
    """Per million tokens; ``None`` for free, unknown and implausible ones."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.000_001 <= value < 100_000:
        return None
    return round(float(value), 6) if math.isfinite(value) else None


def _tokens(value: Any) -> int:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9
    return int(value) if good else 0


def _licence(value: Any) -> str:
    """``apache-2.0`` for ``Apache 2.0``, as on Hugging Face."""
    return re.sub(r"[ _]+", "-", value.strip().lower()) if isinstance(value, str) and len(value) < 40 else ""


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == len("2025-01-20") else None
    except ValueError:
        return None
