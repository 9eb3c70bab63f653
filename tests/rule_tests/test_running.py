"""Running rule tests: what passes, what fails, and what a failure says."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from bot.app.lab.rule_test_report import junit, result_lines, result_object
from bot.core.model import DailyBar

from .bench import CONFIG, NOW, STORY, Bench, whats

FALL = "    prices: {NVDA: '142.62 | 14:30 130, 15:00 2x125 every 1m, 16:00 2x120 every 1m', SPY: 600 | 14:30 598}\n"
NEWS = f"    news: ['{STORY}']\n"
BOTH = (
    "      - {symbol: NVDA, at: '15:01', severity: high, reason: first}\n"
    "      - {symbol: NVDA, at: '16:01', severity: critical, reason: escalated}\n"
)


def test_a_test_passes_where_exactly_the_expected_alerts_fire(bench: Bench) -> None:
    assert bench.one("  - name: a\n" + FALL + NEWS + "    expect:\n" + BOTH).passed


def test_an_alert_that_was_not_expected_fails_the_test_and_says_why_it_fired(bench: Bench) -> None:
    verdict = bench.one("  - name: a\n" + FALL + NEWS + "    expect:\n" + BOTH.splitlines()[0])
    assert whats(verdict) == ["fall NVDA escalated critical at 2025-01-27 16:01Z (-15.9%): not expected"]
    assert any("price change < -10%" in line and "✓" in line for line in result_lines(verdict))


def test_what_is_expected_of_nothing_fails_with_the_reason_given(bench: Bench) -> None:
    verdict = bench.one("  - name: a\n" + FALL + NEWS + "    expect_nothing: because all is well\n")
    assert len(verdict.failures) == 2
    assert "nothing was expected (because all is well)" in whats(verdict)[0]


def test_an_alert_that_does_not_come_is_explained_by_its_nearest_miss(bench: Bench) -> None:
    verdict = bench.one("  - name: a\n" + FALL + "    expect: [{symbol: NVDA, at: '15:01'}]\n")
    (failure,) = verdict.failures
    assert "fall did not fire" in failure.what
    assert failure.came == ("nothing for NVDA",)
    (miss,) = failure.misses
    assert (miss.rule, miss.symbol, f"{miss.at:%H:%M}") == ("fall", "NVDA", "15:01")
    stopped = [line for line in result_lines(verdict) if "stopped here" in line]
    assert len(stopped) == 1
    assert "news topic ai-model" in stopped[0]


def test_a_guard_that_blocks_is_what_stopped_it(bench: Bench) -> None:
    text = "  - name: a\n" + FALL.replace("598", "570") + NEWS + "    expect: [{symbol: NVDA, at: '15:01'}]\n"
    stopped = [line for line in result_lines(bench.one(text)) if "stopped here" in line]
    assert ["market SPY" in line for line in stopped] == [True]


@pytest.mark.parametrize(
    ("expected", "difference"),
    [
        ("{symbol: NVDA, at: '15:00', severity: high}", "came at 2025-01-27 15:01Z"),
        ("{symbol: NVDA, at: '15:01', severity: info}", "severity is high"),
        ("{symbol: NVDA, at: '15:01', reason: widened}", "the message's reason is first"),
        ("{symbol: NVDA, at: '15:01', reason: none}", "a message went out, reason first"),
        ("{symbol: NVDA, at: '15:01', message contains: Intel}", "the message lacks ‘Intel’; it begins ‘Nvidia falls"),
        ("{symbol: NVDA, at: '15:01', suppressed by: cooldown}", "the message was not held back"),
        ("{symbol: NVDA, at: '15:01', suppressed by: inhibited by other}", "the message was not held back"),
    ],
)
def test_each_thing_expected_of_an_alert_is_compared(bench: Bench, expected: str, difference: str) -> None:
    text = "  - name: a\n" + FALL + NEWS + f"    expect:\n      - {expected}\n" + BOTH.splitlines()[1]
    assert any(difference in what for what in whats(bench.one(text))), whats(bench.one(text))


@pytest.mark.parametrize(
    "expected",
    [
        "{symbol: NVDA}",
        "{symbol: NVDA, rule: fall, at: 15:00 to 15:01}",
        "{symbol: NVDA, at: '15:01:00'}",
        "{symbol: NVDA, at: 2025-01-27 15:01}",
        "{symbol: NVDA, at: 01-27 15:01 to 01-28 15:00}",
        "{symbol: NVDA, message contains: ['falls 12.4 %', DeepSeek]}",
    ],
)
def test_an_expectation_may_be_written_in_several_ways(bench: Bench, expected: str) -> None:
    text = "  - name: a\n" + FALL + NEWS + f"    expect:\n      - {expected}\n" + BOTH.splitlines()[1]
    assert bench.one(text).failures == ()


def test_the_end_of_an_alert_is_looked_at_only_where_it_is_expected(bench: Bench) -> None:
    ends = "      - {symbol: NVDA, state: resolved, at: 2025-01-28 01:00}\n"
    assert bench.one("  - name: a\n" + FALL + NEWS + "    expect:\n" + BOTH + ends).passed
    late = bench.one("  - name: a\n" + FALL + NEWS + "    expect:\n" + BOTH + ends.replace("28 01", "28 02"))
    assert "came at 2025-01-28 01:00Z" in whats(late)[0]


def test_messages_are_compared_in_full_where_they_are_written(bench: Bench) -> None:
    wanted = "    messages: [{reason: first, at: '15:01', contains: Nvidia}, {reason: escalated}]\n"
    text = "  - name: a\n" + FALL + NEWS + "    expect:\n" + BOTH
    assert bench.one(text + wanted).passed
    assert "expected message 2, reason widened: its reason is escalated" in whats(
        bench.one(text + wanted.replace("escalated", "widened"))
    )
    assert "this message was not expected" in whats(bench.one(text + "    messages: [{reason: first}]\n"))[0]
    assert "expected message 3, reason follow_up: none came" in whats(
        bench.one(text + wanted.replace("}]", "}, {reason: follow_up}]"))
    )


def test_a_second_alert_of_an_incident_sends_no_message_and_may_be_expected_so(bench: Bench) -> None:
    text = """
      - name: a
        prices:
          NVDA: 142.62 | 15:00 2x125 every 1m
          AMD: 122 | 15:30 2x105 every 1m
        news: ['%s']
        expect:
          - {symbol: NVDA, reason: first}
          - {symbol: AMD, reason: none}
    """
    assert bench.one(text % STORY).failures == ()


def test_a_message_held_back_by_the_cooldown_may_be_expected(bench: Bench) -> None:
    text = """
      - name: a
        rules: drop
        prices:
          NVDA: 142.62 | 15:00 2x125 every 1m, 21:00 125 close, 2025-01-28 15:00 2x110 every 1m
        expect:
          - {symbol: NVDA, at: 2025-01-27 15:01, reason: first}
          - {symbol: NVDA, at: 2025-01-28 15:01, suppressed by: cooldown}
    """
    assert bench.one(text).failures == ()
    assert (
        "the message was held back by cooldown"
        in whats(bench.one(text.replace("suppressed by: cooldown", "reason: first")))[0]
    )


def test_what_stops_an_alert_can_be_demanded(bench: Bench) -> None:
    text = "  - name: a\n" + FALL + "    expect_nothing: {because: no story, stopped by: %s}\n"
    assert bench.one(text % "news").passed
    assert (
        "expected to be stopped by 'market': fall for NVDA was stopped by news" in whats(bench.one(text % "market"))[0]
    )


def test_a_rule_on_news_alone_needs_no_prices(bench: Bench) -> None:
    verdict = bench.one(
        f"  - name: a\n    rules: release\n{NEWS}    expect: [{{symbol: NVDA, at: 2025-01-26 12:00}}]\n"
    )
    assert verdict.failures == ()


def test_seeded_stories_do_not_fire_a_rule_on_news_alone(bench: Bench) -> None:
    title = STORY.split(" | ")[2]
    news = f"    news: [{{at: 2025-01-26 12:00, title: '{title}', seeded: true}}]\n"
    assert bench.one(f"  - name: a\n    rules: release\n{news}    expect_nothing: because it is seeded\n").passed


def test_times_may_be_written_in_another_zone(bench: Bench) -> None:
    verdict = bench.one(
        """
      - name: a
        rules: drop
        zone: America/New_York
        prices: {NVDA: '100 | 09:30 95, 10:00 2x85 every 1m'}
        expect: [{symbol: NVDA, at: '10:01', severity: warning}]
        """
    )
    assert verdict.failures == ()
    assert f"{verdict.fired[0].at:%H:%M}" == "15:01"


def test_a_symbol_off_the_watchlist_can_be_tested_and_one_abroad_has_its_own_sessions(bench: Bench) -> None:
    text = """
      - name: a
        prices: {6857.T: '9000 | 00:30 2x8000 every 1m'}
        news: ['2025-01-26 12:00 | Example News | DeepSeek releases DeepSeek-R1; what it means for Advantest']
        expect: [{symbol: 6857.T, at: '00:31'}]
    """
    assert bench.one(text).failures == ()


def test_only_the_symbols_asked_for_are_looked_at(bench: Bench) -> None:
    prices = "    prices: {NVDA: '100 | 15:00 2x85', AMD: '100 | 15:00 2x85'}\n"
    text = "  - name: a\n    rules: drop\n" + prices + "    symbols: AMD\n    expect: [{symbol: AMD}]\n"
    assert bench.one(text).passed
    assert not bench.one(text.replace("    symbols: AMD\n", "")).passed


def test_a_test_can_end_before_its_prices_do(bench: Bench) -> None:
    text = "  - name: a\n" + FALL + NEWS + "    until: '16:00'\n    expect:\n" + BOTH.splitlines()[0] + "\n"
    assert bench.one(text).passed
    assert not bench.one(text.replace("until: '16:00'", "until: '16:01'")).passed
    (mistake,) = bench.mistakes(text.replace("until: '16:00'", "until: 2025-01-20 10:00"))
    assert "nothing happens before then" in mistake


def test_an_episode_can_be_tested(bench: Bench) -> None:
    text = """
      - name: a
        episode: deepseek-2025-01
        symbols: NVDA
        expect:
          - {symbol: NVDA, at: 2025-01-27 09:30 to 2025-01-27 12:00}
          - {symbol: NVDA, severity: critical}
    """
    assert bench.one(text).failures == ()


def test_recorded_files_can_be_tested_and_the_tape_starts_with_their_references(bench: Bench) -> None:
    (bench.folder / "prices.csv").write_text(
        "symbol,date,open,high,low,close,volume\n"
        "NVDA,2025-01-24,148.37,148.97,141.88,142.62,234657600\n"
        "NVDA,2025-01-27,124.80,128.40,116.70,118.42,818830900\n"
    )
    line = {"published": "2025-01-26T12:00:00Z", "title": STORY.split(" | ")[2], "source": "Example News"}
    (bench.folder / "news.jsonl").write_text(json.dumps(line) + "\n")
    text = """
      - name: a
        recording: {prices: prices.csv, news: news.jsonl, from: 2025-01-27}
        expect: [{symbol: NVDA, at: '21:00', severity: critical}]
    """
    assert bench.one(text).failures == ()
    from bot.app.lab.rule_testing import prepare_suite

    suite = prepare_suite(CONFIG, bench.write(text), bench.rules, NOW)
    assert isinstance(suite.tests[0][2].tape.observations[0], DailyBar)
    (bench.folder / "prices.csv").write_text("symbol,date,close\nNVDA,2025-01-25,1\nNVDA,someday,1\n")
    mistakes = bench.mistakes(text)
    assert [m.split(": ")[0] for m in mistakes] == ["prices.csv:2:1", "prices.csv:3:1"]


def test_a_price_that_was_not_believed_is_noted(bench: Bench) -> None:
    verdict = bench.one(
        "  - name: a\n    rules: drop\n    prices: {NVDA: '100 | 15:00 100, 15:01 0.01'}\n"
        "    expect: [{symbol: NVDA}]\n"
    )
    assert verdict.notes == ("implausible price: NVDA 0.01 at 2025-01-27 15:01Z, absurd",)


def test_the_same_tests_give_the_same_verdicts(bench: Bench) -> None:
    text = "  - name: a\n" + FALL + NEWS + "    expect: [{symbol: NVDA, at: '15:00'}]\n"
    assert list(result_lines(bench.one(text))) == list(result_lines(bench.one(text)))


def test_results_are_objects_for_programs_and_junit_for_ci(bench: Bench) -> None:
    verdicts = bench.run(
        "  - name: good\n"
        + FALL
        + NEWS
        + "    expect:\n"
        + BOTH
        + "  - name: bad <&\n"
        + FALL
        + "    expect: [{symbol: NVDA}]\n"
    )
    objects = [json.loads(json.dumps(result_object(v))) for v in verdicts]
    assert [(o["name"], o["passed"], o["line"]) for o in objects] == [("good", True, 4), ("bad <&", False, 10)]
    assert objects[1]["failures"][0]["why"][0]["stopped_by"].startswith("news topic ai-model")
    root = ElementTree.fromstring(junit(verdicts, 0.5).split("?>", 1)[1])
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    cases = root.findall("./testsuite/testcase")
    assert [(c.get("name"), c.find("failure") is None) for c in cases] == [("good", True), ("bad <&", False)]
