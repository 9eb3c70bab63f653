"""``config.yaml``: what it means, what is wrong with it, and that the shipped one is as good as promised."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.app.setup.new_folder import TAKEN
from bot.config.settings.model import LogLevel, Settings, load_settings
from bot.core.errors import ConfigError
from bot.core.model.feeds import FeedKind, FeedSpec
from bot.core.text.links import canonical_url

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
ELSEWHERE = (
    "a Telegram token does not belong in this file; set TELEGRAM_BOT_TOKEN, or put it in a file named .env,"
    " and have BotFather revoke it if others could read this"
)
LEAST = "watchlist: {ai-chips: [NVDA]}\n"

BAD = {
    "no watchlist": (
        "console: auto\n",
        ["c.yaml:1:1: 'watchlist' is missing; add 'watchlist: …'"],
    ),
    "a watchlist without symbols": (
        "watchlist: {ai-chips: []}\n",
        ["c.yaml:1:1: watchlist: the watchlist is empty; list at least one symbol"],
    ),
    "a watchlist that is a plain list": (
        "watchlist: [NVDA, AMD]\n",
        ["c.yaml:1:12: watchlist: expected a mapping, found a list; write keys instead of items with '-'"],
    ),
    "a group with a name of ours": (
        "watchlist:\n  watchlist: [NVDA]\n  benchmarks: [AMD]\n",
        [
            "c.yaml:2:3: watchlist.watchlist: 'watchlist' is a reserved group name; choose another",
            "c.yaml:3:3: watchlist.benchmarks: 'benchmarks' is a reserved group name; choose another",
        ],
    ),
    "a symbol twice in one group": (
        "watchlist: {a: [NVDA, AMD, NVDA]}\nbenchmarks: [SPY, SPY]\n",
        [
            "c.yaml:1:28: watchlist.a[2]: NVDA is already in this list; remove one",
            "c.yaml:2:19: benchmarks[1]: SPY is already in this list; remove one",
        ],
    ),
    "nobody to call for the SEC": (
        LEAST + "news_sources:\n  - {type: github}\n  - {type: sec-edgar, options: {contact: me}}\n",
        [
            "c.yaml:4:12: news_sources[1].type: the SEC asks who is calling; "
            "write options: {contact: Jane Doe jane@example.com}"
        ],
    ),
    "two feeds of one name": (
        LEAST + "feeds:\n  - {name: a, url: 'https://a.example'}\n  - {name: a, url: 'https://b.example'}\n",
        ["c.yaml:4:12: feeds[1].name: the feed on line 3 already has this name; choose another"],
    ),
    "one feed under two spellings": (
        LEAST + "feeds:\n  - {name: a, url: 'https://www.a.example/f/'}\n  - {name: b, url: 'http://a.example/f'}\n",
        ["c.yaml:4:20: feeds[1].url: the feed on line 3 already has this address; keep one of the two"],
    ),
    "a feed that is a bare address": (
        LEAST + "feeds:\n  - https://a.example\n",
        ["c.yaml:3:5: feeds[0]: expected a mapping, found text 'https://a.example'; write 'key: value' lines under it"],
    ),
    "a file address": (
        LEAST + "feeds:\n  - {name: a, url: 'file:///etc/passwd'}\n",
        [
            "c.yaml:3:20: feeds[0].url: text 'file:///etc/passwd' is not a web address; write one that begins with"
            " https://",
        ],
    ),
    "intervals the wrong way round": (
        LEAST + "feeds:\n  - {name: a, url: 'https://a.example', min_interval: 1h, max_interval: 5m}\n"
        "news: {min_interval: 2h}\n",
        [
            "c.yaml:3:55: feeds[0].min_interval: min_interval is longer than max_interval; swap them",
            "c.yaml:4:22: news.min_interval: min_interval is longer than max_interval; swap them",
        ],
    ),
    "an interval without unit": (
        LEAST + "prices: {interval_in_session: 15}\n",
        [
            "c.yaml:2:31: prices.interval_in_session: number 15 has no unit; write a number and s, m, h, d or w,"
            " as in 90s, 30m, 2h, 5d",
        ],
    ),
    "an interval of nothing": (
        LEAST + "prices: {interval_in_session: 0s}\n",
        [
            "c.yaml:2:31: prices.interval_in_session: text '0s' is not longer than zero; write a number and"
            " s, m, h, d or w, as in 90s, 30m, 2h, 5d",
        ],
    ),
    "a word the console does not know": (
        LEAST + "console: allways\n",
        ["c.yaml:2:10: console: unknown value 'allways'; did you mean 'always'?"],
    ),
    "a chat by its name": (
        LEAST + 'telegram: {allow: ["@analysts"]}\n',
        [
            "c.yaml:2:20: telegram.allow[0]: expected a whole number, found text '@analysts'; write a number,"
            " without unit or quotes",
        ],
    ),
    "a database that is no file": (
        LEAST + "storage: {database: 'mysql://localhost/a'}\n",
        [
            "c.yaml:2:21: storage.database: 'mysql://localhost/a' is neither a file name like data/aftershock.db nor an"
            " address like postgresql://host/database",
        ],
    ),
    "a password of a database": (
        LEAST + "storage: {database: 'postgresql://bot:hunter22@localhost/a'}\n",
        [
            "c.yaml:2:21: storage.database: a password does not belong in this file; set a variable to the whole"
            " address and name it: database_env",
        ],
    ),
    "a database in two places": (
        LEAST + "storage: {database: a.db, database_env: AFTERSHOCK_DATABASE}\n",
        ["c.yaml:2:27: storage.database_env: the history's place is given twice; remove database or database_env"],
    ),
    "a token under telegram": (
        LEAST + f"telegram:\n  token: {TOKEN}\n",
        [f"c.yaml:3:3: telegram.token: {ELSEWHERE}"],
    ),
    "a token that YAML takes for something else": (
        LEAST + "telegram: {bot_token: 5}\n",
        [f"c.yaml:2:12: telegram.bot_token: {ELSEWHERE}"],
    ),
    "a token in a comment": (
        LEAST + f"# old: {TOKEN}\n",
        [f"c.yaml:2:8: {ELSEWHERE}"],
    ),
    "a token in an address": (
        LEAST + f"telegram: {{base_url: 'https://api.telegram.org/bot{TOKEN}'}}\n",
        [f"c.yaml:2:51: {ELSEWHERE}"],
    ),
}


@pytest.mark.parametrize(("text", "lines"), BAD.values(), ids=BAD.keys())
def test_says_where_it_is_wrong_and_what_to_write(text: str, lines: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings("c.yaml", text)
    assert str(caught.value).split("\n") == lines


def test_a_watchlist_is_all_it_takes() -> None:
    settings = load_settings("c.yaml", LEAST)
    assert settings.symbols == ("NVDA", "SPY", "QQQ", "SMH", "IGV")
    assert settings.watched == ("NVDA",)
    assert settings.feed_specs == ()
    assert settings.console == "auto"
    assert settings.log_level is LogLevel.INFO


def test_a_section_whose_lines_are_all_comments_is_as_if_not_there() -> None:
    settings = load_settings("c.yaml", LEAST + "telegram:\n  # admins: [1]\nfeeds:\nstorage:\n")
    assert settings == load_settings("c.yaml", LEAST)


def test_an_unknown_section_that_is_empty_is_still_unknown() -> None:
    with pytest.raises(
        ConfigError, match=r"c\.yaml:2:1: telegramm: unknown key 'telegramm'; did you mean 'telegram'\?"
    ):
        load_settings("c.yaml", LEAST + "telegramm:\n")


def test_groups_overlap_but_symbols_are_watched_once() -> None:
    settings = load_settings("c.yaml", "watchlist: {a: [NVDA, MSFT], b: [MSFT, SMH]}\nbenchmarks: [SPY, SMH]\n")
    assert settings.watched == ("NVDA", "MSFT", "SMH")
    assert settings.symbols == ("NVDA", "MSFT", "SMH", "SPY")
    assert settings.groups == {
        "a": ("NVDA", "MSFT"),
        "b": ("MSFT", "SMH"),
        "watchlist": ("NVDA", "MSFT", "SMH"),
        "benchmarks": ("SPY", "SMH"),
    }


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(LEAST + "storage: {database: db/h.db}\nrules: /abs/rules\ntelegram: {token_file: t}\n")
    settings = load_settings(file)
    assert settings.storage.database == tmp_path / "db" / "h.db"
    assert settings.rules == Path("/abs/rules")
    assert settings.telegram.token_file == tmp_path / "t"
    assert load_settings(file, LEAST).telegram.token_file is None
    assert load_settings(file, LEAST).storage.database == tmp_path / "data" / "aftershock.db"


def test_home_is_understood_in_paths() -> None:
    settings = load_settings("/x/c.yaml", LEAST + "storage: {database: ~/h.db}\n")
    assert settings.storage.database == Path.home() / "h.db"


def test_feeds_take_the_common_intervals_unless_they_have_their_own() -> None:
    text = LEAST + (
        "news: {min_interval: 2m, max_interval: 20m}\n"
        "feeds:\n"
        "  - {name: a, url: 'https://a.example', title: A, kind: aggregator}\n"
        "  - {name: b, url: 'https://b.example', max_interval: 5m}\n"
        "  - {name: c, url: 'https://c.example', min_interval: 1h}\n"
        "  - {name: d, url: 'https://d.example', max_interval: 30s}\n"
        "  - {name: e, url: 'https://e.example', enabled: false}\n"
    )
    minute = timedelta(minutes=1)
    assert load_settings("c.yaml", text).feed_specs == (
        FeedSpec("a", "https://a.example", "A", 2 * minute, 20 * minute, FeedKind.AGGREGATOR),
        FeedSpec("b", "https://b.example", "", 2 * minute, 5 * minute),
        FeedSpec("c", "https://c.example", "", 60 * minute, 60 * minute),
        FeedSpec("d", "https://d.example", "", minute / 2, minute / 2),
    )


def test_every_setting_says_what_it_is() -> None:
    schema = Settings.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, field in model.get("properties", {}).items():
            described = {**schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {}), **field}
            assert described.get("description"), f"{model['title']}.{name} has no description"


# ------------------------------------------------------------------------------------------------------ the shipped one


@pytest.fixture(scope="module")
def shipped(repository: Path) -> Settings:
    return load_settings(repository / "config.yaml")


EXPOSURES = {
    "ai-chips", "chip-design", "memory", "foundry", "chip-equipment",
    "networking", "optical", "servers", "power-generation", "uranium",
    "power-equipment", "cooling", "data-centres", "crypto-miners", "cloud",
    "closed-labs", "open-models", "search", "consumer-internet", "software",
    "cybersecurity", "it-services", "legal-data", "financial-data", "education",
    "advertising", "creative", "games", "call-centres", "staffing",
    "insurance-brokers", "wealth", "property-brokers", "freight-brokers",
}  # fmt: skip


def test_the_shipped_file_watches_some_240_symbols_of_every_exposure(shipped: Settings) -> None:
    assert set(shipped.watchlist) == EXPOSURES
    assert all(len(symbols) >= 2 for symbols in shipped.watchlist.values())
    assert 200 <= len(shipped.watched) <= 260
    assert shipped.benchmarks == ("SPY", "QQQ", "SMH", "IGV")


def test_two_requests_carry_all_shipped_symbols_with_the_indices_and_futures_they_need(shipped: Settings) -> None:
    assert len(shipped.symbols) <= 2 * shipped.prices.batch
    needed = set(shipped.symbols) - set(shipped.watched) - set(shipped.benchmarks)
    assert {"^N225", "^KS11", "^TWII", "^HSI", "^AEX", "^FCHI", "^GDAXI", "^FTSE", "ES=F", "NQ=F"} == needed
    assert not needed & set(shipped.watched)


def test_a_watchlist_of_new_york_needs_no_index_but_its_funds() -> None:
    settings = load_settings("config.yaml", "watchlist: {ai-chips: [NVDA, AMD]}\n")
    assert settings.symbols == ("NVDA", "AMD", *settings.benchmarks)


def test_a_future_stands_for_a_benchmark_and_nothing_else() -> None:
    text = "watchlist: {ai-chips: [NVDA]}\nbenchmarks: [SPY]\nmarkets: {futures: {QQQ: NQ=F}}\n"
    with pytest.raises(ConfigError, match="QQQ is none of the benchmarks; add it to them, or remove this"):
        load_settings("config.yaml", text)


def test_the_shipped_file_has_forty_feeds_that_differ(shipped: Settings) -> None:
    assert len(shipped.feed_specs) >= 40
    assert len({f.name for f in shipped.feeds}) == len(shipped.feeds)
    assert len({canonical_url(f.url) for f in shipped.feeds}) == len(shipped.feeds)
    assert all(f.title and f.url.startswith("https://") for f in shipped.feeds)


def test_the_shipped_file_names_every_setting_there_is(repository: Path) -> None:
    # Written out or in a comment: what can be set is found by reading the file.
    text = (repository / "config.yaml").read_text(encoding="utf-8") + TAKEN  # which init adds
    schema = Settings.model_json_schema()
    optional = {"rules"}
    for model in (schema, *schema["$defs"].values()):
        for name in model.get("properties", {}):
            assert name in optional or f"{name}:" in text or f" {name}" in text, f"{name} is nowhere in config.yaml"


def test_the_shipped_file_tells_nobody_and_holds_no_token(shipped: Settings) -> None:
    assert shipped.telegram.admins == shipped.telegram.allow == ()
    assert shipped.telegram.token_file is None


@pytest.mark.shared
def test_shipped_symbols_that_fell_on_deepseek_monday_are_all_there(shipped: Settings, shared_data: Path) -> None:
    lines = (shared_data / "events_dev.csv").read_text(encoding="utf-8").splitlines()
    fell = {line.split(",")[1] for line in lines if line.startswith("2025-01-27") and line.endswith(",ai")}
    assert fell
    assert fell <= set(shipped.watched)


def test_a_source_on_demand_through_the_price_source_asks_about_one_company_at_a_time() -> None:
    asked = (
        "on_demand:\n  sources:\n    - {name: n, through: prices, together: 5, url: 'https://a.example/{symbols}'}\n"
    )
    (spec,) = load_settings("c.yaml", LEAST + asked).on_demand_specs
    assert (spec.through_prices, spec.together) == (True, 1)
    with pytest.raises(ConfigError, match="the price source is asked about companies"):
        load_settings("c.yaml", LEAST + asked.replace("{symbols}", "?q={words}"))
    with pytest.raises(ConfigError):
        load_settings("c.yaml", LEAST + asked.replace("prices,", "news,"))


@pytest.mark.parametrize(
    ("address", "known", "said"),
    [
        ("https://desk.example/", "https://desk.example", ""),
        ("http://192.168.1.5:8001", "http://192.168.1.5:8001", ""),
        ("http://[fd00::5]:8001/a/", "http://[fd00::5]:8001/a", ""),
        ("http://localhost:8001", "", "Telegram takes no link to 'localhost'"),
        ("http://desk", "", "Telegram takes no link to 'desk'"),
        ("https://desk.example/?a=1", "", "has a part after the path"),
        ("desk.example", "", "web.address"),
        ("https://me:word@desk.example", "", "web.address"),
    ],
)
def test_the_pages_address_is_one_that_a_button_can_open(address: str, known: str, said: str) -> None:
    text = f"watchlist: {{a: [NVDA]}}\nweb: {{address: '{address}'}}\n"
    if known:
        assert load_settings("config.yaml", text).web.address == known
        return
    with pytest.raises(ConfigError) as refused:
        load_settings("config.yaml", text)
    assert said in str(refused.value)
