"""SQL that only reads, and is written to take all of a machine's time or memory."""

from __future__ import annotations

DEEP = ", ".join(f"c{n + 1} AS (SELECT * FROM c{n} UNION ALL SELECT * FROM c{n})" for n in range(40))
COUNTING = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {most})"

SLOW = {
    "one function over a long text": (
        "SELECT instr(replace(hex(zeroblob(400000)), '0', 'a'), replace(hex(zeroblob(200000)), '0', 'a') || 'b')"
        " + instr(replace(hex(zeroblob(400001)), '0', 'a'), replace(hex(zeroblob(200001)), '0', 'a') || 'b')"
        " + instr(replace(hex(zeroblob(400002)), '0', 'a'), replace(hex(zeroblob(200002)), '0', 'a') || 'b')"
    ),
    "counting without end": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "everything with everything": "SELECT count(*) FROM quotes a, quotes b, quotes c, quotes d WHERE a.price < d.price",
    "planning, before there is anything to run": f"WITH c0 AS (SELECT 1), {DEEP} SELECT count(*) FROM c40",
    "a search for every word": (
        "SELECT count(*) FROM quotes a, quotes b, stories_fts WHERE stories_fts MATCH "
        "'" + " OR ".join(f"{letter}*" for letter in "abcdefghijklmnopqrstuvwxyz" * 20) + "'"
    ),
    "JSON in JSON": (
        f"{COUNTING.format(most=10_000)} SELECT count(*) FROM n, json_tree((SELECT json_group_array(i) FROM n)) a,"
        " json_each('[' || a.value || ']')"
    ),
}
"""What would run for minutes at least, by kind."""

LARGE = {
    "many large values": f"{COUNTING.format(most=5000)} SELECT zeroblob(900000 + i) FROM n",
    "large values in one row": "SELECT " + ", ".join(f"zeroblob(900000 + {i})" for i in range(1500)),
    "a value too large": "SELECT hex(zeroblob(100000000))",
    "one text of many": f"{COUNTING.format(most=10_000_000)} SELECT length(group_concat(i || '-------------')) FROM n",
    "large values in one sort": (
        f"{COUNTING.format(most=5000)} SELECT sum(length(x)) FROM"
        " (SELECT DISTINCT randomblob(900000) AS x FROM n ORDER BY x)"
    ),
    "many in a sort": f"{COUNTING.format(most=200_000_000)} SELECT i FROM n ORDER BY hex(i) || 'abcdefghijklmnopqrst'",
    "one array of many": f"{COUNTING.format(most=50_000_000)} SELECT json_group_array(i) FROM n",
}
"""What would take gigabytes, by kind. It may end by its time first."""
