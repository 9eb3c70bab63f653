"""What suddenly spreads on the hub: base models, by whomever, that many people like within days.

Likes are counted at once, downloads about a day late, so a model spreads by its likes: as many within two weeks of its
making, or within three days of when it was first seen with fewer. Anybody can give a model any name, so what looks like
a named lab's without being its own is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.adapters.news_sources.huggingface.entries import Model
from bot.core.news.source_answers import iso_moment

LIKES = 500
YOUNG = timedelta(days=14)
GROWN_WITHIN = timedelta(days=3)
AT_ONCE = 2
"""Told in one poll at most."""
WATCHED = 100
"""Models whose likes are remembered."""
_ALIKE = str.maketrans("01i53", "ollse")
"""Letters and digits that look like others."""
_LEAST_NAME = 4
"""Shorter names of organisations are part of too many others."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A model that spreads: so many likes within so many days."""

    model: Model
    likes: int
    days: int


def spreading(
    models: Iterable[Model],
    known: list[str],
    watched: dict[str, tuple[int, str]],
    labs: Mapping[str, str],
    now: datetime,
) -> Sequence[Spread]:
    """What spreads and is not known to. Adds it to ``known``, and brings the likes seen before up to date: by id, how
    many and when."""
    found: list[Spread] = []
    for model in models:
        based = model.bases <= {model.author} and model.counts and model.has_weights
        if not based or imitates(model.author, labs):
            continue
        likes, since = _seen(watched, model, now)
        made = model.created_at
        if made is not None and timedelta() <= now - made <= YOUNG and model.likes >= LIKES:
            spread = Spread(model, model.likes, max(1, (now - made).days))
        elif model.likes - likes >= LIKES:
            spread = Spread(model, model.likes - likes, max(1, (now - since).days))
        else:
            continue
        if model.id not in known and len(found) < AT_ONCE:
            known.append(model.id)
            found.append(spread)
    for model_id in list(watched)[:-WATCHED]:
        del watched[model_id]
    return found


def _seen(watched: dict[str, tuple[int, str]], model: Model, now: datetime) -> tuple[int, datetime]:
    """How many likes it had when it was first seen within the last days."""
    likes, at = watched.get(model.id, (0, ""))
    since = iso_moment(at)
    if since is None or not timedelta() <= now - since <= GROWN_WITHIN:
        likes, since = model.likes, now
        watched.pop(model.id, None)
        watched[model.id] = likes, now.isoformat(timespec="seconds")
    return likes, since


def imitates(author: str, labs: Mapping[str, str]) -> bool:
    """Whether the name looks like that of a named lab's organisation, and is none: ``deepseek-ai-official``."""
    if author in labs:
        return False
    shown = _shape(author)
    return any(len(shape) >= _LEAST_NAME and shape in shown for shape in map(_shape, labs))


def _shape(name: str) -> str:
    shape = re.sub(r"[^a-z0-9]", "", name.lower()).translate(_ALIKE)
    return shape.replace("rn", "m").replace("vv", "w")
