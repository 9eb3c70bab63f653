"""What the operator was told is in trouble, kept in the history, so that its end is told also after a restart."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.errors import StoreError
from bot.core.health import ToldTrouble
from bot.core.model import Absence, Trouble
from bot.core.ports import Clock, Extras

log = logging.getLogger(__name__)

_NAME = "troubles told"


def stored_troubles(store: Extras, sources: Collection[str], symbols: Collection[str]) -> list[ToldTrouble]:
    """The troubles of these sources and symbols that were told and are not known to be over. Raises StoreError."""
    try:
        found = [_read(entry) for entry in json.loads(store.extra(_NAME) or "[]")]
    except (ValueError, TypeError, KeyError) as error:  # a newer version's, perhaps
        log.warning("the troubles told before cannot be read: %s", error)
        return []
    return [t for t in found if t.source in sources and (t.source != "prices" or t.subject in ("", *symbols))]


@dataclass(slots=True)
class ToldTroubles:
    """Writes them whenever they have changed."""

    store: Extras
    clock: Clock
    _written: Sequence[ToldTrouble] | None = field(default=None)

    def write(self, told: Sequence[ToldTrouble]) -> None:
        """Write these, if they are others than last time; what cannot be written is tried again next time."""
        if told == self._written:
            return
        try:
            self.store.save_extra(_NAME, json.dumps([_entry(t) for t in told]), self.clock.now())
        except StoreError as error:
            log.debug("the troubles told cannot be written yet: %s", error)
        else:
            self._written = told


def _entry(told: ToldTrouble) -> dict[str, object]:
    return {
        "source": told.source, "subject": told.subject, "trouble": told.trouble.value, "since": told.since.isoformat(),
        "detail": told.detail, "absence": told.absence.value if told.absence else None, "with_others": told.with_others,
    }  # fmt: skip


def _read(entry: dict[str, str | None]) -> ToldTrouble:
    absence = entry["absence"]
    return ToldTrouble(
        str(entry["source"]),
        str(entry["subject"]),
        Trouble(str(entry["trouble"])),
        datetime.fromisoformat(str(entry["since"])),
        str(entry["detail"]),
        Absence(absence) if absence else None,
        bool(entry["with_others"]),
    )
