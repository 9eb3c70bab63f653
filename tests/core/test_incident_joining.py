"""Which alerts a reader sees as one happening."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.core.engine import Engine
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.incidents import Incidents, reason_for_message
from bot.core.model import (
    NEXT_SESSION_CLOSE,
    SESSION_CLOSE,
    Alert,
    AlertState,
    CauseRef,
    FollowUp,
    FollowUpOutcome,
    IncidentState,
    Phase,
    Reach,
    Reason,
    Severity,
    Thread,
)
from bot.core.prices.market import Market
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, Breadth
from tests.core.worlds import at, close, engine, play, price, quote, rule, weekday_timetable

MONDAY, TUESDAY = date(2025, 1, 27), date(2025, 1, 28)


def alert(symbol: str, change: float | None, rule: str = "r", topic: str = "", cluster: str = "c") -> Alert:
    """An alert that fired on Monday."""
    now = at("01-27 15:00")
    return Alert(
        id=f"{rule}-{symbol}",
        fingerprint=f"{rule}-{symbol}",
        rule=rule,
        rule_version="1",
        symbol=symbol,
        session=MONDAY,
        severity=Severity.WARNING,
        state=AlertState.FIRING,
        fired_at=now,
        updated_at=now,
        price=90.0,
        price_at=now,
        phase=Phase.REGULAR,
        change=change,
        reference=None,
        cause=CauseRef(cluster, topic, "t", "s", "", None, now, 1.0, Reach.DIRECT) if topic else None,
        checks=(),
    )


class Book:
    """An incident book that knows its alerts."""

    def __init__(self) -> None:
        timetable = weekday_timetable()
        self.alerts = AlertBook(Market(lambda _: timetable), at("01-01 00:00"))
        shared = frozenset({"ai-model", "ai-market"})
        self.book = Incidents(lambda _: timetable, self.alerts.get, lambda: shared)

    def join(self, alert: Alert, *, together: bool = False) -> str:
        """Enter an alert; the id of its incident."""
        incident = self.book.join(alert, at("01-27 15:00"), together=together)
        self.alerts.amend(replace(alert, incident=incident.id))
        return incident.id


def test_a_rise_and_a_fall_with_one_cause_are_two_happenings() -> None:
    book = Book()
    fall = book.join(alert("NVDA", -0.15, topic="ai-model"))
    rise = book.join(alert("KO", +0.05, topic="ai-model"))
    assert fall != rise
    assert book.join(alert("VRT", -0.2, topic="ai-model")) == fall
    assert book.join(alert("SPY", +0.02, topic="ai-model")) == rise


def test_an_alert_without_a_change_joins_whatever_shares_its_cause() -> None:
    book = Book()
    fall = book.join(alert("NVDA", -0.15, topic="ai-model"))
    assert book.join(alert("VRT", None, rule="news", topic="ai-model")) == fall


def test_falls_without_a_cause_are_apart_unless_their_rule_is_about_several_together() -> None:
    book = Book()
    assert book.join(alert("NVDA", -0.1)) != book.join(alert("VRT", -0.1))
    sector = book.join(alert("NVDA", -0.1, "sector"), together=True)
    assert book.join(alert("KO", -0.1, "sector"), together=True) == sector
    assert book.join(alert("SPY", -0.1, "other-sector"), together=True) != sector


def test_one_that_falls_with_a_sector_shares_the_cause_found_for_others_of_it_but_not_their_earnings() -> None:
    for topic, shared in (("ai-market", True), ("earnings", False)):
        book = Book()
        sector = book.join(alert("NVDA", -0.1, "sector", topic), together=True)
        assert (book.join(alert("KO", -0.1, "sector"), together=True) == sector) is shared


def test_what_falls_together_on_another_session_is_another_happening() -> None:
    book = Book()
    monday = book.join(alert("NVDA", -0.1, "sector"), together=True)
    assert book.join(replace(alert("VRT", -0.1, "sector"), session=TUESDAY), together=True) != monday


def test_another_rule_that_finds_no_cause_for_a_symbol_adds_to_what_is_told_of_it() -> None:
    book = Book()
    fall = book.join(alert("NVDA", -0.15, topic="ai-model"))
    assert book.join(alert("NVDA", -0.15, rule="plain")) == fall


def test_a_happening_without_a_cause_takes_on_the_one_found_for_one_of_its_symbols() -> None:
    book = Book()
    sector = book.join(alert("NVDA", -0.1, "sector"), together=True)
    book.join(alert("VRT", -0.1, "sector"), together=True)
    assert book.join(alert("VRT", -0.1, "shock", topic="ai-model", cluster="x")) == sector
    known = book.book.get(sector)
    assert known is not None
    assert (known.topic, known.clusters) == ("ai-model", ("x",))
    assert book.join(alert("KO", -0.2, "shock", topic="ai-market", cluster="y")) == sector


def sector_engine() -> Engine:
    """An engine with one rule on three stocks that fall together."""
    members = ("KO", "NVDA", "VRT")
    breadth = Breadth("all", parse_comparison("< -5%"), members, count=parse_comparison(">= 3"))
    return engine(rule("sector", All((price("< -5%"), breadth)), members))


def test_three_stocks_that_fall_together_without_a_story_are_one_message() -> None:
    machine = sector_engine()
    tape = [close(s, 100.0, "01-24") for s in ("NVDA", "VRT", "KO")]
    tape += [quote(s, 92.0, f"01-27 15:0{n}") for n in (0, 1) for s in ("NVDA", "VRT", "KO")]
    decisions = play(machine, tape, "01-27 15:02")
    said = [a for d in decisions for a in d.announcements if not a.edits]
    assert [len(a.symbols) for a in said] == [3]


# ------------------------------------------------------------------------------------------ two that turn out to be one


def test_two_falls_without_a_cause_that_one_story_explains_become_one() -> None:
    book = Book()
    first = book.join(alert("NVDA", -0.12, "plain"))
    second = book.join(alert("VST", -0.15, "plain"))
    assert first != second
    book.join(alert("NVDA", -0.12, "cause", "ai-market", "tied"))
    book.join(alert("VST", -0.15, "cause", "ai-market", "tied"))
    found = book.book.get(second)
    assert found is not None
    twin = book.book.twin(found)
    assert twin is not None
    whole, closed = book.book.merge(found, twin, at("01-27 17:00"))
    assert (whole.id, closed.id, closed.merged_into) == (first, second, first)
    assert whole.symbols == ("NVDA", "VST")
    assert whole.alerts == ("plain-NVDA", "cause-NVDA", "plain-VST", "cause-VST")
    assert whole.topic == "ai-market"
    assert (closed.state, closed.closed_at) == (IncidentState.CLOSED, at("01-27 17:00"))
    assert book.book.twin(whole) is None
    assert [i.id for i in book.book.open()] == [first]


def test_incidents_of_other_causes_other_sessions_or_the_other_way_stay_apart() -> None:
    book = Book()
    falls = book.join(alert("NVDA", -0.12, topic="earnings", cluster="a"))
    book.join(alert("CHGG", -0.12, topic="earnings", cluster="b"))
    book.join(alert("META", 0.12, topic="ai-model", cluster="a"))
    found = book.book.get(falls)
    assert found is not None
    assert book.book.twin(found) is None


def test_follow_ups_of_both_are_kept_once_each_and_those_of_the_closed_one_end() -> None:
    book = Book()
    first, second = (book.join(alert(s, -0.12, topic="earnings", cluster=s)) for s in ("NVDA", "VST"))
    later = FollowUp(NEXT_SESSION_CLOSE, at("01-28 21:00"))
    one, other = book.book.get(first), book.book.get(second)
    assert one is not None
    assert other is not None
    evening = at("01-27 21:00")
    sent = FollowUp(SESSION_CLOSE, evening, evening, FollowUpOutcome.SENT)
    book.book.restore([replace(one, thread=Thread(follow_ups=(sent,)))])
    book.book.restore([replace(other, thread=Thread(follow_ups=(FollowUp(SESSION_CLOSE, evening), later)))])
    one, other = book.book.get(first), book.book.get(second)
    assert one is not None
    assert other is not None
    whole, closed = book.book.merge(other, one, at("01-27 22:00"))
    assert {str(f.kind): f.outcome.value for f in whole.thread.follow_ups} == {
        "session close": "sent",
        "next session close": "",
    }
    assert {f.outcome for f in closed.thread.follow_ups} == {FollowUpOutcome.MERGED}


def test_what_somebody_looks_after_says_nothing_new_for_growing_and_all_the_same_for_getting_worse() -> None:
    book = Book()
    grown = book.book.get(book.join(alert("NVDA", -0.12, topic="ai-model")))
    assert grown is not None
    thread = Thread(
        messages=1, told_at=at("01-27 13:00"), told_breadth=1, told_severity=Severity.WARNING, told_session=MONDAY
    )
    told = replace(grown, symbols=tuple("ABCDEF"), thread=thread)
    assert reason_for_message(told, at("01-27 15:00")) is Reason.WIDENED
    looked_after = replace(told, thread=replace(thread, acknowledged_at=at("01-27 14:00"), acknowledged_by="Ada"))
    assert reason_for_message(looked_after, at("01-27 15:00")) is None
    assert reason_for_message(replace(looked_after, severity=Severity.CRITICAL), at("01-27 15:00")) is Reason.ESCALATED
