"""Who said what about a fall, in their own words: quotations with a speaker the grammar leaves no doubt about.

A voice is cut out of a story's title or summary and never altered. Where the marks do not pair, the speaker is a
pronoun, two people could be meant or the words are somebody's report of somebody else, there is no voice: a missing
one costs little, a wrongly attributed one a lot. Verbs of saying are read in English and Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from bot.core.characters import JOINERS, has_unseen
from bot.core.model import Story
from bot.core.news.other_reading import argues_against
from bot.core.news.quotations import (
    SENTENCE_ENDS,
    FullNames,
    Speaker,
    Token,
    chinese_speaker,
    cut,
    in_title_case,
    paragraphs,
    person_in,
    quotations,
    role_of,
    speaker_in,
    speaker_with_office,
    tokens,
)
from bot.core.news.speech_words import (
    ADJUNCT,
    ADVERBS,
    ASIDES,
    INVERTED,
    LINKS,
    NAME_STOPS,
    NOT_NAMES,
    OPENERS,
    PLACES,
    POISON,
    REPLIES,
    SAFE_AFTER_ON,
    SPOKEN,
    TURNS,
    VERBS,
    VOICES_OF_HOUSES,
)
from bot.core.news.text import fold

FEWEST_WORDS = 3
LONGEST = 600  # characters; more is rather a mark gone astray than something a person said
TELLING = 40  # words; from there on a longer quotation tells no more


@dataclass(frozen=True, slots=True)
class Voice:
    """One attributed quotation."""

    words: str
    """Exactly what stands between the marks."""
    speaker: str
    """As the text names them; the full name where only the surname stands here and one full name stands earlier."""
    role: str
    """What they are, as the text puts it (``analyst at Wedbush``, ``Microsoft CEO``); may be empty."""
    outlet: str
    """Who published it."""
    link: str
    story: str
    seen_at: datetime
    against: bool
    """Whether the words argue against the fall's logic: overdone, a buying opportunity, cheaper AI needs more chips."""


def voices_of(story: Story) -> tuple[Voice, ...]:
    """The voices of ``story``, title first, in the order of the text. The same words count once."""
    found: dict[str, Voice] = {}
    names = FullNames()
    roles: dict[str, str] = {}
    outlets = {fold(story.origin), fold(story.source)}
    for text, heading in ((story.title, True), (story.summary, False)):
        for paragraph in paragraphs(text):
            for words, speaker in _Reader(paragraph, names, heading=heading).attributed():
                key = _key(words)
                if key in found or not _presentable(words, heading) or fold(speaker.name) in outlets:
                    continue
                role = speaker.role or roles.get(speaker.name, "")
                roles.setdefault(speaker.name, role)
                against = argues_against(words)
                found[key] = Voice(
                    words, speaker.name, role, story.origin, story.link, story.id, story.seen_at, against
                )
    return tuple(found.values())


def choose(stories: Iterable[Story], most: int = 4) -> tuple[tuple[Voice, ...], tuple[Voice, ...]]:
    """At most ``most`` voices for the fall's logic or neutral, and at most ``most`` of the other reading.

    Words that several stories carry belong to the story seen first. Each speaker is heard once. More words come
    first (counted up to ``TELLING``), then those whose role is known, then the earlier story.
    """
    first: dict[str, Voice] = {}
    for story in sorted(stories, key=lambda story: (story.seen_at, story.id)):
        for voice in voices_of(story):
            first.setdefault(_key(voice.words), voice)
    sides: tuple[list[Voice], list[Voice]] = ([], [])
    for voice in sorted(first.values(), key=_rank):
        side = sides[voice.against]
        if len(side) < most and not any(_same_speaker(voice, other) for other in sides[0] + sides[1]):
            side.append(voice)
    return tuple(sides[False]), tuple(sides[True])


def _rank(voice: Voice) -> tuple[int, bool, datetime, str, str]:
    return -min(count_words(voice.words), TELLING), not voice.role, voice.seen_at, voice.story, voice.words


def _same_speaker(one: Voice, other: Voice) -> bool:
    """``Ives`` and ``Dan Ives`` are taken for one: better one voice less than the same person twice."""
    a, b = fold(one.speaker).split(), fold(other.speaker).split()
    return a == b or (min(len(a), len(b)) == 1 and a[-1:] == b[-1:])


def _key(words: str) -> str:
    """What two copies of the same words share."""
    return "".join(c for c in fold(words) if c.isalnum())


_WORD = re.compile(r"[^\W_]+(?:['’.‐‑-][^\W_]+)*")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def count_words(words: str) -> int:
    """Words between spaces; two Chinese characters count as one."""
    other, chinese = _CHINESE.subn(" ", words)
    return len(_WORD.findall(other)) + chinese // 2


def _presentable(words: str, heading: bool) -> bool:
    """Long enough to be a statement, short enough to be one person's, and free of characters that steer a display."""
    if len(words) > LONGEST or count_words(words) < FEWEST_WORDS + heading:
        return False
    return not has_unseen(words, allowed=JOINERS)  # emoji need them


_FULL_STOPS = frozenset(".!?…。！？")
REACH = 60  # tokens of a sentence that are looked at on each side of a quotation


class _Reader:
    """One paragraph: its quotations, and who is named around each."""

    def __init__(self, text: str, names: FullNames, *, heading: bool) -> None:
        self.text = text
        self.tokens = tokens(text, quotations(text)) if not text.isupper() else []  # capitals tell no names
        self._names = names
        self._heading = heading
        self._capitals = in_title_case(self.tokens)

    def attributed(self) -> Iterator[tuple[str, Speaker]]:
        """Words and speaker of each quotation that has one, in the order of the text."""
        carried: tuple[int, Speaker] | None = None
        for at, token in enumerate(self.tokens):
            if at:
                self._names.read(self.text, self.tokens[at - 1], token)
            if token.quotation is None or not token.quotation.words:
                continue
            words = token.quotation.words
            left, right = self._around(at)
            behind, used_up = self._behind(at, words, left, right)
            read = (behind, self._ahead(at, words, left, right), self._headline(at, left, right))
            found = [Speaker(self._names.full(one.name), one.role) for one in read if one]
            apart = not right or (right[0].is_capital and not any(token.low in VERBS | REPLIES for token in right))
            ends = words[-1] in _FULL_STOPS and apart
            if carried and carried[0] == at and ends:
                found.append(carried[1])
            carried = None
            end = at + 1 + len(right)
            stop = self.tokens[end].text if end < len(self.tokens) else ""
            if len({one.name for one in found}) == 1 and stop not in ("?", "？"):
                speaker = max(found, key=lambda one: len(one.role))
                yield words, speaker
                if words[-1] in "?？":
                    continue  # the next words may be the answer
                if used_up and (stop == "." or right[-1].text in ",:" or right[-1].low in ("adding", "that")):
                    carried = (end + (stop == "."), speaker)

    def _around(self, at: int) -> tuple[list[Token], list[Token]]:
        """The words of the sentence before and behind the quotation; of a very long one only ``REACH``."""
        start, end = at, at + 1
        while start > max(0, at - REACH) and not _bounds(self.tokens[start - 1]):
            start -= 1
        while end < min(len(self.tokens), at + REACH) and not _bounds(self.tokens[end]):
            end += 1
        return self.tokens[start:at], self.tokens[at + 1 : end]

    def _begins_sentence(self, at: int, left: list[Token], words: str) -> bool:
        """Whether the quotation opens its sentence, so that what follows is about all of it."""
        if left or words[:1].islower():
            return False
        before = self.tokens[at - 1].quotation
        return at == 0 or (before.words[-1:] in _FULL_STOPS if before else self.tokens[at - 1].text in SENTENCE_ENDS)

    def _behind(self, at: int, words: str, left: list[Token], right: list[Token]) -> tuple[Speaker | None, bool]:
        """Who is named behind (``“…,” said Dan Ives``), and whether nothing else is said up to the next one."""
        comma = words[-1] in ",，—–…" or (right != [] and right[0].text in ",，")
        if not (comma or words[-1] in "?!？！") or not self._begins_sentence(at, left, words) or _poisoned(right):
            return None, False
        rest = right[1:] if right and right[0].text in ",，" else right
        found = self._name_first(rest) or self._subject_first(rest)
        if found is None:
            return chinese_speaker(cut(self.text, rest), ahead=False), False
        speaker, rest = found
        where, aside = _split(rest)
        joined = len(aside) > 1 and aside[0].low == "and" and aside[1].is_capital
        told = any(token.low == "told" for token in right)
        if joined or (aside and not comma) or not _is_circumstance(where, told=told):
            return None, False
        return speaker, not [token for token in aside if token.low not in ("adding", "that", ",", ":")]

    def _name_first(self, rest: list[Token]) -> tuple[Speaker, list[Token]] | None:
        """The name behind the verb, its appositive taken in as a role, and what is left."""
        according = [token.low for token in rest[:2]] == ["according", "to"]
        if not according and (not rest or rest[0].low not in INVERTED):
            return None
        body = rest[1 + according :]
        stop = 0
        while stop < len(body) and (body[stop].is_word or body[stop].text in "'’&"):
            house = stop > 0 and body[stop - 1].low in VOICES_OF_HOUSES
            if body[stop].low in NAME_STOPS or (body[stop].low in ("at", "for", "from") and not house):
                break
            stop += 1
        named, body = body[:stop], body[stop:]
        speaker = speaker_in(self.text, named, unsure=self._capitals)
        if speaker is None or self._torn(named) or (body and not body[0].is_word and body[0].text != ","):
            return None
        aside = _split(body[1:])[0] if body and body[0].text == "," else []
        role = role_of(self.text, aside) if aside else None
        if role is None:
            return (speaker, body) if not aside or aside[0].low in ASIDES else None
        role = "" if self._torn(aside) else role
        return Speaker(speaker.name, speaker.role or role), body[1 + len(aside) :]

    def _torn(self, named: list[Token]) -> bool:
        """Whether a summary breaks off in or right behind these words, so that they may go on."""
        after = self.text[named[-1].end : named[-1].end + 4].strip() if named else ""
        return not self._heading and (not after or after.startswith(("...", "…")))

    def _subject_first(self, rest: list[Token]) -> tuple[Speaker, list[Token]] | None:
        verb = next((i for i, token in enumerate(rest) if token.low in VERBS), 0)
        speaker = self._subject(rest[:verb], unsure=self._capitals)
        return (speaker, rest[verb + 1 :]) if speaker else None

    def _subject(self, subject: list[Token], *, unsure: bool) -> Speaker | None:
        """The subject of a verb of saying, every word of it accounted for."""
        while subject and subject[-1].low in ADVERBS:
            subject = subject[:-1]
        first, rest = _split(subject)
        if not rest:
            return speaker_in(self.text, first, unsure=unsure) if len(first) == len(subject) else None
        aside, beyond = _split(rest)
        if len(first) + len(aside) + 2 != len(subject) or beyond or not aside:
            return None
        speaker = speaker_in(self.text, first, unsure=unsure)
        role = role_of(self.text, aside)
        if speaker and (role is not None or _is_circumstance(aside, told=False)):
            return Speaker(speaker.name, speaker.role or role or "")
        return speaker_with_office(self.text, first, aside)

    def _ahead(self, at: int, words: str, left: list[Token], right: list[Token]) -> Speaker | None:
        """Who is named before: ``Satya Nadella, chief executive of Microsoft, said: “…”``."""
        start = at - len(left)
        before = self.tokens[start - 1].quotation if start else None
        if (
            not left
            or len(left) == REACH
            or _poisoned(left)
            or (before and before.words[-1:] not in _FULL_STOPS | {","})
        ):
            return None
        if (
            right
            and not (words[-1] in _FULL_STOPS and right[0].is_capital)
            and not (self._heading and right[0].text in "-–—|")
        ):
            return None
        marked = left[-1].text in ":：,，"
        core = left[:-1] if marked else left
        verb = max((i for i, token in enumerate(core) if token.low in VERBS), default=None)
        if verb is None:
            return chinese_speaker(cut(self.text, left), ahead=True)
        where = core[verb + 1 :]
        if where and where[-1].low == "that":
            del where[-1]
        elif not marked and (
            core[verb].low not in SPOKEN or all(word[:1].isupper() for word in words.split() if len(word) > 3)
        ):
            return None
        told = core[verb].low == "told"
        dangling = where[-1].low in PLACES if where else told
        return self._clause(core[:verb]) if _is_circumstance(where, told=told) and not dangling else None

    def _clause(self, subject: list[Token]) -> Speaker | None:
        """The subject of the clause the verb stands in, whatever introduces it."""
        turn = max((i for i, (a, b) in enumerate(pairwise(subject)) if a.text == "," and b.low in TURNS), default=None)
        opening = len(_split(subject)[0])
        if turn is not None:
            return self._subject(subject[turn + 2 :], unsure=self._capitals)
        if subject and subject[0].low in LINKS:
            skipped = 2 if subject[1:2] and subject[1].text == "," else 1
            return self._subject(subject[skipped:], unsure=self._capitals)
        if subject and subject[0].low in OPENERS and opening < len(subject):
            if any(token.low in VERBS or token.low in ("that", "put") for token in subject[:opening]):
                return None
            if subject[0].low == "with" and all(token.is_capital for token in subject[1:opening]):
                return None
            return self._subject(subject[opening + 1 :], unsure=self._capitals)
        return self._subject(subject, unsure=True)

    def _headline(self, at: int, left: list[Token], right: list[Token]) -> Speaker | None:
        """Who is named beside a colon: ``Nvidia CEO Huang: ‘…’``, ``‘…’: Marc Andreessen on DeepSeek``."""
        if not self._heading or _poisoned(left + right):
            return None
        if left and len(left) == at and left[-1].text == ":" and (not right or right[0].text in "-–—|"):
            return self._person(left[:-1])
        if at == 0 and right[:1] and right[0].text == ":":
            end = next((i for i, token in enumerate(right) if token.text in "-–—|"), len(right))
            return self._person(right[1:end])
        return None

    def _person(self, named: list[Token]) -> Speaker | None:
        on = next((i for i, token in enumerate(named) if token.low == "on"), len(named))
        topic = named[on + 1 :]
        unclear = on < len(named) and not (topic and (topic[0].is_capital or topic[0].low in SAFE_AFTER_ON))
        unclear = unclear or any(token.low in VERBS or token.text == ":" for token in topic)
        return None if unclear else person_in(self.text, named[:on])


def _bounds(token: Token) -> bool:
    return token.quotation is not None or token.text in SENTENCE_ENDS


def _split(found: list[Token]) -> tuple[list[Token], list[Token]]:
    """What stands before and behind the first comma."""
    at = next((i for i, token in enumerate(found) if token.text == ","), len(found))
    return found[:at], found[at + 1 :]


def _is_circumstance(found: list[Token], *, told: bool) -> bool:
    """Whether the tokens say only where, when or to whom; a name has to hang on one of these words."""
    for i, token in enumerate(found):
        hangs = (i == 0 and told) or (i > 0 and (found[i - 1].is_capital or found[i - 1].low in PLACES))
        named = token.is_capital and (hangs or token.low in NOT_NAMES)
        if not (token.low in ADJUNCT or named or token.text[0].isdigit()) or token.low in VERBS:
            return False
        if _YEAR.fullmatch(token.text) or (i == 0 and token.low == "with"):  # long ago; or two speak
            return False
    return True


_YEAR = re.compile(r"(?:19|20)\d\d")


def _poisoned(found: list[Token]) -> bool:
    lows = [token.low for token in found]
    pairs = list(pairwise(lows))
    return (
        any(low in POISON or low.endswith(("n't", "n’t")) for low in lows)
        or "according" in lows[2:]  # at the beginning it names the speaker, later somebody who heard them
        or ("speaking", "for") in pairs
        or any(a in ("in", "a", "the", "from") and _YEAR.fullmatch(b) for a, b in pairs)
    )
