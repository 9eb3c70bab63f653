"""The arithmetic of an explanation: evidence in, log-odds out, every term named.

Evidence for AI: a *tie* (stories that give AI as the cause of a fall of the company, of its line of business or of the
market), a *trigger* (a release that affects the company's line of business), *talk* (stories on AI and its market that
give no cause), what *confirms* a tie (companies in that line fall together, or the company falls far beyond its usual
range), distinct publishers. Evidence against: a *rival* (stories on the company's own earnings, an outage, a trial and
the like in the same session), a market-wide move. A second reader's answers count either way, within a bound.
Co-movement alone explains nothing, nor does a release alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.core.cause.groups import GroupMove
from bot.core.model import ClusterMatch, ScoreReason, Story, SubjectKind
from bot.core.news import Role, Topic, Weights

TIED_FROM = 0.3
"""A weaker tie is no tie."""
TOLD = 0.9
"""The highest confidence in a rival that only stories support."""
UNTIED = 0.55
"""Highest confidence, below what rules ask for, without a tie, and in a tie by line or market that nothing confirms."""
IN_MARKET = 0.75
"""How well a company's own fall confirms a tie of the whole market: others fall too, so it says less of the company."""
MOST = 0.97
"""Highest confidence of all: somebody is always wrong."""
REPORTED = 0.8
"""From this confidence in its own results a company has reported, and falls on them or on AI, hardly on both."""
CONFIRMED_FROM = 0.2
PLAIN = 0.9
"""A tie that names the lab or model, with what it does, in a title."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence on one symbol's fall, each from 0 to 1 unless it says otherwise."""

    tie: float = 0.0
    tied: SubjectKind = SubjectKind.UNKNOWN
    """Of whom the tie is told: the company, its line of business, the market."""
    trigger: float = 0.0
    talk: float = 0.0
    group: float = 0.0
    """How clearly its group falls with it."""
    alone: float = 0.0
    """How far the company itself falls beyond its usual range."""
    concerned: float = 1.0
    """Of a tie by the market: how clearly the companies that its stories concern fall, whatever their line of business;
    1 where too few of them have prices to tell."""
    publishers: int = 0
    """How many give the cause."""
    rival: float = 0.0
    rival_topic: str = ""
    results: float = 0.0
    """The confidence in its own results as the cause."""
    market_wide: float = 0.0
    second: float = 0.0
    """What a second reader says, from −1 (AI is not what made it fall) to 1; 0 where it was not asked."""
    second_said: str = ""
    """The same in words."""

    @property
    def confirmed(self) -> float:
        """How well prices confirm the tie: a line by its group or the company's own fall; a market by those it concerns
        and, no further than these, by the group or the company."""
        if self.tied is SubjectKind.COMPANY:
            return 1.0
        if self.tied is SubjectKind.LINE:
            return max(self.group, self.alone)
        return min(self.concerned, max(self.group, IN_MARKET * self.alone))


@dataclass(frozen=True, slots=True)
class Explanation:
    """One possible cause of a fall."""

    topic: str
    confidence: float
    """0 to 1."""
    terms: tuple[ScoreReason, ...]
    """The terms of the log-odds."""
    match: ClusterMatch | None = None
    """The stories. Of a tie, ``best`` says so most plainly and ``first`` is the release that the ties name."""
    group: GroupMove | None = None
    contagion: bool = False
    """No story reaches the company; it falls with others that stories explain."""
    evidence: Evidence | None = None
    """What was weighed; of AI only."""
    softens: float = 0.0
    """Share of its rivals that it takes off."""
    agents: tuple[str, ...] = ()
    """Models and labs that the stories give as the cause."""
    stories: tuple[Story, ...] = ()
    """Of AI, those that a second reader may be asked about, the plainest first."""


def highest_confidence(topic: Topic) -> float:
    """The highest confidence an explanation on ``topic`` can reach; 0 where it cannot be one."""
    if topic.role is Role.NONE:
        return 0.0
    return TOLD * topic.weight if topic.role is Role.RIVAL and not topic.calendar else 1.0


def softening(evidence: Evidence, weights: Weights) -> float:
    """Share of its rivals that the evidence takes off. A company with results of its own in a rout of its line of
    business most likely falls on these."""
    if evidence.tied is not SubjectKind.COMPANY or evidence.tie < TIED_FROM:
        return 0.0
    return max(weights.softened * evidence.group, weights.plain if evidence.tie >= PLAIN else 0.0)


def weigh(evidence: Evidence, weights: Weights) -> tuple[float, tuple[ScoreReason, ...]]:
    """The confidence that AI explains the fall, and its terms; zero without a story."""
    if evidence.tie <= 0 and evidence.trigger <= 0 and evidence.talk <= 0:
        return 0.0, ()
    tie = evidence.tie if evidence.tie >= TIED_FROM else 0.0
    share = weights.unconfirmed + (1 - weights.unconfirmed) * evidence.confirmed
    of = {SubjectKind.COMPANY: weights.company, SubjectKind.LINE: weights.line}.get(evidence.tied, weights.market)
    near = 0.5 + 0.5 * evidence.group
    rival = weights.rival * evidence.rival * (1 - softening(evidence, weights))
    together = evidence.group * max(tie, evidence.trigger)
    terms = (
        ScoreReason("base", weights.base, ""),
        ScoreReason(f"stories give AI as the cause ({evidence.tied})", of * tie * share, f"{tie:.2f}"),
        ScoreReason("a release affects its line of business", weights.trigger * evidence.trigger * near, ""),
        ScoreReason("stories on AI and its market", weights.talk * evidence.talk * near, ""),
        ScoreReason("its group falls with it", weights.together * together, f"{evidence.group:.2f}"),
        ScoreReason("publishers", weights.publishers * math.log2(max(1, evidence.publishers)), ""),
        ScoreReason(f"rival: {evidence.rival_topic}" if evidence.rival_topic else "rival", rival, ""),
        ScoreReason("the whole market falls", weights.market_wide * evidence.market_wide, ""),
        ScoreReason("second reader", weights.second_reader * evidence.second, evidence.second_said),
    )
    confidence = 1 / (1 + math.exp(-sum(t.weight for t in terms)))
    bound = {0: UNTIED, 1: weights.one_publisher, 2: weights.two_publishers}.get(evidence.publishers, MOST)
    if not tie or evidence.confirmed < CONFIRMED_FROM:
        bound = min(bound, UNTIED)
    if evidence.results >= REPORTED:
        bound = min(bound, 1 - evidence.results * (1 - softening(evidence, weights)))
    return min(confidence, bound), tuple(t for t in terms if abs(t.weight) >= 0.005)
