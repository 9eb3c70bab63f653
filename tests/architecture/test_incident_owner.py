"""What changes in one place only: an incident and its thread, by ``bot/core/incidents/incidents.py``."""

from __future__ import annotations

import ast
import dataclasses

import pytest

from bot.core import model
from tests.architecture.source import Finding, nodes_of, program_files, report, text_of

OWNER = "bot/core/incidents/incidents.py"
OWNED = (model.Incident, model.Thread)
OTHERS = [
    kind
    for kind in vars(model).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind not in OWNED
]
FIELDS = frozenset(f.name for kind in OWNED for f in dataclasses.fields(kind)) - {
    "alerts",  # an explanation has some, too
    "sessions",  # and so has what a condition reads
    *(f.name for kind in OTHERS for f in dataclasses.fields(kind)),
}
"""Fields that nothing but an incident or a thread has: who replaces one of these replaces a part of an incident."""


def check(file: str, source: str) -> list[Finding]:
    """Every place in ``source`` that makes or changes an incident or a thread."""
    findings = []
    for node in nodes_of(source):
        if isinstance(node, ast.ImportFrom) and node.module == "bot.core.model":
            if "Thread" in {alias.name for alias in node.names}:
                findings.append(Finding(file, node.lineno, "imports Thread; let Incidents make it"))
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            changed = sorted(FIELDS & {keyword.arg for keyword in node.keywords if keyword.arg})
            unseen = file.startswith("bot/core/") and any(keyword.arg is None for keyword in node.keywords)
            if called == "replace" and (changed or unseen):
                what = ", ".join(changed) or "whatever it is given"
                findings.append(Finding(file, node.lineno, f"replaces {what}; let Incidents do it"))
            elif called == "Incident":
                findings.append(Finding(file, node.lineno, "makes an Incident; let Incidents do it"))
    return findings


def test_nobody_but_their_owner_changes_incidents_and_threads() -> None:
    others = [file for file in program_files() if file != OWNER]
    findings = [finding for file in others for finding in check(file, text_of(file))]
    assert not findings, report(findings)
    assert check(OWNER, text_of(OWNER)), "the owner is looked at in the same way"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("replace(incident, lead='NVDA')", 1),
        ("dataclasses.replace(incident.thread, messages=2)", 1),
        ("replace(i, **changes)", 1),
        ("Incident(id='i')", 1),
        ("replace(alert, told_at=at, severity=high)", 0),
        ("text.replace('a', 'b')", 0),
        ("from bot.core.model import Alert, Thread", 1),
        ("from threading import Thread", 0),
    ],
)
def test_what_changes_an_incident_is_found(source: str, found: int) -> None:
    assert len(check("bot/core/engine.py", source)) == found


def test_most_of_an_incident_is_its_own() -> None:
    assert {"lead", "merged_into", "messages", "follow_ups", "told_change"} <= FIELDS
    assert len(FIELDS) >= 15
