"""The pages as a browser shows them: on a desk and on a phone, light and dark, with a keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.store import SqliteStore
from tests.store.values import NOW, alert, batch, cause, fired, incident, story
from tests.web.browsing import Look, browser, looking
from tests.web.conftest import chromium, serving

pytestmark = pytest.mark.skipif(chromium() is None, reason="needs Chromium: sh tools/browser")

DESK, PHONE = (1200, 800), (360, 740)
INCIDENT = "/incident/20250127-1"
PAGES = (
    "/",
    INCIDENT,
    "/alert/20250127-NVDA-347784",
    "/search?q=deepseek",
    "/search",
    "/live",
    "/rules",
    "/rule/ai-model-shock",
    "/rule/winner",
    "/nothing",
    "/history",
    "/history/alert_history",
    "/history/stories?_search=deepseek",
    "/history/quotes?symbol=NVDA",
    "/history/whole_alert",
    "/history/record_of_a_rule",
    "/history/alerts/20250127-NVDA-347784",
    "/history?sql=select+*+from+alerts+limit+3",
)


@pytest.fixture(scope="module")
def address(week: Path) -> Iterator[str]:
    with serving(week) as served:
        yield served.rstrip("/")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture
def desk(chrome: Any, address: str) -> Iterator[Look]:
    with looking(chrome, address, DESK) as look:
        yield look


@pytest.fixture
def phone(chrome: Any, address: str) -> Iterator[Look]:
    with looking(chrome, address, PHONE, touch=True) as look:
        yield look


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_fits_and_complains_of_nothing(chrome: Any, address: str, size: tuple[int, int]) -> None:
    with looking(chrome, address, size) as look:
        for path in PAGES:
            look.go(path)
            assert look.complaints == [], path
            assert look.sideways() <= 0, f"{path} is wider than the window"
            assert look.page.locator("h1").count() == 1, path
            assert look.nameless() == [], f"{path}: what a reader with a keyboard reaches says nothing"
            assert all(url.startswith(address) for url in look.asked), "nothing outside is asked for"
            for scheme in ("light", "dark"):
                look.page.emulate_media(color_scheme=scheme)
                assert look.faint() == [], f"{path}: text too faint to read in {scheme}"


def test_from_the_front_page_to_an_alert_with_the_keyboard_alone(desk: Look) -> None:
    desk.go("/")
    desk.page.keyboard.press("Tab")
    assert desk.focused() == "Skip to content"
    desk.page.keyboard.press("Enter")
    for _ in range(12):
        desk.page.keyboard.press("Tab")
        if desk.focused().startswith("Again: Advantest falls"):
            break
    assert desk.focused().startswith("Again: Advantest falls")
    assert desk.outlined(), "the reader sees where the keyboard is"
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url(f"**{INCIDENT}")
    desk.page.locator("table.stocks a", has_text="group-fall").first.focus()
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/alert/**")
    assert "by group-fall" in desk.page.inner_text("h1")


def test_the_chart_is_drawn_and_follows_the_stock_that_is_chosen(desk: Look) -> None:
    desk.go(INCIDENT)
    line = desk.page.locator("path.price").last
    box = line.bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert box["height"] > 20
    first = line.get_attribute("d")
    desk.page.get_by_role("link", name="VRT", exact=True).click()
    assert "VRT" in desk.page.inner_text("#prices")
    assert desk.page.locator("path.price").last.get_attribute("d") != first
    assert desk.page.url.endswith("#prices")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_two_words_of_the_chart_overlap(chrome: Any, address: str, size: tuple[int, int]) -> None:
    with looking(chrome, address, size) as look:
        for path in (INCIDENT, f"{INCIDENT}?symbol=VRT", "/alert/20250127-NVDA-347784"):
            look.go(path)
            assert look.overlapping(".times span, .flag") == []
            assert look.overlapping(".tick") == []
            inside = look.page.viewport_size["width"]
            for span in look.page.locator(".times span:visible, .tick:visible, .flag:visible").all():
                box = span.bounding_box()
                assert box is not None
                assert 0 <= box["x"] <= box["x"] + box["width"] <= inside, span.inner_text()


@pytest.mark.parametrize("page", ["/", "/incident/i1", "/alert/a1", "/search?q=cheap", "/rules", "/rule/a-rule"])
def test_a_word_without_an_end_makes_no_page_wider_than_a_phone(
    chrome: Any, store: SqliteStore, tmp_path: Path, page: str
) -> None:
    word = "Donaudampfschifffahrt" * 8
    because = replace(cause("s1"), title=f"A cheap {word}", source=f"https://{word}.example/feed")
    told = alert("a1", incident="i1", rule="a-rule", cause=because, labels={"desk": word})
    store.record_rules([("a-rule", "v1", f"- name: a-rule\n  description: {word}")], NOW)
    store.commit(batch(replace(story("s1"), title=f"A cheap {word}"), incident("i1", "a1"), fired(told)))
    with serving(tmp_path / "history.db") as own, looking(chrome, own.rstrip("/"), PHONE, touch=True) as look:
        look.go(page)
        assert look.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_times_are_in_the_readers_own_zone_or_the_one_chosen(chrome: Any, address: str) -> None:
    with looking(chrome, address, DESK, zone="Europe/Paris") as look:
        look.go(INCIDENT)
        bubble = look.page.locator(".bubble").first
        assert look.page.locator("footer select").input_value() == "Europe/Paris"
        assert look.page.locator(".facts time").first.inner_text() == "27 Jan 2025 07:30"
        assert "27 Jan 07:30 GMT+1" in bubble.inner_text()
        assert "Times below the chart are UTC" in look.page.inner_text("figure.chart")
        look.page.locator("footer select").select_option("America/New_York")
        assert look.page.locator(".facts time").first.inner_text() == "27 Jan 2025 01:30"
        assert "27 Jan 01:30 EST" in bubble.inner_text()
        look.go("/history/alert_history?symbol=NVDA")
        assert look.page.locator("footer select").input_value() == "America/New_York", "it is remembered"
        cell = look.page.locator("td time").first
        assert (cell.get_attribute("datetime") or "").startswith("2025-01-27T15:00")
        assert cell.inner_text() == "27 Jan 2025 10:00"
        look.go(INCIDENT)
        look.page.locator("footer select").select_option("UTC")
        assert "07:30" not in bubble.inner_text()
        assert "06:30 UTC" in bubble.inner_text()
        assert not look.page.locator("figure.chart figcaption").first.is_visible()
        assert look.complaints == []


def test_without_scripts_times_are_utc_and_say_so(chrome: Any, address: str) -> None:
    context = chrome.new_context(java_script_enabled=False, timezone_id="Europe/Paris")
    page = context.new_page()
    page.goto(f"{address}/")
    assert "Times are UTC." in page.inner_text("footer")
    assert not page.locator("footer select").is_visible()
    context.close()


def test_messages_fold_and_unfold(desk: Look) -> None:
    desk.go(INCIDENT)
    messages = desk.page.locator("details.message")
    assert messages.count() == 9
    assert messages.nth(0).locator(".bubble").first.is_visible()
    assert not messages.nth(1).locator(".bubble").first.is_visible()
    messages.nth(1).locator("summary").first.click()
    told = "Furukawa Electric falls 11.3\xa0% in Tokyo alongside 7 other stocks after AI-model news"
    assert told in messages.nth(1).locator(".bubble").first.inner_text()
    earlier = messages.nth(1).locator("details")
    earlier.locator("summary").click()
    assert "Spreading: Furukawa Electric falls 11.3\xa0% in Tokyo alongside 6 other stocks" in earlier.inner_text()


def test_the_search_box_finds(desk: Look) -> None:
    desk.go("/")
    desk.page.get_by_label("Search stories and alerts").fill("sputnik OR brokers")
    desk.page.get_by_role("button", name="Search").click()
    assert "What brokers tell clients about DeepSeek" in desk.page.inner_text("main")
    assert desk.page.get_by_label("Search stories and alerts").input_value() == "sputnik OR brokers"


def test_the_form_of_the_front_page_narrows(desk: Look) -> None:
    desk.go("/")
    desk.page.get_by_label("Stock").fill("aapl")
    desk.page.get_by_role("button", name="Show").click()
    assert "No incidents match" in desk.page.inner_text("main")
    desk.page.get_by_role("link", name="all", exact=True).click()
    assert desk.page.locator(".card").count() == 1


def test_a_table_is_narrowed_by_a_facet_and_sorted_by_its_menu(desk: Look) -> None:
    desk.go("/history/alert_history")
    desk.page.locator(".facet-info", has_text="severity").get_by_role("link", name="critical").click()
    assert "29 rows where" in desk.page.inner_text("h3")
    menu = desk.page.locator("th.col-worst .dropdown-menu-icon")
    menu.scroll_into_view_if_needed()
    desk.page.wait_for_timeout(200)  # the menu closes when the page scrolls, of which the browser tells a moment later
    menu.click()
    desk.page.get_by_role("link", name="Sort ascending").click()
    desk.page.wait_for_url(re.compile("_sort=worst"))
    assert "−41.4 %" in desk.page.locator("tbody tr").first.inner_text()
    assert desk.complaints == []


def test_own_sql_is_written_and_run(desk: Look) -> None:
    desk.go("/history")
    desk.page.locator("#sql-editor").fill("select symbol, incident_id from alerts order by worst limit 2")
    desk.page.get_by_role("button", name="Run SQL").click()
    assert desk.page.locator("tbody tr").first.inner_text().split() == ["NBIS", "20250127-1"]


def test_on_a_phone_a_table_moves_sideways_under_the_names_of_its_rows(phone: Look) -> None:
    phone.go("/history/alert_history?_size=100")
    height = phone.page.evaluate("document.querySelector('.table-wrapper').getBoundingClientRect().height")
    assert height < 100 * 130, "as cards of all columns, a hundred rows took a hundred and fifty screens"
    first = phone.page.locator("td.col-id").first
    before = first.bounding_box()
    phone.page.evaluate("document.querySelector('.table-wrapper').scrollLeft = 900")
    assert first.bounding_box() == before


def test_on_a_phone_links_and_buttons_are_large_enough(phone: Look) -> None:
    for path in ("/", INCIDENT):
        phone.go(path)
        for control in phone.page.locator("header a:visible, button:visible, select:visible, input:visible").all():
            box = control.bounding_box()
            assert box is not None
            assert box["height"] >= 24, control.inner_text()
