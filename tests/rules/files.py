"""Rule files written by tests, and the small world their names refer to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent, indent

import pytest

from bot.config.rules import RuleNames, load_rules
from bot.core.errors import ConfigError
from bot.core.news import Companies, Company
from bot.core.rules.conditions import Condition
from bot.core.rules.rule import Rule, RuleSet
from tests.core.worlds import TOPICS

COMPANIES = Companies(
    [
        Company("NVDA", "Nvidia", exchange="XNYS", exposures={"ai-chips": 1.0}),
        Company("AMD", "AMD", exchange="XNYS", exposures={"ai-chips": 0.8, "cooling": 0.2}),
        Company("VRT", "Vertiv", exchange="XNYS", exposures={"cooling": 1.0}),
        Company("KO", "Coca-Cola", exchange="XNYS"),
        Company("PEP", "PepsiCo", exchange="XNYS"),
        Company("SPY", "S&P 500 fund", exchange="XNYS"),
    ],
    {"drinks": ("KO", "PEP")},
)
AROUND = RuleNames(
    watchlist=("NVDA", "AMD", "VRT", "KO"),
    benchmarks=("SPY", "QQQ"),
    companies=COMPANIES,
    topics=TOPICS,
    groups={"chips": ("NVDA", "AMD")},
    news_memory=timedelta(days=14),
)


def load(folder: Path, *texts: str, around: RuleNames = AROUND) -> RuleSet:
    """The rules of files with these texts."""
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"{'abcdef'[number]}.yaml"
        path.write_text(dedent(text), encoding="utf-8")
        paths.append(path)
    return load_rules(paths, around)


def mistakes(folder: Path, *texts: str, around: RuleNames = AROUND) -> list[str]:
    """What is wrong with these files, a line each, without the folder; a test that finds nothing fails."""
    with pytest.raises(ConfigError) as caught:
        load(folder, *texts, around=around)
    return [str(p).replace(f"{folder}/", "") for p in caught.value.problems]


def rule_text(when: str, rest: str = "", name: str = "one", symbols: str = "all") -> str:
    """A rule with this condition, written as in a file."""
    body = indent(dedent(when).strip(), "      ")
    more = indent(dedent(rest).strip(), "    ")
    return f"rules:\n  - name: {name}\n    symbols: {symbols}\n    when:\n{body}\n{more}\n"


def rule_of(folder: Path, when: str, rest: str = "", around: RuleNames = AROUND) -> Rule:
    """The rule with this condition."""
    return next(iter(load(folder, rule_text(when, rest), around=around)))


def condition_of(folder: Path, when: str) -> Condition:
    """What a condition compiles to."""
    return rule_of(folder, when).when
