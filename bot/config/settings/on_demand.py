"""``on_demand`` in ``config.yaml``: the sources of headlines that are asked about what moves, and how often."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from bot.config.yaml.document import Document, problem
from bot.config.yaml.scalars import Duration, Name, parse_http_url
from bot.config.yaml.validation import StrictModel
from bot.core.errors import Problem
from bot.core.model.on_demand import SYMBOLS, WORDS, OnDemandSpec, WantedKind
from bot.core.secret import Secret
from bot.core.text.links import host_of, keys_in


def parse_template(value: object) -> str:
    """A web address with ``{symbols}`` or ``{words}`` once, behind the host."""
    if not isinstance(value, str) or value.count(SYMBOLS) + value.count(WORDS) != 1:
        raise ValueError(f"write {SYMBOLS} or {WORDS} once in the address, where what is asked about belongs")
    filled = value.replace(SYMBOLS, "X").replace(WORDS, "X")
    parse_http_url(filled)
    if "{" in filled or "}" in filled:
        raise ValueError(f"only {SYMBOLS} and {WORDS} stand for something; write %7B and %7D for other braces")
    if not host_of(value) or host_of(value) != host_of(filled):
        raise ValueError(f"{SYMBOLS} and {WORDS} belong behind the host, as in https://host/search?q={WORDS}")
    return value


Template = Annotated[
    str,
    BeforeValidator(parse_template),
    Field(json_schema_extra={"pattern": r"^https?://.*\{(symbols|words)\}"}),
]


class OnDemandSource(StrictModel):
    """One source of headlines that can be asked about something."""

    name: Name
    """Short and unique, among the feeds too; the source of its stories."""
    url: Template
    """Its address, with `{symbols}` where the symbols of companies belong, or `{words}` where the words to search for
    do."""
    about: tuple[WantedKind, ...] = tuple(WantedKind)
    """What it is asked about: `company`, `line` (of business), `release` (of a model). By symbols, companies only."""
    together: int = Field(default=5, ge=1, le=50)
    """Companies per request, where it is asked by symbols."""
    local: bool = False
    """`true` lets a source with a public name lead to an address on this machine or its network."""
    through: Literal["prices"] | None = None
    """`prices` asks the price source for its headlines about a company, one at a time, in place of the address, which
    is then the one for people."""
    enabled: bool = True
    """`false` keeps the entry but does not ask it."""
    _keys: tuple[Secret, ...] = PrivateAttr(default=())
    """The keys in its address, which are kept out of the log as long as it is configured."""

    def model_post_init(self, context: Any, /) -> None:
        """Register the keys in the address."""
        self._keys = tuple(Secret(key) for key in keys_in(self.url) if key not in (SYMBOLS, WORDS))


class OnDemandSettings(StrictModel):
    """Headlines that are asked for while a watched stock or a line of business moves, and after a release."""

    enabled: bool = True
    """`false` asks for none."""
    every: Duration = timedelta(minutes=1)
    """How often while it moves; five times as long once it lies still, and after a release."""
    round: Duration | None = None
    """In what time every watched company is asked about once, by symbols, while nothing moves; without it only what
    moves is asked about."""
    requests_a_minute: int = Field(default=40, ge=1, le=1000)
    """The most requests within a minute, to all sources together."""
    requests_a_day: int = Field(default=5000, ge=1, le=100_000)
    """The same within 24 hours."""
    host_a_minute: int = Field(default=20, ge=1, le=1000)
    """The most requests to one host within a minute."""
    host_a_day: int = Field(default=2500, ge=1, le=100_000)
    """The same within 24 hours."""
    sources: tuple[OnDemandSource, ...] = ()
    """What is asked; without any, nothing is."""

    def specs(self, stories_per_day: int) -> tuple[OnDemandSpec, ...]:
        """The sources that are asked; none where it is off."""
        return tuple(
            OnDemandSpec(
                s.name,
                s.url,
                frozenset(s.about),
                1 if s.through else s.together,
                stories_per_day,
                s.local,
                through_prices=s.through is not None,
            )
            for s in self.sources
            if self.enabled and s.enabled
        )


def on_demand_problems(document: Document, settings: OnDemandSettings, feeds: Collection[str]) -> Iterator[Problem]:
    """What is wrong with the sources beside each other and ``feeds``, the names of the feeds."""
    taken = set(feeds)
    for index, source in enumerate(settings.sources):
        path = ("on_demand", "sources", index)
        if source.name in taken:
            yield problem(document, (*path, "name"), "a feed or another source already has this name; choose another")
        taken.add(source.name)
        if source.through and SYMBOLS not in source.url:
            message = f"the price source is asked about companies; its address for people has {SYMBOLS}"
            yield problem(document, (*path, "through"), message)
        if SYMBOLS in source.url and WantedKind.COMPANY not in source.about:
            message = f"it is asked by symbols, and so about companies alone; add company, or ask by {WORDS}"
            yield problem(document, (*path, "about"), message)
