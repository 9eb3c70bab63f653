"""A step is decided whole or not at all: wherever it raises, nothing is lost, nothing repeated, nothing told twice."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any

import pytest

import bot.core
from bot.core.engine import Engine
from bot.core.errors import LookAheadError, StoreBusyError, StoreError
from bot.core.model import Announcement, Batch, ChangeKind, Observation, Quote, Recipient, Story
from bot.cycle import Cycle
from bot.recovery import LEFT_OUT_FOR, REST_FOR, Recovery
from tests.core.worlds import at, engine, quote, rule, shock_tape, story

pytestmark = pytest.mark.campaign

READER = Recipient("console", "console")
FOLLOW_UPS = ("session close", "next session close", "rebound 5%", "recovered")
EVERY = 17
CORE = str(bot.core.__path__[0])


class Broken(Exception):  # noqa: N818 - what a mistake of ours might raise
    """Raised where a test wants it."""


class History:
    """What was committed, and an engine restored from it."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.errors: list[StoreError] = []
        self.restored = 0
        self.spoil: Callable[[Engine], Engine] = lambda engine: engine
        """What is done to each engine, so that it raises."""

    def commit(self, batch: Batch) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append(batch)

    def engine(self) -> Engine:
        return self.spoil(engine(rule(follow_up=FOLLOW_UPS)))

    def restore(self, until: datetime) -> Engine:
        self.restored += 1
        made = self.engine()
        decisions = [d for b in self.batches for d in b.decisions]
        alerts = {c.alert.id: c.alert for d in decisions for c in d.changes}
        incidents = {i.id: i for d in decisions for i in d.incidents}
        seen = [o for b in self.batches for o in b.observations if o.seen_at <= until]
        made.restore(seen, list(alerts.values()), list(incidents.values()), until)
        return made

    # ----------------------------------------------------------------------------------------------------- looking

    @property
    def said(self) -> list[Announcement]:
        """Every announcement that was committed, but for the operator's."""
        return [a for b in self.batches for d in b.decisions for a in d.announcements if not a.for_operator]

    @property
    def fired(self) -> list[tuple[str, ChangeKind, datetime]]:
        changes = [c for b in self.batches for d in b.decisions for c in d.changes]
        return [(c.alert.symbol, c.kind, c.at) for c in changes if c.kind is not ChangeKind.UPDATED]

    @property
    def notices(self) -> list[str]:
        """What the operator is told."""
        operator = [n for b in self.batches for n in b.notifications if n.announcement.startswith("operator:")]
        return [n.summary.subject for n in operator]

    def check(self) -> None:
        """No alert is ever written as told without its message in the same transaction or before."""
        sent: set[str] = set()
        for batch in self.batches:
            sent |= {n.incident for n in batch.notifications}
            for change in (c for d in batch.decisions for c in d.changes):
                assert change.alert.told_at is None or change.alert.incident in sent, change
        keys = [n.id for b in self.batches for n in b.notifications]
        assert len(keys) == len(set(keys)), "no message twice"


def cycle_on(history: History) -> Cycle:
    operator = Recipient("console:operator", "console", operator=True)
    made = Cycle(history.engine(), history, lambda: [READER, operator])  # type: ignore[arg-type]  # only commit is called
    made.recovery = Recovery(history.restore)
    return made


MOMENTS = (*sorted({o.seen_at for o in shock_tape()}), at("01-28 21:30"), at("02-05 00:00"))


def play(cycle: Cycle, tape: Sequence[Observation], moments: Sequence[datetime] = MOMENTS) -> None:
    for moment in moments:
        cycle.run([o for o in tape if o.seen_at == moment], moment)


# --------------------------------------------------------------------------------------------- at every point of a step


class Tracing:
    """Notes the lines of the core in the order in which a step reaches them, and raises at the ``number``-th."""

    def __init__(self, number: int | None = None) -> None:
        self.number = number
        self.within = False
        self.lines: dict[tuple[str, int], None] = {}

    def __call__(self, frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_qualname == "Taken.step":
            self.within = event != "return"
            return self
        if not self.within or not frame.f_code.co_filename.startswith(CORE):
            return None
        if event == "line":
            line = (frame.f_code.co_filename, frame.f_lineno)
            if line not in self.lines:
                if self.number == len(self.lines):
                    self.number = None
                    raise Broken(f"{line[0]}:{line[1]}")
                self.lines[line] = None
        return self


@contextmanager
def traced(tracing: Tracing) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(tracing)
    try:
        yield
    finally:
        sys.settrace(before)


def play_with_fault(number: int | None, moment: datetime) -> tuple[History, Tracing]:
    """The shock with a step that raises at one of the lines it reaches; ``None`` raises nowhere."""
    history, tracing = History(), Tracing(number)
    cycle = cycle_on(history)
    play(cycle, shock_tape(), [m for m in MOMENTS if m < moment])
    with traced(tracing):
        cycle.run([o for o in shock_tape() if o.seen_at == moment], moment)
    play(cycle, shock_tape(), [m for m in MOMENTS if m > moment])
    return history, tracing


@pytest.mark.parametrize("moment", ["01-27 10:05", "01-27 15:31", "01-27 16:01", "01-27 21:00"])
def test_wherever_a_step_raises_what_is_decided_and_told_is_what_would_have_been(moment: str) -> None:
    """A stock fires, another joins, one gets worse, a follow-up is sent: each step raises at one line after the other.
    Every seventeenth, from another one on in each step, is enough for a run of the tests."""
    play_with_fault(None, at(moment))  # what is compiled and cached at the first play is not reached again
    undisturbed, reached = play_with_fault(None, at(moment))
    undisturbed.check()
    assert len(reached.lines) > 200
    for number in range(at(moment).minute % EVERY, len(reached.lines), EVERY):
        history, tracing = play_with_fault(number, at(moment))
        assert tracing.number is None, "it raised"
        history.check()
        assert history.restored == 1, number
        assert history.fired == undisturbed.fired, number
        assert history.said == undisturbed.said, number
        assert history.notices == ["Recovered from an internal error"]


# ---------------------------------------------------------------------------------------------- what always raises


def refusing(wrong: Callable[[Observation], bool]) -> Callable[[Engine], Engine]:
    """Spoils an engine: taking such an observation raises, after the books have changed."""

    def spoil(made: Engine) -> Engine:
        admit, add = made.market.admit, made.news.add

        def refuse(observation: Any, result: Any) -> Any:
            if wrong(observation):
                raise Broken("no")
            return result

        made.market.admit = lambda q, moment, **how: refuse(q, admit(q, moment, **how))  # type: ignore[method-assign]
        made.news.add = lambda s: refuse(s, add(s))  # type: ignore[method-assign]
        return made

    return spoil


def test_a_stock_that_always_raises_is_left_out_by_name_and_all_else_is_decided() -> None:
    history, fine = History(), History()
    history.spoil = refusing(lambda o: isinstance(o, Quote) and o.symbol == "VRT")
    play(cycle_on(history), shock_tape())
    play(cycle_on(fine), [o for o in shock_tape() if not (isinstance(o, Quote) and o.symbol == "VRT")])
    history.check()
    assert history.fired == fine.fired
    assert history.said == fine.said
    assert history.notices[0] == "Skipped after an internal error: prices of VRT"
    assert not any(isinstance(o, Quote) and o.symbol == "VRT" for b in history.batches for o in b.observations)


def test_what_came_in_one_moment_with_it_is_judged_together() -> None:
    history, fine = History(), History()
    history.spoil = refusing(lambda o: isinstance(o, Quote) and o.symbol == "KO")
    bars = [o for o in shock_tape() if o.seen_at <= at("01-25 12:00")]
    fall = [quote(s, p, f"01-27 15:0{n}") for n in (0, 1) for s, p in (("NVDA", 85.0), ("KO", 50.0), ("VRT", 40.0))]
    moments = sorted({o.seen_at for o in (*bars, *fall)})
    play(cycle_on(history), [*bars, *fall], moments)
    play(cycle_on(fine), [o for o in (*bars, *fall) if not (isinstance(o, Quote) and o.symbol == "KO")], moments)
    assert [a.symbols for a in history.said] == [("VRT", "NVDA")]
    assert history.said == fine.said


def test_what_is_left_out_is_not_tried_again_for_an_hour() -> None:
    history = History()
    history.spoil = refusing(lambda o: isinstance(o, Quote) and o.symbol == "VRT")
    cycle = cycle_on(history)
    for minute in range(30):
        moment = at(f"01-27 15:{minute:02d}")
        cycle.run([quote("VRT", 50.0, f"01-27 15:{minute:02d}"), quote("NVDA", 99.0, f"01-27 15:{minute:02d}")], moment)
    tried = history.restored
    assert tried <= 4
    assert len(history.notices) == 1
    cycle.run([quote("VRT", 50.0, "01-27 16:30")], at("01-27 15:00") + LEFT_OUT_FOR * 1.5)
    assert history.restored > tried


def test_of_a_source_only_the_story_that_raises_is_left_out() -> None:
    history = History()
    history.spoil = refusing(lambda o: isinstance(o, Story) and "poison" in o.title)
    cycle = cycle_on(history)
    stories = [story(t, "01-27 15:00") for t in ("poison", "DeepSeek releases DeepSeek-R1", "another")]
    cycle.run(stories, at("01-27 15:00"))
    kept = [o.title for b in history.batches for o in b.observations if isinstance(o, Story)]
    assert kept == ["DeepSeek releases DeepSeek-R1", "another"]
    assert history.notices == ["Skipped after an internal error: “poison” (wire)"]


def test_where_time_alone_raises_what_is_seen_is_kept_and_tried_again_after_a_while() -> None:
    history = History()
    broken = True

    def spoil(made: Engine) -> Engine:
        next_due = made.alerts.next_due

        def raising() -> datetime | None:
            if broken:
                raise Broken("no")
            return next_due()

        made.alerts.next_due = raising  # type: ignore[method-assign]
        return made

    history.spoil = spoil
    cycle = cycle_on(history)
    tape = shock_tape()
    play(cycle, tape, [m for m in MOMENTS if m <= at("01-27 10:05")])
    assert history.said == []
    assert set(history.notices) == {"No decisions because of an internal error"}
    broken = False
    play(cycle, tape, [m for m in MOMENTS if m > at("01-27 10:05") + REST_FOR])
    history.check()
    seen = [o for b in history.batches for o in b.observations]
    assert sorted(seen, key=repr) == sorted(tape, key=repr), "nothing that was seen is lost"
    assert {a.incident for a in history.said} == {"20250127-1"}


# ---------------------------------------------------------------------------------------------- with a store in trouble


def test_decisions_that_wait_for_the_database_are_not_made_again() -> None:
    undisturbed, _ = play_with_fault(None, at("01-27 15:31"))
    history = History()
    cycle = cycle_on(history)
    play(cycle, shock_tape(), [m for m in MOMENTS if m < at("01-27 10:05")])
    history.errors = [StoreBusyError("locked")] * 5
    play(cycle, shock_tape(), [m for m in MOMENTS if at("01-27 10:05") <= m < at("01-27 15:31")])
    assert cycle.uncommitted
    with traced(Tracing(150)):
        cycle.run([o for o in shock_tape() if o.seen_at == at("01-27 15:31")], at("01-27 15:31"))
    assert history.restored == 1
    play(cycle, shock_tape(), [m for m in MOMENTS if m > at("01-27 15:31")])
    history.check()
    assert history.fired == undisturbed.fired
    assert history.said == undisturbed.said


def test_while_the_history_cannot_be_read_what_is_seen_waits() -> None:
    undisturbed, _ = play_with_fault(None, at("01-27 10:05"))
    history = History()
    cycle = cycle_on(history)
    play(cycle, shock_tape(), [m for m in MOMENTS if m < at("01-27 10:05")])

    def unreadable(until: datetime) -> Engine:
        raise StoreError("the disk is gone")

    cycle.recovery = Recovery(unreadable)
    with traced(Tracing(150)), pytest.raises(StoreError):
        cycle.run([o for o in shock_tape() if o.seen_at == at("01-27 10:05")], at("01-27 10:05"))
    cycle.recovery = Recovery(history.restore)
    play(cycle, shock_tape(), [m for m in MOMENTS if m > at("01-27 10:05")])
    history.check()
    assert history.fired == undisturbed.fired
    assert [a.key for a in history.said] == [a.key for a in undisturbed.said]


def test_who_looks_after_an_incident_is_not_forgotten_by_a_step_that_raises() -> None:
    history = History()
    cycle = cycle_on(history)
    play(cycle, shock_tape(), [m for m in MOMENTS if m <= at("01-27 15:31")])
    assert cycle.engine.acknowledge("20250127-1", at("01-27 15:40"), "Ada") is not None
    with traced(Tracing(20)):
        cycle.run([o for o in shock_tape() if o.seen_at == at("01-27 16:00")], at("01-27 16:00"))
    assert history.restored == 1
    found = cycle.engine.incidents.get("20250127-1")
    assert found is not None
    assert found.thread.acknowledged_by == "Ada"
    assert any(i.thread.acknowledged_by == "Ada" for b in history.batches for d in b.decisions for i in d.incidents)


def test_an_observation_from_the_future_restores_nothing() -> None:
    history = History()
    cycle = cycle_on(history)
    with pytest.raises(LookAheadError):
        cycle.run([quote("NVDA", 100.0, "01-27 15:01")], at("01-27 15:00"))
    assert history.restored == 0


def test_without_a_way_to_restore_the_error_ends_the_turn() -> None:
    history = History()
    history.spoil = refusing(lambda o: True)
    cycle = cycle_on(history)
    cycle.recovery = None
    with pytest.raises(Broken):
        cycle.run([quote("NVDA", 100.0, "01-27 15:00")], at("01-27 15:00"))
