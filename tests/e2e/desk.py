"""A whole desk on loopback: Yahoo behind its proxy, a news site, a Bot API, a config folder, and the bot as a process.

The bot runs as people run it: ``main.py run``, told of the servers by configuration and environment alone; but for
where a test asks for a new process, it is forked from one that has imported everything. Its clock is pretended
(``--now``), so that nothing depends on the weekday; ``Desk.now`` is the same clock on this side.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zlib import crc32

from PIL import Image

from tests.prepared import Fork, prepared
from tests.processes import Processes
from tests.servers.botapi import BotApi
from tests.servers.feed_server import FeedServer
from tests.servers.yahoo import YahooServer
from tests.waiting import PATIENCE, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
MONDAY = datetime(2025, 1, 27, 15, 0, tzinfo=UTC)
"""Half an hour into the regular phase of DeepSeek Monday in New York."""
ADMIN = 42
READER = 7
GROUP = -1001

CLOSES = {
    "NVDA": 142.62, "AVGO": 244.70, "MU": 103.19, "VRT": 145.97, "VST": 191.15, "CEG": 347.44, "ANET": 129.50,
    "MSFT": 444.06, "CHGG": 1.62, "SPY": 607.97, "QQQ": 529.63, "SMH": 256.45,
}  # fmt: skip
"""The closes of Friday 24 January 2025, rounded: what the Monday is measured against."""

PLAIN_RULE = """\
rules:
  - name: ai-model-shock
    description: A stock falls more than 10% alongside AI-model news.
    symbols: [group:watchlist]
    when:
      all:
        - price: {change: "< -10%", since: previous close}
        - news: {topic: ai-model, reach: [direct, exposure], within: 5 sessions, score: ">= 0.5", sources: ">= 2"}
      none:
        - market: {benchmark: SPY, change: "< -4%"}
    severity: {high: always, critical: "change < -15%"}
    cooldown: 1 session
    follow_up: [session close, rebound 5%, next session close, recovered]
"""
"""The first rule's plain form, which fires on every fall beside a story: what is tested here is what becomes of an
alert, not how causes are weighed."""

NEWS = {
    "wire": "DeepSeek R1 matches OpenAI o1 at a fraction of the cost, rattling chip investors",
    "tech": "DeepSeek R1 open model needs far fewer Nvidia GPUs to train",
}
"""What moves the market, by the feed that says it."""
DULL = {
    "wire": ["City council approves a bus lane", "Grain harvest larger than last year"],
    "tech": ["A review of three mechanical keyboards", "Airport opens a second runway"],
}

CONFIG = """\
storage: {{database: aftershock.db}}
telegram:
  base_url: {telegram}
  admins: [{admin}]
  allow: {allow}
operator: {{after_failures: 3}}
log_level: info
prices: {{interval_in_session: {prices}, interval_pre_post: {prices}, interval_overnight: {prices},
  interval_closed: {prices}, stream: {stream}}}
benchmarks: [SPY, QQQ, SMH]
watchlist:
  ai-chips: [NVDA, AVGO]
  memory: [MU]
  cooling: [VRT]
  power-generation: [VST, CEG]
  networking: [ANET]
  cloud: [MSFT]
{more}
news: {{min_interval: 1s, max_interval: {feeds_every}, timeout: 3s, max_megabytes: 2}}
feeds:
{feeds}
"""


def rss(items: Iterable[tuple[str, datetime]], site: str = "wire") -> str:
    """An RSS document; items are titles with when they were published."""
    body = "".join(
        f"<item><title>{title}</title><link>http://127.0.0.1/{site}/{crc32(title.encode())}</link>"
        f"<guid isPermaLink='false'>{site}:{title}</guid>"
        f"<pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for title, at in items
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>{site}</title>{body}</channel></rss>"


@dataclass
class Bot:
    """A running ``main.py run``."""

    process: subprocess.Popen[bytes] | Fork
    out: Path
    err: Path

    @property
    def log(self) -> str:
        """What it has written to stderr so far."""
        return self.err.read_text(errors="replace")

    @property
    def printed(self) -> str:
        """What it has written to stdout so far."""
        return self.out.read_text(errors="replace")

    def until_logged(self, words: str) -> None:
        """Wait for a line of the log."""
        wait_until(lambda: words in self.log or self.process.poll() is not None, words, lambda: self.log)
        assert words in self.log, self.log

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; the exit code, and how many seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        return code, time.monotonic() - started

    def kill(self) -> None:
        """``kill -9``, and wait until it is gone."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)


@dataclass
class Desk:
    """The servers and the folder. A context manager; every bot it started is killed at the end."""

    folder: Path
    yahoo: YahooServer = field(default_factory=YahooServer)
    feeds: FeedServer = field(default_factory=FeedServer)
    api: BotApi = field(default_factory=BotApi)
    bots: list[Bot] = field(default_factory=list)
    began: datetime = MONDAY
    settings: dict[str, str] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    """Feeds by name: their paths at the news site."""
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _zero: float = field(default_factory=time.monotonic)
    _processes: Processes = field(default_factory=Processes)

    def __enter__(self) -> Self:
        self.yahoo.start()
        loop, ready = asyncio.new_event_loop(), threading.Event()
        self._loop = loop

        async def serve() -> None:
            await self.feeds.__aenter__()
            await self.api.start()
            ready.set()

        def work() -> None:
            asyncio.set_event_loop(loop)
            loop.run_until_complete(serve())
            loop.run_forever()
            loop.run_until_complete(self.api.stop())
            loop.run_until_complete(self.feeds.__aexit__(None, None, None))
            for task in asyncio.all_tasks(loop):  # answers that never end
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()
        assert ready.wait(PATIENCE), "the servers did not start"
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(
            REPOSITORY / "rules", self.folder / "rules", ignore=shutil.ignore_patterns("episodes", "tests", "schema")
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for bot in self.bots:
            bot.kill()
        self._processes.__exit__(kind, error, trace)
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self.yahoo.stop()

    # ------------------------------------------------------------------------------------------------------- the world

    def now(self) -> datetime:
        """The pretended present, in whole seconds; the bot's own is at most a second or two behind."""
        return (self.began + timedelta(seconds=time.monotonic() - self._zero)).replace(microsecond=0)

    def open_market(self, moves: Mapping[str, float] | None = None) -> None:
        """Half a year of flat history, and a first quote of everything at its previous close."""
        today = self.began.date()
        days = [today - timedelta(days=back) for back in range(200, 0, -1)]
        for symbol, close in CLOSES.items():
            self.yahoo.set_history(symbol, [(day, close) for day in days if day.weekday() < 5])
            self.trade(symbol, (moves or {}).get(symbol, 0.0), at=self.began - timedelta(seconds=5))

    def trade(self, symbol: str, change: float, *, at: datetime | None = None, previous: float | None = None) -> float:
        """A trade of ``symbol`` at its previous close and ``change``; returns the price."""
        close = previous or CLOSES[symbol]
        price = round(close * (1 + change), 2)
        self.yahoo.set_quote(symbol, price, at or self.now(), previous_close=close, phase="regular", volume=1e6)
        return price

    def fall(self, moves: Mapping[str, float]) -> float:
        """These fall, and a later trade confirms it. Returns the moment the confirming prices were there to be asked
        for, on the monotonic clock."""
        for symbol, change in moves.items():
            self.trade(symbol, change + 0.002)
        first, polls = self.now(), self.yahoo.count("quote")
        wait_until(lambda: self.yahoo.count("quote") >= polls + 2 and self.now() > first, "the bot asks for prices")
        at = self.now()
        for symbol, change in moves.items():
            self.trade(symbol, change, at=at)
        return time.monotonic()

    def after_polls(self, number: int) -> None:
        """Wait until prices have been asked for so many times more."""
        polls = self.yahoo.count("quote")
        wait_until(lambda: self.yahoo.count("quote") >= polls + number, "prices are asked for")

    def tell_news(self) -> None:
        """Both feeds tell of what moves the market, and the bot has read it."""
        known = self.count("SELECT count(*) FROM stories")
        for name, title in NEWS.items():
            self.publish(name, [title, *DULL[name]])
        wait_until(lambda: self.count("SELECT count(*) FROM stories") >= known + len(NEWS), "both stories are read")

    def subscribe(self, *chats: int) -> None:
        """``/start`` in each of these chats by an admin, and wait for the answers."""
        for chat in chats:
            self.api.say(chat, chat if chat > 0 else ADMIN, "/start")
        wait_until(lambda: all(self.texts(chat) for chat in chats), "every chat is answered", lambda: self.bots[-1].log)

    def texts(self, chat: int) -> list[str]:
        """What a chat shows."""
        return self.api.texts(chat)

    def alerts(self, chat: int) -> list[str]:
        """The messages in a chat that tell of a fall."""
        return [text for text in self.texts(chat) if "What happened" in text]

    def publish(self, name: str, titles: Iterable[str], *, ago: timedelta = timedelta(hours=20)) -> None:
        """Let the feed ``name`` list these titles."""
        path = self.paths.setdefault(name, f"{name}.xml")
        self.feeds.publish(path, rss([(t, self.began - ago) for t in titles], name))

    def write_config(self, **settings: str) -> Path:
        """``config.yaml`` for the feeds there are now."""
        listed = "\n".join(
            f'  - {{name: {name}, title: "{name.title()}", url: "{self.feeds.url(path)}"}}'
            for name, path in self.paths.items()
        )
        values = {
            "telegram": self.api.url, "admin": str(ADMIN), "allow": f"[{READER}, {GROUP}]", "prices": "1s",
            "feeds_every": "1s", "stream": "false", "more": "", **self.settings, **settings,
        }  # fmt: skip
        file = self.folder / "config.yaml"
        file.write_text(CONFIG.format(feeds=listed, **values))
        return file

    # --------------------------------------------------------------------------------------------------------- the bot

    @property
    def database(self) -> Path:
        """The history of the bots of this desk."""
        return self.folder / "aftershock.db"

    def environment(self, token: str | None) -> dict[str, str]:
        """The variables a bot of this desk is started with."""
        own = {**os.environ, **self.yahoo.environment(), "HOME": str(self.folder)}
        own.pop("TELEGRAM_BOT_TOKEN", None)
        return own | ({"TELEGRAM_BOT_TOKEN": token} if token else {})

    def start(
        self,
        *more: str,
        token: str | None = "",
        new_process: bool = False,
        database: Path | None = None,
    ) -> Bot:
        """Start ``main.py run`` at the pretended present. ``token``: the Bot API's unless given; ``None`` for none."""
        number = len(self.bots)
        out, err = self.folder / f"out-{number}.txt", self.folder / f"err-{number}.txt"
        words = ["run", "--config", str(self.folder / "config.yaml"), "--database", str(database or self.database)]
        words += ["--now", self.now().isoformat(), *more]
        environment = self.environment(self.api.token if token == "" else token)
        process: subprocess.Popen[bytes] | Fork
        if new_process:
            with out.open("wb") as stdout, err.open("wb") as stderr:
                process = self._processes.start(
                    [sys.executable, "main.py", *words],
                    cwd=REPOSITORY,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                )
        else:
            process = prepared().run(words, environment, out=out, err=err)
        bot = Bot(process, out, err)
        self.bots.append(bot)
        return bot

    def rows(self, sql: str, *values: object, database: Path | None = None) -> list[tuple[Any, ...]]:
        """What the history answers, read beside the running bot."""
        with contextlib.closing(sqlite3.connect(f"file:{database or self.database}?mode=ro", uri=True)) as conn:
            return conn.execute(sql, values).fetchall()

    def count(self, sql: str, *values: object) -> int:
        """The single number a question answers; 0 while there is no database."""
        try:
            return int(self.rows(sql, *values)[0][0])
        except sqlite3.OperationalError:
            return 0


def share_of(api: BotApi, colour: str) -> float:
    """How much of the newest picture has this colour, ``#rrggbb``."""
    newest = max((number, message) for (_, number), message in api.sent.items() if message.photo)[1]
    with Image.open(io.BytesIO(newest.picture)) as picture:
        found = picture.convert("RGB").getcolors(picture.width * picture.height) or []
    wanted = tuple(bytes.fromhex(colour.removeprefix("#")))
    return sum(count for count, of in found if of == wanted) / sum(count for count, _ in found)


@contextlib.contextmanager
def opened(folder: Path, *, news: bool = False) -> Iterator[Desk]:
    """A desk whose market is open and whose two feeds tell of a dull week; with ``news`` of more than that."""
    with Desk(folder) as desk:
        for file in (desk.folder / "rules").glob("*.yaml"):
            if file.name != "companies.yaml":
                file.unlink()
        (desk.folder / "rules" / "plain.yaml").write_text(PLAIN_RULE)
        desk.open_market()
        for name, titles in DULL.items():
            desk.publish(name, [*([NEWS[name]] if news else []), *titles])
        yield desk
