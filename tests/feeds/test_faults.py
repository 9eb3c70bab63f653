"""Servers that misbehave, over real HTTP: every fault has a named outcome, and none costs more than its bound."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import time
import tracemalloc
import zlib
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.feeds.fetch import FetchLimits, fetch
from bot.adapters.feeds.inflate import Inflater
from bot.adapters.feeds.parser import COMMAND, Parser
from bot.adapters.feeds.reader import FeedPoll, FeedReader
from bot.adapters.feeds.session import FeedSession
from bot.core.errors import SourceError
from bot.core.model import Trouble
from tests.feeds.conftest import HASTY, LIMITS, NOW, SeenSet, item, rss, sample, watch
from tests.processes import run
from tests.servers.feed_server import Document, FeedServer
from tests.waiting import allowed, eventually


async def failing(reader: FeedReader, seen: SeenSet, url: str) -> FeedPoll:
    """A poll that must fail, be reported, and leave the state fit for the next."""
    watched = watch(reader, seen, url)
    poll = await watched.poll()
    assert poll.report.trouble is Trouble.FAILED
    assert poll.stories == ()
    assert poll.state.failures == 1
    assert poll.state.next_poll_at is not None
    assert poll.state.next_poll_at > watched.now
    assert not poll.state.seeded
    assert "\n" not in poll.report.detail
    return poll


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("fault/reset", "broke during the response", None),
        ("fault/hang-up", "no response from", None),
        ("fault/huge", "larger than 2 MB", 200),
        ("fault/gzip-bomb", "larger than 2 MB", 200),
        ("fault/unannounced-bomb", "larger than 2 MB", 200),
        ("fault/loop", "in a loop", 302),
        ("fault/endless", "more than 5 redirects", 302),
        ("fault/nowhere", "redirected without a target", 302),
        ("fault/to-file", "not http or https", None),
        ("fault/to-nonsense", "cannot be used", None),
        ("fault/not-modified", "not modified", 304),
        ("fault/brotli", "unsupported content coding 'br'", 200),
        ("nothing-here", "HTTP 404: there is no such page", 404),
    ],
)
async def test_each_fault_has_a_named_outcome(
    reader: FeedReader, seen: SeenSet, site: FeedServer, path: str, said: str, status: int | None
) -> None:
    poll = await failing(reader, seen, site.url(path))
    assert said in poll.report.detail
    assert poll.report.status == status


@pytest.mark.parametrize("path", ["fault/slow-headers", "fault/slow-body", "fault/stalled-body"])
async def test_a_response_that_does_not_come_ends_in_bounded_time(
    session: FeedSession, seen: SeenSet, site: FeedServer, path: str
) -> None:
    started = time.monotonic()
    poll = await failing(FeedReader(session, seen.known, limits=HASTY), seen, site.url(path))
    assert "timed out waiting for the response" in poll.report.detail
    assert poll.report.status is None
    assert time.monotonic() - started < allowed(5)


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "login"), (403, "access denied"), (410, "gone"), (451, "not available here"), (502, "server error")],
)
async def test_each_status_says_what_to_do(
    reader: FeedReader, seen: SeenSet, site: FeedServer, status: int, said: str
) -> None:
    poll = await failing(reader, seen, site.publish("feed", Document(b"no", status=status)))
    assert poll.report.detail.startswith(f"HTTP {status}: ")
    assert said in poll.report.detail


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (sample("page.html"), "text/html", "HTML page, not a feed; the page links to its feed"),
        (b'{"items": []}', "application/json", "JSON"),
        (b"", "application/rss+xml", "empty"),
        (b"/etc/passwd", "application/rss+xml", "plain text"),
        (b"<?xml version='1.0'?><opml version='1.0'><body/></opml>", "text/xml", "not an RSS or Atom feed"),
    ],
)
async def test_what_is_no_feed_is_reported_as_what_it_is(
    reader: FeedReader, seen: SeenSet, site: FeedServer, body: bytes, content_type: str, said: str
) -> None:
    poll = await failing(reader, seen, site.publish("feed", Document(body, content_type)))
    assert said in poll.report.detail
    assert poll.report.status == 200


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file:///etc/passwd", "not http or https"),
        ("/etc/passwd", "not http or https"),
        ("ftp://127.0.0.1/feed", "not http or https"),
        ("http://", "not http or https"),
        ("http://[::1", "cannot be used"),
        ("http://127.0.0.1:99999/", "cannot be used|not a valid"),
        ("http://127.0.0.1:9/feed", "no response from '127.0.0.1'"),
        ("http://nowhere.invalid/feed", "unknown host|the proxy gives no connection"),
    ],
)
async def test_addresses_that_cannot_work_are_named(reader: FeedReader, seen: SeenSet, url: str, said: str) -> None:
    poll = await failing(reader, seen, url)
    assert any(words in poll.report.detail for words in said.split("|")), poll.report.detail


async def test_tls_where_there_is_none_is_named(reader: FeedReader, seen: SeenSet, site: FeedServer) -> None:
    poll = await failing(reader, seen, site.url("feed").replace("http:", "https:"))
    assert "no secure connection" in poll.report.detail


async def test_a_gzip_bomb_of_300_megabytes_takes_no_memory(session: FeedSession, site: FeedServer) -> None:
    limits = FetchLimits(body=10_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match="larger than 10 MB"):
            await fetch(session, site.url("fault/gzip-bomb"), NOW, limits=limits)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 30_000_000  # the cap, its last doubling, and the server's own blocks


def test_one_small_piece_cannot_inflate_past_the_cap() -> None:
    piece = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        inflater = Inflater("gzip", 1_000_000)
        with pytest.raises(SourceError, match="larger"):
            inflater.feed(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_bodies_come_out_whole_however_they_are_cut_into_pieces(size: int) -> None:
    body = b"<rss>" + bytes(range(256)) * 20
    raw = zlib.compressobj(wbits=-15)
    wires = {
        "gzip": gzip.compress(body),
        "gzip, utf-8": gzip.compress(body),
        "x-gzip": gzip.compress(body[:100]) + gzip.compress(body[100:]) + b"\0\0padding",
        "deflate": zlib.compress(body),
        "Deflate ": raw.compress(body) + raw.flush(),
        "identity": body,
        "": gzip.compress(body),  # unannounced
    }
    for coding, wire in wires.items():
        inflater = Inflater(coding, 1_000_000)
        for start in range(0, len(wire), size):
            inflater.feed(wire[start : start + size])
        assert inflater.finish() == body, coding
    for coding in ("gzip", "br", "deflate", "utf-8", "None", "gzip, gzip", "iso-8859-1"):  # said so, was not
        plain = Inflater(coding, 1_000_000)
        for start in range(0, len(body), size):
            plain.feed(body[start : start + size])
        assert plain.finish() == body, coding
    assert Inflater("gzip", 10).finish() == b""


def test_a_compressed_body_that_ends_early_or_is_damaged_is_no_body() -> None:
    wire = gzip.compress(b"<rss>" * 1000)
    short = Inflater("gzip", 100_000)
    short.feed(wire[:-10])
    with pytest.raises(SourceError, match="truncated"):
        short.finish()
    with pytest.raises(SourceError, match="damaged"):
        Inflater("gzip", 100_000).feed(wire[:12] + b"\xff" * 50)


@pytest.mark.parametrize("coding", ["", "gzip", "deflate", "raw-deflate"])
@pytest.mark.parametrize("chunk", [0, 100])
async def test_codings_and_chunks_are_all_read(
    reader: FeedReader, seen: SeenSet, site: FeedServer, coding: str, chunk: int
) -> None:
    url = site.publish("feed", Document(sample("plain.rss"), "text/plain", coding=coding, chunk=chunk))
    assert len((await watch(reader, seen, url).poll()).stories) == 2


@pytest.mark.parametrize("coding", ["utf-8", "UTF8", "none", "binary"])
async def test_what_is_no_content_coding_says_nothing_about_the_body(
    reader: FeedReader, seen: SeenSet, site: FeedServer, coding: str
) -> None:
    url = site.publish("feed", Document(sample("plain.rss"), headers={"Content-Encoding": coding}))
    assert len((await watch(reader, seen, url).poll()).stories) == 2


async def test_headers_as_large_as_servers_send_them_are_read(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    many = {f"X-Header-{n}": "x" for n in range(300)}
    long = {"Content-Security-Policy": "default-src " + "https://cdn.example " * 2_500}
    url = site.publish("feed", Document(sample("plain.rss"), headers=many | long))
    assert len((await watch(reader, seen, url).poll()).stories) == 2


async def test_no_cookie_goes_back_to_a_site_that_sets_more_than_it_takes(site: FeedServer) -> None:
    """The server of these tests takes 8,190 bytes."""
    cookies = Document(sample("plain.rss"), headers={"Set-Cookie": f"session={'x' * 20_000}; Path=/"})
    url = site.publish("feed", cookies)
    async with FeedSession() as session:
        for _ in range(2):
            assert (await fetch(session, url, NOW)).status == 200


async def test_a_proxy_that_is_not_there_is_named(site: FeedServer) -> None:
    """The suite closes the way out through the proxy of the environment."""
    async with FeedSession() as session:
        for scheme in ("http", "https"):
            with pytest.raises(SourceError, match=r"the proxy gives no connection to 'news\.example'"):
                await fetch(session, f"{scheme}://news.example/feed", NOW)


async def test_a_head_that_cannot_be_read_is_said_to_be_that(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    endless = Document(sample("plain.rss"), headers={"X-Long": "x" * 200_000})
    poll = await failing(reader, seen, site.publish("feed", endless))
    assert "the response of '127.0.0.1' cannot be read: one of its headers is far too long" in poll.report.detail
    poll = await failing(reader, seen, site.url("fault/not-http"))
    assert "it is not valid HTTP (" in poll.report.detail


async def test_permanent_redirects_are_followed_and_noted_and_temporary_ones_only_followed(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    url = site.publish("feed", sample("plain.rss"))
    site.publish("old", Document(b"", status=301, headers={"Location": "/feed"}))
    site.publish("older", Document(b"", status=308, headers={"Location": "/old"}))
    site.publish("mixed", Document(b"", status=301, headers={"Location": "/temporary"}))
    site.publish("temporary", Document(b"", status=307, headers={"Location": "/feed"}))
    moved = await watch(reader, seen, site.url("older")).poll()
    assert moved.report.trouble is Trouble.NONE
    assert f"permanently moved to {url}; change its address" in moved.report.detail
    assert f"to {site.url('temporary')};" in (await watch(reader, seen, site.url("mixed")).poll()).report.detail
    assert (await watch(reader, seen, site.url("temporary")).poll()).report.detail == ""


# ------------------------------------------------------------------------------------------------- the parsing child

HANGS = rss(item("x").replace("</item>", f"<author>{'a' * 200_000}</author></item>")).encode()
"""An author that keeps one of feedparser's regular expressions busy for minutes."""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def environment(pid: int | None) -> bytes:
    """What a process was told at its start; Linux only."""
    told = Path(f"/proc/{pid}/environ")
    if not told.exists():
        pytest.skip("needs /proc to look into another process")
    return told.read_bytes()


async def test_a_document_that_hangs_the_parser_is_stopped_and_holds_up_nothing(
    session: FeedSession, seen: SeenSet, site: FeedServer
) -> None:
    parser = Parser(time_limit=timedelta(seconds=2))
    reader = FeedReader(session, seen.known, limits=LIMITS, parser=parser)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.02)
            beats += 1

    beating = asyncio.create_task(beat())
    try:
        poll = await failing(reader, seen, site.publish("hangs", HANGS))
        assert "took over 2 s and was stopped" in poll.report.detail
        assert beats > 5  # the loop went on meanwhile
        assert parser.pid is None
        well = await watch(reader, SeenSet(), site.publish("feed", sample("plain.rss"))).poll()
        assert len(well.stories) == 2
    finally:
        beating.cancel()
        await reader.close()


async def test_a_quick_feed_does_not_wait_for_slow_ones(seen: SeenSet) -> None:
    parser = Parser(time_limit=timedelta(seconds=60))
    hostile = [asyncio.create_task(parser.parse(HANGS, "", f"https://slow.example/{n}")) for n in range(3)]
    try:
        await asyncio.sleep(0)  # they are first in the queue
        for _ in range(3):
            feed = await parser.parse(sample("plain.rss"), "", "https://news.example/")
            assert len(feed.entries) == 2
        assert not any(task.done() for task in hostile)
    finally:
        for task in hostile:
            task.cancel()
        await asyncio.gather(*hostile, return_exceptions=True)
        await parser.close()
    assert parser.pid is None


async def test_a_feed_that_was_slow_is_read_all_the_same_and_comes_back_among_the_quick() -> None:
    parser = Parser(quick=timedelta())
    try:
        for _ in range(2):
            feed = await parser.parse(sample("plain.rss"), "", "https://news.example/", feed="slow")
            assert len(feed.entries) == 2
            assert parser._slow == {"slow"}
        parser._quick_limit = timedelta(seconds=30)
        await parser.parse(sample("plain.rss"), "", "https://news.example/", feed="slow")
        assert not parser._slow
    finally:
        await parser.close()


@pytest.mark.parametrize("quote", ['"', "'"])
async def test_a_feed_of_endless_attributes_is_refused_before_it_is_parsed(parser: Parser, quote: str) -> None:
    attributes = " ".join(f"a{n}={quote}>{quote}" for n in range(200_000))
    body = rss(f"<item {attributes}><title>x</title></item>").encode()
    with pytest.raises(SourceError, match="more than 256 attributes"):
        await parser.parse(body, "", "https://news.example/")
    assert not parser._slow


async def test_the_child_is_ended_with_the_reader_and_when_a_poll_is_cancelled() -> None:
    parser = Parser()
    await parser.parse(sample("plain.rss"), "", "https://news.example/")
    pid = parser.pid
    assert pid is not None
    await parser.close()
    assert not alive(pid)
    hanging = asyncio.create_task(parser.parse(HANGS, "", "https://news.example/"))
    pid = await eventually(lambda: parser.pid)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    assert not alive(pid)


async def test_a_child_that_dies_is_reported_once_and_replaced(parser: Parser) -> None:
    await parser.parse(sample("plain.rss"), "", "https://news.example/")
    hanging = asyncio.create_task(parser.parse(HANGS, "", "https://news.example/"))
    pid = await eventually(lambda: parser.pid)
    await asyncio.sleep(0.3)  # into its work, where it hangs
    os.kill(pid, 9)
    with pytest.raises(SourceError, match="crashed"):
        await hanging
    assert (await parser.parse(sample("plain.rss"), "", "https://news.example/")).entries


def test_a_child_whose_parent_died_ends_by_itself_even_while_it_hangs() -> None:
    head = {"size": len(HANGS), "content_type": "", "url": "https://news.example/", "seconds": 0.5}
    ended = run(COMMAND, input=json.dumps(head).encode() + b"\n" + HANGS)
    assert ended.returncode == -signal.SIGALRM


def test_a_child_ends_when_nobody_asks_any_more() -> None:
    ended = run(COMMAND, input=b"")
    assert ended.returncode == 0


async def test_the_child_knows_none_of_our_secrets(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "123:secret")
    await parser.parse(sample("plain.rss"), "", "https://news.example/")
    told = environment(parser.pid)
    assert b"PATH=" in told
    assert b"123:secret" not in told


async def test_many_feeds_at_once_take_turns_and_all_come_through(
    reader: FeedReader, seen: SeenSet, site: FeedServer
) -> None:
    urls = [site.publish(f"feed{n}", rss(item(f"Story {n}", guid=str(n)))) for n in range(12)]
    polls = await asyncio.gather(*(watch(reader, seen, url).poll(commit=False) for url in urls))
    assert sorted(p.stories[0].title for p in polls) == sorted(f"Story {n}" for n in range(12))
