"""The bot as a process, whose feeds name nothing that falls: it asks, and completes what it told."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from tests.e2e.desk import ADMIN, CLOSES, READER, REPOSITORY, Desk, opened
from tests.prepared import call
from tests.servers.feed_server import Document
from tests.waiting import allowed, wait_until

WITHIN = 60.0
"""Seconds from a fall to the message that has its headline."""
A_MINUTE = 20
RULE = """\
rules:
  - name: fall
    description: A stock falls more than 5%.
    symbols: [group:watchlist]
    when:
      price: {change: "< -5%", since: previous close}
    severity: high
    cooldown: 1 session
"""
ASKED = """\
on_demand:
  host_a_minute: {a_minute}
  sources:
    - {{name: headlines, url: "{headlines}?s={{symbols}}&region=US&lang=en-US", together: 5}}
    - {{name: search, url: "{search}?q={{words}}+when:1d"}}
"""
TOPICS = load_topics(REPOSITORY / "rules" / "topics")
COMPANIES = load_companies(REPOSITORY / "rules" / "companies.yaml", exposures=TOPICS.exposure_names, lists=TOPICS.words)
OTHERS = [
    *("AMD", "MRVL", "ARM", "INTC", "QCOM", "MPWR", "SITM", "SNPS", "CDNS", "SNDK", "WDC", "STX", "RMBS", "TSM", "GFS"),
    *("ASX", "AMKR", "ASML", "AMAT", "LRCX", "KLAC", "TER", "ONTO", "CSCO", "CRDO", "ALAB", "CIEN", "APH", "MTSI"),
    *("COHR", "LITE", "FN", "AAOI", "SMCI", "DELL", "HPE", "CLS", "FLEX", "TLN", "NRG", "GEV", "OKLO", "SMR", "CCJ"),
    *("ETN", "PWR", "POWL", "NVT", "MOD", "JCI", "EQIX", "DLR"),
]


def headlines(desk: Desk, *titles: tuple[str, str], host: str = "127.0.0.1") -> Document:
    """A feed as a news search gives it: its links lead to itself, and each title has its publisher beside it."""
    at = desk.now() - timedelta(minutes=5)
    entries = "".join(
        f"<item><title>{title} - {publisher}</title><link>http://{host}/read/{abs(hash((title, publisher)))}</link>"
        f"<guid isPermaLink='false'>{publisher}:{title}</guid><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<source url='https://www.{publisher}'>{publisher}</source></item>"
        for title, publisher in titles
    )
    return Document(f"<rss version='2.0'><channel><title>News</title>{entries}</channel></rss>".encode())


def answer(desk: Desk) -> None:
    """Let the site answer: by symbol with what Yahoo carries of each company, and searches by what they search for."""

    def by_symbol(query: Mapping[str, str]) -> Document:
        names = [COMPANIES.name_of(symbol) for symbol in query["s"].split(",")]
        return headlines(desk, *((f"{name} shares sink after DeepSeek R1 release", "cnbc.com") for name in names))

    def by_words(query: Mapping[str, str]) -> Document:
        name = query["q"].split('"')[1] if '"' in query["q"] else ""
        told = [(f"Why {name} stock is falling today: DeepSeek's cheaper AI model", "fool.com")] if name else []
        return headlines(desk, *told, host="localhost")

    desk.feeds.searches |= {"headlines": by_symbol, "search": by_words}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk whose feeds are dull, with a site that can be asked."""
    with opened(tmp_path / "desk") as desk:
        (desk.folder / "rules" / "plain.yaml").write_text(RULE)
        answer(desk)
        yield desk


def begin(desk: Desk, watchlist: str = "", *, search_at: str = "search", asking: str = ASKED) -> None:
    search = desk.feeds.url(search_at).replace("127.0.0.1", "localhost")  # another host
    urls = {"headlines": desk.feeds.url("headlines"), "search": search}
    desk.write_config(more=watchlist + asking.format(a_minute=A_MINUTE, **urls))
    desk.start()
    desk.subscribe(ADMIN, READER)
    desk.after_polls(2)


def asked(desk: Desk) -> list[float]:
    """When the site was asked on demand."""
    return sorted(seen.at for path in ("headlines", "search") for seen in desk.feeds.asked(path))


def assert_within_budget(desk: Desk) -> None:
    """Of each host, and so of both together."""
    for path in ("headlines", "search"):
        times = [seen.at for seen in desk.feeds.asked(path)]
        assert all(sum(start <= at < start + 59 for at in times) <= A_MINUTE for start in times), times


def test_a_fall_that_no_feed_names_brings_its_headline_and_a_completed_alert(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(desk)
    time.sleep(3)
    assert asked(desk) == [], "nothing moves"
    there = desk.fall({"MU": -0.06})
    wait_until(
        lambda: any("DeepSeek" in text for text in desk.alerts(READER)), "a completed alert", lambda: desk.bots[-1].log
    )
    took = time.monotonic() - there
    with capsys.disabled():
        print(f"\nfall to its headline in the message: {took:.1f} s, {len(asked(desk))} requests")
    assert took < allowed(WITHIN)
    assert {seen.query["s"] for seen in desk.feeds.asked("headlines")} == {"MU"}
    assert '"Micron" shares when:1d' in {seen.query["q"] for seen in desk.feeds.asked("search")}
    found = desk.rows("SELECT DISTINCT source, publisher, seeded FROM stories WHERE title LIKE '%DeepSeek%'")
    assert set(found) >= {("headlines", "cnbc.com", 1), ("search", "fool.com", 1)}
    assert_within_budget(desk)
    desk.api.say(READER, READER, "/status")
    wait_until(lambda: any("Headlines on demand: " in t and " moving; " in t for t in desk.texts(READER)), "the status")
    listed = call("feeds", "list", "--config", desk.folder / "config.yaml", env=desk.environment(None)).stdout
    assert listed.count("on demand") == 2
    found_by_check = call("check", "--config", desk.folder / "config.yaml", env=desk.environment(None)).stdout
    assert "on demand search" in found_by_check, found_by_check
    named = call("feeds", "check", "search", "--config", desk.folder / "config.yaml", env=desk.environment(None))
    assert named.returncode == 2
    assert "search is asked on demand about something; python main.py check asks it" in named.stderr
    assert "Traceback" not in desk.bots[-1].log


@pytest.mark.parametrize("search_at", ["search", "fault/slow-headers"])
def test_sixty_falls_at_once_have_their_headlines_within_a_minute_and_the_budget(
    desk: Desk, capsys: pytest.CaptureFixture[str], search_at: str
) -> None:
    """Also beside a source that takes each request and never answers."""
    moves = {symbol: -0.06 - number / 1000 for number, symbol in enumerate([*OTHERS, *list(CLOSES)[:8]])}
    assert len(moves) == 60
    days = [desk.began.date() - timedelta(days=back) for back in range(200, 0, -1)]
    for symbol in OTHERS:
        CLOSES_OF[symbol] = 100.0
        desk.yahoo.set_history(symbol, [(day, 100.0) for day in days if day.weekday() < 5])
        desk.trade(symbol, 0.0, at=desk.began - timedelta(seconds=5), previous=100.0)
    begin(desk, f"  others: [{', '.join(OTHERS)}]\n", search_at=search_at)
    there = fall(desk, moves)
    named = "SELECT count(*) FROM stories WHERE source IN ('headlines', 'search') AND title LIKE ? || ' shares sink%'"
    names = [COMPANIES.name_of(symbol) for symbol in moves]
    wait_until(lambda: all(desk.count(named, name) for name in names), "sixty headlines", lambda: desk.bots[-1].log)
    wait_until(lambda: desk.count("SELECT count(DISTINCT symbol) FROM alerts") == 60, "sixty alerts")
    wait_until(lambda: any("DeepSeek R1" in t for t in desk.alerts(READER)), "a completed alert")
    took = time.monotonic() - there
    with capsys.disabled():
        print(f"\n60 falls to 60 headlines: {took:.1f} s, {len(asked(desk))} requests")
    assert took < allowed(WITHIN)
    assert_within_budget(desk)
    if search_at != "search":
        wait_until(lambda: desk.feeds.asked(search_at), "the other is asked")
        assert len(desk.feeds.asked(search_at)) <= 3, "what hangs is not asked about each of them"
    first = desk.feeds.asked("headlines")[0].query["s"].split(",")
    assert len(first) == 5
    assert {symbol for seen in desk.feeds.asked("headlines") for symbol in seen.query["s"].split(",")} == set(moves)
    assert "Traceback" not in desk.bots[-1].log


def test_a_release_that_is_told_is_asked_about_and_what_is_said_of_it_names_who_is_hit(desk: Desk) -> None:
    said = ("Nvidia and Micron may lose orders to DeepSeek V9, analysts say", "cnbc.com")

    def about(query: Mapping[str, str]) -> Document:
        return headlines(desk, *([said] if "DeepSeek V9" in query["q"] else []), host="localhost")

    desk.feeds.searches["search"] = about
    begin(desk)
    assert asked(desk) == []
    desk.publish("wire", ["DeepSeek V9 is out, an open AI model that needs a tenth of the chips"], ago=timedelta())
    found = (
        "SELECT count(*) FROM stories WHERE source = 'search' AND publisher = 'cnbc.com' AND mentions LIKE '%Nvidia%'"
    )
    wait_until(lambda: desk.count(found) == 1, "what is said of it", lambda: desk.bots[-1].log)
    assert {seen.query["q"] for seen in desk.feeds.asked("search")} == {'"DeepSeek V9" when:1d'}
    assert desk.feeds.asked("headlines") == [], "there is no symbol to ask by"
    assert_within_budget(desk)


def test_the_price_source_is_asked_for_its_headlines_one_company_at_a_time_within_the_budget(desk: Desk) -> None:
    at = f"{desk.now() - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"
    for symbol, name in (("MU", "Micron"), ("NVDA", "Nvidia")):
        content = {
            "title": f"{name} shares sink after DeepSeek R1 release",
            "pubDate": at,
            "provider": {"displayName": "Barrons.com", "url": "https://www.barrons.com/"},
            "canonicalUrl": {"url": f"https://finance.yahoo.com/news/{symbol}.html"},
        }
        desk.yahoo.articles[symbol] = [{"id": symbol, "content": content}]
    people = "https://finance.yahoo.com/quote/{{symbols}}/news"
    begin(desk, asking=ASKED + f'    - {{{{name: yahoo-news, through: prices, url: "{people}"}}}}\n')
    desk.after_polls(2)
    assert desk.yahoo.count("news") == 0, "nothing moves, and it does not go round"
    desk.fall({"MU": -0.06, "NVDA": -0.07})
    told = "SELECT count(*) FROM stories WHERE source = 'yahoo-news' AND publisher = 'barrons.com' AND seeded = 1"
    wait_until(lambda: desk.count(told) == 2, "both headlines", lambda: desk.bots[-1].log)
    wait_until(lambda: any("DeepSeek" in text for text in desk.alerts(READER)), "a completed alert")
    assert desk.yahoo.count("news") <= A_MINUTE
    assert "Traceback" not in desk.bots[-1].log


def test_one_line_switches_it_off(desk: Desk) -> None:
    begin(desk, asking=ASKED.replace("on_demand:\n", "on_demand:\n  enabled: false\n"))
    desk.fall({"MU": -0.06})
    wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
    desk.after_polls(5)
    assert asked(desk) == []


CLOSES_OF = dict(CLOSES)


def fall(desk: Desk, moves: Mapping[str, float]) -> float:
    """These fall at once, and a later trade confirms it; returns the moment."""
    for symbol, change in moves.items():
        desk.trade(symbol, change + 0.002, previous=CLOSES_OF[symbol])
    first, polls = desk.now(), desk.yahoo.count("quote")
    wait_until(lambda: desk.yahoo.count("quote") >= polls + 2 and desk.now() > first, "the bot asks for prices")
    at = desk.now()
    for symbol, change in moves.items():
        desk.trade(symbol, change, at=at, previous=CLOSES_OF[symbol])
    return time.monotonic()


def test_a_site_that_forbids_it_is_told_once_and_alerts_go_out_as_ever(desk: Desk) -> None:
    desk.feeds.searches.clear()
    desk.feeds.publish("headlines", Document(b"no", status=403, validators=False))
    desk.feeds.publish("search", Document(b"<html><body>Please log in</body></html>", "text/html", validators=False))
    begin(desk)
    desk.fall({"MU": -0.06})
    wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
    wait_until(lambda: desk.feeds.asked("headlines") and desk.feeds.asked("search"), "both are asked")
    time.sleep(5)
    assert len(asked(desk)) == 2, "what fails is left alone for a while"
    assert not any("403" in text for text in desk.texts(READER))
    code, took = desk.bots[-1].stop()
    assert code == 0
    assert took < allowed(2)
    assert "Traceback" not in desk.bots[-1].log
