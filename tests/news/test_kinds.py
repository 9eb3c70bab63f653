"""What stories say of the news itself: its kind, and details of it in their own sentences."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.episodes.file import load_episodes
from bot.config.news.topics import load_topics
from bot.core.model import Field
from bot.core.news import Companies, reader_of
from bot.core.news.passages import LONGEST, passages
from bot.core.news.reader import StoryReader
from bot.core.text.characters import has_invisible
from tests.news.stories import shipped, story
from tests.news.test_files import TOPIC, topic_problems

TOPICS, COMPANIES = shipped()
READER = reader_of(TOPICS, COMPANIES)


def kinds(title: str, summary: str = "") -> list[str]:
    return [name for name, _ in READER.said(story(title, summary=summary)).kinds]


def details(title: str, summary: str = "") -> list[tuple[str, str]]:
    return [(quote.detail, quote.words) for quote in READER.said(story(title, summary=summary)).details]


# ---------------------------------------------------------------------------------------------------------------- kinds


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Start-up's model is trained at a fraction of the cost of GPT-4", "cheaper-models"),
        ("New AI model needs far fewer chips, trained for $6 million", "cheaper-models"),
        ("DeepSeek stirs doubt about AI spending as chip stocks sink", "ai-spending"),
        ("DeepSeek releases R2, which matches OpenAI's best model", "rival-model"),
        ("Mistral releases a model with open weights that outperforms larger ones", "open-model"),
        ("OpenAI releases GPT-6", "new-model"),
        ("Google's Bard gets it wrong in its first demo", "failure"),
        ("OpenAI launches SearchGPT, an AI search engine", "search"),
        ("Apple looks at AI search for its browser, a threat to Google", "search"),
        ("Anthropic releases plugins for Claude Cowork that do legal and office work", "work-tool"),
        ("Claude Code can now modernise COBOL code", "code"),
        ("Anthropic's Claude finds vulnerabilities in code security review", "security"),
        ("Anthropic launches a legal research tool for law firms", "legal-work"),
        ("OpenAI unveils Sora, which makes videos from text", "pictures"),
        ("Google's Genie model makes playable worlds", "playable-worlds"),
        ("Suno releases a new AI music model", "music"),
        ("Chegg shares plunge as students turn to ChatGPT", "homework"),
        ("AI tax planner launched by a start-up", "advice"),
        ("ChatGPT gets live translation of speech", "translation"),
        ("An AI agent plans freight and trucking loads", "freight"),
        ("ChatGPT agents can now use stablecoin payments", "shopping-agents"),
        ("Google DeepMind shows a robotics model for humanoid robots", "robots"),
        ("ChatGPT answers medical questions", "health-answers"),
        ("US tightens export controls on AI chips", "export-rules"),
    ],
)
def test_a_kind_is_recognised_by_what_the_stories_say(title: str, kind: str) -> None:
    assert kind in kinds(title)


@pytest.mark.parametrize(
    "title",
    [
        "Supermarket chain closes its cafés",
        "Federal Reserve leaves interest rates unchanged",
        "Lawyers sue an airline over delays",
        "Freight rates rise as a port closes",
        "Export figures of Germany fall",
        "Protesters rework a pop song at a bank's meeting",
        "A language app for phones gets new lessons",
    ],
)
def test_ordinary_news_is_of_no_kind(title: str) -> None:
    assert kinds(title) == []


def test_a_summary_counts_half() -> None:
    said = READER.said(story("DeepSeek explained", summary="The model was trained at a fraction of the cost."))
    assert dict(said.kinds)["cheaper-models"] == 0.5


# -------------------------------------------------------------------------------------------------------------- clauses

CLAUSES = [
    (kind.name, exposure, clause)
    for kind in TOPICS.kinds
    for exposure, clause in (*kind.fears.items(), *kind.helps.items())
]


@pytest.mark.parametrize(("kind", "exposure", "clause"), CLAUSES)
def test_a_clause_reads_well_after_its_line_of_business(kind: str, exposure: str, clause: str) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z ,'-]+", clause), "letters and commas, so that it reads as one clause"
    assert 4 <= len(clause.split()) <= 16
    assert sum(word in ("may", "might", "could") for word in clause.split()) <= 2
    title = TOPICS.titles.exposure(exposure)
    assert not clause.startswith(title), "the line of business is named before it"
    assert clause.split()[0] not in ("and", "but", "because", "this", "that", "which")
    words = clause.lower().split()
    assert all(a != b for a, b in pairwise(words)), "no word twice in a row"


def test_every_line_of_business_is_hit_by_some_kind() -> None:
    assert {e for kind in TOPICS.kinds for e in kind.fears} == set(TOPICS.exposure_names)


def test_every_line_that_an_effect_reaches_has_a_clause() -> None:
    fears = {effect: kind.fears for kind in TOPICS.kinds for effect in kind.effects}
    for effect in TOPICS.effects:
        assert not set(effect.reach) - set(fears.get(effect.name, {})), effect.name


def test_no_clause_of_a_kind_stands_twice() -> None:
    for kind in TOPICS.kinds:
        assert len({*kind.fears.values(), *kind.helps.values()}) == len(kind.fears) + len(kind.helps), kind.name


# -------------------------------------------------------------------------------------------------------------- details


@pytest.mark.parametrize(
    ("title", "summary", "found"),
    [
        ("DeepSeek-R1 is out", "The weights are open under the MIT license.", {"licence", "openness"}),
        ("DeepSeek-R1 is out", "Its API costs $2.19 per million output tokens.", {"price"}),
        ("DeepSeek-R1 is out", "The model was trained for $5.6 million. It can reason.", {"training"}),
        ("DeepSeek-R1 is out", "Training took 2,048 H800 GPUs.", {"training"}),
        ("DeepSeek-R1 costs far less to use than o1", "", {"cost"}),
        ("DeepSeek-R1 is out", "The lab will release a smaller model next week.", {"next"}),
        ("DeepSeek发布R1推理模型", "模型以MIT许可证开放，可自由使用与修改。", {"licence"}),
        # neither the model nor the news
        ("DeepSeek-R1 is out", "Nvidia shares fell by $20 to $120.", set()),
        ("DeepSeek-R1 is out", "Microsoft spends $80 billion a year on data centers.", set()),
        ("DeepSeek-R1 is out", "Google pays Apple some $20 billion a year for it.", set()),
        ("DeepSeek-R1 is out", "OpenAI asks $200 a month for its subscription.", set()),
        ("DeepSeek-R1 is out", "", set()),
    ],
)
def test_a_sentence_tells_a_detail(title: str, summary: str, found: set[str]) -> None:
    assert {name for name, _ in details(title, summary)} == found


@pytest.mark.parametrize(
    "summary",
    [
        "“It was trained for $6 million,” said Ann Example.",
        "“It is new. It was trained for $6 million. It is good,” said Ann Example.",
        'Ann Example: "It is new. It was trained for $6 million.',
        "Was it trained for $6 million?",
        "It was trained for $6 million and…",
        "It was trained for $6 million and [...]",
        "It was trained for $6 million and ...",
        f"It was trained for $6 million and {'so on and ' * 30}ends.",
        "It was trained for $6 million \u202eand backwards.",
    ],
)
def test_what_may_be_somebody_elses_or_is_cut_off_is_not_quoted(summary: str) -> None:
    assert details("DeepSeek-R1 is out", summary) == []


def test_a_sentence_on_another_model_is_no_detail_of_this_one() -> None:
    assert details("DeepSeek-R1 is out", "OpenAI's o1 costs $60 per million output tokens.") == []
    both = "DeepSeek's API costs $2.19 per million output tokens, where OpenAI's o1 costs $60."
    assert details("DeepSeek-R1 is out", both) == [("price", both.removesuffix("."))]
    compared = "The API costs $2.19 per million output tokens, where OpenAI's o1 costs $60."
    assert details("DeepSeek-R1 is out", compared) == [("price", compared.removesuffix("."))]
    assert details("DeepSeek-R1 is out", "Where OpenAI's o1 costs $60, some pay less per million tokens.") == []


PIECES_LIST = [
    "trained for $6 million", "MIT license", "open weights", "“", "”", '"', "'", ".", "。", "?", "…", "\n",
    "\u202e", "DeepSeek-R1", "OpenAI", "per million tokens", "<b>", "&amp;", "https://example.com/?a=b",
    "模型开源", "\x00", " ",
]  # fmt: skip
PIECES = st.sampled_from(PIECES_LIST)


@given(
    st.lists(PIECES | st.text(max_size=12), max_size=25).map(" ".join), st.sampled_from([Field.TITLE, Field.SUMMARY])
)
def test_a_passage_is_a_piece_of_the_text_without_tricks(text: str, where: Field) -> None:
    last = 0
    for passage in passages(text, where):
        assert text[passage.start : passage.stop] == passage.words
        assert passage.start >= last
        last = passage.stop
        assert len(passage.words) <= LONGEST
        assert not has_invisible(passage.words)
        assert not re.search('[“”"«»「」]', passage.words)


@given(st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=25).map(" ".join))
def test_details_of_any_story_stand_in_it(title: str, summary: str) -> None:
    told = story(title, summary=summary)
    said = READER.said(told)
    assert said == READER.said(told)
    for quote in said.details:
        assert quote.words in title or quote.words in summary


@pytest.mark.parametrize("piece", ["a. ", "“a. ", "trained for $6 million. ", "MIT license\n", "$ "])
def test_a_long_text_is_read_to_a_bound(piece: str) -> None:
    assert len(details("DeepSeek-R1 is out", piece * 100_000)) <= 200


# --------------------------------------------------------------------------------------------------------------- makers


@pytest.mark.parametrize(
    ("makers", "kin"),
    [
        (["model:DeepSeek R1"], {"model:DeepSeek R1", "family:DeepSeek", "lab:DeepSeek"}),
        (["family:DeepSeek"], {"family:DeepSeek", "lab:DeepSeek"}),
        (["lab:DeepSeek"], {"lab:DeepSeek"}),
        (["model:Since Removed 5", "family:", "model:", ""], {"model:Since Removed 5", "family:", "model:", ""}),
    ],
)
def test_kin_of_makers(makers: list[str], kin: set[str]) -> None:
    assert READER.with_kin(makers) == kin


# ---------------------------------------------------------------------------------------------------------------- files

KIND = """
kinds:
  dance:
    title: dancing robots
    effects: [robots dance]
    signals:
      - {all: [robot, steps]}
    fears: {dancers: pupils may stay away}
    helps: {makers: more robots may be sold}
details:
  step: {title: Steps, all: [steps]}
phrases:
  steps: [waltz, tango]
"""
FILE = TOPIC.replace("effects:", "  makers: {title: robot makers}\neffects:") + KIND


def test_a_kind_needs_no_code(tmp_path: Path) -> None:
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "0.yaml").write_text(FILE, encoding="utf-8")
    topics = load_topics(folder)
    said = reader_of(topics, Companies()).said(story("A robot learns the waltz", summary="It can tango now."))
    assert said.kinds == (("dance", 1.0),)
    assert [(q.detail, q.words) for q in said.details] == [
        ("step", "A robot learns the waltz"),
        ("step", "It can tango now"),
    ]


@pytest.mark.parametrize(
    ("was", "written", "message"),
    [
        ("[robots dance]", "[robots prance]", "kinds.dance.effects[0]: there is no effect 'robots prance'"),
        ("[robot, steps]", "[robot, stops]", "kinds.dance.signals[0].all[1]: there is no feature 'stops'"),
        ("{dancers: pupils", "{dancer: pupils", "there is no exposure 'dancer'; did you mean 'dancers'?"),
        ("{dancers: pupils", "{makers: pupils", "it reaches 'dancers' and does not say why; add dancers: and a clause"),
        ("{makers: more", "{maker: more", "there is no exposure 'maker'; did you mean 'makers'?"),
        ("pupils may stay away", "Pupils may stay away", "is no clause; begin it with a small letter"),
        ("pupils may stay away", "pupils may stay away.", "is no clause; begin it with a small letter"),
        ("pupils may stay away", "pupils stay away", "states a fact; say what may happen, with may, might or could"),
        ("pupils may stay away", "pupils may " + "stay " * 20, "write at most 90"),
        ("{dancers: pupils", "{makers: pupils may stay away, dancers: pupils", "has the same clause"),
        ("all: [steps]}", "all: [stops]}", "details.step.all[0]: there is no feature 'stops'; did you mean 'steps'?"),
        ("steps: [waltz", "robot: [waltz", "there is a feature of this name; choose another"),
        ("[waltz, tango]", '[{name: waltz, needs: ["@none"]}]', "there is no word list 'none'"),
        ("title: dancing robots", "titel: dancing robots", "kinds.dance.titel"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, was: str, written: str, message: str) -> None:
    assert was in FILE
    problems = topic_problems(tmp_path, FILE.replace(was, written))
    assert any(message in problem and re.match(r"0\.yaml:\d+:\d+: ", problem) for problem in problems), problems


def test_a_kind_that_nothing_recognises_and_one_in_two_files_are_mistakes(tmp_path: Path) -> None:
    lone = "kinds:\n  dance:\n    title: dances\n    fears: {dancers: pupils may stay away}\n"
    problems = topic_problems(tmp_path, FILE, lone)
    assert any("1.yaml" in p and "defines this too" in p for p in problems)


def test_the_words_of_kinds_change_no_other_reading() -> None:
    without = StoryReader(replace(TOPICS, phrases={}, kinds=(), details=()), COMPANIES)
    episodes = load_episodes(Path(__file__).resolve().parents[2] / "rules" / "episodes")
    titles = ["{} trained for $6 million", "{} next week", "MIT licence: {}"]
    told = [s for episode in episodes for s in episode.stories]
    told += [story(t.format(m)) for t, m in product(titles, ["DeepSeek-R1", "Nvidia", "A lab's new AI model"])]
    for each in told:
        assert READER.read(each) == without.read(each), each.title
