"""What people and programs read."""

from __future__ import annotations

import os
import re
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history import list_alerts, open_history, show_alert, verify
from bot.adapters.store.lock import locked_writer
from bot.core.errors import StoreError
from bot.core.model import AlertChange, ChangeKind, Delivery, DeliveryOutcome, Severity
from tests.store.values import NOW, after, alert, batch, cause, fired, incident, notification, reading, story


@pytest.fixture
def filled(store: SqliteStore) -> SqliteStore:
    first = alert("aa1", "NVDA", cause=cause("s1"))
    worse = replace(first, severity=Severity.CRITICAL, updated_at=after(60.25), change=-0.1697, price=118.42)
    store.record_rules([("ai-model-shock", "v1", "rules: …")], NOW)
    store.commit(
        batch(
            *(story("s1"), reading(story("s1"))),
            *(incident("i1", "aa1", "ab2"), incident("i2", "ac3")),
            fired(first),
            fired(alert("ab2", "AMD", after(1), severity=Severity.WARNING, reference=None, change=None)),
            fired(alert("ac3", "NVDA", after(2), incident="i2", rule="other")),
            notification("n1", incident="i1"),
        )
    )
    store.commit(batch(AlertChange(ChangeKind.ESCALATED, after(60.25), worse)))
    (out,) = store.claim(after(3), timedelta(seconds=9), 1, ["telegram"])
    store.settle(Delivery(out.notification.id, 1, after(3), after(4), DeliveryOutcome.SENT, message_id="77"))
    return store


def ids(found: list[dict[str, object]]) -> list[object]:
    return [each["id"] for each in found]


def test_alerts_are_listed_newest_first_and_filtered(filled: SqliteStore, path: Path) -> None:
    assert ids(list_alerts(path)) == ["ac3", "ab2", "aa1"]
    assert ids(list_alerts(path, symbol="NVDA")) == ["ac3", "aa1"]
    assert ids(list_alerts(path, since=after(1))) == ["ac3", "ab2"]
    assert ids(list_alerts(path, since=after(1), until=after(2))) == ["ab2"]
    assert ids(list_alerts(path, rule="other")) == ["ac3"]
    assert ids(list_alerts(path, severity=Severity.HIGH)) == ["ac3", "aa1"]
    assert ids(list_alerts(path, severity=Severity.CRITICAL)) == ["aa1"]
    assert ids(list_alerts(path, incident="i1")) == ["ab2", "aa1"]
    assert ids(list_alerts(path, limit=1)) == ["ac3"]
    assert ids(list_alerts(path, limit=None)) == ["ac3", "ab2", "aa1"]
    assert list_alerts(path, symbol="'; DROP TABLE alerts; --") == []
    with open_history(path) as conn:
        assert ids(list_alerts(conn)) == ["ac3", "ab2", "aa1"]


def test_a_listed_alert_has_the_shape_of_the_json_lines(filled: SqliteStore, path: Path) -> None:
    found = list_alerts(path)[2]
    assert found["type"] == "alert"
    assert found["at"] == "2025-01-27T10:05:00Z"
    assert found["updated_at"] == "2025-01-27T10:06:00.250000Z"
    assert (found["session"], found["severity"], found["state"]) == ("2025-01-27", "critical", "firing")
    assert (found["change"], found["price"], found["phase"]) == (-0.1697, 118.42, "pre")
    assert found["reference"] == {
        "kind": "previous close",
        "price": 142.62,
        "at": "2025-01-25T10:05:00Z",
        "session": "2025-01-24",
    }
    assert {"title", "source", "link", "published_at", "seen_at", "score"} <= set(found["cause"])
    assert found["cause"]["seen_at"] == "2025-01-27T10:05:00Z"
    assert [(line["depth"], line["condition"], line["holds"]) for line in found["why"]] == [
        (0, "all", True),
        (1, "price change < -10%", True),
    ]
    assert list_alerts(path)[1]["reference"] is None


def test_the_lines_of_a_replay_and_of_the_history_agree(filled: SqliteStore, path: Path) -> None:
    lines = pytest.importorskip("bot.app.lines")
    for stored, listed in zip(filled.alerts_since(NOW.date()), reversed(list_alerts(path)), strict=True):
        printed = lines.alert_object(AlertChange(ChangeKind.FIRED, stored.fired_at, stored), listed["currency"])
        shared = set(printed) & set(listed)
        assert shared >= {
            "type",
            "at",
            "rule",
            "symbol",
            "currency",
            "session",
            "severity",
            "state",
            "change",
            "price",
            "why",
        }
        assert {name: listed[name] for name in shared} == {name: printed[name] for name in shared}


def test_an_alert_is_shown_with_all_that_belongs_to_it(filled: SqliteStore, path: Path) -> None:
    found = show_alert(path, "aa1")
    assert found is not None
    assert found["rule_text"] == "rules: …"
    assert [(c["kind"], c["severity"]) for c in found["changes"]] == [("fired", "high"), ("escalated", "critical")]
    assert found["changes"][0]["why"][1]["measured"] == "-10.1 %"
    assert [(s["id"], s["role"], s["score"]) for s in found["stories"]] == [("s1", "shown", 0.8)]
    (told,) = found["notifications"]
    assert (told["recipient"], told["state"], told["reason"]) == ("telegram:1", "sent", "first")
    assert [(d["outcome"], d["message_id"]) for d in told["deliveries"]] == [("sent", "77")]
    assert found["outcomes"] == []


def test_an_alert_is_found_by_the_beginning_of_its_id(filled: SqliteStore, path: Path) -> None:
    shown = show_alert(path, "ab")
    assert shown is not None
    assert shown["id"] == "ab2"
    with pytest.raises(StoreError, match="several alerts begin with a"):
        show_alert(path, "a")
    assert show_alert(path, "zz") is None
    assert show_alert(path, "") is None
    assert show_alert(path, "%") is None


def test_verify_names_what_is_wrong(filled: SqliteStore, path: Path) -> None:
    assert verify(path) == []
    filled.close()
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("UPDATE alert_stories SET story_id = 'gone'")
    conn.execute("UPDATE incidents SET alerts = '[]' WHERE id = 'i2'")
    conn.execute("UPDATE deliveries SET outcome = 'started'")
    conn.commit()
    conn.close()
    found = verify(path)
    assert any("alert_stories" in line and "stories" in line for line in found)
    assert "an alert missing in its incident's list: ac3" in found
    assert any(line.startswith("an unfinished attempt") for line in found)
    assert any(line.startswith("sent, but no attempt") for line in found)


def test_a_history_that_is_not_there_says_how_one_comes_about(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run or replay creates one"):
        list_alerts(tmp_path / "none.db")


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_no_history_and_gets_no_lock_file(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "place"
    place.mkdir() if kind == "folder" else os.mkfifo(place)
    what = "is a folder" if kind == "folder" else "is no file"
    with pytest.raises(StoreError, match=f"{what}; name a file with --database"):
        list_alerts(place)
    with pytest.raises(StoreError, match=what):
        open_store(place, mode="live", run_name="live", now=NOW)
    with pytest.raises(StoreError, match=what), locked_writer(place):
        pass
    assert list(tmp_path.iterdir()) == [place]


def test_a_look_at_the_outbox_never_reads_through_the_history(store: SqliteStore) -> None:
    asked: list[str] = []
    store.commit(batch(notification()))
    store._conn.set_trace_callback(asked.append)
    store.claim(NOW, timedelta(seconds=9), 9, ["telegram"], ["telegram:9"])
    store.recover(NOW)
    store.outbox_counts()
    store._conn.set_trace_callback(None)
    asked = [sql for sql in asked if sql.lstrip().startswith(("SELECT", "UPDATE", "WITH")) and "notifications" in sql]
    assert len(asked) >= 6
    for sql in asked:
        for row in store._conn.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall():
            whole = re.match(r"SCAN (notifications|deliveries|[nmrld])\b", row[3]) and "notifications_" not in row[3]
            assert not whole, f"{row[3]}: {sql}"


PLANS = {
    "alerts of a symbol": ("SELECT * FROM alerts WHERE symbol = ? ORDER BY fired_at DESC LIMIT 9", "alerts_symbol"),
    "newest alerts": ("SELECT * FROM alerts ORDER BY fired_at DESC LIMIT 9", "alerts_fired_at"),
    "alerts of a rule": ("SELECT * FROM alerts WHERE rule = ? ORDER BY fired_at DESC LIMIT 9", "alerts_rule"),
    "critical alerts": (
        "SELECT * FROM alerts WHERE severity = ? ORDER BY fired_at DESC LIMIT 9",
        "alerts_severity",
    ),
    "alerts of an incident": ("SELECT * FROM alerts WHERE incident_id = ?", "alerts_incident"),
    "last of a trade": (
        "SELECT price FROM quotes WHERE symbol = ? AND at = '' AND kind = '' ORDER BY seen_at DESC",
        "quotes_symbol",
    ),
    "quotes of a window": (
        "SELECT * FROM quotes WHERE seen_at > ? AND seen_at <= '' ORDER BY seen_at, arrival",
        "quotes_seen_at",
    ),
    "stories of a window": (
        "SELECT * FROM stories WHERE seen_at > ? AND seen_at <= '' ORDER BY seen_at, arrival",
        "stories_seen_at",
    ),
    "seen": ("SELECT key, story_id FROM story_keys WHERE key IN (?, 'b')", "PRIMARY KEY"),
}


@pytest.mark.parametrize("what", PLANS)
def test_frequent_questions_are_answered_by_an_index(store: SqliteStore, path: Path, what: str) -> None:
    sql, index = PLANS[what]
    with open_history(path) as conn:
        parameters = ("x",) if "?" in sql else ()
        plan = " / ".join(str(row[3]) for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", parameters))
    assert index in plan
    assert "SCAN" not in plan or "USING" in plan
