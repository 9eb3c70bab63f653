"""What was said early, held against what is known later: corrected once, in place, and by one short reply."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.app.rule_testing import prepare_suite
from bot.core.model import Reason
from bot.core.rules import RuleSet
from bot.render.plain import plain
from bot.replay.playing import Played, play

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SOFTWARE = """\
rules: ai-model-shock
session: 2026-02-03
tests:
  - name: software falls together
    prices:
      NOW: 80x100~1.2% 100 | 14:31 100, 16:00 2x-12%, 21:00 -12% close
      CRM: 80x260~1.2% 260 | 14:31 260, 16:00 2x-11%, 21:00 -11% close
      WDAY: 80x220~1.2% 220 | 14:31 220, 16:00 2x-13%, 21:00 -13% close
      HUBS: 80x400~1.5% 400 | 14:31 400, 16:00 2x-12%, 21:00 -12% close
      TEAM: 80x160~1.5% 160 | 14:31 160, 16:00 2x-11%, 21:00 -11% close
      NVDA: 80x140~1.5% 142 | 14:31 142, 16:00 2x+0.5%, 21:00 +0.5% close
      VST: 80x150~1.5% 151 | 14:31 151, 16:00 2x+0.1%, 21:00 +0.1% close
      CHRW: 80x100~1% 101 | 14:31 101, 16:00 2x+0%, 21:00 +0% close
      SPY: 80x604~0.4% 608 | 14:31 608, 16:00 2x607, 21:00 606 close
    news:
      - 12:00 | Example Blog | Anthropic's new Claude agents build and run enterprise software by themselves
      - 15:00 | Example Times | Software stocks plunge as new AI agents raise fears that they will replace it
"""
RESULTS = """\
      - {at} | Example Wire | Workday quarterly results miss estimates, cuts full-year forecast
      - {at} | Example News | Workday shares tumble after earnings miss and weak guidance
"""
EXPECT = "    expect: [{symbol: NOW}]\n"


def played(tmp_path: Path, more: str) -> Played:
    """The software day with more headlines."""
    file = tmp_path / "day.yaml"
    file.write_text(SOFTWARE + more + EXPECT, encoding="utf-8")
    suite = prepare_suite(REPOSITORY / "config.yaml", file, None, NOW)
    _, rules, scene = suite.tests[0]
    assert scene.tape.first_at is not None
    return play(suite.stage.engine(RuleSet(rules), scene.tape.first_at), scene.tape)


def texts(found: Played, reason: Reason) -> list[str]:
    """Every text sent for ``reason``, edits of it included."""
    return [plain(t.announcement.summary, None) for t in found.told if t.announcement.reason is reason]


def test_one_of_many_that_fell_for_reasons_of_its_own_is_set_apart_in_place(tmp_path: Path) -> None:
    found = played(tmp_path, RESULTS.format(at="17:00"))
    assert [t.announcement.reason for t in found.told if not t.announcement.edits] == [Reason.FIRST, Reason.FOLLOW_UP]
    first, *edits = texts(found, Reason.FIRST)
    assert "For reasons of their own" not in first
    hit = next(line for line in edits[-1].splitlines() if "software" in line and "NOW" in line)
    assert "WDAY" not in hit
    assert "For reasons of their own: WDAY (earnings and guidance)." in edits[-1]
    assert "Workday" not in edits[-1].splitlines()[0], "the message is told by one whom AI still explains"
    assert "3 other stocks with it" in edits[-1].splitlines()[0]


def test_a_correction_is_part_of_the_alert_and_comes_once(tmp_path: Path) -> None:
    found = played(tmp_path, RESULTS.format(at="17:00") + RESULTS.format(at="19:00").replace("Wire", "Post"))
    corrected = [c.alert for c in found.changes if c.alert.symbol == "WDAY" and c.alert.corrected_at is not None]
    assert {(a.corrected_at.hour if a.corrected_at else None) for a in corrected} == {17}
    last = corrected[-1]
    assert last.cause is not None
    assert last.corrected_from is not None
    assert (last.corrected_from.topic, last.cause.topic) == ("ai-market", "earnings")
    assert {c.alert.symbol for c in found.changes if c.alert.corrected_at is not None} == {"WDAY"}


def test_until_the_next_session_s_close_a_cause_may_be_corrected_and_not_after(tmp_path: Path) -> None:
    for at, moves in (("2026-02-04 20:59", True), ("2026-02-04 21:01", False)):
        found = played(tmp_path, RESULTS.format(at=at))
        assert any(c.alert.corrected_at is not None for c in found.changes) is moves, at
