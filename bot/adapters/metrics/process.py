"""What the operating system says of this process: memory, processor time, open files."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from bot.adapters.metrics.exposition import Family, Kind, Sample

_PROC = Path("/proc/self")


def process_families() -> list[Family]:
    """Under the names that Prometheus' own libraries use; what this system does not tell is left out."""
    used = os.times()
    found = [
        Family(
            "process_cpu_seconds_total",
            Kind.COUNTER,
            "Processor time used by the bot.",
            [Sample(used.user + used.system)],
        )
    ]
    if (memory := resident_bytes()) is not None:
        found.append(Family("process_resident_memory_bytes", Kind.GAUGE, "Memory held by the bot.", [Sample(memory)]))
    try:
        opened = len(os.listdir(_PROC / "fd"))
    except OSError:
        return found
    found.append(Family("process_open_fds", Kind.GAUGE, "Files and connections held open.", [Sample(opened)]))
    return found


def resident_bytes() -> int | None:
    """Memory held now; the most ever held where the system does not tell more; ``None`` where it tells neither."""
    try:
        return int((_PROC / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak * (1 if sys.platform == "darwin" else 1024) or None
