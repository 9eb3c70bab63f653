"""Numbers and times in words, the same everywhere: percentages, prices, dates, ages, references, lists.

A time of day in a message is a ``Moment``, never part of a string: only so can readers see it in their own zone.
Numbers of our own are written in one form, which ``bot.render.numbers`` changes into the reader's; what others have
named or written is ``verbatim``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.core.model import STATED_FROM, Claim, Inline, Line, Moment, Phase, Reference
from bot.core.text.characters import ISOLATE, POP_ISOLATE

MINUS = "−"
PHASE_WORDS = {
    Phase.OVERNIGHT: "overnight, thin trading",
    Phase.PRE: "pre-market",
    Phase.REGULAR: "regular trading",
    Phase.POST: "after hours",
    Phase.CLOSED: "after the close",
}


def percent(fraction: float, digits: int = 1) -> str:
    """``−11.7 %`` with a typographic minus and always a sign."""
    shown = f"{abs(fraction) * 100:.{digits}f}"
    sign = "+" if fraction > 0 else MINUS if fraction < 0 else ""
    return f"{sign}{shown} %" if float(shown) else f"{shown} %"


def unsigned_percent(fraction: float) -> str:
    """``11.7 %``, beside a verb that says the direction."""
    return f"{abs(fraction) * 100:.1f} %"


CURRENCY_SIGNS = {
    **{"JPY": "¥", "EUR": "€", "GBP": "£", "KRW": "₩", "INR": "₹", "CNY": "CN¥"},
    **{"HKD": "HK$", "TWD": "NT$", "CAD": "C$", "AUD": "A$", "SGD": "S$"},
}
"""What stands before a price in these currencies. One in another has the currency's code behind it, one in dollars
nothing."""
WHOLE = frozenset({"JPY", "KRW"})
"""Currencies without a smaller unit: prices have decimals only where the exchange uses them."""


def price(value: float, currency: str = "") -> str:
    """``128.20``, with thousands separators; four decimals below 1, four significant digits below a cent. With a
    ``currency``, an ISO 4217 code or GBp for pence, ``¥7,108``, ``€639.70``, ``2,214.00p`` or ``451.20 SEK``."""
    if 0 < abs(value) < 0.01:
        level = f"{value:.{min(3 - math.floor(math.log10(abs(value))), 12)}f}"
    elif abs(value) < 1:
        level = f"{value:,.4f}"
    else:
        level = f"{value:,.{0 if float(value).is_integer() else 1}f}" if currency in WHOLE else f"{value:,.2f}"
    if currency in ("", "USD"):
        return level
    if currency == "GBp":
        return f"{level}p"
    sign = CURRENCY_SIGNS.get(currency)
    return f"{sign}{level}" if sign else f"{level} {currency}"


def day(when: date) -> str:
    """``27 Jan 2025``."""
    return f"{when.day} {when:%b %Y}"


def short_day(when: date) -> str:
    """``Mon 27 Jan``."""
    return f"{when:%a} {when.day} {when:%b}"


def clock_words(at: datetime) -> str:
    """``10:00 UTC``, for pictures, which say their zone; in messages it is ``clock``."""
    return f"{at:%H:%M} UTC"


def moment_words(at: datetime, zone: tzinfo = UTC) -> str:
    """``27 Jan 10:00 UTC``, ``27 Jan 11:00 CET``; zones without letters of their own as ``UTC+04``. In messages it is
    ``when``."""
    local = at.astimezone(zone)
    letters = f"{local:%Z}"
    return f"{local.day} {local:%b} {local:%H:%M} {letters if letters[:1].isalpha() else f'UTC{letters}'}"


def clock(at: datetime) -> Moment:
    """``10:00 UTC``, beside what says the day; the reader sees it in the reader's zone where that is possible."""
    return Moment(at, clock_words(at))


def when(at: datetime) -> Moment:
    """``27 Jan 10:00 UTC``, which the reader sees in the reader's zone where that is possible."""
    return Moment(at, moment_words(at))


def there(at: datetime, zone: tzinfo) -> str:
    """`` (09:30 in New York)``: the time at an exchange, beside that of the reader; empty where its zone is unknown."""
    city = str(zone).rpartition("/")[2].replace("_", " ")
    return f" ({at.astimezone(zone):%H:%M} in {city})" if zone is not UTC else ""


def age(span: timedelta) -> str:
    """``40 min``, ``3 h``, ``2 days``: one unit, rounded down; ``less than a minute`` below that."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return "less than a minute"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 86400} days"


OLD = timedelta(minutes=30)
"""A price older than this is told with its age."""


DELAYED = timedelta(minutes=10)
"""A price told by itself is told with its age from here on: those of some exchanges come 15 or 20 minutes late."""


def aged(span: timedelta, since: timedelta = OLD) -> str:
    """``2 h old`` where a price is old; else empty."""
    return f"{age(span)} old" if span > since else ""


def against(reference: Reference, at: datetime, currency: str = "") -> Line:
    """``against 142.62, the close of Fri 24 Jan``; ``Friday's close`` would be ambiguous after a week. ``at``: when the
    price was that is compared."""
    level = price(reference.price, currency)
    if reference.kind == "previous close":
        return (f"against {level}, the close of {short_day(reference.session)}",)
    if reference.kind.endswith((" session", " sessions")) and reference.kind[:1].isdigit():
        return (f"against {level}, the close of {short_day(reference.session)}",)
    named = _kind_words(reference, at)
    return (f"against {level} ({named}, ", when(reference.at), ")")


def _kind_words(reference: Reference, at: datetime) -> str:
    """What a reference is. One a time ago is as old as it is: the last price before that time may be a good deal older,
    and a later message compares later prices with it."""
    if reference.kind == "story":
        return "the price before the story"
    return f"{age(at - reference.at)} before" if _ago(reference) else reference.kind


def _ago(reference: Reference) -> bool:
    """Whether a reference is the price a time ago, as ``30m``, and no session's or lookback's."""
    return " " not in reference.kind and reference.kind[:1].isdigit()


def since_words(reference: Reference, at: datetime) -> str:
    """What a change is measured from, beside it: nothing for the previous close, else `` since the open``. ``at``: when
    the price was."""
    kind = reference.kind
    if kind == "previous close":
        return ""
    if kind == "open":
        return " since the open"
    if kind == "story":
        return " since the first story"
    if kind.startswith(("high", "low")):
        return f" from the {kind.split(' ', 1)[0]} of {short_day(reference.session)}"
    return f" in {age(at - reference.at) if _ago(reference) else kind}"


def span_words(start: datetime | None, end: datetime | None) -> Line:
    """When something was: `` at 10:32 UTC``, `` between 10:00 and 11:00 UTC``; empty where that is not known."""
    if start is None or end is None:
        return ()
    if start == end:
        return (" at ", clock(end))
    if start.date() != end.date():
        return (" between ", when(start), " and ", when(end))
    return (" between ", Moment(start, f"{start:%H:%M}"), " and ", clock(end))


def confidence_words(confidence: float) -> str:
    """``very likely`` from 0.9, ``likely`` from 0.75, ``probably`` from what may be stated, else ``possibly``."""
    steps = ((0.9, "very likely"), (0.75, "likely"), (STATED_FROM, "probably"))
    return next((words for least, words in steps if confidence >= least), "possibly")


AT_THE_SAME_TIME = timedelta(hours=12)
"""News and a move no further apart are of the same time: of one day, or of a night and its morning."""


def beside_words(ahead: timedelta) -> str:
    """When news came that stands beside a move, ``ahead`` of it: ``at the same time``, ``3 days before``."""
    if abs(ahead) <= AT_THE_SAME_TIME:
        return "at the same time"
    return f"{age(abs(ahead))} {'before' if ahead > timedelta(0) else 'later'}"


CAUSE_HEADINGS = {
    Claim.STATED: "Likely cause",
    Claim.POSSIBLE: "Possible cause",
    Claim.COINCIDENT: "News at the same time",
}
"""What stands above a cause, by what may be said of it."""


def hedged(title: str, confidence: float | None) -> str:
    """A story's title where a list gives causes: ``possibly: …`` for one that is no more than that."""
    return f"possibly: {title}" if Claim.of(confidence) is Claim.POSSIBLE else title


def possessive(name: str) -> str:
    """``Nvidia’s``, ``Thomson Reuters’``."""
    return f"{name}{'’' if bare(name).endswith('s') else '’s'}"


LEVELS = ("price below ", "price above ")
"""How conditions on a price's level begin."""


def condition_words(condition: str, limit: float | None, currency: str) -> str:
    """A rule's condition as messages have it: ``price change < −10 %``, ``price below ¥8,000``. ``limit``: the number
    it compares with; ``currency``: that of the stock's prices."""
    if limit is not None and condition.startswith(LEVELS):
        return f"{' '.join(condition.split()[:2])} {price(limit, currency)}"
    return typeset(condition)


def typeset(text: str) -> str:
    """What a rule asks or measures, with signs and percentages as in other messages."""
    return re.sub(r"(?<=\d)%", " %", re.sub(r"(?<![\w.-])-(?=\d)", MINUS, text))


def count(number: int, one: str, many: str = "") -> str:
    """``1 source``, ``3 sources``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listing(words: list[str], limit: int = 6) -> str:
    """``A, B and C``; past ``limit``, ``A, B and 12 more``."""
    if len(words) > limit:
        return f"{', '.join(words[: limit - 1])} and {len(words) - limit + 1} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1] if words else ""]))


def listed(parts: Sequence[Line], limit: int = 6) -> Line:
    """The same of pieces of lines."""
    shown = parts[: limit - 1] if len(parts) > limit else parts
    words: list[Line] = []
    for number, part in enumerate(shown):
        last = number == len(parts) - 1
        words.append(part if not number else (" and ", *part) if last else (", ", *part))
    more: Line = (f" and {len(parts) - len(shown)} more",) if len(parts) > len(shown) else ()
    return joined(*words, more)


def joined(*parts: Line) -> Line:
    """One line of pieces, neighbouring strings as one."""
    whole: list[Inline] = []
    for inline in (inline for part in parts for inline in part):
        if isinstance(inline, str) and whole and isinstance(whole[-1], str):
            whole[-1] += inline
        else:
            whole.append(inline)
    return tuple(whole)


def words_of(line: Line) -> str:
    """A line as a string, without its links and emphasis."""
    return "".join(inline if isinstance(inline, str) else inline.text for inline in line)


_LIKE_A_NUMBER = re.compile(r"\d[.,]\d")
VERBATIM = re.compile(f"{ISOLATE}[^{POP_ISOLATE}]*(?:{POP_ISOLATE}|$)")
"""Where a text has words that are not ours."""


def verbatim(words: str) -> str:
    """A name as its owner writes it, in our text: a number in it is no number of ours, and stays as it is in whatever
    form a reader has numbers. ``Top 1.5 % picks`` is one; names without such numbers stay unmarked."""
    return f"{ISOLATE}{bare(words)}{POP_ISOLATE}" if _LIKE_A_NUMBER.search(words) else words


def quotation(words: str) -> str:
    """``words`` in quotation marks, as they were written."""
    return verbatim(f"“{words}”")


def bare(text: str) -> str:
    """``text`` without the marks of ``verbatim``."""
    return text.replace(ISOLATE, "").replace(POP_ISOLATE, "")


LONGEST_TITLE = 160


def shortened(text: str, most: int = LONGEST_TITLE) -> str:
    """``text`` with single spaces, cut between words if it is longer than ``most`` characters."""
    whole = " ".join(text.split())
    if len(whole) <= most:
        return whole
    head = whole[: most - 1]
    return f"{head.rsplit(' ', 1)[0] if ' ' in head[most // 2 :] else head}…"
