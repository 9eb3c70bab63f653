"""models.dev's open catalogue as a news source: what named labs offer themselves, with facts and prices.

``GET https://models.dev/catalog.json`` needs no key. The shape is that of the schema and the generator in its
repository, July 2026. Under ``providers`` (which ``api.json`` has alone) stand some 150 with 5,300 entries: ``models``
by id, each with ``name``, ``release_date`` (``2026-01-27``, or only ``2026-01``), ``open_weights``, ``limit.context``
(tokens), ``cost.input`` and ``cost.output`` (US dollars per million tokens; no ``cost`` where there is no price), and
``status`` (``alpha``, ``beta``, ``deprecated``) where that is to be said; only the entries of labs that offer their own
are read. Under ``models`` (which ``models.json`` has alone) stand some 230 models by ``LAB/MODEL`` whoever serves them,
with the same facts but ``cost``, and ``license``, a free text that four of them had and no provider's entry takes over.
A model that only stands there is told if it is of these days.

People keep the catalogue, so it confirms and completes rather than tells first. What it adds late, or without saying on
which day it was released, is evidence only; so is a price that became cheaper, as a slip that was put right looks the
same. A date has no time: it is told as a fact, and never taken for the moment of publication.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.adapters.news_sources.models_dev.catalogue import Offer, read
from bot.core.errors import SourceError
from bot.core.model import ModelName, NewsItem, NewsPoll
from bot.core.news import releases
from bot.core.news.releases import Price
from bot.core.news.source_answers import evidence_in_a_flood
from bot.core.ports import AskJson, NewsSource, Organisations

CATALOGUE = "https://models.dev"
PLACE, MAKERS = "models-dev", "models-dev-lab"
"""The places' names under ``organisations`` in ``rules/topics``: providers that are labs, and other ids of labs."""
READ = 500
"""Models read of one provider."""
DESCRIBED = 3_000
"""Models read of those that are described whoever serves them."""
KNOWN = 2_000
"""Models remembered."""
MANY = 25
"""More that is new at once is a change of the catalogue and not of the world."""
OF_THESE_DAYS = timedelta(days=1)
"""How far a release date may be from today, in UTC: where the lab is, it may be yesterday or tomorrow."""
WHOEVER = "models/"
"""How ids of models begin that are only described."""


@dataclass(frozen=True)
class _Known:
    """A model as it was when it was first seen, or last became cheaper."""

    model: str
    price: Price | None
    at: datetime


class ModelsDev(NewsSource):
    """New models of labs, and their own prices that were cut. ``base`` is for tests."""

    title = "models.dev"
    advice = "look at https://models.dev, or leave out models-dev under news_sources: in config.yaml"
    interval = timedelta(minutes=20)
    stories_per_day = 60

    def __init__(self, fetch: AskJson, organisations: Organisations, base: str = CATALOGUE) -> None:
        self._fetch, self._organisations, self._base = fetch, organisations, base.rstrip("/")
        self._etag = ""
        self._left: str | None = None
        """The state of the last poll; where another is handed in, what was answered then is not known any more."""

    async def poll(self, state: str, since: datetime | None, now: datetime) -> NewsPoll:
        """Read the whole catalogue and compare it with what was known."""
        known, first = _remembered(state)
        answer = await self._fetch(f"{self._base}/catalog.json", self._etag if state == self._left else "")
        if answer.data is None:
            return NewsPoll((), state, len(known) or 1)
        offers = self._offers(answer.data)
        models = {one.model for one in known.values()}
        items: list[NewsItem] = []
        for offer in offers:
            before = known.pop(offer.id, None)
            known[offer.id] = before or _Known(offer.model, offer.price, now)  # last, as the newest
            if before is None:
                if offer.model not in models and _is_told(offer, now) and not first:
                    items.append(self._offered(offer, now))
                models.add(offer.model)
            elif before.price is None:
                known[offer.id] = replace(before, price=offer.price, at=now)
            elif offer.price is not None and releases.is_cut(before.price, offer.price):
                known[offer.id] = replace(before, price=offer.price, at=now)
                items.append(self._cut(offer, before.price, offer.price, before.at, now))
        self._left, self._etag = _written(known), answer.etag
        names = [ModelName(offer.name, offer.lab) for offer in offers]
        return NewsPoll(evidence_in_a_flood(items, MANY), self._left, len(offers), names=names)

    def _offers(self, catalogue: object) -> Sequence[Offer]:
        """What labs offer themselves, with the licences of the models, and models that are only described."""
        sections = catalogue if isinstance(catalogue, Mapping) else {}
        providers, described = (
            section if isinstance(section := sections.get(name), Mapping) else {} for name in ("providers", "models")
        )
        listed = {
            str(name): provider["models"]
            for name, provider in providers.items()
            if isinstance(provider, Mapping) and isinstance(provider.get("models"), Mapping)
        }
        if not any(isinstance(e, Mapping) and "name" in e for models in listed.values() for e in models.values()):
            raise SourceError("the catalogue has changed its shape: no provider has models with names", status=200)
        labs = self._organisations(PLACE)
        found = [
            read(provider, str(name), entry, lab)
            for provider, lab in labs.items()
            for name, entry in list(listed.get(provider, {}).items())[:READ]
        ]
        offers = [offer for offer in found if offer is not None]
        models = self._described(described, {**labs, **self._organisations(MAKERS)})
        offered = {offer.model for offer in offers}
        known = [replace(o, licence=o.licence or models[o.model].licence) if o.model in models else o for o in offers]
        return [*known, *(model for key, model in models.items() if key not in offered)]

    def _described(self, entries: Mapping[object, object], labs: Mapping[str, str]) -> Mapping[str, Offer]:
        """The models of labs as they are described whoever serves them, by what identifies a model."""
        found: dict[str, Offer] = {}
        for key, entry in list(entries.items())[:DESCRIBED]:
            maker, _, name = str(key).partition("/")
            offer = read(f"{WHOEVER}{maker}", name, entry, labs[maker]) if maker in labs else None
            if offer is not None:
                found.setdefault(offer.model, replace(offer, price=None))
        return found

    def _offered(self, offer: Offer, now: datetime) -> NewsItem:
        day, today = offer.released_on, now.date()
        return NewsItem(
            key=offer.model,
            title=releases.catalogued_title(
                offer.lab, offer.name, offer.price, open_weights=offer.open_weights, licence=offer.licence
            ),
            published_at=now if day == today else None,
            summary=releases.catalogued_facts(
                offer.lab,
                offer.name,
                offer.price,
                offer.context,
                day,
                open_weights=offer.open_weights,
                licence=offer.licence,
            ),
            link=self._link(offer),
            evidence_only=not _is_of_these_days(offer, now),
        )

    def _cut(self, offer: Offer, before: Price, price: Price, at: datetime, now: datetime) -> NewsItem:
        where = f"at {offer.lab}"
        return NewsItem(
            key=f"{offer.model} {price.prompt:g} {price.completion:g}",
            title=releases.cut_title(offer.lab, offer.name, before, price, where),
            published_at=now,
            summary=releases.cut_facts(offer.name, before, price, at, where=where),
            link=self._link(offer),
            evidence_only=True,
        )

    def _link(self, offer: Offer) -> str:
        page = offer.id if offer.id.startswith(WHOEVER) else f"providers/{offer.id.partition('/')[0]}"
        return f"{self._base}/{page}"


def _is_told(offer: Offer, now: datetime) -> bool:
    """Whether a model that was not known is told. That people describe an old one is no news and no evidence."""
    return offer.in_use and (not offer.id.startswith(WHOEVER) or _is_of_these_days(offer, now))


def _is_of_these_days(offer: Offer, now: datetime) -> bool:
    return offer.released_on is not None and abs(offer.released_on - now.date()) <= OF_THESE_DAYS


def _remembered(state: str) -> tuple[dict[str, _Known], bool]:
    """What was known, and whether this is a first poll, as it is where the state cannot be read."""
    try:
        known = {
            str(name): _Known(
                str(one[0]),
                Price(float(one[1]), float(one[2])) if one[1] is not None else None,
                datetime.fromisoformat(one[3]),
            )
            for name, one in json.loads(state).items()
        }
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        return {}, True
    return known, False


def _written(known: Mapping[str, _Known]) -> str:
    stored = {
        name: (
            one.model,
            one.price.prompt if one.price else None,
            one.price.completion if one.price else None,
            one.at.isoformat(timespec="seconds"),
        )
        for name, one in list(known.items())[-KNOWN:]
    }
    return json.dumps(stored, separators=(",", ":"))
