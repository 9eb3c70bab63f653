"""Leaves: what cleaning removes, what it keeps, and how text is measured and cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.text import cell_width, clean, cut_cell, cut_words, utf16_length, wrapped
from tests.render.summaries import texts
from tests.servers.telegram_markup import utf16


@given(texts)
def test_cleaning_twice_changes_nothing_and_leaves_one_line_that_can_be_encoded(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(once.splitlines()) <= 1
    once.encode()


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("a\n b\t\tc", "a b c"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("in\u200bvisi\u2060ble", "invisible"),
        ("👩‍👧 family", "👩‍👧 family"),
        ("ad\u200dmin", "admin"),
        ("\x1b[31mred\x1b[0m", " [31mred [0m"),
        ("\ud83d", "\ufffd"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 4),
        ("17\u00a0%", "17\u00a0%"),
    ],
)
def test_cleaning_takes_out_what_hides_reorders_or_floods(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


@given(texts, st.integers(1, 60))
def test_a_cut_fits_and_begins_like_the_whole(text: str, units: int) -> None:
    text = clean(text).strip()
    cut = cut_words(text, units)
    assert utf16_length(cut) == utf16(cut) <= units
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))
    cell = cut_cell(text, units)
    assert cell_width(cell) <= units
    assert cell == text or cell.endswith("…")


def test_a_long_text_is_cut_at_a_space() -> None:
    assert cut_words("alpha beta gamma", 13) == "alpha beta…"
    assert cut_words("alpha beta gamma", 11) == "alpha beta…"
    assert cut_words("alphabetagamma", 6) == "alpha…"


def test_wide_characters_count_two_columns_and_marks_none() -> None:
    assert cell_width("中😀e\u0301") == 5


@given(st.text(alphabet="ab 中文字の한글、 -", max_size=80), st.integers(4, 40))
def test_lines_are_broken_by_columns_and_lose_nothing(text: str, width: int) -> None:
    lines = wrapped(text, width, initial_indent="• ", subsequent_indent="  ")
    assert all(cell_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()).replace("•", "", 1) == "".join(text.split())
