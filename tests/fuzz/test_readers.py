"""Whatever is in a file or an answer, its reader makes something of it or says in its own error what is wrong."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds import worker
from bot.adapters.feeds.opml import parse_opml
from bot.adapters.feeds.parsed import from_message
from bot.adapters.notifiers.telegram.keyboard import data as callback_data
from bot.adapters.notifiers.telegram.keyboard import read
from bot.adapters.prices.yahoo.reading import basis_changes, chart_item, exchange_date, read_quote
from bot.adapters.store import open_store
from bot.adapters.store.history.importing import import_history
from bot.config.episodes.file import load_episode
from bot.config.rule_tests.file import load_rule_tests
from bot.core.errors import AftershockError
from bot.core.text.characters import CONTROL, HIDING
from bot.replay.columns import read_prices
from bot.replay.earnings_file import read_earnings
from bot.replay.recording import read_recording
from tests.fuzz.strategies import HOSTILE, changed, fuzzed, mangled, quickly_fuzzed, seeds, values
from tests.rules.files import load
from tests.security.test_no_traceback import filled_history

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "tests" / "feeds" / "samples").glob("*.*"), key=lambda f: f.stat().st_size)[:40]
NOW = datetime(2025, 1, 27, 15, tzinfo=UTC)


def as_yaml(document: Any) -> str:
    """A document as YAML of its own way of writing: JSON."""
    return json.dumps(document, ensure_ascii=False, default=str)


def parsed(files: list[Path]) -> list[Any]:
    return [yaml.safe_load(file.read_text()) for file in files]


@cache
def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="aftershock-fuzz-"))


def written(name: str, content: bytes) -> Path:
    file = folder() / name
    file.write_bytes(content)
    return file


@quickly_fuzzed
@given(mangled(seeds("feeds", *SAMPLES)), st.sampled_from(["application/rss+xml", "text/html; charset=utf-7", ""]))
def test_a_feed_s_document(body: bytes, content_type: str) -> None:
    answer = json.loads(
        json.dumps(worker.answer(body, content_type, "https://x.example/feed"), default=datetime.isoformat)
    )
    if "feed" in answer:
        for entry in from_message(answer["feed"]).entries:
            assert not HIDING.search(entry.title)
            assert not CONTROL.search(entry.title)


OPML = b'<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/rss"/></body></opml>'


@quickly_fuzzed
@given(mangled([OPML, *seeds("opml")]))
def test_a_list_of_feeds(body: bytes) -> None:
    with suppress(AftershockError):
        assert all(not HIDING.search(feed.name + feed.title) for feed in parse_opml(body, "feeds.opml").feeds)


RULES = parsed(sorted((ROOT / "rules").glob("*.yaml"))[:1] + sorted((ROOT / "rules").glob("*-*.yaml")))


@quickly_fuzzed
@given(changed(RULES))
def test_rules_as_data(document: Any) -> None:
    with suppress(AftershockError):
        load(folder(), as_yaml(document).encode("utf-8", "replace").decode())


@quickly_fuzzed
@given(mangled([*seeds("rules", *sorted((ROOT / "rules").glob("*-*.yaml")))]))
def test_rules_as_text(body: bytes) -> None:
    with suppress(AftershockError):
        load(folder(), body.decode("utf-8", "replace"))


TESTS = parsed(sorted((ROOT / "rules" / "tests").glob("*.yaml")))


@quickly_fuzzed
@given(changed(TESTS))
def test_rule_tests(document: Any) -> None:
    with suppress(AftershockError):
        load_rule_tests([written("tests.yaml", as_yaml(document).encode("utf-8", "surrogatepass"))])


EPISODES = parsed(sorted((ROOT / "rules" / "episodes").glob("*.yaml"), key=lambda f: f.stat().st_size)[:6])


@quickly_fuzzed
@given(changed(EPISODES))
def test_an_episode(document: Any) -> None:
    with suppress(AftershockError):
        load_episode("fuzzed.yaml", as_yaml(document))


PRICES = b"""symbol,date,open,high,low,close,volume
NVDA,2025-01-24,148.4,148.9,141.9,142.62,234657000
NVDA,2025-01-27,124.8,128.4,116.7,118.42,818830000
"""
QUOTES = b"symbol,at,price\nNVDA,2025-01-27T15:00:00Z,124.8\nNVDA,2025-01-27T15:01:00Z,124.1\n"
NEWS = b"""{"title": "A model", "seen": "2025-01-27T10:00:00Z", "source": "wire", "link": "https://x.example/a"}
{"title": "Another", "published": "2025-01-27"}
"""
EARNINGS = b"symbol,date,time\nNVDA,2025-02-26,after close\n"


@quickly_fuzzed
@given(mangled([PRICES, QUOTES, *seeds("prices")]))
def test_recorded_prices(body: bytes) -> None:
    with suppress(AftershockError):
        read_prices([written("prices.csv", body)])


@quickly_fuzzed
@given(mangled([NEWS, *seeds("news")]), mangled([EARNINGS]))
def test_recorded_news_and_earnings(news: bytes, earnings: bytes) -> None:
    with suppress(AftershockError):
        read_recording([written("good.csv", PRICES)], [written("news.jsonl", news)], lag=timedelta(0))
    with suppress(AftershockError):
        read_earnings([written("earnings.csv", earnings)])


@cache
def history() -> bytes:
    filled_history(folder() / "history.db")
    return (folder() / "history.db").read_bytes()


@cache
def cells() -> list[tuple[str, str]]:
    """Every table and column of a history that can be changed."""
    written("cells.db", history())
    with closing(sqlite3.connect(folder() / "cells.db")) as conn:
        tables = [
            n
            for (n,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        ]
        return [(t, row[1]) for t in tables for row in conn.execute(f"PRAGMA table_info('{t}')")]


ODD = st.one_of(
    st.sampled_from(HOSTILE[:4] + HOSTILE[5:]),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.none(),
    st.binary(max_size=9),
)


@fuzzed
@given(st.data())
def test_another_machine_s_history(data: st.DataObject) -> None:
    theirs, ours = written("theirs.db", history()), folder() / "ours.db"
    ours.unlink(missing_ok=True)
    open_store(ours, mode="live", run_name="live", now=NOW).close(NOW)
    with closing(sqlite3.connect(theirs)) as conn:
        for _ in range(data.draw(st.integers(1, 4))):
            table, column = data.draw(st.sampled_from(cells()))
            with suppress(sqlite3.Error):
                conn.execute(f'UPDATE "{table}" SET "{column}" = ?', (data.draw(ODD),))
        conn.commit()
    with suppress(AftershockError):
        list(import_history(ours, theirs, NOW))
    with closing(sqlite3.connect(ours)) as conn:
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)


QUOTE = {
    "symbol": "NVDA",
    "currency": "USD",
    "exchangeTimezoneName": "America/New_York",
    "marketState": "POST",
    "regularMarketPrice": 124.8,
    "regularMarketTime": 1737990000,
    "postMarketPrice": {"raw": 120.1},
    "postMarketTime": 1737996000,
    "regularMarketPreviousClose": 142.62,
    "gmtOffSetMilliseconds": -18000000,
    "regularMarketVolume": 5,
    "exchangeDataDelayedBy": 0,
}
CHART = {
    "meta": {"symbol": "NVDA", "exchangeTimezoneName": "America/New_York", "previousClose": 142.62},
    "timestamp": [1737729000, 1737988200],
    "indicators": {"quote": [{"close": [142.62, 118.42], "open": [148.4, 124.8]}]},
    "events": {"splits": {"1": {"date": 1737988200, "numerator": 10, "denominator": 1}},
               "dividends": {"1": {"date": 1737988200, "amount": 20.5}}},
}  # fmt: skip


@quickly_fuzzed
@given(st.one_of(changed([QUOTE]), st.dictionaries(st.sampled_from(sorted(QUOTE)), values())))
def test_yahoo_s_quotes(item: Any) -> None:
    for quote in read_quote(item, symbol="NVDA", now=NOW, timetable=None):
        assert isinstance(quote.price, float)
        assert quote.at.tzinfo is not None
        assert quote.previous_close is None or 0 < quote.previous_close < float("inf")
    exchange_date(NOW, item)


@quickly_fuzzed
@given(changed([CHART]))
def test_yahoo_s_charts(result: Any) -> None:
    read_quote(chart_item(result), symbol="NVDA", now=NOW, timetable=None)
    close, changes = basis_changes(result, NOW.date())
    assert close is None or isinstance(close, float)
    assert all(change.ratio is None or change.ratio > 0 for change in changes)


@quickly_fuzzed
@given(
    st.one_of(
        st.text(max_size=70),
        mangled([b"1:why:20250127-1", b"1:style:rich"]).map(lambda b: b.decode("utf-8", "surrogateescape")),
    )
)
def test_callback_data(text: str) -> None:
    press = read(text)
    assert press is None or callback_data(press.button, press.incident) == text
