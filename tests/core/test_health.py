"""When the operator hears of a source, and when of all of them together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.health import Health
from bot.core.model import Absence, SourceReport, Trouble

NOON = datetime(2025, 1, 27, 12, 0, tzinfo=UTC)
FEEDS = [f"feed-{i:02}" for i in range(20)]


def said(health: Health, names: Iterable[str], trouble: Trouble, minute: int, detail: str = "no answer") -> list[str]:
    """What the operator is told when each of these sources reports ``trouble`` in that minute."""
    at = NOON + timedelta(minutes=minute)
    notices = [health.observe(SourceReport(name, at, trouble, detail)) for name in names]
    return [notice.summary.subject for notice in notices if notice is not None]


def polled(health: Health, failing: Iterable[str], minutes: Iterable[int]) -> list[str]:
    """Every feed polled once in each minute, these failing."""
    bad = set(failing)
    told = []
    for minute in minutes:
        told += said(health, [n for n in FEEDS if n not in bad], Trouble.NONE, minute)
        told += said(health, [n for n in FEEDS if n in bad], Trouble.FAILED, minute)
    return told


def test_a_source_is_reported_once_after_several_failures_in_a_row_and_once_when_it_works_again() -> None:
    health = Health(3)
    assert polled(health, FEEDS[:1], range(2)) == []
    assert polled(health, FEEDS[:1], range(2, 9)) == ["Feed feed-00 has failed 3 times in a row"]
    assert polled(health, [], range(9, 12)) == ["Feed feed-00 works again"]


def test_when_most_feeds_fail_the_operator_is_asked_about_the_network_once() -> None:
    health = Health(3)
    assert polled(health, [], range(2)) == []
    assert polled(health, FEEDS[1:], range(2, 20)) == ["19 of 20 feeds fail: is the network down?"]


def test_the_end_of_a_wide_outage_is_told_once_and_a_feed_that_stays_behind_on_its_own() -> None:
    health = Health(3)
    polled(health, FEEDS, range(5))
    assert polled(health, FEEDS[:2], [5]) == ["Feeds work again"]
    assert polled(health, FEEDS[:1], range(6, 12)) == ["Feed feed-00 has failed 3 times in a row"]
    assert polled(health, [], range(12, 14)) == ["Feed feed-00 works again"]


def test_a_feed_that_broke_before_the_others_is_not_told_of_twice() -> None:
    health = Health(3)
    assert polled(health, FEEDS[:1], range(4)) == ["Feed feed-00 has failed 3 times in a row"]
    assert polled(health, FEEDS, range(4, 10)) == ["20 of 20 feeds fail: is the network down?"]
    assert polled(health, FEEDS[:1], range(10, 14)) == ["Feeds work again"]
    assert polled(health, [], range(14, 16)) == ["Feed feed-00 works again"]


def test_a_few_feeds_of_a_small_desk_are_told_of_one_by_one() -> None:
    health = Health(2)
    told = [words for minute in range(4) for words in said(health, FEEDS[:3], Trouble.FAILED, minute)]
    assert told == [f"Feed {name} has failed 2 times in a row" for name in FEEDS[:3]]


def test_prices_and_single_symbols_are_no_feeds() -> None:
    health = Health(2)
    names = ["prices", "history", "telegram"]
    told = [words for minute in range(3) for name in names for words in heard(health, name, minute, status=502)]
    assert len(told) == 3
    assert not any("network" in words for words in told)


def heard(
    health: Health,
    source: str,
    second: int,
    trouble: Trouble = Trouble.FAILED,
    subject: str = "",
    status: int | None = None,
) -> list[str]:
    """What the operator is told when a source, or a service of it, reports this in that second."""
    at = NOON + timedelta(seconds=second)
    report = SourceReport(source, at, trouble, "no answer", status=status, subject=subject)
    notices = [health.observe(report), *health.gathered()]
    return [notice.summary.subject for notice in notices if notice is not None]


def test_where_nothing_answers_that_is_one_outage_of_the_network_whatever_there_is() -> None:
    health = Health(3)
    for second in range(5):
        heard(health, "dead for weeks", second)
    for name in ("prices", "wire"):
        heard(health, name, 5, Trouble.NONE)
    told: list[str] = []
    for second in range(10, 60, 10):
        told += heard(health, "telegram", second, subject="commands")
        told += heard(health, "prices", second + 1)
        told += heard(health, "wire", second + 2)
        told += heard(health, "telegram", second + 3)
    assert told == ["Nothing answers: is the network down?"]
    told = heard(health, "prices", 60, Trouble.NONE)
    assert told == ["The network works again"]
    for name, subject in (("telegram", "commands"), ("wire", ""), ("telegram", "")):
        assert heard(health, name, 61, Trouble.NONE, subject) == []


def test_what_still_fails_when_the_network_is_back_is_told_by_itself() -> None:
    health = Health(3)
    for second in (10, 20, 30):
        heard(health, "prices", second)
        heard(health, "wire", second)
    assert heard(health, "prices", 40, Trouble.NONE) == ["The network works again"]
    told = [words for second in (41, 42, 43, 44) for words in heard(health, "wire", second)]
    assert told == ["Feed wire has failed 3 times in a row"]
    assert heard(health, "wire", 50, Trouble.NONE) == ["Feed wire works again"]


def test_a_channel_that_fails_as_a_whole_is_told_once_and_what_still_fails_of_it_afterwards() -> None:
    health = Health(3)
    told: list[str] = []
    for second in range(10, 50, 10):
        told += [*heard(health, "telegram", second), *heard(health, "telegram", second + 1, subject="commands")]
        told += heard(health, "wire", second + 2, Trouble.NONE)
    assert told == ["Telegram has failed 3 times in a row"]
    assert heard(health, "telegram", 60, Trouble.NONE) == ["Telegram works again"]
    told = [words for second in (61, 62, 63, 64) for words in heard(health, "telegram", second, subject="commands")]
    assert told == ["Telegram: commands has failed 3 times in a row"]
    assert heard(health, "telegram", 70, Trouble.NONE, "commands") == ["Telegram: commands works again"]


def test_two_that_answer_with_errors_are_two_faults() -> None:
    health = Health(3)
    told: list[str] = []
    for second in (10, 20, 30):
        told += [*heard(health, "prices", second, status=500), *heard(health, "telegram", second + 1, status=502)]
        told += heard(health, "wire", second + 2, Trouble.NONE)
    assert told == ["Price source has failed 3 times in a row", "Telegram has failed 3 times in a row"]


def test_two_out_of_reach_at_once_are_one_fault_though_a_third_still_answers() -> None:
    health = Health(3)
    told: list[str] = []
    for second in (10, 20, 30, 40):
        told += heard(health, "telegram", second, subject="commands")
        told += [*heard(health, "prices", second + 1), *heard(health, "telegram", second + 2)]
        told += heard(health, "wire", second + 3, Trouble.NONE)
    assert told == ["Out of reach at once: Price source and Telegram; is the network down?"]
    assert heard(health, "prices", 50, Trouble.NONE) == ["The network works again"]
    assert heard(health, "telegram", 51, Trouble.NONE) == []
    assert heard(health, "telegram", 51, Trouble.NONE, "commands") == []


def test_two_out_of_reach_one_after_the_other_are_two_faults() -> None:
    health = Health(3)
    told: list[str] = []
    for second in range(0, 600, 10):
        told += heard(health, "prices", second)
        told += heard(health, "telegram", second + 1, Trouble.FAILED if second >= 300 else Trouble.NONE)
        told += heard(health, "wire", second + 2, Trouble.NONE)
    assert told == ["Price source has failed 3 times in a row", "Telegram has failed 3 times in a row"]


def test_feeds_that_time_out_while_a_request_for_prices_hangs_are_one_outage() -> None:
    health = Health(3)
    heard(health, "prices", 0, Trouble.NONE)
    told = [words for second in (3, 7, 12) for name in ("wire", "tech") for words in heard(health, name, second)]
    assert told == ["Nothing answers: is the network down?"]
    assert heard(health, "prices", 25, Trouble.NONE) == ["The network works again"]
    assert [heard(health, name, 26, Trouble.NONE) for name in ("wire", "tech")] == [[], []]


def test_feeds_out_of_reach_while_another_feed_answers_are_told_of_by_themselves() -> None:
    health = Health(3)
    told: list[str] = []
    for second in (10, 20, 30):
        told += [*heard(health, "wire", second), *heard(health, "tech", second)]
        told += [*heard(health, "sound", second + 1, Trouble.NONE), *heard(health, "prices", second, Trouble.NONE)]
    assert told == ["Feed wire has failed 3 times in a row", "Feed tech has failed 3 times in a row"]


def test_a_vendor_out_of_reach_with_all_its_services_is_not_the_network() -> None:
    health = Health(3)
    told: list[str] = []
    for second in (10, 20, 30):
        told += [*heard(health, "prices", second), *heard(health, "history", second)]
        told += heard(health, "wire", second + 1, Trouble.NONE)
    assert told == ["Price source has failed 3 times in a row", "Price history has failed 3 times in a row"]


BEFORE_THEM = {
    "no names, or no route": (None, None, None),
    "a proxy that has no way out": (502, 502, 502),
    "a proxy that is asked directly by some": (502, None, None),
    "a proxy that wants a password": (407, 407, None),
    "gateways that time out": (504, 504, 503),
    "a log-in page": (200, 200, 302),
    "a portal that says so": (511, 511, 511),
    "a firewall that forbids": (403, 403, 403),
}
"""One fault on the way to everything, and the status that feeds, prices and Telegram come back with."""


@pytest.mark.parametrize("fault", BEFORE_THEM)
def test_one_fault_on_the_way_is_told_once_at_its_beginning_and_once_at_its_end(fault: str) -> None:
    """Feeds are polled every one to thirty minutes, prices and Telegram often."""
    feeds, prices, telegram = BEFORE_THEM[fault]
    every = {name: 60 * (1 + number * 3 // 2) for number, name in enumerate(FEEDS)}
    health, told = Health(3), []
    asked = {**dict.fromkeys(FEEDS, feeds), "prices": prices, "telegram": telegram}
    for second in range(0, 4 * 3600, 15):
        for name, status in asked.items():
            if second % every.get(name, 15):
                continue
            fails = 3600 <= second < 2 * 3600
            at = NOON + timedelta(seconds=second)
            trouble = Trouble.FAILED if fails else Trouble.NONE
            notice = health.observe(SourceReport(name, at, trouble, "…", status=status if fails else 200))
            told += [notice.summary.subject] if notice is not None else []
    assert len(told) == 2, told
    assert told[0].startswith(("Nothing answers", "Nothing gets through"))
    assert told[1] == "The network works again"


def test_feeds_asked_seldom_do_not_make_one_fault_of_all_feeds_many_messages() -> None:
    every = {name: 60 * (1 + number) for number, name in enumerate(FEEDS * 2)}
    health, told = Health(3), []
    for minute in range(4 * 60):
        for name, seconds in every.items():
            if minute % (seconds // 60):
                continue
            told += said(health, [name], Trouble.FAILED if 60 <= minute < 120 else Trouble.NONE, minute)
        told += said(health, ["prices", "telegram"], Trouble.NONE, minute)
    assert len(told) == 2, told
    assert told[1] == "Feeds work again"


def test_a_vendor_and_a_channel_behind_bad_gateways_of_their_own_are_two_faults() -> None:
    health, told = Health(3), []
    for second in range(0, 60, 10):
        told += [words for name in FEEDS for words in heard(health, name, second, Trouble.NONE)]
        told += [*heard(health, "prices", second, status=502), *heard(health, "history", second, status=502)]
        told += heard(health, "telegram", second, status=502)
    assert len(told) == 3


def test_prices_that_are_found_to_be_old_are_no_answer() -> None:
    health = Health(3)
    heard(health, "prices", 0, Trouble.NONE)
    for second in (3, 7):
        assert [*heard(health, "wire", second), *heard(health, "tech", second)] == []
    health.observe(SourceReport("prices", NOON + timedelta(seconds=10), Trouble.STALE, subject=""), of_age=True)
    assert heard(health, "wire", 12) == ["Nothing answers: is the network down?"]


def test_a_second_wide_outage_is_told_again() -> None:
    health = Health(3)
    asked = "20 of 20 feeds fail: is the network down?"
    assert polled(health, FEEDS, range(4)) == [asked]
    assert polled(health, [], range(4, 6)) == ["Feeds work again"]
    assert polled(health, FEEDS, range(6, 12)) == [asked]


def test_a_source_that_answers_with_old_prices_stays_stale_until_its_prices_are_new() -> None:
    health = Health(3)
    stale = health.observe(SourceReport("prices", NOON, Trouble.STALE, "no new price"), of_age=True)
    assert stale is not None
    assert stale.summary.subject == "Price source has gone stale"
    assert said(health, ["prices"], Trouble.NONE, 1) == []
    assert health.troubled("prices") is Trouble.STALE
    fresh = health.observe(SourceReport("prices", NOON + timedelta(minutes=9)), of_age=True)
    assert fresh is not None
    assert (fresh.summary.subject, health.troubled("prices")) == ("Price source works again", Trouble.NONE)


# ------------------------------------------------------------------------------------------------------------- restarts


def restarted(health: Health) -> Health:
    made = Health(health.in_a_row)
    made.resume(health.told())
    return made


def test_after_a_restart_the_end_of_what_was_told_before_is_told_and_nothing_twice() -> None:
    health = Health(3)
    for second in (10, 20, 30):
        heard(health, "wire", second)
        heard(health, "rules", second, status=200)
    health = restarted(health)
    assert [words for second in (40, 50, 60, 70) for words in heard(health, "wire", second)] == []
    assert heard(health, "rules", 75, Trouble.NONE) == ["The rules are good again, and in force"]
    assert heard(health, "wire", 80, Trouble.NONE) == ["Feed wire works again"]
    assert restarted(health).told() == []


def test_what_was_not_told_before_a_restart_is_counted_anew_after_it() -> None:
    health = Health(3)
    for second in (10, 20):
        heard(health, "wire", second)
    health = restarted(health)
    assert [words for second in (30, 40) for words in heard(health, "wire", second)] == []
    assert heard(health, "wire", 50) == ["Feed wire has failed 3 times in a row"]


def test_an_outage_of_the_network_outlives_a_restart() -> None:
    health = Health(3)
    for second in (10, 20, 30):
        heard(health, "prices", second)
        heard(health, "wire", second)
    health = restarted(health)
    told = [words for second in (40, 50, 60) for name in ("prices", "wire") for words in heard(health, name, second)]
    assert told == []
    assert heard(health, "prices", 70, Trouble.NONE) == ["The network works again"]
    assert heard(health, "wire", 71, Trouble.NONE) == []


def test_a_channel_told_as_a_whole_before_a_restart_is_told_as_a_whole_at_its_end() -> None:
    health = Health(3)
    for second in range(10, 70, 10):
        heard(health, "telegram", second, status=502)
        heard(health, "telegram", second + 1, subject="commands", status=502)
    health = restarted(health)
    assert heard(health, "telegram", 80, Trouble.NONE, "commands") == []
    assert heard(health, "telegram", 81, Trouble.NONE) == ["Telegram works again"]


def test_what_is_told_does_not_change_with_every_failure() -> None:
    health = Health(3)
    for second in (10, 20, 30):
        heard(health, "wire", second)
    before = health.told()
    health.observe(SourceReport("wire", NOON + timedelta(seconds=40), Trouble.FAILED, "another 35 s"))
    assert health.told() == before != []


def test_many_symbols_in_one_trouble_are_one_message_at_its_end_after_a_restart_too() -> None:
    health, symbols = Health(1), [f"S{n}" for n in range(9)]
    for symbol in symbols:
        report = SourceReport("prices", NOON, Trouble.FAILED, "left out", subject=symbol, absence=Absence.NOT_ANSWERED)
        health.observe(report)
    assert [n.summary.subject for n in health.gathered()] == ["Price source gives no price for 9 symbols"]
    health = restarted(health)
    for symbol in symbols:
        health.observe(SourceReport("prices", NOON + timedelta(minutes=1), subject=symbol))
    assert [n.summary.subject for n in health.gathered()] == ["Price source: the symbols work again"]
