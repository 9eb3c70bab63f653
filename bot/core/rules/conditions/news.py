"""Conditions on news: clusters that reach the symbol, what their stories say, how many there are, how suddenly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import re2

from bot.core.model import Check, ClusterMatch, Mention, Reach, Story
from bot.core.news.text import encodable, title_key
from bot.core.prices.windows import Span, format_duration
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import ANY_TOPIC, Condition, Context, Reads
from bot.core.text.wording import count

LONGEST_PATTERN = 1000
"""Characters."""
BASELINE = timedelta(days=7)
"""How far back ``burst`` looks for the usual number of stories."""
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
class News(Condition):
    """A cluster of stories reaches the symbol. One cluster must meet everything asked, apart from ``burst``."""

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
    """How strongly the cluster reaches the symbol: what the stories say times the company's exposure."""
    about: tuple[About, ...] = ()
    """A counted story names one of these."""
    text: TextPattern | None = None
    """A counted story matches this."""
    novelty: Comparison | None = None
    """Novelty of the newest counted story: 1 for the first of a cluster, 1/2 for the second, 1/3 for the third."""
    burst: Comparison | None = None
    """Stories of all such clusters within the time, over the usual number in as long a time before."""
    baseline: timedelta = field(default=BASELINE)
    """The time before from which the usual number is taken."""

    def __str__(self) -> str:
        topics = f" topic {'/'.join(self.topics)}" if self.topics else ""
        tests = [f"reach {'/'.join(self.reaches)}", f"score {self.score}", *self._further_tests()]
        return ", ".join([f"news{topics}", *tests, f"within {self.within}"])

    @property
    def asked(self) -> tuple[str, float | None]:
        return ", ".join([f"score {self.score}", f"strength {self.strength}", *self._further_tests()]), self.score.limit

    def _further_tests(self) -> list[str]:
        tests = {
            "sources": self.sources,
            "stories": self.stories,
            "about": "/".join(map(str, self.about)),
            "text": self.text and self.text.text,
            "novelty": self.novelty,
            "burst": self.burst,
        }
        return [f"{name} {asked}" for name, asked in tests.items() if asked]

    @property
    def reads(self) -> Reads:
        back = self.within.longest + (self.baseline if self.burst else timedelta())
        topics = frozenset(self.topics or (ANY_TOPIC,))
        if Reach.NONE in self.reaches:
            return Reads(anywhere=topics, news_for=back)
        return Reads(topics=topics, news_for=back)

    def evaluate(self, context: Context) -> Check:
        """The best cluster that meets everything, or how near the best one came."""
        start = context.since(self.within)
        if start is None:
            return self.check(context, None, "the calendar does not reach back that far")
        clusters = self._matches(context, start, context.now)
        match = next((c for c in clusters if not self._lacks(c, context)), None)
        if match is None:
            return self.check(context, False, self._nearest(context, start, clusters))
        words, value, limit = "" if context.brief else described(match), match.score, self.score.limit
        if self.burst:
            value, counted = self._burst(context, start, clusters)
            words, limit = f"{counted}; {words}", self.burst.limit
            if not self.burst.holds(value):
                return self.check(context, False, words, value, limit)
        if context.cause is None:
            context.cause = match
        return self.check(context, True, words, value, limit)

    def best(self, context: Context) -> ClusterMatch | None:
        """The best cluster that meets everything but ``burst``; ``None`` where none does."""
        start = context.since(self.within)
        clusters = self._matches(context, start, context.now) if start else []
        return next((c for c in clusters if not self._lacks(c, context)), None)

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

    def _lacks(self, match: ClusterMatch, context: Context) -> str:
        """The first test a cluster fails; empty where it meets everything."""
        if context.needs_fresh_news and match.seeded:
            return "only in a feed's first poll or among too many at once"
        weak = match.reach is Reach.EXPOSURE and not self.strength.holds(match.strength)
        if weak and Reach.NONE not in self.reaches:  # reach: none accepts a weak one, too
            return f"strength {match.strength:.2f}"
        if self.sources and not self.sources.holds(len(match.sources)):
            return f"sources {self.sources}"
        if self.stories and not self.stories.holds(len(distinct(match.stories))):
            return f"stories {self.stories}"
        if not self._says(match, context):
            return "no story matches about or text"
        if self.novelty and not self.novelty.holds(self._novelty(match, context)):
            return f"novelty {self._novelty(match, context):.2f}"
        return ""

    def _says(self, match: ClusterMatch, context: Context) -> bool:
        """One story names what ``about`` asks, and one, perhaps another, matches ``text``."""
        if self.about and not any(self._names(story, context) for story in match.stories):
            return False
        return self.text is None or any(self.text.found_in(story) for story in match.stories)

    def _names(self, story: Story, context: Context) -> bool:
        reading = context.news.reading(story.id)
        return reading is not None and any(a.named_in(reading.mentions) for a in self.about)

    def _novelty(self, match: ClusterMatch, context: Context) -> float:
        reading = context.news.reading(match.stories[-1].id)
        return reading.novelty if reading is not None else 0.0

    def _burst(self, context: Context, start: datetime, clusters: list[ClusterMatch]) -> tuple[float, str]:
        """Stories within the time over the usual number in as long a time before, which is at least one."""
        before = self._matches(context, start - self.baseline, start)
        usual = self._stories(before, context) * ((context.now - start) / self.baseline)
        now = self._stories(clusters, context)
        ratio = now / max(usual, 1.0)
        return ratio, f"{count(now, 'story', 'stories')}, usually {usual:.1f} (last {format_duration(self.baseline)})"

    def _stories(self, matches: list[ClusterMatch], context: Context) -> int:
        stories = {story.id: story for match in matches if self._says(match, context) for story in match.stories}
        return len(distinct(s for s in stories.values() if not (context.needs_fresh_news and s.seeded)))

    def _nearest(self, context: Context, start: datetime, clusters: list[ClusterMatch]) -> str:
        if context.brief:
            return ""
        if clusters:
            lacks = self._lacks(clusters[0], context)
            return f"nearest: {described(clusters[0])}" + (f" ({lacks})" if lacks else "")
        weaker = context.news.matches(
            context.symbol, self.topics, reaches=tuple(Reach)[:2], min_score=0.01, since=start, until=context.now
        )
        return f"nearest: {described(weaker[0])}" if weaker else "no story on the topic reaches it"


def distinct(stories: Iterable[Story]) -> frozenset[tuple[str, str]]:
    """What was told, and by whom: a source that repeats a title, or rewrites one, tells one story."""
    kept = tuple(stories)
    ids = {story.id for story in kept}
    return frozenset((story.origin, title_key(story.title)) for story in kept if story.revises not in ids)


def described(match: ClusterMatch) -> str:
    """A cluster in one line: its best title, score, reach, sources."""
    via = f" {match.strength:.2f} via {', '.join(match.exposures[:3])}" if match.exposures else ""
    sources = count(len(match.sources), "source")
    return f"“{match.best.title}” ({match.best.origin}), score {match.score:.2f}, {match.reach}{via}, {sources}"
