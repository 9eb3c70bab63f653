"""Corrected causes: the message that announces one, and how an edited message shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.core.incidents.bonds import same_kind
from bot.core.messages.blocks.frame import framed
from bot.core.messages.blocks.titles import titled
from bot.core.model import Alert, Block, BlockKind, CauseRef, Claim, Line, Strong, Summary
from bot.core.text.wording import confidence_words, count, listing, possessive, quotation, shortened, verbatim, when

NAMED = 6


def correction(alerts: Sequence[Alert], company: Callable[[str], str], topic: Callable[[str], str]) -> Summary:
    """The message that announces a corrected cause. ``alerts`` are those corrected, the lead's first; ``company`` names
    a symbol's company, ``topic`` puts a topic into words."""
    first = alerts[0]
    cause, before = first.cause, first.corrected_from
    assert cause is not None
    assert before is not None
    others = list(dict.fromkeys(a.symbol for a in alerts if a.symbol != first.symbol))
    whose = possessive(company(first.symbol)) + (f" and {count(len(others), 'other')}’s" if others else "")
    headline = f"Correction: {whose} fall is most likely {topic(cause.topic)}, not {_as_told(before, topic)}"
    lines: list[Line] = [(Strong("Now: "), *_story(cause)), (Strong("First reported: "), *_story(before))]
    if others:
        lines.append((f"The same goes for {listing(others, NAMED)}.",))
    lines.append(("The message above has been corrected.",))
    return framed(headline, [Block("why", BlockKind.LINKS, 90, "", tuple(lines))])


def corrected(lead: Alert, topic: Callable[[str], str]) -> Line:
    """The sentence on what was corrected, for an edited message and the digest; empty where nothing was."""
    before = lead.corrected_from
    if before is None or lead.corrected_at is None:
        return ()
    return ("Corrected ", when(lead.corrected_at), f": first reported as {_as_told(before, topic)}.")


def replaced(lead: Alert, alerts: Sequence[Alert]) -> str:
    """The sentence on a stronger cause that took the place of the one first told of the lead's stock, by whichever of
    its ``alerts``; empty where none did."""
    cause = lead.told_cause
    first = (a.corrected_from for a in alerts if a.symbol == lead.symbol and a.corrected_at is None)
    before = next((c for c in first if c is not None), None)
    if cause is None or before is None or cause.cluster == before.cluster or before.claim is Claim.COINCIDENT:
        return ""
    told = "as first thought possible" if before.claim is Claim.POSSIBLE else "as first told"
    return f"Likely cause is now {_quoted(cause)}, not {_quoted(before)}, {told}."


def set_apart(alerts: Sequence[Alert], lead: Alert, ai_causes: frozenset[str]) -> dict[str, CauseRef]:
    """Symbols whose fall has another kind of cause than the lead's, with that cause; all with one where the lead has
    none."""
    if lead.corrected_at is not None:
        return {}
    told = next((c for a in (lead, *alerts) if a.symbol == lead.symbol and (c := a.told_cause)), None)
    others = [(a, c) for a in alerts if (c := a.told_cause) and a.symbol != lead.symbol]
    alike = [a for a, cause in others if told and same_kind(cause.topic, told.topic, ai_causes)]
    same = {a.symbol for a in alike if a.corrected_at is None}
    return {a.symbol: cause for a, cause in others if a.symbol not in same}


def apart_line(
    apart: dict[str, CauseRef], topic: Callable[[str], str], label: Callable[[str], str] = str
) -> list[Line]:
    """The line of stocks that fell for a reason of their own; empty where none did. ``label``: how a symbol is
    shown."""
    named = [f"{label(symbol)} ({topic(cause.topic)})" for symbol, cause in sorted(apart.items())]
    why = "a reason of its own" if len(named) == 1 else "reasons of their own"
    return [(f"Fell for {why}: {listing(named, NAMED)}.",)] if named else []


def _as_told(cause: CauseRef, topic: Callable[[str], str]) -> str:
    """A cause as messages told it: its topic, or only its story where it was no more than possible."""
    return _quoted(cause) if cause.claim is Claim.POSSIBLE else topic(cause.topic)


def _quoted(cause: CauseRef) -> str:
    return f"{quotation(shortened(cause.title))} ({verbatim(cause.source)})"


def _story(cause: CauseRef) -> Line:
    confidence = f"; confidence {confidence_words(cause.confidence)}" if cause.confidence is not None else ""
    seen_at = when(cause.published_at or cause.seen_at)
    return (*titled(cause.title, cause.link), f" — {verbatim(cause.source)}, ", seen_at, f"{confidence}.")
