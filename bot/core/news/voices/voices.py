"""Voices: quotations on a fall whose speaker the grammar leaves no doubt about.

A voice is copied from a story's title or summary unaltered. There is none where the marks do not pair, the speaker is a
pronoun, two people could be meant, or somebody reports another's words: missing one costs little, a wrong attribution
a lot. Verbs of saying are read in English and Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from bot.core.model import Story
from bot.core.news.text import fold
from bot.core.news.voices.other_reading import argues_against
from bot.core.news.voices.quotations import SENTENCE_ENDS, Token, in_title_case, paragraphs, quotations, tokens
from bot.core.news.voices.speakers import FullNames, Speaker, Speakers, Speech, cut, first_index, last_index
from bot.core.text.characters import JOINERS, has_invisible

FEWEST_WORDS = 3
LONGEST = 600  # characters; more is a stray mark rather than something a person said
LONG_ENOUGH = 40  # words; a longer quotation is not preferred to one of this length


@dataclass(frozen=True, slots=True)
class Voice:
    """One attributed quotation."""

    words: str
    """Exactly what is between the marks."""
    speaker: str
    """As the text names them; if by surname, the full name where the text had one before."""
    role: str
    """As the text puts it: ``analyst at Wedbush``, ``Microsoft CEO``; may be empty."""
    outlet: str
    """Who published it."""
    link: str
    story: str
    seen_at: datetime
    against: bool
    """Whether they argue against the fall's logic: overdone, a buying opportunity, cheaper AI needs more chips."""
    lead_in: str = ""
    """The story's own words by which the sentence begins, where only the rest of it is quoted."""


def voices_of(story: Story, speech: Speech) -> tuple[Voice, ...]:
    """The voices in ``story``, title first, in the order of the text, each quotation once."""
    found: dict[str, Voice] = {}
    names = FullNames(speech)
    roles: dict[str, str] = {}
    outlets = {fold(story.origin), fold(story.source)}
    for text, heading in ((story.title, True), (story.summary, False)):
        for paragraph in paragraphs(text):
            for words, speaker, lead_in in _Paragraph(paragraph, names, speech, heading=heading).attributed():
                key = _key(words)
                if key in found or not _presentable(words, heading) or fold(speaker.name) in outlets:
                    continue
                role = speaker.role or roles.get(speaker.name, "")
                roles.setdefault(speaker.name, role)
                against = argues_against(f"{lead_in} {words}")
                found[key] = Voice(
                    words, speaker.name, role, story.origin, story.link, story.id, story.seen_at, against, lead_in
                )
    return tuple(found.values())


def choose(stories: Iterable[Story], speech: Speech, most: int = 4) -> tuple[tuple[Voice, ...], tuple[Voice, ...]]:
    """At most ``most`` voices that are neutral or in line with the fall, and at most ``most`` that argue against it.

    A quotation in several stories is taken from the one seen first. Each speaker appears once, with words that argue
    against the fall where there are any: those are the rarer. Longer quotations come first (up to ``LONG_ENOUGH``
    words), then speakers with a role, then earlier stories.
    """
    first: dict[str, Voice] = {}
    for story in sorted(stories, key=lambda story: (story.seen_at, story.id)):
        for voice in voices_of(story, speech):
            first.setdefault(_key(voice.words), voice)
    sides: tuple[list[Voice], list[Voice]] = ([], [])
    for voice in sorted(first.values(), key=_rank):
        side = sides[voice.against]
        if len(side) < most and not any(_same_speaker(voice, other) for other in sides[0] + sides[1]):
            side.append(voice)
    return tuple(sides[False]), tuple(sides[True])


def _rank(voice: Voice) -> tuple[bool, int, bool, datetime, str, str]:
    return (
        not voice.against,
        -min(count_words(voice.words), LONG_ENOUGH),
        not voice.role,
        voice.seen_at,
        voice.story,
        voice.words,
    )


def _same_speaker(one: Voice, other: Voice) -> bool:
    """``Ives`` and ``Dan Ives`` count as the same: better one voice less than the same person twice."""
    a, b = fold(one.speaker).split(), fold(other.speaker).split()
    return a == b or (min(len(a), len(b)) == 1 and a[-1:] == b[-1:])


def _key(words: str) -> str:
    """What two copies of a quotation have in common."""
    return "".join(c for c in fold(words) if c.isalnum())


_WORD = re.compile(r"[^\W_]+(?:['’.‐‑-][^\W_]+)*")
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def count_words(words: str) -> int:
    """The number of words; two Chinese characters count as one."""
    other, chinese = _CHINESE.subn(" ", words)
    return len(_WORD.findall(other)) + chinese // 2


def _presentable(words: str, heading: bool) -> bool:
    """Whether it is long enough for a statement, short enough for one person's, and free of control characters."""
    if len(words) > LONGEST or count_words(words) < FEWEST_WORDS + heading:
        return False
    return not has_invisible(words, allowed=JOINERS)  # emoji need them


_FULL_STOPS = frozenset(".!?…。！？")
MOST_LEADING = 16  # tokens before a quotation that begin its sentence
LONGEST_LEADING = 120  # characters of them
MOST_TOKENS = 60  # tokens of a sentence that are read on each side of a quotation


class _Paragraph:
    """One paragraph: its quotations, and who is named around each."""

    def __init__(self, text: str, names: FullNames, speech: Speech, *, heading: bool) -> None:
        self.text = text
        self.tokens = (
            tokens(text, quotations(text)) if not text.isupper() else []
        )  # in capitals no name can be recognised
        self._names = names
        self._words = speech
        self._speakers = Speakers(text, speech)
        self._heading = heading
        self._capitals = in_title_case(self.tokens)

    def attributed(self) -> Iterator[tuple[str, Speaker, str]]:
        """The words and speaker of each quotation that has a speaker, and the words that lead in to it where it is only
        a part of the sentence; in the order of the text."""
        carried: tuple[int, Speaker] | None = None
        """Where a quotation by the same speaker may continue, and the speaker."""
        for at, token in enumerate(self.tokens):
            if at:
                self._names.read(self.text, self.tokens[at - 1], token)
            if token.quotation is None or not token.quotation.words:
                continue
            words = token.quotation.words
            left, right = self._around(at)
            lead_in = self._lead_in(at, left)
            after, complete = self._after(at, words, left, right, lead_in)
            read = (after, self._before(at, words, left, right), self._headline(at, left, right))
            named = [Speaker(self._names.full(one.name), one.role) for one in read if one]
            end = at + 1 + len(right)
            stop = self.tokens[end].text if end < len(self.tokens) else ""
            whole = words[-1] in _FULL_STOPS or (not right and stop == "." and self._begins_sentence(at, left, words))
            if carried and carried[0] == at and whole and self._stands_apart(right):
                named.append(carried[1])
            carried = None
            if len({one.name for one in named}) != 1 or stop in ("?", "？"):
                continue
            speaker = max(named, key=lambda one: len(one.role))
            yield words, speaker, lead_in if after else ""
            answered = words[-1] in "?？"  # then the next words may be the answer
            if complete and not answered and _continues(right, stop):
                carried = (end + (stop in (".", ";")), speaker)

    def _stands_apart(self, right: list[Token]) -> bool:
        """Whether what follows the quotation is a separate sentence that attributes it to nobody."""
        if not right:
            return True
        attributing = self._words.verbs | self._words.replies
        return right[0].is_capital and not any(token.low in attributing for token in right)

    def _around(self, at: int) -> tuple[list[Token], list[Token]]:
        """The tokens of the sentence before and after the quotation, at most ``MOST_TOKENS`` each."""
        start, end = at, at + 1
        while start > max(0, at - MOST_TOKENS) and not _bounds(self.tokens[start - 1]):
            start -= 1
        while end < min(len(self.tokens), at + MOST_TOKENS) and not _bounds(self.tokens[end]):
            end += 1
        return self.tokens[start:at], self.tokens[at + 1 : end]

    def _begins_sentence(self, at: int, left: list[Token], words: str) -> bool:
        """Whether the quotation begins its sentence, so that what follows refers to all of it."""
        if left or words[:1].islower():
            return False
        before = self.tokens[at - 1].quotation
        return at == 0 or (before.words[-1:] in _FULL_STOPS if before else self.tokens[at - 1].text in SENTENCE_ENDS)

    def _lead_in(self, at: int, left: list[Token]) -> str:
        """What begins the sentence, where the quotation is the rest of what was said and no one else can have said it:
        ``Investors will see it as “a threat to us all,” said Ann Example``. Empty where it is not so."""
        start, lows = at - len(left), [token.low for token in left]
        if not 2 <= len(left) <= MOST_LEADING or (start and self.tokens[start - 1].text not in SENTENCE_ENDS):
            return ""
        joined = lows[-1] in self._words.joins or (left[-1].text == "," and lows[0] in self._words.subordinates)
        speaks = self._words.verbs | self._words.names_something
        if not joined or lows[0] in self._words.pronouns or self._doubtful(left) or any(low in speaks for low in lows):
            return ""
        if any(self._speakers.is_person(pair) for pair in pairwise(left)):
            return ""
        lead_in = cut(self.text, left)
        return "" if len(lead_in) > LONGEST_LEADING or has_invisible(lead_in) else lead_in

    def _after(
        self, at: int, words: str, left: list[Token], right: list[Token], lead_in: str
    ) -> tuple[Speaker | None, bool]:
        """The speaker named after it (``“…,” said Dan Ives``), and whether the sentence says nothing else."""
        comma = words[-1] in ",，—–…" or _begins_with_comma(right)
        begins = self._begins_sentence(at, left, words) or bool(lead_in and comma and not self._heading)
        if not (comma or words[-1] in "?!？！") or not begins or self._doubtful(right):
            return None, False
        rest = right[1:] if _begins_with_comma(right) else right
        found = self._name_first(rest) or self._subject_first(rest)
        if found is None:
            return self._speakers.chinese_speaker(rest, ahead=False), False
        speaker, rest = found
        where, aside = _split(rest)
        joined = len(aside) > 1 and aside[0].low == "and" and aside[1].is_capital
        has_listener = any(token.low == "told" for token in right)
        if joined or (aside and not comma) or not self._is_circumstance(where, has_listener=has_listener):
            return None, False
        return speaker, not [token for token in aside if token.low not in ("adding", "that", ",", ":")]

    def _name_first(self, rest: list[Token]) -> tuple[Speaker, list[Token]] | None:
        """The speaker after the verb, with an appositive as the role, and the tokens that remain."""
        body = self._after_verb(rest)
        if body is None:
            return None
        end = next((i for i in range(len(body)) if self._ends_name(body, i)), len(body))
        named, body = body[:end], body[end:]
        speaker = self._speakers.speaker_in(named, unsure=self._capitals)
        if speaker is None or self._is_cut_off(named) or (body and not body[0].is_word and body[0].text != ","):
            return None
        aside = _split(body[1:])[0] if body and body[0].text == "," else []
        if not aside:
            return speaker, body
        role = self._speakers.role_of(aside)
        if role is None:
            return (speaker, body) if aside[0].low in self._words.asides else None
        if self._is_cut_off(aside):
            role = ""
        return Speaker(speaker.name, speaker.role or role), body[1 + len(aside) :]

    def _after_verb(self, rest: list[Token]) -> list[Token] | None:
        """What follows ``said`` or ``according to``; ``None`` where it begins with neither."""
        if [token.low for token in rest[:2]] == ["according", "to"]:
            return rest[2:]
        inverted = self._words.verbs - self._words.never_inverted_verbs
        return rest[1:] if rest and rest[0].low in inverted else None

    def _ends_name(self, body: list[Token], at: int) -> bool:
        """Whether a name after the verb cannot include the token at ``at``."""
        token = body[at]
        if not (token.is_word or token.text in "'’&") or token.low in self._words.name_endings:
            return True
        speaks_for = at > 0 and body[at - 1].low in self._words.organisation_speakers
        return token.low in ("at", "for", "from") and not speaks_for

    def _is_cut_off(self, named: list[Token]) -> bool:
        """Whether a summary is cut off in or right after these words, so that they may be incomplete."""
        after = self.text[named[-1].end : named[-1].end + 4].strip() if named else ""
        return not self._heading and (not after or after.startswith(("...", "…")))

    def _subject_first(self, rest: list[Token]) -> tuple[Speaker, list[Token]] | None:
        verb = first_index(rest, self._is_verb, 0)
        speaker = self._subject(rest[:verb], unsure=self._capitals)
        return (speaker, rest[verb + 1 :]) if speaker else None

    def _is_verb(self, token: Token) -> bool:
        return token.low in self._words.verbs

    def _subject(self, subject: list[Token], *, unsure: bool) -> Speaker | None:
        """The subject of a verb of saying; every word of it must be understood."""
        while subject and subject[-1].low in self._words.adverbs:
            subject = subject[:-1]
        first, rest = _split(subject)
        if not rest:
            return self._speakers.speaker_in(first, unsure=unsure) if len(first) == len(subject) else None
        aside, beyond = _split(rest)
        if len(first) + len(aside) + 2 != len(subject) or beyond or not aside:
            return None
        speaker = self._speakers.speaker_in(first, unsure=unsure)
        role = self._speakers.role_of(aside)
        if speaker and (role is not None or self._is_circumstance(aside, has_listener=False)):
            return Speaker(speaker.name, speaker.role or role or "")
        return self._speakers.speaker_with_office(first, aside)

    def _before(self, at: int, words: str, left: list[Token], right: list[Token]) -> Speaker | None:
        """The speaker named before it: ``Satya Nadella, chief executive of Microsoft, said: “…”``."""
        if not self._may_introduce(at, left) or not self._ends_with_quotation(words, right):
            return None
        marked = left[-1].text in ":：,，"
        clause = left[:-1] if marked else left
        verb = last_index(clause, self._is_verb, -1)
        if verb < 0:
            return self._speakers.chinese_speaker(left, ahead=True)
        where = clause[verb + 1 :]
        if where and where[-1].low == "that":
            where = where[:-1]
        elif not marked and (clause[verb].low in self._words.writing_verbs or _may_be_title(words)):
            return None
        has_listener = clause[verb].low == "told"
        dangling = where[-1].low in self._words.prepositions if where else has_listener
        if dangling or not self._is_circumstance(where, has_listener=has_listener):
            return None
        return self._clause(clause[:verb])

    def _may_introduce(self, at: int, left: list[Token]) -> bool:
        """Whether the words before the quotation begin the sentence, or continue after a quoted one."""
        if not left or len(left) == MOST_TOKENS or self._doubtful(left):
            return False
        start = at - len(left)
        before = self.tokens[start - 1].quotation if start else None
        return before is None or before.words[-1:] in _FULL_STOPS | {","}

    def _ends_with_quotation(self, words: str, right: list[Token]) -> bool:
        """Whether the quotation ends the sentence; in a headline, an outlet may follow after a dash."""
        if not right or (words[-1] in _FULL_STOPS and right[0].is_capital):
            return True
        return self._heading and right[0].text in "-–—|"

    def _clause(self, subject: list[Token]) -> Speaker | None:
        """The subject of the verb's clause, whatever introduces the clause."""
        words = self._words
        turns = [i for i, (a, b) in enumerate(pairwise(subject)) if a.text == "," and b.low in words.contrasts]
        if turns:
            return self._subject(subject[turns[-1] + 2 :], unsure=self._capitals)
        if subject and subject[0].low in words.links:
            skipped = 2 if subject[1:2] and subject[1].text == "," else 1
            return self._subject(subject[skipped:], unsure=self._capitals)
        opening = _split(subject)[0]
        if subject and subject[0].low in words.openers and len(opening) < len(subject):
            if any(self._is_verb(token) or token.low in ("that", "put") for token in opening):
                return None
            if subject[0].low == "with" and all(token.is_capital for token in opening[1:]):
                return None
            return self._subject(subject[len(opening) + 1 :], unsure=self._capitals)
        return self._subject(subject, unsure=True)

    def _headline(self, at: int, left: list[Token], right: list[Token]) -> Speaker | None:
        """The speaker named beside a colon: ``Nvidia CEO Huang: ‘…’``, ``‘…’: Marc Andreessen on DeepSeek``."""
        if not self._heading or self._doubtful(left + right):
            return None
        if left and len(left) == at and left[-1].text == ":" and (not right or right[0].text in "-–—|"):
            return self._person(left[:-1])
        if at == 0 and right[:1] and right[0].text == ":":
            end = first_index(right, lambda token: token.text in "-–—|", len(right))
            return self._person(right[1:end])
        return None

    def _person(self, named: list[Token]) -> Speaker | None:
        on = first_index(named, lambda token: token.low == "on", len(named))
        topic = named[on + 1 :]
        if on < len(named) and not (topic and (topic[0].is_capital or topic[0].low in self._words.after_on)):
            return None
        if any(self._is_verb(token) or token.text == ":" for token in topic):
            return None
        return self._speakers.person_in(named[:on])

    def _is_circumstance(self, found: list[Token], *, has_listener: bool) -> bool:
        """Whether the tokens only say where, when or to whom; a name must follow one of these words."""
        for i, token in enumerate(found):
            before = found[i - 1] if i else None
            follows = has_listener if before is None else before.is_capital or before.low in self._words.prepositions
            named = token.is_capital and (follows or token.low in self._words.common_or_not_names)
            if not (token.low in self._words.adjuncts or named or token.text[0].isdigit()) or self._is_verb(token):
                return False
            if _YEAR.fullmatch(token.text) or (i == 0 and token.low == "with"):  # long ago; or two speak
                return False
        return True

    def _doubtful(self, found: list[Token]) -> bool:
        """Whether something in the sentence suggests that the words are somebody else's, or nobody's."""
        lows = [token.low for token in found]
        pairs = list(pairwise(lows))
        return (
            any(low in self._words.doubt or low.endswith(("n't", "n’t")) for low in lows)
            or "according" in lows[2:]  # at the beginning it names the speaker, later a source
            or ("speaking", "for") in pairs
            or any(a in ("in", "a", "the", "from") and _YEAR.fullmatch(b) for a, b in pairs)
        )


_YEAR = re.compile(r"(?:19|20)\d\d")


def _bounds(token: Token) -> bool:
    return token.quotation is not None or token.text in SENTENCE_ENDS


def _begins_with_comma(found: list[Token]) -> bool:
    return bool(found) and found[0].text in ",，"


def _split(found: list[Token]) -> tuple[list[Token], list[Token]]:
    """The tokens before and after the first comma."""
    at = first_index(found, lambda token: token.text == ",", len(found))
    return found[:at], found[at + 1 :]


def _continues(right: list[Token], stop: str) -> bool:
    """Whether the same speaker continues in the next quotation: ``“…,” said Ann Example. “…”``, ``…, adding: “…”``."""
    return stop in (".", ";") or right[-1].text in ",:" or right[-1].low in ("adding", "that")


def _may_be_title(words: str) -> bool:
    """Whether the quoted words may be the title of a book or a talk: every longer word has a capital."""
    return all(word[:1].isupper() for word in words.split() if len(word) > 3)
