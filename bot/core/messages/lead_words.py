"""The words a lead may use that are not in the blocks: those of an ordinary market note."""

from __future__ import annotations

_UP_WORDS = """
    rise rises rose risen rising gain gains gained gaining climb climbs climbed climbing jump jumps jumped jumping up
    higher surge surges surged surging soar soars soared soaring rally rallies rallied rallying rebound rebounds
    rebounded rebounding recover recovers recovered recovering recovery advance advances advanced advancing increase
    increases increased
    """
UP = frozenset(_UP_WORDS.split())
_DOWN_WORDS = """
    fall falls fell fallen falling drop drops dropped dropping decline declines declined declining lose loses lost
    losing loss losses slide slides slid sliding down lower tumble tumbles tumbled tumbling plunge plunges plunged
    plunging sink sinks sank sunk sinking slump slumps slumped slumping shed sheds shedding decrease decreases
    decreased crash crashes crashed plummet plummets plummeted dip dips dipped retreat retreats retreated
    """
DOWN = frozenset(_DOWN_WORDS.split())
_PLAIN_WORDS = """
    a about across after afterwards again against alongside also although amid among an and are as at back
    been before began behind being beside between but by came centre close come companies company compared day
    days during earlier early elsewhere exchange exchanges followed following follows for
    from further group groups had has have held in including industry into involving is it its itself known
    later latest led level levels made maker makers market markets meanwhile minutes model models morning move moved
    moves much names new news now of off on open or other others out part previous price
    prices published release released releases report reported reports sector sectors session sessions share
    shares since so sources stand standing stands started still stock stocks stories story such than that the their
    them then there these they this those through time to together too trade traded trades trading until versus
    was were what when where which while who whose with within work year
    """
PLAIN = frozenset(_PLAIN_WORDS.split())
"""Function words and common market terms; none of quantity, reason or future, and none of phases (regular, pre-market,
hours, opened, closed), which must come from the blocks."""

EXTREMES = frozenset(("lowest", "highest"))
""""Since" is allowed only with one of these: a price is the lowest since a date, but did not fall since then."""

_ADVICE_WORDS = """
    buy buys buying bought buyer buyers sell sells selling sold seller should must shall ought recommend recommends
    recommended recommendation recommendations invest invests invested investing investment investments target targets
    targeted will would could may might can cannot expect expects expected expecting forecast forecasts predict
    predicts predicted prediction outlook poised going likelihood opportunity opportunities cheap undervalued
    overvalued bargain bullish bearish hold holds holding short overweight underweight outperform upgrade downgrade
    tomorrow soon next future advise advises advice consider avoid rating click visit subscribe
    """
ADVICE = frozenset(_ADVICE_WORDS.split())
"""Words of advice and prediction: never allowed, even where a block has them."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

CALENDAR = {
    **{name: name[:3] for name in (*MONTHS, *MONTH_NAMES)},
    "sept": "sep",
    **{name: name[:3] for name in (*DAYS, *DAY_NAMES)},
}
"""The short form of every spelling of a month or weekday."""

_UNIT_WORDS = """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen
"""
_TEN_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_UNITS, _TENS = _UNIT_WORDS.split(), _TEN_WORDS.split()
NUMBER_WORDS = {
    **{word: number for number, word in enumerate(_UNITS, 2)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
    **{
        f"{tens}-{unit}": 10 * number + one
        for number, tens in enumerate(_TENS, 2)
        for one, unit in enumerate(("one", *_UNITS[:8]), 1)
    },
}
"""Other words for numbers (``half``, ``third``, ``dozen``, ``million``) must be in the blocks as they are."""
