"""Feeds as configured."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta


class FeedKind(enum.StrEnum):
    """Who wrote the entries: the feed's owner, or others the feed points to."""

    PUBLISHER = "publisher"
    AGGREGATOR = "aggregator"


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """One feed to watch. ``min_interval`` and ``max_interval`` bound how often it is polled while it works,
    ``stories_per_day`` how much of what it brings is read."""

    name: str
    """Short and unique; the ``source`` of its stories. Renaming a feed makes it a new one."""
    url: str
    title: str = ""
    """The publisher's name for people; the feed's own title where empty."""
    min_interval: timedelta = timedelta(minutes=1)
    max_interval: timedelta = timedelta(minutes=30)
    kind: FeedKind = FeedKind.PUBLISHER
    stories_per_day: int = 1000
    """The busiest public wires bring some hundreds."""
    evidence_only: bool = False
    """Its stories are evidence for moves and cannot fire a rule by themselves."""
    local: bool = False
    """It may lead to addresses on this machine or its network although its own address is public."""

    def __post_init__(self) -> None:
        if not timedelta(0) < self.min_interval <= self.max_interval:
            raise ValueError(f"{self.name}: min_interval must be above zero and not above max_interval")
