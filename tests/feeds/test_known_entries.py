"""A feed of which known entries are cut out reads as the whole of it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bot.adapters.feeds.document import NotAFeedError
from bot.adapters.feeds.known_entries import KnownEntries
from bot.adapters.feeds.parse import parse
from bot.adapters.feeds.parsed import ParsedFeed
from tests.feeds.test_shared_samples import members

URL = "https://wire.example/rss"
SAMPLES = sorted(path for path in (Path(__file__).parent / "samples").rglob("*") if path.is_file())
ROOTS = (
    ("<rss version='2.0'><channel><title>Wire</title>", "</channel></rss>"),
    ("<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><link>/news/</link>", "</channel></rss>"),
    ("<rss version='2.0' xml:base='https://other.example/'><channel>", "</channel></rss>"),
    ("<!-- <item>none</item> --><rss version='2.0'><channel>", "<item><title>last</title></item></channel></rss>"),
    ("<wrapped><rss version='2.0'><channel>", "</channel></rss></wrapped>"),
)
ENTRIES = (
    *(f"<item><title>Story {n}</title><link>/{n}</link><guid>{n}</guid></item>" for n in range(4)),
    "<item><title>Dated</title><dc:date>2025-01-27T10:00:00Z</dc:date></item>",
    "<item><title>Quoted</title><description><![CDATA[<b></item><item>]]></description></item>",
    "<item><description></description></item>",
    "<item><title>Outer</title><item><title>Inner</title></item></item>",
    "<item/>",
    "<!-- <item><title>No story</title></item> -->",
    "<item><title>Not closed</title>",
    "<item><title>Bare & wrong</title></item>",
    "<item rdf:about='a>b'><title>Told</title></item>",
)
Document = tuple[tuple[str, str], list[str]]
DOCUMENTS = st.tuples(st.sampled_from(ROOTS), st.lists(st.sampled_from(ENTRIES), max_size=6))


def read(body: bytes, known: KnownEntries | None = None) -> ParsedFeed | str:
    """The feed, or why there is none."""
    try:
        return parse(body, "application/rss+xml", URL, known)
    except NotAFeedError as error:
        return str(error)


@given(st.lists(DOCUMENTS, min_size=1, max_size=6))
def test_whatever_was_parsed_before_a_feed_reads_as_it_does_alone(
    told: list[tuple[tuple[str, str], list[str]]],
) -> None:
    known = KnownEntries()
    for (opening, closing), entries in told:
        body = (opening + "".join(entries) + closing).encode()
        pieces = known.cut(body.decode(), URL)
        event(f"some known: {pieces is not None and len(pieces.text) < len(body)}")
        assert read(body, known) == read(body)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_reads_alike_again(path: Path) -> None:
    body, known = path.read_bytes(), KnownEntries()
    assert read(body, known) == read(body, known) == read(body)


def test_only_new_entries_are_left_to_parse() -> None:
    known, (opening, closing) = KnownEntries(), ROOTS[0]
    read(f"{opening}{ENTRIES[0]}{ENTRIES[1]}{closing}".encode(), known)
    pieces = known.cut(f"{opening}{ENTRIES[2]}{ENTRIES[0]}{ENTRIES[1]}{closing}", URL)
    assert pieces is not None
    assert pieces.text == f"{opening}{ENTRIES[2]}{closing}"


def test_entries_are_known_at_their_own_address_and_under_the_same_opening_tags_only() -> None:
    known, (opening, closing) = KnownEntries(), ROOTS[0]
    text = f"{opening}{ENTRIES[0]}{closing}"
    read(text.encode(), known)
    for other, url in ((text, f"{URL}/2"), (text.replace("<channel>", "<channel xml:lang='fr'>"), URL)):
        pieces = known.cut(other, url)
        assert pieces is not None
        assert pieces.text == other


def test_the_feed_parsed_longest_ago_is_forgotten_first() -> None:
    known, (opening, closing) = KnownEntries(most_text=1000), ROOTS[0]
    text = f"{opening}{ENTRIES[0]}{closing}"
    for n in range(4):
        parse(text.encode(), "", f"{URL}/{n}", known)
    left = [len(pieces.text) for n in range(4) if (pieces := known.cut(text, f"{URL}/{n}"))]
    assert left[0] == len(text) > left[-1]


@pytest.mark.campaign
def test_every_shared_sample_reads_alike_again(shared_data: Path) -> None:
    for archive in sorted((shared_data / "feeds").glob("*.tar.xz")):
        for name, body in members(archive):
            known = KnownEntries()
            if len(body) < 400_000:
                assert read(body, known) == read(body, known) == read(body), name
