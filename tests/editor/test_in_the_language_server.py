"""Editors complete, explain and underline what people write, as a real yaml-language-server does it.

Skips where npm is absent or cannot install the server.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editor.language_server import LanguageServer, MissingError, install

HEAD = "# yaml-language-server: $schema=schema/rules.json\n"
RULE = """\
rules:
  - name: mine
    symbols: [NVDA]
    when:
      all:
        - price: {change: "< -10%"}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A folder with the shipped configuration, as an editor opens it."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(repository / "rules", folder / "rules")
    shutil.copy(repository / "config.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Iterator[LanguageServer]:
    """The server, with the checkout open."""
    try:
        program = install(tmp_path_factory.mktemp("npm"))
    except MissingError as missing:
        pytest.skip(f"no editor to try the schemas in: {missing}")
    with LanguageServer(program, checkout) as server:
        yield server


@pytest.fixture
def file(checkout: Path) -> Path:
    """A rule file of one's own."""
    return checkout / "rules" / "mine.yaml"


def test_nothing_is_underlined_in_the_shipped_files(editor: LanguageServer, checkout: Path) -> None:
    files = [checkout / "config.yaml", *sorted(checkout.glob("rules/*.yaml")), *sorted(checkout.glob("rules/*/*.yaml"))]
    assert len(files) > 8
    for path in files:
        editor.open(path, path.read_text(encoding="utf-8"))
    for path in files:
        assert editor.problems(path) == [], path


@pytest.mark.parametrize(
    ("where", "offered", "explained"),
    [
        ("rules:\n  - name: x\n    s|\n", "symbols", "group:NAME"),
        ("rules:\n  - name: x\n    symbols: [NVDA]\n    c|\n", "cooldown", "stays quiet"),
        ("rules:\n  - name: x\n    symbols: [NVDA]\n    when:\n      p|\n", "price", "has moved"),
        ("rules:\n  - name: x\n    symbols: [NVDA]\n    when:\n      all:\n        - n|\n", "news", "Stories"),
        (
            "rules:\n  - name: x\n    symbols: [NVDA]\n    when:\n      news:\n        topic: ai-model\n        so|\n",
            "sources",
            "distinct sources",
        ),
        ("rules:\n  - name: x\n    symbols: [NVDA]\n    when:\n      news:\n        topic: |\n", "ai-market", ""),
        ("rules:\n  - name: x\n    symbols:\n      - |\n", "group:memory", ""),
        ("rules:\n  - name: x\n    severity: |\n", "critical", ""),
        ("rules:\n  - name: x\n    symbols: [NVDA]\n    when:\n      during:\n        phase: |\n", "pre", ""),
        ("rules:\n  - name: x\n    severity:\n      cr|\n", "critical", "When this severity applies"),
    ],
)
def test_what_may_come_next_is_offered_with_an_explanation(
    editor: LanguageServer, file: Path, where: str, offered: str, explained: str
) -> None:
    found = editor.completions(file, HEAD + where)
    assert offered in found, sorted(found)
    assert explained in found[offered]
    assert "[object Object]" not in found


def test_every_condition_is_offered_where_one_may_stand(editor: LanguageServer, file: Path) -> None:
    from bot.config.rules.specs import ConditionSpec

    found = editor.completions(file, HEAD + "rules:\n  - name: x\n    symbols: [NVDA]\n    when:\n      |\n")
    assert set(ConditionSpec.model_fields) <= set(found), sorted(found)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (RULE.replace("symbols:", "sym|bols:"), ["group:NAME", "Example: ", "not:WDC"]),
        (RULE.replace("change:", "chan|ge:"), ["How far, as a percentage", "< -10%"]),
        (RULE.replace("price:", "pri|ce:"), ["has moved"]),
        (RULE + "    coo|ldown: 2h\n", ["stays quiet", "Example", "1 session"]),
    ],
)
def test_a_key_under_the_pointer_is_explained_with_an_example(
    editor: LanguageServer, file: Path, where: str, said: list[str]
) -> None:
    shown = editor.hover(file, HEAD + where).replace("\\", "").replace("&lt;", "<")
    for words in said:
        assert words in shown, shown


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (RULE.replace("symbols", "symbls"), 4, "symbls is not allowed"),
        (RULE.replace("change", "chnage"), 7, "chnage is not allowed"),
        (RULE.replace("< -10%", "-10%"), 7, "A comparison begins with"),
        (RULE + "    severity: hihg\n", 8, "Valid values"),
        (RULE + "    severity: {hihg: always}\n", 8, "Valid values"),
        (RULE + "    enabled: maybe\n", 8, "boolean"),
        (RULE + "    hold: 99\n", 8, "maximum of 20"),
        (RULE.replace("name: mine", "name: My Rule"), 3, "pattern"),
        (RULE.replace("    symbols: [NVDA]\n", ""), 3, 'Missing property "symbols"'),
    ],
)
def test_a_mistake_is_underlined_where_it_stands(
    editor: LanguageServer, file: Path, text: str, line: int, said: str
) -> None:
    editor.open(file, HEAD + text)
    found = editor.problems(file)
    assert any(number == line and said in message for number, message in found), found


def test_what_the_program_accepts_is_not_underlined(editor: LanguageServer, file: Path) -> None:
    text = RULE.replace("NVDA", "group:mine-alone, not:KO").replace("< -10%", "between −12% and −10%")
    text += "    severity: {high: always, critical: change < -15%}\n    hold: 10m\n    follow_up: session close\n"
    editor.open(file, HEAD + text)
    assert editor.problems(file) == []


def test_mistakes_in_other_kinds_of_files_are_underlined_too(editor: LanguageServer, checkout: Path) -> None:
    for name, text, said in (
        ("config.yaml", "# yaml-language-server: $schema=rules/schema/config.json\nwatchlst: {}\n", "watchlst"),
        (
            "rules/tests/mine.yaml",
            "# yaml-language-server: $schema=../schema/rule-tests.json\ntests:\n  - {name: x, expct: []}\n",
            "expct",
        ),
        ("rules/topics/mine.yaml", "# yaml-language-server: $schema=../schema/topics.json\nworlds: {}\n", "worlds"),
        (
            "rules/companies.yaml",
            "# yaml-language-server: $schema=schema/companies.json\ncompanies: {NVDA: {exchnge: XNAS}}\n",
            "exchnge",
        ),
        (
            "rules/episodes/mine.yaml",
            "# yaml-language-server: $schema=../schema/episode.json\nepisode: mine\nsesion: 2025-01-27\n",
            "sesion",
        ),
    ):
        path = checkout / name
        editor.open(path, text)
        assert any(said in message for _, message in editor.problems(path)), name
