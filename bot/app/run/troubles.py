"""What the operator was told is in trouble, kept in the history, so that its end is told also after a restart."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.errors import StoreError
from bot.core.health import OUTAGE, ToldTrouble
from bot.core.model import Absence, Trouble
from bot.core.ports import Clock, Extras

log = logging.getLogger(__name__)

_NAME = "troubles told"


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator was told, and not that it is over."""

    sources: Sequence[ToldTrouble] = ()
    jobs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Broken ones, by the headline that told of them."""

    def of(self, sources: Collection[str], symbols: Collection[str]) -> Told:
        """Without the sources and symbols that are not among these, as nobody asks for them any more."""
        known = {OUTAGE, *sources}
        kept = [t for t in self.sources if t.source in known and (t.source != "prices" or t.subject in ("", *symbols))]
        return Told(kept, self.jobs)


def stored_troubles(store: Extras) -> Told:
    """What was told up to now. Raises StoreError."""
    try:
        stored = json.loads(store.extra(_NAME) or "{}")
        jobs = {str(headline): [str(name) for name in names] for headline, names in stored.get("jobs", {}).items()}
        return Told([_read(entry) for entry in stored.get("sources", ())], jobs)
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # a newer version's, perhaps
        log.warning("the troubles told before cannot be read: %s", error)
        return Told()


@dataclass(slots=True)
class ToldTroubles:
    """Writes them whenever they have changed."""

    store: Extras
    clock: Clock
    _written: Told | None = None

    def write(self, told: Told) -> None:
        """Write these, if they are others than last time; what cannot be written is tried again next time."""
        if told == self._written:
            return
        try:
            value = json.dumps({"sources": [_entry(t) for t in told.sources], "jobs": told.jobs})
            self.store.save_extra(_NAME, value, self.clock.now())
        except StoreError as error:
            log.debug("the troubles told cannot be written yet: %s", error)
        else:
            self._written = told


def _entry(told: ToldTrouble) -> dict[str, object]:
    return {
        "source": told.source, "subject": told.subject, "trouble": told.trouble.value, "since": told.since.isoformat(),
        "absence": told.absence.value if told.absence else None, "with_others": told.with_others,
    }  # fmt: skip


def _read(entry: dict[str, str | None]) -> ToldTrouble:
    absence = entry["absence"]
    return ToldTrouble(
        str(entry["source"]),
        str(entry["subject"]),
        Trouble(str(entry["trouble"])),
        datetime.fromisoformat(str(entry["since"])),
        Absence(absence) if absence else None,
        bool(entry["with_others"]),
    )
