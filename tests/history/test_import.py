"""Another machine's history comes in once, whole, and in order, whatever is here already."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history import evidence, list_incidents, show_alert, verify
from bot.adapters.store.history import transfer as transfer_module
from bot.adapters.store.history.importing import import_history
from bot.core.errors import StoreInUseError, StoreVersionError, UsageError
from bot.core.model import (
    AlertChange,
    ChangeKind,
    Delivery,
    DeliveryOutcome,
    IncidentState,
    NotificationState,
    SecondReading,
    Thread,
)
from tests.command import run_command
from tests.store.values import NOW, after, alert, batch, cause, fired, incident, notification, quote, reading, story

LATER = NOW + timedelta(days=2)
TABLES = [
    "stories",
    "story_keys",
    "story_scores",
    "quotes",
    "daily_bars",
    "splits",
    "earnings_dates",
    "second_readings",
    "learned_names",
    "rule_versions",
    "incidents",
    "alerts",
    "alert_changes",
    "alert_stories",
    "outcomes",
    "verdicts",
    "silences",
    "chats",
    "notifications",
    "deliveries",
    "alert_exposures",
]


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql).fetchall()


def merged(path: Path, other: Path) -> dict[str, int]:
    """What an import changed."""
    done: dict[str, int] = {}
    for so_far in import_history(path, other, LATER):
        done = dict(so_far)
    return {table: many for table, many in done.items() if many}


def content(path: Path, table: str) -> list[tuple[object, ...]]:
    """The rows of a table without the numbers that are given anew."""
    with closing(sqlite3.connect(path)) as conn:
        names = [row[1] for row in conn.execute(f"PRAGMA table_info({table})")]
        told = ", ".join(n for n in names if n not in ("run_id", "arrival", "leased_by"))
        return sorted(conn.execute(f"SELECT {told} FROM {table}").fetchall(), key=repr)


def begun(path: Path, **more: object) -> SqliteStore:
    given: dict[str, object] = {"mode": "live", "run_name": "live", "now": NOW}
    return open_store(path, **(given | more))  # type: ignore[arg-type]


def fill(store: SqliteStore, name: str, symbol: str, incident_id: str = "20250127-1") -> None:
    """One happening: a story, a fall, an incident still open, one message sent, one edit waiting."""
    told = story(f"s-{name}")
    fall = alert(f"a-{name}", symbol, cause=cause(told.id, cluster=told.id), incident=incident_id)
    store.record_rules([("ai-model-shock", "v1", "rules: …")], NOW)
    store.commit(
        batch(
            *(told, reading(told, cluster=told.id), quote(symbol), quote(symbol, 120.0, after(9))),
            SecondReading(told.id, after(9), model="tiny"),
            incident(incident_id, fall.id, symbols=(symbol,), lead=symbol, clusters=(told.id,)),
            fired(fall),
            notification(f"n-{name}", f"telegram:{name}", incident=incident_id),
        )
    )
    (out,) = store.claim(after(3), timedelta(seconds=9), 1, ["telegram"])
    store.settle(Delivery(out.notification.id, 1, after(3), after(4), DeliveryOutcome.SENT, message_id="77"))
    store.commit(
        batch(notification(f"e-{name}", f"telegram:{name}", after(9), edits=f"n-{name}", incident=incident_id))
    )


@pytest.fixture
def here(tmp_path: Path) -> Path:
    path = tmp_path / "here.db"
    with begun(path) as store:
        fill(store, "1", "NVDA")
    return path


@pytest.fixture
def there(tmp_path: Path) -> Path:
    path = tmp_path / "there.db"
    with begun(path, now=after(1)) as store:
        fill(store, "2", "AMD")
    return path


def test_a_whole_week_comes_in_as_it_was_and_only_once(
    week: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_module, "CHUNK", 7)
    monkeypatch.setattr(transfer_module, "_MANY", 999)
    path = tmp_path / "new.db"
    begun(path, mode="replay", run_name="deepseek-2025-01").close()
    done = merged(path, week)
    assert (done["alerts"], done["stories"], done["quotes"]) == (87, 141, 7889)
    for table in TABLES:
        if table != "chats":
            assert content(path, table) == content(week, table), table
    assert verify(path) == evidence(path) == []
    assert merged(path, week) == {}
    order = "SELECT seen_at, symbol, price FROM quotes ORDER BY arrival"
    assert rows(path, order) == rows(week, order)
    week_of = {"mode": "replay", "run_name": "deepseek-2025-01", "now": LATER, "read_only": True}
    with begun(path, **week_of) as new, begun(week, **week_of) as old:
        span = (NOW - timedelta(days=30), LATER)
        assert list(new.observations(*span)) == list(old.observations(*span))
        assert new.alerts_since(NOW.date()) == old.alerts_since(NOW.date())


def test_its_own_backup_changes_nothing(here: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(here, copy)
    before = {table: content(here, table) for table in TABLES}
    assert merged(here, copy) == {}
    assert {table: content(here, table) for table in TABLES} == before


def test_what_was_under_way_there_is_over_here(here: Path, there: Path) -> None:
    merged(here, there)
    (came,) = [i for i in list_incidents(here) if i["lead"] == "AMD"]
    assert came["state"] == "closed"
    assert rows(here, "SELECT state FROM incidents WHERE lead = 'NVDA'") == [("open",)]
    assert dict(rows(here, "SELECT id, state FROM alerts")) == {"a-1": "firing", "a-2": "resolved"}  # type: ignore[arg-type]
    assert dict(rows(here, "SELECT id, enabled FROM chats")) == {"telegram:1": 1, "telegram:2": 0}  # type: ignore[arg-type]
    waiting = rows(here, "SELECT recipient_id FROM notifications WHERE state IN ('queued', 'leased')")
    assert waiting == [("telegram:1",)]
    assert verify(here) == []
    with begun(here, now=LATER) as store:
        assert store.recover(LATER) == 0
        sent = store.claim(LATER, timedelta(seconds=9), 9, ["telegram"])
        assert [o.notification.recipient for o in sent] == ["telegram:1"], "nothing of theirs is sent from here"


def test_two_happenings_of_one_id_stay_two_and_everything_points_to_its_own(here: Path, there: Path) -> None:
    merged(here, there)
    ids = {i["lead"]: i["id"] for i in list_incidents(here)}
    assert ids["NVDA"] == "20250127-1"
    assert ids["AMD"].startswith("20250127-1.")
    assert dict(rows(here, "SELECT symbol, incident_id FROM alerts")) == ids  # type: ignore[arg-type]
    told = show_alert(here, "a-2")
    assert told is not None
    assert {n["recipient"] for n in told["notifications"]} == {"telegram:2"}
    assert merged(here, there) == {}, "the same suffix again"


def test_one_happening_seen_by_both_is_one_incident_with_all_its_alerts(here: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with begun(other, now=after(1)) as store:
        fall = alert("a-9", "AMD", cause=cause("s-1", cluster="s-1"), incident="20250127-1")
        told = story("s-1")
        shared = incident("20250127-1", "a-9", symbols=("AMD",), clusters=("s-1",))
        store.record_rules([("ai-model-shock", "v1", "rules: …")], NOW)
        store.commit(batch(told, reading(told), quote("AMD"), shared, fired(fall)))
    merged(here, other)
    (found,) = list_incidents(here)
    assert (found["id"], found["symbols"], found["alerts"]) == ("20250127-1", 2, 2)
    assert verify(here) == evidence(here) == []
    assert merged(here, other) == {}


def test_what_grew_there_is_brought_up_to_date(here: Path, there: Path) -> None:
    merged(here, there)
    with begun(there, now=after(60)) as store:
        first = store.alerts_since(NOW.date())[0]
        done = replace(first, updated_at=after(99), change=-0.2, worst=-0.2)
        store.commit(batch(AlertChange(ChangeKind.ESCALATED, after(99), done), quote("AMD", 111.0, after(98))))
        store.commit(
            batch(
                incident(
                    "20250127-1",
                    "a-2",
                    at=after(99),
                    symbols=("AMD",),
                    lead="AMD",
                    clusters=("s-2",),
                    thread=Thread(messages=4),
                )
            )
        )
        (out,) = store.claim(after(20), timedelta(seconds=9), 1, ["telegram"])
        store.settle(
            Delivery(out.notification.id, out.attempt, after(20), after(21), DeliveryOutcome.SENT, message_id="77")
        )
    assert {"alerts", "alert_changes", "incidents", "quotes", "notifications"} <= set(merged(here, there))
    assert rows(here, "SELECT change FROM alerts WHERE id = 'a-2'") == [(-0.2,)]
    assert rows(here, "SELECT state, messages FROM incidents WHERE lead = 'AMD'") == [("closed", 4)]
    assert set(rows(here, "SELECT state FROM notifications WHERE recipient_id = 'telegram:2'")) == {("sent",)}
    assert verify(here) == []
    assert merged(here, there) == {}


def test_an_import_that_was_ended_halfway_is_whole_as_far_as_it_came_and_finished_by_the_next(
    here: Path, there: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.db"
    shutil.copy(here, whole)
    merged(whole, there)
    steps = sum(1 for _ in import_history(shutil.copy(here, tmp_path / "count.db"), there, LATER))
    assert steps > 5
    for end in range(1, steps):
        path = Path(shutil.copy(here, tmp_path / f"{end}.db"))
        going = import_history(path, there, LATER)
        for _ in range(end):
            next(going)
        going.close()  # type: ignore[attr-defined]
        assert rows(path, "PRAGMA foreign_key_check") == []
        merged(path, there)
        for table in TABLES:
            assert content(path, table) == content(whole, table), (end, table)


def test_the_same_trade_told_by_both_is_kept_once_but_a_vendors_change_of_mind_stays(
    here: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    with begun(other, now=after(1)) as store:
        store.commit(batch(quote("NVDA", seen_at=after(5))))  # ours, seen a little later
        for n, price in enumerate((50.0, 51.0, 50.0)):
            store.commit(batch(quote("AMD", price, seen_at=after(n))))
    merged(here, other)
    assert rows(here, "SELECT price FROM quotes WHERE symbol = 'NVDA' ORDER BY at") == [(128.2,), (120.0,)]
    assert rows(here, "SELECT price FROM quotes WHERE symbol = 'AMD' ORDER BY arrival") == [(50.0,), (51.0,), (50.0,)]
    assert merged(here, other) == {}


def test_arrivals_stay_distinct_over_all_tables(here: Path, there: Path) -> None:
    merged(here, there)
    counted = rows(
        here,
        "SELECT count(*), count(DISTINCT arrival)"
        " FROM (SELECT arrival FROM quotes UNION ALL SELECT arrival FROM stories)",
    )
    assert counted[0][0] == counted[0][1] == 6


def test_histories_that_cannot_be_one_are_refused(here: Path, week: Path, tmp_path: Path) -> None:
    before = here.read_bytes()
    with pytest.raises(
        StoreVersionError, match="holds the replay of deepseek-2025-01, which is never mixed with a live"
    ):
        merged(here, week)
    with pytest.raises(UsageError, match="is the same as the history to merge into"):
        merged(here, here)
    junk = tmp_path / "junk.db"
    junk.write_text("not a database, but long enough to look at" * 9)
    with pytest.raises(StoreVersionError, match="not an SQLite database"):
        merged(here, junk)
    assert here.read_bytes() == before


def test_a_running_bot_is_not_imported_into_but_may_be_imported_from(here: Path, there: Path) -> None:
    with begun(here, now=LATER), pytest.raises(StoreInUseError, match="is running on this database"):
        merged(here, there)
    with begun(there, now=LATER) as store:
        store.commit(batch(story("s-late")))
        assert merged(here, there)["stories"] == 2
    ran = run_command("history", "import", there, "--database", here)
    assert "nothing new" in ran.stderr


def test_states_of_the_outbox_cover_what_an_import_must_translate() -> None:
    assert {s.value for s in NotificationState} >= {"queued", "leased", "sent", "suppressed", "unknown"}
    assert IncidentState.CLOSED.value == "closed"
