"""Bodies to entries: our own small feeds, one for each kind of misbehaviour."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.feeds.dates import plausible_dates
from bot.adapters.feeds.document import NotAFeedError
from bot.adapters.feeds.parse import parse
from bot.adapters.feeds.parsed import ParsedFeed
from bot.adapters.feeds.worker import answer
from tests.feeds.conftest import NOW, SAMPLES, item, rss, sample

URL = "https://news.example/feeds/all.xml"
FEEDS = sorted(p.name for p in SAMPLES.iterdir() if p.suffix in (".rss", ".atom"))


def read(name: str) -> ParsedFeed:
    return parse(sample(name), "application/xml", URL)


def test_a_plain_rss_feed_is_read_as_it_stands() -> None:
    feed = read("plain.rss")
    assert (feed.title, feed.kind, feed.link, feed.problems) == ("Example Wire", "RSS 2.0", "https://news.example/", ())
    first, second = feed.entries
    assert first.title == "Lab releases a model that costs a tenth"
    assert (first.guid, first.link) == ("wire-2", "https://news.example/cheap-model")
    assert first.summary == "It runs on older chips."
    assert second.published_at == datetime(2025, 1, 27, 8, 15, tzinfo=UTC)


JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Desk",
    "home_page_url": "https://desk.example/",
    "items": [
        {
            "id": 7,
            "url": "/story?a=1",
            "title": "Lab releases <b>a model</b>",
            "content_html": "<p>It runs on older chips.</p>",
            "date_published": "2025-01-27T09:15:00+01:00",
        },
        {"id": "https://desk.example/2", "external_url": "https://other.example/x", "content_text": "Only a note"},
        {"id": "3", "title": ["no title"], "url": "javascript:alert(1)"},
        "nothing",
    ],
}


def test_a_json_feed_is_read_as_any_other() -> None:
    feed = parse(json.dumps(JSON_FEED).encode(), "application/feed+json", URL)
    assert (feed.title, feed.kind, feed.link) == ("Desk", "JSON Feed 1.1", "https://desk.example/")
    first, second = feed.entries
    assert (first.guid, first.link) == ("7", "https://desk.example/story?a=1")
    assert (first.title, first.summary) == ("Lab releases a model", "It runs on older chips.")
    assert first.published_at == datetime(2025, 1, 27, 8, 15, tzinfo=UTC)
    assert (second.title, second.summary, second.link) == ("Only a note", "", "https://other.example/x")
    assert feed.problems == ("1 entries without title and text were skipped",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (json.dumps(JSON_FEED).encode()[:-9], "cut off"),
        (b'{"items": []}', "JSON, but no JSON Feed"),
        (b'{"version": 3}', "JSON, but no JSON Feed"),
        (b"{" * 100_000, "cut off"),
        (b'{"version": ' + b"[" * 100_000, "cut off"),
    ],
)
def test_json_that_is_no_feed_is_named(body: bytes, said: str) -> None:
    with pytest.raises(NotAFeedError, match=said):
        parse(body, "", URL)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "url", "title"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["id", "url", "title", "summary", "content_html", "date_published"]), ANYTHING))
def test_a_json_feed_may_hold_anything(item: dict[str, object]) -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1", "items": [item, item]}).encode()
    said = answer(body, "application/json", URL)
    assert said.keys() == {"feed"}
    nothing_dangerous(said)
    json.dumps(said, default=datetime.isoformat, ensure_ascii=False).encode()  # no half of a surrogate pair


def test_an_atom_feed_within_a_page_is_read() -> None:
    feed = sample("plain.atom").decode()
    inner = feed[feed.index("<feed") :]
    page = f"<!DOCTYPE html>\n<html xmlns='http://www.w3.org/1999/xhtml'><body><p>Hi</p>{inner}</body></html>"
    assert parse(page.encode(), "application/xhtml+xml", URL).entries == read("plain.atom").entries


def test_a_guid_that_says_it_is_no_link_is_none() -> None:
    entry = "<item><title>A</title><guid{}>https://cms.example/1</guid></item>"
    for attribute, link in ((' isPermaLink="false"', ""), ("", "https://cms.example/1")):
        (found,) = parse(rss(entry.format(attribute)).encode(), "", URL).entries
        assert (found.guid, found.link) == ("https://cms.example/1", link)


def test_an_atom_entry_has_its_published_date_its_base_and_its_content() -> None:
    (entry,) = read("plain.atom").entries
    assert entry.title == "Our new model"
    assert entry.link == "https://lab.example/blog/new-model"
    assert entry.published_at == datetime(2025, 1, 20, 13, tzinfo=UTC)
    assert entry.summary == "First. Second."


def test_markup_control_characters_and_dangerous_links_are_gone() -> None:
    feed = read("markup.rss")
    assert feed.title == "AT&T watch"
    assert [(e.title, e.link) for e in feed.entries] == [
        ("DeepSeek & friends: “cheap”", "https://news.example/1"),
        ("p < 0.05, says study", "https://news.example/2"),
        ("Line one line two", "https://news.example/relative/3"),
        ("Click me", ""),
        ("Data", ""),
        ("Reversed gnp.exe names", ""),
        ("No title, only text. Second.", "https://news.example/7"),
    ]
    assert "1 entries without title and text were skipped" in feed.problems


def test_dates_are_believed_as_far_as_they_can_be() -> None:
    feed = read("dates.rss")
    now = NOW.replace(minute=5)
    believed = plausible_dates([e.published_at for e in feed.entries], feed.built_at, now)
    assert dict(zip((e.title for e in feed.entries), believed, strict=True)) == {
        "good": datetime(2025, 1, 27, 11, 30, tzinfo=UTC),
        "missing": None,
        "date only": datetime(2025, 1, 24, tzinfo=UTC),
        "epoch seconds": datetime(2025, 1, 27, 4, tzinfo=UTC),
        "epoch milliseconds": datetime(2025, 1, 27, 4, tzinfo=UTC),
        "tomorrow": None,
        "fast clock": now,
        "fetch time": None,
        "year one": None,
        "nonsense": None,
        "thirteenth month": None,
    }


def test_the_generators_clock_is_not_a_publishing_date() -> None:
    feed = read("build-date.rss")
    believed = plausible_dates([e.published_at for e in feed.entries], feed.built_at, NOW)
    assert believed == [datetime(2025, 1, 23, 10, tzinfo=UTC), None]


def test_the_newest_entry_may_carry_the_feeds_own_date() -> None:
    at = datetime(2025, 1, 27, 9, 30, tzinfo=UTC)
    assert plausible_dates([at, at.replace(day=26)], at, NOW) == [at, at.replace(day=26)]


def test_a_crowd_on_one_second_is_a_clock_and_a_crowd_on_midnight_is_a_day() -> None:
    at = datetime(2025, 1, 27, 9, 30, 7, tzinfo=UTC)
    assert plausible_dates([at] * 5, None, NOW) == [None] * 5
    midnight = datetime(2025, 1, 27, tzinfo=UTC)
    assert plausible_dates([midnight] * 5, None, NOW) == [midnight] * 5


def test_bare_ampersands_and_html_entities_lose_no_word() -> None:
    feed = read("bare-ampersand.rss")
    (entry,) = feed.entries
    assert feed.title == "Research & Markets"
    assert entry.title == "S&P 500 falls; AT&T holds up – café"
    assert entry.link == "https://news.example/x?a=1&b=2"
    assert entry.summary == "Q&A: why R&D falls"
    assert feed.problems == ("bare & or undefined entities, repaired",)


def test_mojibake_is_mended() -> None:
    assert [e.title for e in read("mojibake.rss").entries] == [
        "The lab’s “cheap” model",
        "What’s new",
        "Café prices",
        "Café society, naïve façade",
        "Ça va: £5, 20 °C, ©",
        "模型 – 中文",
    ]


def test_a_feed_that_is_cut_off_keeps_its_whole_entries_only() -> None:
    feed = read("cut-off.rss")
    assert [e.title for e in feed.entries] == ["A whole entry", "Another whole entry"]
    assert feed.cut_off
    assert "the document is truncated" in feed.problems


@pytest.mark.parametrize("keep", range(0, 900, 7))
def test_no_part_of_an_entry_comes_out_wherever_a_feed_is_cut(keep: int) -> None:
    body = sample("plain.rss")
    whole = set(read("plain.rss").entries)
    try:
        feed = parse(body[:keep], "application/xml", URL)
    except NotAFeedError:
        return
    assert set(feed.entries) <= whole


def test_text_with_many_quotes_has_no_attributes() -> None:
    prose = '&lt;a href="x"&gt; ' * 500 + "<![CDATA[a <b title=\"x\" lang='en'>bold</b> " + "it's \" " * 500 + "]]>"
    (entry,) = parse(rss(item("x", summary=prose)).encode(), "", URL).entries
    assert "bold" in entry.summary


def test_of_a_feed_that_is_far_too_long_both_ends_are_read() -> None:
    feed = parse(rss(*[item(f"Story {n}") for n in range(3_100)]).encode(), "", URL)
    titles = [entry.title for entry in feed.entries]
    assert (titles[0], titles[-1], len(titles)) == ("Story 0", "Story 3099", 3_000)
    assert "of its 3100 entries only the first and last 1500 are read" in feed.problems


def test_an_empty_feed_is_a_feed_and_a_page_is_not() -> None:
    assert read("empty.rss").entries == ()
    with pytest.raises(NotAFeedError, match=re.escape("https://news.example/feed.xml?a=1&b=2")):
        parse(sample("page.html"), "text/html", URL)


def test_xml_that_is_no_feed_is_named() -> None:
    with pytest.raises(NotAFeedError, match="not an RSS or Atom feed"):
        parse(b"<?xml version='1.0'?><urlset><url><loc>https://a.example</loc></url></urlset>", "", URL)


def test_a_body_that_is_a_path_opens_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "feed").write_text(rss(item("from a file")))
    monkeypatch.chdir(tmp_path)
    for body in (b"feed", b"./feed", os.fsencode(tmp_path / "feed"), b"file://" + os.fsencode(tmp_path / "feed")):
        with pytest.raises(NotAFeedError, match="plain text"):
            parse(body, "application/xml", URL)
    (tmp_path / "<rss>").write_text(rss(item("from a file")))
    assert "from a file" not in str(answer(b"<rss>", "application/xml", URL))


def test_entities_neither_explode_nor_read_files() -> None:
    said = answer(sample("entities-bomb.rss"), "application/xml", URL)
    text = str(said)
    assert len(text) < 100_000
    assert "root:" not in text


def test_long_summaries_are_capped_and_ones_that_repeat_the_title_dropped() -> None:
    feed = parse(rss(item("T", summary="word " * 9000), item("Same", summary="Same")).encode(), "", URL)
    assert len(feed.entries[0].summary) <= 4000
    assert feed.entries[1].summary == ""


@pytest.mark.parametrize("name", FEEDS)
def test_our_samples_never_crash(name: str) -> None:
    assert "crashed" not in answer(sample(name), "application/xml", URL)


def nothing_dangerous(said: dict[str, object]) -> None:
    feed = said.get("feed")
    for entry in feed["entries"] if isinstance(feed, dict) else ():
        assert entry["title"]
        assert not re.search(r"<[A-Za-z/!?]|[\x00-\x1f\x7f-\x9f\u202a-\u202e]", entry["title"] + entry["summary"])
        assert re.match(r"https?://|$", entry["link"], re.IGNORECASE)


@given(
    st.binary(max_size=300), st.sampled_from(["", "text/xml", "text/xml; charset=utf-16", "text/html; charset=\x00"])
)
def test_any_bytes_have_a_named_answer(body: bytes, content_type: str) -> None:
    said = answer(body, content_type, URL)
    assert said.keys() <= {"feed", "not_a_feed"}
    nothing_dangerous(said)


@settings(max_examples=60)
@given(
    st.sampled_from(["plain.rss", "plain.atom", "markup.rss", "dates.rss", "bare-ampersand.rss"]),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), max_size=6),
)
def test_damaged_feeds_have_a_named_answer(name: str, damage: list[tuple[float, bytes]]) -> None:
    body = bytearray(sample(name))
    for where, what in damage:
        at = int(where * len(body))
        body[at : at + len(what)] = what
    said = answer(bytes(body), "application/xml", URL)
    nothing_dangerous(said)
    assert said.keys() <= {"feed", "not_a_feed"}, said


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_any_texts_in_cdata_come_out_clean(title: str, summary: str, link: str) -> None:
    def cdata(text: str) -> str:
        return f"<![CDATA[{text.replace(']]>', '')}]]>"

    body = rss(item(cdata(title), summary=cdata(summary), link=cdata(link)))
    nothing_dangerous(answer(body.encode("utf-8", "surrogatepass"), "application/xml", URL))
