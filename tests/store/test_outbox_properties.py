"""Whatever order things happen in: never two in flight, nothing lost, nothing repeated."""

from __future__ import annotations

import atexit
import functools
import itertools
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history import verify
from bot.core.model import Delivery, DeliveryOutcome, Notification, Outgoing, Severity
from tests.store.values import NOW, after, batch, notification, recipient

RECIPIENTS = ("telegram:1", "telegram:2", "console")
CHANNELS = ("telegram", "console")
LEASE = timedelta(seconds=60)


@functools.cache
def empty_history() -> Path:
    """A history to copy: making the tables takes longer than a whole example."""
    folder = Path(tempfile.mkdtemp(prefix="aftershock-outbox-"))
    atexit.register(shutil.rmtree, folder)
    open_store(folder / "history.db", mode="replay", run_name="x", now=NOW).close()
    return folder / "history.db"


class Outbox(RuleBasedStateMachine):
    """Drives a real store and keeps its own account of what was asked and what was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="aftershock-outbox-"))
        shutil.copy(empty_history(), self.folder / "history.db")
        self.clock = 0
        self.numbers = itertools.count()
        self.told: dict[str, Notification] = {}  # by id, every one ever committed
        self.out: dict[str, Outgoing] = {}  # claimed, its answer still open
        self.leased_until: dict[str, int] = {}
        self.over: set[str] = set()  # answered for good, or doubtful: must not be handed out again
        self.doubted: set[str] = set()  # messages that were doubtful for a while, when their edits were given up
        self.sent: list[str] = []
        self.store = self.open()

    def open(self) -> SqliteStore:
        return open_store(self.folder / "history.db", mode="replay", run_name="x", now=after(self.clock))

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.store.save_recipients(recipient(r) for r in RECIPIENTS)
        self.tell(data)

    @rule(data=st.data())
    def tell(self, data: st.DataObject) -> None:
        """A few notifications in one batch: messages, edits and answers."""
        new = []
        for _ in range(data.draw(st.integers(2, 5), "how many")):
            who = data.draw(st.sampled_from(RECIPIENTS), "to")
            kind = data.draw(st.sampled_from(["message", "edit", "edit", "answer"]), "kind")
            mine = [n.announcement for n in self.told.values() if n.recipient == who]
            about = data.draw(st.sampled_from(mine), "about") if mine else ""
            told = notification(
                f"n{next(self.numbers)}",
                who,
                after(self.clock),
                severity=data.draw(st.sampled_from(Severity), "severity"),
                edits=about if kind == "edit" else "",
                replies_to=about if kind == "answer" else "",
            )
            self.told[told.id] = told
            new.append(told)
        self.store.commit(batch(*new))

    @rule()
    def tell_all_again(self) -> None:
        self.store.commit(batch(*self.told.values()))

    @rule(limit=st.sampled_from([100, 1, 2]), busy=st.sampled_from([(), *((r,) for r in RECIPIENTS)]))
    def claim(self, limit: int, busy: tuple[str, ...]) -> None:
        # run out: a message is doubtful from now on, an edit waits again
        self.left({n for n in self.out if self.leased_until[n] <= self.clock})
        for outgoing in self.store.claim(after(self.clock), LEASE, limit, CHANNELS, busy):
            name = outgoing.notification.id
            assert name not in self.over, "handed out again"
            assert outgoing.notification.recipient not in busy
            in_flight = [o for n, o in self.out.items() if n not in self.over]
            assert outgoing.notification.recipient not in {o.notification.recipient for o in in_flight}
            if outgoing.notification.edits:
                assert outgoing.edits_message is not None
            self.out[name] = outgoing
            self.leased_until[name] = self.clock + int(LEASE.total_seconds())

    def left(self, names: set[str]) -> None:
        """Leases that ended without an answer."""
        for name in names:
            if self.told[name].edits:
                del self.out[name]
            else:
                self.over.add(name)
                self.doubted.add(name)

    @rule(outcome=st.sampled_from(["sent", "sent", "retry", "unknown", "failed"]), twice=st.booleans(), data=st.data())
    def answer(self, outcome: str, twice: bool, data: st.DataObject) -> None:
        if not self.out:
            return
        name = data.draw(st.sampled_from(list(self.out)))
        outgoing = self.out.pop(name)
        self.settle(outgoing, outcome)
        if twice:
            self.settle(outgoing, outcome)
        if outcome == "retry":
            self.over.discard(name)
        else:
            self.over.add(name)
        if outcome == "unknown":
            self.doubted.add(name)
        if outcome == "sent":
            self.sent.append(name)

    def settle(self, outgoing: Outgoing, outcome: str) -> None:
        self.store.settle(
            Delivery(
                outgoing.notification.id,
                outgoing.attempt,
                after(self.clock),
                after(self.clock),
                DeliveryOutcome(outcome),
                message_id=(outgoing.edits_message or outgoing.notification.id) if outcome == "sent" else None,
                retry_at=after(self.clock + 5) if outcome == "retry" else None,
            )
        )

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.clock += seconds

    @rule()
    def die_and_recover(self) -> None:
        self.store.close()
        self.store = self.open()
        still_leased = {n for n in self.out if n not in self.over and not self.told[n].edits}
        assert self.store.recover(after(self.clock)) == len(still_leased)
        self.left(set(self.out))
        self.out.clear()

    @invariant()
    def at_most_one_in_flight_per_recipient(self) -> None:
        rows = self.store._conn.execute(
            "SELECT count(*) FROM notifications WHERE state = 'leased' GROUP BY recipient_id"
        ).fetchall()
        assert all(number == 1 for (number,) in rows)

    def teardown(self) -> None:
        try:
            self.drain()
            self.check_the_account()
        finally:
            self.store.close()
            shutil.rmtree(self.folder)

    def drain(self) -> None:
        """Everything still open goes out now."""
        for outgoing in list(self.out.values()):
            self.settle(outgoing, "sent")
            self.sent.append(outgoing.notification.id)
        self.out.clear()
        for _ in range(10 * len(self.told) + 10):
            self.clock += 10
            claimed = self.store.claim(after(self.clock), LEASE, 100, CHANNELS)
            if not claimed and not self.store.outbox_counts()["queued"]:
                return
            for outgoing in claimed:
                assert outgoing.notification.id not in self.over, "handed out again"
                self.settle(outgoing, "sent")
                self.sent.append(outgoing.notification.id)
        raise AssertionError("something waits for ever")

    def check_the_account(self) -> None:
        assert len(self.sent) == len(set(self.sent)), "sent twice"
        rows = {
            row[0]: row[1:]
            for row in self.store._conn.execute("SELECT id, state, edits, created_at FROM notifications ORDER BY rowid")
        }
        assert set(rows) == set(self.told), "lost or invented"
        assert {n for n, row in rows.items() if row[0] == "sent"} == set(self.sent)
        for name, (state, edits, _) in rows.items():
            if edits is None:
                assert state in ("sent", "unknown", "failed"), f"a message ended as {state}"
                assert name in self.sent or name in self.over
            elif state == "superseded" and rows[edits][0] == "sent":
                # a message that is up shows its newest numbers, or an attempt at them ended badly
                newest = max((row[2], place, row[0]) for place, row in enumerate(rows.values()) if row[1] == edits)
                assert newest[2] != "superseded" or edits in self.doubted
        self.store.close()
        assert verify(self.folder / "history.db") == []


Outbox.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestOutbox = Outbox.TestCase
