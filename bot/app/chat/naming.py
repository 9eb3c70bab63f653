"""What a word typed in a chat names: a stock, or everything."""

from __future__ import annotations

from collections.abc import Collection

EVERYTHING = ("all", "everything")


def named_symbol(word: str, symbols: Collection[str]) -> str | None:
    """The one of ``symbols`` that ``word`` names, in any case and with or without a cashtag's ``$``.

    A word for everything names a stock only as people write its symbol: ``ALL`` or ``$all``, not ``all``.
    """
    name = word.removeprefix("$")
    if word.casefold() in EVERYTHING and word not in symbols:
        return None
    return next((symbol for symbol in symbols if symbol.casefold() == name.casefold()), None)


def means_everything(word: str, symbols: Collection[str]) -> bool:
    """Whether ``word`` stands for everything, rather than for one of ``symbols``."""
    return word.casefold() in EVERYTHING and named_symbol(word, symbols) is None
