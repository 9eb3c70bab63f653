"""What a message says beside those before it and beside its own table: nothing that readers were told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.core.model import Announcement, Decisions, Observation, QuoteKind, Reason
from bot.core.rules.conditions import All
from bot.core.text.wording import beside_words
from bot.render.plain import plain
from tests.core.worlds import CHEAP, close, engine, news, play, price, quote, rule, story

BEFORE: list[Observation] = [
    *[close(s, p, day) for day in ("01-23", "01-24") for s, p in (("NVDA", 100.0), ("VRT", 50.0), ("SPY", 600.0))],
    story(CHEAP, "01-27 12:00"),
]
FALL: list[Observation] = [
    *BEFORE,
    quote("NVDA", 88.0, "01-27 15:00"),
    quote("NVDA", 87.0, "01-27 15:01"),
    quote("VRT", 50.0, "01-27 15:01"),
    close("NVDA", 87.0, "01-27"),
    close("VRT", 50.0, "01-27"),
]


def messages(decisions: Sequence[Decisions]) -> list[Announcement]:
    """New messages, edits apart."""
    return [a for d in decisions for a in d.announcements if a.incident and not a.edits]


def text_of(announcement: Announcement) -> str:
    return plain(announcement.summary, None)


def told(message: Announcement) -> str:
    return message.summary.subject


def test_a_fall_over_sessions_does_not_say_that_the_cause_of_its_first_day_is_unknown() -> None:
    slow = rule("slow", price("< -14%", "2 sessions"))
    tape = [*FALL, quote("NVDA", 85.0, "01-28 15:00"), quote("NVDA", 84.5, "01-28 15:01")]
    *_, second = messages(play(engine(rule(), slow), tape))
    assert "Nvidia falls 15.5 % in 2 sessions; no new cause known" in told(second)
    assert "Told before\n• Beside Nvidia’s fall told on Mon 27 Jan: AI-model news, “DeepSeek" in text_of(second)


def test_a_fall_of_another_day_that_nothing_explains_has_no_new_cause() -> None:
    asked = rule("fall", price("< -10%"))
    tape = [*FALL, quote("NVDA", 78.0, "01-28 15:00"), quote("NVDA", 77.0, "01-28 15:01")]
    alone = messages(play(engine(asked), tape))
    assert all("no cause known yet" in told(m) for m in alone)
    assert not any("Told before" in text_of(m) for m in alone)


def test_only_a_stock_that_fell_before_falls_again() -> None:
    tape = [*FALL, quote("VRT", 44.0, "01-28 15:00"), quote("VRT", 43.9, "01-28 15:01")]
    goes_on = rule(follow_up=("recovered",))
    _, other = messages(play(engine(goes_on), tape))
    assert not told(other).startswith("Again"), told(other)
    tape = [*FALL, quote("NVDA", 77.0, "01-28 15:00"), quote("NVDA", 76.9, "01-28 15:01")]
    _, same = messages(play(engine(goes_on), tape))
    assert told(same).startswith("Again: Nvidia falls 11.6 %")


def test_a_stock_that_crossed_a_level_and_came_back_neither_falls_nor_rises_by_nothing() -> None:
    asked = rule("moved", price("> 5%"))
    tape = [*BEFORE, quote("NVDA", 106.0, "01-27 15:00"), quote("NVDA", 106.1, "01-27 15:00:30")]
    tape += [quote("NVDA", 100.01, "01-27 15:00:40"), quote("VRT", 54.0, "01-27 15:04")]
    tape += [quote("VRT", 54.0, "01-27 15:05")]
    machine = engine(asked)
    decisions = play(machine, tape, "01-27 15:30")
    every = [a.summary.subject for d in decisions for a in d.announcements if a.incident]
    assert any("Nvidia stands at 100.01, hardly changed" in subject for subject in every), every
    assert not any(" 0.0 %" in subject for subject in every), every


def test_a_fall_that_is_over_tells_how_low_the_stock_was() -> None:
    asked = rule("fall", price("< -10%"))
    tape = [*BEFORE, quote("NVDA", 89.0, "01-27 15:00"), quote("NVDA", 88.0, "01-27 15:01")]
    tape += [quote("NVDA", 101.0, "01-27 15:20"), quote("NVDA", 101.5, "01-27 15:21")]
    decisions = play(engine(asked), tape, "01-27 16:00")
    *_, last = [a for d in decisions for a in d.announcements if a.edits]
    assert told(last).startswith("Nvidia fell as much as 12.0 % and now stands at +1.0 %")
    assert "• As low as 88.00, −12.0 % at 15:01 UTC." in text_of(last)


def test_a_follow_up_names_the_stocks_it_knows_nothing_of() -> None:
    tape = [*BEFORE, *(quote("NVDA", p, f"01-27 15:0{n}") for n, p in enumerate((88.0, 87.0)))]
    tape += [quote("VRT", p, f"01-27 15:0{n}") for n, p in enumerate((44.0, 43.9))]
    tape += [close("NVDA", 87.0, "01-27"), quote("NVDA", 90.0, "01-28 16:00"), close("NVDA", 90.0, "01-28")]
    asked = rule(follow_up=("next session close",))
    follow_up = messages(play(engine(asked), tape, "01-28 22:30"))[-1]
    assert follow_up.reason is Reason.FOLLOW_UP
    assert "The others\n• No closing price yet: VRT." in text_of(follow_up)


@pytest.mark.parametrize(("since", "ordered"), [("previous close", True), ("open", False)])
def test_moves_since_different_moments_are_in_no_order(since: str, *, ordered: bool) -> None:
    quick = rule("quick", All((price("< -5%", since), news())), symbols=("VRT",))
    tape = [*BEFORE, quote("VRT", 50.0, "01-27 14:30", QuoteKind.OPEN)]
    tape += [quote(s, p, f"01-27 15:0{n}") for n in (0, 1) for s, p in (("NVDA", 87.0), ("VRT", 47.0))]
    decisions = play(engine(rule(symbols=("NVDA",)), quick), tape, "01-27 17:00")
    texts = [text_of(a) for d in decisions for a in d.announcements if "alongside 1 other stock" in told(a)]
    assert texts
    assert all(("Who is hit (2), the worst line first" in text) is ordered for text in texts)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=5), "at the same time"),
        (timedelta(hours=-3), "at the same time"),
        (timedelta(hours=30), "30 h before"),
        (timedelta(days=3), "3 days before"),
        (timedelta(days=-2, hours=-1), "2 days later"),
    ],
)
def test_news_beside_a_move_is_told_by_when_it_came(ahead: timedelta, words: str) -> None:
    assert beside_words(ahead) == words


def test_a_stock_told_the_day_before_has_no_new_cause() -> None:
    asked = (rule(), rule("fall", price("< -5%"), symbols=("NVDA",)))
    tape = [*FALL, quote("NVDA", 81.0, "01-28 15:00"), quote("NVDA", 80.9, "01-28 15:01")]
    later = [m for m in messages(play(engine(*asked), tape)) if "7.0 %" in told(m)]
    assert [told(m) for m in later] == ["Nvidia falls 7.0 %; no new cause known"]


def test_another_rule_s_alert_of_the_lead_may_have_the_cause_that_all_share() -> None:
    asked = (rule("deep", price("< -12%"), symbols=("NVDA",)), rule())
    tape = [*BEFORE, *(quote(s, p, f"01-27 15:0{n}") for n in (0, 1) for s, p in (("NVDA", 87.0), ("VRT", 44.0)))]
    for message in messages(play(engine(*asked), tape, "01-27 16:00")):
        assert "of their own" not in text_of(message)
        assert "of its own" not in text_of(message)


def test_before_the_fall_is_one_price_in_a_message() -> None:
    slow = rule("slow", price("< -8%", "2 sessions"), follow_up=("next session close",))
    tape = [*BEFORE, *(close(s, p, "01-27") for s, p in (("NVDA", 96.0), ("VRT", 48.0)))]
    tape += [quote(s, p, f"01-28 15:0{n}") for n in (0, 1) for s, p in (("NVDA", 90.0), ("VRT", 45.0))]
    tape += [close(s, p, d) for d in ("01-28", "01-29") for s, p in (("NVDA", 90.0), ("VRT", 45.0))]
    follow_ups = [m for m in messages(play(engine(slow), tape, "01-29 23:00")) if m.reason is Reason.FOLLOW_UP]
    lead = next(m for m in follow_ups if "Nvidia" in told(m))
    text = text_of(lead)
    assert "Against 100.00 before the fall: −10.0 %." in text
    assert "NVDA, −10.0 % at its worst" in text


def test_a_stock_below_its_high_that_rises_does_not_fall() -> None:
    asked = rule("off-high", price("< -10%", "high of 3 sessions"))
    tape = [*FALL, quote("NVDA", 88.0, "01-28 15:00"), quote("NVDA", 88.1, "01-28 15:01")]
    found = [told(m) for m in messages(play(engine(asked), tape)) if "below the high" in told(m)]
    assert found
    assert all(" falls " not in subject for subject in found)


def test_what_is_over_has_nobody_who_rose_against_it() -> None:
    asked = rule("fall", price("< -10%"))
    tape = [*BEFORE, *(quote("NVDA", p, f"01-27 15:0{n}") for n, p in enumerate((89.0, 88.0)))]
    tape += [*(quote("VRT", 52.0, f"01-27 15:1{n}") for n in (0, 1))]
    tape += [*(quote("NVDA", p, f"01-27 15:2{n}") for n, p in enumerate((101.0, 101.5)))]
    decisions = play(engine(asked), tape, "01-27 16:00")
    *_, last = [a for d in decisions for a in d.announcements if a.edits]
    assert "fell as much as" in told(last)
    assert "Rose against it" not in text_of(last)


def test_how_many_fell_in_the_session_before_is_told_where_others_fall_now() -> None:
    both = [*FALL[:-2], quote("VRT", 44.0, "01-27 15:02"), quote("VRT", 43.9, "01-27 15:03")]
    both += [close("NVDA", 87.0, "01-27"), close("VRT", 43.9, "01-27")]
    tape = [*both, quote("NVDA", 77.0, "01-28 15:00"), quote("NVDA", 76.9, "01-28 15:01")]
    *_, again = messages(play(engine(rule(follow_up=("recovered",))), tape))
    assert told(again).startswith("Again: Nvidia falls 11.6 %")
    assert "On Mon 27 Jan 2 stocks fell; 1 of them has alerts again." in text_of(again)
