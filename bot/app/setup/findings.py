"""What a check found, part by part, and what of it is one fact: parts that fail for the same cause are told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.core.errors import Obstacle
from bot.core.text.wording import count, listing
from bot.render.outside import command

FEED, ON_DEMAND, NEWS_SOURCE = "feed", "on demand", "news source"
"""Kinds of which there are several."""
_NAMED = {FEED: "feed", ON_DEMAND: "on-demand source", NEWS_SOURCE: "news source"}
MOST_NAMED = 10
"""Names in one line."""
_ADVICE = {
    Obstacle.NAME: "connect this machine to the network, or correct its name server",
    Obstacle.CONNECTION: "connect this machine to the network, or open its firewall to port 443",
    Obstacle.TIME: "look at this machine's network, which is very slow or drops what is sent",
    Obstacle.PROXY: "correct the proxy in HTTPS_PROXY and HTTP_PROXY, or start it",
    Obstacle.TRUST: "set this machine's clock; install the certificate of a proxy that reads along",
}
_BEHIND_A_PROXY = "; behind a proxy, name it in HTTPS_PROXY"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one part."""

    part: str
    ok: bool
    words: str
    advice: str = ""
    """What to do, if it is not ok."""
    kind: str = ""
    """Of several: what it is one of."""
    obstacle: Obstacle | None = None
    """Why there was no answer at all, if there was none and that is known."""
    online: bool = False
    """It was asked over the network, or would have been."""
    sums_up: bool = False
    """It asked nobody itself."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that are one fact."""

    part: str
    ok: bool
    words: str
    advice: str = ""
    of: str = ""
    """What it concerns, if that is more than ``part`` says."""


def grouped(findings: Sequence[Finding]) -> Iterator[Group]:
    """What was asked over the network: what failed first, each cause once."""
    asked = [each for each in findings if not each.sums_up]
    lost = [each for each in asked if not each.ok and each.obstacle is not None]
    if len(lost) > 1 and len(lost) == len(asked):
        yield _network(lost)
        yield from (alone(each) for each in findings if each.sums_up and each.ok)
        return
    failed = [each for each in findings if not each.ok]
    by_cause: dict[tuple[str, str], list[Finding]] = {}
    for each in failed:
        cause = each.obstacle.value if each.obstacle is not None else each.words
        by_cause.setdefault((each.kind or each.part, cause), []).append(each)
    for (kind, cause), alike in by_cause.items():
        yield alone(alike[0]) if len(alike) == 1 else _together(kind, cause, alike)
    yield from (alone(each) for each in findings if each.ok)


def alone(finding: Finding) -> Group:
    """A finding that is a fact of its own."""
    return Group(finding.part, finding.ok, finding.words, finding.advice)


def _together(kind: str, cause: str, alike: Sequence[Finding]) -> Group:
    """Several of one kind that fail for the same cause."""
    names = listing([each.part.removeprefix(f"{kind} ") for each in alike], MOST_NAMED)
    first = alike[0].advice
    return Group(count(len(alike), _NAMED.get(kind, kind)), False, cause, f"{first} (the first of them)", names)


def _network(lost: Sequence[Finding]) -> Group:
    """Nothing answered."""
    causes = Counter(each.obstacle for each in lost if each.obstacle is not None)
    if Obstacle.PROXY in causes:  # what could not be connected to was the proxy
        causes[Obstacle.PROXY] += causes.pop(Obstacle.CONNECTION, 0)
    main = causes.most_common(1)[0][0]
    kinds = Counter(each.kind or each.part for each in lost)
    of = [count(number, _NAMED[kind]) if kind in _NAMED else kind for kind, number in kinds.items()]
    behind = "" if main is Obstacle.PROXY else _BEHIND_A_PROXY
    offline = command("check", "--offline")
    return Group(
        "network",
        False,
        f"nothing answers: {main.value}" + ("" if len(causes) == 1 else ", and other causes"),
        f"{_ADVICE[main]}{behind}; {offline} checks the rest",
        listing(of, MOST_NAMED),
    )
