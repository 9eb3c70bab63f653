"""Values are stored as they always were, to the byte, and what earlier versions stored reads as it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.adapters.store.codec import from_json, to_json
from bot.core.model import CauseRef
from tests.store.stored import CELLS, FOLDER, ROWS, example, text


@pytest.mark.parametrize("what", [*ROWS, *CELLS])
def test_the_stored_form_is_the_one_on_file(what: str) -> None:
    assert text(what) == (FOLDER / f"{what}.json").read_text(encoding="utf-8"), (
        "the stored form changed; python -m tests.store.stored writes the files anew, git diff shows what became of "
        "them: a new field may come, but what stands in people's databases must go on being read"
    )


@pytest.mark.parametrize("what", ROWS)
@pytest.mark.parametrize("full", [True, False])
def test_a_row_holds_nothing_but_what_sqlite_has(what: str, full: bool) -> None:
    codec = ROWS[what]
    assert {type(cell) for cell in codec.row(example(codec.kind, full=full))} <= {str, int, float, type(None)}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
@pytest.mark.parametrize("example", ["full", "least"])
def test_what_is_on_file_is_read_back(file: Path, example: str) -> None:
    kept = json.loads(file.read_text(encoding="utf-8"))[example]
    if file.stem in CELLS:
        value = from_json(CELLS[file.stem], kept["cell"])
    else:
        codec = ROWS[file.stem]
        value = codec.value([kept["row"][column] for column in codec.columns])
    assert repr(value) == kept["value"]


def test_half_a_surrogate_pair_is_an_escape_in_json_and_comes_back_as_it_was() -> None:
    stored = to_json(("a\ud800",), tuple[str, ...])
    assert stored == '["a\\ud800"]'
    assert from_json(tuple[str, ...], stored) == ("a\ud800",)


def test_a_cause_stored_before_it_told_who_acted_is_read_without() -> None:
    kept = json.loads((FOLDER / "Alert.json").read_text(encoding="utf-8"))["full"]["row"]["cause"]
    stored = json.loads(kept)
    assert stored.pop("agents"), "the present form has it"
    assert from_json(CauseRef, json.dumps(stored)).agents == ()
