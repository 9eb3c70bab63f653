"""What ``config.yaml`` says: sources, watchlist, recipients, storage. Every key is documented where it is defined.

Names and paths are checked here as a whole; the Telegram token is deliberately not part of it (see ``telegram_token``).
"""

from __future__ import annotations

import enum
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from bot.config.settings.metrics import HeartbeatSettings, MetricsSettings, metrics_problems
from bot.config.settings.other_channels import AppriseSettings, NotifierSettings, WebhookSettings, channel_problems
from bot.config.yaml.document import Document, load_document, problem
from bot.config.yaml.excerpt import described, find_token, shown
from bot.config.yaml.scalars import Duration, HttpUrl, Name, Symbol
from bot.config.yaml.validation import StrictModel, validate
from bot.core.errors import ConfigError, Problem
from bot.core.model.feeds import FeedKind, FeedSpec
from bot.core.text.links import canonical_url

_RESERVED_GROUPS = ("watchlist", "benchmarks")


def _file_path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value.strip() or "\x00" in value:
        raise ValueError(f"{described(value)} is not a file name; write one like data/aftershock.db")
    if "://" in value or value.startswith(":"):
        raise ValueError(f"'{shown(value)}' is not a file name; write one like data/aftershock.db")
    return Path(value).expanduser()


FilePath = Annotated[Path, BeforeValidator(_file_path)]
"""A file or folder; relative ones start at the folder of ``config.yaml``."""


class LogLevel(enum.StrEnum):
    """How much the log on stderr tells."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Storage(StrictModel):
    """Where the history is kept, and for how long. Alerts and their evidence are kept for ever."""

    database: FilePath = Path("data/aftershock.db")
    """The SQLite file; made when it is not there."""
    keep_quotes: Duration = timedelta(days=180)
    """Quotes older than this are removed, unless an alert rests on them."""
    keep_stories: Duration = timedelta(days=730)
    """Stories older than this are removed, unless an alert points to them. That they were seen is never forgotten."""


class FeedSettings(StrictModel):
    """One news feed."""

    name: Name
    """Short and unique; the source of its stories. Renaming a feed makes it a new one."""
    url: HttpUrl
    """Where the RSS, Atom or JSON feed is."""
    title: str = ""
    """Who publishes it, for people; the feed's own title where left out."""
    kind: FeedKind = FeedKind.PUBLISHER
    """`publisher` where the owner writes the entries, `aggregator` where they point to others."""
    min_interval: Duration | None = None
    """Never asked more often than this; `news.min_interval` where left out."""
    max_interval: Duration | None = None
    """Never asked more rarely than this while it works; `news.max_interval` where left out."""
    enabled: bool = True
    """`false` keeps the entry but does not ask the feed."""


class NewsSettings(StrictModel):
    """How feeds are asked, unless a feed says otherwise."""

    min_interval: Duration = timedelta(minutes=1)
    """A feed that changes often is asked this often."""
    max_interval: Duration = timedelta(minutes=30)
    """A feed that hardly changes is asked this often."""
    window: Duration = timedelta(days=7)
    """A story published longer ago than this when first seen raises nothing new."""
    timeout: Duration = timedelta(seconds=20)
    """How long one feed may take to answer."""
    max_megabytes: int = Field(default=10, ge=1, le=200)
    """A feed larger than this, unpacked, is refused."""


class PriceSettings(StrictModel):
    """How prices are asked for. One request carries the whole watchlist, up to `batch` symbols."""

    source: Name = "yahoo"
    """`yahoo`, or a price source that another package brings, by the name of its entry point: see docs/extending.md."""
    options: dict[str, Any] = Field(default_factory=dict)
    """What that price source asks for."""
    interval_in_session: Duration = timedelta(seconds=15)
    """While a watched exchange is in its regular phase."""
    interval_pre_post: Duration = timedelta(seconds=30)
    """Before the open and after the close."""
    interval_closed: Duration = timedelta(minutes=15)
    """At night, on weekends and holidays."""
    batch: int = Field(default=200, ge=1, le=200)
    """Symbols in one request."""
    stale_after: Duration = timedelta(minutes=20)
    """A symbol without a new price for this long in a regular phase is reported."""


class Telegram(StrictModel):
    """Who may use the bot on Telegram. The token is not written here: see `token_file`."""

    token_file: FilePath | None = None
    """A file that holds nothing but the token. Or set TELEGRAM_BOT_TOKEN, or put that into a file named .env."""
    admins: tuple[int, ...] = ()
    """Telegram user ids of those who control the bot; they are told of troubles."""
    allow: tuple[int, ...] = ()
    """Chat ids that receive alerts once they have sent /start; groups have negative ids. Admins need not be listed."""
    pictures: bool = True
    """Let a picture of the prices follow each alert."""
    base_url: HttpUrl | None = None
    """A Bot API server of your own; Telegram's where left out."""


class Operator(StrictModel):
    """Who hears of troubles, and when."""

    notices: bool = True
    """Tell the admins (and the console) when a source fails, goes silent or recovers."""
    after_failures: int = Field(default=5, ge=1, le=1000)
    """Report a source after this many failures in a row."""


class LanguageModelSettings(StrictModel):
    """A language model that may write a lead of two sentences, from the message alone. Off until `url` is set."""

    url: HttpUrl | None = None
    """An OpenAI-compatible address up to `/v1`; a model on this machine serves as well."""
    model: str = ""
    """The model's name, where the address serves several."""
    key_file: FilePath | None = None
    """A file that holds nothing but the key. Or set AFTERSHOCK_LANGUAGE_MODEL_KEY; many local models need none."""


class Settings(StrictModel):
    """The whole of config.yaml."""

    storage: Storage = Storage()
    """Where the history is kept."""
    rules: FilePath = Path("rules")
    """The folder with rules, topics, companies and episodes."""
    console: Literal["auto", "always", "never"] = "auto"
    """Alerts on the terminal: `auto` shows them while Telegram is not connected."""
    telegram: Telegram = Telegram()
    """Who may use the bot on Telegram."""
    operator: Operator = Operator()
    """Who hears of troubles."""
    language_model: LanguageModelSettings = LanguageModelSettings()
    """A language model that may write a lead."""
    webhooks: tuple[WebhookSettings, ...] = ()
    """Programs that take alerts as signed JSON."""
    apprise: tuple[AppriseSettings, ...] = ()
    """E-mail, Slack, Discord, ntfy and other services."""
    notifiers: tuple[NotifierSettings, ...] = ()
    """Recipients of notifiers that other packages bring."""
    metrics: MetricsSettings = MetricsSettings()
    """Numbers for Prometheus, and an answer for process managers."""
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    """A dead-man's switch that is told while all is well."""
    log_level: LogLevel = LogLevel.INFO
    """How much the log on stderr tells."""
    prices: PriceSettings = PriceSettings()
    """How prices are asked for."""
    benchmarks: tuple[Symbol, ...] = ("SPY", "QQQ", "SMH", "IGV")
    """Indexes and funds that stand for the market, the first where a rule names none; never the subject of an alert."""
    watchlist: dict[Name, tuple[Symbol, ...]]
    """Groups of symbols. Rules say `group:NAME`, or `group:watchlist` for all of them."""
    news: NewsSettings = NewsSettings()
    """How feeds are asked."""
    feeds: tuple[FeedSettings, ...] = ()
    """The news feeds."""

    @model_validator(mode="before")
    @classmethod
    def _all_commented_out(cls, data: Any) -> Any:
        """A section whose lines are all commented out reads as nothing: as if it were not there."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

    @property
    def benchmark(self) -> str:
        """The benchmark that stands for the market; empty where there is none."""
        return self.benchmarks[0] if self.benchmarks else ""

    @property
    def watched(self) -> tuple[str, ...]:
        """Every symbol of the watchlist once, in the order of the file; benchmarks only where also listed there."""
        return tuple(dict.fromkeys(symbol for symbols in self.watchlist.values() for symbol in symbols))

    @property
    def symbols(self) -> tuple[str, ...]:
        """Everything prices are needed for: the watchlist, then the benchmarks."""
        return tuple(dict.fromkeys((*self.watched, *self.benchmarks)))

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Every group a rule may name, ``watchlist`` and ``benchmarks`` included."""
        return {**self.watchlist, "watchlist": self.watched, "benchmarks": self.benchmarks}

    @property
    def feed_specs(self) -> tuple[FeedSpec, ...]:
        """The enabled feeds with their intervals filled in."""
        return tuple(FeedSpec(f.name, f.url, f.title, *self.intervals(f), kind=f.kind) for f in self.feeds if f.enabled)

    def intervals(self, feed: FeedSettings) -> tuple[timedelta, timedelta]:
        """Least and greatest poll interval of ``feed``: its own, else the common ones, stretched to meet its own."""
        least, greatest = feed.min_interval, feed.max_interval
        if least is None:
            least = min(self.news.min_interval, greatest or self.news.max_interval)
        return least, greatest if greatest is not None else max(self.news.max_interval, least)


def load_settings(path: Path | str, text: str | None = None) -> Settings:
    """Read and check ``config.yaml``. Paths in the result start at the file's own folder.

    Raises ConfigError with every mistake found.
    """
    document = load_document(path, text)
    if secrets := _tokens(document):
        raise ConfigError(secrets)
    settings = validate(document, Settings)
    if problems := _inconsistencies(document, settings):
        raise ConfigError(problems)
    return _anchored(settings, Path(path).parent)


def _anchored(settings: Settings, folder: Path) -> Settings:
    """With relative paths joined to ``folder``."""
    token_file = settings.telegram.token_file
    key_file = settings.language_model.key_file
    return settings.model_copy(
        update={
            "storage": settings.storage.model_copy(update={"database": folder / settings.storage.database}),
            "rules": folder / settings.rules,
            "telegram": settings.telegram.model_copy(
                update={"token_file": folder / token_file if token_file is not None else None}
            ),
            "language_model": settings.language_model.model_copy(
                update={"key_file": folder / key_file if key_file is not None else None}
            ),
        }
    )


_ELSEWHERE = (
    "a Telegram token does not belong in this file; set TELEGRAM_BOT_TOKEN, or put it in a file named .env,"
    " and have BotFather revoke it if others could read this"
)
_KEY_ELSEWHERE = (
    "a key does not belong in this file; set AFTERSHOCK_LANGUAGE_MODEL_KEY, or name a file of its own with key_file"
)


def _tokens(document: Document) -> list[Problem]:
    """Tokens in the file, comments included: an error that does not repeat them."""
    telegram = document.data.get("telegram") if isinstance(document.data, dict) else None
    for key in telegram if isinstance(telegram, dict) else ():
        if key in ("token", "bot_token", "telegram_bot_token", "api_token"):
            return [problem(document, ("telegram", key), _ELSEWHERE, key=True)]
    model = document.data.get("language_model") if isinstance(document.data, dict) else None
    for key in model if isinstance(model, dict) else ():
        if key in ("key", "api_key", "token"):
            return [problem(document, ("language_model", key), _KEY_ELSEWHERE, key=True)]
    at = find_token(document.text)
    if at is None:
        return []
    before = document.text[:at].split("\n")
    return [Problem(document.file, len(before), len(before[-1]) + 1, "", _ELSEWHERE)]


def _inconsistencies(document: Document, settings: Settings) -> list[Problem]:
    problems = metrics_problems(document, settings.metrics, settings.heartbeat)
    problems += channel_problems(document, settings.webhooks, settings.apprise, settings.notifiers)
    names: dict[str, int] = {}
    addresses: dict[str, int] = {}
    for index, feed in enumerate(settings.feeds):
        line = document.position(("feeds", index))[0]
        if feed.name in names:
            message = f"the feed on line {names[feed.name]} already has this name; choose another"
            problems.append(problem(document, ("feeds", index, "name"), message))
        names.setdefault(feed.name, line)
        address = canonical_url(feed.url)
        if address in addresses:
            message = f"the feed on line {addresses[address]} already has this address; keep one of the two"
            problems.append(problem(document, ("feeds", index, "url"), message))
        addresses.setdefault(address, line)
        least, greatest = settings.intervals(feed)
        if least > greatest:
            where = "min_interval" if feed.min_interval is not None else "max_interval"
            problems.append(
                problem(document, ("feeds", index, where), "min_interval is longer than max_interval; swap them")
            )
    if settings.news.min_interval > settings.news.max_interval:
        where = "min_interval" if "min_interval" in settings.news.model_fields_set else "max_interval"
        problems.append(problem(document, ("news", where), "min_interval is longer than max_interval; swap them"))
    for group, symbols in settings.watchlist.items():
        path = ("watchlist", group)
        if group in _RESERVED_GROUPS:
            problems.append(problem(document, path, f"'{group}' is a reserved group name; choose another", key=True))
        problems += _repeats(document, path, symbols)
    problems += _repeats(document, ("benchmarks",), settings.benchmarks)
    if not settings.watched:
        problems.append(problem(document, ("watchlist",), "the watchlist is empty; list at least one symbol", key=True))
    return problems


def _repeats(document: Document, path: tuple[str, ...], symbols: tuple[str, ...]) -> list[Problem]:
    return [
        problem(document, (*path, index), f"{symbol} is already in this list; remove one")
        for index, symbol in enumerate(symbols)
        if symbol in symbols[:index]
    ]
