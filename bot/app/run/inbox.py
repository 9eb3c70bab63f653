"""What the parts of a running bot have to tell, until the cycle's next turn takes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.app.run.alarm import Alarm
from bot.app.run.outages import HistoryOutage
from bot.core.model import Announcement, SourceReport, Trouble
from bot.core.ports import Clock
from bot.delivery.recipients import notice

UNWRITABLE = "The history cannot be written"


@dataclass(slots=True)
class Inbox:
    """Takes reports and announcements; trouble with the history goes to the operator past it, by the alarm."""

    clock: Clock
    alarm: Alarm
    _reports: list[SourceReport] = field(default_factory=list)
    _announcements: list[Announcement] = field(default_factory=list)
    _outage: HistoryOutage = field(default_factory=HistoryOutage)

    def __bool__(self) -> bool:
        """Whether something waits."""
        return bool(self._reports or self._announcements)

    def report(self, report: SourceReport) -> None:
        """Take a report from another part; it reaches the engine with the next turn.

        What concerns the database goes to the operator past it: through it, it could not.
        """
        if report.source != "store":
            self._reports.append(report)
        elif report.trouble is Trouble.FAILED:
            self.not_written(report.detail)

    def announce(self, announcement: Announcement) -> None:
        """Take an announcement from another part; it is routed with the next turn."""
        self._announcements.append(announcement)

    def take(self) -> tuple[list[SourceReport], list[Announcement]]:
        """Everything that waits; nothing of it waits any more."""
        taken = self._reports, self._announcements
        self._reports, self._announcements = [], []
        return taken

    def put_back(self, announcements: list[Announcement]) -> None:
        """They could not be routed: they come first the next time."""
        self._announcements[:0] = announcements

    def not_written(self, said: str, *, at_once: bool = False) -> None:
        """Log once that the database cannot be written, and raise the alarm once it is no passing matter."""
        if self._outage.failed(said, self.clock.now(), at_once=at_once):
            self.alarm(UNWRITABLE, f"{said}. Alerts are kept, and sent when it can be.")

    def written(self) -> None:
        """The database was written."""
        if lasted := self._outage.written(self.clock.now()):
            self.alarm.withdraw(UNWRITABLE)
            held = "Alerts that were held back meanwhile go out now."
            self.announce(notice("store", f"The history is written again, after {lasted}", held, self.clock.now()))
