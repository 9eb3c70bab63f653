"""No text says more of a cause than its confidence bears: below 0.6 nobody reads that AI, or anything else, was it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.lab.workbench import Workbench, open_workbench
from bot.app.lines import alert_line
from bot.cli.history import show, tables
from bot.core.incidents.alerts import AlertBook
from bot.core.incidents.incidents import Incidents, lead_alert
from bot.core.messages.blocks.digest import Digest, DigestIncident, digest
from bot.core.messages.lead import prompt
from bot.core.messages.pictures import price_picture
from bot.core.messages.summary import MessageBuilder
from bot.core.model import (
    LAPSED,
    SESSION_CLOSE,
    STATED_FROM,
    Alert,
    AlertState,
    CauseRef,
    Claim,
    EarningsDate,
    Figures,
    Phase,
    Reach,
    Reason,
    Reference,
    ReportTime,
    Severity,
    Summary,
    Together,
)
from bot.core.news import Topic
from bot.core.prices.market import Market
from bot.core.text.wording import CAUSE_HEADINGS
from bot.render import html, plain
from bot.web import formatting
from tests.core.worlds import at, close, quote, weekday_timetable

REPOSITORY = Path(__file__).resolve().parents[2]
STAGE: Workbench = open_workbench(REPOSITORY / "config.yaml", None, datetime(2026, 11, 1, tzinfo=UTC))
TOPICS = STAGE.project.topics
MONDAY = date(2025, 1, 27)
SAYS_AI = re.compile(r"\bAI\b|A\.I\.|artificial|\bmodel", re.IGNORECASE)
WEIGHED = st.floats(0.0, 1.0)
CLOSE = Reference("previous close", 100.0, at("01-24 21:00"), date(2025, 1, 24))


def cause(topic: str, confidence: float | None, cluster: str = "c") -> CauseRef:
    """A story that names neither AI nor a reason of its own."""
    return CauseRef(
        *(cluster, topic, f"Brokers in story {cluster}", "Example Wire", "", None, at("01-27 14:00"), 1.0),
        reach=Reach.DIRECT,
        confidence=confidence,
        sources=("Example Wire",),
        first_title=f"First of {cluster}",
        first_source="Example Post",
        first_seen_at=at("01-27 13:00"),
    )


def alert(symbol: str, told: CauseRef | None, change: float = -0.12, rule: str = "group-fall") -> Alert:
    """An alert on a freight broker, whose line of business is not AI's."""
    now = at("01-27 15:00")
    return Alert(
        id=f"{rule}-{symbol}",
        fingerprint=f"{rule}-{symbol}",
        rule=rule,
        rule_version="1",
        symbol=symbol,
        session=MONDAY,
        severity=Severity.WARNING,
        state=AlertState.FIRING,
        fired_at=now,
        updated_at=now,
        price=88.0,
        price_at=now,
        phase=Phase.REGULAR,
        change=change,
        reference=CLOSE,
        cause=told,
        checks=(),
        worst=change,
        last_price=88.0,
        last_price_at=now,
        last_change=change,
    )


class Desk:
    """Everything that writes about an incident of these alerts."""

    def __init__(self, *alerts: Alert) -> None:
        timetable = weekday_timetable()
        self.market = Market(lambda _: timetable)
        for symbol in ("CHRW", "RXO", "LSTR"):
            self.market.apply(close(symbol, 100.0, "01-24"))
            for minute in (0, 1):
                self.market.admit(quote(symbol, 88.0, f"01-27 15:0{minute}"), at(f"01-27 15:0{minute}"))
        book = AlertBook(self.market, at("01-01 00:00"))
        incidents = Incidents(lambda _: timetable, book.get, lambda: TOPICS.ai_causes, STAGE.project.companies.lines_of)
        for each in alerts:
            self.incident = incidents.join(each, at("01-27 15:00"), Together.BY_LINE)
            book.amend(replace(each, incident=self.incident.id))
        self.alerts = incidents.alerts_of(self.incident)
        self.builder = MessageBuilder(
            self.market, STAGE.project.companies, TOPICS, is_group_rule=lambda rule: rule == "group-fall"
        )

    def figures(self, moment: datetime) -> Figures:
        """What a message would count at ``moment``."""
        return self.builder.snapshot(self.incident, self.alerts, moment).figures

    def summaries(self) -> Iterator[Summary]:
        """Every message about the incident."""
        now, build = at("01-27 15:01"), self.builder
        for reason in (Reason.FIRST, Reason.ESCALATED, Reason.WIDENED):
            seen = build.snapshot(self.incident, self.alerts, now)
            thread = replace(self.incident.thread, told_change=-0.1, told_session=MONDAY, told_cause="another")
            before = replace(self.incident, thread=thread)
            yield build.incident(seen, before, before, ["CHRW", "RXO"], reason)
        for kind in (SESSION_CLOSE, LAPSED):
            yield build.follow_up(self.incident, self.alerts, [kind], now)
        yield build.merged(self.incident, self.alerts, self.incident, now)
        yield self._digest()
        if any(a.corrected_at is not None for a in self.alerts):
            yield build.correction(self.incident, self.alerts)

    def _digest(self) -> Summary:
        lead = lead_alert(self.incident, self.alerts)
        told = DigestIncident(
            self.incident,
            tuple(self.alerts),
            lead,
            -0.12,
            at("01-27 15:01"),
            Phase.REGULAR,
            official=False,
            merged=(),
            apart=(),
            group=self.builder.group(self.alerts, lead),
        )
        found = Digest("daily", MONDAY, (told,), 0, (), 0, (), 0, priced=2, expected=2)
        return digest(found, self.builder.company, self.builder.topic)

    def texts(self) -> Iterator[str]:
        """What people read."""
        for summary in self.summaries():
            yield summary.subject
            yield plain(summary)
            yield html(summary)
            yield prompt(summary).split("=== BEGIN ===")[1]
        for each in self.alerts:
            row = stored(each)
            yield tables.columns_and_rows(tables.ALERTS, [row])[1][0][-1]
            if each.cause is not None:
                yield from (
                    formatting.cause_heading(each.cause.confidence),
                    formatting.confidence(each.cause.confidence),
                )


def stored(each: Alert) -> dict[str, Any]:
    """The alert as the history gives it: with the figures of its firing beside those of its severity."""
    line = alert_line(each)
    then = {"price": each.price, "price_at": line["at"], "change": each.change}
    latest = {"last_price": each.last_price, "last_price_at": line["at"], "last_change": each.last_change}
    fired = {f"fired_{key}": value for key, value in then.items()}
    of_severity = {f"severity_{key}": value for key, value in then.items()}
    of_severity |= {"severity_at": line["at"], "severity_phase": each.phase.value}
    return line | fired | of_severity | latest | {"currency": ""}


def headline(desk: Desk) -> str:
    return next(desk.summaries()).subject


@pytest.mark.parametrize("topic", TOPICS.topics, ids=lambda t: t.name)
@given(confidence=WEIGHED)
def test_a_cause_is_told_from_0_6_and_in_the_words_of_its_topic(topic: Topic, confidence: float) -> None:
    desk = Desk(alert("CHRW", cause(topic.name, confidence)))
    told = f" {topic.headline}" if topic.headline else f"; most likely {topic.title}"
    said = told if confidence >= STATED_FROM else "; no cause known yet"
    assert headline(desk) == f"C.H. Robinson falls 12.0 %{said}"


@given(
    topic=st.sampled_from(TOPICS.topics),
    other=st.sampled_from(TOPICS.topics),
    rules=st.tuples(*(2 * [st.sampled_from([rule.name for rule in STAGE.rules()])])),
    confidences=st.tuples(*(2 * [st.floats(0.0, STATED_FROM, exclude_max=True)])),
    moves=st.tuples(*(2 * [st.sampled_from([-0.12, 0.12])])),
)
def test_below_0_6_no_text_says_ai_or_any_other_cause(
    topic: Topic, other: Topic, rules: tuple[str, str], confidences: tuple[float, float], moves: tuple[float, float]
) -> None:
    first = alert("CHRW", cause(topic.name, confidences[0]), moves[0], rules[0])
    second = alert("RXO", cause(other.name, confidences[1], "d"), moves[1], rules[1])
    third = alert("LSTR", None, moves[1], rules[1])
    for desk in (Desk(first), Desk(first, second), Desk(first, second, third)):
        for text in desk.texts():
            assert not SAYS_AI.search(text), text
            assert "likely" not in text.lower(), text
            assert topic.as_cause not in text, text


def test_a_line_of_business_that_falls_heads_every_message_about_it() -> None:
    brokers = [alert(symbol, cause("ai-model", 0.45)) for symbol in ("CHRW", "RXO", "LSTR")]
    first, worse, wider, closed, later, merged, digested = (s for s in Desk(*brokers).summaries())
    assert first.subject == "3 freight brokers fall together; no cause known yet"
    assert merged.subject == "3 freight brokers fall together; now part of another message"
    assert worse.subject == f"Now worse: {first.subject}"
    assert wider.subject == f"Spreading: {first.subject}"
    assert closed.subject == "Follow-up: 3 freight brokers at the close"
    assert later.subject == "Follow-up: 3 freight brokers five sessions on"
    assert "Warning: 3 freight brokers fell together; C.H. Robinson (CHRW) −12.0 % against 100.00" in plain(
        digested, None
    )
    assert "hit too" not in plain(digested, None)


@pytest.mark.parametrize(
    ("told", "because"),
    [
        (cause("ai-model", 0.7), "fall, C.H. Robinson by 12.0 %, after AI-model news"),
        (cause("ai-model", None), "fall together; AI-model news at the same time"),
        (cause("outage", 0.7), "fall together; most likely an outage, breach or recall"),
        (None, "fall together; no cause known yet"),
    ],
)
def test_a_group_s_headline_ends_with_what_may_be_said_of_the_cause(told: CauseRef | None, because: str) -> None:
    desk = Desk(*(alert(symbol, told) for symbol in ("CHRW", "RXO", "LSTR")))
    assert headline(desk) == f"3 freight brokers {because}"


def test_results_of_one_of_a_group_are_told_as_its_own() -> None:
    desk = Desk(*(alert(symbol, None) for symbol in ("CHRW", "RXO", "LSTR")))
    desk.builder.earnings.apply(EarningsDate("CHRW", MONDAY, at("01-20 12:00"), ReportTime.BEFORE))
    assert headline(desk) == "3 freight brokers fall together; most likely C.H. Robinson’s results"


def test_a_possible_cause_is_shown_as_no_more_than_that_with_its_confidence() -> None:
    desk = Desk(alert("CHRW", cause("ai-model", 0.45)))
    text = plain(next(desk.summaries()), None)
    assert "Possible cause\n• No cause is known yet. This is one possibility, and no more:\n• “Brokers in " in text
    assert "(confidence 0.45)." in text


@pytest.mark.parametrize(
    ("topic", "beside"),
    [("ai-capex", "news on spending on AI"), ("outage", "news on an outage"), ("ai-model", "AI-model news")],
)
def test_a_rise_is_not_told_beside_worries(topic: str, beside: str) -> None:
    desk = Desk(alert("CHRW", cause(topic, None), 0.08))
    assert f"C.H. Robinson rose as much as 8.0 % and now stands at −12.0 %; {beside}" in headline(desk)


def test_news_that_nobody_weighed_is_told_as_a_coincidence() -> None:
    desk = Desk(alert("CHRW", cause("ai-model", None)))
    assert headline(desk) == "C.H. Robinson falls 12.0 %; AI-model news at the same time"
    for text in desk.texts():
        assert "after AI" not in text, text
        assert "likely" not in text.lower(), text


def test_a_correction_of_what_was_no_more_than_possible_does_not_name_its_topic() -> None:
    published = cause("ai-model", 0.45)
    corrected = alert("CHRW", cause("earnings", 0.9, "d"))
    desk = Desk(replace(corrected, corrected_from=published, corrected_at=at("01-27 17:00")))
    for text in desk.texts():
        assert not SAYS_AI.search(text), text


def test_no_story_of_a_possible_cause_is_marked_in_a_picture() -> None:
    for confidence, marked in ((0.59, False), (STATED_FROM, True)):
        desk = Desk(alert("CHRW", cause("ai-model", confidence)))
        picture = price_picture(
            desk.market, STAGE.project.companies, desk.incident, desk.alerts, desk.figures(at("01-27 15:02"))
        )
        assert picture is not None
        assert (picture.story is not None) is marked


def test_nobody_else_writes_of_a_likely_cause() -> None:
    owners = {"bot/core/text/wording.py", "bot/core/messages/blocks/correction.py", "bot/app/setup/sample.py"}
    found = {
        str(file.relative_to(REPOSITORY))
        for file in (REPOSITORY / "bot").rglob("*.py")
        if '"Likely cause' in file.read_text(encoding="utf-8")
    }
    assert found <= owners


@given(st.one_of(st.none(), WEIGHED))
def test_the_history_puts_a_cause_under_the_same_heading(confidence: float | None) -> None:
    row = stored(alert("CHRW", cause("ai-model", confidence)))
    missing = ("stories", "changes", "notifications", "outcomes", "verdicts")
    row |= {"rule_text": "", "price_at": row["at"], **{key: [] for key in missing}}
    lines = list(show.lines_of(row, [], 100, TOPICS.titles, texts=False))
    heading = CAUSE_HEADINGS[Claim.of(confidence)]
    assert (heading == "Likely cause") is (confidence is not None and confidence >= STATED_FROM)
    assert [line for line in lines if line in CAUSE_HEADINGS.values()] == [heading]
    assert heading == formatting.cause_heading(confidence)
