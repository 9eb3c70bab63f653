"""Who knows what: one module opens the history, one makes each kind of adapter, and an engine is seen by its view."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import Finding, imports, nodes_of, program_files, report, text_of

CHOSEN_IN: dict[str, tuple[str, ...]] = {
    "bot.adapters.store": ("bot/app/stores.py",),
    "bot.adapters.prices.yahoo": ("bot/app/run/prices/source.py",),
    "bot.adapters.news_sources": ("bot/app/run/news/sources.py",),
    "bot.adapters.notifiers.console": ("bot/app/run/notifiers.py",),
    "bot.adapters.notifiers.webhook": ("bot/app/run/notifiers.py",),
    "bot.adapters.notifiers.apprise": ("bot/app/run/notifiers.py",),
    "bot.adapters.notifiers.telegram.notifier": ("bot/app/run/notifiers.py",),
    "bot.adapters.language_model": ("bot/app/run/news/language_model.py",),
    "bot.adapters.calendar": ("bot/app/project.py",),
}
"""Where each adapter is chosen; nobody else outside the adapters names it."""
OUTWARD = {"TelegramNotifier": "bot.adapters.notifiers.telegram.notifier"}
"""Names that a package hands on, by the module they are from."""
PUBLIC = frozenset(
    [
        "step",
        "restore",
        "reload",
        "send_digests",
        "acknowledge",
        "introduce_in_steps",
        "view",
        "evaluate",
        "next_due",
        "time",
        "unwritten",
        "engine",
        "Engine",
    ]
)
"""What an engine does for others. What it knows is in its view."""


def check_adapters(file: str, source: str) -> list[Finding]:
    """Imports of an adapter by somebody who does not choose it."""
    if file.startswith("bot/adapters/"):
        return []
    findings = []
    for found in imports(file, source):
        module = OUTWARD.get(found.name, found.full)
        for adapter, choosers in CHOSEN_IN.items():
            if (module == adapter or module.startswith(f"{adapter}.")) and file not in choosers:
                findings.append(Finding(file, found.line, f"{found.full} is chosen in {', '.join(choosers)}"))
    return findings


def check_engine(file: str, source: str) -> list[Finding]:
    """Reads and writes of what is inside an engine."""
    if file.startswith("bot/core/"):
        return []
    findings = []
    for node in nodes_of(source):
        if not isinstance(node, ast.Attribute) or node.attr in PUBLIC:
            continue
        of = node.value
        name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
        if name in ("engine", "_engine"):
            findings.append(Finding(file, node.lineno, f"looks into the engine: {name}.{node.attr}; ask engine.view()"))
    return findings


def test_each_adapter_is_chosen_in_one_place() -> None:
    findings = [f for file in program_files() for f in check_adapters(file, text_of(file))]
    assert not findings, report(findings)


def test_nobody_looks_into_the_engine() -> None:
    findings = [f for file in program_files() for f in check_engine(file, text_of(file))]
    assert not findings, report(findings)


def test_the_choosers_are_there() -> None:
    assert {file for files in CHOSEN_IN.values() for file in files} <= set(program_files())


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("bot/cli/history/commands.py", "def f():\n    from bot.adapters.store.history import list_alerts"),
        ("bot/web/pages.py", "from bot.adapters.store.codec import decoder"),
        ("bot/app/run/live.py", "from bot.adapters.store import SqliteStore"),
        ("bot/app/setup/checkup.py", "from bot.adapters.prices.yahoo import Yahoo"),
        ("bot/app/setup/first_contact.py", "from bot.adapters.notifiers.telegram import TelegramNotifier"),
    ],
)
def test_an_adapter_named_elsewhere_is_found(file: str, source: str) -> None:
    assert len(check_adapters(file, source)) == 1


@pytest.mark.parametrize(
    "source", ["x = engine.market.of('NVDA')", "self.bot.engine.incidents.open()", "engine.alerts.between = (a, b)"]
)
def test_a_look_into_the_engine_is_found(source: str) -> None:
    assert len(check_engine("bot/app/monitoring/status.py", source)) == 1
    assert check_engine("bot/core/incidents/announcing.py", source) == []


@pytest.mark.parametrize("source", ["engine.view().phase(symbol, at)", "self.engine.step((), now)", "bot.engine"])
def test_what_an_engine_does_for_others_passes(source: str) -> None:
    assert check_engine("bot/app/run/live.py", source) == []
