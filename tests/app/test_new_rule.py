"""``rules new`` asks little, and what it writes loads, does what was asked, and is tested."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from bot.app.project import load_project
from tests.command import Ran, run_command
from tests.processes import run


@pytest.fixture
def folder(tmp_path: Path, repository: Path) -> Path:
    """A configuration with the shipped topics and companies, and no rule yet but one."""
    shutil.copytree(repository / "rules" / "topics", tmp_path / "rules" / "topics")
    shutil.copy(repository / "rules" / "companies.yaml", tmp_path / "rules")
    (tmp_path / "rules" / "first.yaml").write_text(
        'rules:\n  - {name: first, symbols: all, when: {price: {change: "< -50%"}}}\n'
    )
    (tmp_path / "config.yaml").write_text(
        "benchmarks: [SPY]\n"
        "watchlist: {ai-chips: [NVDA, AMD], memory: [MU], legal-data: [TRI], london: [RWS.L], tokyo: [6857.T]}\n"
    )
    return tmp_path


def rules(folder: Path, *words: str, answers: str = "") -> Ran:
    """``main.py rules …`` over that configuration."""
    return run_command("rules", *words, "--config", folder / "config.yaml", code=None, answers=answers)


def written(folder: Path) -> dict[str, str]:
    """Every file of the rules folder that people edit."""
    return {
        str(path.relative_to(folder / "rules")): path.read_text(encoding="utf-8")
        for path in (folder / "rules").rglob("*.yaml")
        if path.parent.name != "topics"
    }


def test_the_defaults_make_a_rule_that_reads_and_whose_test_passes(folder: Path) -> None:
    made = rules(folder, "new", "--yes")
    assert made.returncode == 0, made.stderr
    names = made.stdout.split()
    assert [Path(n).relative_to(folder / "rules").as_posix() for n in names] == [
        "fall-10-ai-model.yaml",
        "tests/fall-10-ai-model.yaml",
    ]
    assert rules(folder, "check").returncode == 0
    tested = rules(folder, "test")
    assert tested.returncode == 0, tested.stdout
    assert "3 tests passed" in tested.stderr
    rule = load_project(folder / "config.yaml").rules.named("fall-10-ai-model")
    assert rule is not None
    assert {"NVDA", "MU", "TRI"} <= rule.symbols


@pytest.mark.parametrize(
    ("options", "in_rule", "tests"),
    [
        (["--watch=rise", "--by=7.5%", "--symbols=group:memory"], '"> 7.5%"', 3),
        (["--watch=news", "--topic=ai-model", "--symbols=exposure:ai-chips"], "severity: info", 2),
        (["--watch=news", "--symbols=NVDA", "--severity=warning"], "severity: warning", 2),
        (["--since=high of 20 sessions", "--topic=none"], "since: high of 20 sessions", 2),
        (["--since=30m", "--by=3", "--topic=ai-model"], '"< -3%"', 3),
        (["--since=story", "--by=5%"], "since: story", 3),
        (["--since=open", "--topic=none", "--symbols=RWS.L"], "since: open", 2),
        (["--since=3 sessions", "--topic=none", "--symbols=6857.T"], "since: 3 sessions", 2),
        (["--by=90%", "--topic=none"], '"< -90%"', 2),
        (["--topic=ai-market", "--symbols=NVDA, AMD"], "symbols: [NVDA, AMD]", 3),
    ],
)
def test_every_kind_of_answer_makes_a_rule_that_reads_and_passes_its_test(
    folder: Path, options: list[str], in_rule: str, tests: int
) -> None:
    made = rules(folder, "new", "--yes", "--name=mine", *options)
    assert made.returncode == 0, made.stderr
    assert in_rule in written(folder)["mine.yaml"]
    tested = rules(folder, "test")
    assert tested.returncode == 0, tested.stdout
    assert f"{tests} tests passed" in tested.stderr


def test_a_topic_of_ones_own_gets_a_test_that_fires_and_any_benchmark_will_do(folder: Path) -> None:
    (folder / "rules" / "topics" / "fire.yaml").write_text(
        "topics:\n  plant-fire:\n    title: a fire\n    about: [fire]\n"
        "    signals: [{name: burns, weight: 0.5, all: [fire]}, {name: halts, weight: 0.2, all: [halted, [company]]}]\n"
        "words: {fire: [factory fire*], halted: [halts, halted]}\n"
    )
    config = (folder / "config.yaml").read_text()
    (folder / "config.yaml").write_text(config.replace("[SPY]", "[QQQ]"))
    made = rules(folder, "new", "--yes", "--name=mine", "--topic=plant-fire")
    assert made.returncode == 0, made.stderr
    assert "Nvidia factory fire halts" in written(folder)["tests/mine.yaml"]
    tested = rules(folder, "test")
    assert "3 tests passed" in tested.stderr, tested.stdout


def test_it_asks_on_stderr_and_takes_answers_and_defaults_from_stdin(folder: Path) -> None:
    made = rules(folder, "new", answers="rise\n6%\n\nnone\ngroup:memory\n\nmemory-up\n")
    assert made.returncode == 0, made.stderr
    assert "What should it watch" in made.stderr
    assert "?" not in made.stdout
    text = written(folder)["memory-up.yaml"]
    assert '{change: "> 6%", since: previous close}' in text
    assert "news:" not in text
    assert "severity: high" in text


def test_a_rule_on_news_alone_is_not_asked_how_far_and_is_for_information(folder: Path) -> None:
    made = rules(folder, "new", answers="news\nai-model\nNVDA\n\n\n")
    assert made.returncode == 0, made.stderr
    assert "By how much" not in made.stderr
    assert "severity: info" in written(folder)["nvda-news-ai-model.yaml"]


def test_an_answer_that_makes_no_sense_is_asked_again_with_what_to_write(folder: Path) -> None:
    told = "drop fall ten 0% 120% 10% yesterday open ai-modle ai-model NVDIA NVDA hihg high First-Rule! first x"
    made = rules(folder, "new", answers=told.replace(" ", "\n") + "\n")
    assert made.returncode == 0, made.stderr
    for said in (
        "'drop' cannot be watched; write fall, rise or news",
        "'ten' is not a percentage",
        "a price cannot fall by 0%",
        "a price cannot fall by 120%",
        "'yesterday' is not a reference price",
        "did you mean 'ai-model'?",
        "did you mean 'NVDA'?",
        "did you mean 'high'?",
        "like first-rule",
        "a rule named 'first' is already at",
    ):
        assert said in made.stderr, (said, made.stderr)
    assert "x.yaml" in made.stdout


@pytest.mark.parametrize("answers", ["", "fall\n", "fall\n10%\n\n\n\n\n"])
def test_answers_that_end_too_soon_write_nothing(folder: Path, answers: str) -> None:
    before = written(folder)
    made = rules(folder, "new", answers=answers)
    assert made.returncode == 2
    assert "the input ended before the last question" in made.stderr
    assert written(folder) == before


@pytest.mark.parametrize("existing", ["mine.yaml", "tests/mine.yaml"])
def test_nothing_is_overwritten(folder: Path, existing: str) -> None:
    file = folder / "rules" / existing
    file.parent.mkdir(exist_ok=True)
    file.write_text("rules: []" if existing == "mine.yaml" else "tests: []")
    before = written(folder)
    if existing == "mine.yaml":
        file.write_text('rules:\n  - {name: other, symbols: all, when: {price: {change: "< -50%"}}}\n')
        before = written(folder)
    made = rules(folder, "new", "--yes", "--name", "mine")
    assert made.returncode == 2
    assert f"{file} exists already; choose another name" in made.stderr
    assert written(folder) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--watch=sideways"], "write fall, rise or news"),
        (["--watch=news", "--topic=none"], "needs a topic"),
        (["--symbols=group:nobody"], "unknown group 'nobody'"),
        (["--symbols="], "--symbols: "),
        (["--name=../../up"], "is not a name"),
        (["--severity=high # or: worse"], "unknown severity"),
        (["--topic=x}, cause: {"], "unknown topic"),
        (["--symbols=NVDA], enabled: [x"], "names no symbols"),
        (["--since=open}"], "is not a reference price"),
    ],
)
def test_an_option_that_makes_no_sense_ends_with_what_to_write(folder: Path, options: list[str], said: str) -> None:
    before = written(folder)
    made = rules(folder, "new", "--yes", *options)
    assert made.returncode == 2, made.stderr
    assert said in made.stderr
    assert "Traceback" not in made.stderr
    assert written(folder) == before


def test_it_works_as_a_process_with_piped_answers(folder: Path, repository: Path) -> None:
    command = [sys.executable, "main.py", "rules", "new", "--config", str(folder / "config.yaml")]
    made = run(command, cwd=repository, input="\n" * 7, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("\n") == 2


def test_mistakes_in_other_rules_are_told_first(folder: Path) -> None:
    (folder / "rules" / "first.yaml").write_text("rules: [{nmae: x}]")
    made = rules(folder, "new", "--yes")
    assert made.returncode == 2
    assert "first.yaml:1:9" in made.stderr
    assert not (folder / "rules" / "fall-10-ai-model.yaml").exists()
