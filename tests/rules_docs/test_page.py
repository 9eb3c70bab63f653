"""Every example on the page loads, does what is said of it, and no key is missing from it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.app.lab.rule_test_report import result_lines
from bot.app.lab.rule_testing import prepare_suite, run_test
from bot.app.project import check_rules
from bot.cli import app
from bot.config.rules import specs
from bot.config.schemas import keys_of, models_of
from bot.core.model import FollowUpKind, Phase, Reach, Severity
from bot.core.prices.windows import parse_since
from tests.rules_docs.page import TEXT, Example, examples, proved, sections

CONFIG = Path(__file__).parents[2] / "config.yaml"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
SECTIONS = {
    specs.RulesFile: "Named conditions",
    specs.RuleSpec: "A rule",
    specs.ConditionSpec: "Contents",
}
"""Where the keys of a model are explained; those of a condition under its name."""


def section_of(model: type) -> str:
    """The heading under which a model's keys are explained."""
    for key, info in keys_of(specs.ConditionSpec).items():
        if (
            model in models_of(specs.ConditionSpec)
            and model is not specs.ConditionSpec
            and model.__name__ in repr(info.annotation)
        ):
            if key in ("all", "any", "none"):
                continue
            return key
    return SECTIONS[model]


def by_line(example: Example) -> str:
    return f"line {example.line}"


@pytest.mark.parametrize("example", [e for e in examples() if not e.is_test], ids=by_line)
def test_every_example_loads(example: Example, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(example.rules, encoding="utf-8")
    rules, _ = check_rules(CONFIG, file)
    assert len(rules)
    assert all(rule.symbols or rule.about_no_stock for rule in rules)


@pytest.mark.parametrize(("example", "tests"), proved(), ids=lambda e: by_line(e))
def test_every_example_does_what_is_said_of_it(example: Example, tests: Example, tmp_path: Path) -> None:
    rules, cases = tmp_path / "rules.yaml", tmp_path / "tests.yaml"
    rules.write_text(example.rules, encoding="utf-8")
    cases.write_text(tests.text, encoding="utf-8")
    suite = prepare_suite(CONFIG, cases, rules, NOW)
    for case, under, scene in suite.tests:
        verdict = run_test(suite.workbench, case, under, scene)
        assert verdict.passed, "\n".join(result_lines(verdict))


def test_most_examples_are_proved() -> None:
    assert len(proved()) >= 15
    said = {before.line for before, _ in proved()}
    whole = [e for e in examples() if not e.is_test and not e.is_condition]
    untested = [e.line for e in whole if e.line not in said]
    assert len(untested) <= 1, f"examples without a test: lines {untested}"


@pytest.mark.parametrize("model", models_of(specs.RulesFile), ids=lambda m: m.__name__)
def test_every_key_is_explained_where_one_looks_for_it(model: type[specs.StrictModel]) -> None:
    heading = section_of(model)
    text = sections()[heading]
    if model is specs.ConditionSpec:
        text = " ".join(f"`{key}`" for key in re.findall(r"\[(\w+)\]\(#", text)) + sections()["all, any, none"]
    missing = [key for key in keys_of(model) if f"`{key}`" not in text]
    assert not missing, f"docs/rules.md says nothing of {missing} under '{heading}'"


@pytest.mark.parametrize("model", models_of(specs.RulesFile), ids=lambda m: m.__name__)
def test_every_key_is_in_a_working_example(model: type[specs.StrictModel]) -> None:
    shown = "\n".join(example.text for example in examples() if not example.is_test)
    missing = [key for key in keys_of(model) if not re.search(rf"(?m)(?:^|[\s{{,(]){key}:", shown)]
    assert not missing, f"no example in docs/rules.md shows {missing}"


def test_every_word_a_rule_may_use_is_on_the_page() -> None:
    words = [s.word for s in Severity] + [p.value for p in Phase] + [r.value for r in Reach]
    missing = [word for word in words if f"`{word}`" not in TEXT]
    assert not missing
    for written in re.findall(r"`([^`]+)`", sections()["A rule"].split("| `follow_up` |")[1].split("|")[0]):
        FollowUpKind.parse(written)
    since = re.findall(r"^\| (`[^|]+`) \| ", sections()["price"].split("Values of `since`")[1], re.MULTILINE)
    forms = [form for cell in since[1:] for form in re.findall(r"`([^`]+)`", cell)]
    assert {parse_since(form).kind for form in forms} == {
        "previous close", "open", "duration", "sessions", "high", "low", "story",
    }  # fmt: skip


def test_every_shipped_rule_is_in_the_table_with_whether_it_is_enabled() -> None:
    rows = dict(re.findall(r"^\| `([\w-]+)` \| .* \| (yes|no) \|$", sections()["The rules that ship"], re.MULTILINE))
    rules, _ = check_rules(CONFIG)
    assert rows == {rule.name: "yes" if rule.enabled else "no" for rule in rules}


def test_links_within_the_page_lead_somewhere() -> None:
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in sections()}
    for target in re.findall(r"\]\(#([^)]+)\)", TEXT):
        assert target in anchors
    for target in re.findall(r"\]\((?!#|https?:)([^)#]+)", TEXT):
        assert (CONFIG.parent / "docs" / target).exists(), target


def test_the_commands_on_the_page_exist() -> None:
    known = {f"{g.name} {c.name}" for g in app.registered_groups for c in (g.typer_instance or app).registered_commands}
    said = set(re.findall(r"python main\.py (rules \w+)", TEXT))
    assert said
    assert said <= known | {"rules check"}
