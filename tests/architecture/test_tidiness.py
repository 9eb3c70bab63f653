"""Names say something, and no file knows the machine it was written on."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOT, Finding, nodes_of, project_files, report, text_of

# ---------------------------------------------------------------------------------------------------------- complexity


LIFTED = re.compile("# noqa:" + r"[^#]*C901(?!  - \S)")


def check_lifted(file: str, source: str) -> list[Finding]:
    """A function that may be complex without saying why."""
    return [
        Finding(file, number, "complexity is lifted without a reason; write '  - why' behind it")
        for number, line in enumerate(source.splitlines(), 1)
        if LIFTED.search(line)
    ]


def test_where_complexity_is_lifted_a_reason_is_given() -> None:
    findings = [f for file in project_files() if file.endswith(".py") for f in check_lifted(file, text_of(file))]
    assert not findings, report(findings)


def test_complexity_lifted_without_a_reason_is_found() -> None:
    lifted = "def f():  # noqa" + ": C901"
    assert check_lifted("bot/core/new.py", lifted)
    assert not check_lifted("bot/core/new.py", f"{lifted}  - a case for each fault")


# --------------------------------------------------------------------------------------------------------------- names

EMPTY_WORDS = frozenset(["util", "utils", "manager", "managers", "helper", "helpers"])


def words(name: str) -> set[str]:
    """``FeedManager`` and ``feed_manager`` are ``feed`` and ``manager``."""
    return {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)}


def defined(source: str) -> Iterator[tuple[str, int]]:
    """Every name ``source`` gives to something, with its line. Imported names are other people's."""
    for node in nodes_of(source):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def check_names(file: str, source: str) -> list[Finding]:
    """Names that hide what a thing is for."""
    findings = [Finding(file, 1, f"says nothing: {part}") for part in file.split("/") if words(part) & EMPTY_WORDS]
    return findings + [
        Finding(file, line, f"says nothing: {name}") for name, line in defined(source) if words(name) & EMPTY_WORDS
    ]


def test_names_say_what_things_are_for() -> None:
    ours = [file for file in project_files() if file.endswith(".py")]
    findings = [finding for file in ours for finding in check_names(file, text_of(file))]
    assert not findings, report(findings)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("bot/core/utils.py", ""),
        ("bot/helpers/text.py", ""),
        ("bot/core/feeds.py", "class FeedManager: ..."),
        ("bot/core/feeds.py", "def http_util(): ..."),
        ("bot/core/feeds.py", "async def f(helper): ..."),
        ("bot/core/feeds.py", "self.manager = 1"),
    ],
)
def test_a_name_that_says_nothing_is_found(file: str, source: str) -> None:
    assert len(check_names(file, source)) == 1


def test_other_peoples_names_and_mere_likenesses_pass() -> None:
    assert check_names("bot/core/x.py", "import sqlite_utils\nfrom contextlib import contextmanager\nutility = 1") == []


# --------------------------------------------------------------------------------------------------------------- texts

MACHINE_PATH = re.compile(r"(?<![\w.:/~%+-])/(?:home|root|Users|work|mnt)/[\w.]|\b[A-Z]:\\\\?Users\b")
REGISTRY = re.compile(
    r"\b(?:pypi\.(?:org|python\.org)|(?:files\.)?pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com"
    r"|static\.crates\.io|proxy\.golang\.org)",
    re.IGNORECASE,
)


UNMERGED = re.compile("^(?:<{7}|>{7}) .*")


def check_text(file: str, text: str) -> list[Finding]:
    """Paths of one machine, addresses of package registries, and what a merge left to be settled by hand."""
    return [
        Finding(file, number, f"{what}: {match[0]}")
        for number, line in enumerate(text.splitlines(), 1)
        for what, pattern in (
            ("path of one machine", MACHINE_PATH),
            ("registry address", REGISTRY),
            ("unmerged", UNMERGED),
        )
        for match in pattern.finditer(line)
    ]


def readable_files() -> Iterator[tuple[str, str]]:
    """Every project file that is text."""
    for file in project_files():
        raw = (ROOT / file).read_bytes()
        if b"\0" not in raw[:8192]:
            yield file, raw.decode("utf-8", "replace")


def test_no_file_knows_this_machine_or_a_registry() -> None:
    findings = [finding for file, text in readable_files() for finding in check_text(file, text)]
    assert not findings, report(findings)


@pytest.mark.parametrize(
    "parts",
    [
        ("see ", "/ho", "me/ann/bot"),
        ("path: '", "/wo", "rk/data'"),
        ("C:", "\\Users", "\\ann"),
        ("https://", "py", "pi.org/simple"),
        ("files.", "python", "hosted.org"),
        ("<" * 7, " HEAD"),
        (">" * 7, " main"),
    ],
)
def test_a_path_or_registry_is_found(parts: tuple[str, ...]) -> None:
    assert len(check_text("docs/x.md", "".join(parts))) == 1


@pytest.mark.parametrize(
    "parts",
    [
        ("https://example.com", "/home", "/page"),
        ("~", "/work", "/x"),
        ("tests", "/work", "/x"),
        ("bot", "/root", "/x"),
        ("/home", "work/x"),
    ],
)
def test_addresses_and_relative_paths_pass(parts: tuple[str, ...]) -> None:
    assert check_text("docs/x.md", "".join(parts)) == []
