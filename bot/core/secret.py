"""A value that must not be shown by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a secret string. ``str``, ``repr`` and formatting give ``[secret]``; only ``reveal`` gives the value.

    It can be compared and tested for emptiness, but neither pickled nor written as JSON, so that it cannot get into a
    store or a log with the object that holds it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "[secret]"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "[secret]"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def __deepcopy__(self, memo: object) -> Secret:
        return self
