"""How the bench scores what was said: the arithmetic behind the tables of ``docs/detection.md``."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

import fit_confidence
import ordinary
import second_reader
from playing import CLOSE, NEXT_CLOSE, Believed, Labelled, Message, Played, Ranked

from bot.clock import SimulatedClock
from bot.core.cause.ranking import Evidence
from bot.core.errors import SourceError
from bot.core.model import SecondReading, SourceReport, SubjectKind, Trouble
from bot.core.news import Weights

DAY = date(2025, 1, 27)
CLOSED = datetime(2025, 1, 27, 21, tzinfo=UTC)
NEXT = CLOSED + timedelta(days=1)


def fall(symbol: str, label: str, second: str = "", sure: str = "sure") -> Labelled:
    return Labelled(symbol, DAY, -0.1, label, second, sure, "memory")


def message(claims: str, *symbols: str, at: datetime = CLOSED, kind: str = "first") -> Message:
    falls = {(s, DAY): Believed("a-topic", claims, 0.7) for s in symbols}
    return Message(at, kind, "one", ("a-rule",), "", claims, (symbols[0], DAY), -0.1, 0.7, "", "", "", None, falls)


def played(falls: list[Labelled], *messages: Message) -> Played:
    return Played("2025-01", tuple(falls), list(messages), closes={DAY: (CLOSED, NEXT)})


@pytest.mark.parametrize(
    ("claims", "falls", "verdict"),
    [
        ("ai", [fall("MU", "ai")], "right"),
        ("ai", [fall("MU", "own")], "wrong"),
        ("ai", [fall("MU", "own", "ai")], "disputable"),
        ("ai", [fall("MU", "unclear")], "unclear"),
        ("ai", [], "unlabelled"),
        ("own", [fall("MU", "other", "own")], "right"),
        ("own", [fall("MU", "other", sure="")], "right"),  # a window's label only tells AI from the rest
        ("own", [fall("MU", "ai", "own")], "right"),
        ("ai", [fall("MU", "own"), fall("WDC", "ai"), fall("STX", "ai")], "wrong"),  # the lead decides
        ("ai", [fall("MU", "unclear"), fall("WDC", "ai"), fall("STX", "ai")], "right"),
        ("ai", [fall("MU", "unclear"), fall("WDC", "ai"), fall("STX", "own")], "wrong"),  # half is no majority
    ],
)
def test_a_claim_is_judged_by_its_lead_or_else_by_most_of_its_falls(
    claims: str, falls: list[Labelled], verdict: str
) -> None:
    said = played(falls, message(claims, "MU", "WDC", "STX"))
    assert [c.verdict for c in ordinary.claims_of(said)] == [verdict]


def test_a_claim_taken_back_is_still_a_claim() -> None:
    said = played([fall("MU", "own")], message("ai", "MU"), message("own", "MU", at=NEXT, kind="corrected"))
    assert [(c.message.claims, c.verdict, c.withdrawn) for c in ordinary.claims_of(said)] == [
        ("ai", "wrong", True),
        ("own", "right", False),
    ]


@pytest.mark.parametrize(
    ("said", "by_close", "by_next", "ai_by_next"),
    [
        (message("", "MU"), True, True, False),
        (message("ai", "MU", at=CLOSED + timedelta(minutes=1), kind="edit"), True, True, True),
        (message("ai", "MU", at=CLOSED + timedelta(hours=3)), False, True, True),
        (message("ai", "MU", at=NEXT + timedelta(hours=3)), False, False, False),
        (message("ai", "WDC"), False, False, False),
        (message("", "MU", kind="follow_up"), False, False, False),
    ],
)
def test_a_fall_is_named_by_a_message_in_time(said: Message, by_close: bool, by_next: bool, ai_by_next: bool) -> None:
    mine = fall("MU", "ai")
    stretch = played([mine], said)
    assert ordinary.named_by(stretch, mine, CLOSE) is by_close
    assert ordinary.named_by(stretch, mine, NEXT_CLOSE) is by_next
    assert ordinary.named_by(stretch, mine, NEXT_CLOSE, "ai") is ai_by_next


def test_an_early_word_counts_whatever_cause_it_gives() -> None:
    falls = [fall(s, "ai") for s in ("MU", "WDC", "STX")]
    assert ordinary.early([played(falls, message("", "MU"))], [])["share"] == 1.0
    assert ordinary.early([played(falls)], [])["share"] == 0.0


def test_a_fifth_holds_where_its_share_is_near_its_confidence() -> None:
    some = [(fall("MU", "ai"), 0.9, i < 9) for i in range(10)] + [(fall("MU", "own"), 0.5, False)] * 10
    rows = {r["confidence"]: r for r in ordinary.by_fifths([*some, (fall("MU", "ai"), 1.0, True)])}
    assert rows["0.8 to 1.0"]["within_0.1"] == "yes"
    assert rows["0.8 to 1.0"]["falls"] == 11
    assert rows["0.4 to 0.6"]["within_0.1"] == "no"
    assert rows["0.0 to 0.2"]["within_0.1"] == "too few"


def test_calibration_leaves_out_what_cannot_be_judged() -> None:
    falls = [fall("MU", "ai"), fall("WDC", "unclear"), fall("STX", "own", "ai")]
    stretch = played(falls)
    stretch.ranked[NEXT_CLOSE] = {f.key: Ranked(ai=0.9, kind="ai", confidence=0.9) for f in falls}
    rows = ordinary.ordinary_tables([stretch], [])["by_next_close"]
    assert [r["falls"] for r in rows] == [0, 0, 0, 0, 1]


def test_what_a_second_reader_changes_is_counted_by_label() -> None:
    falls = [fall("MU", "ai"), fall("WDC", "ai"), fall("STX", "own")]
    before, after = played(falls), played(falls)
    for one, sure in ((before, (0.5, 0.7, 0.65)), (after, (0.65, 0.7, 0.45))):
        one.ranked[NEXT_CLOSE] = {f.key: Ranked(ai=ai) for f, ai in zip(falls, sure, strict=True)}
    rows = {row["label"]: row for row in ordinary.changed([before, before], [after, after])}
    assert rows["ai"] == {
        "label": "ai", "falls": 2, "with_a_story_of_AI": 2, "raised": 1, "lowered": 0,
        "from_0.6_without": 1, "from_0.6_with": 2,
    }  # fmt: skip
    assert (rows["own"]["lowered"], rows["own"]["from_0.6_with"], rows["other"]["falls"]) == (1, 0, 0)


def test_a_second_reader_that_keeps_failing_ends_the_bench() -> None:
    beside = second_reader.Beside(Mock(), SimulatedClock(NEXT))
    failed = SourceReport("second reader", NEXT, Trouble.FAILED, "no response within 30 s")
    for _ in range(second_reader.MOST_FAILURES - 1):
        beside._turn([failed])
    beside._turn([SecondReading("s", NEXT)])
    for _ in range(second_reader.MOST_FAILURES - 1):
        beside._turn([failed])
    with pytest.raises(SourceError, match="10 questions in a row failed, the last: no response within 30 s"):
        beside._turn([failed])


def test_a_first_story_is_the_release_by_its_words_and_its_time() -> None:
    release = ordinary.Release(DAY, frozenset(), ("R1",), date(2025, 1, 20), date(2025, 1, 23))
    assert release.is_story("A lab brings r1", datetime(2025, 1, 20, 12, tzinfo=UTC))
    assert not release.is_story("A lab brings R1", datetime(2025, 1, 25, tzinfo=UTC))
    assert not release.is_story("A lab brings something", datetime(2025, 1, 20, tzinfo=UTC))
    assert not release.is_story("A lab brings R1", None)


def test_the_fit_finds_the_weights_behind_the_falls() -> None:
    xs, ys, ws = [], [], []
    for x in range(-20, 21):  # expected counts of a known model, as weights
        p = 1 / (1 + math.exp(-(0.5 + 2 * x / 10)))
        for y, share in ((True, p), (False, 1 - p)):
            xs.append([1.0, x / 10])
            ys.append(y)
            ws.append(share)
    base, slope = fit_confidence.newton(xs, ys, ws, ridge=0.0)
    assert base == pytest.approx(0.5, abs=1e-4)
    assert slope == pytest.approx(2.0, abs=1e-4)


def test_isotonic_regression_never_falls() -> None:
    rows = [
        fit_confidence.Row("", CLOSE, replace(fall("MU", label), session=DAY + timedelta(days=i)), confidence, None, {})
        for i, (confidence, label) in enumerate([(0.1, "own"), (0.3, "ai"), (0.5, "own"), (0.7, "ai"), (0.9, "ai")])
    ]
    _, predict = fit_confidence.isotonic("fall")(rows)
    said = [predict(row) for row in rows]
    assert said == sorted(said)
    assert (said[0], said[-1]) == (0.0, 1.0)
    assert predict(replace(rows[0], shipped=0.4)) == pytest.approx(0.5)


def test_falls_of_one_session_count_together_as_asked() -> None:
    rows = [fit_confidence.Row("", CLOSE, fall(s, "ai"), 0.5, None, {}) for s in ("MU", "WDC", "STX", "RMBS")]
    assert sum(fit_confidence.weights(rows, "fall")) == pytest.approx(4)
    assert sum(fit_confidence.weights(rows, "root")) == pytest.approx(2)
    assert sum(fit_confidence.weights(rows, "session")) == pytest.approx(1)


def test_weights_are_fitted_through_the_shipped_arithmetic() -> None:
    strong = Evidence(tie=0.8, tied=SubjectKind.COMPANY, publishers=3)
    weak = replace(strong, tie=0.4)
    rows = [
        fit_confidence.Row("", CLOSE, replace(fall("MU", label), session=DAY + timedelta(days=i)), 0.5, evidence, {})
        for i, (evidence, label) in enumerate([(strong, "ai")] * 9 + [(strong, "own")] + [(weak, "own")] * 10)
    ]
    fitted, predict = fit_confidence.tuned(["base", "company"], Weights(), "fall", ridge=0.01)(rows)
    assert set(fitted) == {"base", "company"}
    assert predict(rows[0]) == pytest.approx(0.9, abs=0.05)
    assert predict(rows[-1]) < 0.1
