"""GitHub as a news source: repositories that organisations of named labs open.

``GET https://api.github.com/orgs/NAME/repos?type=public&sort=created&direction=desc&per_page=50`` needs no key. Without
one an address has 60 requests an hour, and an unchanged answer (304) counts like any other; so each poll asks for one
organisation, all by turns. Entries have ``name``, ``full_name``, ``html_url``, ``description``, ``created_at`` (ISO
8601), ``fork``, ``archived`` and ``license`` with ``spdx_id``. The feed of an organisation's events was no way: it may
be six hours late, by GitHub's own account.

A repository may hold a model or anything else, and what its name says is all there is to tell: such a story is
evidence, and fires no rule by itself. What is in the first list is not told, nor what is older than its end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.core.errors import SourceError
from bot.core.model import NewsItem, NewsPoll
from bot.core.news.releases import LICENCES
from bot.core.news.source_answers import iso_moment
from bot.core.ports import AskJson, NewsSource, Organisations

API = "https://api.github.com"
PLACE = "github"
"""The place's name under ``organisations`` in ``rules/topics``."""
LISTED = 50
READ = 100
"""Entries read of an answer, however many it has."""
KNOWN = 200
"""Repositories remembered of each organisation, newest last."""
AT_ONCE = 5
"""Told of one organisation in one poll; more at once are an archive that was opened."""
DESCRIBED = 200
"""Characters of a description that are told."""
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Repository:
    name: str
    description: str
    link: str
    licence: str
    created_at: datetime | None
    counts: bool
    """Made by the organisation, and in use."""


class GitHub(NewsSource):
    """New repositories of named labs. ``base`` is for tests."""

    title = "GitHub"
    advice = "look at https://www.githubstatus.com, or leave out github under news_sources: in config.yaml"
    interval = timedelta(seconds=75)
    stories_per_day = 60

    def __init__(self, fetch: AskJson, organisations: Organisations, base: str = API) -> None:
        self._fetch, self._organisations, self._base = fetch, organisations, base.rstrip("/")

    async def poll(self, state: str, since: datetime | None, now: datetime) -> NewsPoll:
        """Ask for the next organisation. One that does not exist any more is passed over, and named."""
        memory = _remembered(state)
        labs = self._organisations(PLACE)
        names = sorted(labs)
        if not names:
            return NewsPoll((), state, 0, "no organisation is named under organisations in rules/topics")
        name = next((each for each in names if each > memory["last"]), names[0])
        memory["last"] = name
        try:
            found = await self._list(name)
        except SourceError as error:
            if error.status not in (404, 410):
                raise
            note = f"{name} is no organisation there (HTTP {error.status}); correct organisations in rules/topics"
            return NewsPoll((), _written(memory), 1, note)
        items = self._new(labs[name], found, memory["known"], name, now)
        return NewsPoll(items, _written(memory), max(len(found), 1))

    async def _list(self, name: str) -> Sequence[_Repository]:
        query = f"type=public&sort=created&direction=desc&per_page={LISTED}"
        answer = await self._fetch(f"{self._base}/orgs/{quote(name, safe='')}/repos?{query}", "")
        if not isinstance(answer.data, list) or (
            answer.data and not any(isinstance(entry, dict) and "name" in entry for entry in answer.data)
        ):
            raise SourceError("the list of repositories has changed its shape", status=200)
        return [each for each in map(_read, answer.data[:READ]) if each is not None]

    def _new(
        self, lab: str, found: Sequence[_Repository], known: dict[str, list[str]], name: str, now: datetime
    ) -> Sequence[NewsItem]:
        """What the organisation opened since it was last asked, oldest first."""
        seen = known.get(name)
        if seen is None:
            floor = min((each.created_at or _EARLIEST for each in found), default=_EARLIEST)
            known[name] = [floor.isoformat() if len(found) >= LISTED else "", *reversed([r.name for r in found])]
            return ()
        floor = datetime.fromisoformat(seen[0]) if seen[0] else _EARLIEST
        new = [r for r in reversed(found) if r.name not in seen and (r.created_at or _EARLIEST) >= floor]
        remembered, since = [*seen[1:], *(r.name for r in new)], seen[0]
        if len(remembered) > KNOWN:  # of what is forgotten, nothing must look new when it comes up in the list again
            dates = [r.created_at for r in found if r.created_at is not None]
            since = max(since, min(dates).isoformat()) if dates else since
        known[name] = [since, *remembered[-KNOWN:]]
        told = [repository for repository in new if repository.counts]
        return [self._item(lab, name, each, now) for each in told] if len(told) <= AT_ONCE else ()

    def _item(self, lab: str, organisation: str, repository: _Repository, now: datetime) -> NewsItem:
        licence = LICENCES.get(repository.licence, "")
        under = f" under the {licence} licence" if licence else ""
        facts = f"{repository.name} is on GitHub{under}."
        at = repository.created_at
        return NewsItem(
            key=f"{organisation}/{repository.name}",
            title=f"{lab} opens {repository.name} on GitHub",
            published_at=at if at is not None and now - at < timedelta(days=1) else None,
            summary=f"{facts} {repository.description}".rstrip(),
            link=repository.link,
            evidence_only=True,
        )


def _read(entry: Any) -> _Repository | None:
    """A repository; a missing or strange field is one that says nothing."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str) or not _NAME.fullmatch(entry["name"]):
        return None
    description, link, licence = entry.get("description"), entry.get("html_url"), entry.get("license")
    identifier = licence.get("spdx_id") if isinstance(licence, Mapping) else ""
    return _Repository(
        entry["name"],
        description[:DESCRIBED] if isinstance(description, str) else "",
        link if isinstance(link, str) else "",
        identifier.lower() if isinstance(identifier, str) else "",
        iso_moment(entry.get("created_at")),
        entry.get("fork") is not True and entry.get("archived") is not True and not entry["name"].startswith("."),
    )


def _remembered(state: str) -> dict[str, Any]:
    """What was known; nothing where the state cannot be read."""
    try:
        stored = json.loads(state)
        known = {str(name): [str(each) for each in listed] for name, listed in stored["known"].items() if listed}
        for listed in known.values():
            datetime.fromisoformat(listed[0] or "2000-01-01T00:00:00+00:00")
        return {"last": str(stored["last"]), "known": known}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {"last": "", "known": {}}


def _written(memory: Mapping[str, Any]) -> str:
    return json.dumps(memory, separators=(",", ":"))
