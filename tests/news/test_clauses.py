"""Who moves, which way, because of what, and what AI does in it: by hundreds of made-up headlines, and by properties."""

from __future__ import annotations

from bot.core.model import Story
from bot.core.news.clauses import AiRole, CauseKind, Frame, Move, SubjectKind
from bot.core.news.reader import reader_of
from tests.news import frames as table
from tests.news.stories import shipped, story


def frames(title: str, summary: str = "") -> tuple[Frame, ...]:
    """The frames of one story, by the shipped vocabulary."""
    return reader_of(*shipped()).frames(story(title, summary=summary))


def rows(text: str) -> list[tuple[str, str, str]]:
    """Expectation, title and summary of every row."""
    found = []
    for line in text.strip().splitlines():
        expected, _, told = line.partition(" | ")
        title, _, summary = told.partition(" || ")
        found.append((expected.strip(), title, summary))
    return found
