"""Characters nobody sees: every way out of the program deals with every one of them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml

from bot.adapters.charts.style import plain
from bot.adapters.feeds.text import plain_text
from bot.config.episodes.writing import quoted
from bot.config.yaml.excerpt import shown
from bot.core.text.characters import CONTROL, HIDING, INVISIBLE, JOINERS, has_invisible, without_invisible
from bot.core.text.links import absolute_link, safe_link
from bot.render.outside import json_line
from bot.render.text import clean

EVERY = [chr(code) for code in range(0x110000)]
HIDDEN = [c for c in EVERY if HIDING.match(c)]
CONTROLS = [c for c in EVERY if CONTROL.match(c)]
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_the_list_has_what_reorders_what_hides_and_what_steers() -> None:
    assert set(BIDIRECTIONAL) <= set(HIDDEN)
    assert {"\xad", "\u200b", "\u2060", "\ufeff", "\u3164", "\uffff", "\U000e0041"} <= set(HIDDEN)
    assert {"\0", "\x1b", "\x7f", "\x9b", "\u2028", "\u2029"} <= set(CONTROLS)
    assert all(INVISIBLE.match(c) for c in [*HIDDEN, *CONTROLS, *JOINERS])


def test_what_is_seen_is_not_on_it() -> None:
    for text in ("plain – “text” −17\u00a0%", "é\u0301", "中文", "नमस्ते", "שלום", "⚠\ufe0f"):
        assert not has_invisible(text), text


@pytest.mark.parametrize("made", [clean, lambda text: plain_text(text, 100), plain, shown, without_invisible])
def test_text_for_people_holds_none_of_them(made: Callable[[str], str]) -> None:
    for c in [*HIDDEN, *CONTROLS]:
        assert c not in made(f"ab{c}cd"), ascii(c)


def test_text_for_programs_and_files_has_them_escaped_and_comes_back_the_same() -> None:
    text = "".join(["a", *HIDDEN[:400], *HIDDEN[-400:], *CONTROLS, *JOINERS])
    assert not INVISIBLE.search(json_line(text))
    assert json.loads(json_line(text)) == text
    assert not INVISIBLE.search(quoted(text))
    assert yaml.safe_load(quoted(text)) == text


def test_no_address_holds_one() -> None:
    for c in [*HIDDEN, *CONTROLS, *JOINERS]:
        assert not safe_link(f"https://a.example/a{c}b"), ascii(c)
        assert not INVISIBLE.search(absolute_link(f"https://a.example/a{c}b")), ascii(c)


def test_the_allowed_ones_pass_and_no_others() -> None:
    assert not has_invisible("👩\u200d👧", allowed=JOINERS)
    assert has_invisible("👩\u200d👧")
    assert has_invisible("x\u202ey", allowed=JOINERS)
    assert has_invisible("x\ue000y"), "a private character"
