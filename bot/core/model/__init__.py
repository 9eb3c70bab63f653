"""The frozen values passed between all parts: observations, decisions, deliveries. No behaviour beyond reading them.

Datetimes are aware UTC and end in ``_at``. Fractions are fractions: a fall of 10 % is ``-0.10``. Prices are in the
currency the exchange quotes.
"""

from __future__ import annotations

from bot.core.model.batches import Batch, Decisions
from bot.core.model.decisions import (
    LAPSED,
    NEXT_SESSION_CLOSE,
    RECOVERED,
    SESSION_CLOSE,
    STATED_FROM,
    Alert,
    AlertChange,
    CauseRef,
    ChangeKind,
    Check,
    Claim,
    Combination,
    FollowUp,
    FollowUpKind,
    FollowUpOutcome,
    Incident,
    IncidentState,
    Reference,
    Thread,
)
from bot.core.model.delivery import (
    HELD_BACK_KEY,
    HELD_BACK_TIME,
    Attempt,
    Delivery,
    DeliveryOutcome,
    HeldBack,
    InDoubt,
    Limits,
    Notification,
    NotificationState,
    NumberForm,
    Outgoing,
    Recipient,
    Silence,
    Style,
    held_back_key,
)
from bot.core.model.messages import (
    Announcement,
    Block,
    BlockKind,
    Figures,
    Furthest,
    Inline,
    Line,
    Link,
    Moment,
    StockMove,
    Strong,
    Summary,
    ToldCause,
    ToldMessage,
)
from bot.core.model.news import (
    Attributed,
    Attribution,
    ClusterMatch,
    Field,
    Mention,
    Reading,
    ScoreReason,
    Subject,
    SubjectKind,
    TopicScore,
)
from bot.core.model.observations import (
    Absence,
    Because,
    Counts,
    DailyBar,
    Direction,
    EarningsDate,
    FeedState,
    LearnedName,
    Observation,
    Quote,
    Refused,
    ReportTime,
    SecondReading,
    SourceReport,
    Split,
    Story,
    ToldMove,
    Trouble,
)
from bot.core.model.polls import (
    FeedAnswer,
    FeedEntry,
    HistoryPoll,
    JsonAnswer,
    Missing,
    ModelName,
    NewsItem,
    NewsPoll,
    PricePoll,
)
from bot.core.model.queries import VERDICTS, Filters, StoredStory
from bot.core.model.vocabulary import (
    BURST,
    LISTED_LATER,
    NO_STOCK,
    PAUSE,
    AlertState,
    Phase,
    QuoteKind,
    Reach,
    Reason,
    Severity,
    Suppression,
    SuppressionReason,
    Together,
    stable_id,
)
