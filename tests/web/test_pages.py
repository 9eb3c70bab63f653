"""What the pages tell, of the replayed week and of histories that try to break them."""

from __future__ import annotations

import html
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.adapters.store import SqliteStore, open_store
from bot.core.errors import StoreError
from bot.core.model import (
    Block,
    BlockKind,
    Claim,
    Figures,
    Notification,
    Phase,
    Reference,
    Severity,
    StockMove,
    Summary,
    Suppression,
    SuppressionReason,
    ToldCause,
)
from bot.core.model import NotificationState as State
from bot.web.formatting import shown
from tests.store.values import NOW, after, alert, batch, cause, fired, incident, notification, quote, reading, story
from tests.web.conftest import asker, site, words_of

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} {% raw %}"


async def test_the_front_page_tells_the_incidents_newest_first(pages: httpx.AsyncClient) -> None:
    said = words_of(await pages.get("/"))
    assert "critical began 27 Jan 2025 06:30" in said
    assert "Again: Advantest falls 11.1 % in Tokyo alongside 4 other stocks after AI-model news" in said
    assert "Advantest (6857.T) −11.1 % the furthest of 5 stocks as of 28 Jan 2025 06:30" in said
    cause = "US stock futures fall as DeepSeek's cheap AI model threatens American tech companies"
    assert f"{cause} Bloomberg , likely (0.79)" in said
    assert "9 messages, 19 stories, 2 say right, 1 say wrong" in said
    assert "0 open" in said


async def test_an_incident_is_told_whole(pages: httpx.AsyncClient) -> None:
    answer = await pages.get("/incident/20250127-1")
    said = words_of(answer)
    for part in (
        "began 27 Jan 2025 06:30 closed 3 Feb 2025 21:00",
        "first story: DeepSeek-R1 is out, 20 Jan 2025 12:37",
        "Nvidia (NVDA) −18.2 % at its worst",
        "48 stocks with alerts, deepest fall first",
        "NBIS −41.4 % −37.4 %",
        "19 stories behind it",
        "What brokers tell clients about DeepSeek Financial Times",
        "9 messages, as sent",
        "27 Jan 2025 08:15 last edited 27 Jan 2025 10:00 spreading to 1 Furukawa Electric falls 11.3 % in Tokyo",
        "edited 3 times; earlier versions",
        "Follow-up: Nvidia has rebounded 5 % or more from the close",
        "“DeepSeek-R1 is AI's Sputnik moment” — Marc Andreessen, venture capitalist",
        "1 session +1.8 % −11.1 % +15.4 % 33 % 48",
        "right telegram:7",
    ):
        assert part in said, part
    assert answer.text.count('class="price"') >= 2, "the chart has its line"
    assert (
        'aria-label="Prices of Nvidia (NVDA) from 23 Jan 2025 21:00 to 29 Jan 2025 01:00 UTC; lowest 117.83'
        in answer.text
    )
    assert "against 142.62" in answer.text


async def test_another_stock_of_it_can_be_chosen(pages: httpx.AsyncClient) -> None:
    said = await pages.get("/incident/20250127-1?symbol=vrt")
    assert 'aria-label="Prices of Vertiv (VRT)' in said.text
    assert 'aria-label="Prices of Nvidia (NVDA)' in (await pages.get("/incident/20250127-1?symbol=NONE")).text


async def test_an_alert_is_told_whole(pages: httpx.AsyncClient, week: Path) -> None:
    with closing(sqlite3.connect(week)) as conn, conn:
        (chosen,) = conn.execute("SELECT id FROM alerts WHERE symbol = 'NVDA' AND rule = 'ai-model-shock'").fetchone()
    said = words_of(await pages.get(f"/alert/{chosen}"))
    for part in (
        "Nvidia (NVDA) −18.2 % at its worst, by ai-model-shock",
        "fired 27 Jan 2025 11:00 at 122.75, −13.9 %",
        "critical since 27 Jan 2025 17:00 , at 117.26, −17.8 %",
        "part of incident 20250127-1",
        "✓ holds: price change < -10% since previous close",
        "✗ does not hold: market SPY price change < -4% since previous close",
        "about the market and AI, names the company",
        "1 session",
        "escalated critical",
        "17 sent: messages , each with its delivery attempts",
        "description: A stock falls more than 10% alongside AI-model news.",
        "right telegram:7",
    ):
        assert part in said, part


async def test_prices_of_a_stock_abroad_have_their_currency(pages: httpx.AsyncClient, week: Path) -> None:
    with closing(sqlite3.connect(week)) as conn, conn:
        (chosen,) = conn.execute("SELECT id FROM alerts WHERE symbol = '5801.T' ORDER BY fired_at LIMIT 1").fetchone()
    answer = await pages.get(f"/alert/{chosen}")
    said = words_of(answer)
    assert said.startswith("Furukawa Electric (5801.T) ")
    assert "at ¥7,074, −11.7 %" in said
    assert "changes against ¥8,011" in said
    assert 'title="Furukawa Electric (5801.T)">Furukawa Electric<' in (await pages.get("/incident/20250127-1")).text


async def test_words_are_found(pages: httpx.AsyncClient) -> None:
    said = words_of(await pages.get("/search", params={"q": "sputnik OR deepseek"}))
    assert "alerts" in said
    assert "What brokers tell clients about DeepSeek" in said
    assert "Nothing found" in words_of(await pages.get("/search", params={"q": "zebra"}))
    assert "a phrase" in words_of(await pages.get("/search"))


@pytest.mark.parametrize(
    "words", ['"', "***", "(", "NEAR(", "'; DROP TABLE alerts; --", "a" * 5000, "\x00", "💥", "\u061c"]
)
async def test_nothing_typed_into_the_search_breaks_it(pages: httpx.AsyncClient, words: str) -> None:
    answer = await pages.get("/search", params={"q": words})
    assert answer.status_code in (200, 400)
    assert "Something went wrong" not in answer.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/incident/20250127-9", 404, "There is no incident 20250127-9."),
        ("/incident/%3Cscript%3E", 404, "There is no incident"),
        ("/alert/none", 404, "There is no alert none."),
        ("/alert/2", 503, "several alerts begin with 2"),
        ("/?severity=loud", 400, "'loud' is not a severity."),
        ("/?verdict=perhaps", 400, "'perhaps' is not a verdict."),
        ("/?before=yesterday", 400, "No such page of incidents"),
        ("/?before=2025-13-45T99:99:99Z~x", 400, "No such page of incidents"),
        ("/nothing", 404, "There is no such page."),
        ("/a/b/c/d", 404, "There is no such page."),
        ("/history/nothing", 404, ""),
        ("/_internal", 403, ""),
        ("/history.db", 403, ""),
        ("/-/../../etc/passwd", 404, ""),
        ("/assets/../site.py", 404, ""),
        ("/assets/..%2fsite.py", 404, ""),
    ],
)
async def test_what_is_not_there_is_said_to_be_so(
    pages: httpx.AsyncClient, path: str, status: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await pages.get(path, follow_redirects=True)
    assert answer.status_code == status
    assert said in html.unescape(answer.text)
    assert "locals" not in capfd.readouterr().err, "no local variables in the log"


async def test_outside_text_stays_text(own: httpx.AsyncClient, store: SqliteStore) -> None:
    tale = story("s1", title=HOSTILE, summary=HOSTILE, link="javascript:alert(3)", source=HOSTILE)
    shock = alert(
        "a1", incident="i1", cause=replace(cause("s1"), title=HOSTILE, link="JavaScript:alert(4)", source=HOSTILE)
    )
    blocks = Summary((Block("headline", BlockKind.HEADLINE, 100, lines=((HOSTILE,),)),), HOSTILE)
    told = replace(notification("n1", incident="i1"), summary=blocks, text=HOSTILE)
    store.commit(batch(tale, reading(tale), fired(shock), incident("i1", "a1"), told, *prices_of(12)))
    for path in (
        *("/", "/incident/i1", "/alert/a1", "/search?q=script", "/history/stories", "/history/alert_history"),
        *("/history/whole_alert", "/history/notifications", "/history/alerts/a1", "/history/deepest_falls"),
        f"/history?sql=select+'{HOSTILE.replace(chr(39), '')}'",
    ):
        answer = await own.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert "<script>alert" not in answer.text, path
        assert "<img src=x" not in answer.text, path
        assert "49 {%" not in answer.text, path
        assert not re.search(r'href="\s*javascript', answer.text, re.IGNORECASE), path


def prices_of(many: int, symbol: str = "NVDA") -> list[object]:
    return [quote(symbol, 100.0 - n, after(60 * n)) for n in range(many)]


async def test_an_empty_history_says_so(own: httpx.AsyncClient) -> None:
    said = words_of(await own.get("/"))
    assert "No incidents yet." in said
    assert "last price none yet" in said
    for path in ("/history", "/history/this_week", "/history/whole_alert", "/history/record_of_a_rule", "/search?q=x"):
        assert (await own.get(path)).status_code == 200, path


async def test_an_incident_with_next_to_nothing_is_told(own: httpx.AsyncClient, store: SqliteStore) -> None:
    bare = alert("a1", incident="i1", cause=None, reference=None, change=None, worst=None, last_change=None)
    store.commit(batch(fired(bare), incident("i1", "a1", topic="")))
    said = words_of(await own.get("/incident/i1"))
    assert "No cause known." in said
    assert "No prices of Nvidia (NVDA) at that time are stored." in said
    assert "No messages were sent." in said
    assert "No cause known." in words_of(await own.get("/alert/a1"))
    assert "No cause known" in words_of(await own.get("/"))


async def test_what_was_held_back_or_lost_is_said(own: httpx.AsyncClient, store: SqliteStore) -> None:
    states = (State.SENT, State.UNKNOWN, State.FAILED, State.SUPPRESSED, State.QUEUED)
    shock = alert("a1", incident="i1")
    told = [
        replace(
            notification("n1", f"telegram:{n}", incident="i1", state=state),
            suppressed_by=Suppression(SuppressionReason.QUIET_HOURS) if state is State.SUPPRESSED else None,
        )
        for n, state in enumerate(states)
    ]
    store.commit(batch(fired(shock), incident("i1", "a1"), *told))
    said = words_of(await own.get("/incident/i1"))
    assert "to 5: 1 sent, 1 in doubt , 1 failed , 1 held back, 1 waiting" in said


def summed(words: str, cause: ToldCause | None, *moves: StockMove) -> Summary:
    blocks = (Block("headline", BlockKind.HEADLINE, 100, lines=((words,),)),)
    return Summary(blocks, words, figures=Figures(after(60), moves), cause=cause)


def moved(symbol: str, change: float) -> StockMove:
    before = Reference("previous close", 100.0, NOW, NOW.date())
    return StockMove(symbol, 100 * (1 + change), change, before, NOW, NOW.date(), Phase.REGULAR, Severity.HIGH)


async def test_an_incident_is_told_as_of_one_moment(own: httpx.AsyncClient, store: SqliteStore) -> None:
    told = ToldCause("A tool that does the work", "wire", "https://news.example/t", Claim.STATED, 0.81)
    first = replace(
        notification("n1", incident="i1", state=State.SENT),
        summary=summed("One falls.", None, moved("NVDA", -0.1)),
        text="One falls.",
    )
    edit = replace(
        notification("e1", incident="i1", state=State.SENT, edits="n1", at=after(60)),
        summary=summed("Two fall.", told, moved("NVDA", -0.12), moved("AMD", -0.11)),
        text="Two fall.",
    )
    three = [alert(f"a{n}", symbol, incident="i1") for n, symbol in enumerate(("NVDA", "AMD", "TSM"))]
    whole = incident("i1", *(a.id for a in three), symbols=("NVDA", "AMD", "TSM"))
    store.commit(batch(story("s1"), *map(fired, three), whole, first, edit))
    for said in (words_of(await own.get("/")), words_of(await own.get("/incident/i1"))):
        assert "Two fall." in said
        assert "Nvidia (NVDA) −12.0 %" in said
        assert "the furthest of 2 stocks" in said
        assert f"s of {shown(after(60))}" in said
        assert "A tool that does the work" in said
        assert "likely (0.81)" in said
    said = words_of(await own.get("/incident/i1"))
    assert "3 stocks with alerts" in said
    assert f"{shown(NOW)} last edited {shown(after(60))} first message" in said


async def test_a_cause_that_the_message_does_not_tell_has_its_own_time(
    own: httpx.AsyncClient, store: SqliteStore
) -> None:
    one = alert("a1", incident="i1", cause=replace(cause("s1"), confidence=0.81))
    words = "Nvidia falls 10 %; no cause known yet"
    told = replace(
        notification("n1", incident="i1", state=State.SENT),
        summary=summed(words, None, moved("NVDA", -0.1)),
        text=words,
    )
    store.commit(batch(story("s1"), fired(one), incident("i1", "a1", at=after(600)), told))
    for said in (words_of(await own.get("/")), words_of(await own.get("/incident/i1"))):
        assert f"by its alerts, {shown(after(600))}" in said


async def test_what_was_never_sent_is_not_shown_as_sent(own: httpx.AsyncClient, store: SqliteStore) -> None:
    def telling(words: str, announcement: str, state: State, edits: str = "") -> Notification:
        blocks = Summary((Block("headline", BlockKind.HEADLINE, 100, lines=((words,),)),), words)
        told = notification(announcement, incident="i1", state=state, edits=edits)
        return replace(told, summary=blocks, text=words, created_at=after(len(words)))

    store.commit(
        batch(
            fired(alert("a1", incident="i1")),
            incident("i1", "a1"),
            telling("It fell.", "n1", State.SENT),
            telling("It fell more.", "e1", State.SUPERSEDED, "n1"),
            telling("It fell further.", "e2", State.SENT, "n1"),
            telling("It fell and waits.", "e3", State.QUEUED, "n1"),
            telling("Nobody heard of this one.", "n2", State.SUPPRESSED),
        )
    )
    text = (await own.get("/incident/i1")).text
    said = words_of(await own.get("/incident/i1"))
    assert '<div class="bubble"><b>It fell further.</b></div>' in text
    assert "edited once; earlier versions" in said
    assert "It fell." in said
    assert "It fell more." not in said
    assert "Nobody heard of this one. not sent" in said
    assert "1 message, as sent" in said
    assert "It fell and waits. not sent yet" in said


async def test_ids_with_any_characters_have_a_page(own: httpx.AsyncClient, store: SqliteStore) -> None:
    names = ["20250127-BRK.B-1", "20250127-^GSPC-2", "20250127-X/Y-3", "a b%~?#&<'\"", "日本"]
    for n, name in enumerate(names):
        store.commit(batch(fired(alert(name, incident=f"i{name}")), incident(f"i{name}", name), now=after(n)))
    front = (await own.get("/")).text
    links = [html.unescape(link) for link in re.findall(r'<h2><a href="(/incident/[^"]*)"', front)]
    assert len(links) == len(names)
    for link in links:
        page = await own.get(link)
        assert page.status_code == 200, link
        for about in re.findall(r'href="(/alert/[^"]*)"', page.text):
            assert (await own.get(html.unescape(about))).status_code == 200, about


async def test_paging_shows_every_incident_once_also_those_that_began_together(
    own: httpx.AsyncClient, store: SqliteStore
) -> None:
    made = [f"i{n:03}" for n in range(130)]
    parts: list[object] = []
    for n, name in enumerate(made):
        at = after(n // 60)  # sixty begin at one moment: more than a page
        parts += [fired(alert(f"a{n}", incident=name, at=at)), incident(name, f"a{n}", at=at)]
    store.commit(batch(*parts))
    seen: list[str] = []
    path = "/"
    while path:
        text = (await own.get(path)).text
        seen += re.findall(r'<h2><a href="/incident/([^"]*)"', text)
        older = re.search(r'rel="next" href="([^"]*)"', text)
        path = html.unescape(older[1]) if older else ""
        assert len(seen) <= len(made), "a page came again"
    assert sorted(seen) == made
    assert seen == sorted(made, key=lambda name: (int(name[1:]) // 60, name), reverse=True)


async def test_the_form_narrows(own: httpx.AsyncClient, store: SqliteStore) -> None:
    for n, (symbol, severity) in enumerate(
        (("NVDA", Severity.HIGH), ("VRT", Severity.CRITICAL), ("MU", Severity.INFO))
    ):
        shock = alert(f"a{n}", symbol, after(n), incident=f"i{n}", severity=severity)
        store.commit(batch(fired(shock), incident(f"i{n}", f"a{n}", at=after(n), severity=severity, lead=symbol)))

    async def shown(query: str) -> list[str]:
        return re.findall(r'<h2><a href="/incident/([^"]*)"', (await own.get(f"/?{query}")).text)

    assert await shown("") == ["i2", "i1", "i0"]
    assert await shown("symbol=vrt") == ["i1"]
    assert await shown("severity=high") == ["i1", "i0"]
    assert await shown("severity=high&symbol=NVDA") == ["i0"]
    assert await shown("verdict=right") == []
    assert "No incidents match" in words_of(await own.get("/?verdict=right"))


async def test_what_the_bot_writes_is_there_at_once(own: httpx.AsyncClient, store: SqliteStore) -> None:
    assert "No incidents yet" in words_of(await own.get("/"))
    store.commit(batch(fired(alert("a1", incident="i1")), incident("i1", "a1")))
    assert "/incident/i1" in (await own.get("/")).text


def test_a_file_that_is_no_history_of_this_version_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as conn, conn:
        conn.execute("CREATE TABLE mine (x)")
    conn.close()
    with pytest.raises(StoreError, match="other"):
        site(other, None)


async def test_a_folder_with_any_name_is_opened(tmp_path: Path) -> None:
    odd = tmp_path / "a?mode=rwc&#%20b" / "x#y?.db"
    odd.parent.mkdir()
    with open_store(odd, mode="live", run_name="live", now=NOW) as store:
        store.commit(batch(fired(alert("a1", incident="i1")), incident("i1", "a1")))
    async with asker(site(odd, None)) as client:
        assert "/incident/i1" in (await client.get("/")).text
    assert sorted(p.name for p in odd.parent.iterdir() if p.suffix == ".db") == ["x#y?.db"]


async def test_every_rule_is_listed_those_in_force_first(pages: httpx.AsyncClient) -> None:
    answer = await pages.get("/rules")
    said = words_of(answer)
    on, off = said.index("ai-model-shock on"), said.index("winner off")
    assert on < off
    assert 'href="/rule/ai-model-shock"' in answer.text
    assert "rules/ai-model-shock.yaml" in said


async def test_a_rule_is_told_whole(pages: httpx.AsyncClient) -> None:
    answer = await pages.get("/rule/ai-model-shock")
    said = words_of(answer)
    for part in (
        "on rules/ai-model-shock.yaml:",
        "What it says - name: ai-model-shock description: A stock falls more than 10%",
        "in 1 incident",
        "in the last 30 days of the history",
        "readers call 1 of its incidents right",
        "What followed",
        "1 session",
        "Its latest 20 alerts",
        "python main.py rules try --since 30d",
        "tests/ai-model-shock.yaml:",
    ):
        assert part in said, part
    assert 'href="/alert/2025012' in answer.text
    assert 'href="/incident/20250127-1"' in answer.text


async def test_a_rule_that_has_not_fired_or_is_not_known_is_told_so(pages: httpx.AsyncClient) -> None:
    said = words_of(await pages.get("/rule/winner"))
    assert "off" in said
    assert "It has not fired." in said
    missing = await pages.get("/rule/no-such-rule")
    assert missing.status_code == 404
    assert "There is no rule no-such-rule." in missing.text


async def test_what_the_configuration_has_no_more_is_gone(store: SqliteStore, own: httpx.AsyncClient) -> None:
    store.record_rules([("old", "v1", "- name: old  # <b>")], NOW)
    store.record_rules([("winner", "v1", "- name: winner")], after(60))
    said = words_of(await own.get("/rules"))
    assert "old gone" in said
    gone = await own.get("/rule/old")
    assert "What it last said - name: old # &lt;b&gt;" in words_of(gone) or "&lt;b&gt;" in gone.text
    assert "the configuration has it no more" in words_of(gone)


async def test_labels_of_an_alert_are_shown(store: SqliteStore, own: httpx.AsyncClient) -> None:
    store.commit(batch(fired(alert("a1", incident="i1", labels={"desk": "semis<>"})), incident("i1", "a1")))
    answer = await own.get("/alert/a1")
    assert "labels desk=semis&lt;&gt;" in answer.text or "desk=semis&lt;&gt;" in answer.text
    assert 'href="/rule/' in answer.text
