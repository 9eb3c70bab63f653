"""How many entries the containers of the program hold, so that a test can see one that only ever grows."""

from __future__ import annotations

import functools
import sys
import types
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any

LEAVES = (str, bytes, bytearray, int, float, type, type(None), types.ModuleType)


def sizes(*roots: object) -> Counter[str]:
    """The entries of every container that ``roots`` hold, as ``Class.attribute``, of all objects of a class together;
    those of containers within it as ``Class.attribute[]``. Caches of functions are among them."""
    found: Counter[str] = Counter()
    seen: dict[int, object] = {}
    waiting: list[tuple[object, str]] = [(root, "") for root in roots]
    waiting += [(value, name) for name, value in _of_modules()]
    while waiting:
        value, name = waiting.pop()
        if isinstance(value, LEAVES) or id(value) in seen:
            continue
        seen[id(value)] = value  # kept, so that no other object gets its id
        if hasattr(value, "cache_info"):
            found[name] += value.cache_info().currsize
        elif isinstance(value, Mapping):
            found[name] += len(value)
            waiting += [(each, f"{name}[]") for pair in value.items() for each in pair]
        elif isinstance(value, list | tuple | set | frozenset | deque):
            found[name] += len(value)
            waiting += [(each, f"{name}[]") for each in value]
        else:
            waiting += [(each, name_ or name) for name_, each in _parts(value)]
    return found


def _of_modules() -> Iterator[tuple[str, object]]:
    """What the program's modules hold themselves: caches of functions, and containers."""
    for module in [m for name, m in sys.modules.items() if name.split(".")[0] == "bot"]:
        for name, value in vars(module).items():
            container = hasattr(value, "cache_info") or isinstance(value, dict | list | set | deque)
            if container and not name.startswith("__"):
                yield f"{module.__name__}.{name}", value


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    """What an object of the program holds, and what a function of it is bound to."""
    if isinstance(value, types.MethodType):
        yield "", value.__self__
    elif isinstance(value, functools.partial):
        yield from (("", each) for each in (value.func, *value.args, *value.keywords.values()))
    elif isinstance(value, types.FunctionType):
        for cell in value.__closure__ or ():
            try:
                yield "", cell.cell_contents
            except ValueError:  # not assigned yet
                continue
    elif type(value).__module__.split(".")[0] == "bot":
        slots = {s for each in type(value).__mro__ for s in _slots(each)}
        for name in sorted({*slots, *getattr(value, "__dict__", {})}):
            if hasattr(value, name):
                yield f"{type(value).__name__}.{name}", getattr(value, name)


def _slots(of: type) -> tuple[str, ...]:
    slots = getattr(of, "__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def grown(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """The containers that have grown by more than what differs from one fortnight to the next."""
    return [
        f"{name}: {before.get(name, 0)}, then {now}"
        for name, now in sorted(after.items())
        if now > before.get(name, 0) * 1.25 + 5
    ]
