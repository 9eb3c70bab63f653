"""How well and how fast stories are read.

`python bench/news.py` prints two tables: topic detection on the labelled headlines (precision, recall and F1 for the
label ``model``, with and without the ambiguous, beside the naive keyword rule), and throughput of scoring, mentions,
exposures and clustering together. The first needs ``../shared/data`` and is left out, with a message, without it.
`--errors` also lists every headline that went wrong, with the reasons of its score.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from bot.config.news.companies import load_companies  # noqa: E402  # the path comes first
from bot.config.news.topics import load_topics  # noqa: E402
from bot.core.model import Reach, Story  # noqa: E402
from bot.core.news import Companies, NewsIndex, Topics  # noqa: E402
from bot.core.news.reader import Content, StoryReader  # noqa: E402

NEWS = REPOSITORY.parent / "shared" / "data" / "news"
LABELLED = NEWS / "labelled_headlines_dev.jsonl"
COUNTS = 0.5
NAIVE = re.compile(
    r"\bA\.?I\.?\b|artificial intelligence|chatbot|ChatGPT|GPT-?\d|DeepSeek|人工智能|大模型", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Measure:
    """Hits and misses of one detector."""

    hits: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        """Share of what it said that was right."""
        return self.hits / max(1, self.hits + self.false)

    @property
    def recall(self) -> float:
        """Share of what was there that it said."""
        return self.hits / max(1, self.hits + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled headline, read."""

    content: Content
    label: str
    ambiguous: bool


def vocabulary() -> tuple[Topics, Companies]:
    """The shipped topics and companies."""
    topics = load_topics(REPOSITORY / "rules" / "topics")
    path = REPOSITORY / "rules" / "companies.yaml"
    return topics, load_companies(path, exposures=topics.exposure_names, lists=tuple(topics.words))


def labelled(reader: StoryReader) -> list[Labelled]:
    """The development headlines, each read by itself: no cluster helps it."""
    rows = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    return [
        Labelled(reader.read(_story(number, row)), row["label"], row["ambiguous"]) for number, row in enumerate(rows)
    ]


def measure(rows: Iterable[Labelled], label: str, says: Callable[[Content], bool]) -> Measure:
    """``says`` against ``label``."""
    hits = false = missed = 0
    for row in rows:
        said, there = says(row.content), row.label == label
        hits += said and there
        false += said and not there
        missed += there and not said
    return Measure(hits, false, missed)


def topic_measure(rows: Iterable[Labelled], topic: str, label: str) -> Measure:
    """Our detector: the topic's score reaches ``COUNTS``."""
    return measure(rows, label, lambda content: content.score(topic) >= COUNTS)


def _story(number: int, row: dict[str, str]) -> Story:
    at = datetime.fromisoformat(row["published"])
    return Story(
        id=str(number), source=row["source"], title=row["title"], link=row.get("link", ""),
        summary=row.get("summary", ""), seen_at=at, published_at=at,
    )  # fmt: skip


def recorded(limit: int = 20_000) -> list[Story]:
    """Headlines of the recorded windows, or made-up ones where there are none."""
    stories: list[Story] = []
    for path in sorted(NEWS.glob("*.jsonl.gz")) if NEWS.is_dir() else []:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            stories += [_story(len(stories) + n, json.loads(line)) for n, line in enumerate(lines)]
    if not stories:
        words = [
            "Nvidia",
            "OpenAI",
            "launches",
            "GPT-9",
            "shares",
            "fall",
            "as",
            "model",
            "council",
            "match",
            "rain",
            "AI",
        ]
        start = datetime(2026, 1, 5, tzinfo=UTC)
        for n in range(limit):
            title = " ".join(words[(n * k) % len(words)] for k in range(1, 9)) + f" {n}"
            stories.append(
                Story(id=str(n), source=f"s{n % 40}", title=title, seen_at=start + timedelta(seconds=60 * n))
            )
    return sorted(stories, key=lambda s: s.seen_at)[:limit]


def throughput(topics: Topics, companies: Companies, stories: list[Story]) -> tuple[float, float]:
    """Stories a second of one core through ``add``, and questions a second through ``matches`` right after a new story.

    Processor time, so that a machine shared with others measures the same.
    """
    index = NewsIndex(topics, companies, window=timedelta(days=30))
    began = time.process_time()
    for story in stories:
        index.add(story)
    adding = len(stories) / (time.process_time() - began)
    end = stories[-1].seen_at
    symbols = [company.symbol for company in companies]
    began = time.process_time()
    for symbol in symbols:
        index.matches(
            symbol, ["ai-model"], reaches=[Reach.DIRECT, Reach.EXPOSURE], min_score=0.5,
            since=end - timedelta(days=7), until=end,
        )  # fmt: skip
    return adding, len(symbols) / (time.process_time() - began)


def main() -> int:
    """Print the tables."""
    topics, companies = vocabulary()
    reader = StoryReader(topics, companies)
    if LABELLED.is_file():
        rows = labelled(reader)
        clear = [row for row in rows if not row.ambiguous]
        print(f"{'topic detection':34}{'n':>6}{'precision':>11}{'recall':>9}{'F1':>8}")
        for name, part in (("all", rows), ("without the ambiguous", clear)):
            for title, found in (
                (f"ai-model, {name}", topic_measure(part, "ai-model", "model")),
                (f"keywords, {name}", measure(part, "model", lambda c: bool(NAIVE.search(c.story.title)))),
                (f"ai-market, {name}", topic_measure(part, "ai-market", "ai_market")),
            ):
                print(f"{title:34}{len(part):>6}{found.precision:>11.3f}{found.recall:>9.3f}{found.f1:>8.3f}")
        if "--errors" in sys.argv[1:]:
            _errors(clear)
    else:
        print(f"no labelled headlines at {LABELLED}: topic detection is not measured", file=sys.stderr)
    stories = recorded()
    adding, asking = throughput(topics, companies, stories)
    print(f"\n{len(stories)} stories: {adding:,.0f} read a second of one core, {asking:,.0f} symbols matched")
    return 0


def _errors(rows: list[Labelled]) -> None:
    for row in rows:
        score = row.content.score("ai-model")
        if (score >= COUNTS) != (row.label == "model"):
            reasons = next((t.reasons for t in row.content.scores if t.topic == "ai-model"), ())
            print(f"{score:.2f} {row.label:10} {row.content.story.title}")
            print("     " + "; ".join(f"{r.weight:+.2f} {r.name} ({r.text})" for r in reasons))


if __name__ == "__main__":
    raise SystemExit(main())
