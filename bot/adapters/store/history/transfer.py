"""Copying rows from one history into another, with runs and arrivals renumbered, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.adapters.store.engine import Connection, columns, transaction

CHUNK = 500
"""Rows, with everything that belongs to them, in one transaction."""
_MANY = 10_000
"""Rows without dependants, in one transaction."""
ARRIVING = ("stories", "quotes", "daily_bars", "splits", "earnings_dates", "second_readings", "learned_names")
"""Tables that share one numbering of arrivals."""

Row = Mapping[str, Any]


class Transfer:
    """Copies rows of ``theirs`` to ``ours``. Call ``map_runs`` first; methods that write expect a transaction."""

    def __init__(self, ours: Connection, theirs: Connection) -> None:
        self.ours = ours
        self.theirs = theirs
        self.done: dict[str, int] = {}
        """Rows added or updated, by table."""
        self._runs: dict[int, int] = {}
        self._columns: dict[str, list[str]] = {}
        # theirs come after ours, in their own order
        newest = (ours.execute(f"SELECT max(arrival) FROM {table}").fetchone()[0] for table in ARRIVING)
        self._arrived = max(number or 0 for number in newest)

    def map_runs(self) -> None:
        """Give their runs numbers here; runs that an earlier import brought keep theirs."""
        same = ("mode", "name", "started_at", "version", "pid")
        known = {tuple(row[1:]): row[0] for row in self.ours.execute(f"SELECT id, {', '.join(same)} FROM runs")}
        for run in self.rows("runs"):
            identity = tuple(run[name] for name in same)
            if identity not in known:
                (known[identity],) = self.ours.execute(
                    f"INSERT INTO runs ({', '.join(same)}, ended_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
                    (*identity, run["ended_at"]),
                ).fetchone()
                self.count("runs", 1)
            elif run["ended_at"]:
                ended = self.ours.execute(
                    "UPDATE runs SET ended_at = ? WHERE id = ? AND ended_at IS NULL", (run["ended_at"], known[identity])
                )
                self.count("runs", ended.rowcount)
            self._runs[run["id"]] = known[identity]

    def run(self, theirs: int) -> int:
        """The number here of one of their runs."""
        return self._runs[theirs]

    def columns(self, table: str) -> list[str]:
        """Its stored columns, key first where it has one; virtual ones are worked out here as there."""
        if table not in self._columns:
            self._columns[table] = columns(self.ours, table)
        return self._columns[table]

    def count(self, table: str, rows: int) -> None:
        """So many more were added or brought up to date."""
        self.done[table] = self.done.get(table, 0) + max(rows, 0)

    # -------------------------------------------------------------------------------------------------------- reading

    def rows(self, table: str, where: str = "1 = 1", parameters: Sequence[Any] = ()) -> list[Row]:
        """Rows of theirs that match ``where``."""
        names = self.columns(table)
        found = self.theirs.execute(f"SELECT {', '.join(names)} FROM {table} WHERE {where}", tuple(parameters))
        return [dict(zip(names, row, strict=True)) for row in found]

    def of(self, table: str, column: str, ids: Sequence[str]) -> list[Row]:
        """Rows of theirs that belong to these ids."""
        return self.rows(table, f"{column} IN ({marks(ids)})", ids) if ids else []

    def chunks(self, table: str, number: str, size: int = CHUNK) -> Iterator[list[Row]]:
        """The table in the order of ``number``, in lists of at most ``size`` rows."""
        last = 0
        while True:
            names = self.columns(table)
            cursor = self.theirs.execute(
                f"SELECT {number}, {', '.join(names)} FROM {table} WHERE {number} > ? ORDER BY {number} LIMIT ?",
                (last, size),
            )
            found = cursor.fetchall()
            if not found:
                return
            last = found[-1][0]
            yield [dict(zip(names, row[1:], strict=True)) for row in found]

    # -------------------------------------------------------------------------------------------------------- writing

    def add(self, table: str, rows: Iterable[Row], conflict: str) -> None:
        """Insert rows of theirs with the run numbers here; ``conflict`` is the clause for rows already here."""
        names = self.columns(table)
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) {conflict}"
        values = [
            [self._runs[row[name]] if name == "run_id" else row[name] for name in names]
            for row in rows
        ]  # fmt: skip
        if values:
            self.count(table, self.ours.executemany(sql, values).rowcount)

    def arriving(self, rows: Iterable[Row]) -> list[Row]:
        """The rows, arriving after everything that is here."""
        return [{**row, "arrival": self._arrived + row["arrival"]} for row in rows]

    def came(self, table: str, rows: Sequence[Row]) -> list[str]:
        """Ids of the rows that are here from that machine, by this import or an earlier one."""
        runs = {row["id"]: self._runs[row["run_id"]] for row in rows}
        ids = list(runs)
        here = self.ours.execute(f"SELECT id, run_id FROM {table} WHERE id IN ({marks(ids)})", ids)
        return [name for name, run in here if run == runs[name]]

    # --------------------------------------------------------------------------------------- observations without an id

    def quotes(self) -> Iterator[None]:
        """Quotes; a trade that both machines saw is kept once."""
        return self._without_id("quotes", ("symbol", "at", "kind"), ("price", "previous_close", "basis"))

    def bars(self) -> Iterator[None]:
        """Daily bars in all their versions; the same figures from both machines are kept once."""
        return self._without_id("daily_bars", ("symbol", "session"), ("open", "high", "low", "close", "volume"))

    def earnings(self) -> Iterator[None]:
        """Earnings dates in all their versions."""
        return self._without_id("earnings_dates", ("symbol", "day"), ("time_of_day",))

    def _without_id(self, table: str, key: Sequence[str], figures: Sequence[str]) -> Iterator[None]:
        """Copies rows that are the same when ``key`` and ``figures`` are.

        Within one run they must also have been seen at the same time, because a vendor may state one figure, then
        another, then the first again.
        """
        names = self.columns(table)
        place = {name: i + 1 for i, name in enumerate(names)}
        same = " AND ".join([*(f"o.{n} = ?{place[n]}" for n in key), *(f"o.{n} IS ?{place[n]}" for n in figures)])
        sql = (
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(f'?{place[n]}' for n in names)}"
            f" WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE {same}"
            f" AND (o.run_id <> ?{place['run_id']} OR o.seen_at = ?{place['seen_at']}))"
        )
        for chunk in self.chunks(table, "arrival", _MANY):
            values = [
                [self._runs[row[name]] if name == "run_id" else row[name] for name in names]
                for row in self.arriving(chunk)
            ]
            with transaction(self.ours):
                self.count(table, self.ours.executemany(sql, values).rowcount)
            yield


def marks(ids: Sequence[Any]) -> str:
    """``?, ?, ?``; of none, what nothing is in."""
    return ", ".join("?" * len(ids)) or "NULL"
