"""Which exchange a symbol trades on: Yahoo's exchange codes and symbol suffixes as ISO 10383 market identifier codes.

Sources: Yahoo's published list of exchanges and suffixes, and the ``exchange`` field of its quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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

_SHARE_CLASS = re.compile(r"([A-Z]{1,5})[./]([A-Z])")


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
