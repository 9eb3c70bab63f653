"""Files of rule tests: every mistake has its place, and a test that could not fail is refused."""

from __future__ import annotations

import pytest

from tests.rule_tests.bench import STORY, Bench

PRICES = "    prices: {NVDA: 142.62 | 15:00 140}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  - name: a\n    expect_nothing: because\n", "case.yaml:4:5: tests[0]: no prices and no stories"),
        ("  - name: a\n" + PRICES, "case.yaml:4:5: tests[0]: nothing is expected"),
        ("  - name: a\n" + PRICES + "    expect: []\n", "case.yaml:6:13: tests[0].expect: nothing is written here"),
        ("  - name: a\n" + PRICES + "    expect_nothing: ''\n", "case.yaml:6:21: tests[0].expect_nothing: nothing is"),
        (
            "  - name: a\n" + PRICES + "    expect: [{symbol: NVDA}]\n    expect_nothing: because\n",
            "case.yaml:7:21: tests[0].expect_nothing: something is expected already",
        ),
        (
            "  - name: a\n    rules: fal\n" + PRICES + "    expect_nothing: because\n",
            "case.yaml:5:12: tests[0].rules: unknown rule 'fal'; did you mean 'fall'?",
        ),
        (
            "  - name: a\n    rules: drop\n    prices: {MSFT: 400 | 15:00 300}\n    expect_nothing: because\n",
            "case.yaml:5:12: tests[0].rules: this test cannot fail: drop applies to none of the symbols",
        ),
        (
            "  - name: a\n    prices: {NVDA: 142.62}\n    expect_nothing: because\n",
            "case.yaml:1:8: rules: this test cannot fail: there are closes but no price",
        ),
        (
            f"  - name: a\n    news: ['{STORY}']\n    expect_nothing: because\n",
            "case.yaml:1:8: rules: this test cannot fail: fall applies to none of the symbols",
        ),
        (
            "  - name: a\n    rules: drop\n    prices: {MSFT: 400 | 15:00 300, NVDA: 1 | 15:00 1}\n"
            "    expect: [{symbol: MSFT}]\n",
            "case.yaml:7:23: tests[0].expect[0].symbol: drop does not apply to MSFT",
        ),
        (
            "  - name: a\n" + PRICES + "    expect: [{symbol: AMD}]\n",
            "case.yaml:6:23: tests[0].expect[0].symbol: AMD has no price within a session here",
        ),
        (
            "  - name: a\n    rules: [fall, drop]\n" + PRICES + "    expect: [{symbol: NVDA}]\n",
            "case.yaml:7:14: tests[0].expect[0]: the test is about several rules; name one",
        ),
        (
            "  - name: a\n" + PRICES + "    expect: [{symbol: NVDA, rule: drop}]\n",
            "case.yaml:6:35: tests[0].expect[0].rule: unknown rule 'drop'; write fall",
        ),
        (
            "  - name: a\n    prices: {NVDA: 142.62 | 2025-01-26 03:00 140}\n    expect_nothing: because\n",
            "case.yaml:5:20: tests[0].prices.NVDA: XNAS had no session at 2025-01-26 03:00 UTC",
        ),
        (
            "  - name: a\n    prices: {NVDA: '142.62 | 01-24 15:00 140, 01-27 15:00 140'}\n    expect_nothing: b\n",
            "is before the test's session",
        ),
        (
            "  - name: a\n    prices: {NVDA: 142.62 | 15:00 14O}\n    expect_nothing: because\n",
            "case.yaml:5:35: tests[0].prices.NVDA: '14O' is not understood",
        ),
        (
            "  - name: a\n    prices: {NVDA: '142.62 | 15:00 14O'}\n    expect_nothing: because\n",
            "case.yaml:5:36: tests[0].prices.NVDA: '14O' is not understood",
        ),
        (
            "  - name: a\n" + PRICES + "    news: [10:00 | Example News]\n    expect_nothing: because\n",
            "case.yaml:6:12: tests[0].news[0]: a headline in one line is TIME | SOURCE | TITLE",
        ),
        (
            "  - name: a\n" + PRICES + "    news: [{at: noon, title: x}]\n    expect_nothing: because\n",
            "case.yaml:6:17: tests[0].news[0].at: 'noon' is not a time",
        ),
        (
            "  - name: a\n" + PRICES + "    expect: [{symbol: NVDA, at: 11:00 to 10:00}]\n",
            "case.yaml:6:33: tests[0].expect[0].at: '11:00 to 10:00' ends before it begins",
        ),
        (
            "  - name: a\n" + PRICES + "    expect: [{symbol: NVDA, suppressed by: cooldwn}]\n",
            "case.yaml:6:44: tests[0].expect[0][\"suppressed by\"]: unknown reason 'cooldwn'; did you mean 'cooldown'?",
        ),
        (
            "  - name: a\n" + PRICES + "    expect: [{symbol: NVDA, reasons: first}]\n",
            "case.yaml:6:29: tests[0].expect[0].reasons: unknown key 'reasons'; did you mean 'reason'?",
        ),
        (
            "  - name: a\n    episode: deepsek-2025-01\n    expect_nothing: because\n",
            "case.yaml:5:14: tests[0].episode: no episode called 'deepsek-2025-01'",
        ),
        (
            "  - name: a\n    recording: {prices: gone.csv}\n    expect_nothing: because\n",
            "case.yaml:5:25: tests[0].recording.prices: there is no file gone.csv",
        ),
        (
            "  - name: a\n    episode: deepseek-2025-01\n" + PRICES + "    expect_nothing: because\n",
            "case.yaml:4:5: tests[0]: episode and prices and news exclude each other",
        ),
        (
            "  - name: a\n"
            + PRICES
            + "    expect_nothing: because\n  - name: a\n"
            + PRICES
            + "    expect_nothing: b\n",
            "case.yaml:7:11: tests[1].name: a test in line 4 has this name",
        ),
        (
            "  - name: a\n    prices: {NVDA: {previous close: 1, daily: '2025-01-24 1 1 1'}}\n    expect_nothing: b\n",
            "expected session, open, high, low, close",
        ),
    ],
)
def test_a_mistake_is_refused_where_it_stands(bench: Bench, text: str, said: str) -> None:
    mistakes = bench.mistakes("rules: fall\nsession: 2025-01-27\ntests:\n" + text)
    assert any(said in mistake for mistake in mistakes), mistakes


def test_mistakes_of_several_tests_are_told_at_once(bench: Bench) -> None:
    mistakes = bench.mistakes(
        """
          - {name: a, expect_nothing: because}
          - {name: b, prices: {NVDA: 1 | 15:00}, expect_nothing: because}
          - {name: c, prices: {NVDA: 1 | 15:00 1}}
        """
    )
    assert [m.split(":")[1] for m in mistakes] == ["4", "5", "6"]


def test_times_without_a_session_are_refused(bench: Bench) -> None:
    mistakes = bench.mistakes("rules: fall\ntests:\n  - name: a\n" + PRICES + "    expect_nothing: b\n")
    assert any("'session' is missing" in mistake for mistake in mistakes)


def test_a_rule_that_is_not_enabled_yet_is_tested_as_if_it_were(bench: Bench) -> None:
    verdict = bench.one(
        "  - name: a\n    rules: 'off'\n    prices: {NVDA: 142.62 | 15:00 2x140}\n"
        "    expect: [{symbol: NVDA, at: '15:01', severity: warning}]\n"
    )
    assert verdict.passed
    assert not bench.one("  - name: a\n    rules: 'off'\n" + PRICES + "    expect: [{symbol: NVDA}]\n").passed
