"""The conditions a rule is made of, a module for each kind: each is evaluated for one symbol into a ``Check``.

A condition holds (True), does not (False), or is unknown (None) where data is missing. Conditions are values: what they
need comes in a ``Context``, and they remember nothing, so that a restart or another cut of the same observations
decides the same.
"""

from bot.core.news.asked import About, TextPattern
from bot.core.rules.conditions.context import ANY_TOPIC, Condition, Context, Move, Reads
from bot.core.rules.conditions.group import Breadth
from bot.core.rules.conditions.logic import All, Any, Named, NoneOf, required, walk
from bot.core.rules.conditions.news import News
from bot.core.rules.conditions.portfolio import Portfolio
from bot.core.rules.conditions.price import Drawdown, Extreme, Gap, Level, MarketTest, Price
from bot.core.rules.conditions.timing import During, Sequence
from bot.core.rules.conditions.unusual import Abnormal, Volume

__all__ = [
    "ANY_TOPIC",
    "Abnormal",
    "About",
    "All",
    "Any",
    "Breadth",
    "Condition",
    "Context",
    "Drawdown",
    "During",
    "Extreme",
    "Gap",
    "Level",
    "MarketTest",
    "Move",
    "Named",
    "News",
    "NoneOf",
    "Portfolio",
    "Price",
    "Reads",
    "Sequence",
    "TextPattern",
    "Volume",
    "required",
    "walk",
]
