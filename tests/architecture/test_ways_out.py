"""Text from outside goes out through one door: whatever writes to a terminal, suggests a command to copy or hides a
secret asks its owner. Walks the whole program, so that the next place is found, too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import Finding, aliases, dotted, program_files, report, text_of

TERMINAL = "bot/cli/terminal.py"
OUTSIDE = "bot/render/outside.py"
SECRET = "bot/core/secret.py"
WRITERS = {
    TERMINAL: "it is the owner",
    "bot/environment.py": "runs before anything is installed, and writes its own words",
    "bot/adapters/feeds/worker.py": "a child process, whose answer is JSON for its parent",
}
STREAMS = {
    **WRITERS,
    "bot/cli/__init__.py": "sets what becomes of characters that the terminal has not",
    "bot/cli/replay.py": "gives the stream to the console's notifier, which shows rendered messages only",
    "bot/cli/send_test.py": "the same",
    "bot/app/run/starting.py": "the same",
    "bot/app/monitoring/logs.py": "its formatter escapes what steers a terminal",
    "bot/cli/run.py": "flushes",
    "bot/cli/asking.py": "asks for a secret without echo; the question is its own",
    "bot/cli/performance.py": "asks how wide the terminal is",
}
_WRITES = re.compile(r"(typer|click)\.(echo|secho)|sys\.(stdout|stderr)\.write|rich\.print|(logging\.)?StreamHandler")
_COMMAND = re.compile(r"(python main\.py|\bchmod\b|\bmake (?:setup|run|web|test)\b|\brun:|\bsqlite3 )[^.;→]*$")


def calls(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def check_writing(file: str, source: str) -> list[Finding]:
    """What is printed elsewhere, or read for markup."""
    if file in WRITERS:
        return []
    names = aliases(file, source)
    found = []
    for call in calls(source):
        called = dotted(call.func, names)
        keywords = {k.arg: k.value for k in call.keywords}
        plain = isinstance(keywords.get("markup"), ast.Constant) and keywords["markup"].value is False
        if called == "print" or _WRITES.fullmatch(called):
            found.append(Finding(file, call.lineno, f"{called}(): {TERMINAL} has say and tell"))
        elif called == "rich.console.Console":
            found.append(Finding(file, call.lineno, f"a screen of its own: {TERMINAL} has one without markup"))
        elif called.startswith("rich.") and called.endswith((".TextColumn", ".from_markup")) and not plain:
            found.append(Finding(file, call.lineno, "reads markup in what it shows; markup=False"))
        elif isinstance(call.func, ast.Attribute) and call.func.attr == "print":
            found.append(Finding(file, call.lineno, f"{ast.unparse(call.func)}(): {TERMINAL} has say and tell"))
    return found


def check_streams(file: str, source: str) -> list[Finding]:
    """Standard output or error in the hands of what is not on the list."""
    if file in STREAMS:
        return []
    names = aliases(file, source)
    return [
        Finding(file, node.lineno, f"takes {name}")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and (name := dotted(node, names)) in ("sys.stdout", "sys.stderr")
    ]


def check_commands(file: str, source: str) -> list[Finding]:
    """A value put into a command that people copy, unless its owner has quoted it."""
    if file in (OUTSIDE, "bot/environment.py"):
        return []
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            before = ""
            for part in node.values:
                if isinstance(part, ast.Constant):
                    before += str(part.value)
                elif isinstance(part, ast.FormattedValue):
                    if _COMMAND.search(before) and not _is_quoted(part.value):
                        said = ast.unparse(part.value)
                        found.append(Finding(file, part.lineno, f"{said} in a command: {OUTSIDE} quotes it"))
                    before += "{}"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and not isinstance(node.right, ast.Constant):
            left = node.left
            if isinstance(left, ast.Constant) and _COMMAND.search(str(left.value)) and not _is_quoted(node.right):
                found.append(Finding(file, node.lineno, f"a command put together: {OUTSIDE} quotes it"))
    return found


def _is_quoted(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in ("command", "shell")
    return isinstance(value, ast.Name) and value.id == "repair"  # made by it a line above


def check_quoting(file: str, source: str) -> list[Finding]:
    """Another quoting for shells, or another way to hide a secret."""
    if file in (OUTSIDE, SECRET, "bot/environment.py"):
        return []
    names = aliases(file, source)
    found = [
        Finding(file, call.lineno, f"{OUTSIDE} quotes for shells")
        for call in calls(source)
        if dotted(call.func, names).startswith("shlex.")
    ]
    return found + [
        Finding(file, node.lineno, f"{SECRET} hides secrets")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in ("[secret]", "***")
    ]


CHECKS = (check_writing, check_streams, check_commands, check_quoting)


@pytest.mark.parametrize("check", CHECKS)
def test_text_from_outside_has_one_way_out(check) -> None:  # type: ignore[no-untyped-def]
    findings = [finding for file in program_files() for finding in check(file, text_of(file))]
    assert not findings, report(findings)


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (check_writing, "print(error, file=sys.stderr)"),
        (check_writing, "import typer\ntyper.echo(title)"),
        (check_writing, "from rich import print\nprint(title)"),
        (check_writing, "import sys\nsys.stderr.write(title)"),
        (check_writing, "from rich.console import Console\nscreen = Console(stderr=True)"),
        (check_writing, "from rich.progress import TextColumn\nTextColumn('{task.description}')"),
        (check_writing, "self.console.print(f'{name}: done')"),
        (check_streams, "import sys\nshow(title, sys.stdout)"),
        (check_commands, "advice = f'python main.py feeds check {spec.url}'"),
        (check_commands, "raise Bad(f'{file} is open; run: chmod 600 {file}')"),
        (check_commands, "advice = 'python main.py replay ' + name"),
        (check_quoting, "from shlex import quote\nshown = quote(url)"),
        (check_quoting, "shown = text.replace(key, '[secret]')"),
    ],
)
def test_another_way_out_is_found(check, source: str) -> None:  # type: ignore[no-untyped-def]
    assert check("bot/app/new.py", source)


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (check_writing, "say(title)\ntell(error)\nlog.warning('%s', error)"),
        (check_commands, "advice = command('feeds', 'check', spec.url)"),
        (check_commands, "raise Bad(f'{file} is open; run: {shell(\"chmod\", 600, file)}')"),
        (check_commands, "words = f'{count} feeds; python main.py feeds list shows them'"),
    ],
)
def test_what_asks_the_owner_passes(check, source: str) -> None:  # type: ignore[no-untyped-def]
    assert check("bot/app/new.py", source) == []


def test_every_exception_is_still_needed() -> None:
    assert set(STREAMS) <= set(program_files())
