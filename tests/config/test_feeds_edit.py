"""Adding feeds to a file that people wrote: theirs stays as it is, to the letter."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.config.settings.edit_feeds import add_feeds
from bot.config.settings.model import load_settings
from bot.core.errors import ConfigError
from bot.core.model.feeds import FeedKind, FeedSpec

LEAST = "watchlist: {ai-chips: [NVDA]}\n"
NEW = FeedSpec("new", "https://new.example/feed", "New & improved")
LINE = '- {name: new, title: "New & improved", url: "https://new.example/feed"}'

CASES = {
    "no feeds yet": (LEAST, LEAST + f"\nfeeds:\n  {LINE}\n"),
    "no feeds and no line end": (LEAST.strip(), LEAST + f"\nfeeds:\n  {LINE}\n"),
    "an empty list": (
        LEAST + "feeds: []  # none\nconsole: auto\n",
        LEAST + f"feeds:  # none\n  {LINE}\nconsole: auto\n",
    ),
    "an empty list at the end of the file": (LEAST + "feeds: []", LEAST + f"feeds:\n  {LINE}\n"),
    "a key with nothing but comments": (
        LEAST + "feeds:\n  # - {name: a, url: x}\nconsole: auto\n",
        LEAST + f"feeds:\n  {LINE}\n  # - {{name: a, url: x}}\nconsole: auto\n",
    ),
    "a list in brackets": (
        LEAST + "feeds: [{name: a, url: 'https://a.example'}, # first\n]\n",
        LEAST
        + "feeds: [{name: a, url: 'https://a.example'},\n"
        + f"  {LINE[2:]}, # first\n]\n",
    ),
    "items without indentation, comments behind": (
        LEAST + "# é ü 😀\nfeeds:\n- name: a\n  url: https://a.example  # ü\n\n# about the console\nconsole: auto\n",
        LEAST
        + f"# é ü 😀\nfeeds:\n- name: a\n  url: https://a.example  # ü\n{LINE}\n\n# about the console\nconsole: auto\n",
    ),
    "Windows lines without a last one": (
        LEAST.replace("\n", "\r\n") + "feeds:\r\n    - {name: a, url: 'https://a.example'}",
        LEAST.replace("\n", "\r\n") + f"feeds:\r\n    - {{name: a, url: 'https://a.example'}}\r\n    {LINE}\r\n",
    ),
    "a dash in a comment before the item": (
        LEAST + "feeds:\n  - # re-read\n    name: a\n    url: https://a.example\n# tail",
        LEAST + f"feeds:\n  - # re-read\n    name: a\n    url: https://a.example\n  {LINE}\n# tail",
    ),
    "a last item that ends in a block of text": (
        LEAST + "feeds:\n  - url: https://a.example\n    name: a\n    title: |-\n      A\n\n# tail\n",
        LEAST + f"feeds:\n  - url: https://a.example\n    name: a\n    title: |-\n      A\n\n  {LINE}\n# tail\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_new_lines_go_to_the_end_of_the_list_and_nothing_else_changes(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(before.encode())
    result = add_feeds(file, [NEW])
    assert file.read_bytes().decode() == after
    assert result.added == (NEW,)
    assert result.skipped == ()
    assert load_settings(file).feed_specs[-1] == NEW


def test_the_shipped_file_keeps_every_line(tmp_path: Path, repository: Path) -> None:
    file = tmp_path / "config.yaml"
    shipped = (repository / "config.yaml").read_text(encoding="utf-8")
    file.write_text(shipped, encoding="utf-8")
    add_feeds(file, [NEW, FeedSpec("more", "https://more.example/")])
    lines = file.read_text(encoding="utf-8").splitlines()
    new = [line for line in lines if "new.example" in line or "more.example" in line]
    assert len(new) == 2
    assert [line for line in lines if line not in new] == shipped.splitlines()


def test_feeds_already_there_are_skipped_by_address_even_when_disabled(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    text = LEAST + "feeds:\n  - {name: a, url: 'https://www.a.example/f/', enabled: false}\n"
    file.write_text(text)
    stamp = file.stat().st_mtime_ns
    result = add_feeds(file, [FeedSpec("other", "http://a.example/f#top")])
    assert result.added == ()
    assert result.skipped == (("http://a.example/f#top", "already there as a"),)
    assert file.read_text() == text
    assert file.stat().st_mtime_ns == stamp


def test_a_feed_listed_twice_in_the_import_is_added_once(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST)
    result = add_feeds(file, [NEW, FeedSpec("again", "https://NEW.example/feed/")])
    assert [f.name for f in result.added] == ["new"]
    assert result.skipped == (("https://NEW.example/feed/", "already there as new"),)


def test_what_is_no_web_address_is_skipped_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST)
    result = add_feeds(file, [FeedSpec("x", "javascript:alert(1)"), FeedSpec("y", "https://[::1"), NEW])
    assert [f.name for f in result.added] == ["new"]
    assert [why for _, why in result.skipped] == [
        "text 'javascript:alert(1)' is not a web address",
        "text 'https://[::1' is not a web address",
    ]


def test_names_are_made_plain_and_unique(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST + "feeds: [{name: the-verge, url: 'https://v.example'}]\n")
    feeds = [
        FeedSpec("The Verge", "https://a.example"),
        FeedSpec("The Verge!", "https://b.example"),
        FeedSpec("", "https://c.example", title="Le Monde – Économie"),
        FeedSpec("新闻", "https://www.d.example/x"),
        FeedSpec("null", "https://e.example"),
        FeedSpec("1e5", "https://f.example"),
        FeedSpec("x" * 90, "https://g.example"),
        FeedSpec("x" * 90, "https://h.example"),
    ]
    names = ["the-verge-2", "the-verge-3", "le-monde-economie", "d.example", "null", "1e5", "x" * 64, "x" * 58 + "-2"]
    assert [f.name for f in add_feeds(file, feeds).added] == names
    assert [f.name for f in load_settings(file).feeds] == ["the-verge", *names]


def test_kind_and_intervals_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST)
    feed = FeedSpec("a", "https://a.example", "", timedelta(seconds=90), timedelta(hours=2), FeedKind.AGGREGATOR)
    add_feeds(file, [feed])
    assert load_settings(file).feed_specs == (feed,)


@given(title=st.text(max_size=60), tail=st.text(alphabet="abc/?&=%#'\"{}[],: -~é", max_size=20))
@example(title="\u2028\x85\ufeff", tail="")
@example(title='"]}\n- {', tail="")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_title_or_address_can_break_the_file(tmp_path: Path, title: str, tail: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST + "feeds: [{name: first, url: 'https://first.example'}]\n")
    url = f"https://new.example/{tail}"
    result = add_feeds(file, [FeedSpec("new", url, title), FeedSpec("last", "https://last.example")])
    assert [f.name for f in result.added][-1] == "last"
    assert len(load_settings(file).feeds) == 1 + len(result.added)
    if len(result.added) == 2:
        assert load_settings(file).feeds[1].url == url


def test_a_file_with_mistakes_is_reported_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST + "feeds:\n  - {name: a, url: nowhere}\n")
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=r"config\.yaml:3:20: feeds\[0\]\.url: "):
        add_feeds(file, [NEW])
    assert file.read_bytes() == before


def test_a_file_that_is_one_mapping_in_braces_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("{watchlist: {a: [NVDA]}}")
    with pytest.raises(ConfigError, match=r"write it as lines of 'key: value' first"):
        add_feeds(file, [NEW])


def test_permissions_a_link_and_a_byte_order_mark_survive(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_bytes(b"\xef\xbb\xbf" + LEAST.encode())
    real.chmod(0o640)
    link = tmp_path / "config.yaml"
    link.symlink_to(real)
    add_feeds(link, [NEW])
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert real.read_bytes().startswith(b"\xef\xbb\xbfwatchlist")
    assert load_settings(link).feed_specs == (NEW,)
    assert sorted(os.listdir(tmp_path)) == ["config.yaml", "real.yaml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_an_error_and_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="the file cannot be written"):
            add_feeds(file, [NEW])
    finally:
        tmp_path.chmod(0o700)
    assert file.read_text() == LEAST
