"""No secret leaves by any way: errors, reports of sources, the history, messages, commands, the log."""

from __future__ import annotations

import gc
import io
import logging
import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.feeds.fetch import open_session
from bot.adapters.feeds.reader import FeedReader, stored_address
from bot.adapters.notifiers.telegram import RedactingFilter
from bot.adapters.store import open_store
from bot.config.settings.model import load_settings
from bot.config.settings.proxies import proxy_secrets
from bot.core.errors import ConfigError, DeliveryError, Problem, SourceError
from bot.core.model import Batch, FeedState, SourceReport, Trouble
from bot.core.model.feeds import FeedSpec
from bot.core.secret import Secret, redacted
from bot.core.text.links import keys_in
from bot.delivery.recipients import notice
from bot.render import plain
from tests.command import run_command
from tests.servers.hostile import Hostile

NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
KEY = "k3y-0f-the-wire-99"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("GET http://user:pa55@proxy.example:3128/ failed", "pa55"),
        ("curl: (5) Could not resolve proxy: http://me:p@ss-w0rd@proxy", "ss-w0rd"),
        ("https://x.example/rss?apikey=abc123&lang=en", "abc123"),
        ("https://x.example/rss?lang=en&access_token=abc123", "abc123"),
        ("bot123456789:AAE-emulated-token-for-tests-only-000/getMe", "AAE"),
        ("headers: {'Authorization': 'Bearer sk-abcdef123456'}", "sk-abcdef123456"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
    ],
)
def test_what_is_a_secret_by_its_shape_is_hidden(text: str, gone: str) -> None:
    assert gone not in redacted(text)
    assert "[secret]" in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "Basic materials fall as the bearer of bad news speaks",
        "https://x.example/a?utm_source=rss&id=17",
        "NVDA falls 17 % at 10:00:00; ratio 3:2, user@example.org",
        "https://x.example/2025/01/27/nvidia-falls-17-percent-as-deepseek-r1-tops-charts",
        "telegram:-1001234567890/7",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert redacted(text) == text


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


def test_redacting_takes_time_in_proportion_to_the_text() -> None:
    for piece in ("a://" + "x" * 50, "?key=", "1" * 30 + ":", "bearer " + "a" * 90, "a:b@"):
        assert redacted(piece * 20_000)  # a backtracking expression would not come back


def test_a_secret_is_hidden_as_long_as_it_lives_and_no_longer() -> None:
    value = "".join(random.Random(5).choices("abcdefghij", k=20))
    secret = Secret(value)
    assert redacted(f"a {value} b") == "a [secret] b"
    del secret
    gc.collect()
    assert redacted(f"a {value} b") == f"a {value} b"


def test_errors_reports_and_notices_hide_it() -> None:
    secret = Secret("a-signing-secret-of-ours")
    said = f"failed with {secret.reveal()} at http://u:pw@h/"
    report = SourceReport("feed", NOW, Trouble.FAILED, said)
    problem = ConfigError([Problem("config.yaml", 1, 1, "x", said)])
    message = plain(notice("x", "trouble", str(DeliveryError(said)), NOW).summary)
    for shown in (str(SourceError(said)), report.detail, str(problem), message):
        assert secret.reveal() not in shown
        assert "u:pw" not in shown
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    handler.handle(logging.LogRecord("x", logging.WARNING, "f", 1, "said %s", (said,), None))
    assert secret.reveal() not in stream.getvalue()


@pytest.mark.parametrize(
    "proxy",
    [
        "http://someone:proxy-pa55word@host:1",
        "someone:proxy-pa55word@host",
        "http://someone:proxy-pa55%77ord@host",
        "socks5://someone:proxy-pa55word/@host",
        "http://someone:proxy-pa55word@no host:99999",
    ],
)
def test_a_proxy_s_password_is_known_however_it_is_written(proxy: str) -> None:
    known = proxy_secrets({"https_proxy": proxy, "PATH": "/bin"})
    assert known
    for shown in ("proxy-pa55word", "proxy-pa55%77ord"):
        if shown in proxy:
            assert shown not in redacted(f"cannot use {shown} of {proxy}")


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("https://x.example/rss", []),
        ("https://feeds.finance.yahoo.com/rss/2.0/headline?s=NVDA&region=US&lang=en-US", []),
        ("https://www.cnbc.com/id/100727362/device/rss/rss.html", []),
        ("https://x.example/rss?country_code=global", []),
        ("https://x.example/rss?apikey=abc123", ["abc123"]),
        ("https://x.example/private/9f8e7d6c5b4a39281706/feed.xml", ["9f8e7d6c5b4a39281706"]),
        ("https://x.example/3f2a9c1e-77b1-4c0e-9d51-0a1b2c3d4e5f/rss", ["3f2a9c1e-77b1-4c0e-9d51-0a1b2c3d4e5f"]),
    ],
)
def test_the_keys_in_an_address_are_found(url: str, keys: list[str]) -> None:
    assert keys_in(url) == keys
    assert (stored_address(url) == url) is (keys == [])


def test_no_feed_that_ships_has_a_key(repository: Path) -> None:
    assert [f.url for f in load_settings(repository / "config.yaml").feeds if keys_in(f.url)] == []


def test_a_keyed_feed_is_listed_and_checked_without_its_key(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:9/private/rss?apikey={KEY}"
    config = tmp_path / "config.yaml"
    config.write_text(f'watchlist: {{chips: [NVDA]}}\nfeeds: [{{name: wire, url: "{url}"}}]\n')
    for words in (("feeds", "list"), ("feeds", "list", "--json"), ("feeds", "check", "wire"), ("check",)):
        ran = run_command(*words, "--config", config, code=None)
        assert KEY not in ran.stdout + ran.stderr
    assert "[secret]" in run_command("feeds", "list", "--config", config).stdout


async def test_the_history_holds_no_key_of_a_feed_and_knows_the_feed_again(tmp_path: Path) -> None:
    with Hostile("html") as server:
        feed = FeedSpec("wire", f"{server.url}/rss?apikey={KEY}", "", timedelta(minutes=1), timedelta(minutes=5))
        async with open_session() as session:
            reader = FeedReader(session, lambda keys: {})
            first = await reader.poll(feed, FeedState("wire", feed.url, failures=3), NOW)
            again = await reader.poll(feed, first.state, NOW)
            elsewhere = FeedSpec("wire", feed.url + "x", "", timedelta(1), timedelta(2))
            other = await reader.poll(elsewhere, first.state, NOW)
            await reader.close()
    assert (first.state.failures, again.state.failures, other.state.failures) == (4, 5, 1)
    assert KEY not in repr((first, again, other))
    with closing(open_store(tmp_path / "a.db", mode="live", run_name="live", now=NOW)) as store:
        store.commit(Batch(NOW, observations=(first.report,), feeds=(first.state,)))
    assert KEY.encode() not in (tmp_path / "a.db").read_bytes()
