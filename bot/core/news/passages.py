"""Sentences of a story that can be quoted as the publisher's own words.

A sentence in which or around which somebody is quoted is left out, because its words may be that person's; so are
questions, which say nothing, and sentences that are cut off, hide characters or are too long for a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.model import Field
from bot.core.news.voices.quotations import SENTENCE_ENDS, Token, paragraphs, quotations, tokens
from bot.core.text.characters import has_invisible
from bot.core.text.wording import LONGEST_TITLE

FEWEST_LETTERS = 8
LONGEST = LONGEST_TITLE + 60
"""Characters; a longer sentence would have to be cut, which can turn its meaning round."""
_FOREIGN = re.compile(r"[^\x00-\u024f\u2010-\u20bf]")
_MARKS = frozenset('“”„«»「」『』"‚')


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence."""

    words: str
    start: int
    stop: int


def is_foreign(words: str) -> bool:
    """Whether ``words`` have letters of another script than messages are in: not everybody can read them."""
    return _FOREIGN.search(words) is not None


def passages(text: str, where: Field) -> Iterator[Passage]:
    """The sentences of a title or summary that can be quoted, in order."""
    offset = 0
    for paragraph in paragraphs(text):
        offset = text.index(paragraph, offset)
        for sentence in _sentences(tokens(paragraph, quotations(paragraph))):
            if any(token.quotation for token in sentence):
                continue
            if any(token.text in _MARKS for token in sentence):
                break  # a mark without its pair: from here on anybody may be speaking
            start, stop = sentence[0].start, sentence[-1].end
            words = paragraph[start:stop]
            if _quotable(words, paragraph[stop:], where):
                yield Passage(words, offset + start, offset + stop)
        offset += len(paragraph)


def _sentences(found: list[Token]) -> Iterator[list[Token]]:
    """The sentences of a paragraph, each without the mark at its end."""
    sentence: list[Token] = []
    for token in found:
        if token.quotation is None and token.text in SENTENCE_ENDS:
            if sentence:
                yield sentence
            sentence = []
        else:
            sentence.append(token)
    if sentence:
        yield sentence


def _quotable(words: str, after: str, where: Field) -> bool:
    if not FEWEST_LETTERS <= len(words) <= LONGEST or has_invisible(words) or "\ufffd" in words:
        return False
    end = after.lstrip()
    cut_off = end.startswith(("…", "...", "[")) or words.endswith("[")
    unfinished = where is Field.SUMMARY and not end and len(words) > LONGEST_TITLE
    return not (cut_off or unfinished or end.startswith(("?", "？")))
