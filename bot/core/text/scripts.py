"""The language of a text in another script than messages are in, as far as its letters tell it."""

from __future__ import annotations

import re

_LANGUAGES = {
    "Korean": re.compile("[\uac00-\ud7a3\u1100-\u11ff]"),
    "Japanese": re.compile("[\u3040-\u30ff]"),
    "Chinese": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]"),
}
"""Letters that show a language, the rarer ones first: Japanese is written with Chinese characters too."""
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]+")
_LEAST_SHARE = 0.5
"""Of what is written, counted in Chinese characters and Latin words: one about ``Claude Opus 4`` is still Chinese."""


def language_note(words: str) -> str:
    """`` (in Chinese)`` after words that are mostly in another script; empty after any that most readers can read."""
    found = {language: len(letters.findall(words)) for language, letters in _LANGUAGES.items()}
    written = sum(found.values())
    if not written or written < _LEAST_SHARE * (written + len(_LATIN.findall(words))):
        return ""
    return f" (in {next(language for language, number in found.items() if number)})"
