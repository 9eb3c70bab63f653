"""Invisible characters that hide text, reorder it or control a terminal: the program's only list of them.

Messages drop them, JSON and YAML escape them, quotations and language models' answers that have any are refused; which
characters they are is decided here alone. The list follows Unicode's ``Default_Ignorable_Code_Point`` and
``Bidi_Control`` (PropList and DerivedCoreProperties), plus interlinear annotations and noncharacters, minus variation
selectors, which emoji need.
"""

from __future__ import annotations

import re
import unicodedata

CONTROLS = "\x00-\x1f\x7f-\x9f\u2028\u2029"
"""C0 and C1 controls, line and paragraph separators, for use in a character class."""

JOINERS = "\u200c\u200d"
"""Zero-width joiner and non-joiner: invisible, yet emoji and several scripts need them between letters."""

_HIDING = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, Arabic letter mark
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidirectional marks, overrides and isolates
    "\u3164\ufeff\uffa0\ufff0-\ufffc"  # fillers, byte-order mark, annotations, object replacement
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shorthand, musical and tag characters
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters
)

HIDING = re.compile(f"[{_HIDING}]")
"""What makes text look like other text, joiners excepted. Removed wherever text comes in or goes out."""

CONTROL = re.compile(f"[{CONTROLS}]")
"""What controls a terminal or breaks a line."""

ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
"""First strong isolate and pop directional isolate: Unicode's own marks around foreign words in a text (UAX #9). Our
texts have them around names with numbers in them (``wording.verbatim``); they are among those that are removed."""

SURROGATE = re.compile("[\ud800-\udfff]")
"""Lone surrogates, from broken feeds; they cannot be encoded."""

INVISIBLE = re.compile(f"[{CONTROLS}{_HIDING}{JOINERS}]")
"""All of these but surrogates: for escaping, where text must survive a round trip, and for addresses."""


def has_invisible(text: str, allowed: str = "") -> bool:
    """Whether ``text`` has a control, invisible, private or unassigned character other than those ``allowed``."""
    return any(c not in allowed and (unicodedata.category(c)[0] == "C" or INVISIBLE.match(c)) for c in text)


def without_invisible(text: str) -> str:
    """``text`` on one line, with a space for each character that ``has_invisible`` objects to."""
    return " ".join("".join(" " if has_invisible(c) else c for c in text).split())
