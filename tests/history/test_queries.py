"""Shipped queries go through indexes, and find what a look at every row finds."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history import (
    find_alerts,
    list_alerts,
    list_incidents,
    open_history,
    search,
    statistics,
)
from bot.adapters.store.history.searching import matching
from bot.core.errors import UsageError
from bot.core.model import AlertState, CauseRef, Filters, Severity
from tests.history.shipped import COUNTING, WHOLE, shipped
from tests.store.values import NOW, after, alert, batch, cause, fired, incident, reading, story

LARGE = "alerts|quotes|stories|a|q|s|alert_stories|notifications|deliveries|n"
LABELS: tuple[dict[str, str], ...] = ({}, {"desk": "semis"}, {"desk": "memory", "book": 'a "b" 7'})
SYMBOLS = ("NVDA", "AMD", "VRT", "BRK.B")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Without statistics, as every history is: plans must not depend on them."""
    file = tmp_path_factory.mktemp("plans") / "history.db"
    open_store(file, mode="live", run_name="live", now=NOW).close()
    with open_history(file) as conn:
        yield conn


def plan_of(conn: sqlite3.Connection, name: str) -> list[str]:
    sql, parameters = shipped()[name]
    return [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@pytest.mark.parametrize("name", shipped())
def test_no_shipped_query_reads_a_whole_table(empty: sqlite3.Connection, name: str) -> None:
    plan = plan_of(empty, name)
    sorts = any("USE TEMP B-TREE FOR ORDER BY" in line for line in plan)
    for line in plan:
        scan = re.match(rf"SCAN ({LARGE})\b(?! VIRTUAL)(?P<how>.*)", line)
        if scan is None:
            continue
        if name.startswith(COUNTING):
            assert "USING COVERING INDEX" in scan["how"], f"{name}: {line}"
            continue
        # in the order that is asked for: it ends at the limit, or is the whole that is wanted
        assert "USING INDEX" in scan["how"] or "USING COVERING INDEX" in scan["how"], f"{name}: {line}"
        assert not sorts, f"{name}: {line}, and then sorts it"
        limited = "LIMIT" in shipped()[name][0]
        assert limited or name.startswith(WHOLE), f"{name}: {line}"


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("list", "alerts_fired_at"),
        ("list of a symbol", "alerts_symbol"),
        ("list of a rule", "alerts_rule"),
        ("list of an incident", "alerts_incident"),
        ("list of an exposure", "SEARCH x USING PRIMARY KEY (exposure=?)"),
        ("list critical", "alerts_severity"),
        ("list high at least", "alerts_severity"),
        ("list with the verdict disputed", "verdicts_verdict"),
        ("incidents", "incidents_started_at"),
        ("show: quotes around an alert", "quotes_symbol"),
        ("show: notifications of an incident", "notifications_incident"),
        ("stats by rule", "COVERING INDEX alerts_rule"),
        ("stats by symbol", "COVERING INDEX alerts_rule"),
        ("search stories", "VIRTUAL TABLE"),
        ("search alerts", "VIRTUAL TABLE"),
    ],
)
def test_the_index_that_is_meant_is_used(empty: sqlite3.Connection, name: str, index: str) -> None:
    assert index in " / ".join(plan_of(empty, name))


def test_a_query_that_reads_a_whole_table_is_found(empty: sqlite3.Connection) -> None:
    plan = [row[3] for row in empty.execute("EXPLAIN QUERY PLAN SELECT * FROM alerts a WHERE a.worst < 0")]
    assert re.match(rf"SCAN ({LARGE})\b", plan[0])


# -------------------------------------------------------------------------------------------------- filters, exactly


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty alerts of every kind in twenty incidents, several fired at one moment."""
    file = tmp_path_factory.mktemp("many") / "history.db"
    chance = random.Random(7)
    with open_store(file, mode="live", run_name="live", now=NOW) as store:
        told = [story(f"s{i}", after(i)) for i in range(20)]
        store.commit(batch(*told, *(reading(s, cluster=s.id) for s in told)))
        for i in range(20):
            alerts = [_alert(chance, i, j) for j in range(3)]
            severity = max(a.severity for a in alerts)
            store.commit(
                batch(
                    incident(f"i{i}", *(a.id for a in alerts), started_at=after(600 * i), severity=severity),
                    *map(fired, alerts),
                )
            )
    conn = sqlite3.connect(file)
    conn.execute(
        "INSERT INTO chats (id, channel, name, min_severity, symbols, rest) VALUES ('c', 'c', '', 'info', '[]', '{}')"
    )
    answers = [(f"i{i}", p, v) for i in (1, 4, 9) for p, v in (("a", "right"), ("b", "not ai"))] + [
        ("i5", "a", "right")
    ]
    conn.executemany("INSERT INTO verdicts SELECT ?, ?, ?, started_at, 'c', 1 FROM incidents WHERE id = 'i0'", answers)
    conn.commit()
    conn.close()
    return file


def _alert(chance: random.Random, i: int, j: int) -> Any:
    because: CauseRef | None = None
    if chance.random() < 0.7:
        exposures = tuple(chance.sample(("cooling", "ai-chips", "memory"), 2))
        because = CauseRef(**{**_fields(cause(f"s{i}", cluster=f"s{i}")), "exposures": exposures})
    return alert(
        f"a{i:02d}{j}",
        chance.choice(SYMBOLS),
        after(600 * i + chance.choice((0, 0, 60))),
        rule=chance.choice(("one", "two")),
        severity=chance.choice(list(Severity)),
        incident=f"i{i}",
        cause=because,
        state=AlertState.RESOLVED,
        labels=LABELS[(i + j) % len(LABELS)],
    )


def _fields(of: CauseRef) -> dict[str, Any]:
    return {name: getattr(of, name) for name in of.__dataclass_fields__}


ASKED = [
    Filters(),
    Filters(symbol="NVDA"),
    Filters(symbol="BRK.B"),
    Filters(rule="two"),
    Filters(severity=Severity.HIGH),
    Filters(severity=Severity.INFO),
    Filters(severity=Severity.CRITICAL, rule="one"),
    Filters(incident="i3"),
    Filters(since=after(1200), until=after(6000)),
    Filters(exposure="cooling"),
    Filters(exposure="cooling", exposed=("AMD", "VRT")),
    Filters(exposure="cooling", exposed=("AMD",), symbol="AMD", since=after(600)),
    Filters(exposure="memory", severity=Severity.WARNING),
    Filters(verdict="right"),
    Filters(verdict="disputed", symbol="NVDA"),
    Filters(verdict="not ai", exposure="cooling", exposed=("AMD",)),
    Filters(verdict="not news"),
    Filters(verdict="none", severity=Severity.HIGH),
    Filters(severity=Severity.HIGH, since=after(3000)),
    Filters(label=("desk", "")),
    Filters(label=("desk", "semis"), severity=Severity.WARNING),
    Filters(label=("book", 'a "b" 7'), symbol="NVDA"),
]


def passes(row: dict[str, Any], asked: Filters, said: dict[str, set[str]]) -> bool:
    """The filters said again, row by row."""
    answers = said.get(row["incident"], set())
    judged = {
        None: True,
        "none": not answers,
        "disputed": bool(answers & {"not ai", "not news"}),
    }.get(asked.verdict, asked.verdict in answers)
    exposures = (row["cause"] or {}).get("exposures") or ()
    name, value = asked.label or ("", "")
    labelled = name in row["labels"] and value in ("", row["labels"][name])
    short = {
        n: t.isoformat().replace("+00:00", "Z") if t else None for n, t in (("s", asked.since), ("u", asked.until))
    }
    return (
        judged
        and (asked.label is None or labelled)
        and asked.symbol in (None, row["symbol"])
        and asked.rule in (None, row["rule"])
        and asked.incident in (None, row["incident"])
        and (asked.severity is None or Severity.parse(row["severity"]) >= asked.severity)
        and (asked.exposure is None or asked.exposure in exposures or row["symbol"] in asked.exposed)
        and (short["s"] is None or row["at"] >= short["s"])
        and (short["u"] is None or row["at"] < short["u"])
    )


def verdicts_of(path: Path) -> dict[str, set[str]]:
    said: dict[str, set[str]] = {}
    with open_history(path) as conn:
        for name, verdict in conn.execute("SELECT incident_id, verdict FROM verdicts"):
            said.setdefault(name, set()).add(verdict)
    return said


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("limit", [None, 5])
def test_filters_find_what_a_look_at_every_alert_finds(many: Path, asked: Filters, limit: int | None) -> None:
    said = verdicts_of(many)
    expected = [row["id"] for row in list_alerts(many, limit=None) if passes(row, asked, said)]
    assert [row["id"] for row in find_alerts(many, asked, limit)] == expected[:limit]
    assert asked == Filters(verdict="not news") or expected, "asks for something"


@pytest.mark.parametrize("asked", [f for f in ASKED if f.of_alerts], ids=str)
@pytest.mark.parametrize("limit", [None, 3])
def test_incidents_are_those_with_such_an_alert(many: Path, asked: Filters, limit: int | None) -> None:
    said = verdicts_of(many)
    of_alerts = replace(asked, severity=None, since=None, until=None, verdict=None)
    having = {row["incident"] for row in list_alerts(many, limit=None) if passes(row, of_alerts, said)}
    themselves = Filters(severity=asked.severity, since=asked.since, until=asked.until, verdict=asked.verdict)
    expected = [row["id"] for row in list_incidents(many, themselves, None) if row["id"] in having]
    assert [row["id"] for row in list_incidents(many, asked, limit)] == expected[:limit]


def test_an_incident_is_summed_up(many: Path) -> None:
    (found,) = list_incidents(many, Filters(incident="i4"))
    alerts = list_alerts(many, incident="i4")
    assert (found["alerts"], found["confirmed"], found["disputed"]) == (3, 1, 1)
    assert found["worst"] == min((a["worst"] for a in alerts if a["worst"] is not None), default=None)
    assert found["severity"] == max((a["severity"] for a in alerts), key=lambda word: Severity.parse(word))


@pytest.mark.parametrize("by", ["rule", "symbol", "month", "exposure"])
@pytest.mark.parametrize("asked", [ASKED[0], ASKED[1], ASKED[4], ASKED[8], ASKED[10], ASKED[13]], ids=str)
def test_statistics_count_what_is_listed(many: Path, by: str, asked: Filters) -> None:
    said = verdicts_of(many)
    counted: dict[str, list[dict[str, Any]]] = {}
    for row in find_alerts(many, asked, None):
        keys = {"month": [row["at"][:7]], "exposure": (row["cause"] or {}).get("exposures") or []}.get(by)
        for key in [row[by]] if keys is None else keys:
            counted.setdefault(key, []).append(row)
    found = {each[by]: each for each in statistics(many, by, asked)}
    assert set(found) == set(counted)
    for key, rows in counted.items():
        assert found[key]["alerts"] == len(rows)
        assert found[key]["symbols"] == len({r["symbol"] for r in rows})
        assert found[key]["critical"] == sum(r["severity"] == "critical" for r in rows)
        judged = {r["incident"] for r in rows}
        assert found[key]["confirmed"] == sum("right" in said.get(i, set()) for i in judged)
        assert found[key]["disputed"] == sum(bool(said.get(i, set()) - {"right"}) for i in judged)


# ------------------------------------------------------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("deepseek chips", '"deepseek" "chips"'),
        ('"cheap model" nvidia', '"cheap model" "nvidia"'),
        ("deep*", '"deep"*'),
        ("chips OR memory", '"chips" OR "memory"'),
        ("OR chips OR", '"chips"'),
        ('odd"quote', '"odd quote"'),
        ("BRK.B", '"BRK.B"'),
        ("NEAR(a b) col:x -y", '"NEAR(a" "b)" "col:x" "-y"'),
        ("и 模型", '"и" "模型"'),
    ],
)
def test_what_people_type_is_no_mistake(many: Path, words: str, match: str) -> None:
    assert matching(words) == match
    search(many, words)


@pytest.mark.parametrize("words", ["", "  ", "* - :", '""'])
def test_nothing_to_search_for_says_so(words: str) -> None:
    with pytest.raises(UsageError, match="no word to search for"):
        matching(words)


def test_search_finds_alerts_and_stories_newest_first_and_obeys_filters(many: Path) -> None:
    found = search(many, "cheap model", limit=100)
    assert {each["type"] for each in found} == {"alert", "story"}
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    assert all("«" in each["excerpt"] for each in found)
    for asked in ASKED:
        expected = {row["id"] for row in find_alerts(many, asked, None) if row["cause"]}
        assert {e["id"] for e in search(many, "cheap model", asked, 100) if e["type"] == "alert"} == expected, asked
    assert [e["id"] for e in search(many, "cheap model", Filters(incident="i3")) if e["type"] == "story"] in (
        ["s3"],
        [],
    )


def test_the_search_follows_an_alert_whose_cause_changes(store: SqliteStore, path: Path) -> None:
    store.commit(batch(story("s1"), incident(), fired(alert())))
    assert [e for e in search(path, "cheap", Filters(symbol="NVDA")) if e["type"] == "alert"] == []
    because = CauseRef(**{**_fields(cause("s1")), "exposures": ("cooling",)})
    store.commit(batch(fired(alert(updated_at=after(5), cause=because))))
    assert [e["id"] for e in search(path, "cheap") if e["type"] == "alert"] == ["a1"]
    assert [a["id"] for a in find_alerts(path, Filters(exposure="cooling"))] == ["a1"]
    other = CauseRef(**{**_fields(because), "title": "An outage", "exposures": ("cloud",)})
    store.commit(batch(fired(alert(updated_at=after(9), cause=other))))
    assert [e["id"] for e in search(path, "outage") if e["type"] == "alert"] == ["a1"]
    assert [e for e in search(path, "cheap") if e["type"] == "alert"] == []
    assert find_alerts(path, Filters(exposure="cooling")) == []
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("INSERT INTO alerts_fts (alerts_fts) VALUES ('integrity-check')")
    conn.close()


def test_the_search_survives_compacting(week: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copy(week, copy)
    conn = sqlite3.connect(copy, isolation_level=None)
    before = search(week, "cooling", Filters(), 100)
    conn.execute("VACUUM")
    conn.close()
    assert before
    assert search(copy, "cooling", Filters(), 100) == before


def test_a_time_filter_takes_the_first_and_leaves_the_last(many: Path) -> None:
    at = find_alerts(many, Filters(), None)[30]["at"]
    from datetime import datetime

    moment = datetime.fromisoformat(at)
    assert at in {a["at"] for a in find_alerts(many, Filters(since=moment), None)}
    assert at not in {a["at"] for a in find_alerts(many, Filters(until=moment), None)}
    assert at in {a["at"] for a in find_alerts(many, Filters(until=moment + timedelta(microseconds=1)), None)}
