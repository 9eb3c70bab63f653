"""Input that is nearly right: documents from a corpus, cut, doubled and mixed with what readers stumble over."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("AFTERSHOCK_FUZZ_EXAMPLES", "8"))
"""Examples of each test: a few in the normal suite, many in ``make fuzz``."""

SETTINGS = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def quick(share: int = 1) -> int:
    """How many examples to try of what takes milliseconds; ``share`` times fewer in ``make fuzz``."""
    return EXAMPLES if EXAMPLES < 20 else max(EXAMPLES, 20 * EXAMPLES // share)


HOSTILE = (
    *(
        "\0",
        "\x1b[2J",
        "\u202e",
        "\u200b",
        "\ud800",
        "\ufeff",
        "\u2028",
        "é" * 50,
        "A" * 3000,
        "[/bold]",
        "$(id)",
        "`id`",
    ),
    *(
        "'",
        '"',
        "<",
        ">",
        "&",
        "]]>",
        "<!ENTITY a 'b'>",
        "<![CDATA[",
        "<?xml version='9'?>",
        "&#0;",
        "&#xD800;",
        "&lt;",
    ),
    *(
        "99999999999999999999999",
        "-1",
        "0",
        "1e999",
        "NaN",
        "inf",
        "-0.0",
        "0x10",
        "1_000",
        "٣",
        "½",
        "true",
        "null",
        "~",
    ),
    *("2025-02-30", "0000-00-00", "9999-12-31T23:59:59Z", "-1d", "1e9d", "24:00", "10:00+99:99", "yesterday"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "99999999999 days", "1e308", "5e-324"),
    *(
        "[",
        "]",
        "{",
        "}",
        ":",
        "- ",
        "? ",
        "*a",
        "&a ",
        "!!python/object:os.system",
        "|",
        ">",
        "%",
        "@",
        "#",
        ",",
        ";",
        "\t",
    ),
    *(
        "\n",
        "\r",
        "\r\n\r\n",
        "../../etc/passwd",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[::1",
        "//x",
        "a.b.c",
    ),
)
"""What readers stumble over."""


def values() -> st.SearchStrategy[Any]:
    """Any value of JSON or YAML, hostile more often than not."""
    numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([2**63, -(2**63), 10**400, 1e308, -1, 0]))
    leaves = st.one_of(st.none(), st.booleans(), numbers, st.sampled_from(HOSTILE), st.text(max_size=20))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4),
            st.dictionaries(st.one_of(st.text(max_size=8), st.sampled_from(HOSTILE)), inner, max_size=4),
        ),
        max_leaves=6,
    )


@st.composite
def mangled(draw: st.DrawFn, documents: Sequence[bytes]) -> bytes:
    """A document with a few pieces cut out, doubled, moved, or replaced by something hostile."""
    text = bytearray(draw(st.sampled_from(list(documents))))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 40))
        piece: bytes = draw(
            st.one_of(
                st.just(b""),
                st.sampled_from(HOSTILE).map(lambda t: t.encode("utf-8", "surrogatepass")),
                st.binary(max_size=12),
                st.just(bytes(text[at : at + length]) * 3),
            )
        )
        text[at : at + length] = piece
    return bytes(text)


@st.composite
def changed(draw: st.DrawFn, documents: Sequence[Any]) -> Any:
    """A document as data, with a few of its values, keys or entries replaced, removed or doubled."""
    whole = copy.deepcopy(draw(st.sampled_from(list(documents))))
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(whole))
        if not places:
            break
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        match draw(st.integers(0, 3)):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[draw(st.sampled_from(HOSTILE))] = holder.pop(key)
            case 2 if isinstance(holder, list):
                holder.insert(key, copy.deepcopy(holder[key]))
            case _:
                holder[key] = draw(values())
    return whole


def _places(data: Any) -> Any:
    """Every place of a value within ``data``."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(inner):
        yield data, key
        yield from _places(value)
