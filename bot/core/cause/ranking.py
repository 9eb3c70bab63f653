"""The arithmetic of an explanation: evidence in, log-odds out, every addend named.

Evidence for AI: a *tie* (stories that say the fall is about AI and reach the symbol), a *trigger* (a release whose
abilities meet what the company lives from), the *group* (those who live from the same fall together, beyond their own
volatility and beyond the index), distinct sources. Evidence against: a *rival* (stories on the company's own earnings,
outage, trial and the like in the same session), a market-wide move. Co-movement alone never explains anything.
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
"""What a tie by exposure is worth while the group does not fall."""
RIVAL = -4.0
TIED_RIVAL = -1.2
"""A rival weighs less where a story ties the company itself to AI: its own results may be how the shock is told."""
TOLD = 0.9
"""The confidence in a rival that stories tell of in the clearest words."""
OVERRULED = 0.65
"""What a rival is worth beside a story that ties the company itself to AI, where that explanation stands by itself: a
company that tells in its results who takes its customers away also "reports results"."""
STANDS = 0.6
FIRM = 0.7
"""A tie above this leaves little doubt."""
MARKET_WIDE = -1.5
CAP = 0.55
"""Below what a rule asks for: a trigger without a tie (unless trigger and group are both clear), and a tie by
exposure without a group that falls."""
CONFIRMED_FROM = 0.2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about one symbol's fall and one topic of explanation, each from 0 to 1."""

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
        """A story ties the company itself, in words that leave little doubt."""
        return self.tied_directly and self.tie > FIRM


@dataclass(frozen=True, slots=True)
class Explanation:
    """One thing that could have made a stock fall."""

    topic: str
    confidence: float
    """0 to 1."""
    terms: tuple[ScoreReason, ...]
    """The arithmetic: addends of the log-odds."""
    match: ClusterMatch | None = None
    group: GroupMove | None = None
    contagion: bool = False
    """Not reached itself: it falls with those who are."""
    tied_directly: bool = False
    """A story names the company and ties its fall to the topic, in words that leave little doubt."""


def surest(topic: Topic) -> float:
    """The highest confidence that an explanation on ``topic`` can reach; 0 where it never is one."""
    if topic.role is Role.NONE:
        return 0.0
    return TOLD * topic.weight if topic.role is Role.RIVAL and not topic.calendar else 1.0


def weigh(evidence: Evidence) -> tuple[float, tuple[ScoreReason, ...]]:
    """Confidence that AI explains the fall, and the addends it comes from. Without any story: zero."""
    if evidence.tie <= 0 and evidence.trigger <= 0:
        return 0.0, ()
    tie, trigger = evidence.tie, evidence.trigger
    if not evidence.tied_directly:  # a line of work is named, not the company: those who share it must confirm
        tie *= UNCONFIRMED + (1 - UNCONFIRMED) * evidence.group
        trigger *= 0.5 + 0.5 * evidence.group
    together = evidence.group * max(evidence.tie, evidence.trigger)
    rival = TIED_RIVAL if evidence.tied_firmly else RIVAL
    terms = (
        ScoreReason("base", BASE, ""),
        ScoreReason("a story ties the fall to AI", TIE * tie, f"{tie:.2f}"),
        ScoreReason("a release meets what it lives from", TRIGGER * trigger, f"{trigger:.2f}"),
        ScoreReason("its group falls with it", GROUP * together, f"{evidence.group:.2f}"),
        ScoreReason("sources", SOURCES * math.log2(max(1, evidence.sources)), str(evidence.sources)),
        ScoreReason(f"rival: {evidence.rival_topic}" if evidence.rival_topic else "rival", rival * evidence.rival, ""),
        ScoreReason("everything falls", MARKET_WIDE * evidence.market_wide, f"{evidence.market_wide:.2f}"),
    )
    confidence = 1 / (1 + math.exp(-sum(t.weight for t in terms)))
    untied = evidence.tie < 0.3 and not (evidence.trigger > 0.7 and evidence.group > 0.8)
    unconfirmed = not evidence.tied_directly and evidence.group < CONFIRMED_FROM
    if untied or unconfirmed:
        confidence = min(confidence, CAP)
    return confidence, tuple(t for t in terms if abs(t.weight) >= 0.005)
