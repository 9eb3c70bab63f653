"""Which alerts a reader sees as one happening."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.engine import Engine
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.bonds import MARKET_WIDE
from bot.core.incidents.incidents import Incidents, reason_for_message
from bot.core.model import (
    NEXT_SESSION_CLOSE,
    SESSION_CLOSE,
    Alert,
    AlertState,
    CauseRef,
    FollowUp,
    FollowUpOutcome,
    Incident,
    IncidentState,
    Phase,
    Reach,
    Reason,
    Severity,
    Thread,
    Together,
)
from bot.core.prices.market import Market
from bot.core.prices.sessions import Timetable
from bot.core.rules.comparison import parse_comparison
from bot.core.rules.conditions import All, Breadth
from tests.core.worlds import at, close, engine, play, price, quote, rule, weekday_timetable

MONDAY, TUESDAY = date(2025, 1, 27), date(2025, 1, 28)


def alert(
    symbol: str,
    change: float | None,
    rule: str = "r",
    topic: str = "",
    cluster: str = "c",
    confidence: float | None = None,
    agents: tuple[str, ...] = (),
) -> Alert:
    """An alert that fired on Monday."""
    found = CauseRef(cluster, topic, "t", "s", "", None, at("01-27 15:00"), 1.0, Reach.DIRECT, agents=agents)
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
        cause=replace(found, confidence=confidence) if topic else None,
        checks=(),
    )


LINES = {
    "NVDA": ("ai-chips", "networking"),
    "AMD": ("ai-chips",),
    "ANET": ("networking", "data-centres"),
    "TTEC": ("call-centres",),
    "FIVN": ("call-centres", "software"),
    "CRM": ("software",),
    "CHRW": ("freight-brokers",),
    "RXO": ("freight-brokers",),
    "CRWD": ("cybersecurity",),
    "IBM": ("it-services", "software"),
    "ALONE": ("line-alone",),
    **{f"S{n}": (f"line-{n}", f"line-{n + 1}") for n in range(MARKET_WIDE)},
}


ZONES = {"T": "Asia/Tokyo", "KS": "Asia/Seoul", "PA": "Europe/Paris"}


def timetable_of(symbol: str) -> Timetable:
    """The same hours everywhere, in the time zone of the symbol's exchange."""
    zone = ZoneInfo(ZONES.get(symbol.partition(".")[2], "America/New_York"))
    return Timetable("XNYS", weekday_timetable().all, zone)


class Book:
    """An incident book that knows its alerts."""

    def __init__(self) -> None:
        self.alerts = AlertBook(Market(timetable_of), at("01-01 00:00"))
        ai_causes = frozenset({"ai-model", "ai-market"})
        self.book = Incidents(timetable_of, self.alerts.get, lambda: ai_causes, lambda s: LINES.get(s, ()))

    def join(self, alert: Alert, together: Together = Together.APART) -> str:
        """Enter an alert; the id of its incident."""
        incident = self.book.join(alert, at("01-27 15:00"), together)
        self.alerts.amend(replace(alert, incident=incident.id))
        return incident.id

    def known(self, incident: str) -> Incident:
        """The incident with this id."""
        found = self.book.get(incident)
        assert found is not None
        return found


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
    sector = book.join(alert("NVDA", -0.1, "sector"), Together.ALL)
    assert book.join(alert("KO", -0.1, "sector"), Together.ALL) == sector
    assert book.join(alert("SPY", -0.1, "other-sector"), Together.ALL) != sector


def test_one_that_falls_with_a_sector_shares_the_cause_found_for_others_of_it_but_not_their_earnings() -> None:
    for topic, shared in (("ai-market", True), ("earnings", False)):
        book = Book()
        sector = book.join(alert("NVDA", -0.1, "sector", topic), Together.ALL)
        assert (book.join(alert("KO", -0.1, "sector"), Together.ALL) == sector) is shared


def test_what_falls_together_on_another_session_is_another_happening() -> None:
    book = Book()
    monday = book.join(alert("NVDA", -0.1, "sector"), Together.ALL)
    assert book.join(replace(alert("VRT", -0.1, "sector"), session=TUESDAY), Together.ALL) != monday


def test_another_rule_that_finds_no_cause_for_a_symbol_adds_to_what_is_told_of_it() -> None:
    book = Book()
    fall = book.join(alert("NVDA", -0.15, topic="ai-model"))
    assert book.join(alert("NVDA", -0.15, rule="plain")) == fall


def test_a_happening_without_a_cause_takes_on_the_one_found_for_one_of_its_symbols() -> None:
    book = Book()
    sector = book.join(alert("NVDA", -0.1, "sector"), Together.ALL)
    book.join(alert("VRT", -0.1, "sector"), Together.ALL)
    assert book.join(alert("VRT", -0.1, "shock", topic="ai-model", cluster="x")) == sector
    known = book.book.get(sector)
    assert known is not None
    assert (known.topic, known.clusters) == ("ai-model", ("x",))
    assert book.join(alert("AMD", -0.2, "shock", topic="ai-market", cluster="y")) == sector


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


# -------------------------------------------------------------------------------------- another line, another incident


def ai(symbol: str, cluster: str, *agents: str, session: date = MONDAY, change: float = -0.12) -> Alert:
    """A fall that AI explains with confidence."""
    fired = alert(symbol, change, f"ai-{session}", "ai-market", cluster, 0.8, agents)
    return replace(fired, session=session)


ONE_EVENT = [
    ("the same stories", ai("TTEC", "a"), ai("CHRW", "a")),
    ("the same stories the next session", ai("TTEC", "a"), ai("FIVN", "a", session=TUESDAY)),
    ("one line of business", ai("CHRW", "a"), ai("RXO", "b")),
    ("one line of business, whatever else each is in", ai("NVDA", "a"), ai("ANET", "b")),
    ("the same lab", ai("NVDA", "a", "lab:DeepSeek"), ai("TTEC", "b", "lab:DeepSeek", "lab:OpenAI")),
    ("the same lab in one line the next session",
     ai("NVDA", "a", "lab:DeepSeek"), ai("AMD", "b", "lab:DeepSeek", session=TUESDAY)),
]  # fmt: skip
TWO_EVENTS = [
    ("another line of business", ai("TTEC", "a"), ai("CHRW", "b")),
    ("another line, and another maker", ai("TTEC", "a", "lab:OpenAI"), ai("CHRW", "b", "model:Freightbot")),
    ("a maker of software and services beside a security firm", ai("CRWD", "a"), ai("IBM", "b")),
    ("one line of business the next session", ai("CHRW", "a"), ai("RXO", "b", session=TUESDAY)),
    ("another line the next session", ai("TTEC", "a"), ai("CHRW", "b", session=TUESDAY)),
    ("the same lab in another line the next session",
     ai("CRWD", "a", "lab:Anthropic"), ai("IBM", "b", "lab:Anthropic", session=TUESDAY)),
    ("own results in the same line", ai("CHRW", "a"), alert("RXO", -0.12, "r", "earnings", "b", 0.9)),
    ("an AI story that is no more than possible",
     ai("TTEC", "a"), alert("CHRW", -0.12, "r", "ai-market", "a", 0.45)),
]  # fmt: skip


@pytest.mark.parametrize(("what", "first", "second"), ONE_EVENT, ids=[case[0] for case in ONE_EVENT])
def test_what_shares_its_cause_is_one_incident(what: str, first: Alert, second: Alert) -> None:
    for one, other in ((first, second), (second, first)) if first.session == second.session else ((first, second),):
        book = Book()
        assert book.join(one) == book.join(other), what


@pytest.mark.parametrize(("what", "first", "second"), TWO_EVENTS, ids=[case[0] for case in TWO_EVENTS])
def test_what_falls_in_another_line_or_for_another_reason_is_another_incident(
    what: str, first: Alert, second: Alert
) -> None:
    for one, other in ((first, second), (second, first)) if first.session == second.session else ((first, second),):
        book = Book()
        assert book.join(one) != book.join(other), what


def test_an_incident_that_goes_on_today_takes_in_only_what_belongs_to_it() -> None:
    book = Book()
    calls = book.join(ai("TTEC", "calls"))
    assert book.join(ai("FIVN", "calls", session=TUESDAY)) == calls
    freight = book.join(ai("CHRW", "freight", session=TUESDAY))
    assert freight != calls
    assert book.join(ai("RXO", "freight again", session=TUESDAY)) == freight
    assert book.known(calls).symbols == ("TTEC", "FIVN")


def test_a_larger_move_in_another_session_heads_the_incident_and_a_smaller_one_does_not() -> None:
    for change, lead in ((-0.2, "FIVN"), (-0.05, "TTEC")):
        book = Book()
        first = replace(ai("TTEC", "calls"), last_change=-0.12)
        book.join(first)
        second = replace(ai("FIVN", "calls", session=TUESDAY, change=change), last_change=change)
        assert book.known(book.join(second)).lead == lead


def test_an_alert_is_bound_by_its_stories_before_its_line() -> None:
    book = Book()
    told = book.join(ai("CRM", "a"))
    book.join(ai("TTEC", "b"))
    assert book.join(ai("FIVN", "a")) == told


def test_a_company_in_two_lines_does_not_make_one_incident_of_two() -> None:
    book = Book()
    calls, software = book.join(ai("TTEC", "a")), book.join(ai("CRM", "b"))
    both = ai("FIVN", "c")
    joined = book.join(both)
    assert joined in (calls, software)
    assert book.book.twin(book.known(joined), both) is None


def test_stocks_that_fall_together_without_a_cause_are_one_message_a_line() -> None:
    book = Book()
    freight = book.join(alert("CHRW", -0.06, "group"), Together.BY_LINE)
    calls = book.join(alert("TTEC", -0.06, "group"), Together.BY_LINE)
    assert freight != calls
    assert book.join(alert("RXO", -0.06, "group"), Together.BY_LINE) == freight
    assert book.join(alert("FIVN", -0.06, "group"), Together.BY_LINE) == calls


def test_the_tie_for_a_line_completes_the_message_about_it_and_no_other() -> None:
    book = Book()
    freight = book.join(alert("CHRW", -0.06, "group"), Together.BY_LINE)
    book.join(alert("RXO", -0.06, "group"), Together.BY_LINE)
    calls = book.join(alert("TTEC", -0.06, "group"), Together.BY_LINE)
    assert book.join(ai("CHRW", "tie")) == freight
    assert (book.known(freight).topic, book.known(calls).topic) == ("ai-market", "")


def test_a_weak_cause_keeps_no_group_apart_and_is_none_of_the_incident() -> None:
    book = Book()
    freight = book.join(alert("CHRW", -0.06, "group"), Together.BY_LINE)
    assert book.join(alert("RXO", -0.06, "group", "ai-model", "weak", 0.4), Together.BY_LINE) == freight
    assert (book.known(freight).topic, book.known(freight).clusters) == ("", ())


def test_a_shock_of_many_lines_takes_in_what_falls_with_it() -> None:
    book = Book()
    shock = {book.join(ai(f"S{n}", "stories")) for n in range(MARKET_WIDE - 1)}
    assert book.join(ai("ALONE", "others")) not in shock
    book = Book()
    shock = {book.join(ai(f"S{n}", "stories")) for n in range(MARKET_WIDE)}
    assert {book.join(ai("ALONE", "others"))} == shock
    assert book.join(ai("CHRW", "freight", "lab:X")) in shock, "the others' makers are not known"


def test_two_incidents_become_one_when_the_shock_turns_out_to_be_of_the_whole_market() -> None:
    book = Book()
    early = book.join(ai("ALONE", "others"))
    for n in range(MARKET_WIDE):
        fired = ai(f"S{n}", "stories")
        shock = book.join(fired)
        assert shock != early
        assert (book.book.twin(book.known(shock), fired) is book.known(early)) is (n == MARKET_WIDE - 1)


def test_a_fall_of_the_whole_market_without_a_cause_is_one_early_word() -> None:
    book = Book()
    early = book.join(alert("ALONE", -0.08, "group"), Together.BY_LINE)
    for n in range(MARKET_WIDE):
        fired = alert(f"S{n}", -0.08, "group")
        wide = book.join(fired, Together.BY_LINE)
        assert wide != early
        assert (book.book.twin(book.known(wide), fired) is book.known(early)) is (n == MARKET_WIDE - 1)
    assert book.join(alert("CHRW", -0.08, "group"), Together.BY_LINE) == wide


def test_a_shock_of_the_whole_market_takes_in_nothing_that_another_lab_did() -> None:
    book = Book()
    early = book.join(ai("ALONE", "others", "lab:Other"))
    shock = {book.join(fired := ai(f"S{n}", "stories", "lab:DeepSeek")) for n in range(MARKET_WIDE)}
    assert early not in shock
    assert book.book.twin(book.known(*shock), fired) is None


# ------------------------------------------------------------------------------------------ two that turn out to be one


def test_a_story_about_two_incidents_of_other_lines_makes_them_one() -> None:
    book = Book()
    first, second = book.join(ai("TTEC", "a")), book.join(ai("CHRW", "b"))
    both = ai("RXO", "a")
    joined = book.join(both)
    assert joined == first
    again = ai("CHRW", "a", session=MONDAY)
    again = replace(again, id="again", rule="again")
    assert book.join(again) == first
    assert book.book.twin(book.known(first), again) is book.known(second)


def test_two_falls_without_a_cause_that_one_story_explains_become_one() -> None:
    book = Book()
    first = book.join(alert("NVDA", -0.12, "plain"))
    second = book.join(alert("VST", -0.15, "plain"))
    assert first != second
    book.join(alert("NVDA", -0.12, "cause", "ai-market", "tied"))
    tied = alert("VST", -0.15, "cause", "ai-market", "tied")
    joined = book.known(book.join(tied))
    twin = book.book.twin(joined, tied)
    assert twin is not None
    whole, closed = book.book.merge(joined, twin, at("01-27 17:00"))
    assert (whole.id, closed.id, closed.merged_into) == (first, second, first)
    assert whole.symbols == ("NVDA", "VST")
    assert whole.alerts == ("plain-NVDA", "cause-NVDA", "cause-VST", "plain-VST")
    assert whole.topic == "ai-market"
    assert (closed.state, closed.closed_at) == (IncidentState.CLOSED, at("01-27 17:00"))
    assert book.book.twin(whole, tied) is None
    assert [i.id for i in book.book.open()] == [first]


def test_incidents_of_other_causes_other_sessions_or_the_other_way_stay_apart() -> None:
    book = Book()
    fall = alert("NVDA", -0.12, topic="earnings", cluster="a")
    falls = book.join(fall)
    book.join(alert("CHGG", -0.12, topic="earnings", cluster="b"))
    book.join(alert("META", 0.12, topic="ai-model", cluster="a"))
    assert book.book.twin(book.known(falls), fall) is None


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
    assert reason_for_message(told, len(told.symbols), (), at("01-27 15:00")) is Reason.WIDENED
    looked_after = replace(told, thread=replace(thread, acknowledged_at=at("01-27 14:00"), acknowledged_by="Ada"))
    assert reason_for_message(looked_after, len(looked_after.symbols), (), at("01-27 15:00")) is None
    assert (
        reason_for_message(replace(looked_after, severity=Severity.CRITICAL), 1, (), at("01-27 15:00"))
        is Reason.ESCALATED
    )


@pytest.mark.parametrize(
    ("joining", "hours", "reason"),
    [
        ("NVDA", 2, Reason.WIDENED),
        ("NVDA", 0.5, None),
        ("SU.PA", 2, Reason.WIDENED),
        ("000660.KS", 2, None),
        ("5803.T", 2, None),
    ],
    ids=["New York", "New York, too soon", "Paris", "Seoul, as near as Tokyo", "another of Tokyo"],
)
def test_a_fall_that_reaches_another_part_of_the_world_is_told_anew(
    joining: str, hours: float, reason: Reason | None
) -> None:
    """Five were told of in Tokyo: one more elsewhere doubles nothing, but for those who trade there it begins."""
    book = Book()
    first = [f"{n}.T" for n in range(5)]
    incidents = {book.join(alert(symbol, -0.1, topic="ai-model")) for symbol in first}
    assert len(incidents) == 1
    known, told_at = book.known(incidents.pop()), at("01-27 15:00")
    told = book.book.record_message(known, Reason.FIRST, told_at, "c", -1, MONDAY)
    later = told_at + timedelta(hours=hours)
    joined = replace(alert(joining, -0.1, topic="ai-model"), fired_at=later)
    assert book.join(joined) == told.id
    assert book.book.reason_for_message(book.known(told.id), later) is reason
