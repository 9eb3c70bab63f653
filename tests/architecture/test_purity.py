"""The core decides and does nothing else; the clock is read in one place."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.architecture.source import Finding, aliases, dotted, imports, nodes_of, program_files, report, text_of

# standard library without I/O, clock, environment, randomness or threads
PURE = """
    __future__ abc array bisect collections contextlib copy dataclasses datetime decimal enum fractions functools
    hashlib heapq hmac html itertools json math operator re statistics string textwrap types typing unicodedata
    urllib.parse weakref
"""
TEXT = "ahocorasick re2 rapidfuzz numpy"  # compiled once and asked purely
CORE_NAMES = frozenset(f"{PURE} {TEXT} bot.core".split())
CORE_EXCEPTIONS = {
    ("bot/core/waiting.py", "email.utils"): "only its parser of the dates that HTTP headers hold",
    ("bot/core/model/unsent.py", "asyncio"): "only the base class of an exception; nothing is awaited or scheduled",
}

CLOCK = "bot/clock.py"
CLOCK_READS = frozenset(
    [
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.monotonic_ns",
        "time.localtime",
        "time.gmtime",
        "time.ctime",
        "time.strftime",
    ]
)
STOPWATCH = frozenset({"time.monotonic", "time.monotonic_ns"})
CORE_NEVER = frozenset(["open", "print", "input", "exec", "eval", "compile", "breakpoint", "__import__"])


def allowed(module: str) -> bool:
    """Whether the core may import ``module``: it, or a package above it, is on the list."""
    parts = module.split(".")
    return any(".".join(parts[: i + 1]) in CORE_NAMES for i in range(len(parts)))


def check_core_imports(file: str, source: str) -> list[Finding]:
    """Every import of a core module that is not on the list."""
    return [
        Finding(file, found.line, f"core imports {found.full}")
        for found in imports(file, source)
        if not allowed(found.module) and not allowed(found.full) and (file, found.module) not in CORE_EXCEPTIONS
    ]


def check_core_calls(file: str, source: str) -> list[Finding]:
    """What a core module does that is not deciding."""
    names = aliases(file, source)
    findings = []
    tree = ast.parse(source)
    own_hash = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "__hash__"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            findings.append(Finding(file, node.lineno, f"global state: {', '.join(node.names)}"))
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func, names)
        if called in CORE_NEVER:
            findings.append(Finding(file, node.lineno, f"{called}() is not deciding"))
        elif called == "hash" and id(node) not in own_hash:
            findings.append(Finding(file, node.lineno, "hash() differs from process to process; use hashlib"))
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "now":
            findings.append(Finding(file, node.lineno, "the core takes now as an argument, it asks no clock"))
    return findings


def check_clock(file: str, source: str) -> list[Finding]:
    """Every reading of a clock, called or handed on as a function. The event loop's own time is not one.

    Adapters may time a request in a thread of theirs with a stopwatch: it cannot say what time it is.
    """
    names = aliases(file, source)
    stopwatch = STOPWATCH if file.startswith("bot/adapters/") else frozenset()
    return [
        Finding(file, node.lineno, f"reads the clock: {name}")
        for node in nodes_of(source)
        if isinstance(node, ast.Attribute | ast.Name) and (name := dotted(node, names)) in CLOCK_READS - stopwatch
    ]


CORE_FILES = tuple(file for file in program_files() if file.startswith("bot/core/"))


def test_the_core_imports_nothing_that_acts() -> None:
    findings = [finding for file in CORE_FILES for finding in check_core_imports(file, text_of(file))]
    assert not findings, report(findings)


def test_the_core_does_nothing_but_decide() -> None:
    findings = [finding for file in CORE_FILES for finding in check_core_calls(file, text_of(file))]
    assert not findings, report(findings)


def test_the_clock_is_read_in_one_place() -> None:
    findings = [f for file in program_files() if file != CLOCK for f in check_clock(file, text_of(file))]
    assert not findings, report(findings)
    assert check_clock(CLOCK, text_of(CLOCK)), f"{CLOCK} is where it is read"


def test_every_exception_is_still_needed() -> None:
    for file, module in CORE_EXCEPTIONS:
        assert module in {found.module for found in imports(file, text_of(file))}


def test_the_standard_library_on_the_list_exists() -> None:
    assert {name.split(".")[0] for name in PURE.split()} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "source",
    [
        "import logging",
        "import random",
        "from os import environ",
        "import time",
        "import urllib.request",
        "from pathlib import Path",
        "def late():\n    import sqlite3",
        "import pydantic",
        "from bot.render import plain",
        "import asyncio",
    ],
)
def test_an_import_that_acts_is_found(source: str) -> None:
    assert len(check_core_imports("bot/core/engine.py", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "open('x')",
        "print(1)",
        "key = hash('NVDA')",
        "def f():\n    global seen\n    seen = 1",
        "def step(clock):\n    return clock.now()",
        "class A:\n    def __eq__(self, o):\n        return hash(self) == hash",
    ],
)
def test_an_act_in_the_core_is_found(source: str) -> None:
    assert len(check_core_calls("bot/core/engine.py", source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    def __hash__(self):\n        return hash(self.x)",
        "class Clock(Protocol):\n    def now(self): ...",
        "now = decisions.now",
        "price.open",
        "pattern = re.compile('x')",
    ],
)
def test_deciding_passes(source: str) -> None:
    assert check_core_calls("bot/core/engine.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndatetime.now(UTC)",
        "from datetime import datetime as dt\nx = dt.utcnow",
        "import datetime\ndatetime.datetime.now()",
        "import datetime as d\nd.date.today()",
        "import time\ntime.monotonic()",
        "from time import time\ntime()",
        "from time import monotonic as m\nfield(default_factory=m)",
    ],
)
def test_a_reading_of_the_clock_is_found(source: str) -> None:
    assert check_clock("bot/delivery/sender.py", source)


@pytest.mark.parametrize(
    "source", ["clock.now()", "loop.time()", "import time\ntime.sleep(1)", "datetime.fromisoformat(x)"]
)
def test_what_only_looks_like_a_clock_passes(source: str) -> None:
    assert check_clock("bot/delivery/sender.py", source) == []


def test_a_stopwatch_is_for_adapters_only() -> None:
    source = "import time\ntime.monotonic()"
    assert check_clock("bot/adapters/prices/yahoo/client.py", source) == []
    assert check_clock("bot/cycle.py", source)
    assert check_clock("bot/adapters/prices/yahoo/client.py", "import time\ntime.time()")
