"""The model case: what the bot must say, and not say, in the DeepSeek week."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.command import run_command
from tests.prepared import call

EPISODE = "deepseek-2025-01"
Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def once() -> tuple[Lines, str]:
    """The replay's JSON lines, and the same as text."""
    said = run_command("replay", EPISODE, "--json").stdout
    return [json.loads(line) for line in said.splitlines()], said


@pytest.fixture(scope="module")
def week(once: tuple[Lines, str]) -> Lines:
    """Everything the replay prints."""
    return once[0]


@pytest.fixture(scope="module")
def fired(week: Lines) -> Lines:
    """The alerts of the rule the project exists for, as they fired."""
    return [x for x in week if x["type"] == "alert" and x["event"] == "fired" and x["rule"] == "ai-model-shock"]


def test_an_alert_says_in_which_currency_its_price_is(week: Lines) -> None:
    currencies = {x["symbol"]: x["currency"] for x in week if x["type"] == "alert"}
    assert currencies["5801.T"] == "JPY"


def test_nvidia_fires_in_the_pre_market_with_a_deepseek_story_as_its_cause(fired: Lines) -> None:
    first = next(a for a in fired if a["symbol"] == "NVDA")
    assert "2025-01-27T09:30" < first["at"] < "2025-01-27T11:05"
    assert (first["phase"], first["session"], first["rule"]) == ("pre", "2025-01-27", "ai-model-shock")
    assert "DeepSeek" in first["cause"]["title"]
    assert first["cause"]["seen_at"] <= first["at"]
    assert first["change"] < -0.10
    assert first["reference"]["price"] == 142.62


@pytest.mark.parametrize("symbol", ["AMD", "MSFT", "META"])
def test_those_who_fell_less_than_a_tenth_do_not_fire_on_the_monday(fired: Lines, symbol: str) -> None:
    assert [a for a in fired if a["symbol"] == symbol and a["session"] == "2025-01-27"] == []


@pytest.mark.parametrize("symbol", ["MU", "ARM", "DELL"])
def test_memory_chip_design_and_servers_are_hit_on_the_monday(fired: Lines, symbol: str) -> None:
    assert [a["session"] for a in fired if a["symbol"] == symbol][:1] == ["2025-01-27"]


def test_nothing_fires_before_the_monday(fired: Lines) -> None:
    assert [(a["symbol"], a["session"]) for a in fired if a["session"] < "2025-01-27"] == []


def test_at_least_twenty_five_symbols_fire_on_the_monday(fired: Lines) -> None:
    assert len({a["symbol"] for a in fired if a["session"] == "2025-01-27"}) >= 25


def test_the_monday_is_one_incident_with_a_message_for_asia_and_europe_each_and_at_most_three_for_new_york(
    week: Lines,
) -> None:
    monday = [n for n in week if n["type"] == "notification" and n["at"].startswith("2025-01-27")]
    assert len({n["incident"] for n in monday}) == 1
    reasons = [n["reason"] for n in monday]
    assert reasons[0] == "first"
    assert monday[0]["at"].startswith("2025-01-27T06:30:00")  # as Tokyo closes
    before_new_york = [n for n in monday if n["at"] < "2025-01-27T09:00"]
    assert len(before_new_york) <= 2
    assert len(monday) - len(before_new_york) <= 3
    assert monday[-1]["at"].startswith("2025-01-27T21:00:00")  # which tells the closing prices: no follow-up repeats it


def test_every_alert_line_explains_itself(fired: Lines) -> None:
    for alert in fired:
        price = next(check for check in alert["why"] if check["condition"].startswith("price"))
        assert price["value"] == pytest.approx(alert["change"], abs=1e-6)
        assert price["limit"] == -0.10


def test_every_alert_that_fires_is_resolved_once(week: Lines) -> None:
    events = {
        e: sorted(a["id"] for a in week if a["type"] == "alert" and a["event"] == e) for e in ("fired", "resolved")
    }
    assert events["fired"] == events["resolved"]


def test_two_replays_give_the_same_output(once: tuple[Lines, str]) -> None:
    """The second in another process, whose hash seed is another."""
    assert call("replay", EPISODE, "--json").stdout == once[1]


def test_no_alert_rests_on_a_story_seen_after_it(week: Lines) -> None:
    caused = [line for line in week if line["type"] == "alert" and line["cause"]]
    assert len(caused) >= 25
    assert all(line["cause"]["seen_at"] <= line["at"] for line in caused)
