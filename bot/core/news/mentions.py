"""Mentions: which companies, labs and models a story names, and where."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.model import Field, Mention
from bot.core.news.lexicon import Hit

_ORDER = {Field.TITLE: 0, Field.SUMMARY: 1, Field.SOURCE: 2}
KINDS = frozenset({"company", "lab", "model"})


def mentions_of(hits: Iterable[Hit]) -> tuple[Mention, ...]:
    """The mentions among ``hits``, by part and position.

    A name within a longer one of the same kind is no mention of its own: ``Claude`` in ``Claude Opus 4``, ``Google``
    in ``Google Cloud``.
    """
    named = [hit for hit in hits if hit.term.kind in KINDS]
    if len(named) > 1:
        named.sort(key=lambda h: (_ORDER[h.where], h.start, -h.stop, h.name))
    found: dict[tuple[str, str, Field, int], Mention] = {}
    longest: dict[tuple[str, Field], tuple[int, int]] = {}
    for hit in named:
        key, span = (hit.term.kind, hit.where), (hit.start, hit.stop)
        outer = longest.get(key)
        if outer is not None and hit.stop <= outer[1] and span != outer:  # two listings of one company share a span
            continue
        longest[key] = span
        mention = Mention(hit.term.kind, hit.name, hit.text, hit.where, hit.start)
        found[(mention.kind, mention.name, mention.where, mention.start)] = mention
    return tuple(sorted(found.values(), key=lambda m: (_ORDER[m.where], m.start, m.kind, m.name)))
