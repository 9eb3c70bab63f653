"""Old quotes are thinned, and nothing that rests on them notices."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store import SqliteStore, open_store, outcomes
from bot.adapters.store.codec import moment_text
from bot.adapters.store.history import evidence, open_history, quotes_around, read_history, verify
from bot.adapters.store.history.importing import import_history
from bot.adapters.store.thinning import AFTER_CHANGE, BEFORE_CHANGE, Rests, Trade, every_quote_since, superfluous
from bot.core.model import AlertChange, AlertState, ChangeKind, Observation, Quote, QuoteKind, Severity
from bot.core.prices.sessions import Timetable
from tests.core.real_sessions import timetable
from tests.outcomes.prices import alert, bar, utc
from tests.store.steps import prune, update_outcomes
from tests.store.values import batch, fired, incident, notification, quote

START = utc("2025-01-27 09:00")
OPEN, CLOSE = utc("2025-01-27 14:30"), utc("2025-01-27 21:00")
LATER = utc("2025-02-10 12:00")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
WEEK = {"every quote": 7 * DAY}


def new_york(symbol: str) -> Timetable:
    return timetable("XNYS")


# ------------------------------------------------------------------------------------------------------- what is chosen

HOURS = utc("2025-01-27 14:00")
seconds = st.integers(0, 3 * 3600 - 1)
spans = st.lists(st.tuples(seconds, seconds).map(sorted), max_size=2)


def text(second: int) -> str:
    return moment_text(HOURS + timedelta(seconds=second))


@st.composite
def stretches(draw: st.DrawFn) -> tuple[list[Trade], Rests]:
    """Three hours of quotes, some seen late and out of order, and what rests on them."""
    drawn = draw(st.lists(st.tuples(seconds, st.sampled_from([0, 1, 900, 1200]), st.integers(90, 99)), max_size=60))
    by_seen = sorted(drawn, key=lambda d: d[0] + d[1])
    kinds = st.sampled_from(["trade"] * 6 + ["low", "close"])
    quotes = [
        Trade(arrival, text(at), text(at + late), float(price), draw(kinds), draw(st.booleans()))
        for arrival, (at, late, price) in enumerate(by_seen)
    ]
    quotes.sort(key=lambda q: (q.at, q.arrival))
    named = {q.at for q in draw(st.lists(st.sampled_from(quotes), max_size=3))} if quotes else set()
    rests = Rests(
        whole=[(text(a), text(b)) for a, b in draw(spans)],
        evidence=[(text(a), text(b)) for a, b in draw(spans)],
        named=named,
        moments=[text(s) for s in draw(st.lists(seconds, max_size=4))],
    )
    return quotes, rests


def thinned(quotes: Sequence[Trade], rests: Rests) -> list[Trade]:
    gone = set(superfluous(quotes, rests))
    return [q for q in quotes if q.arrival not in gone]


def first_of(quotes: Sequence[Trade], minutes: int) -> set[int]:
    """The first trade to arrive of each so many minutes."""
    trades = sorted((q for q in quotes if q.kind == "trade"), key=lambda q: q.at)
    return {
        min(q.arrival for q in bucket)
        for _, bucket in groupby(trades, key=lambda q: (q.at[:14], int(q.at[14:16]) // minutes))
    }


@given(stretches())
def test_whatever_rests_on_a_quote_keeps_it(stretch: tuple[list[Trade], Rests]) -> None:
    quotes, rests = stretch
    kept = thinned(quotes, rests)
    arrivals = {q.arrival for q in kept}
    within = [q for q in quotes if any(a <= q.at <= b for a, b in rests.evidence)]
    assert first_of(quotes, 10) <= arrivals
    assert {q.arrival for q in within if q.arrival in first_of(quotes, 1)} <= arrivals
    for q in quotes:
        if q.kind != "trade" or q.at in rests.named or any(a <= q.at <= b for a, b in rests.whole):
            assert q.arrival in arrivals
    for hour in {q.at[:13] for q in quotes}:
        before, after = ([q for q in some if q.at[:13] == hour and q.kind == "trade"] for some in (quotes, kept))
        assert {min(q.price for q in before)} == {min(q.price for q in after)} if before else not after
        assert not before or max(q.price for q in before) == max(q.price for q in after)
        assert before[-1:] == after[-1:]
        stating = [min((q.arrival for q in some if q.states_close and q.at[:13] == hour), default=None)
                   for some in (quotes, kept)]  # fmt: skip
        assert stating[0] == stating[1]
    for at in rests.moments:
        known = [max((q for q in some if q.seen_at <= at), key=lambda q: (q.at, q.arrival), default=None)
                 for some in (quotes, kept)]  # fmt: skip
        assert known[0] == known[1]


@given(stretches(), st.randoms(use_true_random=False))
def test_stopping_half_way_and_going_through_again_end_with_the_same(
    stretch: tuple[list[Trade], Rests], random: Random
) -> None:
    quotes, rests = stretch
    kept = thinned(quotes, rests)
    assert thinned(kept, rests) == kept
    gone = superfluous(quotes, rests)
    half = set(random.sample(gone, len(gone) // 2))
    assert thinned([q for q in quotes if q.arrival not in half], rests) == kept


# ----------------------------------------------------------------------------------------------------------- the store


def session(symbol: str, every: timedelta = timedelta(seconds=15), seed: int = 1) -> list[Quote]:
    """A regular session, the price wandering."""
    random, price, made, at = Random(seed), 80.0, [], OPEN
    while at < CLOSE:
        price *= 1 + random.uniform(-0.001, 0.001)
        made.append(Quote(symbol, price, at, at + timedelta(seconds=1), previous_close=100.0))
        at += every
    return made


def put(store: SqliteStore, *observed: Observation) -> None:
    store.commit(batch(*observed, now=START))


def quotes(path: Path, symbol: str = "NVDA") -> list[tuple[str, float]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("SELECT at, price FROM quotes WHERE symbol = ? ORDER BY at, arrival", (symbol,)).fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def fall(store: SqliteStore) -> list[Quote]:
    """A session of NVDA with an alert that rises an hour later, and of AMD without one. Returns NVDA's quotes."""
    observed = session("NVDA")
    put(store, *observed, *session("AMD", seed=2), bar("2025-01-27", observed[-1].price))
    sold = observed[200]
    risen = observed[440]
    first = alert(f"{sold.seen_at:%Y-%m-%d %H:%M:%S}", price=sold.price, price_at=sold.at)
    later = alert(
        f"{sold.seen_at:%Y-%m-%d %H:%M:%S}", price=risen.price, price_at=risen.at, severity=Severity.CRITICAL,
        state=AlertState.RESOLVED, updated_at=risen.seen_at, resolved_at=CLOSE,
    )  # fmt: skip
    store.commit(batch(incident(), fired(first), now=START))
    rise = AlertChange(ChangeKind.ESCALATED, risen.seen_at, later)
    store.commit(batch(rise, notification("n1", at=observed[700].seen_at, incident="i1"), now=START))
    return observed


def test_a_thinned_session_keeps_what_its_alert_and_message_rest_on(path: Path) -> None:
    with open_store(path, mode="live", run_name="live", now=START) as store:
        observed = fall(store)
        update_outcomes(store, new_york, LATER)
        amd = quotes(path, "AMD")
        found = prune(store, LATER, WEEK)
        kept = dict(quotes(path))
        assert found["every quote"] == 2 * len(observed) - len(kept) - len(quotes(path, "AMD"))
        assert prune(store, LATER, WEEK) == {"every quote": 0}
    for change in (observed[200].seen_at, observed[440].seen_at):
        near = [q for q in observed if change - BEFORE_CHANGE <= q.at <= change + AFTER_CHANGE]
        assert len(near) > 190
        assert all(moment_text(q.at) in kept for q in near)
    assert moment_text(observed[700].at) in kept
    assert min(kept.values()) == min(q.price for q in observed)
    assert max(kept.values()) == max(q.price for q in observed)
    assert moment_text(observed[-1].at) in kept
    minutes = {moment_text(q.at)[:16] for q in observed}
    assert {at[:16] for at in kept} == minutes  # its evidence
    others = dict(quotes(path, "AMD"))
    assert len(others) < len(amd) / 15
    assert moment_text(observed[700].at) in others  # the message may have shown it
    assert len(quotes_around(path, "a1")) == len(kept)
    assert evidence(path) == [line for line in evidence(path) if "text of a rule" in line]
    assert verify(path) == []


@pytest.mark.parametrize("known_by", ["2025-01-27 22:00", "2025-01-27 20:00", None])
def test_outcomes_are_the_same_whenever_they_are_worked_out(tmp_path: Path, known_by: str | None) -> None:
    found = []
    for name, thin in (("whole", False), ("thinned", True)):
        file = tmp_path / f"{name}.db"
        with open_store(file, mode="live", run_name="live", now=START) as store:
            fall(store)
            tuesday = [quote("NVDA", 81.0 + i / 100, OPEN + DAY + i * MINUTE, previous_close=100.0) for i in range(90)]
            put(store, *tuesday, bar("2025-01-28", 84.0), bar("2025-02-03", 90.0), bar("2025-02-25", 100.0))
            if known_by is not None:
                update_outcomes(store, new_york, utc(known_by))
            if thin:
                assert prune(store, LATER, WEEK)["every quote"] > 0
            update_outcomes(store, new_york, utc("2025-03-01 12:00"))
        with open_history(file) as conn:
            found.append(list(outcomes.stored_outcomes(conn)))
    assert found[0] == found[1] != []


def test_a_restart_is_given_the_same_quotes(path: Path) -> None:
    with open_store(path, mode="live", run_name="live", now=START) as store:
        fall(store)
        begin = utc("2025-01-27 00:00")
        before = list(store.observations(begin, LATER, quotes_since=begin))
        assert prune(store, LATER, WEEK)["every quote"] > 0
        assert list(store.observations(begin, LATER, quotes_since=begin)) == before


def test_it_goes_in_small_steps_and_on_from_where_it_was_stopped(path: Path) -> None:
    with open_store(path, mode="live", run_name="live", now=START) as store:
        put(store, *session("NVDA"), *session("AMD", seed=2))
        steps = store.prune_in_steps(LATER, WEEK)
        done = [next(steps)["every quote"] for _ in range(2)]
        put(store, quote("AMD", 1.0, LATER))  # the bot may write in between
        assert 0 < done[-1] < 1440 * 2
        steps.close()  # type: ignore[attr-defined]
        with read_history(path) as history:
            left = history.prunable(LATER, WEEK)["every quote"]
        assert prune(store, LATER, WEEK)["every quote"] == left > 0
        with read_history(path) as history:
            assert history.every_quote_since() == utc("2025-02-03 12:00")
            assert history.prunable(LATER, WEEK) == {"every quote": 0}


def test_recent_quotes_all_stay(path: Path) -> None:
    with open_store(path, mode="live", run_name="live", now=START) as store:
        observed = session("NVDA")
        put(store, *observed)
        assert prune(store, OPEN + 7 * DAY, WEEK) == {"every quote": 0}
        assert len(quotes(path)) == len(observed)


def test_imported_quotes_are_thinned_too_and_remembered_as_thinned(tmp_path: Path) -> None:
    here, there = tmp_path / "here.db", tmp_path / "there.db"
    for file, symbol in ((here, "NVDA"), (there, "AMD")):
        with open_store(file, mode="live", run_name="live", now=START) as store:
            put(store, *session(symbol))
            if file is here:
                prune(store, LATER, WEEK)
    assert since(here) == utc("2025-02-03 12:00")
    list(import_history(there, here, LATER))
    assert since(there) == utc("2025-02-03 12:00")
    list(import_history(here, there, LATER))
    with open_store(here, mode="live", run_name="live", now=LATER) as store:
        assert len(quotes(here, "AMD")) == len(session("AMD"))
        assert prune(store, LATER, WEEK)["every quote"] > 1000
        assert len(quotes(here, "AMD")) < 110


def since(file: Path) -> datetime | None:
    with open_history(file) as conn:
        return every_quote_since(conn)


def test_quotes_that_are_no_trades_all_stay(path: Path) -> None:
    with open_store(path, mode="live", run_name="live", now=START) as store:
        kinds = (QuoteKind.OPEN, QuoteKind.LOW, QuoteKind.HIGH, QuoteKind.CLOSE)
        put(store, *(quote(at=OPEN + i * MINUTE / 4, kind=kinds[i % 4], price=80.0 + i) for i in range(40)))
        assert prune(store, LATER, WEEK) == {"every quote": 0}
