"""How well the topic ``ai-model`` generalises.

`python bench/topics_cv.py` prints precision, recall and F1, of the clear headlines and of all: for the headlines
labelled for development; for those of ordinary months (`bench/labels/topics.csv`), by set; and by cross-validation
over all but the sets in ``HELD``, which nothing was made with, in five parts. Parts are made of whole weeks, and of the
other four those headlines are left out that tell of a happening that the part tells of (half of their words or more).
What is fitted to four parts and scored on the fifth:

- *Vocabulary*: of the word lists that the signals use, only words that occur in a headline of the other four parts.
  Names of labs, models and companies are kept, and so are the weights. This is harsh: a word that nobody took from the
  labelled headlines goes too.
- *Weights*: a logistic regression over the signals, each 1 where it holds in the title and `elsewhere` where it holds
  with the summary, with the sign it has in the YAML and an L2 penalty. It says "about a model" from a probability of a
  half.
- *Both*: the same regression, over the signals as that smaller vocabulary finds them.

Needs ``../shared/data`` and says so without it. `--errors` lists what went wrong, but not in the sets in ``HELD``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import news  # the path comes first

from bot.core.model import Field, Story
from bot.core.news import Companies, Topics
from bot.core.news.lexicon import Features, Lexicon
from bot.core.news.reader import TITLE_READ, StoryReader
from bot.core.news.text import Folded, title_key

LABELS = Path(__file__).resolve().parent / "labels" / "topics.csv"
ORDINARY = news.NEWS / "ordinary"
TOPIC = "ai-model"
HELD = ("ordinary months, last", "ordinary months, unread")
"""The sets that nothing was made with. Nobody looks at their headlines."""
PARTS = 5
ALIKE = 0.5
"""Share of their words that makes two headlines one happening."""
_HAN = re.compile(r"[\u3400-\u9fff]+")
PENALTY = 0.2
STEPS = 800


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled headline."""

    story: Story
    model: bool
    clear: bool
    held: dict[str, float]
    """The signals that hold: 1 in the title, less elsewhere."""


def main() -> int:
    """Print the table."""
    if not news.LABELLED.is_file():
        print(f"no labelled headlines at {news.LABELLED}: nothing is measured", file=sys.stderr)
        return 1
    topics, companies = news.vocabulary()
    reader = StoryReader(topics, companies)
    sets = {"development": developed(reader, topics)} | ordinary(reader, topics)
    print(f"{'headlines and detector':58}{'n':>6}{'precision':>11}{'recall':>9}{'F1':>8}")
    for name, rows in sets.items():
        found = shipped(reader, rows)
        _print(f"{name}, as shipped", rows, found)
        if "--errors" in sys.argv[1:] and name not in HELD:
            _errors(reader, rows, found)
    seen = [row for name, rows in sets.items() if name not in HELD for row in rows]
    said: dict[str, dict[str, bool]] = {"words": {}, "weights": {}, "words and weights": {}}
    parts = split(seen)
    for number, part in enumerate(parts):
        others = apart_from(part, [row for n, other in enumerate(parts) if n != number for row in other])
        for name, found in fitted(others, part, topics, companies).items():
            said[name] |= found
    rest = [row for name, rows in sets.items() if name not in ("development", *HELD) for row in rows]
    for name, found in said.items():
        _print(f"development, {name} of the other parts", sets["development"], found)
        _print(f"ordinary but {len(HELD)} sets, {name} of the other parts", rest, found)
    for held in HELD:
        if rows := sets.get(held):
            for name, found in fitted(seen, rows, topics, companies).items():
                _print(f"{held}, {name} of all the others", rows, found)
    return 0


def fitted(
    others: Sequence[Row], rows: Sequence[Row], topics: Topics, companies: Companies
) -> dict[str, dict[str, bool]]:
    """What is said of ``rows`` with words, weights and both from ``others``."""
    fewer = without_new_words(topics, others)
    reader = StoryReader(fewer, companies)
    weights, threshold = fit(others, topics)
    reread, few = ([_row(reader, fewer, row.story, row.model, row.clear) for row in some] for some in (others, rows))
    both, level = fit(reread, topics)
    return {
        "words": shipped(reader, rows),
        "weights": {row.story.id: _sum(row, weights) >= threshold for row in rows},
        "words and weights": {row.story.id: _sum(row, both) >= level for row in few},
    }


def developed(reader: StoryReader, topics: Topics) -> list[Row]:
    """The headlines labelled for development."""
    return [
        _row(reader, topics, news._story(number, row), row["label"] == "model", not row["ambiguous"])
        for number, row in enumerate(map(json.loads, news.LABELLED.read_text(encoding="utf-8").splitlines()))
    ]


def shipped(reader: StoryReader, rows: Sequence[Row]) -> dict[str, bool]:
    """Whether the topic reaches ``news.COUNTS``, by story."""
    return {row.story.id: reader.read(row.story).score(TOPIC) >= news.COUNTS for row in rows}


def split(rows: Sequence[Row]) -> list[list[Row]]:
    """Five parts of about equal size, of whole weeks from Monday on."""
    weeks: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        weeks[row.story.seen_at.isocalendar()[:2]].append(row)
    parts: list[list[Row]] = [[] for _ in range(PARTS)]
    for week in sorted(weeks.values(), key=len, reverse=True):
        min(parts, key=len).extend(week)
    return parts


def apart_from(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """Those of ``others`` that share no happening with ``rows``."""
    bags = [_bag(row) for row in rows]
    return [row for row in others for own in [_bag(row)] if not any(_alike(own, bag) for bag in bags)]


def _bag(row: Row) -> frozenset[str]:
    """The words of a title; of Chinese, which puts no spaces between them, each two characters in a row."""
    found: set[str] = set()
    for word in title_key(row.story.title).split():
        han = [run for run in _HAN.findall(word) if len(run) > 1]
        found.update(run[n : n + 2] for run in han for n in range(len(run) - 1))
        found.update(_HAN.sub(" ", word).split())
    return frozenset(found)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared > 2 and shared >= ALIKE * min(len(one), len(other))


def without_new_words(topics: Topics, rows: Sequence[Row]) -> Topics:
    """The vocabulary without the words of the topic's lists that none of these headlines has."""
    topic = topics.topic(TOPIC)
    assert topic is not None
    used = {name for signal in topic.signals for name in (*signal.none, *(n for group in signal.all for n in group))}
    lists = {name: names for name, names in topics.words.items() if name in used}
    features = Features()
    lexicon = Lexicon(features)
    for name, names in lists.items():
        for number, written in enumerate(names):  # conditions aside: a word that stands there was seen
            lexicon.add("words", f"{name}/{number}", [replace(written, needs=(), unless=())], features.bit(name))
    seen = {
        hit.name for row in rows for hit in lexicon.scan(Folded(row.story.title[:TITLE_READ]), Field.TITLE)
    }  # fmt: skip
    kept = {
        name: tuple(written for number, written in enumerate(names) if f"{name}/{number}" in seen)
        for name, names in lists.items()
    }
    return replace(topics, words={**topics.words, **kept})


def fit(rows: Sequence[Row], topics: Topics) -> tuple[dict[str, float], float]:
    """Weights by signal and the threshold of their sum, fitted to ``rows`` by projected gradient descent."""
    topic = topics.topic(TOPIC)
    assert topic is not None
    sign = {signal.name: math.copysign(1.0, signal.weight) for signal in topic.signals}
    weights = dict.fromkeys(sign, 0.0)
    bias, step = 0.0, 8.0 / len(rows)
    for _ in range(STEPS):
        slope: dict[str, float] = {name: PENALTY * weight for name, weight in weights.items()}
        level = 0.0
        for row in rows:
            error = 1 / (1 + math.exp(-bias - _sum(row, weights))) - row.model
            level += error
            for name, share in row.held.items():
                slope[name] += error * share
        bias -= step * level
        for name, by in slope.items():
            moved = weights[name] - step * by
            weights[name] = moved if moved * sign[name] > 0 else 0.0
    return weights, -bias


def _sum(row: Row, weights: dict[str, float]) -> float:
    return sum(weights[name] * share for name, share in row.held.items())


def _row(reader: StoryReader, topics: Topics, story: Story, model: bool, clear: bool) -> Row:
    topic = topics.topic(TOPIC)
    assert topic is not None
    weights = {signal.name: signal.weight for signal in topic.signals}
    scores = reader.read(story).scores
    reasons = next((score.reasons for score in scores if score.topic == TOPIC), ())
    return Row(story, model, clear, {reason.name: reason.weight / weights[reason.name] for reason in reasons})


def ordinary(reader: StoryReader, topics: Topics) -> dict[str, list[Row]]:
    """The labelled headlines of ordinary months, by set."""
    if not LABELS.is_file() or not ORDINARY.is_dir():
        return {}
    with LABELS.open(encoding="utf-8", newline="") as file:
        labels = {row["id"]: row for row in csv.DictReader(file)}
    sets: dict[str, list[Row]] = defaultdict(list)
    found = {}
    for line in _lines({row["month"] for row in labels.values()}):
        key = story_id(line)
        if key in labels:
            found[key] = line
    for number, (key, label) in enumerate(labels.items()):
        if (line := found.get(key)) is not None:
            story = replace(news._story(number, line), id=key)
            sets[f"ordinary months, {label['set']}"].append(
                _row(reader, topics, story, label["model"] == "yes", label["clear"] == "yes")
            )
    return dict(sets)


def story_id(line: dict[str, str]) -> str:
    """The id of a recorded headline in the labels: they hold no text."""
    written = f"{line['source']}|{line['published']}|{line['title']}"
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _lines(months: set[str]) -> Iterator[dict[str, str]]:
    for month in sorted(months):
        with gzip.open(ORDINARY / f"{month}.jsonl.gz", "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _print(name: str, rows: Sequence[Row], said: dict[str, bool]) -> None:
    for part, some in (("clear", [row for row in rows if row.clear]), ("all", rows)):
        hits = sum(said[row.story.id] and row.model for row in some)
        measure = news.Measure(
            hits, sum(said[row.story.id] for row in some) - hits, sum(row.model for row in some) - hits
        )
        print(
            f"{f'{name} ({part})':58}{len(some):>6}{measure.precision:>11.3f}{measure.recall:>9.3f}{measure.f1:>8.3f}"
        )


def _errors(reader: StoryReader, rows: Sequence[Row], said: dict[str, bool]) -> None:
    for row in rows:
        if said[row.story.id] != row.model:
            score = next((s for s in reader.read(row.story).scores if s.topic == TOPIC), None)
            print(f"  {'model' if row.model else 'other'}{'' if row.clear else '?'}  {row.story.title}")
            if score is not None:
                reasons = "; ".join(f"{r.weight:+.2f} {r.name} ({r.text})" for r in score.reasons)
                print(f"      {score.score:.2f}: {reasons}")


if __name__ == "__main__":
    raise SystemExit(main())
