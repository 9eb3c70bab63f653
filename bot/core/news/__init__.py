"""Reading the news: topic scores, mentions, exposures, clusters, and which symbols a story reaches. Pure computation.

The engine uses ``index.NewsIndex``. ``vocabulary.Topics`` and ``companies.Companies`` hold what people edit.
"""

from bot.core.news.companies import Companies, Company
from bot.core.news.index import NewsIndex
from bot.core.news.lexicon import Name
from bot.core.news.reader import reader_of
from bot.core.news.vocabulary import Effect, Exposure, Family, Lab, Role, Signal, Topic, Topics, Weights

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
    "Weights",
    "reader_of",
]
