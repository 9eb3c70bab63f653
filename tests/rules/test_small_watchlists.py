"""Watchlists too short for a rule: a mistake only where somebody wants that rule, and told as what it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.project import load_project
from bot.config.rules import RuleNames, load_rules, rule_files
from bot.core.rules.rule import Rule

from .files import AROUND, load, mistakes, rule_text

REPOSITORY = Path(__file__).resolve().parents[2]
ONE = replace(AROUND, watchlist=("KO",), groups={"chips": (), "mine": ("KO",)}, _selected={})
"""The small world with one stock, which is in no line of business, and a group that has become empty."""
BARE = replace(AROUND, benchmarks=(), _selected={})
FALL = 'price: {change: "< -5%"}'
CANNOT = "cannot fire with this watchlist: "


def loaded(folder: Path, when: str, around: RuleNames, *, enabled: bool, symbols: str = "all") -> Rule:
    rest = "" if enabled else "enabled: false"
    return next(iter(load(folder, rule_text(when, rest, symbols=symbols), around=around)))


@pytest.mark.parametrize(
    ("when", "symbols", "around", "why"),
    [
        (
            'breadth: {symbols: all, change: "< -5%", count: ">= 2"}',
            "all",
            ONE,
            '">= 2" can never hold: there are only 1',
        ),
        ('breadth: {symbols: group:mine, change: "< -5%", count: "> 1"}', "all", ONE, '"> 1" can never hold'),
        ('breadth: {symbols: group:chips, change: "< -5%", share: ">= 50%"}', "all", ONE, "no watched symbol matches"),
        ('breadth: {symbols: exposure:ai-chips, change: "< -5%", count: ">= 1"}', "all", ONE, "no watched symbol"),
        ('breadth: {symbols: [NVDA, KO], change: "< -5%", count: ">= 1"}', "all", ONE, "'NVDA' is not watched"),
        (FALL, "NVDA", ONE, "'NVDA' is not watched"),
        (FALL, "group:chips", ONE, "no watched symbol matches"),
        (FALL, "exposure:ai-chips", ONE, "no watched symbol matches"),
        (FALL, "[all, 'not:group:drinks']", ONE, "no watched symbol matches"),
        ('market: {change: "< -3%"}', "all", BARE, "config.yaml has no benchmarks"),
        ('market: {benchmark: SPY, change: "< -3%"}', "all", BARE, "config.yaml has no benchmarks"),
        ('market: {benchmark: VGK, change: "< -3%"}', "all", AROUND, "unknown benchmark 'VGK'"),
        ('abnormal: {change: "< -4%"}', "all", BARE, "config.yaml has no benchmarks"),
    ],
)
def test_a_disabled_rule_may_wait_for_a_longer_watchlist_and_an_enabled_one_is_a_mistake(
    tmp_path: Path, when: str, symbols: str, around: RuleNames, why: str
) -> None:
    assert loaded(tmp_path, when, around, enabled=False, symbols=symbols).idle.startswith(f"{CANNOT}{why}")
    found = mistakes(tmp_path, rule_text(when, symbols=symbols), around=around)
    assert len(found) == 1, found
    assert why in found[0]
    assert ";" in found[0], "it says what to write"


@pytest.mark.parametrize(
    ("when", "symbols"),
    [
        (FALL, "group:chpis"),
        (FALL, "NVDIA"),
        ('breadth: {symbols: exposure:ai-chip, change: "< -5%", count: ">= 1"}', "all"),
        ('breadth: {symbols: all, change: "< -5%", count: "< 0"}', "all"),
        ('breadth: {symbols: all, change: "< -5%", count: ">= 1.5"}', "all"),
        ('market: {benchmark: SPYY, change: "< -3%"}', "all"),
    ],
)
def test_a_misspelling_is_a_mistake_in_a_disabled_rule_too(tmp_path: Path, when: str, symbols: str) -> None:
    assert mistakes(tmp_path, rule_text(when, "enabled: false", symbols=symbols))


@pytest.mark.parametrize(
    ("when", "watchlist", "why"),
    [
        ('breadth: {symbols: peers, change: "< -5%", count: ">= 1"}', ("KO",), "none of its stocks is in a known line"),
        (
            'breadth: {symbols: peers, change: "< -5%", count: ">= 3"}',
            ("NVDA", "AMD"),
            "no line of business has more than 2",
        ),
        ('group: {z: "< -3"}', ("NVDA", "AMD", "VRT"), "a group needs at least 3 other stocks, not 2"),
        ('group: {z: "< -3", members: ">= 4"}', ("NVDA", "AMD", "VRT", "KO"), "no more than 3 others are watched"),
        ('breadth: {symbols: peers, change: "< -5%", count: ">= 2"}', ("NVDA", "AMD"), ""),
        ('group: {z: "< -3", members: ">= 3"}', ("NVDA", "AMD", "VRT", "KO"), ""),
        ('any: [{group: {z: "< -3"}}, {price: {change: "< -9%"}}]', ("KO",), ""),
        ('none: [{group: {z: "< -3"}}]\nprice: {change: "< -9%"}', ("KO",), ""),
    ],
)
def test_a_rule_about_peers_is_no_mistake_whoever_is_watched(
    tmp_path: Path, when: str, watchlist: tuple[str, ...], why: str
) -> None:
    around = replace(AROUND, watchlist=watchlist, groups={}, _selected={})
    for enabled in (True, False):
        idle = loaded(tmp_path, when, around, enabled=enabled).idle
        assert (why in idle and idle.startswith(CANNOT)) if why else not idle
    elsewhere = replace(around, also_known=("NVDA", "AMD", "VRT", "KO"), _selected={})
    assert not loaded(tmp_path, when, elsewhere, enabled=True).idle, "a replay watches fewer"


def test_a_named_condition_is_a_mistake_where_an_enabled_rule_uses_it(tmp_path: Path) -> None:
    text = """\
        conditions:
          many: {breadth: {symbols: all, change: "< -5%", count: ">= 9"}}
          more: {all: [many]}
        rules:
          - {name: off, symbols: [all], enabled: false, when: more}
          - {name: on, symbols: [all], when: CONDITION}
        """
    off, on = load(tmp_path, text.replace("CONDITION", '{price: {change: "< -5%"}}'))
    assert (off.idle, on.idle) == (f'{CANNOT}">= 9" can never hold: there are only 4', "")
    found = mistakes(tmp_path, text.replace("CONDITION", "many"))
    assert len(found) == 1, found
    assert "conditions.many.breadth.count" in found[0]


@pytest.mark.parametrize(
    "watchlist", [("KO",), ("KO", "NVDA"), ("NVDA", "AMD", "AVGO"), ("CRM", "NOW", "WDAY", "TEAM")]
)
def test_what_ships_loads_whoever_is_watched_and_says_which_rules_cannot_fire(watchlist: tuple[str, ...]) -> None:
    shipped = load_project(REPOSITORY / "config.yaml")
    around = RuleNames(watchlist, shipped.settings.benchmarks, shipped.companies, shipped.topics, {"mine": watchlist})
    idle = {rule.name for rule in load_rules(rule_files(REPOSITORY / "rules"), around) if rule.idle}
    few = {"group-fall", "ai-sell-off"} if len(watchlist) < 3 else {"group-fall"}
    assert idle == few | {"winner"}
    assert not [rule.name for rule in shipped.rules if rule.idle]
