"""A test that cannot fail is a defect: every test asserts something."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source import Finding, project_files, report, text_of

Function = ast.FunctionDef | ast.AsyncFunctionDef
ASSERTING_CALLS = frozenset(
    [
        "raises",
        "warns",
        "fail",
        "assert_never",
        "deprecated_call",
        "assert_outcomes",
        "fnmatch_lines",
        "run_state_machine_as_test",
    ]
)


def name_of(call: ast.Call) -> str:
    """The last part of what is called."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def certain(condition: ast.expr) -> bool:
    """Whether an assertion is true whatever happens: a constant, a non-empty tuple, a thing equal to itself."""
    if isinstance(condition, ast.Constant):
        return bool(condition.value)
    if isinstance(condition, ast.Tuple):
        return bool(condition.elts)
    if isinstance(condition, ast.Compare) and isinstance(condition.left, ast.Name):
        return all(ast.dump(condition.left) == ast.dump(other) for other in condition.comparators)
    return False


def asserts(function: Function, asserting: Iterable[str]) -> bool:
    """Whether ``function`` can fail by an assertion of its own or by a call to something that asserts."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not certain(node.test):
            return True
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call) and (name_of(node) in ASSERTING_CALLS or name_of(node) in asserting):
            return True
    return False


def functions(source: str) -> list[Function]:
    """Every function and method in ``source``."""
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)]


def asserting_names(sources: Iterable[str]) -> frozenset[str]:
    """Names of shared functions that assert, directly or through one another."""
    shared = [f for source in sources for f in functions(source) if not f.name.startswith("test_")]
    known: frozenset[str] = frozenset()
    while True:
        grown = frozenset(f.name for f in shared if asserts(f, known) and not f.name.startswith("__"))
        if grown == known:
            return known
        known = grown


def check(file: str, source: str, asserting: Iterable[str] = ()) -> list[Finding]:
    """The tests in ``source`` that assert nothing."""
    tests = [function for function in functions(source) if function.name.startswith("test_")]
    return [
        Finding(file, test.lineno, f"asserts nothing: {test.name}") for test in tests if not asserts(test, asserting)
    ]


def test_every_test_asserts_something() -> None:
    files = [file for file in project_files() if file.startswith("tests/") and file.endswith(".py")]
    asserting = asserting_names(map(text_of, files))
    findings = [finding for file in files for finding in check(file, text_of(file), asserting)]
    assert not findings, report(findings)


@pytest.mark.parametrize(
    "body",
    ["run()", "result = run()", "assert True", "assert (run(), 'message')", "x = run()\n    assert x == x", "..."],
)
def test_a_test_that_cannot_fail_is_found(body: str) -> None:
    assert len(check("tests/x.py", f"def test_x():\n    {body}\n")) == 1
    assert (
        len(
            check(
                "tests/x.py",
                f"class TestX:\n    async def test_x(self):\n        {body.replace(chr(10), chr(10) + '    ')}\n",
            )
        )
        == 1
    )


@pytest.mark.parametrize(
    "body",
    [
        "assert run() == 1",
        "with pytest.raises(ValueError):\n        run()",
        "expect(run())",
        "outer(run())",
        "assert False",
    ],
)
def test_a_test_that_can_fail_passes(body: str) -> None:
    shared = "def expect(x):\n    assert x\ndef outer(x):\n    return expect(x)\ndef idle(x):\n    return x\n"
    asserting = asserting_names([shared])
    assert asserting == {"expect", "outer"}
    assert check("tests/x.py", f"def test_x():\n    {body}\n", asserting) == []
