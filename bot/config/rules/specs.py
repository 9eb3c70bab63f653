"""The models of a rule file: what files are validated against and editors' help is generated from.

Only shape is checked here; names and comparisons are checked when a rule is compiled.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Discriminator, Field, PlainValidator, Tag, WithJsonSchema, model_validator

from bot.config.yaml.scalars import Duration, Name, Symbol, TimeZoneName
from bot.config.yaml.validation import StrictModel
from bot.core.errors import Problem
from bot.core.model import LABEL_NAME, FollowUpKind, Phase, Reach
from bot.core.prices.hold import AT_NIGHT, BY_DAY, Hold, at_night, parse_hold
from bot.core.prices.windows import Since, Span, format_duration, parse_duration, parse_since, parse_span
from bot.core.rules.comparison import Comparison, parse_comparison
from bot.core.rules.conditions import TextPattern
from bot.core.rules.conditions.news import BASELINE, STRONG_ENOUGH

MOST_QUOTES = 20
"""The most quotes ``hold`` counts; a longer hold is written as a duration."""


def _comparison(percent: bool, example: str) -> Any:
    def parse(value: object) -> Comparison:
        if isinstance(value, Comparison):
            return value
        if not isinstance(value, str):
            shown = str(value).lower() if isinstance(value, bool) else value
            raise ValueError(f'{shown} is not a comparison; write it in quotes with an operator, like "{example}"')
        return parse_comparison(value, percent=percent)

    schema = WithJsonSchema(
        {"type": "string", "description": f'A comparison, like "{example}".', "examples": [example]}
    )
    return BeforeValidator(parse), schema


def _text(parser: Any, description: str, *examples: str) -> Any:
    def parse(value: object) -> Any:
        if isinstance(value, Since | Span):  # a default
            return value
        if not isinstance(value, str):
            raise ValueError(f"{value!r} is not text; write it like '{examples[0]}'")
        return parser(value)

    schema = {"type": "string", "description": description, "examples": list(examples)}
    return BeforeValidator(parse), WithJsonSchema(schema)


@dataclass(frozen=True, slots=True)
class HoldByPhase:
    """The hold of each phase."""

    pre: Hold = BY_DAY
    regular: Hold = BY_DAY
    post: Hold = BY_DAY
    overnight: Hold = AT_NIGHT

    def of(self) -> dict[Phase, Hold]:
        """By phase."""
        return {phase: getattr(self, phase) for phase in HELD_PHASES}

    def written(self) -> dict[str, object]:
        """As a rule writes it."""
        holds = ((str(phase), hold) for phase, hold in self.of().items())
        return {name: _hold_words(hold, night=name == Phase.OVERNIGHT) for name, hold in holds}


HELD_PHASES = (Phase.PRE, Phase.REGULAR, Phase.POST, Phase.OVERNIGHT)
_HOLD_FORMS = "write a number of quotes, or a duration like 10m"


def _hold_words(hold: Hold, *, night: bool) -> object:
    if hold.lasting is None:
        return hold.quotes
    return str(hold) if night else format_duration(hold.lasting)


def _hold(value: object) -> HoldByPhase:
    """One hold for the day, of which the night's follows; or one for each phase."""
    if isinstance(value, HoldByPhase):
        return value
    if not isinstance(value, dict):
        day = _by_day(value)
        return HoldByPhase(day, day, day, at_night(day))
    unknown = next((key for key in value if key not in HELD_PHASES), None)
    if unknown is not None or not value:
        other = f", not {unknown!r}" if unknown is not None else ""
        raise ValueError(f"a hold by phase has pre, regular, post or overnight{other}")
    given = {str(phase): _by_day(hold) for phase, hold in value.items() if phase != Phase.OVERNIGHT}
    if Phase.OVERNIGHT in value:
        given[Phase.OVERNIGHT] = _by_night(value[Phase.OVERNIGHT])
    return HoldByPhase(**given)


def _by_night(value: object) -> Hold:
    if isinstance(value, str) and "over" in value:
        hold = parse_hold(value)
        _by_day(hold.quotes)
        return hold
    hold = _by_day(value)
    return hold if hold.lasting is None else Hold(1, hold.lasting)


def _by_day(value: object) -> Hold:
    return Hold(lasting=found) if isinstance(found := _quotes_or_time(value), timedelta) else Hold(found)


def _quotes_or_time(value: object) -> int | timedelta:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{value!r} is not a hold; {_HOLD_FORMS}")
    if isinstance(value, str):
        return parse_duration(value)
    if not 1 <= value <= MOST_QUOTES:
        raise ValueError(
            f"{value} quotes are too {'few' if value < 1 else 'many'}; write 1 to {MOST_QUOTES}, or a duration like 10m"
        )
    return value


_HOURS = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\s*(?:-|–|to)\s*([01]?[0-9]|2[0-3]):([0-5][0-9])\Z")


def _hours(value: object) -> object:
    """``09:30-16:00`` as two times; the range may run over midnight."""
    if isinstance(value, tuple):
        return value
    found = _HOURS.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r} is not a range of hours; write one like 09:30-16:00")
    start, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if start == end:
        raise ValueError(f"'{value}' ends when it starts; write two different times, like 09:30-16:00")
    return start, end


def _weekdays(value: object) -> object:
    """``mon``, ``Friday``, ``mon-fri`` or a list of them, as numbers from 0 (Monday)."""
    words = listed(value)
    if not isinstance(words, list):
        return value
    days: list[int] = []
    for word in words:
        ends = [_weekday(part) for part in str(word).split("-")]
        first, last = ends[0], ends[-1]
        if len(ends) > 2 or first is None or last is None:
            raise ValueError(f"'{word}' is not a weekday; write mon, tue, wed, thu, fri, sat or sun, or mon-fri")
        days += [d % 7 for d in range(first, (last if last >= first else last + 7) + 1)]
    return tuple(dict.fromkeys(days))


def _weekday(word: str) -> int | None:
    folded = word.strip().lower()
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    return next((i for i, name in enumerate(full) if len(folded) >= 3 and name.startswith(folded)), None)


def listed(value: object) -> object:
    """A single word as a list of one."""
    return [value] if isinstance(value, str) else value


ChangeComparison = Annotated[Comparison, *_comparison(True, "< -10%")]
ShareComparison = Annotated[Comparison, *_comparison(True, ">= 50%")]
NumberComparison = Annotated[Comparison, *_comparison(False, ">= 0.5")]
CountComparison = Annotated[Comparison, *_comparison(False, ">= 3")]
SinceField = Annotated[
    Since,
    *_text(
        parse_since,
        "The reference of a price change.",
        "previous close",
        "open",
        "30m",
        "3 sessions",
        "high of 20 sessions",
        "low of 20 sessions",
        "story",
    ),
]
SpanField = Annotated[Span, *_text(parse_span, "Sessions or a duration.", "5 sessions", "2h")]
FollowUpField = Annotated[
    FollowUpKind,
    *_text(FollowUpKind.parse, "A later message.", "session close", "rebound 5%", "next session close", "recovered"),
]
_RECIPIENT = re.compile(r"telegram:-?[1-9]\d{0,19}(/[1-9]\d{0,9})?|console|(?!telegram:)[a-z][a-z0-9_-]*:[\w.-]+")


def _recipient(value: object) -> str:
    text = str(value).strip()
    if _RECIPIENT.fullmatch(text) is not None and isinstance(value, str):
        return text
    if re.fullmatch(r"-?\d+(/\d+)?", text) and not isinstance(value, bool):
        raise ValueError(f"{text} has no channel; write telegram:{text}")
    raise ValueError(f"'{text}' is not a recipient; write telegram:12345 (/whoami tells a chat's id) or webhook:NAME")


def _label_name(value: object) -> object:
    if isinstance(value, str) and not LABEL_NAME.fullmatch(value):
        raise ValueError(f"'{value}' cannot name a label; write lower-case letters, digits and _, like desk")
    return value


def _label_value(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value}"
    if isinstance(value, str) and not value.strip():
        raise ValueError("a label without a value; write one, like semis")
    return value


LabelName = Annotated[
    str, BeforeValidator(_label_name), WithJsonSchema({"type": "string", "pattern": f"^{LABEL_NAME.pattern}$"})
]
LabelValue = Annotated[str, Field(max_length=200), BeforeValidator(_label_value)]
RecipientField = Annotated[
    str,
    BeforeValidator(_recipient),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({_RECIPIENT.pattern})$",
            "description": "The id of a recipient.",
            "examples": ["telegram:12345", "telegram:-1001234567890/7", "webhook:desk"],
        }
    ),
]
"""The id of a recipient: a chat on Telegram, one of its topics, or another channel by name."""


def _one_or_several(value: object) -> object:
    return [value] if isinstance(value, str | int) and not isinstance(value, bool) else value


PatternField = Annotated[str, *_text(lambda text: TextPattern(text).text, "A regular expression.", "open.?weights")]
_ONE_HOLD: dict[str, Any] = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_QUOTES}, {"type": "string"}],
}
HoldField = Annotated[
    HoldByPhase,
    PlainValidator(_hold),
    WithJsonSchema(
        {
            "anyOf": [
                *_ONE_HOLD["anyOf"],
                {
                    "type": "object",
                    "properties": {str(phase): _ONE_HOLD for phase in HELD_PHASES},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ],
            "description": "Quotes in a row, or a duration; or for each phase, overnight also as 4 over 2m.",
            "examples": [2, "10m", {"pre": 3, "overnight": "4 over 2m"}],
        }
    ),
]
HoursField = Annotated[
    tuple[time, time],
    BeforeValidator(_hours),
    WithJsonSchema({"type": "string", "description": "From and to.", "examples": ["09:30-16:00"]}),
]
WeekdaysField = Annotated[
    tuple[int, ...],
    BeforeValidator(_weekdays),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": "Weekdays, or a range of them.",
            "examples": ["mon-fri", ["sat", "sun"]],
        }
    ),
]

ON_TOPIC = Comparison(">=", 0.5)
"""The score from which a story is about a topic, unless a rule says otherwise."""
Words = Annotated[tuple[str, ...], BeforeValidator(listed), Field(min_length=1)]
PREVIOUS_CLOSE = Since("previous close")


class PriceSpec(StrictModel):
    """The symbol's price has moved: `change` since something, `drawdown` of a lookback, or across a level."""

    change: ChangeComparison | None = None
    """How far, as a percentage; a fall is negative. Example: "< -10%"."""
    since: SinceField = PREVIOUS_CLOSE
    """The reference: previous close, open, 30m, 3 sessions, high of 20 sessions, low of 20 sessions, story."""
    drawdown: ChangeComparison | None = None
    """How far below the highest price of the lookback, instead of change. Example: "< -20%"."""
    of: SpanField | None = None
    """The lookback of a drawdown: sessions before this one, or a duration. Example: 60 sessions."""

    below: Annotated[float, Field(gt=0)] | None = None
    """It has fallen below this price, and the session before closed at it or above. Example: 100."""
    above: Annotated[float, Field(gt=0)] | None = None
    """It has risen above this price, and the session before closed at it or below. Example: 150."""

    @model_validator(mode="after")
    def _one_test(self) -> PriceSpec:
        if self.below is not None or self.above is not None:
            others = (self.change, self.drawdown, self.of)
            if any(other is not None for other in others) or (self.below is not None and self.above is not None):
                raise ValueError(
                    "below, above, change and drawdown are each a condition; write each under its own price"
                )
            if self.since != PREVIOUS_CLOSE:
                raise ValueError("a level is not measured from anything; remove since")
            return self
        _change_or_drawdown(self.change, self.since, self.drawdown, self.of)
        return self


def _change_or_drawdown(
    change: Comparison | None, since: Since, drawdown: Comparison | None, of: Span | None, needed: bool = True
) -> None:
    if change is not None and drawdown is not None:
        raise ValueError("change and drawdown are two conditions; write each under its own price")
    if needed and change is None and drawdown is None:
        raise ValueError('the price condition has no test; write change: "< -10%", drawdown with of, or below: 100')
    if drawdown is not None and of is None:
        raise ValueError("a drawdown needs a lookback; add of: 60 sessions")
    if drawdown is None and of is not None:
        raise ValueError("'of' is the lookback of a drawdown; remove it, or write since")
    if drawdown is not None and since != PREVIOUS_CLOSE:
        raise ValueError("a drawdown is measured from the highest price; write of instead of since")


class AbnormalSpec(StrictModel):
    """The return beyond what the market model expects: `change`, `z` (in standard deviations), or both."""

    change: ChangeComparison | None = None
    """Abnormal return, as a percentage. Example: "< -8%"."""
    z: NumberComparison | None = None
    """The abnormal return in standard deviations of the model's past errors. Example: "< -4"."""
    benchmark: Symbol | None = None
    """The benchmark of the market model: one of `benchmarks` in config.yaml, by default the first, which means the
    stock's own market."""
    since: SinceField = PREVIOUS_CLOSE
    """previous close, or up to 10 sessions."""

    @model_validator(mode="after")
    def _some_test(self) -> AbnormalSpec:
        if self.change is None and self.z is None:
            raise ValueError('the abnormal condition has no test; write change: "< -8%", z: "< -4", or both')
        return self


class VolumeSpec(StrictModel):
    """The session's volume so far against the average at this time of day."""

    ratio: NumberComparison
    """Times the average. Example: ">= 3"."""
    over: SpanField = Span(sessions=20)
    """The sessions averaged."""


class ExtremeSpec(StrictModel):
    """The price is the lowest, or highest, for at least this many sessions; closes are compared."""

    lowest_since: SpanField | None = None
    """None of this many previous closes was lower. Example: 20 sessions."""
    highest_since: SpanField | None = None
    """None of this many previous closes was higher. Example: 250 sessions."""

    @model_validator(mode="after")
    def _one_of_both(self) -> ExtremeSpec:
        if (self.lowest_since is None) == (self.highest_since is None):
            raise ValueError("expected either lowest_since or highest_since; write one, like lowest_since: 20 sessions")
        return self


class GapSpec(StrictModel):
    """The session opened away from the previous close."""

    change: ChangeComparison
    """How far the open is from the previous close. Example: "< -5%"."""


class BreadthSpec(StrictModel):
    """A number or share of a group has moved; the alert names them."""

    symbols: Words = ("peers",)
    """The group: symbols, group:NAME, exposure:NAME, not:…; or peers: companies with the symbol's main exposure."""
    change: ChangeComparison
    """What counts as having moved. Example: "< -5%"."""
    since: SinceField = PREVIOUS_CLOSE
    """The reference."""
    count: CountComparison | None = None
    """How many. Example: ">= 3"."""
    share: ShareComparison | None = None
    """What share of those with a price. Example: ">= 50%"."""

    @model_validator(mode="after")
    def _some_test(self) -> BreadthSpec:
        if self.count is None and self.share is None:
            raise ValueError('the breadth condition has no test; write count: ">= 3", share: ">= 50%", or both')
        return self


class MarketSpec(StrictModel):
    """A benchmark has moved; mostly used as a guard under `none`. All tests written must hold."""

    benchmark: Symbol | None = None
    """The benchmark's symbol: one of `benchmarks` in config.yaml, by default the first, which means the stock's own
    market."""
    change: ChangeComparison | None = None
    """How far, as a percentage. Example: "< -4%"."""
    since: SinceField = PREVIOUS_CLOSE
    """The reference."""
    drawdown: ChangeComparison | None = None
    """How far below its highest price of the lookback."""
    of: SpanField | None = None
    """The lookback of the drawdown."""
    gap: ChangeComparison | None = None
    """How far it opened from its previous close."""
    lowest_since: SpanField | None = None
    """It is the lowest for at least this many sessions."""
    highest_since: SpanField | None = None
    """It is the highest for at least this many sessions."""
    volume: NumberComparison | None = None
    """Its volume as a multiple of the 20-session average at this time of day."""

    @model_validator(mode="after")
    def _some_test(self) -> MarketSpec:
        _change_or_drawdown(self.change, self.since, self.drawdown, self.of, needed=False)
        tests = (self.change, self.drawdown, self.gap, self.lowest_since, self.highest_since, self.volume)
        if all(test is None for test in tests):
            raise ValueError('the market condition has no test; write change: "< -4%"')
        return self


class NewsSpec(StrictModel):
    """Stories about one event reach the symbol. All keys must hold for one and the same cluster."""

    topic: Words | None = None
    """Topic or topics from rules/topics/; any topic if left out, with about or text instead."""
    reach: Annotated[tuple[Reach, ...], BeforeValidator(listed), Field(min_length=1)] = (Reach.DIRECT, Reach.EXPOSURE)
    """How the stories may reach the symbol: direct (by name), exposure (by line of business), none (not at all)."""
    within: SpanField = Span(sessions=5)
    """How far back."""
    score: NumberComparison | None = None
    """Topic score, 0 to 1: >= 0.5 with a topic; without one, stories on no topic count, too."""
    sources: CountComparison | None = None
    """Number of distinct sources. Example: ">= 2"."""
    stories: CountComparison | None = None
    """Number of stories. Example: ">= 3"."""
    total: CountComparison | None = None
    """Number of stories of all such clusters together. Example: ">= 3"."""
    strength: NumberComparison = STRONG_ENOUGH
    """Strength of the reach by exposure, 0 to 1: the story's effect times the company's exposure."""
    about: Words | None = None
    """A lab, model or company that a story names; one of several suffices. Example: DeepSeek."""
    text: PatternField | None = None
    """A regular expression (RE2) found in title or summary, letter case aside. Example: open.?weights."""
    novelty: NumberComparison | None = None
    """Of the newest story: 1 for the first about an event, 0.5 for the second, and so on. Example: ">= 0.5"."""
    burst: NumberComparison | None = None
    """Stories in the window as a multiple of the baseline's average for the same length. Example: ">= 3"."""
    baseline: Duration = BASELINE
    """The length of time before the window that a burst is compared with."""

    @model_validator(mode="before")
    @classmethod
    def _scored(cls, written: object) -> object:
        """A topic asks for a score, and says which where none is written."""
        if isinstance(written, dict) and written.get("topic") is not None and written.get("score") is None:
            return {**written, "score": ON_TOPIC}
        return written

    @model_validator(mode="after")
    def _some_test(self) -> NewsSpec:
        if self.topic is None and self.about is None and self.text is None:
            raise ValueError("any story would match; write topic: ai-model, or about, or text")
        return self


class CauseSpec(StrictModel):
    """The likeliest cause of the move, ranked against competing ones."""

    topic: Words
    """Topic or topics of the cause."""
    within: SpanField = Span(sessions=5)
    """How long before the session the cause may date from."""
    confidence: NumberComparison = Comparison(">=", 0.6)
    """The confidence required, 0 to 1."""


class GroupSpec(StrictModel):
    """Companies with the symbol's main exposure move together, beyond their own volatility."""

    z: NumberComparison = Comparison("<", -2.0)
    """The median of the members' moves, each divided by its own usual volatility; the symbol itself excluded."""
    members: NumberComparison | None = None
    """How many members fall by more than twice their own usual volatility. Example: >= 4."""
    abnormal: bool = True
    """Require that the rest of the watchlist does not move likewise."""


def _weight(written: object) -> float:
    """``40%`` as a fraction."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*", written) if isinstance(written, str) else None
    share = float(found[1]) / 100 if found is not None else math.nan
    if not 0 < share <= 1:
        raise ValueError(f"{written!r} is no weight; write a share above 0% and up to 100%, like 40%")
    return share


Weight = Annotated[float, BeforeValidator(_weight)]


class PortfolioSpec(StrictModel):
    """Your holdings have moved, each with its weight, since their previous closes; with symbols: none."""

    weights: Annotated[
        dict[Symbol, Weight],
        Field(min_length=1),
        WithJsonSchema(
            {
                "type": "object",
                "additionalProperties": {"type": "string", "pattern": "%"},
                "description": "What share of it each stock is; what is left is cash.",
                "examples": [{"NVDA": "40%", "AMD": "35%"}],
            }
        ),
    ]
    """What share of it each stock is: {NVDA: 40%, AMD: 35%}; what is left is cash, which does not move."""
    change: ChangeComparison
    """How far the whole has moved. Example: "< -3%"."""
    name: str = "My portfolio"
    """What messages call it."""


class DuringSpec(StrictModel):
    """The time: a phase of the symbol's exchange, hours, weekdays. All keys written must hold."""

    phase: Annotated[tuple[Phase, ...], BeforeValidator(listed), Field(min_length=1)] | None = None
    """pre, regular, post, closed; one of several suffices."""
    hours: HoursField | None = None
    """From and to, in zone; may run over midnight. Example: 09:30-16:00."""
    weekdays: WeekdaysField | None = None
    """mon to sun, or mon-fri, in zone."""
    zone: TimeZoneName | None = None
    """The time zone of hours and weekdays. Example: America/New_York."""

    @model_validator(mode="after")
    def _some_test(self) -> DuringSpec:
        if self.phase is None and self.hours is None and not self.weekdays:
            raise ValueError("no time is given; write phase: regular, or hours: 09:30-16:00 with zone")
        if (self.hours is not None or self.weekdays) and self.zone is None:
            raise ValueError("hours and weekdays need a time zone; add zone: America/New_York")
        if self.hours is None and not self.weekdays and self.zone is not None:
            raise ValueError("zone only applies to hours and weekdays; add them, or remove it")
        return self


def _written(value: Any) -> str:
    return "name" if isinstance(value, str) else "condition"


class SequenceSpec(StrictModel):
    """Conditions that began to hold one after the other; the last still holds."""

    steps: Annotated[tuple[ConditionItem, ...], Field(min_length=2)]
    """The conditions, in the order in which they must have begun to hold."""
    within: SpanField
    """The longest time from the beginning of the first until now. Example: 2h."""


class ConditionSpec(StrictModel):
    """One or more conditions; all keys of a mapping must hold."""

    price: PriceSpec | None = None
    """The symbol's price has moved."""
    abnormal: AbnormalSpec | None = None
    """It has moved beyond what the market explains."""
    gap: GapSpec | None = None
    """It opened away from the previous close."""
    extreme: ExtremeSpec | None = None
    """It is the lowest or highest for a number of sessions."""
    volume: VolumeSpec | None = None
    """Trading volume is unusually high (or low)."""
    breadth: BreadthSpec | None = None
    """Many of a group move together."""
    market: MarketSpec | None = None
    """A benchmark has moved."""
    group: GroupSpec | None = None
    """Companies with the same main exposure move together."""
    cause: CauseSpec | None = None
    """The likeliest cause of the move."""
    news: NewsSpec | None = None
    """Stories reach the symbol."""
    portfolio: PortfolioSpec | None = None
    """Your holdings have moved."""
    sequence: SequenceSpec | None = None
    """Conditions began to hold in order."""
    during: DuringSpec | None = None
    """The phase, hour or weekday."""
    all: Annotated[tuple[ConditionItem, ...], Field(min_length=1)] | None = None
    """Every one of these holds."""
    any: Annotated[tuple[ConditionItem, ...], Field(min_length=1)] | None = None
    """At least one of these holds."""
    none: Annotated[tuple[ConditionItem, ...], Field(min_length=1)] | None = None
    """None of these holds; an unknown one does not block."""

    @model_validator(mode="after")
    def _not_empty(self) -> ConditionSpec:
        if not any(getattr(self, key) is not None for key in type(self).model_fields):
            raise ValueError("an empty condition; write price, news, market, all, any or none")
        return self


ConditionItem = Annotated[
    Annotated[ConditionSpec, Tag("condition")] | Annotated[str, Tag("name")], Discriminator(_written)
]
"""A condition, or the name of one defined under ``conditions:``."""


class RuleSpec(StrictModel):
    """One rule: when it fires, for which symbols, how severe it is."""

    name: Name
    """Unique among all rules; appears in alerts and in the history."""
    description: str = ""
    """Its purpose, in a sentence."""
    enabled: bool = True
    """Set to false to keep a rule without using it."""
    symbols: Words
    """Symbols, group:NAME, exposure:NAME, or all; not:SYMBOL and not:group:NAME exclude."""
    when: ConditionItem
    """The conditions."""
    severity: str | dict[str, str] = "warning"
    """One severity, or steps: each with the change from which it applies, {warning: always, high: "< -10%"}."""
    cooldown: SpanField = Span(sessions=1)
    """How long the rule stays quiet for the same symbol after a message, unless severity rises."""
    hold: HoldField = HoldByPhase()
    """How many quotes in a row must meet the price conditions, or for how long (10m); official closes and the lows of
    bars need only one quote. Overnight, when few trade, at least 4 trades over 2m; or for each phase its own."""
    quiets: Annotated[tuple[Name, ...], BeforeValidator(listed)] = ()
    """Rules that send nothing new while an alert of this one is firing: single stocks while the whole market falls."""
    follow_up: Annotated[tuple[FollowUpField, ...], BeforeValidator(listed)] = ()
    """Later messages: session close, next session close, rebound 5%, recovered."""
    to: Annotated[tuple[RecipientField, ...], BeforeValidator(_one_or_several)] = ()
    """Who gets its messages: telegram:12345, telegram:-100123/7, webhook:desk; by default all. Its alerts are incidents
    of their own."""

    labels: Annotated[dict[LabelName, LabelValue], Field(max_length=20)] = Field(default_factory=dict)
    """What its alerts are called by in other programs, as name and value: {desk: semis, runbook: chips}. Webhooks have
    them in their JSON and templates, the history can be asked for them."""

    @property
    def longest_hold(self) -> timedelta:
        """The longest duration among the holds."""
        return max(hold.lasting or timedelta() for hold in self.hold.of().values())


class RulesFile(StrictModel):
    """A file of rules."""

    conditions: dict[Name, ConditionItem] = Field(default_factory=dict)
    """Named conditions; rules of this file use one by writing its name in place of a condition."""
    rules: Annotated[tuple[RuleSpec, ...], Field(min_length=1)]
    """The rules, in evaluation order."""


SequenceSpec.model_rebuild()
ConditionSpec.model_rebuild()
RuleSpec.model_rebuild()
RulesFile.model_rebuild()


# -------------------------------------------------------------------------------------------------------- as read

MALFORMED = ""
"""Replaces a malformed part that is already reported, so that nothing more is reported about it."""


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule as far as it can be read."""

    index: int
    """Its position in the file."""
    spec: RuleSpec
    whole: bool
    """It has no mistakes in its shape."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A rule file as far as it can be read, and the mistakes in its shape."""

    rules: tuple[ReadRule, ...]
    conditions: Mapping[str, ConditionSpec | str | None]
    """Named conditions; ``None`` for one that cannot be read."""
    problems: tuple[Problem, ...]
