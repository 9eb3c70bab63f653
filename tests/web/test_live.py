"""The page that shows how the bot stands now."""

from __future__ import annotations

from dataclasses import replace

import httpx

from bot.adapters.store import SqliteStore
from bot.core.model import FeedState, IncidentState, SourceReport, Trouble
from bot.core.model import NotificationState as State
from bot.web.live import EVERY
from tests.store.values import after, alert, batch, fired, incident, notification
from tests.web.conftest import words_of


async def test_it_shows_what_is_under_way_and_asks_itself_anew(own: httpx.AsyncClient, store: SqliteStore) -> None:
    states = (State.QUEUED, State.QUEUED, State.UNKNOWN, State.SENT, State.SUPPRESSED)
    messages = [notification("n1", f"telegram:{n}", incident="i1", state=s) for n, s in enumerate(states)]
    store.commit(
        batch(
            fired(alert("a1", incident="i1")),
            fired(alert("a2", "AMD", incident="i2")),
            incident("i1", "a1"),
            replace(incident("i2", "a2"), state=IncidentState.CLOSED, closed_at=after(60)),
            *messages,
            SourceReport("wire", after(60), Trouble.FAILED, "HTTP 503: server error"),
            SourceReport("desk", after(60), Trouble.NONE),
            feeds=(
                FeedState("wire", "https://wire.example", failures=3, next_poll_at=after(300)),
                FeedState("desk", "https://desk.example", last_ok_at=after(60)),
            ),
        )
    )
    answer = await own.get("/live")
    said = words_of(answer)
    assert f'<meta http-equiv="refresh" content="{EVERY}">' in answer.text
    assert "started 27 Jan 2025" in said
    assert "1 open incident" in said
    assert 'href="/incident/i1"' in answer.text
    assert 'href="/incident/i2"' not in answer.text
    assert "telegram: 2 messages to be sent , since" in said
    assert "telegram: 1 message in doubt , since" in said
    assert "1 of 2 sources in trouble" in said
    assert "wire failed 3 times in a row: HTTP 503: server error" in said
    assert "1 source that works" in said
    assert "desk works" in said


async def test_a_bot_that_was_stopped_and_an_empty_history_say_so(own: httpx.AsyncClient, store: SqliteStore) -> None:
    said = words_of(await own.get("/live"))
    assert "Nothing is under way." in said
    assert "None waits." in said
    store.close(after(600))
    assert "stopped 27 Jan 2025" in words_of(await own.get("/live"))


async def test_every_page_leads_to_it(own: httpx.AsyncClient) -> None:
    assert '<a href="/live">Now</a>' in (await own.get("/")).text
    assert '<a href="/live" aria-current="page">Now</a>' in (await own.get("/live")).text
