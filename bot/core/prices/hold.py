"""How long a price must have met a condition before it counts: by day, and where trading is thin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.core.model import Phase
from bot.core.prices.windows import format_duration, parse_duration


@dataclass(frozen=True, slots=True)
class Hold:
    """How long a price condition must have been met before it counts."""

    quotes: int = 2
    """By so many quotes in a row, of later and later event times."""
    lasting: timedelta | None = None
    """From the first to the last of them; by day in place of ``quotes``, at night as well as them."""

    def __str__(self) -> str:
        """As rules write it."""
        if self.lasting is None:
            return str(self.quotes)
        return f"{self.quotes} over {format_duration(self.lasting)}"


BY_DAY = Hold()
"""By default."""
AT_NIGHT = Hold(4, timedelta(minutes=2))
"""The least at night, unless the rule says otherwise."""
HOLDS: Mapping[Phase, Hold] = {Phase.OVERNIGHT: AT_NIGHT}
"""By phase, where it is not that of the rule."""

_BOTH = re.compile(r"([0-9]{1,3})\s+over\s+(.+)\Z")


def parse_hold(text: str) -> Hold:
    """``4 over 2m``: so many trades, over so long. Raises ValueError saying what to write."""
    found = _BOTH.match(" ".join(text.split()))
    if found is None:
        raise ValueError(f"'{text}' is not a hold; write trades and a duration, like 4 over 2m")
    return Hold(int(found[1]), parse_duration(found[2]))


def at_night(by_day: Hold) -> Hold:
    """The hold of the overnight phase of a rule that says only what it is by day: never less."""
    lasting = max(hold.lasting or timedelta() for hold in (by_day, AT_NIGHT))
    return Hold(max(by_day.quotes, AT_NIGHT.quotes), lasting)


def longest(holds: Iterable[Hold]) -> Hold:
    """What satisfies each of these; without any, one quote."""
    known = list(holds)
    lasting = max((hold.lasting for hold in known if hold.lasting is not None), default=None)
    return Hold(max((hold.quotes for hold in known), default=1), lasting)
