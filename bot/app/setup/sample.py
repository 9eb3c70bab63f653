"""A sample alert: that of 27 January 2025, clearly marked as a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

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
from bot.core.text.wording import clock, when
from bot.render import plain

_HEADLINE = "TEST: Furukawa Electric falls 11.3 % in Tokyo alongside 3 other stocks after AI-model news"
_HAPPENED: tuple[Line, ...] = (
    (
        "Furukawa Electric (5801.T) ",
        Strong("¥7,108, −11.3 %"),
        " against ¥8,011, the close of Fri 24 Jan; at the close in Tokyo, ",
        clock(datetime(2025, 1, 27, 6, 30, tzinfo=UTC)),
        ".",
    ),
    ("Volume: 6.7 million shares, 2.2 times the usual.",),
    ("The market: Nikkei 225 −0.9 %.",),
)
_WHY: tuple[Line, ...] = (
    (
        "“US stock futures fall as DeepSeek's cheap AI model threatens American tech companies” — Bloomberg, ",
        when(datetime(2025, 1, 27, 2, 12, tzinfo=UTC)),
        ".",
    ),
    (
        "First story: ",
        Link("DeepSeek-R1 is out", "https://github.com/deepseek-ai/DeepSeek-R1"),
        " — Hacker News, ",
        when(datetime(2025, 1, 20, 12, 37, tzinfo=UTC)),
        ", 6 days before this alert.",
    ),
    ("Told by 4 sources (Investing.com, Reuters, Bloomberg and Financial Times).",),
    ("Confidence: very likely (0.91).",),
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
