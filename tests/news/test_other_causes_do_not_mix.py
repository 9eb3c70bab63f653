"""Stories of other causes are clustered too, beside the AI ones and never with them."""

from __future__ import annotations

from datetime import timedelta

from tests.news.stories import MONTH, START, add_company, empty_index, matched, story


def test_a_companys_results_do_not_join_the_model_story_of_the_same_days() -> None:
    news = empty_index()
    news.add(story("DeepSeek-R9 trained at a fraction of the cost", START, source="one"))
    news.add(story("DeepSeek-R9: what to know", START + timedelta(hours=1), source="two"))
    results = news.add(
        story("AMD reports quarterly results; data-center revenue misses estimates", START + timedelta(hours=2))
    )
    assert results is not None
    found = matched(news, "AMD", since=START - MONTH, until=START + timedelta(hours=3))
    assert [match.first.title for match in found] == ["DeepSeek-R9 trained at a fraction of the cost"]
    assert results.story not in found[0].stories
    assert found[0].reach == "exposure"


def test_a_bank_run_reaches_nobody_on_ai_model() -> None:
    news = empty_index()
    for number, title in enumerate(
        (
            "OpenAI releases GPT-9",
            "GPT-9 passes the bar exam",
            "First Example Bank shares plunge as depositors flee",
            "Regulators close First Example Bank; bank stocks tumble",
        )
    ):
        news.add(story(title, START + timedelta(hours=number), source=f"source {number}"))
    for symbol in ("SCHW", "JPM", "BAC", "LPLA"):
        assert not matched(news, symbol, since=START - MONTH, until=START + timedelta(hours=9))


def test_results_of_a_company_nobody_knows_are_no_happening_until_somebody_describes_it() -> None:
    news = empty_index()
    first = news.add(story("Quokka Learning reports quarterly results below estimates", START, id="a"))
    assert first is not None
    assert first.cluster == ""
    assert not matched(news, "QOKA", "earnings", since=START - MONTH, until=START)
    add_company(news, "QOKA", "Quokka Learning")
    (match,) = matched(news, "QOKA", "earnings", since=START - MONTH, until=START)
    assert match.first.id == "a"
    second = news.add(story("Quokka Learning's quarterly results disappoint", START + timedelta(hours=1)))
    assert second is not None
    assert second.cluster == "a"
