"""What headlines are wanted about: what has moved half as far as a rule asks, or unusually, and what was released."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.engine import Engine
from bot.core.model import Observation
from bot.core.model.on_demand import OnDemandSpec, Wanted, WantedKind
from bot.core.news import Companies, Company, NewsIndex
from bot.core.on_demand import MOST_RELEASES, TRADED_WITHIN
from bot.core.prices.market import Market
from bot.core.rules.comparison import Comparison, parse_comparison
from bot.core.rules.conditions import Abnormal, All, Any, Breadth, MarketTest, Named, NoneOf, Price
from bot.core.rules.halfway import half_of, halfway
from bot.core.rules.rule import RuleSet
from tests.core.worlds import FIRST, TOPICS, at, close, engine, news, play, price, quote, rule, story, weekday_timetable

FRIDAY, MONDAY = "01-24", "01-27"
CLOSES = [close(symbol, 100.0, FRIDAY) for symbol in ("NVDA", "VRT", "KO", "SPY")]


def wanted(of: Engine, when: str) -> list[tuple[str, str]]:
    """What ``of`` wants headlines about: kind and name."""
    return [(w.kind.value, w.name) for w in of.view().wanted_headlines(at(when))]


def standing(of: Engine, prices: dict[str, float], when: str = f"{MONDAY} 15:00") -> Engine:
    """``of`` after these prices, each against a close of 100."""
    observations: list[Observation] = [*CLOSES, *(quote(s, p, when) for s, p in prices.items())]
    of.step(observations, at(when))
    return of


# ------------------------------------------------------------------------------------------------------------- halves


@pytest.mark.parametrize(
    ("asked", "half"),
    [
        ("< -10%", "< -5%"),
        ("<= -4%", "<= -2%"),
        ("> 3%", "> 1.5%"),
        ("between -10% and -4%", "<= -2%"),
        ("between 2% and 6%", ">= 1%"),
        ("< 5%", None),
        ("> -5%", None),
        ("between -2% and 2%", None),
        ("> 0%", None),
    ],
)
def test_half_a_threshold_is_half_the_way_to_the_nearest_move_that_is_asked_for(asked: str, half: str | None) -> None:
    found = half_of(parse_comparison(asked))
    assert (str(found) if found else None) == half


@example("<=", -5e-324, 0.0)
@given(st.sampled_from(["<", "<=", ">", ">="]), st.floats(-0.5, 0.5), st.floats(-1, 1))
def test_whoever_meets_a_threshold_has_met_its_half(op: str, limit: float, value: float) -> None:
    asked = Comparison(op, limit, percent=True)
    half = half_of(asked)
    assert half is None or not half.holds(0.0), "no move is no half of one"
    if half is not None and asked.holds(value):
        assert half.holds(value)
    assert (half is None) == asked.holds(0.0) or math.isclose(limit, 0.0, abs_tol=1e-8)


def test_only_tests_of_the_symbol_s_own_price_count_and_all_of_them_must() -> None:
    fall, z = price("< -4%"), Abnormal("SPY", z=parse_comparison("< -4"))
    market = MarketTest("SPY", Price(parse_comparison("< -4%")))
    peers = Breadth("peers", parse_comparison("< -5%"), ("VRT",), count=parse_comparison(">= 3"))
    half_fall, half_z = price("< -2%"), replace(z, z=parse_comparison("< -2"))
    for condition, half in (
        (All((fall, news(), NoneOf((market, fall)))), All((half_fall,))),
        (All((fall, z)), All((half_fall, half_z))),
        (Named("deep", fall), half_fall),
        (Any((fall, news())), Any((half_fall,))),
        (All((market, news())), None),
        (peers, None),
        (All((fall, peers)), All((half_fall, replace(peers, change=parse_comparison("< -2.5%"))))),
        (price("< -4%", "story"), None),
    ):
        assert halfway(condition) == half, str(condition)


# -------------------------------------------------------------------------------------------------------------- moves


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        ({"NVDA": 95.1}, []),
        ({"NVDA": 94.9}, ["NVDA"]),
        ({"NVDA": 120.0}, []),  # the rule asks for falls
        ({"NVDA": 94.0, "VRT": 80.0, "KO": 99.0}, ["VRT", "NVDA"]),  # the furthest first
        ({"SPY": 80.0}, []),  # no rule is about it
        ({}, []),
    ],
)
def test_a_company_is_wanted_from_half_of_a_rule_s_threshold_on(prices: dict[str, float], found: list[str]) -> None:
    world = standing(engine(rule()), prices)
    assert wanted(world, f"{MONDAY} 15:00") == [("company", symbol) for symbol in found]


def test_it_is_searched_for_by_its_name_and_told_with_how_far_it_moved() -> None:
    (found,) = standing(engine(rule()), {"NVDA": 94.0}).view().wanted_headlines(at(f"{MONDAY} 15:00"))
    assert (found.words, round(found.change, 4)) == ('"Nvidia" shares', -0.06)


def test_what_has_not_traded_for_a_while_does_not_move() -> None:
    world = standing(engine(rule()), {"NVDA": 94.0})
    last = at(f"{MONDAY} 15:00") + TRADED_WITHIN
    assert world.view().wanted_headlines(last)
    assert not world.view().wanted_headlines(last + timedelta(seconds=1))


def test_a_rule_that_is_switched_off_or_asks_for_news_alone_wants_nothing() -> None:
    off = replace(rule(), enabled=False)
    only_news = rule("only-news", news())
    assert wanted(standing(engine(off, only_news), {"NVDA": 80.0}), f"{MONDAY} 15:00") == []


@given(st.dictionaries(st.sampled_from(["NVDA", "VRT", "KO"]), st.floats(70, 130)))
def test_whatever_a_rule_s_price_test_holds_for_is_wanted_and_the_order_is_by_size(prices: dict[str, float]) -> None:
    world = standing(engine(rule()), prices)
    found = [w for w in world.view().wanted_headlines(at(f"{MONDAY} 15:00")) if w.kind is WantedKind.COMPANY]
    assert (
        {s for s, p in prices.items() if p < 90} <= {w.name for w in found} <= {s for s, p in prices.items() if p < 95}
    )
    assert [abs(w.change) for w in found] == sorted((abs(w.change) for w in found), reverse=True)
    assert found == [w for w in world.view().wanted_headlines(at(f"{MONDAY} 15:00")) if w.kind is WantedKind.COMPANY]


# ----------------------------------------------------------------------------------------------------------- releases


def test_a_release_is_wanted_for_an_hour_and_evidence_alone_is_none() -> None:
    told = story("DeepSeek releases DeepSeek-R1", f"{MONDAY} 15:00")
    world = engine(rule())
    world.step([told], told.seen_at)
    (found,) = world.view().wanted_headlines(told.seen_at)
    assert (found.kind, found.words) == (WantedKind.RELEASE, '"DeepSeek-R1"')
    assert wanted(world, f"{MONDAY} 16:00") == []
    other = engine(rule())
    other.step([replace(told, seeded=True)], told.seen_at)
    assert wanted(other, f"{MONDAY} 15:00") == []


def test_many_releases_at_once_are_a_few_searches() -> None:
    world = engine(rule())
    stories = [story(f"DeepSeek releases DeepSeek-R{n}", f"{MONDAY} 15:{n:02}") for n in range(1, 20)]
    world.step(stories, stories[-1].seen_at)
    found = [w for w in world.view().wanted_headlines(stories[-1].seen_at) if w.kind is WantedKind.RELEASE]
    assert 0 < len(found) <= MOST_RELEASES


# ---------------------------------------------------------------------------------------------------------- addresses


def test_an_address_asks_about_several_symbols_or_for_words() -> None:
    companies = [Wanted(WantedKind.COMPANY, s, f'"{s}" shares') for s in ("NVDA", "^GSPC", "BRK-B")]
    by_symbol = OnDemandSpec("a", "https://a.example/rss?s={symbols}&lang=en", together=5)
    assert by_symbol.url(companies) == "https://a.example/rss?s=NVDA,%5EGSPC,BRK-B&lang=en"
    search = OnDemandSpec("b", "https://b.example/search?q={words}+when:1d")
    odd = Wanted(WantedKind.COMPANY, "T", '"AT&T / Söhne?" shares')
    assert search.url([odd]) == "https://b.example/search?q=%22AT%26T+%2F+S%C3%B6hne%3F%22+shares+when:1d"
    line = Wanted(WantedKind.LINE, "memory", "memory chip makers stocks")
    assert [spec.answers(line) for spec in (by_symbol, search)] == [False, True]


# ------------------------------------------------------------------------------------- with half a quarter of history

LATER = "03-24"
DAYS = [FIRST + timedelta(days=n) for n in range(80) if (FIRST + timedelta(days=n)).weekday() < 5]


def calm(*symbols: str) -> list[Observation]:
    """Closes around 100 that move by a third of a percent a day, up to the day before ``LATER``."""
    days = [day for day in DAYS if day < at(f"{LATER} 00:00").date()]
    closes = [(f"{day:%m-%d}", 100.0 + 0.3 * (n % 2)) for n, day in enumerate(days)]
    return [close(symbol, price, day) for day, price in closes for symbol in symbols]


def test_a_stock_that_hardly_ever_moves_is_wanted_though_no_rule_is_near() -> None:
    world = engine(rule())
    world.step(calm("NVDA", "VRT", "SPY"), at(f"{LATER} 08:00"))
    world.step([quote("NVDA", 97.5, f"{LATER} 15:00"), quote("VRT", 99.5, f"{LATER} 15:00")], at(f"{LATER} 15:00"))
    assert wanted(world, f"{LATER} 15:00") == [("company", "NVDA")]


def many_chips(*falls: float) -> Engine:
    """As many companies of one line of business as there are prices."""
    names = [f"C{n}" for n in range(len(falls))]
    companies = Companies([Company(s, f"Chip {s}", exchange="XNYS", exposures={"ai-chips": 1.0}) for s in names])
    timetable = weekday_timetable()
    world = Engine(
        RuleSet((rule(symbols=names),)), companies, TOPICS, NewsIndex(TOPICS, companies, window=timedelta(days=14)),
        Market(lambda symbol: timetable), benchmark="SPY", watching_since=at("01-02 00:00"),
    )  # fmt: skip
    world.step(calm(*names, "SPY"), at(f"{LATER} 08:00"))
    prices: list[Observation] = [quote(s, 100.0 * (1 + f), f"{LATER} 15:00") for s, f in zip(names, falls, strict=True)]
    world.step(prices, at(f"{LATER} 15:00"))
    return world


@pytest.mark.parametrize(
    ("falls", "moves"),
    [
        ((-0.06, -0.07, -0.08), True),
        ((-0.06, -0.07, 0.0, 0.0, 0.0), False),  # two are companies that fall
        ((-0.06, -0.07, -0.08, *[0.0] * 7), False),  # three of ten are no line
        ((-0.06, -0.07, -0.08, *[0.0] * 6), True),
        ((-0.012, -0.013, -0.012), True),  # none by itself, all of them together
        ((-0.06, -0.07), False),
    ],
)
def test_a_line_of_business_moves_where_a_third_of_it_does_or_all_of_it_a_little(
    falls: tuple[float, ...], moves: bool
) -> None:
    found = many_chips(*falls).view().wanted_headlines(at(f"{LATER} 15:00"))
    lines = [w for w in found if w.kind is WantedKind.LINE]
    assert [(w.name, w.words) for w in lines] == ([("ai-chips", "stocks in AI chips")] if moves else [])
    assert all(w.change < 0 for w in lines)


@pytest.mark.parametrize(("topic", "told_cause", "after"), [("ai-model", "", 5), ("", "", 60), ("ai-model", "c", 60)])
def test_a_message_without_a_cause_is_completed_seconds_after_one_is_found(
    topic: str, told_cause: str, after: int
) -> None:
    world = engine(rule("fall", price("< -10%")))
    world.step(CLOSES, at(f"{MONDAY} 08:00"))
    play(world, [quote("NVDA", 88.0, f"{MONDAY} 15:00"), quote("NVDA", 87.9, f"{MONDAY} 15:01")])
    (incident,) = world.incidents.open()
    told_at = at(f"{MONDAY} 15:01")
    assert (incident.thread.edited_at, incident.thread.told_cause) == (told_at, "")
    world.incidents.restore(
        [replace(incident, topic=topic, thread=replace(incident.thread, told_cause=told_cause, edit_due_at=None))]
    )
    due = world.incidents.edit_soon(incident, told_at + timedelta(seconds=1)).thread.edit_due_at
    assert due == told_at + timedelta(seconds=after)
    world.incidents.restore([replace(incident, topic="ai-model", thread=replace(incident.thread, edit_due_at=due))])
    sooner = world.incidents.edit_soon(incident, told_at + timedelta(seconds=2)).thread.edit_due_at
    assert sooner == told_at + timedelta(seconds=5), "one that was planned for later is brought forward"
