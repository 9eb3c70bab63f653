"""Datasette's tables with our titles, units and ready-made queries, and the wall around people's own SQL."""

from __future__ import annotations

import hashlib
import html
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bot.web.database import NAME
from bot.web.formatting import parsed, when
from bot.web.metadata import described, metadata

META = metadata(described())["databases"][NAME]


def names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as conn, conn:
        rows = conn.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE '%_fts%'"
            " AND name NOT LIKE 'sqlite%' AND name NOT LIKE '\\_sqlite%' ESCAPE '\\'"
        ).fetchall()
    conn.close()
    return [name for (name,) in rows]


def columns(file: Path, table: str) -> set[str]:
    conn = sqlite3.connect(file)
    found = {row[1] for row in conn.execute(f"PRAGMA table_xinfo({table})")}
    conn.close()
    return found


def test_every_table_has_a_title_or_is_hidden_and_says_what_its_columns_mean(week: Path) -> None:
    for table in names(week):
        look = META["tables"][table]
        assert look.get("title") or look.get("hidden"), table
        assert look.get("hidden") or set(look["columns"]) == columns(week, table), table
        assert look.get("hidden") or look["description"], table


def test_what_is_counted_and_sorted_by_are_columns(week: Path) -> None:
    for table, look in META["tables"].items():
        have = columns(week, table)
        wanted = [*look.get("facets", ()), look.get("sort"), look.get("sort_desc"), look.get("label_column")]
        assert {name for name in wanted if name} <= have, table


def test_units_are_said() -> None:
    said = META["tables"]["alert_history"]["columns"]
    assert said["worst"].endswith("(a fraction: −0.1 is −10 %)")
    assert said["fired_at"].endswith("(UTC)")
    assert said["fired_price"].endswith("(in the quote's currency)")


@pytest.mark.parametrize("name", META["tables"])
async def test_every_table_opens(pages: httpx.AsyncClient, name: str) -> None:
    answer = await pages.get(f"/history/{name}")
    assert answer.status_code == 200
    title = META["tables"][name].get("title", name)
    assert f"<title>{html.escape(title, quote=False)}".replace("'", "&#39;") in answer.text
    assert (await pages.get(f"/history/{name}.json?_size=2")).status_code == 200
    assert (await pages.get(f"/history/{name}.csv?_size=2")).status_code == 200


@pytest.mark.parametrize("name", META["queries"])
async def test_every_ready_question_is_answered(pages: httpx.AsyncClient, name: str) -> None:
    answer = await pages.get(f"/history/{name}.json?_shape=array")
    rows = answer.json()
    assert answer.status_code == 200
    assert rows or name in ("this_week", "sources_by_health")
    assert (await pages.get(f"/history/{name}")).status_code == 200


async def test_a_ready_question_answers_what_is_asked(pages: httpx.AsyncClient) -> None:
    async def rows(path: str) -> list[dict[str, object]]:
        return (await pages.get(f"/history/{path}", headers={"accept": "*/*"})).json()  # type: ignore[no-any-return]

    story = await rows("whole_alert.json?_shape=array&alert=20250127-NVDA-347784")
    kinds = [str(row["event"]).split(" ")[0].rstrip(":") for row in story]
    assert {"story", "fired", "message", "followed", "resolved", "verdict"} <= set(kinds)
    assert [row["at"] for row in story] == sorted(str(row["at"]) for row in story)
    record = await rows("record_of_a_rule.json?_shape=array&rule=group-fall")
    assert {row["rule"] for row in record} == {"group-fall"}
    assert [row["horizon"] for row in record][-1] == "5 sessions"
    falls = await rows("deepest_falls.json?_shape=array&when=2025-01-27")
    assert falls[0]["symbol"] == "NBIS"
    assert falls[0]["worst_pct"] == -41.4
    assert await rows("deepest_falls.json?_shape=array&when=2024") == []
    first = await rows("who_was_first.json?_shape=array")
    assert first[0]["outlet"] == "Investing.com"
    assert sum(int(str(row["first_with"])) for row in first) == 1


async def test_this_weeks_incidents_are_those_of_seven_days(week: Path, tmp_path: Path) -> None:
    import shutil

    from tests.web.conftest import asker, site

    copy = tmp_path / "copy.db"
    shutil.copy(week, copy)
    with closing(sqlite3.connect(copy)) as conn, conn:
        conn.execute("UPDATE incidents SET started_at = strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '-6 days')")
    conn.close()
    async with asker(site(copy, None)) as client:
        (row,) = (await client.get("/history/this_week.json?_shape=array")).json()
    assert row["incident_id"] == "20250127-1"


async def test_values_are_shown_as_people_read_them(pages: httpx.AsyncClient) -> None:
    text = (await pages.get("/history/alert_history?id=20250127-NVDA-347784")).text
    assert '<a href="/alert/20250127-NVDA-347784">20250127-NVDA-347784</a>' in text
    assert '<a href="/incident/20250127-1">20250127-1</a>' in text
    assert re.search(r'title="-0\.1817[0-9]*">−18\.2 %</span>', text)
    assert '<time datetime="2025-01-27T15:00:00.000000Z"' in text
    assert 'rel="noopener noreferrer nofollow external">https://www.investopedia.com/' in text
    outcomes = (await pages.get("/history/rule_outcomes?rule=group-fall&horizon=5+sessions")).text
    assert re.search(r'<td class="col-lower[^>]*><span class="number " title="0\.13[0-9]*">14 %</span>', outcomes)
    record = (await pages.get("/history/record_of_a_rule?rule=group-fall")).text
    assert ">+7.9 %</span>" in record
    assert ">14 %</span>" in record
    raw = (await pages.get("/history/alert_history.csv?id=20250127-NVDA-347784")).text
    assert ",-0.1817" in raw, "programs get the fractions themselves"


@pytest.mark.parametrize(
    "sql",
    [
        "delete from alerts",
        "select load_extension('x')",
        "attach 'other.db' as other",
        "pragma journal_mode = delete",
        "pragma query_only = off",
        "with a as (select 1) insert into runs default values",
        "vacuum into 'copy.db'",
        "select writefile('x', 'y')",
        "select * from alerts; drop table alerts",
    ],
)
async def test_own_sql_only_reads(pages: httpx.AsyncClient, week: Path, sql: str) -> None:
    before = digest(week)
    answer = await pages.get("/history", params={"sql": sql})
    assert answer.status_code == 400
    assert digest(week) == before


def digest(file: Path) -> str:
    """What is in it, in short."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


async def test_own_sql_answers_and_ends(pages: httpx.AsyncClient) -> None:
    answer = await pages.get("/history.json", params={"sql": "select symbol, worst from alerts order by worst limit 1"})
    assert answer.json()["rows"] == [["NBIS", pytest.approx(-0.413963, abs=1e-6)]]
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n"
    answer = await pages.get("/history", params={"sql": endless})
    assert answer.status_code == 400
    large = "select zeroblob(100000000)"
    assert (await pages.get("/history", params={"sql": large})).status_code == 400


def test_a_page_without_the_documentation_has_no_descriptions(tmp_path: Path) -> None:
    assert described(tmp_path / "none.md") == {}
    assert metadata({})["databases"][NAME]["tables"]["alerts"]["title"] == "Alerts, as stored"


@pytest.mark.parametrize("text", ["2025-01-27T14:30:00Z", "2025-01-27T14:30:00.123456Z"])
def test_stored_times_are_read_to_the_microsecond(text: str) -> None:
    assert parsed(text).isoformat().startswith(text.rstrip("Z"))
    assert "27 Jan 2025 14:30" in when(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2025-01-27", "2025-99-99T14:30:00Z", "Z", "<b>Z"])
def test_other_text_is_no_time_and_stays_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parsed(text)
    assert "<b>" not in when(text)


def test_descriptions_have_none_of_the_document_s_markup() -> None:
    for table in described().values():
        for text in (table.description, *table.columns.values()):
            assert "](" not in text
            assert "`" not in text
