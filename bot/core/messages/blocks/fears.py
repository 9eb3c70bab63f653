"""Why this kind of news hits the lines of business that fall, and whom it may help."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.core.model import Block, BlockKind, Line, Strong
from bot.core.news.vocabulary import Kind
from bot.core.text.wording import verbatim

MOST = 6
MOST_HELPED = 3


def fears(kinds: Sequence[Kind], lines: Sequence[str], exposure: Callable[[str], str]) -> list[Block]:
    """One clause for each line of business hit, by the first of ``kinds`` that has one; and one for each line that is
    not hit and may gain. ``lines``: the exposures hit, worst first; ``exposure`` puts one into words."""
    hit = list(_clauses(lines, [kind.fears for kind in kinds], exposure))
    helped = list(_clauses(helped_by(kinds, lines), [kind.helps for kind in kinds], exposure))
    blocks = []
    if hit:
        blocks.append(Block("the fear", BlockKind.FACTS, 50, "The fear", tuple(hit[:MOST])))
    if helped:
        blocks.append(Block("who may gain", BlockKind.FACTS, 33, "Who may gain", tuple(helped[:MOST_HELPED])))
    return blocks


def helped_by(kinds: Sequence[Kind], hit: Sequence[str] = ()) -> tuple[str, ...]:
    """The exposures that such news may help, the likeliest first; none of those ``hit``."""
    return tuple(dict.fromkeys(name for kind in kinds for name in kind.helps if name not in hit))


def _clauses(
    lines: Sequence[str], reasons: Sequence[Mapping[str, str]], exposure: Callable[[str], str]
) -> Iterator[Line]:
    told: set[str] = set()
    for name in dict.fromkeys(lines):
        clause = next((of[name] for of in reasons if name in of and of[name] not in told), "")
        if clause:
            told.add(clause)
            yield (Strong(f"{exposure(name)}: "), f"{verbatim(clause)}.")
