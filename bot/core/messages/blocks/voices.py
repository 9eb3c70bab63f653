"""Quotations from stories: who said what, word for word, and those that argue the other way."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.model import Block, BlockKind, Field, Inline, Line, Link, Story
from bot.core.news.passages import Passage, is_foreign, passages
from bot.core.news.reader import SUMMARY_READ, TITLE_READ
from bot.core.news.voices.other_reading import argues_against, names_gain
from bot.core.news.voices.speakers import Speech
from bot.core.news.voices.voices import Voice, choose
from bot.core.text.scripts import language_note

MOST = 5
MOST_PRINTED = 2
"""Sentences of the press itself that argue the other way, beside those of people."""


def voices(stories: Sequence[Story], speech: Speech) -> list[Block]:
    """One block of quotations in line with the fall, and one of what argues against it: people first, then what stories
    print of their own; only those that have any."""
    with_it, against = choose(stories, speech, MOST)
    quoted = {voice.story for voice in against}
    other = [*map(_line, against), *_printed([story for story in stories if story.id not in quoted])]
    blocks = []
    if with_it:
        blocks.append(Block("voices", BlockKind.QUOTES, 30, "Voices", tuple(map(_line, with_it))))
    if other:
        blocks.append(Block("the other reading", BlockKind.QUOTES, 32, "The other reading", tuple(other)))
    return blocks


def _line(voice: Voice) -> Line:
    lead_in = f"{voice.lead_in} " if voice.lead_in else ""
    who = f" — {voice.speaker}" + (f", {voice.role}" if voice.role else "")
    return (
        f"{lead_in}“{voice.words.rstrip(',，')}”{language_note(voice.words)}",
        who,
        *_outlet(voice.outlet, voice.link),
    )


def _printed(stories: Sequence[Story]) -> list[Line]:
    """Sentences that are the story's own and argue against the fall or say who gains; one of each outlet, those in the
    message's own script first, then the earliest."""
    found: list[tuple[bool, Story, str]] = []
    for story in sorted(stories, key=lambda story: (story.seen_at, story.id)):
        passage = next(filter(_other, _passages(story)), None)
        if passage is not None:
            found.append((is_foreign(passage.words), story, passage.words))
    chosen: dict[str, Line] = {}
    for _, story, words in sorted(found, key=lambda each: each[0]):
        chosen.setdefault(story.origin, (f"“{words}”{language_note(words)}", *_outlet(story.origin, story.link)))
    return list(chosen.values())[:MOST_PRINTED]


def _passages(story: Story) -> list[Passage]:
    """The summary's sentences first: they say more than a title."""
    summary = passages(story.summary[:SUMMARY_READ], Field.SUMMARY)
    return [*summary, *passages(story.title[:TITLE_READ], Field.TITLE)]


def _other(passage: Passage) -> bool:
    return argues_against(passage.words) or names_gain(passage.words)


def _outlet(name: str, link: str) -> list[Inline]:
    return [" (", Link(name, link), ")."] if link else [f" ({name})."]
