"""Reports and announcements from the parts of a running bot, until the next cycle takes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.app.run.alarm import Alarm
from bot.app.run.outages import HistoryOutage
from bot.core.model import Announcement, SourceReport, Trouble
from bot.core.ports import Aside, Clock
from bot.core.standing import Lasting, Standing
from bot.delivery.recipients import over

UNWRITABLE = "The history cannot be written"


@dataclass(slots=True)
class Inbox:
    """Collects reports and announcements; trouble with the history goes straight to the operator, by the alarm, and is
    noted ``aside`` of it for the next run, which tells its end if this one does not come to it."""

    clock: Clock
    alarm: Alarm
    standing: Standing = field(default_factory=Standing)
    aside: Aside | None = None
    _reports: list[SourceReport] = field(default_factory=list)
    _announcements: list[Announcement] = field(default_factory=list)
    _outage: HistoryOutage = field(default_factory=HistoryOutage)

    def __post_init__(self) -> None:
        for trouble in self.standing.of(Lasting.HISTORY):
            self._outage.resume(trouble.since)

    def __bool__(self) -> bool:
        """Whether anything is waiting."""
        return bool(self._reports or self._announcements)

    def report(self, report: SourceReport) -> None:
        """Take a report; it reaches the engine with the next cycle.

        A report on the database goes straight to the operator: a cycle could not commit it.
        """
        if report.source != "store":
            self._reports.append(report)
        elif report.trouble is Trouble.FAILED:
            self.not_written(report.detail)

    def announce(self, announcement: Announcement) -> None:
        """Take an announcement; it is routed with the next cycle."""
        self._announcements.append(announcement)

    def take(self) -> tuple[list[SourceReport], list[Announcement]]:
        """Remove and return everything that is waiting."""
        taken = self._reports, self._announcements
        self._reports, self._announcements = [], []
        return taken

    def put_back(self, announcements: list[Announcement]) -> None:
        """Return announcements that could not be routed; they come first next time."""
        self._announcements[:0] = announcements

    def not_written(self, reason: str, *, at_once: bool = False) -> None:
        """Log once that the database cannot be written, and raise the alarm once that persists."""
        now = self.clock.now()
        if self._outage.failed(reason, now, at_once=at_once):
            self.standing.begin(Lasting.HISTORY, now)
            if self.aside is not None:
                self.aside.leave_note(now.isoformat())
            self.alarm(UNWRITABLE, f"{reason}. Alerts are kept and sent later.")

    def written(self) -> None:
        """The database was written."""
        now = self.clock.now()
        lasted, trouble = self._outage.written(now), self.standing.end(Lasting.HISTORY)
        if trouble is not None:
            self.alarm.withdraw(UNWRITABLE)
            held = "Alerts held back meanwhile go out now."
            self.announce(over(trouble, f"The history is written again, after {lasted}", held, now))
