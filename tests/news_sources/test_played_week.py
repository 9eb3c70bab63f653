"""The DeepSeek week with the lists beside its headlines: what was put on the hub, or got cheaper, is a story within two
minutes, the first story of the incident a week later, and its facts stand in the message.

The lists are asked over HTTP, at the pace of the running bot and by its polls; what they bring is played with the
recorded week through the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from bot.adapters.feeds.fetch import FetchLimits
from bot.adapters.feeds.session import FeedSession
from bot.adapters.news_sources.huggingface import HuggingFace
from bot.adapters.news_sources.openrouter import OpenRouter
from bot.app.lab.replaying import Plan, plan_replay
from bot.app.project import make_engine
from bot.app.run.news.sources import Requests
from bot.clock import SimulatedClock
from bot.core.model import Reason, Story
from bot.render import plain
from bot.replay.playing import play
from bot.replay.tape import Tape
from tests.command import REPOSITORY
from tests.news_sources.test_polls import Bot
from tests.servers.catalogues import Catalogues, hub_model, offer

PUBLISHED = datetime(2025, 1, 20, 3, 46, tzinfo=UTC)
"""When the weights came; the first recorded headline is of 12:37."""
MONDAY_NIGHT = datetime(2025, 1, 28, tzinfo=UTC)
TWO_MINUTES = timedelta(minutes=2)
THINKS = {"supported_parameters": ["reasoning"]}


@cache
def week() -> Plan:
    """The recorded week."""
    return plan_replay(REPOSITORY / "config.yaml", "deepseek-2025-01", datetime(2026, 11, 30, tzinfo=UTC))


def polled(kind: str, before: Callable[[Catalogues], None], then: Callable[[Catalogues], None]) -> Bot:
    """The bot's polls of a list from a day before something is published there until ten minutes after."""
    labs = week().project.topics.labs_at

    async def poll() -> Bot:
        async with Catalogues() as lists, FeedSession() as session:
            bot = Bot()
            bot.clock = SimulatedClock(PUBLISHED - timedelta(minutes=5, seconds=17))
            requests = Requests(session, bot.clock.now, FetchLimits())
            made = HuggingFace(requests, labs, lists.url) if kind == "hub" else OpenRouter(requests, labs, lists.url)
            bot.source = made  # type: ignore[assignment]
            bot.restart()
            bot.polls.requests = requests
            before(lists)
            published = False
            while bot.clock.now() < PUBLISHED + timedelta(minutes=10):
                if not published and bot.clock.now() >= PUBLISHED - timedelta(seconds=2):
                    then(lists)
                    published = True
                bot.clock.advance(bot.clock.now() + await bot.polls.run())
            return bot

    return asyncio.run(poll())


def on_the_hub(lists: Catalogues) -> None:
    lists.models.append(hub_model("deepseek-ai/DeepSeek-R1", PUBLISHED, parameters=684_531_386_000))


def listed(price: tuple[str, str]) -> Callable[[Catalogues], None]:
    def change(lists: Catalogues) -> None:
        rival = offer("openai/o1", "OpenAI: o1", "0.000015", "0.00006", **THINKS)
        lists.offers = [offer("deepseek/deepseek-r1", "DeepSeek: DeepSeek R1", *price, **THINKS), rival]

    return change


def first_message(*stories: Story) -> str:
    """The first message of the week's fall, where these were seen besides the recorded headlines; on one line."""
    plan = week()
    tape = Tape([*plan.tape.observations, *stories])
    assert tape.first_at is not None
    told = play(make_engine(plan.project, plan.timetables, tape.first_at), tape, until=MONDAY_NIGHT).told
    monday = [m.announcement for m in told if m.announcement.reason is Reason.FIRST and m.announcement.incident]
    assert len({each.incident for each in monday}) == 1
    return " ".join(plain(monday[0].summary).split())


def test_a_model_put_on_the_hub_is_the_first_story_of_the_fall_a_week_later() -> None:
    bot = polled(
        "hub",
        lambda lists: lists.models.append(hub_model("deepseek-ai/DeepSeek-V3", PUBLISHED - timedelta(25))),
        on_the_hub,
    )
    (story,) = bot.stories
    assert story.seen_at - PUBLISHED <= TWO_MINUTES
    text = first_message(story)
    assert story.title == "DeepSeek releases the AI model DeepSeek-R1 with open weights (MIT), 685B parameters"
    assert "First story: DeepSeek releases the AI model DeepSeek-R1" in text
    assert "Licence: “DeepSeek-R1 has open weights under the MIT licence and 685B parameters”" in text


def test_a_price_cut_is_the_first_story_of_the_fall_a_week_later() -> None:
    bot = polled("router", listed(("0.000004", "0.000016")), listed(("0.00000055", "0.00000219")))
    (story,) = bot.stories
    assert story.seen_at - PUBLISHED <= TWO_MINUTES
    text = first_message(story)
    assert "First story: The AI model DeepSeek R1 is 86% cheaper on OpenRouter" in text
    assert "a twenty-seventh of the cheapest rival of its class, OpenAI's o1 at $15 / $60" in text
