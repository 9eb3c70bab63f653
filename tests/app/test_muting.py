"""What an admin silences and looks after: who hears what afterwards, and what survives a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.app.chat.silences import Silences
from bot.clock import SimulatedClock
from bot.core.engine import Engine
from bot.core.model import Observation, Reason, Recipient, Silence, Summary
from bot.cycle import Cycle
from bot.render import plain
from tests.core.worlds import at, close, engine, price, quote, rule

READER = Recipient("telegram:1", "telegram", "Ada")
NOON = at("01-27 12:00")


def words(answer: Summary | str) -> str:
    """An answer as it is read."""
    return answer if isinstance(answer, str) else plain(answer, None)


class Desk:
    """A small bot with a store, whose time moves with what it sees."""

    def __init__(self, path: Path) -> None:
        self.store: SqliteStore = open_store(path, mode="live", run_name="live", now=NOON)
        self.store.save_recipients([READER])
        self.clock = SimulatedClock(NOON)
        self.engine: Engine = engine(rule("fall", price("< -10%")), rule("small", price("< -5%")))
        self.muting = Silences(self.store, lambda: self.engine, self.clock, lambda: ("NVDA", "VRT", "KO", "SPY"))
        self.cycle = Cycle(self.engine, self.store, lambda: [READER], self.muting)

    def see(self, *observations: Observation) -> list[tuple[Reason, str]]:
        """Everything new that was routed, and why it was held back."""
        found = []
        for moment in sorted({o.seen_at for o in observations}):
            self.clock.advance(max(moment, self.clock.now()))
            result = self.cycle.run([o for o in observations if o.seen_at == moment], self.clock.now())
            found += [(n.reason, str(n.suppressed_by or "")) for n in result.notifications if not n.edits]
        return found

    def fall(self, symbol: str, to: float, when: str) -> list[tuple[Reason, str]]:
        minute = int(when[-2:])
        later = f"{when[:-2]}{minute + 1:02d}"
        return self.see(quote(symbol, to, when), quote(symbol, to, later))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "history.db")
    made.see(*(close(s, 100.0, "01-24") for s in ("NVDA", "VRT", "KO")))
    yield made
    made.store.close()


def test_a_silenced_stock_is_not_told_of_and_others_are(desk: Desk) -> None:
    said = words(desk.muting.silence("nvda 2h market maker", "Ada"))
    assert said.startswith("Silenced until 27 Jan 14:00 UTC: NVDA. /unsilence ")
    held = desk.fall("NVDA", 85.0, "01-27 13:00")
    assert [reason for reason, _ in held] == [Reason.FIRST]
    assert held[0][1].startswith("silence ")
    assert desk.fall("VRT", 85.0, "01-27 13:10") == [(Reason.FIRST, "")]


@pytest.mark.parametrize(
    ("asked", "symbols"), [("ALL 2h", ("ALL",)), ("$all 2h", ("ALL",)), ("all 2h", ()), ("everything 2h", ())]
)
def test_all_in_capitals_is_the_stock_of_that_symbol_if_it_is_watched(
    desk: Desk, asked: str, symbols: tuple[str, ...]
) -> None:
    muting = Silences(desk.store, lambda: desk.engine, desk.clock, lambda: ("NVDA", "ALL"))
    said = words(muting.silence(asked, "Ada"))
    assert [s.symbols for s in muting()] == [symbols]
    assert ("That is the stock; for every alert write /silence everything 2h." in said) is (asked == "ALL 2h")
    assert words(desk.muting.silence("ALL 2h", "Ada")).startswith("Silenced until 27 Jan 14:00 UTC: everything.")


def test_a_silence_of_a_chat_follows_it_to_its_new_id(desk: Desk) -> None:
    desk.muting.add(Silence("one", NOON + timedelta(hours=1), symbols=("NVDA",), recipient="telegram:-5"), "Ada")
    desk.muting.moved("telegram:-5", "telegram:-1005")
    again = Silences(desk.store, lambda: desk.engine, desk.clock, tuple)
    assert [s.recipient for s in desk.muting()] == [s.recipient for s in again()] == ["telegram:-1005"]


def test_a_silence_ends_by_itself_and_by_its_id(desk: Desk) -> None:
    desk.muting.silence("NVDA 1h", "Ada")
    assert words(desk.muting.silence("all 3h", "Ada")).startswith("Silenced until 27 Jan 15:00 UTC: everything.")
    assert "NVDA, until 27 Jan 13:00 UTC; " in words(desk.muting.listed())
    (everything,) = [s.id for s in desk.muting() if not s.symbols]
    assert desk.muting.unsilence(everything) == f"Ended: {everything}."
    assert "no such silence" in desk.muting.unsilence(everything)
    assert desk.fall("NVDA", 85.0, "01-27 13:05") == [(Reason.FIRST, "")]
    assert words(desk.muting.listed()) == "Nothing is silenced."


def test_a_silenced_rule_is_quiet_where_no_other_speaks(desk: Desk) -> None:
    assert "rule small" in words(desk.muting.silence("small 8h", "Ada"))
    assert [why[:7] for _, why in desk.fall("KO", 93.0, "01-27 13:00")] == ["silence"]
    assert desk.fall("VRT", 85.0, "01-27 13:10") == [(Reason.FIRST, "")]


def test_silences_survive_a_restart(desk: Desk) -> None:
    desk.muting.silence("small 8h", "Ada")
    desk.muting.silence("VRT 8h", "Ada")
    again = Silences(desk.store, lambda: desk.engine, desk.clock, tuple)
    assert sorted(again(), key=lambda s: s.id) == sorted(desk.muting(), key=lambda s: s.id)
    assert len(again()) == 2
    desk.clock.advance(NOON + timedelta(hours=8))
    assert Silences(desk.store, lambda: desk.engine, desk.clock, tuple)() == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "Silence what? Write /silence NVDA 24h"),
        ("NVDA soon", "soon is not a duration; write /silence"),
        ("NVDA 900d", "At most 90d"),
        ("NVDIA 2h", "'NVDIA' is not a known rule, watched symbol or incident"),
        ("<b>x</b> 2h", "'<b>x</b>' is not a known rule"),
    ],
)
def test_what_makes_no_sense_is_answered_with_what_to_write(desk: Desk, asked: str, said: str) -> None:
    assert words(desk.muting.silence(asked, "Ada")).startswith(said)
    assert desk.muting() == []


def test_without_a_time_it_is_a_day(desk: Desk) -> None:
    assert "Silenced until 28 Jan 12:00 UTC" in words(desk.muting.silence("NVDA", "Ada"))


def test_an_incident_somebody_looks_after_still_says_that_it_gets_worse(desk: Desk) -> None:
    assert desk.fall("NVDA", 88.0, "01-27 13:00") == [(Reason.FIRST, "")]
    assert desk.muting.acknowledge("", "Ada") == (
        "20250127-1 acknowledged by Ada: new messages only if it gets worse, is corrected, or has a follow-up."
    )
    assert desk.fall("NVDA", 80.0, "01-27 13:30") == [(Reason.ESCALATED, "")]
    (incident,) = desk.engine.incidents.open()
    assert (incident.thread.acknowledged_by, incident.thread.acknowledged_at) == ("Ada", at("01-27 13:01"))
    stored = desk.store.incidents_since(incident.session)
    assert stored[0].thread.acknowledged_by == "Ada"


def test_without_an_id_the_latest_is_looked_after_by_number_not_as_text(desk: Desk) -> None:
    desk.fall("NVDA", 88.0, "01-27 13:00")
    (one,) = desk.engine.incidents.open()
    desk.engine.incidents.restore(replace(one, id=f"20250127-{n}") for n in range(1, 13))
    assert desk.muting.acknowledge("", "Ada").startswith("20250127-12 acknowledged")


def test_an_incident_that_is_not_there_cannot_be_looked_after(desk: Desk) -> None:
    assert desk.muting.acknowledge("20250101-9", "Ada") == "No open incident '20250101-9'."
