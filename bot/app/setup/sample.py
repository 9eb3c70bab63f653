"""A sample alert: that of 27 January 2025, clearly marked as a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.core.messages.blocks.frame import NOT_ADVICE
from bot.core.model import (
    Block,
    BlockKind,
    Line,
    Link,
    Notification,
    Outgoing,
    Reason,
    Recipient,
    Severity,
    Strong,
    Summary,
    stable_id,
)
from bot.render import plain

_HEADLINE = "TEST: Nvidia falls 12.9 % in pre-market trading after AI-model news"
_YAHOO = "https://finance.yahoo.com/news/asml-sinks-china-ai-startup-081823609.html"
_HAPPENED: tuple[Line, ...] = (
    ("Nvidia (NVDA) ", Strong("124.20, −12.9 %"), " against 142.62, the close of Fri 24 Jan; pre-market, 11:00 UTC.",),
    ("As low as 122.75, −13.9 % between 10:00 and 11:00 UTC.",),
    ("Lowest since 3 Oct 2024 (against closes).",),
)  # fmt: skip
_WHY: tuple[Line, ...] = (
    (
        Link("ASML and other AI chip stocks sink as China's DeepSeek stirs doubt", _YAHOO),
        " — Yahoo Finance, 27 Jan 10:57 UTC.",
    ),
    (
        "First story: ",
        Link("DeepSeek-R1 is out", "https://github.com/deepseek-ai/DeepSeek-R1"),
        " — Hacker News, 20 Jan 12:37 UTC, 6 days before this alert.",
    ),
    ("Told by 2 sources (Financial Times and Yahoo Finance).",),
    ("Confidence: likely (0.85).",),
)
_VOICE = "“DeepSeek-R1 is AI's Sputnik moment” — Marc Andreessen, venture capitalist (episode notes)."
_PRECEDENT = (
    "8 Feb 2023: Bard's first answer is wrong: GOOGL −7.7 %; then −4.4 % next session, −2.4 % in five sessions, "
    "−7.1 % in twenty."
)
_TEST = "This is a test: nothing has happened today. It shows the alert of 27 January 2025."

SAMPLE = Summary(
    (
        Block("headline", BlockKind.HEADLINE, 100, lines=((Strong(_HEADLINE),),)),
        Block("test", BlockKind.NOTE, 99, lines=((_TEST,),)),
        Block("what happened", BlockKind.FACTS, 90, "What happened", _HAPPENED),
        Block("why", BlockKind.FACTS, 80, "Likely cause", _WHY),
        Block("voices", BlockKind.QUOTES, 40, "Voices", ((_VOICE,),)),
        Block("precedents", BlockKind.FACTS, 30, "Precedents", ((_PRECEDENT,),)),
        Block("note", BlockKind.NOTE, 10, lines=((f"A test, sent by hand. {NOT_ADVICE}",),)),
    ),
    _HEADLINE,
)


def _for_style(block: Block) -> tuple[Block, ...]:
    """The block as it tells the styles apart: a table beside the cause, and precedents that are folded away."""
    if block.name == "voices":
        return (Block("who is hit", BlockKind.TABLE, 70, "Who is hit", rows=_HIT), block)
    return (replace(block, folded=block.name == "precedents"),)


_HIT = (("Stock", "Change", "Price"), ("AI chips",), ("NVDA", "−12.9 %", "124.20"))
STYLE_SAMPLE = replace(SAMPLE, blocks=tuple(made for block in SAMPLE.blocks for made in _for_style(block)))
"""The sample with what looks different in the two styles of Telegram messages."""


def sample_for(recipient: Recipient, now: datetime) -> Outgoing:
    """The sample as sent to ``recipient``. It is stored neither in the history nor in the outbox."""
    key = f"test:{now.isoformat()}"
    return Outgoing(
        Notification(
            id=stable_id(key, recipient.id),
            announcement=key,
            recipient=recipient.id,
            channel=recipient.channel,
            reason=Reason.FIRST,
            severity=Severity.INFO,
            created_at=now,
            summary=SAMPLE,
            text=plain(SAMPLE),
        ),
        attempt=1,
    )
