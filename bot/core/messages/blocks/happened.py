"""What happened, as facts: prices with their reference, phase and time, how far it went, "lowest since", the market."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from bot.core.messages.blocks.volume import volume_lines
from bot.core.messages.places import CITIES, HOME
from bot.core.messages.snapshot import Snapshot
from bot.core.model import Alert, Check, Line, Phase, StockMove, Strong
from bot.core.prices.market import Market, SymbolPrices, change
from bot.core.text.wording import (
    DELAYED,
    LEVELS,
    PHASE_WORDS,
    against,
    aged,
    clock,
    condition_words,
    day,
    joined,
    listing,
    percent,
    price,
    since_words,
    span_words,
    typeset,
    verbatim,
    when,
)

NOTABLE_SESSIONS = 20
"""A price is called the lowest since a date only where it is the lowest of at least this many sessions."""
TOLD_IN_FULL = 3
"""How many stocks are told with level and "lowest since"."""
_OWN = ("price ", "portfolio ")
"""How conditions on the stock's own price begin, which the facts give."""
_KINDS = {
    "gap": "how it opened",
    "extreme": "how its price stands beside earlier closes",
    "volume": "its volume",
    "abnormal": "how it moves beside the market",
    "breadth": "how others move",
    "group": "how its line of business moves",
    "market": "how the market moves",
}
"""What the other conditions look at, by how they begin."""
_SIZES = re.compile(r" [+-][0-9.]+%")
Named = Callable[[str], str]


def happened(seen: Snapshot, market: Market, company: Named, indices: Sequence[tuple[str, float]]) -> tuple[Line, ...]:
    """The lines. ``company`` names a symbol's company; ``indices`` are what the market did, by name."""
    lines: list[Line] = []
    told = _in_full(seen)
    for move in told[:1]:
        lines.append(price_line(move, company(move.symbol), seen.at, city_of(market, move.symbol)))
        lines += [_sentence(words) for words in _levels(seen, move)]
        lines += _before_the_night(move, market.of(move.symbol), seen.at)
        lines += [_sentence(words) for words in _further(move, market.of(move.symbol))]
        lines += _volume(move, market.of(move.symbol), seen.at)
    lines += _fired_on(seen.lead)
    if not told:
        name = company(seen.lead.symbol)
        for move in sorted(seen.turned, key=lambda m: m.symbol != seen.lead.symbol)[:TOLD_IN_FULL]:
            lines.append(price_line(move, company(move.symbol), seen.at, city_of(market, move.symbol)))
            moved_so = move.furthest is not None and move.furthest.change * seen.direction > 0
            further = _furthest(move, seen.direction) if moved_so else []
            lines += [_sentence(words) for words in (*_levels(seen, move), *further)]
        lines += [] if seen.turned else [(f"No price for {name} ({seen.lead.symbol}) in this session yet.",)]
    if indices:
        lines.append((f"The market: {listing([f'{name} {percent(change)}' for name, change in indices])}.",))
    return tuple(lines)


def beside(seen: Snapshot, market: Market, company: Named) -> tuple[Line, ...]:
    """The other stocks that are told in full, a line each."""
    told = _in_full(seen)
    return tuple(_beside(move, told[0], company, market, seen) for move in told[1:])


def price_line(move: StockMove, name: str, at: datetime, city: str = "") -> Line:
    """Company, price, change, reference, phase and time; its age where it is old. ``city``: where it trades, if not in
    New York."""
    old = aged(at - move.at, DELAYED)
    hours = f"{'at the close' if move.official else PHASE_WORDS[move.phase]}{f' in {city}' if city else ''}"
    return joined(
        (Strong(f"{name} ({move.symbol}) {price(move.price, move.currency)}, {percent(move.change)}"), " "),
        against(move.reference, move.at, move.currency),
        (f"; {percent(move.of_day)} on the day" if move.of_day is not None else "",),
        (
            f"; {hours}, ",
            clock(move.at) if move.at.date() == at.date() else when(move.at),
            f" ({old})." if old else ".",
        ),
    )


def city_of(market: Market, symbol: str) -> str:
    """The city where a stock trades; empty for New York, which goes without saying, and where it is not known."""
    city = CITIES.get(market.of(symbol).timetable.exchange, "")
    return city if city != HOME else ""


def _beside(move: StockMove, first: StockMove, company: Named, market: Market, seen: Snapshot) -> Line:
    """Another stock's price in one line; its reference and time only where they are not those of the first."""
    alike = (move.at, move.phase, move.official, move.reference.kind, move.reference.session) == (
        first.at, first.phase, first.official, first.reference.kind, first.reference.session
    )  # fmt: skip
    line = price_line(move, company(move.symbol), seen.at, city_of(market, move.symbol))
    further = [*_levels(seen, move), *_further(move, market.of(move.symbol))]
    if not alike and line[-1] != ".":
        return line
    told: Line = (line[0], since_words(move.reference, move.at)) if alike else line[:-1]
    return joined(told, *(joined(("; ",), words) for words in further), (".",))


def _in_full(seen: Snapshot) -> list[StockMove]:
    """The stocks told in full: the lead, the one that the earlier messages were headed by, and the next worst."""
    subject = seen.move_of(seen.incident.lead)
    chosen = [*seen.moves[:1], *([subject] if subject else []), *seen.moves[1:]]
    return list(dict.fromkeys(chosen))[:TOLD_IN_FULL]


def _levels(seen: Snapshot, move: StockMove) -> list[Line]:
    """The levels that the stock has crossed by the rules of its alerts, and whether it is still beyond them."""
    checks = [check for alert in seen.alerts if alert.symbol == move.symbol for check in alert.checks]
    found: dict[str, Line] = {}
    while checks:
        check = checks.pop(0)
        if check.holds and check.limit is not None and check.condition.startswith(LEVELS):
            level = condition_words(check.condition, check.limit, move.currency).removeprefix("price ")
            beyond = move.price < check.limit if level.startswith("below") else move.price > check.limit
            now = "" if beyond else ", and is back"
            found[level] = (f"it {'has crossed' if beyond else 'crossed'} a level that is watched, {level}{now}",)
        checks = [*(check.children if not check.is_guard else ()), *checks]
    return list(found.values())


def _fired_on(lead: Alert) -> list[Line]:
    """What an alert fired on, where its rule asks for no change of the stock's own price: its open, its volume, an
    extreme, how others move. Of others it names which, not how far, as an interval's low may have counted that is no
    price of that moment."""
    held = list(_held(lead.checks))
    if any(check.condition.startswith(_OWN) for check in held):
        return []
    lines: list[Line] = []
    for kind, what in _KINDS.items():
        for check in (each for each in held if each.condition.startswith(f"{kind} ")):
            measured = _SIZES.sub("", check.measured) if kind == "breadth" else check.measured
            if kind == "breadth" and lead.symbol in re.split(r"[ ,:;]+", measured):
                continue  # its own move is one of those
            words = typeset(measured)
            lines.append((f"“{verbatim(lead.rule)}” fired on {what}, ", clock(lead.fired_at), f" ({words})."))
    return lines


def _held(checks: Sequence[Check]) -> Iterator[Check]:
    """The checks that hold, those under guards left out."""
    for check in checks:
        if check.holds and not check.is_guard:
            yield check
            yield from _held(check.children)


def _sentence(words: Line) -> Line:
    """``words``, which begin with a string, as a sentence."""
    first = words[0]
    assert isinstance(first, str)
    return joined((f"{first[:1].upper()}{first[1:]}", *words[1:], "."))


def _further(move: StockMove, prices: SymbolPrices) -> list[Line]:
    """How far it went beyond the price told, and how long no close was beyond that price."""
    words = _furthest(move, move.change)
    way = "low" if move.change < 0 else "high"
    extreme = (prices.lowest_since if move.change < 0 else prices.highest_since)(move.price, move.session)
    if extreme.sessions >= NOTABLE_SESSIONS:
        if extreme.since is not None:
            words.append((f"{way}est since {day(extreme.since)} (against closes)",))
        else:
            words.append((f"{way}est of the last {extreme.sessions} closes",))
    return words


def _furthest(move: StockMove, direction: float) -> list[Line]:
    """How far it went beyond the price told, where that is known: ``direction`` below 0 how low, above it how high."""
    if (furthest := move.furthest) is None:
        return []
    level = f"{price(furthest.price, move.currency)}, " if furthest.price is not None else ""
    far = f"as {'low' if direction < 0 else 'high'} as {level}{percent(furthest.change)}"
    return [joined((far,), span_words(furthest.start_at, furthest.end_at))]


def _before_the_night(move: StockMove, prices: SymbolPrices, at: datetime) -> list[Line]:
    """Where the post-market left a stock that moves at night: how much of the move is new."""
    session = prices.timetable.on(move.session)
    before = prices.timetable.before(session) if session is not None and move.phase is Phase.OVERNIGHT else None
    if before is None:
        return []
    traded = prices.quotes_between(before.close_at, before.ends_at)
    last = next((q for q in reversed(traded) if before.phase(q.at) is Phase.POST and q.seen_at <= at), None)
    stood = change(prices.rebased(last), move.reference) if last is not None else None
    if last is None or stood is None:
        return []
    words = f"{price(prices.rebased(last), move.currency)} ({percent(stood)}) after hours, before the night, "
    return [(f"It stood at {words}", clock(last.at), ".")]


def _volume(move: StockMove, prices: SymbolPrices, at: datetime) -> list[Line]:
    latest = prices.lately(at)
    return volume_lines(prices, *latest) if latest is not None and latest[1].date == move.session else []


def doubted(alerts: Sequence[Alert]) -> list[Line]:
    """The stocks whose price counts though it looks like something else than a move."""
    found: dict[str, list[str]] = {}
    for alert in alerts:
        if alert.doubt and alert.symbol not in found.setdefault(alert.doubt, []):
            found[alert.doubt].append(alert.symbol)
    return [
        (Strong(f"{listing(symbols)}: the price looks like {words}."), " No chart has confirmed it, or ruled it out.")
        for words, symbols in found.items()
    ]
