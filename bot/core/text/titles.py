"""Titles of topics and exposures: what people read in place of the names that rules and the history have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles by name. What has none, as a topic that is no longer defined, is called by its name."""

    topics: Mapping[str, str] = field(default_factory=dict)
    exposures: Mapping[str, str] = field(default_factory=dict)

    def topic(self, name: str) -> str:
        """A topic's title; ``no topic`` for none."""
        return self.topics.get(name, name or "no topic")

    def exposure(self, name: str) -> str:
        """The title of a line of business."""
        return self.exposures.get(name, name)
