"""Summaries to render: one like the bot's own, and hostile ones for properties."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from bot.core.model import Block, BlockKind, Inline, Line, Link, Moment, Strong, Summary

MODEL = Summary(
    subject="NVDA −11.7 % after DeepSeek's R1",
    blocks=(
        Block("headline", BlockKind.HEADLINE, 100, lines=((Strong("NVDA −11.7 %"), " after DeepSeek's R1 model"),)),
        Block(
            "what happened",
            BlockKind.FACTS,
            90,
            "What happened",
            lines=(("126.00 against 142.62, the previous close",), ("lowest since 2 Oct 2024",)),
        ),
        Block(
            "why",
            BlockKind.FACTS,
            80,
            "Why",
            lines=((Link("A cheap model rivals o1", "https://example.org/r1?a=1&b=2"), ", five sessions before"),),
        ),
        Block(
            "who is hit",
            BlockKind.TABLE,
            70,
            "Who is hit",
            rows=(
                ("Symbol", "Change", "Price"),
                ("AI chips",),
                ("NVDA", "−11.7 %", "126.00"),
                ("AVGO", "−9.2 %", "221.90"),
                ("Power",),
                ("VST", "−20.4 %", "151.20"),
            ),
        ),
        Block("voices", BlockKind.QUOTES, 40, "Voices", lines=(("“AI's Sputnik moment”, an investor on X",),)),
        Block("links", BlockKind.LINKS, 30, "Stories", lines=((Link("one", "https://example.org/1"),),)),
        Block("note", BlockKind.NOTE, 10, lines=(("Not investment advice.",),)),
    ),
)

HOSTILE = [
    "<b>bold</b> & </a> &lt; &#60; <script>alert(1)</script>",
    "]]> --> */ `code` *stars* _under_ [x](http://evil.example)",
    "\u202egnihton\u202c \u2066left\u2069 \u200bzero\u200d\u200c width\ufeff \u2060\u00ad",
    "two\nlines\r\nand\ttabs\x00\x1b[31mred\x07 \u2028sep\u2029 \x85nel",
    "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇺🇸 é̶̷̸̡̢̧ Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G",
    "\ud83d lone \udc00 surrogates",
    "@channel @everyone /start #tag $NVDA",
    "x" * 4000,
    "слово " * 700,
    "中文标题" * 300,
    "'\"><img src=x onerror=y>",
    "",
    "   ",
    "\u200b",
]
URLS = [
    "https://example.org/a?b=1&c=%22",
    "http://xn--e1aybc.example/ü",
    "javascript:alert(1)",
    "https://user:pw@evil.example/",
    'https://example.org/"><b>',
    "https://",
    "data:text/html,x",
    "https://example.org/" + "a" * 3000,
    "//example.org/x",
    "https://example.org/\u202e",
    "https://[::1",
    "https://example.org:99999/",
    "tg://user?id=1",
    "",
]

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.text(alphabet="<>&\"'/=ab \n\u200b\u202e\U0001f600@", max_size=40),
)
urls = st.one_of(st.sampled_from(URLS), st.text(max_size=40).map(lambda tail: "https://example.org/" + tail))
moments = st.one_of(
    st.just(datetime(2025, 1, 27, 11, tzinfo=UTC)),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - naive bounds
)
inlines: st.SearchStrategy[Inline] = st.one_of(
    texts, st.builds(Strong, texts), st.builds(Link, texts, urls), st.builds(Moment, moments, texts)
)
lines: st.SearchStrategy[Line] = st.lists(inlines, max_size=4).map(tuple)
rows = st.lists(st.lists(texts, max_size=5).map(tuple), max_size=12).map(tuple)
blocks = st.builds(
    Block,
    name=st.just("block"),
    kind=st.sampled_from(BlockKind),
    weight=st.integers(0, 100),
    title=texts,
    lines=st.lists(lines, max_size=6).map(tuple),
    rows=st.one_of(st.just(()), rows),
    folded=st.booleans(),
)
summaries = st.builds(Summary, blocks=st.lists(blocks, max_size=8).map(tuple), subject=texts)
