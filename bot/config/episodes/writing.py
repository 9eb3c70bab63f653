"""Writing an episode's file, so that reading it returns an equal episode.

Text from outside is in double quotes, with everything escaped that YAML or an editor could misread, and never in a
comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from bot.config.episodes.price_block import apart
from bot.config.yaml.scalars import parse_http_url
from bot.core.model import SecondReading, Story
from bot.core.model.episodes import Episode, EpisodePrices
from bot.core.text.characters import INVISIBLE, SURROGATE

_PLAIN_SYMBOL = re.compile(r"[A-Z][A-Z0-9]*(?:[.-][A-Z0-9]+)*\Z")


def episode_text(episode: Episode, comment: Sequence[str] = ()) -> str:
    """The file's text; ``comment`` goes at its top and must not contain text from outside."""
    return "".join(f"{line}\n" for line in _lines(episode, comment))


def quoted(text: str) -> str:
    """Any text as a YAML scalar in double quotes."""
    written = json.dumps(SURROGATE.sub("\ufffd", text), ensure_ascii=False).replace("\xa0", r"\u00a0")
    return INVISIBLE.sub(lambda found: _escape(ord(found[0])), written)


def _escape(code: int) -> str:
    """YAML, unlike JSON, has no surrogate pairs: a character beyond 16 bits is one escape of eight digits."""
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"


def valid_link(link: str) -> str:
    """``link`` if an episode can contain it; empty otherwise."""
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
    yield from _texts("  ", topic=trigger.topic, source=trigger.source, link=trigger.link)
    if trigger.exposures:
        yield f"  exposures: [{', '.join(quoted(name) for name in trigger.exposures)}]"
    if episode.stories:
        yield ""
        yield "stories:"
        answers = {reading.story: reading for reading in episode.second_readings}
        for story in episode.stories:
            yield ""
            yield from _story(story)
            if (answer := answers.get(story.id)) is not None:
                yield from _second_reading(answer)
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
    yield from _texts(
        "    ",
        source=story.source,
        publisher=story.publisher,
        title=story.title,
        summary=story.summary,
        link=story.link,
    )


def _second_reading(answer: SecondReading) -> Iterator[str]:
    yield "    second_reading:"
    yield f"      seen: {moment(answer.seen_at)}"
    yield from _texts("      ", model=answer.model)
    if answer.moves:
        yield "      moves:"
    for move in answer.moves:
        yield f"        - who: {quoted(move.who)}"
        yield f"          direction: {move.direction}"
        yield f"          because: {move.because}"
        yield f"          ai_is_the_agent: {str(move.agent).lower()}"
        yield f"          certainty: {move.certainty!r}"


def _prices(prices: EpisodePrices) -> Iterator[str]:
    symbol = prices.symbol if _PLAIN_SYMBOL.match(prices.symbol) else quoted(prices.symbol)
    yield f"  {symbol}:"
    yield f"    exchange: {prices.exchange}"
    yield from _texts("    ", exposure=prices.exposure, currency=prices.currency, basis=prices.basis)
    jumps = [after.session for before, after in pairwise(prices.bars) if apart(after.close, before.close)]
    if jumps:
        yield f"    jump: {jumps[-1]}"
    yield "    daily: |  # session open high low close volume"
    for bar in prices.bars:
        yield _row(str(bar.session), (bar.open, bar.high, bar.low, bar.close), bar.volume)
    if prices.marks:
        yield "    marks: |  # time (UTC), kind, price, volume"
    for mark in prices.marks:
        yield _row(f"{moment(mark.at)} {mark.kind.value}", (mark.price,), mark.volume)


def _texts(indent: str, **texts: str) -> Iterator[str]:
    """A line for each text that is not empty."""
    return (f"{indent}{key}: {quoted(text)}" for key, text in texts.items() if text)


def _row(start: str, prices: Sequence[float | None], volume: float | None) -> str:
    figures = prices if volume is None else (*prices, volume)
    return " ".join([f"      {start}", *map(_figure, figures)])


def _figure(number: float | None) -> str:
    if number is None:
        return "-"
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(float(number))
