"""What YAML text means here, and where things stand in it."""

from __future__ import annotations

import gc
import time

import pytest

from bot.config.yaml.document import load_document, path_text, problem


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("false", False),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("ON", "ON"),
        ("off", "off"),
        ("y", "y"),
        ("True", "True"),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", "Null"),
        ("12", 12),
        ("-3", -3),
        ("+4", 4),
        ("0", 0),
        ("007", "007"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".nan", ".nan"),
        (".inf", ".inf"),
        ("1:30", "1:30"),
        ("12:30:45", "12:30:45"),
        ("2025-01-27", "2025-01-27"),
        ("2025-01-27T14:30:00Z", "2025-01-27T14:30:00Z"),
        ("10%", "10%"),
        ("group:watchlist", "group:watchlist"),
        ("< -10%", "< -10%"),
        ("=", "="),
        ("<<", "<<"),
        ('"12"', "12"),
        ("'true'", "true"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
    ],
)
def test_plain_text_means_what_it_looks_like(written: str, meant: object) -> None:
    value = load_document("f.yaml", f"a: {written}\n").data["a"]
    assert value == meant
    assert type(value) is type(meant)


def test_keys_are_always_text() -> None:
    data = load_document("f.yaml", "1: a\ntrue: b\n2025-01-27: c\n1.50: d\nnull: e\n").data
    assert data == {"1": "a", "true": "b", "2025-01-27": "c", "1.50": "d", "null": "e"}


def test_an_alias_gives_a_copy_of_the_value() -> None:
    data = load_document("f.yaml", "a: &x {k: [1]}\nb: *x\n").data
    assert data["a"] == data["b"] == {"k": [1]}
    assert data["a"] is not data["b"]


def test_positions_point_at_values_and_keys() -> None:
    text = "# c\nrules:\n  - name: a\n    when:\n      all:\n        - price: {change: x}\n"
    text += "  -   name: bé\n      tags: [é, b]\n"
    document = load_document("f.yaml", text)
    assert document.position(()) == (2, 1)
    assert document.position(("rules",)) == (3, 3)
    assert document.position(("rules", 0)) == (3, 5)
    assert document.key_position(("rules",)) == (2, 1)
    assert document.position(("rules", 0, "when", "all", 0, "price", "change")) == (6, 27)
    assert document.key_position(("rules", 0, "when", "all", 0, "price", "change")) == (6, 19)
    assert document.position(("rules", 1)) == (7, 7)
    assert document.position(("rules", 1, "tags", 1)) == (8, 17)


def test_the_position_of_something_absent_is_that_of_what_should_hold_it() -> None:
    document = load_document("f.yaml", "a:\n  b: [1]\n")
    assert document.position(("a", "missing", "deeper")) == (2, 3)
    assert document.position(("a", "b", 7)) == (2, 6)
    assert document.key_position(("a", "missing")) == (2, 3)


def test_positions_behind_an_alias_are_those_of_the_anchor() -> None:
    document = load_document("f.yaml", "a: &x\n  k: 1\nb: *x\n")
    assert document.position(("b", "k")) == (2, 6)


def test_windows_lines_and_a_byte_order_mark_do_not_shift_positions() -> None:
    document = load_document("f.yaml", "\ufeffa: 1\r\nb:\r\n  c: 2\r\n")
    assert document.data == {"a": 1, "b": {"c": 2}}
    assert document.position(("b", "c")) == (3, 6)


def test_paths_read_like_paths() -> None:
    assert path_text(("rules", 0, "when", "all", 1, "price")) == "rules[0].when.all[1].price"
    assert path_text((0, "a")) == "[0].a"
    assert path_text(("watchlist", "ai-chips", 3)) == "watchlist.ai-chips[3]"
    assert path_text(("a key", "b.c")) == '["a key"]["b.c"]'
    assert path_text(()) == ""


def test_a_later_check_can_point_at_a_value_or_at_its_key() -> None:
    document = load_document("f.yaml", "rules:\n  - name: a\n")
    at_value = problem(document, ("rules", 0, "name"), "taken; rename it")
    at_key = problem(document, ("rules", 0, "name"), "taken; rename it", key=True)
    assert str(at_value) == "f.yaml:2:11: rules[0].name: taken; rename it"
    assert str(at_key) == "f.yaml:2:5: rules[0].name: taken; rename it"


def test_reading_leaves_the_garbage_collector_as_it_was() -> None:
    load_document("f.yaml", "a: 1")
    assert gc.isenabled()
    gc.disable()
    try:
        load_document("f.yaml", "a: 1")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_place_in_a_long_mapping_is_found_without_reading_it_again_each_time() -> None:
    document = load_document("f.yaml", "".join(f"key-{n}: {n}\n" for n in range(20_000)))
    started = time.process_time()
    for n in range(20_000):
        assert document.position((f"key-{n}",))[0] == n + 1
    assert time.process_time() - started < 2  # measured: 0.1 s; reading from the top each time takes 20 s
