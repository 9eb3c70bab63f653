"""What ``check`` finds is told by cause: one fact is one line, however many parts it concerns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.app.setup.findings import FEED, NEWS_SOURCE, Finding, grouped
from bot.core.errors import Obstacle
from tests.command import REPOSITORY, run_command


def feed(name: str, words: str, obstacle: Obstacle | None = None) -> Finding:
    return Finding(f"feed {name}", False, words, f"check {name}", kind=FEED, obstacle=obstacle)


SUM = Finding("feeds", False, "1 of 4 work", sums_up=True)
NO_BOT = Finding("telegram", True, "not connected", sums_up=True)
GOOD = Finding("prices", True, "all have prices")


def test_where_nothing_answers_it_is_one_fact() -> None:
    lost = [feed(str(n), f"unknown host {n}", Obstacle.NAME) for n in range(54)]
    more = Finding("news source hub", False, "unknown host hub", kind=NEWS_SOURCE, obstacle=Obstacle.NAME)
    prices = Finding("prices", False, "Yahoo is out of reach", obstacle=Obstacle.TIME)
    network, telegram = grouped([*lost, SUM, more, prices, NO_BOT])
    assert (network.part, network.ok) == ("network", False)
    assert network.words == "nothing answers: no host's name can be looked up, and other causes"
    assert network.advice.startswith("connect this machine")
    assert network.of == "54 feeds, 1 news source and prices"
    assert telegram.ok


def test_where_something_answers_each_cause_is_told_once_and_what_failed_first() -> None:
    refused = [feed(name, "HTTP 403: the site refuses") for name in "ab"]
    lost = [feed(name, f"unknown host {name}", Obstacle.NAME) for name in "cde"]
    single = feed("f", "HTTP 404: gone")
    found = list(grouped([GOOD, *refused, single, *lost, SUM]))
    assert [(each.part, each.words, each.of) for each in found] == [
        ("2 feeds", "HTTP 403: the site refuses", "a and b"),
        ("feed f", "HTTP 404: gone", ""),
        ("3 feeds", "no host's name can be looked up", "c, d and e"),
        ("feeds", "1 of 4 work", ""),
        ("prices", "all have prices", ""),
    ]
    assert found[0].advice == "check a (the first of them)"
    assert found[1].advice == "check f"


def test_a_proxy_that_is_not_there_is_one_cause_whoever_says_so() -> None:
    by_feed = feed("a", "the proxy gives no connection", Obstacle.PROXY)
    [found] = grouped([by_feed, Finding("telegram", False, "refused", obstacle=Obstacle.CONNECTION)])
    assert found.words == "nothing answers: the proxy gives no connection"
    assert "HTTPS_PROXY" in found.advice


def test_one_part_alone_says_nothing_of_the_network() -> None:
    [found] = grouped([feed("a", "unknown host a", Obstacle.NAME)])
    assert found.part == "feed a"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration on a machine whose proxy is not there."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "123456:AAEhBOweik6ad6PsVMRxjeQKXkY8hN9qqqq")
    feeds = "".join(f"  - {{name: wire-{n}, url: 'https://wire{n}.invalid/x'}}\n" for n in range(20))
    (tmp_path / "rules").symlink_to(REPOSITORY / "rules")
    (tmp_path / "config.yaml").write_text(f"watchlist: {{a: [NVDA]}}\nbenchmarks: [SPY]\nfeeds:\n{feeds}")
    return tmp_path / "config.yaml"


def test_check_without_a_network_is_a_page_in_words(nowhere: Path) -> None:
    said = run_command("check", "--config", nowhere, code=1).stdout
    lines = said.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("FAIL"))
    assert len(lines) - at <= 4, said
    assert lines[at].startswith("FAIL network        nothing answers: the proxy gives no connection")
    assert lines[at + 1].startswith("     → correct the proxy in HTTPS_PROXY")
    [concerned] = [line for line in lines if line.startswith("     20 feeds, ")]
    assert "prices" in concerned
    assert "telegram" in concerned
    for foreign in ("curl", "Errno", "httpx"):
        assert foreign not in said
    found = [
        json.loads(line) for line in run_command("check", "--json", "--config", nowhere, code=1).stdout.splitlines()
    ]
    assert sum(each["part"].startswith("feed wire-") for each in found) == 20, "programs get each part"
    assert not any("curl" in each["words"] for each in found)
