"""Which entry of a feed is which: new, a repeat, or a rewritten title of one seen before.

Everything about the identity of entries lives here. Feeds promise a unique, lasting guid and keep no promise: there is
none, it changes, or it is reused; links gain tracking parameters or all lead to the homepage; titles are rewritten. So
an entry leaves several *keys* in the seen-set, each a hash of something it may be recognised by:

- ``exact`` keys (guid and title; link and title): one of them known means a repeat;
- the ``guid`` and the ``page`` (its link, where no other entry shares it): known with another title, they hint at a
  rewrite, which the ``word`` keys (the longest words of the first title) confirm where guid and page disagree.

Where the evidence is even, an entry counts as new: a story told twice is joined by its cluster, a lost one is gone.
Two questions are put to the seen-set: ``first_question`` always, ``second_question`` only where a title changed.

Known limit: an entry with neither guid nor link has only its title, so a later one under the same title is a repeat.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from bot.core.model import stable_id

WORDS_KEPT = 5
"""How many words of a title are remembered to recognise a rewrite."""

_TRACKING = re.compile(
    r"^(?:utm_.*|at_(?:medium|campaign|link.*|custom.*)|mc_[ce]id|[fg]clid|gbraid|wbraid|msclkid|igshid|guce.*|"
    r"guccounter|ocid|cmpid|cmp|ftag|smid|smtyp|taid|spm|xtor|ncid|soc_src|soc_trk|sref|partner|mod|rss|feed|feature|"
    r"ref|ref_src|referrer|src|source|via|traffic_source|ns_.*|_hs.*|share|fbclid)$"
)
"""Query parameters that say how a reader came, not what the page is."""

_TRACKING_VALUES = re.compile(r"rss|feed|twitter|facebook|social|mail|google|home|share|news", re.IGNORECASE)
_AMBIGUOUS = frozenset({"source", "src", "ref", "feed", "mod", "share", "partner", "feature", "via", "rss", "cmp"})
"""Names of tracking parameters that sometimes say which page; dropped only with a value that speaks of a channel."""

_TYPOGRAPHY = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'}
    | dict.fromkeys("‐‑‒–—−", "-")
)
_STOP = frozenset(
    [
        *("about", "after", "also", "amid", "and", "are", "but", "for", "from", "has", "have", "how", "into", "its"),
        *("more", "new", "not", "over", "says", "than", "that", "the", "their", "this", "was", "what", "when", "where"),
        *("which", "who", "why", "will", "with", "you", "your"),
    ]
)


class Novelty(enum.StrEnum):
    """What an entry turned out to be."""

    NEW = "new"
    REPEAT = "repeat"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Entry:
    """What tells one entry of a feed from another; each part may be empty."""

    guid: str
    link: str
    title: str


@dataclass(frozen=True, slots=True)
class Marks:
    """An entry's keys, and the id its story gets if there is to be one."""

    story: str
    exact: tuple[str, ...]
    guid: str
    page: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntryVerdict:
    """What an entry is. ``keys`` are those to remember with its story; empty for a repeat."""

    novelty: Novelty
    story: str
    """Id of the new story, or of the one repeated."""
    revises: str | None = None
    keys: tuple[str, ...] = ()


def fold_title(title: str) -> str:
    """The title without what an editor changes in passing: case, white space, kinds of quote and dash, final dots."""
    folded = unicodedata.normalize("NFKC", title).translate(_TYPOGRAPHY).casefold()
    folded = " ".join(folded.split())
    return folded.rstrip(" .") or folded


def fold_link(link: str) -> str:
    """The link without what does not say which page it is.

    Scheme, ``www.``, default port, tracking parameters, their order, and a final slash go. A fragment stays unless it
    tracks: pages of many entries tell them apart by it. What cannot be taken apart is returned as it is.
    """
    link = link.strip()
    try:
        parts = urlsplit(link)
        host, port = (parts.hostname or ""), parts.port
    except ValueError:
        return link
    if parts.scheme.lower() not in ("http", "https") or not host:
        return link
    host = host.removeprefix("www.") + (f":{port}" if port not in (None, 80, 443) else "")
    try:
        kept = sorted(
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
            if not _tracks(name.lower(), value)
        )
        query = urlencode(kept)
    except (ValueError, UnicodeError):
        query = parts.query
    fragment = parts.fragment
    if fragment.startswith(("xtor", "utm_", "rss", "ref=", "intcid", "comments")):
        fragment = ""
    return host + parts.path.rstrip("/") + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


def mark(source: str, entries: Sequence[Entry], homes: Collection[str] = ()) -> list[Marks]:
    """The keys of all entries of one poll of ``source``, in their order.

    They are judged together, because a guid or a link that several of them share tells none of them apart. ``homes``
    are links that are no entry's own: the feed's site and address.
    """
    folded = [
        Entry(
            guid=fold_link(e.guid) if e.guid[:4].lower() == "http" else e.guid.strip(),
            link=fold_link(e.link),
            title=fold_title(e.title),
        )
        for e in entries
    ]
    front = {fold_link(h) for h in homes}
    titles_of_guid: dict[str, set[str]] = defaultdict(set)
    titles_of_link: dict[str, set[str]] = defaultdict(set)
    guids_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    for e in folded:
        titles_of_guid[e.guid].add(e.title)
        titles_of_link[e.link].add(e.title)
        guids_of[e.link, e.title].add(e.guid)
    marks = []
    for e in folded:
        own_page = _leads_somewhere(e.link) and e.link not in front and len(titles_of_link[e.link]) == 1
        own_guid = bool(e.guid) and len(titles_of_guid[e.guid]) == 1
        exact = []
        if e.guid:
            exact.append(stable_id("guid+title", source, e.guid, e.title))
        # One title on one shared page under several guids at once: there the guid, not the title, tells them apart.
        if own_page or not e.guid or len(guids_of[e.link, e.title] - {""}) == 1:
            exact.append(stable_id("link+title", source, e.link, e.title))
        marks.append(
            Marks(
                story=stable_id("story", source, e.guid, e.link, e.title),
                exact=tuple(exact),
                guid=stable_id("guid", source, e.guid) if own_guid else "",
                page=stable_id("page", source, e.link) if own_page else "",
                words=_words(e.title),
            )
        )
    return marks


def first_question(marks: Sequence[Marks]) -> list[str]:
    """The keys to look up for a whole poll, each once."""
    return list(dict.fromkeys(key for m in marks for key in (*m.exact, m.guid, m.page) if key))


def second_question(marks: Sequence[Marks], known: Mapping[str, str]) -> list[str]:
    """The further keys to look up: the words of titles that changed under a known guid or page."""
    asked: dict[str, None] = {}
    for m in marks:
        if not any(key in known for key in m.exact):
            for story in _candidates(m, known):
                asked.update(dict.fromkeys(_word_key(story, word) for word in m.words))
    return list(asked)


def judge(marks: Sequence[Marks], known: Mapping[str, str]) -> list[EntryVerdict]:
    """What each entry is, given which keys were ever seen (key to story id), in the order of ``marks``.

    Entries that come twice in one poll are repeats of each other. The first-seen story keeps every key it ever had.
    """
    seen = dict(known)
    verdicts = []
    for m in marks:
        repeated = next((seen[key] for key in m.exact if key in seen), None)
        if repeated is not None:
            verdicts.append(EntryVerdict(Novelty.REPEAT, repeated))
            continue
        revises = _revised(m, seen)
        owner = revises or m.story
        keys = dict.fromkeys(key for key in (*m.exact, m.guid, m.page) if key and key not in seen)
        keys |= dict.fromkeys(key for word in m.words[:WORDS_KEPT] if (key := _word_key(owner, word)) not in seen)
        for key in keys:
            seen[key] = m.story
        verdicts.append(EntryVerdict(Novelty.REVISION if revises else Novelty.NEW, m.story, revises, tuple(keys)))
    return verdicts


def _revised(m: Marks, seen: Mapping[str, str]) -> str | None:
    """The id of the story whose title was rewritten into this one, if that is what happened."""
    by_guid, by_page = seen.get(m.guid), seen.get(m.page)
    if by_guid and (by_guid == by_page or not m.page):
        return by_guid  # same guid, and the same page or none to compare: however different the words
    for story in _candidates(m, seen):
        hits = sum(_word_key(story, word) in seen for word in m.words)
        if m.words and hits >= min(2, len(m.words)):
            return story
    return None


def _candidates(m: Marks, known: Mapping[str, str]) -> list[str]:
    """Stories this entry may be a rewrite of, the guid's first."""
    return list(dict.fromkeys(known[key] for key in (m.guid, m.page) if key in known))


def _word_key(story: str, word: str) -> str:
    return stable_id("word", story, word)


def _words(title: str) -> tuple[str, ...]:
    """The telling words of a folded title, longest first (ties by order of the alphabet), each once."""
    words = {w for w in re.findall(r"\w+", title) if len(w) > 2 and w not in _STOP}
    return tuple(sorted(words, key=lambda w: (-len(w), w)))


def _tracks(name: str, value: str) -> bool:
    if not _TRACKING.match(name):
        return False
    return name not in _AMBIGUOUS or value == "" or bool(_TRACKING_VALUES.search(value))


def _leads_somewhere(folded_link: str) -> bool:
    """False for no link and for a bare host: such a link is nobody's own page."""
    return any(c in folded_link for c in "/?#")
