"""Numbers in the form in which a reader writes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Block, BlockKind, Line, Link, NumberForm, Strong, Summary
from bot.core.text.wording import percent, price
from bot.render import plain
from bot.render.numbers import in_form
from tests.render.summaries import summaries


def summary(*lines: Line, kind: BlockKind = BlockKind.FACTS, title: str = "") -> Summary:
    return Summary((Block("any", kind, 1, title, lines),))


def shown(line: Line, form: NumberForm, kind: BlockKind = BlockKind.FACTS) -> str:
    found = in_form(summary(line, kind=kind), form).blocks[0].lines[0]
    return "".join(piece if isinstance(piece, str) else piece.text for piece in found)


CHANGED = {
    "Nvidia (NVDA) 1,124.20, −12.9 % against 142.62": "Nvidia (NVDA) 1.124,20, −12,9 % against 142,62",
    "Confidence: likely (0.85).": "Confidence: likely (0,85).",
    "AMD +5.0 %, 12.5 % of 1,234 stocks": "AMD +5,0 %, 12,5 % of 1.234 stocks",
    "6.7 million shares, 2.3 times the usual": "6,7 million shares, 2,3 times the usual",
    "40 % of it: −2.4 points": "40 % of it: −2,4 points",
    "¥12,856.5 against ¥856.5": "¥12.856,5 against ¥856,5",
    "€639.70, NT$1,024.00, 2,214.00p": "€639,70, NT$1.024,00, 2.214,00p",
    "At 0.0612 and 0.000012": "At 0,0612 and 0,000012",
    "possibly “Cheaper by 99.50 %” and 3.25": "possibly “Cheaper by 99.50 %” and 3,25",
}
KEPT = ["Claude 3.5 Sonnet, GPT-4.10, v1.25", "2330.TW and 600519.SS at 10:30 UTC", "api.example/1.25/x, 1.2.3, 27,28"]


@pytest.mark.parametrize(("ours", "comma"), [*CHANGED.items(), *((text, text) for text in KEPT)])
def test_our_numbers_change_and_nothing_else(ours: str, comma: str) -> None:
    assert shown((ours,), NumberForm.COMMA) == comma
    assert shown((Strong(ours),), NumberForm.COMMA) == comma


def test_what_others_wrote_stays() -> None:
    line: Line = (Link("Down 12.50 %", "https://a.example/1.25"), " by 3.20 %")
    assert shown(line, NumberForm.COMMA) == "Down 12.50 % by 3,20 %"
    for kind in (BlockKind.QUOTES, BlockKind.CODE):
        assert shown(("price: below 12.50 %",), NumberForm.COMMA, kind) == "price: below 12.50 %"


@given(st.floats(0.0001, 9_999_999), st.floats(-0.99, 9), st.sampled_from(list(NumberForm)))
def test_every_price_and_change_reads_back(level: float, change: float, form: NumberForm) -> None:
    def read(text: str) -> float:
        return float(text.replace(form.thousands, "").replace(form.decimal, ".").replace("−", "-"))

    told = shown((f"It is {price(level)}, {percent(change)} since", " Monday."), form)
    found = re.fullmatch(r"It is (\S+), (\S+) % since Monday\.", told.replace("\u202f", "_"))
    assert found is not None
    one, two = (read(part.replace("_", form.thousands)) for part in found.groups())
    assert one == float(price(level).replace(",", ""))
    assert two == float(percent(change).removesuffix(" %").replace("−", "-"))


@given(summaries, st.sampled_from(list(NumberForm)))
def test_only_points_commas_and_their_likes_differ(given_summary: Summary, form: NumberForm) -> None:
    def bare(text: str) -> str:
        return re.sub(r"[\s.,’\u202f]", "", text)

    changed = in_form(given_summary, form)
    assert bare(plain(changed, None)) == bare(plain(given_summary, None))
    if form is NumberForm.POINT:
        assert changed is given_summary


@pytest.mark.parametrize("words", ["1.234,5", " 1.234,5 ", "1  234,5", "1\u202f234,5", "1'234.5", "1,234.5"])
def test_a_form_is_named_by_its_example(words: str) -> None:
    assert NumberForm.parse(words).value == " ".join(words.replace("'", "’").split())


@pytest.mark.parametrize("words", ["", "de", "1,234,5", "1234.5", "comma"])
def test_what_is_no_form(words: str) -> None:
    with pytest.raises(KeyError):
        NumberForm.parse(words)


@pytest.mark.parametrize("form", list(NumberForm))
def test_columns_of_numbers_stay_to_the_right(form: NumberForm) -> None:
    rows = (("stock", "price"), ("NVDA", "1,124.20"), ("AMD", "99.10"))
    table = in_form(Summary((Block("table", BlockKind.TABLE, 1, rows=rows),)), form)
    first, second = plain(table).split("\n")[1:]
    assert len(first) == len(second)
