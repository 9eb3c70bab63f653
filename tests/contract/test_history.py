"""What the port ``History`` promises, of every implementation."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.app.lines import iso
from bot.app.stores import Place, exists, open_history, open_store
from bot.core.errors import StoreError, UsageError
from bot.core.model import Filters, Severity
from bot.core.ports import History, Store
from tests.store.values import NOW, SUMMARY, after, alert, batch, fired, incident, notification, quote, reading, story


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """The bot that writes it, running all the time."""
    with closing(open_store(place, mode="live", run_name="live", now=NOW)) as opened:
        opened.record_rules([("ai-model-shock", "v1", "- name: ai-model-shock")], NOW)
        opened.commit(
            batch(
                story(),
                reading(story()),
                quote("NVDA", 128.2, NOW),
                quote("NVDA", 127.0, after(60)),
                fired(alert("a1", incident="i1")),
                incident("i1", "a1"),
                notification("n1", incident="i1"),
                now=after(60),
            )
        )
        opened.save_verdict("i1", "telegram:7", "right", "telegram:1", after(90))
        yield opened


@pytest.fixture
def history(store: Store, place: Place) -> Iterator[History]:
    with open_history(place) as opened:
        yield opened


def test_rules_have_their_texts_and_what_they_fired(history: History, store: Store) -> None:
    store.record_rules(
        [("ai-model-shock", "v2", "- name: ai-model-shock  # lower"), ("new", "v1", "- name: new")], after(95)
    )
    store.record_rules([("ai-model-shock", "v2", "- name: ai-model-shock  # lower")], after(96))
    assert [(each["rule"], each["in_force"], each["alerts"]) for each in history.list_rules()] == [
        ("ai-model-shock", True, 1),
        ("new", False, 0),
    ]
    found = history.show_rule("ai-model-shock")
    assert found is not None
    assert found["text"].endswith("# lower")
    assert [each["text"] for each in found["earlier"]] == ["- name: ai-model-shock"]
    assert (found["versions"], found["alerts"], found["incidents"], found["outcomes"]) == (2, 1, 1, [])
    gone = history.show_rule("new")
    assert gone is not None
    assert (gone["in_force"], gone["text"], gone["alerts"]) == (False, "- name: new", 0)
    assert history.show_rule("no-such-rule") is None


def test_it_says_how_far_it_reaches_and_how_it_stands(history: History) -> None:
    assert history.extent() == (NOW, after(60))
    assert history.count_alerts() == 1
    standing = history.standing()
    assert (standing["open"], standing["sources"], standing["trouble"]) == (1, 0, 0)
    assert standing["story_at"].startswith("2025-01-27T10:05")
    live = history.live()
    assert live["run"]["mode"] == "live"
    assert live["run"]["ended_at"] is None
    assert live["open"] == ["i1"]
    assert [(w["channel"], w["state"], w["number"]) for w in live["waiting"]] == [("telegram", "queued", 1)]
    assert live["sources"] == []


def test_an_empty_one_reaches_nowhere_and_none_cannot_be_read(place: Place) -> None:
    assert not exists(place)
    with pytest.raises(StoreError, match=r"no history|no such"), open_history(place):
        pass
    open_store(place, mode="live", run_name="live", now=NOW).close()
    assert exists(place)
    with open_history(place) as history:
        assert history.extent() is None
        assert history.list_alerts() == []
        assert history.newest_incidents(3) == []
        assert history.first_session() is None
        assert history.last_message("i1") is None
        assert not history.is_of_backtest()


def test_alerts_are_found_by_what_is_asked(history: History) -> None:
    (found,) = history.list_alerts(symbol="NVDA", since=NOW, until=after(1), incident="i1", limit=5)
    assert found["id"] == "a1"
    assert history.list_alerts(until=NOW) == []
    assert history.find_alerts(Filters(severity=Severity.CRITICAL)) == []
    assert history.find_alerts(Filters(verdict="right"))[0]["id"] == "a1"
    whole = history.show_alert("a1")
    assert whole is not None
    assert [v["verdict"] for v in whole["verdicts"]] == ["right"]
    assert history.show_alert("zzz") is None
    assert history.quotes_around("a1")[0][1] == 128.2


def test_an_incident_is_told_as_it_was_told_last(history: History) -> None:
    assert [i["id"] for i in history.list_incidents()] == ["i1"]
    whole = history.show_incident("i1")
    assert whole is not None
    last = history.last_message("i1")
    assert last is not None
    assert (last.headline, last.summary) == ("NVDA falls 10 %", SUMMARY)
    assert (whole["headline"], whole["headline_at"]) == (last.headline, iso(last.at))
    assert history.read_summary(whole["messages"][0]["summary"]) == SUMMARY
    assert history.read_summary('{"of": "another version"}') is None
    assert history.show_incident("i2") is None


def test_words_are_found_and_alerts_counted(history: History) -> None:
    assert {f["type"] for f in history.search("cheap model")} >= {"story"}
    (row,) = history.statistics("symbol")
    assert (row["symbol"], row["alerts"]) == ("NVDA", 1)


def test_rows_go_out_for_other_programs(history: History, tmp_path: Path) -> None:
    out = io.BytesIO()
    assert history.export("alerts", Filters(), "jsonl", out) == 1
    assert json.loads(out.getvalue())["symbol"] == "NVDA"
    assert history.export_to(str(tmp_path / "a.jsonl"), "alerts", Filters(), "jsonl") == 1
    assert (tmp_path / "a.jsonl").read_bytes() == out.getvalue()


def test_somebody_s_own_query_reads_and_nothing_else(history: History) -> None:
    with history.select("SELECT id FROM alerts", seconds=5) as (names, rows):
        assert (list(names), [tuple(r) for r in rows]) == (["id"], [("a1",)])
    with pytest.raises(UsageError), history.select("DELETE FROM alerts", seconds=5):
        pass


def test_a_whole_history_has_no_findings_and_says_what_pruning_would_take(history: History) -> None:
    assert history.findings() == [], "nothing is wrong, and nothing is missing"
    assert history.prunable(after(100 * 86400), {"quotes": timedelta(days=30)})["quotes"] == 0


def test_what_followed_and_what_was_recorded_of_an_incident(history: History) -> None:
    assert history.known_rules() == ["ai-model-shock"]
    assert [a.id for a in history.fired_alerts(rule=alert("a1").rule, since=NOW)] == ["a1"]
    assert history.fired_alerts(since=after(1)) == []
    assert history.all_verdicts() == {"i1": {"right": 1}}
    assert list(history.stored_outcomes()) == []
    assert history.first_session() == date(2025, 1, 27)
    found = history.incident("i1")
    assert found is not None
    assert found.id == "i1"
    assert [a.id for a in history.alerts_of("i1")] == ["a1"]
    assert history.changed_at("a1") == [NOW]
    assert history.last_seen_at() == after(60)
    assert history.first_priced_at("NVDA", NOW) == NOW
    assert history.priced_symbols() == ["NVDA"]
    assert history.count_quotes("NVDA", NOW, after(60)) == 2
    assert [q.price for q in history.quotes("NVDA", NOW, after(60))] == [128.2, 127.0]
    assert [q.price for q in history.thinned_quotes("NVDA", NOW, after(60), (), minutely=False)] == [128.2]
    assert history.bars("NVDA", date(2025, 1, 1), date(2025, 2, 1)) == []
    assert history.splits("NVDA") == []
    assert [(s.story.id, s.matters) for s in history.stories(NOW, after(60), ["a1"])] == [("s1", True)]
