"""What a clause says, as values."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from bot.core.model import Field, Subject, SubjectKind

SUMMARY_WEIGHT = 0.6
"""A summary often tells the background, or another story beside it."""


class Move(enum.StrEnum):
    """Which way the subject moves."""

    FALL = "fall"
    RISE = "rise"
    NONE = "none"
    """A move is spoken of that has not happened: ``could fall``."""


class AiRole(enum.StrEnum):
    """What AI does in the clause."""

    AGENT = "agent"
    """A model, tool or lab threatens, replaces, undercuts or enters the business of what moves, or makes do with less
    of what it sells."""
    OBJECT = "object"
    """It is sold, bought, spent on or hoped for."""
    LABEL = "label"
    """Only the kind of share."""
    OWN = "own"
    """The product of what moves."""
    NONE = "none"


class CauseKind(enum.StrEnum):
    """What the clause gives as the cause of the move."""

    AI = "ai"
    RESULTS = "results"
    """Results, a forecast or a product of what moves."""
    SPENDING = "spending"
    """Spending on AI, the demand it makes, what it will pay."""
    CONTAGION = "contagion"
    """Another company's results or fall."""
    OTHER = "other"
    """One of those that people name: ``Frame.other`` says which."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Frame:
    """One clause of a title or summary that tells of a move."""

    subjects: tuple[Subject, ...]
    """Who moves: several where the clause lists them. Never empty."""
    move: Move
    size: float | None
    """By how much, in per cent; never negative. ``None`` where the clause does not say."""
    connective: str
    """The words that join move and cause: ``after``, ``spooks``. Empty where cause and move only stand side by side."""
    cause: CauseKind
    other: str
    """Of another cause: its name in the vocabulary. Empty for all that have a kind of their own."""
    role: AiRole
    agents: tuple[str, ...]
    """Models and labs among the cause: ``model:GPT 5``, ``lab:Anthropic``. Empty where AI is no agent."""
    because: str
    """The words of the cause, as written."""
    strength: float
    """How plainly AI is given as the cause, 0 to 1, the part of the story counted in; 0 where it is no agent."""
    where: Field
    old: bool
    """The move told of is not today's."""

    @property
    def ties(self) -> bool:
        """AI is the agent of a fall of these subjects, now. Nothing else ties a fall to AI."""
        known = any(subject.kind is not SubjectKind.UNKNOWN for subject in self.subjects)
        return known and self.move is Move.FALL and self.role is AiRole.AGENT and not self.old
