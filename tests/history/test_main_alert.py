"""Of several alerts of one stock, the one that stands for it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.cli.history.show import main_alert

MINUTE, LATER = "2025-01-27 21:00", "2025-01-27 21:15"


def alert(name: str, at: str = MINUTE, severity: str = "high", worst: float | None = -0.1) -> dict[str, Any]:
    return {"id": name, "session": at[:10], "at": at, "severity": severity, "worst": worst}


@pytest.mark.parametrize(
    "others",
    [
        [alert("of a milder rule", severity="warning", worst=-0.3)],
        [alert("of another rule at the moment", worst=-0.09), alert("without a price", worst=None)],
        [alert("of the session before", "2025-01-24 21:00", "critical", -0.4)],
    ],
)
def test_the_main_alert_is_the_severest_and_newest_and_of_one_moment_the_furthest(others: list[dict[str, Any]]) -> None:
    for order in ([alert("main"), *others], [*others, alert("main")]):
        found = main_alert(order)
        assert found is not None
        assert found["id"] == "main"


def test_the_newest_of_two_as_severe_stands_for_the_stock() -> None:
    found = main_alert([alert("first", worst=-0.2), alert("second", LATER)])
    assert found is not None
    assert found["id"] == "second"


def test_without_alerts_there_is_none() -> None:
    assert main_alert([]) is None
