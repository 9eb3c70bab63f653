"""What is timed goes to a registry of one bot's own, in the families that docs/operations.md lists."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import REGISTRY
from prometheus_client.exposition import generate_latest

from bot.app.monitoring.counters import CYCLE_SECONDS, Measures
from tests.delivery.makers import NOW, notification
from tests.metrics.parsed import parsed

LATENCY = "aftershock_delivery_latency_seconds"
CYCLE = "aftershock_cycle_duration_seconds"


def test_two_bots_in_one_process_count_apart_and_not_in_the_library_s_own_registry() -> None:
    first, second = Measures(), Measures()
    first.delivered(notification("a", "telegram:1", NOW), NOW + timedelta(seconds=0.3))
    assert parsed(generate_latest(first.registry).decode()).value(f"{LATENCY}_count", channel="telegram") == 1
    assert parsed(generate_latest(second.registry).decode()).kinds == {CYCLE: "histogram", LATENCY: "histogram"}
    assert "aftershock" not in generate_latest(REGISTRY).decode()


def test_each_bucket_holds_what_took_no_longer_than_its_bound() -> None:
    measures = Measures()
    for seconds in (0.001, 0.0011, 7.0):
        measures.cycle_seconds.observe(seconds)
    page = parsed(generate_latest(measures.registry).decode())
    counts = {at["le"]: value for name, at, value in page.samples if name == f"{CYCLE}_bucket"}
    assert counts == {**{str(bound): 1.0 if bound == 0.001 else 2.0 for bound in CYCLE_SECONDS}, "+Inf": 3.0}
    assert page.value(f"{CYCLE}_count") == 3


def test_a_clock_set_back_counts_as_no_time_at_all() -> None:
    measures = Measures()
    measures.delivered(notification("a", channel='a "channel"\\', at=NOW), NOW - timedelta(seconds=5))
    page = parsed(generate_latest(measures.registry).decode())
    assert page.value(f"{LATENCY}_sum", channel='a "channel"\\') == 0
