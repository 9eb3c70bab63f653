"""What ships with the program and lies beneath one's own rules, topics, companies and episodes.

Whatever has the name of something shipped stands in its place; ``shipped:`` in ``config.yaml`` says what is taken at
all, and switches single things on or off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Beneath:
    """One part of what ships, as a configuration takes it."""

    folder: Path
    """The shipped rules folder."""
    switches: Mapping[str, bool]
    """What is switched on or off, by name."""

    def leaves_out(self, name: str) -> bool:
        """Whether the shipped thing of this name is switched off."""
        return not self.switches.get(name, True)
