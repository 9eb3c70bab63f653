"""Topic detection on labelled headlines, and speed. The labels are development data: they show no regress, no more."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.news.stories import shipped

BENCH = Path(__file__).resolve().parents[2] / "bench" / "news.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """``bench/news.py`` as a module."""
    spec = importlib.util.spec_from_file_location("bench_news", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_news"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.shared
def test_topic_detection_is_good_on_the_labelled_headlines_and_far_from_the_naive_rule(bench: ModuleType) -> None:
    rows = [row for row in bench.labelled(bench.StoryReader(*shipped())) if not row.ambiguous]
    ours = bench.topic_measure(rows, "ai-model", "model")
    naive = bench.measure(rows, "model", lambda content: bool(bench.NAIVE.search(content.story.title)))
    assert ours.f1 >= 0.90
    assert ours.precision >= 0.93
    assert naive.precision < 0.6
    assert bench.topic_measure(rows, "ai-market", "ai_market").f1 >= 0.85


def test_reading_keeps_up_with_far_more_news_than_there_is(bench: ModuleType) -> None:
    """5,000 a second of one core are asked for, of processor time; a slow machine gets half."""
    adding, asking = bench.throughput(*shipped(), bench.recorded(3_000))
    assert adding > 2_500
    assert asking > 1_000
