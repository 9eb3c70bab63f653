"""A small reader of the text exposition format, strict about what it lets pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SAMPLE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)\Z", re.DOTALL)
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|\Z)')


@dataclass
class Parsed:
    """What a page says."""

    kinds: dict[str, str] = field(default_factory=dict)
    samples: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def value(self, name: str, **labels: str) -> float:
        """The one sample of that name and labels."""
        (found,) = [v for n, given, v in self.samples if n == name and given == labels]
        return found

    @property
    def families(self) -> set[str]:
        """The names of all families."""
        return set(self.kinds)


def parsed(text: str) -> Parsed:
    """Read a page; AssertionError where it is not as the format asks."""
    assert text.endswith("\n") or not text
    page = Parsed()
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            continue
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in page.kinds
            assert kind in ("counter", "gauge", "histogram")
            page.kinds[name] = kind
            continue
        found = _SAMPLE.match(line)
        assert found, line
        name, inside, number = found.groups()
        family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in page.kinds else name
        assert family in page.kinds, f"{name} comes before its type"
        assert family == name or page.kinds[family] == "histogram"
        labels = {}
        rest = inside or ""
        while rest:
            label = _LABEL.match(rest)
            assert label, rest
            labels[label[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])
            rest = rest[label.end() :]
        page.samples.append((name, labels, float(number)))
    return page
