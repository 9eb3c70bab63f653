"""Every mistake is found, all at once, with its place and what to write instead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.rules import shape_problems
from bot.core.rules.conditions import Abnormal, MarketTest

from .files import AROUND, load, mistakes, rule_of, rule_text

NEVER = "can never hold"


@pytest.mark.parametrize(
    ("when", "place", "said"),
    [
        # comparisons that cannot hold
        ('price: {change: "< -100%"}', "price.change", "a price cannot fall by 100%"),
        ('price: {change: "<= -100%"}', "price.change", "a price cannot fall by 100%"),
        ('price: {change: "between -150% and -120%"}', "price.change", "a price cannot fall by 100%"),
        ('price: {drawdown: "> 0%", of: 5 sessions}', "price.drawdown", "between -100% and 0%"),
        ('price: {drawdown: "< -100%", of: 5 sessions}', "price.drawdown", "between -100% and 0%"),
        ('gap: {change: "< -100%"}', "gap.change", NEVER),
        ('abnormal: {change: "< -120%"}', "abnormal.change", NEVER),
        ('volume: {ratio: "< 0"}', "volume.ratio", NEVER),
        ('volume: {ratio: "<= 0"}', "volume.ratio", NEVER),
        ('market: {change: "< -100%"}', "market.change", NEVER),
        ('market: {gap: "< -100%"}', "market.gap", NEVER),
        ('market: {volume: "< 0"}', "market.volume", NEVER),
        ('news: {topic: ai-model, score: "> 1"}', "news.score", "a score lies between 0 and 1"),
        ('news: {topic: ai-model, score: "<= 0"}', "news.score", "a score lies between 0 and 1"),
        ('news: {topic: ai-model, strength: ">= 1.1"}', "news.strength", NEVER),
        ('news: {topic: ai-model, novelty: "> 1"}', "news.novelty", NEVER),
        ('news: {topic: ai-model, sources: "< 1"}', "news.sources", NEVER),
        ('news: {topic: ai-model, stories: "<= 0"}', "news.stories", NEVER),
        ('news: {topic: ai-model, sources: ">= 1.5"}', "news.sources", "'1.5' is not a count"),
        ('news: {topic: ai-model, within: 2h, burst: "< 0"}', "news.burst", NEVER),
        ('cause: {topic: ai-model, confidence: "> 1"}', "cause.confidence", NEVER),
        ('breadth: {symbols: all, change: "< -5%", count: ">= 5"}', "breadth.count", "there are only 4"),
        ('breadth: {symbols: all, change: "< -5%", count: "> 4"}', "breadth.count", "there are only 4"),
        ('breadth: {symbols: all, change: "< -5%", count: ">= 2.5"}', "breadth.count", "not a count"),
        ('breadth: {symbols: all, change: "< -5%", share: "> 100%"}', "breadth.share", "between 0% and 100%"),
        ('price: {change: "between -2% and -5%"}', "price.change", "the smaller number comes first"),
        ('price: {change: "< -5"}', "price.change", 'write "< -5%"'),
        ("price: {change: -5%}", "price.change", "is not a comparison"),
        ("price: {change: -5}", "price.change", "write it in quotes with an operator"),
        ('news: {topic: ai-model, score: ">= 50%"}', "news.score", "must be a plain number"),
        # windows that nothing can fill
        ('price: {change: "< -5%", since: 501 sessions}', "price.since", "at most 500 sessions"),
        ('price: {change: "< -5%", since: high of 3000 sessions}', "price.since", "at most 500 sessions"),
        ('price: {change: "< -5%", since: 17h}', "price.since", "longer than any session"),
        ('price: {drawdown: "< -5%", of: 501 sessions}', "price.of", "at most 500 sessions"),
        ('price: {drawdown: "< -5%", of: 15d}', "price.of", "not kept that long"),
        ('market: {change: "< -5%", since: 501 sessions}', "market.since", "at most 500 sessions"),
        ('breadth: {change: "< -5%", since: 2d, count: ">= 2"}', "breadth.since", "longer than any session"),
        ("extreme: {lowest_since: 501 sessions}", "extreme.lowest_since", "at most 500 sessions"),
        ("extreme: {highest_since: 3d}", "extreme.highest_since", "not a number of sessions"),
        ('volume: {ratio: "> 2", over: 61 sessions}', "volume.over", "at most 60 sessions"),
        ('abnormal: {change: "< -5%", since: 11 sessions}', "abnormal.since", "at most 10 sessions"),
        ('abnormal: {change: "< -5%", since: open}', "abnormal.since", "write previous close or 3 sessions"),
        ("news: {topic: ai-model, within: 8 sessions}", "news.within", "at most 7 sessions"),
        ("news: {topic: ai-model, within: 15d}", "news.within", "at most 2w"),
        ("cause: {topic: ai-model, within: 8 sessions}", "cause.within", "kept for 2w"),
        ('news: {topic: ai-model, burst: ">= 3"}', "news.burst", "write within: 2h"),
        ('news: {topic: ai-model, burst: ">= 3", within: 8d}', "news.within", "write within: 2h"),
        ('news: {topic: ai-model, burst: ">= 3", within: 2h, baseline: 14d}', "news.baseline", "at most 13d"),
        ("sequence: {within: 15d, steps: [{during: {phase: pre}}, {during: {phase: post}}]}", "sequence.within", "2w"),
        # names
        ("news: {topic: ai-modle}", "news.topic", "did you mean 'ai-model'?"),
        ("news: {topic: [ai-model, x]}", "news.topic[1]", "unknown topic 'x'"),
        ("cause: {topic: ai-modle}", "cause.topic", "did you mean 'ai-model'?"),
        ("news: {about: DeepSek}", "news.about", "did you mean 'DeepSeek'?"),
        ("news: {about: [DeepSeek, Zzz]}", "news.about[1]", "no lab, model or company is called 'Zzz'"),
        ('market: {benchmark: SPX, change: "< -5%"}', "market.benchmark", "did you mean 'SPY'?"),
        ('abnormal: {benchmark: SPX, change: "< -5%"}', "abnormal.benchmark", "did you mean 'SPY'?"),
        ('breadth: {symbols: group:chip, change: "< -5%", count: ">= 1"}', "breadth.symbols", "did you mean 'chips'?"),
        (
            'breadth: {symbols: [peers, KO], change: "< -5%", count: ">= 1"}',
            "breadth.symbols",
            "peers cannot be combined with others",
        ),
        # text
        ('news: {text: "(a"}', "news.text", "is not a regular expression"),
        ('news: {text: "a|"}', "news.text", "matches any text"),
        # shape
        ("price: {}", "price", "the price condition has no test"),
        ('price: {change: "< -1%", drawdown: "< -1%", of: 5 sessions}', "price", "two conditions"),
        ('price: {drawdown: "< -1%"}', "price", "add of: 60 sessions"),
        ('price: {change: "< -1%", of: 5 sessions}', "price", "lookback of a drawdown"),
        ('price: {drawdown: "< -1%", of: 5 sessions, since: open}', "price", "write of instead of since"),
        ("market: {benchmark: SPY}", "market", "the market condition has no test"),
        ("abnormal: {}", "abnormal", "the abnormal condition has no test"),
        ('breadth: {change: "< -1%"}', "breadth", "the breadth condition has no test"),
        ("extreme: {}", "extreme", "expected either lowest_since or highest_since"),
        ("extreme: {lowest_since: 5 sessions, highest_since: 5 sessions}", "extreme", "expected either"),
        ("news: {within: 2h}", "news", "write topic: ai-model, or about, or text"),
        ("during: {}", "during", "no time is given"),
        ("during: {hours: 09:30-16:00}", "during", "add zone: America/New_York"),
        ("during: {weekdays: mon}", "during", "add zone: America/New_York"),
        ("during: {phase: pre, zone: UTC}", "during", "zone only applies to hours and weekdays"),
        ("during: {hours: 9-16, zone: UTC}", "during.hours", "write one like 09:30-16:00"),
        ("during: {hours: 09:30-09:30, zone: UTC}", "during.hours", "ends when it starts"),
        ("during: {hours: 25:00-26:00, zone: UTC}", "during.hours", "write one like 09:30-16:00"),
        ("during: {weekdays: [mon, xyz], zone: UTC}", "during.weekdays", "'xyz' is not a weekday"),
        ("during: {weekdays: [9], zone: UTC}", "during.weekdays", "'9' is not a weekday"),
        ("during: {hours: 09:30-16:00, zone: New_York}", "during.zone", "unknown time zone 'New_York'"),
        ("during: {phase: pree}", "during.phase", "did you mean 'pre'?"),
        ("sequence: {within: 2h, steps: [{during: {phase: pre}}]}", "sequence.steps", "at least 2"),
        ("pric: {}", "pric", "did you mean 'price'?"),
        ("hold: 3", "hold", "'hold' belongs to the rule"),
        ("price: {change: '< -5%', since: yesterday}", "price.since", "write 'previous close', 'open'"),
        # as people write elsewhere
        ("price: {change: '< -5%', since: 30min}", "price.since", "write 30m"),
        ("news: {topic: ai-model, within: 2 hours}", "news.within", "write 2h"),
        ("price: {change: '< -5,5%'}", "price.change", "write a point, like < -5.5%"),
        ("{price: {change: '< -5%'}, not: [{market: {change: '< -4%'}}]}", "not", "in a list under none:"),
        ("during: {hours: 09:30-16:00, zone: EST}", "during.zone", "EST has no summer time; write America/New_York"),
        # a sign forgotten
        ("price: {change: '< 5%'}", "price.change", 'not moved; write "< -5%" for a move'),
        ("price: {change: '> -5%', since: 3 sessions}", "price.change", 'not moved; write "> 5%" for a move'),
        ("price: {change: 'between -1% and 1%'}", "price.change", "not moved; write one like < -5%"),
    ],
)
def test_a_condition_that_makes_no_sense_is_found_where_it_stands(
    tmp_path: Path, when: str, place: str, said: str
) -> None:
    found = mistakes(tmp_path, rule_text(when))
    assert len(found) == 1, found
    where, _, message = found[0].partition(": ")
    assert message.startswith(f"rules[0].when.{place}: "), found
    assert said in message, found
    assert where.startswith("a.yaml:5:"), found
    assert ";" in message or "did you mean" in message or "write" in message


@pytest.mark.parametrize(
    "when",
    [
        'price: {change: "< -99%"}',
        'all: [{price: {change: "> -100%"}}, {news: {topic: ai-model}}]',
        'price: {change: "< -5%", since: 500 sessions}',
        'price: {change: "< -5%", since: 16h}',
        'price: {drawdown: "<= 0%", of: 500 sessions}',
        'price: {drawdown: "< -5%", of: 14d}',
        'news: {topic: ai-model, score: ">= 0"}',
        'news: {topic: ai-model, score: ">= 1", strength: ">= 1", novelty: ">= 1"}',
        'news: {topic: ai-model, sources: ">= 1", within: 7 sessions}',
        "news: {topic: ai-model, within: 14d}",
        'news: {topic: ai-model, within: 7d, baseline: 7d, burst: ">= 0"}',
        'cause: {topic: ai-model, confidence: ">= 1"}',
        'breadth: {symbols: all, change: "< -5%", count: ">= 4", share: ">= 100%"}',
        'breadth: {symbols: all, change: "< -5%", count: "<= 0"}',
        'volume: {ratio: "> 0", over: 60 sessions}',
        'abnormal: {change: "< -99%", since: 10 sessions}',
        "extreme: {lowest_since: 500 sessions}",
        "sequence: {within: 14d, steps: [{during: {phase: pre}}, {during: {phase: post}}]}",
    ],
)
def test_what_is_just_possible_passes(tmp_path: Path, when: str) -> None:
    assert rule_of(tmp_path, when).name == "one"


@pytest.mark.parametrize(
    ("symbols", "said"),
    [
        ("NVDIA", "unknown symbol 'NVDIA'; did you mean 'NVDA'?"),
        ("PEP", "'PEP' is not watched; add it to the watchlist"),
        ("group:chip", "unknown group 'chip'; did you mean 'chips'?"),
        ("exposure:ai-chip", "unknown exposure 'ai-chip'; did you mean 'ai-chips'?"),
        ("[all, 'not:NVDIA']", "unknown symbol 'NVDIA'"),
        ("'not:NVDA'", "this only excludes symbols; add all"),
        ("[NVDA, 'not:NVDA']", "no watched symbol matches"),
        ("['all', 'not:all']", "no watched symbol matches"),
        ("chips", "'chips' is a group; write group:chips"),
        ("gruop:chips", "unknown kind of selection 'gruop'; did you mean 'group'?"),
        ("[]", "nothing is written here"),
        ("5", "expected a list, found number 5"),
        ("BRK.B", "'BRK.B' is not watched; add it to the watchlist in config.yaml, as Yahoo writes it: BRK-B"),
        ("BTC-USD", "'BTC-USD' is not watched; add it to the watchlist in config.yaml"),
        ("^GSPC", "'^GSPC' is an index and not watched; add it to benchmarks: in config.yaml"),
    ],
)
def test_a_selection_of_nobody_is_found(tmp_path: Path, symbols: str, said: str) -> None:
    found = mistakes(tmp_path, rule_text('price: {change: "< -5%"}', symbols=symbols))
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("rest", "place", "said"),
    [
        ("severity: warnin", "severity", "did you mean 'warning'?"),
        ("severity: {warnin: always}", "severity.warnin", "did you mean 'warning'?"),
        ("severity: {high: sometimes}", "severity.high", "write always, or"),
        ('severity: {high: "change < -15"}', "severity.high", "lacks a %"),
        ('severity: {high: "change < -15%"}', "severity", "no severity applies always"),
        (
            'severity: {high: "< -12%", critical: "< -15%"}',
            "severity",
            'the value always, or "< -10%", from which the rule fires',
        ),
        ('severity: {"< -10%": high}', 'severity["< -10%"]', 'write the severity first: high: "< -10%"'),
        ('severity: {high: "< -10"}', "severity.high", "lacks a %"),
        ("severity: {}", "severity", "no severity is given"),
        ('severity: {high: always, critical: "change > 5%"}', "severity.critical", "can never be reached"),
        ('severity: {high: always, critical: "change > -10%"}', "severity.critical", "can never be reached"),
        ('severity: {high: always, critical: "change < -5%"}', "severity.high", "wherever the rule fires"),
        ('severity: {high: always, critical: "change < -10%"}', "severity.high", "can never be reached"),
        ("severity: {high: always, critical: always}", "severity.high", "critical applies always"),
        (
            'severity: {info: always, high: "change < -20%", critical: "change < -15%"}',
            "severity.high",
            'critical applies at "< -15%"',
        ),
        ("hold: 0", "hold", "too few"),
        ("hold: 21", "hold", "too many"),
        ("hold: 17h", "hold", "no session is that long"),
        ("hold: true", "hold", "write a number of quotes, or a duration like 10m"),
        ("hold: soon", "hold", "is not a duration"),
        ("hold: {evening: 3}", "hold", "has pre, regular, post or overnight, not 'evening'"),
        ("hold: {}", "hold", "has pre, regular, post or overnight"),
        ("hold: {pre: 0}", "hold", "too few"),
        ("hold: {overnight: 4 over}", "hold", "like 4 over 2m"),
        ("hold: {overnight: 0 over 2m}", "hold", "too few"),
        ("hold: {overnight: 4 over 20h}", "hold", "no session is that long"),
        ("hold: {pre: 4 over 2m}", "hold", "is not a duration"),
        ("for: 10m", "for", "as hold: 10m, beside when"),
        ("cooldown: 0 sessions", "cooldown", "at least 1 session"),
        ("follow_up: tomorrow", "follow_up", "is not a follow-up"),
        ("labels: {Desk: semis}", "labels.Desk", "write lower-case letters, digits and _, like desk"),
        ("labels: {desk: }", "labels.desk", "expected text"),
        ("labels: {desk: ' '}", "labels.desk", "a label without a value"),
        ("labels: desk", "labels", "expected a mapping"),
        ("label: {desk: semis}", "label", "did you mean 'labels'?"),
        ("to: 12345", "to", "12345 has no channel; write telegram:12345"),
        ("to: [telegram:12345, desk]", "to[1]", "write telegram:12345 (/whoami tells a chat's id) or webhook:NAME"),
        ("to: telegram:@desk", "to", "is not a recipient"),
    ],
)
def test_what_stands_beside_the_conditions_is_checked(tmp_path: Path, rest: str, place: str, said: str) -> None:
    found = mistakes(tmp_path, rule_text('price: {change: "< -10%"}', rest))
    assert len(found) == 1, found
    assert f": rules[0].{place}: " in found[0]
    assert said in found[0]


@pytest.mark.parametrize(
    ("when", "severity"),
    [
        ('price: {change: "< -10%"}', '{high: always, critical: "change < -10.1%"}'),
        ('price: {change: "> 5%"}', '{high: always, critical: "change > 8%"}'),
        ('price: {change: "< -10%"}', '{info: always, high: "change < -15%", critical: "change < -20%"}'),
        ('any: [{price: {change: "< -10%"}}, {price: {change: "> 10%"}}]', '{high: always, critical: "change > 20%"}'),
        ('price: {drawdown: "< -10%", of: 5 sessions}', '{high: always, critical: "change < -20%"}'),
        ('price: {change: "< -5%"}', '{warning: "< -5%", high: "<= -10%", critical: "<= -17%"}'),
        ('price: {change: "< -5%"}', '{critical: "<= -17%", warning: "<= -5%"}'),
        ('abnormal: {z: "< -4"}', '{warning: always, high: "< -10%"}'),
    ],
)
def test_severities_that_can_be_reached_pass(tmp_path: Path, when: str, severity: str) -> None:
    assert rule_of(tmp_path, when, f"severity: {severity}").severity


def test_a_severity_by_change_needs_a_price(tmp_path: Path) -> None:
    rest = 'severity: {high: always, critical: "change < -15%"}'
    found = mistakes(tmp_path, rule_text("news: {topic: ai-model}\nnone: [{price: {change: '< -1%'}}]", rest))
    assert "a change needs a price condition" in found[0]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (
            'all: [{price: {change: "< -10%"}}, {price: {change: "> -5%"}}]',
            'all[1].price: "> -5%" and "< -10%" can never both hold',
        ),
        (
            'price: {change: "< -10%"}\nnone: [{price: {change: "< -5%"}}]',
            'none[0].price: this blocks whenever "< -10%" holds',
        ),
        (
            'all: [{price: {drawdown: "< -10%", of: 5 sessions}}, {price: {drawdown: "> -5%", of: 5 sessions}}]',
            "can never both hold",
        ),
        ('price: {change: "< -5%", since: story}', "the rule has no story to measure from; add news"),
        (
            'price: {change: "< -5%"}\nmarket: {change: "< -1%", since: story}',
            "the rule has no story to measure from; add news",
        ),
        (
            'price: {change: "< -5%", since: story}\nnone: [{news: {topic: ai-model}}]',
            "the rule has no story to measure from; add news",
        ),
        ("news: {topic: ai-model, reach: none}", "this fires for every symbol; write direct or exposure"),
        (
            'news: {topic: ai-model, reach: [direct, none]}\nnone: [{price: {change: "< -5%"}}]',
            "this fires for every symbol",
        ),
    ],
)
def test_conditions_that_make_no_sense_together_are_found(tmp_path: Path, when: str, said: str) -> None:
    found = mistakes(tmp_path, rule_text(when))
    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    "when",
    [
        'any: [{price: {change: "< -10%"}}, {price: {change: "> 5%"}}]',
        'all: [{price: {change: "< -10%"}}, {price: {change: "> -5%", since: open}}]',
        'price: {change: "< -10%"}\nnone: [{price: {change: "< -15%"}}]',
        'price: {change: "< -10%"}\nnone: [{price: {change: "< -5%", since: open}}]',
        'price: {change: "< -5%", since: story}\nnews: {topic: ai-model}',
        'price: {change: "< -5%"}\nnews: {topic: ai-model, reach: none}',
    ],
)
def test_conditions_that_make_sense_together_pass(tmp_path: Path, when: str) -> None:
    assert rule_of(tmp_path, when).has_price


def test_every_mistake_in_every_file_is_reported_at_once_and_a_broken_key_hides_none(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        rules:
          - name: one
            symbols: [NVDIA, 5]
            when:
              all:
                - price: {change: "< -10%", sinc: open}
                - pric: {change: "< 5%"}
                - 7
                - news: {topic: ai-modle, score: "> 1", within: soon}
            hold: 99
            severity: warnin
          - 12
        """,
        """
        rules:
          - name: one
            symbols: NVDA
            when: {price: {change: "< -100%"}}
        """,
        "rules: [",
        "- no",
    )
    assert [line.partition(": ")[2].partition(":")[0] for line in found] == [
        "rules[0].symbols[0]",
        "rules[0].symbols[1]",
        "rules[0].when.all[0].price.sinc",
        "rules[0].when.all[1].pric",
        "rules[0].when.all[2]",
        "rules[0].when.all[3].news.topic",
        "rules[0].when.all[3].news.score",
        "rules[0].when.all[3].news.within",
        "rules[0].hold",
        "rules[0].severity",
        "rules[1]",
        "rules[0].name",
        "rules[0].when.price.change",
        found[-2].partition(": ")[2].partition(":")[0],
        found[-1].partition(": ")[2].partition(":")[0],
    ]
    assert [line.partition(":")[0] for line in found] == ["a.yaml"] * 11 + ["b.yaml"] * 2 + ["c.yaml", "d.yaml"]
    assert "already at" in found[11]
    assert "a.yaml:3" in found[11]


def test_a_mistake_in_one_rule_leaves_the_others_checked(tmp_path: Path) -> None:
    broken = '{name: x, symbols: all, when: {price: {change: "< -5%"}}, sevrity: high}'
    wrong = "{name: y, symbols: all, when: {news: {topic: nothing}}}"
    found = mistakes(tmp_path, f"rules:\n  - {broken}\n  - {wrong}\n")
    assert [("sevrity" in found[0]), ("unknown topic 'nothing'" in found[1])] == [True, True]


def test_mistakes_in_named_conditions_are_told_once_and_where_they_are_defined(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """
        conditions:
          bad: {news: {topic: nothing}}
          unused: {price: {change: "< -100%"}}
          circle: {any: [other]}
          other: {all: [circle]}
        rules:
          - {name: x, symbols: all, when: bad}
          - {name: y, symbols: all, when: {all: [bad, bda, circle]}}
        """,
    )
    assert [line.partition(": ")[2] for line in found] == [
        "conditions.bad.news.topic: unknown topic 'nothing'; write ai-model",
        'conditions.unused.price.change: "< -100%" can never hold: a price cannot fall by 100% or more; '
        "write a limit that can be reached",
        "conditions.other.all[0]: 'circle' is defined in terms of itself (circle → other → circle); "
        "write the condition out",
        "rules[1].when.all[1]: unknown condition 'bda'; did you mean 'bad'?",
    ]


def test_a_name_without_definitions_says_where_they_stand(tmp_path: Path) -> None:
    assert "define big-fall under conditions:" in mistakes(tmp_path, rule_text("all: [big-fall]"))[0]
    assert "write price: …" in mistakes(tmp_path, rule_text("all: [price]"))[0]


@pytest.mark.parametrize("when", ['abnormal: {change: "< -5%"}', 'market: {change: "< -5%"}'])
def test_where_none_is_named_the_first_of_the_configured_benchmarks_is_taken(tmp_path: Path, when: str) -> None:
    taken = rule_of(tmp_path, when, around=replace(AROUND, benchmarks=("QQQ", "SPY"))).when
    assert isinstance(taken, Abnormal | MarketTest)
    assert taken.benchmark == "QQQ"
    found = mistakes(tmp_path, rule_text(when), around=replace(AROUND, benchmarks=()))
    assert "config.yaml has no benchmarks; add some there, like benchmarks: [SPY]" in found[0]


def test_how_far_back_news_go_depends_on_what_is_remembered(tmp_path: Path) -> None:
    around = replace(AROUND, news_memory=timedelta(days=30))
    text = rule_text("news: {topic: ai-model, within: 15 sessions}")
    assert load(tmp_path, text, around=around)
    assert "at most 7 sessions" in mistakes(tmp_path, text)[0]


def test_the_shape_of_rules_is_checked_though_nothing_is_known_of_the_names_in_them(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(rule_text("pric: {}\nnews: {topic: nothing}"), encoding="utf-8")
    broken = tmp_path / "b.yaml"
    broken.write_text("rules: [", encoding="utf-8")
    found = shape_problems([path, broken])
    assert [p.path for p in found] == ["rules[0].when.pric", ""]
    assert [Path(p.file).name for p in found] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("when", "rest", "place", "said"),
    [
        ("news: {topic: ai-model, reach: direct}", "", "when.news.reach", "told by itself; remove reach"),
        ('news: {topic: ai-model, strength: ">= 0.1"}', "", "when.news.strength", "remove strength"),
        ('news: {topic: ai-model, within: 2h, burst: ">= 3"}', "", "when.news.burst", "remove burst"),
        ('{news: {topic: ai-model}, price: {change: "< -5%"}}', "", "when.price", "only news and during can be asked"),
        ("{news: {topic: ai-model}, cause: {topic: ai-model}}", "", "when.cause", "only news and during can be asked"),
        ("during: {phase: regular}", "", "when", "the rule is about news; add news"),
        ("any: [news: {topic: ai-model}, during: {phase: pre}]", "", "when", "the rule is about news; add news"),
        ("news: {topic: ai-model}", "follow_up: recovered", "follow_up", "no price follows"),
        (
            "news: {topic: ai-model}",
            'severity: {high: always, critical: "change < -5%"}',
            "severity",
            "single severity",
        ),
    ],
)
def test_a_rule_about_no_stock_asks_for_news_alone(tmp_path: Path, when: str, rest: str, place: str, said: str) -> None:
    text = rule_text(when, rest, symbols="none")
    assert any(f"rules[0].{place}:" in line and said in line for line in mistakes(tmp_path, text)), mistakes(
        tmp_path, text
    )


def test_a_named_condition_serves_rules_about_stocks_and_about_none(tmp_path: Path) -> None:
    text = """
        conditions:
          told: {news: {topic: ai-model}}
        rules:
          - {name: one, symbols: all, when: told}
          - {name: two, symbols: none, when: told}
    """
    one, two = load(tmp_path, text)
    assert (one.per_happening, two.per_happening, two.symbols) == (False, True, frozenset())
    assert "reach direct/exposure" in str(one.when.children[0])
    assert "reach none" in str(two.when.children[0])


@pytest.mark.parametrize(
    ("portfolio", "place", "said"),
    [
        ('{weights: {XXXX: 40%}, change: "< -3%"}', "weights.XXXX", "not watched"),
        ('{weights: {NVDA: 70%, KLAC: 40%}, change: "< -3%"}', "weights", "add up to 110%; make them 100% at most"),
        ('{weights: {NVDA: 0%}, change: "< -3%"}', "weights.NVDA", "is no weight; write a share"),
        ('{weights: {NVDA: 140%}, change: "< -3%"}', "weights.NVDA", "is no weight; write a share"),
        ('{weights: {}, change: "< -3%"}', "weights", "nothing is written here"),
        ('{weights: {NVDA: 40%}, change: "< -100%"}', "change", "a price cannot fall by 100%"),
        ('{weights: {NVDA: 0.4}, change: "< -3%"}', "weights.NVDA", "0.4 is no weight; write a share"),
        ("{weights: {NVDA: 40%}}", "", "change"),
    ],
)
def test_a_portfolio_has_weights_that_make_sense(tmp_path: Path, portfolio: str, place: str, said: str) -> None:
    found = mistakes(tmp_path, rule_text(f"portfolio: {portfolio}", symbols="none"))
    assert any(f"when.portfolio{place and '.'}{place}:" in line and said in line for line in found), found


def test_a_portfolio_is_no_stock(tmp_path: Path) -> None:
    found = mistakes(tmp_path, rule_text('portfolio: {weights: {NVDA: 40%}, change: "< -3%"}'))
    assert "a portfolio is no stock; write symbols: none" in found[0]
    both = '{portfolio: {weights: {NVDA: 40%}, change: "< -3%"}, price: {change: "< -3%"}}'
    assert "only news and during can be asked" in mistakes(tmp_path, rule_text(both, symbols="none"))[0]


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("{below: 100, above: 50}", "write each under its own price"),
        ('{below: 100, change: "< -3%"}', "write each under its own price"),
        ("{below: 100, since: open}", "a level is not measured from anything; remove since"),
        ("{below: 0}", "too small"),
        ("{below: -5}", "too small"),
        ('{below: "100 USD"}', "price.below"),
        ("{}", "below: 100"),
    ],
)
def test_a_level_stands_by_itself(tmp_path: Path, price: str, said: str) -> None:
    assert any(said in line for line in mistakes(tmp_path, rule_text(f"price: {price}"))), mistakes(
        tmp_path, rule_text(f"price: {price}")
    )
