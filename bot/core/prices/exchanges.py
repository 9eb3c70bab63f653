"""Which exchange a symbol trades on: Yahoo's exchange codes and symbol suffixes as ISO 10383 market identifier codes;
and when stocks trade outside their exchange's regular hours.

Sources: Yahoo's published list of exchanges and suffixes, and the ``exchange`` field of its quotes. Hours outside the
regular ones: each venue's own statements, named beside them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from bot.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Listing:
    """What a price source says about a symbol that ``companies.yaml`` does not have."""

    symbol: str
    name: str
    """The company's name; the symbol where the source has none."""
    exchange: str
    """ISO 10383 code; empty where the source's exchange is unknown to us."""
    currency: str = ""


_EXCHANGES = """
    # United States
    XNAS: NMS NGM NCM NAS NIM
    XNYS: NYQ NYS SNP DJI CXI
    XASE: ASE
    ARCX: PCX
    BATS: BTS
    OOTC: PNK OQB OQX OEM OGM OID
    # Europe
    XLON: LSE IOB FGI / L IL
    XPAR: PAR / PA
    XAMS: AMS / AS
    XBRU: BRU / BR
    XLIS: LIS / LS
    XMIL: MIL / MI
    XDUB: ISE / IR
    XETR: GER / DE
    XFRA: FRA / F
    XSTU: STU / SG
    XHAM: HAM / HM
    XHAN: HAN / HA
    XDUS: DUS / DU
    XBER: BER / BE
    XMUN: MUN / MU
    XSWX: EBS / SW
    XWBO: VIE / VI
    XMAD: MCE / MC
    XCSE: CPH / CO
    XSTO: STO / ST
    XHEL: HEL / HE
    XOSL: OSL / OL
    XICE: ICE / IC
    ASEX: ATH / AT
    XWAR: WSE / WA
    XPRA: PRA / PR
    XBUD: BUD / BD
    XIST: IST / IS
    # Asia and the Pacific
    XTKS: JPX TYO OSA / T
    XHKG: HKG / HK
    XSHG: SHH / SS
    XSHE: SHZ / SZ
    XTAI: TAI / TW
    ROCO: TWO / TWO
    XKRX: KSC / KS
    XKOS: KOE / KQ
    XSES: SES / SI
    XNSE: NSI / NS
    XBOM: BSE / BO
    XIDX: JKT / JK
    XKLS: KLS / KL
    XBKK: SET / BK
    XPHS: PHS / PS
    XASX: ASX / AX
    XNZE: NZE / NZ
    # elsewhere
    XTSE: TOR / TO
    XTSX: VAN / V
    XCNQ: CNQ / CN
    NEOE: NEO / NE
    BVMF: SAO / SA
    XMEX: MEX / MX
    XBUE: BUE / BA
    XSGO: SGO / SN
    XTAE: TLV / TA
    XSAU: SAU / SR
    XJSE: JNB / JO
    # futures
    XCME: CME
"""
"""By market identifier code: Yahoo's codes for it and, after the slash, the suffixes of its symbols."""


def _table(part: int) -> dict[str, str]:
    rows = (row.partition(":") for row in _EXCHANGES.split("\n") if ":" in row)
    return {word: exchange.strip() for exchange, _, words in rows for word in [*words.split("/"), ""][part].split()}


BY_CODE = _table(0)
"""Yahoo's exchange code to market identifier code."""
BY_SUFFIX = _table(1)
"""The part of a Yahoo symbol after its last dot to market identifier code."""
HOME = "XNYS"
"""The exchange of a symbol that nothing says anything about."""


@dataclass(frozen=True, slots=True)
class Night:
    """A venue's trading at night, in the time zone of the exchanges. It belongs to the date on which it ends: from
    Sunday evening to Friday morning, and none before a date on which the exchanges do not trade."""

    venue: str
    begins: time
    """On the evening before."""
    ends: time
    since: date | None
    """The first session date with such a night, or the first for which we say so; ``None``: announced, no date yet."""


@dataclass(frozen=True, slots=True)
class OutsideHours:
    """When the stocks of some exchanges trade before and after the regular hours; a stock trades on every venue, so the
    hours are those of all venues together."""

    exchanges: frozenset[str]
    zone: str
    pre_begins: time
    post_ends: time
    """After an early close, as much earlier as the close."""
    nights: tuple[Night, ...] = ()

    def night(self, day: date) -> tuple[time, time] | None:
        """Begin, on the evening before, and end of the night that belongs to ``day``; ``None`` without one."""
        known = [n for n in self.nights if n.since is not None and n.since <= day]
        return (min(n.begins for n in known), max(n.ends for n in known)) if known else None


OUTSIDE_HOURS: Final[Sequence[OutsideHours]] = (
    OutsideHours(
        frozenset({"XNYS", "XNAS", "XASE", "ARCX", "BATS", "IEXG"}),
        "America/New_York",
        pre_begins=time(4, 0),
        post_ends=time(20, 0),
        nights=(
            # Opened in 2021, with hardly a trade at first; "the trade's session date is the date on which the session
            # closes", and it follows the calendar of the NYSE. Its prices are those Yahoo shows ("BOATS Real Time").
            Night("Blue Ocean ATS", time(20, 0), time(4, 0), since=date(2022, 1, 3)),
            # SR-NASDAQ-2025-109, Federal Register 91 FR 1350: 23 hours on five days, once clearing and the
            # consolidated tape are open; trades from 21:00 to midnight are the next day's.
            Night("Nasdaq", time(21, 0), time(4, 0), since=None),
            # NYSE Arca's 22 hours (01:30 to 23:30), approved and awaiting the same, lie within these.
        ),
    ),
)
"""All hours outside regular ones that are known, in one place, because they are changing. A venue that opens is a line
here, or a date in one."""


def outside_hours(exchange: str) -> OutsideHours | None:
    """The hours outside the regular ones of an exchange (ISO 10383 code); ``None`` where none are known."""
    return next((hours for hours in OUTSIDE_HOURS if exchange in hours.exchanges), None)


_SHARE_CLASS = re.compile(r"([A-Z]{1,5})[./]([A-Z])")


INDEX_FUTURES = frozenset({"ES=F", "NQ=F"})
"""Futures on the S&P 500 and the Nasdaq 100, which stand for the market while New York sleeps."""


def exchange_of(yahoo_exchange_code: str, symbol: str = "") -> str:
    """The market identifier code of ``symbol``, which Yahoo lists under ``yahoo_exchange_code``.

    The code decides; where it is empty or unknown, the symbol's suffix (``SU.PA`` is Paris); without either, New York.
    Raises UsageError for an unknown code without a known suffix, such as a currency pair or a coin.
    """
    code = yahoo_exchange_code.strip().upper()
    if code in BY_CODE:
        return BY_CODE[code]
    _, dot, suffix = symbol.strip().upper().rpartition(".")
    if dot and suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    if not code and symbol.upper() in INDEX_FUTURES:
        return "XCME"
    if not code and not dot and not symbol.endswith(("=X", "=F")) and "-USD" not in symbol:
        return HOME
    if not code and (share := _SHARE_CLASS.fullmatch(symbol.strip().upper())):
        raise UsageError(
            f"{symbol}: no exchange has the suffix .{share[2]}; for a class of shares write {share[1]}-{share[2]}"
        )
    raise UsageError(
        f"{symbol or 'a symbol'}: no exchange known for Yahoo's code {yahoo_exchange_code!r}; "
        "give the symbol an exchange (an ISO 10383 code such as XNYS or XLON) in rules/companies.yaml"
    )
