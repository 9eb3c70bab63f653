"""Names are their owners' words: a number in one is no number of ours, whatever form a reader has numbers in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.digests.content import compile_digest
from bot.core.messages.answers import answer, facts
from bot.core.messages.blocks.digest import digest
from bot.core.model import Announcement, NumberForm, Observation, Trouble
from bot.core.news import Companies, Name, Topics
from bot.core.rules.conditions import All
from bot.core.text.wording import bare, percent, quotation, verbatim, words_of
from bot.render import html, markdown, objects, plain, rich, terminal
from bot.render.numbers import in_form
from tests.core import test_digest
from tests.core.message_cases import EITHER, before, falls, told
from tests.core.message_worlds import COMPANIES
from tests.core.test_portfolio import BARS, holding, twice
from tests.core.worlds import CHEAP, TOPICS, engine, news, play, price, story
from tests.forms import in_commas

MARK = "1,071.77 %"
"""Stands in every name."""
COMMAS = "1.071,77 %"


def numbered() -> tuple[Companies, Topics]:
    """The companies and topics of the small worlds with a number in each name that people give."""
    companies = Companies(
        replace(
            company,
            name=f"{company.name} {MARK}",
            aliases=(Name(company.name),),
            tracks=f"{company.tracks} {MARK}" if company.tracks else "",
        )
        for company in COMPANIES
    )
    topics = replace(
        TOPICS,
        topics=tuple(replace(t, title=f"{t.title} {MARK}", headline=f"{t.headline} {MARK}") for t in TOPICS.topics),
        exposures=tuple(replace(e, title=f"{e.title} {MARK}") for e in TOPICS.exposures),
    )
    return companies, topics


def tape() -> Iterator[Observation]:
    """A story told by two feeds with numbers in their names, and what falls after it."""
    yield from before(COMPANIES)
    title = f"DeepSeek releases DeepSeek-R1, “{MARK}” cheaper, at a fraction of the cost"
    yield story(title, "01-26 12:00", f"Feed {MARK}")
    yield story(title, "01-26 13:00", f"Wire {MARK}")
    yield from falls("NVDA", 88.0)
    yield from falls("VRT", 84.0)


def messages() -> list[Announcement]:
    companies, topics = numbered()
    rules = {"fall": EITHER, "all": All((price("< -4%"), news()))}
    return told(companies, rules, list(tape()), of_news={"news": news()}, topics=topics)


def test_names_in_messages_stay_and_numbers_do_not() -> None:
    found = messages()
    assert len(found) > 6
    for message in found:
        shown = in_commas(message.summary)
        assert COMMAS not in shown, shown
        assert shown.count(MARK) == f"{message.summary.subject}\n{plain(message.summary, None)}".count(MARK)
    assert any(MARK in in_commas(m.summary).split("\n")[0] for m in found)
    assert any("−12,0 %" in in_commas(m.summary) for m in found)


def test_a_portfolios_name_stays() -> None:
    rule = holding()
    condition = replace(rule.when, name="Top 1.5 % picks")  # type: ignore[type-var]
    decisions = play(engine(replace(rule, when=condition)), [*BARS, *twice("NVDA", 90.0, 0)], "01-27 20:00")
    (message,) = [a for d in decisions for a in d.announcements if a.incident and not a.edits]
    assert in_commas(message.summary).startswith("Top 1.5 % picks falls 5,0 %\nTop 1.5 % picks falls 5,0 %\n")


def test_names_in_a_digest_stay() -> None:
    cause = replace(test_digest.cause(source=f"Wire {MARK}"), confidence=0.4, title=f"Cheaper by {MARK}")
    alert = test_digest.alert(cause=cause)
    observations = [*test_digest.falls(("NVDA", -0.12), ("KO", -0.06)), story(CHEAP, "01-27 12:00", f"Feed {MARK}")]
    given_to_it = test_digest.facts(
        observations,
        incidents=[test_digest.incident("1", alert)],
        alerts=[alert],
        failing=[(f"Feed {MARK}", "", Trouble.FAILED, f"no {MARK}")],
    )
    found = compile_digest(given_to_it, test_digest.AFTER_MONDAY, test_digest.AFTER_MONDAY.at)
    summary = digest(found, lambda symbol: verbatim(f"{symbol} {MARK}"), lambda name: verbatim(f"{name} {MARK}"))
    shown = in_commas(summary)
    assert COMMAS not in shown, shown
    assert shown.count(MARK) == plain(summary, None).count(MARK) > 5
    assert "−12,0 % against 100,00" in shown


def test_a_renderer_never_shows_the_marks() -> None:
    for message in messages():
        summary = message.summary
        for text in (plain(summary), markdown(summary), html(summary), terminal(summary)):
            assert text == bare(text)
        for data in (objects(summary), rich(summary)):
            assert str(data) == bare(str(data))


@given(st.text(), st.floats(-0.99, 9), st.sampled_from(list(NumberForm)))
def test_any_name_beside_a_number(name: str, change: float, form: NumberForm) -> None:
    for words in (verbatim(name), quotation(name)):
        line = (f"{words}: {percent(change)}",)
        made = in_form(answer("any", facts([line])), form).blocks[1].lines[0]
        assert bare(words_of(made)).startswith(bare(words))


def test_a_name_without_a_number_is_not_marked() -> None:
    assert verbatim("S&P 500") == "S&P 500"
    assert bare(verbatim(verbatim("1.5 % picks"))) == "1.5 % picks"
    assert verbatim(verbatim("1.5 % picks")) == verbatim("1.5 % picks")
