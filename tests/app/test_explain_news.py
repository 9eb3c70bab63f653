"""``news explain``: the same reading as the engine's, printed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.store import open_store
from bot.app.lab.explain_news import explain_story, explained_lines, explained_object
from bot.cli import app
from bot.core.errors import ConfigError, UsageError
from bot.core.model import Batch, Counts, LearnedName, Reach
from tests.news.stories import MONTH, START, empty_index, matched, shipped, story

TITLE = "Thomson Reuters plunges after Anthropic's legal plugin"


def run(*arguments: str) -> str:
    """What the command prints; it must succeed."""
    done = CliRunner().invoke(app, ["news", "explain", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_score_is_printed_as_the_sum_of_its_named_reasons() -> None:
    first, *rest = run(TITLE).splitlines()
    assert first.startswith("ai-market 1.00 (counts)")
    reasons = rest[: rest.index(next(r for r in rest if not r.startswith("  ")))]
    assert sum(float(line.split()[0]) for line in reasons) >= 1.0
    assert any("wording that ties the move to AI" in line for line in reasons)


def test_it_says_who_is_named_what_is_met_and_whom_it_reaches() -> None:
    printed = run(TITLE, "--top", "3")
    assert "company TRI (Thomson Reuters)" in printed
    assert "lab Anthropic" in printed
    assert "0.95 legal-data: legal work by models" in printed
    assert "1.00 TRI        Thomson Reuters: named" in printed
    assert "LegalZoom: legal-data" in printed
    assert "more (--top 0 shows all)" in printed
    assert "more (--top 0" not in run(TITLE, "--top", "0")


@pytest.mark.parametrize(
    ("title", "read"),
    [
        (
            "Chegg shares fall 12% as ChatGPT threatens homework help",
            "Chegg falls 12% because of ChatGPT (AI is the agent): ties the fall to AI",
        ),
        (
            "Nvidia and Broadcom slide on AI fears after new AI tool cuts demand for chips",
            "Nvidia, Broadcom fall because of AI (AI is the agent): ties the fall to AI",
        ),
        ("Nvidia falls after results miss forecasts", "Nvidia falls on results: not tied"),
        ("Nvidia slides on tariffs", "Nvidia falls on tariffs and trade war: not tied"),
        ("Nvidia could fall", "Nvidia may move for no known reason: not tied"),
        ("Adobe rises on strong results", "Adobe rises on results: not tied"),
        (TITLE, "Thomson Reuters falls because of Anthropic (AI is the agent): ties the fall to AI"),
    ],
)
def test_it_says_how_each_clause_is_read_and_whether_it_ties_a_fall_to_ai(title: str, read: str) -> None:
    lines = run(title).splitlines()
    at = lines.index("reads")
    assert lines[at + 1] == f"  {read}"
    assert lines[at + 2].startswith("names ")
    (frame,) = json.loads(run(title, "--json"))["frames"]
    assert frame["ties"] == read.endswith(": ties the fall to AI")


def test_clauses_in_json_have_every_part_and_those_of_a_summary_say_so() -> None:
    summary = "Shares dropped 9% after Anthropic launched a legal plugin."
    _, frame = json.loads(run("Thomson Reuters shares fall", "--summary", summary, "--json"))["frames"]
    assert frame == {
        "subjects": [{"kind": "company", "name": "TRI"}, {"kind": "company", "name": "TRI.TO"}],
        "who": ["Thomson Reuters"],
        "move": "fall",
        "size": 9.0,
        "connective": "after",
        "cause": "ai",
        "role": "agent",
        "agents": ["lab:Anthropic"],
        "because": "after Anthropic launched a legal plugin",
        "strength": 0.6,
        "where": "summary",
        "old": False,
        "ties": True,
    }
    printed = run("Thomson Reuters shares fall", "--summary", summary)
    assert "because of Anthropic (AI is the agent), in the summary: ties the fall to AI" in printed


def test_a_headline_in_which_nothing_moves_has_no_clauses() -> None:
    assert "reads" not in run("OpenAI unveils GPT-9").splitlines()
    assert json.loads(run("OpenAI unveils GPT-9", "--json"))["frames"] == []


def test_json_is_one_object_with_the_same_facts() -> None:
    (line,) = run(TITLE, "--json").splitlines()
    found = json.loads(line)
    assert found["type"] == "news"
    assert found["scored"] is True
    market = next(topic for topic in found["topics"] if topic["topic"] == "ai-market")
    assert market["counts"] is True
    assert market["score"] == pytest.approx(min(1, sum(reason["weight"] for reason in market["reasons"])))
    assert found["exposures"][0]["exposure"] == "legal-data"
    assert found["exposures"][0]["strength"] == found["exposures"][0]["reasons"][0]["weight"]
    assert {"TRI", "TRI.TO"} == {r["symbol"] for r in found["reaches"] if r["reach"] == "direct"}


def test_summary_source_and_link_count_as_in_a_feed() -> None:
    bare = json.loads(run("Plugins for Cowork", "--json"))
    told = json.loads(
        run(
            "Plugins for Cowork", "--json", "--summary", "Claude reviews contracts for legal teams.",
            "--source", "Claude blog", "--link", "https://claude.com/blog/plugins",
        )
    )  # fmt: skip
    assert max([t["score"] for t in bare["topics"]], default=0) < 0.5
    assert told["topics"][0]["topic"] == "ai-model"
    assert told["topics"][0]["score"] >= 0.5
    assert any(m["where"] == "summary" for m in told["mentions"])


def test_a_headline_about_nothing_reaches_nobody_and_says_so() -> None:
    printed = run("Council to raise parking charges")
    assert "no topic" in printed
    assert "off topic: seen only by rules that ask for its words or names" in printed
    assert json.loads(run("Council to raise parking charges", "--json"))["reaches"] == []


def test_an_empty_headline_is_a_usage_error() -> None:
    done = CliRunner().invoke(app, ["news", "explain", "  "])
    assert isinstance(done.exception, UsageError)


def test_markup_and_control_characters_are_shown_as_plain_text() -> None:
    printed = run("OpenAI unveils \x1b[31mGPT-9\x1b[0m\u202e", "--json")
    assert "\x1b" not in printed
    assert "\\u001b" not in printed


def test_what_is_reached_is_what_the_engine_would_find() -> None:
    found = explain_story(*shipped(), story(TITLE, START))
    news = empty_index()
    news.add(story(TITLE, START))
    for symbol, name, match in found.reached:
        (same,) = matched(news, symbol, *news.topics.names, since=START - MONTH, until=START, min_score=0.3)
        assert (match.reach, match.strength, match.exposures) == (same.reach, same.strength, same.exposures)
        assert name
    assert [match.reach for _, _, match in found.reached][:2] == [Reach.DIRECT, Reach.DIRECT]
    reached = {symbol for symbol, _, _ in found.reached}
    assert not any(
        matched(news, c.symbol, *news.topics.names, since=START - MONTH, until=START, min_score=0.3)
        for c in shipped()[1]
        if c.symbol not in reached
    )


def test_every_exposure_met_has_its_reason() -> None:
    for title in (
        TITLE,
        "DeepSeek-R9 trained at a fraction of the cost",
        "OpenAI launches a search engine",
        "受DeepSeek影响，英伟达股价重挫",
    ):
        found = explain_story(*shipped(), story(title, START))
        best: dict[str, float] = {}
        for exposure, reason in found.why:
            best[exposure] = max(best.get(exposure, 0.0), reason.weight)
            assert reason.text, (title, exposure)
        assert best == dict(found.reading.exposures)
        assert list(explained_lines(found, 3))
        assert json.dumps(explained_object(found))


def test_a_missing_configuration_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["news", "explain", TITLE, "--config", str(tmp_path / "none.yaml")])
    assert isinstance(done.exception, ConfigError)


def test_a_learned_name_is_shown_with_when_and_where_from(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    name = LearnedName("VibeVoice", "Microsoft", START, "VibeVoice", Counts.COINED, "VibeVoice-1.5B", "huggingface-hub")
    headline = "VibeVoice, an AI model, speaks for 90 minutes"
    with open_store(file, mode="live", run_name="live", now=START) as store:
        store.commit(Batch(START, observations=(name, replace(name, word="vibevoice", lab="Google"))))
        later = START + timedelta(days=400)
        assert list(store.observations(later - timedelta(days=14), later)) == [name]
        assert list(store.observations(START - timedelta(days=14), START - timedelta(seconds=1))) == []
        assert "names no known" in run(headline, "--database", str(tmp_path / "none.db"))
        printed = run(headline, "--database", str(file))
        found = json.loads(run(headline, "--json", "--database", str(file)))
    line = f"VibeVoice was learned {START:%Y-%m-%d %H:%M} UTC from huggingface-hub (VibeVoice-1.5B, Microsoft)"
    assert f"{line}; it counts where the story speaks of AI" in printed
    assert [(n["word"], n["lab"], n["counts"]) for n in found["learned"]] == [("VibeVoice", "Microsoft", "coined")]
