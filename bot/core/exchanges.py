"""Which exchange a symbol trades on: the vendor's codes and suffixes as ISO 10383 market identifier codes.

Sources: Yahoo's published list of exchanges and suffixes, and the ``exchange`` field its quotes carry; the codes
themselves are ISO 10383. Pure tables: what hours an exchange keeps is the calendar's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Listing:
    """What a vendor says of a symbol that ``companies.yaml`` does not know."""

    symbol: str
    name: str
    """The company's name; the symbol where the vendor has none."""
    exchange: str
    """ISO 10383 code; empty where the vendor's exchange is one nobody here knows."""
    currency: str = ""


BY_CODE = {
    # United States
    "NMS": "XNAS",
    "NGM": "XNAS",
    "NCM": "XNAS",
    "NAS": "XNAS",
    "NIM": "XNAS",
    "NYQ": "XNYS",
    "NYS": "XNYS",
    "SNP": "XNYS",
    "DJI": "XNYS",
    "CXI": "XNYS",
    "ASE": "XASE",
    "PCX": "ARCX",
    "BTS": "BATS",
    "PNK": "OOTC",
    "OQB": "OOTC",
    "OQX": "OOTC",
    "OEM": "OOTC",
    "OGM": "OOTC",
    "OID": "OOTC",
    # Europe
    "LSE": "XLON",
    "IOB": "XLON",
    "FGI": "XLON",
    "PAR": "XPAR",
    "AMS": "XAMS",
    "BRU": "XBRU",
    "LIS": "XLIS",
    "MIL": "XMIL",
    "ISE": "XDUB",
    "GER": "XETR",
    "FRA": "XFRA",
    "STU": "XSTU",
    "HAM": "XHAM",
    "HAN": "XHAN",
    "DUS": "XDUS",
    "BER": "XBER",
    "MUN": "XMUN",
    "EBS": "XSWX",
    "VIE": "XWBO",
    "MCE": "XMAD",
    "CPH": "XCSE",
    "STO": "XSTO",
    "HEL": "XHEL",
    "OSL": "XOSL",
    "ICE": "XICE",
    "ATH": "ASEX",
    "WSE": "XWAR",
    "PRA": "XPRA",
    "BUD": "XBUD",
    "IST": "XIST",
    # Asia and the Pacific
    "JPX": "XTKS",
    "TYO": "XTKS",
    "OSA": "XTKS",
    "HKG": "XHKG",
    "SHH": "XSHG",
    "SHZ": "XSHE",
    "TAI": "XTAI",
    "TWO": "ROCO",
    "KSC": "XKRX",
    "KOE": "XKOS",
    "SES": "XSES",
    "NSI": "XNSE",
    "BSE": "XBOM",
    "JKT": "XIDX",
    "KLS": "XKLS",
    "SET": "XBKK",
    "PHS": "XPHS",
    "ASX": "XASX",
    "NZE": "XNZE",
    # elsewhere
    "TOR": "XTSE",
    "VAN": "XTSX",
    "CNQ": "XCNQ",
    "NEO": "NEOE",
    "SAO": "BVMF",
    "MEX": "XMEX",
    "BUE": "XBUE",
    "SGO": "XSGO",
    "TLV": "XTAE",
    "SAU": "XSAU",
    "JNB": "XJSE",
}
"""Yahoo's exchange code to market identifier code."""

BY_SUFFIX = {
    "L": "XLON",
    "IL": "XLON",
    "PA": "XPAR",
    "AS": "XAMS",
    "BR": "XBRU",
    "LS": "XLIS",
    "MI": "XMIL",
    "IR": "XDUB",
    "DE": "XETR",
    "F": "XFRA",
    "SG": "XSTU",
    "HM": "XHAM",
    "HA": "XHAN",
    "DU": "XDUS",
    "BE": "XBER",
    "MU": "XMUN",
    "SW": "XSWX",
    "VI": "XWBO",
    "MC": "XMAD",
    "CO": "XCSE",
    "ST": "XSTO",
    "HE": "XHEL",
    "OL": "XOSL",
    "IC": "XICE",
    "AT": "ASEX",
    "WA": "XWAR",
    "PR": "XPRA",
    "BD": "XBUD",
    "IS": "XIST",
    "T": "XTKS",
    "HK": "XHKG",
    "SS": "XSHG",
    "SZ": "XSHE",
    "TW": "XTAI",
    "TWO": "ROCO",
    "KS": "XKRX",
    "KQ": "XKOS",
    "SI": "XSES",
    "NS": "XNSE",
    "BO": "XBOM",
    "JK": "XIDX",
    "KL": "XKLS",
    "BK": "XBKK",
    "PS": "XPHS",
    "AX": "XASX",
    "NZ": "XNZE",
    "TO": "XTSE",
    "V": "XTSX",
    "CN": "XCNQ",
    "NE": "NEOE",
    "SA": "BVMF",
    "MX": "XMEX",
    "BA": "XBUE",
    "SN": "XSGO",
    "TA": "XTAE",
    "SR": "XSAU",
    "JO": "XJSE",
}
"""The part of a Yahoo symbol after its last dot to market identifier code."""


def exchange_of(yahoo_exchange_code: str, symbol: str = "") -> str:
    """The market identifier code of ``symbol``, which Yahoo lists under ``yahoo_exchange_code``.

    The code decides; where it is empty or unknown, the symbol's suffix does (``SU.PA`` is Paris), and a bare symbol
    without a code is taken for New York. Raises UsageError where neither tells: a code nobody here knows on a symbol
    without a known suffix, such as a currency pair or a coin.
    """
    code = yahoo_exchange_code.strip().upper()
    if code in BY_CODE:
        return BY_CODE[code]
    _, dot, suffix = symbol.strip().upper().rpartition(".")
    if dot and suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    if not code and not dot and not symbol.endswith(("=X", "=F")) and "-USD" not in symbol:
        return "XNYS"
    raise UsageError(
        f"{symbol or 'a symbol'}: no exchange known for Yahoo's code {yahoo_exchange_code!r}; "
        "give the symbol an exchange (an ISO 10383 code such as XNYS or XLON) in rules/companies.yaml"
    )
