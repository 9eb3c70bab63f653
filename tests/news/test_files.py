"""Topic and company files: what may stand in them, and what is said when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.config.news.companies import load_companies
from bot.config.news.topics import load_topics
from bot.core.errors import ConfigError
from bot.core.news import Companies, NewsIndex
from bot.core.news.voices.speakers import Speech
from bot.core.news.voices.voices import voices_of
from tests.news.stories import MONTH, START, matched, named, shipped, story

TOPIC = """
topics:
  robots:
    title: Robots
    about: [robot]
    signals:
      - {name: names a robot, weight: 0.4, all: [robot]}
      - {name: a robot dances, weight: 0.4, all: [robot, [dance, sing]]}
      - {name: a toy, weight: -0.5, all: [toy]}
words:
  robot: [robot*, {name: Optimus, exact: true, unless: [Optimus Prime]}]
  dance: [dances]
  sing: [sings]
  toy: [toy]
exposures:
  dancers: {title: dancers, words: [dance school*]}
effects:
  - {name: robots dance, all: [robot, dance], reach: {dancers: 0.9}}
"""
COMPANIES = """
companies:
  DNCE: {name: Dance Schools Inc, exchange: XNYS, exposures: {dancers: 1.0}}
groups:
  stage: [DNCE]
"""


def topic_problems(tmp_path: Path, *texts: str) -> list[str]:
    """What ``load_topics`` says about these files, without the folder."""
    folder = tmp_path / "topics"
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_topics(folder)
    return [str(p).replace(f"{folder}/", "") for p in raised.value.problems]


def company_problems(tmp_path: Path, text: str) -> list[str]:
    """The same for ``load_companies``."""
    path = tmp_path / "companies.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load_companies(path, exposures=["dancers"], lists=["robot"])
    return [str(p).replace(f"{tmp_path}/", "") for p in raised.value.problems]


def test_a_new_topic_exposure_and_company_work_without_any_code(tmp_path: Path) -> None:
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "robots.yaml").write_text(TOPIC, encoding="utf-8")
    path = tmp_path / "companies.yaml"
    path.write_text(COMPANIES, encoding="utf-8")
    topics = load_topics(folder)
    companies = load_companies(path, exposures=topics.exposure_names, lists=tuple(topics.words))
    news = NewsIndex(topics, companies, window=MONTH)
    reading = news.add(story("A robot dances on stage", START))
    assert reading is not None
    assert [(t.topic, t.score) for t in reading.topics] == [("robots", 0.8)]
    assert [(r.name, r.weight) for r in reading.topics[0].reasons] == [("names a robot", 0.4), ("a robot dances", 0.4)]
    toy = news.add(story("A toy robot dances", START))
    assert toy is not None
    assert toy.score("robots") == pytest.approx(0.3)
    prime = news.add(story("Optimus Prime dances", START))
    assert prime is not None
    assert prime.topics == ()
    (match,) = matched(news, "DNCE", "robots", since=START - MONTH, until=START)
    assert match.exposures == ("dancers",)
    assert companies.group("stage") == ("DNCE",)
    assert companies.group("dancers") == ("DNCE",)
    assert companies.group("nobody") is None


def test_files_share_one_vocabulary_and_word_lists_are_joined(tmp_path: Path) -> None:
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "robots.yaml").write_text(TOPIC, encoding="utf-8")
    (folder / "mine.yaml").write_text("words:\n  robot: [android]\n", encoding="utf-8")
    news = NewsIndex(load_topics(folder), Companies(), window=MONTH)
    reading = news.add(story("An android sings", START))
    assert reading is not None
    assert reading.score("robots") == 0.8


def test_lists_of_speech_are_joined_and_read_whatever_their_capitals(tmp_path: Path) -> None:
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "0.yaml").write_text("speech:\n  given_names: [Ann]\n  verbs: [said]\n", encoding="utf-8")
    (folder / "1.yaml").write_text("speech:\n  given_names: [bob]\n  adverbs: [also]\n", encoding="utf-8")
    speech = load_topics(folder).speech
    assert speech == Speech(
        given_names=frozenset({"ann", "bob"}), verbs=frozenset({"said"}), adverbs=frozenset({"also"})
    )
    told = story("A fall", summary="“The market has this wrong,” Bob Example also said.")
    assert [voice.speaker for voice in voices_of(told, speech)] == ["Bob Example"]
    assert voices_of(told, Speech()) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "speech:\n  verb: [said]\n",
            "0.yaml:2:3: speech.verb: there is no speech list 'verb'; did you mean 'verbs'?",
        ),
        (
            "speech:\n  verbs: [said, pointed out]\n",
            "0.yaml:2:17: speech.verbs[1]: 'pointed out' is not one word; list single words",
        ),
        (
            TOPIC.replace("all: [toy]", "all: [toys]"),
            "0.yaml:9:43: topics.robots.signals[2].all[0]: there is no feature 'toys'; did you mean 'toy'?",
        ),
        (
            TOPIC.replace("[dance, sing]]", "[dance, sign]]"),
            "0.yaml:8:66: topics.robots.signals[1].all[1][1]: there is no feature 'sign'; did you mean 'sing'?",
        ),
        (
            TOPIC.replace("reach: {dancers", "reach: {dancer"),
            "0.yaml:18:55: effects[0].reach.dancer: there is no exposure 'dancer'; did you mean 'dancers'?",
        ),
        (
            TOPIC.replace("unless: [Optimus Prime]", 'needs: ["@robots"]'),
            "0.yaml:11:56: words.robot[1].needs[0]: there is no word list 'robots'; define it under words",
        ),
        (
            TOPIC.replace("weight: -0.5", "weight: -5"),
            "0.yaml:9:31: topics.robots.signals[2].weight: number -5 is too small",
        ),
        (
            TOPIC.replace("about: [robot]", "abuot: [robot]"),
            "0.yaml:5:5: topics.robots.abuot: unknown key 'abuot'; did you mean 'about'?",
        ),
        (
            TOPIC + "models:\n  Tin:\n    versions: ['Tin-{x}', Man, '{n}-Tin']\n",
            "0.yaml:21:16: models.Tin.versions[0]: unknown placeholder {x}; write one of {n}, {letter}, {word}",
        ),
        (
            TOPIC + "models:\n  Tin: {lab: Tinlab, versions: ['Tin-{n}']}\n",
            "0.yaml:20:14: models.Tin.lab: there is no lab 'Tinlab'; define it under labs",
        ),
        (TOPIC + "models:\n  Tin: {broad: true}\n", "no names and no versions, so nothing can match; add one"),
        (TOPIC + "  x: [y\n", "0.yaml:"),
    ],
)
def test_a_mistake_in_a_topic_file_is_reported_with_its_position(tmp_path: Path, text: str, message: str) -> None:
    problems = topic_problems(tmp_path, text)
    assert any(message in problem for problem in problems), problems


def test_every_mistake_in_every_file_is_reported_at_once(tmp_path: Path) -> None:
    problems = topic_problems(
        tmp_path,
        TOPIC.replace("all: [toy]", "all: [toys]").replace("[robot, dance], reach", "[robot, dansen], reach"),
        "words:\n  model: [x]\nexposures:\n  dancers: {title: again}\n",
    )
    assert [problem.split(": ")[1] for problem in problems] == [
        "topics.robots.signals[2].all[0]",
        "effects[0].all[1]",
        "words.model",
        "exposures.dancers",
    ]


def test_an_empty_or_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no topic files here"):
        load_topics(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (COMPANIES.replace("dancers: 1.0", "dancer: 1.0"), "companies.DNCE.exposures.dancer: there is no exposure"),
        (
            COMPANIES.replace("dancers: 1.0", "dancers: 2"),
            "companies.yaml:3:72: companies.DNCE.exposures.dancers: number 2",
        ),
        (COMPANIES.replace("exchange: XNYS", "exchange: NYSE!"), "companies.DNCE.exchange"),
        (COMPANIES.replace("[DNCE]", "[DNCX]"), "groups.stage[0]: there is no company 'DNCX'; did you mean 'DNCE'?"),
        (COMPANIES.replace("stage:", "dancers:"), "an exposure has this name, and is a group already; rename it"),
        (COMPANIES.replace("  DNCE:", "  dnce:"), "companies"),
        (COMPANIES.replace("exchange", "aliases: [{name: 'D{n}'}], exchange"), "companies have no versions"),
        (COMPANIES.replace("exchange", "aliases: [{name: D, needs: ['@z']}], exchange"), "there is no word list 'z'"),
        (COMPANIES + "tickers: {followed_by: ['@z']}\n", "tickers.followed_by[0]: there is no context 'z'"),
    ],
)
def test_a_mistake_in_the_companies_file_is_reported_with_its_position(tmp_path: Path, text: str, message: str) -> None:
    problems = company_problems(tmp_path, text)
    assert any(message in problem for problem in problems), problems


def test_contexts_of_the_companies_file_and_lists_of_the_topics_both_work_as_conditions(tmp_path: Path) -> None:
    folder = tmp_path / "topics"
    folder.mkdir()
    (folder / "robots.yaml").write_text(TOPIC, encoding="utf-8")
    path = tmp_path / "companies.yaml"
    path.write_text(
        "contexts:\n  market: [shares]\ncompanies:\n"
        '  ONE: {name: Uno, exchange: XNYS, aliases: [{name: Uno, needs: ["@market"]}]}\n'
        '  TWO: {name: Duo, exchange: XNYS, aliases: [{name: Duo, unless: ["@robot"]}]}\n',
        encoding="utf-8",
    )
    topics = load_topics(folder)
    news = NewsIndex(
        topics, load_companies(path, exposures=topics.exposure_names, lists=tuple(topics.words)), window=MONTH
    )

    def mentioned(title: str) -> set[str]:
        reading = news.add(story(title, START))
        assert reading is not None
        return {m.name for m in reading.mentions}

    assert mentioned("Uno wins") == set()
    assert mentioned("Uno shares fall") == {"ONE"}
    assert mentioned("Duo wins") == {"TWO"}
    assert mentioned("Duo builds robots") == set()


def test_the_shipped_files_cover_what_people_watch_and_every_company_has_an_exchange() -> None:
    topics, companies = shipped()
    assert {"ai-model", "ai-market", "ai-capex", "ai-policy"} <= set(topics.names)
    assert len(companies) >= 1_300
    assert all(len(company.exchange) == 4 for company in companies)
    for exposure in topics.exposure_names:
        assert companies.group(exposure), exposure


def test_no_two_companies_share_a_name_that_counts_without_conditions() -> None:
    _, companies = shipped()
    owners: dict[str, set[tuple[str, ...]]] = {}
    for company in companies:
        listing = tuple(name.text for name in company.names)  # two listings of one company go by the same names
        for name in company.names:
            if not name.needs:
                owners.setdefault(name.text.casefold(), set()).add(listing)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_two_listings_of_one_company_are_both_named() -> None:
    assert named("TSMC's sales rise") >= {"TSM", "2330.TW"}
    assert named("Westlaw owner sues") == {"TRI", "TRI.TO"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  TWO: {same_as: DNCX, exchange: XLON}", "TWO.same_as: there is no company 'DNCX'; did you mean 'DNCE'?"),
        (
            "  TWO: {same_as: DNCE, exchange: XLON}\n  TRE: {same_as: TWO, exchange: XPAR}",
            "TRE.same_as: 'TWO' is a second listing itself; write 'DNCE'",
        ),
        ("  TWO: {exchange: XLON}", "companies.TWO: 'name' is missing; add 'name: …', or same_as"),
    ],
)
def test_a_mistaken_second_listing_is_reported(tmp_path: Path, text: str, message: str) -> None:
    problems = company_problems(tmp_path, COMPANIES.replace("groups:", f"{text}\ngroups:"))
    assert any(message in problem for problem in problems), problems
