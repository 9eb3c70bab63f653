"""Which places are opened, by whom, and what is said where they cannot be."""

from __future__ import annotations

from contextlib import closing

import pytest

from bot.adapters.store.schema import MIGRATIONS
from bot.app.stores import open_history, open_store, read_store
from bot.core.errors import (
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreInUseError,
    StoreLostError,
    StoreVersionError,
)
from bot.core.ports import Store
from bot.core.secret import redacted
from bot.core.server_address import ServerAddress
from tests.server.cluster import Cluster
from tests.store.values import NOW, after, batch, quote, story

NEWEST = len(MIGRATIONS)


def opened(address: ServerAddress, mode: str = "live", name: str = "live") -> Store:
    return open_store(address, mode=mode, run_name=name, now=NOW)  # type: ignore[arg-type]


def test_a_history_is_made_once_and_opened_again(server: Cluster) -> None:
    address = server.address()
    for _ in range(2):
        with closing(opened(address)) as store:
            assert (store.version, store.lost(), store.note()) == (str(NEWEST), "", "")
            assert store.size() > 0
    assert server.psql(f"SELECT count(*) FROM {address.schema}.runs").strip() == "2"


def test_two_histories_in_one_database_know_nothing_of_each_other(server: Cluster) -> None:
    one, other = server.address(), server.address()
    with closing(opened(one)) as first, closing(opened(other)) as second:
        first.commit(batch(story("s1")))
        second.commit(batch(quote()))
        assert [type(o).__name__ for o in first.observations(after(-1), NOW)] == ["Story"]
        assert [type(o).__name__ for o in second.observations(after(-1), NOW)] == ["Quote"]


def test_live_and_simulated_histories_never_mix(server: Cluster) -> None:
    address = server.address()
    opened(address).close()
    with pytest.raises(StoreVersionError, match="holds the live history"):
        opened(address, "replay", "deepseek")


def test_one_process_writes_and_others_read(server: Cluster) -> None:
    address = server.address()
    with closing(opened(address)) as store:
        with pytest.raises(StoreInUseError, match=r"process \d+ on \S+ runs on this history"):
            opened(address)
        store.commit(batch(story()))
        with read_store(address) as reader, pytest.raises(StoreError, match="opened for reading only"):
            reader.commit(batch(quote()))
        with open_history(address) as history:
            assert history.extent() == (NOW, NOW)
    opened(address).close()


def test_a_note_is_there_for_the_next(server: Cluster) -> None:
    address = server.address()
    with closing(opened(address)) as store:
        store.leave_note("told: database\nagain")
    with closing(opened(address)) as store:
        assert store.note() == "told: database again"


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("'something else'", "is not Aftershock's"),
        ("'aftershock history, version 999'", "written by a newer Aftershock .version 999"),
    ],
)
def test_a_schema_that_is_not_ours_is_left_alone(server: Cluster, mark: str, said: str) -> None:
    address = server.address()
    server.psql(f"CREATE SCHEMA {address.schema}")
    server.psql(f"COMMENT ON SCHEMA {address.schema} IS {mark}")
    for attempt in (lambda: opened(address), lambda: open_history(address).__enter__()):
        with pytest.raises(StoreVersionError, match=said):
            attempt()


def test_an_older_history_is_not_read_before_it_is_brought_up_to_date(server: Cluster) -> None:
    address = server.address()
    opened(address).close()
    server.psql(f"COMMENT ON SCHEMA {address.schema} IS 'aftershock history, version {NEWEST - 1}'")
    with pytest.raises(StoreVersionError, match="start it once with run"), open_history(address):
        pass


def test_what_cannot_be_reached_is_said_in_a_line_with_what_to_do(server: Cluster) -> None:
    password = "hunter22-not-shown"
    host = server.url.partition("?host=")[2]
    wrong = {
        f"postgresql://bot:{password}@/nowhere?host={host}": (StoreError, "the server has no database of this name"),
        f"postgresql://bot:{password}@127.0.0.1:1/x": (StoreBusyError, "cannot be reached; start it, or correct"),
        f"postgresql://nobody:{password}@/postgres?host={host}": (StoreError, "refuses this user|does not exist"),
        f"postgresql://bot:{password}@/postgres?host={host}&sslmode=nonsense": (StoreError, "sslmode"),
    }
    for written, (kind, said) in wrong.items():
        with pytest.raises(kind, match=said) as caught:
            opened(ServerAddress(written))
        assert "\n" not in str(caught.value)
        assert password not in str(caught.value)
        assert caught.value.__cause__ is None or password not in redacted(str(caught.value.__cause__))


def test_a_server_that_only_reads_and_a_user_who_may_not_are_told_so(server: Cluster) -> None:
    server.psql("CREATE ROLE guest LOGIN")
    guest = ServerAddress(server.url.replace("bot@", "guest@") + "#guests")
    with pytest.raises(StoreFullError, match="this user may not do that"):
        opened(guest)
    reading = ServerAddress(server.url + "&options=-c%20default_transaction_read_only%3Don#reading")
    with pytest.raises(StoreFullError, match="only reads"):
        opened(reading)


def test_a_server_that_was_restarted_is_waited_for(own_server: Cluster) -> None:
    with closing(opened(own_server.address())) as store:
        store.commit(batch(story("s1")))
        own_server.stop()
        for _ in range(2):
            with pytest.raises(StoreBusyError, match=r"not ready|cannot be reached"):
                store.commit(batch(story("s2")))
        assert (store.lost(), store.size()) == ("", 0)
        own_server.start()
        _until_it_works(store)
        assert [o.id for o in store.observations(after(-1), NOW)] == ["s1", "s2"]  # type: ignore[union-attr]


def _until_it_works(store: Store) -> None:
    for _ in range(40):
        try:
            store.commit(batch(story("s2")))
            return
        except StoreBusyError:
            own_pause()
    raise AssertionError("it never came back")


def own_pause() -> None:
    """Half a second: a failed connection is not tried again for two."""
    import time

    time.sleep(0.5)


def test_who_was_replaced_can_commit_nothing_any_more(server: Cluster) -> None:
    address = server.address()
    old = opened(address)
    old.commit(batch(story("s1")))
    server.psql(f"UPDATE {address.schema}.lease SET until = '-infinity'")  # as if it had not renewed it
    with closing(opened(address)) as new:
        for write in (lambda: old.commit(batch(story("s2"))), lambda: old.save_extra("a", "b", NOW)):
            with pytest.raises(StoreLostError, match="another process has taken over this history"):
                write()
        assert "taken over" in old.lost()
        old.close(NOW)  # ends quietly, and takes nothing from the new one
        new.commit(batch(story("s3")))
        assert new.known_keys(["guid:s1", "guid:s2", "guid:s3"]) == {"guid:s1": "s1", "guid:s3": "s3"}


def test_who_was_replaced_finds_out_without_writing(server: Cluster) -> None:
    address = server.address()
    old = opened(address)
    server.psql(f"UPDATE {address.schema}.lease SET until = '-infinity'")
    with closing(opened(address)):
        assert "another process has taken over" in old.replaced()
    old.close()
