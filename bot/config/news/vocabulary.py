"""Topics and companies of a configuration: what news is read by."""

from __future__ import annotations

from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.config.settings.model import Settings
from bot.core.news import Companies, Topics


def load_vocabulary(settings: Settings) -> tuple[Topics, Companies]:
    """The topics and companies of the rules folder, and what ships beneath it. Raises ConfigError."""
    topics = load_topics(settings.rules / "topics", settings.beneath("topics"))
    companies = load_companies(
        settings.rules / "companies.yaml",
        exposures=topics.exposure_names,
        lists=tuple(topics.words),
        beneath=settings.beneath("companies"),
    )
    return topics, companies
