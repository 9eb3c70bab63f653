"""One thing, one owner: what was once written several times, each time a little differently, is written once."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.source import Finding, imports, nodes_of, program_files, report, text_of
from tests.architecture.test_assertions import name_of

CHARACTERS = "bot/core/text/characters.py"
MARKET = "bot/core/prices/market.py"
WAITING = "bot/core/waiting.py"
WORDING = "bot/core/text/wording.py"
JOBS = "bot/app/run/jobs.py"
SCHEDULER = "bot/adapters/scheduler.py"
THREADS = "bot/threads.py"
PARSER = "bot/adapters/feeds/parser.py"
LINKS = frozenset({"bot/core/text/links.py", "bot/adapters/feeds/identity.py"})  # safe and whose; which page

_BIDIRECTIONAL = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]|\\u(?:200[ef]|202[a-e]|206[6-9])", re.IGNORECASE)


def literals(source: str) -> Iterator[ast.Constant]:
    """Every text and number in ``source`` that is no docstring."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)


def calls(source: str, name: str) -> Iterator[ast.Call]:
    """Every call of a method ``name``."""
    for node in nodes_of(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            yield node


def check_characters(file: str, source: str) -> list[Finding]:
    """A second list of characters nobody sees: it has those that reorder text, or asks Unicode for category C."""
    if file == CHARACTERS:
        return []
    lines = [
        node.lineno
        for node in literals(source)
        if (isinstance(node.value, str) and _BIDIRECTIONAL.search(node.value))
        or (type(node.value) is int and 0x202A <= node.value <= 0x202E)
    ]
    if "unicodedata" in source:
        lines += [node.lineno for node in literals(source) if node.value in ("C", "Cc", "Cn", "Co", "Cs")]
    return [Finding(file, line, f"lists unseen characters; {CHARACTERS} does") for line in lines]


def check_links(file: str, source: str) -> list[Finding]:
    """An address taken apart, or judged by how it begins, elsewhere."""
    if file in LINKS:
        return []
    owner = "ask bot/core/text/links.py"
    taken_apart = {"urllib.parse.urlsplit", "urllib.parse.urlparse"}
    findings = [
        Finding(file, found.line, f"{owner}: {found.full}")
        for found in imports(file, source)
        if found.full in taken_apart or found.full == "urllib.parse"
    ]
    return findings + [
        Finding(file, node.lineno, f"{owner}: begins like an address")
        for call in calls(source, "startswith")
        for node in ast.walk(call)
        if isinstance(node, ast.Constant) and node.value in ("http://", "https://", "javascript:")
    ]


def check_past(file: str, source: str) -> list[Finding]:
    """Prices as they were known at some time, put together elsewhere than in the market. (The store reads them.)"""
    if file == MARKET or not file.startswith("bot/core/"):
        return []
    made = [n for n in nodes_of(source) if isinstance(n, ast.Call) and name_of(n) == "SymbolPrices"]
    return [Finding(file, node.lineno, f"{MARKET} has as_of and seen_by") for node in made]


def check_planning(file: str, source: str) -> list[Finding]:
    """A run planned elsewhere: a job that plans its own next run is gone for ever when it fails before it does."""
    if file == SCHEDULER:
        return []
    scheduled = [found.line for found in imports(file, source) if found.module.split(".")[0] == "apscheduler"]
    if file != JOBS:
        scheduled += [
            call.lineno for call in calls(source, "after") if ast.unparse(call.func).endswith("scheduler.after")
        ]
    return [Finding(file, line, f"{JOBS} plans what runs again") for line in scheduled]


def check_threads(file: str, source: str) -> list[Finding]:
    """Blocking calls in threads that are joined at exit: one that hangs keeps a stopped program alive. (The parser of
    feeds may: what it waits for is a process it kills.)"""
    if file in (THREADS, PARSER):
        return []
    made = [*calls(source, "to_thread"), *calls(source, "run_in_executor"), *calls(source, "ThreadPoolExecutor")]
    return [Finding(file, call.lineno, f"{THREADS} has threads that nothing waits for") for call in made]


def check_waiting(file: str, source: str) -> list[Finding]:
    """``Retry-After`` read, or a wait doubled, elsewhere."""
    if file == WAITING:
        return []
    found = [
        node.lineno for node in literals(source) if isinstance(node.value, str) and node.value.lower() == "retry-after"
    ]
    for node in nodes_of(source):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            found += [side.lineno for side in (node.left, node.right) if _is_power_of_two(side)]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "min":
            found += [arg.lineno for arg in node.args if _is_doubled(arg)]
    return [Finding(file, line, f"how long to wait is in {WAITING}") for line in found]


def _is_power_of_two(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow | ast.LShift)
        and isinstance(node.left, ast.Constant)
        and not isinstance(node.right, ast.Constant)
    )


def _is_doubled(node: ast.expr) -> bool:
    sides = (node.left, node.right) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) else ()
    return any(isinstance(side, ast.Constant) and side.value == 2 for side in sides)


SPEAKING = ("bot/core/", "bot/delivery/", "bot/app/chat/", "bot/render/")
"""Where messages are made."""
SETTINGS = frozenset(
    {"bot/delivery/quiet_hours.py", "bot/app/chat/preferences.py", "bot/core/rules/conditions/timing.py"}
)
"""A person's hours, in the zone the person named."""
PICTURES = "bot/core/messages/pictures.py"
ZONES = "bot/render/zones.py"
_OF_DAY = re.compile(r"(?<!T)%H:%M")
"""A time for people; with a ``T`` it is one for programs."""


def check_times(file: str, source: str) -> list[Finding]:
    """A time of day as a piece of a string: no reader's program can put it into the reader's zone. (Pictures say
    theirs.)"""
    if file in (WORDING, PICTURES, ZONES) or file in SETTINGS or not file.startswith(SPEAKING):
        return []
    written = [n.lineno for n in literals(source) if isinstance(n.value, str) and _OF_DAY.search(n.value)]
    made = [
        n.lineno
        for n in nodes_of(source)
        if isinstance(n, ast.Call) and name_of(n) in ("Moment", "clock_words", "moment_words")
    ]
    return [Finding(file, line, f"ask {WORDING} for a Moment") for line in (*written, *made)]


Check = Callable[[str, str], list[Finding]]
CHECKS: tuple[Check, ...] = (
    check_characters,
    check_links,
    check_past,
    check_planning,
    check_threads,
    check_times,
    check_waiting,
)


@pytest.mark.parametrize("check", CHECKS)
def test_what_has_an_owner_is_written_once(check: Check) -> None:
    findings = [finding for file in program_files() for finding in check(file, text_of(file))]
    assert not findings, report(findings)


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (check_characters, 'BAD = re.compile("[\u202a-\u202e]")'),
        (check_characters, 'BAD = re.compile(r"[\\u202a-\\u202e]")'),
        (check_characters, "BAD = dict.fromkeys(range(0x202A, 0x202F))"),
        (check_characters, "import unicodedata\nbad = unicodedata.category(c).startswith('C')"),
        (check_links, "from urllib.parse import urlsplit"),
        (check_links, "import urllib.parse"),
        (check_links, "if link.lower().startswith(('http://', 'https://')): ..."),
        (check_past, "past = SymbolPrices(symbol, timetable)"),
        (check_planning, "from apscheduler.schedulers.asyncio import AsyncIOScheduler"),
        (check_planning, "self.scheduler.after('prices', wait, self._poll_prices)"),
        (check_threads, "found = await asyncio.to_thread(look, folder)"),
        (check_threads, "found = await loop.run_in_executor(None, look)"),
        (check_times, "words = f'at {at:%H:%M} UTC'"),
        (check_times, "words = at.strftime('%d %b %H:%M')"),
        (check_times, "words = (Moment(at, 'noon'),)"),
        (check_times, "words = f'at {clock_words(at)}'"),
        (check_waiting, "wait = response.headers.get('Retry-After')"),
        (check_waiting, "wait = first * 2 ** failures"),
        (check_waiting, "wait = min(first * (1 << failures), longest)"),
        (check_waiting, "pause = min(2 * pause, longest)"),
    ],
)
def test_a_copy_is_found(check: Check, source: str) -> None:
    assert check("bot/core/new.py", source)


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (check_characters, 'MARK = "\ufeff"\nwide = "\uffff"'),
        (check_characters, "import unicodedata\nmark = unicodedata.category(c) in ('Mn', 'Me')"),
        (check_links, "from urllib.parse import quote, urljoin\naddress = f'http://{host}'"),
        (check_planning, "self.jobs.add('prices', poll, every=wait)\nroot.after(5)"),
        (check_threads, "found = await asyncio.wrap_future(in_thread(look, 'look'))"),
        (check_times, "words = ('at ', clock(at), f'; {at:%d %b}')"),
        (check_waiting, "raise SourceError(said, retry_after=wait)\nsize = 4 * (1 << 20)"),
    ],
)
def test_what_only_looks_like_one_passes(check: Check, source: str) -> None:
    assert check("bot/core/new.py", source) == []
