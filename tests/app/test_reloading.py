"""Edits of the rules folder reach the running bot: finished ones, whole ones, and only good ones."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store import SqliteStore, open_store
from bot.app.project import Timetables, make_engine, read_rules_folder
from bot.app.run import live, reloading
from bot.app.run.inbox import Inbox
from bot.app.run.live import LiveBot
from bot.app.run.reloading import Look, Reloader, Watch, changes, first_mistake, look
from bot.clock import SimulatedClock, stopwatch
from bot.config.settings.model import load_settings
from bot.core.errors import ConfigError, Problem, StoreBusyError
from bot.core.model import Quote, QuoteKind, Recipient, Story
from bot.core.news import Companies, Company, Topics
from bot.cycle import Cycle
from tests.waiting import allowed

NOON = datetime(2025, 1, 27, 17, 0, tzinfo=UTC)
CONFIG = """\
storage: {database: history.db}
benchmarks: [SPY]
watchlist: {ai-chips: [NVDA, AMD], cooling: [VRT]}
"""
RULE = """\
rules:
  - name: fall
    symbols: [group:watchlist]
    when: {price: {change: "< -10%"}}
    hold: 1
"""
CONSOLE = Recipient("console", "console", "console", operator=True)


# ----------------------------------------------------------------------------------------------------------- pure parts


def test_an_edit_is_taken_when_two_looks_in_a_row_find_the_same() -> None:
    watch = Watch({"a": b"1"})
    assert not watch.settled({"a": b"1"})
    assert not watch.settled({"a": b"2"})
    assert watch.settled({"a": b"2"})


def test_a_file_still_being_written_is_not_taken() -> None:
    watch = Watch({"a": b"1"})
    assert not any(watch.settled({"a": bytes([n])}) for n in range(2, 20))


def test_an_edit_that_was_undone_is_not_taken() -> None:
    watch = Watch({"a": b"1"})
    assert not watch.settled({"a": b"2"})
    assert not watch.settled({"a": b"1"})
    assert not watch.settled({"a": b"1"})


LOOKS = st.lists(st.dictionaries(st.sampled_from("abc"), st.sampled_from([b"1", b"2"])), max_size=20)


@given(LOOKS)
def test_whatever_happens_to_the_files_what_is_found_twice_at_the_end_is_taken_once(looks: list[Look]) -> None:
    watch = Watch({"a": b"1"})
    for found in looks:
        if watch.settled(found):
            watch.taken = found
    end = {"a": b"3"}
    assert [watch.settled(end), watch.settled(end)] == [False, True]
    watch.taken = end
    assert not watch.settled(end)


def test_a_look_sees_files_change_appear_and_vanish_but_not_tests_and_backups(tmp_path: Path) -> None:
    config, folder = tmp_path / "config.yaml", tmp_path / "rules"
    (folder / "topics").mkdir(parents=True)
    (folder / "tests").mkdir()
    file = folder / "a.yaml"
    file.write_text("rules: []")
    seen = [look(folder, config)]
    for change in (
        lambda: file.write_text("rules: {}"),
        lambda: (folder / "b.yaml").write_text("x"),
        lambda: (folder / "topics" / "t.yaml").write_text("x"),
        lambda: (folder / "companies.yaml").write_text("x"),
        lambda: config.write_text("x"),
        file.unlink,
        lambda: shutil.rmtree(folder),
    ):
        change()
        assert look(folder, config) != seen[-1]
        seen.append(look(folder, config))
    (folder / "tests").mkdir(parents=True)
    for name in ("tests/a.yaml", "a.yaml~", ".a.yaml.swp", "a.yaml.tmp"):
        (folder / name).write_text("x")
        assert look(folder, config) == seen[-1], name


def test_the_same_text_saved_again_is_no_edit(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("x")
    before = look(tmp_path, tmp_path / "config.yaml")
    beside = tmp_path / "a.yaml.new"
    beside.write_text("x")
    beside.rename(file)
    assert look(tmp_path, tmp_path / "config.yaml") == before


def test_the_operator_reads_the_first_mistake_from_the_configurations_folder() -> None:
    problems = [
        Problem("/etc/bot/rules/a.yaml", 3, 7, "rules[0].name", "wrong; right"),
        *[Problem("b", 1, 1, "", "x")] * 2,
    ]
    assert first_mistake(ConfigError(problems), Path("/etc/bot")) == (
        "rules/a.yaml:3:7: rules[0].name: wrong; right (and 2 more mistakes)"
    )


# -------------------------------------------------------------------------------------------------------- a running bot


class Running:
    """A bot with real rules, engine and database, whose looks the test makes."""

    def __init__(self, folder: Path, repository: Path, timetables: Timetables) -> None:
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG)
        self.rules = folder / "rules"
        shutil.copytree(repository / "rules" / "topics", self.rules / "topics")
        shutil.copy(repository / "rules" / "companies.yaml", self.rules)
        self.file = self.rules / "mine.yaml"
        self.file.write_text(RULE)
        settings = load_settings(self.config)
        before = look(settings.rules, self.config)
        world = read_rules_folder(self.config, settings)
        self.clock = SimulatedClock(NOON)
        self.store = open_store(folder / "history.db", mode="live", run_name="live", now=NOON)
        engine = make_engine(world, timetables, NOON)
        self.store.record_rules([(n, v, t) for n, (v, t) in world.rules.versions.items()], NOON)
        nothing: Any = SimpleNamespace()  # no feed, price or job is asked for here
        self.bot = LiveBot(
            world,
            self.store,
            self.store,
            self.store,
            Cycle(engine, self.store, lambda: [CONSOLE]),
            nothing,
            nothing,
            self.clock,
            nothing,
            Inbox(self.clock, nothing),
            timetables.of_symbol,
            lambda: None,
        )
        self.store.save_recipients([CONSOLE])
        self.reloader = Reloader(self.bot, self.config, before)

    async def settle(self) -> None:
        """Two looks, half a second apart."""
        for _ in range(2):
            self.clock.advance(self.clock.now() + timedelta(seconds=0.5))
            await self.reloader.check()

    async def edit(self, text: str, file: Path | None = None) -> None:
        """Save ``text`` and let it settle."""
        (file or self.file).write_text(text)
        await self.settle()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the history says."""
        return [tuple(row) for row in self.store._conn.execute(sql)]

    def told(self) -> list[str]:
        """The operator's notices so far, in order."""
        return [
            text for (text,) in self.rows("SELECT text FROM notifications WHERE reason = 'operator' ORDER BY rowid")
        ]

    def quote(self, symbol: str, price: float, previous: float) -> None:
        """A price arrives."""
        now = self.clock.now()
        self.bot.turn([Quote(symbol, price, now, now, QuoteKind.TRADE, previous_close=previous)])

    def fired(self) -> list[tuple[str, str]]:
        """Alerts so far: rule and symbol."""
        return [(rule, symbol) for rule, symbol in self.rows("SELECT rule, symbol FROM alerts ORDER BY fired_at, id")]


@pytest.fixture(scope="module")
def timetables() -> Timetables:
    """New York's sessions, made once: that takes most of a second."""
    return Timetables(date(2024, 1, 2), date(2025, 3, 1))


@pytest.fixture
def running(tmp_path: Path, repository: Path, timetables: Timetables) -> Iterator[Running]:
    made = Running(tmp_path, repository, timetables)
    yield made
    made.store.close()


async def test_a_saved_edit_is_in_force_and_its_text_kept(running: Running) -> None:
    await running.edit(RULE.replace("-10%", "-7%"))
    rule = running.bot.engine.rules.named("fall")
    assert rule is not None
    assert "-7%" in rule.text
    assert (rule.version, rule.text) in running.rows("SELECT version, text FROM rule_versions")
    assert running.told() == []


async def test_a_bad_edit_changes_nothing_and_is_told_once_with_its_place_until_it_is_good_again(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    await running.edit(RULE.replace("< -10%", "<< -10%"))
    await running.settle()
    assert running.bot.engine.rules.named("fall").text.count("< -10%") == 1  # type: ignore[union-attr]
    assert len(running.told()) == 1
    assert "rules/mine.yaml:4:28: rules[0].when.price.change" in running.told()[0]
    assert f"{running.file}:4:28" in caplog.text
    await running.edit(RULE.replace("name:", "nmae:"))
    assert len(running.told()) == 1, "another mistake before it is good again is for the log"
    assert f"{running.file}:2:5" in caplog.text
    await running.edit(RULE.replace("-10%", "-8%"))
    assert "-8%" in running.bot.engine.rules.named("fall").text  # type: ignore[union-attr]
    assert [text.split("\n")[0] for text in running.told()] == [
        "An edit of the rules has a mistake; the last good rules stay in force",
        "The rules are good again, and in force",
    ]
    await running.edit("rules: [")
    assert len(running.told()) == 3, "a new trouble is told anew"


async def test_putting_the_old_text_back_ends_the_trouble(running: Running) -> None:
    await running.edit("rules: [")
    await running.edit(RULE)
    assert running.told()[-1].startswith("The rules are good again")
    assert len(running.bot.engine.rules) == 1


@pytest.mark.parametrize("ending", ["", "\n# half a comm", "\n  - name: second\n    symbols: [NV"])
async def test_a_half_written_file_followed_by_its_rest_is_read_whole_and_never_told(
    running: Running, ending: str
) -> None:
    whole = RULE + RULE.removeprefix("rules:\n").replace("fall", "second")
    running.file.write_text(ending and RULE + ending)
    await running.reloader.check()
    running.file.write_text(whole)
    await running.settle()
    assert [r.name for r in running.bot.engine.rules] == ["fall", "second"]
    assert running.told() == []


async def test_an_editor_that_renames_away_and_writes_anew_is_not_in_between(running: Running) -> None:
    running.file.rename(running.rules / "mine.yaml~")
    await running.reloader.check()
    await running.edit(RULE.replace("-10%", "-6%"))
    assert "-6%" in running.bot.engine.rules.named("fall").text  # type: ignore[union-attr]
    assert running.told() == []


async def test_a_file_written_to_while_it_is_read_is_read_again(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [RULE.replace("-10%", "-5%"), RULE.replace("-10%", "-4%")]
    read = running.reloader._read

    def slow(anew: bool) -> Any:
        found = read(anew)
        if len(texts) == 1:
            running.file.write_text(texts.pop())
        return found

    monkeypatch.setattr(running.reloader, "_read", slow)
    await running.edit(texts.pop(0))
    assert "-10%" in running.bot.engine.rules.named("fall").text  # type: ignore[union-attr]
    await running.settle()
    assert "-4%" in running.bot.engine.rules.named("fall").text  # type: ignore[union-attr]


async def test_files_may_appear_and_vanish_but_not_all_of_them(running: Running) -> None:
    more = running.rules / "more.yaml"
    await running.edit(RULE.replace("fall", "other"), more)
    assert {r.name for r in running.bot.engine.rules} == {"fall", "other"}
    more.unlink()
    await running.settle()
    assert {r.name for r in running.bot.engine.rules} == {"fall"}
    running.file.unlink()
    await running.settle()
    assert {r.name for r in running.bot.engine.rules} == {"fall"}
    assert "no rules are left here" in running.told()[0]
    shutil.move(running.rules, running.rules.with_name("gone"))
    await running.settle()
    assert {r.name for r in running.bot.engine.rules} == {"fall"}
    assert len(running.told()) == 1
    shutil.move(running.rules.with_name("gone"), running.rules)
    await running.edit(RULE)
    assert running.told()[-1].startswith("The rules are good again")


async def test_a_changed_rule_is_judged_on_the_prices_that_stand_and_an_alert_keeps_the_version_it_fired_with(
    running: Running,
) -> None:
    running.quote("NVDA", 91.0, 100.0)
    running.quote("AMD", 85.0, 100.0)
    assert running.fired() == [("fall", "AMD")]
    await running.edit(RULE.replace("-10%", "-8%"))
    assert running.fired() == [("fall", "AMD"), ("fall", "NVDA")]
    kept = running.rows(
        "SELECT a.symbol, v.text LIKE '%-10\\%%' ESCAPE '\\' FROM alerts a"
        " JOIN rule_versions v ON v.rule = a.rule AND v.version = a.rule_version ORDER BY a.symbol"
    )
    assert kept == [("AMD", 1), ("NVDA", 0)]


async def test_an_edit_that_changes_no_rule_fires_nothing_again(running: Running) -> None:
    running.quote("AMD", 85.0, 100.0)
    await running.edit("# a comment\n" + RULE)
    await running.edit(RULE.replace("hold: 1", "hold: 1\n    cooldown: 2h"))
    assert running.fired() == [("fall", "AMD")]


async def test_a_disabled_rule_fires_nothing_and_one_enabled_does(running: Running) -> None:
    await running.edit(RULE + "    enabled: false\n")
    running.quote("AMD", 85.0, 100.0)
    assert running.fired() == []
    await running.edit(RULE)
    assert running.fired() == [("fall", "AMD")]


NEWS_RULE = """\
rules:
  - name: news
    symbols: [NVDA, AMD]
    when: {news: {topic: ai-model, reach: direct, within: 2h}}
"""


async def test_stories_mean_what_edited_companies_say(running: Running) -> None:
    await running.edit(NEWS_RULE)
    now = running.clock.now()
    running.bot.turn([Story("s1", "wire", "Zorblax unveils DeepSeek-R1 rival, a new open-weights model", now, now)])
    assert running.fired() == []
    companies = running.rules / "companies.yaml"
    text = companies.read_text(encoding="utf-8")
    assert "\n  AMD:" in text
    await running.edit(text.replace("\n  AMD:", "\n  AMD: {name: Zorblax, exchange: XNAS}\n  OLD-AMD:", 1), companies)
    assert running.told() == []
    assert ("news", "AMD") in running.fired()


async def test_a_topic_edit_good_only_together_with_a_rule_edit_is_in_force_with_it(running: Running) -> None:
    await running.bot._add_companies([Company("ZZZ", "Zeta")])
    topics = running.rules / "topics" / "mine.yaml"
    await running.edit("topics: {mine: {title: Mine}}", topics)
    assert len(running.told()) == 1
    before = running.bot.engine.news
    good = (
        "words: {zap: [zap]}\n"
        "topics:\n  mine: {title: Mine, about: [zap], signals: [{name: zaps, weight: 0.9, all: [zap]}]}\n"
    )
    topics.write_text(good)
    await running.edit(NEWS_RULE.replace("ai-model", "mine"))
    assert running.bot.engine.news is not before
    assert "ZZZ" in running.bot.engine.companies
    assert running.told()[-1].startswith("The rules are good again")
    now = running.clock.now()
    running.bot.turn([Story("s2", "wire", "Nvidia does a zap", now, now)])
    assert running.fired() == [("news", "NVDA")]


async def test_a_locked_history_does_not_hold_an_edit_back_and_the_text_is_written_when_it_can(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    record: Callable[..., None] = SqliteStore.record_rules
    monkeypatch.setattr(SqliteStore, "record_rules", _busy)
    await running.edit(RULE.replace("-10%", "-7%"))
    rule = running.bot.engine.rules.named("fall")
    assert rule is not None
    assert "-7%" in rule.text
    monkeypatch.setattr(SqliteStore, "record_rules", record)
    await running.settle()
    assert (rule.version, rule.text) in running.rows("SELECT version, text FROM rule_versions")


def _busy(*_: object) -> None:
    raise StoreBusyError("locked")


async def test_a_configuration_the_bot_would_not_start_with_is_told_and_when_it_is_good_again(running: Running) -> None:
    await running.edit(CONFIG.replace("AMD", "[AMD"), running.config)
    await running.edit(CONFIG.replace("watchlist", "wachtlist"), running.config)
    assert len(running.told()) == 1, "another mistake before it is good again is for the log"
    assert "config.yaml has a mistake; Aftershock runs on, but would not start with it" in running.told()[0]
    await running.edit(CONFIG.replace("AMD", "AMD, MU"), running.config)
    assert len(running.told()) == 2
    assert "config.yaml is good again" in running.told()[1]


async def test_a_changed_configuration_is_said_to_wait_for_the_next_start(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    await running.edit(CONFIG.replace("AMD", "AMD, MU"), running.config)
    await running.settle()
    assert caplog.text.count("config.yaml has changed; restart the bot to apply it") == 1
    assert running.told() == []


def test_changes_name_what_was_added_changed_and_removed(running: Running) -> None:
    old = running.bot.engine.rules
    running.file.write_text(RULE.replace("fall", "other"))
    new = read_rules_folder(running.config, running.bot.project.settings).rules
    assert str(changes(old, new)) == "new: other; removed: fall"
    assert str(changes(old, old)) == "no rule changed"


async def test_a_mistake_in_a_topic_is_not_told_of_everything_that_refers_to_topics(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    topic = running.rules / "topics" / "exposures.yaml"
    await running.edit(topic.read_text(encoding="utf-8") + "\nsurprise: 1\n", topic)
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(told) == 2, told
    assert "unknown key 'surprise'" in told[1]


async def test_hundreds_of_symbols_become_known_at_once_and_the_bot_goes_on_meanwhile(running: Running) -> None:
    now, bot = running.clock.now(), running.bot
    bot.turn([Story(f"s{i}", "wire", f"Zeta{i % 900} Works falls on DeepSeek-R{i}", now, now) for i in range(2000)])
    gaps, began = [0.0], stopwatch()

    async def ticks() -> None:
        while True:
            before = began()
            await asyncio.sleep(0.001)
            gaps.append(began() - before)

    ticking = asyncio.create_task(ticks())
    before = bot.engine.companies
    await bot._add_companies([Company(f"ZQ{i}", f"Zeta{i} Works") for i in range(825)])
    ticking.cancel()
    assert len(bot.engine.companies) == len(before) + 825
    assert "ZQ7" in {m.name for m in bot.engine.news.reading("s7").mentions}  # type: ignore[union-attr]
    assert max(gaps) < allowed(0.5), "the event loop stood still"


async def test_an_edit_while_symbols_become_known_is_kept_as_are_they(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    edits = [Company("ZQE", "Edited")]

    async def edited_meanwhile(topics: Topics, companies: Companies) -> None:
        if edits:
            engine = running.bot.engine
            for _ in engine.introduce_in_steps(engine.companies.with_companies([edits.pop()])):
                pass

    monkeypatch.setattr(live, "compiled", edited_meanwhile)
    await running.bot._add_companies([Company("ZQ1", "Zeta")])
    assert {"ZQE", "ZQ1"} <= {company.symbol for company in running.bot.engine.companies}


# ---------------------------------------------------------------------------------------- what is in the way of reading


@pytest.mark.parametrize("name", ["pipe.yaml", "topics/pipe.yaml"])
async def test_a_pipe_among_the_rules_is_a_mistake_and_holds_nothing_up(running: Running, name: str) -> None:
    pipe = running.rules / name
    os.mkfifo(pipe)
    async with asyncio.timeout(allowed(10)):
        await running.settle()
        assert len(running.told()) == 1
        assert "this is a pipe, socket or device; remove it" in running.told()[0]
        await running.edit(RULE.replace("-10%", "-7%"))
        assert len(running.told()) == 1
        pipe.unlink()
        await running.settle()
    assert running.told()[-1].startswith("The rules are good again")


async def test_a_disk_that_does_not_answer_holds_up_nothing_but_the_look_itself(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, looks = threading.Event(), list[int]()

    def stuck(folder: Path, config: Path) -> Look:
        looks.append(1)
        answers.wait(60)
        return look(folder, config)

    monkeypatch.setattr(reloading, "look", stuck)
    monkeypatch.setattr(reloading, "ANSWER_WITHIN", 0.01)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await running.reloader.check()
    assert len(looks) == 1, "threads do not pile up"
    assert (await running.reloader.now()).startswith("The rules folder does not answer")
    answers.set()
    monkeypatch.undo()
    await running.edit(RULE.replace("-10%", "-7%"))
    assert "-7%" in running.bot.engine.rules.named("fall").text  # type: ignore[union-attr]
