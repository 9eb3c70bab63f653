"""Another machine's history is merged or refused, whatever stands in its cells; ours is sound afterwards."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store import open_store
from bot.adapters.store.history.importing import import_history
from bot.core.errors import AftershockError
from tests.fuzz.files import folder, written
from tests.fuzz.strategies import HOSTILE, SETTINGS
from tests.security.test_no_traceback import filled_history

NOW = datetime(2025, 1, 27, 15, tzinfo=UTC)


@cache
def history() -> bytes:
    filled_history(folder() / "history.db")
    return (folder() / "history.db").read_bytes()


@cache
def cells() -> list[tuple[str, str]]:
    """Every table and column of a history that can be changed."""
    written("cells.db", history())
    with closing(sqlite3.connect(folder() / "cells.db")) as conn:
        tables = [
            n
            for (n,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        ]
        return [(t, row[1]) for t in tables for row in conn.execute(f"PRAGMA table_info('{t}')")]


ODD = st.one_of(
    st.sampled_from(HOSTILE[:4] + HOSTILE[5:]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.none(),
    st.binary(max_size=9),
)


@SETTINGS
@given(st.data())
def test_another_machine_s_history(data: st.DataObject) -> None:
    theirs, ours = written("theirs.db", history()), folder() / "ours.db"
    ours.unlink(missing_ok=True)
    open_store(ours, mode="live", run_name="live", now=NOW).close(NOW)
    with closing(sqlite3.connect(theirs)) as conn:
        for _ in range(data.draw(st.integers(1, 4))):
            table, column = data.draw(st.sampled_from(cells()))
            with suppress(sqlite3.Error):
                conn.execute(f'UPDATE "{table}" SET "{column}" = ?', (data.draw(ODD),))
        conn.commit()
    with suppress(AftershockError):
        list(import_history(ours, theirs, NOW))
    with closing(sqlite3.connect(ours)) as conn:
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
