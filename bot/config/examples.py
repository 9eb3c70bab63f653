"""Example values for every key (from ``examples.yaml``), and the keys whose values are names defined elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bot.config.yaml.document import load_document


@cache
def examples() -> Mapping[str, Any]:
    """Examples by model and key, like ``RuleSpec.name``."""
    models = load_document(Path(__file__).with_suffix(".yaml")).data
    return {f"{model}.{key}": example for model, keys in models.items() for key, example in keys.items()}


REFERENCES: Mapping[str, str] = {
    "RuleSpec.symbols": "selectors",
    "BreadthSpec.symbols": "selectors",
    "NewsSpec.topic": "topics",
    "CauseSpec.topic": "topics",
    "AbnormalSpec.benchmark": "benchmarks",
    "MarketSpec.benchmark": "benchmarks",
    "TriggerEntry.topic": "topics",
    "TriggerEntry.exposures": "exposures",
    "FallEntry.exposure": "exposures",
}
"""Keys whose values are names defined elsewhere, and which names editors offer."""
