"""The faults of the campaign in ``faults.py``, and the stage they are played on.

A fault is what is set up before the bot starts, and what is in force from ``during``'s entry to its exit. Each is
played by people who run their own machine: what is replaced is the world around the bot, never a part of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.e2e.desk import ADMIN, CLOSES, DULL, GROUP, PLAIN_RULE, READER, Bot, Desk, rss
from tests.servers.feed_server import Document
from tests.servers.line import Line, State
from tests.servers.yahoo import Fault as Quotes
from tests.store.small_disk import small_disk
from tests.waiting import wait_until

SERVERS = Path(__file__).resolve().parents[1] / "tests" / "servers"
HEARD = 10.0
"""Seconds that a fault lasts longer, until the operator has heard of it."""
PATIENT = 120.0
"""The same where every request takes until its time-out to fail."""
TOPIC = 7
MOVED = -1000000001001
GONE = "Bad Request: chat not found"
SEND = "sendMessage"
ODD = "odd"
"""The feed that misbehaves beside those that bring the news."""
LATER = {
    "wire": "OpenAI releases free study model, a threat to Chegg",
    "tech": "OpenAI releases a homework model that solves what Chegg sells",
}
"""What makes Chegg fall once the fault is over."""
BY_TICKER = {
    "wire": "OpenAI releases homework model, and CHGG sinks",
    "tech": "$chgg slides after OpenAI releases a model for homework",
}
"""The same with the ticker alone."""
KNOWN = [f"Anthropic releases Claude model number {n}, rattling Nvidia and Broadcom investors" for n in range(20)]
"""Stories the bot knows when it has started."""
ON_NEWS_ALONE = """\
rules:
  - name: release
    description: Two sources report a new model within a day and name a stock.
    symbols: [group:watchlist]
    when:
      all:
        - news: {topic: ai-model, reach: direct, within: 24h, score: ">= 0.5", stories: ">= 3"}
    severity: high
    cooldown: 3 sessions
"""


class Stage(Desk):
    """A desk whose stocks trade every second, whose lines can fail, and whose clock and names can be set."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.levels = dict.fromkeys(CLOSES, 0.0)
        self.previous = dict(CLOSES)
        self.frozen: set[str] = set()
        self.preloaded: list[str] = []
        self.extra: dict[str, str] = {}
        self.disk: Any = None
        self.rules = PLAIN_RULE
        self.thread: int | None = None
        """The topic of the group that is subscribed."""
        self._stop = threading.Event()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Stage:
        super().__enter__()
        self.to_yahoo, self.to_feeds, self.to_telegram = (
            self._stack.enter_context(Line(port)) for port in (self.yahoo.port, self.feeds._port, self.api.port)
        )
        for file in (self.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        self.open_market()
        for name, titles in DULL.items():
            self.publish(name, titles)
        threading.Thread(target=self._trade, daemon=True, name="market").start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._stop.set()
        for bot in self.bots:
            bot.kill()
        self._stack.close()
        super().__exit__(*error)

    def _trade(self) -> None:
        while not self._stop.wait(0.5):
            for symbol in self.levels:
                if symbol not in self.frozen:
                    self.trade(symbol, self.levels[symbol], previous=self.previous[symbol])

    @property
    def bot(self) -> Bot:
        """The bot that runs now."""
        return self.bots[-1]

    @property
    def database(self) -> Path:
        return (self.disk.folder if self.disk is not None else self.folder) / "aftershock.db"

    def write_config(self, **settings: str) -> Path:
        (self.folder / "rules" / "plain.yaml").write_text(self.rules)
        file = super().write_config(more=f"  education: [CHGG]\n{self.settings.get('more', '')}", **settings)
        host = "localhost" if self.preloaded else "127.0.0.1"
        text = file.read_text()
        for server, line in ((self.feeds._port, self.to_feeds.port), (self.api.port, self.to_telegram.port)):
            text = text.replace(f"127.0.0.1:{server}", f"{host}:{line}")
        file.write_text(text)
        return file

    def environment(self, token: str | None) -> dict[str, str]:
        made = {
            k: v.replace(f":{self.yahoo.port}", f":{self.to_yahoo.port}") for k, v in super().environment(token).items()
        }
        return made | self.extra | ({"LD_PRELOAD": ":".join(self.preloaded)} if self.preloaded else {})

    def preload(self, source: str) -> None:
        """Start the bot with this library before the system's."""
        built = self.folder / f"{source}.so"
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(built), str(SERVERS / f"{source}.c"), "-ldl", "-lm"]
        subprocess.run(command, check=True)
        self.preloaded.append(str(built))

    def step_clock(self, seconds: float) -> None:
        """Set the bot's machine's clock to so many seconds off."""
        with (self.folder / "step").open("r+b") as file:
            file.write(struct.pack("d", seconds))

    def restate(self, symbol: str, factor: float) -> None:
        """Quotes and history of ``symbol`` on a new basis."""
        self.previous[symbol] = CLOSES[symbol] * factor
        today = self.began.date()
        days = [today - timedelta(days=back) for back in range(200, 0, -1)]
        self.yahoo.set_history(symbol, [(d, CLOSES[symbol] * factor) for d in days if d.weekday() < 5])

    def odd_feed(self, document: Document | str = "", path: str = "odd.xml") -> None:
        """One more feed."""
        self.paths[ODD] = path
        if document:
            self.feeds.publish(path, document)


@dataclass(frozen=True)
class Fault:
    """One row of the campaign."""

    kind: str
    """The part of the promise it is aimed at."""
    words: str
    during: Callable[[Stage], AbstractContextManager[Any]]
    setup: Callable[[Stage], object] = lambda stage: None
    seconds: float = 4.0
    """How long it lasts."""
    new_process: bool = False
    told: bool = True
    """Whether the operator must hear of it: it concerns more than one poll, one message or one quiet feed."""
    afterwards: bool = False
    """Whether the operator can hear of it only when it is over, and must then: the line to the operator is down too."""
    until_heard: float | None = None
    """Seconds that it lasts longer at most, until the operator has heard of it; unless given, none where the line to
    the operator is what fails."""
    faults: int = 1
    """How many faults it is, each with a message to the operator and one at its end."""
    ends: bool = True
    """Whether its end is news to the operator."""
    later: dict[str, str] = field(default_factory=lambda: dict(LATER))
    """The story of the fall after it, by feed."""
    falls: bool = True
    """Whether a stock falls while it lasts."""


@contextlib.contextmanager
def nothing(stage: Stage) -> Iterator[None]:
    """In force from the start, and never over."""
    yield


def both(*faults: Callable[[Stage], AbstractContextManager[Any]]) -> Callable[[Stage], AbstractContextManager[Any]]:
    """Several at once."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for fault in faults:
                stack.enter_context(fault(stage))
            yield

    return during


# -------------------------------------------------------------------------------------------------------------- prices


def quotes(fault: Quotes, *endpoints: str, **options: Any) -> Callable[[Stage], AbstractContextManager[Any]]:
    """Yahoo answers quotes, or these endpoints, with this."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        for endpoint in endpoints or ("quote",):
            stage.yahoo.fault(endpoint, fault, **options)
        yield
        stage.yahoo.heal()

    return during


@contextlib.contextmanager
def crumb_expires(stage: Stage) -> Iterator[None]:
    stage.yahoo.expire_crumb()
    yield


def line(which: str, state: State) -> Callable[[Stage], AbstractContextManager[Any]]:
    """The line to one server is in this state; ``all`` for all three."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        names = ("yahoo", "feeds", "telegram") if which == "all" else (which,)
        lines = [getattr(stage, f"to_{name}") for name in names]
        for one in lines:
            one.state = state
        yield
        for one in lines:
            one.state = State.THROUGH

    return during


def raw(symbol: str, **fields: object) -> Callable[[Stage], AbstractContextManager[Any]]:
    """Yahoo sends these raw fields for a symbol."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        stage.yahoo.set_fields(symbol, **fields)
        yield
        stage.yahoo.market.instrument(symbol).fields.clear()

    return during


def removed(*symbols: str) -> Callable[[Stage], AbstractContextManager[Any]]:
    """Yahoo leaves these out."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        stage.frozen |= set(symbols)
        kept = {symbol: stage.yahoo.market._instruments.pop(symbol) for symbol in symbols}
        yield
        stage.yahoo.market._instruments |= kept
        stage.frozen -= set(symbols)

    return during


@contextlib.contextmanager
def stale(stage: Stage) -> Iterator[None]:
    """Yahoo repeats what it said."""
    stage.frozen |= set(CLOSES)
    yield
    stage.frozen.clear()


def basis(symbol: str, price: float, previous: float, settled: float) -> Callable[[Stage], AbstractContextManager[Any]]:
    """Price and previous close are off by these factors; in the end both are on the basis ``settled``."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        stage.previous[symbol] = CLOSES[symbol] * previous
        stage.levels[symbol] = price / previous - 1
        yield
        stage.restate(symbol, settled)
        stage.levels[symbol] = 0.0

    return during


@contextlib.contextmanager
def special_dividend(stage: Stage) -> Iterator[None]:
    """12 % of the price, paid today; the chart says so."""
    day = stage.began.date()
    days = [day - timedelta(days=back) for back in range(200, 0, -1)]
    close = CLOSES["MU"]
    stage.yahoo.set_history(
        "MU", [(d, close) for d in days if d.weekday() < 5], dividends={day: round(close * 0.12, 2)}
    )
    stage.levels["MU"] = -0.12
    yield


# ----------------------------------------------------------------------------------------------------------------- news


def document(**changes: Any) -> Callable[[Stage], AbstractContextManager[Any]]:
    """The feeds that bring the news answer with these peculiarities, for good."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        peculiar(**changes)(stage)
        yield

    return during


def peculiar(**changes: Any) -> Callable[[Stage], None]:
    """The feeds that bring the news answer with these peculiarities from now on, whatever they list."""

    def make(stage: Stage) -> None:
        publish = stage.feeds.publish

        def published(path: str, content: Document | bytes | str) -> str:
            address = publish(path, content)
            for name, value in changes.items():
                setattr(stage.feeds.documents[path.lstrip("/")], name, value)
            return address

        stage.feeds.publish = published  # type: ignore[method-assign]  # a server of this stage alone
        for path in list(stage.paths.values()):
            stage.feeds.publish(path, stage.feeds.documents[path].body)

    return make


def dated(form: str) -> Callable[[Stage], None]:
    """The feeds that bring the news write dates in this form."""

    def make(stage: Stage) -> None:
        publish = stage.feeds.publish
        pattern = re.compile(r"<pubDate>.*?</pubDate>")

        def published(path: str, content: Document | bytes | str) -> str:
            assert isinstance(content, str)
            at = (stage.now() - timedelta(hours=1)).strftime(form)
            return publish(path, pattern.sub(f"<pubDate>{at}</pubDate>" if form else "", content))

        stage.feeds.publish = published  # type: ignore[method-assign]  # a server of this stage alone

    return make


def odd(body: bytes | str, **options: Any) -> Callable[[Stage], AbstractContextManager[Any]]:
    """Another feed, sound until now, answers with this for a while."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        content = body.encode() if isinstance(body, str) else body
        stage.feeds.publish("odd.xml", Document(content, validators=False, **options))
        yield
        stage.feeds.publish("odd.xml", rss([("A fourth keyboard", stage.began)], ODD))

    return during


def sound(stage: Stage) -> None:
    """The other feed, as long as it is sound."""
    stage.odd_feed(rss([("A fourth keyboard", stage.began)], ODD))


def hostile(path: str) -> Callable[[Stage], None]:
    """Three feeds that misbehave for good beside those that bring the news."""

    def make(stage: Stage) -> None:
        for number in range(3):
            stage.paths[f"{ODD}-{number}"] = f"{path}?{number}"

    return make


def attributes(stage: Stage) -> None:
    """Three feeds whose only entry has more attributes than anybody should parse."""
    many = " ".join(f"a{n}='1'" for n in range(200_000))
    stage.feeds.publish("many.xml", f"<rss><channel><item {many}></item></channel></rss>")
    hostile("many.xml")(stage)


@contextlib.contextmanager
def unchanged_for_ever(stage: Stage) -> Iterator[None]:
    """Feeds say "not modified" whatever they list, for an hour."""
    for path in stage.paths.values():
        stage.feeds.documents[path].fixed_etag = '"same"'
    peculiar(fixed_etag='"same"')(stage)
    time.sleep(2)
    yield
    stage.step_clock(3700)


def knows(stage: Stage) -> None:
    """Twenty stories of the last hours are known, and a rule fires on news alone."""
    stage.rules += ON_NEWS_ALONE.removeprefix("rules:\n")
    for name in ("wire", "tech"):
        _list(stage, name, KNOWN, "a")


def _list(stage: Stage, name: str, titles: Iterable[str], links: str, *, undated: bool = False) -> None:
    text = rss([(title, stage.began - timedelta(hours=3)) for title in titles], name)
    text = text.replace(f"'>{name}:", f"'>{links}:").replace("</link>", f"?t={links}</link>")
    stage.feeds.publish(stage.paths[name], re.sub("<pubDate>.*?</pubDate>", "", text) if undated else text)


@contextlib.contextmanager
def relaunch(stage: Stage) -> Iterator[None]:
    """Known titles under new guids and links."""
    for name in ("wire", "tech"):
        _list(stage, name, KNOWN, "relaunched")
    yield


@contextlib.contextmanager
def rotating(stage: Stage) -> Iterator[None]:
    """Guids and links change at every poll."""
    stop = threading.Event()

    def turn() -> None:
        number = 0
        while not stop.wait(0.5):
            number += 1
            for name in ("wire", "tech"):
                _list(stage, name, KNOWN, f"r{number}")

    thread = threading.Thread(target=turn)
    thread.start()
    yield
    stop.set()
    thread.join()


@contextlib.contextmanager
def undated_flood(stage: Stage) -> Iterator[None]:
    """500 new entries without a date in one poll."""
    for name in ("wire", "tech"):
        more = [f"Mistral releases open model {n} and names Vertiv" for n in range(500)]
        _list(stage, name, [*more, *KNOWN], "a", undated=True)
    yield


@contextlib.contextmanager
def one_source_thrice(stage: Stage) -> Iterator[None]:
    """One source tells the same three times under three guids."""
    title = "Mistral releases open model that halves the need for Micron memory"
    text = rss([(title, stage.began)] * 3, "wire")
    numbers = iter(range(9))
    text = re.sub("<guid", lambda match: f"<!-- {next(numbers)} --><guid", text)
    text = re.sub("'>wire:", lambda match: f"'>{next(numbers)}:", text)
    stage.feeds.publish(stage.paths["wire"], text)
    yield


# ------------------------------------------------------------------------------------------------------------ Telegram


def telegram(
    kind: str, method: str = "*", *, times: int = 10**6, **options: Any
) -> Callable[[Stage], AbstractContextManager[Any]]:
    """The Bot API misbehaves in this way."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        stage.api.fault(kind, method, times=times, **options)
        yield
        stage.api.clear_faults()

    return during


@contextlib.contextmanager
def another_poller(stage: Stage) -> Iterator[None]:
    """Another process polls with the bot's token: Telegram ends the bot's poll, and refuses the next."""
    with telegram("409", "getUpdates")(stage):
        stage.api.say(READER, READER, "/help")
        yield


@contextlib.contextmanager
def supergroup(stage: Stage) -> Iterator[None]:
    """For good."""
    stage.api.fault("migrate", "*", chat=GROUP, times=10**6, to=MOVED)
    yield


def in_topic(stage: Stage) -> None:
    """The group is told in a topic."""
    stage.thread = TOPIC


@contextlib.contextmanager
def topic_closed(stage: Stage) -> Iterator[None]:
    """The group's topic takes nothing any more."""
    send = stage.api.rooms.send

    def refusing(params: dict[str, Any], text: str, limit: int, *, photo: bool = False) -> dict[str, Any]:
        from tests.servers.botapi_chats import RefusalError

        if params.get("message_thread_id"):
            raise RefusalError(400, "Bad Request: TOPIC_CLOSED")
        return send(params, text, limit, photo=photo)

    stage.api.rooms.send = refusing  # type: ignore[method-assign]  # a server of this stage alone
    yield


@contextlib.contextmanager
def unreadable_update(stage: Stage) -> Iterator[None]:
    stage.api.update({"message": {"message_id": "x", "chat": 7}})
    yield
    before = len(stage.texts(READER))
    stage.api.say(READER, READER, "/status")
    wait_until(lambda: len(stage.texts(READER)) > before, "the bot hears", lambda: stage.bot.log)


@contextlib.contextmanager
def reader_blocks(stage: Stage) -> Iterator[None]:
    """A reader blocks the bot, and comes back."""
    stage.api.block(READER, READER)
    yield
    stage.api.blocked.discard(READER)
    stage.api.say(READER, READER, "/start")
    time.sleep(1)


@contextlib.contextmanager
def silence_all(stage: Stage) -> Iterator[None]:
    """An admin silences the stock ALL, which is watched."""
    stage.api.say(ADMIN, ADMIN, "/silence ALL 2h")
    yield


# ---------------------------------------------------------------------------------------------------- machine and files


def steppable(stage: Stage) -> None:
    """The bot's clock can be set."""
    stage.preload("stepping_clock")
    (stage.folder / "step").write_bytes(struct.pack("d", 0))
    stage.extra["CLOCK_STEP"] = str(stage.folder / "step")


def clock(*steps: float) -> Callable[[Stage], AbstractContextManager[Any]]:
    """The clock is set by these steps, one after the other, and stays."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        for seconds in steps:
            stage.step_clock(seconds)
            time.sleep(2)
        yield

    return during


@contextlib.contextmanager
def suspended(stage: Stage) -> Iterator[None]:
    """The process stands still, as on a laptop with its lid closed."""
    os.kill(stage.bot.process.pid, signal.SIGSTOP)
    yield
    os.kill(stage.bot.process.pid, signal.SIGCONT)


@contextlib.contextmanager
def suspended_for_an_hour(stage: Stage) -> Iterator[None]:
    """The same, with the wall clock an hour on."""
    with suspended(stage):
        yield
        stage.step_clock(3600)
        stage._zero -= 3600  # the world went on


def namable(stage: Stage) -> None:
    """The bot's machine can lose its name server."""
    stage.preload("dead_names")
    stage.extra["NAMES_DEAD"] = str(stage.folder / "dead")


@contextlib.contextmanager
def no_names(stage: Stage) -> Iterator[None]:
    """No name is resolved: neither feeds nor Telegram, and the proxy's own are dead too."""
    flag = stage.folder / "dead"
    flag.touch()
    stage.to_feeds.cut()
    stage.to_telegram.cut()
    with line("yahoo", State.RESET)(stage):
        yield
    flag.unlink()


def on_small_disk(stage: Stage) -> None:
    stage.disk = stage._stack.enter_context(small_disk(stage.folder / "disk"))


@contextlib.contextmanager
def full_disk(stage: Stage) -> Iterator[None]:
    pid = stage.bot.process.pid
    stop = threading.Event()

    def eat() -> None:
        while not stop.wait(0.05):
            stage.disk.fill(pid)

    thread = threading.Thread(target=eat)
    stage.disk.fill(pid)
    thread.start()
    yield
    stop.set()
    thread.join()
    stage.disk.free(pid)


def moved(replaced: bool) -> Callable[[Stage], AbstractContextManager[Any]]:
    """The database is moved away (and another put in its place), and later moved back."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        away = stage.database.rename(stage.folder / "elsewhere.db")
        if replaced:
            stage.database.touch()
        yield
        away.rename(stage.database)

    return during


@contextlib.contextmanager
def locked(stage: Stage) -> Iterator[None]:
    """Another program holds the database's lock."""
    connection = sqlite3.connect(stage.database, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@contextlib.contextmanager
def lock_removed(stage: Stage) -> Iterator[None]:
    for file in stage.folder.glob("*.lock"):
        file.unlink()
    yield


def edited(file: str, text: str | None) -> Callable[[Stage], AbstractContextManager[Any]]:
    """A file of the rules is edited to this and back; ``None`` removes it."""

    @contextlib.contextmanager
    def during(stage: Stage) -> Iterator[None]:
        path = stage.folder / file
        before = path.read_text() if path.exists() else None
        if text is None:
            path.rename(stage.folder / "put-away")
        else:
            path.write_text(text)
        yield
        if text is None:
            (stage.folder / "put-away").rename(path)
        elif before is None:
            path.unlink()
        else:
            path.write_text(before)

    return during


@contextlib.contextmanager
def no_rules(stage: Stage) -> Iterator[None]:
    """The folder is gone, as an unmounted disk's is."""
    (stage.folder / "rules").rename(stage.folder / "away")
    yield
    (stage.folder / "away").rename(stage.folder / "rules")


@contextlib.contextmanager
def pipe(stage: Stage) -> Iterator[None]:
    os.mkfifo(stage.folder / "rules" / "pipe.yaml")
    yield
    (stage.folder / "rules" / "pipe.yaml").unlink()


@contextlib.contextmanager
def killed(stage: Stage) -> Iterator[None]:
    """``kill -9`` and a new start, with whatever was on its way."""
    yield
    stage.bot.kill()
    bot = stage.start()
    bot.until_logged("started feeds=")


@contextlib.contextmanager
def killed_while_sending(stage: Stage) -> Iterator[None]:
    """The same, with a message that has arrived and is not acknowledged."""
    stage.api.fault("stall", SEND, chat=READER, seconds=60.0)
    with killed(stage):
        yield


def watching(more: str) -> Callable[[Stage], None]:
    """This is in the watchlist too."""

    def make(stage: Stage) -> None:
        stage.settings["more"] = f"  more: [{more}]"

    return make


def watching_all(stage: Stage) -> None:
    watching("ALL")(stage)
    stage.levels["ALL"] = 0.0
    stage.previous["ALL"] = 190.0


def crowd(stage: Stage) -> None:
    """300 symbols that no file describes."""
    names = [f"Q{chr(65 + n // 26 % 26)}{chr(65 + n % 26)}{'XY'[n // 676 % 2]}" for n in range(300)]
    watching(", ".join(names))(stage)
    for name in names:
        stage.levels[name] = 0.0
        stage.previous[name] = 50.0


F = Fault
BAD_RULE = "rules:\n  - name: x\n    when: {price: {chnge: '< -3%'}}\n"
FAULTS = (
    F("A1", "`BRK.B` in the watchlist", nothing, watching("BRK.B"), ends=False),
    F("A1", "a symbol nobody knows, `NVDIA`", nothing, watching("NVDIA"), ends=False),
    F("A2", "clock set back by 1 h", clock(-3600), steppable, new_process=True, ends=False),
    F("A2", "clock set forward by 1 h", clock(3600), steppable, new_process=True, ends=False),
    F("A2", "clock back and forth, four times", clock(-600, 600, -900, 0), steppable, new_process=True, ends=False),
    F("A2", "process suspended for 12 s", suspended, seconds=12, told=False),
    F("A2", "machine suspended for 1 h", suspended_for_an_hour, steppable, new_process=True, ends=False),
    F("A3", "quotes: 401 whatever the crumb", quotes(Quotes.UNAUTHORIZED)),
    F("A3", "quotes: 403", quotes(Quotes.FORBIDDEN)),
    F("A3", "quotes: 404", quotes(Quotes.NOT_FOUND)),
    F("A3", "quotes: 500", quotes(Quotes.SERVER_ERROR)),
    F("A3", "quotes: a consent page", quotes(Quotes.HTML)),
    F("A3", "quotes: empty", quotes(Quotes.EMPTY)),
    F("A3", "quotes: cut off", quotes(Quotes.MALFORMED)),
    F("A3", "quotes: dropped", quotes(Quotes.DROPPED)),
    F("A3", "quotes: no results", quotes(Quotes.NO_RESULTS)),
    F("A3", "quotes: a null result", quotes(Quotes.NULL_RESULT)),
    F("A3", "quotes and charts: 500", quotes(Quotes.SERVER_ERROR, "quote", "chart")),
    F("A3", "everything at Yahoo: 500", quotes(Quotes.SERVER_ERROR, "quote", "chart", "crumb", "cookie")),
    F("A3", "quotes: no answer", quotes(Quotes.SLOW, seconds=90), seconds=25, until_heard=PATIENT),
    F("A3", "quotes: 3 s late", quotes(Quotes.SLOW, seconds=3), seconds=12, told=False),
    F("A3", "crumb expires", crumb_expires, told=False),
    F("A3", "cookie of another name, crumb expires", both(quotes(Quotes.STRANGE_COOKIE, "cookie"), crumb_expires),
      told=False),
    F("A3", "quotes: 429, Retry-After 4", quotes(Quotes.RATE_LIMITED, retry_after=4, times=2), told=False),
    F("A3", "line to Yahoo reset", line("yahoo", State.RESET)),
    F("A3", "line to Yahoo silent", line("yahoo", State.SILENT), seconds=25, until_heard=PATIENT),
    F("A3", "line to Yahoo: noise in place of TLS", line("yahoo", State.GARBAGE)),
    F("A3", "line to Yahoo: bytes drip", line("yahoo", State.DRIPPING), seconds=25, until_heard=PATIENT),
    F("A3", "line to Yahoo: half-closed", line("yahoo", State.HALF_CLOSED)),
    F("A4", "quotes leave out four symbols", removed("NVDA", "AVGO", "MU", "ANET")),
    F("A4", "quotes leave out one symbol", removed("MU")),
    F("A4", "quotes repeat themselves for 8 s", stale, seconds=8, told=False),
    F("A4", "another currency for one symbol", raw("MU", currency="EUR")),
    F("A4", "price 0", raw("AVGO", regularMarketPrice=0)),
    F("A4", "price negative", raw("AVGO", regularMarketPrice=-5.0)),
    F("A4", "price NaN", raw("AVGO", regularMarketPrice=float("nan"))),
    F("A4", "price a text", raw("AVGO", regularMarketPrice="n/a")),
    F("A4", "time of the price in 2041", raw("AVGO", regularMarketTime=2_250_000_000)),
    F("A4", "no time of the price", raw("AVGO", regularMarketTime=None)),
    F("A4", "history: 429", quotes(Quotes.RATE_LIMITED, "chart", retry_after=5), told=False),
    F("A5", "three feeds of 200,000 attributes", nothing, attributes, seconds=8, ends=False, faults=3),
    F("A5", "three feeds a byte at a time", nothing, hostile("fault/slow-body"), seconds=12, ends=False, faults=3),
    F("A5", "three gzip bombs", nothing, hostile("fault/gzip-bomb"), seconds=8, ends=False, faults=3),
    F("A5", "three feeds that are not HTTP", nothing, hostile("fault/not-http"), seconds=8, ends=False, faults=3),
    F("A5", "three feeds that redirect for ever", nothing, hostile("fault/endless"), seconds=8, ends=False, faults=3),
    F("A6", "304 for ever", unchanged_for_ever, steppable, new_process=True, told=False, falls=False),
    F("A6", "`Last-Modified` in 2041", nothing, peculiar(last_modified="Tue, 01 Jan 2041 00:00:00 GMT"), told=False),
    F("A6", "a feed that was sound: 304 to everything", odd("", status=304), sound, told=False),
    F("A6", "a feed that was sound: 500", odd("", status=500), sound, seconds=12),
    F("A6", "a feed that was sound: a log-in page", odd("<html>Log in</html>"), sound, seconds=12),
    F("A7", "headers of 9 kB", nothing, peculiar(headers={"X-Long": "x" * 9000}), told=False),
    F("A7", "headers of 70 kB on a third feed", odd("", headers={"X-Long": "x" * 70_000}), sound, seconds=12),
    F("A7", "`Content-Encoding: utf-8`", nothing, peculiar(headers={"Content-Encoding": "utf-8"}), told=False),
    F("A7", "gzip without a word of it", nothing, peculiar(coding="gzip"), told=False),
    F("A8", "dates like 2016/6/29 15:07:41", nothing, dated("%Y/%-m/%-d %H:%M:%S"), told=False),
    F("A8", "dates like 3/4/2025", nothing, dated("%d/%m/%Y"), told=False),
    F("A8", "dates in RFC 850", nothing, dated("%A, %d-%b-%y %H:%M:%S GMT"), told=False),
    F("A8", "no dates at all", nothing, dated(""), told=False),
    F("A9", "300 symbols nobody described", nothing, crowd, seconds=8, told=False),
    F("A9", "a pipe among the rules", pipe),
    F("A9", "a rule with a mistake", edited("rules/plain.yaml", BAD_RULE)),
    F("A9", "half a rule file", edited("rules/plain.yaml", PLAIN_RULE[:300])),
    F("A9", "companies.yaml with a mistake", edited("rules/companies.yaml", "companies: [")),
    F("A9", "a topic with a mistake", edited("rules/topics/more.yaml", "topics:\n  - nme: x\n")),
    F("A9", "companies.yaml removed", edited("rules/companies.yaml", None)),
    F("A9", "the rules folder gone", no_rules),
    F("A9", "config.yaml with a mistake, running", edited("config.yaml", "telegram: [")),
    F("A10", "database moved away and back", moved(False)),
    F("A10", "database replaced, and moved back", moved(True)),
    F("A10", "lock file removed", lock_removed, told=False),
    F("A10", "database locked by another for 14 s", locked, seconds=14),
    F("A10", "disk full", full_disk, on_small_disk, seconds=8),
    F("B1", "Telegram: 502", telegram("502"), seconds=12),
    F("B1", "Telegram: 500", telegram("500"), seconds=12),
    F("B1", "Telegram: 401", telegram("401"), seconds=12),
    F("B1", "Telegram: 404", telegram("404"), seconds=12),
    F("B1", "Telegram: 429, retry after 5", telegram("429", SEND, retry_after=5, times=6), seconds=8, told=False),
    F("B1", "Telegram: 429 without a time", telegram("flood_plain", SEND, times=6), seconds=8, told=False),
    F("B1", "Telegram: a captive portal", telegram("html"), seconds=12),
    F("B1", "Telegram: cut before", telegram("cut_before"), seconds=12),
    F("B1", "Telegram: 409, another poller", another_poller, until_heard=HEARD),
    F("B1", "line to Telegram reset", line("telegram", State.RESET), seconds=12),
    F("B1", "line to Telegram silent", line("telegram", State.SILENT), seconds=25),
    F("B1", "line to Telegram: noise", line("telegram", State.GARBAGE), seconds=12),
    F("B1", "line to Telegram: bytes drip", line("telegram", State.DRIPPING), seconds=25),
    F("B1", "line to Telegram: half-closed", line("telegram", State.HALF_CLOSED), seconds=12),
    F("B2", "accepted, then cut, three times", telegram("cut_after", SEND, times=3), told=False),
    F("B2", "accepted, answer unreadable, three times", telegram("malformed", SEND, times=3), told=False),
    F("B2", "killed and started again", killed, told=False),
    F("B2", "killed with a message on its way", killed_while_sending, told=False),
    F("B3", "group becomes a supergroup", supergroup, ends=False),
    F("B4", "the group's topic is closed", topic_closed, in_topic, ends=False),
    F("B5", "the only admin: chat not found", telegram("400", SEND, chat=ADMIN, description=GONE), told=False,
      afterwards=True),
    F("B5", "a reader blocks the bot and comes back", reader_blocks, told=False, falls=False),
    F("B6", "an update that cannot be read", unreadable_update, ends=False),
    F("C1", "a split of 10 that no chart lists yet", basis("MU", 0.1, 1.0, 0.1), ends=True),
    F("C1", "a reverse split that no chart lists yet", basis("MU", 10.0, 1.0, 10.0)),
    F("C1", "previous close ten times off", basis("MU", 1.0, 10.0, 1.0), told=False),
    F("C1", "price in hundredths, same currency", basis("MU", 0.01, 1.0, 1.0)),
    F("C1", "special dividend of 12 %", special_dividend, told=False),
    F("C2", "relaunch: known titles, new guids and links", relaunch, knows, told=False),
    F("C2", "guids and links that change at every poll", rotating, knows, told=False),
    F("C2", "1,000 undated new entries at once", undated_flood, knows, told=False),
    F("C2", "one title three times by one source", one_source_thrice, knows, told=False),
    F("C3", "the story names the ticker alone", nothing, told=False, later=BY_TICKER),
    F("C4", "`/silence ALL 2h` while ALL is watched", silence_all, watching_all, told=False),
    F("2", "no names resolved, proxy dead", no_names, namable, new_process=True, seconds=15),
    F("2", "the whole network reset", line("all", State.RESET), seconds=15),
    F("2", "the whole network silent", line("all", State.SILENT), seconds=25),
    F("2", "Telegram 502 and quotes 500", both(telegram("502"), quotes(Quotes.SERVER_ERROR)), seconds=15,
      faults=2),
    F("2", "disk full and Telegram cut", both(full_disk, telegram("cut_before")), on_small_disk, seconds=15,
      told=False, afterwards=True, faults=2),
    F("2", "clock back 1 h and quotes 401", both(clock(-3600), quotes(Quotes.UNAUTHORIZED)), steppable,
      new_process=True, faults=2),
    F("2", "database moved and Telegram 401", both(moved(True), telegram("401")), seconds=15, told=False,
      afterwards=True, faults=2),
    F("2", "killed while Telegram is down", both(telegram("502"), killed), seconds=12),
    F("2", "suspended for 12 s with the line reset", both(suspended, line("all", State.RESET)), seconds=12,
      told=False),
    F("2", "rule with a mistake and 429",
      both(edited("rules/plain.yaml", BAD_RULE), quotes(Quotes.RATE_LIMITED, retry_after=4, times=2)), faults=2),
)  # fmt: skip
