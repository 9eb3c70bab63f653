"""Outcomes in the database: worked out once from what is stored, whoever comes first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store import outcomes as stored
from bot.adapters.store.connection import connect_writer
from bot.adapters.store.history import open_history, show_alert, verify
from bot.adapters.store.schema import MIGRATIONS, migrate
from bot.core.errors import StoreError, StoreInUseError, StoreVersionError
from bot.core.incidents.outcomes import Horizon, NoOutcome, Outcome
from bot.core.model import AlertChange, ChangeKind, QuoteKind, Severity
from bot.core.prices.sessions import Timetable
from tests.core.real_sessions import timetable
from tests.outcomes.prices import alert, bar, split, trade, utc
from tests.store.steps import update_outcomes
from tests.store.values import batch, fired, incident

START = utc("2025-01-27 09:00")
EVENING = utc("2025-01-28 01:30")
OBSERVED = (
    trade("2025-01-27 15:00", 80.0),
    trade("2025-01-27 15:15", 81.0),
    trade("2025-01-27 16:00", 82.0),
    trade("2025-01-27 21:00", 79.0, QuoteKind.CLOSE),
    bar("2025-01-28", 84.0),
    bar("2025-02-03", 90.0),
    bar("2025-02-25", 100.0),
)


def new_york(symbol: str) -> Timetable:
    return timetable("XNYS")


def nobody(symbol: str) -> Timetable:
    raise AssertionError(f"no calendar is needed for {symbol}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with open_store(path, mode="live", run_name="live", now=START) as opened:
        opened.commit(batch(incident(), fired(alert("2025-01-27 15:00")), now=START))
        yield opened


def put(store: SqliteStore, *observed: object) -> None:
    store.commit(batch(*observed, now=START))


def rows(
    path: Path, sql: str = "SELECT horizon, price, change FROM outcomes ORDER BY due_at"
) -> list[tuple[object, ...]]:
    conn = sqlite3.connect(path)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def test_outcomes_are_stored_as_they_fall_due_and_never_twice(store: SqliteStore, path: Path) -> None:
    put(store, *OBSERVED)
    new = [
        update_outcomes(store, new_york, utc(at))
        for at in (
            *("2025-01-27 15:14", "2025-01-27 15:15", "2025-01-27 15:30", "2025-01-27 21:00", "2025-01-27 21:00"),
            *("2025-02-03 21:00", "2025-02-25 21:00", "2025-12-01 00:00"),
        )
    ]
    assert new == [0, 1, 0, 2, 0, 2, 1, 0]
    assert rows(path) == [
        ("15 min", 81.0, 81 / 80 - 1),
        ("1 hour", 82.0, 82 / 80 - 1),
        ("close", 79.0, 79 / 80 - 1),
        ("1 session", 84.0, 84 / 80 - 1),
        ("5 sessions", 90.0, 90 / 80 - 1),
        ("20 sessions", 100.0, 0.25),
    ]
    assert verify(path) == []
    told = show_alert(path, "a1")
    assert told is not None
    assert told["outcomes"][0] == {
        "horizon": "15 min",
        "at": "2025-01-27T15:15:00Z",
        "due_at": "2025-01-27T15:15:00Z",
        "price": 81.0,
        "change": 81 / 80 - 1,
        "change_from_reference": 81 / 100 - 1,
    }


def test_at_once_is_the_same_as_step_by_step(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    put(store, *OBSERVED)
    for hours in range(0, 24 * 31, 5):
        update_outcomes(store, new_york, START + timedelta(hours=hours))
    stepwise = rows(path, "SELECT * FROM outcomes ORDER BY due_at")
    with open_store(tmp_path / "other.db", mode="live", run_name="live", now=START) as other:
        other.commit(batch(incident(), fired(alert("2025-01-27 15:00")), *OBSERVED, now=START))
        update_outcomes(other, new_york, START + timedelta(days=31))
    assert rows(tmp_path / "other.db", "SELECT * FROM outcomes ORDER BY due_at") == stepwise
    assert len(stepwise) == 6


def test_a_stored_outcome_stays_though_the_price_is_corrected(store: SqliteStore, path: Path) -> None:
    put(store, *OBSERVED)
    update_outcomes(store, new_york, EVENING)
    before = rows(path)
    put(store, trade("2025-01-27 15:15", 10.0), bar("2025-01-27", 11.0, seen="2025-01-28 01:00"))
    assert update_outcomes(store, new_york, EVENING) == 0
    assert rows(path) == before


def test_returns_are_against_what_it_fired_on_though_its_severity_rose_since(store: SqliteStore, path: Path) -> None:
    worse = replace(
        alert("2025-01-27 15:00", price=70.0),
        severity=Severity.CRITICAL,
        updated_at=utc("2025-01-27 15:40"),
        change=-0.3,
    )
    put(store, AlertChange(ChangeKind.ESCALATED, worse.updated_at, worse), *OBSERVED)
    update_outcomes(store, new_york, EVENING)
    assert rows(path)[0] == ("15 min", 81.0, 81 / 80 - 1)
    with open_history(path) as conn:
        (told,) = stored.fired_alerts(conn)
    assert (told.price, told.change, told.severity) == (80.0, -0.2, Severity.CRITICAL)


def test_what_can_have_no_outcome_is_settled_and_not_looked_at_again(store: SqliteStore, path: Path) -> None:
    night = alert("2025-01-28 03:00", "2025-01-27")
    put(store, fired(replace(night, id="night")))
    assert update_outcomes(store, new_york, utc("2025-01-28 04:00")) == 0
    sql = "SELECT horizon, price FROM outcomes WHERE alert_id = 'night' ORDER BY horizon"
    assert rows(path, sql) == [("1 hour", None), ("15 min", None), ("close", None)]
    assert update_outcomes(store, new_york, utc("2025-12-01 00:00")) == 0
    assert rows(path, "SELECT count(*), count(price) FROM outcomes") == [(12, 0)], "two months without any price"
    assert update_outcomes(store, nobody, utc("2025-12-01 00:00")) == 0, "nothing is left to ask a calendar for"
    with open_history(path) as conn:
        assert list(stored.stored_outcomes(conn)) == []


def test_a_close_that_is_fetched_weeks_later_still_counts(store: SqliteStore, path: Path) -> None:
    assert update_outcomes(store, new_york, utc("2025-02-20 00:00")) == 0
    put(store, bar("2025-01-27", 79.0, seen="2025-02-20 12:00"), bar("2025-01-28", 84.0, seen="2025-02-20 12:00"))
    assert update_outcomes(store, new_york, utc("2025-02-20 11:00")) == 0, "not seen by then"
    assert update_outcomes(store, new_york, utc("2025-02-20 12:00")) == 2


def test_a_split_in_the_database_is_heeded(store: SqliteStore, path: Path) -> None:
    put(store, bar("2025-01-27", 80.0), bar("2025-01-28", 8.4), split("2025-01-28", 10.0, "2025-01-28 09:00"))
    update_outcomes(store, new_york, utc("2025-01-29 09:00"))
    told = dict(rows(path, "SELECT horizon, round(change, 6) FROM outcomes WHERE price > 0"))  # type: ignore[arg-type]
    assert told == {"close": 0.0, "1 session": 0.05}


def test_prices_are_read_once_for_each_symbol_that_is_due(store: SqliteStore) -> None:
    times = range(30)
    for n in times:
        each = alert(f"2025-01-27 15:{n:02d}", symbol="NVDA" if n % 2 else "AMD")
        put(store, fired(replace(each, id=f"b{n}")))
    fresh = replace(alert("2025-02-24 15:00"), id="fresh", symbol="MU")
    put(store, fired(fresh), *OBSERVED)
    asked: list[str] = []
    store._conn.set_trace_callback(asked.append)
    steps = list(store.update_outcomes_in_steps(new_york, utc("2025-02-24 15:10")))
    store._conn.set_trace_callback(None)
    assert sum("FROM quotes WHERE" in sql and "json_each" in sql for sql in asked) == 2
    assert sum(sql == "COMMIT" for sql in asked) == 1
    assert len(steps) == 2
    assert update_outcomes(store, new_york, utc("2025-02-24 15:10")) == 0


def test_between_the_steps_the_store_can_be_used(store: SqliteStore, path: Path) -> None:
    put(store, fired(replace(alert("2025-01-27 15:10", symbol="AMD"), id="b1")), *OBSERVED)
    steps = store.update_outcomes_in_steps(new_york, EVENING)
    next(steps)
    put(store, trade("2025-01-28 00:30", 60.0))
    assert rows(path) == []
    assert list(steps) == [3]
    assert rows(path, "SELECT count(price) FROM outcomes") == [(3,)]


def test_a_simulation_knows_of_no_time_beyond_its_own(path: Path) -> None:
    with open_store(path, mode="replay", run_name="x", now=START) as store:
        store.commit(batch(incident(), fired(alert("2025-01-27 15:00")), *OBSERVED[:4], now=START))
        assert update_outcomes(store, new_york, utc("2026-11-27 00:00")) == 3
        assert rows(path, "SELECT count(*) FROM outcomes") == [(3,)], "the rest may yet come, when it is played on"
        store.commit(batch(*OBSERVED[4:], now=START))
        assert update_outcomes(store, new_york, utc("2026-11-27 00:00")) == 3


def test_beside_a_running_bot_what_is_missing_is_worked_out_and_not_stored(store: SqliteStore, path: Path) -> None:
    put(store, *OBSERVED)
    with open_history(path) as conn:
        (found,) = stored.missing(conn, new_york, EVENING)
    assert [o.horizon for o in found if isinstance(o, Outcome)] == [Horizon.QUARTER, Horizon.HOUR, Horizon.CLOSE]
    with pytest.raises(StoreInUseError):
        stored.save(path, found)
    assert rows(path) == []
    store.close()
    stored.save(path, found)
    stored.save(path, found)
    assert len(rows(path)) == 3


def test_a_store_opened_for_reading_stores_no_outcomes(store: SqliteStore, path: Path) -> None:
    put(store, *OBSERVED)
    with (
        open_store(path, mode="live", run_name="", now=START, read_only=True) as reader,
        pytest.raises(StoreError, match="for reading only"),
    ):
        update_outcomes(reader, new_york, EVENING)
    assert rows(path) == []


def test_a_failure_while_writing_leaves_nothing_of_it(path: Path, store: SqliteStore) -> None:
    store.close()
    due = utc("2025-01-27 15:15")
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        stored.save(path, [NoOutcome("a1", Horizon.QUARTER, due), NoOutcome("nobody", Horizon.QUARTER, due)])
    assert rows(path) == []


def test_a_history_of_the_second_version_gets_the_new_table_and_loses_nothing(path: Path) -> None:
    from sqlite_utils import Database

    conn = connect_writer(path, durable=False, busy_for=timedelta(seconds=1))
    migrate(Database(conn, execute_plugins=False), path, MIGRATIONS[:2])
    conn.close()
    assert rows(path, "PRAGMA user_version") == [(2,)]
    with pytest.raises(StoreVersionError, match="start it once with run or replay"):
        stored.save(path, [])
    with open_store(path, mode="live", run_name="live", now=START) as store:
        store.commit(batch(incident(), fired(alert("2025-01-27 15:00")), *OBSERVED, now=START))
        assert update_outcomes(store, new_york, EVENING) == 3
    assert rows(path, "SELECT count(*) FROM outcomes") == [(3,)]
    assert path.with_name("history.db.version-2").exists()
