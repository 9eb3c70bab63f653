"""Addresses from outside: what may become a link, whose it is, and which spellings are one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text.links import (
    MAX_LINK,
    LinkFault,
    absolute_link,
    canonical_url,
    domain,
    host_of,
    link_fault,
    safe_link,
)


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("  HTTP://a.example/x \n", "HTTP://a.example/x"),
        ("/x", "https://base.example/x"),
        ("x?y", "https://base.example/dir/x?y"),
        ("//other.example/x", "https://other.example/x"),
        ("javascript:alert(1)", ""),
        ("java\nscript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("mailto:a@b.example", ""),
        ("https://user:pass@a.example/", ""),
        ("https://", ""),
        ("http://[::1", ""),
        ("https://a.example:port/", ""),
        ("https://a.example/" + "x" * 3000, ""),
        ('https://a.example/"><b>', "https://a.example/%22%3E%3Cb%3E"),
        ("", ""),
    ],
)
def test_links_are_absolute_http_or_nothing(link: str, absolute: str) -> None:
    assert absolute_link(link, "https://base.example/dir/") == absolute


@given(st.text(max_size=80))
def test_any_link_is_http_or_nothing(link: str) -> None:
    assert re.match(r"https?://[^\s<>\"]+$|$", absolute_link(link, "https://base.example/"), re.IGNORECASE)


def test_a_domain_is_said_without_prefix() -> None:
    assert [domain(f"https://{host}/x") for host in ("www.a.example", "m.A.example:80", "a.example")] == [
        "a.example"
    ] * 3
    assert domain("nonsense") == ""


@given(st.text(alphabet=st.sampled_from('ab/:?#[]@%|{}^`\\"<> \u200d\u202e\ud800\n\xa0.ä'), max_size=40))
def test_what_a_feed_links_to_is_shown_in_messages(text: str) -> None:
    link = absolute_link(f"https://a.example/{text}", "https://base.example/x|y")
    assert link == safe_link(link)
    assert not link or link_fault(link) is None


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("https://a.example/x?y=1#z", None),
        ("HTTP://[::1]:8080/", None),
        ("https://[::1", LinkFault.UNREADABLE),
        ("https://a.example:99999/", LinkFault.UNREADABLE),
        ("javascript:alert(1)", LinkFault.SCHEME),
        ("//a.example/", LinkFault.SCHEME),
        ("https://me@a.example/", LinkFault.USER),
        ("https://a.example\\@b.example/", LinkFault.USER),
        ("https:///path", LinkFault.HOST),
        ("https://a.example:0/", LinkFault.HOST),
        ("https://a.example/a b", LinkFault.CHARACTERS),
        ("https://b.example\\.a.example/", LinkFault.CHARACTERS),
        ("https://a.example/\u202egpj.exe", LinkFault.CHARACTERS),
        ("https://a\u200d.example/", LinkFault.CHARACTERS),
        ("\x01https://a.example/", LinkFault.CHARACTERS),
        ("https://a.example/\ud800", LinkFault.CHARACTERS),
    ],
)
def test_what_is_wrong_with_an_address_is_named(link: str, fault: LinkFault | None) -> None:
    assert link_fault(link) is fault
    assert safe_link(link) == ("" if fault else link)


def test_an_over_long_address_is_no_link() -> None:
    assert safe_link("https://a.example/".ljust(MAX_LINK, "x"))
    assert not safe_link("https://a.example/".ljust(MAX_LINK + 1, "x"))


def test_a_malformed_address_has_no_host() -> None:
    assert [host_of(link) for link in ("https://A.example:80/", "https://[::1", "x", "")] == ["a.example", "", "", ""]


@given(st.text(max_size=60))
def test_no_string_makes_an_unsafe_address_safe(text: str) -> None:
    url = safe_link(text)
    assert not url or (url.lower().startswith(("http://", "https://")) and not set(url) & set("\"'<> \n") - {"'"})


def test_one_feed_under_several_spellings_has_one_canonical_address() -> None:
    spellings = [
        "https://www.example.com/feed/",
        "http://example.com/feed",
        "HTTPS://EXAMPLE.com:443/feed#top",
        " https://example.com./feed ",
    ]
    assert {canonical_url(url) for url in spellings} == {"example.com/feed"}


def test_different_feeds_of_one_host_stay_apart() -> None:
    urls = ["https://a.example/f?s=A", "https://a.example/f?s=B", "https://a.example/F", "https://a.example:8080/f"]
    assert len({canonical_url(url) for url in urls}) == len(urls)
