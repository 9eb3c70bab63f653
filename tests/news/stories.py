"""Short ways to write stories and to ask the shipped vocabulary about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.core.model import ClusterMatch, Reach, Reading, Story
from bot.core.news import Companies, Company, NewsIndex, Topics

RULES = Path(__file__).resolve().parents[2] / "rules"
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BOTH = (Reach.DIRECT, Reach.EXPOSURE)
MONTH = timedelta(days=30)


@cache
def shipped() -> tuple[Topics, Companies]:
    """``rules/topics`` and ``rules/companies.yaml`` as shipped."""
    topics = load_topics(RULES / "topics")
    return topics, load_companies(RULES / "companies.yaml", exposures=topics.exposure_names, lists=tuple(topics.words))


def empty_index(window: timedelta = MONTH) -> NewsIndex:
    """A news index without stories, with the shipped vocabulary."""
    return NewsIndex(*shipped(), window=window)


def add_company(news: NewsIndex, symbol: str, name: str) -> None:
    """Describe a symbol that the shipped companies may not have."""
    for _ in news.add_companies_in_steps(news.companies.with_companies([Company(symbol, name)])):
        pass


def story(
    title: str,
    at: datetime | str = START,
    *,
    source: str = "Example News",
    summary: str = "",
    link: str = "",
    id: str = "",
    published_at: datetime | None = None,
    revises: str | None = None,
    seeded: bool = False,
) -> Story:
    """A story seen ``at`` (a time, or ``27 10:00`` in January 2025)."""
    seen_at = moment(at) if isinstance(at, str) else at
    return Story(
        id=id or f"{source}|{title}|{seen_at.isoformat()}",
        source=source,
        title=title,
        summary=summary,
        link=link,
        seen_at=seen_at,
        published_at=published_at,
        revises=revises,
        seeded=seeded,
    )


def moment(text: str) -> datetime:
    """``27 10:00`` as that time in January 2025, UTC."""
    return datetime.strptime(f"2025-01-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


def read(title: str, **fields: str) -> Reading:
    """The reading of one story by itself."""
    reading = empty_index().add(story(title, **fields))  # type: ignore[arg-type]
    assert reading is not None
    return reading


def named(title: str, **fields: str) -> set[str]:
    """Symbols of the companies a story names."""
    return {mention.name for mention in read(title, **fields).mentions if mention.kind == "company"}


def matched(
    news: NewsIndex,
    symbol: str,
    *topics: str,
    since: datetime,
    until: datetime,
    min_score: float = 0.5,
) -> list[ClusterMatch]:
    """What reaches ``symbol``, directly or by exposure."""
    return news.matches(symbol, topics or ("ai-model",), reaches=BOTH, min_score=min_score, since=since, until=until)
