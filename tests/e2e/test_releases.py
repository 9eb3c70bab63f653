"""A running bot reads releases and prices where they are made: first in the incident, with their facts in its message,
and a source in trouble is one notice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.desk import ADMIN, READER, Desk, opened
from tests.servers.catalogues import Catalogues, catalogued, filing, hub_model, offer, provider
from tests.waiting import PATIENCE, wait_until

MODEL = "DeepSeek releases the AI model DeepSeek-V4 with open weights (MIT), 671B parameters"
CUT = "The AI model DeepSeek V4 is 86% cheaper on OpenRouter: $0.14 / $0.28 per million tokens"
HEADLINES = {
    "wire": "Chip stocks plunge as cheap DeepSeek V4 threatens demand for chips",
    "tech": "Nvidia shares plunge as DeepSeek V4 undercuts rivals",
}
FALL = {"NVDA": -0.12, "AVGO": -0.11, "MU": -0.11, "VRT": -0.13}


class Lists:
    """The hub and the router on a thread of their own."""

    def __init__(self) -> None:
        self.server = Catalogues()
        self._loop, ready, self._stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

        async def serve() -> None:
            async with self.server:
                ready.set()
                await self._stop.wait()

        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(serve(),), daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)
        self._loop.close()


@pytest.fixture
def lists() -> Iterator[Lists]:
    made = Lists()
    yield made
    made.stop()


@pytest.fixture
def day(tmp_path: Path, lists: Lists) -> Iterator[Desk]:
    with opened(tmp_path) as desk:
        lists.server.models = [hub_model("deepseek-ai/DeepSeek-V3", desk.began - timedelta(days=30))]
        lists.server.offers = [offer("deepseek/deepseek-v4", "DeepSeek: DeepSeek V4", "0.00000055", "0.00000245")]
        lists.server.tickers = {"NVDA": 1045810}
        lists.server.filings = [filing("SOMEBODY", 7, "0000000007-26-000001", desk.began, "2.02")]
        each = f"interval: 1s, options: {{base: '{lists.server.url}'}}"
        lists.server.providers["deepseek"] = provider(
            "deepseek", catalogued("DeepSeek V3", "2024-12-26", 0.27, 1.1, id="deepseek-chat")
        )
        section = f"news_sources:\n  - {{type: huggingface-hub, {each}}}\n  - {{type: openrouter, {each}}}\n"
        section += f"  - {{type: models-dev, {each}}}\n"
        contact = "contact: Jane Doe jane@example.com"
        section += f"  - {{type: sec-edgar, interval: 1s, options: {{{contact}, base: '{lists.server.url}'}}}}\n"
        desk.write_config(more=section)
        desk.start()
        desk.subscribe(ADMIN, READER)
        lists_read = "('huggingface-hub', 'openrouter', 'models-dev')"
        answered = f"SELECT count(*) FROM feeds WHERE name IN {lists_read} AND last_ok_at > ''"
        wait_until(lambda: desk.count(answered) == 3, "all lists are read", lambda: desk.bots[-1].log)
        yield desk


def told(desk: Desk, title: str) -> bool:
    return desk.count("SELECT count(*) FROM stories WHERE title = ?", title) == 1


def first_story(desk: Desk) -> str:
    """The title of the first story of the incident's cause."""
    return str(
        desk.rows(
            "SELECT title FROM stories WHERE cluster IN (SELECT cause_cluster FROM alerts) ORDER BY seen_at, arrival"
        )[0][0]
    )


def headlines(desk: Desk) -> None:
    for name, title in HEADLINES.items():
        desk.publish(name, [title], ago=timedelta())
    read = "SELECT count(*) FROM stories WHERE title LIKE '%plunge%'"
    wait_until(lambda: desk.count(read) == 2, "the headlines are read", lambda: desk.bots[-1].log)


def message(desk: Desk) -> str:
    desk.fall(FALL)
    wait_until(lambda: desk.alerts(READER), "an alert", lambda: desk.bots[-1].log)
    return desk.alerts(READER)[0]


def test_a_model_put_on_the_hub_is_the_first_story_of_the_fall_it_causes(day: Desk, lists: Lists) -> None:
    assert day.count("SELECT count(*) FROM stories WHERE source = 'huggingface-hub'") == 0
    lists.server.models.append(hub_model("deepseek-ai/DeepSeek-V4", day.now()))
    wait_until(lambda: told(day, MODEL), "the release is a story", lambda: day.bots[-1].log)
    headlines(day)
    text = message(day)
    assert first_story(day) == MODEL
    assert "DeepSeek-V4 has open weights under the MIT licence and 671B parameters" in text
    assert "Hugging Face" in text


def test_a_price_cut_is_the_first_story_of_the_fall_it_causes(day: Desk, lists: Lists) -> None:
    lists.server.offers = [offer("deepseek/deepseek-v4", "DeepSeek: DeepSeek V4", "0.00000014", "0.00000028")]
    wait_until(lambda: told(day, CUT), "the cut is a story", lambda: day.bots[-1].log)
    headlines(day)
    text = message(day)
    assert first_story(day) == CUT
    assert f"Price: “{CUT}” (OpenRouter)" in text


def test_licence_size_price_and_rival_of_a_new_model_stand_in_the_message(day: Desk, lists: Lists) -> None:
    lists.server.offers.append(offer("openai/gpt-6", "OpenAI: GPT-6", "0.000015", "0.00006"))
    known = "SELECT count(*) FROM extras WHERE value LIKE '%openai/gpt-6%'"
    wait_until(lambda: day.count(known) == 1, "the rival's price is stored", lambda: day.bots[-1].log)
    lists.server.models.append(hub_model("deepseek-ai/DeepSeek-V5", day.now()))
    lists.server.offers.append(offer("deepseek/deepseek-v5", "DeepSeek: DeepSeek V5", "0.00000055", "0.00000219"))
    new = "SELECT count(*) FROM stories WHERE title LIKE '%V5%'"
    wait_until(lambda: day.count(new) == 2, "both are stories", lambda: day.bots[-1].log)
    for name, title in HEADLINES.items():
        day.publish(name, [title.replace("V4", "V5")], ago=timedelta())
    read = "SELECT count(*) FROM stories WHERE title LIKE '%plunge%'"
    wait_until(lambda: day.count(read) == 2, "the headlines are read", lambda: day.bots[-1].log)
    text = message(day)
    assert "DeepSeek-V5 has open weights under the MIT licence and 671B parameters" in text
    assert "$0.55 / $2.19 per million tokens" in text
    assert "Beside rivals: “DeepSeek V5 costs about a twenty-seventh of the cheapest rival of its class" in text
    assert "OpenAI's GPT-6 at $15 / $60 on" in text


def test_the_catalogue_completes_what_the_hub_told_of_a_model(day: Desk, lists: Lists) -> None:
    """The price, which the hub does not know, stands in the message beside licence and size."""
    lists.server.models.append(hub_model("deepseek-ai/DeepSeek-V4", day.now()))
    wait_until(lambda: told(day, MODEL), "the release is a story", lambda: day.bots[-1].log)
    listed = catalogued("DeepSeek V4", f"{day.now():%Y-%m-%d}", 0.14, 0.28)
    lists.server.providers["deepseek"]["models"]["deepseek-v4"] = listed
    entry = "SELECT count(*) FROM stories WHERE source = 'models-dev' AND seeded = 0"
    wait_until(lambda: day.count(entry) == 1, "the entry is a story", lambda: day.bots[-1].log)
    headlines(day)
    text = message(day)
    assert first_story(day) == MODEL
    happening = day.rows("SELECT DISTINCT cluster FROM stories WHERE source IN ('huggingface-hub', 'models-dev')")
    assert len(happening) == 1, "it joined the release"
    assert "DeepSeek-V4 has open weights under the MIT licence and 671B parameters” (Hugging Face" in text
    assert "is new on models.dev with open weights, at $0.14 / $0.28 per million tokens” (models.dev)" in text


def test_a_model_and_a_price_that_only_the_catalogue_has_are_facts_in_the_message(day: Desk, lists: Lists) -> None:
    models = lists.server.providers["deepseek"]["models"]
    models["deepseek-v5"] = catalogued("DeepSeek V5", f"{day.now():%Y-%m-%d}", 0.14, 0.28)
    lists.server.described["deepseek/deepseek-v5"] = {"name": "DeepSeek V5", "license": "MIT"}
    models["deepseek-chat"] = catalogued("DeepSeek V3", "2024-12-26", 0.1, 0.2, id="deepseek-chat")
    both = "SELECT count(*) FROM stories WHERE source = 'models-dev'"
    wait_until(lambda: day.count(both) == 2, "both are stories", lambda: day.bots[-1].log)
    kept = dict(day.rows("SELECT title, seeded FROM stories WHERE source = 'models-dev'"))
    cut = "The AI model DeepSeek V3 is 78% cheaper at DeepSeek: $0.10 / $0.20 per million tokens"
    assert kept[cut] == 1, "an entry that was put right looks the same"
    for name, title in HEADLINES.items():
        day.publish(name, [title.replace("V4", "V5")], ago=timedelta())
    read = "SELECT count(*) FROM stories WHERE title LIKE '%plunge%'"
    wait_until(lambda: day.count(read) == 2, "the headlines are read", lambda: day.bots[-1].log)
    text = message(day)
    assert first_story(day).startswith(
        "The AI model DeepSeek V5 is new on models.dev with open weights (MIT), at $0.14"
    )
    assert "Licence: “DeepSeek V5 has open weights under the MIT licence” (models.dev)" in text
    assert "at $0.14 / $0.28 per million tokens” (models.dev)" in text


@pytest.mark.campaign
def test_a_source_that_refuses_is_one_notice_and_one_when_it_is_over(day: Desk, lists: Lists) -> None:
    def notices(words: str) -> list[str]:
        return [text for text in day.texts(ADMIN) if words in text]

    lists.server.refuse["/api/v1/models"] = (403, {})
    wait_until(lambda: notices("openrouter has failed"), "a notice", lambda: day.bots[-1].log)
    polls = lists.server.count("/api/v1/models")
    wait_until(lambda: lists.server.count("/api/v1/models") > polls, "it is asked again")
    lists.server.models.append(hub_model("deepseek-ai/DeepSeek-V4", day.now()))
    wait_until(lambda: told(day, MODEL), "the other goes on", lambda: day.bots[-1].log)
    lists.server.refuse.clear()
    wait_until(lambda: notices("openrouter works again"), "its end", lambda: day.bots[-1].log)
    assert len(notices("openrouter has failed")) == 1
    assert len(notices("huggingface-hub")) == 0


def test_what_was_published_while_the_bot_was_off_is_told_once_and_nothing_twice(day: Desk, lists: Lists) -> None:
    lists.server.models.append(hub_model("deepseek-ai/DeepSeek-V4", day.now()))
    wait_until(lambda: told(day, MODEL), "the release is a story", lambda: day.bots[-1].log)
    day.bots[-1].kill()
    lists.server.models.append(hub_model("deepseek-ai/DeepSeek-V5", day.now(), parameters=1_200_000_000_000))
    day.start()
    later = "DeepSeek releases the AI model DeepSeek-V5 with open weights (MIT), 1.2T parameters"
    wait_until(lambda: told(day, later), "what came meanwhile is a story", lambda: day.bots[-1].log)
    polls = lists.server.count("/api/models deepseek-ai")
    wait_until(lambda: lists.server.count("/api/models deepseek-ai") >= polls + 2, "it is asked again")
    found = day.rows("SELECT title, seeded FROM stories WHERE source = 'huggingface-hub' ORDER BY seen_at")
    assert found == [(MODEL, 0), (later, 0)]


def test_a_name_on_the_hub_is_a_known_word_for_the_headlines_that_follow(day: Desk, lists: Lists) -> None:
    lists.server.models.append(hub_model("deepseek-ai/DeepTide-R1", day.now()))
    learned = "SELECT count(*) FROM learned_names WHERE word = 'DeepTide' AND lab = 'DeepSeek' AND source = ?"
    wait_until(lambda: day.count(learned, "huggingface-hub") == 1, "the name is learned", lambda: day.bots[-1].log)
    day.publish("wire", ["AI model DeepTide halves the cost of answers"], ago=timedelta())
    named = "SELECT count(*) FROM stories WHERE source = 'wire' AND mentions LIKE '%DeepTide%'"
    wait_until(lambda: day.count(named) == 1, "the headline is read with it", lambda: day.bots[-1].log)
    day.bots[-1].kill()
    day.start()
    day.publish("tech", ["Chip makers shrug at DeepTide, an AI model for a dollar"], ago=timedelta())
    again = "SELECT count(*) FROM stories WHERE source = 'tech' AND mentions LIKE '%DeepTide%'"
    wait_until(lambda: day.count(again) == 1, "a restart keeps it", lambda: day.bots[-1].log)


def test_an_8k_with_results_turns_the_cause_of_an_alert(day: Desk, lists: Lists) -> None:
    """A story that ties the fall to AI is there first; the company's own results outweigh it."""
    day.publish("wire", [HEADLINES["wire"]], ago=timedelta())
    day.publish("tech", ["DeepSeek V4 is out, a cheaper AI model that undercuts rivals"], ago=timedelta())
    read = "SELECT count(*) FROM stories WHERE source IN ('wire', 'tech') AND title LIKE '%V4%'"
    wait_until(lambda: day.count(read) == 2, "the headlines are read", lambda: day.bots[-1].log)
    day.fall({"NVDA": -0.12})
    wait_until(lambda: day.alerts(READER), "an alert", lambda: day.bots[-1].log)
    before = day.rows("SELECT cause_topic FROM alerts WHERE symbol = 'NVDA'")
    assert before
    assert ("earnings",) not in before
    lists.server.filings.insert(0, filing("NVIDIA CORP", 1045810, "0001045810-26-000002", day.now(), "2.02", "9.01"))
    turned = "SELECT count(*) FROM alerts WHERE symbol = 'NVDA' AND cause_topic = 'earnings'"
    wait_until(lambda: day.count(turned) >= 1, "the results are the cause", lambda: day.bots[-1].log)
    words = "reports results to the SEC"
    wait_until(lambda: any(words in text for text in day.texts(READER)), "the reader is told")
