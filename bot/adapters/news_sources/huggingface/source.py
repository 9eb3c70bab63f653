"""The Hugging Face hub as a news source: one request per named organisation, newest models first.

``GET https://huggingface.co/api/models?author=NAME&sort=createdAt&direction=-1&limit=50&expand[]=…`` needs no key; the
documentation of the hub allows an address 500 such requests in five minutes without one.

A model is told when it is first seen with weights. It is one that its lab made (from nothing, or from models of its
own), that writes, draws or speaks, and is not the same in another format. What is in the list at the first poll is not
told, nor what is older than the end of that list. Repositories are made before they are opened to the public, so a
model was published no earlier than the poll that did not have it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from bot.adapters.news_sources.huggingface.entries import Model, read_model
from bot.adapters.news_sources.huggingface.spreading import Spread, spreading
from bot.core.errors import SourceError
from bot.core.model import JsonAnswer, ModelName, NewsItem, NewsPoll
from bot.core.news import releases
from bot.core.ports import AskJson, NewsSource, Organisations

log = logging.getLogger(__name__)

HUB = "https://huggingface.co"
PLACE = "huggingface"
"""The place's name under ``organisations`` in ``rules/topics``."""
LISTED = 50
"""Models asked for of each organisation."""
READ = 200
"""Entries read of an answer, however many it has."""
KNOWN = 200
"""Ids remembered of each organisation, newest last."""
MANY = 25
"""More new models of one organisation at once are no release: an archive was opened."""
OLD = timedelta(days=60)
"""What was made before was moved here, or opened late: it is no news that fires a rule."""
SPREAD_EVERY = timedelta(minutes=10)
CORRECTED = "organisations in rules/topics"
"""Where a name that is wrong is put right."""
FIELDS = ("createdAt", "tags", "safetensors", "pipeline_tag", "likes", "downloads", "gated", "private")
_LONGEST = "9"
"""Later than every date as text."""


@dataclass
class _Seen:
    """What is known of one organisation's list."""

    known: list[str] = field(default_factory=list)
    floor: str = ""
    """What was made before was beyond the end of the first list, or may be forgotten, and is never new."""
    likes: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Of what may spread: by id, how many it had, and when."""


class HuggingFace(NewsSource):
    """New models of named labs, and what spreads. ``base`` is for tests."""

    title = "Hugging Face"
    advice = "look at https://status.huggingface.co, or leave out huggingface-hub under news_sources: in config.yaml"
    interval = timedelta(minutes=1)
    stories_per_day = 60

    def __init__(self, fetch: AskJson, organisations: Organisations, base: str = HUB) -> None:
        self._fetch, self._organisations, self._base = fetch, organisations, base.rstrip("/")
        self._etags: dict[str, str] = {}
        self._left: str | None = None
        """The state of the last poll; where another is handed in, what was answered then is not known any more."""
        self._begin = 0
        """Which organisation is asked first: where the last poll was cut short."""
        self._spread_at: datetime | None = None
        self._missing: set[str] = set()
        """Organisations that have nothing; each is named in the log once."""

    async def poll(self, state: str, since: datetime | None, now: datetime) -> NewsPoll:
        """Ask for every organisation in turn. What answers is taken, even where others do not; a refusal or silence
        ends the poll, and the next begins there."""
        memory = _remembered(state)
        if state != self._left:
            self._etags.clear()
        labs = dict(self._organisations(PLACE))
        names = sorted(labs)
        names = names[self._begin % max(len(names), 1) :] + names[: self._begin % max(len(names), 1)]
        items: list[NewsItem] = []
        listed: list[ModelName] = []
        seen, note, retry_after = 0, "", None
        for number, name in enumerate(names):
            try:
                models = await self._list(name)
            except SourceError as error:
                if error.status in (400, 404, 410):
                    note = f"{name} is no organisation there (HTTP {error.status}); correct {CORRECTED}"
                    continue
                self._begin += max(number, 1)
                if not number:
                    raise
                note, retry_after = f"{len(names) - number} organisations were not asked: {error}", error.retry_after
                break
            known = memory.get(name)
            if models is None:  # as it was
                seen += len(known.known) if known else 0
                continue
            seen += len(models)
            if not models and known is None and name not in self._missing:
                self._missing.add(name)
                log.warning("Hugging Face has no models of %s; correct %s", name, CORRECTED)
            own = [model for model in models if _is_of(labs[name], model, name, labs)]
            listed += [ModelName(model.name, labs[name]) for model in own]
            items += self._new(labs[name], models, memory, name, labs, since, now)
        else:
            self._begin = 0
            items += await self._spreading(labs, memory, now)
        self._left = _written(memory)
        return NewsPoll(items, self._left, seen, note, retry_after, listed)

    async def _list(self, author: str) -> Sequence[Model] | None:
        """The newest models of an organisation; ``None`` where they are as before."""
        return await self._ask({"author": author, "sort": "createdAt", "limit": str(LISTED)}, author)

    async def _ask(self, query: Mapping[str, str], what: str) -> Sequence[Model] | None:
        asked = [*query.items(), ("direction", "-1"), *(("expand[]", name) for name in FIELDS)]
        answer = await self._fetch(f"{self._base}/api/models?{urlencode(asked)}", self._etags.get(what, ""))
        if answer.data is None:
            return None
        models = _read(answer)
        self._etags[what] = answer.etag
        return models

    def _new(
        self,
        lab: str,
        models: Sequence[Model],
        memory: dict[str, _Seen],
        name: str,
        labs: Mapping[str, str],
        since: datetime | None,
        now: datetime,
    ) -> list[NewsItem]:
        """What the organisation published since the last poll, as one item."""
        seen = memory.get(name)
        if seen is None:
            floor = _oldest(models) if len(models) >= LISTED else ""
            memory[name] = _Seen([m.id for m in reversed(models)][-KNOWN:], floor)
            return []
        known = set(seen.known)
        fresh: list[Model] = []
        for model in reversed(models):
            if model.id in known or (seen.floor and _text(model.created_at) < seen.floor):
                continue
            tells = _is_of(lab, model, name, labs)
            if tells and not model.has_weights:
                continue  # the page is there, and the weights may follow
            seen.known.append(model.id)
            if tells:
                fresh.append(model)
        if len(seen.known) > KNOWN:  # of what is forgotten, nothing must look new when it comes up in the list again
            seen.known = seen.known[-KNOWN:]
            seen.floor = max(seen.floor, _oldest(models))
        return [self._release(lab, fresh, since, now)] if fresh else []

    def _release(self, lab: str, models: Sequence[Model], since: datetime | None, now: datetime) -> NewsItem:
        first, *beside = sorted(models, key=_prominence)
        made = [at for at in (first.created_at, since) if at is not None and at <= now]
        return NewsItem(
            key=first.id,
            title=releases.published_title(lab, first.name, first.licence, first.parameters, len(beside)),
            published_at=max(made, default=None),
            summary=releases.published_facts(
                first.name, first.licence, first.parameters, [m.name for m in beside], gated=first.gated
            ),
            link=f"{self._base}/{first.id}",
            evidence_only=len(models) > MANY or (first.created_at is not None and now - first.created_at > OLD),
        )

    async def _spreading(self, labs: Mapping[str, str], memory: dict[str, _Seen], now: datetime) -> Sequence[NewsItem]:
        """Base models by whomever that many people like within days. Anybody can give a model a name, so these fire no
        rule by themselves."""
        if self._spread_at is not None and timedelta() <= now - self._spread_at < SPREAD_EVERY:
            return ()
        self._spread_at = now
        try:
            models = await self._ask({"sort": "trendingScore", "limit": "40"}, "")
        except SourceError as error:
            log.debug("what spreads on Hugging Face: %s", error)
            return ()
        if models is None:  # as it was
            return ()
        first = "" not in memory
        seen = memory.setdefault("", _Seen())
        if first:  # all that spreads by now
            while spreading(models, seen.known, seen.likes, labs, now):
                pass
        found = spreading(models, seen.known, seen.likes, labs, now)
        seen.known = seen.known[-KNOWN:]
        return [self._spread(labs.get(spread.model.author, ""), spread, now) for spread in found]

    def _spread(self, lab: str, spread: Spread, now: datetime) -> NewsItem:
        model = spread.model
        return NewsItem(
            key=f"spreads:{model.id}",
            title=releases.spreading_title(lab, model.author, model.name, spread.likes, spread.days),
            published_at=now,
            summary=releases.spreading_facts(
                model.name, model.licence, model.parameters, model.likes, model.downloads, gated=model.gated
            ),
            link=f"{self._base}/{model.id}",
            evidence_only=True,
            stranger="" if lab else f"{model.author} {model.name}",
        )


def _is_of(lab: str, model: Model, name: str, labs: Mapping[str, str]) -> bool:
    """Whether the organisation of this name made the model: from nothing, or from models of its own lab."""
    return model.counts and model.author == name and all(labs.get(base) == lab for base in model.bases)


def _read(answer: JsonAnswer) -> Sequence[Model]:
    """The models of an answer, each once. Raises SourceError where it has another shape."""
    if not isinstance(answer.data, list):
        what = "an object" if isinstance(answer.data, dict) else f"a {type(answer.data).__name__}"
        raise SourceError(f"the list of models has changed its shape: it is {what}", status=200)
    entries = answer.data[:READ]
    read = {model.id: model for model in map(read_model, entries) if model is not None}
    if entries and not any(isinstance(entry, dict) and ("id" in entry or "modelId" in entry) for entry in entries):
        raise SourceError("the list of models has changed its shape: no entry has an id", status=200)
    return list(read.values())


def _prominence(model: Model) -> tuple[float, bool, int, str]:
    """The largest first; of the same size the one for use, then the shortest name."""
    return -round(model.parameters / 1e9), model.name.lower().endswith("-base"), len(model.name), model.name


def _oldest(models: Sequence[Model]) -> str:
    """When the oldest was made; empty where no date is known."""
    return min((_text(model.created_at) for model in models if model.created_at is not None), default="")


def _text(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat() if at is not None else _LONGEST


def _remembered(state: str) -> dict[str, _Seen]:
    """What was known; nothing where it cannot be read, and then the next poll is a first one."""
    try:
        stored: Any = json.loads(state or "{}")
        return {
            str(name): _Seen(
                [str(one) for one in seen["known"]][-KNOWN:],
                str(seen["floor"]),
                {str(model): (int(likes), str(at)) for model, (likes, at) in seen.get("likes", {}).items()},
            )
            for name, seen in stored.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return {}


def _written(memory: Mapping[str, _Seen]) -> str:
    stored = {
        name: {"known": seen.known, "floor": seen.floor} | ({"likes": seen.likes} if seen.likes else {})
        for name, seen in sorted(memory.items())
    }
    return json.dumps(stored, separators=(",", ":"))
