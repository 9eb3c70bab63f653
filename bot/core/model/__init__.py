"""The frozen values every part speaks in. What is observed, what is decided; nothing here does anything.

Datetimes are aware UTC and end in ``_at``. Fractions are fractions: a fall of 10 % is ``-0.10``. Prices are in the
currency the exchange quotes.
"""

from __future__ import annotations

from bot.core.model.asking import VERDICTS, Filters, StoredStory
from bot.core.model.batches import Batch, Decisions
from bot.core.model.decisions import (
    Alert,
    AlertChange,
    CauseRef,
    ChangeKind,
    Check,
    FollowUp,
    Incident,
    IncidentState,
    Reference,
)
from bot.core.model.delivery import (
    Delivery,
    HeldBack,
    InDoubt,
    Limits,
    Notification,
    NotificationState,
    Outgoing,
    Recipient,
)
from bot.core.model.messages import Announcement, Block, BlockKind, Inline, Line, Link, Strong, Summary
from bot.core.model.news import ClusterMatch, Field, Mention, Reading, ScoreReason, TopicScore
from bot.core.model.observations import (
    DailyBar,
    EarningsDate,
    FeedState,
    Observation,
    Quote,
    Refused,
    ReportTime,
    SourceReport,
    Split,
    Story,
    Trouble,
)
from bot.core.model.vocabulary import AlertState, Phase, QuoteKind, Reach, Reason, Severity, stable_id

__all__ = [
    "VERDICTS",
    "Alert",
    "AlertChange",
    "AlertState",
    "Announcement",
    "Batch",
    "Block",
    "BlockKind",
    "CauseRef",
    "ChangeKind",
    "Check",
    "ClusterMatch",
    "DailyBar",
    "Decisions",
    "Delivery",
    "EarningsDate",
    "FeedState",
    "Field",
    "Filters",
    "FollowUp",
    "HeldBack",
    "InDoubt",
    "Incident",
    "IncidentState",
    "Inline",
    "Limits",
    "Line",
    "Link",
    "Mention",
    "Notification",
    "NotificationState",
    "Observation",
    "Outgoing",
    "Phase",
    "Quote",
    "QuoteKind",
    "Reach",
    "Reading",
    "Reason",
    "Recipient",
    "Reference",
    "Refused",
    "ReportTime",
    "ScoreReason",
    "Severity",
    "SourceReport",
    "Split",
    "StoredStory",
    "Story",
    "Strong",
    "Summary",
    "TopicScore",
    "Trouble",
    "stable_id",
]
