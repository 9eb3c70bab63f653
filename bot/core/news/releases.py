"""How a model that was published, or a price that was cut, is told: a headline and facts in our own plain words.

The sentences are those that messages quote under "What is new", so each stands for itself and names the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

LICENCES = {
    "mit": "MIT",
    "apache-2.0": "Apache 2.0",
    "bsd-3-clause": "BSD",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "llama2": "Llama 2",
    "llama3": "Llama 3",
    "llama3.1": "Llama 3.1",
    "llama3.2": "Llama 3.2",
    "llama3.3": "Llama 3.3",
    "llama4": "Llama 4",
    "gemma": "Gemma",
    "openrail": "OpenRAIL",
    "openrail++": "OpenRAIL++",
    "creativeml-openrail-m": "OpenRAIL-M",
    "modified-mit": "modified MIT",
}
"""Licences that have a name, by their identifiers on Hugging Face. Others are not named: ``other`` says nothing."""
LEAST_CUT = 0.10
"""By what share a price has to fall to be told."""
LEAST_SHARE = 1.75
"""A rival that costs less than this many times as much is no comparison worth a sentence."""
_PARTS = (
    *("", "first", "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
)
_ONES = {2: "second", 4: "fourth"}
"""Where they differ after tens: ``a twenty-second``."""
_TENS = ("", "", "twent", "thirt", "fort", "fift", "sixt", "sevent", "eight", "ninet")
ROUTER = "on OpenRouter"
NAMED_BESIDE = 3
"""Other models of one publication that are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in US dollars per million tokens."""

    prompt: float
    completion: float


def size(parameters: float) -> str:
    """``671B``, ``1.04T``, ``1.5B``; empty where the number is unknown."""
    if parameters <= 0:
        return ""
    billions = parameters / 1e9
    if billions >= 999.5:
        return f"{billions / 1000:.3g}T"
    if billions >= 99.5:
        return f"{billions:.0f}B"
    return f"{billions:.2g}B" if billions < 9.95 else f"{billions:.3g}B"


def money(dollars: float) -> str:
    """``$2.19``, ``$15``, ``$0.0375``."""
    exact = Decimal(str(dollars))  # as it was written: rounded from binary, 0.495 would be 0.49
    if dollars >= 0.1:
        return f"${exact.quantize(Decimal('0.01'), ROUND_HALF_UP)}".removesuffix(".00")
    return f"${exact.quantize(Decimal(1).scaleb(exact.adjusted() - 2), ROUND_HALF_UP):f}".rstrip("0")


def published_title(lab: str, model: str, licence: str, parameters: float, beside: int) -> str:
    """``DeepSeek releases the AI model DeepSeek-V4 with open weights (MIT), 671B parameters``."""
    named = LICENCES.get(licence, "")
    under = f" ({named})" if named else ""
    large = f", {size(parameters)} parameters" if parameters > 0 else ""
    more = f"; and {beside} more" if beside else ""
    return f"{lab} releases the AI model {model} with open weights{under}{large}{more}"


def published_facts(model: str, licence: str, parameters: float, beside: Sequence[str], *, gated: bool) -> str:
    """The same as sentences."""
    named = LICENCES.get(licence, "")
    under = f" under the {named} licence" if named else ""
    large = f" and {size(parameters)} parameters" if parameters > 0 else ""
    sentences = [f"{model} has open weights{under}{large}."]
    if gated:
        sentences.append("Its terms have to be accepted before the download.")
    if beside:
        rest = len(beside) - NAMED_BESIDE
        more = f" and {rest} more" if rest > 0 else ""
        sentences.append(f"Published with it: {', '.join(beside[:NAMED_BESIDE])}{more}.")
    return " ".join(sentences)


def spreading_title(lab: str, author: str, model: str, likes: int, days: int) -> str:
    """``The AI model Acme by somebody spreads on Hugging Face: 1,200 likes in 3 days``; ``lab`` where a named one made
    it."""
    whose = _model_of(lab, model) if lab else f"The AI model {model} by {author}"
    within = f"{days} days" if days > 1 else "a day"
    return f"{whose} spreads on Hugging Face: {likes:,} likes in {within}"


def spreading_facts(model: str, licence: str, parameters: float, likes: int, downloads: int, *, gated: bool) -> str:
    """What it is, and how many people like it and took it by now."""
    taken = f" and {downloads:,} downloads" if downloads > 0 else ""
    return (
        f"{published_facts(model, licence, parameters, (), gated=gated)}"
        f" {model} has {likes:,} likes{taken} on Hugging Face."
    )


def offered_title(lab: str, model: str, price: Price) -> str:
    """``OpenAI's AI model GPT-6 is new on OpenRouter at $5 / $20 per million tokens``."""
    return f"{_model_of(lab, model)} is new on OpenRouter at {_pair(price)} per million tokens"


def offered_facts(model: str, price: Price, context: int, rival: Rival | None = None) -> str:
    """The same as sentences, with the most tokens it takes at once where that is known."""
    facts = [_costs(model, price)]
    if rival and (compared := rival_facts(model, price, rival)):
        facts.append(compared)
    if context > 0:
        facts.append(f"{model} takes up to {context:,} tokens at once.")
    return " ".join(facts)


def catalogued_title(lab: str, model: str, price: Price | None, *, open_weights: bool, licence: str = "") -> str:
    """``OpenAI's AI model GPT-6 is new on models.dev at $5 / $20 per million tokens``; ``is new on models.dev with
    open weights (MIT), at …`` where it has them."""
    named = LICENCES.get(licence, "")
    weights = f" with open weights{f' ({named})' if named else ''}" if open_weights else ""
    costs = f" at {_pair(price)} per million tokens" if price else ""
    return f"{_model_of(lab, model)} is new on models.dev{weights}{',' if weights and costs else ''}{costs}"


def catalogued_facts(
    lab: str,
    model: str,
    price: Price | None,
    context: int,
    released_on: date | None,
    *,
    open_weights: bool,
    licence: str = "",
) -> str:
    """The same as sentences, with its lab's own price, and whatever else is known."""
    facts = []
    if open_weights:
        named = LICENCES.get(licence, "")
        facts.append(f"{model} has open weights{f' under the {named} licence' if named else ''}.")
    if price:
        facts.append(_costs(model, price, f"at {lab}"))
    if context > 0:
        facts.append(f"{model} takes up to {context:,} tokens at once.")
    if released_on:
        facts.append(f"The release date of {model} is {released_on.day} {released_on:%B %Y}.")
    return " ".join(facts)


def is_cut(before: Price, price: Price) -> bool:
    """Whether the price fell enough to be told, and no part of it rose."""
    below = less(before, price) >= LEAST_CUT - 1e-9
    return below and price.prompt <= before.prompt and price.completion <= before.completion


def cut_title(lab: str, model: str, before: Price, price: Price, where: str = ROUTER) -> str:
    """``The AI model DeepSeek V4 is 86% cheaper on OpenRouter: $0.14 / $0.28 per million tokens``."""
    return f"{_model_of(lab, model)} is {less(before, price):.0%} cheaper {where}: {_pair(price)} per million tokens"


def cut_facts(
    model: str, before: Price, price: Price, at: datetime, rival: Rival | None = None, where: str = ROUTER
) -> str:
    """The same as sentences. ``at``: when the price before was seen; ``where``: who asks that price."""
    facts = f"{_costs(model, price, where)} On {at.day} {at:%B %Y} it was {_pair(before)} there."
    return f"{facts} {rival_facts(model, price, rival)}".rstrip() if rival else facts


@dataclass(frozen=True, slots=True)
class Rival:
    """A model of another lab, with its price as it was stored before."""

    lab: str
    model: str
    price: Price
    at: datetime
    """Since when it is known to have that price."""


def rival_facts(model: str, price: Price, rival: Rival) -> str:
    """How the price compares with the cheapest of its class, as a sentence; empty unless it is about half or less."""
    share = (rival.price.prompt + rival.price.completion) / (price.prompt + price.completion)
    if share < LEAST_SHARE:
        return ""
    whose = f"{_whose(rival.lab, rival.model)} at {_pair(rival.price)} on {rival.at.day} {rival.at:%B %Y}"
    return f"{model} costs about {_part(round(share))} of the cheapest rival of its class, {whose}."


def _part(number: int) -> str:
    """``half``, ``a third``, ``a twenty-seventh``; ``a hundredth`` is the smallest."""
    if number <= 2:
        return "half"
    tens, ones = divmod(min(number, 100), 10)
    if tens == 10:
        return "a hundredth"
    if tens < 2:
        return f"{'an' if number in (8, 11, 18) else 'a'} {_PARTS[number]}"
    return f"{'an' if tens == 8 else 'a'} {_TENS[tens]}" + (f"y-{_ONES.get(ones, _PARTS[ones])}" if ones else "ieth")


def less(before: Price, price: Price) -> float:
    """By what share the price fell: of input and output together, as much of each."""
    total = before.prompt + before.completion
    return 1 - (price.prompt + price.completion) / total if total > 0 else 0.0


def _model_of(lab: str, model: str) -> str:
    """The model in a headline, which says what it is: a name that nobody knows yet does not."""
    return f"The AI model {model}" if _names(model, lab) else f"{lab}'s AI model {model}"


def _whose(lab: str, model: str) -> str:
    return model if _names(model, lab) else f"{lab}'s {model}"


def _names(model: str, lab: str) -> bool:
    return model.lower().startswith(lab.lower())


def _pair(price: Price) -> str:
    return f"{money(price.prompt)} / {money(price.completion)}"


def _costs(model: str, price: Price, where: str = ROUTER) -> str:
    return (
        f"{model} costs {money(price.prompt)} per million input tokens and {money(price.completion)} per million"
        f" output tokens {where}."
    )
