"""Summaries with their numbers in the form in which a reader writes them.

Our own words hold numbers in one form (``bot.core.text.wording``): ``1,234.50``, ``−11.7 %``. Outside text keeps its
own: names and titles, which are ``verbatim``, links or in quotation marks, quotations, and what a rule's file says.
"""

from __future__ import annotations

import re

from bot.core.model import NumberForm, Summary
from bot.core.text.wording import VERBATIM
from bot.render.rewriting import rewritten

_NUMBER = re.compile(
    rf"""(?P<kept>“[^”]*(?:”|$)|{VERBATIM.pattern})
    | (?<![\w.,’/-])              # no part of a name, a version or a range: GPT-4.10, v1.25
      (?: \d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?      # 1,234 and 1,234.50
        | \d+\.\d{{2,}}                       # 0.81, 118.42
        | (?<=[+−¥₩])\d+\.\d                # −11.7, ¥856.5
        | \d+\.\d(?=[ \xa0]%|\ (?:times|million|billion|trillion|points)\b|\ ?×)
      )
      (?!(?!p\b)\w|[.,]\d)                 # pence: 2,214.00p""",
    re.VERBOSE,
)
"""A number by itself. One with a single decimal and neither sign nor unit may be a model's: ``Claude 3.5``."""


def in_form(summary: Summary, form: NumberForm) -> Summary:
    """``summary`` with the numbers of our own words in ``form``. In the form they have it stays as it is."""
    if form is NumberForm.POINT:
        return summary
    marks = str.maketrans({",": form.thousands, ".": form.decimal})

    def number(found: re.Match[str]) -> str:
        return found[0] if found["kept"] else found[0].translate(marks)

    return rewritten(summary, text=lambda words: _NUMBER.sub(number, words))
