"""The emulated Yahoo for people: quotes that wander, and a prompt to make them fall. See ``yahoo.py``."""

from __future__ import annotations

import random
import sys
import threading
from datetime import timedelta

from tests.servers.yahoo import YahooServer
from tests.servers.yahoo_market import utc_now

SYMBOLS = {
    "NVDA": 142.62, "AMD": 122.84, "AVGO": 244.70, "MU": 103.19, "TSM": 221.88, "VRT": 145.97, "VST": 191.15,
    "CEG": 347.44, "MSFT": 444.06, "META": 647.49, "GOOGL": 200.21, "ORCL": 183.60, "TRI": 168.70, "IBM": 224.80,
    "SPY": 607.97, "QQQ": 529.63, "SMH": 256.45, "IGV": 101.50, "VOD.L": 67.58, "SU.PA": 263.10, "6857.T": 9972.0,
    "0700.HK": 391.20,
}  # fmt: skip
TICK = 5.0


def main() -> None:
    """Serve until the input ends or Ctrl-C."""
    with YahooServer() as yahoo:
        prices = dict(SYMBOLS)
        start(yahoo, prices)
        print("# in another terminal, before starting the bot:")
        for name, value in yahoo.environment().items():
            print(f"export {name}={value}")
        print("# then here: NVDA -17%   or   NVDA 118.42   (an empty line shows all)", flush=True)
        ended = threading.Event()
        threading.Thread(target=wander, args=(yahoo, prices, ended), daemon=True).start()
        try:
            for line in sys.stdin:
                command(yahoo, prices, line.split())
        except KeyboardInterrupt:
            pass
        ended.set()


def start(yahoo: YahooServer, prices: dict[str, float]) -> None:
    """Two years of flat history up to yesterday, and a first quote."""
    now = utc_now()
    days = [now.date() - timedelta(days=back) for back in range(730, 0, -1)]
    for symbol, price in prices.items():
        yahoo.set_history(symbol, [(day, price) for day in days if day.weekday() < 5])
        yahoo.set_quote(symbol, price, now, previous_close=price, volume=0)


def wander(yahoo: YahooServer, prices: dict[str, float], ended: threading.Event) -> None:
    """A trade of every symbol every few seconds, a few hundredths of a per cent away from the last."""
    while not ended.wait(TICK):
        for symbol in prices:
            prices[symbol] = round(prices[symbol] * random.gauss(1, 0.0003), 2)
            yahoo.set_quote(symbol, prices[symbol], utc_now())


def command(yahoo: YahooServer, prices: dict[str, float], words: list[str]) -> None:
    """``SYMBOL -17%`` moves from the previous close, ``SYMBOL 118.42`` sets; nothing at all lists."""
    if not words:
        for symbol, price in prices.items():
            print(f"{symbol:8} {price:10.2f}")
        return
    try:
        symbol, amount = words[0].upper(), words[1]
        base = yahoo.market.instrument(symbol).previous_close or prices.get(symbol, 100.0)
        price = round(base * (1 + float(amount[:-1]) / 100), 2) if amount.endswith("%") else float(amount)
    except (IndexError, ValueError):
        print("say: NVDA -17%  or  NVDA 118.42")
        return
    prices[symbol] = price
    yahoo.set_quote(symbol, price, utc_now(), previous_close=base)
    print(f"{symbol} trades at {price}")
