"""Every fall of a tenth from close to close, by backtrader: ``python falls_backtrader.py PRICES.csv``."""

import csv
import sys
from datetime import datetime

import backtrader


class Rows(backtrader.feed.DataBase):
    """Daily bars that are in memory already."""

    params = (("rows", ()),)

    def start(self):
        """Begin with the first."""
        super().start()
        self.left = iter(self.p.rows)

    def _load(self):
        row = next(self.left, None)
        if row is None:
            return False
        lines = self.lines
        lines.datetime[0] = backtrader.date2num(datetime.fromisoformat(row["date"]))
        for name in ("open", "high", "low", "close", "volume"):
            getattr(lines, name)[0] = float(row[name] or row["close"])
        return True


class Falls(backtrader.Strategy):
    """Counts them."""

    found = 0

    def next(self):
        """One session."""
        for data in self.datas:
            if len(data) > 1 and data.close[0] / data.close[-1] - 1 < -0.1:
                Falls.found += 1


def main():
    """Play the file and print how many there were."""
    by_symbol = {}
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_symbol.setdefault(row["symbol"], []).append(row)
    cerebro = backtrader.Cerebro(stdstats=False)
    cerebro.addstrategy(Falls)
    for rows in by_symbol.values():
        cerebro.adddata(Rows(rows=rows))
    cerebro.run(runonce=False, preload=True)
    print(Falls.found)


main()
