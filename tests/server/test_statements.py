"""What is the same in both dialects stays as it is; what is not is said PostgreSQL's way."""

from __future__ import annotations

import pytest

from bot.adapters.store.server.statements import for_server


@pytest.mark.parametrize(
    ("sql", "said", "names"),
    [
        ("SELECT 1", "SELECT 1", ()),
        ("a = ? AND b = ?", "a = $1 AND b = $2", ()),
        ("a = ?2 AND b = ?1 OR c = ?2", "a = $2 AND b = $1 OR c = $2", ()),
        ("at <= :now AND (b IS NULL OR b <= :now) AND c = :busy", "at <= $1 AND (b IS NULL OR b <= $1) AND c = $2",
         ("now", "busy")),
        ("SELECT '?' || ':now' || \"a?\" -- why? :so\n, ?", "SELECT '?' || ':now' || \"a?\" -- why? :so\n, $1", ()),
        ("x::text = :x", "x::text = $1", ("x",)),
        ("FROM n INDEXED BY n_state WHERE 1 = 1", "FROM n WHERE 1 = 1", ()),
        ("FROM a CROSS JOIN b ON b.x = a.x", "FROM a JOIN b ON b.x = a.x", ()),
        ("a IS ? AND b IS NOT c", "a IS NOT DISTINCT FROM $1 AND b IS DISTINCT FROM c", ()),
        ("a IS NULL AND b IS NOT NULL", "a IS NULL AND b IS NOT NULL", ()),
        ("SELECT 'CROSS JOIN', 'it IS not'", "SELECT 'CROSS JOIN', 'it IS not'", ()),
    ],
)  # fmt: skip
def test_a_statement_is_said_for_the_server(sql: str, said: str, names: tuple[str, ...]) -> None:
    assert for_server(sql) == (said, names)
