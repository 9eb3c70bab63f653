"""What headlines are wanted about now: what moves and may not have been explained, and models that were just released.

A company is wanted where it has moved half as far as a rule asks, or unusually for itself; a line of business where
several of its companies are, or where it moves unusually as a whole. What has had no trade for a while does not move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from bot.core.cause.causes import Causes
from bot.core.model import Field, Mention, Story
from bot.core.model.on_demand import Wanted, WantedKind
from bot.core.news import Companies, NewsIndex
from bot.core.news.companies import GROUP_STRENGTH
from bot.core.prices.market import Market
from bot.core.rules.conditions import Condition, Context
from bot.core.rules.halfway import halfway
from bot.core.rules.rule import RuleSet

UNUSUAL = 3.0
"""A company moves unusually from so many of its own scales on (see ``bot.core.cause.moves``)."""
UNUSUAL_LINE = 1.5
"""The same for a line of business, by the median of its companies."""
LINE_FROM = 3
"""A line of business moves when so many of its companies do, and a third of them, the same way."""
TRADED_WITHIN = timedelta(minutes=20)
"""Without a trade for longer, nothing moves: it is night, or the stock is halted."""
RELEASED_WITHIN = timedelta(hours=1)
"""For how long headlines about a released model are wanted."""
RELEASE_SCORE = 0.7
"""Of a story of a release, on a topic that triggers."""
MOST_RELEASES = 5


def wanted_headlines(
    rules: RuleSet, causes: Causes, market: Market, companies: Companies, news: NewsIndex, at: datetime
) -> tuple[Wanted, ...]:
    """What headlines are wanted about at ``at``: what moves, the furthest first, then releases, the newest first."""
    moving = _moving(rules, causes, market, news, at)
    found = [Wanted(WantedKind.COMPANY, s, f'"{_plain(companies.name_of(s))}" shares', c) for s, c in moving.items()]
    found += _lines(moving, rules.symbols, causes, companies, news, at)
    found.sort(key=lambda wanted: (-abs(wanted.change), wanted.key))
    return (*found, *_releases(news, at))


def _moving(rules: RuleSet, causes: Causes, market: Market, news: NewsIndex, at: datetime) -> dict[str, float]:
    """The symbols that move, each with its change since the previous close."""
    tests: dict[str, list[Condition]] = {}
    for rule in rules:
        if rule.enabled and (half := halfway(rule.when)) is not None:
            for symbol in rule.symbols:
                tests.setdefault(symbol, []).append(half)
    found = {}
    for symbol in sorted(rules.symbols):
        standing = market.of(symbol).standing(at)
        if standing is None or at - standing[0].at > TRADED_WITHIN:
            continue
        change = causes.moves.change_in(symbol, standing[1], at)
        if not change:
            continue
        move = causes.moves.of(symbol, at)
        context = Context(symbol, at, market, news, hold=1, brief=True, causes=causes)
        if (move is not None and abs(move.z) >= UNUSUAL) or any(
            test.evaluate(context).holds is True for test in tests.get(symbol, ())
        ):
            found[symbol] = change
    return found


def _lines(
    moving: Mapping[str, float],
    watched: Collection[str],
    causes: Causes,
    companies: Companies,
    news: NewsIndex,
    at: datetime,
) -> list[Wanted]:
    """The lines of business that move, each with the median change of those of its companies that do."""
    found = []
    for exposure in news.topics.exposures:
        members = [s for s in companies.exposed_to(exposure.name, GROUP_STRENGTH) if s in watched]
        if len(members) < LINE_FROM:
            continue
        falls = [c for s in members if (c := moving.get(s, 0.0)) < 0]
        rises = [c for s in members if (c := moving.get(s, 0.0)) > 0]
        together = falls if len(falls) >= len(rises) else rises
        if not together:
            continue
        many = len(together) >= LINE_FROM and len(together) * 3 >= len(members)
        if not many:
            group = causes.moves.group(exposure.name, members, watched, at)
            many = group is not None and len(group.members) >= LINE_FROM and abs(group.z) >= UNUSUAL_LINE
        if many:
            found.append(Wanted(WantedKind.LINE, exposure.name, _of_stocks(exposure.as_companies), median(together)))
    return found


def _releases(news: NewsIndex, at: datetime) -> Sequence[Wanted]:
    """The models whose release was told within the last hour, by a story that is news and names the model."""
    if not news.topics.triggers:
        return ()
    told = news.first_seen(news.topics.triggers, min_score=RELEASE_SCORE, since=at - RELEASED_WITHIN, until=at)
    found: dict[str, Wanted] = {}
    for match in reversed(told):
        model = None if match.seeded else _model(news, match.best)
        if model is not None and model.name not in found:
            found[model.name] = Wanted(WantedKind.RELEASE, model.name, f'"{_plain(model.text)}"')
    return tuple(found.values())[:MOST_RELEASES]


def _model(news: NewsIndex, story: Story) -> Mention | None:
    """The first model that its title names."""
    reading = news.reading(story.id)
    named = [m for m in reading.mentions if m.kind == "model" and m.where is Field.TITLE] if reading else []
    return min(named, key=lambda mention: mention.start, default=None)


def _of_stocks(companies: str) -> str:
    """What a line's companies are called in headlines about their stocks."""
    return companies if "stocks" in companies.split() else f"{companies} stocks"


def _plain(name: str) -> str:
    """Without what would end a quoted phrase."""
    return " ".join(name.replace('"', " ").split())
