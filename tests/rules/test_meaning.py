"""What is written, what it means: conditions, names, selections, versions, and the index of rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.config.rules.dump import full_rules
from bot.core.model import Phase, Reach, Severity
from bot.core.prices.windows import Since, Span, format_duration, parse_since
from bot.core.rules.comparison import Comparison, parse_comparison
from bot.core.rules.conditions import (
    Abnormal,
    About,
    All,
    Any,
    Breadth,
    Condition,
    Drawdown,
    During,
    Extreme,
    Gap,
    Level,
    MarketTest,
    Named,
    News,
    NoneOf,
    Price,
    Sequence,
    TextPattern,
    Volume,
)
from bot.core.rules.conditions.cause import Cause
from bot.core.rules.conditions.context import Move
from bot.core.rules.rule import Rule, RuleSet, SeverityStep

from .files import AROUND, condition_of, load, rule_of, rule_text

FALL = Price(parse_comparison("< -5%"))
BOTH = (Reach.DIRECT, Reach.EXPOSURE)
HALF = Comparison(">=", 0.5)


@pytest.mark.parametrize(
    ("when", "meant"),
    [
        ('price: {change: "< -5%"}', FALL),
        ('price: {change: "< -5%", since: high of 20 sessions}', replace(FALL, since=Since("high", 20))),
        ('price: {change: "≤ −5 %"}', Price(parse_comparison("<= -5%"))),
        ('price: {drawdown: "< -20%", of: 60 sessions}', Drawdown(parse_comparison("< -20%"), Span(sessions=60))),
        ('abnormal: {z: "< -4"}', Abnormal("SPY", None, parse_comparison("< -4"))),
        (
            'abnormal: {change: "< -8%", benchmark: QQQ, since: 3 sessions}',
            Abnormal("QQQ", parse_comparison("< -8%"), None, Since("sessions", 3)),
        ),
        ('gap: {change: "< -5%"}', Gap(parse_comparison("< -5%"))),
        ("extreme: {lowest_since: 20 sessions}", Extreme(True, 20)),
        ("extreme: {highest_since: 250 sessions}", Extreme(False, 250)),
        ('volume: {ratio: ">= 3"}', Volume(parse_comparison(">= 3"), 20)),
        ('volume: {ratio: ">= 3", over: 5 sessions}', Volume(parse_comparison(">= 3"), 5)),
        (
            'breadth: {symbols: [group:chips, KO, "not:AMD"], change: "< -5%", count: ">= 2"}',
            Breadth(
                "group:chips, KO, not:AMD",
                parse_comparison("< -5%"),
                ("NVDA", "KO"),
                count=parse_comparison(">= 2"),
            ),
        ),
        ('market: {change: "< -4%"}', MarketTest("SPY", Price(parse_comparison("< -4%")))),
        ('market: {benchmark: NVDA, gap: "< -4%"}', MarketTest("NVDA", Gap(parse_comparison("< -4%")))),
        (
            'market: {change: "< -4%", lowest_since: 20 sessions}',
            All((MarketTest("SPY", Price(parse_comparison("< -4%"))), MarketTest("SPY", Extreme(True, 20)))),
        ),
        (
            'market: {drawdown: "< -10%", of: 60 sessions}',
            MarketTest("SPY", Drawdown(parse_comparison("< -10%"), Span(sessions=60))),
        ),
        ('market: {volume: "> 2"}', MarketTest("SPY", Volume(parse_comparison("> 2")))),
        ("market: {highest_since: 9 sessions}", MarketTest("SPY", Extreme(False, 9))),
        ("news: {topic: ai-model}", News(("ai-model",), BOTH, Span(sessions=5), HALF)),
        (
            'news: {about: [deepseek, NVDA, Vertiv], reach: direct, within: 2h, text: "r1", burst: ">= 3"}',
            News(
                (),
                (Reach.DIRECT,),
                Span(duration=timedelta(hours=2)),
                None,
                about=(
                    About("lab", "DeepSeek", "DeepSeek"),
                    About("company", "NVDA", "NVDA"),
                    About("company", "VRT", "Vertiv"),
                ),
                text=TextPattern("r1"),
                burst=parse_comparison(">= 3"),
            ),
        ),
        (
            'news: {about: NVDA, score: ">= 0.5"}',
            News((), BOTH, Span(sessions=5), HALF, about=(About("company", "NVDA", "NVDA"),)),
        ),
        (
            'news: {topic: ai-model, sources: ">= 2", stories: ">= 3",'
            ' score: "> 0.7", strength: "> 0", novelty: "> 0.2"}',
            News(
                ("ai-model",),
                BOTH,
                Span(sessions=5),
                parse_comparison("> 0.7"),
                parse_comparison(">= 2"),
                parse_comparison(">= 3"),
                parse_comparison("> 0"),
                novelty=parse_comparison("> 0.2"),
            ),
        ),
        (
            "cause: {topic: ai-model}",
            Cause(("ai-model",), Span(sessions=5), parse_comparison(">= 0.6"), frozenset({"ai-model"})),
        ),
        ("during: {phase: [pre, post]}", During((Phase.PRE, Phase.POST))),
        (
            "during: {hours: 09:30-16:00, weekdays: fri-mon, zone: Asia/Tokyo}",
            During((), time(9, 30), time(16, 0), (4, 5, 6, 0), ZoneInfo("Asia/Tokyo"), "Asia/Tokyo"),
        ),
        (
            "during: {weekdays: [Monday, wed], zone: UTC}",
            During(weekdays=(0, 2), zone=ZoneInfo("UTC"), zone_name="UTC"),
        ),
        (
            'sequence: {within: 2h, steps: [{news: {topic: ai-model}}, {price: {change: "< -5%"}}]}',
            Sequence((News(("ai-model",), BOTH, Span(sessions=5), HALF), FALL), Span(duration=timedelta(hours=2))),
        ),
        (
            'all: [{price: {change: "< -5%"}}]\nany: [{gap: {change: "< -5%"}}]\nnone: [{market: {change: "< -5%"}}]',
            All(
                (
                    All((FALL,)),
                    Any((Gap(parse_comparison("< -5%")),)),
                    NoneOf((MarketTest("SPY", Price(parse_comparison("< -5%"))),)),
                )
            ),
        ),
        (
            'any: [{all: [{price: {change: "< -5%"}}, {none: [{price: {change: "< -6%", since: open}}]}]}]',
            Any((All((FALL, NoneOf((Price(parse_comparison("< -6%"), Since("open")),)))),)),
        ),
    ],
)
def test_a_condition_means_what_it_reads(tmp_path: Path, when: str, meant: Condition) -> None:
    assert condition_of(tmp_path, when) == meant


@pytest.mark.parametrize(
    ("symbols", "meant"),
    [
        ("NVDA", {"NVDA"}),
        ("[NVDA, KO]", {"NVDA", "KO"}),
        ("all", {"NVDA", "AMD", "VRT", "KO"}),
        ("group:watchlist", {"NVDA", "AMD", "VRT", "KO"}),
        ("group:benchmarks", {"SPY", "QQQ"}),
        ("SPY", {"SPY"}),
        ("group:chips", {"NVDA", "AMD"}),
        ("group:drinks", {"KO"}),  # PepsiCo is not watched
        ("group:ai-chips", {"NVDA", "AMD"}),  # an exposure is a group, too
        ("exposure:cooling", {"VRT", "AMD"}),
        ("group:cooling", {"VRT"}),  # AMD lives too little from it to be in the group
        ("[all, 'not:KO']", {"NVDA", "AMD", "VRT"}),
        ("[all, 'not:group:chips', 'not:exposure:cooling']", {"KO"}),
        ("['not:KO', all]", {"NVDA", "AMD", "VRT"}),
    ],
)
def test_symbols_are_selected_by_name_group_exposure_or_all_and_left_out(
    tmp_path: Path, symbols: str, meant: set[str]
) -> None:
    rules = load(tmp_path, rule_text('price: {change: "< -5%"}', symbols=symbols))
    assert next(iter(rules)).symbols == meant
    assert rules.symbols == meant


def test_peers_live_from_the_same(tmp_path: Path) -> None:
    breadth = condition_of(tmp_path, 'breadth: {change: "< -5%", share: ">= 50%"}')
    assert isinstance(breadth, Breadth)
    assert breadth.peers == {"NVDA": ("NVDA", "AMD"), "AMD": ("NVDA", "AMD"), "VRT": ("VRT",), "KO": ()}


def test_a_replay_may_name_what_it_has_no_prices_for(tmp_path: Path) -> None:
    around = replace(AROUND, watchlist=("NVDA",), also_known=("NVDA", "AMD", "VRT", "KO"))
    text = rule_text(
        'breadth: {symbols: group:chips, change: "< -5%", count: ">= 2"}', name="one", symbols="[KO, NVDA]"
    )
    rule = next(iter(load(tmp_path, text, around=around)))
    assert rule.symbols == {"NVDA"}
    assert isinstance(rule.when, Breadth)
    assert rule.when.members == ("NVDA",)
    assert next(iter(load(tmp_path, rule_text("gap: {change: '< -5%'}", symbols="KO"), around=around))).symbols == set()


@pytest.mark.parametrize(("written", "count", "time"), [("3", 3, None), ("10m", 2, timedelta(minutes=10))])
def test_hold_is_a_number_of_quotes_or_a_time(tmp_path: Path, written: str, count: int, time: timedelta | None) -> None:
    rule = rule_of(tmp_path, 'price: {change: "< -5%"}', f"hold: {written}")
    assert (rule.hold, rule.hold_for) == (count, time)


@pytest.mark.parametrize(
    ("written", "pre", "regular", "post", "overnight"),
    [
        ("3", "3", "3", "3", "4 over 2m"),
        ("7", "7", "7", "7", "7 over 2m"),
        ("10m", "10m", "10m", "10m", "4 over 10m"),
        ("{pre: 3}", "3", "2", "2", "4 over 2m"),
        ("{regular: 5m, overnight: 6 over 5m}", "2", "5m", "2", "6 over 5m"),
        ("{overnight: 2}", "2", "2", "2", "2"),
        ("{overnight: 3m}", "2", "2", "2", "1 over 3m"),
    ],
)
def test_hold_may_be_of_each_phase_and_reads_back(
    tmp_path: Path, written: str, pre: str, regular: str, post: str, overnight: str
) -> None:
    rule = rule_of(tmp_path, 'price: {change: "< -5%"}', f"hold: {written}")

    def of(phase: Phase) -> str:
        hold = rule.hold_in(phase)
        by_time = hold.lasting is not None and phase is not Phase.OVERNIGHT
        return format_duration(hold.lasting) if by_time and hold.lasting else str(hold)

    assert [of(p) for p in (Phase.PRE, Phase.REGULAR, Phase.POST)] == [pre, regular, post]
    assert of(Phase.OVERNIGHT) == overnight
    (full,) = full_rules([tmp_path / "a.yaml"], "SPY")
    again = tmp_path / "again"
    again.mkdir()
    back = rule_of(again, 'price: {change: "< -5%"}', f"hold: {json.dumps(full.data['hold'])}")
    assert (back.hold, back.hold_for, back.holds) == (rule.hold, rule.hold_for, rule.holds)


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, 'price: {change: "< -5%"}')
    assert (rule.hold, rule.hold_for, rule.cooldown, rule.follow_up, rule.enabled) == (
        2,
        None,
        Span(sessions=1),
        (),
        True,
    )
    assert [(s.severity, s.change) for s in rule.severity] == [(Severity.WARNING, None)]


def test_labels_are_text_by_name(tmp_path: Path) -> None:
    rule = rule_of(tmp_path, 'price: {change: "< -5%"}', "labels: {team: 7, desk: semis}")
    assert list(rule.labels.items()) == [("desk", "semis"), ("team", "7")]
    (full,) = full_rules([tmp_path / "a.yaml"], "SPY")
    assert full.data["labels"] == {"team": 7, "desk": "semis"}


def test_a_severity_by_steps_is_that_of_the_furthest_step_reached(tmp_path: Path) -> None:
    steps = '{critical: "<= -17%", warning: "< -5%", high: "change <= -10%"}'
    rule = rule_of(tmp_path, 'price: {change: "< -5%"}', f"severity: {steps}")
    assert [(s.severity.word, str(s.change)) for s in rule.severity] == [
        ("warning", "< -5%"),
        ("high", "<= -10%"),
        ("critical", "<= -17%"),
    ]


def moved(*changes: float) -> Move:
    """A move by day with these changes in the quotes of its hold."""
    day = SimpleNamespace(thin=lambda at: False)
    return cast(Move, SimpleNamespace(confirmed=changes, session=day, quote=SimpleNamespace(at=None)))


@given(
    steps=st.lists(st.integers(6, 60), min_size=3, max_size=3, unique=True).map(sorted),
    changes=st.lists(st.integers(-70, -6), min_size=1, max_size=4),
    further=st.integers(0, 20),
)
def test_the_further_the_fall_the_more_severe(steps: list[int], changes: list[int], further: int) -> None:
    limits = dict(zip(("warning", "high", "critical"), steps, strict=True))
    tabled = [SeverityStep(Severity.parse(w), parse_comparison(f"<= -{limit}%")) for w, limit in limits.items()]
    rule = replace(simple("by size", FALL, "KO"), severity=(SeverityStep(Severity.INFO), *tabled))
    least = -max(changes)  # the quote that fell least decides
    reached = [word for word, limit in limits.items() if least >= limit]
    found = rule.severity_of(moved(*(c / 100 for c in changes)))
    assert found.word == (reached[-1] if reached else "info")
    assert rule.severity_of(moved(*((c - further) / 100 for c in changes))) >= found


# ------------------------------------------------------------------------------------------------- named conditions


NAMED = """
conditions:
  big-fall: {price: {change: "< -5%"}}     # five percent
  shock: {all: [big-fall, {news: {topic: ai-model}}]}
rules:
  - name: one                              # the first
    symbols: all
    when: shock
  # about the second
  - {name: two, symbols: KO, when: {any: [big-fall, {gap: {change: "< -5%"}}]}}

  - name: three
    symbols: KO
    when: {gap: {change: "< -5%"}}
"""


def test_named_conditions_are_used_by_name(tmp_path: Path) -> None:
    one, two, _ = load(tmp_path, NAMED)
    fall = Named("big-fall", FALL)
    assert one.when == Named("shock", All((fall, News(("ai-model",), BOTH, Span(sessions=5), HALF))))
    assert two.when == Any((fall, Gap(parse_comparison("< -5%"))))
    assert (one.reads.topics, one.has_price) == ({"ai-model"}, True)


def test_a_rules_version_changes_with_what_it_uses_and_with_nothing_else(tmp_path: Path) -> None:
    before = load(tmp_path, NAMED).versions
    changed = load(
        tmp_path, NAMED.replace('big-fall: {price: {change: "< -5%"}}', 'big-fall: {price: {change: "< -6%"}}')
    )
    renewed = load(tmp_path, NAMED.replace("# five percent", "# 5%").replace("  - {name: two", "  -   {name: two"))
    assert [changed.versions[n][0] == before[n][0] for n in ("one", "two", "three")] == [False, False, True]
    assert [renewed.versions[n][0] == before[n][0] for n in ("one", "two", "three")] == [True, True, True]


def test_a_rules_text_is_what_was_written_with_what_it_uses(tmp_path: Path) -> None:
    one, two, three = load(tmp_path, NAMED)
    assert "name: one                              # the first" in one.text
    assert "about the second" not in one.text
    assert three.text == '- name: three\n  symbols: KO\n  when: {gap: {change: "< -5%"}}\n'
    for rule in (one, two):
        read = yaml.safe_load(rule.text)
        assert [r["name"] for r in read["rules"]] == [rule.name]
        assert set(read["conditions"]) == ({"big-fall", "shock"} if rule is one else {"big-fall"})


def test_a_text_that_leans_on_another_place_is_written_out(tmp_path: Path) -> None:
    text = 'rules:\n  - &a {name: x, symbols: KO, when: &w {price: {change: "< -5%"}}}\n'
    rules = load(tmp_path, text + "  - {name: y, symbols: KO, when: *w}\n")
    assert [yaml.safe_load(r.text)[0]["when"] for r in rules] == [{"price": {"change": "< -5%"}}] * 2


# ---------------------------------------------------------------------------------------------------------- the index


def simple(name: str, when: Condition, *symbols: str, enabled: bool = True) -> Rule:
    """A rule as the index sees it."""
    steps = (SeverityStep(Severity.HIGH),)
    return Rule(name, "", frozenset(symbols), when, steps, None, 2, enabled=enabled)


def on(*topics: str, reach: tuple[Reach, ...] = BOTH) -> News:
    return News(topics, reach, Span(sessions=5), HALF)


SET = RuleSet(
    [
        simple("price", FALL, "A", "B"),
        simple("model", on("ai-model"), "A", "C"),
        simple("market", All((FALL, on("ai-market"))), "B"),
        simple("any topic", on(), "C"),
        simple("anywhere", All((FALL, on("ai-model", reach=(Reach.NONE,)))), "D"),
        simple("cause", Cause(("other",), Span(sessions=5), HALF, frozenset({"ai-model", "ai-market"})), "E"),
        simple("group", Breadth("g", parse_comparison("< -5%"), ("A", "F"), count=HALF), "F", "G"),
        simple("off", on("ai-model"), "A", enabled=False),
    ]
)


def names(found: dict[str, list[Rule]]) -> dict[str, list[str]]:
    return {symbol: [r.name for r in rules] for symbol, rules in sorted(found.items())}


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (
            lambda: SET.for_news({"ai-model"}),
            {"A": ["model"], "C": ["any topic", "model"], "D": ["anywhere"], "E": ["cause"]},
        ),
        (lambda: SET.for_news({"ai-model"}, {"A"}), {"A": ["model"], "D": ["anywhere"], "E": ["cause"]}),
        (lambda: SET.for_news({"ai-model"}, set()), {"D": ["anywhere"], "E": ["cause"]}),
        (lambda: SET.for_news({"ai-market"}, {"A", "B", "X", "Y", "Z"}), {"B": ["market"], "E": ["cause"]}),
        (lambda: SET.for_news({"other"}, {"C", "X", "Y", "Z"}), {"C": ["any topic"], "E": ["cause"]}),
        (lambda: SET.for_news({"nothing"}, {"A", "B"}), {}),
        (lambda: SET.to_evaluate([], {}), {}),
        (lambda: SET.to_evaluate(["B"], {}), {"B": ["price", "market"]}),
        (lambda: SET.to_evaluate(["A"], {}), {"A": ["price", "model"], "F": ["group"], "G": ["group"]}),
        (lambda: SET.to_evaluate(["F"], {}), {"F": ["group"], "G": ["group"]}),
        (lambda: SET.to_evaluate(["Z"], {}), {"Z": []}),
        (
            lambda: SET.to_evaluate(["B"], SET.for_news({"ai-model"}, {"A"})),
            {"A": ["model"], "B": ["price", "market"], "D": ["anywhere"], "E": ["cause"]},
        ),
    ],
)
def test_an_observation_finds_the_rules_it_concerns(
    ask: Callable[[], dict[str, list[Rule]]], found: dict[str, list[str]]
) -> None:
    assert names(ask()) == found


def test_rules_are_found_by_name_and_say_together_how_much_they_look_back() -> None:
    named = SET.named("group")
    assert named is not None
    assert named.name == "group"
    assert SET.named("nobody") is None
    assert len(SET) == 8
    assert SET.symbols == {"A", "B", "C", "D", "E", "F", "G"}
    assert SET.reads.members == {"A", "F"}
    deep = simple("deep", Price(parse_comparison("< -5%"), parse_since("high of 300 sessions")), "A")
    held = replace(simple("held", FALL, "A"), hold_for=timedelta(hours=3))
    both = RuleSet([deep, held]).reads
    assert (both.sessions, both.quotes_for) == (300, timedelta(hours=3))
    assert RuleSet([replace(deep, enabled=False)]).reads.sessions == 0


@pytest.mark.parametrize(
    ("when", "meant"),
    [
        ("price: {below: 100}", Level(below=True, level=100.0)),
        ("price: {above: 0.5}", Level(below=False, level=0.5)),
    ],
)
def test_a_level_is_a_price(tmp_path: Path, when: str, meant: Condition) -> None:
    assert condition_of(tmp_path, when) == meant
