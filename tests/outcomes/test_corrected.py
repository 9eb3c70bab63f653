"""The record counts the causes that had to be corrected."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from bot.adapters.store import open_store
from tests.command import run_command
from tests.store.values import NOW, after, alert, batch, fired, incident


def test_a_cause_that_was_corrected_is_counted(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    with open_store(file, mode="live", run_name="live", now=NOW) as store:
        corrected = replace(alert(), corrected_at=after(60))
        store.commit(batch(incident(), fired(corrected)))
    said = run_command("performance", corrected.rule, "--database", file).stdout
    assert "cause corrected by later stories: 1" in said
    (line,) = run_command("performance", "--database", file, "--json").stdout.splitlines()
    assert json.loads(line)["corrected"] == 1
