"""The commands as people and programs call them: what is printed fits, is harmless, and is quick to come."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.adapters.store.history import evidence, list_alerts, verify
from bot.adapters.store.history.backup import back_up
from bot.app.lines import alert_line
from bot.cli.history.chart import chart
from bot.cli.tables import Column, fitted
from bot.core.errors import StoreError, UsageError
from bot.render.outside import json_line
from bot.render.text import cell_width
from tests.command import REPOSITORY, run_command
from tests.processes import run
from tests.store.values import NOW, after, alert, batch, cause, fired, incident, notification, quote, reading, story

NVDA = "20250127-NVDA-6d488e"
READING: dict[str, tuple[str, ...]] = {
    "list": ("list",),
    "list all": ("list", "--limit", "1000"),
    "show": ("show", NVDA, "--messages"),
    "search": ("search", "deepseek", "chip*"),
    "incidents": ("incidents",),
    "stats": ("stats",),
    "stats by symbol": ("stats", "--by", "symbol"),
    "stats by exposure": ("stats", "--by", "exposure"),
    "sql": ("sql", "SELECT * FROM alert_history"),
    "sql of stories": ("sql", "SELECT seen_at, source, title, score FROM stories JOIN story_scores ON story_id = id"),
}


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("command", READING.values(), ids=READING)
def test_what_is_printed_fits_the_terminal(
    week: Path, monkeypatch: pytest.MonkeyPatch, command: Sequence[str], columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    printed = run_command("history", *command, "--database", week).stdout
    lines = printed.splitlines()
    assert len(lines) > 1
    assert max(map(cell_width, lines)) <= columns
    if command[0] != "show":
        assert not any(line == "" for line in lines)


def test_prices_of_stocks_abroad_have_their_currency(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    listed = run_command("history", "list", "--symbol", "5801.T", "--database", week).stdout
    assert "¥7,074" in listed
    (last, *_) = [
        json.loads(line)
        for line in run_command(
            "history", "list", "--symbol", "5801.T", "--json", "--database", week
        ).stdout.splitlines()
    ]
    assert last["currency"] == "JPY"
    told = run_command("history", "show", last["id"], "--database", week).stdout
    assert "Changes against ¥" in told
    assert "(¥" in told.split("Why it")[1], "what a condition measured"
    assert "142.62" in run_command("history", "show", NVDA, "--database", week).stdout


def test_columns_without_room_are_named(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    asked = "SELECT symbol, fired_at, rule, severity, cause_title, incident_id FROM alert_history"
    ran = run_command("history", "sql", asked, "--database", week)
    missing = [name for name in ("severity", "cause_title", "incident_id") if name not in ran.stdout.splitlines()[0]]
    assert missing
    assert f"no room for {', '.join(missing)}; --json has all" in ran.stderr
    monkeypatch.setenv("COLUMNS", "200")
    assert run_command("history", "sql", asked, "--database", week).stderr == ""


@pytest.mark.parametrize("agents", [(), ("lab:DeepSeek", "model:DeepSeek R1")])
def test_a_cause_is_told_with_its_titles_and_to_programs_with_what_acted(
    tmp_path: Path, agents: tuple[str, ...]
) -> None:
    told = replace(cause(), topic="ai-market", exposures=("ai-chips", "mine"), confidence=0.7, agents=agents)
    one = alert(cause=told)
    with closing(open_store(tmp_path / "h.db", mode="live", run_name="live", now=NOW)) as store:
        store.commit(batch(story("s1"), incident("i1", one.id), fired(one)))
    shown = run_command("history", "show", one.id, "--database", tmp_path / "h.db").stdout
    assert "topic the market and AI, score" in shown
    assert "AI chips, mine" in " ".join(shown.split())
    elsewhere = run_command(
        "history", "show", one.id, "--database", tmp_path / "h.db", "--config", tmp_path / "none.yaml"
    ).stdout
    assert "topic ai-market, score" in elsewhere, "without a configuration by their names"
    for command in (("list",), ("show", one.id)):
        printed = run_command("history", *command, "--json", "--database", tmp_path / "h.db").stdout
        assert json.loads(printed)["cause"]["agents"] == list(agents)
    assert alert_line(one)["cause"]["agents"] == list(agents)


@pytest.mark.parametrize(
    "command", [("list",), ("search", "deepseek"), ("incidents",), ("stats",), ("stats", "--by", "month")]
)
def test_each_line_of_json_is_an_object(week: Path, command: Sequence[str]) -> None:
    lines = run_command("history", *command, "--json", "--database", week).stdout.splitlines()
    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)


@pytest.mark.parametrize(
    ("filters", "many"),
    [
        ((), 87),
        (("--symbol", "nvda"), 2),
        (("--exposure", "cooling"), 19),
        (("--exposure", "ai-chips", "--rule", "ai-model-shock", "--severity", "critical"), 6),
        (("--rule", "group-fall"), 29),
        (("--severity", "critical"), 29),
        (("--severity", "HIGH"), 55),
        (("--incident", "20250127-1"), 87),
        (("--since", "2025-01-27T12:00Z"), 77),
        (("--until", "2025-01-27T12:00Z"), 10),
        (("--verdict", "right"), 87),
        (("--verdict", "not-ai"), 87),
        (("--verdict", "none"), 0),
    ],
)
def test_the_filters_of_the_command_line(week: Path, filters: Sequence[str], many: int) -> None:
    printed = run_command("history", "list", "--limit", "1000", "--json", *filters, "--database", week).stdout
    assert len(printed.splitlines()) == many
    counted = run_command("history", "stats", "--json", *filters, "--database", week).stdout
    assert sum(json.loads(line)["alerts"] for line in counted.splitlines()) == many


def test_an_exposure_finds_companies_exposed_to_it_though_their_story_names_them(week: Path) -> None:
    printed = run_command("history", "list", "--exposure", "ai-chips", "--json", "--database", week).stdout
    found = {a["symbol"]: a["cause"]["exposures"] for a in map(json.loads, printed.splitlines())}
    assert found["NVDA"] == [], "its story names it, so no exposure was recorded"
    assert "ai-chips" in found["AVGO"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("list", "--severity", "loud"), "'loud' is not a severity"),
        (("list", "--verdict", "maybe"), "'maybe' is not a verdict"),
        (("list", "--exposure", "ai-chip"), "did you mean 'ai-chips'"),
        (("list", "--since", "2025-02-01", "--until", "2025-01-01"), "is not before"),
        (("show", "zz"), "'zz' is neither an incident"),
        (("search", ":-:"), "no word to search for"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(week: Path, command: Sequence[str], said: str) -> None:
    ran = run_command("history", *command, "--database", week, code=2)
    assert said in ran.stderr
    assert (len(ran.stderr.splitlines()), ran.stdout) == (1, "")


def test_show_tells_the_whole_story(week: Path) -> None:
    told = run_command("history", "show", NVDA, "--messages", "--database", week).stdout
    for part in (
        *("NVDA ai-model-shock, critical", "Fired 2025-01-27 11:00:00 UTC: 122.75, -13.9%", "142.62", "▲"),
        *("Critical since 2025-01-27 17:00:00 UTC: 117.26, -17.8%", "last -15.7% at 2025-01-28 01:00:00 UTC"),
        *("Why it is critical", "✓ price change < -10%", "✗ market SPY", "Likely cause", "Yahoo Finance", "Stories"),
        *("escalated", "Notifications", "widened", "What followed", "1 session", "5 sessions"),
        *("not ai", "telegram:9", "The rule when it fired", "  symbols: [group:watchlist]"),
        "Nvidia falls 12.9 %",
    ):
        assert part in told, part
    of_symbol = run_command("history", "show", "nvda", "--messages", "--database", week).stdout
    assert of_symbol == told, "the most severe alert of its latest session, though another fired later"
    whole = json.loads(run_command("history", "show", NVDA, "--json", "--database", week).stdout)
    assert {"rule_text", "changes", "stories", "notifications", "outcomes", "verdicts", "quotes"} <= set(whole)
    assert len(whole["quotes"]) > 50


def test_an_incident_is_shown_as_it_was_told_last(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    told = run_command("history", "show", "20250127-1", "--messages", "--database", week).stdout
    for part in (
        *("Incident 20250127-1, critical, closed", "As told at 2025-01-28 06:30:00 UTC", "Likely cause: "),
        *("Stocks with alerts (48), up to 2025-02-03 21:00:00 UTC", "NBIS", "Messages", "escalated", "edit"),
        *("Readers' verdicts", "telegram:9", "Not investment advice"),
    ):
        assert part in told, part
    assert all(cell_width(line) <= 110 for line in told.splitlines())
    whole = json.loads(run_command("history", "show", "20250127-1", "--json", "--database", week).stdout)
    assert whole["headline"] in " ".join(told.split())
    assert whole["headline_at"] == "2025-01-28T06:30:00Z"
    assert {"alerts", "stories", "messages", "verdicts"} <= set(whole)


def test_a_list_has_the_change_of_its_time(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    heading, *rows = run_command("history", "list", "--symbol", "NVDA", "--database", week).stdout.splitlines()
    assert heading.split("  ")[0] == "fired (UTC)"
    assert "change then" in heading
    (shock,) = [row for row in rows if "ai-model-shock" in row]
    assert shock.split()[:5] == ["2025-01-27", "11:00", "NVDA", "-13.9%", "122.75"]


def test_what_a_search_finds_in_lines_of_business_reads_as_words(week: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    found = run_command("history", "search", "power-generation", "--database", week).stdout
    assert "«power-generation», " in found
    assert not set('["]') & set(found)


# ------------------------------------------------------------------------------------------------------- outside text

HOSTILE = "Chips \x1b]0;owned\x07 fall\x1b[2J \x9b31m\u202egnp\r\nagain"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever comes from outside brings commands for the terminal."""
    path = tmp_path_factory.mktemp("hostile") / "history.db"
    because = cause("s1")
    because = type(because)(
        **{**{n: getattr(because, n) for n in because.__dataclass_fields__}, "title": HOSTILE, "source": HOSTILE}
    )
    told = story("s1", title=HOSTILE, summary=HOSTILE, publisher=HOSTILE)
    with open_store(path, mode="live", run_name="live", now=NOW) as store:
        store.record_rules([("ai-model-shock", "v1", f"rules: {HOSTILE}")], NOW)
        store.commit(
            batch(
                *(told, reading(told), *(quote(at=after(600 * i), price=100.0 + i) for i in range(5))),
                *(incident(), fired(alert(cause=because)), notification(incident="i1")),
            )
        )
    return path


@pytest.mark.parametrize("json_too", [(), ("--json",)])
@pytest.mark.parametrize(
    "command",
    [("list",), ("show", "a1"), ("search", "chips"), ("incidents",), ("stats",), ("sql", "SELECT title FROM stories")],
)
def test_no_outside_text_commands_the_terminal(
    hostile: Path, command: Sequence[str], json_too: tuple[str, ...]
) -> None:
    printed = run_command("history", *command, *json_too, "--database", hostile).stdout
    assert printed
    for char in "\x1b\x07\x9b\u202e\r":
        assert char not in printed
    if json_too and command[0] == "sql":
        assert json.loads(printed)["title"] == HOSTILE


def test_json_keeps_what_it_escapes() -> None:
    text = "\x00\x1b\x7f\x85\x9b\u200e\u2028\u202e é 模"
    assert json.loads(json_line({"a": text}))["a"] == text
    assert "é 模" in json_line(text)


# --------------------------------------------------------------------------------------------------- tables and chart


@pytest.mark.parametrize("room", [40, 41, 50, 72, 200])
def test_columns_are_cut_and_left_out_in_order(room: int) -> None:
    columns = (
        Column("id"),
        Column("n", right=True, leaves=2),
        Column("word", least=6, leaves=3),
        Column("text", least=10),
    )
    rows = [("i" * 20, "1234567", "w" * 30, "模" * 40), ("j", "1", "", "short")]
    lines = fitted(columns, rows, room)
    assert max(map(cell_width, lines)) <= room
    assert all(line.split()[0][0] in "ij" for line in lines[1:])
    # the number has the first claim on what room there is; where it does not fit, the word may
    assert (" n " in lines[0]) == (room >= 20 + 2 + 7 + 2 + 10)
    assert ("word" in lines[0]) == (room == 40 or room >= 20 + 2 + 7 + 2 + 6 + 2 + 10)


def test_the_chart_marks_reference_and_moment_and_needs_a_few_prices() -> None:
    quotes = [(f"2025-01-27T{h:02d}:00:00Z", 100.0 - h, "trade") for h in range(10)]
    lines = list(chart([*quotes, ("2025-01-27T05:00:00Z", 1.0, "low")], "2025-01-27T06:00:00Z", 104.0, 60, 7))
    assert len(lines) == 9
    assert lines[0].split() == ["104.00", "┈" * 10]
    assert lines[6].split()[0] == "91.00", "a bar's low is no moment"
    assert lines[7].index("▲") == 10 + 6
    assert "27 06:00" in lines[8]
    assert list(chart(quotes[:2], "2025-01-27T06:00:00Z", None, 60)) == []
    assert max(map(len, chart(quotes * 30, "2025-01-27T06:00:00Z", None, 40))) <= 40


# -------------------------------------------------------------------------------------------------- looking after it


def test_a_backup_is_a_history_and_is_made_while_the_bot_writes(path: Path, store: SqliteStore, tmp_path: Path) -> None:
    store.commit(batch(story("s1"), incident(), fired(alert())))
    copy = tmp_path / "copy.db"
    ran = run_command("history", "backup", copy, "--database", path)
    assert f"{copy}: 0." in ran.stderr
    store.commit(batch(story("s2")))
    assert [a["id"] for a in list_alerts(copy)] == ["a1"]
    assert verify(copy) == []
    with closing(sqlite3.connect(copy)) as conn:
        assert conn.execute("SELECT count(*) FROM stories").fetchone() == (1,)
    ran = run_command("history", "backup", copy, "--database", path, code=2)
    assert "exists already; name a new file" in ran.stderr
    with pytest.raises(StoreError, match="no such folder"):
        back_up(path, tmp_path / "no" / "copy.db")
    with pytest.raises(UsageError, match="exists already"):
        back_up(path, path)
    assert sorted(f.name for f in tmp_path.glob("copy*")) == ["copy.db"], "nothing unfinished is left"


@pytest.mark.parametrize("command", [("import", "other.db"), ("prune",)])
def test_what_writes_is_refused_while_the_bot_runs(
    week: Path, path: Path, store: SqliteStore, command: Sequence[str], tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    with open_store(other, mode="live", run_name="live", now=NOW):
        pass
    words = [str(other) if word == "other.db" else word for word in command]
    ran = run_command("history", *words, "--database", path, code=1)
    assert "is running on this database; stop it" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
    store.close()
    run_command("history", *words, "--database", path)


@pytest.mark.campaign
def test_a_dry_prune_says_what_a_real_one_does_and_evidence_stays(week: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(week, tmp_path / "copy.db"))
    told = json.loads(run_command("history", "prune", "--dry-run", "--json", "--database", copy).stdout)
    assert told["quotes"] > 500
    assert copy.read_bytes() == week.read_bytes()
    assert json.loads(run_command("history", "prune", "--json", "--database", copy).stdout) == told
    with closing(sqlite3.connect(copy)) as conn:
        left = conn.execute("SELECT count(*) FROM quotes").fetchone()[0]
        unprotected = conn.execute(
            "SELECT count(*) FROM quotes q WHERE NOT EXISTS (SELECT 1 FROM alerts a WHERE a.symbol = q.symbol"
            " AND q.at BETWEEN a.evidence_from AND a.evidence_until)"
        ).fetchone()[0]
    assert (left, unprotected) == (7889 - told["quotes"], 0)
    assert left > 500
    assert verify(copy) == evidence(copy) == []
    assert "nothing to prune" in run_command("history", "prune", "--database", copy).stderr


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM quotes WHERE symbol = 'NVDA'", "missing: the quote an alert fired on: 20250127-NVDA-6d488e"),
        ("UPDATE rule_versions SET text = NULL", "missing: the text of a rule that an alert fired by"),
        ("DELETE FROM story_scores", "missing: the scores of a story an alert points to"),
        ("DELETE FROM alert_stories", "missing: a story an alert points to: "),
        ("DELETE FROM alert_changes", "an alert without the change it fired with"),
        ("UPDATE chats SET enabled = 0; UPDATE notifications SET state = 'queued'", "queued for a chat that is"),
        ("UPDATE notifications SET channel = 'fax', state = 'queued'", "queued for a channel that is not its chat's"),
        ("DELETE FROM alert_numbers", "an alert without its search entry"),
        ("UPDATE incidents SET alerts = '[\"a0\"]'", "missing: an alert in an incident's list: 20250127-1 names a0"),
        ("UPDATE alerts SET incident_id = 'none'", "no such row in incidents"),
        ("UPDATE deliveries SET outcome = 'failed'", "sent, but no attempt succeeded"),
        (
            "INSERT INTO runs (mode, name, started_at, version) SELECT 'live', 'live', started_at, '' FROM runs",
            "live and simulated runs in one history",
        ),
        (
            "UPDATE notifications SET state = 'leased', leased_by = 1, lease_until = '2025-01-27T11:00:30.000000Z'"
            " WHERE rowid = 1; INSERT INTO runs (mode, name, started_at, version) SELECT mode, name, started_at, ''"
            " FROM runs; UPDATE deliveries SET run_id = 2 WHERE started_at > '2025-01-28'",
            "leased by a run that has ended",
        ),
    ],
)  # fmt: skip
def test_verify_finds_damage_and_says_so_with_its_exit_code(week: Path, tmp_path: Path, damage: str, said: str) -> None:
    copy = Path(shutil.copy(week, tmp_path / "copy.db"))
    with closing(sqlite3.connect(copy, isolation_level=None)) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.executescript(damage)
    ran = run_command("history", "verify", "--database", copy, code=1)
    assert said in ran.stdout
    assert len(ran.stdout.splitlines()) < 120, "many findings of a kind are counted, not listed"
    told = json.loads(run_command("history", "verify", "--json", "--database", copy, code=1).stdout)
    assert any(said in line for line in told["findings"])


def test_verify_says_that_a_history_is_whole(week: Path) -> None:
    assert run_command("history", "verify", "--database", week).stderr.endswith(": no damage found\n")
    assert json.loads(run_command("history", "verify", "--json", "--database", week).stdout)["findings"] == []


def test_verify_finds_a_damaged_file(week: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    data = bytearray(week.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = b"\xff" * 20_000
    copy.write_bytes(data)
    ran = run_command("history", "verify", "--database", copy, code=1)
    assert ran.stdout or "damaged" in ran.stderr


# ------------------------------------------------------------------------------------------------------------ loading


def test_reading_the_history_from_the_command_line_loads_nothing_heavy(week: Path) -> None:
    code = (
        "import sys\nsys.argv = ['main.py', 'history', *sys.argv[1:]]\nfrom bot.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'numpy', 'sqlite_utils', 'yfinance', 'matplotlib', 'pyarrow', 're2', 'telegram'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )  # typer itself loads pydantic, where that is installed
    for command in (("show", NVDA), ("sql", "SELECT * FROM alert_history"), ("search", "chips"), ("export",)):
        words = [sys.executable, "-c", code, *command, "--database", str(week)]
        done = run(words, cwd=REPOSITORY, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout
