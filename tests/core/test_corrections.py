"""What was said early, held against what is known later: corrected once, in place, and by one short reply."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from bot.app.lab.rule_testing import prepare_suite
from bot.core.model import Reason
from bot.core.rules.rule import RuleSet
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
    return play(suite.workbench.engine(RuleSet(rules), scene.tape.first_at), scene.tape)


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
    assert "Fell for a reason of its own: WDAY (earnings and guidance)." in edits[-1]
    assert "Workday" not in edits[-1].splitlines()[0], "the message is told by one whom AI still explains"
    assert "alongside 3 other stocks" in edits[-1].splitlines()[0]


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


GROUP = SOFTWARE.replace("ai-model-shock", "[group-fall, ai-model-shock]").split("    news:")[0] + "    news:\n"
EXPECT_GROUP = "    expect: [{rule: group-fall, symbol: NOW}]\n"
TIE = """\
      - {at} | Example Times | Software stocks plunge as new AI agents raise fears that they will replace it
      - {at} | Example Wire | Salesforce, ServiceNow and Workday shares sink after Anthropic's Claude agents launch
"""


def grouped(tmp_path: Path, news: str, text: str = GROUP) -> Played:
    """The software day, told by the group, with these headlines."""
    file = tmp_path / "day.yaml"
    file.write_text(text + news + EXPECT_GROUP, encoding="utf-8")
    suite = prepare_suite(REPOSITORY / "config.yaml", file, None, NOW)
    _, rules, scene = suite.tests[0]
    assert scene.tape.first_at is not None
    return play(suite.workbench.engine(RuleSet(rules), scene.tape.first_at), scene.tape)


def test_what_was_told_without_a_cause_is_completed_in_place_and_is_no_correction(tmp_path: Path) -> None:
    found = grouped(tmp_path, RESULTS.format(at="17:00"))
    assert [t.announcement.reason for t in found.told if not t.announcement.edits] == [Reason.FIRST]
    first, *edits = texts(found, Reason.FIRST)
    assert first.splitlines()[0] == "5 business software makers fall together; no cause known yet"
    fallen = "4 business software makers fall together; no cause known yet"
    assert edits[-1].splitlines()[0] == fallen, "its results say nothing of the others"
    assert "Workday (WDAY)" not in edits[-1]
    assert "Fell for a reason of its own: WDAY (earnings and guidance)." in edits[-1]
    completed = [c.alert for c in found.changes if c.alert.cause is not None]
    assert {a.symbol for a in completed} == {"WDAY"}
    assert {a.corrected_at for a in completed} == {None}


def test_one_explained_by_its_own_results_stays_apart_when_ai_is_found_to_explain_the_others(tmp_path: Path) -> None:
    tie = TIE.format(at="18:00").replace("Salesforce, ServiceNow and Workday", "Salesforce, ServiceNow and HubSpot")
    alone = GROUP.replace("[group-fall, ai-model-shock]", "group-fall")
    found = grouped(tmp_path, RESULTS.format(at="17:00") + tie, alone)
    last = texts(found, Reason.FIRST)[-1]
    assert last.splitlines()[0] == "4 business software makers fall, HubSpot by 12.0 %, after AI-model news"
    assert "Fell for a reason of its own: WDAY (earnings and guidance)." in last
    assert {c.alert.corrected_at for c in found.changes} == {None}, "it never said that AI was behind Workday's fall"


def test_a_cause_found_in_the_morning_completes_a_message_whose_incident_is_over(tmp_path: Path) -> None:
    found = grouped(tmp_path, TIE.format(at="2026-02-04 12:00"))
    new = [t.announcement for t in found.told if not t.announcement.edits]
    assert {a.incident for a in new} == {"20260203-1"}
    assert [a.reason for a in new] == [Reason.FIRST, Reason.ESCALATED, Reason.FOLLOW_UP]
    assert "no cause known yet" in new[0].summary.subject
    assert "after AI-model news" in new[1].summary.subject
    assert new[1].replies_to == new[0].key


def test_results_found_in_the_morning_complete_a_message_whose_incident_is_over(tmp_path: Path) -> None:
    found = grouped(tmp_path, RESULTS.format(at="2026-02-04 12:00"))
    assert "Fell for a reason of its own: WDAY (earnings and guidance)." in texts(found, Reason.FIRST)[-1]
    assert found.changes[-1].alert.incident == "20260203-1"


def test_after_the_next_close_nothing_is_completed(tmp_path: Path) -> None:
    found = grouped(tmp_path, RESULTS.format(at="2026-02-04 21:01"))
    assert len(texts(found, Reason.FIRST)) == 1
    assert all(c.alert.cause is None for c in found.changes)


def test_a_correction_reaches_an_incident_that_is_over(tmp_path: Path) -> None:
    title = "Software stocks plunge as new AI agents raise fears that they will replace it"
    early = f"      - 15:00 | Example Times | {title}\n"
    alone = GROUP.replace("[group-fall, ai-model-shock]", "group-fall")
    found = grouped(tmp_path, early + RESULTS.format(at="2026-02-04 12:00"), alone)
    corrected = [c.alert for c in found.changes if c.alert.corrected_at is not None]
    assert {(a.symbol, a.rule) for a in corrected} == {("WDAY", "group-fall")}
    assert "Fell for a reason of its own: WDAY (earnings and guidance)." in texts(found, Reason.FIRST)[-1]
