"""Plain text and the terminal: the same blocks, no markup, nothing that moves a cursor."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Summary
from bot.render import plain, terminal
from tests.render.summaries import MODEL, summaries
from tests.servers.telegram_markup import utf16

PLAIN = """\
NVDA −11.7 % after DeepSeek's R1 model

What happened
• 126.00 against 142.62, the previous close
• lowest since 2 Oct 2024

Why
• A cheap model rivals o1 (https://example.org/r1?a=1&b=2), five sessions before

Who is hit
Symbol   Change   Price
AI chips
NVDA    −11.7 %  126.00
AVGO     −9.2 %  221.90
Power
VST     −20.4 %  151.20

Voices
  “AI's Sputnik moment”, an investor on X

Stories
• one (https://example.org/1)

Not investment advice."""


def test_the_model_message_as_plain_text() -> None:
    assert plain(MODEL) == PLAIN


def test_the_terminal_shows_the_same_blocks_behind_a_bar() -> None:
    shown = terminal(MODEL, width=102)
    assert [line.removeprefix("│").removeprefix(" ") for line in shown.split("\n")] == PLAIN.split("\n")
    colored = terminal(MODEL, width=102, color=True)
    assert "\x1b[1mNVDA" in colored
    assert "\x1b[2mNot investment advice." in colored


def test_lines_wrap_at_the_width_asked_for() -> None:
    assert max(len(line) for line in plain(MODEL, width=40).split("\n") if "https" not in line) <= 40
    assert any(len(line) > 60 for line in plain(MODEL, width=None).split("\n"))


@settings(max_examples=80, deadline=None)
@given(summaries, st.sampled_from([None, 100, 4096]))
def test_plain_text_is_never_empty_keeps_its_limit_and_holds_no_control_characters(
    summary: Summary, limit: int | None
) -> None:
    text = plain(summary, limit=limit)
    assert text.strip()
    assert limit is None or utf16(text) <= limit
    assert not [c for c in text if ord(c) < 32 and c != "\n"]


@settings(max_examples=60, deadline=None)
@given(summaries, st.booleans())
def test_no_escape_sequence_in_the_text_reaches_the_terminal(summary: Summary, color: bool) -> None:
    shown = terminal(summary, color=color)
    for known in ("\x1b[1m", "\x1b[2m", "\x1b[0m") if color else ():
        shown = shown.replace(known, "")
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert all(line.startswith("│") for line in shown.split("\n"))
