"""The first word comes at the fall; the story that ties it completes that message or corrects it in place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.app.lab.rule_testing import prepare_suite
from bot.app.lab.workbench import Workbench, open_workbench
from bot.core.incidents.alerts import strengthened
from bot.core.messages.blocks.correction import replaced
from bot.core.messages.groups import fallen_group
from bot.core.model import Alert, AlertState, Announcement, CauseRef, Phase, Reach, Reason, Severity
from bot.core.news.vocabulary import Exposure
from bot.core.rules.rule import RuleSet
from bot.render.plain import plain
from bot.replay.playing import Played, play
from tests.core.worlds import at

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = """\
rules: [group-fall, abnormal-fall, ai-model-shock]
session: 2026-02-12
tests:
  - name: freight brokers fall together
    prices:
      CHRW: 80x100~1.2% 100 | 14:31 100, 16:00 2x-9%, 21:00 -9% close
      RXO: 80x20~1.5% 20 | 14:31 20, 16:00 2x-8%, 21:00 -8% close
      LSTR: 80x140~1.2% 140 | 14:31 140, 16:00 2x-7%, 21:00 -7% close
      EXPD: 80x120~1% 120 | 14:31 120, 16:00 2x-8%, 21:00 -8% close
      HUBG: 80x40~1.3% 40 | 14:31 40, 16:00 2x-8%, 21:00 -8% close
{more}
      NVDA: 80x140~1.5% 142 | 14:31 142, 16:00 2x+0.5%, 21:00 +0.5% close
      VST: 80x150~1.5% 151 | 14:31 151, 16:00 2x+0.1%, 21:00 +0.1% close
      AAPL: 80x150~1.2% 151 | 14:31 151, 16:00 2x+0.1%, 21:00 +0.1% close
      KO: 80x60~0.8% 60 | 14:31 60, 16:00 2x+0.2%, 21:00 +0.2% close
      SPY: 80x604~0.4% 608 | 14:31 608, 16:00 2x607, 21:00 606 close
    news:
      - 10:00 | Example Feed | A hospital reports on its waiting lists
{news}
    expect: [{{rule: group-fall, symbol: CHRW}}]
"""
SECURITY = """\
      CRWD: 80x350~1.5% 355 | 14:31 355, 16:00 2x-9%, 21:00 -9% close
      PANW: 80x180~1.5% 182 | 14:31 182, 16:00 2x-8%, 21:00 -8% close
      ZS: 80x190~1.5% 192 | 14:31 192, 16:00 2x-10%, 21:00 -10% close
      FTNT: 80x95~1.5% 96 | 14:31 96, 16:00 2x-9%, 21:00 -9% close
      OKTA: 80x85~1.5% 86 | 14:31 86, 16:00 2x-9%, 21:00 -9% close"""
UNIVERSITY = "      - 12:00 | Example Campus | University releases an open AI model that plans freight loads"
TIE = """\
      - 18:00 | Example Times | Freight brokers plunge on fears that a new AI agent will replace them
      - 18:00 | Example Wire | C.H. Robinson, RXO and Landstar shares sink as AI freight agent threatens brokers"""
SECURITY_TIE = """\
      - 19:00 | Example Times | Security stocks plunge as Anthropic's new code scanner finds holes by itself
      - 19:00 | Example Wire | CrowdStrike, Zscaler and Okta shares sink on fears of Anthropic's code scanner"""


def played(tmp_path: Path, *news: str, more: str = "") -> Played:
    """The day with these headlines and prices."""
    file = tmp_path / "day.yaml"
    file.write_text(DAY.format(news="\n".join(news), more=more), encoding="utf-8")
    suite = prepare_suite(REPOSITORY / "config.yaml", file, None, NOW)
    _, rules, scene = suite.tests[0]
    assert scene.tape.first_at is not None
    return play(suite.workbench.engine(RuleSet(rules), scene.tape.first_at), scene.tape)


def said(found: Played) -> list[Announcement]:
    """Messages and edits in order."""
    return [t.announcement for t in found.told]


def text(announcement: Announcement) -> str:
    return " ".join(plain(announcement.summary, None).split())


def test_the_early_word_names_no_cause_and_the_tie_completes_the_same_message(tmp_path: Path) -> None:
    first, edit, *rest = said(played(tmp_path, TIE))
    assert (first.reason, f"{first.at:%H:%M}") == (Reason.FIRST, "16:01")
    assert first.summary.subject == "5 freight brokers fall together; no cause known yet"
    assert "C.H. Robinson (CHRW) 91.00, −9.0 % against 100.00" in text(first)
    assert " AI" not in text(first)
    assert (edit.edits, f"{edit.at:%H:%M}") == (first.key, "18:00")
    assert edit.summary.subject == "5 freight brokers fall, C.H. Robinson by 9.0 %, after AI-model news"
    assert [a for a in rest if not a.edits and a.reason is not Reason.FOLLOW_UP] == [], "nothing new is to be said"


def test_a_weak_trigger_gives_way_to_the_story_that_says_what_it_was(tmp_path: Path) -> None:
    first, edit, *_ = said(played(tmp_path, UNIVERSITY, TIE))
    assert first.summary.subject.endswith("; no cause known yet")
    assert (
        "Possible cause • No cause is known yet. This is one possibility, and no more: • “University releases"
        in text(first)
    )
    assert edit.edits == first.key
    assert edit.summary.subject.endswith("after AI-model news")
    assert text(edit).count("Likely cause is now") == 1
    before = "not “University releases an open AI model that plans freight loads” (Example Campus)"
    assert f"{before}, as first thought possible." in text(edit)


def test_two_lines_that_fall_in_one_session_are_two_messages_each_with_its_own_cause(tmp_path: Path) -> None:
    found = said(played(tmp_path, TIE, SECURITY_TIE, more=SECURITY))
    first = [a for a in found if a.reason is Reason.FIRST and not a.edits]
    assert len({a.incident for a in first}) == len(first) == 2
    last = {a.incident: a for a in found if a.reason is Reason.FIRST}
    freight, security = (last[a.incident] for a in first)
    assert set(freight.symbols) == {"CHRW", "RXO", "LSTR", "EXPD", "HUBG"}
    assert set(security.symbols) <= {"CRWD", "PANW", "ZS", "FTNT", "OKTA"}
    assert ("freight" in text(freight), "scanner" in text(freight)) == (True, False)
    assert ("freight" in text(security), "scanner" in text(security)) == (False, True)
    assert (freight.summary.agents, security.summary.agents) == ((), ("lab:Anthropic",))


# -------------------------------------------------------------------------------------- what falls, in the headline


STAGE: Workbench = open_workbench(REPOSITORY / "config.yaml", None, NOW)


def group(*symbols: str, rule: str = "group-fall", now: float = -0.1, apart: str = "") -> str:
    """The group that falls of these stocks, with the last price of its lead; ``apart`` falls on its own results."""
    alerts = [replace(alert(None), symbol=s, rule="large-fall", last_change=now) for s in symbols]
    alerts = [replace(a, cause=cause("r", 0.9, "earnings")) if a.symbol == apart else a for a in alerts]
    alerts[-1] = replace(alerts[-1], rule=rule)
    project = STAGE.project
    return fallen_group(alerts, alerts[0], project.companies, project.topics, lambda name: name == "group-fall")


@pytest.mark.parametrize(
    ("symbols", "said"),
    [
        (("CHRW", "RXO", "LSTR"), "3 freight brokers"),
        (("CHRW", "RXO"), ""),
        (("CHRW", "RXO", "CRWD"), ""),
        (("CHRW", "RXO", "NOBODY"), ""),
        (("CHRW", "RXO", "LSTR", "ODFL"), ""),  # a fifth of its business is no line of business
        (("CRWD", "PANW", "ZS", "FTNT"), "4 cybersecurity stocks"),
        (("ADBE", "FIG", "WIX"), "3 makers of design software"),
        (("NVDA", "AVGO", "AMD"), "3 chip stocks"),
    ],
)
def test_a_group_is_named_by_the_line_of_business_that_all_of_it_share(symbols: tuple[str, ...], said: str) -> None:
    assert group(*symbols) == said
    assert group(*reversed(symbols)) == said


def test_only_a_rule_that_finds_a_group_speaks_of_one_and_only_while_it_falls() -> None:
    assert group("CHRW", "RXO", "LSTR", rule="market-crash") == ""
    assert group("CHRW", "RXO", "LSTR", now=0.01) == ""
    assert group("CHRW", "RXO", "LSTR", "CRWD", apart="CRWD") == "", "the rule's own alert is the one set apart"
    assert group("CHRW", "CRWD", "RXO", "LSTR", apart="CRWD") == "3 freight brokers"


def test_every_line_of_business_has_a_name_for_headlines_that_says_nothing_of_ai() -> None:
    for exposure in STAGE.project.topics.exposures:
        assert exposure.companies, exposure.name
        assert " AI" not in f" {exposure.companies}", exposure.companies
    assert Exposure("barges", "inland shipping").as_companies == "stocks in inland shipping"


# --------------------------------------------------------------------------------------------------- what replaces what


def cause(cluster: str, confidence: float | None, topic: str = "ai-model") -> CauseRef:
    return CauseRef(
        cluster,
        topic,
        f"Story {cluster}",
        "wire",
        "",
        None,
        at("01-27 14:00"),
        1.0,
        Reach.DIRECT,
        confidence=confidence,
    )


def alert(told: CauseRef | None) -> Alert:
    now = at("01-27 15:00")
    return Alert(
        *("a", "f", "r", "1", "NVDA", date(2025, 1, 27), Severity.HIGH, AlertState.FIRING, now, now),
        *(90.0, now, Phase.REGULAR, -0.1, None, told, ()),
        last_change=-0.1,
    )


@pytest.mark.parametrize(
    ("before", "after", "gives_way"),
    [
        (cause("a", 0.45), cause("b", 0.84), True),
        (cause("a", 0.65), cause("b", 0.84), True),
        (cause("a", None), cause("b", 0.84), True),
        (cause("a", 0.80), cause("b", 0.84), False),
        (cause("a", 0.40), cause("b", 0.55), False),
        (cause("a", 0.45), cause("a", 0.84), True),
        (cause("a", 0.65), cause("a", 0.84), False),
        (cause("a", 0.65), cause("b", None), False),
    ],
)
def test_a_cause_gives_way_to_one_that_may_be_told_and_is_clearly_likelier(
    before: CauseRef, after: CauseRef, gives_way: bool
) -> None:
    found = strengthened(alert(before), after)
    assert (found is not None and found.cause == after) is gives_way


def test_a_cause_is_replaced_once_and_the_first_is_kept() -> None:
    once = strengthened(alert(cause("a", 0.45)), cause("b", 0.7))
    assert once is not None
    assert once.corrected_from == cause("a", 0.45)
    assert once.corrected_at is None, "it is no correction to another explanation"
    assert strengthened(once, cause("c", 0.95)) is None


def test_a_message_says_so_whichever_alert_of_the_stock_it_was() -> None:
    shown = replace(alert(cause("b", 0.84)), id="shock")
    early = strengthened(alert(cause("a", 0.65)), cause("b", 0.84))
    assert early is not None
    assert (
        replaced(shown, [early, shown]) == "Likely cause is now “Story b” (wire), not “Story a” (wire), as first told."
    )
    assert replaced(shown, [shown]) == ""
