"""What a rule asks of stories whatever they are about: words, or whom they name.

Most stories are on no topic, and nobody clusters them. Those that a rule asks for are: each question has happenings of
its own, of nothing but the stories that answer it, so that what one rule finds does not depend on the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import re2

from bot.core.model import Mention, Reading, Story
from bot.core.news.clusters import Clusters
from bot.core.news.companies import Companies
from bot.core.news.happenings import Happenings
from bot.core.news.matching import Entry, direct_of
from bot.core.news.reader import Content
from bot.core.news.text import encodable

LONGEST_PATTERN = 1000
"""Characters."""
MOST_ASKED = 2000
"""Stories on no topic kept for one question; of more, the oldest tenth is forgotten. A pattern that is met so often
asks for nothing in particular."""


class TextPattern:
    """A regular expression over title and summary, in RE2's linear-time dialect. Letter case does not matter unless
    the pattern says ``(?-i)``."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        """Raises ValueError saying what is wrong with the pattern."""
        self.text = text
        if len(text) > LONGEST_PATTERN:
            raise ValueError(f"this pattern is longer than {LONGEST_PATTERN} characters; shorten it")
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        try:
            self._compiled: Any = re2.compile(text, options)
        except re2.error as error:
            raw = error.args[0] if error.args else ""
            why = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
            raise ValueError(f"'{text}' is not a regular expression ({why}); correct it") from error
        if self._compiled.search(""):
            raise ValueError(f"'{text}' matches any text; write what must occur in it")

    def found_in(self, story: Story) -> bool:
        """Whether title or summary matches."""
        return any(self._compiled.search(encodable(text)) for text in (story.title, story.summary) if text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextPattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


@dataclass(frozen=True, slots=True)
class About:
    """A company, lab or model that a story must name."""

    kind: str
    """``company``, ``lab`` or ``model``, as in ``Mention``."""
    name: str
    """Canonical; a model's versions count too."""
    shown: str = ""

    def named_in(self, mentions: tuple[Mention, ...]) -> bool:
        """Whether it is among a story's mentions."""
        versions = f"{self.name} " if self.kind == "model" else None
        return any(
            m.kind == self.kind and (m.name == self.name or (versions is not None and m.name.startswith(versions)))
            for m in mentions
        )

    def __str__(self) -> str:
        return self.shown or self.name


@dataclass(frozen=True, slots=True)
class Question:
    """Stories that name one of ``about`` and match ``text``; what is left out asks for nothing."""

    about: tuple[About, ...] = ()
    text: TextPattern | None = None

    def is_answered_by(self, story: Story, mentions: tuple[Mention, ...]) -> bool:
        """Whether the story, which names these, is one of them."""
        if self.about and not any(about.named_in(mentions) for about in self.about):
            return False
        return self.text is None or self.text.found_in(story)


class Asked:
    """The stories on no topic that answer one question, by happening."""

    def __init__(self, question: Question, window: timedelta, makers: frozenset[str]) -> None:
        self.question = question
        self.happenings = Happenings(Clusters(window, makers))
        self._seen: deque[datetime] = deque()
        self._readings: dict[str, Reading] = {}

    def offer(self, story: Story, mentions: tuple[Mention, ...], read: Callable[[], Content], known: Companies) -> None:
        """Keep a story on no topic if it answers the question; ``read`` reads all that clustering needs."""
        if not self.question.is_answered_by(story, mentions):
            return
        content = read()
        cluster, repeats = self.happenings.clusters.join(content)
        novelty = round(1 / (1 + repeats), 4)
        reading = Reading(story, content.scores, content.mentions, content.exposures, cluster.id, novelty)
        self._readings[story.id] = reading
        self._seen.append(story.seen_at)
        self.happenings.place(Entry(reading, direct_of(content.mentions)), known)
        if len(self._seen) > MOST_ASKED:
            self.forget(self._seen[MOST_ASKED // 10], known)

    def forget(self, before: datetime, known: Companies) -> None:
        """Drop the stories seen before ``before``."""
        if not self._seen or self._seen[0] >= before:
            return
        self._seen = deque(at for at in self._seen if at >= before)
        self._readings = {sid: r for sid, r in self._readings.items() if r.story.seen_at >= before}
        self.happenings.forget(before, known)

    def reading(self, story_id: str) -> Reading | None:
        """How a story that was kept was read; its cluster and novelty are those among the answers to the question."""
        return self._readings.get(story_id)
