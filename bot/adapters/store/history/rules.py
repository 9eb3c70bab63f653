"""Rules as the history knows them: their texts, what they fired, and what followed."""

from __future__ import annotations

from typing import Any

from bot.adapters.store.codec import clean
from bot.adapters.store.engine import Connection
from bot.adapters.store.history.opening import objects
from bot.adapters.store.reading import rules_in_force

VERSIONS = 20
"""Versions of a rule at most, newest first."""
_VERSIONS = (
    "SELECT version, text, first_used_at FROM rule_versions WHERE rule = ? ORDER BY first_used_at DESC, version LIMIT ?"
)
_RECORD = "SELECT * FROM rule_record WHERE rule = ?"
_RECORDS = "SELECT * FROM rule_record ORDER BY rule"
_OUTCOMES = "SELECT horizon, known, mean, lowest, highest, lower FROM rule_outcomes WHERE rule = ?"

RULE_QUERIES = {
    "versions of a rule": (_VERSIONS, VERSIONS),
    "record of a rule": (_RECORD,),
    "outcomes of a rule": (_OUTCOMES,),
}
"""The queries of ``show_rule`` by name; each takes the rule, and what stands beside it here."""


def list_rules(conn: Connection) -> list[dict[str, Any]]:
    """Every rule that was ever in force, by name: its row of ``rule_record``, and whether it is ``in_force``."""
    now = {name for name, _, _ in rules_in_force(conn)}
    return [{**each, "in_force": each["rule"] in now} for each in objects(conn, _RECORDS)]


def show_rule(conn: Connection, rule: str) -> dict[str, Any] | None:
    """One of them with its ``text``, ``earlier`` versions of it, newest first and at most ``VERSIONS``, and
    ``outcomes`` by horizon; ``None`` where none has this name."""
    name = clean(rule)
    found = next(iter(objects(conn, _RECORD, (name,))), None)
    if found is None:
        return None
    now = {each: text for each, _, text in rules_in_force(conn)}
    versions = objects(conn, _VERSIONS, (name, VERSIONS))
    found["in_force"] = name in now
    found["text"] = now.get(name) or next((v["text"] for v in versions if v["text"]), "")
    found["earlier"] = [v for v in versions if v["text"] and v["text"] != found["text"]]
    found["outcomes"] = objects(conn, _OUTCOMES, (name,))
    return found
