"""A bot in miniature, to be killed at any moment: commits batches, sends what it claims, settles.

Run as ``python -m tests.store.crasher DATABASE WIRE``. The wire is a file that stands for Telegram: a line ``got ID``
is what Telegram received, ``ack ID`` what it acknowledged. Starts by recovering, and goes on from the last position
that was committed.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from bot.adapters.store import open_store
from bot.core.model import Delivery
from tests.store.values import NOW, after, alert, batch, cause, fired, incident, notification, quote, reading, story

CYCLES = 150
RECIPIENTS = ("telegram:1", "telegram:2", "console")


def cycle(number: int) -> object:
    """Everything cycle ``number`` commits; the same each time."""
    seen = story(f"s{number}", after(number))
    found = alert(f"a{number}", f"SYM{number}", after(number), incident=f"i{number}", cause=cause(seen.id))
    told = (
        notification(
            f"n{number}",
            recipient,
            after(number),
            incident=f"i{number}",
            edits=f"n{number - 1}" if number % 3 == 2 else "",
        )
        for recipient in RECIPIENTS
    )
    return batch(
        seen,
        *(quote(f"Q{i}", 100.0 + number, after(number)) for i in range(20)),
        reading(seen, cluster=seen.id),
        incident(f"i{number}", found.id),
        fired(found),
        *told,
        now=after(number),
        position=str(number),
    )


def main(database: str, wire_path: str) -> None:
    # sqlite-utils takes pandas along where it is installed; it is not needed here, and a process that starts faster
    # can be killed more often
    sys.modules["pandas"] = sys.modules["numpy"] = None  # type: ignore[assignment]
    wire = os.open(wire_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    with open_store(database, mode="replay", run_name="crash", now=NOW) as store:
        print("begun", flush=True)
        position = int(store.extra("position") or -1)
        store.recover(after(position + 1))
        for number in range(position + 1, CYCLES + 1):
            if number < CYCLES:
                store.commit(cycle(number))  # type: ignore[arg-type]
            now = after(number)
            while claimed := store.claim(now, timedelta(seconds=60), 2, ("telegram", "console")):
                for outgoing in claimed:
                    name = outgoing.notification.id
                    os.write(wire, f"got {name}\n".encode())
                    os.write(wire, f"ack {name}\n".encode())
                    store.settle(Delivery(name, outgoing.attempt, now, now, "sent", message_id=f"m{name}"))
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
