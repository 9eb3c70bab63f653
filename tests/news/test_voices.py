"""Voices: what is cut out of a story, word for word, and all that is left alone because it could be somebody else's.

The sentences are written for these tests; nobody said them.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.model import Story
from bot.core.news.voices.other_reading import argues_against, names_gain
from bot.core.news.voices.quotations import quotations
from bot.core.news.voices.voices import Voice, choose, voices_of
from tests.news.stories import START, shipped, story

SAID = "The market has this wrong"
SPEECH = shipped()[0].speech


def heard(title: str = "", summary: str = "") -> list[tuple[str, str, str]]:
    """Words, speaker and role of each voice."""
    return [(voice.words, voice.speaker, voice.role) for voice in voices_of(story(title, summary=summary), SPEECH)]


# ------------------------------------------------------------------------------------------------------------ summaries

ATTRIBUTED = [
    # behind the words
    ("“{},” said Ann Example.", "Ann Example", ""),
    ("“{},” said Ann Example, an analyst at Example Bank.", "Ann Example", "analyst at Example Bank"),
    ("“{},” said Ann Example, an analyst at Example Bank, in a note.", "Ann Example", "analyst at Example Bank"),
    ("“{},” said Bob Sample, chief executive of Samplesoft.", "Bob Sample", "chief executive of Samplesoft"),
    ("“{},” said Ann Example of Example Bank.", "Ann Example", "Example Bank"),
    ("“{},” Ann Example said on Monday.", "Ann Example", ""),
    ("“{},” Ann Example told CNBC.", "Ann Example", ""),
    ("“{},” Ann Example told CNBC in an interview on Monday.", "Ann Example", ""),
    ("“{},” Ann Example told Bob Sample.", "Ann Example", ""),
    ("“{},” Ann Example wrote on X.", "Ann Example", ""),
    ("“{},” Ann Example wrote in a post on X on Monday.", "Ann Example", ""),
    ("“{},” Ann Example posted on Threads.", "Ann Example", ""),
    ("“{},” Ann Example tweeted.", "Ann Example", ""),
    ("“{},” wrote Example Bank analyst Ann Example.", "Ann Example", "Example Bank analyst"),
    ("“{},” Samplesoft CEO Bob Sample said.", "Bob Sample", "Samplesoft CEO"),
    ("“{},” the Samplesoft chief executive Bob Sample said.", "Bob Sample", "Samplesoft chief executive"),
    ("“{},” said Samplesoft's founder and CEO Bob Sample.", "Bob Sample", "Samplesoft's founder and CEO"),
    ("“{},” former Samplesoft CEO Bob Sample wrote on X.", "Bob Sample", "former Samplesoft CEO"),
    ("“{},” Samplesoft CEO Sample argued.", "Sample", "Samplesoft CEO"),
    ("“{},” Ann Example, who covers chips at Example Bank, wrote in a note.", "Ann Example", ""),
    ("“{},” Ann Example, 45, said.", "Ann Example", ""),
    ("“{},” according to Ann Example, an analyst at Example Bank.", "Ann Example", "analyst at Example Bank"),
    ("“{},” Wedbush analysts led by Ann Example wrote in a note.", "Wedbush", "analysts"),
    ("“{},” analysts at Example Bank said.", "Example Bank", "analysts"),
    ("“{},” a spokesperson for OpenAI said.", "OpenAI", "spokesperson"),
    ("“{},” Nvidia said in a statement.", "Nvidia", ""),
    ("“{},” Mr. Example said.", "Example", ""),
    ("“{},” said J. B. Example.", "J. B. Example", ""),
    ("“{},” said Ursula von der Example.", "Ursula von der Example", ""),
    ("Chips fell. “{},” said Ann Example. The index closed lower.", "Ann Example", ""),
    ("“{},” said Ann Example, while Bob Sample kept quiet.", "Ann Example", ""),
    ("“{}”, said Ann Example.", "Ann Example", ""),
    ("“{},” said Wedbush’s Dan Example.", "Dan Example", "Wedbush"),
    ("“{},” Wedbush's Dan Example told CNBC.", "Dan Example", "Wedbush"),
    ("“{},” said a DeepSeek spokesperson.", "DeepSeek", "spokesperson"),
    ("“{},” C3.ai said.", "C3.ai", ""),
    ("“{},” Adam Daily said.", "Adam Daily", ""),
    ("“{},” DeepSeek founder Liang Example said.", "Liang Example", "DeepSeek founder"),
    ("“{},” said Fei-Fei Example on January 27, 2025.", "Fei-Fei Example", ""),
    ("“{},” Ann Example said in an interview with CNBC.", "Ann Example", ""),
    # before the words
    ("Ann Example said: “{}.”", "Ann Example", ""),
    ("With Nvidia falling, Ann Example said: “{}.”", "Ann Example", ""),
    ("Wedbush’s Dan Example said: “{}.”", "Dan Example", "Wedbush"),
    ("Ann Example said, “{}.”", "Ann Example", ""),
    ("Ann Example says “{}.”", "Ann Example", ""),
    ("Ann Example said that “{}.”", "Ann Example", ""),
    ("Bob Sample, chief executive of Samplesoft, said: “{}.”", "Bob Sample", "chief executive of Samplesoft"),
    ("Samplesoft's chief executive, Bob Sample, said: “{}.”", "Bob Sample", "Samplesoft's chief executive"),
    ("The chief executive of Samplesoft, Bob Sample, said: “{}.”", "Bob Sample", "chief executive of Samplesoft"),
    ("Microsoft CEO Bob Sample wrote on X: “{}.”", "Bob Sample", "Microsoft CEO"),
    (
        "Ann Example, an analyst at Example Bank, wrote in a note to clients: “{}.”",
        "Ann Example",
        "analyst at Example Bank",
    ),
    ("Ann Example told CNBC: “{}.”", "Ann Example", ""),
    ("Ann Example told reporters in Davos on Tuesday: “{}.”", "Ann Example", ""),
    ("OpenAI said in a statement: “{}.”", "OpenAI", ""),
    ("Nvidia said in a statement: “{}.”", "Nvidia", ""),
    ("Wedbush analysts wrote in a note: “{}.”", "Wedbush", "analysts"),
    ("In a note to clients, Ann Example wrote: “{}.”", "Ann Example", ""),
    ("After the rout, Samplesoft CEO Bob Sample wrote on X: “{}.”", "Bob Sample", "Samplesoft CEO"),
    (
        "Shares fell 17%, but Ann Example, an analyst at Example Bank, said: “{}.”",
        "Ann Example",
        "analyst at Example Bank",
    ),
    ("Still, Ann Example said: “{}.”", "Ann Example", ""),
    ("Liang Wenfeng said in Chinese through a translator: “{}.”", "Liang Wenfeng", ""),
    ("Ann Example, in a post on X, said: “{}.”", "Ann Example", ""),
    ("Goldman Sachs CEO Ann Example said: “{}.”", "Ann Example", "Goldman Sachs CEO"),
    ("Yesterday Ann Example said: “{}.”", "Ann Example", ""),
    ("Liang Wenfeng told 36Kr: “{}.”", "Liang Wenfeng", ""),
    ("White House press secretary Ann Example said: “{}.”", "Ann Example", "White House press secretary"),
    ("Ann Example also said: “{}.”", "Ann Example", ""),
    # other marks
    ('"{}," said Ann Example.', "Ann Example", ""),
    ("‘{},’ said Ann Example.", "Ann Example", ""),
    ("'{},' said Ann Example.", "Ann Example", ""),
    ("« {} », said Ann Example.", "Ann Example", ""),
    ("„{}“, said Ann Example.", "Ann Example", ""),
    ("„{}”, said Ann Example.", "Ann Example", ""),
    ("»{}«, said Ann Example.", "Ann Example", ""),
    ("Ann Example said: 「{}」", "Ann Example", ""),
]


@pytest.mark.parametrize(("frame", "speaker", "role"), ATTRIBUTED)
def test_words_with_a_clear_speaker_are_a_voice(frame: str, speaker: str, role: str) -> None:
    text = frame.format(SAID)
    [(words, named, what)] = heard(summary=text)
    assert (words.rstrip(".,"), named, what) == (SAID, speaker, role)


INSIDE = [
    ("“We can’t ‘just wait’ here,” said Ann Example.", "We can’t ‘just wait’ here,"),
    ("‘She told us “no” again and again,’ said Ann Example.", "She told us “no” again and again,"),
    ("'It's the investors' own fault,' said Ann Example.", "It's the investors' own fault,"),
    ("‘It’s the makers’ own fault,’ said Ann Example.", "It’s the makers’ own fault,"),
    ("“This is … not [yet] the end…,” said Ann Example.", "This is … not [yet] the end…,"),
    ("“Is this really the end?” said Ann Example.", "Is this really the end?"),
    ("“Is this really the end?” Ann Example said on Monday.", "Is this really the end?"),
    ("“Buy & hold, it's <5% of sales,” said Ann Example.", "Buy & hold, it's <5% of sales,"),
    ("“Chips to the moon 🚀👩‍💻 again,” said Ann Example.", "Chips to the moon 🚀👩‍💻 again,"),
    ("“THIS IS ABSURD, PEOPLE,” Ann Example wrote on X.", "THIS IS ABSURD, PEOPLE,"),
    ("“Die Rechnung geht so nicht auf,” Ann Example said in German.", "Die Rechnung geht so nicht auf,"),
    ("Ann Example said: “模型越便宜，需要的算力就越多。”", "模型越便宜，需要的算力就越多。"),
]


@pytest.mark.parametrize(("text", "words"), INSIDE)
def test_words_are_kept_to_the_letter(text: str, words: str) -> None:
    assert heard(summary=text) == [(words, "Ann Example", "")]


SEVERAL = [
    (
        "“We see no change,” Ann Example said. “Orders are what they were.”",
        [("We see no change,", "Ann Example"), ("Orders are what they were.", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example, an analyst at Example Bank. “Orders are what they were.”",
        [("We see no change,", "Ann Example"), ("Orders are what they were.", "Ann Example")],
    ),
    (
        "“We see no change,” Ann Example said, “and orders are fine.”",
        [("We see no change,", "Ann Example"), ("and orders are fine.", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example, adding: “Orders are what they were.”",
        [("We see no change,", "Ann Example"), ("Orders are what they were.", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example. “Nor do we see it,” said Bob Sample.",
        [("We see no change,", "Ann Example"), ("Nor do we see it,", "Bob Sample")],
    ),
    (
        "“We see no change,” said Ann Example. Chips fell. “Orders are what they were.”",
        [("We see no change,", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example. “Orders are what they were",
        [("We see no change,", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example on “The Very Long Money Show.”",
        [("We see no change,", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example. “Orders are what they were,” she added.",
        [("We see no change,", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example. “Orders are what they were.” said Bob Sample.",
        [("We see no change,", "Ann Example")],
    ),
    (
        "“Do you see a change?” Ann Example said. “We see none at all.”",
        [("Do you see a change?", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example. “Orders are what they were.” So said Bob Sample.",
        [("We see no change,", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example. “Orders are what they were.” Those were words of Bob Sample.",
        [("We see no change,", "Ann Example")],
    ),
    (
        "“We see no change,” said Ann Example. “The Big Long Short” is her book.",
        [("We see no change,", "Ann Example")],
    ),
]


@pytest.mark.parametrize(("text", "expected"), SEVERAL)
def test_a_speaker_goes_on_only_where_nobody_comes_between(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(words, speaker) for words, speaker, _ in heard(summary=text)] == expected


SURNAMES = [
    ("Dan Sample covers chips. “It is a gift to buyers,” Sample said.", "Dan Sample"),
    ("Dan Sample met Ann Sample. “It is a gift to buyers,” Sample said.", "Sample"),
    ("In Davos Dan Sample walked about with a certain Zorba Sample. “It is a gift to buyers,” Sample said.", "Sample"),
    ("“It is a gift to buyers,” Sample said. Dan Sample covers chips.", "Sample"),
    ("Dan Samplewood covers chips. “It is a gift to buyers,” Sample said.", "Sample"),
    ("The chipmaker Rival Nvidia fell. “It is a gift to buyers,” Nvidia said.", "Nvidia"),
    ("“Dan Sample knows it,” she said. “It is a gift to buyers,” Sample said.", "Sample"),
]


@pytest.mark.parametrize(("text", "speaker"), SURNAMES)
def test_a_surname_becomes_a_full_name_where_exactly_one_stands_earlier(text: str, speaker: str) -> None:
    assert [named for _, named, _ in heard(summary=text)] == [speaker]


def test_the_full_name_may_stand_in_the_title_and_its_role_in_an_earlier_sentence() -> None:
    assert heard("Why Dan Sample sees a gift", "“It is a gift to buyers,” Sample said.") == [
        ("It is a gift to buyers,", "Dan Sample", "")
    ]
    again = "“It is a gift,” said Dan Sample, an analyst at Example Bank. Chips fell. “We buy it now,” Sample said."
    assert {(speaker, role) for _, speaker, role in heard(summary=again)} == {("Dan Sample", "analyst at Example Bank")}


IN_PART = [
    ("Investors will see it as “a threat to all of us”, Ann Example said.", "Investors will see it as"),
    ("The cost is “a fraction of what others pay,” Ann Example told CNBC.", "The cost is"),
    ("While the model is good, “it needs the same chips as before,” said Ann Example.", "While the model is good,"),
    ("To see the new model, “it's really very impressive”, said Ann Example in Davos.", "To see the new model,"),
    ("Chips fell. They will soon be “in short supply again,” said Ann Example.", None),
]


@pytest.mark.parametrize(("text", "lead_in"), IN_PART)
def test_of_a_sentence_quoted_in_part_the_rest_stands_before_it_unmarked(text: str, lead_in: str | None) -> None:
    found = voices_of(story("A fall", summary=text), SPEECH)
    assert [voice.lead_in for voice in found] == ([lead_in] if lead_in else [])
    for voice in found:
        assert voice.speaker == "Ann Example"
        assert text.startswith(f"{voice.lead_in} “{voice.words}”")


@pytest.mark.parametrize(
    "frame",
    [
        "Bob Sample will see it as “{},” Ann Example said.",  # whose words?
        "Bob Sample called the fall a “{},” Ann Example said.",
        "He described it as “{},” Ann Example said.",
        "Under the headline “{},” Ann Example wrote.",
        "In a film, “{},” Ann Example said.",
        "Its slogan is “{},” Ann Example said.",
        "Bob Sample said it was “{},” Ann Example told CNBC.",
        "It is not “{},” Ann Example said.",
        "Some fear it is “{},” Ann Example said.",
        "“It is good” and “{},” Ann Example said.",
        "The fall was “{}” Ann Example said.",
        "The fall was “{},” one analyst said.",
        f"{'a' * 200} was “{{}},” Ann Example said.",
        f"{'Very ' * 30} good it was “{{}},” Ann Example said.",
    ],
)
def test_in_doubt_a_sentence_quoted_in_part_is_no_voice(frame: str) -> None:
    assert heard(summary=frame.format(SAID)) == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("“It is good,” Ann Example said; “we will all buy more of it soon.”", 2),
        ("“It is good,” Ann Example said; “We will all buy more of it soon”.", 2),
        ("“It is good,” Ann Example said. “We will all buy more of it soon”.", 2),
        ("“It is good,” Ann Example said; Bob Sample: “We will all buy more of it soon.”", 1),
        ("“It is good,” Ann Example said. “We all buy it” is a song.", 1),
    ],
)
def test_a_speaker_goes_on_after_a_semicolon_and_with_the_full_stop_outside(text: str, count: int) -> None:
    assert [speaker for _, speaker, _ in heard(summary=text)] == ["Ann Example"] * count


NOBODY = [
    # pronouns and the nameless
    "“{},” he said.",
    "“{},” she told CNBC.",
    "Ann Example disagrees. “{},” she said.",
    "“{},” they wrote in a note.",
    "“{},” the company said.",
    "“{},” the analyst said.",
    "“{},” one analyst said.",
    "“{},” an analyst at Example Bank said.",
    "“{},” said a person familiar with the matter.",
    "Analysts said: “{}.”",
    "Officials said in a statement: “{}.”",
    "Some said: “{}.”",
    "Yesterday Analysts said: “{}.”",
    "Example said: “{}.”",
    "“{}.”",
    "“{}.” Ann Example was pleased.",
    # two people
    "“{},” said Ann Example and Bob Sample.",
    "“{},” Ann Example and Bob Sample said.",
    "“{},” said Ann Example, Bob Sample and others.",
    "Ann Example and Bob Sample said: “{}.”",
    "Ann Example, Bob Sample, and Cy Pattern said: “{}.”",
    "Ann Example said Bob Sample said: “{}.”",
    "Ann Example said that Bob Sample had argued: “{}.”",
    "Ann Example said: “{},” Bob Sample recalled.",
    "Ann Example said: “{},” said Bob Sample.",
    "“{},” Ann Example said Bob Sample told her.",
    "“{},” said Ann Example, quoting Bob Sample.",
    "A colleague of Ann Example said: “{}.”",
    "Critics of Samplesoft CEO Bob Sample said: “{}.”",
    "Critics of U.S. Steel said: “{}.”",
    "“{},” a friend of Ann Example said.",
    "Ann Example said in a note Bob Sample: “{}.”",
    "Samplesoft CEO Bob Sample and Nvidia CEO Ann Example said: “{}.”",
    "“{},” said a spokesman for Bob Sample.",
    "“{},” a DeSample spokeswoman said.",
    "“{},” said Nvidia's biggest rival AMD.",
    "“{},” said Bob Sample's lawyer.",
    "“{},” said Ann Example, whose boss Bob Sample said little.",
    "“{},” Nvidia CEO Ann Example said Samplesoft CEO Bob Sample believes.",
    "Ann Example said: “{}”, quoting Bob Sample.",
    "Ann Example said: “{}” – a line from Bob Sample.",
    "“{},” Beijing-based DeepSeek said.",
    # not said
    "Ann Example did not say: “{}.”",
    "Ann Example didn’t say “{}.”",
    "Ann Example denied saying “{}.”",
    "Ann Example never said: “{}.”",
    "Ann Example reportedly said: “{}.”",
    "Had Ann Example said: “{}”?",
    "If Ann Example said: “{}.”",
    "Ann Example was told: “{}.”",
    "“{},” Ann Example was told.",
    "Ann Example might have said: “{}.”",
    "Ann Example was asked whether “{}.”",
    "Asked whether “{},” Ann Example said no.",
    "A parody account of Ann Example wrote: “{}.”",
    "“{},” reads a fake post by Ann Example.",
    "“{},” wrote Ann Example, in a hoax.",
    # reports of reports
    "“{},” Reuters reported.",
    "“{},” according to Reuters.",
    "“{},” according to a report.",
    "“{},” according to people who know Ann Example.",
    "“{},” said Bloomberg.",
    "“{},” the Financial Times wrote.",
    "“{},” Global Times wrote.",
    "“{},” China Daily said.",
    "“{},” Business Insider wrote.",
    "“{},” Wikipedia says.",
    "“{},” said Ann Example, who attributed it to Bob Sample.",
    "“{},” read the headline.",
    "“{},” Ann Example said, according to Bob Sample.",
    "“{},” said Ann Example, echoing Bob Sample.",
    "“{},” Ann Example said, repeating what Bob Sample wrote.",
    "“{},” Ann Example said, in the words of Bob Sample.",
    "“{},” Ann Example said, reading from a letter by Bob Sample.",
    "“{},” Ann Example said, imitating Bob Sample.",
    "“{},” Ann Example said, recounting a talk with Bob Sample.",
    "“{},” Ann Example said, translating for Bob Sample.",
    "“{},” said Ann Example, speaking for Bob Sample.",
    "In the words of Bob Sample, Ann Example said: “{}.”",
    "As Bob Sample put it, Ann Example said: “{}.”",
    # with somebody else
    "“{},” said Ann Example with Bob Sample.",
    "With Bob Sample, Ann Example said: “{}.”",
    # a machine's answer, or perhaps one
    "“{},” Copilot said.",
    "“{},” Microsoft Copilot said.",
    "“{},” DeepSeek R1 wrote.",
    "“{},” DeepSeek-R1 told BBC.",
    "“{},” R1 said.",
    "“{},” GPT-4 said.",
    "“{},” Siri said.",
    "“{},” Llama said.",
    "“{},” Qwen wrote.",
    "“{},” said Qwen2.5-Max.",
    "DeepSeek told CNBC: “{}.”",
    "DeepSeek says: “{}.”",
    "“{},” Perplexity wrote.",
    "“{},” an AI-generated Ann Example said.",
    # said of another day
    "“{},” Ann Example said in 2019.",
    "In 2019, Ann Example said: “{}.”",
    "“{},” said Ann Example, in a 2019 interview.",
    "On Monday, Nvidia Rival AMD said: “{}.”",
    "“{},” Clients of Ann Example said.",
    "Later, Users said: “{}.”",
    # not a statement of its own
    "Ann Example called it “{}.”",
    "Ann Example said the fall was “{}.”",
    "Ann Example wrote “{}” in 2019.",
    "Ann Example said on “{}” that chips are cheap.",
    "Ann Example said “{}” was nonsense.",
    "In a film, “{},” Ann Example said little.",
    "Ann Example called the rout “{},” said Bob Sample.",
    # torn or doubtful marks
    "“{},” said Ann Ex",
    "“{},” said Ann Example",
    "“{},” said Ann Exam…",
    "Ann Example said: “{}",
    "Ann Example said: “{} …",
    'Ann Example said: "{}',
    "Ann Example said: ‘{}",
    "Ann Example said: “{} “and more.”",
    'Ann Example said: “{}".',
    "{},” said Ann Example.",
    "Orders” fell. “{},” said Ann Example.",
    "He said: ‘Ann Example said: “{}.”",
    # tricks
    "“{},” said Ann\u202e Example.",
    "“{}\u202e,” said Ann Example.",
    "“{}\x00,” said Ann Example.",
    "“{},” SAID NOBODY AT ALL",
]


@pytest.mark.parametrize("frame", NOBODY)
def test_in_doubt_there_is_no_voice(frame: str) -> None:
    assert heard(summary=frame.format(SAID)) == []


SCARE = [
    "The “cheap” models of DeepSeek worry Ann Example.",
    "“Cheap,” said Ann Example.",
    "Ann Example said it is “cheap.”",
    "Ann Example's book “The Long and the Short of Chips” sold well.",
    "Ann Example wrote “The Long and the Short of Chips” in a year.",
    "Ann Example said “The Long and the Short of Chips” sold well.",
    "Samplesoft showed “Sample One Pro Max Ultra” on Monday.",
    'A 5" screen and a 6" screen, said Ann Example.',
    "The ’90s ‘were a good time,’ said Ann Example",
    "The makers’ fears, and the buyers’ hopes, Ann Example said.",
    "NVIDIA'S RIVALS SAID: 'IT IS OVER NOW FOR ALL.'",
]


@pytest.mark.parametrize("text", SCARE)
def test_marks_that_quote_nobody_are_no_voice(text: str) -> None:
    assert heard(summary=text) == []


# --------------------------------------------------------------------------------------------------------------- titles

TITLES = [
    ("Nvidia CEO Sample: 'The demand is still there'", "Sample", "Nvidia CEO"),
    ("Nvidia CEO Bob Sample: ‘The demand is still there’", "Bob Sample", "Nvidia CEO"),
    ("Nvidia CEO Bob Sample: “The demand is still there” - Example News", "Bob Sample", "Nvidia CEO"),
    ("‘The demand is still there’: Marc Sample on DeepSeek", "Marc Sample", ""),
    ("‘The demand is still there’: Nvidia CEO Bob Sample", "Bob Sample", "Nvidia CEO"),
    ("Marc Sample on DeepSeek: ‘The demand is still there’", "Marc Sample", ""),
    ("Marc Sample: ‘The demand is still there’", "Marc Sample", ""),
    ("‘The demand is still there,’ says Nvidia CEO Bob Sample", "Bob Sample", "Nvidia CEO"),
    ("‘The demand is still there,’ Nvidia CEO Bob Sample says", "Bob Sample", "Nvidia CEO"),
    ("'The Demand Is Still There,' Says Dan Sample", "Dan Sample", ""),
    ("'The Demand Is Still There,' Says Dan Sample Amid Rout", "Dan Sample", ""),
    ("Dan Sample Says: 'The Demand Is Still There'", "Dan Sample", ""),
]


@pytest.mark.parametrize(("title", "speaker", "role"), TITLES)
def test_headlines_have_their_own_ways_of_naming_a_speaker(title: str, speaker: str, role: str) -> None:
    [(words, named, what)] = heard(title)
    assert (words.lower().rstrip(","), named, what) == ("the demand is still there", speaker, role)


NO_TITLES = [
    "Turkey Earthquake: 'People are still afraid of it'",
    "Six Nations: 'We are not good enough'",
    "DR Congo: 'Diplomacy has failed us all'",
    "Open letter to Nvidia CEO Bob Sample: 'Please think of us'",
    "Dear Sam Sample: 'Please think of us'",
    "Meet Nvidia CEO Bob Sample: 'Leather is my thing'",
    "'People are still afraid of it': Wall Street on edge",
    "'People are still afraid of it': Dan Sample on edge",
    "'People are still afraid of it': inside the rout",
    "We have the 'most dangerous of all markets': Dan Sample",
    "Bob Sample toasts Ann Example's career: 'A miracle in her life'",
    "Nvidia CEO: 'The demand is still there'",
    "Dan Sample on why Ann Example said: 'The demand is still there'",
    "NVIDIA CEO BOB SAMPLE: 'THE DEMAND IS STILL THERE'",
    "'The Demand Is Still There,' Says Dan Sample Shares Fell",
    "Nvidia CEO Sample: 'Cheap' models",
    "Dan Sample Says Nvidia Is 'A Gift To All Buyers'",
    "Elon Sample Mocks OpenAI CEO Sam Sample: 'A Gift to All Buyers'",
    "OpenAI Sues Investor Dan Sample: 'A Gift to All Buyers'",
    "Elon Reacts: 'A Gift to All Buyers'",
    "OpenAI rival CEO Dan Sample: 'a gift to all buyers'",
    "Sam Sample to Elon Sample: 'a gift to all buyers'",
    "Fake post has Dan Sample: 'The demand is still there'",
    "Dan Sample says: 'The demand is still there'? Not so fast",
    "Dan Sample: 'The demand is still there'? Not so fast",
    "'The demand is still there,' says Dan Sample? Not so fast",
    "Anti-OpenAI investor Dan Sample: 'The demand is still there'",
]


@pytest.mark.parametrize("title", NO_TITLES)
def test_a_headline_without_a_certain_speaker_is_no_voice(title: str) -> None:
    assert heard(title) == []


def test_what_is_a_heading_in_a_title_is_none_in_a_summary() -> None:
    assert heard(summary="Marc Sample: ‘The demand is still there’") == []


# -------------------------------------------------------------------------------------------------------------- Chinese

CHINESE = [
    ("周一，英伟达首席执行官黄样本表示：“推理需要大量的英伟达芯片。”", "黄样本", "英伟达首席执行官"),
    ("黄样本在接受采访时表示：“推理需要大量的英伟达芯片。”", "黄样本", ""),
    ("黄样本说：「推理需要大量的英伟达芯片。」", "黄样本", ""),
    ("“推理需要大量的英伟达芯片，”黄样本说。", "黄样本", ""),
    ("OpenAI CEO奥样本写道：“推理需要大量的英伟达芯片。”", "奥样本", "CEO"),
]


@pytest.mark.parametrize(("text", "speaker", "role"), CHINESE)
def test_chinese_attributions_are_read(text: str, speaker: str, role: str) -> None:
    [(words, named, what)] = heard(summary=text)
    assert (words.rstrip("。，"), named, what) == ("推理需要大量的英伟达芯片", speaker, role)


@pytest.mark.parametrize(
    "text",
    [
        "他表示：“推理需要大量的英伟达芯片。”",
        "业内人士表示：“推理需要大量的英伟达芯片。”",
        "黄样本未表示：“推理需要大量的英伟达芯片。”",
        "黄样本和李样本表示：“推理需要大量的英伟达芯片。”",
        "据黄样本说：“推理需要大量的英伟达芯片。”",
        "极大望远镜将于2028年“睁眼”看宇宙",
        "黄样本表示：“推理需要大量的英伟达芯片",
    ],
)
def test_chinese_without_a_certain_speaker_is_no_voice(text: str) -> None:
    assert heard(summary=text) == []


# ---------------------------------------------------------------------------------------------------- the other reading

AGAINST = [
    "This selloff is overdone",
    "We think the reaction is overblown",
    "It's a classic overreaction by the market",
    "This is a golden buying opportunity",
    "I would buy the dip here",
    "Jevons paradox strikes again!",
    "As AI gets cheaper, its use will skyrocket",
    "Cheaper models will mean more demand",
    "Everyone will need more compute, not less",
    "Demand for chips will only grow",
    "It is not the end. The fall is overdone",
    "Fears about spending are overblown",
    "The reaction to AI spending is overdone",
    "The selloff in valuations is overdone",
    "Claims that demand will fall are exaggerated",
    "Jevons paradox strikes: costs fall, and not by chance demand grows",
    "这是市场的过度反应",
    "Others expect cheaper AI to be used more",
    "Cheap models will be used everywhere",
    "Inference takes significant numbers of GPUs",
    "It needs large amounts of computing power",
    "Compute continues to drive performance",
    "The selling is irrational",
    "We continue to see overall query growth in Search",
    "They keep seeing growth in searches",
    "Two companies stand by their AI spending",
    "Lower costs are good news for chipmakers",
    "成本下降会带来更多芯片需求",
    "卖压快要过去",
]
NEUTRAL = [
    "This is not a buying opportunity",
    "We don't think the selloff is overdone",
    "Is this overdone?",
    "Demand will fall",
    "We continue to see no growth",
    "Nobody will need so many chips",
    "The moat is gone",
    "We no longer need more compute",
    "A wake-up call for our industry",
    "The AI hype was overblown all along",
    "Valuations are overstated",
    "The need for chips has been overstated",
    "Spending on data centres is overdone",
    "Demand for GPUs was exaggerated",
    "Jevons paradox does not apply here",
    "The Jevons paradox won't save Nvidia",
    "Anyone who wants to buy the dip will lose",
    "It is too early to buy the dip",
    "This is far from a buying opportunity",
    "I doubt there will be more demand",
    "Irrational exuberance ends here",
    "Spending on AI was irrational",
    "Do two companies stand by their AI spending?",
    "It does not need large numbers of GPUs",
    "Bad news for chipmakers",
    "",
]
GAIN = [
    "Software makers would benefit",
    "Apple may profit",
    "Winners include users of cheap models",
    "A boon for start-ups",
]
NO_GAIN = [
    "Software makers would not benefit",
    "Who may profit?",
    "Short sellers could profit from the rout",
    "There are no winners in this",
    "Profit fell",
    "",
]


@pytest.mark.parametrize("words", AGAINST)
def test_words_against_the_logic_of_the_fall(words: str) -> None:
    assert argues_against(words)


@pytest.mark.parametrize("words", NEUTRAL)
def test_words_for_it_or_neither(words: str) -> None:
    assert not argues_against(words)


@pytest.mark.parametrize("words", GAIN)
def test_words_on_who_gains(words: str) -> None:
    assert names_gain(words)


@pytest.mark.parametrize("words", NO_GAIN)
def test_words_that_name_nobody_who_gains(words: str) -> None:
    assert not names_gain(words)


# ------------------------------------------------------------------------------------------------------------- choosing


def saying(words: str, speaker: str, minutes: int = 0, source: str = "Example News") -> Story:
    """A story in which ``speaker`` says ``words``."""
    return story("A fall", START + timedelta(minutes=minutes), source=source, summary=f"“{words},” said {speaker}.")


def test_a_voice_knows_where_it_comes_from() -> None:
    told = replace(
        saying("The fall is overdone by far", "Ann Example"), publisher="Example Wire", link="https://e.com/1"
    )
    assert voices_of(told, SPEECH) == (
        Voice(
            words="The fall is overdone by far,",
            speaker="Ann Example",
            role="",
            outlet="Example Wire",
            link="https://e.com/1",
            story=told.id,
            seen_at=START,
            against=True,
        ),
    )


def test_an_outlet_is_no_voice_in_its_own_story() -> None:
    assert voices_of(replace(saying("The fall goes on and on", "Example Wire"), publisher="Example Wire"), SPEECH) == ()
    assert voices_of(saying("The fall goes on and on", "Example Wire"), SPEECH) != ()


def test_the_same_words_count_once_in_a_story() -> None:
    assert (
        len(heard("‘The demand is still there,’ says Ann Example", "“The demand is still there!” said Ann Example."))
        == 1
    )


def test_syndicated_words_belong_to_the_story_seen_first() -> None:
    first, second = (
        saying("We see no change at all", "Ann Example", 0),
        saying("We see no change at all", "Ann Example", 5, "B"),
    )
    for stories in ([first, second], [second, first]):
        [voice], other = choose(stories, SPEECH)
        assert (voice.story, other) == (first.id, ())


def test_each_speaker_is_heard_once_with_the_most_words() -> None:
    short, long = saying("We see no change", "Ann Example"), saying("We see no change in orders at all", "Example", 5)
    [voice], _ = choose([short, long], SPEECH)
    assert voice.words == "We see no change in orders at all,"


def test_who_argues_against_the_fall_is_heard_with_that() -> None:
    neutral = saying("This is a very impressive model that all of us have to take seriously", "Ann Example")
    against = saying("This selloff is overdone", "Ann Example", 5)
    with_it, other = choose([neutral, against], SPEECH)
    assert (with_it, [voice.words for voice in other]) == ((), ["This selloff is overdone,"])


def test_sides_are_apart_limited_and_in_the_order_of_the_rule() -> None:
    stories = [
        saying("The moat is gone for good", "Ann Example"),
        saying("The moat is gone", "Bob Sample"),
        saying("The moat of all of them is gone", "Cy Pattern, an analyst at Example Bank"),
        saying("The moat of all of us is gone", "Di Model", -5),
        saying("This rout is overdone", "Ed Proof"),
    ]
    neutral, other = choose(stories, SPEECH, most=3)
    assert [voice.speaker for voice in neutral] == ["Cy Pattern", "Di Model", "Ann Example"]
    assert [voice.speaker for voice in other] == ["Ed Proof"]
    assert choose(reversed(stories), SPEECH, most=3) == (neutral, other)
    assert choose(stories, SPEECH, most=0) == ((), ())


# ----------------------------------------------------------------------------------------------------------- properties

PIECES = st.sampled_from(
    [
        *"“”\"'‘’«»„「」,.:;?!…–()\n ",
        *(
            "Ann Example",
            "Dan Sample",
            "Sample",
            "Nvidia",
            "said",
            "says",
            "told CNBC",
            "wrote on X",
            "he",
            "and",
            "but",
        ),
        *("an analyst at Example Bank", "chief executive of Samplesoft", "Nvidia CEO", "The fall is overdone by far"),
        *(
            "We see no change at all",
            "it's",
            "in a note",
            "according to",
            "表示：",
            "黄样本",
            "🚀",
            "\u202e",
            "\x00",
            "İ",
            "ß",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(PIECES, max_size=40).map(" ".join), st.lists(PIECES, max_size=40).map("".join)
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS)
def test_every_part_of_a_voice_stands_in_the_story(title: str, summary: str) -> None:
    told = story(title, summary=summary, id="x")
    voices = voices_of(told, SPEECH)
    assert voices == voices_of(told, SPEECH)
    for voice in voices:
        assert any(voice.words in text for text in (title, summary))
        assert any(voice.speaker in text for text in (title, summary))
        assert any(voice.role in text for text in (title, summary))
        assert voice.speaker.strip()


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_another_paragraph_changes_no_voice_before_it(summary: str, more: str) -> None:
    before = voices_of(story("A fall", summary=f"{summary}.\n", id="x"), SPEECH)
    after = voices_of(story("A fall", summary=f"{summary}.\n{more}", id="x"), SPEECH)
    assert after[: len(before)] == before


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_quotations_lie_in_order_and_apart(text: str) -> None:
    end = 0
    for quotation in quotations(text):
        assert end <= quotation.start < quotation.end <= len(text)
        assert quotation.words in text[quotation.start + 1 : quotation.end - 1]
        end = quotation.end


HOSTILE = [
    "“" * 100_000,
    "'a " * 40_000,
    "‘a s’ b " * 12_000,
    "‘“a” " * 20_000,
    "“We see no change,” Sample said. " * 3_000,
    "Dan Sample said: “We see no change.” " * 3_000,
    "a" * 100_000,
    "a-" * 50_000,
    "Dan " * 25_000 + "said: “We see no change.”",
    "\u202e\x00🚀" * 30_000,
    "“" + "more demand " * 9_000 + "” said Ann Example.",
    "表示：“推理需要大量" * 10_000,
    "“a b c d,” said " + "Dan, " * 20_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_takes_time_in_proportion(text: str) -> None:
    """100,000 characters, ten times what a summary may have."""
    started = time.process_time()
    voices = voices_of(story(text, summary=text), SPEECH)
    assert time.process_time() - started < 10
    assert all(voice.words in text for voice in voices)
