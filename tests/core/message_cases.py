"""Every message of small cases as plain text: rules on stories alone, rises, both, late, without prices, few and many
stocks.

``python -m tests.core.message_cases`` writes the files anew; read the difference before it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.core.engine import Engine
from bot.core.model import Announcement, Observation, QuoteKind, Reach
from bot.core.news import Companies, Company, NewsIndex, Topics
from bot.core.prices.market import Market
from bot.core.rules.conditions import All, Condition, Level, News
from bot.core.rules.rule import RuleSet
from bot.render import plain
from tests.core.message_worlds import COMPANIES, STOCKS
from tests.core.worlds import CHEAP, TOPICS, at, close, news, play, price, quote, rule, story, weekday_timetable

FOLDER = Path(__file__).parent / "golden_messages"
FOLLOW_UPS = ("session close", "rebound 5%", "next session close", "recovered")
LINES = ("ai-chips", "cooling")
FELL = price("< -10%")
EITHER = All((FELL, news()))


def many(count: int) -> Companies:
    """So many companies in two lines of business."""
    named = [Company(f"S{n:02}", f"Stock {n}", "", "XNYS", {LINES[n % 2]: 1.0}) for n in range(count)]
    return Companies([*named, Company("SPY", "S&P 500 fund", exchange="XNYS", tracks="S&P 500")])


def told(
    companies: Companies,
    conditions: dict[str, Condition],
    tape: list[Observation],
    since: str = "01-02 00:00",
    of_news: dict[str, News] | None = None,
    topics: Topics = TOPICS,
) -> list[Announcement]:
    """All messages and edits about incidents of a tape."""
    timetable = weekday_timetable()
    alone = [
        replace(rule(name, replace(when, reaches=(Reach.NONE,)), ()), per_happening=True)
        for name, when in (of_news or {}).items()
    ]
    symbols = [company.symbol for company in companies if not company.tracks]
    machine = Engine(
        RuleSet([*(rule(n, when, symbols, follow_up=FOLLOW_UPS) for n, when in conditions.items()), *alone]),
        companies,
        topics,
        NewsIndex(topics, companies, window=timedelta(days=14)),
        Market(lambda symbol: timetable),
        benchmark="SPY",
        watching_since=at(since),
    )
    every = [said for decided in play(machine, tape, "02-04 23:00") for said in decided.announcements]
    return [said for said in every if said.incident and said.suppressed_by is None]


def text_of(messages: list[Announcement]) -> str:
    """The messages; of edits only when they came and how they begin."""
    texts = []
    for said in messages:
        head = f"=== {said.at:%m-%d %H:%M:%S} {said.reason}"
        texts.append(f"{head}, edit: {said.summary.subject}" if said.edits else f"{head}\n{plain(said.summary)}\n")
    return "\n".join(texts) + "\n"


def before(companies: Companies) -> list[Observation]:
    """Friday's closes, and Saturday's story."""
    bars = [close(company.symbol, 100.0, "01-24") for company in companies]
    return [*bars, story(CHEAP, "01-25 12:00"), quote("SPY", 98.5, "01-27 15:00")]


def falls(symbol: str, level: float, hour: str = "15") -> Iterator[Observation]:
    """Two quotes below ``level``, a bar's low, the close, and a better Tuesday."""
    yield quote(symbol, level + 0.5, f"01-27 {hour}:00")
    yield quote(symbol, level, f"01-27 {hour}:01")
    yield quote(symbol, level - 3, "01-27 17:00", QuoteKind.LOW)
    yield quote(symbol, level + 1, "01-27 17:00", QuoteKind.HIGH)
    yield quote(symbol, level - 1, "01-27 17:00")
    yield quote(symbol, level + 0.3, "01-27 21:00", QuoteKind.CLOSE)
    yield quote(symbol, level + 4, "01-28 15:00")
    yield quote(symbol, level + 5, "01-28 21:00", QuoteKind.CLOSE)


def fallen(count: int) -> list[Announcement]:
    """So many stocks fall, each a little further than the one before."""
    companies = many(count)
    tape = [o for n in range(count) for o in falls(f"S{n:02}", 88.5 - n * 0.25)]
    return told(companies, {"shock": EITHER}, [*before(companies), *tape])


def cases() -> dict[str, list[Announcement]]:
    """The messages by name."""
    start = before(COMPANIES)
    rising = [quote("MRVL", 100 + n, f"01-27 15:0{n}") for n in range(6, 9)]
    rising += [quote("AVGO", 105 + n, f"01-27 15:0{n}") for n in range(6, 9)]
    rising += [quote("MRVL", 107.0, "01-27 21:00", QuoteKind.CLOSE)]
    mixed = [*falls("NVDA", 88.0), *falls("VRT", 84.0), *rising]
    tuesday = [*falls("NVDA", 88.0), quote("KO", 88.0, "01-28 15:00"), quote("KO", 87.0, "01-28 15:01")]
    later = [o for o in falls("NVDA", 88.0) if o.seen_at >= at("01-27 17:00")]
    return {
        "stories-only": told(COMPANIES, {"news": news()}, [*start, *falls("NVDA", 88.0), *rising]),
        "stories-then-fall": told(COMPANIES, {"news": news(), "fall": FELL}, [*start, *falls("NVDA", 88.0)]),
        "a-happening": told(COMPANIES, {}, start, of_news={"lab": news()}),
        "no-prices": told(COMPANIES, {"news": news()}, [o for o in start if o.seen_at > at("01-25 00:00")]),
        "rises": told(COMPANIES, {"rise": All((price("> 5%"), news()))}, [*start, *rising]),
        "mixed": told(COMPANIES, {"fall": EITHER, "rise": price("> 5%"), "news": news()}, [*start, *mixed]),
        "late": told(COMPANIES, {"fall": EITHER}, [*start, *later], "01-27 16:30"),
        "another-session": told(COMPANIES, {"fall": FELL, "shock": EITHER}, [*start, *tuesday]),
        "since-the-open": told(COMPANIES, {"slide": price("< -4%", "open")}, [*start, *slide()]),
        "an-hour-ago": told(COMPANIES, {"slide": price("< -4%", "30m")}, [*start, *slow_slide()]),
        "a-level-in-yen": told(COMPANIES, {"level": Level(below=True, level=8000.0)}, list(in_yen())),
        **{f"stocks-{count:02}": fallen(count) for count in (1, 2, 12, 60)},
    }


def slide() -> Iterator[Observation]:
    """A stock opens higher, and slides."""
    for symbol, hour in zip(STOCKS[:2], ("15", "16"), strict=True):
        yield quote(symbol, 106.0, "01-27 14:30", QuoteKind.OPEN)
        yield quote(symbol, 101.0, f"01-27 {hour}:00")
        yield quote(symbol, 100.5, f"01-27 {hour}:02")


def slow_slide() -> Iterator[Observation]:
    """Prices an hour apart: half an hour ago there was none."""
    yield quote("NVDA", 101.0, "01-27 15:00")
    yield quote("NVDA", 95.5, "01-27 16:00")
    yield quote("NVDA", 95.0, "01-27 16:01")
    yield quote("NVDA", 94.0, "01-27 18:00")


def in_yen() -> Iterator[Observation]:
    """A stock whose prices have a currency falls below a level that its rule watches."""
    yield close("NVDA", 8011.0, "01-24")
    for level, minute in ((7990.0, 0), (7980.5, 1)):
        yield replace(quote("NVDA", level, f"01-27 15:0{minute}"), currency="JPY")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, messages in cases().items():
        (FOLDER / f"{name}.txt").write_text(text_of(messages), encoding="utf-8")
