"""The arithmetic of an explanation: evidence in, log-odds out, every term named.

Evidence for AI: a *tie* (stories that reach the symbol and say AI caused the fall), a *trigger* (a release that
affects the company's line of business), the *group* (companies in that line fall together, more than their
volatility and the benchmark explain), distinct sources. Evidence against: a *rival* (stories on the company's own
earnings, an outage, a trial and the like in the same session), a market-wide move. Co-movement alone explains nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.core.cause.moves import GroupMove
from bot.core.model import ClusterMatch, ScoreReason
from bot.core.news import Role, Topic

BASE = -2.6
TIE = 4.2
TRIGGER = 1.7
GROUP = 1.6
SOURCES = 0.25
UNCONFIRMED = 0.3
"""Weight of a tie by exposure while the group does not fall."""
RIVAL = -4.0
TIED_RIVAL = -1.2
"""Weight of a rival where a story ties the company itself to AI: its own results may be where the shock is reported."""
TOLD = 0.9
"""The highest confidence in a rival that only stories support."""
OVERRULED = 0.65
"""Factor on the rivals of an AI explanation that names the company and is likely by itself: a company that reports
losing customers to AI also "reports results"."""
STANDS = 0.6
FIRM = 0.7
"""A tie above this is explicit."""
MARKET_WIDE = -1.5
CAP = 0.55
"""Highest confidence, below what rules ask for, of a trigger without a tie (unless trigger and group are both clear)
and of a tie by exposure without a falling group."""
CONFIRMED_FROM = 0.2


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence on one symbol's fall, each from 0 to 1."""

    tie: float = 0.0
    tied_directly: bool = False
    trigger: float = 0.0
    group: float = 0.0
    sources: int = 0
    rival: float = 0.0
    rival_topic: str = ""
    market_wide: float = 0.0

    @property
    def tied_firmly(self) -> bool:
        """A story names the company and ties its fall explicitly."""
        return self.tied_directly and self.tie > FIRM


@dataclass(frozen=True, slots=True)
class Explanation:
    """One possible cause of a fall."""

    topic: str
    confidence: float
    """0 to 1."""
    terms: tuple[ScoreReason, ...]
    """The terms of the log-odds."""
    match: ClusterMatch | None = None
    group: GroupMove | None = None
    contagion: bool = False
    """No story reaches the company; it falls with others that stories explain."""
    tied_directly: bool = False
    """A story names the company and ties its fall to the topic explicitly."""


def highest_confidence(topic: Topic) -> float:
    """The highest confidence an explanation on ``topic`` can reach; 0 where it cannot be one."""
    if topic.role is Role.NONE:
        return 0.0
    return TOLD * topic.weight if topic.role is Role.RIVAL and not topic.calendar else 1.0


def weigh(evidence: Evidence) -> tuple[float, tuple[ScoreReason, ...]]:
    """The confidence that AI explains the fall, and its terms; zero without a story."""
    if evidence.tie <= 0 and evidence.trigger <= 0:
        return 0.0, ()
    tie, trigger = evidence.tie, evidence.trigger
    if not evidence.tied_directly:  # the story names a line of business, not the company: the group must confirm
        tie *= UNCONFIRMED + (1 - UNCONFIRMED) * evidence.group
        trigger *= 0.5 + 0.5 * evidence.group
    together = evidence.group * max(evidence.tie, evidence.trigger)
    rival = TIED_RIVAL if evidence.tied_firmly else RIVAL
    terms = (
        ScoreReason("base", BASE, ""),
        ScoreReason("a story ties the fall to AI", TIE * tie, f"{tie:.2f}"),
        ScoreReason("a release affects its line of business", TRIGGER * trigger, f"{trigger:.2f}"),
        ScoreReason("its group falls with it", GROUP * together, f"{evidence.group:.2f}"),
        ScoreReason("sources", SOURCES * math.log2(max(1, evidence.sources)), str(evidence.sources)),
        ScoreReason(f"rival: {evidence.rival_topic}" if evidence.rival_topic else "rival", rival * evidence.rival, ""),
        ScoreReason("the whole market falls", MARKET_WIDE * evidence.market_wide, f"{evidence.market_wide:.2f}"),
    )
    confidence = 1 / (1 + math.exp(-sum(t.weight for t in terms)))
    untied = evidence.tie < 0.3 and not (evidence.trigger > 0.7 and evidence.group > 0.8)
    unconfirmed = not evidence.tied_directly and evidence.group < CONFIRMED_FROM
    if untied or unconfirmed:
        confidence = min(confidence, CAP)
    return confidence, tuple(t for t in terms if abs(t.weight) >= 0.005)
