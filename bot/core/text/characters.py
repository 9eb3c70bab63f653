"""Characters nobody sees that hide text, reorder it or steer a terminal: the program's one list of them.

What is done about them differs (a message drops them, JSON and YAML escape them, a quotation or a language model's
answer that has any is refused), but which characters they are is decided here and nowhere else. The list follows
Unicode's ``Default_Ignorable_Code_Point`` and ``Bidi_Control`` (PropList and DerivedCoreProperties), with the
interlinear annotations and the code points that are not characters. Variation selectors are left out: emoji need them.
"""

from __future__ import annotations

import re
import unicodedata

CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
"""C0 and C1 controls, line and paragraph separators; the inside of a character class."""

JOINERS = "\u200c\u200d"
"""Zero-width joiner and non-joiner: invisible, yet emoji and several scripts need them between letters."""

_HIDING = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, Arabic letter mark
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidirectional marks, overrides and isolates
    "\u3164\ufeff\uffa0\ufff0-\ufffc"  # fillers, byte-order mark, annotations, object replacement
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shorthand, musical and tag characters
    "\ufdd0-\ufdef\ufffe\uffff"  # not characters
)

HIDING = re.compile(f"[{_HIDING}]")
"""What makes text look like other text. Removed wherever text comes in or goes out; joiners are not among them."""

CONTROL = re.compile(f"[{CONTROLS}]")
"""What steers a terminal or breaks a line."""

SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of characters, from broken feeds; they cannot be encoded."""

UNSEEN = re.compile(f"[{CONTROLS}{_HIDING}{JOINERS}]")
"""All of these but surrogates: for escaping, where text must come back as it was, and in addresses, which need none."""


def has_unseen(text: str, allowed: str = "") -> bool:
    """Whether ``text`` holds a control, hiding, private or unassigned character other than those ``allowed``."""
    return any(c not in allowed and (unicodedata.category(c)[0] == "C" or UNSEEN.match(c)) for c in text)


def without_unseen(text: str) -> str:
    """``text`` on one line, every character that ``has_unseen`` finds replaced by a space."""
    return " ".join("".join(" " if has_unseen(c) else c for c in text).split())
