"""Nothing that comes from outside does anything to a terminal or to a shell."""

from __future__ import annotations

import io
import json
import logging
import shlex
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.store import open_store
from bot.app.monitoring.logs import StatusHandler
from bot.core.model import Batch, FeedState, Story
from bot.core.secret import Secret
from bot.core.text.characters import CONTROL, HIDING, SURROGATE
from bot.render.outside import command, json_line, json_text, line, shell
from tests.command import run_command

EVIL = "[/bold] \x1b]0;owned\x07\x1b[2J\x9b31m Nvidia\u202e\u2066 falls\r\nok   telegram       fine\u200b\udc80 [red]"
NOW = datetime(2026, 11, 2, 15, tzinfo=UTC)
FEED = "http://127.0.0.1:9/$(touch${IFS}owned)`id`;'x'?a=1&b=2"


def harmless(text: str) -> bool:
    """Whether a terminal shows this, and nothing more."""
    return not (HIDING.search(text) or SURROGATE.search(text) or CONTROL.search(text.replace("\n", "")))


def test_a_line_is_one_line_and_keeps_its_spaces() -> None:
    shown = line(f"     →  {EVIL}")
    assert shown.startswith("     →  [/bold] ")
    assert "\n" not in shown
    assert harmless(shown)
    assert "\ufffd" in shown


@given(st.text(max_size=200))
def test_whatever_a_line_holds_a_terminal_only_shows_it(text: str) -> None:
    assert harmless(line(text))
    assert line(line(text)) == line(text)
    assert json.loads(json_text({"a": text})) == {"a": text}
    assert harmless(json_text(text))


@given(
    st.lists(st.text(min_size=1, max_size=30).filter(lambda w: harmless(w) and "\n" not in w), min_size=1, max_size=4)
)
def test_a_shell_reads_a_suggested_command_as_the_words_it_was_made_of(words: list[str]) -> None:
    read = shlex.split(shell(*words))
    assert all(a == b or b == "…" for a, b in zip(words, read, strict=True))


def test_a_suggested_command_runs_nothing_else(tmp_path: Path) -> None:
    text = command("feeds", "check", FEED).removeprefix("python main.py ")
    ran = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {text}"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split("\n")[2] == FEED
    assert list(tmp_path.iterdir()) == []


def test_a_word_that_cannot_be_shown_is_left_out_of_a_command() -> None:
    key = Secret("a-key-of-somebody")
    assert command("feeds", "check", "http://x/\u202e\n") == "python main.py feeds check …"
    assert command("feeds", "check", f"http://x/{key.reveal()}") == "python main.py feeds check …"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(
        "storage: {database: history.db}\nwatchlist: {chips: [NVDA]}\nconsole: always\n"
        f'feeds: [{{name: wire, url: "{FEED}"}}]\n'
    )
    rules = tmp_path / "rules"
    rules.mkdir()
    for name in ("topics", "companies.yaml"):
        (rules / name).symlink_to(Path(__file__).resolve().parents[2] / "rules" / name)
    return tmp_path


def test_check_names_a_feed_and_quotes_it(project: Path) -> None:
    ran = run_command("check", "--config", project / "config.yaml", code=1)
    assert "1 feed" in ran.stdout  # told with what else the network keeps from answering
    assert "$(" not in ran.stdout
    named = run_command("feeds", "check", "wire", "--config", project / "config.yaml", code=1)
    assert "does not work" in named.stdout


def stored(project: Path) -> None:
    """A history in which everything that a feed controls is hostile."""
    with closing(open_store(project / "history.db", mode="live", run_name="live", now=NOW)) as store:
        state = FeedState("wire", FEED, failures=3, last_error=EVIL)
        story = Story("s1", "wire", EVIL, NOW, summary=EVIL.replace("\udc80", ""), link="https://x.example/a")
        story = Story("s1", "wire", EVIL.replace("\udc80", ""), NOW, summary=story.summary, link=story.link)
        store.commit(
            Batch(
                now=NOW,
                observations=(story,),
                feeds=(FeedState("wire", FEED, failures=3, last_error=state.last_error.replace("\udc80", "")),),
            )
        )


@pytest.mark.parametrize(
    "words",
    [
        ("feeds", "list"),
        ("feeds", "list", "--json"),
        ("history", "search", "Nvidia"),
        ("history", "search", "Nvidia", "--json"),
        ("history", "sql", "SELECT title, summary FROM stories"),
        ("history", "sql", "SELECT title FROM stories", "--json"),
        ("history", "export", "--what", "stories"),
        ("history", "export", "--what", "stories", "--format", "json"),
        ("history", "export", "--what", "stories", "--format", "jsonl"),
    ],
)
def test_what_a_feed_wrote_does_nothing_to_the_terminal(project: Path, words: tuple[str, ...]) -> None:
    stored(project)
    ran = run_command(*words, "--config", project / "config.yaml")
    assert "falls" in ran.stdout
    assert harmless(ran.stdout), ran.stdout
    assert "\nok " not in ran.stdout
    assert harmless(ran.stderr)


def test_json_rows_read_back_to_what_is_stored(project: Path) -> None:
    stored(project)
    ran = run_command(
        "history", "export", "--what", "stories", "--format", "jsonl", "--config", project / "config.yaml"
    )
    with closing(sqlite3.connect(project / "history.db")) as conn:
        (title,) = conn.execute("SELECT title FROM stories").fetchone()
    assert json.loads(ran.stdout)["title"] == title


def test_an_error_from_outside_is_one_line_in_the_log() -> None:
    stream = io.StringIO()
    handler = StatusHandler(stream)
    handler.emit(logging.LogRecord("bot.x", logging.WARNING, "f", 1, "feed: %s", (EVIL,), None))
    written = stream.getvalue()
    assert harmless(written)
    first, *more = written.rstrip("\n").split("\n")
    assert "warning" in first
    assert all(each.startswith("    ") for each in more), "nothing looks like a record of its own"


def test_a_json_line_holds_no_secret() -> None:
    key = Secret('a "quoted" \\ secret')
    assert "quoted" not in json_line({"said": f"failed for {key.reveal()}"})
    assert json.loads(json_line({"said": key.reveal()})) == {"said": "[secret]"}
