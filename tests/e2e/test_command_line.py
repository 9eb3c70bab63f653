"""The command line as people meet it: exit codes, one line for a failure, every mistake in what they wrote at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.desk import PLAIN_RULE, REPOSITORY
from tests.e2e.short_episode import write_short
from tests.prepared import call
from tests.processes import Processes
from tests.waiting import PATIENCE, wait_until

CONFIG = """\
storage: {database: history.db}
watchlist: {ai-chips: [NVDA, AMD]}
benchmarks: [SPY]
feeds:
  - {name: wire, url: "http://127.0.0.1:9/wire.xml"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small configuration without a mistake."""
    (tmp_path / "config.yaml").write_text(CONFIG)
    shutil.copytree(
        REPOSITORY / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("episodes", "tests", "schema")
    )
    for file in (tmp_path / "rules").glob("*.yaml"):
        if file.name != "companies.yaml":
            file.unlink()
    (tmp_path / "rules" / "plain.yaml").write_text(PLAIN_RULE)
    (tmp_path / "rules" / "episodes").mkdir()
    (tmp_path / "rules" / "episodes" / "deepseek-2025-01.yaml").symlink_to(
        REPOSITORY / "rules" / "episodes" / "deepseek-2025-01.yaml"
    )
    return tmp_path


def config(folder: Path) -> tuple[str, str]:
    return "--config", str(folder / "config.yaml")


def mistakes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines that name a place, of a command that refused its configuration."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert re.fullmatch(rf"{len(lines) - 1} mistakes?; nothing was changed", lines[-1]), done.stderr
    return lines[:-1]


def one_line(done: subprocess.CompletedProcess[str], code: int) -> str:
    """What a command that failed says: one line."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr.strip()


# ------------------------------------------------------------------------------------------------------ wrong files


@pytest.mark.parametrize("command", [("run",), ("rules", "check")])
def test_every_mistake_in_the_configuration_is_told_at_once_and_exits_2(folder: Path, command: tuple[str, ...]) -> None:
    wrong = CONFIG.replace("NVDA, AMD", "NVDA, NVDA").replace("benchmarks", "benchmark")
    (folder / "config.yaml").write_text(wrong + "prices: {interval_in_session: fast}\n")
    found = mistakes(call(*command, *config(folder)))
    file = folder / "config.yaml"
    assert any(line.startswith(f"{file}:3:1: ") and "benchmarks" in line for line in found), found
    assert any(line.startswith(f"{file}:6:31: ") and "'fast'" in line for line in found), found
    assert not (folder / "history.db").exists()


@pytest.mark.parametrize("watchlist", ["KO", "KO, NVDA", "NVDA, AMD, AVGO"])
def test_a_new_watchlist_of_a_few_stocks_is_no_mistake(folder: Path, watchlist: str) -> None:
    (folder / "config.yaml").write_text(CONFIG.replace("ai-chips: [NVDA, AMD]", f"mine: [{watchlist}]"))
    for file in (REPOSITORY / "rules").glob("*.yaml"):
        shutil.copy(file, folder / "rules")
    (folder / "rules" / "plain.yaml").unlink()
    done = call("check", "--offline", *config(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "group-fall cannot fire with this watchlist: a group needs at least 3 other stocks, not " in done.stdout
    assert "winner (disabled) cannot fire with this watchlist: " in done.stdout


def test_a_configuration_that_is_no_yaml_names_the_place(folder: Path) -> None:
    (folder / "config.yaml").write_text(CONFIG + "prices: {interval: [\n")
    [line] = mistakes(call("rules", "check", *config(folder)))
    assert re.match(rf"{folder}/config\.yaml:[67]:\d+: ", line), line


def test_a_configuration_that_is_not_there_or_not_text_says_so(folder: Path) -> None:
    [line] = mistakes(call("rules", "check", "--config", str(folder / "none.yaml")))
    assert "none.yaml" in line
    (folder / "config.yaml").write_bytes(b"\xff\xfe\x00watchlist")
    [line] = mistakes(call("rules", "check", *config(folder)))
    assert line.startswith(f"{folder}/config.yaml")


def test_mistakes_in_several_rule_files_are_told_together_with_their_places(folder: Path) -> None:
    (folder / "rules" / "one.yaml").write_text(PLAIN_RULE.replace("ai-model-shock", "one").replace("price:", "prise:"))
    (folder / "rules" / "two.yaml").write_text(
        PLAIN_RULE.replace("ai-model-shock", "two")
        .replace('"< -10%"', "a lot")
        .replace("group:watchlist", "group:chip")
    )
    found = mistakes(call("rules", "check", *config(folder)))
    assert [line for line in found if re.match(rf"{folder}/rules/one\.yaml:7:\d+: .*prise", line)], found
    assert [line for line in found if re.match(rf"{folder}/rules/two\.yaml:7:\d+: .*a lot", line)], found
    assert [line for line in found if re.match(rf"{folder}/rules/two\.yaml:4:\d+: .*chip", line)], found


def test_mistakes_in_topics_and_companies_are_told_with_their_places(folder: Path) -> None:
    topic = folder / "rules" / "topics" / "ai-model.yaml"
    topic.write_text(topic.read_text() + "\nnonsense_key: 1\n")
    companies = folder / "rules" / "companies.yaml"
    companies.write_text(companies.read_text() + "\n  NOSUCH: {nam: Typo}\n")
    found = mistakes(call("rules", "check", *config(folder)))
    assert any(line.startswith(f"{topic}:") and "nonsense_key" in line for line in found), found
    assert any(line.startswith(f"{companies}:") for line in found), found


def test_an_episode_with_a_mistake_names_its_place(folder: Path) -> None:
    (folder / "rules" / "episodes" / "small.yaml").write_text("episode: small\ntitle: A week\nkind: recorded\n")
    found = mistakes(call("replay", "small", *config(folder)))
    assert all(line.startswith(f"{folder}/rules/episodes/small.yaml") for line in found)


# ------------------------------------------------------------------------------------------------------ wrong calls


def test_an_unknown_episode_names_the_nearest(folder: Path) -> None:
    said = one_line(call("replay", "deepseek-2025-02", *config(folder)), 2)
    assert "deepseek-2025-02" in said
    assert "deepseek-2025-01" in said


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (("replay", "deepseek-2025-01", "--speed", "fast"), "'fast' is not a speed"),
        (("run", "--now", "yesterday"), "'yesterday' is not a time"),
        (("history", "list", "--since", "soon"), "'soon' is not a time"),
        (("replay", "deepseek-2025-01", "--notify", "telegram"), "no Telegram token"),
        (("rules", "check", "/nowhere/at/all"), "/nowhere/at/all"),
    ],
)
def test_a_call_that_makes_no_sense_says_why_in_one_line_and_exits_2(
    folder: Path, command: tuple[str, ...], word: str
) -> None:
    assert word in one_line(call(*command, *config(folder)), 2)


@pytest.mark.parametrize("command", [("dance",), ("run", "--loud"), ("history", "list", "--limit", "0"), ("replay",)])
def test_a_call_nobody_knows_is_explained_and_exits_2(command: tuple[str, ...]) -> None:
    done = call(*command)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: python main.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_names_every_command() -> None:
    done = call("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("run", "check", "replay", "rules", "feeds", "history"):
        assert re.search(rf"^\s*{word}\b", done.stdout, re.MULTILINE), done.stdout


# ------------------------------------------------------------------------------------------------------ databases


def test_a_history_that_is_not_there_says_what_makes_one_and_exits_1(folder: Path) -> None:
    said = one_line(call("history", "list", *config(folder)), 1)
    assert f"{folder}/history.db: no history there yet" in said
    said = one_line(call("history", "list", "--database", str(folder / "other.db")), 1)
    assert "other.db" in said
    assert not (folder / "other.db").exists()


@pytest.mark.parametrize(
    ("command", "content"),
    [
        (("history", "list"), b"SQLite format 3\x00" + b"\x07" * 500),
        (("history", "list"), b"This is a letter, not a database.\n" * 40),
        (("run",), b"This is a letter, not a database.\n" * 40),
        (("replay", "short"), b"This is a letter, not a database.\n" * 40),
    ],
)
def test_a_file_that_is_no_history_is_refused_and_left_alone(
    tmp_path: Path, command: tuple[str, ...], content: bytes
) -> None:
    write_short(tmp_path, "http://127.0.0.1:9")
    file = tmp_path / "letter.db"
    file.write_bytes(content)
    said = one_line(call(*command, *config(tmp_path), "--database", str(file)), 1)
    assert str(file) in said
    assert file.read_bytes() == content


def test_a_token_in_the_configuration_is_refused_without_repeating_it(folder: Path) -> None:
    token = "123456789:AAH-this-one-was-never-real-00000000000"
    (folder / "config.yaml").write_text(CONFIG + f"# the token is {token}\n")
    done = call("run", *config(folder))
    assert token not in done.stderr
    [line] = mistakes(done)
    assert "token does not belong in this file" in line


def test_json_is_one_object_a_line_and_words_go_to_stderr(tmp_path: Path) -> None:
    write_short(tmp_path, "http://127.0.0.1:9")
    database = str(tmp_path / "replay.db")
    command = ("replay", "short", *config(tmp_path), "--database", database, "--json", "--notify", "none")
    done = call(*command)
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["type"] for line in done.stdout.splitlines()} >= {"alert", "notification"}
    assert re.search(r"^short: 3 alerts, \d+ messages; history in ", done.stderr, re.MULTILINE), done.stderr
    listed = call("history", "list", "--json", "--symbol", "nvda", "--database", database)
    assert [json.loads(line)["symbol"] for line in listed.stdout.splitlines()] == ["NVDA"]
    again = call(*command)
    assert (again.returncode, again.stdout) == (0, ""), "a replay that is complete has nothing to add"


def test_a_replay_ends_when_nobody_reads_it_any_more(tmp_path: Path) -> None:
    write_short(tmp_path, "http://127.0.0.1:9")
    command = [sys.executable, "main.py", "replay", "short", *config(tmp_path)]
    replay = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert replay.stdout is not None
    replay.stdout.close()  # as `| head` does
    _, said = replay.communicate(timeout=PATIENCE)
    assert replay.returncode == 1
    assert "Broken pipe" in said
    assert "messages" not in said, "it does not go on to the end"
    assert len(said.splitlines()) < 4


HOLD = """
import os, sys

def hold(event, arguments):
    if event == "open" and arguments[0] == os.environ["HOLD_AT"]:
        with open(os.environ["HOLD_UNTIL_CLOSED"], "rb") as pipe:
            pipe.read()

sys.addaudithook(hold)
"""
"""A process that has this as its ``sitecustomize`` waits where it opens one file, until another closes a pipe."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_start_up_is_a_clean_end(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, processes: Processes, number: signal.Signals
) -> None:
    """The bot is held where it opens its configuration, so that it is known to be in the middle of its start-up."""
    place = tmp_path_factory.mktemp("hold")
    (place / "sitecustomize.py").write_text(HOLD)
    os.mkfifo(pipe := place / "pipe")
    hold = {"PYTHONPATH": str(place), "HOLD_AT": str(folder / "config.yaml"), "HOLD_UNTIL_CLOSED": str(pipe)}
    command = [sys.executable, "main.py", "run", *config(folder)]
    process = processes.start(
        command, cwd=REPOSITORY, env=os.environ | hold, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )

    def opened() -> int | None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            return None

    end = wait_until(opened, "the configuration is opened")
    process.send_signal(number)
    os.close(end)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (0, ""), err
    assert "Traceback" not in err
