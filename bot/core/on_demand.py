"""What headlines are wanted about now: what moves and may not have been explained, and models that were just released.

A company is wanted where it has moved half as far as a rule asks, or unusually for itself; a line of business where
several of its companies are, or where it moves unusually as a whole. What has had no trade for a while does not move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    # the machine's clock may be a little behind the exchange's, whose last trade counts all the same
    latest = market.revision.latest_at
    traded = at if latest is None else max(at, latest)
    moving, sizes = _moving(rules, causes, market, news, traded)
    found = [Wanted(WantedKind.COMPANY, s, f'"{_plain(companies.name_of(s))}" shares', c) for s, c in moving.items()]
    found += _lines(moving, sizes, companies, news)
    found.sort(key=lambda wanted: (-abs(wanted.change), wanted.key))
    return (*found, *_releases(news, at))


def _moving(
    rules: RuleSet, causes: Causes, market: Market, news: NewsIndex, at: datetime
) -> tuple[dict[str, float], dict[str, tuple[float, float | None]]]:
    """The symbols that move, each with its change since the previous close; and of each that trades, change and z."""
    tests: dict[str, list[Condition]] = {}
    for rule in rules:
        if rule.enabled and (half := halfway(rule.when)) is not None:
            for symbol in rule.symbols:
                tests.setdefault(symbol, []).append(half)
    moving: dict[str, float] = {}
    sizes: dict[str, tuple[float, float | None]] = {}
    for symbol in sorted(rules.symbols):
        standing = market.of(symbol).standing(at)
        if standing is None or at - standing[0].at > TRADED_WITHIN:
            continue
        change = causes.moves.change_in(symbol, standing[1], at)
        if change is None:
            continue
        move = causes.moves.of(symbol, at)
        sizes[symbol] = change, move.z if move is not None else None
        context = Context(symbol, at, market, news, hold=1, brief=True, causes=causes)
        unusual = move is not None and abs(move.z) >= UNUSUAL
        if change and (unusual or any(test.evaluate(context).holds is True for test in tests.get(symbol, ()))):
            moving[symbol] = change
    return moving, sizes


def _lines(
    moving: Mapping[str, float],
    sizes: Mapping[str, tuple[float, float | None]],
    companies: Companies,
    news: NewsIndex,
) -> list[Wanted]:
    """The lines of business that move, each with the median change of its companies that move that way."""
    found = []
    for exposure in news.topics.exposures:
        members = [s for s in companies.exposed_to(exposure.name, GROUP_STRENGTH) if s in sizes]
        if len(members) < LINE_FROM:
            continue
        falls = [c for s in members if (c := moving.get(s, 0.0)) < 0]
        rises = [c for s in members if (c := moving.get(s, 0.0)) > 0]
        together = falls if len(falls) >= len(rises) else rises
        if len(together) < LINE_FROM or len(together) * 3 < len(members):
            zs = [z for s in members if (z := sizes[s][1]) is not None]
            if len(zs) < LINE_FROM or abs(median(zs)) < UNUSUAL_LINE:
                continue
            together = [sizes[s][0] for s in members]
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
