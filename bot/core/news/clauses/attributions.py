"""Frames to attributions: which falls a story gives a cause for, and on which topic."""

from __future__ import annotations

from collections.abc import Iterable

from bot.core.model import Attribution, Field, Subject, SubjectKind
from bot.core.news.clauses.frames import SUMMARY_WEIGHT, CauseKind, Frame, Move
from bot.core.news.vocabulary import Role, Topics

JOINED = 0.9
"""Strength of a cause other than AI that a connective joins to the move."""
BESIDE = 0.5
"""The same where the two stand side by side."""


class Attributions:
    """The topics that causes told of belong to."""

    def __init__(self, topics: Topics) -> None:
        self._tie = next(iter(topics.with_role(Role.TIE)), "")
        self._results = next((topic.name for topic in topics.topics if topic.calendar), "")
        self._spending = topics.clauses.spending
        self._rivals = frozenset(topics.with_role(Role.RIVAL))

    def of(self, frames: Iterable[Frame]) -> tuple[Attribution, ...]:
        """The falls among ``frames`` with a cause on a known topic; the plainest for each subject and topic."""
        found: dict[tuple[Subject, str], Attribution] = {}
        for frame in frames:
            topic, strength = self._cause(frame)
            if not topic:
                continue
            for subject in frame.subjects:
                known = found.get((subject, topic))
                if subject.kind is not SubjectKind.UNKNOWN and (known is None or known.strength < strength):
                    found[subject, topic] = Attribution(
                        subject, topic, strength, frame.because or frame.connective, frame.agents, frame.size
                    )
        return tuple(found.values())

    def _cause(self, frame: Frame) -> tuple[str, float]:
        """The topic of the cause, and how plainly it is given; an empty topic where there is none to count."""
        if frame.ties:
            return self._tie, frame.strength
        if frame.move is not Move.FALL or frame.old:
            return "", 0.0
        topic = {
            CauseKind.RESULTS: self._results,
            CauseKind.SPENDING: self._spending,
            CauseKind.OTHER: frame.other if frame.other in self._rivals else "",
        }.get(frame.cause, "")
        part = SUMMARY_WEIGHT if frame.where is Field.SUMMARY else 1.0
        return topic, round((JOINED if frame.connective else BESIDE) * part, 4)
