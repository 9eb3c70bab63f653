"""YAML that is well formed but not what the model asks for: exact messages. Names are the defects they hold."""

from __future__ import annotations

import pickle
import time
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError, field_validator

from bot.config.yaml.document import load_document
from bot.config.yaml.scalars import Duration, HttpUrl, Name, Percent, Symbol, TimeZoneName
from bot.config.yaml.validation import StrictModel, validate
from bot.core.errors import ConfigError
from bot.core.model import Reach


class Price(StrictModel):
    change: str
    since: str = "previous close"


class News(StrictModel):
    topic: str | list[str]
    score: float = Field(default=0, ge=0, le=1)
    within: Duration | Literal["1 session"] = "1 session"
    reach: Reach = Reach.DIRECT


class When(StrictModel):
    price: Price | None = None
    news: News | None = None
    all: tuple[When, ...] = ()


class Step(StrictModel):
    kind: Literal["step"]
    size: int


class Jump(StrictModel):
    kind: Literal["jump"]
    height: int


class Rule(StrictModel):
    name: Name
    when: When = When()
    hold: int = Field(default=1, ge=1, le=100)
    enabled: bool = True
    drop: Percent = 0.1
    symbols: tuple[Symbol, ...] = ()
    zone: TimeZoneName = "UTC"
    link: HttpUrl | None = None
    tags: dict[Name, int] = Field(default={})
    on: date | None = None
    pair: tuple[int, int] | None = None
    moves: tuple[Annotated[Step | Jump, Field(discriminator="kind")], ...] = ()
    either: Step | Jump | None = None
    until: Literal["next session close", "high or low", 5] = 5
    some: list[str] = Field(default=[], max_length=2)
    apart: frozenset[str] = Field(default=frozenset({"a", "b"}), min_length=2)

    @field_validator("name")
    @classmethod
    def _not_taken(cls, name: str) -> str:
        if name == "taken":
            raise ValueError("'taken' is taken; choose another name")
        return name


class Rules(StrictModel):
    rules: tuple[Rule, ...] = Field(min_length=1)


BAD = {
    "an unknown key at the top": (
        "rulez: []\n",
        [
            "f.yaml:1:1: 'rules' is missing; add 'rules: …'",
            "f.yaml:1:1: rulez: unknown key 'rulez'; did you mean 'rules'?",
        ],
    ),
    "an unknown key deep inside": (
        "rules:\n  - name: a\n    when:\n      all:\n        - price: {change: x}\n        - prize: {change: x}\n",
        ["f.yaml:6:11: rules[0].when.all[1].prize: unknown key 'prize'; did you mean 'price'?"],
    ),
    "an unknown key that is near to none": (
        "rules: [{name: a, when: {price: {change: x, zzzz: 1}}}]\n",
        ["f.yaml:1:45: rules[0].when.price.zzzz: unknown key 'zzzz'; write change or since"],
    ),
    "a missing key": (
        "rules:\n  - when:\n      price: {since: open}\n",
        [
            "f.yaml:2:5: rules[0]: 'name' is missing; add 'name: …'",
            "f.yaml:3:14: rules[0].when.price: 'change' is missing; add 'change: …'",
        ],
    ),
    "a list instead of a mapping": (
        "- a\n",
        ["f.yaml:1:1: expected a mapping, found a list; write keys instead of items with '-'"],
    ),
    "text instead of a mapping": (
        "rules:\n  - foo\n",
        ["f.yaml:2:5: rules[0]: expected a mapping, found text 'foo'; write 'key: value' lines under it"],
    ),
    "a mapping instead of a list": (
        "rules:\n  name: a\n",
        ["f.yaml:2:3: rules: expected a list, found a mapping; begin each item with '-'"],
    ),
    "one value instead of a list": (
        "rules: [{name: a, symbols: NVDA}]\n",
        ["f.yaml:1:28: rules[0].symbols: expected a list, found text 'NVDA'; write [NVDA]"],
    ),
    "a list that must not be empty": (
        "rules: []\n",
        ["f.yaml:1:8: rules: nothing is written here; write something, or remove the key"],
    ),
    "a list whose two items are one": (
        "rules: [{name: a, apart: [x, x]}]\n",
        ["f.yaml:1:26: rules[0].apart: a list is too short; write at least 2"],
    ),
    "a list that is too long": (
        "rules: [{name: a, some: [a, b, c]}]\n",
        ["f.yaml:1:25: rules[0].some: a list is too long; write at most 2"],
    ),
    "a key with nothing behind it": (
        "rules:\n  - name:\n    hold:\n    when:\n",
        [
            "f.yaml:2:10: rules[0].name: nothing is written here; write a value, or remove the key",
            "f.yaml:3:10: rules[0].hold: expected a whole number, found nothing; write a value, or remove the key",
            "f.yaml:4:10: rules[0].when: expected a mapping, found nothing; write a value, or remove the key",
        ],
    ),
    "a number instead of text": (
        "rules: [{name: a, when: {price: {change: 5}}}]\n",
        ['f.yaml:1:42: rules[0].when.price.change: expected text, found number 5; put it in quotes: "5"'],
    ),
    "a boolean instead of text": (
        "rules: [{name: a, when: {price: {change: true}}}]\n",
        ['f.yaml:1:42: rules[0].when.price.change: expected text, found true; put it in quotes: "true"'],
    ),
    "text instead of a number": (
        "rules: [{name: a, hold: two}]\n",
        [
            "f.yaml:1:25: rules[0].hold: expected a whole number, found text 'two'; write a number,"
            " without unit or quotes"
        ],
    ),
    "a fraction instead of a whole number": (
        "rules: [{name: a, hold: 1.5}]\n",
        ["f.yaml:1:25: rules[0].hold: expected a whole number, found number 1.5; write a whole number"],
    ),
    "numbers out of bounds": (
        "rules: [{name: a, hold: 0}, {name: b, hold: 101}, {name: c, when: {news: {topic: x, score: -0.5}}}]\n",
        [
            "f.yaml:1:25: rules[0].hold: number 0 is too small; write at least 1",
            "f.yaml:1:45: rules[1].hold: number 101 is too large; write at most 100",
            "f.yaml:1:92: rules[2].when.news.score: number -0.5 is too small; write at least 0",
        ],
    ),
    "no number at all": (
        "rules: [{name: a, when: {news: {topic: x, score: .nan}}}]\n",
        [
            "f.yaml:1:50: rules[0].when.news.score: expected a number, found text '.nan'; write a number,"
            " without unit or quotes",
        ],
    ),
    "maybe instead of true or false": (
        "rules: [{name: a, enabled: maybe}]\n",
        ["f.yaml:1:28: rules[0].enabled: expected true or false, found text 'maybe'; write true or false"],
    ),
    "a word that is none of those allowed": (
        "rules: [{name: a, when: {news: {topic: x, reach: derect}}}]\n",
        ["f.yaml:1:50: rules[0].when.news.reach: unknown value 'derect'; did you mean 'direct'?"],
    ),
    "a word that is near to none allowed": (
        "rules: [{name: a, when: {news: {topic: x, reach: zzz}}}]\n",
        ["f.yaml:1:50: rules[0].when.news.reach: unknown value 'zzz'; write one of direct, exposure, none"],
    ),
    "one of several words that is none of those allowed": (
        "rules: [{name: a, until: next session clos}, {name: b, until: zzz}]\n",
        [
            "f.yaml:1:26: rules[0].until: unknown value 'next session clos'; did you mean 'next session close'?",
            "f.yaml:1:63: rules[1].until: unknown value 'zzz'; write one of next session close, high or low, 5",
        ],
    ),
    "a number where a word is chosen": (
        "rules: [{name: a, when: {news: {topic: x, reach: 3}}}]\n",
        ["f.yaml:1:50: rules[0].when.news.reach: expected one of direct, exposure, none, found number 3; write one"],
    ),
    "neither of two types": (
        "rules: [{name: a, when: {news: {topic: 5}}}]\n",
        ['f.yaml:1:40: rules[0].when.news.topic: expected text or a list, found number 5; put it in quotes: "5"'],
    ),
    "a mistake inside one of two types": (
        "rules: [{name: a, when: {news: {topic: [x, 5]}}}]\n",
        ['f.yaml:1:44: rules[0].when.news.topic[1]: expected text, found number 5; put it in quotes: "5"'],
    ),
    "a duration or a word, and neither": (
        "rules: [{name: a, when: {news: {topic: x, within: soon}}}]\n",
        [
            "f.yaml:1:51: rules[0].when.news.within: 'soon' is not a duration; write a number and s, m, h, d or w,"
            " as in 90s, 30m, 2h, 5d",
        ],
    ),
    "a mistake in one of two mappings told apart by a key": (
        "rules: [{name: a, moves: [{kind: step, size: x}, {kind: hop}, {size: 1}]}]\n",
        [
            "f.yaml:1:46: rules[0].moves[0].size: expected a whole number, found text 'x'; write a number,"
            " without unit or quotes",
            "f.yaml:1:50: rules[0].moves[1]: unknown value 'hop'; write step or jump",
            "f.yaml:1:63: rules[0].moves[2]: the kind is missing; add 'kind'",
        ],
    ),
    "an unknown key in one of two mappings told apart by a key": (
        "rules: [{name: a, moves: [{kind: step, size: 1, sizes: 2}]}]\n",
        ["f.yaml:1:49: rules[0].moves[0].sizes: unknown key 'sizes'; did you mean 'size'?"],
    ),
    "a mapping that is nearly one of two": (
        "rules: [{name: a, either: {kind: jump, heigth: 3}}]\n",
        [
            "f.yaml:1:27: rules[0].either: 'height' is missing; add 'height: …'",
            "f.yaml:1:40: rules[0].either.heigth: unknown key 'heigth'; did you mean 'height'?",
        ],
    ),
    "a key of a free mapping that is no name": (
        "rules: [{name: a, tags: {Big One: 1}}]\n",
        [
            "f.yaml:1:26: rules[0].tags[\"Big One\"]: 'Big One' is not a name; write lower-case letters, digits"
            " and '-', like big-one",
        ],
    ),
    "a symbol in small letters": (
        "rules: [{name: a, symbols: [NVDA, nvda]}]\n",
        ["f.yaml:1:35: rules[0].symbols[1]: 'nvda' is not how Yahoo Finance writes a symbol; write NVDA"],
    ),
    "a symbol that YAML takes for a boolean": (
        "rules: [{name: a, symbols: [ON, true]}]\n",
        ['f.yaml:1:33: rules[0].symbols[1]: true is not a symbol; put it in quotes: "TRUE"'],
    ),
    "a percentage without its sign": (
        "rules: [{name: a, drop: 10}]\n",
        ["f.yaml:1:25: rules[0].drop: number 10 has no %; write 10%"],
    ),
    "a time zone nobody knows": (
        "rules: [{name: a, zone: America/New York}]\n",
        [
            "f.yaml:1:25: rules[0].zone: unknown time zone 'America/New York'; write a name like"
            " America/New_York or UTC",
        ],
    ),
    "an address that is none": (
        "rules: [{name: a, link: example.com/feed}]\n",
        [
            "f.yaml:1:25: rules[0].link: text 'example.com/feed' is not a web address; write one that begins with https://",
        ],
    ),
    "a date that is none": (
        "rules: [{name: a, on: last Monday}]\n",
        [
            "f.yaml:1:23: rules[0].on: expected a date like 2025-01-27, found text 'last Monday';"
            " write a date like 2025-01-27",
        ],
    ),
    "a check of the model's own": (
        "rules: [{name: taken}]\n",
        ["f.yaml:1:16: rules[0].name: 'taken' is taken; choose another name"],
    ),
    "a pair of one": (
        "rules: [{name: a, pair: [1]}]\n",
        ["f.yaml:1:25: rules[0].pair: value 2 is missing; add it"],
    ),
    "every mistake at once, in file order": (
        "rules:\n  - hold: 0\n    name: B B\n  - name: c\n    colour: red\n",
        [
            "f.yaml:2:11: rules[0].hold: number 0 is too small; write at least 1",
            "f.yaml:3:11: rules[0].name: 'B B' is not a name; write lower-case letters, digits and '-', like b-b",
            "f.yaml:5:5: rules[1].colour: unknown key 'colour'; write one of apart, drop, either, enabled, hold, link,"
            " moves, name, on, pair, some, symbols, …",
        ],
    ),
}


@pytest.mark.parametrize(("text", "lines"), BAD.values(), ids=BAD.keys())
def test_says_where_it_is_wrong_and_what_to_write(text: str, lines: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(load_document("f.yaml", text), Rules)
    assert str(caught.value).split("\n") == lines


def test_a_good_document_becomes_the_model() -> None:
    text = (
        "rules:\n  - name: a\n    when: {news: {topic: [x, y], within: 5d, reach: exposure}}\n    drop: 12.5%\n"
        "    symbols: [NVDA, ON]\n    on: 2025-01-27\n    moves: [{kind: jump, height: 2}]\n    pair: [1, 2]\n"
    )
    rule = validate(load_document("f.yaml", text), Rules).rules[0]
    assert rule.when.news is not None
    assert rule.when.news.topic == ["x", "y"]
    assert rule.when.news.reach is Reach.EXPOSURE
    assert rule.drop == 0.125
    assert rule.symbols == ("NVDA", "ON")
    assert rule.on == date(2025, 1, 27)
    assert rule.moves == (Jump(kind="jump", height=2),)


def test_what_was_read_cannot_be_changed() -> None:
    rule = Rule(name="a")
    with pytest.raises(ValidationError):
        rule.name = "b"  # type: ignore[misc]


def test_defaults_are_checked_like_what_people_write() -> None:
    class Wrong(StrictModel):
        hold: int = Field(default=0, ge=1)

    with pytest.raises(ConfigError, match="number 0 is too small"):
        validate(load_document("f.yaml", "{}"), Wrong)


def test_a_secret_in_the_wrong_place_is_not_repeated() -> None:
    token = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
    for text in (
        f"rules: [{{name: '{token}'}}]",
        f"rules: [{{name: a, '{token}': 1}}]",
        f"rules: [{{name: a, hold: '{token}'}}]",
        f"rules: [{{name: a, tags: {{'{token}': 1}}}}]",
        f"rules: [{{name: a, link: 'https://h/{token}', zone: '{token}'}}]",
    ):
        with pytest.raises(ConfigError) as caught:
            validate(load_document("f.yaml", text), Rules)
        everything = "".join(map(str, _chain(caught.value)))
        assert "AAEhBOweik6ad9r" not in everything


def _chain(error: BaseException | None) -> list[Any]:
    """What a traceback would print of the error and of those it came from."""
    if error is None:
        return []
    below = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [str(error), repr(error), *_chain(below)]


def test_every_key_and_its_meaning_reach_the_schema() -> None:
    class Documented(StrictModel):
        wait: Duration
        """How long."""

    field = Documented.model_json_schema()["properties"]["wait"]
    assert field["type"] == "string"
    assert field["description"] == "How long."


def test_a_model_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Rule(name="a"))) == Rule(name="a")


def test_a_thousand_rules_are_read_in_a_fraction_of_a_second() -> None:
    rule = (
        "  - name: rule-{}\n    when:\n      all:\n        - price: {{change: '< -10%', since: previous close}}\n"
        "        - news: {{topic: [ai-model, ai-market], within: 5d, score: 0.5}}\n    hold: {}\n"
        "    symbols: [NVDA, AMD]\n"
    )
    good = "rules:\n" + "".join(rule.format(n, 2) for n in range(1000))
    bad = "rules:\n" + "".join(rule.format(n, 0) for n in range(1000))
    started = time.process_time()
    assert len(validate(load_document("f.yaml", good), Rules).rules) == 1000
    with pytest.raises(ConfigError) as caught:
        validate(load_document("f.yaml", bad), Rules)
    assert len(caught.value.problems) == 1000
    assert time.process_time() - started < 3  # measured: 0.2 s and 0.3 s; the rest is for a busy machine
