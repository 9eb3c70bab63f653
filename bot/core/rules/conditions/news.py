"""Conditions on stories: clusters that reach the symbol, what they say, how many tell it, how suddenly."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import re2

from bot.core.model import Check, ClusterMatch, Mention, Reach, Story
from bot.core.prices.windows import Span, format_duration
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import ANY_TOPIC, Condition, Context, Reads

LONGEST_PATTERN = 1000
"""Characters; a longer pattern is a file of its own."""
BASELINE = timedelta(days=7)
"""How far back ``burst`` looks for what is usual."""
STRONG_ENOUGH = Comparison(">=", 0.5)
"""A weaker reach by exposure (a new model is weakly about every chip maker) explains nothing by itself."""


class TextPattern:
    """A regular expression over title and summary, in RE2's linear-time dialect. Letter case does not matter unless
    the pattern says ``(?-i)``."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str) -> None:
        """Raises ValueError saying what is wrong with the pattern."""
        self.text = text
        if len(text) > LONGEST_PATTERN:
            raise ValueError(f"this pattern is longer than {LONGEST_PATTERN} characters; write less")
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
            raise ValueError(f"'{text}' matches every text; write what must be there")

    def found_in(self, story: Story) -> bool:
        """Whether title or summary holds it."""
        return bool(self._compiled.search(story.title) or (story.summary and self._compiled.search(story.summary)))

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
    """Canonical; of a model, its versions count too."""
    shown: str = ""

    def named_in(self, mentions: tuple[Mention, ...]) -> bool:
        """Whether it is among a story's mentions."""
        return any(m.kind == self.kind and (m.name == self.name or self._version(m.name)) for m in mentions)

    def _version(self, name: str) -> bool:
        return self.kind == "model" and name.startswith(f"{self.name} ")

    def __str__(self) -> str:
        return self.shown or self.name


@dataclass(frozen=True, slots=True)
class News(Condition):
    """A cluster of stories reaches the symbol. Everything asked holds for one cluster together, ``burst`` apart."""

    requires_price: ClassVar[bool] = False
    cost: ClassVar[int] = 7
    """A search among clusters."""

    topics: tuple[str, ...]
    """Empty for all topics."""
    reaches: tuple[Reach, ...]
    within: Span
    score: Comparison
    sources: Comparison | None = None
    stories: Comparison | None = None
    strength: Comparison = STRONG_ENOUGH
    """How strongly the cluster reaches the symbol: what the stories say times what the company lives from."""
    about: tuple[About, ...] = ()
    """One of these is named in a counted story."""
    text: TextPattern | None = None
    """A counted story says this."""
    novelty: Comparison | None = None
    """Novelty of the newest counted story: 1 for the first of a cluster, 1/2 for the second, 1/3 for the third."""
    burst: Comparison | None = None
    """Stories of all such clusters within the time, over what as long a time before usually had."""
    baseline: timedelta = field(default=BASELINE)
    """How far back before the time ``usually`` is."""

    def __str__(self) -> str:
        words = [f"news topic {'/'.join(self.topics)}" if self.topics else "news"]
        words += [f"reach {'/'.join(self.reaches)}", f"score {self.score}"]
        words += [f"{name} {asked}" for name, asked in self._counts()]
        return ", ".join([*words, f"within {self.within}"])

    def _counts(self) -> list[tuple[str, object]]:
        asked: list[tuple[str, object]] = [("sources", self.sources), ("stories", self.stories)]
        asked += [("about", "/".join(map(str, self.about))), ("text", self.text and self.text.text)]
        asked += [("novelty", self.novelty), ("burst", self.burst)]
        return [(name, value) for name, value in asked if value]

    @property
    def reads(self) -> Reads:
        """Stories as far back as asked."""
        back = self.within.longest + (self.baseline if self.burst else timedelta())
        topics = frozenset(self.topics or (ANY_TOPIC,))
        if Reach.NONE in self.reaches:
            return Reads(anywhere=topics, news_for=back)
        return Reads(topics=topics, news_for=back)

    def evaluate(self, context: Context) -> Check:
        """The best cluster that meets everything, or how close the best one came."""
        start = self.within.start(context.now, context.prices.timetable)
        if start is None:
            return Check(context.said(self), None, "the calendar does not reach back that far")
        found = self._matches(context, start, context.now)
        match = next((m for m in found if self._meets(m, context)), None)
        if match is None:
            return Check(
                context.said(self),
                False,
                self._nearest(context, start, found),
                self._asked(context),
                limit=self.score.limit,
            )
        words, value, limit = "" if context.brief else told(match), match.score, self.score.limit
        if self.burst:
            value, said = self._burst(context, start, found)
            words, limit = f"{said}; {words}", self.burst.limit
            if not self.burst.holds(value):
                return Check(context.said(self), False, words, self._asked(context), value, limit)
        if context.cause is None:
            context.cause = match
        return Check(context.said(self), True, words, self._asked(context), value, limit)

    def best(self, context: Context) -> ClusterMatch | None:
        """The best cluster that meets everything but ``burst``; ``None`` where none does."""
        start = self.within.start(context.now, context.prices.timetable)
        found = self._matches(context, start, context.now) if start else []
        return next((m for m in found if self._meets(m, context)), None)

    def _asked(self, context: Context) -> str:
        if context.brief:
            return ""
        return ", ".join(
            [f"score {self.score}", f"strength {self.strength}", *(f"{name} {asked}" for name, asked in self._counts())]
        )

    def _matches(self, context: Context, start: datetime, until: datetime) -> list[ClusterMatch]:
        matches = context.news.matches(
            context.symbol,
            self.topics,
            reaches=self.reaches,
            min_score=self.score.limit if not self.score.falling else 0.0,
            since=start,
            until=until,
        )
        return [m for m in matches if self.score.holds(m.score)]

    def _meets(self, match: ClusterMatch, context: Context) -> bool:
        return not self._lacks(match, context)

    def _lacks(self, match: ClusterMatch, context: Context) -> str:
        """What a cluster is missing first; empty where it meets everything."""
        if context.needs_fresh_news and match.seeded:
            return "seen at a feed's first poll only"
        weak = match.reach is Reach.EXPOSURE and not self.strength.holds(match.strength)
        if weak and Reach.NONE not in self.reaches:  # who asks for no reach is not refused a little
            return f"strength {match.strength:.2f}"
        if self.sources and not self.sources.holds(len(match.sources)):
            return f"sources {self.sources}"
        if self.stories and not self.stories.holds(len(match.stories)):
            return f"stories {self.stories}"
        if not self._says(match, context):
            return "not what it is asked to be about"
        if self.novelty and not self.novelty.holds(self._novelty(match, context)):
            return f"novelty {self._novelty(match, context):.2f}"
        return ""

    def _says(self, match: ClusterMatch, context: Context) -> bool:
        """One story names what it shall be about, and one says what it shall say."""
        if self.about and not any(self._names(story, context) for story in match.stories):
            return False
        return self.text is None or any(self.text.found_in(story) for story in match.stories)

    def _names(self, story: Story, context: Context) -> bool:
        reading = context.news.reading(story.id)
        return reading is not None and any(a.named_in(reading.mentions) for a in self.about)

    def _novelty(self, match: ClusterMatch, context: Context) -> float:
        reading = context.news.reading(match.stories[-1].id)
        return reading.novelty if reading is not None else 0.0

    def _burst(self, context: Context, start: datetime, found: list[ClusterMatch]) -> tuple[float, str]:
        """Stories within the time over the number as long a time before usually had, which is at least one."""
        before = [m for m in self._matches(context, start - self.baseline, start) if self._says(m, context)]
        now = _distinct([m for m in found if self._says(m, context)])
        usual = _distinct(before) * ((context.now - start) / self.baseline)
        ratio = now / max(usual, 1.0)
        return ratio, f"{now} stories, {usual:.1f} usual from the {format_duration(self.baseline)} before"

    def _nearest(self, context: Context, start: datetime, found: list[ClusterMatch]) -> str:
        if context.brief:
            return "no such story"
        if found:
            note = self._lacks(found[0], context)
            return f"nearest: {told(found[0])}" + (f" ({note})" if note else "")
        weaker = context.news.matches(
            context.symbol, self.topics, reaches=tuple(Reach)[:2], min_score=0.01, since=start, until=context.now
        )
        return f"nearest: {told(weaker[0])}" if weaker else "no story on the topic reaches it"


def _distinct(matches: list[ClusterMatch]) -> int:
    return len({story.id for match in matches for story in match.stories})


def told(match: ClusterMatch) -> str:
    """A cluster in one line: its best title, score, reach, sources."""
    via = f" {match.strength:.2f} via {', '.join(match.exposures[:3])}" if match.exposures else ""
    count = len(match.sources)
    return (
        f"“{match.best.title}” ({match.best.origin}), score {match.score:.2f}, {match.reach}{via}, "
        f"{count} source{'' if count == 1 else 's'}"
    )
