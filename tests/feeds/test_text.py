"""Plain text, links and encodings out of what feeds contain."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.adapters.feeds.document import NotAFeedError, decode, read
from bot.adapters.feeds.text import fix_mojibake, plain_text, strip_tags
from tests.waiting import allowed


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Deep<b>Seek</b> wins", "DeepSeek wins"),
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("AT&amp;amp;T", "AT&T"),
        ("&amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;", "bold"),
        ("p < 0.05 and q > 3", "p < 0.05 and q > 3"),
        ("AI <3 chips", "AI <3 chips"),
        ("Nvidia <NVDA.O> and Berkshire <BRK-B.N> fall", "Nvidia ‹NVDA.O› and Berkshire ‹BRK-B.N› fall"),
        ("Browser 23 without &lt;blink&gt;", "Browser 23 without ‹blink›"),
        ("RSS &lt;&lt;&lt;Tutorial&gt;&gt;&gt;", "RSS <<‹Tutorial›>>"),
        ("a <mi>x</mi> b <MI>y</mi>", "a x b y"),  # what is closed is markup
        ("a <o:p> b <my-part> c <foo x=1> d", "a b c d"),  # so is what looks like it
        ("a <em>b and <p>c", "a b and c"),
        ("a<b and b>c", "ac"),  # looks like a tag, and nothing can tell
        ("when x <y of z", "when x < y of z"),
        ('cut in a tag <a href="https://x.ex', "cut in a tag"),
        ('<img alt="a > b" src=x>after', "after"),
        ("it's <i title='<'>fine</i>", "it's fine"),
        ("<!-- hidden -->shown<!-- open", "shown open"),
        ("<script>x='</b>'</script>seen<style>p{}</style>", "seen"),
        ("<<b>b>x", "< b>x"),
        ("a\u202eb\u200bc\x00d\x85e", "abc d e"),
        ("tab\tand\r\nline\u2028end", "tab and line end"),
        ("&#" + "9" * 5000 + ";x", "x"),
        ("&#x202e;evil &#0; &#xD800;", "evil � �"),
        ("e\u0301", "é"),
        ("", ""),
    ],
)
def test_markup_becomes_one_line_of_plain_text(markup: str, text: str) -> None:
    assert plain_text(markup, 200) == text


def test_text_that_is_too_long_is_cut_at_a_word_and_says_so() -> None:
    cut = plain_text("word " * 100, 50)
    assert len(cut) <= 50
    assert cut.endswith("word…")
    assert len(plain_text("x" * 5000, 4000)) == 4000


@given(st.text() | st.text(alphabet="<>/!-ab&lt;gm#;\"'= \u200b\u202e", max_size=200))
@example("<<!---->a>")
@example("&lt;&amp;lt;a&gt;b>")
@example("<\u200bscript>")
def test_no_markup_control_or_override_character_survives(markup: str) -> None:
    text = plain_text(markup, 500)
    assert not re.search(r"<[A-Za-z/!?]", text)
    assert not [c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", text)
    assert text == " ".join(text.split())
    assert len(text) <= 500


@pytest.mark.parametrize(
    "piece", ["<", "<word>", "<!--", "<a ", "<a href='", '<a b="', "<script>", "&", "&#", "<![CDATA[", "<<b>"]
)
def test_hostile_repetition_costs_no_more_than_its_length(piece: str) -> None:
    started = time.perf_counter()
    strip_tags(piece * 200_000)
    assert time.perf_counter() - started < allowed(5)  # linear takes well under a second; quadratic would take hours


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("donâ€™t", "don’t"),
        ("Claudeâ\x80\x99s", "Claude’s"),
        ("CafÃ©", "Café"),
        ("Café", "Café"),
        ("CafÃ© and é", "CafÃ© and é"),  # not certain: left alone
        ("Â£5", "£5"),
        ("£5, 20 °C", "£5, 20 °C"),
        ("«IRMÃ»", "«IRMÃ»"),
        ("“quoted” – and", "“quoted” – and"),
        ("模型â€™s", "模型’s"),
        ("ðŸš€ launch", "🚀 launch"),
    ],
)
def test_wrongly_decoded_text_is_mended_only_where_that_is_certain(wrong: str, right: str) -> None:
    assert fix_mojibake(wrong) == right


@given(st.text(alphabet=st.characters(codec="cp1252", exclude_characters="«"), min_size=1))
def test_what_was_wrongly_decoded_once_is_mended_back(text: str) -> None:
    try:
        wrong = text.encode("utf-8").decode("cp1252")
    except UnicodeDecodeError:
        return
    mended = fix_mojibake(wrong)
    assert mended in (text, fix_mojibake(text), wrong)
    if not re.search("[\u0080-\u009f«]", wrong):
        assert mended == text


BODY = "<rss><title>Café – 模型</title></rss>"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (BODY.encode(), "text/xml"),
        (BODY.encode(), "text/xml; charset=iso-8859-1"),  # the header lies
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + BODY.encode(), ""),  # the declaration lies
        (b"\xef\xbb\xbf" + BODY.encode(), ""),
        (BODY.encode("utf-16"), ""),
        (BODY.encode("utf-16-le"), "text/xml; charset=utf-8"),
        (BODY.encode("utf-16-be"), ""),
        (BODY.encode("utf-32"), ""),
        (BODY.replace("é", "e").replace("–", "-").encode("gb18030"), "text/xml; charset=gb2312"),
        (b'<?xml version="1.0" encoding="shift_jis"?>' + "<rss>日本</rss>".encode("shift_jis"), ""),
        (b'<?xml version="1.0" encoding="iso-2022-jp"?>' + "<rss>日本</rss>".encode("iso-2022-jp"), ""),
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + "<rss>Caf\u00e9 \u2019</rss>".encode("cp1252"), ""),
        (b'<?xml version="1.0" encoding="no-such-thing"?>' + "<rss>é</rss>".encode("cp1252"), "text/xml; charset=hex"),
        (BODY.encode() + b"\xff", "text/xml"),
    ],
)
def test_the_bytes_say_more_than_headers_and_declarations(body: bytes, content_type: str) -> None:
    text, _ = decode(body, content_type)
    assert re.search("Café – 模型|Cafe - 模型|日本|Café ’|>é<", text)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"/etc/passwd", "plain text"),
        (b"https://news.example/feed", "plain text"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "JSON"),
        (b"[1, 2]", "JSON"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"<?xml version='1.0'?>\n<!-- x --><html lang='en'>", "HTML"),
        (b"<?xml version='1.0'?>" + b"<!-- x --> " * 90 + b"<?a b?>\n<!doctype   HTML>", "HTML"),
        (b"\x00\x01\x02\xff\xfe", "plain text"),
    ],
)
def test_what_is_no_feed_is_named(body: bytes, said: str) -> None:
    with pytest.raises(NotAFeedError, match=said):
        read(body, "", "https://news.example/feed")


def test_a_hundred_comments_before_a_feed_are_passed_over_quickly() -> None:
    started = time.perf_counter()
    assert read(b"<!-- --> " * 20_000 + b"<rss></rss>", "", "https://news.example/feed").encoding == "utf-8"
    assert time.perf_counter() - started < allowed(2)
