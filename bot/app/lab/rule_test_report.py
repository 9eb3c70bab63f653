"""Reports of rule tests: lines for people, objects for programs, JUnit XML for CI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree import ElementTree

from bot.app.lab.rule_testing import Failure, Miss, RuleTestResult, event_line
from bot.app.lines import flat_checks, iso
from bot.core.rules.nearness import blocker
from bot.render.checks import check_lines
from bot.render.text import clean


def result_lines(verdict: RuleTestResult) -> Iterator[str]:
    """``ok`` or ``FAIL`` with place and name; under a failure what fired instead and why."""
    word = "ok  " if verdict.passed else "FAIL"
    yield f"{word} {verdict.test.where}  {clean(verdict.test.name)}"
    for failure in verdict.failures:
        yield from (f"     {line}" for line in failure_lines(failure))
    if not verdict.passed:
        yield from (f"     note: {note}" for note in verdict.notes)


def failure_lines(failure: Failure) -> Iterator[str]:
    """What was not as expected, what came instead, and the tree of the nearest miss."""
    yield clean(failure.what)
    yield from (f"  came: {clean(line)}" for line in failure.came)
    for miss in failure.misses:
        stopped = blocker(miss.check)
        how = "nearest" if stopped is not None else "why"
        yield f"  {how}, {miss.rule} for {miss.symbol or 'no stock'} at {miss.at:%Y-%m-%d %H:%M:%S}Z:"
        yield from check_lines(miss.check, "    ")


def result_object(verdict: RuleTestResult) -> dict[str, Any]:
    """A verdict for ``--json``."""
    line, column = verdict.test.document.position(verdict.test.path)
    return {
        "type": "test",
        "name": verdict.test.name,
        "file": verdict.test.document.file,
        "line": line,
        "column": column,
        "passed": verdict.passed,
        "rules": list(verdict.rules),
        "fired": [event_line(change) for change in verdict.fired],
        "failures": [
            {"what": failure.what, "came": list(failure.came), "why": [_miss(miss) for miss in failure.misses]}
            for failure in verdict.failures
        ],
        "notes": list(verdict.notes),
    }


def _miss(miss: Miss) -> dict[str, Any]:
    stopped = blocker(miss.check)
    return {
        "rule": miss.rule,
        "symbol": miss.symbol,
        "at": iso(miss.at),
        "stopped_by": stopped.condition if stopped else None,
        "checks": list(flat_checks(miss.check)),
    }


def junit(verdicts: Sequence[RuleTestResult], seconds: float) -> str:
    """The verdicts as JUnit XML, a suite for each file."""
    root = ElementTree.Element("testsuites", name="rule tests", time=f"{seconds:.3f}")
    root.set("tests", str(len(verdicts)))
    root.set("failures", str(sum(not v.passed for v in verdicts)))
    suites: dict[str, ElementTree.Element] = {}
    for verdict in verdicts:
        file = verdict.test.document.file
        suite = suites.get(file)
        if suite is None:
            of_file = [v for v in verdicts if v.test.document.file == file]
            suite = suites[file] = ElementTree.SubElement(
                root,
                "testsuite",
                name=_text(file),
                tests=str(len(of_file)),
                failures=str(sum(not v.passed for v in of_file)),
                errors="0",
            )
        case = ElementTree.SubElement(suite, "testcase", name=_text(verdict.test.name), classname=_text(file))
        case.set("line", str(verdict.test.document.position(verdict.test.path)[0]))
        if not verdict.passed:
            failed = ElementTree.SubElement(case, "failure", message=_text(verdict.failures[0].what))
            failed.text = "\n".join(_text(line) for f in verdict.failures for line in failure_lines(f))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _text(text: str) -> str:
    """Without characters that XML cannot carry; indentation stays."""
    stripped = text.lstrip(" ")
    return " " * (len(text) - len(stripped)) + clean(stripped)
