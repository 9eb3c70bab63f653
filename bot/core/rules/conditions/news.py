"""Conditions on news: clusters that reach the symbol, what their stories say, how many there are, how suddenly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from bot.core.model import Check, ClusterMatch, Reach, Story
from bot.core.news.asked import About, Question, TextPattern
from bot.core.news.text import title_key
from bot.core.prices.windows import Span, format_duration
from bot.core.rules.comparison import Comparison
from bot.core.rules.conditions.context import ANY_TOPIC, Condition, Context, Reads
from bot.core.text.wording import count

BASELINE = timedelta(days=7)
"""How far back ``burst`` looks for the usual number of stories."""
STRONG_ENOUGH = Comparison(">=", 0.5)
"""A weaker reach by exposure (a new model is weakly about every chip maker) explains nothing by itself."""


@dataclass(frozen=True, slots=True)
class News(Condition):
    """A cluster of stories reaches the symbol. One cluster must meet everything asked, apart from ``burst`` and
    ``total``."""

    requires_price: ClassVar[bool] = False
    cost: ClassVar[int] = 7
    """A search among clusters."""

    topics: tuple[str, ...]
    """Empty for stories on any topic, and on none."""
    reaches: tuple[Reach, ...]
    within: Span
    score: Comparison | None
    """``None`` asks for none: a story on no topic has no score."""
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
    total: Comparison | None = None
    """Stories of all clusters that meet everything else, together."""

    def __str__(self) -> str:
        topics = f" topic {'/'.join(self.topics)}" if self.topics else ""
        tests = [f"reach {'/'.join(self.reaches)}", *self._score_test(), *self._further_tests()]
        return ", ".join([f"news{topics}", *tests, f"within {self.within}"])

    @property
    def asked(self) -> tuple[str, float | None]:
        tests = [*self._score_test(), f"strength {self.strength}", *self._further_tests()]
        return ", ".join(tests), self.score.limit if self.score else None

    @property
    def question(self) -> Question | None:
        """What it asks of stories on no topic; ``None`` where it asks for a topic."""
        return None if self.topics or self.score else Question(self.about, self.text)

    def _score_test(self) -> list[str]:
        return [f"score {self.score}"] if self.score else []

    def _further_tests(self) -> list[str]:
        tests = {
            "sources": self.sources,
            "stories": self.stories,
            "about": "/".join(map(str, self.about)),
            "text": self.text and self.text.text,
            "novelty": self.novelty,
            "total": self.total,
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
        words = "" if context.brief else described(match)
        value, limit = (match.score, self.score.limit) if self.score else (None, None)
        if self.total:
            whole = self._stories([c for c in clusters if not self._lacks(c, context)], context)
            words = "" if context.brief else f"{count(whole, 'story', 'stories')} in all; {words}"
            value, limit = float(whole), self.total.limit
            if not self.total.holds(whole):
                return self.check(context, False, words, value, limit)
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
            min_score=self.score.limit if self.score and not self.score.falling else 0.0,
            since=start,
            until=until,
            only=context.happening,
        )
        if self.score:
            return [m for m in matches if self.score.holds(m.score)]
        if self.question:
            matches += context.news.answers(
                self.question, context.symbol, reaches=self.reaches, since=start, until=until, only=context.happening
            )
        return matches

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
        newest = match.stories[-1].id
        reading = (self.question and context.news.answer(self.question, newest)) or context.news.reading(newest)
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
        none = "no story on the topic reaches it" if self.topics else "no such story reaches it"
        return f"nearest: {described(weaker[0])}" if weaker and self.topics else none


def distinct(stories: Iterable[Story]) -> frozenset[tuple[str, str]]:
    """What was told, and by whom: a source that repeats a title, or rewrites one, tells one story."""
    kept = tuple(stories)
    ids = {story.id for story in kept}
    return frozenset((story.origin, title_key(story.title)) for story in kept if story.revises not in ids)


def described(match: ClusterMatch) -> str:
    """A cluster in one line: its best title, score, reach, sources."""
    via = f" {match.strength:.2f} via {', '.join(match.exposures[:3])}" if match.exposures else ""
    sources = count(len(match.sources), "source")
    score = f"score {match.score:.2f}" if match.topic else "on no topic"
    return f"“{match.best.title}” ({match.best.origin}), {score}, {match.reach}{via}, {sources}"
