"""An alert on news alone, for a symbol that had no price yet: there is nothing to measure what followed from."""

from __future__ import annotations

import json
from pathlib import Path

from bot.adapters.store import open_store
from bot.core.incidents.outcomes import outcomes_of
from tests.command import run_command
from tests.outcomes.prices import LATER, alert, bar, prices, trade, utc
from tests.store.values import batch, fired, incident

HELD = (trade("2025-01-27 15:15", 84.0), bar("2025-01-27", 76.0), bar("2025-01-28", 100.0))


def test_what_fired_on_no_price_has_no_outcome() -> None:
    unpriced = alert("2025-01-27 15:00", price=0.0, change=None)
    assert outcomes_of(unpriced, prices(*HELD), LATER) == ()
    assert outcomes_of(alert("2025-01-27 15:00"), prices(*HELD), LATER)


def test_its_rule_still_has_a_record(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    unpriced = alert("2025-01-27 15:00", price=0.0, change=None, reference=None)
    with open_store(file, mode="live", run_name="live", now=utc("2025-01-27 14:00")) as store:
        store.commit(batch(incident(), fired(unpriced), *HELD))
    (line,) = run_command("performance", "--database", file, "--json").stdout.splitlines()
    assert json.loads(line)["fired"] == 1
    assert json.loads(line)["followed"] == []
