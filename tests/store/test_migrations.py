"""Every earlier version of the database, with data in it, becomes the present one and loses nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.adapters.store import open_store
from bot.adapters.store.engine import transaction
from bot.adapters.store.history import (
    evidence,
    find_alerts,
    list_incidents,
    open_history,
    search,
    show_alert,
    statistics,
    verify,
)
from bot.adapters.store.schema import APPLICATION_ID, MIGRATION_SET, MIGRATIONS, migrate
from bot.core.errors import StoreVersionError
from bot.core.model import Filters
from tests.store.values import NOW, after, batch, incident, story

AT = "2025-01-27T10:05:00.000000Z"
CAUSE = (
    '{"cluster":"s1","topic":"ai-model","title":"A cheap model appears","source":"wire","link":"","published_at":null,'
    f'"seen_at":"{AT}","score":0.8,"reach":"exposure","exposures":["cooling","ai-chips"],"confidence":0.9,'
    '"story":"s1","stories":["s1"],"sources":["wire"],"first_title":"First","first_source":"wire","first_link":"",'
    f'"first_seen_at":"{AT}"}}'
)
CHECKS = (
    '[{"condition":"price","holds":true,"measured":"-10 %","threshold":"-10%","value":-0.1,"limit":-0.1,"children":[]}]'
)
# as the first version wrote it; nothing here may follow what the program writes today
FIRST = f"""
INSERT INTO runs VALUES (1, 'live', 'live', '{AT}', NULL, '0.1', 9);
INSERT INTO stories (arrival, run_id, id, source, publisher, title, summary, link, seen_at, keys, cluster)
  VALUES (1, 1, 's1', 'wire', '', 'A cheap model appears', 'Fewer chips.', '', '{AT}', '["k1"]', 's1');
INSERT INTO story_keys VALUES ('k1', 's1', '{AT}');
INSERT INTO story_scores VALUES ('s1', 'ai-model', 0.8, '[]');
INSERT INTO quotes (arrival, run_id, symbol, price, at, seen_at, kind, currency, source)
  VALUES (2, 1, 'NVDA', 128.2, '{AT}', '{AT}', 'trade', 'USD', 'yahoo');
INSERT INTO daily_bars VALUES (3, 1, 'NVDA', '2025-01-24', 1, 1, 1, 142.62, 9, '{AT}', 'yahoo');
INSERT INTO splits (arrival, run_id, symbol, session, ratio, seen_at) VALUES (4, 1, 'NVDA', '2024-06-10', 10, '{AT}');
INSERT INTO rule_versions VALUES ('ai-model-shock', 'v1', 'rules: …', '{AT}');
INSERT INTO incidents (id, run_id, topic, clusters, session, sessions, last_session, started_at, updated_at, severity,
  state, lead, symbols, alerts, messages, told_breadth, follow_ups, rest)
  VALUES ('i1', 1, 'ai-model', '["s1"]', '2025-01-27', '["2025-01-27"]', '2025-01-27', '{AT}', '{AT}', 'high', 'open',
  'NVDA', '["NVDA"]', '["a1", "a2"]', 1, 1, '[]', '{{}}');
INSERT INTO alerts (id, run_id, fingerprint, rule, rule_version, symbol, session, severity, state, fired_at, updated_at,
  price, price_at, phase, change, worst, incident_id, cause, evidence_from, evidence_until, checks, rest)
  VALUES ('a1', 1, 'f', 'ai-model-shock', 'v1', 'NVDA', '2025-01-27', 'high', 'firing', '{AT}', '{AT}',
  128.2, '{AT}', 'pre', -0.1, -0.1, 'i1', '{CAUSE}', '{AT}', '{AT}', '{CHECKS}', '{{}}'),
  ('a2', 1, 'g', 'ai-model-shock', 'v1', 'NVDA', '2025-01-27', 'info', 'resolved', '{AT}', '{AT}',
  128.2, '{AT}', 'pre', NULL, NULL, 'i1', NULL, '{AT}', '{AT}', '[]', '{{}}');
INSERT INTO alert_changes VALUES ('a1', '{AT}', 'fired', 1, 'high', 128.2, '{AT}', 'pre', -0.1, '{CHECKS}'),
  ('a2', '{AT}', 'fired', 1, 'info', 128.2, '{AT}', 'pre', NULL, '[]');
INSERT INTO alert_stories VALUES ('a1', 's1', 'shown', 's1', 'ai-model', 0.8);
INSERT INTO chats (id, channel, name, min_severity, symbols, rest)
  VALUES ('telegram:1', 'telegram', '', 'info', '[]', '{{}}');
INSERT INTO notifications (id, run_id, announcement, recipient_id, channel, incident_id, reason, severity, created_at,
  state, attempts, message_id, settled_at, summary, text, rest)
  VALUES ('n1', 1, 'i1/first', 'telegram:1', 'telegram', 'i1', 'first', 'high', '{AT}', 'sent', 1, '77', '{AT}', '{{}}',
  't', '{{}}'), ('n2', 1, 'i1/second', 'telegram:1', 'telegram', 'i1', 'escalated', 'high', '{AT}', 'queued', 0, NULL,
  NULL, '{{}}', 't', '{{}}');
INSERT INTO deliveries (notification_id, attempt, run_id, recipient_id, started_at, ended_at, outcome, message_id)
  VALUES ('n1', 1, 1, 'telegram:1', '{AT}', '{AT}', 'sent', '77');
INSERT INTO extras VALUES ('position', 'x', '{AT}');
"""
ADDED = {
    # what each later version brought a place for
    2: f"INSERT INTO earnings_dates VALUES (5, 1, 'NVDA', '2025-02-26', 'after', '{AT}', 'yahoo');",
    3: f"INSERT INTO outcomes VALUES ('a1', 'close', '{AT}', '{AT}', 118.42, -0.08, -0.17);",
    4: f"INSERT INTO verdicts VALUES ('i1', 'telegram:5', 'right', '{AT}', 'telegram:1', 1);",
    8: f"INSERT INTO second_readings VALUES (6, 1, 's1', '{AT}', '[]', 'tiny');",
    11: f"INSERT INTO learned_names VALUES (7, 1, 'Fara', 'Microsoft', '{AT}', 'Fara', 'plain', 'Fara-7B', 'hub');",
}
KEPT = (
    "SELECT * FROM {table} ORDER BY 1, 2",
    *("runs stories story_keys story_scores quotes daily_bars splits rule_versions incidents alerts".split()),  # noqa: SIM905
    *("alert_changes alert_stories chats notifications deliveries extras".split()),  # noqa: SIM905
)


def of_version(path: Path, version: int) -> None:
    """A database as the program of that version made and filled it."""
    from sqlite_utils import Database, Migrations

    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        steps = Migrations(MIGRATION_SET)
        for step in MIGRATIONS[:version]:
            steps(name=step.__name__)(step)
        with transaction(conn):
            steps.apply(Database(conn, execute_plugins=False))
            conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            conn.execute(f"PRAGMA user_version = {version}")
        conn.execute("PRAGMA foreign_keys = ON")
        conn.executescript(FIRST + "".join(sql for number, sql in ADDED.items() if number <= version))


def tables(path: Path, names: tuple[str, ...]) -> dict[str, list[dict[str, object]]]:
    """The rows of these tables, by column."""
    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        return {name: [dict(row) for row in conn.execute(KEPT[0].format(table=name))] for name in names}


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_every_earlier_version_becomes_the_present_one_and_keeps_every_row(path: Path, version: int) -> None:
    of_version(path, version)
    later = {2: "earnings_dates", 3: "outcomes", 4: "verdicts", 8: "second_readings", 11: "learned_names"}
    names = (*KEPT[1:], *(name for number, name in later.items() if number <= version))
    before = tables(path, names)
    with open_history_refused(path):
        pass
    open_store(path, mode="live", run_name="live", now=after(9)).close()
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        # the run that brought it up to date is new
        conn.execute("DELETE FROM runs WHERE id = 2")
        conn.commit()
    now = tables(path, names)  # later versions add columns
    assert {
        name: [{key: new[key] for key in old} for old, new in zip(before[name], now[name], strict=True)]
        for name in names
    } == before
    assert verify(path) == evidence(path) == []


class open_history_refused:  # noqa: N801 - reads as what it checks
    """Readers do not bring a file up to date: they say what does."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        with pytest.raises(StoreVersionError, match="start it once with run or replay"), open_history(self._path):
            pass

    def __exit__(self, *_: object) -> None:
        """Nothing to undo."""


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_what_was_there_before_is_found_by_everything_that_came_later(path: Path, version: int) -> None:
    of_version(path, version)
    with open_store(path, mode="live", run_name="live", now=after(9)) as store:
        store.commit(batch(story("s2", after(9)), now=after(9)))
        assert [a.id for a in store.alerts_since(NOW.date())] == ["a1", "a2"]
    assert [e["id"] for e in search(path, "cheap cooling") if e["type"] == "alert"] == ["a1"]
    assert {e["id"] for e in search(path, "cheap") if e["type"] == "story"} == {"s1", "s2"}
    assert [a["id"] for a in find_alerts(path, Filters(exposure="ai-chips"))] == ["a1"]
    told = show_alert(path, "a1")
    assert told is not None
    assert (told["rule_text"], len(told["stories"]), len(told["notifications"])) == ("rules: …", 1, 2)
    assert [o["horizon"] for o in told["outcomes"]] == (["close"] if version >= 3 else [])
    (summed,) = list_incidents(path)
    assert (summed["alerts"], summed["confirmed"], summed["sent"]) == (2, int(version >= 4), 1)
    assert [row["alerts"] for row in statistics(path, "rule")] == [2]


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_the_old_file_is_kept_beside_it_as_it_was(path: Path, version: int) -> None:
    of_version(path, version)
    before = tables(path, KEPT[1:])
    open_store(path, mode="live", run_name="live", now=after(9)).close()
    kept = path.with_name(f"{path.name}.version-{version}")
    assert tables(kept, KEPT[1:]) == before
    with closing(sqlite3.connect(kept)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (version,)
    assert not list(path.parent.glob("*.unfinished"))


def test_a_present_database_is_neither_changed_nor_copied(path: Path) -> None:
    from sqlite_utils import Database

    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        store.commit(batch(incident()))
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        assert migrate(Database(conn, execute_plugins=False), path) is None
    assert not list(path.parent.glob("*.version-*"))


def test_migrations_are_never_renamed_or_reordered() -> None:
    assert [step.__name__ for step in MIGRATIONS] == [
        *("m001_first", "m002_earnings_dates", "m003_outcomes", "m004_verdicts", "m005_questions"),
        *("m006_dividends", "m007_sending_order", "m008_second_readings", "m009_figures_and_their_time"),
        *("m010_nights", "m011_learned_names", "m012_labels"),
    ]


def test_a_fresh_database_and_one_brought_up_to_date_have_one_schema(path: Path, tmp_path: Path) -> None:
    of_version(path, 1)
    fresh = tmp_path / "fresh.db"
    for file in (path, fresh):
        open_store(file, mode="live", run_name="live", now=NOW).close()
    schema = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(fresh)) as new:
        assert old.execute(schema).fetchall() == new.execute(schema).fetchall()


@pytest.mark.parametrize("newer", [len(MIGRATIONS) + 1, 99])
def test_a_newer_database_is_refused_with_what_to_do_and_left_alone(path: Path, newer: int) -> None:
    open_store(path, mode="live", run_name="live", now=NOW).close()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA user_version = {newer}")
    before = path.read_bytes()
    said = rf"written by a newer Aftershock \(database version {newer}, this program knows {len(MIGRATIONS)}\); update"
    with pytest.raises(StoreVersionError, match=said):
        open_store(path, mode="live", run_name="live", now=NOW)
    with pytest.raises(StoreVersionError, match=said):
        verify(path)
    assert path.read_bytes() == before
