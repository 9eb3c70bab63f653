"""Web addresses from outside: which are safe to show and to fetch, and their hosts.

Addresses are parsed here and, to recognise a page, in the feeds' ``identity``. They are kept as written, because
stories are recognised by them.
"""

from __future__ import annotations

import enum
import re
from itertools import pairwise
from urllib.parse import quote, unquote, urljoin, urlsplit

from bot.core.text.characters import CONTROL, HIDING, INVISIBLE, JOINERS, SURROGATE

MAX_LINK = 2_048
"""Characters of the longest address that is kept and shown; browsers and Telegram refuse longer ones."""

_NEVER = re.compile(r'[\s"<>\\]')
_NOT_IN_URIS = re.compile(r"[\^`{|}]")
"""RFC 3986 excludes them too. Servers accept them; markup may not."""
_TO_ENCODE = re.compile(rf'[ "<>^`{{|}}{JOINERS}]')
_DROPPED = re.compile(r"[^\S ]")
"""Browsers drop this white space, so ``java<newline>script:`` would run."""


_SEPARATORS = re.compile(r"[/?&;=.,~:+\s]+")
_KEY_LENGTH, _LEAST_KEY = 16, 6
_KEY_NAME = re.compile(
    r"key|token|secret|passw|pwd|auth|sig|hash|code|session|credential|user|account|uid", re.IGNORECASE
)


class LinkFault(enum.Enum):
    """Why an address is refused."""

    UNREADABLE = "cannot be taken apart"
    SCHEME = "is not http or https"
    USER = "carries a user name or password"
    HOST = "names no host"
    CHARACTERS = "has white space or characters that do not belong"


def link_fault(link: str) -> LinkFault | None:
    """Why ``link`` is not a plain absolute http(s) address; ``None`` where it is one."""
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
    return LinkFault.CHARACTERS if any(p.search(link) for p in (_NEVER, INVISIBLE, SURROGATE)) else None


def safe_link(link: str) -> str:
    """``link`` if it can be a link in a message or a page; empty otherwise."""
    link = link.strip()
    if not link or len(link) > MAX_LINK or _NOT_IN_URIS.search(link) or link_fault(link):
        return ""
    return link


def absolute_link(link: str, *bases: str) -> str:
    """A feed's ``link`` as a safe absolute address, or empty.

    A relative one is resolved against the first of ``bases`` that is absolute. Characters that do not belong are
    dropped or percent-encoded; ``javascript:``, ``data:``, a password or too great a length make it empty.
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
    """The host of an address for people: lower case, no ``www.``, no final dot."""
    host = host_of(link).rstrip(".")
    for prefix in ("www.", "m.", "amp."):
        host = host.removeprefix(prefix)
    return host


def canonical_url(url: str) -> str:
    """The address without scheme, default port, ``www.``, fragment and final slash, host in lower case: the same for
    addresses of the same feed. For comparing, not for fetching. Raises ValueError where it is malformed."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").removeprefix("www.").rstrip(".")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}{parts.path.rstrip('/')}{query}"


def keys_in(link: str) -> list[str]:
    """The pieces of an address that work like a password, as written: a parameter that is a key by its name, and in
    path and query what no person would have chosen. Empty for the addresses that everybody uses."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return []
    found = {piece for text in (parts.path, parts.query, parts.fragment) for piece in _SEPARATORS.split(text)
             if _looks_random(piece)}  # fmt: skip
    for parameter in re.split(r"[&;]", parts.query):
        name, _, value = parameter.partition("=")
        word = value.isalpha() and len(value) < _KEY_LENGTH
        if len(value) >= _LEAST_KEY and not word and _KEY_NAME.search(unquote(name)) is not None:
            found.add(value)
    return sorted(found)


def _looks_random(piece: str) -> bool:
    """Long, of letters and digits in turn: no word, no date, no number."""
    turns = sum(a.isalnum() and b.isalnum() and a.isdigit() != b.isdigit() for a, b in pairwise(piece))
    return len(piece) >= _KEY_LENGTH and turns >= 4
