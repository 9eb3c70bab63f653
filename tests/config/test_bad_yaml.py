"""Files that are not the YAML we read: each with the exact line a person sees. Names are the defects they hold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.config.yaml.document import load_document
from bot.core.errors import ConfigError
from tests.processes import run

BAD = {
    "an empty file": (
        "",
        ["f.yaml:1:1: the file is empty; write at least one key, or remove the file"],
    ),
    "only comments": (
        "# nothing yet\n\n",
        ["f.yaml:1:1: the file is empty; write at least one key, or remove the file"],
    ),
    "a key without a colon": (
        "rules:\n  - name: x\n    symbols NVDA\n    severity: high\n",
        ["f.yaml:3:5: expected ':' after a key on this line; add it"],
    ),
    "a space that is none": (
        "rules:\n  - name: x\n    when: {price:\u00a0{change: 5}}\n",
        ["f.yaml:3:18: this is not an ordinary space (U+00A0); write one"],
    ),
    "a tab as indentation": (
        "rules:\n\t- name: x\n",
        ["f.yaml:2:1: a tab is used for indentation; use spaces"],
    ),
    "a comparison without quotes": (
        "change: > 5%\n",
        ["f.yaml:1:11: '>' and '|' begin a block of text; put a comparison in quotes, as in \"> 5%\""],
    ),
    "two documents": (
        "a: 1\n---\nb: 2\n",
        ["f.yaml:2:1: a second document begins here; keep one document per file"],
    ),
    "an alias without anchor": (
        "all: [*tech]\n",
        ["f.yaml:1:7: '*' needs an anchor (&) defined above; define it, or put the text in quotes"],
    ),
    "a lone star": (
        "symbols: *\n",
        ["f.yaml:1:11: '*' and '&' are special in YAML; put the text in quotes"],
    ),
    "a list that is never closed": (
        "a: [1\nb: 2\n",
        ["f.yaml:2:2: expected ',' or ']' (opened on line 1); add it, or put the text in quotes"],
    ),
    "a mapping that is never closed": (
        "a: {b: 1\n",
        ["f.yaml:2:1: expected ',' or '}' (opened on line 1); add it, or put the text in quotes"],
    ),
    "a colon inside text": (
        "description: Falls: all of them\n",
        ["f.yaml:1:19: a ':' is not allowed here; put the text in quotes, or check the indentation"],
    ),
    "one space too many": (
        "a: 1\n b: 2\n",
        ["f.yaml:2:3: a ':' is not allowed here; put the text in quotes, or check the indentation"],
    ),
    "a list on its key's line": (
        "rules: - name: x\n",
        ["f.yaml:1:8: a '-' is not allowed here; start the list on its own line"],
    ),
    "a key among list items": (
        "rules:\n  - a\n  b: 1\n",
        ["f.yaml:3:3: expected a '-' like the other items of the list (opened on line 2); check the indentation"],
    ),
    "text after a closing quote": (
        'a: "x" y\n',
        ["f.yaml:1:8: expected a key of the mapping; check the indentation and the quotes"],
    ),
    "a quote that is never closed": (
        "a: 'x\nb: 1\n",
        ["f.yaml:3:1: a quote is never closed (opened on line 1); close it"],
    ),
    "a backslash in double quotes": (
        'text: "\\d+"\n',
        [
            "f.yaml:1:8: a backslash in double quotes begins an escape; use single quotes, or double the backslash",
        ],
    ),
    "text that begins with @": (
        "chat: @analysts\n",
        ["f.yaml:1:7: text cannot begin with '@'; put it in quotes"],
    ),
    "text that begins with a percent sign": (
        "a: %5\n",
        ["f.yaml:1:4: text cannot begin with '%'; put it in quotes"],
    ),
    "text that begins with a bracket's end": (
        "a: ]\n",
        ["f.yaml:1:4: a value cannot begin with ']'; put it in quotes"],
    ),
    "a directive": (
        "%FOO bar\n---\na: 1\n",
        ["f.yaml:1:5: a line that begins with '%' is special in YAML; put the text in quotes"],
    ),
    "keys given twice, at any depth": (
        "a: 1\nb: {c: 1, c: 2}\na: 2\n",
        [
            "f.yaml:2:11: b.c: duplicate key, first on line 2; keep one of the two",
            "f.yaml:3:1: a: duplicate key, first on line 1; keep one of the two",
        ],
    ),
    "a merge key": (
        "base: &base {a: 1}\nother:\n  <<: *base\n",
        ["f.yaml:3:3: other[\"<<\"]: merge keys ('<<') are not supported; write the keys out"],
    ),
    "a tag that would make a Python object": (
        "a: !!python/object/apply:os.system [echo]\n",
        ["f.yaml:1:4: a: the tag '!!python/object/apply:os.system' is not supported; remove it"],
    ),
    "a tag that does not fit": (
        "a: !!int many\n",
        ["f.yaml:1:4: a: the tag '!!int' does not fit here; remove it"],
    ),
    "a list as key": (
        "? [a, b]\n: 1\n",
        ["f.yaml:1:3: a key must be text, not a list or mapping; put text in quotes"],
    ),
    "no key before the colon": (
        'a: {"": 2}\n',
        ["f.yaml:1:5: a: a key is missing before ':'; write one"],
    ),
    "an alias inside its own anchor": (
        "all: &loop\n  - *loop\n",
        ["f.yaml:1:6: all[0]: this alias contains itself; write the value out"],
    ),
    "a control character": (
        "a: b\nc: d\x07\n",
        ["f.yaml:2:5: control character U+0007; remove it"],
    ),
    "an endless number": (
        "a: " + "9" * 5000 + "\n",
        ["f.yaml:1:4: a: the number is too long; put text in quotes"],
    ),
}


@pytest.mark.parametrize(("text", "lines"), BAD.values(), ids=BAD.keys())
def test_says_where_it_is_wrong_and_what_to_write(text: str, lines: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_document("f.yaml", text)
    assert str(caught.value).split("\n") == lines


def test_nesting_deep_enough_to_end_the_process_is_a_mistake_like_any_other() -> None:
    for text in ("[" * 200_000, "- " * 200_000, "{a: " * 200_000):
        with pytest.raises(ConfigError, match=r"^f\.yaml:1:\d+: nested more than 100 levels deep; flatten it$"):
            load_document("f.yaml", text)


def test_nine_lines_do_not_become_a_billion_values() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="aliases repeat too much; write less with"):
        load_document("f.yaml", "\n".join(lines))


def test_a_scalar_behind_many_aliases_counts_too() -> None:
    text = "x: &x [&y z]\nall:\n" + "  - [*x, *x, *x, *x, *x, *x, *x, *x]\n" * 10_000
    with pytest.raises(ConfigError, match="aliases repeat too much"):
        load_document("f.yaml", text)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"a: b\nname: caf\xe9\n", "2:10: byte 0xE9 is not UTF-8; save the file as UTF-8"),
        (b"\xef\xbb\xbfa: b\nname: caf\xe9\n", "2:10: byte 0xE9 is not UTF-8; save the file as UTF-8"),
        ("a: ü\nb: ü".encode() + b"\xff", "2:5: byte 0xFF is not UTF-8; save the file as UTF-8"),
        ("a: b\n".encode("utf-16"), "1:1: the file is UTF-16 or UTF-32; save it as UTF-8"),
        ("a: b\n".encode("utf-32-le"), "1:1: the file is UTF-16 or UTF-32; save it as UTF-8"),
    ],
    ids=["latin-1", "latin-1 behind a byte order mark", "after other letters", "utf-16", "utf-32"],
)
def test_another_encoding_is_named_with_its_place(tmp_path: Path, body: bytes, line: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_bytes(body)
    with pytest.raises(ConfigError) as caught:
        load_document(file)
    assert str(caught.value) == f"{file}:{line}"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as missing:
        load_document(tmp_path / "none.yaml")
    assert str(missing.value) == f"{tmp_path / 'none.yaml'}: there is no such file; check the name"
    with pytest.raises(ConfigError) as folder:
        load_document(tmp_path)
    assert str(folder.value) == f"{tmp_path}: this is a folder; name a file in it"


def test_a_token_in_a_broken_file_is_not_repeated() -> None:
    token = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
    for text in (f"{token}: 1\n{token}: 2\n", f"telegram: @{token}\n", f'a: "\\d {token}\n', f"a: !{token} x\n"):
        with pytest.raises(ConfigError) as caught:
            load_document("f.yaml", text)
        assert "AAEhBOweik6ad9r" not in str(caught.value)
        assert "AAEhBOweik6ad9r" not in repr(caught.value.problems)


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=60)
    | st.text(alphabet=" \n\t-:[]{}&*!|>'\"%@#,ab0", max_size=40)
)
@example("a: !<x> b")
@example("--- a\n...\n# c")
@example("\ufeff")
def test_any_text_gives_data_or_a_mistake_within_the_file(text: str) -> None:
    lines = len(text.replace("\r\n", "\n").splitlines()) + 1
    try:
        load_document("f.yaml", text)
        problems = None
    except ConfigError as error:
        problems = error.problems
    assert problems is None or problems
    for found in problems or ():
        assert 1 <= found.line <= lines
        assert found.column >= 1
        assert found.message


def test_without_the_c_parser_the_places_are_the_same() -> None:
    program = (
        "import sys\n"
        "sys.modules['yaml._yaml'] = None\n"  # what an installation without libyaml looks like
        "import yaml\n"
        "assert not hasattr(yaml, 'CSafeLoader')\n"
        "from bot.config.yaml.document import load_document\n"
        "from bot.core.errors import ConfigError\n"
        "document = load_document('f.yaml', 'a:\\n  - {b: no, c: 1:30}\\n')\n"
        "assert document.data == {'a': [{'b': 'no', 'c': '1:30'}]}, document.data\n"
        "assert document.position(('a', 0, 'c')) == (2, 16)\n"
        "texts = ['a:\\n\\t- b', 'a: b: c', 'a: 1\\na: 2', '[' * 200000, 'a: @b']\n"
        "for text in [*texts, 'a: 1\\n---\\nb: 2', 'a: [1\\nb: 2']:\n"
        "    try:\n"
        "        load_document('f.yaml', text)\n"
        "    except ConfigError as error:\n"
        "        print(error)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "f.yaml:2:1: a tab is used for indentation; use spaces",
        "f.yaml:1:5: a ':' is not allowed here; put the text in quotes, or check the indentation",
        "f.yaml:2:1: a: duplicate key, first on line 1; keep one of the two",
        "f.yaml:1:100: nested more than 100 levels deep; flatten it",
        "f.yaml:1:4: text cannot begin with '@'; put it in quotes",
        "f.yaml:2:1: a second document begins here; keep one document per file",
        "f.yaml:2:2: expected ',' or ']' (opened on line 1); add it, or put the text in quotes",
    ]
