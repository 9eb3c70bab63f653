"""What the operator was told is in trouble, kept in the history, so that its end is told also after a restart.

It is written in the transaction of the messages that tell of it: either both are there after a crash, or neither.
Trouble with the history itself is noted beside it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from bot.core.health import OUTAGE, ToldTrouble
from bot.core.model import Absence, Trouble
from bot.core.ports import Aside, Extras
from bot.core.standing import Lasting, LastingTrouble

log = logging.getLogger(__name__)

OF_RECIPIENTS = frozenset({Lasting.UNREACHED, Lasting.TOPIC})
"""Their subject is a recipient."""
_NAME = "troubles told"


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator was told, and not that it is over."""

    sources: Sequence[ToldTrouble] = ()
    jobs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Broken ones, by the headline that told of them."""
    lasting: Sequence[LastingTrouble] = ()

    def of(
        self, sources: Collection[str], symbols: Collection[str], recipients: Collection[str], *, metrics: bool
    ) -> Told:
        """Without the sources, symbols and recipients that are not among these, and ``metrics`` if there are none."""
        known = {OUTAGE, *sources}
        kept = [t for t in self.sources if t.source in known and (t.source != "prices" or t.subject in ("", *symbols))]
        lasting = [
            t
            for t in self.lasting
            if (t.subject in recipients if t.kind in OF_RECIPIENTS else metrics or t.kind is not Lasting.METRICS)
        ]
        return Told(kept, self.jobs, lasting)


class Kept(Extras, Aside, Protocol):
    """Where they are kept."""


def stored_troubles(store: Kept) -> Told:
    """What was told up to now. Raises StoreError."""
    told = Told()
    try:
        stored = json.loads(store.extra(_NAME) or "{}")
        jobs = {str(headline): [str(name) for name in names] for headline, names in stored.get("jobs", {}).items()}
        lasting = [_read_lasting(entry) for entry in stored.get("lasting", ())]
        told = Told([_read(entry) for entry in stored.get("sources", ())], jobs, lasting)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:  # a newer version's, perhaps
        log.warning("the troubles told before cannot be read: %s", error)
    if note := store.note():
        try:
            since = datetime.fromisoformat(note)
        except ValueError:
            log.warning("the note beside the history cannot be read: %s", note)
        else:
            unwritable = LastingTrouble(Lasting.HISTORY, "", since)
            told = Told(told.sources, told.jobs, (*told.lasting, unwritable))
    return told


@dataclass(slots=True)
class ToldTroubles:
    """Has them written whenever they have changed."""

    store: Kept
    _noted: bool = False
    _now: Told | None = None
    _written: Told | None = None

    def to_write(self, told: Told) -> Mapping[str, str]:
        """What the history has to keep of these with its next batch, if it does not have them yet.

        That the history cannot be written is noted beside it by whoever tells that.
        """
        lasting = [trouble for trouble in told.lasting if trouble.kind is not Lasting.HISTORY]
        self._noted = len(lasting) < len(told.lasting)
        self._now = Told(told.sources, told.jobs, lasting)
        return {} if self._now == self._written else {_NAME: _text(self._now)}

    def written(self) -> None:
        """Everything up to now is in the history, so the message that it can be written again, too."""
        self._written = self._now
        if not self._noted:
            self.store.leave_note("")

    def latest(self) -> Told:
        """What was told, be it in the history yet or not. Raises StoreError."""
        return self._now if self._now is not None else stored_troubles(self.store)


def _text(told: Told) -> str:
    lasting = [
        {"kind": t.kind.value, "subject": t.subject, "since": t.since.isoformat(), "note": t.note} for t in told.lasting
    ]
    return json.dumps({"sources": [_entry(t) for t in told.sources], "jobs": told.jobs, "lasting": lasting})


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


def _read_lasting(entry: dict[str, Any]) -> LastingTrouble:
    since = datetime.fromisoformat(entry["since"])
    return LastingTrouble(Lasting(entry["kind"]), str(entry["subject"]), since, str(entry["note"]))
