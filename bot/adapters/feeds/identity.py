"""Whether an entry of a feed is new, a repeat, or a rewritten title of one seen before.

Guids should be unique and permanent, but may be missing, change or be reused; links gain tracking parameters or all
point to the homepage; titles are rewritten. So an entry leaves several *keys* in the seen-set, each a hash:

- ``exact`` keys (guid and title; link and title): if one is known, the entry is a repeat;
- the ``guid`` and the ``page`` (its link, if no other entry shares it): known with another title, they suggest a
  rewrite, which the ``word`` keys (the longest words of the first title) confirm if guid and page disagree;
- the ``title``, alone and with the date: where guid and link are both new, as after a relaunch or where they change at
  every fetch, a known title is known if its date is, too, or if it has none. With another date it may be a title that
  comes back (``Market wrap``), and is new but *familiar*. Where the feed still has the earlier one under the guid or
  link it had, the feed itself tells them apart: the later one is new, unless both have the same date and time.

In doubt an entry counts as new: a repeated story joins its cluster, a lost one is gone. The seen-set is queried for
``first_keys`` always, and for ``rewrite_keys`` only where a title changed.

Known limits: an entry with neither guid nor link is identified by its title alone; so is one without a date when the
earlier entry of its title has left the feed.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from bot.core.model import stable_id

WORDS_KEPT = 5
"""Words of a title remembered to recognise a rewrite."""

_TRACKING = re.compile(
    r"^(?:utm_.*|at_(?:medium|campaign|link.*|custom.*)|mc_[ce]id|[fg]clid|gbraid|wbraid|msclkid|igshid|guce.*|"
    r"guccounter|ocid|cmpid|cmp|ftag|smid|smtyp|taid|spm|xtor|ncid|soc_src|soc_trk|sref|partner|mod|rss|feed|feature|"
    r"ref|ref_src|referrer|src|source|via|traffic_source|ns_.*|_hs.*|share|fbclid)$"
)
"""Query parameters that track readers and do not identify the page."""

_TRACKING_VALUES = re.compile(r"rss|feed|twitter|facebook|social|mail|google|home|share|news", re.IGNORECASE)
_AMBIGUOUS = frozenset({"source", "src", "ref", "feed", "mod", "share", "partner", "feature", "via", "rss", "cmp"})
"""Tracking parameters that sometimes identify the page; dropped only if the value names a channel."""

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
    """How new an entry is."""

    NEW = "new"
    REPEAT = "repeat"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Entry:
    """What identifies an entry within its feed; each part may be empty."""

    guid: str
    link: str
    title: str
    date: datetime | None = None
    """When it was published, if that is plausible."""


@dataclass(frozen=True, slots=True)
class Marks:
    """An entry's keys, and the id of its story should it be new."""

    story: str
    exact: tuple[str, ...]
    guid: str
    page: str
    words: tuple[str, ...]
    title: str
    dated: str
    """The title with its date, or with that it has none."""
    undated: bool
    timed: str
    """The title with its date, if that has a time of day; else empty."""


@dataclass(frozen=True, slots=True)
class EntryVerdict:
    """The decision on an entry. ``keys`` are to be remembered with its story; empty for a repeat."""

    novelty: Novelty
    story: str
    """Id of the new story, or of the one repeated."""
    revises: str | None = None
    keys: tuple[str, ...] = ()
    familiar: bool = False
    """New, under a title that the feed has used before."""


def fold_title(title: str) -> str:
    """The title without minor edits: case, white space, kinds of quote and dash, final full stops."""
    folded = unicodedata.normalize("NFKC", title).translate(_TYPOGRAPHY).casefold()
    folded = " ".join(folded.split())
    return folded.rstrip(" .") or folded


def fold_link(link: str) -> str:
    """The link reduced to what identifies the page.

    Scheme, ``www.``, default port, tracking parameters, the order of the others and a final slash go. A fragment stays
    unless it tracks: on pages with many entries it identifies one. A malformed link is returned unchanged.
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
        fields = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
        query = urlencode(sorted((name, value) for name, value in fields if not _tracks(name.lower(), value)))
    except (ValueError, UnicodeError):
        query = parts.query
    fragment = parts.fragment
    if fragment.startswith(("xtor", "utm_", "rss", "ref=", "intcid", "comments")):
        fragment = ""
    return host + parts.path.rstrip("/") + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


def mark(source: str, entries: Sequence[Entry], homes: Collection[str] = ()) -> list[Marks]:
    """The keys of all entries of one poll of ``source``, in order.

    All at once, because a guid or link that several entries share identifies none of them. ``homes`` are links that
    are not an entry's own: the feed's site and address.
    """
    folded = [
        Entry(
            guid=fold_link(e.guid) if e.guid[:4].lower() == "http" else e.guid.strip(),
            link=fold_link(e.link),
            title=fold_title(e.title),
            date=e.date,
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
        # one title on one page under several guids at once: there only the guid identifies an entry
        if own_page or not e.guid or len(guids_of[e.link, e.title] - {""}) == 1:
            exact.append(stable_id("link+title", source, e.link, e.title))
        dated = stable_id("title+date", source, e.title, e.date.isoformat() if e.date else "")
        marks.append(
            Marks(
                story=stable_id("story", source, e.guid, e.link, e.title),
                exact=tuple(exact),
                guid=stable_id("guid", source, e.guid) if own_guid else "",
                page=stable_id("page", source, e.link) if own_page else "",
                words=_words(e.title),
                title=stable_id("title", source, e.title),
                dated=dated,
                undated=e.date is None,
                timed=dated if e.date is not None and (e.date.hour, e.date.minute, e.date.second) != (0, 0, 0) else "",
            )
        )
    return marks


def first_keys(marks: Sequence[Marks]) -> list[str]:
    """The keys to look up for a poll, each once."""
    return list(dict.fromkeys(key for m in marks for key in _keys(m)))


def rewrite_keys(marks: Sequence[Marks], known: Mapping[str, str]) -> list[str]:
    """The further keys to look up: the words of titles that changed under a known guid or page."""
    changed = [m for m in marks if not any(key in known for key in m.exact)]
    keys = (_word_key(story, word) for m in changed for story in _candidates(m, known) for word in m.words)
    return list(dict.fromkeys(keys))


def judge(marks: Sequence[Marks], known: Mapping[str, str]) -> list[EntryVerdict]:
    """The decision on each entry, in the order of ``marks``; ``known`` maps the keys ever seen to story ids.

    An entry that occurs twice in one poll is a repeat. The story seen first keeps its keys.
    """
    seen = dict(known)
    told_apart = _told_apart(marks, known)
    moved = _moved(marks, known, told_apart)
    verdicts = []
    for m in marks:
        repeated = next((seen[key] for key in m.exact if key in seen), None)
        revises = None if repeated else _revised(m, seen)
        if not repeated and not revises and (m.title in moved or (m.title in told_apart and m.timed in known)):
            repeated = known.get(m.title, m.story)
        if repeated is not None:
            verdicts.append(EntryVerdict(Novelty.REPEAT, repeated))
            continue
        owner = revises or m.story
        keys = dict.fromkeys(key for key in _keys(m) if key not in seen)
        keys |= dict.fromkeys(key for word in m.words[:WORDS_KEPT] if (key := _word_key(owner, word)) not in seen)
        for key in keys:
            seen[key] = m.story
        novelty = Novelty.REVISION if revises else Novelty.NEW
        familiar = not revises and m.title in known and m.title not in told_apart
        verdicts.append(EntryVerdict(novelty, m.story, revises, tuple(keys), familiar))
    return verdicts


def _told_apart(marks: Sequence[Marks], known: Mapping[str, str]) -> set[str]:
    """The known titles of stories that the feed still has under their own guid or link, perhaps rewritten."""
    here = {known[key] for m in marks for key in (*m.exact, m.guid, m.page) if key in known}
    return {m.title for m in marks if known.get(m.title) in here or any(key in known for key in m.exact)}


def _moved(marks: Sequence[Marks], known: Mapping[str, str], told_apart: Collection[str]) -> set[str]:
    """The known titles that are here under new guids and links only, each with a known date or none.

    All entries of a title or none: a repeat leaves no keys, so beside an entry that does it would look new later.
    """
    with_title: dict[str, list[Marks]] = defaultdict(list)
    for m in marks:
        if m.title in known and m.title not in told_apart:
            with_title[m.title].append(m)
    return {
        title
        for title, found in with_title.items()
        if all((m.undated or m.dated in known) and not _candidates(m, known) for m in found)
    }


def _keys(m: Marks) -> tuple[str, ...]:
    """All keys but the words."""
    return tuple(key for key in (*m.exact, m.guid, m.page, m.title, m.dated) if key)


def _revised(m: Marks, seen: Mapping[str, str]) -> str | None:
    """The id of the story of which this is a rewritten title, if any."""
    by_guid, by_page = seen.get(m.guid), seen.get(m.page)
    if by_guid and (by_guid == by_page or not m.page):
        return by_guid  # same guid, and same page or none to compare: the words do not matter
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
    """The significant words of a folded title, longest first (then alphabetically), each once."""
    words = {w for w in re.findall(r"\w+", title) if len(w) > 2 and w not in _STOP}
    return tuple(sorted(words, key=lambda w: (-len(w), w)))


def _tracks(name: str, value: str) -> bool:
    if not _TRACKING.match(name):
        return False
    return name not in _AMBIGUOUS or value == "" or bool(_TRACKING_VALUES.search(value))


def _leads_somewhere(folded_link: str) -> bool:
    """False for no link and for a bare host, which is no entry's own page."""
    return any(c in folded_link for c in "/?#")
