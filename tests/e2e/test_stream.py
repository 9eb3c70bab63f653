"""The bot as a process, listening to an emulated stream beside its polls: sooner, and otherwise the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import ADMIN, READER, Desk, opened
from tests.prepared import call
from tests.servers.yahoo_stream import envelope
from tests.waiting import allowed, wait_until

POLLS = "30s"
"""So seldom that what comes sooner has come by the stream, or because the stream asked for a poll."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A bot that polls every half minute and has the stream."""
    with opened(tmp_path / "desk") as desk:
        desk.settings |= {"stream": "true", "prices": POLLS}
        desk.write_config()
        desk.start()
        desk.subscribe(ADMIN, READER)
        desk.tell_news()
        wait_until(lambda: desk.yahoo.stream.listening, "the bot listens", lambda: desk.bots[-1].log)
        yield desk


def fall(desk: Desk, symbol: str, *changes: float) -> None:
    """Trades of one stock, each in a second of its own."""
    last = desk.now()
    for change in changes:
        wait_until(lambda: desk.now() > last, "a second has passed")  # noqa: B023
        last = desk.now()
        desk.trade(symbol, change, at=last)


def test_a_fall_on_the_stream_is_told_at_once_and_stored_like_any_other(desk: Desk) -> None:
    assert desk.yahoo.stream.listening[0].symbols >= {"NVDA", "SPY"}
    polls = desk.yahoo.count("quote")
    fall(desk, "NVDA", -0.03, -0.07, -0.075)
    assert desk.count("SELECT count(*) FROM alerts") == 0
    fall(desk, "NVDA", -0.11, -0.112, -0.113)
    wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
    assert desk.alerts(READER)[0].startswith("Nvidia falls 11.")
    wait_until(lambda: desk.yahoo.count("quote") > polls, "what moves is polled within seconds, too")
    sources = {source for (source,) in desk.rows("SELECT DISTINCT source FROM quotes WHERE symbol = 'NVDA'")}
    assert sources == {"yahoo", "yahoo stream"}
    closes = desk.rows("SELECT DISTINCT previous_close FROM quotes WHERE symbol = 'NVDA' AND source = 'yahoo stream'")
    assert closes == [(142.62,)]
    desk.api.say(READER, READER, "/status")
    wait_until(lambda: any("Price stream: 11 symbols; last trade" in t for t in desk.texts(READER)), "the status")


def test_check_says_whether_the_stream_can_be_reached(desk: Desk) -> None:
    command = ("check", "--config", desk.folder / "config.yaml")
    found = call(*command, env=desk.environment(None))
    assert "price stream connected" in " ".join(found.stdout.split()), found.stdout
    desk.yahoo.stream.refuse = 403
    found = call(*command, env=desk.environment(None))
    assert "Yahoo's stream answered 403" in found.stdout
    assert "stream: false" in found.stdout


def test_one_wild_print_on_the_stream_alerts_nobody(desk: Desk) -> None:
    fall(desk, "MU", -0.30)
    fall(desk, "MU", -0.001)
    fall(desk, "NVDA", -0.07, -0.11, -0.112, -0.113)
    wait_until(lambda: desk.alerts(READER), "the real one", lambda: desk.bots[-1].log)
    assert not any("Micron" in t for t in desk.alerts(READER))


def test_whatever_the_stream_does_the_bot_goes_on_and_stops_in_time(desk: Desk) -> None:
    stream = desk.yahoo.stream
    for message in ("x", envelope("%"), envelope("AAAA"), "[" * 5000):
        stream.send(message)
    stream.send("y" * 50_000)  # which ends the connection
    wait_until(lambda: len(stream.connections) == 2 and stream.listening, "the bot comes back")
    stream.cut()
    wait_until(lambda: len(stream.connections) == 3 and stream.listening, "the bot comes back")
    fall(desk, "NVDA", -0.07, -0.11, -0.112, -0.113)
    wait_until(lambda: desk.alerts(READER), "the alert", lambda: desk.bots[-1].log)
    assert "Traceback" not in desk.bots[-1].log
    code, took = desk.bots[-1].stop()
    assert code == 0
    assert took < allowed(2)
