"""Which field of which value is in which column."""

from __future__ import annotations

from bot.adapters.store.codec import RowCodec
from bot.core.model import (
    Alert,
    DailyBar,
    EarningsDate,
    FeedState,
    Incident,
    LearnedName,
    Notification,
    Quote,
    Recipient,
    SecondReading,
    Split,
    Story,
)

STORY = RowCodec(Story, "stories", "id source publisher title summary link seen_at published_at seeded revises keys")
QUOTE = RowCodec(Quote, "quotes", "symbol price at seen_at kind previous_close volume currency source basis")
BAR = RowCodec(DailyBar, "daily_bars", "symbol session open high low close volume seen_at source")
SPLIT = RowCodec(Split, "splits", "symbol session ratio seen_at cash")
EARNINGS = RowCodec(EarningsDate, "earnings_dates", "symbol date:day seen_at when:time_of_day source")
SECOND_READING = RowCodec(SecondReading, "second_readings", "story:story_id seen_at moves model")
LEARNED_NAME = RowCodec(LearnedName, "learned_names", "word lab seen_at family counts model source")
FEED = RowCodec(
    FeedState,
    "feeds",
    "name url etag last_modified body_hash interval:interval_seconds next_poll_at failures seeded last_ok_at "
    "last_change_at last_items last_error",
    rest="rest",
)
ALERT = RowCodec(
    Alert,
    "alerts",
    "id fingerprint rule rule_version symbol session severity state fired_at updated_at resolved_at price price_at "
    "phase change worst last_price last_price_at last_change late incident:incident_id reference cause checks labels",
    nullable="incident",
    rest="rest",
)
INCIDENT = RowCodec(
    Incident,
    "incidents",
    "id topic clusters session sessions started_at updated_at closed_at severity state lead symbols alerts messages "
    "told_at told_breadth told_severity follow_ups",
    nullable="topic",
    rest="rest",
    part="thread",
)
RECIPIENT = RowCodec(Recipient, "chats", "id channel name operator min_severity symbols enabled", rest="rest")
NOTIFICATION = RowCodec(
    Notification,
    "notifications",
    "id announcement recipient:recipient_id channel reason severity created_at summary text incident:incident_id "
    "edits replies_to state suppressed_by",
    nullable="incident edits replies_to",
    rest="rest",
)


def insert(table: str, *columns: str) -> str:
    """``INSERT INTO table (columns) VALUES (?, …)``, to be followed by an ``ON CONFLICT`` clause where wanted."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def overwrite(*columns: str) -> str:
    """``column = excluded.column, …`` for an upsert."""
    return ", ".join(f"{column} = excluded.{column}" for column in columns)
