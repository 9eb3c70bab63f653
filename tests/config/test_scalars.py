"""Small values: what is read, what is refused, and that nothing is guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.config.yaml.excerpt import described, find_token, shown
from bot.config.yaml.scalars import (
    parse_duration,
    parse_http_url,
    parse_name,
    parse_percent,
    parse_positive_duration,
    parse_symbol,
    parse_time_zone,
)
from bot.core.prices.windows import format_duration
from bot.core.secret import redacted


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("5d", timedelta(days=5)),
        ("1w", timedelta(weeks=1)),
        ("1.5h", timedelta(minutes=90)),
        ("30 m", timedelta(minutes=30)),
        ("0s", timedelta(0)),
        (timedelta(hours=1), timedelta(hours=1)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(written: object, meant: timedelta) -> None:
    assert parse_duration(written) == meant


@pytest.mark.parametrize(
    "written", ["", "m", "30", "30 min", "30M", "1h30m", "-5m", "5 sessions", "1e9d", "9999999d", "٣m", 30, True, None]
)
def test_anything_else_is_no_duration(written: object) -> None:
    with pytest.raises(ValueError, match="; write "):
        parse_duration(written)


def test_a_duration_that_must_be_one_is_not_zero() -> None:
    with pytest.raises(ValueError, match="not longer than zero"):
        parse_positive_duration("0m")


@given(st.integers(min_value=0, max_value=10 * 365 * 86_400), st.integers(min_value=0, max_value=999))
@example(1_000_000, 0)
def test_a_duration_is_written_so_that_it_reads_back(seconds: int, milliseconds: int) -> None:
    duration = timedelta(seconds=seconds, milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


def test_durations_are_written_in_the_largest_unit_that_fits() -> None:
    written = [format_duration(timedelta(seconds=s)) for s in (0, 1, 60, 90, 3600, 5400, 86_400, 604_800)]
    assert written == ["0s", "1s", "1m", "90s", "1h", "90m", "1d", "1w"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("10%", 0.1), ("-10%", -0.1), ("−12.5 %", -0.125), ("+.5%", 0.005), ("0%", 0.0), (0.1, 0.1), (-1.0, -1.0)],
)
def test_a_percentage_becomes_a_fraction(written: object, meant: float) -> None:
    assert parse_percent(written) == pytest.approx(meant)


@pytest.mark.parametrize("written", [10, 10.0, "10", "ten%", "%", "1e300%", "200000%", "", True, None, float("nan")])
def test_a_percentage_is_never_guessed(written: object) -> None:
    with pytest.raises(ValueError, match="; write "):
        parse_percent(written)


@given(st.integers(min_value=-100_000, max_value=100_000))
def test_a_percentage_is_written_so_that_it_reads_back(basis_points: int) -> None:
    fraction = basis_points / 10_000
    assert parse_percent(f"{fraction * 100:.12g}%") == pytest.approx(fraction)


@pytest.mark.parametrize(
    "symbol", ["NVDA", "BRK-B", "BF.B", "0700.HK", "6857.T", "^GSPC", "EURUSD=X", "ES=F", "NOVO-B.CO", "ON", "F"]
)
def test_symbols_of_every_exchange_are_read(symbol: str) -> None:
    assert parse_symbol(symbol) == symbol


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("nvda", "write NVDA"),
        ("$NVDA", "write NVDA"),
        (" NVDA ", "write NVDA"),
        ("NVDA\n", "write NVDA"),
        (700, 'put it in quotes: "700"'),
        (True, 'put it in quotes: "TRUE"'),
        ("NVDA,AMD", "like NVDA or 0700.HK"),
        ("Nvidia Corp", "like NVDA or 0700.HK"),
        ("", "like NVDA or 0700.HK"),
        (None, "like NVDA or 0700.HK"),
    ],
)
def test_what_is_no_symbol_says_what_to_write(written: object, advice: str) -> None:
    with pytest.raises(ValueError, match="symbol") as caught:
        parse_symbol(written)
    assert advice in str(caught.value)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_time_zones_go_by_name(zone: str) -> None:
    assert parse_time_zone(zone) == zone


@pytest.mark.parametrize("zone", ["EST5", "New York", "../../etc/passwd", "/etc/localtime", "", "a\x00b", 5, None])
def test_what_is_no_time_zone_is_refused(zone: object) -> None:
    with pytest.raises(ValueError, match="America/New_York"):
        parse_time_zone(zone)


@pytest.mark.parametrize(
    "url",
    ["https://a.example/feed", "HTTP://a.example:8080/x?y=1#z", "http://127.0.0.1:8000", "https://münchen.example/"],
)
def test_web_addresses_are_read(url: str) -> None:
    assert parse_http_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "a.example/feed",
        "ftp://a.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://a.example/with space",
        "https://a.example/\n",
        "https://[::1",
        "https://a.example:99999/",
        "https://a.example:0/",
        "",
        7,
        None,
    ],
)
def test_what_is_no_web_address_is_refused(url: object) -> None:
    with pytest.raises(ValueError, match="is not a web address; "):
        parse_http_url(url)


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValueError, match="name or password") as caught:
        parse_http_url("https://me:hunter2@a.example/feed")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["a", "ai-chips", "x.y_z", "9to5", "a" * 64])
def test_names_are_short_and_plain(name: str) -> None:
    assert parse_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "A", "a b", "ü", "a" * 65, "a\n", 5, None])
def test_what_is_no_name_says_what_to_write(name: object) -> None:
    with pytest.raises(ValueError, match="; write "):
        parse_name(name)


TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


@given(st.text(max_size=80), st.text(max_size=20))
@example("x" * 55, "")
def test_no_excerpt_shows_a_token_or_a_second_line(before: str, after: str) -> None:
    text = shown(f"{before} {TOKEN} {after}")
    assert "AAEhBOweik6ad9r" not in text
    assert len(text) <= 60
    assert len(text.splitlines()) <= 1


def test_a_token_is_found_in_an_address_too() -> None:
    assert find_token(f"https://api.telegram.org/bot{TOKEN}/getMe") == 28
    assert "AAEh" not in redacted(f"https://api.telegram.org/bot{TOKEN}/getMe")


def test_times_and_addresses_are_no_tokens() -> None:
    assert find_token("2025-01-27T14:30:00Z http://localhost:8081/bot 12:30 urn:isbn:0451450523") is None


def test_values_are_described_in_plain_words() -> None:
    values = [None, True, 5, 1.5, "a\nb", [1], {"a": 1}]
    assert [described(v) for v in values] == [
        "nothing", "true", "number 5", "number 1.5", "text 'a b'", "a list", "a mapping",
    ]  # fmt: skip
