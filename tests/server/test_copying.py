"""A history moves between file and server whole, both ways, and a mirror of a server's follows it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store.history.copying import KEYS
from bot.adapters.store.history.opening import open_place
from bot.app.stores import Place, copy_whole, exists, import_history, mirror, open_history, open_store
from bot.core.errors import StoreInUseError, UsageError
from bot.core.model import Severity
from bot.core.server_address import ServerAddress
from tests.command import run_command
from tests.server.cluster import Cluster
from tests.server.rows import rows, tables
from tests.store.steps import prune
from tests.store.values import NOW, after, alert, batch, fired, incident, notification, quote, reading, story


def assert_same(file: Path, other: Place) -> None:
    with closing(sqlite3.connect(file)) as ours, open_place(other) as theirs:
        assert set(tables(ours)) - {"alert_exposures"} == set(KEYS), "every table is copied"
        for table in tables(ours):
            assert rows(ours, table, whole=True) == rows(theirs, table, whole=True), table


def test_a_history_moves_to_a_server_and_back_whole(server: Cluster, replayed: Path, tmp_path: Path) -> None:
    address, back = server.address(), tmp_path / "back.db"
    words = f"{address.reveal()}#{address.schema}"
    run_command("history", "copy", words, "--database", replayed)
    assert_same(replayed, address)
    said = run_command("history", "copy", back, "--database", words, "--json").stdout
    assert '"alerts":' in said
    assert_same(back, address)
    with open_history(back) as moved, open_history(replayed) as first:
        assert moved.findings() == []
        assert moved.list_alerts() == first.list_alerts(), "in the same order"
        assert moved.search("deepseek") == first.search("deepseek")
    # and the bot goes on there, as the next run
    with closing(open_store(address, mode="replay", run_name="deepseek-2025-01", now=NOW)) as store:
        store.commit(batch(quote()))
    with open_place(address) as conn:
        assert conn.execute("SELECT max(id) FROM runs").fetchone()[0] == 2


def test_nothing_is_copied_over_a_history(server: Cluster, replayed: Path, on_server: ServerAddress) -> None:
    with pytest.raises(UsageError, match="there is a history already"):
        list(copy_whole(replayed, on_server))
    with pytest.raises(UsageError, match="exists already"):
        list(copy_whole(on_server, replayed))


def test_a_copy_that_fails_leaves_nothing(server: Cluster, tmp_path: Path) -> None:
    source, address = tmp_path / "broken.db", server.address()
    open_store(source, mode="live", run_name="live", now=NOW).close()
    with closing(sqlite3.connect(source)) as conn:
        conn.execute("PRAGMA ignore_check_constraints = ON")
        conn.execute("INSERT INTO extras VALUES ('a', 'b', 'no time at all')")
        conn.commit()
    with pytest.raises(Exception, match="extras"):
        list(copy_whole(source, address))
    assert not exists(address)


def test_a_mirror_follows_what_is_written_changed_and_forgotten(server: Cluster, tmp_path: Path) -> None:
    address, file = server.address(), tmp_path / "mirror.db"
    long_ago, month = NOW - timedelta(days=400), timedelta(days=30)
    with closing(open_store(address, mode="live", run_name="live", now=NOW)) as store:
        store.record_rules([("ai-model-shock", "v1", "- name: ai-model-shock")], NOW)
        old = (story("old", long_ago), quote("AMD", at=long_ago))
        store.commit(batch(story(), reading(story()), *old, quote("NVDA", 128.2, NOW), quote("NVDA", 122.75, NOW)))
        mirror(address, file)
        assert_same(file, address)
        one, told = alert("a1", incident="i1"), notification("n1", incident="i1")
        store.commit(batch(fired(one), incident("i1", "a1"), told, quote(at=after(5)), now=after(9)))
        assert mirror(address, file)["alerts"] == 1
        assert_same(file, address)
        (out,) = store.claim(after(10), timedelta(minutes=1), 5, ["telegram"])
        worse = replace(one, severity=Severity.CRITICAL, updated_at=after(60))
        store.commit(batch(fired(worse), reading(story(), cluster="c2"), now=after(60)))
        assert prune(store, NOW, {"quotes": month, "stories": month}) == {"quotes": 1, "stories": 1}
        mirror(address, file)
        assert_same(file, address)
        with open_history(file) as history, open_history(address) as source:
            assert [each["severity"] for each in history.list_alerts()] == ["critical"]
            assert history.findings() == source.findings()
        assert out.attempt == 1


def test_a_mirror_is_of_one_history_and_nothing_else_is_overwritten(
    server: Cluster, on_server: ServerAddress, replayed: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mirror.db"
    run_command("history", "mirror", file, "--database", f"{on_server.reveal()}#{on_server.schema}")
    assert_same(file, on_server)
    other = server.address()
    open_store(other, mode="live", run_name="live", now=NOW).close()
    with pytest.raises(UsageError, match="a mirror of"):
        mirror(other, file)
    own = tmp_path / "own.db"
    open_store(own, mode="live", run_name="live", now=NOW).close()
    with pytest.raises(UsageError, match="a history of its own"):
        mirror(other, own)
    assert "a file is no server" in run_command("history", "mirror", file, "--database", replayed, code=2).stderr


def test_another_machine_s_history_is_merged_into_one_on_a_server(server: Cluster, tmp_path: Path) -> None:
    here, there = server.address(), tmp_path / "there.db"
    for place, name in ((here, "a"), (there, "b")):
        with closing(open_store(place, mode="live", run_name="live", now=NOW)) as store:
            store.record_rules([("ai-model-shock", "v1", f"of {name}")], NOW)
            store.commit(
                batch(story(name), reading(story(name), cluster=name), quote("NVDA", 128.2, NOW),
                      fired(alert(name, incident=f"i{name}")), incident(f"i{name}", name),
                      notification(f"n{name}", incident=f"i{name}"))
            )  # fmt: skip
    with closing(open_store(here, mode="live", run_name="live", now=NOW)), pytest.raises(StoreInUseError):
        list(import_history(here, there, NOW))
    for added in (1, 0):
        done = [{}, *import_history(here, there, NOW)][-1]
        assert (done.get("alerts", 0), done.get("stories", 0)) == (added, added)
    with open_history(here) as history:
        assert {each["id"] for each in history.list_alerts()} == {"a", "b"}
        assert history.findings() == []
    # and the other way: what is on the server comes into a file
    list(import_history(there, here, NOW))
    with open_history(there) as history:
        assert {each["id"] for each in history.list_alerts()} == {"a", "b"}
        assert history.findings() == []
