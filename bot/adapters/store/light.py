"""sqlite-utils without pandas, which it imports where that is installed, to know one more type of value.

That takes half a second and 60 MB, in a program that may never use it otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

PANDAS = "pandas"


@contextmanager
def pandas_left_out() -> Iterator[None]:
    """What is imported within finds no pandas, unless it is there already. Used before threads start."""
    if PANDAS in sys.modules:
        yield
        return
    sys.modules[PANDAS] = None  # type: ignore[assignment]  # what the import system takes for a module that is missing
    try:
        yield
    finally:
        del sys.modules[PANDAS]
