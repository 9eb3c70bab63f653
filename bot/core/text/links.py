"""Web addresses from outside: which are safe to show and to fetch, and whose they are.

Nothing else takes an address apart, apart from ``identity``, which says which page an address names. Addresses are
kept as they were written: they are part of what a story is recognised by, so nothing here normalises them.
"""

from __future__ import annotations

import enum
import re
from urllib.parse import quote, urljoin, urlsplit

from bot.core.text.characters import CONTROL, HIDING, JOINERS, SURROGATE, UNSEEN

MAX_LINK = 2_048
"""Characters of an address that is kept and shown; browsers and Telegram give up around here."""

_NEVER = re.compile(r'[\s"<>\\]')
_NOT_IN_URIS = re.compile(r"[\^`{|}]")
"""RFC 3986 has no place for them either. Servers take them; markup may not."""
_TO_ENCODE = re.compile(rf'[ "<>^`{{|}}{JOINERS}]')
_DROPPED = re.compile(r"[^\S ]")
"""Browsers drop white space from addresses, so that ``java<newline>script:`` is what it says."""


class LinkFault(enum.Enum):
    """What is wrong with an address."""

    UNREADABLE = "cannot be taken apart"
    SCHEME = "is not http or https"
    USER = "carries a user name or password"
    HOST = "names no host"
    CHARACTERS = "has white space or characters that do not belong"


def link_fault(link: str) -> LinkFault | None:
    """What keeps ``link`` from being a plain absolute http(s) address; ``None`` where it is one."""
    try:
        parts = urlsplit(link)
        host, port = parts.hostname, parts.port
    except ValueError:
        return LinkFault.UNREADABLE
    if parts.scheme not in ("http", "https"):
        return LinkFault.SCHEME
    if "@" in parts.netloc:
        return LinkFault.USER
    if not host or port == 0:
        return LinkFault.HOST
    return LinkFault.CHARACTERS if any(p.search(link) for p in (_NEVER, UNSEEN, SURROGATE)) else None


def safe_link(link: str) -> str:
    """``link``, where it can be put into a message or a page as a link; empty otherwise."""
    link = link.strip()
    if not link or len(link) > MAX_LINK or _NOT_IN_URIS.search(link) or link_fault(link):
        return ""
    return link


def absolute_link(link: str, *bases: str) -> str:
    """A feed's ``link`` as a safe absolute address, or empty.

    A relative one is resolved against the first of ``bases`` that is absolute. What has no place in an address is
    dropped or percent-encoded; ``javascript:``, ``data:``, a password or too many characters make it empty.
    """
    link = link[: 2 * MAX_LINK]
    for dropped in (_DROPPED, CONTROL, HIDING, SURROGATE):
        link = dropped.sub("", link)
    link = link.strip()
    if not link:
        return ""
    for base in ("", *bases):
        try:
            absolute = urljoin(base, link) if base else link
            if urlsplit(absolute).scheme:
                return safe_link(_TO_ENCODE.sub(lambda found: quote(found[0]), absolute))
        except ValueError:
            return ""
    return ""


def host_of(link: str) -> str:
    """The host of an address in lower case; empty where there is none or it is malformed."""
    try:
        return urlsplit(link.strip()).hostname or ""
    except ValueError:
        return ""


def domain(link: str) -> str:
    """The host of an address as people say it: lower case, no ``www.``, no final dot."""
    host = host_of(link).rstrip(".")
    for prefix in ("www.", "m.", "amp."):
        host = host.removeprefix(prefix)
    return host


def canonical_url(url: str) -> str:
    """One spelling for addresses that lead to the same feed: without scheme, default port, ``www.``, fragment and
    final slash, host in lower case. For comparing only; do not fetch it. Raises ValueError where it is malformed."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}{parts.path.rstrip('/')}{query}"
