"""Recognising a speaker in a run of words: a person, with or without a role, or an organisation's spokesperson.

``rules/topics/voices.yaml`` has the word lists, and says what each is for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.core.news.text import COMMON, fold
from bot.core.news.voices.quotations import Token

LONGEST_NAMED = 14
"""Tokens by which a speaker is named, at most."""
LONGEST_ROLE = 16
_ARTICLES = frozenset(("the", "a", "an"))
_IN_NAMES = "'’&"
_AFTER_TITLE = frozenset(("at", "of", "for", "and", "covering", "emeritus"))
_OF = frozenset(("of", "at", "from"))
_COMPOUNDS = ("'s", "’s", "based", "backed", "owned", "generated", "powered")
"""Endings of words that are no part of a name: ``Nvidia's``, ``US-based``."""
_FIRST_IDEOGRAPH = "\u2e80"

Words = frozenset[str]
NO_WORDS: Words = frozenset()


@dataclass(frozen=True)
class Speech:
    """Word lists in lower case, the Chinese ones as written. Without words there are no voices."""

    given_names: Words = NO_WORDS
    titles: Words = NO_WORDS
    title_qualifiers: Words = NO_WORDS
    honorifics: Words = NO_WORDS
    name_particles: Words = NO_WORDS
    not_names: Words = NO_WORDS
    organisations: Words = NO_WORDS
    organisation_speakers: Words = NO_WORDS
    outlets: Words = NO_WORDS
    outlet_endings: Words = NO_WORDS
    machines: Words = NO_WORDS
    verbs: Words = NO_WORDS
    never_inverted_verbs: Words = NO_WORDS
    writing_verbs: Words = NO_WORDS
    adverbs: Words = NO_WORDS
    prepositions: Words = NO_WORDS
    circumstances: Words = NO_WORDS
    replies: Words = NO_WORDS
    role_endings: Words = NO_WORDS
    name_endings: Words = NO_WORDS
    asides: Words = NO_WORDS
    openers: Words = NO_WORDS
    links: Words = NO_WORDS
    contrasts: Words = NO_WORDS
    after_on: Words = NO_WORDS
    joins: Words = NO_WORDS
    subordinates: Words = NO_WORDS
    names_something: Words = NO_WORDS
    pronouns: Words = NO_WORDS
    doubt: Words = NO_WORDS
    chinese_verbs: Words = NO_WORDS
    chinese_titles: Words = NO_WORDS
    chinese_surnames: Words = NO_WORDS
    chinese_not_names: Words = NO_WORDS

    @cached_property
    def no_name_begins(self) -> Words:
        """Words with which no full name begins."""
        return self.common_or_not_names | self.titles | self.verbs | self.organisations

    @cached_property
    def common_or_not_names(self) -> Words:
        """Words that are no names: the list, and the commonest words."""
        return COMMON | self.not_names

    @cached_property
    def adjuncts(self) -> Words:
        """Words that may come between a verb of saying and the quotation."""
        return self.prepositions | self.circumstances

    @cached_property
    def machine(self) -> re.Pattern[str]:
        """``deepseek``, ``qwen2.5-max``, ``r1``, ``gpt-4``, at the beginning of a word."""
        names = "".join(f"(?:{re.escape(name)})(?![a-z])|" for name in sorted(self.machines))
        return re.compile(rf"{names}[rvok]\d|.*-v?\d")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks, in exact pieces of the text."""

    name: str
    role: str = ""


def cut(text: str, found: Sequence[Token]) -> str:
    """The piece of ``text`` the tokens cover."""
    return text[found[0].start : found[-1].end] if found else ""


def first_index(found: Sequence[Token], holds: Callable[[Token], bool], default: int) -> int:
    """Index of the first token for which ``holds``; ``default`` where there is none."""
    return next((i for i, token in enumerate(found) if holds(token)), default)


def last_index(found: Sequence[Token], holds: Callable[[Token], bool], default: int) -> int:
    """Index of the last token for which ``holds``; ``default`` where there is none."""
    return next((i for i in range(len(found) - 1, -1, -1) if holds(found[i])), default)


def _without_article(found: Sequence[Token]) -> Sequence[Token]:
    return found[1:] if found and found[0].low in _ARTICLES else found


def _without_genitive(text: str) -> str:
    return text.removesuffix("'s").removesuffix("’s")


@dataclass(frozen=True, slots=True)
class Speakers:
    """Reads runs of tokens of one paragraph, ``text``. A run that is not understood to the last word names nobody."""

    text: str
    speech: Speech

    def is_marked(self, token: Token) -> bool:
        """Whether the word is a name anywhere in a sentence: ``OpenAI``, ``AMD``, ``Nvidia``."""
        if token.low in self.speech.organisations:
            return True
        return token.low not in self.speech.common_or_not_names and any(c.isupper() for c in token.text[1:])

    def is_name(self, found: Sequence[Token], *, unsure: bool) -> bool:
        """Whether the tokens are a name and nothing else; ``unsure`` where capitals mean little (title case)."""
        if not 1 <= len(found) <= 4 or not (found[0].is_capital and found[-1].is_capital):
            return False
        if not all(self._fits_in_name(token, first=i == 0) for i, token in enumerate(found)):
            return False
        if len(found) > 1 and found[0].low in self.speech.given_names:
            return not unsure or len(found) == 2 or any(self._is_particle(token) for token in found[1:-1])
        if not self._can_begin_name(found[0]):
            return False
        return not unsure or len(found) == 2 or (len(found) == 1 and self.is_marked(found[0]))

    def _fits_in_name(self, token: Token, *, first: bool) -> bool:
        words = self.speech
        if not first and token.low in words.name_particles:
            return True
        if not token.is_capital or token.text.endswith(_COMPOUNDS) or token.text[0] >= _FIRST_IDEOGRAPH:
            return False
        if token.low in words.verbs or token.low in words.titles:
            return False
        return first or token.low not in words.common_or_not_names

    def _is_particle(self, token: Token) -> bool:
        return token.low in self.speech.name_particles or len(token.text) <= 2  # an initial

    def _can_begin_name(self, token: Token) -> bool:
        """Of names without a given name: ``Nvidia``, but not ``Exclusive``, ``Reuters`` or ``Quietly``."""
        words = self.speech
        return not (token.low in words.common_or_not_names or token.low.endswith("ly") or token.low in words.outlets)

    def is_person(self, found: Sequence[Token]) -> bool:
        """Whether the tokens are a person's full name beyond doubt."""
        return 2 <= len(found) <= 3 and found[0].low in self.speech.given_names and self.is_name(found, unsure=True)

    def role_of(self, found: Sequence[Token]) -> str | None:
        """The role in what is between commas after a name; empty for an age or a clause, ``None`` where unclear."""
        words = self.speech
        if not found or len(found) > LONGEST_ROLE or any(t.low in words.verbs or t.quotation for t in found):
            return None
        if found[0].low in ("who", "whose") or (len(found) == 1 and found[0].text.isdigit()):
            return ""
        start = int(found[0].low in _ARTICLES or found[0].low == "its")
        end = start + 1 + first_index(found[start + 1 :], lambda t: t.low in words.role_endings, len(found))
        kept = found[start:end]
        title = last_index(kept[:9], lambda token: token.low in words.titles, -1)
        if title < 0 or not all(token.is_word or token.text in "'’&-" for token in kept):
            return None
        if title + 1 < len(kept) and kept[title + 1].low not in _AFTER_TITLE:
            return None
        return cut(self.text, kept)

    def _is_office(self, office: Sequence[Token]) -> bool:
        """Whether this can come right before a name: ``Nvidia's chief executive``, ``founder and CEO``."""
        if not 1 <= len(office) <= 8 or office[-1].low not in self.speech.titles:
            return False
        return all(self._fits_in_office(office, i) for i in range(len(office)))

    def _fits_in_office(self, office: Sequence[Token], at: int) -> bool:
        words, token = self.speech, office[at]
        if token.low in ("and", "&"):
            return at > 0 and office[at - 1].low in words.titles
        if token.low.startswith("anti-"):
            return False
        if token.low in words.titles or token.low in words.title_qualifiers:
            return True
        return token.is_capital and token.low not in words.common_or_not_names and token.low not in words.verbs

    def speaker_in(self, found: Sequence[Token], *, unsure: bool) -> Speaker | None:
        """The one speaker that all the tokens together name: ``Microsoft CEO Satya Nadella``."""
        found = _without_article(found)
        if not 1 <= len(found) <= LONGEST_NAMED or not all(t.is_word or t.text in _IN_NAMES for t in found):
            return None
        if speaker := self._for_organisation(found):
            return speaker
        title = last_index(found, lambda token: token.low in self.speech.titles, -1)
        office, name = found[: title + 1], found[title + 1 :]
        if len(name) > 1 and name[0].low in self.speech.honorifics:
            name = name[1:]
        if office:
            return self._by_office(office, name, unsure=unsure)
        return self._person_of(name) or self._owned(name) or self._plain(name, unsure=unsure)

    def _by_office(self, office: Sequence[Token], name: Sequence[Token], *, unsure: bool) -> Speaker | None:
        """``Microsoft CEO Satya Nadella``."""
        if not self._is_office(office) or not self.is_name(name, unsure=False) or (unsure and len(name) > 2):
            return None
        return Speaker(cut(self.text, name), cut(self.text, office))

    def _person_of(self, found: Sequence[Token]) -> Speaker | None:
        """``Dan Ives of Wedbush``."""
        at = first_index(found, lambda token: token.low in _OF, len(found))
        if not self.is_person(found[:at]) or not self.is_name(found[at + 1 :], unsure=False):
            return None
        return Speaker(cut(self.text, found[:at]), cut(self.text, found[at + 1 :]))

    def _owned(self, found: Sequence[Token]) -> Speaker | None:
        """``Wedbush's Dan Ives``; only for known organisations."""
        if not self.is_person(found[1:]):
            return None
        text = found[0].text
        owner = _without_genitive(text)
        known = owner.lower() in self.speech.organisations or any(c.isupper() for c in owner[1:])
        if owner == text or not known or owner.lower() in self.speech.common_or_not_names:
            return None
        return Speaker(cut(self.text, found[1:]), owner)

    def _plain(self, found: Sequence[Token], *, unsure: bool) -> Speaker | None:
        """A name alone, neither a model's nor a news outlet's."""
        words = self.speech
        if not self.is_name(found, unsure=unsure) or any(words.machine.match(token.low) for token in found):
            return None
        outlet = found[-1].low in words.outlet_endings and found[0].low not in words.given_names
        return None if outlet else Speaker(cut(self.text, found))

    def _for_organisation(self, found: Sequence[Token]) -> Speaker | None:
        """``analysts at Wedbush``, ``Wedbush analysts led by Dan Ives``, ``a spokesperson for OpenAI``."""
        at = first_index(found, lambda token: token.low in self.speech.organisation_speakers, -1)
        if at < 0:
            return None
        organisation, after = found[:at], found[at + 1 :]
        if not organisation and after and after[0].low in ("at", "for", "of", "from"):
            organisation, after = after[1:], ()
        elif [token.low for token in after[:2]] == ["led", "by"] and self.is_name(after[2:], unsure=False):
            after = ()
        if after or not self.is_name(organisation, unsure=False):
            return None
        first = organisation[0]
        several = found[at].low.endswith("s")
        if several or first.low in self.speech.organisations or re.search("[A-Z]{2}", first.text):
            return Speaker(cut(self.text, organisation), found[at].text)
        return None

    def speaker_with_office(self, office: Sequence[Token], name: Sequence[Token]) -> Speaker | None:
        """``Nvidia's chief executive, Jensen Huang`` and ``the chief executive of Microsoft, Satya Nadella``."""
        office = _without_article(office)
        of = first_index(office, lambda token: token.low in ("of", "at"), len(office))
        organisation = office[of + 1 :]
        if not self._is_office(office[:of]) or (organisation and not self.is_name(organisation, unsure=False)):
            return None
        if len(name) < 2 or not self.is_name(name, unsure=False):
            return None
        return Speaker(cut(self.text, name), cut(self.text, office))

    def person_in(self, found: Sequence[Token]) -> Speaker | None:
        """The speaker where there is no verb: by given name or office. ``OpenAI Sues Investor Ann Example`` has no
        office."""
        speaker = self.speaker_in(found, unsure=True)
        if speaker is None or self.is_person(found):
            return speaker
        if self.is_person(found[:2]) and found[2].low in _OF:
            return speaker
        in_titles = self.speech.titles | self.speech.title_qualifiers
        others = sum(word.lower() not in in_titles for word in speaker.role.split())
        known = found[0].low in in_titles or self.is_marked(found[0])
        return speaker if speaker.role and known and others <= 1 else None

    def chinese_speaker(self, found: Sequence[Token], *, ahead: bool) -> Speaker | None:
        """The speaker in a Chinese clause of office, name, place and verb: ``黄仁勋在采访中表示：``."""
        words, clause = self.speech, cut(self.text, found)
        bare = clause.rstrip("：:，, ") if ahead else clause.split("，")[0]
        verb = max((verb for verb in words.chinese_verbs if bare.endswith(verb)), key=len, default=None)
        if verb is None or (ahead and bare == clause) or len(clause) > 80:
            return None
        subject = re.split("[，,：:、 ]", bare.removesuffix(verb).split("在")[0])[-1]
        office = max((subject.rfind(word) + len(word) for word in words.chinese_titles if word in subject), default=0)
        name = subject[office:]
        if any(c in words.chinese_not_names or not ("\u3400" <= c <= "\u9fff" or c == "·") for c in name):
            return None
        if office:
            return Speaker(name, subject[:office]) if 2 <= len(name) <= 8 else None
        return Speaker(name) if 2 <= len(name) <= 3 and name[0] in words.chinese_surnames else None


class FullNames:
    """The full names read so far, by surname."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._by_surname: dict[str, set[str]] = {}

    def read(self, text: str, before: Token, token: Token) -> None:
        """Learn a full name, if these neighbours are one."""
        if before.is_capital and token.is_capital and before.low not in self._speech.no_name_begins:
            name = _without_genitive(cut(text, (before, token)))
            self._by_surname.setdefault(name.split()[-1], set()).add(name)

    def full(self, name: str) -> str:
        """The only full name that ends in ``name``; ``name`` itself where there is none, or more than one."""
        found = self._by_surname.get(name, set())
        known = [full for full in found if full.split()[0].lower() in self._speech.given_names]
        return known[0] if len(found) == len(known) == 1 and fold(name) not in self._speech.organisations else name
