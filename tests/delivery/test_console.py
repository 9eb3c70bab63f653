"""The console notifier: the same blocks, one stream, ids that answers can name."""

from __future__ import annotations

import io
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.notifiers.console import ConsoleNotifier
from bot.core.errors import DeliveryError
from bot.core.model import Block, BlockKind, Reason, Summary
from bot.core.text.wording import when
from tests.delivery.makers import NOW, notification, outgoing, summary
from tests.render.summaries import MODEL


async def test_a_message_is_framed_with_when_how_severe_and_why() -> None:
    stream = io.StringIO()
    console = ConsoleNotifier(stream)
    note = notification("a", "console", NOW, summary=MODEL)
    assert await console.send(outgoing(note)) == "console-1"
    lines = stream.getvalue().strip("\n").split("\n")
    assert lines[0] == "2025-01-27 10:00:00Z · high · new"
    assert lines[1] == "│ NVDA −11.7 % after DeepSeek's R1 model"
    assert lines[-1] == "│ Not investment advice."
    assert "\x1b" not in stream.getvalue()


async def test_times_are_in_the_zone_of_who_reads() -> None:
    stream = io.StringIO()
    shown = Summary((Block("next", BlockKind.FACTS, 1, lines=(("Next: ", when(NOW)),)),), "s")
    await ConsoleNotifier(stream, zone=ZoneInfo("Europe/Paris")).send(
        outgoing(notification("a", "console", NOW, summary=shown))
    )
    assert "2025-01-27 11:00:00+0100 · high" in stream.getvalue()
    assert "Next: 27 Jan 11:00 CET" in stream.getvalue()


async def test_an_edit_is_one_line_and_keeps_the_id_and_an_answer_names_its_message() -> None:
    stream = io.StringIO()
    console = ConsoleNotifier(stream)
    first = await console.send(outgoing(notification("a", "console", NOW)))
    before = len(stream.getvalue())
    edit = notification("b", "console", NOW, edits="x", summary=summary("NVDA −15.0 %\nnow"))
    assert await console.send(outgoing(edit, edits=first)) == first
    assert stream.getvalue()[before:] == "2025-01-27 10:00:00Z · updated: NVDA −15.0 % now\n"
    follow = notification("c", "console", NOW, reason=Reason.FOLLOW_UP)
    assert await console.send(outgoing(follow, replies=first)) == "console-2"
    assert "follow-up, answers console-1" in stream.getvalue()


async def test_color_is_for_terminals_and_hostile_text_cannot_use_it() -> None:
    stream = io.StringIO()
    await ConsoleNotifier(stream, color=True).send(
        outgoing(notification("a", "console", summary=summary("\x1b[2J\x1b]0;pwned\x07 [bold]x[/bold]")))
    )
    text = stream.getvalue()
    assert "\x1b[1m" in text
    assert "\x1b[2J" not in text
    assert "\x1b]" not in text
    assert "[bold]x[/bold]" in text


async def test_a_terminal_that_knows_few_letters_still_gets_the_message() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    await ConsoleNotifier(stream).send(outgoing(notification("a", "console")))
    assert b"Not investment advice." in raw.getvalue()
    stream.detach()


async def test_a_stream_that_is_gone_is_a_permanent_failure() -> None:
    stream = io.StringIO()
    console = ConsoleNotifier(stream)
    stream.close()
    with pytest.raises(DeliveryError) as caught:
        await console.send(outgoing(notification("a", "console")))
    assert caught.value.permanent
