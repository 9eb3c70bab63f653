"""The digest: due when it should be, telling what happened and what nearly did, and nothing from later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.lab.workbench import episode_scenario, open_workbench
from bot.core.digests.content import DigestInputs, compile_digest
from bot.core.digests.schedule import STALE_AFTER, Due, next_digest, stale
from bot.core.engine import Engine
from bot.core.errors import UsageError
from bot.core.messages.blocks.digest import WEEKLY, DigestMove, digest
from bot.core.model import (
    Alert,
    AlertState,
    CauseRef,
    Check,
    DailyBar,
    Incident,
    IncidentState,
    Link,
    Observation,
    Phase,
    Quote,
    QuoteKind,
    Reach,
    Reference,
    Severity,
    Split,
    Story,
    Summary,
    Trouble,
)
from bot.core.news import NewsIndex
from bot.core.prices.market import Market
from bot.core.prices.sessions import Session, Timetable
from bot.core.rules.rule import Evaluation, RuleSet
from bot.render.plain import plain
from bot.render.telegram_html import html
from bot.replay.playing import play as play_tape
from tests.core import worlds
from tests.core.real_sessions import timetable as real
from tests.core.worlds import COMPANIES, TOPICS, at, close, engine, quote, shock_tape, story, weekday_timetable
from tests.forms import stray_times

REPOSITORY = Path(__file__).resolve().parents[2]
NEW_YORK = weekday_timetable()
MONDAY = date(2025, 1, 27)
AFTER_MONDAY = Due(at("01-27 21:30"), "daily", MONDAY, MONDAY)
THE_WEEK = Due(at("01-31 21:35"), WEEKLY, MONDAY, date(2025, 1, 31))
HOSTILE = '<b>DeepSeek</b> releases DeepSeek-R1 & "it" costs <script>alert(1)</script> *less* [x](http://a) %s {0}'


# ---------------------------------------------------------------------------------------------------------- schedule


def chain(timetable: Timetable, after: datetime, until: datetime) -> list[Due]:
    """Every digest due after one moment and before another, asked for one by one."""
    found = []
    due = next_digest(timetable, after)
    while due is not None and due.at < until:
        found.append(due)
        due = next_digest(timetable, due.at)
    return found


def expected(timetable: Timetable) -> list[Due]:
    """The same worked out anew, from the list of sessions alone."""
    weeks: dict[tuple[int, int], list[Session]] = {}
    for session in timetable.all:
        weeks.setdefault(session.date.isocalendar()[:2], []).append(session)
    found = [Due(s.close_at + timedelta(minutes=30), "daily", s.date, s.date) for s in timetable.all]
    found += [
        Due(w[-1].close_at + timedelta(minutes=35), "weekly", w[0].date, w[-1].date) for w in list(weeks.values())[:-1]
    ]
    return sorted(found, key=lambda d: d.at)


def test_a_real_year_of_new_york_has_one_digest_a_session_and_one_a_week() -> None:
    sessions = real("XNYS")
    wanted = [d for d in expected(sessions) if d.at < at("12-20 00:00")]
    assert chain(sessions, sessions.all[0].starts_at, at("12-20 00:00")) == wanted
    assert sum(d.kind == "daily" for d in wanted) > 250
    assert len({d.key for d in wanted}) == len(wanted)


@pytest.mark.parametrize(
    ("after", "kind", "due", "first", "last"),
    [
        ("2024-11-28", "daily", "2024-11-29 18:30", "2024-11-29", "2024-11-29"),  # half-session after Thanksgiving
        ("2024-11-29 18:30", "weekly", "2024-11-29 18:35", "2024-11-25", "2024-11-29"),
        ("2024-12-24", "daily", "2024-12-24 18:30", "2024-12-24", "2024-12-24"),
        ("2025-01-03 21:30", "weekly", "2025-01-03 21:35", "2024-12-30", "2025-01-03"),  # a week of two years
        ("2025-01-08 22:00", "daily", "2025-01-10 21:30", "2025-01-10", "2025-01-10"),  # the 9th: mourning
        ("2025-04-17 20:30", "weekly", "2025-04-17 20:35", "2025-04-14", "2025-04-17"),  # before Good Friday
        ("2025-04-17 20:35", "daily", "2025-04-21 20:30", "2025-04-21", "2025-04-21"),  # Easter Monday is a session
        ("2025-07-03 17:30", "weekly", "2025-07-03 17:35", "2025-06-30", "2025-07-03"),  # half-session, then a holiday
        ("2025-01-24 21:30", "weekly", "2025-01-24 21:35", "2025-01-21", "2025-01-24"),  # Monday was a holiday
    ],
)
def test_half_sessions_and_holidays(after: str, kind: str, due: str, first: str, last: str) -> None:
    found = next_digest(real("XNYS"), datetime.fromisoformat(after).replace(tzinfo=UTC))
    wanted = Due(
        datetime.fromisoformat(due).replace(tzinfo=UTC), kind, date.fromisoformat(first), date.fromisoformat(last)
    )
    assert found == wanted


@given(st.integers(0, 500 * 24 * 60))
def test_the_next_digest_is_the_first_later_than_the_moment(minutes: int) -> None:
    after = datetime(2024, 9, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    wanted = next((d for d in expected(real("XNYS")) if d.at > after), None)
    assert next_digest(real("XNYS"), after) == wanted


def test_a_week_without_sessions_has_no_digest_and_the_timetable_s_end_is_no_end_of_a_week() -> None:
    idle = {date(2025, 2, day) for day in range(3, 8)}
    some = Timetable("XNYS", [s for s in NEW_YORK.all if s.date not in idle])
    weekly = [d.last for d in chain(some, at("01-25 00:00"), at("02-16 00:00")) if d.kind == WEEKLY]
    assert weekly == [date(2025, 1, 31), date(2025, 2, 14)]
    few = Timetable("XNYS", [s for s in NEW_YORK.all if s.date <= date(2025, 1, 31)])
    assert [d.kind for d in chain(few, at("01-31 00:00"), at("03-01 00:00"))] == ["daily"]
    assert next_digest(Timetable("XNYS", []), at("01-31 00:00")) is None


def test_a_digest_later_than_twenty_hours_is_dropped() -> None:
    assert not stale(AFTER_MONDAY, AFTER_MONDAY.at)
    assert not stale(AFTER_MONDAY, AFTER_MONDAY.at + timedelta(hours=20))
    assert stale(AFTER_MONDAY, AFTER_MONDAY.at + STALE_AFTER + timedelta(seconds=1))


def test_a_digest_s_key_tells_day_and_kind() -> None:
    assert (AFTER_MONDAY.key, THE_WEEK.key) == ("digest:daily:2025-01-27", "digest:weekly:2025-01-31")


# ----------------------------------------------------------------------------------------------------- a day by hand


def alert(symbol: str = "NVDA", moved: float = -0.12, day: str = "01-27", hour: str = "15:00", **more: Any) -> Alert:
    """An alert of a fall from 100, fired on its session's day unless told otherwise."""
    fired = at(f"{day} {hour}")
    session = fired.date()
    values: dict[str, Any] = {
        "id": f"{symbol}-{day}-{hour}",
        "fingerprint": symbol,
        "rule": "shock",
        "rule_version": "v1",
        "symbol": symbol,
        "session": session,
        "severity": Severity.HIGH,
        "state": AlertState.FIRING,
        "fired_at": fired,
        "updated_at": fired,
        "price": 100 * (1 + moved),
        "price_at": fired,
        "phase": Phase.REGULAR,
        "change": moved,
        "reference": Reference("previous close", 100.0, at("01-24 21:00"), date(2025, 1, 24)),
        "cause": None,
        "checks": (),
        "last_price": 100 * (1 + moved),
        "last_price_at": fired,
        "last_change": moved,
        "told_at": fired,
    }
    return Alert(**(values | more))


def incident(id: str, *alerts: Alert, **more: Any) -> Incident:
    """The incident of some alerts, led by the first."""
    values: dict[str, Any] = {
        "id": id,
        "topic": "",
        "clusters": (),
        "session": alerts[0].session,
        "sessions": tuple(sorted({a.session for a in alerts})),
        "started_at": alerts[0].fired_at,
        "updated_at": alerts[0].fired_at,
        "severity": max(a.severity for a in alerts),
        "state": IncidentState.OPEN,
        "lead": alerts[0].symbol,
        "symbols": tuple(dict.fromkeys(a.symbol for a in alerts)),
        "alerts": tuple(a.id for a in alerts),
    }
    return Incident(**(values | more))


def cause(topic: str = "ai-model", cluster: str = "c", source: str = "Example Wire") -> CauseRef:
    """A cause told by two sources."""
    seen = at("01-27 09:00")
    return CauseRef(
        cluster, topic, "A title", source, "", None, seen, 0.9, Reach.DIRECT, confidence=0.8, sources=(source, "Post")
    )


def never(symbol: str, at: datetime) -> Sequence[Evaluation]:
    """A rule that wanted a larger fall."""
    check = Check("price change < -10% since previous close", False, "-6.0% (94.00 against 100.00)", "", -0.06, -0.1)
    return [Evaluation(worlds.rule(), symbol, check, False, None, None, None, False)]


def facts(observations: Sequence[Observation] = (), **more: Any) -> DigestInputs:
    """What a digest is given in the small world, where ``observations`` were seen and nothing fired."""
    market = Market(lambda symbol: NEW_YORK)
    news = NewsIndex(TOPICS, COMPANIES, window=timedelta(days=14))
    for seen in observations:
        if isinstance(seen, Story):
            news.add(seen)
        elif isinstance(seen, Quote):
            market.admit(seen, seen.seen_at)
        elif isinstance(seen, DailyBar | Split):
            market.apply(seen)
    values: dict[str, Any] = {"incidents": (), "alerts": (), "evaluate": never, "watched": ("NVDA", "VRT", "KO")}
    return DigestInputs(market, news, NEW_YORK, **(values | more))


def named(symbol: str) -> str:
    """A company's name."""
    company = COMPANIES.get(symbol)
    return company.name if company else symbol


def topic(name: str) -> str:
    """A topic in words."""
    return {"ai-model": "AI-model news", "earnings": "earnings and guidance"}.get(name, name)


def said(what: DigestInputs, due: Due = AFTER_MONDAY, moment: datetime | None = None) -> Summary:
    """The digest's summary."""
    found = digest(compile_digest(what, due, moment or due.at), named, topic)
    assert stray_times(found) == []
    return found


def text(what: DigestInputs, due: Due = AFTER_MONDAY, moment: datetime | None = None) -> str:
    """The digest's text, unwrapped."""
    return plain(said(what, due, moment), None)


def falls(*moves: tuple[str, float], day: str = "01-27", before: str = "01-24") -> list[Observation]:
    """Closes of 100 and official closes so far away from it."""
    found: list[Observation] = [close(symbol, 100.0, before) for symbol, _ in moves]
    found += [quote(symbol, 100 * (1 + moved), f"{day} 21:00", QuoteKind.CLOSE) for symbol, moved in moves]
    return found


FLAT = falls(("NVDA", 0.0), ("VRT", 0.01), ("KO", -0.01))


def test_an_empty_day_is_one_line() -> None:
    assert text(facts(FLAT, feeds_ok=51)) == (
        "Mon 27 Jan, after the close: no incidents; no near misses, no model news without a price reaction."
    )


def test_an_empty_day_tells_of_sources_in_trouble() -> None:
    failing = [("openai", "", Trouble.FAILED, "HTTP 503"), ("prices", "KO", Trouble.STALE, "no new price for 40 min")]
    shown = text(facts(FLAT, failing=failing, feeds_ok=51, prices_at=at("01-27 21:29")))
    assert shown.splitlines()[2:] == [
        "Sources",
        "• Feed openai is failing: HTTP 503.",
        "• Price source: KO is stale: no new price for 40 min.",
        "• 51 feeds working; latest prices 27 Jan 21:29 UTC.",
    ]


def test_a_day_without_prices_does_not_pretend_that_nothing_came_near() -> None:
    shown = text(facts())
    assert "no prices to check for near misses" in shown
    assert "• No price for 3 of 3 watched stocks in the session of Mon 27 Jan." in shown


def test_a_busy_day() -> None:
    machine = engine()
    tape = [o for o in shock_tape() if o.seen_at <= AFTER_MONDAY.at]
    worlds.play(machine, tape, "01-27 21:30")
    shown = plain(said(of(machine), AFTER_MONDAY), 72)
    assert shown == BUSY_DAY


BUSY_DAY = """\
Mon 27 Jan, after the close: 1 incident; 1 near miss

Incidents
• Critical: Nvidia (NVDA) −16.0 % against 100.00, the close of Fri 24
  Jan; at the close; 1 other hit too. News at the same time: AI-model
  news (wire). Still open.

Near misses: falls of 5 % or more without an alert
• Coca-Cola (KO) −11.5 % against 60.00, the close of Fri 24 Jan; regular
  trading, 15:01 UTC. Nearest: shock; required news topic ai-model,
  reach direct/exposure, score >= 0.5, within 5 sessions; found no story
  on the topic reaches it.

Written by a machine (Aftershock). Not investment advice."""


def of(machine: Engine, **more: Any) -> DigestInputs:
    """What a digest is given by an engine."""
    incidents = {i.id: i for a in machine.alerts if (i := machine.incidents.get(a.incident)) is not None}
    timetable = machine.market.of("SPY").timetable
    return DigestInputs(
        machine.market,
        machine.news,
        timetable,
        machine.rules.symbols,
        incidents.values(),
        list(machine.alerts),
        machine.evaluate,
        machine.health.failing(),
        **more,
    )


def test_the_deepseek_monday_is_one_incident_and_some_near_misses() -> None:
    stage = open_workbench(REPOSITORY / "config.yaml", None, datetime(2026, 11, 1, tzinfo=UTC))
    scene = episode_scenario(stage, "deepseek-2025-01")
    rules = RuleSet([r for r in stage.rules() if r.enabled])
    assert scene.tape.first_at is not None
    machine = stage.engine(rules, scene.tape.first_at)
    play_tape(machine, scene.tape, until=AFTER_MONDAY.at)
    due = next_digest(machine.market.of("SPY").timetable, at("01-27 12:00"))
    assert due == AFTER_MONDAY
    messages = machine.announcer.messages
    found = digest(compile_digest(of(machine), due, due.at), messages.company, messages.topic)
    shown = plain(found, None)
    lines = shown.splitlines()
    assert lines[0] == "Mon 27 Jan, after the close: 1 incident; 3 near misses"
    assert lines[3].startswith(
        "• Critical: Nvidia (NVDA) −17.0 % against 142.62, the close of Fri 24 Jan; at the close; "
    )
    assert "Cause: AI-model news (" in lines[3]
    near = next(line for line in lines if line.startswith("• Lam Research"))
    assert near.startswith(
        "• Lam Research (LRCX) −5.1 % against 79.68, the close of Fri 24 Jan; at the close. Nearest: ai-sell-off; "
        "required cause topic ai-model/ai-market, confidence >= 0.6, within 5 sessions; found ai-market 0.40: "
    )
    assert any(line.startswith("• Ibiden (4062.T) −6.0 % against ¥5,099, the close of Fri 24 Jan") for line in lines)
    assert len(html(found)) < 4096


# --------------------------------------------------------------------------------------------------------- incidents


def told(*incidents: Incident, alerts: Sequence[Alert], due: Due = AFTER_MONDAY) -> list[str]:
    """The lines about incidents."""
    shown = said(facts(FLAT, incidents=incidents, alerts=alerts), due)
    return [line for b in shown.blocks if b.name.startswith("incidents") for line in plain_lines(b.lines)]


def plain_lines(lines: Sequence[Sequence[Any]]) -> list[str]:
    """Lines without their markup."""
    return ["".join(i if isinstance(i, str) else i.text for i in line) for line in lines]


def test_an_incident_is_one_line() -> None:
    lead, other = alert(cause=cause()), alert("VRT", -0.11)
    assert told(incident("20250127-1", lead, other), alerts=[lead, other]) == [
        "High: Nvidia (NVDA) 0.0 % against 100.00, the close of Fri 24 Jan; at the close; 1 other hit too. "
        "Cause: AI-model news (Example Wire and 1 more; likely). Still open."
    ]


def test_a_move_after_hours_is_told_with_its_phase_and_time() -> None:
    lead = alert(hour="22:00", session=MONDAY, phase=Phase.POST)
    due = replace(AFTER_MONDAY, at=at("01-27 23:00"))
    (line,) = told(incident("20250127-1", lead), alerts=[lead], due=due)
    assert "−12.0 % against 100.00, the close of Fri 24 Jan; after hours, 22:00 UTC. No cause known" in line


def test_corrections_mergers_and_what_was_held_back_are_noted() -> None:
    lead = alert(cause=cause("earnings"), corrected_from=cause(), corrected_at=at("01-27 17:00"), told_at=None)
    one = incident("20250127-1", lead, state=IncidentState.CLOSED, closed_at=at("01-27 21:10"))
    gone = incident("20250127-2", alert("VRT"), merged_into=one.id, state=IncidentState.CLOSED)
    (line,) = told(one, gone, alerts=[lead])
    assert "Corrected 27 Jan 17:00 UTC: first reported as AI-model news." in line
    assert "Merged with Vertiv’s, first reported separately." in line
    assert line.endswith("Suppressed: nobody was notified. Closed 27 Jan 21:10 UTC.")


def test_who_fell_for_reasons_of_its_own_is_not_among_the_others() -> None:
    lead, vrt = alert(cause=cause()), alert("VRT")
    ko = alert("KO", cause=cause("earnings"), corrected_from=cause(), corrected_at=at("01-27 17:00"))
    (line,) = told(incident("20250127-1", lead, vrt, ko), alerts=[lead, vrt, ko])
    assert "; 1 other hit too; 1 fell for other reasons." in line


def test_a_week_groups_by_session_and_counts() -> None:
    first, second = alert(day="01-27"), alert("VRT", day="01-29")
    again = alert("KO", day="01-28")
    one, two = incident("20250127-1", first, again), incident("20250129-1", second)
    shown = text(facts(FLAT, incidents=[two, one], alerts=[second, again, first]), THE_WEEK)
    lines = shown.splitlines()
    assert lines[0].startswith("The week to Fri 31 Jan: 2 incidents; ")
    assert [x for x in lines if x.endswith(("stock", "stocks"))] == [
        "Mon 27 Jan: 1 incident, 1 stock",
        "Wed 29 Jan: 1 incident, 1 stock",
    ]
    assert "Alerts in 2 sessions, the last on Tue 28 Jan." in shown


@pytest.mark.parametrize(("hour", "told_in"), [("15:00", 0), ("21:15", 0), ("21:30", 0), ("21:31", 1), ("23:00", 1)])
def test_an_alert_belongs_to_one_daily_digest_the_next_where_it_came_after_one(hour: str, told_in: int) -> None:
    late = alert(hour=hour, session=MONDAY)
    known = facts(FLAT, incidents=[incident("20250127-1", late)], alerts=[late])
    tuesday = Due(at("01-28 21:30"), "daily", date(2025, 1, 28), date(2025, 1, 28))
    wednesday = Due(at("01-29 21:30"), "daily", date(2025, 1, 29), date(2025, 1, 29))
    heads = [text(known, due).splitlines()[0] for due in (AFTER_MONDAY, tuesday, wednesday)]
    assert [n for n, head in enumerate(heads) if "1 incident;" in head] == [told_in]
    assert "no new incidents (1 still open from before)" in heads[2]


def test_a_session_of_another_exchange_on_the_benchmark_s_holiday_is_in_the_next_digest() -> None:
    holiday = Timetable("XNYS", [s for s in NEW_YORK.all if s.date != MONDAY])
    abroad = alert()
    known = replace(facts(FLAT, incidents=[incident("20250127-1", abroad)], alerts=[abroad]), timetable=holiday)
    tuesday = next_digest(holiday, at("01-27 00:00"))
    assert tuesday is not None
    assert "1 incident" in text(known, tuesday)


# ------------------------------------------------------------------------------------------------------- near misses


def test_of_many_falls_five_are_told_the_furthest_first() -> None:
    moves = [(f"S{n}", -0.05 - n / 1000) for n in range(9)]
    shown = said(facts(falls(*moves), watched=[s for s, _ in moves]))
    (block,) = [b for b in shown.blocks if b.name == "near misses"]
    lines = plain_lines(block.lines)
    assert [x.split()[0] for x in lines[:5]] == ["S8", "S7", "S6", "S5", "S4"]
    assert lines[5:] == ["And 4 more."]
    assert lines[0] == (
        "S8 −5.8 % against 100.00, the close of Fri 24 Jan; at the close. "
        "Nearest: shock; required price change < −10 % since previous close; found −6.0 %."
    )


@pytest.mark.parametrize(("moved", "missed"), [(-0.0499, False), (-0.05, True), (-0.2, True), (0.2, False)])
def test_a_near_miss_begins_at_five_percent(moved: float, missed: bool) -> None:
    assert ("1 near miss" in text(facts(falls(("NVDA", moved))))) is missed


def test_who_has_an_alert_is_no_near_miss() -> None:
    fell = falls(("NVDA", -0.08))
    assert "1 near miss" in text(facts(fell))
    assert "1 near miss" not in text(facts(fell, alerts=[alert()]))
    assert "1 near miss" in text(facts(fell, alerts=[alert(day="01-24")])), "that was another session"


def test_a_guard_that_holds_and_what_is_unknown_are_said_as_such() -> None:
    def guarded(symbol: str, at: datetime) -> Sequence[Evaluation]:
        held = Check("market SPY change < -4%", True, "-4.6% (572.00 against 600.00)", "", -0.046, -0.04)
        fell = Check("price change < -5%", True, "-8.0%", "", -0.08, -0.05)
        guard = Check("none of", False, "", children=(held,))
        tree = Check("all of", False, "", children=(fell, guard))
        return [Evaluation(worlds.rule(), symbol, tree, False, None, None, None, False)]

    def unknown(symbol: str, at: datetime) -> Sequence[Evaluation]:
        check = Check("abnormal z < -3", None, "no telling what is usual", "", None, -3.0)
        return [Evaluation(worlds.rule(), symbol, check, False, None, None, None, False)]

    fell = falls(("NVDA", -0.08))
    assert "ruled out by market SPY change < −4 %; found −4.6 %." in text(facts(fell, evaluate=guarded))
    assert "required abnormal z < −3; unknown: no telling what is usual." in text(facts(fell, evaluate=unknown))


def test_a_close_judged_by_after_hours_prices_says_so_and_made_in_another_session_names_no_rule() -> None:
    fell = [*falls(("NVDA", -0.08)), quote("NVDA", 93.0, "01-27 21:20")]
    assert "at the close. Nearest: shock;" in text(facts(fell))
    assert "(evaluated at 93.00, after hours, 21:20 UTC)." in text(facts(fell))
    late = text(facts(fell), moment=at("01-28 10:00"))
    assert "−8.0 % against 100.00, the close of Fri 24 Jan; at the close." in late
    assert "Nearest" not in late


def test_a_week_tells_of_the_days_before_without_judging_them_again() -> None:
    fell = [*falls(("NVDA", -0.08)), *falls(("KO", -0.06), day="01-31", before="01-30")]
    lines = text(facts(fell), THE_WEEK).splitlines()
    assert "• Nvidia (NVDA) −8.0 % against 100.00, the close of Fri 24 Jan; at the close of Mon 27 Jan." in lines
    assert any(
        x.startswith("• Coca-Cola (KO) −6.0 % against 100.00, the close of Thu 30 Jan; at the close. N") for x in lines
    )


def test_a_split_within_the_week_makes_no_fall() -> None:
    seen: list[Observation] = [
        close("NVDA", 100.0, "01-24"),
        replace(quote("NVDA", 101.0, "01-27 21:00", QuoteKind.CLOSE), previous_close=100.0),
        close("NVDA", 101.0, "01-27"),
        Split("NVDA", date(2025, 1, 28), 10.0, at("01-28 08:00")),
        close("NVDA", 10.2, "01-30"),
        quote("NVDA", 10.1, "01-31 21:00", QuoteKind.CLOSE),
    ]
    assert "no near misses" in text(facts(seen), THE_WEEK)


def test_a_digest_of_a_day_without_a_session_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError, match="XNYS has no session on 2025-01-26"):
        compile_digest(facts(), replace(AFTER_MONDAY, first=date(2025, 1, 26)), AFTER_MONDAY.at)


# --------------------------------------------------------------------------------------- model news without a reaction


def told_by(
    sources: Sequence[str], when: str = "01-27 12:00", title: str = worlds.CHEAP, link: str = ""
) -> list[Story]:
    """One happening, as so many sources tell it."""
    return [story(title, when, source, link=link) for source in sources]


@pytest.mark.parametrize(
    ("stories", "moved", "quiet"),
    [
        (told_by(["Wire", "Post"]), -0.029, True),
        (told_by(["Wire", "Post"]), -0.03, False),
        (told_by(["Wire"]), 0.0, False),
        (told_by(["DeepSeek"]), 0.0, True),
        (told_by(["Wire", "Post"], "01-24 20:00"), 0.0, False),
        (told_by(["Wire", "Post"], "01-24 22:00"), 0.0, True),  # after Friday's close: judged by Monday's session
        (told_by(["Wire", "Post"], "01-27 21:10"), 0.0, False),  # for Tuesday's digest
    ],
)
def test_model_news_counts_with_two_sources_or_the_maker_s_own_where_nobody_fell(
    stories: list[Observation], moved: float, quiet: bool
) -> None:
    known = facts([*falls(("NVDA", moved), ("VRT", 0.0), ("KO", -0.04)), *stories])
    assert ("1 piece of model news without a price reaction" in text(known)) is quiet


@pytest.mark.parametrize(("moved", "quiet"), [(0.029, True), (0.031, False), (0.2, False)])
def test_a_rise_of_a_stock_that_the_news_names_is_a_reaction_too(moved: float, quiet: bool) -> None:
    named = told_by(["Wire", "Post"], title=f"{worlds.CHEAP}, Nvidia says")
    assert ("1 piece of" in text(facts([*falls(("NVDA", moved), ("KO", 0.2)), *named]))) is quiet
    assert "1 piece of" in text(facts([*falls(("NVDA", moved), ("KO", 0.2)), *told_by(["Wire", "Post"])]))


def test_a_fall_before_the_news_is_no_reaction_to_it_and_what_an_old_feed_held_is_no_news() -> None:
    fell = [*falls(("NVDA", -0.04)), close("NVDA", 96.0, "01-27"), quote("NVDA", 96.0, "01-28 21:00", QuoteKind.CLOSE)]
    after, before = told_by(["Wire", "Post"], "01-28 12:00"), told_by(["Wire", "Post"], "01-27 12:00")
    assert "1 piece of" in text(facts([*fell, *after]), THE_WEEK)
    assert "lowest session move since" in text(facts([*fell, *after]), THE_WEEK)
    assert "1 piece of" not in text(facts([*fell, *before]), THE_WEEK)
    assert "1 piece of" not in text(facts([*fell, *(replace(s, seeded=True) for s in after)]), THE_WEEK)


def test_model_news_names_its_sources_and_whom_it_reaches() -> None:
    known = facts([*falls(("NVDA", -0.004), ("VRT", 0.012)), *told_by(["Wire", "Post"])])
    assert (
        f"• “{worlds.CHEAP}” — 2 sources (Wire and Post), 27 Jan 12:00 UTC. "
        "Reaches Nvidia −0.4 % and Vertiv +1.2 %; session moves, against the previous close."
    ) in text(known)


def test_what_is_an_alert_s_cause_is_not_quiet() -> None:
    stories = told_by(["Wire", "Post"])
    told_of = alert("KO", cause=cause(cluster=stories[0].id))
    assert "piece" in text(facts([*FLAT, *stories]))
    assert "piece" not in text(facts([*FLAT, *stories], alerts=[told_of]))


def test_a_hostile_title_is_handed_on_raw_and_cut_and_comes_out_escaped() -> None:
    hostile = told_by(["Wire", "Post"], title=HOSTILE, link="https://example.org/a?b=<c>")
    shown = said(facts([*FLAT, *hostile]))
    links = [i for b in shown.blocks for line in b.lines for i in line if isinstance(i, Link)]
    assert [i.text for i in links] == [HOSTILE]
    assert "<script>" not in html(shown)
    assert "&lt;script&gt;" in html(shown)
    long = said(facts([*FLAT, *told_by(["Wire", "Post"], title=worlds.CHEAP + " more" * 100)]))
    assert max(len(line) for line in plain(long, None).splitlines()) < 320


# -------------------------------------------------------------------------------------------------------- properties

SYMBOLS = ("NVDA", "VRT", "KO")
MOVES = st.lists(st.tuples(st.sampled_from(SYMBOLS), st.floats(-0.3, 0.3)), max_size=3, unique_by=lambda m: m[0])
LATER = st.lists(
    st.one_of(
        st.builds(
            lambda symbol, value, minutes: quote(symbol, value, f"01-27 22:{minutes:02}"),
            st.sampled_from(SYMBOLS),
            st.floats(50, 150),
            st.integers(0, 59),
        ),
        st.builds(lambda symbol, value: close(symbol, value, "01-28"), st.sampled_from(SYMBOLS), st.floats(50, 150)),
        st.builds(lambda source: story(worlds.CHEAP, "01-27 23:00", source), st.sampled_from(["Late", "Later"])),
    ),
    max_size=8,
)


@given(MOVES, LATER)
def test_nothing_later_than_the_digest_s_moment_is_used(
    moves: list[tuple[str, float]], later: list[Observation]
) -> None:
    known = [*falls(*moves), *told_by(["Wire", "Post"])]
    one, tomorrow = alert(cause=cause()), alert("KO", day="01-28")
    tonight = alert("VRT", -0.2, hour="22:00", session=MONDAY)
    before = facts(known, alerts=[one], incidents=[incident("20250127-1", one)])
    after = facts(
        [*known, *sorted(later, key=lambda o: o.seen_at)],
        alerts=[one, tonight, tomorrow],
        incidents=[incident("20250127-1", one, tonight), incident("20250128-1", tomorrow)],
    )
    assert said(before) == said(after)


@given(MOVES, st.permutations(range(3)))
def test_the_order_in_which_things_are_given_makes_no_difference(
    moves: list[tuple[str, float]], order: list[int]
) -> None:
    alerts = [alert("NVDA"), alert("VRT", -0.12), alert("KO", -0.2, cause=cause())]
    incidents = [incident(f"20250127-{n + 1}", a) for n, a in enumerate(alerts)]
    known = [*falls(*moves), *told_by(["Wire", "Post"])]
    straight = facts(known, alerts=alerts, incidents=incidents)
    mixed = facts(
        known,
        alerts=[alerts[n] for n in order],
        incidents=[incidents[n] for n in order],
        watched=[SYMBOLS[n] for n in order],
    )
    assert said(straight) == said(mixed) == said(mixed)


@given(MOVES)
def test_making_a_digest_changes_nothing(moves: list[tuple[str, float]]) -> None:
    what = facts([*falls(*moves), *told_by(["Wire", "Post"])])
    before = (list(what.market), len(what.news), what.news.stories())
    said(what)
    compile_digest(what, THE_WEEK, THE_WEEK.at)
    assert before[1:] == (len(what.news), what.news.stories())
    assert set(before[0]) <= set(what.market)


@given(st.integers(0, 60), st.booleans())
def test_however_much_happens_it_is_one_message(many: int, weekly: bool) -> None:
    alerts = [alert(f"S{n}", -0.12, cause=cause()) for n in range(many)]
    incidents = [incident(f"20250127-{n + 1}", a) for n, a in enumerate(alerts)]
    failing = [(f"feed{n}", "", Trouble.FAILED, "x" * 300) for n in range(many)]
    moves = falls(*((f"T{n}", -0.06) for n in range(many)))
    what = facts(moves, alerts=alerts, incidents=incidents, failing=failing, watched=[f"T{n}" for n in range(many)])
    shown = said(what, THE_WEEK if weekly else AFTER_MONDAY)
    assert all(len(b.lines) <= 10 for b in shown.blocks)
    whole = plain(shown, None)
    assert len(whole) < 4096
    assert plain(shown, None, 4096) == whole, "nothing had to be left out"


def test_a_move_knows_its_phase() -> None:
    session = NEW_YORK.on(MONDAY)
    assert session is not None
    reference = Reference("previous close", 100.0, at("01-24 21:00"), date(2025, 1, 24))
    assert DigestMove("KO", session, 90.0, -0.1, reference, at("01-27 22:00"), False).phase is Phase.POST
