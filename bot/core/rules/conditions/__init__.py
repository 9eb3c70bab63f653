"""The conditions a rule is made of, each evaluated for one symbol into a ``Check``.

A condition holds (True), does not (False), or is unknown (None) where there is no data to tell. Conditions are
values: what they need of the world comes in a ``Context``, and they remember nothing, so that a restart or another
cut of the same observations finds the same. Everything that can be asked is listed here.
"""

from bot.core.rules.conditions.context import ANY_TOPIC, Condition, Context, Move, Prices, Reads
from bot.core.rules.conditions.group import Breadth
from bot.core.rules.conditions.logic import All, Any, Named, NoneOf, required, together, walk
from bot.core.rules.conditions.news import About, News, TextPattern, told
from bot.core.rules.conditions.price import Drawdown, Extreme, Gap, MarketMove, MarketTest, Price
from bot.core.rules.conditions.steady import change_since, look, measure
from bot.core.rules.conditions.timing import During, Past, Sequence
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
    "MarketMove",
    "MarketTest",
    "Move",
    "Named",
    "News",
    "NoneOf",
    "Past",
    "Price",
    "Prices",
    "Reads",
    "Sequence",
    "TextPattern",
    "Volume",
    "change_since",
    "look",
    "measure",
    "required",
    "together",
    "told",
    "walk",
]
