"""An episode as the text of its file: what ``episode_file`` reads back to the same values.

Words that came from outside stand in double quotes with everything escaped that YAML or an editor could take for
something else; nothing from outside stands in a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from bot.config.episodes.price_block import JUMP
from bot.config.yaml.scalars import parse_http_url
from bot.core.model import Story
from bot.core.model.episodes import Episode, EpisodeBar, EpisodePrices, Mark
from bot.core.text.characters import SURROGATE, UNSEEN

_PLAIN_SYMBOL = re.compile(r"[A-Z][A-Z0-9]*(?:[.-][A-Z0-9]+)*\Z")


def episode_text(episode: Episode, comment: Sequence[str] = ()) -> str:
    """The file's text; ``comment`` stands at its top, and is the program's own words only."""
    return "".join(f"{line}\n" for line in _lines(episode, comment))


def quoted(text: str) -> str:
    """Any text as a YAML scalar in double quotes."""
    written = json.dumps(SURROGATE.sub("\ufffd", text), ensure_ascii=False).replace("\xa0", r"\u00a0")
    return UNSEEN.sub(lambda found: _escape(ord(found[0])), written)


def _escape(code: int) -> str:
    """YAML, unlike JSON, joins no surrogates: what is beyond 16 bits takes one escape of eight digits."""
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def acceptable_link(link: str) -> str:
    """``link`` where an episode may hold it; empty otherwise."""
    try:
        return parse_http_url(link)
    except ValueError:
        return ""


def moment(at: datetime) -> str:
    """``2025-01-27T14:30:00Z``, with fractions of a second where there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _lines(episode: Episode, comment: Sequence[str]) -> Iterator[str]:
    yield "# yaml-language-server: $schema=../schema/episode.json"
    yield "#"
    yield from (f"# {line}".rstrip() for line in comment)
    yield ""
    yield f"episode: {episode.name}"
    yield f"title: {quoted(episode.title)}"
    yield f"kind: {episode.kind.value}"
    if not episode.shock:
        yield "shock: false"
    yield f"session: {episode.session}"
    yield f"from: {episode.first}"
    yield f"to: {episode.last}"
    yield f"summary: {quoted(episode.summary)}"
    trigger = episode.trigger
    yield "trigger:"
    if trigger.at is not None:
        yield f"  at: {moment(trigger.at)}"
    yield f"  what: {quoted(trigger.what)}"
    for key, value in (("topic", trigger.topic), ("source", trigger.source), ("link", trigger.link)):
        if value:
            yield f"  {key}: {quoted(value)}"
    if trigger.exposures:
        yield f"  exposures: [{', '.join(quoted(name) for name in trigger.exposures)}]"
    if episode.stories:
        yield ""
        yield "stories:"
        for story in episode.stories:
            yield ""
            yield from _story(story)
    yield ""
    yield "prices:"
    for prices in episode.prices:
        yield ""
        yield from _prices(prices)


def _story(story: Story) -> Iterator[str]:
    published = story.published_at or story.seen_at
    yield f"  - at: {moment(min(published, story.seen_at))}"
    if published < story.seen_at:
        yield f"    seen: {moment(story.seen_at)}"
    elif published > story.seen_at:
        yield f"    published: {moment(published)}"
    for key, value in (
        ("source", story.source),
        ("publisher", story.publisher),
        ("title", story.title),
        ("summary", story.summary),
        ("link", story.link),
    ):
        if value:
            yield f"    {key}: {quoted(value)}"


def _prices(prices: EpisodePrices) -> Iterator[str]:
    symbol = prices.symbol if _PLAIN_SYMBOL.match(prices.symbol) else quoted(prices.symbol)
    yield f"  {symbol}:"
    yield f"    exchange: {prices.exchange}"
    for key, value in (("exposure", prices.exposure), ("currency", prices.currency), ("basis", prices.basis)):
        if value:
            yield f"    {key}: {quoted(value)}"
    leaps = [b.session for a, b in pairwise(prices.bars) if not 1 / JUMP < b.close / a.close < JUMP]
    if leaps:
        yield f"    jump: {leaps[-1]}"
    yield "    daily: |  # session open high low close volume"
    yield from (f"      {_bar(bar)}" for bar in prices.bars)
    if prices.marks:
        yield "    marks: |  # time (UTC), what it is, price, volume"
        yield from (f"      {_mark(mark)}" for mark in prices.marks)


def _bar(bar: EpisodeBar) -> str:
    words = [str(bar.session), *(_figure(f) for f in (bar.open, bar.high, bar.low, bar.close))]
    return " ".join(words if bar.volume is None else [*words, _figure(bar.volume)])


def _mark(mark: Mark) -> str:
    words = [moment(mark.at), mark.kind.value, _figure(mark.price)]
    return " ".join(words if mark.volume is None else [*words, _figure(mark.volume)])


def _figure(number: float | None) -> str:
    if number is None:
        return "-"
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(float(number))
