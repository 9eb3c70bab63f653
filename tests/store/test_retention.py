"""What is forgotten, and what never is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.adapters.store import retention
from bot.adapters.store.history import search, verify
from bot.adapters.store.sql_store import SqlStore
from bot.app.stores import Place
from bot.core.errors import StoreError
from bot.core.model import AlertState, Decisions, IncidentState, Refused, SourceReport
from tests.histories import ask
from tests.store.steps import prune
from tests.store.values import NOW, alert, batch, cause, fired, incident, quote, reading, story

DAY = timedelta(days=1)
OLD = NOW - 100 * DAY


EVERY_ENGINE = True


def left(path: Place, sql: str) -> list[str]:
    return [str(row[0]) for row in ask(path, sql)]


def test_old_quotes_go_except_those_around_an_alert_of_their_symbol(store: SqlStore, path: Place) -> None:
    done = {"state": AlertState.RESOLVED, "resolved_at": OLD, "reference": None}
    store.commit(
        batch(
            incident(state=IncidentState.CLOSED),
            fired(alert("a1", "NVDA", OLD, **done)),
            *(quote(symbol, at=OLD + i * DAY / 4) for symbol in ("NVDA", "AMD") for i in range(-12, 13)),
            quote("AMD", at=NOW - DAY),
        )
    )
    assert prune(store, NOW, {"quotes": 30 * DAY}) == {"quotes": 25 + 16}
    kept = left(path, "SELECT symbol || ' ' || at FROM quotes ORDER BY at")
    assert len(kept) == 9 + 1
    assert kept[-1].startswith("AMD 2025-01-26")
    assert prune(store, NOW, {"quotes": 30 * DAY}) == {"quotes": 0}


def test_stories_no_alert_rests_on_go_and_the_seen_set_stays(store: SqlStore, path: Place) -> None:
    names = ("cited", "cluster-mate", "first-of-cluster", "open", "idle")
    clusters = {"cited": "c", "cluster-mate": "c", "first-of-cluster": "c", "open": "o", "idle": "x"}
    stories = [story(name, OLD) for name in names]
    store.commit(
        batch(
            *stories,
            *(reading(s, cluster=clusters[s.id]) for s in stories),
            incident("i1", "a1", state=IncidentState.CLOSED, clusters=("c",)),
            incident("i2", "a2", clusters=("o",)),
            fired(alert("a1", at=OLD, cause=cause("cited", cluster="c"))),
            story("new"),
        )
    )
    assert prune(store, NOW, {"stories": 30 * DAY}) == {"stories": 1}
    assert "idle" not in left(path, "SELECT id FROM stories")
    assert store.known_keys(["guid:idle"]) == {"guid:idle": "idle"}
    assert left(path, "SELECT story_id FROM story_scores WHERE story_id = 'idle'") == []
    assert search(path, "idle") == []
    assert len([found for found in search(path, "cheap") if found["type"] == "story"]) == 5
    assert verify(path) == []


def test_old_polls_and_refusals_go(store: SqlStore, path: Place) -> None:
    for at in (OLD, NOW):
        bad = quote(at=at, price=0.0)
        store.commit(batch(SourceReport("wire", at), Decisions(at, refused=(Refused(bad, "zero or negative", at),))))
    assert prune(store, NOW, {"source_reports": DAY, "refused_quotes": DAY}) == {
        "source_reports": 1,
        "refused_quotes": 1,
    }
    assert left(path, "SELECT count(*) FROM source_reports") == ["1"]


def test_pruning_goes_in_steps_between_which_the_bot_may_write(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 10)
    store.commit(batch(*(quote(at=OLD + i * timedelta(minutes=1)) for i in range(35))))
    steps = []
    for gone in store.prune_in_steps(NOW, {"quotes": DAY}):
        steps.append(gone["quotes"])
        store.commit(batch(quote("AMD", at=NOW, price=1.0 + len(steps))))
    assert steps == [10, 20, 30, 35]


def test_alerts_can_not_be_pruned(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="cannot be pruned: alerts, story_keys"):
        prune(store, NOW, {"story_keys": DAY, "alerts": DAY})
