"""The words by which ``quotations``, ``speakers`` and ``voices`` tell who speaks; ``rules/topics/voices.yaml`` says
beside each list what it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from bot.core.news.text import COMMON

Words = frozenset[str]
NO_WORDS: Words = frozenset()


@dataclass(frozen=True)
class Speech:
    """Word lists in small letters, the Chinese ones as written. Without words nobody is quoted."""

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
    doubt: Words = NO_WORDS
    chinese_verbs: Words = NO_WORDS
    chinese_titles: Words = NO_WORDS
    chinese_surnames: Words = NO_WORDS
    chinese_not_names: Words = NO_WORDS

    @cached_property
    def no_name_begins(self) -> Words:
        """What no full name begins with, whatever its capitals."""
        return self.common_or_not_names | self.titles | self.verbs | self.organisations

    @cached_property
    def common_or_not_names(self) -> Words:
        """What is no name: the list, and the commonest words."""
        return COMMON | self.not_names

    @cached_property
    def adjuncts(self) -> Words:
        """What may stand between a verb of saying and the words."""
        return self.prepositions | self.circumstances

    @cached_property
    def machine(self) -> re.Pattern[str]:
        """``deepseek``, ``qwen2.5-max``, ``r1``, ``gpt-4``, at the beginning of a word."""
        names = "".join(f"(?:{re.escape(name)})(?![a-z])|" for name in sorted(self.machines))
        return re.compile(rf"{names}[rvok]\d|.*-v?\d")
