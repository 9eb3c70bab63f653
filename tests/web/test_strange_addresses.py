"""No address, however strange, is an internal error, tells where files lie, or gets at a file."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.conftest import REPOSITORY, asker, site

pytestmark = pytest.mark.filterwarnings("ignore:coroutine")  # Datasette forgets some where a value is wrong

PATHS = (
    *(
        "/",
        "/incident/x",
        "/incident/20250127-1",
        "/alert/20250127-NVDA-347784",
        "/search",
        "/history",
        "/history.json",
    ),
    *("/history.csv", "/history.blob", "/history.db", "/history/stories", "/history/stories.json"),
    *("/history/stories.csv", "/history/stories.blob", "/history/stories/1", "/history/stories/1.json"),
    *("/history/stories/1.blob", "/history/this_week", "/history/whole_alert.json", "/history/deepest_falls.csv"),
    *("/history/stories_fts", "/history/sqlite_master", "/history/sqlite_schema.json", "/_internal", "/_memory"),
    *("/:memory:", "/history/alert_history/xyz", "/history/no_such.json", "/history/stories/1,2,3", "/favicon.ico"),
)
NAMES = (
    *("_sort", "_sort_desc", "_next", "_size", "_facet", "_facet_array", "_facet_date", "_where", "_search"),
    *("_search_title", "_searchmode", "_col", "_nocol", "_labels", "_label", "_extra", "_shape", "_json", "_nl"),
    *("_json_infinity", "_ttl", "_trace", "_timelimit", "_stream", "_header", "_dl", "_blob_column", "_blob_hash"),
    *("_facet_size", "_through", "_nofacet", "_nocount", "sql", "symbol", "severity", "verdict", "before", "q"),
    *("title__like", "title__arraycontains", "arrival__gt", "arrival__date", "_filter_column", "_filter_op", "rule"),
)
VALUES = st.sampled_from(["", "1", "'", '"', "\0", "../..", "~", "~00", "(", "-1", "1e999", "9" * 400, "*", "rowid"])
VALUES |= st.text(max_size=8)


@pytest.fixture(scope="module")
def ask(week: Path) -> Iterator[object]:
    application = site(week, None)
    loop = asyncio.new_event_loop()

    async def got(path: str) -> httpx.Response:
        async with asker(application) as client:
            return await client.get(path, headers={"accept": "*/*"})

    yield lambda path: loop.run_until_complete(got(path))
    loop.close()


def fits(answer: httpx.Response, week: Path) -> None:
    assert answer.status_code < 500, answer.text
    for place in (str(week.parent), str(REPOSITORY), "site-packages", "Traceback"):
        assert place not in answer.text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.sampled_from(PATHS), st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=3))
def test_no_parameter_is_an_internal_error(week: Path, ask, path: str, query: list[tuple[str, str]]) -> None:  # type: ignore[no-untyped-def]
    fits(ask(f"{path}?{urlencode(query, errors='replace')}"), week)


@pytest.mark.parametrize(
    "path",
    [
        "/history.csv",
        "/history/stories?_sort=../..",
        "/history/stories.json?_json_infinity='",
        "/history/stories.json?_timelimit=(",
        "/history/deepest_falls.csv?_timelimit=~",
        "/history/stories?_through=%00",
        "/history/stories.json?_facet_array=x&_labels=1",
        "/history/stories.json?_where=%00",
        "/history?sql=select+%27%00%27",
        "/history?sql=" + quote("PRAGMA database_list"),
        "/history?sql=" + quote("select * from pragma_database_list"),
        "/history.json?sql=" + quote("select file from pragma_database_list()"),
        "/history.json?sql=" + quote("select * from dbstat"),
        "/history.json?sql=" + quote("select * from sqlite_stmt"),
        "/-/static/../../../../../../etc/passwd",
        "/-/static/..%2f..%2f..%2fapp.py",
        "/-/static//etc/passwd",
        "/assets/../site.py",
        "/assets/%2e%2e/site.py",
        "/assets/..%2fsite.py",
        "/incident/%00",
        "/incident/" + "a" * 5000,
        "/alert/~00",
        "/alert/%ff",
        "/?before=~~~",
        "/?symbol=%ED%A0%80",
        "/search?q=%ff%fe",
    ],
)
def test_known_strange_addresses(week: Path, ask, path: str) -> None:  # type: ignore[no-untyped-def]
    answer = ask(path)
    fits(answer, week)
    assert "root:" not in answer.text
    assert "import " not in answer.text


def test_what_is_said_of_a_mistake_controls_nothing(ask) -> None:  # type: ignore[no-untyped-def]
    answer = ask("/history/stories.json?_sort=" + quote("\u202e\x1b[31mx"))
    assert answer.json()["error"] == "Cannot sort table by [31mx"


def test_a_damaged_history_is_told_without_its_place(week: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    shutil.copy(week, damaged)
    application = site(damaged, None)
    content = bytearray(week.read_bytes())
    content[100 * 4096 :] = b"\xff" * (len(content) - 100 * 4096)
    damaged.write_bytes(content)

    async def all_of_it() -> None:
        async with asker(application) as client:
            for path in ("/", "/incident/20250127-1", "/history/alerts", "/history/alerts.json", "/search?q=deepseek"):
                answer = await client.get(path)
                assert answer.status_code >= 400, path
                assert str(tmp_path) not in answer.text
                assert "Traceback" not in answer.text

    asyncio.run(all_of_it())
