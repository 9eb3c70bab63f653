"""``feeds check`` and the import of OPML files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds.check import check_feed
from bot.adapters.feeds.opml import SIZE_LIMIT, parse_opml, read_opml, write_opml
from bot.adapters.feeds.parser import Parser
from bot.adapters.feeds.session import FeedSession
from bot.core.errors import ConfigError
from bot.core.model.feeds import FeedSpec
from tests.command import REPOSITORY, run_command
from tests.feeds.conftest import LIMITS, NOW, SAMPLES, item, rss, sample
from tests.servers.feed_server import Document, FeedServer

OUTLINE = b"<opml><body><outline text='Wire' xmlUrl='https://wire.example/rss?a=1&amp;b=2'/></body></opml>"


async def test_a_good_feed_is_described(session: FeedSession, site: FeedServer, parser: Parser) -> None:
    url = site.publish("feed", sample("plain.rss"))
    found = await check_feed(session, url, NOW, parser=parser)
    assert found.ok
    assert (found.kind, found.title, found.entries) == ("RSS 2.0", "Example Wire", 2)
    assert (found.with_guid, found.with_link, found.with_date) == (2, 2, 2)
    assert found.newest == "Lab releases a model that costs a tenth"
    assert found.conditional
    assert found.problems == ()
    text = "\n".join(found.lines())
    assert "2 dated, 2 with guid, 2 with link" in text
    assert "2025-01-27 08:30 UTC: Lab releases" in text
    assert text.endswith("works")
    assert parser.pid is not None  # a parser that was lent stays


@pytest.mark.parametrize(
    ("document", "ok", "said"),
    [
        (Document(sample("empty.rss")), False, "valid but has no entries"),
        (Document(sample("page.html"), "text/html"), False, "HTML page"),
        (Document(b"", status=404), False, "HTTP 404"),
        (Document(sample("cut-off.rss")), True, "is truncated"),
        (Document(sample("no-guid-homepage.rss")), True, "no guids"),
        (Document(sample("no-guid-homepage.rss")), True, "no entry has a plausible date"),
        (Document(rss(item("a", guid="x"), item("b", guid="x")).encode()), True, "share a guid"),
        (Document(rss(item("a", date="Mon, 01 Jan 2024 00:00:00 GMT")).encode()), True, "nothing new for 392 days"),
        (Document(sample("plain.rss"), validators=False), True, "every poll fetches the whole feed"),
    ],
)
async def test_what_is_wrong_with_a_feed_is_said(
    session: FeedSession, site: FeedServer, parser: Parser, document: Document, ok: bool, said: str
) -> None:
    found = await check_feed(session, site.publish("feed", document), NOW, limits=LIMITS, parser=parser)
    assert found.ok is ok
    assert said in "\n".join(found.lines())


async def test_a_check_without_an_answer_says_so_and_leaves_no_child(session: FeedSession) -> None:
    found = await check_feed(session, "http://127.0.0.1:9/feed", NOW, limits=LIMITS)
    assert not found.ok
    assert found.lines()[1].endswith("no answer")
    assert found.lines()[-1].strip() == "does not work"


def test_an_opml_file_becomes_feeds_with_names_of_their_own() -> None:
    found = read_opml(SAMPLES / "list.opml", taken=["example-wire"])
    assert [(f.name, f.url, f.title) for f in found.feeds] == [
        ("example-wire-2", "https://news.example/rss", "Example & Wire"),
        ("example-wire-3", "https://other.example/rss", "Example Wire"),
        ("lab-example", "https://lab.example/atom.xml", ""),
    ]
    assert [(p.line, p.message) for p in found.skipped] == [
        (7, "https://news.example/rss is listed twice"),
        (8, "'javascript:alert(1)' is not an http or https address"),
    ]


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (OUTLINE.replace(b"&amp;", b"&"), "Wire"),
        (b"\n\n " + b"<?xml version='1.0'?>\n" + OUTLINE, "Wire"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE opml>\n" + OUTLINE, "Wire"),
        (b"<!DOCTYPE opml PUBLIC '-//X//DTD OPML//EN' 'http://x.example/opml.dtd'>" + OUTLINE, "Wire"),
        (OUTLINE.replace(b"Wire", b"Wire &mdash; &eacute;"), "Wire — é"),
        (b"\n<?xml version='1.0' encoding='iso-8859-1'?>" + OUTLINE.replace(b"Wire", b"caf\xe9 & co"), "café & co"),
    ],
)
def test_what_feed_readers_write_that_is_not_quite_xml_is_read(body: bytes, title: str) -> None:
    [feed] = parse_opml(body, "f.opml").feeds
    assert (feed.url, feed.title) == ("https://wire.example/rss?a=1&b=2", title)


def test_lines_keep_their_numbers_where_something_is_mended() -> None:
    body = b"\n\n<?xml version='1.0'?>\n<opml>\n<outline text='a & b' xmlUrl='nonsense:x'/></opml>"
    assert [p.line for p in parse_opml(body, "f.opml").skipped] == [5]


def test_what_is_exported_is_imported_as_it_was(tmp_path: Path) -> None:
    feeds = [
        FeedSpec("wire", "https://wire.example/rss?a=1&b=2", title='Wire "A" <B>'),
        FeedSpec("lab-2", "https://lab.example/atom"),
    ]
    found = parse_opml(write_opml(feeds, "Mine & yours").encode(), "f.opml")
    assert [(f.name, f.url) for f in found.feeds] == [(f.name, f.url) for f in feeds]
    assert found.skipped == ()


def test_the_export_command_writes_what_is_in_force(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    (tmp_path / "rules").symlink_to(REPOSITORY / "rules")
    config.write_text(
        "watchlist: {a: [NVDA]}\nfeeds:\n  - {name: wire, url: 'https://wire.example/a?x=1&y=2'}\n"
        "  - {name: off, url: 'https://off.example/a', enabled: false}\n"
        "  - {name: mine, url: 'https://mine.example/a?token=s3cr3t-word-long'}\n"
    )
    done = run_command("feeds", "export", "--config", config)
    assert [f.url for f in parse_opml(done.stdout.encode(), "f").feeds] == ["https://wire.example/a?x=1&y=2"]
    assert "left out mine" in done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "1:1: not well-formed"),
        (b"<opml><body></opml>", "f.opml:1:15: not well-formed XML: mismatched tag"),
        (b"<rss version='2.0'/>", "not an OPML file"),
        (b"<!DOCTYPE opml [<!ENTITY a 'b'>]><opml/>", "DOCTYPE"),
        (b"<!DOCTYPE opml SYSTEM 'file:///etc/passwd'><opml/>", "DOCTYPE"),
        (b"<opml>" + b" " * SIZE_LIMIT + b"</opml>", "larger than 5 MB"),
        (b"<?xml version='1.0' encoding='no-such'?><opml/>", "encoding"),
        (b"not xml at all", "not well-formed"),
        (b"<opml><outline " + b" ".join(b"a%d='>'" % n for n in range(1_001)) + b"/></opml>", "over 1,000 attributes"),
    ],
)
def test_what_is_no_opml_is_refused_with_its_place(body: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_opml(body, "f.opml")


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_opml(tmp_path / "missing.opml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_opml(tmp_path)


@given(
    st.binary(max_size=200)
    | st.binary(max_size=80).map(lambda b: b"<opml><outline xmlUrl='http://a.example/" + b + b"'/></opml>")
)
def test_any_bytes_are_feeds_or_a_configuration_error(body: bytes) -> None:
    try:
        found = parse_opml(body, "f.opml")
    except ConfigError:
        return
    assert all(f.url.startswith("http") for f in found.feeds)


def test_a_feeds_intervals_must_make_sense() -> None:
    with pytest.raises(ValueError, match="min_interval"):
        FeedSpec("x", "https://a.example", min_interval=timedelta(hours=2), max_interval=timedelta(hours=1))
    with pytest.raises(ValueError, match="min_interval"):
        FeedSpec("x", "https://a.example", min_interval=timedelta(0))
