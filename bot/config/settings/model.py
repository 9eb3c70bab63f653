"""The model of ``config.yaml``: sources, watchlist, recipients, storage. Each key is documented where it is defined.

The Telegram token is deliberately not part of it: see ``telegram_token``.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from bot.config.settings.metrics import HeartbeatSettings, MetricsSettings, metrics_problems
from bot.config.settings.on_demand import OnDemandSettings, on_demand_problems
from bot.config.settings.other_channels import AppriseSettings, NotifierSettings, WebhookSettings, channel_problems
from bot.config.settings.shipped import ShippedSettings, shipped_problems, with_shipped
from bot.config.settings.storage import FilePath, Storage, storage_problems
from bot.config.settings.telegram_ids import AdminId
from bot.config.settings.web import WebSettings
from bot.config.shipped import Beneath
from bot.config.yaml.document import Document, line_column, load_document, problem, refusal, repeated
from bot.config.yaml.excerpt import find_token
from bot.config.yaml.scalars import Duration, HttpUrl, Name, Numbers, Symbol, TimeZoneName
from bot.config.yaml.validation import ModelT, StrictModel, validate
from bot.core.errors import ConfigError, Problem, UsageError
from bot.core.health import SOURCE_NAMES
from bot.core.model import NumberForm, Style
from bot.core.model.feeds import FeedKind, FeedSpec
from bot.core.model.on_demand import OnDemandSpec
from bot.core.prices.benchmarks import INDICES, Benchmarks
from bot.core.prices.exchanges import exchange_of
from bot.core.secret import Secret
from bot.core.text.links import canonical_url, keys_in
from bot.installation import SHIPPED
from bot.render.outside import command

_RESERVED_GROUPS = ("watchlist", "benchmarks")
_SWAPPED = "min_interval is longer than max_interval; swap them"


ExchangeCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{4}$")]
"""The ISO 10383 code of an exchange."""


class LogLevel(enum.StrEnum):
    """How much is logged on stderr."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class FeedSettings(StrictModel):
    """One news feed."""

    name: Name
    """Short and unique; the source of its stories. A renamed feed is a new feed."""
    url: HttpUrl
    """The address of the RSS, Atom or JSON feed."""
    title: str = ""
    """The publisher's name as shown; by default the feed's own title."""
    kind: FeedKind = FeedKind.PUBLISHER
    """`publisher` writes its entries itself; an `aggregator` links to others."""
    min_interval: Duration | None = None
    """Shortest poll interval; by default `news.min_interval`."""
    max_interval: Duration | None = None
    """Longest poll interval while the feed works; by default `news.max_interval`."""
    stories_per_day: int | None = Field(default=None, ge=1, le=100_000)
    """New stories read of this feed; by default `news.stories_per_day`."""
    local: bool = False
    """`true` lets a feed with a public name lead to an address on this machine or its network; one with a local address
    may do so anyway."""
    enabled: bool = True
    """`false` keeps the entry but does not poll the feed."""
    _keys: tuple[Secret, ...] = PrivateAttr(default=())

    def model_post_init(self, _: Any) -> None:
        """Some publishers give each reader an address with a key in it: as long as these settings live, it is known as
        a secret and shown nowhere."""
        self._keys = tuple(Secret(key) for key in keys_in(self.url))


class NewsSettings(StrictModel):
    """How feeds are polled, unless a feed has its own intervals."""

    min_interval: Duration = timedelta(minutes=1)
    """Poll interval of a feed that changes often."""
    max_interval: Duration = timedelta(minutes=30)
    """Poll interval of a feed that rarely changes."""
    window: Duration = timedelta(days=7)
    """A story older than this when first seen raises no alert."""
    timeout: Duration = timedelta(seconds=20)
    """How long a feed may take to respond."""
    max_megabytes: int = Field(default=10, ge=1, le=200)
    """A feed larger than this (uncompressed) is rejected."""
    stories_per_day: int = Field(default=1000, ge=1, le=100_000)
    """New stories read of one feed; what is more stays unread, and is reported once."""


class NewsSourceSettings(StrictModel):
    """One news source that gives structured observations: releases and prices from where they are made."""

    type: Name
    """`huggingface-hub`, `openrouter`, `github`, `models-dev`, `sec-edgar`, or the entry-point name of a news source
    from another package: see docs/sources.md and docs/extending.md."""
    enabled: bool = True
    """`false` keeps the entry but does not ask the source."""
    interval: Duration | None = None
    """How often it is asked while it works; by default as docs/sources.md says."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of that news source."""


class PriceSettings(StrictModel):
    """How prices are polled. One request covers the whole watchlist, up to `batch` symbols."""

    source: Name = "yahoo"
    """`yahoo`, or the entry-point name of a price source from another package: see docs/extending.md."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of that price source."""
    interval_in_session: Duration = timedelta(seconds=15)
    """Poll interval while a watched exchange is in its regular phase. It sets how many requests there are; symbols that
    move have more of them than the rest."""
    interval_pre_post: Duration = timedelta(seconds=30)
    """Poll interval before the open and after the close."""
    interval_overnight: Duration = timedelta(seconds=30)
    """Poll interval while stocks trade overnight and nothing else does: 20:00 to 04:00 in New York."""
    interval_closed: Duration = timedelta(minutes=15)
    """Poll interval while nothing trades: on weekends and on holidays."""
    batch: int = Field(default=200, ge=1, le=200)
    """Symbols per request."""
    stream: bool = True
    """Listen to the price source's stream of trades, too, if it has one: alerts come seconds instead of polls after a
    fall. Prices are polled all the same, and nothing else changes."""
    stale_after: Duration = timedelta(minutes=20)
    """A symbol without a new price for this long in a regular phase is reported."""


class MarketSettings(StrictModel):
    """What stands for the market outside New York's hours and outside the United States."""

    indices: dict[ExchangeCode, Symbol] = Field(default_factory=lambda: dict(INDICES))
    """The index of an exchange, by its ISO 10383 code: stocks that trade there are measured against it. Only those of
    exchanges on the watchlist are asked for."""
    futures: dict[Symbol, Symbol] = Field(default_factory=dict)
    """By benchmark the future that stands for it while it does not trade: `SPY: ES=F`."""


class InDoubtPolicy(enum.StrEnum):
    """What becomes of an alert that may or may not have arrived."""

    REPEAT = "repeat"
    ASK = "ask"


class Telegram(StrictModel):
    """Who may use the bot on Telegram. The token is not written here: see `token_file`."""

    token_file: FilePath | None = None
    """A file that contains nothing but the token. Or set TELEGRAM_BOT_TOKEN in the environment or in a .env file."""
    admins: tuple[AdminId, ...] = ()
    """Telegram user ids of the admins, who control the bot and receive operator notices."""
    allow: tuple[int, ...] = ()
    """Chat ids that receive alerts once they have sent /start; groups have negative ids. Admins need not be listed."""
    pictures: bool = True
    """Send a price chart with each alert."""
    style: Style = Style.CLASSIC
    """How chats get messages that have not chosen with `/style`: `classic`, which every program shows, or `rich`, which
    some show as an empty or unsupported message."""
    in_doubt: InDoubtPolicy = InDoubtPolicy.REPEAT
    """When an alert may or may not have arrived: `repeat` sends those of severity high or above once more, marked as
    perhaps a repeat; `ask` leaves all to an admin's `/resolve`."""
    base_url: HttpUrl | None = None
    """Your own Bot API server; by default Telegram's."""


class Operator(StrictModel):
    """When operator notices are sent."""

    notices: bool = True
    """Notify the admins (and the console) when a source fails, goes silent or recovers."""
    after_failures: int = Field(default=5, ge=1, le=1000)
    """Report a source after this many failures in a row."""


class LanguageModelSettings(StrictModel):
    """A language model that writes a two-sentence lead from the message alone and, if wanted, reads stories a second
    time. Off until `url` is set."""

    url: HttpUrl | None = None
    """An OpenAI-compatible address up to `/v1`; a local model works too."""
    model: str = ""
    """The model's name, if the address serves several."""
    key_file: FilePath | None = None
    """A file that contains nothing but the key. Or set AFTERSHOCK_LANGUAGE_MODEL_KEY; many local models need none."""
    second_reader: bool = False
    """Ask it also what the stories that could explain a fall say moved, and why; see docs/language-model.md."""
    questions_an_hour: int = Field(default=30, ge=1, le=3600)
    """The most questions of the second reader within an hour, answered or not."""
    questions_a_day: int = Field(default=200, ge=1, le=86_400)
    """The same within 24 hours."""


class Settings(StrictModel):
    """All of config.yaml."""

    storage: Storage = Storage()
    """Where the history is stored."""
    rules: FilePath = Path("rules")
    """The folder with rules, topics, companies and episodes."""
    shipped: ShippedSettings | None = None
    """What is taken from the program beside one's own. Without this section nothing: the folder stands alone."""
    console: Literal["auto", "always", "never"] = "auto"
    """Alerts on the terminal: `auto` shows them while Telegram is not connected."""
    telegram: Telegram = Telegram()
    """Who may use the bot on Telegram."""
    operator: Operator = Operator()
    """When operator notices are sent."""
    time_zone: TimeZoneName = "UTC"
    """The zone of the times in messages on the terminal and through Apprise, like Europe/London. On Telegram everybody
    sees their own. The history and programs have UTC."""
    numbers: Numbers = NumberForm.POINT
    """How numbers are written in messages, by example: `1,234.5`, `1.234,5`, `1 234,5` or `1’234.5`. A chat on Telegram
    may choose its own with `/numbers`. Pictures, the history and programs have the first."""
    language_model: LanguageModelSettings = LanguageModelSettings()
    """A language model that writes leads and reads stories a second time."""
    webhooks: tuple[WebhookSettings, ...] = ()
    """Programs that receive alerts as signed JSON."""
    apprise: tuple[AppriseSettings, ...] = ()
    """E-mail, Slack, Discord, ntfy and other services."""
    notifiers: tuple[NotifierSettings, ...] = ()
    """Recipients of notifiers from other packages."""
    metrics: MetricsSettings = MetricsSettings()
    """Metrics for Prometheus, and a health check."""
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    """A dead-man's switch that is pinged while all is well."""
    web: WebSettings = WebSettings()
    """Where the pages are that messages lead to."""
    log_level: LogLevel = LogLevel.INFO
    """How much is logged on stderr."""
    prices: PriceSettings = PriceSettings()
    """How prices are polled."""
    benchmarks: tuple[Symbol, ...] = ("SPY", "QQQ", "SMH", "IGV")
    """Funds that stand for the market. The first is the default of rules; none is ever the subject of an alert."""
    markets: MarketSettings = MarketSettings()
    """The indices of other exchanges, and futures for when New York sleeps."""
    watchlist: dict[Name, tuple[Symbol, ...]] = Field(default_factory=dict)
    """Groups of symbols. Rules say `group:NAME`, or `group:watchlist` for all of them."""
    news: NewsSettings = NewsSettings()
    """How feeds are polled."""
    on_demand: OnDemandSettings = OnDemandSettings()
    """Headlines that are asked for while something moves."""
    news_sources: tuple[NewsSourceSettings, ...] = ()
    """Releases and prices of models as structured observations, beside the feeds."""
    feeds: tuple[FeedSettings, ...] = ()
    """The news feeds."""

    @model_validator(mode="before")
    @classmethod
    def _all_commented_out(cls, data: Any) -> Any:
        """Ignore sections whose lines are all commented out: they read as null."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

    def beneath(self, part: str) -> Beneath | None:
        """What ships of ``part`` (``rules``, ``topics``, ``companies``, ``episodes``) and is taken; ``None`` where
        nothing is, or the folder is the shipped one itself."""
        switches = self.shipped.switches(part) if self.shipped else None
        folder = SHIPPED / "rules"
        if switches is None or folder.resolve() == self.rules.resolve():
            return None
        return Beneath(folder, switches)

    @property
    def benchmark(self) -> str:
        """The default benchmark; empty if there is none."""
        return self.benchmarks[0] if self.benchmarks else ""

    @property
    def watched(self) -> tuple[str, ...]:
        """Every symbol of the watchlist once, in file order; benchmarks only if listed there too."""
        return tuple(dict.fromkeys(symbol for symbols in self.watchlist.values() for symbol in symbols))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol to poll prices for: the watchlist, the benchmarks, then the indices and futures it needs."""
        needed = self.measures.symbols(_exchanges(self.watched))
        return tuple(dict.fromkeys((*self.watched, *self.benchmarks, *needed)))

    @property
    def measures(self) -> Benchmarks:
        """What stands for the market, by exchange and by moment."""
        return Benchmarks(self.benchmark, self.markets.indices, self.markets.futures)

    @property
    def never_alerted(self) -> frozenset[str]:
        """The symbols that stand for markets."""
        return frozenset((*self.benchmarks, *self.markets.indices.values(), *self.markets.futures.values()))

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Every group a rule may name, including ``watchlist`` and ``benchmarks``."""
        return {**self.watchlist, "watchlist": self.watched, "benchmarks": self.benchmarks}

    @property
    def names_in_use(self) -> set[str]:
        """What a new feed cannot be called: the names of what else reports under its own, the bot's parts among it."""
        searches = {source.name for source in self.on_demand.sources}
        return {*SOURCE_NAMES, *searches, *(f.name for f in self.feeds), *(s.type for s in self.news_sources)}

    @property
    def feed_specs(self) -> tuple[FeedSpec, ...]:
        """The enabled feeds with their intervals filled in."""
        return tuple(
            FeedSpec(
                f.name,
                f.url,
                f.title,
                *self.intervals(f),
                kind=f.kind,
                stories_per_day=f.stories_per_day or self.news.stories_per_day,
                local=f.local,
            )
            for f in self.feeds
            if f.enabled
        )

    @property
    def on_demand_specs(self) -> tuple[OnDemandSpec, ...]:
        """The sources of headlines that are asked about what moves."""
        return self.on_demand.specs(self.news.stories_per_day)

    def intervals(self, feed: FeedSettings) -> tuple[timedelta, timedelta]:
        """Shortest and longest poll interval of ``feed``: its own, else the common ones, adjusted to fit its own."""
        least, greatest = feed.min_interval, feed.max_interval
        if least is None:
            least = min(self.news.min_interval, greatest or self.news.max_interval)
        return least, greatest if greatest is not None else max(self.news.max_interval, least)


def _exchanges(symbols: Iterable[str]) -> Iterator[str]:
    """The exchanges of symbols as far as their suffixes tell."""
    for symbol in symbols:
        with suppress(UsageError):
            yield exchange_of("", symbol)


def load_settings(path: Path | str, text: str | None = None) -> Settings:
    """Read and check ``config.yaml``; paths in the result are joined to its folder. Raises ConfigError."""
    if text is None and not os.path.lexists(path):
        elsewhere = f"{command('init', 'FOLDER')} makes a folder with one, --config names another"
        raise refusal(path, f"there is no such file; {elsewhere}")
    document = load_document(path, text)
    if secrets := _secrets(document):
        raise ConfigError(secrets)
    document = with_shipped(document)
    settings = validate(document, Settings)
    if problems := [*shipped_problems(document), *_inconsistencies(document, settings)]:
        raise ConfigError(problems)
    settings = _anchored(settings, Path(path).parent)
    settings.storage.written_in(Path(path))
    return settings


def _anchored(settings: ModelT, folder: Path) -> ModelT:
    """The settings with every relative path joined to ``folder``."""
    joined: dict[str, Any] = {}
    for key, value in settings:
        if isinstance(value, Path):
            joined[key] = folder / value
        elif isinstance(value, StrictModel):
            joined[key] = _anchored(value, folder)
    return settings.model_copy(update=joined)


_TOKEN_ELSEWHERE = (
    "a Telegram token does not belong in this file; set TELEGRAM_BOT_TOKEN, or put it in a file named .env,"
    " and have BotFather revoke it if others could read this"
)
_KEY_ELSEWHERE = (
    "a key does not belong in this file; set AFTERSHOCK_LANGUAGE_MODEL_KEY, or put it in a file named by key_file"
)
_SECRET_KEYS = (
    ("telegram", ("token", "bot_token", "telegram_bot_token", "api_token"), _TOKEN_ELSEWHERE),
    ("language_model", ("key", "api_key", "token"), _KEY_ELSEWHERE),
)


def _secrets(document: Document) -> list[Problem]:
    """Secrets in the file, even in comments. The problems do not repeat them."""
    for section, secret_keys, message in _SECRET_KEYS:
        written = document.data.get(section) if isinstance(document.data, dict) else None
        for key in written if isinstance(written, dict) else ():
            if key in secret_keys:
                return [problem(document, (section, key), message, key=True)]
    at = find_token(document.text)
    return [] if at is None else [Problem(document.file, *line_column(document.text, at), "", _TOKEN_ELSEWHERE)]


def _inconsistencies(document: Document, settings: Settings) -> list[Problem]:
    problems = metrics_problems(document, settings.metrics, settings.heartbeat)
    problems += channel_problems(document, settings.webhooks, settings.apprise, settings.notifiers)
    problems += on_demand_problems(document, settings.on_demand, [feed.name for feed in settings.feeds])
    if settings.language_model.second_reader and settings.language_model.url is None:
        message = "no language model to ask; set url beside it, or remove this"
        problems.append(problem(document, ("language_model", "second_reader"), message))
    for index, first in repeated(feed.name for feed in settings.feeds):
        line = document.position(("feeds", first))[0]
        message = f"the feed on line {line} already has this name; choose another"
        problems.append(problem(document, ("feeds", index, "name"), message))
    for index, first in repeated(canonical_url(feed.url) for feed in settings.feeds):
        line = document.position(("feeds", first))[0]
        message = f"the feed on line {line} already has this address; keep one of the two"
        problems.append(problem(document, ("feeds", index, "url"), message))
    problems += _reserved(document, "feeds", [feed.name for feed in settings.feeds])
    problems += _reserved(document, "on_demand", [source.name for source in settings.on_demand.sources], "sources")
    problems += _news_source_problems(document, settings)
    for index, feed in enumerate(settings.feeds):
        least, greatest = settings.intervals(feed)
        if least > greatest:
            where = "min_interval" if feed.min_interval is not None else "max_interval"
            problems.append(problem(document, ("feeds", index, where), _SWAPPED))
    if settings.news.min_interval > settings.news.max_interval:
        where = "min_interval" if "min_interval" in settings.news.model_fields_set else "max_interval"
        problems.append(problem(document, ("news", where), _SWAPPED))
    for group, symbols in settings.watchlist.items():
        path = ("watchlist", group)
        if group in _RESERVED_GROUPS:
            problems.append(problem(document, path, f"'{group}' is a reserved group name; choose another", key=True))
        problems += _repeats(document, path, symbols)
    problems += _repeats(document, ("benchmarks",), settings.benchmarks)
    problems += _without_fund(document, settings)
    problems += storage_problems(document, settings.storage)
    if not settings.watched and "watchlist" not in document.data:
        problems.append(problem(document, (), "'watchlist' is missing; add 'watchlist: …'"))
    elif not settings.watched:
        problems.append(problem(document, ("watchlist",), "the watchlist is empty; list at least one symbol", key=True))
    return problems


def _reserved(document: Document, section: str, names: Iterable[str], *within: str) -> Iterator[Problem]:
    """Feeds and searches called as a part of the bot itself: both report under their name, and one would be told as the
    other."""
    for index, name in enumerate(names):
        if name in SOURCE_NAMES:
            message = f"'{name}' is what a part of the bot itself is called; choose another name"
            yield problem(document, (section, *within, index, "name"), message)


def _news_source_problems(document: Document, settings: Settings) -> Iterator[Problem]:
    """News sources that are listed twice, or have the name of a feed: both report under it."""
    feeds = {feed.name for feed in settings.feeds}
    for index, first in repeated(source.type for source in settings.news_sources):
        line = document.position(("news_sources", first))[0]
        message = f"the news source on line {line} is the same; keep one of the two"
        yield problem(document, ("news_sources", index, "type"), message)
    for index, source in enumerate(settings.news_sources):
        if source.type == "sec-edgar" and source.enabled and "@" not in str(source.options.get("contact", "")):
            message = "the SEC asks who is calling; write options: {contact: Jane Doe jane@example.com}"
            yield problem(document, ("news_sources", index, "type"), message)
        if source.type in feeds:
            message = f"a feed is called '{source.type}' too; rename the feed"
            yield problem(document, ("news_sources", index, "type"), message)


def _without_fund(document: Document, settings: Settings) -> list[Problem]:
    return [
        problem(
            document,
            ("markets", "futures", fund),
            f"{fund} is none of the benchmarks; add it to them, or remove this",
            key=True,
        )
        for fund in settings.markets.futures
        if fund not in settings.benchmarks
    ]


def _repeats(document: Document, path: tuple[str, ...], symbols: tuple[str, ...]) -> list[Problem]:
    return [
        problem(document, (*path, index), f"{symbols[index]} is already in this list; remove one")
        for index, _ in repeated(symbols)
    ]
