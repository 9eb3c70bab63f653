"""What the news says: topic scores, mentions, exposures, clusters, and whom a story reaches. Pure computation.

``room.NewsIndex`` is the face the engine uses; ``vocabulary.Topics`` and ``companies.Companies`` are what people edit.
"""

from bot.core.news.companies import Companies, Company
from bot.core.news.index import NewsIndex
from bot.core.news.lexicon import Name
from bot.core.news.vocabulary import Effect, Exposure, Family, Lab, Role, Signal, Topic, Topics

__all__ = [
    "Companies",
    "Company",
    "Effect",
    "Exposure",
    "Family",
    "Lab",
    "Name",
    "NewsIndex",
    "Role",
    "Signal",
    "Topic",
    "Topics",
]
