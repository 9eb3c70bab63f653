"""One turn of the loop: decided once, committed whole, kept while the database is away."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.core.errors import LookAheadError, StoreBusyError, StoreError, StoreFullError
from bot.core.model import Batch, Recipient, Story
from bot.cycle import TRIES, Cycle
from tests.core.worlds import at, engine, quote, shock_tape, story

READER = Recipient("console", "console")


class Refusing:
    """A store that fails as told, then takes what it is given."""

    def __init__(self, errors: Sequence[StoreError] = (), never: str = "") -> None:
        self.errors = list(errors)
        self.never = never
        self.taken: list[Batch] = []

    def commit(self, batch: Batch) -> None:
        if self.errors:
            raise self.errors.pop(0)
        if self.never and any(getattr(o, "symbol", "") == self.never for o in batch.observations):
            raise StoreError(f"{self.never} cannot be stored")
        self.taken.append(batch)


def cycle_on(store: Refusing) -> Cycle:
    return Cycle(engine(), store, lambda: [READER])  # type: ignore[arg-type]  # only commit is called


def test_alert_incident_and_notification_are_in_one_batch() -> None:
    store = Refusing()
    cycle = cycle_on(store)
    tape = shock_tape()
    for moment in sorted({o.seen_at for o in tape}):
        cycle.run([o for o in tape if o.seen_at == moment], moment)
    first = next(b for b in store.taken if b.notifications)
    (decisions,) = first.decisions
    assert decisions.changes
    assert decisions.incidents
    assert {n.incident for n in first.notifications} == {decisions.incidents[0].id}


@pytest.mark.parametrize("error", [StoreBusyError("locked"), StoreFullError("no space")])
def test_what_could_not_be_committed_is_committed_in_order_with_the_next_turn(error: StoreError) -> None:
    store = Refusing([error, error])
    cycle = cycle_on(store)
    for minute in range(3):
        result = cycle.run([quote("NVDA", 100.0 + minute, f"01-27 15:0{minute}")], at(f"01-27 15:0{minute}"))
        assert result.committed == (minute == 2)
    assert [b.now for b in store.taken] == [at(f"01-27 15:0{m}") for m in range(3)]
    assert cycle.uncommitted == 0


def test_a_batch_that_is_never_taken_does_not_hold_up_the_others() -> None:
    store = Refusing(never="KO")
    cycle = cycle_on(store)
    cycle.run([quote("KO", 60.0, "01-27 15:00")], at("01-27 15:00"))
    for minute in range(1, TRIES + 2):
        result = cycle.run([quote("NVDA", 100.0 + minute, f"01-27 15:0{minute}")], at(f"01-27 15:0{minute}"))
    assert result.committed
    assert len(store.taken) == TRIES + 1
    assert [b.now for b in cycle.refused] == [at("01-27 15:00")]


def test_stories_and_decisions_survive_a_database_that_stays_away() -> None:
    store = Refusing([StoreFullError("no space")] * 3000)
    cycle = cycle_on(store)
    told = story("DeepSeek releases DeepSeek-R1", "01-27 14:00")
    cycle.run([told], at("01-27 14:00"))
    for second in range(1500):
        moment = at("01-27 15:00").replace(minute=second // 60, second=second % 60)
        cycle.run([], moment, extras=lambda second=second: {"tick": str(second)})
    store.errors.clear()
    cycle.run([], at("01-27 16:00"))
    assert [o for b in store.taken for o in b.observations if isinstance(o, Story)] == [told]


def test_an_observation_from_the_future_ends_the_turn() -> None:
    with pytest.raises(LookAheadError):
        cycle_on(Refusing()).run([quote("NVDA", 100.0, "01-27 15:01")], at("01-27 15:00"))
