"""A message about sixty-six stocks whose stories are hostile: whole, valid and within the limits, whatever they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.app.project import Timetables, load_project
from bot.core.messages.summary import MessageBuilder
from bot.core.model import (
    Alert,
    AlertState,
    CauseRef,
    DailyBar,
    Incident,
    IncidentState,
    Phase,
    Quote,
    QuoteKind,
    Reach,
    Reason,
    Reference,
    Severity,
    Story,
    Thread,
)
from bot.core.prices.market import Market
from bot.render import html, plain
from bot.render.limits import MESSAGE_LIMIT
from bot.render.text import utf16_length
from tests.servers.telegram_markup import parse

WORLD = load_project(Path(__file__).resolve().parents[2] / "config.yaml")
SYMBOLS = sorted(s for s in WORLD.settings.watched if "." not in s)[:66]
FRIDAY, MONDAY = date(2025, 1, 24), date(2025, 1, 27)
CLOSE = datetime(2025, 1, 27, 21, tzinfo=UTC)
HOSTILE = [
    "<b>NVDA</b> <a href='javascript:x'>sinks</a> &lt;script&gt;",
    "\u202edrawkcab\u202c \u2066isolated\u2069 \u200f",
    "A" * 4000,
    "💥📉" * 300,
    "]]>\x00\x1b[31m{%s}\\",
]


@pytest.fixture(scope="module")
def market() -> Market:
    """Everything at 100 on Friday, and between 12 and 40 % lower on Monday."""
    found = Market(Timetables(date(2025, 1, 1), date(2025, 2, 10), WORLD.companies).of_symbol)
    for n, symbol in enumerate(SYMBOLS):
        found.apply(DailyBar(symbol, FRIDAY, 100.0, CLOSE - timedelta(days=3)))
        found.admit(Quote(symbol, 88.0 - n * 0.4, CLOSE, CLOSE, QuoteKind.CLOSE), CLOSE)
    return found


def incident(market: Market, title: str) -> tuple[Incident, list[Alert]]:
    cause = CauseRef(
        "c", "ai-market", title, title[:80], "https://example.com/?a=<b>&c", None, CLOSE, 1.0, Reach.DIRECT,
        sources=(title[:40], "Example Times"), first_title=title[::-1], first_source=title[:10], first_seen_at=CLOSE,
    )  # fmt: skip
    reference = Reference("previous close", 100.0, CLOSE - timedelta(days=3), FRIDAY)
    alerts = [
        Alert(
            id=s, fingerprint=s, rule="r", rule_version="1", symbol=s, session=MONDAY, severity=Severity.CRITICAL,
            state=AlertState.FIRING, fired_at=CLOSE, updated_at=CLOSE, price=88.0, price_at=CLOSE, phase=Phase.REGULAR,
            change=-0.12, reference=reference, cause=cause, checks=(), incident="i", worst=-0.12, last_price=88.0,
            last_price_at=CLOSE, last_change=-0.12,
        )
        for s in SYMBOLS
    ]  # fmt: skip
    whole = Incident(
        id="i", topic="ai-market", clusters=("c",), session=MONDAY, sessions=(MONDAY,), started_at=CLOSE,
        updated_at=CLOSE, severity=Severity.CRITICAL, state=IncidentState.OPEN, lead=SYMBOLS[0],
        symbols=tuple(SYMBOLS), alerts=tuple(SYMBOLS), thread=Thread(messages=1),
    )  # fmt: skip
    return whole, alerts


@given(title=st.text(min_size=1, max_size=400))
@example(title=HOSTILE[0])
@example(title=HOSTILE[1])
@example(title=HOSTILE[2])
@example(title=HOSTILE[3])
@example(title=HOSTILE[4])
@settings(max_examples=25)
def test_a_message_with_sixty_six_symbols_is_valid_and_within_the_limits(market: Market, title: str) -> None:
    assert len(SYMBOLS) == 66
    story = Story("s", "wire", title, CLOSE, summary=f"“{title}”, said Ann Example, an analyst at Example Bank.")
    messages = MessageBuilder(
        market, WORLD.companies, WORLD.topics, episodes=WORLD.episodes, stories=lambda clusters: [story]
    )
    whole, alerts = incident(market, title)
    thread = replace(whole.thread, told_change=-0.12, told_session=MONDAY, told_cause="another")
    before = replace(whole, thread=thread)
    summary = messages.incident(messages.snapshot(whole, alerts, CLOSE), before, before, SYMBOLS, Reason.WIDENED)
    shown, _ = parse(html(summary))
    assert utf16_length(shown) <= MESSAGE_LIMIT
    assert "with 64 other stocks" in shown
    assert "Who is hit (66), the worst line first" in shown
    assert shown.rstrip().endswith("Not investment advice.")
    text = plain(summary)
    assert "\x1b" not in text
    assert "\u202e" not in text
