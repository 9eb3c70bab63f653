"""``backtest`` as it is called: files in, lines out."""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app.lab.backtesting import Request, plan_backtest, start_backtest
from bot.app.stores import open_store
from bot.core.model import BURST
from bot.delivery.bursts import MOST
from tests.backtest.recordings import FALLING, STEADY, Recording, fall, flat
from tests.command import REPOSITORY, run_command
from tests.processes import Processes
from tests.waiting import PATIENCE, wait_until

NOW = datetime(2025, 1, 1, tzinfo=UTC)
Lines = list[dict[str, Any]]
FLAT = flat((*FALLING, *STEADY, "SPY"), "2024-09-03", "2024-11-15")
STORY = {
    "published": "2024-11-18T13:00:00Z",
    "title": "OpenAI launches GPT-9, a tutor that does homework: Chegg shares fall",
    "source": "example",
    "link": "https://example.com/1",
}


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """An empty folder for files."""
    return Recording(tmp_path)


def call(*arguments: str | Path, code: int = 0) -> tuple[Lines, str]:
    """The lines of a backtest, and what it said on stderr."""
    done = run_command("backtest", "--json", *arguments, code=code)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def fired(lines: Lines, rule: str = "fall") -> list[tuple[str, str, str]]:
    """Symbol, session and moment of each alert of a rule."""
    return [
        (a["symbol"], a["session"], a["at"])
        for a in lines
        if a["type"] == "alert" and a["event"] == "fired" and a["rule"] == rule
    ]


def test_a_fall_fires_at_the_close_that_shows_it_and_the_last_line_is_a_summary(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18")])
    lines, said = call("--prices", prices, "--rules", recording.rules(), "--from", "2024-11-18")
    assert fired(lines) == [("CHGG", "2024-11-18", "2024-11-18T21:00:00Z")]
    summary = lines[-1]
    assert summary["type"] == "summary"
    assert (summary["from"], summary["to"], summary["sessions"]) == ("2024-11-18", "2024-11-18", 1)
    assert summary["alerts_by_rule"] == {"fall": 1, "told": 0}
    assert summary["seconds"]["total"] > 0
    assert summary["bad_rows"] == summary["conflicts"] == 0
    assert "1 fall" in said


def test_notifications_are_told_as_in_a_replay_and_stored_as_held_back(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18")])
    database = recording.folder / "history.db"
    lines, _ = call("--prices", prices, "--rules", recording.rules(), "--database", database)
    told = [n for n in lines if n["type"] == "notification"]
    assert [(n["recipient"], n["reason"]) for n in told] == [("backtest", "first")]
    assert "Chegg" in told[0]["text"]
    with closing(sqlite3.connect(database)) as history, history:
        stored = history.execute("SELECT state, suppressed_by FROM notifications").fetchall()
        mode = history.execute("SELECT mode FROM runs").fetchall()
        kept = history.execute("SELECT DISTINCT symbol FROM quotes ORDER BY symbol").fetchall()
    history.close()
    assert set(stored) == {("suppressed", "backtest")}
    assert mode == [("backtest",)]
    assert kept == [("CHGG",), ("SPY",)], "prices of symbols without an alert are not written"


def test_an_alert_on_what_looks_like_a_split_is_marked(recording: Recording) -> None:
    prices = recording.prices([*FLAT, "CHGG,2024-11-18,10.0,10.1,9.9,10.0,5000", fall("KO", "2024-11-18")])
    database = recording.folder / "history.db"
    lines, _ = call("--prices", prices, "--rules", recording.rules(), "--database", database)
    marked = {a["symbol"]: a["looks_like"] for a in lines if a["type"] == "alert" and a["event"] == "fired"}
    assert marked == {"CHGG": "a 10-for-1 split", "KO": ""}
    (message,) = [n["text"] for n in lines if n["type"] == "notification" and "Chegg" in n["text"].splitlines()[0]]
    assert "(looks like a 10-for-1 split)" in message
    (alert,) = [a["id"] for a in lines if a["type"] == "alert" and a["symbol"] == "CHGG" and a["event"] == "fired"]
    shown = run_command("history", "show", alert, "--database", database).stdout
    assert "Looks like a 10-for-1 split; nothing confirmed it" in shown


def test_a_burst_is_gathered_as_it_is_live(recording: Recording) -> None:
    symbols = ("KO", "PEP", "WMT", "XOM", "JNJ", "PG", "CHGG", "BA", "CAT", "MCD", "T", "DAL", "NEM", "UNP")
    rows = flat((*symbols, "SPY"), "2024-09-03", "2024-11-15")
    prices = recording.prices([*rows, *(fall(s, "2024-11-18") for s in symbols)])
    database = recording.folder / "history.db"
    lines, _ = call("--prices", prices, "--rules", recording.rules(), "--database", database)
    with closing(sqlite3.connect(database)) as history, history:
        stored = history.execute(
            "SELECT reason, suppressed_by, count(*) FROM notifications WHERE edits IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    history.close()
    gathered = len(symbols) - MOST
    assert stored == [("digest", "backtest", 1), ("first", "backtest", MOST), ("first", f"{BURST}", gathered)]
    assert lines[-1]["notifications"] == MOST + 1, "what a chat would have been sent"


def test_a_low_beyond_the_threshold_fires_though_the_close_recovers(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18", close=97.0, low=85.0)])
    lines, _ = call("--prices", prices, "--rules", recording.rules())
    assert [symbol for symbol, _, _ in fired(lines)] == ["CHGG"]
    assert lines[0]["price"] == 85.0


def test_a_row_with_a_close_only_is_a_price(recording: Recording) -> None:
    prices = recording.prices([*FLAT, "CHGG,2024-11-18,,,,80.0,"])
    lines, _ = call("--prices", prices, "--rules", recording.rules())
    assert fired(lines) == [("CHGG", "2024-11-18", "2024-11-18T21:00:00Z")]
    assert lines[-1]["bad_rows"] == 0


def test_from_and_to_are_inclusive_and_bound_the_alerts(recording: Recording) -> None:
    falls = [
        fall("CHGG", "2024-11-18"),
        fall("COUR", "2024-11-19"),
        fall("DUOL", "2024-11-20"),
        fall("KO", "2024-11-21"),
    ]
    prices = recording.prices([*flat((*FALLING, *STEADY, "SPY"), "2024-09-03", "2024-11-20"), *falls])
    bounds = ("--from", "2024-11-19", "--to", "2024-11-20")
    lines, _ = call("--prices", prices, "--rules", recording.rules(), *bounds)
    assert [(s, day) for s, day, _ in fired(lines)] == [("COUR", "2024-11-19"), ("DUOL", "2024-11-20")]


def test_a_story_after_the_last_session_still_completes_an_alert_of_it(recording: Recording) -> None:
    rows = [*FLAT, fall("CHGG", "2024-11-18"), *flat(("COUR",), "2024-11-18", "2024-11-18"), fall("COUR", "2024-11-19")]
    prices = recording.prices([*rows, *flat(("CHGG",), "2024-11-19", "2024-11-20", 80.0)])
    news = recording.news([STORY | {"published": "2024-11-18T23:00:00Z"}])
    lines, _ = call("--prices", prices, "--news", news, "--rules", recording.rules(), "--to", "2024-11-18")
    assert fired(lines, "told") == [("CHGG", "2024-11-18", "2024-11-18T23:10:00Z")]


def test_alerts_up_to_a_moment_do_not_change_when_later_rows_are_added(recording: Recording) -> None:
    rows = [*FLAT, fall("CHGG", "2024-11-18"), *flat(STEADY, "2024-11-18", "2024-11-19")]
    later = [
        *rows,
        fall("CHGG", "2024-11-20", 40.0),
        fall("KO", "2024-11-20"),
        *flat(STEADY[1:], "2024-11-20", "2024-11-21"),
    ]
    stories = [STORY]
    more = [*stories, STORY | {"published": "2024-11-19T22:00:00Z", "title": "GPT-9 hits Coca-Cola", "link": "x:"}]
    rules = recording.rules()
    short, _ = call("--prices", recording.prices(rows), "--news", recording.news(stories), "--rules", rules)
    long, _ = call(
        "--prices", recording.prices(later, "later.csv"), "--news", recording.news(more, "later.jsonl"),
        "--rules", rules,
    )  # fmt: skip
    end = "2024-11-19T21:00:00Z"
    before = [line for line in short if line["type"] == "alert" and line["at"] <= end]
    after = [line for line in long if line["type"] == "alert" and line["at"] <= end]
    assert before, "there is something to compare"
    assert after == before
    assert len(fired(long)) > len(fired(short))


def test_the_time_a_story_was_seen_counts_and_where_it_is_missing_the_lag(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18")])
    rules = recording.rules()
    for entry, lag, moment in (
        (STORY | {"published": "2024-11-18T22:00:00Z"}, "25m", "2024-11-18T22:25:00Z"),
        (STORY | {"published": "2024-11-18T13:00:00Z", "seen": "2024-11-18T22:00:00Z"}, "25m", "2024-11-18T22:00:00Z"),
        (STORY | {"published": "2024-11-18T00:00:00Z", "date_only": True}, "25m", "2024-11-19T00:00:00Z"),
        (STORY | {"published": "2024-11-18"}, "0s", "2024-11-19T00:00:00Z"),
    ):
        news = recording.news([entry])
        lines, _ = call("--prices", prices, "--news", news, "--rules", rules, "--lag", lag)
        assert fired(lines, "told") == [("CHGG", "2024-11-18", moment)]


def test_gzipped_files_say_the_same(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18")])
    news = recording.news([STORY])
    packed = []
    for path in (prices, news):
        packed.append(path.with_name(path.name + ".gz"))
        packed[-1].write_bytes(gzip.compress(path.read_bytes()))
    rules = recording.rules()
    plain, _ = call("--prices", prices, "--news", news, "--rules", rules)
    small, _ = call("--prices", packed[0], "--news", packed[1], "--rules", rules)
    assert fired(plain, "told")
    assert small[:-1] == plain[:-1]


def test_several_price_files_are_one_recording_and_the_last_row_for_a_session_wins(recording: Recording) -> None:
    first = recording.prices([*FLAT, fall("CHGG", "2024-11-18"), fall("COUR", "2024-11-18", 99.0)], "a.csv")
    second = recording.prices([fall("COUR", "2024-11-18", 80.0), fall("CHGG", "2024-11-18")], "b.csv")
    lines, said = call("--prices", first, "--prices", second, "--rules", recording.rules())
    assert sorted(s for s, _, _ in fired(lines)) == ["CHGG", "COUR"]
    assert lines[-1]["conflicts"] == 1, "the row that repeats the same figures is no conflict"
    assert "duplicate rows" in said


def test_bad_rows_are_named_by_file_and_line_and_passed_over(recording: Recording) -> None:
    bad = [
        "CHGG,2024-11-18,1,1,1,cheap,1",  # no number
        "CHGG,2024-13-01,1,1,1,1,1",  # no date
        ",2024-11-18,1,1,1,1,1",  # no symbol
        "CHGG,2024-11-18,1,1,1,,1",  # no close
        "CHGG,2024-11-18,1,1,1,-3,1",  # below zero
        "CHGG,2024-11-18,1,1,1,nan,1",
        "CHGG,2024-11-18,1,1,2,1,1",  # low above high
        "CHGG,2024-11-17,1,1,1,1,1",  # a Sunday
        "CHGG,2024-11-18,1,1,1,1,1,000",  # one too many
    ]
    prices = recording.prices([*bad, *FLAT, fall("CHGG", "2024-11-18")])
    news = recording.folder / "news.jsonl"
    news.write_text('{"title": "no time"}\nnot json\n' + json.dumps(STORY) + "\n[]\n", encoding="utf-8")
    lines, said = call("--prices", prices, "--news", news, "--rules", recording.rules())
    assert fired(lines, "told"), "what is sound is played"
    summary = lines[-1]
    assert summary["bad_rows"] == len(bad) + 3
    for number in range(2, 2 + len(bad)):
        assert any(f"{prices}:{number}:" in word for word in summary["bad"]), number
        assert f"{prices}:{number}:" in said
    for number in (1, 2, 4):
        assert f"{news}:{number}:" in said


def test_strict_stops_at_bad_rows_and_names_them_all(recording: Recording) -> None:
    prices = recording.prices(["CHGG,2024-11-18,1,1,1,x,1", *FLAT, "KO,2024-11-18,1,1,1,,1"])
    lines, said = call("--prices", prices, "--rules", recording.rules(), "--strict", code=2)
    assert lines == []
    assert f"{prices}:2:" in said
    assert f"{prices}:{2 + 1 + len(FLAT)}:" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--prices", "missing.csv"), "there is no file missing.csv"),
        (("--prices", "{prices}", "--news", "missing.jsonl"), "there is no file missing.jsonl"),
        (("--prices", "{prices}", "--news", "{folder}/words.txt"), "is not a file of news"),
        (("--prices", "{prices}", "--news", "{prices}"), "is not a file of news"),
        (("--prices", "{prices}", "--from", "soon"), "--from 'soon' is not a date"),
        (("--prices", "{prices}", "--from", "2024-11-18", "--to", "2024-11-01"), "is before --from"),
        (("--prices", "{prices}", "--from", "2031-01-01"), "no prices for sessions"),
        (("--prices", "{prices}", "--lag", "soon"), "--lag"),
        (("--prices", "{prices}", "--rules", "missing.yaml"), "missing.yaml does not exist"),
        (("--prices", "{folder}/words.txt"), "missing column symbol"),
        (("--prices", "{folder}/empty.csv"), "is empty"),
        (("--prices", "{folder}/strange.csv"), "to companies.yaml"),
        (("--prices", "{folder}/torn.csv.gz"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_a_wrong_call_in_one_line(
    recording: Recording, arguments: tuple[str, ...], words: str
) -> None:
    prices = recording.prices(FLAT)
    (recording.folder / "words.txt").write_text("nothing of the kind\n1\n", encoding="utf-8")
    (recording.folder / "empty.csv").write_text("", encoding="utf-8")
    recording.prices(["NOSUCH,2024-11-18,1,1,1,1,1"], "strange.csv")
    (recording.folder / "torn.csv.gz").write_bytes(gzip.compress(prices.read_bytes())[:200])
    filled = [a.format(prices=prices, folder=recording.folder) for a in arguments]
    lines, said = call(*filled, code=2)
    assert lines == []
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--news", "symbol,date,close\n", "is not a file of news"),
        ("--news", "", "there is no file"),
        ("--prices", "a,b\n1,2\n", "missing column symbol"),
        ("--earnings", "a,b\n1,2\n", "missing column symbol"),
        ("--rules", "rules:\n  - nam: x\n", "nam"),
    ],
)
def test_a_wrong_file_is_noticed_before_the_others_are_read(
    recording: Recording, option: str, text: str, words: str
) -> None:
    wrong = recording.folder / "wrong.yaml"
    if text:
        wrong.write_text(text, encoding="utf-8")
    prices = recording.prices(["CHGG,never,1,1,1,1,1"] * 3)
    read = run_command("backtest", "--prices", prices, "--strict", code=2)
    assert "reading" in read.stderr
    said = run_command("backtest", "--prices", prices, option, wrong, code=2).stderr
    assert words in said
    assert "reading" not in said


async def test_ctrl_c_ends_it_at_the_next_step(recording: Recording) -> None:
    prices = recording.prices(FLAT)
    plan = plan_backtest(Request(REPOSITORY / "config.yaml", (prices,), rules=recording.rules()))
    with closing(open_store(recording.folder / "x.db", mode="backtest", run_name="x", now=NOW)) as store:
        playing = start_backtest(plan, store)
        seen = 0

        async def play() -> None:
            nonlocal seen
            async for _ in playing.results():
                seen += 1
                if seen == 3:
                    asyncio.get_running_loop().call_soon(task.cancel)  # as asyncio does upon SIGINT

        task = asyncio.create_task(play())
        with pytest.raises(asyncio.CancelledError):
            await task
    assert 3 <= seen <= 5
    assert seen < len(plan.sessions.days)


def test_ctrl_c_is_said_with_where_it_stopped(recording: Recording) -> None:
    prices = recording.prices(flat((*FALLING, "SPY"), "2022-01-03", "2024-11-15"))
    database = recording.folder / "history.db"
    words = ["backtest", "--prices", prices, "--rules", recording.rules(), "--database", database]
    with Processes() as processes:
        command = [sys.executable, "main.py", *map(str, words)]
        done = processes.start(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(database.exists, "it plays")
        done.send_signal(signal.SIGINT)
        out, said = done.communicate(timeout=PATIENCE)
    assert done.returncode == 130, said
    assert out == ""
    assert said.splitlines()[-1].startswith("stopped at "), said
    assert f"what was played is in {database}" in said
    assert "Traceback" not in said
    with closing(sqlite3.connect(database)) as history:
        assert history.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_watchlist_config_narrows_what_is_watched(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18"), fall("PEP", "2024-11-18")])
    rules = recording.rules()
    wide, _ = call("--prices", prices, "--rules", rules)
    narrow, _ = call("--prices", prices, "--rules", rules, "--watchlist", "config")
    assert {s for s, _, _ in fired(wide)} == {"CHGG", "PEP"}
    assert {s for s, _, _ in fired(narrow)} == {"CHGG"}
    assert narrow[-1]["symbols_passed_over"] >= 1


def test_a_database_of_another_backtest_is_refused_and_the_same_may_be_played_again(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18")])
    database = recording.folder / "history.db"
    arguments = ("--prices", prices, "--rules", recording.rules(), "--database", database)
    first, _ = call(*arguments)
    again, _ = call(*arguments)
    assert again[:-1] == first[:-1]
    other, said = call(*arguments, "--from", "2024-11-18", code=1)
    assert other == []
    assert "holds the backtest of" in said


def test_without_json_people_read_the_incidents_and_the_outcome(recording: Recording) -> None:
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18")])
    database = recording.folder / "history.db"
    done = run_command("backtest", "--prices", prices, "--rules", recording.rules(), "--database", database)
    assert "1 fall" in done.stderr
    heading, row = done.stdout.splitlines()
    assert heading.split("  ")[0] == "began (UTC)"
    assert row.startswith("2024-11-18 ")
    assert "20241118-1" in row
    assert "Chegg falls" in row
    explained = run_command("rules", "explain", "CHGG", "--at", "2024-11-18T21:30Z", "--database", database).stdout
    assert "note: a backtest keeps the prices only of" in explained
    tried = run_command("rules", "try", "--from", "2024-11-18", "--to", "2024-11-18", "--database", database)
    assert "note: a backtest keeps the prices only of" in tried.stderr


def test_the_shipped_rules_can_be_played_over_two_symbols(recording: Recording) -> None:
    rows = [*flat(("CHGG", "SPY"), "2024-09-03", "2024-11-15"), fall("CHGG", "2024-11-18")]
    lines, _ = call("--prices", recording.prices(rows))
    assert lines[-1]["symbols"] == 2


RESULTS_RULE = """\
rules:
  - name: results
    symbols: all
    when:
      all:
        - price: {change: "< -10%"}
        - cause: {topic: [earnings], confidence: ">= 0.5"}
"""


def test_a_file_of_earnings_dates_explains_falls_once_they_were_known(recording: Recording) -> None:
    rules = recording.folder / "results.yaml"
    rules.write_text(RESULTS_RULE)
    dates = recording.folder / "earnings.csv"
    dates.write_text(
        "symbol,date,when,seen\n"
        "CHGG,2024-11-15,after,\n"
        "COUR,2024-11-18,before,2024-11-18T22:00:00Z\n"  # written down when the fall was over
        "IBM,2024-11-18,noon,\n"
        "IBM,18 November,after,\n"
        "IBM,2024-11-18,after,yesterday\n"
        ",2024-11-18,after,\n"
    )
    prices = recording.prices([*FLAT, fall("CHGG", "2024-11-18"), fall("COUR", "2024-11-18"), fall("KO", "2024-11-18")])
    lines, said = call("--prices", prices, "--rules", rules, "--earnings", dates)
    assert fired(lines, "results") == [("CHGG", "2024-11-18", "2024-11-18T21:00:00Z")]
    assert lines[-1]["bad_rows"] == 4
    for words in ("earnings.csv:4:1: ", "earnings.csv:5:1: ", "earnings.csv:6:1: ", "earnings.csv:7:1: no symbol"):
        assert words in said.replace("\n", ""), said
    assert fired(call("--prices", prices, "--rules", rules)[0], "results") == []


@pytest.mark.parametrize(("text", "words"), [("symbol,day\n", "missing column date"), (None, "there is no file")])
def test_a_file_that_holds_no_earnings_dates_is_a_wrong_call(
    recording: Recording, text: str | None, words: str
) -> None:
    file = recording.folder / "earnings.csv"
    if text is not None:
        file.write_text(text)
    _, said = call("--prices", recording.prices(FLAT), "--rules", recording.rules(), "--earnings", file, code=2)
    assert words in said
