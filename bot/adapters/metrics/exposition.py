"""Prometheus' text exposition format, version 0.0.4: families of samples in, one text out."""

from __future__ import annotations

import enum
import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")


class Kind(enum.StrEnum):
    """What the numbers of a family are: only growing, going up and down, or counted by size."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number. ``suffix`` is what a histogram adds to its family's name: ``_bucket``, ``_sum``, ``_count``."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """All numbers of one name."""

    name: str
    kind: Kind
    about: str
    """In one line, for those who look at the numbers."""
    samples: Sequence[Sample] = ()


class Histogram:
    """How many values were how large. ``bounds`` are the upper ends of the buckets, each included; rising."""

    def __init__(self, bounds: Sequence[float]) -> None:
        if list(bounds) != sorted(set(bounds)) or not all(map(math.isfinite, bounds)):
            raise ValueError("bounds of a histogram rise, and are finite")
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count ``value``; what is not a number is passed over."""
        if not math.isnan(value):
            self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self._counts)

    def samples(self, labels: Mapping[str, str] | None = None) -> Iterator[Sample]:
        """As the format wants it: each bucket holds all up to its bound, the last one everything."""
        labels, so_far = labels or {}, 0
        for bound, count in zip((*self._bounds, math.inf), self._counts, strict=True):
            so_far += count
            yield Sample(so_far, {**labels, "le": _number(bound)}, "_bucket")
        yield Sample(self._sum, labels, "_sum")
        yield Sample(so_far, labels, "_count")


def exposition(families: Iterable[Family]) -> str:
    """The families as one text. ValueError for a name that is none, and for a family or series given twice."""
    lines: list[str] = []
    named: set[str] = set()
    for family in families:
        if not _NAME.match(family.name) or family.name in named:
            raise ValueError(f"{family.name!r}: not a name, or given twice")
        named.add(family.name)
        lines.append(f"# HELP {family.name} {_escaped(family.about)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        series: set[str] = set()
        for sample in family.samples:
            name = f"{family.name}{sample.suffix}{_labels(sample.labels)}"
            if name in series:
                raise ValueError(f"{name}: given twice")
            series.add(name)
            lines.append(f"{name} {_number(sample.value)}")
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    for name in labels:
        if not _LABEL.match(name):
            raise ValueError(f"{name!r}: not the name of a label")
    return "{" + ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items()) + "}"


def _escaped(text: str, *, quotes: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quotes else text


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
