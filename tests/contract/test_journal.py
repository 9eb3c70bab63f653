"""What the ports ``Recorder``, ``Journal``, ``People`` and ``Upkeep`` promise, of every implementation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta

import pytest

from bot.app.stores import Place, open_store
from bot.core.errors import StoreError
from bot.core.model import (
    Batch,
    DailyBar,
    FeedState,
    Reason,
    Recipient,
    Severity,
    Silence,
    Suppression,
    SuppressionReason,
    held_back_key,
)
from bot.core.ports import Recorder, Store
from bot.delivery.routing import route
from bot.replay.evidence import EvidenceRecorder
from bot.replay.playing import DiscardingRecorder
from tests.delivery.fake_store import FakeStore
from tests.delivery.makers import announcement
from tests.store.values import NOW, after, alert, batch, fired, incident, notification, quote, reading, story

ADA = Recipient("telegram:1", "telegram", "Ada")
EVERYTHING = batch(story(), reading(story()), quote("NVDA", 128.2, NOW), fired(alert("a1", incident="i1")),
                   incident("i1", "a1"), notification("n1", incident="i1"), position="1")  # fmt: skip


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with closing(open_store(place, mode="live", run_name="live", now=NOW)) as opened:
        yield opened


@pytest.fixture(params=["database", "evidence", "unrecorded", "memory"])
def recorder(request: pytest.FixtureRequest, store: Store) -> Recorder:
    made: dict[str, Recorder] = {
        "database": store,
        "evidence": EvidenceRecorder(store, lambda symbol, until, since: ()),
        "unrecorded": DiscardingRecorder(),
        "memory": FakeStore(),
    }
    return made[request.param]


def test_a_batch_is_taken_and_so_is_the_same_again_and_an_empty_one(recorder: Recorder) -> None:
    recorder.commit(EVERYTHING)
    recorder.commit(EVERYTHING)
    recorder.commit(Batch(NOW))


# -------------------------------------------------------------------------------------------------------------- journal


def test_what_was_committed_comes_back_once(store: Store) -> None:
    store.commit(EVERYTHING)
    store.commit(EVERYTHING)
    assert list(store.observations(after(-1), NOW)) == [story(), quote("NVDA", 128.2, NOW)]
    assert [a.id for a in store.alerts_since(date(2025, 1, 27))] == ["a1"]
    assert [i.id for i in store.incidents_since(date(2025, 1, 27))] == ["i1"]
    assert store.extra("position") == "1"


def test_observations_are_those_seen_within_the_bounds_in_order(store: Store) -> None:
    seen = [quote("NVDA", 100.0 + n, after(n)) for n in range(5)]
    store.commit(batch(*reversed(seen), now=after(5)))
    assert list(store.observations(after(0), after(3))) == seen[1:4], "after the first bound, up to the second"


def test_the_latest_time_is_that_of_the_newest_story_or_quote(store: Store) -> None:
    assert store.latest_at() is None
    store.commit(batch(story(seen_at=after(5))))
    assert store.latest_at() == after(5)
    store.commit(batch(quote("NVDA", 128.2, after(9))))
    assert store.latest_at() == after(9)


def test_daily_bars_reach_two_years_further_back(store: Store) -> None:
    old = DailyBar("NVDA", date(2023, 6, 1), 40.0, after(-500 * 86400))
    store.commit(batch(old))
    assert list(store.observations(after(-1), NOW)) == [old]


def test_what_is_still_firing_or_open_comes_back_however_old(store: Store) -> None:
    store.commit(EVERYTHING)
    assert len(store.alerts_since(date(2026, 1, 1))) == 1
    assert len(store.incidents_since(date(2026, 1, 1))) == 1


def test_keys_and_feeds_are_remembered(store: Store) -> None:
    assert store.known_keys(["guid:s1"]) == {}
    state = FeedState("wire", "https://wire.example/rss", interval=timedelta(minutes=1))
    store.commit(batch(story(), feeds=(state,)))
    assert store.known_keys(["guid:s1", "guid:unknown"]) == {"guid:s1": "s1"}
    assert store.feed_states() == {"wire": state}


def test_a_small_value_is_written_by_itself_and_anew(store: Store) -> None:
    assert store.extra("x") is None
    store.save_extra("x", "1", NOW)
    store.save_extra("x", "2", after(1))
    assert store.extra("x") == "2"


# --------------------------------------------------------------------------------------------------------------- people


def test_silences_run_until_their_end_or_until_they_are_ended(store: Store) -> None:
    short, long = Silence("a", after(10), symbols=("NVDA",)), Silence("b", after(100), rules=("large-fall",))
    store.save_silence(short, NOW, "Ada", "too loud")
    store.save_silence(long, NOW, "Ada")
    assert set(store.silences(after(5))) == {short, long}
    assert list(store.silences(after(10))) == [long]
    assert store.end_silence("b", after(20))
    assert not store.end_silence("b", after(21))
    assert list(store.silences(after(21))) == []


def test_the_last_word_of_each_person_on_an_incident_counts(store: Store) -> None:
    assert not store.save_verdict("i1", "telegram:7", "right", ADA.id, NOW)
    store.commit(EVERYTHING)
    for person, verdict in (("telegram:7", "right"), ("telegram:8", "right"), ("telegram:7", "not ai")):
        assert store.save_verdict("i1", person, verdict, ADA.id, NOW)
    assert store.verdicts("i1") == {"right": 1, "not ai": 1}
    assert store.verdicts("i2") == {}


def test_what_was_held_back_is_told_until_it_was_told(store: Store) -> None:
    store.commit(EVERYTHING)
    store.save_recipients([ADA])
    wish = announcement("a", incident="i1")
    notes = route(wish, [ADA], NOW, "text", quiet=lambda recipient: True)
    assert [n.suppressed_by for n in notes] == [Suppression(SuppressionReason.QUIET_HOURS)]
    store.commit(Batch(NOW, notifications=tuple(notes)))
    (held,) = store.held(ADA.id, after(-10))
    assert (held.incident, held.severity, held.created_at) == ("i1", Severity.HIGH, NOW)
    assert store.held(ADA.id, after(10)) == []
    told = announcement(held_back_key(ADA.id, NOW), reason=Reason.DIGEST, recipient=ADA.id)
    listed = route(told, [ADA], after(20), "text")
    meanwhile = route(announcement("b", incident="i1"), [ADA], after(20), "text", quiet=lambda recipient: True)
    store.commit(Batch(after(20), notifications=(*listed, *meanwhile)))
    assert [held.created_at for held in store.held(ADA.id, after(-10))] == [after(20)], "what the list did not have"
    told = announcement(held_back_key(ADA.id, after(20)), reason=Reason.DIGEST, recipient=ADA.id)
    store.commit(Batch(after(40), notifications=tuple(route(told, [ADA], after(40), "text"))))
    assert store.held(ADA.id, after(-10)) == []


# --------------------------------------------------------------------------------------------------------------- upkeep


def test_old_quotes_go_but_not_those_an_alert_rests_on(store: Store) -> None:
    store.commit(EVERYTHING)
    store.commit(batch(quote("MU", 90.0, after(1)), now=after(1)))
    store.commit(batch(quote("MU", 91.0, after(90 * 86400)), now=after(90 * 86400)))
    gone = list(store.prune_in_steps(after(100 * 86400), {"quotes": timedelta(days=30)}))
    assert gone[-1]["quotes"] == 1
    left = list(store.observations(after(-1), after(100 * 86400)))
    assert quote("NVDA", 128.2, NOW) in left
    assert quote("MU", 90.0, after(1)) not in left


def test_it_says_its_version_and_its_size(store: Store) -> None:
    assert store.version.isdigit()
    assert store.size() > 0


def test_what_is_closed_takes_nothing_and_may_be_closed_again(store: Store) -> None:
    store.close(after(1))
    store.close()
    with pytest.raises(StoreError):
        store.commit(EVERYTHING)
