"""Whatever is in a file or an answer, its reader makes something of it or says in its own error what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.readers import CORPUS, LARGEST, READERS, corpus, documents, tried
from tests.fuzz.strategies import HOSTILE, SETTINGS, changed, mangled, quick, values

AS_DATA: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("companies", "episodes", "rules", "rule-tests", "settings", "topics"), yaml.safe_load),
    **dict.fromkeys(("completions", "huggingface", "kept-sessions", "models-dev", "openrouter"), json.loads),
    **dict.fromkeys(("yahoo-charts", "yahoo-news", "yahoo-quotes", "yahoo-stream"), json.loads),
}
"""Kinds whose documents are data: mangled text is mostly none any more, and says nothing of what reads the data."""
SLOW = {"headlines": 10, "rule-tests": 2, "settings": 8, "yahoo-charts": 2}
"""Kinds whose reader takes longer, and by how much fewer examples are tried."""


@cache
def parsed(kind: str) -> list[Any]:
    """The documents of a kind that are data."""
    found = []
    for body in documents(kind):
        try:
            found.append(AS_DATA[kind](body.decode()))
        except (ValueError, yaml.YAMLError, RecursionError):
            continue
    return found


@pytest.mark.parametrize("kind", READERS)
def test_a_mangled_document(kind: str) -> None:
    @settings(SETTINGS, max_examples=quick(SLOW.get(kind, 1)))
    @given(st.one_of(mangled(documents(kind)), st.lists(st.sampled_from(HOSTILE)).map(_joined)))
    def test(body: bytes) -> None:
        tried(kind, body)

    test()


@pytest.mark.parametrize("kind", AS_DATA)
def test_a_document_of_other_values(kind: str) -> None:
    @settings(SETTINGS, max_examples=quick(SLOW.get(kind, 1)))
    @given(st.one_of(changed(parsed(kind)), changed(parsed(kind)), values()))
    def test(document: Any) -> None:
        # JSON is YAML, too
        written = json.dumps(document, ensure_ascii=False, default=str)
        tried(kind, written.encode("utf-8", "surrogatepass"))

    test()


@pytest.mark.parametrize("kind", READERS)
def test_every_document_of_the_corpus(kind: str) -> None:
    for file in sorted(corpus(kind)):
        assert file.stat().st_size < LARGEST, f"{file} is too large to start from: cut it down to what matters"
        tried(kind, file.read_bytes())


def test_every_kind_has_a_corpus() -> None:
    assert {folder.name for folder in CORPUS.iterdir() if folder.is_dir()} == set(READERS)
    assert all(corpus(kind) for kind in READERS)


def _joined(pieces: list[str]) -> bytes:
    return " ".join(pieces).encode("utf-8", "surrogatepass")
