"""The strict reader itself: what Telegram refuses, it refuses, in Telegram's words."""

from __future__ import annotations

import pytest

from tests.servers.telegram_markup import Entity, MarkupError, parse, utf16


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("a <foo>b</foo>", 'Unsupported start tag "foo" at byte offset 2'),
        ("a < b", 'Unsupported start tag ""'),
        ("é<b", "Unclosed start tag at byte offset 2"),
        ("<b>open", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", "must have class"),
        ("<a =x>y</a>", "Empty attribute name"),
        ("&#xD800;", "invalid Unicode"),
        ("\ud800", "UTF-8"),
        ("<pre><b>x</b></pre>", "bold inside pre"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "block quotation inside"),
        ('<tg-time unix="1737972000" format="yyyy">x</tg-time>', "Invalid date format used"),
        ('<b><tg-time unix="1737972000">x</tg-time></b>', "date_time inside bold"),
        ('<tg-time unix="1737972000"><i>x</i></tg-time>', "italic inside date_time"),
    ],
)
def test_markup_telegram_refuses_is_refused(markup: str, words: str) -> None:
    with pytest.raises(MarkupError) as refused:
        parse(markup)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("markup", "text", "entities"),
    [
        ("a &amp; b &lt;i&gt; &quot; &laquo; &", 'a & b <i> " &laquo; &', []),
        ("\U0001f600<b>\U0001f600</b>", "\U0001f600\U0001f600", [Entity("bold", 2, 2)]),
        (
            '<a href="http://x.org/?a=1&amp;b=&quot;2&quot;">x</a>',
            "x",
            [Entity("text_link", 0, 1, 'http://x.org/?a=1&b="2"')],
        ),
        ("<blockquote expandable>q</blockquote>", "q", [Entity("expandable_blockquote", 0, 1)]),
        ("<b></b>x", "x", []),
        (
            '<tg-time unix="1737972000" format="wDT">x</tg-time>',
            "x",
            [Entity("date_time", 0, 1, unix_time=1737972000, date_time_format="wDT")],
        ),
        ('<tg-time unix="soon">x</tg-time>', "x", []),
    ],
)
def test_valid_markup_gives_text_and_entities_in_utf16_units(markup: str, text: str, entities: list[Entity]) -> None:
    assert parse(markup) == (text, entities)
    assert utf16("\U0001f600") == 2
