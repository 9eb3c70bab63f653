"""docs/rules.md as data: its sections, and the YAML in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from bot.config.rules.specs import ConditionSpec

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
TEXT = PAGE.read_text(encoding="utf-8")
_FENCE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """One block of YAML."""

    line: int
    text: str

    @property
    def data(self) -> dict[str, Any]:
        """What it holds, as plain YAML."""
        found = yaml.safe_load(self.text)
        assert isinstance(found, dict)
        return found

    @property
    def is_test(self) -> bool:
        """Whether it is a file of rule tests."""
        return "tests" in self.data

    @property
    def is_condition(self) -> bool:
        """Whether it is a condition by itself."""
        return set(self.data) <= set(ConditionSpec.model_fields)

    @property
    def rules(self) -> str:
        """A rule file: the example, or a rule around the condition."""
        if not self.is_condition:
            return self.text
        inner = "".join(f"      {line}\n" for line in self.text.splitlines())
        return f"rules:\n  - name: example\n    symbols: NVDA\n    when:\n{inner}"


def examples() -> list[Example]:
    """Every block of YAML, in order."""
    return [Example(TEXT.count("\n", 0, m.start()) + 2, m[1]) for m in _FENCE.finditer(TEXT)]


def proved() -> list[tuple[Example, Example]]:
    """Each block of tests with the rules right before it."""
    found = examples()
    return [(before, test) for before, test in pairwise(found) if test.is_test]


def sections() -> dict[str, str]:
    """Text by heading; ``###`` and ``##`` alike."""
    heads = list(_HEADING.finditer(TEXT))
    ends = [m.start() for m in heads[1:]] + [len(TEXT)]
    return {m[1]: TEXT[m.end() : end] for m, end in zip(heads, ends, strict=True)}
