"""The text form: read back by a parser of its own, written after the format's description."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.metrics import Family, Histogram, Kind, Sample, exposition
from bot.adapters.metrics.process import process_families, resident_bytes
from tests.metrics.parsed import parsed


def test_a_page_as_the_format_s_description_shows_it() -> None:
    families = [
        Family(
            "requests_total",
            Kind.COUNTER,
            "Requests,\nby \\ code.",
            [Sample(3, {"code": "200"}), Sample(1.5, {"code": 'a"b\\c\nd'})],
        ),
        Family("temperature", Kind.GAUGE, "Now.", [Sample(-math.inf)]),
        Family("nothing", Kind.GAUGE, "No samples."),
    ]
    assert exposition(families) == (
        "# HELP requests_total Requests,\\nby \\\\ code.\n"
        "# TYPE requests_total counter\n"
        'requests_total{code="200"} 3\n'
        'requests_total{code="a\\"b\\\\c\\nd"} 1.5\n'
        "# HELP temperature Now.\n"
        "# TYPE temperature gauge\n"
        "temperature -Inf\n"
        "# HELP nothing No samples.\n"
        "# TYPE nothing gauge\n"
    )


@given(st.dictionaries(st.text(), st.floats(), max_size=5))
def test_whatever_a_label_holds_is_read_back(values: dict[str, float]) -> None:
    family = Family("x", Kind.GAUGE, "X.", [Sample(value, {"of": name}) for name, value in values.items()])
    back = parsed(exposition([family]))
    assert back.kinds == {"x": "gauge"}
    assert {labels["of"]: repr(value) for (_, labels, value) in back.samples} == {
        name: repr(value + 0.0 if value else 0.0) for name, value in values.items()
    }


@pytest.mark.parametrize(
    "families",
    [
        [Family("a b", Kind.GAUGE, "")],
        [Family("a", Kind.GAUGE, ""), Family("a", Kind.COUNTER, "")],
        [Family("a", Kind.GAUGE, "", [Sample(1, {"x": "1"}), Sample(2, {"x": "1"})])],
        [Family("a", Kind.GAUGE, "", [Sample(1, {"x-y": "1"})])],
        [Family("a", Kind.GAUGE, "", [Sample(1, {"__x": "1"})])],
    ],
)
def test_what_prometheus_would_refuse_is_refused_here(families: list[Family]) -> None:
    with pytest.raises(ValueError, match=r"not a name|given twice|not the name"):
        exposition(families)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-10, max_value=10)))
def test_a_histogram_counts_each_value_in_every_bucket_that_holds_it(values: list[float]) -> None:
    bounds = (0.0, 1.0, 2.5)
    histogram = Histogram(bounds)
    for value in [*values, math.nan]:
        histogram.observe(value)
    samples = list(histogram.samples({"channel": "x"}))
    buckets = {s.labels["le"]: s.value for s in samples if s.suffix == "_bucket"}
    expected = {f"{b:g}": sum(v <= b for v in values) for b in bounds}
    assert buckets == {**expected, "+Inf": len(values)}
    assert [s.value for s in samples if s.suffix == "_count"] == [len(values)] == [histogram.count]
    assert math.isclose(next(s.value for s in samples if s.suffix == "_sum"), sum(values), abs_tol=1e-6)
    assert all(s.labels["channel"] == "x" for s in samples)


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (1.0, math.inf)])
def test_bounds_that_do_not_rise_are_refused(bounds: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="rise"):
        Histogram(bounds)


def test_the_process_is_measured_by_the_names_prometheus_uses() -> None:
    found = {family.name: family.samples[0].value for family in process_families()}
    assert found["process_cpu_seconds_total"] > 0
    memory = resident_bytes()
    assert memory is not None
    assert 10e6 < memory < 10e9
    assert all(re.match(r"process_[a-z_]+$", name) for name in found)
