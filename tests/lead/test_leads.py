"""The lead arrives as an edit, stays while it holds, and keeps nothing waiting."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from bot.app.run.news.leads import REMEMBERED, Leads
from bot.clock import SimulatedClock
from bot.core.model import (
    Announcement,
    Block,
    BlockKind,
    Reason,
    Severity,
    Strong,
    Summary,
    Suppression,
    SuppressionReason,
)

NOW = datetime(2025, 1, 27, 11, 0, tzinfo=UTC)
LEAD = "Nvidia fell 13.9 % in pre-market trading."


def summary(change: str) -> Summary:
    head = Block(
        "headline", BlockKind.HEADLINE, 100, lines=((Strong(f"Nvidia falls {change} in pre-market trading"),),)
    )
    facts = Block("what happened", BlockKind.FACTS, 90, "What happened", ((f"Nvidia (NVDA) 122.75, −{change}.",),))
    return Summary((head, facts, Block("note", BlockKind.NOTE, 10, lines=(("Not investment advice.",),))), "s")


FIRST = Announcement("i:1", NOW, Reason.FIRST, Severity.HIGH, summary("13.9 %"), "i", ("NVDA",))


class Desk:
    """Leads with a model that answers when told."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.said: list[Announcement] = []
        self.leads = Leads(self.write, self.said.append, SimulatedClock(NOW))

    async def write(self, of: Summary) -> str | None:
        self.asked += 1
        await self.may_answer.wait()
        return self.answers.pop(0) if self.answers else None

    async def settle(self) -> None:
        self.may_answer.set()
        for _ in range(10):
            await asyncio.sleep(0)


def lead_of(announcement: Announcement) -> list[str]:
    return [str(line[0]) for b in announcement.summary.blocks if b.name == "lead" for line in b.lines]


async def test_a_lead_comes_as_an_edit_of_its_message_and_nothing_waits_for_it() -> None:
    desk = Desk(LEAD)
    desk.leads.take([FIRST])
    assert desk.leads.add_lead(FIRST) == FIRST
    await asyncio.sleep(0)
    assert desk.said == []
    await desk.settle()
    (edit,) = desk.said
    assert (edit.edits, edit.replies_to, edit.incident) == ("i:1", "", "i")
    assert edit.key == "i:1:lead:20250127T110000"
    assert lead_of(edit) == [LEAD]


async def test_an_edit_of_numbers_keeps_a_lead_that_holds_and_drops_one_that_does_not() -> None:
    desk = Desk(LEAD)
    desk.leads.take([FIRST])
    await desk.settle()
    same = replace(FIRST, key="i:edit:1", edits="i:1")
    moved = replace(same, summary=summary("12.9 %"))
    assert lead_of(desk.leads.add_lead(same)) == [LEAD]
    assert lead_of(desk.leads.add_lead(moved)) == []
    desk.leads.take([moved])
    await desk.settle()
    assert desk.asked == 2


async def test_numbers_that_moved_while_it_was_written_make_it_worthless() -> None:
    desk = Desk(LEAD)
    desk.leads.take([FIRST])
    await asyncio.sleep(0)
    desk.leads.take([replace(FIRST, key="i:edit:1", edits="i:1", summary=summary("12.9 %"))])
    await desk.settle()
    assert desk.said == []
    assert desk.asked == 1


async def test_no_lead_is_asked_for_what_is_held_back_short_or_for_the_operator() -> None:
    desk = Desk(LEAD, LEAD, LEAD)
    desk.leads.take(
        [
            replace(FIRST, key="a", suppressed_by=Suppression(SuppressionReason.COOLDOWN)),
            replace(FIRST, key="b", reason=Reason.FOLLOW_UP),
            replace(FIRST, key="c", for_operator=True),
        ]
    )
    await desk.settle()
    assert (desk.asked, desk.said) == (0, [])


async def test_at_the_end_nothing_is_asked_any_more() -> None:
    desk = Desk(LEAD)
    desk.leads.take([FIRST])
    await asyncio.sleep(0)
    await desk.leads.close()
    await desk.settle()
    assert desk.said == []


async def test_more_messages_at_once_than_are_remembered_fail_nothing() -> None:
    desk = Desk()
    desk.leads.take([replace(FIRST, key=f"{n}:1") for n in range(REMEMBERED + 10)])
    tasks = [t for t in asyncio.all_tasks() if t.get_name().startswith("lead ")]
    await desk.settle()
    assert len(tasks) >= REMEMBERED
    assert all(t.done() and t.exception() is None for t in tasks)


async def test_no_lead_is_written_for_what_only_points_to_another_message() -> None:
    desk = Desk(LEAD)
    stub = summary("13.9 %")
    desk.leads.take([replace(FIRST, key="i:edit:1", edits="i:1", summary=replace(stub, blocks=(stub.blocks[0],)))])
    await desk.settle()
    assert (desk.asked, desk.said) == (0, [])
