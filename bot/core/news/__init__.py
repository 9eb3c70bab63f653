"""What the news says: topic scores, mentions, exposures, clusters, and whom a story reaches. Pure computation.

``room.NewsRoom`` is the face the engine uses; ``vocabulary.Topics`` and ``companies.Companies`` are what people edit.
"""

from bot.core.news.companies import Companies, Company
from bot.core.news.index import NewsRoom
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
    "NewsRoom",
    "Role",
    "Signal",
    "Topic",
    "Topics",
]
