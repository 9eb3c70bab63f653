"""What people name in YAML is data: no topic, exposure or benchmark is named in code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from tests.architecture.source import Finding, nodes_of, program_files, project_files, report, text_of

EXCEPTIONS = {
    ("bot/config/settings/model.py", "benchmarks"): "the default of the setting itself",
    ("bot/core/health.py", "earnings"): "a source of observations, the earnings calendar",
    ("bot/app/run/prices/earnings.py", "earnings"): "the same source",
    ("bot/app/run/live.py", "earnings"): "the same source's job",
    ("bot/config/rule_tests/file.py", "earnings"): "a key of rule tests",
    ("bot/cli/history/commands.py", "search"): "a command",
    ("bot/adapters/store/history/__init__.py", "search"): "a function",
    ("bot/render/telegram_rich.py", "media"): "a field of Telegram's",
}


@cache
def named_in_yaml() -> dict[str, str]:
    """What people may name, with what it is: topics, exposures and benchmarks as shipped."""
    names: dict[str, str] = {}
    for file in project_files():
        if file.startswith("rules/topics/") and file.endswith(".yaml"):
            sections = yaml.safe_load(text_of(file))
            for section in ("topics", "exposures"):
                names.update(dict.fromkeys(sections.get(section, {}), section))
    benchmarks = yaml.safe_load(text_of("config.yaml"))["benchmarks"]
    return names | dict.fromkeys(benchmarks, "benchmarks") | {"ai-": "topics"}


def check_names(file: str, source: str) -> Iterator[Finding]:
    """Every string in a module that is such a name (or the beginning of several), docstrings aside."""
    for node in nodes_of(source):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in named_in_yaml():
            kind = named_in_yaml()[node.value]
            if (file, node.value) not in EXCEPTIONS and (file, kind) not in EXCEPTIONS:
                yield Finding(
                    file, node.lineno, f"'{node.value}' is one of the {kind}, which are data; ask for its role"
                )


@pytest.mark.parametrize(
    "source",
    ['TIES = ("ai-market",)\n', 'x = topic == "earnings"\n', 'x = topic.startswith("ai-")\n', 'def f(b="SPY"): ...\n'],
)
def test_a_name_in_code_is_found(source: str) -> None:
    assert len(list(check_names("bot/core/x.py", source))) == 1


def test_no_topic_exposure_or_benchmark_is_named_in_code() -> None:
    found = [each for file in program_files() for each in check_names(file, text_of(file))]
    assert not found, report(found)


def test_every_exception_is_still_needed() -> None:
    used = set()
    for file in {file for file, _ in EXCEPTIONS}:
        texts = {n.value for n in nodes_of(text_of(file)) if isinstance(n, ast.Constant)}
        kinds = {named_in_yaml().get(text) for text in texts if isinstance(text, str)}
        used |= {(file, name) for name in {*texts, *kinds}}
    assert EXCEPTIONS.keys() <= used
