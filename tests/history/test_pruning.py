"""Evidence stays, however alerts overlap and whatever fires meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store import SqliteStore, retention
from bot.adapters.store.retention import _joined
from bot.core.model import AlertState, Reference, SecondReading
from tests.store.steps import prune
from tests.store.values import NOW, alert, batch, fired, incident, quote, story

DAY = timedelta(days=1)
OLD = NOW - 100 * DAY


def left(path: Path) -> list[float]:
    with closing(sqlite3.connect(path)) as conn:
        return [price for (price,) in conn.execute("SELECT price FROM quotes ORDER BY price")]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12), st.integers(-1, 90))
def test_joined_spans_hold_what_any_of_them_holds(spans: list[tuple[int, int]], at: int) -> None:
    texts = sorted((f"{begin:03d}", f"{begin + length:03d}") for begin, length in spans)
    begins, ends = _joined(texts)
    moment = f"{at:03d}"
    holds = any(begin <= moment <= end for begin, end in texts)
    assert any(begin <= moment <= end for begin, end in zip(begins, ends, strict=True)) == holds
    assert all(end < begin for end, begin in zip(ends, begins[1:], strict=False))


def test_a_long_alert_protects_what_shorter_ones_after_it_do_not(store: SqliteStore, path: Path) -> None:
    done = {"state": AlertState.RESOLVED, "resolved_at": OLD + 9 * DAY, "updated_at": OLD + 9 * DAY, "reference": None}
    short = {"state": AlertState.RESOLVED, "resolved_at": OLD + 2 * DAY, "reference": None}
    store.commit(
        batch(
            incident("i1", "a1", "a2"),
            fired(alert("a1", at=OLD, **done)),
            fired(alert("a2", at=OLD + DAY, **short)),
            *(quote(at=OLD + i * DAY, price=100.0 + i) for i in range(-3, 13)),
        )
    )
    prune(store, NOW, {"quotes": 30 * DAY})
    assert left(path) == [100.0 + i for i in range(-1, 11)]


@pytest.mark.parametrize("of_then", ["one that fires", "one that was firing and lasts"])
def test_an_alert_that_fires_or_lasts_meanwhile_keeps_its_quotes(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch, of_then: str
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 1)
    store.commit(batch(*(quote(at=OLD + i * DAY, price=100.0 + i) for i in range(6))))
    far = Reference("high of 100 sessions", 200.0, OLD + 3 * DAY, OLD.date())
    early = alert("a1", at=OLD - 20 * DAY, reference=None)
    if of_then != "one that fires":
        store.commit(batch(incident(), fired(early)))
    steps = store.prune_in_steps(NOW, {"quotes": 30 * DAY})
    next(steps)
    if of_then == "one that fires":
        store.commit(batch(incident(), fired(alert("a1", at=NOW, reference=far))))
        kept = [2, 3, 4, 5]
    else:
        lasts = alert("a1", at=OLD - 20 * DAY, updated_at=OLD + 3 * DAY, reference=None)
        store.commit(batch(fired(lasts)))
        kept = [1, 2, 3, 4]
    for _ in steps:
        pass
    assert left(path) == [100.0 + i for i in kept]


def test_what_a_second_reader_said_goes_with_its_story(store: SqliteStore) -> None:
    told, kept = story("old", OLD), story("new", NOW)
    answers = [SecondReading(told.id, OLD), SecondReading(kept.id, NOW)]
    store.commit(batch(told, kept, *answers))
    prune(store, NOW, {"stories": 30 * DAY})
    assert list(store.observations(OLD - DAY, NOW)) == [kept, answers[1]]
