"""Merging another machine's history into this one.

Ids are kept; runs and arrivals are renumbered. Rows that came from that machine before are updated, all others stay as
they are, so that an import may be repeated or interrupted. Each step is one transaction in which every reference holds;
whatever belongs to an alert, a story or a notification comes with it.

Imported history is over: alerts arrive resolved and incidents closed, nothing queued there is sent from here, chats are
switched off, silences ended. Incidents are numbered within a session, so one id may mean different incidents on two
machines: unless the two share an alert or a cluster, the imported one gets a suffix.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Any

from bot.adapters.store import thinning
from bot.adapters.store.codec import DAMAGED, UNREADABLE, moment_text
from bot.adapters.store.engine import Connection, Place, one_state, stream, transaction
from bot.adapters.store.history.opening import open_place
from bot.adapters.store.history.transfer import CHUNK, Transfer, marks
from bot.adapters.store.lock import locked_writer
from bot.adapters.store.rows import overwrite
from bot.core.errors import StoreError, StoreVersionError, UsageError
from bot.core.model import SuppressionReason
from bot.core.server_address import ServerAddress

_NOT_SENT = str(SuppressionReason.IMPORTED)
_KEY = ("key", "story_id", "seen_at")
_KEYS_OF_THE_GONE = f"SELECT {', '.join(_KEY)} FROM story_keys WHERE story_id NOT IN (SELECT id FROM stories)"
_NO_ANSWER = "imported while the attempt was under way"


def import_history(
    path: str | PathLike[str] | ServerAddress, other: str | PathLike[str] | ServerAddress, now: datetime
) -> Iterator[Mapping[str, int]]:
    """Merge the history at ``other`` into the one at ``path``.

    Yields after each step how many rows have been added or updated so far, by table. Raises StoreInUseError where a bot
    is running on ``path``, StoreVersionError where the two cannot be one history.
    """
    file, source = _resolved(path), _resolved(other)
    if file == source:
        raise UsageError(f"{source}: is the same as the history to merge into")
    with open_place(source) as theirs, locked_writer(file) as ours:
        _refuse_mixing(ours, theirs, source)
        try:
            with one_state(theirs):
                yield from _Import(ours, theirs, now).steps()
        except UNREADABLE as error:
            message = f"{source}: {DAMAGED}. What was taken of it before stays, and is complete in itself"
            raise StoreError(message) from error


def _resolved(place: str | PathLike[str] | ServerAddress) -> Place:
    return place if isinstance(place, ServerAddress) else Path(place).expanduser().resolve()


def _refuse_mixing(ours: Connection, theirs: Connection, source: Place) -> None:
    first = "SELECT mode, name FROM runs ORDER BY id LIMIT 1"
    here, there = ours.execute(first).fetchone(), theirs.execute(first).fetchone()
    if there is None or here is None or here[0] == there[0] == "live" or here == there:
        return
    words = ["a live history" if mode == "live" else f"the {mode} of {name}" for mode, name in (there, here)]
    raise StoreVersionError(f"{source}: holds {words[0]}, which is never mixed with {words[1]}")


class _Import(Transfer):
    """One import, table by table in the order of references."""

    def __init__(self, ours: Connection, theirs: Connection, now: datetime) -> None:
        super().__init__(ours, theirs)
        self._imported_at = now
        self._now = moment_text(now)
        self._incidents: dict[str, str] = {}
        """Their id to the one here, where they differ."""

    def steps(self) -> Iterator[Mapping[str, int]]:
        """The whole import; each step is a transaction that has ended when it is yielded."""
        with transaction(self.ours):
            self.map_runs()
            self._basics()
            thinning.imported(self.ours, self.theirs, self._imported_at)
        yield self.done
        for step in (
            self._stories,
            self.quotes,
            self.bars,
            self.earnings,
            self._incident_rows,
            self._alerts,
            self._notifications,
        ):
            for _ in step():
                yield self.done
        with transaction(self.ours):
            self._small_ones()
        yield self.done

    # ------------------------------------------------------------------------------------------------- what others need

    def _basics(self) -> None:
        self.add(
            "rule_versions",
            self.rows("rule_versions"),
            "ON CONFLICT (rule, version) DO UPDATE SET text = coalesce(rule_versions.text, excluded.text),"
            " first_used_at = min(rule_versions.first_used_at, excluded.first_used_at)"
            " WHERE (rule_versions.text IS NULL AND excluded.text IS NOT NULL)"
            " OR excluded.first_used_at < rule_versions.first_used_at",
        )
        known = {name for (name,) in self.ours.execute("SELECT id FROM chats")}
        chats = [chat for chat in self.rows("chats") if chat["id"] not in known]
        self.add("chats", [{**chat, "enabled": 0, "moved_to": None} for chat in chats], "ON CONFLICT DO NOTHING")
        moved = [(chat["moved_to"], chat["id"]) for chat in chats if chat["moved_to"]]
        self.ours.executemany("UPDATE chats SET moved_to = ? WHERE id = ?", moved)
        self.add("feeds", self.rows("feeds"), "ON CONFLICT DO NOTHING")
        for table in ("splits", "learned_names"):
            self.add(table, self.arriving(self.rows(table)), "ON CONFLICT DO NOTHING")

    def _small_ones(self) -> None:
        silences = [{**s, "until": min(s["until"], self._now)} for s in self.rows("silences")]
        self.add("silences", silences, "ON CONFLICT DO NOTHING")
        for table in ("refused_quotes", "source_reports"):
            self.add(table, self.rows(table), "ON CONFLICT DO NOTHING")

    # ---------------------------------------------------------------------------------------------------------- stories

    def _stories(self) -> Iterator[None]:
        reading = ("cluster", "novelty", "mentions", "exposures")
        newer = " OR ".join(f"excluded.{name} IS NOT stories.{name}" for name in reading)
        for chunk in self.chunks("stories", "arrival"):
            with transaction(self.ours):
                self.add(
                    "stories",
                    self.arriving(chunk),
                    f"ON CONFLICT (id) DO UPDATE SET {overwrite(*reading)}"
                    f" WHERE stories.run_id = excluded.run_id AND ({newer})",
                )
                came = self.came("stories", chunk)
                # the story that had the key first, on either machine
                self.add(
                    "story_keys",
                    self.of("story_keys", "story_id", [story["id"] for story in chunk]),
                    "ON CONFLICT (key) DO UPDATE SET story_id = excluded.story_id, seen_at = excluded.seen_at"
                    " WHERE excluded.seen_at < story_keys.seen_at",
                )
                readings = self.of("second_readings", "story_id", [story["id"] for story in chunk])
                self.add("second_readings", self.arriving(readings), "ON CONFLICT (story_id) DO NOTHING")
                self.add(
                    "story_scores",
                    self.of("story_scores", "story_id", came),
                    "ON CONFLICT (story_id, topic) DO UPDATE SET score = excluded.score, reasons = excluded.reasons"
                    " WHERE (excluded.score, excluded.reasons) IS NOT (story_scores.score, story_scores.reasons)",
                )
            yield
        # the seen-set outlives the stories
        gone = stream(self.theirs, _KEYS_OF_THE_GONE)
        while keys := [dict(zip(_KEY, row, strict=True)) for row in itertools.islice(gone, CHUNK)]:
            with transaction(self.ours):
                self.add("story_keys", keys, "ON CONFLICT DO NOTHING")
            yield

    # -------------------------------------------------------------------------------------------------------- decisions

    def _incident_rows(self) -> Iterator[None]:
        for chunk in self.chunks("incidents", "rowid"):
            with transaction(self.ours):
                mapped = [self._incident(incident) for incident in chunk]
                self.add(
                    "incidents",
                    [incident for incident in mapped if incident is not None],
                    f"ON CONFLICT (id) DO UPDATE SET {overwrite(*self.columns('incidents')[2:])}"
                    " WHERE incidents.run_id = excluded.run_id AND excluded.updated_at > incidents.updated_at",
                )
                verdicts = self.of("verdicts", "incident_id", [incident["id"] for incident in chunk])
                self.add(
                    "verdicts",
                    [{**v, "incident_id": self._here(v["incident_id"])} for v in verdicts],
                    "ON CONFLICT (incident_id, person) DO UPDATE"
                    f" SET {overwrite('verdict', 'at', 'recipient_id', 'run_id')}"
                    " WHERE excluded.at > verdicts.at",
                )
            yield

    def _incident(self, theirs: Mapping[str, Any]) -> dict[str, Any] | None:
        """Their incident as it is stored here; ``None`` where ours is the same incident and was extended by theirs."""
        suffixed = f"{theirs['id']}.{self._suffix(theirs['run_id'])}"
        found = self.ours.execute(
            "SELECT run_id, alerts, symbols, clusters FROM incidents WHERE id = ?", (theirs["id"],)
        ).fetchone()
        here = theirs["id"]
        if self.ours.execute("SELECT 1 FROM incidents WHERE id = ?", (suffixed,)).fetchone() is not None:
            here = suffixed
        elif found is not None and found[0] != self.run(theirs["run_id"]):
            alerts, symbols, clusters = (json.loads(text) for text in found[1:])
            if _share(alerts, theirs["alerts"]) or _share(clusters, theirs["clusters"]):
                joined = [json.dumps(_union(a, theirs[n])) for a, n in ((alerts, "alerts"), (symbols, "symbols"))]
                if joined != [json.dumps(alerts), json.dumps(symbols)]:
                    self.ours.execute(
                        "UPDATE incidents SET alerts = ?, symbols = ? WHERE id = ?", (*joined, theirs["id"])
                    )
                    self.count("incidents", 1)
                return None
            here = suffixed
        if here != theirs["id"]:
            self._incidents[theirs["id"]] = here
        over = {"state": "closed", "closed_at": theirs["closed_at"] or theirs["updated_at"]}
        rest = json.loads(theirs["rest"])
        rest["merged_into"] = self._incidents.get(rest.get("merged_into", ""), rest.get("merged_into", ""))
        return {**theirs, **over, "id": here, "rest": json.dumps(rest, ensure_ascii=False, separators=(",", ":"))}

    def _suffix(self, run: int) -> str:
        began = self.theirs.execute("SELECT started_at, pid FROM runs WHERE id = ?", (run,)).fetchone()
        return hashlib.sha256(repr(began).encode()).hexdigest()[:4]

    def _here(self, incident: str | None) -> str | None:
        return self._incidents.get(incident, incident) if incident is not None else None

    def _alerts(self) -> Iterator[None]:
        for chunk in self.chunks("alerts", "rowid"):
            arrived = [
                {
                    **alert,
                    "incident_id": self._here(alert["incident_id"]),
                    "state": "resolved",
                    "resolved_at": alert["resolved_at"] or alert["updated_at"],
                }
                for alert in chunk
            ]
            with transaction(self.ours):
                self.add(
                    "alerts",
                    arrived,
                    f"ON CONFLICT (id) DO UPDATE SET {overwrite(*self.columns('alerts')[2:])}"
                    " WHERE alerts.run_id = excluded.run_id AND excluded.updated_at > alerts.updated_at",
                )
                came = self.came("alerts", chunk)
                for table in ("alert_changes", "outcomes"):
                    self.add(table, self.of(table, "alert_id", came), "ON CONFLICT DO NOTHING")
                self.add(
                    "alert_stories",
                    self.of("alert_stories", "alert_id", came),
                    f"ON CONFLICT (alert_id, story_id) DO UPDATE SET {overwrite('role', 'cluster', 'topic', 'score')}"
                    " WHERE excluded.role <> alert_stories.role",
                )
            yield

    # --------------------------------------------------------------------------------------------------------- delivery

    def _notifications(self) -> Iterator[None]:
        settled = ("state", "suppressed_by", "attempts", "message_id", "error", "settled_at")
        for chunk in self.chunks("notifications", "rowid"):
            with transaction(self.ours):
                ours = self._announced(chunk)
                self.add(
                    "notifications",
                    [
                        self._settled(n)
                        for n in chunk
                        if ours.get((n["announcement"], n["recipient_id"]), n["id"]) == n["id"]
                    ],
                    f"ON CONFLICT (id) DO UPDATE SET {overwrite(*settled)}"
                    " WHERE notifications.run_id = excluded.run_id AND excluded.settled_at > notifications.settled_at",
                )
                came = self.came("notifications", chunk)
                # a message that both machines sent to one chat is here once: edits of theirs lose their reference
                for column in ("edits", "replies_to"):
                    self.ours.execute(
                        f"UPDATE notifications SET {column} = NULL WHERE id IN ({marks(came)})"
                        f" AND {column} NOT IN (SELECT id FROM notifications)",
                        came,
                    )
                deliveries = self.of("deliveries", "notification_id", came)
                self.add(
                    "deliveries",
                    [self._ended(delivery) for delivery in deliveries],
                    "ON CONFLICT (notification_id, attempt) DO UPDATE SET"
                    f" {overwrite('ended_at', 'outcome', 'message_id', 'error', 'retry_at')}"
                    " WHERE deliveries.run_id = excluded.run_id AND excluded.ended_at > deliveries.ended_at",
                )
            yield

    def _announced(self, theirs: Sequence[Mapping[str, Any]]) -> Mapping[tuple[str, str], str]:
        """Which of these announcements are here, by recipient: under the id with which they came first."""
        announcements = [notification["announcement"] for notification in theirs]
        rows = self.ours.execute(
            f"SELECT announcement, recipient_id, id FROM notifications WHERE announcement IN ({marks(announcements)})",
            announcements,
        )
        return {(announcement, recipient): name for announcement, recipient, name in rows}

    def _settled(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        """Their notification, settled."""
        over: dict[str, Any] = {"leased_by": None, "lease_until": None, "not_before": None}
        # no later than its creation, so that the next import overwrites it with what became of it there
        at = theirs["settled_at"] or theirs["created_at"]
        if theirs["state"] == "queued":
            over |= {"state": "suppressed", "suppressed_by": _NOT_SENT, "settled_at": at}
        elif theirs["state"] == "leased":
            over |= {"state": "unknown", "error": _NO_ANSWER, "settled_at": at}
        return {**theirs, **over, "incident_id": self._here(theirs["incident_id"])}

    def _ended(self, theirs: Mapping[str, Any]) -> dict[str, Any]:
        if theirs["outcome"] != "started":
            return dict(theirs)
        return {**theirs, "outcome": "unknown", "error": _NO_ANSWER, "ended_at": theirs["started_at"]}


def _share(ours: Sequence[str], theirs: str) -> bool:
    return not set(ours).isdisjoint(json.loads(theirs))


def _union(ours: Sequence[str], theirs: str) -> list[str]:
    return list(dict.fromkeys((*ours, *json.loads(theirs))))
