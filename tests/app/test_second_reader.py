"""The second reader at work: it asks what is in doubt, within its budget, and its troubles delay nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from aiohttp import web

from bot.app.run.news.second_reader import FIRST_RETRY, LONGEST_RETRY, MOST_A_LOOK, Budget, SecondReader
from bot.app.setup.checkup import check_second_reader
from bot.clock import SimulatedClock
from bot.config.settings.model import LanguageModelSettings
from bot.core.cause.questions import Fall
from bot.core.errors import LONGEST_WAIT, SourceError
from bot.core.health import Health
from bot.core.model import Announcement, Observation, SecondReading, SourceReport, Story, ToldMove, Trouble
from bot.core.view import View
from tests.core.test_second_reader import NOW, REFUSED, SOON, Scene, confidence, played
from tests.lead.serving import KEY, answering, said, served, serving

DAY = timedelta(days=1)


# -------------------------------------------------------------------------------------------------------------- budget


def test_the_budget_is_of_any_hour_and_any_day() -> None:
    budget, now = Budget(an_hour=2, a_day=3), NOW
    asked = []
    for minutes in range(0, 26 * 60, 20):
        now = NOW + timedelta(minutes=minutes)
        if budget.allows(now):
            budget.spend([now])
            asked.append(minutes)
    assert asked == [0, 20, 60, 24 * 60, 24 * 60 + 20, 25 * 60]


def test_the_answers_of_an_earlier_run_count() -> None:
    budget = Budget(an_hour=5, a_day=2)
    budget.spend([NOW - timedelta(hours=23), NOW - timedelta(hours=2)])
    assert not budget.allows(NOW)
    assert budget.allows(NOW + timedelta(hours=2))


# ---------------------------------------------------------------------------------------------------- a made-up view


@dataclass(slots=True)
class Doubtful:
    """A view with as many stories in doubt as a test wants, each about one fall."""

    stories: list[Story]
    answered: set[str] = field(default_factory=set)

    def falls(self, at: datetime) -> Sequence[Fall]:
        return [Fall("NVDA", None, -0.1)]  # type: ignore[arg-type]  # nobody looks at the session

    def stories_in_doubt(self, fall: Fall, at: datetime) -> Sequence[Story]:
        return [story for story in self.stories if story.id not in self.answered]


class Desk:
    """A second reader whose model does as ``outcome`` says, on a simulated clock."""

    def __init__(self, many: int = 1, an_hour: int = 100, a_day: int = 100) -> None:
        self.clock = SimulatedClock(NOW)
        self.view = Doubtful([Story(f"s{n}", "wire", f"Headline {n}", NOW) for n in range(many)])
        self.outcome: SourceError | tuple[ToldMove, ...] = ()
        self.asked: list[str] = []
        self.seen: list[Observation] = []
        view: View = self.view  # type: ignore[assignment]  # all that is used of one
        self.reader = SecondReader(self.read, lambda: view, self.clock, self.take, Budget(an_hour, a_day), "tiny")

    async def read(self, story: Story) -> tuple[ToldMove, ...]:
        self.asked.append(story.id)
        if isinstance(self.outcome, SourceError):
            raise self.outcome
        return self.outcome

    def take(self, seen: Sequence[Observation]) -> None:
        self.seen += seen
        self.view.answered |= {o.story for o in seen if isinstance(o, SecondReading)}

    async def look(self, after: timedelta = timedelta()) -> None:
        self.clock.advance(self.clock.now() + after)
        await self.reader.look()


async def test_an_answer_is_an_observation_with_the_time_it_was_known() -> None:
    desk = Desk()
    await desk.look()
    assert desk.seen == [SecondReading("s0", NOW, (), "tiny"), SourceReport("second reader", NOW, items=1, fresh=1)]
    await desk.look(DAY)
    assert desk.asked == ["s0"], "it is asked once"


async def test_a_few_are_asked_about_at_a_time_and_none_beyond_the_budget() -> None:
    desk = Desk(many=9, an_hour=5)
    await desk.look()
    assert len(desk.asked) == MOST_A_LOOK
    for _ in range(5):
        await desk.look(timedelta(seconds=10))
    assert len(desk.asked) == 5
    await desk.look(timedelta(hours=1))
    assert len(desk.asked) == 5 + MOST_A_LOOK


async def test_a_failure_is_told_and_the_next_question_waits_longer_each_time(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.outcome = SourceError("HTTP 500")
    await desk.look()
    await desk.look(FIRST_RETRY - timedelta(seconds=1))
    assert len(desk.asked) == 1
    await desk.look(timedelta(seconds=1))
    await desk.look(FIRST_RETRY)
    assert len(desk.asked) == 2, "two minutes after the second failure"
    for _ in range(12):
        await desk.look(LONGEST_RETRY)
    assert len(desk.asked) == 14
    reports = [o for o in desk.seen if isinstance(o, SourceReport)]
    assert [r.trouble for r in reports] == [Trouble.FAILED] * 14
    assert caplog.messages[0] == "no answer from the second reader: HTTP 500"
    desk.outcome = ()
    await desk.look(LONGEST_RETRY)
    assert desk.view.answered == {"s0"}


@pytest.mark.parametrize(("asks_for", "waits"), [(timedelta(hours=3), timedelta(hours=3)), (400 * DAY, LONGEST_WAIT)])
async def test_a_server_is_left_alone_as_long_as_it_asks_within_reason(asks_for: timedelta, waits: timedelta) -> None:
    desk = Desk()
    desk.outcome = SourceError("HTTP 429", retry_after=asks_for)
    await desk.look()
    await desk.look(waits - timedelta(seconds=1))
    assert len(desk.asked) == 1
    await desk.look(timedelta(seconds=1))
    assert len(desk.asked) == 2


async def test_a_story_whose_answer_cannot_be_used_is_not_asked_about_again() -> None:
    desk = Desk(many=2)
    desk.outcome = SourceError("its answer is not as asked", permanent=True)
    await desk.look()
    desk.outcome = ()
    await desk.look(LONGEST_RETRY)
    assert desk.asked == ["s0", "s1"]


async def test_the_operator_is_told_once_and_once_when_it_answers_again() -> None:
    desk, health = Desk(), Health(in_a_row=3)
    told: list[Announcement] = []
    for outcome in (*[SourceError("HTTP 500")] * 6, ()):
        desk.outcome = outcome
        await desk.look(LONGEST_RETRY)
    for report in (o for o in desk.seen if isinstance(o, SourceReport)):
        told += [notice] if (notice := health.observe(report)) else []
        told += health.gathered()
    assert [notice.summary.subject for notice in told] == [
        "Second reader has failed 3 times in a row",
        "Second reader works again",
    ]


# ---------------------------------------------------------------------------------------------- with engine and server


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("day"))


async def test_a_story_in_doubt_is_asked_about_over_http_and_its_answer_weighed(scene: Scene) -> None:
    engine = scene.engine()
    played(engine, scene.tape.observations, NOW)
    before = confidence(engine, "CHRW", NOW)
    clock, asked = SimulatedClock(SOON), []
    move = {"who": "Freight brokers", "direction": "falls", "because": "ai rival"}
    written = json.dumps({"moves": [move | {"ai_is_the_agent": True, "certainty": 0.9}]})

    async def handle(request: web.Request) -> web.Response:
        asked.append(await request.text())
        return web.json_response(said(written))

    def turn(seen: Sequence[Observation]) -> None:
        engine.step(seen, clock.now())

    async with served(handle) as model:
        reader = SecondReader(model.read, engine.view, clock, turn, Budget(10, 10))
        await reader.look()
        await reader.look()
    assert len(asked) == 1
    assert not any(symbol in asked[0] for symbol in ("CHRW", "HUBG", "EXPD")), "nothing of the watchlist is sent"
    assert before < 0.6 < confidence(engine, "CHRW", SOON)


async def test_a_server_in_trouble_changes_nothing(scene: Scene) -> None:
    engine = scene.engine()
    played(engine, scene.tape.observations, NOW)
    before = confidence(engine, "CHRW", NOW)
    seen: list[Observation] = []
    async with served(answering({}, 503)) as model:
        await SecondReader(model.read, engine.view, SimulatedClock(SOON), seen.extend, Budget(10, 10)).look()
    engine.step(seen, SOON)
    assert [type(o) for o in seen] == [SourceReport]
    assert confidence(engine, "CHRW", SOON) == before


def doubting(scene: Scene) -> Callable[[], View]:
    """A view in which only the scene's story is in doubt."""
    view: View = Doubtful([scene.story])  # type: ignore[assignment]  # all that is used of one
    return lambda: view


HOSTILE = {
    **{name: said(written) for name, written in REFUSED.items()},
    "longer than is read": said("x" * 200_000),
    "another API": {"output": "Nvidia"},
    "no JSON": b"<html>",
    "cut off": said('{"moves": []}', finish_reason="length"),
    "about another story": said(json.dumps({"story": "of-nobody", "moves": []})),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_answer_changes_nothing_and_is_quoted_nowhere(
    scene: Scene, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Observation] = []
    async with served(answering(body)) as model:
        await SecondReader(model.read, doubting(scene), SimulatedClock(SOON), seen.extend, Budget(10, 10)).look()
    (report,) = seen
    assert isinstance(report, SourceReport)
    assert report.trouble is Trouble.FAILED
    assert len(report.detail) < 200
    for words in ("ignore your rules", "Ignore all previous", "transfer", "<html>", "of-nobody"):
        assert words not in report.detail + caplog.text


# --------------------------------------------------------------------------------------------------------------- check


GOOD = {"who": "Chip stocks", "direction": "falls", "because": "ai rival", "ai_is_the_agent": True, "certainty": 0.9}


@pytest.mark.parametrize(
    ("written", "status", "ok", "words"),
    [
        (json.dumps({"moves": [GOOD]}), 200, True, "answers, and reads a plain story as it should"),
        (json.dumps({"moves": []}), 200, False, "answers, but misreads a plain story"),
        ("Chips fell.", 200, False, "no answer: its answer is not as asked"),
        (KEY, 401, False, "no answer: HTTP 401; check the key"),
    ],
)
async def test_check_says_whether_it_answers(
    monkeypatch: pytest.MonkeyPatch, written: str, status: int, ok: bool, words: str
) -> None:
    monkeypatch.setenv("AFTERSHOCK_LANGUAGE_MODEL_KEY", KEY)
    async with serving(answering(said(written), status)) as url:
        found = await check_second_reader(LanguageModelSettings(url=url, second_reader=True))
    assert (found.ok, found.words) == (ok, words)
    assert KEY not in repr(found)
