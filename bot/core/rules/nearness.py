"""How near a rule came to firing: what stopped it first, and which of several moments was the nearest miss."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.model import Check


def blocker(check: Check) -> Check | None:
    """The first thing, in reading order, that keeps ``check`` from holding; ``None`` where it holds.

    For a guard, the condition that holds and must not; for ``any``, the child that came nearest.
    """
    if check.holds is True:
        return None
    if check.is_guard:
        return next((child for child in check.children if child.holds is True), check)
    failing = [child for child in check.children if child.holds is not True]
    if not failing:
        return check
    chosen = max(failing, key=nearness) if check.is_choice else failing[0]
    return blocker(chosen) or chosen


def nearness(check: Check) -> float:
    """How near ``check`` is to holding, 0 to 1; 1 only where it holds."""
    if check.holds is True:
        return 1.0
    if check.is_guard or not check.children:
        return _share(check)
    if check.is_choice:
        return min(0.999, max(nearness(child) for child in check.children))
    parts = [nearness(part) for part in _required(check)]
    return min(0.999, sum(parts) / len(parts))


def _required(check: Check) -> Iterator[Check]:
    """The checks that must all hold, nested ``all`` flattened."""
    for child in check.children:
        if child.children and not child.is_guard and not child.is_choice:
            yield from _required(child)
        else:
            yield child


def _share(check: Check) -> float:
    """How far a measured number is on the way to its limit: −5 % of −10 % is 0.5."""
    if check.value is None or not check.limit or check.children:
        return 0.0
    share = check.value / check.limit
    if share > 1:  # beyond an upper limit, or met but not yet confirmed
        share = 1 / share
    return max(0.0, min(0.98, share))
