"""What kills, full disks and unwritable files do to the history. Run: ``python bench/durability.py [--quick]``.

Kills a bot under load a hundred times: it commits polls with quotes, stories, alerts and messages, empties its outbox
by the real sender, prunes, and copies itself with ``VACUUM INTO``, while readers ask; ``verify`` looks at what is left
each time. Then the live bot runs against local servers while its disk fills up (ENOSPC on a tmpfs where one may be
mounted, else a limit to the size of files, and it says so), while a little room comes and goes, and while its files are
unwritable (``chattr +i``; left out where that cannot be). Ends with 1 where anything was lost, repeated or found wrong.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.store import machine
from tests.store.crasher import COPYING, PRUNING, WRITING
from tests.store.torment import Toll, torment
from tests.store.trouble import Told, full_disk, unwritable_files

SEED = 20250127


def toll_told(toll: Toll, seconds: float) -> list[str]:
    """The kills, a line for each count."""
    starts = sorted(s * 1000 for s in toll.starts)
    rows = {
        "kills": toll.kills,
        "kills that met a transaction at work": toll.met_transactions,
        "of these in a commit, a claim or a settling": toll.met[WRITING],
        "of these in pruning": toll.met[PRUNING],
        "kills that met a copy being made": toll.met[COPYING],
        "batches": toll.batches,
        "half batches": len(toll.half),
        "messages acknowledged": toll.acknowledged,
        "acknowledged messages lost": len(toll.lost),
        "sent according to the history only": len(toll.invented),
        "repeated": len(toll.repeated),
        "never sent": toll.unsent,
        "in doubt": toll.in_doubt,
        "findings of verify": len(toll.findings),
        "questions asked by readers meanwhile": toll.asked,
        "of these failed": len(toll.readers_failed),
        "opening and recovering, ms, median": f"{statistics.median(starts):.1f}",
        "opening and recovering, ms, at most (the first makes the tables)": f"{starts[-1]:.1f}",
        "seconds in all": f"{seconds:.1f}",
    }
    return ["| kills under load | |", "|---|---|", *(f"| {what} | {count} |" for what, count in rows.items())]


def toll_wrong(toll: Toll) -> list[str]:
    """What must not be."""
    named = {"lost": toll.lost, "invented": toll.invented, "repeated": toll.repeated}
    wrong = [f"{what}: {sorted(names)[:5]}" for what, names in named.items() if names]
    return [*wrong, *toll.half, *toll.findings, *toll.readers_failed, *([toll.broken] if toll.broken else [])]


def told_row(what: str, told: Told) -> str:
    """One trouble as a row."""
    return (
        f"| {what} | {told.how} | {'yes' if told.kept_running else 'no'} | {len(told.alarms)} | {len(told.ends)} "
        f"| {told.held} | {len(told.alerts)} | {sum(told.sent.values()) - len(told.sent)} | {len(told.unsettled)} "
        f"| {len(told.findings)} | {told.seconds:.1f} |"
    )


def told_wrong(what: str, told: Told) -> list[str]:
    """What must not be."""
    right = {
        "keeps running": told.kept_running and told.exit_code == 0,
        "tells the operator once": len(told.alarms) == 1 and len(told.ends) == 1,
        "says where and what to do": "aftershock.db: the database cannot be written; free some disk" in told.log,
        "logs no traceback": "Traceback" not in told.log,
        "sends nothing that is not written": told.held == 0,
        "has every alert": told.alerts == [("NVDA", "critical"), ("VRT", "high")],
        "sends nothing twice": len(told.sent) == 2 and max(told.sent.values()) == 1,
        "knows all that was acknowledged": not told.unsettled,
        "has every story": told.stories == 7,
        "verifies": not told.findings,
    }
    return [f"{what}: not so: {name}" for name, holds in right.items() if not holds]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--quick", action="store_true", help="ten kills, and short troubles")
    parser.add_argument("--folder", type=Path, help="where to put the databases")
    asked = parser.parse_args()
    polls = 3 if asked.quick else 15
    with tempfile.TemporaryDirectory(dir=asked.folder) as name:
        folder = Path(name)
        print(f"{machine()}\n", flush=True)
        (folder / "kills").mkdir()
        began = time.monotonic()
        toll = torment(folder / "kills", 10 if asked.quick else asked.kills, seed=asked.seed)
        print("\n".join(toll_told(toll, time.monotonic() - began)), flush=True)
        wrong = toll_wrong(toll)
        columns = ("trouble", "made by", "keeps running", "told", "told its end", "sent meanwhile", "alerts")
        columns += ("sent twice", "not settled", "findings", "seconds")
        print(f"\n| {' | '.join(columns)} |\n|" + "---|" * len(columns), flush=True)
        troubles = {
            "full disk": lambda: full_disk(folder / "full", polls=polls),
            "room comes and goes": lambda: full_disk(folder / "goes", polls=2 * polls, comes_and_goes=True),
            "unwritable files": lambda: unwritable_files(folder / "unwritable", polls=polls),
        }
        for what, run in troubles.items():
            told = run()
            if told is None:
                print(f"| {what} | left out: needs root and chattr |" + " |" * (len(columns) - 2), flush=True)
                continue
            print(told_row(what, told), flush=True)
            wrong += told_wrong(what, told)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
