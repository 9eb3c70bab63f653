"""A lead that was written for the numbers of before never takes the place of newer numbers."""

from __future__ import annotations

from dataclasses import replace

from bot.core.messages.lead import NAME, with_lead
from bot.core.model import Batch, Reason, Recipient
from bot.cycle import Cycle
from tests.core.worlds import at, engine, quote, shock_tape

READER = Recipient("console", "console")


class Taking:
    """A store that takes everything."""

    def __init__(self) -> None:
        self.taken: list[Batch] = []

    def commit(self, batch: Batch) -> None:
        self.taken.append(batch)


def test_of_a_lead_and_an_edit_of_the_same_turn_the_edit_is_the_newer() -> None:
    store = Taking()
    cycle = Cycle(engine(), store, lambda: [READER])  # type: ignore[arg-type]  # only commit is called
    tape = [o for o in shock_tape() if o.seen_at <= at("01-27 10:05")]
    told = []
    for moment in sorted({o.seen_at for o in tape}):
        told += cycle.run([o for o in tape if o.seen_at == moment], moment).decisions.announcements
    (first,) = [a for a in told if a.reason is Reason.FIRST]
    cycle.run([quote("NVDA", 86.0, "01-27 10:05", seen="01-27 10:05")], at("01-27 10:05"))
    lead = replace(first, key="lead", edits=first.key, summary=with_lead(first.summary, "Nvidia fell."))
    result = cycle.run([], at("01-27 10:07"), announcements=[lead])
    edits = [n for n in result.notifications if n.edits]
    assert len(edits) == 2
    assert all(block.name != NAME for block in edits[-1].summary.blocks), "the newest numbers come last"
