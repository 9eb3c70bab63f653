"""OpenRouter's public list as a news source: new models of named labs, and prices that were cut.

``GET https://openrouter.ai/api/v1/models`` needs no key. The shape is that of its API reference: ``data``, a list of
models with ``id`` (``author/slug``, with ``:free`` and the like for variants), ``name`` (``DeepSeek: DeepSeek V3``),
``created`` (seconds), ``context_length`` and ``pricing``, where ``prompt`` and ``completion`` are US dollars per token
as text, ``supported_parameters`` (with ``reasoning`` for models that think before they answer) and
``architecture.output_modalities``; longer lists go on at ``links.next``.

A price is told as cut where input and output together cost a tenth less than when the model was first seen or its last
cut was told, and neither costs more than then: providers that undercut each other by turns, or a price that was raised
and only comes back, are no news.

A price is compared with that of the cheapest *rival of its class*: a model of another lab that was on the list before,
at the price stored by an earlier poll. Of one class are models that write text, both with thinking or both without, and
both of the size that their names tell: small ones are called mini, flash, haiku or the like, or have a number of
parameters below 100 billion in their name.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from bot.core.errors import SourceError
from bot.core.model import ModelName, NewsItem, NewsPoll
from bot.core.news import releases
from bot.core.news.releases import Price, Rival
from bot.core.news.source_answers import evidence_in_a_flood
from bot.core.ports import AskJson, NewsSource, Organisations
from bot.core.text.links import host_of

ROUTER = "https://openrouter.ai"
PLACE = "openrouter"
"""The place's name under ``organisations`` in ``rules/topics``."""
PAGES = 5
READ = 3_000
"""Entries read of an answer, however many it has."""
KNOWN = 2_000
"""Models remembered, those of named labs only."""
MANY = 25
"""More new models at once, or prices cut, are a change of the list and not of the world."""
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)
_NAME = re.compile(r"[\w .+()/-]{1,80}")
_SMALL = re.compile(
    r"(?<![a-z])(?:mini|nano|micro|tiny|lite|flash|fast|haiku|small|air|edge|scout|ministral|instant|gemma|phi)(?![a-z])"
)
_SIZE = re.compile(r"(?<![0-9.a-z])([0-9]{1,4}(?:\.[0-9]+)?)b(?![a-z])")
_LARGE = 100
"""Billions of parameters."""
_PER = 1e6
"""Prices are shown for a million tokens."""


@dataclass(frozen=True)
class _Offer:
    """A model as the list has it."""

    id: str
    name: str
    lab: str
    price: Price
    created_at: datetime | None
    context: int
    kind: str = ""
    """What it can be compared with: rivals of the same kind; empty for none."""


@dataclass(frozen=True)
class _Known:
    """A model as it was when it was first seen, or last became cheaper: what later prices are compared with."""

    price: Price
    at: datetime
    latest: Price
    """The price at the last poll."""
    latest_at: datetime
    """The first poll that saw it."""


class OpenRouter(NewsSource):
    """New models and cut prices. ``base`` is for tests."""

    title = "OpenRouter"
    advice = "look at https://status.openrouter.ai, or leave out openrouter under news_sources: in config.yaml"
    interval = timedelta(seconds=90)
    stories_per_day = 60

    def __init__(self, fetch: AskJson, organisations: Organisations, base: str = ROUTER) -> None:
        self._fetch, self._organisations, self._base = fetch, organisations, base.rstrip("/")
        self._etag = ""
        self._left: str | None = None
        """The state of the last poll; where another is handed in, what was answered then is not known any more."""

    async def poll(self, state: str, since: datetime | None, now: datetime) -> NewsPoll:
        """Read the whole list and compare it with what was known."""
        known, first = _remembered(state)
        if state != self._left:
            self._etag = ""
        entries = await self._entries()
        if entries is None:
            return NewsPoll((), state, len(known) or 1)
        labs = self._organisations(PLACE)
        offers = {offer.id: offer for offer in (_read(entry, labs) for entry in entries) if offer is not None}
        if entries and not any(isinstance(e, dict) and {"id", "pricing"} <= e.keys() for e in entries):
            raise SourceError("the list of models has changed its shape: no entry has an id and pricing", status=200)
        stored = [(offer, known[offer.id]) for offer in offers.values() if offer.id in known]
        items: list[NewsItem] = []
        for offer in offers.values():
            before = known.pop(offer.id, None)
            cut = before is not None and releases.is_cut(before.price, offer.price)
            # last, as the newest
            known[offer.id] = _Known(offer.price, now, offer.price, now) if before is None or cut else before
            if known[offer.id].latest != offer.price:
                known[offer.id] = replace(known[offer.id], latest=offer.price, latest_at=now)
            if before is None and not first:
                items.append(self._offered(offer, _rival(offer, stored), since, now))
            elif before is not None and cut:
                items.append(self._cut(offer, before, _rival(offer, stored), now))
        self._left = _written(known)
        names = [ModelName(offer.name, offer.lab) for offer in offers.values()]
        return NewsPoll(evidence_in_a_flood(items, MANY), self._left, len(entries), names=names)

    async def _entries(self) -> Sequence[Any] | None:
        """All entries of the list; ``None`` where it is as before."""
        url, etag = f"{self._base}/api/v1/models", self._etag
        entries: list[Any] = []
        first_etag = ""
        for page in range(PAGES):
            answer = await self._fetch(url, etag if page == 0 else "")
            if answer.data is None:
                return None
            data = answer.data.get("data") if isinstance(answer.data, dict) else None
            if not isinstance(data, list):
                raise SourceError("the list of models has changed its shape: it has no data", status=200)
            first_etag = first_etag or answer.etag
            entries += data[: READ - len(entries)]
            links = answer.data.get("links")
            following = links.get("next") if isinstance(links, dict) else None
            if not isinstance(following, str) or not following or len(entries) >= READ:
                break
            first_etag = ""  # says nothing about the pages that follow
            url = urljoin(url, following)
            if host_of(url) != host_of(self._base):
                raise SourceError("the list of models goes on at another site", status=200)
        self._etag = first_etag
        return entries

    def _offered(self, offer: _Offer, rival: Rival | None, since: datetime | None, now: datetime) -> NewsItem:
        made = [at for at in (offer.created_at, since) if at is not None and at <= now]
        return NewsItem(
            key=offer.id,
            title=releases.offered_title(offer.lab, offer.name, offer.price),
            published_at=max(made, default=None),
            summary=releases.offered_facts(offer.name, offer.price, offer.context, rival),
            link=f"{self._base}/{offer.id}",
        )

    def _cut(self, offer: _Offer, before: _Known, rival: Rival | None, now: datetime) -> NewsItem:
        return NewsItem(
            key=f"{offer.id} {offer.price.prompt:g} {offer.price.completion:g}",
            title=releases.cut_title(offer.lab, offer.name, before.price, offer.price),
            published_at=now,
            summary=releases.cut_facts(offer.name, before.price, offer.price, before.at, rival),
            link=f"{self._base}/{offer.id}",
        )


def _rival(offer: _Offer, stored: Sequence[tuple[_Offer, _Known]]) -> Rival | None:
    """The cheapest rival of its class, at its price as stored before."""
    others = [(other, known) for other, known in stored if offer.kind and other.kind == offer.kind]
    rivals = [Rival(o.lab, o.name, k.latest, k.latest_at) for o, k in others if o.lab != offer.lab]
    return min(rivals, key=lambda rival: rival.price.prompt + rival.price.completion, default=None)


def _kind(entry: Mapping[str, Any], name: str) -> str:
    """The class of a model; empty where the list does not say that it writes text and nothing else."""
    shape, parameters = entry.get("architecture"), entry.get("supported_parameters")
    if not isinstance(shape, Mapping) or shape.get("output_modalities") != ["text"] or not isinstance(parameters, list):
        return ""
    sizes = [float(size) for size in _SIZE.findall(name.lower())]
    small = any(size < _LARGE for size in sizes[:1]) or _SMALL.search(name.lower()) is not None
    return f"{'small' if small else 'large'}{' thinking' if 'reasoning' in parameters else ''}"


def _read(entry: Any, labs: Mapping[str, str]) -> _Offer | None:
    """A model of a named lab at a price; ``None`` for variants, routers, and what is given away or cannot be read."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str) or not _ID.fullmatch(entry["id"]):
        return None
    author, _, slug = entry["id"].partition("/")
    lab, pricing = labs.get(author), entry.get("pricing")
    if lab is None or not isinstance(pricing, Mapping):
        return None
    prompt, completion = _dollars(pricing.get("prompt")), _dollars(pricing.get("completion"))
    if prompt is None or completion is None:
        return None
    written = entry.get("name")
    name = written.rpartition(": ")[2].strip() if isinstance(written, str) else ""
    context = entry.get("context_length")
    return _Offer(
        entry["id"],
        name if _NAME.fullmatch(name) else slug,
        lab,
        Price(prompt, completion),
        _moment(entry.get("created")),
        context if isinstance(context, int) and not isinstance(context, bool) and 0 < context < 10**9 else 0,
        _kind(entry, f"{name} {slug}"),
    )


def _dollars(value: Any) -> float | None:
    """Per million tokens, of a price per token; ``None`` for free, unknown (``-1``) and implausible ones."""
    try:
        dollars = float(value) * _PER if isinstance(value, str | int | float) and len(str(value)) < 40 else 0.0
    except (ValueError, OverflowError):
        return None
    return round(dollars, 6) if math.isfinite(dollars) and 0.000_001 <= dollars < 100_000 else None


def _moment(seconds: Any) -> datetime | None:
    good = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 1e11
    return datetime.fromtimestamp(seconds, UTC) if good else None


def _remembered(state: str) -> tuple[dict[str, _Known], bool]:
    """What was known, and whether this is a first poll, as it is where the state cannot be read."""
    try:
        known = {
            str(name): _Known(
                Price(float(one[0]), float(one[1])),
                datetime.fromisoformat(one[2]),
                Price(float(one[-3]), float(one[-2])),
                datetime.fromisoformat(one[-1]),
            )
            for name, one in json.loads(state).items()
        }
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        return {}, True
    return known, False


def _written(known: Mapping[str, _Known]) -> str:
    newest = list(known.items())[-KNOWN:]

    def figures(price: Price, at: datetime) -> tuple[float, float, str]:
        return price.prompt, price.completion, at.isoformat(timespec="seconds")

    stored = {
        name: figures(one.price, one.at) + (figures(one.latest, one.latest_at) if one.latest != one.price else ())
        for name, one in newest
    }
    return json.dumps(stored, separators=(",", ":"))
